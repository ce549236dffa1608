/* SPDX-License-Identifier: MIT */
/*
 * The loop, and the life of commands.
 *
 * Each turn waits until a descriptor is ready, the world's deadline or an alarm has come;
 * serves all that is ready; and then lets the world run until it is quiet, so that what
 * many programs did is one round of the world. Nothing here blocks, except run_start() while
 * the new process gets from fork to execve.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "run/carrier.h"
#include "run/filter.h"
#include "run/launch.h"
#include "run/minder.h"
#include "run/notify.h"
#include "run/spare.h"
#include "run/task.h"

#define BATCH 128

struct watch {
	struct source source;
	struct list link;
	int fd;
	void (*fn)(void *ctx, int fd);
	void *ctx;
};

struct timer_call {
	struct alarm alarm;
	struct list link;
	void (*fn)(void *ctx);
	void *ctx;
};

berth_time run_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (berth_time)ts.tv_sec * BERTH_SEC + ts.tv_nsec;
}

/*
 * Sources
 */

static int control(struct run *r, int op, int fd, uint32_t events, struct source *s)
{
	struct epoll_event ev = {.events = events, .data.ptr = s};

	return epoll_ctl(r->epoll, op, fd, &ev) < 0 ? -errno : 0;
}

int run_source_add(struct run *r, int fd, uint32_t events, struct source *s)
{
	return control(r, EPOLL_CTL_ADD, fd, events, s);
}

int run_source_mod(struct run *r, int fd, uint32_t events, struct source *s)
{
	return control(r, EPOLL_CTL_MOD, fd, events, s);
}

static void ignore(struct source *s, uint32_t events)
{
	(void)s;
	(void)events; /* it ended in this batch */
}

void run_source_end(struct run *r, struct source *s, void (*free_fn)(struct source *s))
{
	s->ready = ignore;
	s->free = free_fn;
	list_add_tail(&r->dead, &s->dead);
}

static void free_dead(struct run *r)
{
	while (!list_empty(&r->dead)) {
		struct source *s = list_first(&r->dead, struct source, dead);

		list_del(&s->dead);
		s->free(s);
	}
}

static void watch_free(struct source *s)
{
	free(container_of(s, struct watch, source));
}

static void on_watch(struct source *s, uint32_t events)
{
	struct watch *w = container_of(s, struct watch, source);

	(void)events; /* readable or closed: fn finds out */
	w->fn(w->ctx, w->fd);
}

int run_watch(struct run *r, int fd, void (*fn)(void *ctx, int fd), void *ctx)
{
	struct watch *w = calloc(1, sizeof(*w));
	int error;

	if (!w)
		return -ENOMEM;
	*w = (struct watch){.source.ready = on_watch, .fd = fd, .fn = fn, .ctx = ctx};
	error = run_source_add(r, fd, EPOLLIN, &w->source);
	if (error < 0) {
		free(w);
		return error;
	}
	list_add_tail(&r->sources, &w->link);
	return 0;
}

void run_unwatch(struct run *r, int fd)
{
	struct list *l;
	struct list *tmp;

	list_for_each_safe (l, tmp, &r->sources) {
		struct watch *w = list_entry(l, struct watch, link);

		if (w->fd != fd)
			continue;
		(void)control(r, EPOLL_CTL_DEL, fd, 0, NULL); /* closed first: gone already */
		list_del(&w->link);
		run_source_end(r, &w->source, watch_free);
	}
}

static void on_timer(struct alarm *a)
{
	struct timer_call *t = container_of(a, struct timer_call, alarm);
	void (*fn)(void *ctx) = t->fn;
	void *ctx = t->ctx;

	list_del(&t->link);
	free(t);
	fn(ctx);
}

int run_at(struct run *r, berth_time when, void (*fn)(void *ctx), void *ctx)
{
	struct timer_call *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	*t = (struct timer_call){.alarm.fire = on_timer, .fn = fn, .ctx = ctx};
	if (alarm_set(&r->alarms, &t->alarm, when) < 0) {
		free(t);
		return -ENOMEM;
	}
	list_add_tail(&r->timers, &t->link);
	return 0;
}

/*
 * Commands
 */

static void kill_child(pid_t pid, void *ctx)
{
	struct run *r = ctx;
	struct list *l;

	list_for_each (l, &r->commands)
		if (list_entry(l, struct command, link)->minder == pid)
			return;
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

/* Kills what a killed minder has left to berth. */
static void kill_strays(struct run *r)
{
	unsigned minders = 0;
	struct list *l;

	list_for_each (l, &r->commands)
		if (list_entry(l, struct command, link)->minder > 0)
			minders++;
	while (task_children(getpid(), kill_child, r) > minders)
		;
}

static void tell_exit(struct command *cmd, int status)
{
	struct run *r = cmd->run;

	if (cmd->exited)
		return;
	cmd->exited = true;
	if (r->config.on_exit)
		r->config.on_exit(r->config.ctx, cmd->id, status);
}

/* The minder is gone, and with it all that was the command's. Carriers name the command until
 * their own ends are seen, so it stays. */
static void command_end(struct command *cmd)
{
	int status;

	if (cmd->minder_fd < 0)
		return;
	close(cmd->minder_fd);
	cmd->minder_fd = -1;
	/* It is ending: this is short. */
	if (waitpid(cmd->minder, &status, 0) == cmd->minder && WIFSIGNALED(status))
		cmd->run->minder_killed = true;
	cmd->minder = -1;
	if (cmd->run->minder_killed)
		kill_strays(cmd->run);
	tell_exit(cmd, SIGKILL);
}

static void on_minder(struct source *s, uint32_t events)
{
	struct command *cmd = container_of(s, struct command, minder_source);
	struct minder_report report;

	(void)events;
	if (cmd->minder_fd < 0)
		return;
	if (recv(cmd->minder_fd, &report, sizeof(report), MSG_DONTWAIT) == (ssize_t)sizeof(report))
		tell_exit(cmd, report.status);
	else
		command_end(cmd);
}

static struct command *command_find(const struct run *r, int id)
{
	struct list *l;

	list_for_each (l, &r->commands)
		if (list_entry(l, struct command, link)->id == id)
			return list_entry(l, struct command, link);
	return NULL;
}

int run_start(struct run *r, const struct run_command *config, int *out_id)
{
	struct command *cmd = calloc(1, sizeof(*cmd));
	int error;

	if (!cmd)
		return -ENOMEM;
	cmd->run = r;
	cmd->host = config->host;
	if (config->host_name)
		(void)snprintf(cmd->host_name, sizeof(cmd->host_name), "%s", config->host_name);
	berth_stack_set_owner(berth_world_stack(r->world, cmd->host), carrier_owner);
	error = launch(r, config, cmd);
	if (error < 0) {
		free(cmd);
		return error;
	}
	cmd->id = r->next_id++;
	list_add_tail(&r->commands, &cmd->link);
	cmd->minder_source.ready = on_minder;
	error = run_source_add(r, cmd->minder_fd, EPOLLIN, &cmd->minder_source);
	if (error == 0)
		error = notify_listen(cmd);
	if (error < 0) {
		cmd->exited = true; /* nobody was told that it began */
		command_end(cmd);
		return error;
	}
	*out_id = cmd->id;
	return 0;
}

static void signal_one(pid_t pid, void *ctx)
{
	(void)kill(pid, *(int *)ctx); /* it may have ended */
}

int run_signal(struct run *r, int id, int sig, bool group)
{
	struct command *cmd = command_find(r, id);

	if (!cmd || cmd->minder < 0)
		return -ESRCH;
	if (group)
		return task_descendants(cmd->minder, signal_one, &sig) > 0 ? 0 : -ESRCH;
	if (cmd->exited)
		return -ESRCH;
	return kill(cmd->pid, sig) < 0 ? -errno : 0;
}

/*
 * The loop
 */

void run_settle(struct run *r)
{
	struct berth_event ev;
	int host;
	bool quiet;

	do {
		quiet = true;
		r->deadline = berth_world_run(r->world, r->now);
		while (berth_world_next_event(r->world, &host, &ev)) {
			carrier_event(ev.user, ev.events);
			quiet = false;
		}
	} while (!quiet);
}

/* Waits for something to do. Returns how many events, or a negative errno. */
static int wait_events(struct run *r, struct epoll_event *events)
{
	berth_time next = alarms_next(&r->alarms);
	struct timespec ts = {0};
	int n;

	if (r->deadline < next)
		next = r->deadline;
	if (next != BERTH_TIME_NEVER && next > r->now) {
		ts.tv_sec = (next - r->now) / BERTH_SEC;
		ts.tv_nsec = (next - r->now) % BERTH_SEC;
	}
	n = epoll_pwait2(r->epoll, events, BATCH, next == BERTH_TIME_NEVER ? NULL : &ts, NULL);
	if (n < 0 && errno == ENOSYS)
		n = epoll_wait(r->epoll, events, BATCH,
			       next == BERTH_TIME_NEVER ? -1 : (int)(ts.tv_nsec / BERTH_MSEC) + 1);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	return n;
}

/* What programs did by themselves comes before what they call: a program that closes a socket
 * and binds its port again did it in this order, and so must we. */
static void serve(struct epoll_event *events, int n, bool calls)
{
	for (int i = 0; i < n; i++) {
		struct source *s = events[i].data.ptr;

		if (s->calls == calls)
			s->ready(s, events[i].events);
	}
}

int run_loop(struct run *r)
{
	struct epoll_event events[BATCH];

	r->stop = false;
	r->now = run_clock();
	run_settle(r);
	while (!r->stop) {
		int n = wait_events(r, events);

		if (n < 0)
			return n;
		r->now = run_clock();
		(void)berth_world_run(r->world, r->now); /* what programs do now happens now */
		serve(events, n, false);
		serve(events, n, true);
		alarms_run(&r->alarms, r->now);
		run_settle(r);
		free_dead(r);
		spare_retry(r);
	}
	return r->error;
}

void run_stop(struct run *r)
{
	r->stop = true;
}

/* As many descriptors as allowed: two for every connection. Programs get what berth got. */
static void raise_limit(struct run *r)
{
	struct rlimit all;

	(void)getrlimit(RLIMIT_NOFILE, &r->nofile);
	all = r->nofile;
	all.rlim_cur = all.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &all) < 0)
		all = r->nofile;
	r->descriptors_max = all.rlim_cur < INT_MAX ? (int)all.rlim_cur : INT_MAX;
}

int run_new(const struct run_config *config, struct run **out)
{
	struct run *r = calloc(1, sizeof(*r));
	int error = -ENOMEM;

	if (!r)
		return -ENOMEM;
	r->config = *config;
	r->world = config->world;
	r->now = run_clock();
	r->deadline = r->now;
	r->pid = getpid();
	r->inotify = -1;
	r->dock = -1;
	list_init(&r->commands);
	list_init(&r->sources);
	list_init(&r->timers);
	list_init(&r->dead);
	list_init(&r->young);
	list_init(&r->starved);
	raise_limit(r);
	r->buf = malloc(RUN_BUF_BYTES);
	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (r->epoll < 0)
		error = -errno;
	if (!r->buf || r->epoll < 0)
		goto fail;
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	error = notify_init(r);
	if (error == 0)
		error = filter_new(&r->filter);
	if (error == 0)
		error = carriers_init(r);
	if (error < 0)
		goto fail;
	*out = r;
	return 0;
fail:
	run_free(r);
	return error;
}

static void free_commands(struct run *r)
{
	struct list *l;

	/* All at once, then one after the other. */
	list_for_each (l, &r->commands)
		if (list_entry(l, struct command, link)->minder_fd >= 0)
			(void)shutdown(list_entry(l, struct command, link)->minder_fd, SHUT_RDWR);
	while (!list_empty(&r->commands)) {
		struct command *cmd = list_first(&r->commands, struct command, link);

		cmd->exited = true;
		command_end(cmd);
		if (cmd->listener >= 0)
			close(cmd->listener);
		list_del(&cmd->link);
		free(cmd);
	}
	/* Whatever a killed minder left is ours, down to the last that was being born. */
	if (r->minder_killed)
		minder_kill_all();
}

static void free_lists(struct run *r)
{
	while (!list_empty(&r->sources)) {
		struct watch *w = list_first(&r->sources, struct watch, link);

		list_del(&w->link);
		free(w);
	}
	while (!list_empty(&r->timers)) {
		struct timer_call *t = list_first(&r->timers, struct timer_call, link);

		alarm_cancel(&r->alarms, &t->alarm);
		list_del(&t->link);
		free(t);
	}
}

void run_free(struct run *r)
{
	if (!r)
		return;
	task_forget(r, NULL);
	carriers_fini(r);
	free_commands(r);
	free_lists(r);
	free_dead(r);
	imap_fini(&r->tasks);
	imap_fini(&r->processes);
	alarms_fini(&r->alarms);
	filter_free(r->filter);
	notify_fini(r);
	free(r->buf);
	if (r->epoll >= 0)
		close(r->epoll);
	free(r);
}
