/* SPDX-License-Identifier: MIT */
/*
 * From a program's pipe to our own standard output or error.
 *
 * The loop that calls us also moves the packets, so nothing here may wait: not for a program that
 * talks without end (a chunk at a time is read), and not for somebody who does not read what
 * we write (a pager, a terminal that was stopped). Lines that are not taken stay pending, the
 * program's pipe is not read meanwhile, so that the program waits as it would without us, and
 * a timer tries again. Only at the end, when the programs are gone, it may take its time.
 */
#include "cli/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/run.h"

#define CHUNK_BYTES 16384
#define RETRY (10 * BERTH_MSEC)

static void on_output(void *ctx, int fd);

static void keep(void *ctx, const char *bytes, size_t count)
{
	spool_put(&((struct outlet *)ctx)->pending, bytes, count);
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

/* Goes on reading when all is written, else tries again soon. */
static void go_on(void *ctx)
{
	struct outlet *o = ctx;

	spool_flush(&o->pending, false);
	watch(o, spool_waiting(&o->pending) == 0);
	if (spool_waiting(&o->pending) > 0 && run_at(o->run, run_clock() + RETRY, go_on, o) < 0)
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
	o->pending.fd = out;
	(void)fcntl(o->fd, F_SETFL, O_NONBLOCK); /* a fresh pipe takes it */
	prefix_init(&o->prefix, name, width, colour, keep, o);
	watch(o, true);
	if (!o->watched) {
		(void)close(ends[1]);  /* nothing was written */
		(void)outlet_close(o); /* nothing was written */
		return -ENOMEM;
	}
	return ends[1];
}

void outlet_drain(struct outlet *o)
{
	while (take(o))
		spool_flush(&o->pending, true);
	spool_flush(&o->pending, true);
}

int outlet_close(struct outlet *o)
{
	if (!o->prefix.label)
		return 0; /* never opened, or closed already */
	end_input(o);
	spool_flush(&o->pending, true);
	prefix_fini(&o->prefix);
	spool_fini(&o->pending);
	/* Nobody reads on: the programs went on all the same. */
	return o->pending.error == -EPIPE ? 0 : o->pending.error;
}
