/* SPDX-License-Identifier: MIT */
/*
 * Threads and processes of the carried programs, known by the first trapped call they make.
 * Every access fails with -ESRCH when the thread is gone, and may hit a stranger when its number
 * was taken over meanwhile: callers check the notification's id afterwards (call_valid()).
 */
#ifndef RUN_TASK_H
#define RUN_TASK_H

#include <sys/uio.h>

#include "run/runner.h"

struct call;

/* The capabilities that a process was told it has: callcap.c. */
struct process_caps {
	bool known; /* somebody asked */
	uint32_t permitted, effective, inheritable;
};

struct process {
	struct source source; /* its pidfd */
	struct run *run;
	struct command *command;
	pid_t pid;
	int pidfd;
	struct list tasks;
	unsigned count;	   /* of tasks */
	struct process_caps caps;
	unsigned sweep_at; /* look for ended threads when there are so many */
};

struct task {
	struct process *process;
	struct list link; /* on process->tasks */
	pid_t tid;
	struct call *parked; /* its call that waits, NULL if none */
	bool unclaimed;	     /* the last answer did not reach it: */
	int nr;
	uint64_t args[6];
	long result;
};

/* The thread that made a call; NULL: gone, or no memory. */
struct task *task_get(struct run *r, struct command *cmd, pid_t tid);

/* Forgets all processes of a command, or (NULL) all. */
void task_forget(struct run *r, struct command *cmd);

/* A duplicate of the thread's descriptor `fd`, closed on exec; or -EBADF, -ESRCH, -EPERM. */
int task_dup(const struct task *t, int fd);

/* Whether its descriptor `fd` is closed on exec. */
bool task_cloexec(const struct task *t, int fd);

/* Copies from and to the thread's memory: 0, or -EFAULT when not all of it is there. */
int task_read(const struct task *t, uint64_t addr, void *buf, size_t bytes);
int task_write(const struct task *t, uint64_t addr, const void *buf, size_t bytes);

/* Reads each of `count` pieces from its place: 0 or -EFAULT. */
int task_read_all(const struct task *t, const struct iovec *here, const struct iovec *there,
		  size_t count);

/* Writes each of `count` pieces to its place: 0 or -EFAULT. */
int task_write_all(const struct task *t, const struct iovec *here, const struct iovec *there,
		   size_t count);

/* Scatters `bytes` bytes over the thread's buffers, or gathers at most `bytes` from them. Returns
 * how many, or -EFAULT when none could be. */
ssize_t task_scatter(const struct task *t, const void *buf, size_t bytes, const struct iovec *iov,
		     size_t iovcnt);
ssize_t task_gather(const struct task *t, void *buf, size_t bytes, const struct iovec *iov,
		    size_t iovcnt);

/* Finds a program's copy of a carrier's end and duplicates it: first where it was seen
 * last, then wherever the command's processes may have it. -ENOENT: nowhere. */
int task_find_end(struct command *cmd, pid_t pid, int fd, uint64_t cookie);

/* How many descriptors of the command's processes are the socket with this inode. */
unsigned task_count_ends(const struct command *cmd, uint64_t inode);

/* Calls `fn` for every living descendant of `pid`, that excluded. Returns how many. */
unsigned task_descendants(pid_t pid, void (*fn)(pid_t pid, void *ctx), void *ctx);

/* The same for its children alone. */
unsigned task_children(pid_t pid, void (*fn)(pid_t pid, void *ctx), void *ctx);

#endif
