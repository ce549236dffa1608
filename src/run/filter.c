/* SPDX-License-Identifier: MIT */
/*
 * The filter: libseccomp compiles the table of trapped calls, once; every program's process
 * installs the result by itself, between fork and execve.
 *
 * Whatever the table does not name is allowed without a look at its arguments, so the kernel lets
 * read(2) and its like pass by a bitmap, at no cost. Programs of foreign architectures run,
 * without sockets, as their calls have other numbers and layouts than those that berth answers.
 */
#include "run/filter.h"

#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "run/call.h"

#define LOW_HALF 0xffffffffu /* the kernel takes an int; the upper half may hold anything */

static int notify(scmp_filter_ctx ctx, int nr, struct scmp_arg_cmp arg)
{
	return seccomp_rule_add_array(ctx, SCMP_ACT_NOTIFY, nr, 1, &arg);
}

/* All but those that reach nothing beyond the machine: the kernel's own answer to unknown ones is
 * as good as berth's. */
static int add_families(scmp_filter_ctx ctx, int nr)
{
	int error = 0;

	for (unsigned family = AF_UNIX + 1; family < AF_MAX && !error; family++) {
		if (family != AF_ALG) /* ciphers */
			error = notify(ctx, nr, SCMP_A0(SCMP_CMP_MASKED_EQ, LOW_HALF, family));
	}
	return error;
}

/* Those with an address, and those with one of the flags. */
static int add_transfer(scmp_filter_ctx ctx, int nr, const unsigned *flags, size_t count)
{
	int error = notify(ctx, nr, SCMP_A4(SCMP_CMP_NE, 0, 0));

	for (size_t i = 0; i < count && !error; i++)
		error = notify(ctx, nr, SCMP_A3(SCMP_CMP_MASKED_EQ, flags[i], flags[i]));
	return error;
}

static int add_entry(scmp_filter_ctx ctx, const struct call_entry *e)
{
	static const unsigned sent[] = {MSG_MORE, MSG_OOB};
	static const unsigned received[] = {MSG_ERRQUEUE, MSG_TRUNC, MSG_OOB};
	int error;

	switch (e->only) {
	case ONLY_FAMILIES:
		return add_families(ctx, e->nr);
	case ONLY_SEND:
		return add_transfer(ctx, e->nr, sent, ARRAY_LEN(sent));
	case ONLY_RECEIVE:
		return add_transfer(ctx, e->nr, received, ARRAY_LEN(received));
	case ONLY_SIOC:
		error = notify(ctx, e->nr, SCMP_A1(SCMP_CMP_MASKED_EQ, LOW_HALF & ~0xffu, 0x8900));
		if (!error) /* wireless extensions */
			error = notify(ctx, e->nr,
				       SCMP_A1(SCMP_CMP_MASKED_EQ, LOW_HALF & ~0xffu, 0x8b00));
		if (!error)
			error = notify(ctx, e->nr, SCMP_A1(SCMP_CMP_MASKED_EQ, LOW_HALF, TIOCOUTQ));
		return error;
	default:
		return seccomp_rule_add_array(ctx, SCMP_ACT_NOTIFY, e->nr, 0, NULL);
	}
}

/* What must not be done behind berth's back. */
static int add_refusals(scmp_filter_ctx ctx)
{
	/* Rings would do socket calls unseen; runtimes fall back. */
	int error = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(io_uring_setup), 0);

	/* A program that hides its memory could not be carried: it is told that it is hidden. */
	if (!error)
		error = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(0), SCMP_SYS(prctl), 2,
					 SCMP_A0(SCMP_CMP_EQ, PR_SET_DUMPABLE, 0),
					 SCMP_A1(SCMP_CMP_EQ, 0, 0));
	return error;
}

/* Adds an architecture whose programs run, but without sockets. */
static int add_foreign(scmp_filter_ctx ctx, uint32_t arch)
{
	static const int calls[] = {SCMP_SYS(socket), SCMP_SYS(socketcall),
				    SCMP_SYS(io_uring_setup)};
	scmp_filter_ctx other = seccomp_init(SCMP_ACT_ALLOW);
	int error;

	if (!other)
		return -ENOMEM;
	error = seccomp_arch_remove(other, SCMP_ARCH_NATIVE);
	if (!error)
		error = seccomp_arch_add(other, arch);
	for (size_t i = 0; i < ARRAY_LEN(calls) && !error; i++) {
		error = seccomp_rule_add(other, SCMP_ACT_ERRNO(ENOSYS), calls[i], 0);
		if (error == -EDOM)
			error = 0; /* that architecture has no such call */
	}
	if (!error)
		error = seccomp_merge(ctx, other); /* takes it over */
	if (error)
		seccomp_release(other);
	return error;
}

static int add_all(scmp_filter_ctx ctx)
{
#if defined(__x86_64__)
	static const uint32_t foreign[] = {SCMP_ARCH_X86, SCMP_ARCH_X32};
#else
	static const uint32_t foreign[] = {SCMP_ARCH_ARM};
#endif
	int error = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);

	for (size_t i = 0; i < call_table_count && !error; i++)
		error = add_entry(ctx, &call_table[i]);
	if (!error)
		error = add_refusals(ctx);
	for (size_t i = 0; i < ARRAY_LEN(foreign) && !error; i++)
		error = add_foreign(ctx, foreign[i]);
	return error;
}

static int load(int fd, struct sock_fprog **out)
{
	struct sock_fprog *f;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	f->len = (unsigned short)((size_t)st.st_size / sizeof(struct sock_filter));
	f->filter = malloc((size_t)st.st_size);
	if (!f->filter || pread(fd, f->filter, (size_t)st.st_size, 0) != st.st_size) {
		filter_free(f);
		return -ENOMEM;
	}
	*out = f;
	return 0;
}

int filter_new(struct sock_fprog **out)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int fd = memfd_create("berth-filter", MFD_CLOEXEC);
	int error;

	if (!ctx || fd < 0) {
		error = -ENOMEM;
		goto out;
	}
	error = add_all(ctx);
	if (!error)
		error = seccomp_export_bpf(ctx, fd);
	if (!error)
		error = load(fd, out);
out:
	if (ctx)
		seccomp_release(ctx);
	if (fd >= 0)
		close(fd);
	return error;
}

void filter_free(struct sock_fprog *f)
{
	if (f)
		free(f->filter);
	free(f);
}

int filter_install(const struct sock_fprog *f)
{
	long fd;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, f);
	return fd < 0 ? -errno : (int)fd;
}
