/* SPDX-License-Identifier: MIT */
/*
 * From a program's pipe to our own standard output or error.
 *
 * The loop that calls us also moves the packets, so nothing here may wait: not for a program that
 * talks without end (a chunk at a time is read), and not for somebody who does not read what
 * we write (a pager, a terminal that was stopped). Lines that are not taken stay pending, the
 * program's pipe is not read meanwhile, so that the program waits as it would without us, and
 * a timer tries again. Only at the end, when the programs are gone, it may take its time.
 *
 * A pipe that poll(2) calls writable takes at least PIPE_BUF bytes. Pieces are no larger, and end
 * with a line where they can, so that lines of two outlets do not mix.
 */
#include "cli/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/xalloc.h"
#include "run/run.h"

#define CHUNK_BYTES 16384
#define RETRY (10 * BERTH_MSEC)

static void on_output(void *ctx, int fd);

static void keep(void *ctx, const char *bytes, size_t count)
{
	struct outlet *o = ctx;

	o->pending = xgrow(o->pending, &o->pending_capacity, o->pending_used + count, 1);
	memcpy(o->pending + o->pending_used, bytes, count);
	o->pending_used += count;
}

/* How much of what is pending goes out at once. */
static size_t piece(const struct outlet *o, size_t begin)
{
	size_t left = o->pending_used - begin;
	const char *last;

	if (left <= PIPE_BUF)
		return left;
	last = memrchr(o->pending + begin, '\n', PIPE_BUF);
	return last ? (size_t)(last + 1 - (o->pending + begin)) : PIPE_BUF;
}

/* Writes what is pending as far as it is taken without waiting, or all of it. */
static void flush(struct outlet *o, bool wait)
{
	struct pollfd p = {.fd = o->out, .events = POLLOUT};
	size_t begin = 0;

	while (begin < o->pending_used && (poll(&p, 1, wait ? -1 : 0) == 1 || wait)) {
		ssize_t n = write(o->out, o->pending + begin, piece(o, begin));

		if (n < 0 && (errno == EINTR || (errno == EAGAIN && wait)))
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		/* Nobody reads on, or the disk is full: the programs go on all the same. */
		if (n < 0 && errno != EPIPE && o->error == 0)
			o->error = -errno;
		begin = n < 0 ? o->pending_used : begin + (size_t)n;
	}
	o->pending_used -= begin;
	if (o->pending_used > 0)
		memmove(o->pending, o->pending + begin, o->pending_used);
}

static void watch(struct outlet *o, bool on)
{
	if (o->fd < 0 || o->watched == on)
		return;
	o->watched = on;
	if (!on)
		run_unwatch(o->run, o->fd);
	else if (run_watch(o->run, o->fd, on_output, o) < 0)
		o->watched = false; /* no memory: what is left is passed on in the end */
}

static berth_time now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * BERTH_SEC + ts.tv_nsec;
}

/* Goes on reading when all is written, else tries again soon. */
static void go_on(void *ctx)
{
	struct outlet *o = ctx;

	flush(o, false);
	watch(o, o->pending_used == 0);
	if (o->pending_used > 0 && run_at(o->run, now() + RETRY, go_on, o) < 0)
		watch(o, true); /* no memory for a timer: the next output tries again */
}

static void end_input(struct outlet *o)
{
	if (o->fd < 0)
		return;
	watch(o, false);
	(void)close(o->fd); /* only read from */
	o->fd = -1;
	prefix_end(&o->prefix);
}

/* Reads one chunk; false: there is no more for now. */
static bool take(struct outlet *o)
{
	char buf[CHUNK_BYTES];
	ssize_t n = o->fd < 0 ? 0 : read(o->fd, buf, sizeof(buf));

	if (n > 0)
		prefix_feed(&o->prefix, buf, (size_t)n);
	else if (n == 0 || errno != EAGAIN)
		end_input(o);
	return n == (ssize_t)sizeof(buf);
}

static void on_output(void *ctx, int fd)
{
	struct outlet *o = ctx;

	(void)fd; /* the outlet's */
	(void)take(o);
	go_on(o);
}

int outlet_open(struct outlet *o, struct run *run, int out, const char *name, size_t width,
		int colour)
{
	int ends[2];

	memset(o, 0, sizeof(*o));
	o->fd = -1;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	o->run = run;
	o->fd = ends[0];
	o->out = out;
	(void)fcntl(o->fd, F_SETFL, O_NONBLOCK); /* a fresh pipe takes it */
	prefix_init(&o->prefix, name, width, colour, keep, o);
	watch(o, true);
	if (!o->watched) {
		(void)close(ends[1]); /* nothing was written */
		(void)outlet_close(o); /* nothing was written */
		return -ENOMEM;
	}
	return ends[1];
}

void outlet_drain(struct outlet *o)
{
	while (take(o))
		flush(o, true);
	flush(o, true);
}

int outlet_close(struct outlet *o)
{
	if (!o->prefix.label)
		return 0; /* never opened, or closed already */
	end_input(o);
	flush(o, true);
	prefix_fini(&o->prefix);
	free(o->pending);
	o->pending = NULL;
	o->pending_capacity = 0;
	return o->error;
}
