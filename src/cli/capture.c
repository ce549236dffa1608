/* SPDX-License-Identifier: MIT */
/*
 * Packets on their way to a file, or to a program that reads on.
 *
 * The loop that tells of packets also moves them, so a reader that is slow must not hold it up.
 * For it there is a buffer; when that is full, packets are left out, as tcpdump and dumpcap
 * do it, and counted. Only at the end, when the programs are gone, it may take its time.
 */
#include "cli/capture.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/spool.h"
#include "cli/xalloc.h"
#include "run/run.h"

#define WAITING_MAX (16u << 20)
#define RETRY (10 * BERTH_MSEC)

struct capture {
	FILE *file;
	struct spool spool;
	bool slow; /* a pipe or the like: through the spool */
	struct run *run;
	bool retrying;	   /* a timer is set */
	uint64_t left_out; /* packets that the reader did not take in time */
	struct berth_pcapng *writer;
	berth_time epoch; /* the date at which the monotonic clock was 0 */
	int err;	  /* the first failure; nothing is written after it */
};

static void go_on(void *ctx)
{
	struct capture *c = ctx;

	c->retrying = false;
	spool_flush(&c->spool, false);
	if (spool_waiting(&c->spool) > 0 && c->run &&
	    run_at(c->run, run_clock() + RETRY, go_on, c) == 0)
		c->retrying = true; /* else the next packet tries again */
}

static int take_block(void *ctx, const void *buf, size_t bytes)
{
	struct capture *c = ctx;

	if (c->slow) {
		spool_put(&c->spool, buf, bytes);
		if (!c->retrying)
			go_on(c);
		return c->spool.error;
	}
	errno = 0;
	if (fwrite(buf, 1, bytes, c->file) != bytes)
		return errno ? -errno : -EIO;
	return 0;
}

static berth_time date_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * BERTH_SEC + ts.tv_nsec;
}

static int open_file(struct capture *c, const char *path)
{
	struct stat st;

	c->file = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
	if (!c->file)
		return -errno;
	c->spool.fd = fileno(c->file);
	c->slow = fstat(c->spool.fd, &st) == 0 && !S_ISREG(st.st_mode);
	return 0;
}

int capture_open(const struct berth_world *w, const char *path, struct capture **out)
{
	struct capture *c = xcalloc(1, sizeof(*c));
	int err = open_file(c, path);

	if (err < 0) {
		free(c);
		return err;
	}
	c->epoch = date_now() - run_clock();
	c->writer = berth_pcapng_new(w, take_block, c);
	if (!c->writer) {
		(void)capture_close(c); /* nothing was written */
		return -ENOMEM;
	}
	*out = c;
	return 0;
}

void capture_serve(struct capture *c, struct run *run)
{
	if (c)
		c->run = run;
}

void capture_packet(struct capture *c, const struct berth_packet_event *ev)
{
	struct berth_packet_event dated = *ev;

	if (c->err != 0)
		return;
	if (spool_waiting(&c->spool) >= WAITING_MAX) {
		c->left_out++;
		return;
	}
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
	spool_flush(&c->spool, true);
	err = err ? err : c->spool.error;
	spool_fini(&c->spool);
	berth_pcapng_free(c->writer);
	if (c->left_out > 0)
		fprintf(stderr,
			"berth: %" PRIu64
			" packets are not in the capture: its reader was too slow\n",
			c->left_out);
	if (fflush(c->file) != 0 && err == 0)
		err = -errno;
	if (c->file != stdout && fclose(c->file) != 0 && err == 0)
		err = -errno;
	free(c);
	return err;
}
