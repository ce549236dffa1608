/* SPDX-License-Identifier: MIT */
/*
 * Threads and processes.
 *
 * A notification names a thread. Its process is looked up once, in /proc, and kept with a pidfd
 * that tells when the process ends, so a process number is never stale. A thread's number may
 * be: threads end without notice. A cached thread that is not its process's first is therefore
 * checked with tgkill(.., 0), which costs less than reading /proc.
 *
 * A process belongs to the command whose filter it runs under. Owner of processes and tasks is
 * this file; they end with the pidfd's event.
 */
#include "run/task.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "run/park.h"
#include "run/spare.h"

#define TASKS_BEFORE_SWEEP 64

static int pidfd_open(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static int pidfd_getfd(int pidfd, int fd)
{
	return (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
}

static bool thread_of(pid_t pid, pid_t tid)
{
	return pid == tid || syscall(SYS_tgkill, pid, tid, 0) == 0;
}

/* The process of a thread, from /proc; -1 when it is gone. */
static pid_t process_of(pid_t tid)
{
	char path[40];
	char text[1024];
	char *at;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	at = strstr(text, "\nTgid:");
	return at ? (pid_t)strtol(at + 6, NULL, 10) : -1;
}

static void task_free(struct run *r, struct task *t)
{
	if (t->parked)
		park_drop(t->parked);
	imap_del(&r->tasks, (uint64_t)t->tid);
	list_del(&t->link);
	t->process->count--;
	free(t);
}

static void process_free(struct source *s)
{
	free(container_of(s, struct process, source));
}

static void process_end(struct process *p)
{
	struct run *r = p->run;

	while (!list_empty(&p->tasks))
		task_free(r, list_first(&p->tasks, struct task, link));
	imap_del(&r->processes, (uint64_t)p->pid);
	close(p->pidfd);
	run_source_end(r, &p->source, process_free);
}

static void on_process_exit(struct source *s, uint32_t events)
{
	(void)events; /* a pidfd has one thing to say */
	process_end(container_of(s, struct process, source));
}

static struct process *process_get(struct run *r, struct command *cmd, pid_t pid)
{
	struct process *p = imap_get(&r->processes, (uint64_t)pid);

	if (p && syscall(SYS_pidfd_send_signal, p->pidfd, 0, NULL, 0) < 0 && errno == ESRCH) {
		process_end(p); /* the number was taken over before its event was read */
		p = NULL;
	}
	if (p)
		return p;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->run = r;
	p->command = cmd;
	p->pid = pid;
	p->sweep_at = TASKS_BEFORE_SWEEP;
	p->source.ready = on_process_exit;
	list_init(&p->tasks);
	p->pidfd = pidfd_open(pid);
	if (p->pidfd < 0)
		goto fail;
	if (!spare_keeps_half(cmd, p->pidfd)) {
		close(p->pidfd);
		errno = EMFILE;
		goto fail;
	}
	if (run_source_add(r, p->pidfd, EPOLLIN, &p->source) < 0 ||
	    imap_put(&r->processes, (uint64_t)pid, p) < 0) {
		close(p->pidfd);
		goto fail;
	}
	return p;
fail:
	free(p);
	return NULL;
}

/* Threads end unseen: forget those that have, once in a while. */
static void sweep(struct process *p)
{
	struct list *l;
	struct list *tmp;

	list_for_each_safe (l, tmp, &p->tasks) {
		struct task *t = list_entry(l, struct task, link);

		if (!thread_of(p->pid, t->tid))
			task_free(p->run, t);
	}
	p->sweep_at = 2 * p->count + TASKS_BEFORE_SWEEP;
}

struct task *task_get(struct run *r, struct command *cmd, pid_t tid)
{
	struct task *t = imap_get(&r->tasks, (uint64_t)tid);
	struct process *p;
	pid_t pid;

	if (t && thread_of(t->process->pid, tid))
		return t;
	if (t)
		task_free(r, t);
	pid = process_of(tid);
	p = pid > 0 ? process_get(r, cmd, pid) : NULL;
	if (!p)
		return NULL;
	if (p->count >= p->sweep_at)
		sweep(p);
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->tid = tid;
	t->process = p;
	if (imap_put(&r->tasks, (uint64_t)tid, t) < 0) {
		free(t);
		return NULL;
	}
	list_add_tail(&p->tasks, &t->link);
	p->count++;
	return t;
}

void task_forget(struct run *r, struct command *cmd)
{
	for (size_t i = 0; i < r->processes.cap;) {
		struct process *p = r->processes.slots[i].value;

		if (p && (!cmd || p->command == cmd))
			process_end(p); /* may move another one here: look again */
		else
			i++;
	}
}

int task_dup(const struct task *t, int fd)
{
	int dup = pidfd_getfd(t->process->pidfd, fd);

	if (dup < 0 && errno == ESRCH && t->tid != t->process->pid) {
		/* The first thread has ended, the others have not. */
		int pidfd = (int)syscall(SYS_pidfd_open, t->tid, O_EXCL /* PIDFD_THREAD */);

		if (pidfd < 0)
			return -ESRCH;
		dup = pidfd_getfd(pidfd, fd);
		close(pidfd);
	}
	return dup < 0 ? -errno : dup;
}

bool task_cloexec(const struct task *t, int fd)
{
	char line[64];
	unsigned flags = 0;
	FILE *f;

	snprintf(line, sizeof(line), "/proc/%d/fdinfo/%d", t->tid, fd);
	f = fopen(line, "re");
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f) && sscanf(line, "flags: %o", &flags) != 1)
		;
	(void)fclose(f); /* it was only read */
	return flags & O_CLOEXEC;
}

/* Where process_vm_readv() is forbidden, the same through a file. */
static ssize_t mem_file(const struct task *t, void *buf, size_t bytes, uint64_t addr, bool write)
{
	char path[40];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", t->tid);
	fd = open(path, (write ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = write ? pwrite(fd, buf, bytes, (off_t)addr) : pread(fd, buf, bytes, (off_t)addr);
	close(fd);
	return n;
}

static void *remote(uint64_t addr)
{
	return (void *)(uintptr_t)addr; /* an address in the program, never followed here */
}

int task_read(const struct task *t, uint64_t addr, void *buf, size_t bytes)
{
	struct iovec local = {.iov_base = buf, .iov_len = bytes};
	struct iovec there = {.iov_base = remote(addr), .iov_len = bytes};
	ssize_t n;

	if (bytes == 0)
		return 0;
	n = process_vm_readv(t->tid, &local, 1, &there, 1, 0);
	if (n < 0 && errno == ENOSYS)
		n = mem_file(t, buf, bytes, addr, false);
	return n == (ssize_t)bytes ? 0 : -EFAULT;
}

int task_write(const struct task *t, uint64_t addr, const void *buf, size_t bytes)
{
	struct iovec local = {.iov_base = (void *)(uintptr_t)buf, .iov_len = bytes};
	struct iovec there = {.iov_base = remote(addr), .iov_len = bytes};
	ssize_t n;

	if (bytes == 0)
		return 0;
	n = process_vm_writev(t->tid, &local, 1, &there, 1, 0);
	if (n < 0 && errno == ENOSYS)
		n = mem_file(t, (void *)(uintptr_t)buf, bytes, addr, true);
	return n == (ssize_t)bytes ? 0 : -EFAULT;
}

int task_read_all(const struct task *t, const struct iovec *here, const struct iovec *there,
		  size_t count)
{
	size_t bytes = 0;

	for (size_t i = 0; i < count; i++)
		bytes += here[i].iov_len;
	return process_vm_readv(t->tid, here, count, there, count, 0) == (ssize_t)bytes ? 0
											: -EFAULT;
}

int task_write_all(const struct task *t, const struct iovec *here, const struct iovec *there,
		   size_t count)
{
	size_t bytes = 0;
	ssize_t n;

	if (count == 0)
		return 0;
	n = process_vm_writev(t->tid, here, count, there, count, 0);
	for (size_t i = 0; i < count; i++)
		bytes += here[i].iov_len;
	if (n >= 0 || errno != ENOSYS)
		return n == (ssize_t)bytes ? 0 : -EFAULT;
	for (size_t i = 0; i < count; i++)
		if (task_write(t, (uintptr_t)there[i].iov_base, here[i].iov_base, here[i].iov_len) <
		    0)
			return -EFAULT;
	return 0;
}

ssize_t task_scatter(const struct task *t, const void *buf, size_t bytes, const struct iovec *iov,
		     size_t iovcnt)
{
	struct iovec local = {.iov_base = (void *)(uintptr_t)buf, .iov_len = bytes};
	ssize_t n;

	if (bytes == 0)
		return 0;
	n = process_vm_writev(t->tid, &local, 1, iov, iovcnt, 0);
	if (n < 0 && errno == ENOSYS && iovcnt > 0 && iov[0].iov_len >= bytes)
		n = mem_file(t, local.iov_base, bytes, (uintptr_t)iov[0].iov_base, true);
	return n < 0 ? -EFAULT : n;
}

ssize_t task_gather(const struct task *t, void *buf, size_t bytes, const struct iovec *iov,
		    size_t iovcnt)
{
	struct iovec local = {.iov_base = buf, .iov_len = bytes};
	ssize_t n;

	if (bytes == 0)
		return 0;
	n = process_vm_readv(t->tid, &local, 1, iov, iovcnt, 0);
	if (n < 0 && errno == ENOSYS && iovcnt > 0)
		n = mem_file(t, buf, bytes < iov[0].iov_len ? bytes : iov[0].iov_len,
			     (uintptr_t)iov[0].iov_base, false);
	return n < 0 ? -EFAULT : n;
}

static bool is_carrier(int fd, uint64_t cookie)
{
	uint64_t found = 0;
	socklen_t len = sizeof(found);

	return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &found, &len) == 0 && found == cookie;
}

/* Process `pid`'s descriptor `fd`, if it is the carrier's end. */
static int end_of(pid_t pid, int fd, uint64_t cookie)
{
	int pidfd = pidfd_open(pid);
	int dup;

	if (pidfd < 0)
		return -ENOENT;
	dup = pidfd_getfd(pidfd, fd);
	close(pidfd);
	if (dup < 0)
		return -ENOENT;
	if (is_carrier(dup, cookie))
		return dup;
	close(dup);
	return -ENOENT;
}

struct search {
	uint64_t cookie;
	int first; /* the descriptor to try before all others */
	int found;
};

static void search_number(pid_t pid, void *ctx)
{
	struct search *s = ctx;

	if (s->found < 0)
		s->found = end_of(pid, s->first, s->cookie);
}

static void search_all(pid_t pid, void *ctx)
{
	struct search *s = ctx;
	struct dirent *e;
	char path[40];
	DIR *dir;

	if (s->found >= 0)
		return;
	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir)
		return;
	while (s->found < 0 && (e = readdir(dir))) {
		char link[32];
		ssize_t n = readlinkat(dirfd(dir), e->d_name, link, sizeof(link));

		if (n > 7 && !memcmp(link, "socket:", 7))
			s->found = end_of(pid, (int)strtol(e->d_name, NULL, 10), s->cookie);
	}
	closedir(dir);
}

int task_find_end(struct command *cmd, pid_t pid, int fd, uint64_t cookie)
{
	struct search s = {.cookie = cookie, .first = fd, .found = -ENOENT};

	if (pid > 0)
		s.found = end_of(pid, fd, cookie);
	if (s.found < 0)
		(void)task_descendants(cmd->minder, search_number, &s); /* a forked copy */
	if (s.found < 0)
		(void)task_descendants(cmd->minder, search_all, &s);
	return s.found;
}

struct count {
	char link[32]; /* "socket:[NUMBER]" */
	unsigned found;
};

static void count_all(pid_t pid, void *ctx)
{
	struct count *count = ctx;
	const struct dirent *e;
	char path[40];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir)
		return;
	while ((e = readdir(dir))) {
		char link[sizeof(count->link)] = "";

		if (readlinkat(dirfd(dir), e->d_name, link, sizeof(link) - 1) > 0 &&
		    !strcmp(link, count->link))
			count->found++;
	}
	closedir(dir);
}

unsigned task_count_ends(const struct command *cmd, uint64_t inode)
{
	struct count count = {.found = 0};

	snprintf(count.link, sizeof(count.link), "socket:[%" PRIu64 "]", inode);
	(void)task_descendants(cmd->minder, count_all, &count);
	return count.found;
}

/* Reads the children of one thread, appending them to a growing array. */
static int read_children(const char *path, pid_t **pids, size_t *count, size_t *cap)
{
	FILE *f = fopen(path, "re");
	int pid;

	if (!f)
		return -1;
	while (fscanf(f, "%d", &pid) == 1) {
		if (*count == *cap) {
			size_t more = *cap ? 2 * *cap : 64;
			pid_t *bigger = realloc(*pids, more * sizeof(pid_t));

			if (!bigger)
				break;
			*pids = bigger;
			*cap = more;
		}
		(*pids)[(*count)++] = pid;
	}
	fclose(f);
	return 0;
}

static void add_children(pid_t pid, pid_t **pids, size_t *count, size_t *cap)
{
	char path[64];
	struct dirent *e;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return;
	while ((e = readdir(dir))) {
		char file[sizeof(path) + NAME_MAX + 16];

		if (e->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s/children", path, e->d_name);
		(void)read_children(file, pids, count, cap); /* gone: it has none */
	}
	closedir(dir);
}

unsigned task_descendants(pid_t pid, void (*fn)(pid_t pid, void *ctx), void *ctx)
{
	pid_t *pids = NULL;
	size_t count = 0;
	size_t cap = 0;

	add_children(pid, &pids, &count, &cap);
	for (size_t i = 0; i < count; i++) {
		add_children(pids[i], &pids, &count, &cap);
		if (fn)
			fn(pids[i], ctx);
	}
	free(pids);
	return (unsigned)count;
}

unsigned task_children(pid_t pid, void (*fn)(pid_t pid, void *ctx), void *ctx)
{
	pid_t *pids = NULL;
	size_t count = 0;
	size_t cap = 0;

	add_children(pid, &pids, &count, &cap);
	for (size_t i = 0; i < count; i++)
		fn(pids[i], ctx);
	free(pids);
	return (unsigned)count;
}
