/* SPDX-License-Identifier: MIT */
/*
 * The runner: programs on the hosts of a world, in real time. This is all that the
 * command line knows of it.
 *
 * One epoll loop serves everything: the programs' notifications and carriers, the world's
 * deadline, signals, and what the command line adds. Callbacks are called from run_loop().
 */
#ifndef RUN_RUN_H
#define RUN_RUN_H

#include <stdbool.h>
#include <sys/types.h>

#include <berth/world.h>

struct run;

/* One socket call of a program, told when it has returned to it. For ladders and logs. */
struct run_call {
	berth_time start, end; /* in the world's time */
	int host;
	pid_t pid, tid;
	const char *name;		       /* "connect" */
	const char *text;		       /* "connect(3, 10.9.0.1:80) = 0" */
	long result;			       /* >= 0, or the negative errno */
	int family, type;		       /* of the socket, 0 if none */
	struct sockaddr_storage local, remote; /* AF_UNSPEC: none (yet) */
};

/* Bytes that a program moved on a stream through its carrier (no call is seen for these). */
struct run_transfer {
	berth_time time;
	int host;
	bool sent; /* written by the program, else delivered to it */
	bool end;  /* the end of the stream, bytes is 0 */
	size_t bytes;
	struct sockaddr_storage local, remote;
};

struct run_config {
	struct berth_world *world; /* borrowed; its time is CLOCK_MONOTONIC */
	void *ctx;		   /* for the callbacks, each of which may be NULL */
	/* A program started by run_start() ended; status as waitpid(2). */
	void (*on_exit)(void *ctx, int id, int status);
	/* A socket of a host began to listen (stream) or was bound (datagram). */
	void (*on_listen)(void *ctx, int host, int type, const struct sockaddr *local);
	void (*on_call)(void *ctx, const struct run_call *call);
	void (*on_transfer)(void *ctx, const struct run_transfer *t);
	/* A program asked for something that berth does not have; the first time of each kind. */
	void (*on_remark)(void *ctx, int host, const char *text);
};

struct run_command {
	int host;
	char *const *argv;
	char *const *envp;     /* NULL: berth's own */
	const char *cwd;       /* NULL: berth's own */
	const char *host_name; /* for uname(2), cut to what fits; NULL: the machine's */
	int fds[3];	       /* standard streams, -1: berth's own; not closed */
	bool new_session;      /* setsid(), so that run_signal() reaches all of it */
};

/* The present, in the world's time: CLOCK_MONOTONIC. */
berth_time run_clock(void);

/* 0 and *out, or a negative errno; -ENOSYS: this kernel cannot (run_check() says why). */
int run_new(const struct run_config *config, struct run **out);

/* Kills every program that is left, and frees. NULL is fine. */
void run_free(struct run *r);

/* Starts a program; *out_id (>= 0) names it from then on. -ENOENT and -EACCES are those of
 * execve(2), told before this returns; others are berth's failures. */
int run_start(struct run *r, const struct run_command *cmd, int *out_id);

/* Sends a signal to a program, with `group` to its process group and descendants. -ESRCH. */
int run_signal(struct run *r, int id, int sig, bool group);

/* Calls `fn` once at world time `when` (cancel by ignoring it). -ENOMEM. */
int run_at(struct run *r, berth_time when, void (*fn)(void *ctx), void *ctx);

/* Calls `fn` whenever `fd` is readable or closed, until run_unwatch(). -ENOMEM, or epoll_ctl's. */
int run_watch(struct run *r, int fd, void (*fn)(void *ctx, int fd), void *ctx);
void run_unwatch(struct run *r, int fd);

/* Serves until run_stop() is called; 0 or a negative errno when berth itself failed. */
int run_loop(struct run *r);
void run_stop(struct run *r);

/* One thing this machine must have. */
struct run_requirement {
	const char *what;   /* "seccomp user notification" */
	bool met, fatal;    /* fatal: nothing works without it */
	char detail[160];   /* "kernel 6.18, SECCOMP_GET_NOTIF_SIZES answers" */
	const char *remedy; /* "Linux 5.9 or newer" */
};
/* Tries the `i`th requirement for real; false past the last. */
bool run_check(unsigned i, struct run_requirement *out);

#endif
