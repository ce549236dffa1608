/* SPDX-License-Identifier: MIT */
/*
 * What the runner needs of a machine, each tried for real and not looked up: a child installs the
 * real filter, another one has a descriptor and its memory taken. All of it is undone before
 * run_check() returns. A container's own filter, Yama and old kernels each forbid a
 * different part, so every part names its remedy.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/seccomp.h>

#include "run/filter.h"
#include "run/runner.h"

static const char *kernel(struct utsname *u)
{
	return uname(u) == 0 ? u->release : "unknown";
}

static void check_notification(struct run_requirement *out)
{
	struct seccomp_notif_sizes sizes;
	struct utsname u;

	out->met = syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) == 0;
	snprintf(out->detail, sizeof(out->detail), "kernel %.60s, SECCOMP_GET_NOTIF_SIZES: %s",
		 kernel(&u), out->met ? "answers" : strerror(errno));
}

static int filter_status(const struct sock_fprog *f)
{
	int fd = filter_install(f);

	return fd < 0 ? -fd : 0;
}

/* Installs the real filter in a child and looks at what came of it. */
static void check_filter(struct run_requirement *out)
{
	struct sock_fprog *f = NULL;
	int error = filter_new(&f);
	int status = 0;
	pid_t pid;

	if (error == 0) {
		pid = fork();
		if (pid == 0)
			_exit(filter_status(f));
		if (pid < 0 || waitpid(pid, &status, 0) < 0)
			error = -errno;
		else if (!WIFEXITED(status) || WEXITSTATUS(status))
			error = WIFEXITED(status) ? -WEXITSTATUS(status) : -EPERM;
	}
	filter_free(f);
	out->met = error == 0;
	snprintf(out->detail, sizeof(out->detail), "a child installs the filter: %s",
		 error ? strerror(-error) : "it can");
}

/* A child waits while we take a descriptor of it and read its memory. */
static void with_child(int (*probe)(pid_t pid), struct run_requirement *out, const char *what)
{
	pid_t pid = fork();
	int error;

	if (pid == 0) {
		for (;;)
			pause();
	}
	error = pid < 0 ? -errno : probe(pid);
	if (pid > 0) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
	}
	out->met = error == 0;
	snprintf(out->detail, sizeof(out->detail), "%s: %s", what,
		 error ? strerror(-error) : "works");
}

static int probe_getfd(pid_t pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int fd;
	int error;

	if (pidfd < 0)
		return -errno;
	fd = (int)syscall(SYS_pidfd_getfd, pidfd, 2, 0);
	error = fd < 0 ? -errno : 0;
	if (fd >= 0)
		close(fd);
	close(pidfd);
	return error == -EBADF ? 0 : error; /* it has no standard error: allowed all the same */
}

static int probe_memory(pid_t pid)
{
	int here = 0;
	int there = 1; /* at the same address in the child */
	struct iovec local = {.iov_base = &here, .iov_len = sizeof(here)};
	struct iovec remote = {.iov_base = &there, .iov_len = sizeof(there)};

	return process_vm_readv(pid, &local, 1, &remote, 1, 0) < 0 ? -errno : 0;
}

static void check_getfd(struct run_requirement *out)
{
	with_child(probe_getfd, out, "pidfd_getfd(2) on a child");
}

static void check_memory(struct run_requirement *out)
{
	with_child(probe_memory, out, "process_vm_readv(2) on a child");
}

static void check_inotify(struct run_requirement *out)
{
	int fd = inotify_init1(IN_CLOEXEC);

	out->met = fd >= 0;
	snprintf(out->detail, sizeof(out->detail), "inotify_init1(2): %s",
		 fd < 0 ? strerror(errno) : "works");
	if (fd >= 0)
		close(fd);
}

static void check_descriptors(struct run_requirement *out)
{
	struct rlimit limit = {0};

	(void)getrlimit(RLIMIT_NOFILE, &limit);
	out->met = limit.rlim_max >= 4096;
	snprintf(out->detail, sizeof(out->detail),
		 "limit %llu: about %llu connections between carried programs at once",
		 (unsigned long long)limit.rlim_max, (unsigned long long)limit.rlim_max / 2);
}

static void check_wake_up(struct run_requirement *out)
{
	struct utsname u;
	int major = 0;
	int minor = 0;

	(void)sscanf(kernel(&u), "%d.%d", &major, &minor);
	out->met = major > 6 || (major == 6 && minor >= 6);
	snprintf(out->detail, sizeof(out->detail), "kernel %.60s", kernel(&u));
}

static const struct {
	const char *what;
	bool fatal;
	const char *remedy;
	void (*check)(struct run_requirement *out);
} requirements[] = {
	{"seccomp user notification", true,
	 "Linux 5.9 or newer with CONFIG_SECCOMP_FILTER, and no container that forbids seccomp(2)",
	 check_notification},
	{"a seccomp filter with a listener", true,
	 "run outside of `berth run`, or of a container that forbids it, or with --security-opt "
	 "seccomp=unconfined",
	 check_filter},
	{"descriptors of children", true,
	 "kernel.yama.ptrace_scope of at most 1; Linux 5.6 or newer", check_getfd},
	{"memory of children", true, "kernel.yama.ptrace_scope of at most 1", check_memory},
	{"inotify", true, "raise fs.inotify.max_user_instances", check_inotify},
	{"enough descriptors", false, "raise the hard limit (ulimit -Hn)", check_descriptors},
	{"fast notifications", false, "Linux 6.6 or newer: calls cost a tenth", check_wake_up},
};

bool run_check(unsigned i, struct run_requirement *out)
{
	if (i >= ARRAY_LEN(requirements))
		return false;
	*out = (struct run_requirement){
		.what = requirements[i].what,
		.fatal = requirements[i].fatal,
		.remedy = requirements[i].remedy,
	};
	requirements[i].check(out);
	return true;
}
