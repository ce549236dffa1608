/* SPDX-License-Identifier: MIT */
#include "cli/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "run/run.h"

#define CHUNK_BYTES 16384

static void write_all(void *ctx, const char *bytes, size_t count)
{
	const struct outlet *o = ctx;

	while (count > 0) {
		ssize_t n = write(o->out, bytes, count);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return; /* nobody reads on; the programs go on all the same */
		bytes += n;
		count -= (size_t)n;
	}
}

/* Passes on one chunk; false: there is no more for now. */
static bool pass(struct outlet *o)
{
	char buf[CHUNK_BYTES];
	ssize_t n = o->fd < 0 ? 0 : read(o->fd, buf, sizeof(buf));

	if (n > 0)
		prefix_feed(&o->prefix, buf, (size_t)n);
	else if (n == 0 || errno != EAGAIN)
		outlet_close(o);
	return n == (ssize_t)sizeof(buf);
}

/* One chunk at a time, so that a program that talks without end does not hold up the network. */
static void on_output(void *ctx, int fd)
{
	(void)fd; /* the outlet's */
	(void)pass(ctx);
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
	prefix_init(&o->prefix, name, width, colour, write_all, o);
	if (run_watch(run, o->fd, on_output, o) < 0) {
		(void)close(ends[1]); /* nothing was written */
		outlet_close(o);
		return -ENOMEM;
	}
	return ends[1];
}

void outlet_drain(struct outlet *o)
{
	while (pass(o))
		;
}

void outlet_close(struct outlet *o)
{
	if (o->fd >= 0) {
		run_unwatch(o->run, o->fd);
		(void)close(o->fd); /* only read from */
		prefix_end(&o->prefix);
		prefix_fini(&o->prefix);
	}
	o->fd = -1;
}
