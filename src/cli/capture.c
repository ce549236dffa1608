/* SPDX-License-Identifier: MIT */
#include "cli/capture.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/xalloc.h"

struct capture {
	FILE *file;
	bool standard_output;
	struct berth_pcapng *writer;
	berth_time epoch; /* the date at which the monotonic clock was 0 */
	int err; /* the first failure; nothing is written after it */
};

static int take_block(void *ctx, const void *buf, size_t bytes)
{
	struct capture *c = ctx;

	errno = 0;
	if (fwrite(buf, 1, bytes, c->file) != bytes)
		return errno ? -errno : -EIO;
	if (c->standard_output && fflush(c->file) != 0)
		return -errno;
	return 0;
}

static berth_time read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * BERTH_SEC + ts.tv_nsec;
}

int capture_open(const struct berth_world *w, const char *path, struct capture **out)
{
	struct capture *c = xcalloc(1, sizeof(*c));
	int err;

	c->standard_output = strcmp(path, "-") == 0;
	c->file = c->standard_output ? stdout : fopen(path, "we");
	if (!c->file) {
		err = -errno;
		free(c);
		return err;
	}
	c->epoch = read_clock(CLOCK_REALTIME) - read_clock(CLOCK_MONOTONIC);
	c->writer = berth_pcapng_new(w, take_block, c);
	if (!c->writer) {
		(void)capture_close(c); /* nothing was written */
		return -ENOMEM;
	}
	*out = c;
	return 0;
}

void capture_packet(struct capture *c, const struct berth_packet_event *ev)
{
	struct berth_packet_event dated = *ev;

	if (c->err != 0)
		return;
	dated.time += c->epoch;
	if (dated.arrival != BERTH_TIME_NEVER)
		dated.arrival += c->epoch;
	c->err = berth_pcapng_packet(c->writer, &dated);
}

int capture_close(struct capture *c)
{
	int err;

	if (!c)
		return 0;
	err = c->err;
	berth_pcapng_free(c->writer);
	if (fflush(c->file) != 0 && err == 0)
		err = -errno;
	if (!c->standard_output && fclose(c->file) != 0 && err == 0)
		err = -errno;
	free(c);
	return err;
}
