/* SPDX-License-Identifier: MIT */
/*
 * A run, from the first command to the last.
 *
 * Every command is a job: it waits for what stands in its `after`, runs, and ends. Whatever could
 * let a waiting job start (a host began to listen, a program ended) asks for a look at all of
 * them, which happens from the loop and not within the callback that brought the news. The run
 * is over when no job is left that has to end by itself; then those that were expected to
 * be running are terminated: SIGTERM, and SIGKILL to what is still there three seconds later.
 * A job whose condition can no longer come true never starts, and that is told as a failure.
 *
 * Signals reach us through a pipe. In the foreground form Ctrl-C goes to the command as well, since
 * it is in our process group, and it is the command's to obey: an interactive program takes
 * it as input. In the other form programs have sessions of their own and we end them.
 *
 * Ownership: the world and the runner are freed in that order's reverse; run_free() kills
 * whatever is left, also programs that left their parents.
 */
#include "cli/session.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/capture.h"
#include "cli/cmd.h"
#include "cli/events.h"
#include "cli/interrupt.h"
#include "cli/job.h"
#include "cli/ladder.h"
#include "cli/netbuild.h"
#include "cli/outlet.h"
#include "cli/xalloc.h"
#include "run/run.h"

#define KILL_AFTER (3 * BERTH_SEC)
#define LINGER (20 * BERTH_MSEC) /* after the last packet, which may be answered */
#define LINGER_MAX BERTH_SEC
#define DESCRIPTORS_MIN 64
#define INSIST_WITHIN (2 * BERTH_SEC)

struct listening {
	int host, type;
	uint16_t port;
};

struct step {
	struct session *session;
	const struct netfile_step *what;
};

struct session {
	const struct session_config *config;
	const struct netfile *file;
	struct berth_world *world;
	struct run *run;
	struct capture *capture;
	struct events *events;
	struct job *jobs;
	size_t job_count;
	struct step *steps;
	struct listening *listening;
	size_t listening_count, listening_capacity;
	size_t width; /* of the longest host name */
	bool colour[2];
	bool look_asked; /* look() is going to be called */
	bool ending;
	berth_time stopping; /* since when only packets are waited for; 0: not yet */
	int signal;	     /* that ended the run; 0: none */
	unsigned interrupts; /* Ctrl-C in a row */
	berth_time interrupted;
};

/* --- jobs --- */

static void look(void *ctx);

static void ask_look(struct session *s)
{
	if (s->look_asked)
		return;
	if (run_at(s->run, berth_world_now(s->world), look, s) < 0)
		return; /* no memory: the next news asks again */
	s->look_asked = true;
}

static bool is_listening(const struct session *s, const struct netfile_after *a)
{
	for (size_t i = 0; i < s->listening_count; i++) {
		const struct listening *l = &s->listening[i];

		if (l->host == a->host && l->type == a->type && l->port == a->port)
			return true;
	}
	return false;
}

/* Whether all commands of a host that end by themselves have ended; with `running_too`, also
 * those that are expected to go on running. */
static bool host_ended(const struct session *s, int host, bool running_too)
{
	for (size_t i = 0; i < s->job_count; i++) {
		const struct job *j = &s->jobs[i];

		if (j->host != host || (j->command->running && !running_too))
			continue;
		if (j->state == JOB_WAITING || j->state == JOB_RUNNING)
			return false;
	}
	return true;
}

static bool has_come(const struct session *s, const struct netfile_after *a)
{
	return a->listens ? is_listening(s, a) : host_ended(s, a->host, false);
}

static bool may_start(const struct session *s, const struct job *j)
{
	for (size_t i = 0; i < j->command->after_count; i++) {
		if (!has_come(s, &j->command->after[i]))
			return false;
	}
	return true;
}

/* Whether a waiting job waits for a port that nobody is left to open. */
static bool waits_in_vain(const struct session *s, const struct job *j)
{
	for (size_t i = 0; i < j->command->after_count; i++) {
		const struct netfile_after *a = &j->command->after[i];

		if (a->listens && !is_listening(s, a) && host_ended(s, a->host, true))
			return true;
	}
	return false;
}

static void say_not_started(const struct session *s, const struct job *j)
{
	const char *cwd = j->command->cwd; /* it may be what is missing */
	char *program = xplain(j->command->argv[0], strlen(j->command->argv[0]));
	char *dir = cwd ? xplain(cwd, strlen(cwd)) : NULL;
	const char *why = strerror(-j->err);

	if (j->err == -EBUSY) /* seccomp(2), SECCOMP_FILTER_FLAG_NEW_LISTENER */
		why = "already under `berth run`, or another seccomp listener; the kernel "
		      "allows one for each tree of processes";
	if (s->config->foreground)
		fprintf(stderr, "berth: %s: %s\n", program, why);
	else if (dir)
		fprintf(stderr, "berth: %s: cannot start %s in %s: %s\n", j->host_name, program,
			dir, why);
	else
		fprintf(stderr, "berth: %s: cannot start %s: %s\n", j->host_name, program, why);
	free(program);
	free(dir);
}

/* Whether our standard output is the capture's and not the programs'. */
static bool output_taken(const struct session *s)
{
	return s->config->capture && strcmp(s->config->capture, "-") == 0;
}

/* Standard streams of a command whose output is prefixed. */
static int open_streams(struct session *s, struct job *j, int fds[3])
{
	for (int i = 0; i < 2; i++) {
		int out = i == 0 && !output_taken(s) ? STDOUT_FILENO : STDERR_FILENO;

		fds[i + 1] = outlet_open(&j->outlets[i], s->run, out, j->host_name, s->width,
					 s->colour[i] ? j->host : -1);
		if (fds[i + 1] < 0)
			return fds[i + 1];
	}
	fds[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return fds[0] < 0 ? -errno : 0;
}

static void start(struct session *s, struct job *j)
{
	bool foreground = s->config->foreground;
	int fds[3] = {-1, -1, -1};
	char **env = job_environment(j->command);
	struct run_command command = {
		.host = j->host,
		.argv = j->command->argv,
		.envp = env,
		.cwd = j->command->cwd,
		.new_session = !foreground,
		.host_name = s->config->unnamed ? NULL : j->host_name,
	};

	if (!foreground)
		j->err = open_streams(s, j, fds);
	else if (output_taken(s))
		fds[1] = dup(STDERR_FILENO); /* standard output is the capture's */
	memcpy(command.fds, fds, sizeof(fds));
	if (j->err == 0)
		j->err = run_start(s->run, &command, &j->id);
	for (int i = 0; i < 3; i++) {
		if (fds[i] >= 0)
			(void)close(fds[i]); /* the program has its own */
	}
	free(env);
	j->state = j->err < 0 ? JOB_NEVER : JOB_RUNNING;
	if (j->err < 0) {
		say_not_started(s, j);
		ask_look(s);
	}
}

static void kill_rest(void *ctx)
{
	struct session *s = ctx;

	for (size_t i = 0; i < s->job_count; i++) {
		if (s->jobs[i].state == JOB_RUNNING)
			(void)run_signal(s->run, s->jobs[i].id, SIGKILL, true); /* it may be gone */
	}
}

/* The programs have ended. Packets that are still under way belong into a ladder: they are given
 * the time to arrive. */
static void stop(void *ctx)
{
	struct session *s = ctx;
	berth_time now = run_clock(); /* the world's own may be behind */
	berth_time arrival = BERTH_TIME_NEVER;

	if (s->events)
		arrival = events_under_way(s->events, now - LINGER);
	if (s->stopping == 0)
		s->stopping = now;
	if (arrival == BERTH_TIME_NEVER || now - s->stopping > LINGER_MAX ||
	    run_at(s->run, (arrival > now ? arrival : now) + LINGER / 4, stop, s) < 0)
		run_stop(s->run);
}

/* Ends what runs, and starts nothing more. */
static void begin_end(struct session *s)
{
	bool any = false;

	if (s->ending)
		return;
	s->ending = true;
	for (size_t i = 0; i < s->job_count; i++) {
		struct job *j = &s->jobs[i];

		if (j->state != JOB_RUNNING)
			continue;
		any = true;
		(void)run_signal(s->run, j->id, SIGTERM, true); /* it may be gone */
	}
	if (!any)
		stop(s);
	else if (run_at(s->run, berth_world_now(s->world) + KILL_AFTER, kill_rest, s) < 0)
		kill_rest(s);
}

/* A network of servers alone, all of them expected to be running, runs until it is interrupted. */
static bool only_servers(const struct session *s)
{
	for (size_t i = 0; i < s->job_count; i++) {
		if (!s->jobs[i].command->running)
			return false;
	}
	return true;
}

/* Starts what may start, and ends the run when nothing is left to wait for. */
static void look(void *ctx)
{
	struct session *s = ctx;
	bool endless = only_servers(s);
	bool busy = false;
	bool serving = false;

	s->look_asked = false;
	for (size_t i = 0; i < s->job_count && !s->ending; i++) {
		struct job *j = &s->jobs[i];

		if (j->state == JOB_WAITING && may_start(s, j)) {
			start(s, j);
		} else if (j->state == JOB_WAITING && waits_in_vain(s, j)) {
			j->state = JOB_NEVER;
			ask_look(s); /* others may have waited for this one */
		}
	}
	for (size_t i = 0; i < s->job_count; i++) {
		const struct job *j = &s->jobs[i];

		busy |= j->state == JOB_WAITING ||
			(j->state == JOB_RUNNING && (endless || !j->command->running));
		serving |= j->state == JOB_RUNNING;
	}
	if (s->ending ? !serving : !busy) {
		if (serving)
			begin_end(s);
		else
			stop(s);
	}
}

/* --- news --- */

static void on_exit_of(void *ctx, int id, int status)
{
	struct session *s = ctx;

	for (size_t i = 0; i < s->job_count; i++) {
		struct job *j = &s->jobs[i];

		if (j->state != JOB_RUNNING || j->id != id)
			continue;
		j->state = JOB_ENDED;
		j->status = status;
		j->early = j->command->running && !s->ending;
	}
	ask_look(s);
}

static void on_listen(void *ctx, int host, int type, const struct sockaddr *local)
{
	struct session *s = ctx;
	struct listening *l;
	uint16_t port = 0;

	if (local->sa_family == AF_INET)
		port = ntohs(((const struct sockaddr_in *)local)->sin_port);
	else if (local->sa_family == AF_INET6)
		port = ntohs(((const struct sockaddr_in6 *)local)->sin6_port);
	if (port == 0)
		return;
	s->listening = xgrow(s->listening, &s->listening_capacity, s->listening_count + 1,
			     sizeof(*s->listening));
	l = &s->listening[s->listening_count++];
	*l = (struct listening){host, type, port};
	ask_look(s);
}

static void on_call(void *ctx, const struct run_call *call)
{
	struct session *s = ctx;

	events_call(s->events, call);
}

static void on_remark(void *ctx, int host, const char *text)
{
	const struct session *s = ctx;

	fprintf(stderr, "berth: %s: %s\n", berth_world_host_name(s->world, host), text);
}

static void on_transfer(void *ctx, const struct run_transfer *t)
{
	struct session *s = ctx;

	events_transfer(s->events, t);
}

static void on_packet(void *ctx, const struct berth_packet_event *ev)
{
	struct session *s = ctx;

	if (s->capture)
		capture_packet(s->capture, ev);
	if (s->events)
		events_packet(s->events, ev);
}

static void on_step(void *ctx)
{
	struct step *step = ctx;
	int err = netbuild_apply(step->session->world, step->session->file, step->what);

	if (err < 0)
		fprintf(stderr, "berth: timeline, line %u: %s\n", step->what->pos.line,
			strerror(-err));
}

/* --- signals --- */

static void interrupt_foreground(struct session *s, const struct interrupt *news)
{
	struct job *j = &s->jobs[0];
	berth_time now = berth_world_now(s->world);

	if (news->number != SIGINT || j->state != JOB_RUNNING) {
		s->signal = news->number;
		begin_end(s);
		return;
	}
	s->interrupts = now - s->interrupted < INSIST_WITHIN ? s->interrupts + 1 : 1;
	s->interrupted = now;
	if (s->interrupts >= 3) {
		s->signal = SIGINT;
		kill_rest(s);
	} else if (!news->terminal) {
		(void)run_signal(s->run, j->id, SIGINT, false); /* it may be gone */
	}
}

static void on_signals(void *ctx, int fd)
{
	struct session *s = ctx;
	struct interrupt news;

	while (interrupt_read(fd, &news)) {
		if (s->config->foreground) {
			interrupt_foreground(s, &news);
		} else if (s->ending) {
			kill_rest(s);
		} else {
			s->signal = news.number;
			begin_end(s);
		}
	}
}

/* --- the end --- */

static int conclude_foreground(const struct job *j)
{
	if (j->state == JOB_ENDED)
		return job_exit_status(j);
	if (j->err == -ENOENT)
		return EXIT_NOT_FOUND;
	return j->err == -EACCES ? EXIT_NOT_EXECUTABLE : EXIT_BERTH_FAILED;
}

static int conclude(const struct session *s)
{
	bool all = true;

	if (s->config->foreground)
		return conclude_foreground(&s->jobs[0]);
	if (s->signal != 0)
		return 128 + s->signal;
	for (size_t i = 0; i < s->job_count; i++)
		all &= job_met(&s->jobs[i]);
	return all ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* --- the beginning --- */

static void make_jobs(struct session *s)
{
	for (size_t i = 0; i < s->file->host_count; i++) {
		const struct netfile_host *h = &s->file->hosts[i];

		s->job_count += h->command_count;
		if (strlen(h->name) > s->width)
			s->width = strlen(h->name);
	}
	s->jobs = xcalloc(s->job_count, sizeof(*s->jobs));
	s->job_count = 0;
	for (size_t i = 0; i < s->file->host_count; i++) {
		const struct netfile_host *h = &s->file->hosts[i];

		for (size_t k = 0; k < h->command_count; k++) {
			struct job *j = &s->jobs[s->job_count++];

			j->command = &h->commands[k];
			j->host = (int)i;
			j->host_name = h->name;
			j->outlets[0].fd = -1;
			j->outlets[1].fd = -1;
		}
	}
}

static bool colour_on(int fd)
{
	const char *no_colour = getenv("NO_COLOR");

	return isatty(fd) && (!no_colour || !*no_colour);
}

static int make_world(struct session *s)
{
	char *problem = NULL;
	int err;

	err = netbuild(s->file, s->config->seed, run_clock(), &s->world, &problem);
	if (err < 0) {
		fprintf(stderr, "berth: cannot build the network: %s\n", problem);
		free(problem);
		return err;
	}
	if (s->config->loopback_mtu != 0)
		return netbuild_set_loopback_mtu(s->world, s->config->loopback_mtu);
	return 0;
}

static int observe(struct session *s)
{
	int err;

	if (s->config->capture) {
		err = capture_open(s->world, s->config->capture, &s->capture);
		if (err < 0) {
			fprintf(stderr, "berth: %s: %s\n", s->config->capture, strerror(-err));
			return err;
		}
	}
	if (s->config->ladder)
		s->events = events_of_world(s->world);
	if (s->capture || s->events)
		berth_world_set_observer(s->world, on_packet, s);
	return 0;
}

static void say_unable(int err)
{
	struct run_requirement r;

	for (unsigned i = 0; run_check(i, &r); i++) {
		if (r.met || !r.fatal)
			continue;
		fprintf(stderr,
			"berth: this machine lacks %s (%s)%s%s; `berth doctor` tells more\n",
			r.what, r.detail, r.remedy ? ": " : "", r.remedy ? r.remedy : "");
		return;
	}
	fprintf(stderr, "berth: cannot run programs: %s; `berth doctor` tells more\n",
		strerror(-err));
}

/* As many descriptors as a small run takes, and the runner's reserve. */
static bool enough_descriptors(void)
{
	struct rlimit all;

	if (getrlimit(RLIMIT_NOFILE, &all) < 0 || all.rlim_max >= DESCRIPTORS_MIN)
		return true;
	fprintf(stderr,
		"berth: only %llu descriptors are allowed, fewer than %d: raise the hard "
		"limit (ulimit -Hn)\n",
		(unsigned long long)all.rlim_max, DESCRIPTORS_MIN);
	return false;
}

static int make_run(struct session *s)
{
	struct run_config config = {
		.world = s->world,
		.ctx = s,
		.on_exit = on_exit_of,
		.on_listen = on_listen,
		.on_call = s->events ? on_call : NULL,
		.on_transfer = s->events ? on_transfer : NULL,
		.on_remark = on_remark,
	};
	int err;

	if (!enough_descriptors())
		return -EMFILE;
	err = run_new(&config, &s->run);
	if (err < 0) {
		say_unable(err);
		return err;
	}
	capture_serve(s->capture, s->run);
	err = interrupt_open();
	if (err >= 0)
		err = run_watch(s->run, err, on_signals, s);
	if (err < 0)
		fprintf(stderr, "berth: signals: %s\n", strerror(-err));
	return err;
}

static int schedule(struct session *s)
{
	berth_time now = berth_world_now(s->world);
	int err = 0;

	s->steps = xcalloc(s->file->step_count, sizeof(*s->steps));
	for (size_t i = 0; i < s->file->step_count && err >= 0; i++) {
		s->steps[i] = (struct step){s, &s->file->steps[i]};
		err = run_at(s->run, now + s->file->steps[i].at, on_step, &s->steps[i]);
	}
	return err;
}

static void drain_all(struct session *s)
{
	for (size_t i = 0; i < s->job_count; i++) {
		outlet_drain(&s->jobs[i].outlets[0]);
		outlet_drain(&s->jobs[i].outlets[1]);
	}
}

/* Ends all. 0, or a negative errno if output or capture is not whole, which is said. */
static int finish(struct session *s)
{
	int lost = 0;
	int err;

	if (s->world)
		berth_world_set_observer(s->world, NULL, NULL);
	for (size_t i = 0; i < s->job_count; i++) {
		for (int stream = 0; stream < 2; stream++) {
			err = outlet_close(&s->jobs[i].outlets[stream]);
			lost = lost ? lost : err;
		}
	}
	if (lost)
		fprintf(stderr, "berth: output was lost: %s\n", strerror(-lost));
	run_free(s->run);
	err = capture_close(s->capture);
	if (err < 0)
		fprintf(stderr, "berth: %s: %s\n", s->config->capture, strerror(-err));
	events_free(s->events);
	berth_world_free(s->world);
	free(s->jobs);
	free(s->steps);
	free(s->listening);
	return lost ? lost : err;
}

int session_run(const struct session_config *config)
{
	struct session s = {.config = config, .file = config->file};
	int status = EXIT_BERTH_FAILED;
	int err;

	make_jobs(&s);
	s.colour[0] = colour_on(STDOUT_FILENO);
	s.colour[1] = colour_on(STDERR_FILENO);
	if (make_world(&s) < 0 || observe(&s) < 0 || make_run(&s) < 0)
		goto out;
	if (!config->foreground && only_servers(&s))
		fputs("berth: every command is expected to go on running; Ctrl-C ends them\n",
		      stderr);
	ask_look(&s);
	err = schedule(&s);
	if (err == 0)
		err = run_loop(s.run);
	if (err < 0) {
		fprintf(stderr, "berth: %s\n", strerror(-err));
		goto out;
	}
	drain_all(&s);
	status = conclude(&s);
	if (s.events)
		ladder_print(s.events, config->foreground ? stderr : stdout);
out:
	if (finish(&s) < 0 && status == 0)
		status = EXIT_BERTH_FAILED;
	return status;
}
