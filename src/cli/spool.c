/* SPDX-License-Identifier: MIT */
#include "cli/spool.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/xalloc.h"

size_t spool_waiting(const struct spool *s)
{
	return s->used - s->begin;
}

void spool_put(struct spool *s, const void *bytes, size_t count)
{
	if (s->begin > s->capacity / 2) {
		memmove(s->bytes, s->bytes + s->begin, spool_waiting(s));
		s->used -= s->begin;
		s->begin = 0;
	}
	s->bytes = xgrow(s->bytes, &s->capacity, s->used + count + 1, 1);
	if (count > 0)
		memcpy(s->bytes + s->used, bytes, count);
	s->used += count;
}

/* How much goes out at once. A pipe that poll(2) calls writable takes at least PIPE_BUF bytes.
 * Pieces are no larger, and end with a line where they can, so that lines of two spools do not
 * mix. */
static size_t piece(const struct spool *s)
{
	const char *last;

	if (spool_waiting(s) <= PIPE_BUF)
		return spool_waiting(s);
	last = memrchr(s->bytes + s->begin, '\n', PIPE_BUF);
	return last ? (size_t)(last + 1 - (s->bytes + s->begin)) : PIPE_BUF;
}

/* Writes one piece when there is room for it. False: not now. */
static bool write_piece(struct spool *s, bool wait)
{
	struct pollfd p = {.fd = s->fd, .events = POLLOUT};
	int ready = poll(&p, 1, wait ? -1 : 0);
	ssize_t n = ready > 0 ? write(s->fd, s->bytes + s->begin, piece(s)) : ready;

	if (ready == 0 || (n < 0 && !wait && (errno == EINTR || errno == EAGAIN)))
		return false;
	if (n < 0 && errno == EAGAIN)
		return true;
	if (n < 0 && s->error == 0)
		s->error = -errno;
	s->begin = n < 0 ? s->used : s->begin + (size_t)n;
	return true;
}

void spool_flush(struct spool *s, bool wait)
{
	while (spool_waiting(s) > 0 && write_piece(s, wait))
		;
	if (spool_waiting(s) == 0)
		s->begin = s->used = 0;
}

void spool_fini(struct spool *s)
{
	free(s->bytes);
	*s = (struct spool){.fd = -1, .error = s->error};
}
