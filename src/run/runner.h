/* SPDX-License-Identifier: MIT */
/*
 * The runner's own state, shared by its parts:
 *
 *   supervisor  the loop, and the life of commands
 *   filter      what is trapped
 *   launch      starting a program under the filter
 *   minder      the process between, which sees to it that nothing outlives berth
 *   notify      notifications in, answers out
 *   task        threads and processes: descriptors and memory of theirs
 *   call*       what each trapped call does
 *   park        calls that wait
 *   carrier     a socket and the kernel descriptor that carries it
 *   stream, datagram: what passes through one
 *
 * One thread, one epoll instance. Objects that epoll may still name when they end are put
 * on `dead` and freed when the batch is done.
 */
#ifndef RUN_RUNNER_H
#define RUN_RUNNER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <berth/berth.h>

#include "base/list.h"
#include "run/alarm.h"
#include "run/imap.h"
#include "run/run.h"

struct seccomp_notif;
struct seccomp_notif_resp;
struct sock_fprog;

/* What epoll's data points to: the first member of everything that waits for a descriptor. */
struct source {
	void (*ready)(struct source *s, uint32_t events);
	bool calls;	  /* trapped calls come from it: served after all others */
	struct list dead; /* on run->dead once it ended */
	void (*free)(struct source *s);
};

/* One program that run_start() started, with all its descendants. */
struct command {
	struct source listener_source;
	struct source minder_source;
	struct list link; /* on run->commands */
	struct run *run;
	int id, host;
	pid_t pid;     /* the program */
	pid_t minder;  /* its parent */
	int listener;  /* seccomp's, -1 once the last process is gone */
	int minder_fd; /* the minder's statuses come here; closed: all is to die */
	bool exited;   /* on_exit was called */
	bool new_session;
	char host_name[HOST_NAME_MAX + 1]; /* as uname(2) is to say; empty: the machine's */
};

#define RUN_BUF_BYTES (512 * 1024)

struct run {
	struct run_config config;
	struct berth_world *world;
	berth_time now;
	berth_time deadline; /* the world's */
	bool stop;
	unsigned remarked; /* what was remarked on: remark.c */
	int error;	   /* why the loop failed */
	int epoll;
	pid_t pid;	      /* berth's own */
	struct rlimit nofile; /* as it was, for the programs */
	int descriptors_max;  /* what berth itself may have */
	bool told_descriptors;
	bool freed;	     /* some were closed since the last turn */
	struct list starved; /* listeners whose connections wait for some */

	struct sock_fprog *filter;
	struct seccomp_notif *notif;
	size_t notif_bytes;
	struct seccomp_notif_resp *resp;
	size_t resp_bytes;

	struct source inotify_source;
	int inotify; /* tells when the last copy of a carrier without an end is closed */
	int dock;    /* a listening socket that programs' ends are connected to */
	struct sockaddr_un dock_addr;
	socklen_t dock_addr_len;

	struct list commands;
	int next_id;
	bool minder_killed;    /* one died by a signal: its programs became berth's own children */
	struct imap processes; /* pid: struct process */
	struct imap tasks;     /* tid: struct task */
	struct imap carriers;  /* cookie: struct carrier */
	struct imap watches;   /* inotify's number: struct carrier */
	struct imap rings;     /* a ring's file number: struct carrier */
	struct list young;     /* carriers of which berth still holds the program's end */
	unsigned young_count;
	struct alarm young_alarm;
	struct alarms alarms;
	struct list sources; /* run_watch()'s */
	struct list timers;  /* run_at()'s */
	struct list dead;
	unsigned char *buf; /* RUN_BUF_BYTES for data on their way */
};

/* Adds a descriptor to the loop, or changes its events; 0 or a negative errno. */
int run_source_add(struct run *r, int fd, uint32_t events, struct source *s);
int run_source_mod(struct run *r, int fd, uint32_t events, struct source *s);

/* Frees `s` by its `free` when no event in flight can name it any more. */
void run_source_end(struct run *r, struct source *s, void (*free_fn)(struct source *s));

/* Lets the world do what is due and delivers its events, until it is quiet. */
void run_settle(struct run *r);

#endif
