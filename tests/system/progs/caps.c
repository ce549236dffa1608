/* SPDX-License-Identifier: MIT */
/* What capget(2) says, and what capset(2) lets a process give up and take back. */
#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int get(uint32_t *permitted, uint32_t *effective)
{
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct d[2] = {0};

	if (syscall(SYS_capget, &h, d) < 0)
		return errno;
	*permitted = d[0].permitted;
	*effective = d[0].effective;
	return d[1].permitted ? -1 : 0;
}

static int set(uint32_t permitted, uint32_t effective)
{
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct d[2] = {{effective, permitted, 0}, {0, 0, 0}};

	return syscall(SYS_capset, &h, d) < 0 ? errno : 0;
}

static void show(const char *what, int error)
{
	uint32_t permitted = 0;
	uint32_t effective = 0;
	int failed = get(&permitted, &effective);

	printf("%s: %s, permitted %x effective %x%s\n", what, strerror(error), permitted, effective,
	       failed ? " ?" : "");
	fflush(stdout);
}

int main(void)
{
	const uint32_t admin = 1u << CAP_NET_ADMIN;
	const uint32_t raw = 1u << CAP_NET_RAW;

	show("at first", 0);
	show("effective lowered", set(admin | raw, raw));
	show("and raised", set(admin | raw, admin | raw));
	show("what was given up", set(admin | raw | 1u << CAP_NET_BIND_SERVICE, 0));
	show("what it never had", set(1u << CAP_SYS_ADMIN, 0));
	show("more effective than permitted", set(raw, admin));
	show("nothing", set(0, 0));
	if (fork() == 0) {
		show("a child's", 0);
		return 0;
	}
	wait(NULL);
	return 0;
}
