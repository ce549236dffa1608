/* SPDX-License-Identifier: MIT */
/*
 * The filter, tried in a child: what is trapped waits for an answer that never comes, so a call
 * that returns was not trapped.
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <linux/seccomp.h>
#include <linux/sockios.h>

#include "base/check.h"
#include "run/filter.h"

struct use {
	const char *what;
	long nr;
	long args[6];
	bool trapped;
	long error; /* not trapped: the errno, 0 for success */
};

static const struct use uses[] = {
	{"socket of IPv4", SYS_socket, {AF_INET, SOCK_STREAM, 0}, true, 0},
	{"socket of IPv6", SYS_socket, {AF_INET6, SOCK_STREAM, 0}, true, 0},
	{"socket of packets", SYS_socket, {AF_PACKET, SOCK_RAW, 0}, true, 0},
	{"socket of netlink", SYS_socket, {AF_NETLINK, SOCK_RAW, 0}, true, 0},
	{"socket with a dirty upper half",
	 SYS_socket,
	 {(long)(UINT64_C(0xdead) << 32 | AF_INET), SOCK_STREAM, 0},
	 true,
	 0},
	{"socket of virtual machines", SYS_socket, {AF_VSOCK, SOCK_STREAM, 0}, true, 0},
	{"socket of another network", SYS_socket, {AF_SMC, SOCK_STREAM, 0}, true, 0},
	{"socket of no family", SYS_socket, {AF_MAX + 9, SOCK_STREAM, 0}, false, EAFNOSUPPORT},
	{"UNIX socket", SYS_socket, {AF_UNIX, SOCK_STREAM, 0}, false, 0},
	{"connect", SYS_connect, {-1, 0, 0}, true, 0},
	{"sendto with an address", SYS_sendto, {-1, 0, 0, 0, 8, 16}, true, 0},
	{"sendto that has more", SYS_sendto, {-1, 0, 0, MSG_MORE, 0, 0}, true, 0},
	{"sendto of urgent data", SYS_sendto, {-1, 0, 0, MSG_OOB, 0, 0}, true, 0},
	{"sendto with usual flags",
	 SYS_sendto,
	 {-1, 0, 0, MSG_NOSIGNAL | MSG_DONTWAIT | MSG_EOR, 0, 0},
	 false,
	 EBADF},
	{"recvfrom errors", SYS_recvfrom, {-1, 0, 0, MSG_ERRQUEUE, 0, 0}, true, 0},
	{"recvfrom that throws away", SYS_recvfrom, {-1, 0, 0, MSG_TRUNC, 0, 0}, true, 0},
	{"recvfrom with usual flags",
	 SYS_recvfrom,
	 {-1, 0, 0, MSG_PEEK | MSG_DONTWAIT | MSG_WAITALL, 0, 0},
	 false,
	 EBADF},
	{"sendto without", SYS_sendto, {-1, 0, 0, 0, 0, 0}, false, EBADF},
	{"recvfrom with an address", SYS_recvfrom, {-1, 0, 0, 0, 8, 16}, true, 0},
	{"recvfrom without", SYS_recvfrom, {-1, 0, 0, 0, 0, 0}, false, EBADF},
	{"ioctl on interfaces", SYS_ioctl, {-1, SIOCGIFCONF, 0}, true, 0},
	{"ioctl on wireless", SYS_ioctl, {-1, 0x8b01, 0}, true, 0},
	{"ioctl on terminals", SYS_ioctl, {-1, TIOCGWINSZ, 0}, false, EBADF},
	{"write", SYS_write, {-1, 0, 0}, false, EBADF},
	{"rings", SYS_io_uring_setup, {1, 0}, false, ENOSYS},
	{"hiding", SYS_prctl, {PR_SET_DUMPABLE, 0}, false, 0},
};

static _Noreturn void try_it(const struct sock_fprog *f, int up, const struct use *u)
{
	int listener = filter_install(f);
	long result;

	if (listener < 0)
		_exit(99);
	(void)write(up, &listener, sizeof(listener));
	result = syscall(u->nr, u->args[0], u->args[1], u->args[2], u->args[3], u->args[4],
			 u->args[5]);
	_exit(result < 0 ? errno : 0);
}

static bool is_trapped(pid_t pid, int listener)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p[2] = {{.events = POLLIN}, {.fd = pidfd, .events = POLLIN}};
	bool trapped;

	p[0].fd = (int)syscall(SYS_pidfd_getfd, pidfd, listener, 0);
	(void)poll(p, 2, 5000);
	trapped = p[0].revents & POLLIN;
	close(p[0].fd);
	close(pidfd);
	return trapped;
}

static void traps_what_it_should(void **state)
{
	struct sock_fprog *f = NULL;

	(void)state;
	assert_int_equal(filter_new(&f), 0);
	for (size_t i = 0; i < ARRAY_LEN(uses); i++) {
		int up[2];
		int listener;
		int status;
		pid_t pid;

		assert_int_equal(pipe(up), 0);
		pid = fork();
		if (pid == 0)
			try_it(f, up[1], &uses[i]);
		close(up[1]);
		assert_int_equal(read(up[0], &listener, sizeof(listener)), sizeof(listener));
		if (is_trapped(pid, listener) != uses[i].trapped)
			fail_msg("%s", uses[i].what);
		(void)kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!uses[i].trapped &&
		    (!WIFEXITED(status) || WEXITSTATUS(status) != uses[i].error))
			fail_msg("%s: status %#x", uses[i].what, (unsigned)status);
		close(up[0]);
	}
	filter_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(traps_what_it_should),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
