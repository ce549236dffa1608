/* SPDX-License-Identifier: MIT */
/*
 * The bytes of established streams, between berth's end of the carrier and the stack, without
 * a copy of berth's own: the kernel reads into, and writes from, the stack's buffers.
 *
 * Ends are registered edge-triggered: `readable` remembers an edge that could not be used up
 * because the stack's send buffer was full; the stack's POLLOUT takes it up again. A short read
 * means that the carrier is empty. Room in the carrier is only asked for (EPOLLOUT) while `full`,
 * as every read by the program would wake berth otherwise. What does not fit into the carrier stays
 * in the stack, where it closes TCP's window.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "run/carrier.h"
#include "run/park.h"

#define IOV_MAX_HERE 16
#define CHUNK_BYTES (256 * 1024)

static void tell(struct carrier *c, bool sent, size_t bytes, bool end)
{
	struct run *r = c->run;
	struct run_transfer t = {
		.time = r->now,
		.host = c->host,
		.sent = sent,
		.end = end,
		.bytes = bytes,
		.local = c->local,
		.remote = c->remote,
	};

	if (r->config.on_transfer)
		r->config.on_transfer(r->config.ctx, &t);
}

static size_t iov_bytes(const struct iovec *iov, int count)
{
	size_t bytes = 0;

	for (int i = 0; i < count; i++)
		bytes += iov[i].iov_len;
	return bytes;
}

/* The program has written its last byte, and the stack has it. */
static void finish_out(struct carrier *c)
{
	c->out_done = true;
	c->readable = false;
	tell(c, true, 0, true);
	if (c->gone)
		carrier_close(c);
	else
		(void)berth_shutdown(c->stack, c->sock, SHUT_WR); /* reset meanwhile: as well */
}

/* The connection has failed. What has come before is delivered first; if the carrier has no room
 * for it, a program that is blocked in write(2) must hear of it all the same. */
static void fail_out(struct carrier *c, int error)
{
	c->readable = false;
	c->failed = true;
	c->error = -error;
	if (c->gone) {
		carrier_close(c);
		return;
	}
	stream_in(c);
	if (c->closed || c->state != CARRIER_ESTABLISHED)
		return;
	if (c->full && !c->in_done) {
		carrier_shut(c, SHUT_WR, -1);
		(void)shutdown(c->end, SHUT_RD); /* the program's writes end; it can read on */
	} else {
		carrier_break(c);
	}
}

/* An urgent byte is next: read(2) has stopped before it. True if it was one. */
static bool urgent_out(struct carrier *c)
{
	int at_mark = 0;
	char byte;

	if (ioctl(c->end, SIOCATMARK, &at_mark) < 0 || !at_mark ||
	    recv(c->end, &byte, 1, MSG_OOB | MSG_DONTWAIT) != 1)
		return false;
	/* A full stack loses the urgency, as TCP may. */
	(void)berth_send(c->stack, c->sock, &byte, 1, MSG_OOB);
	tell(c, true, 1, false);
	return true;
}

/* The peer sent an urgent byte: it goes out of band when all before it has been delivered. The
 * carrier does SO_OOBINLINE by itself. */
static void urgent_in(struct carrier *c)
{
	struct iovec iov;
	int at_mark = 0;
	char byte;

	if (berth_ioctl(c->stack, c->sock, SIOCATMARK, &at_mark) < 0 || !at_mark)
		return;
	if (berth_recv(c->stack, c->sock, &byte, 1, MSG_OOB | MSG_DONTWAIT) != 1) {
		/* Inline there too, or not arrived yet. */
		if (berth_recv_peek(c->stack, c->sock, &iov, 1) <= 0)
			return;
		byte = *(char *)iov.iov_base;
		(void)berth_recv_consume(c->stack, c->sock, 1);
	}
	c->urgent_in = false;
	(void)send(c->end, &byte, 1, MSG_OOB | MSG_DONTWAIT | MSG_NOSIGNAL); /* full: lost */
	tell(c, false, 1, false);
}

/* What was taken from the carrier before it was shut down. False: not all of it is passed on. */
static bool pass_tail(struct carrier *c)
{
	while (parting_left(c) > 0) {
		ssize_t n = berth_send(c->stack, c->sock, c->tail + c->tail_passed, parting_left(c),
				       MSG_DONTWAIT);

		if (n == -EAGAIN)
			return false;
		if (n < 0) {
			fail_out(c, (int)n);
			return false;
		}
		tell(c, true, (size_t)n, false);
		c->tail_passed += (size_t)n;
	}
	parting_forget(c);
	return true;
}

/* Its SYN is on the way with the first data (TCP_FASTOPEN_CONNECT): the end has to wait, or it
 * would be the end of the attempt. POLLOUT follows. */
static bool opens(const struct carrier *c)
{
	struct berth_sock_info info;
	struct iovec iov;

	return berth_sock_info(c->stack, c->sock, &info) == 0 && info.state == TCP_SYN_SENT &&
	       berth_send_reserve(c->stack, c->sock, 1, &iov, 1) == -EAGAIN;
}

void stream_out(struct carrier *c)
{
	struct iovec iov[IOV_MAX_HERE];

	if (c->state != CARRIER_ESTABLISHED || c->out_done)
		return;
	if (c->tail && !pass_tail(c))
		return;
	if (c->parted) {
		if (!opens(c))
			finish_out(c);
		return;
	}
	while (c->readable) {
		struct msghdr msg = {.msg_iov = iov};
		ssize_t got;
		int n;

		if (c->urgent && urgent_out(c))
			c->urgent = false;
		n = berth_send_reserve(c->stack, c->sock, CHUNK_BYTES, iov, IOV_MAX_HERE);
		if (n == -EAGAIN)
			return;
		if (n < 0) {
			fail_out(c, n);
			return;
		}
		msg.msg_iovlen = (size_t)n;
		got = recvmsg(c->end, &msg, MSG_DONTWAIT);
		(void)berth_send_commit(c->stack, c->sock, got > 0 ? (size_t)got : 0, 0);
		if (got > 0) {
			tell(c, true, (size_t)got, false);
			if ((size_t)got < iov_bytes(iov, n) && !c->ended && !c->urgent)
				c->readable = false;
		} else if (got == 0) {
			finish_out(c);
			return;
		} else {
			c->readable = false;
		}
	}
	if (!list_empty(&c->parked))
		park_retry(c); /* somebody may wait for room */
}

/* Whether all that the program has written is in the stack, and the stack has room for more. */
static bool has_room(struct carrier *c, size_t bytes)
{
	struct iovec iov[IOV_MAX_HERE];
	int waiting = 0;
	int n;

	stream_out(c);
	if (c->closed || c->state != CARRIER_ESTABLISHED || c->out_done || c->failed ||
	    ioctl(c->end, FIONREAD, &waiting) < 0 || waiting > 0)
		return false;
	n = berth_send_reserve(c->stack, c->sock, bytes, iov, IOV_MAX_HERE);
	if (n < 0)
		return false;
	(void)berth_send_commit(c->stack, c->sock, 0, 0); /* nothing yet */
	return iov_bytes(iov, n) >= bytes;
}

bool stream_more(struct carrier *c, const void *data, size_t bytes)
{
	if (!has_room(c, bytes))
		return false;
	(void)berth_send(c->stack, c->sock, data, bytes,
			 MSG_MORE | MSG_DONTWAIT); /* room is there */
	tell(c, true, bytes, false);
	return true;
}

/* The peer has sent its last byte, and the carrier has it. */
static void finish_in(struct carrier *c)
{
	c->in_done = true;
	tell(c, false, 0, true);
	if (c->gone)
		return;
	carrier_shut(c, SHUT_RD, -1);
	(void)shutdown(c->end, SHUT_WR); /* the program may have closed it: as well */
}

void stream_in(struct carrier *c)
{
	struct iovec iov[IOV_MAX_HERE];
	bool delivered = false;

	while (c->state == CARRIER_ESTABLISHED && !c->full && !c->in_done) {
		struct msghdr msg = {.msg_iov = iov};
		ssize_t sent;
		int n;

		if (c->urgent_in)
			urgent_in(c);
		n = berth_recv_peek(c->stack, c->sock, iov, IOV_MAX_HERE);

		if (n == -EAGAIN && !c->failed)
			break;
		if (n == 0 && !c->failed) {
			finish_in(c);
			delivered = true;
			break;
		}
		if (n <= 0) {
			if (!c->failed)
				c->error = -n;
			carrier_break(c);
			return;
		}
		msg.msg_iovlen = (size_t)n;
		sent = c->deaf ? (ssize_t)iov_bytes(iov, n)
			       : sendmsg(c->end, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent > 0) {
			tell(c, false, (size_t)sent, false);
			(void)berth_recv_consume(c->stack, c->sock, (size_t)sent);
			delivered = true;
		} else if (sent < 0 && errno == EPIPE) {
			c->deaf = true; /* the program reads no more */
		} else {
			carrier_arm(c, true);
		}
	}
	if (delivered && !list_empty(&c->parked))
		park_retry(c);
}

void stream_hang_up(struct carrier *c)
{
	stream_out(c);
	if (c->closed)
		return;
	if (c->unread) {
		/* Linux: closing with unread data resets. What was written before leaves first. */
		run_settle(c->run);
		if (c->closed)
			return;
		(void)berth_sock_set_user(c->stack, c->sock, NULL); /* it is about to go */
		(void)berth_abort(c->stack, c->sock);
		c->sock = -1;
		carrier_close(c);
	} else if (c->out_done || c->state != CARRIER_ESTABLISHED) {
		carrier_close(c);
	}
}

void stream_ready(struct source *s, uint32_t events)
{
	struct carrier *c = container_of(s, struct carrier, source);

	if (c->closed)
		return;
	if (events & (EPOLLRDHUP | EPOLLHUP))
		c->ended = true;
	if (events & EPOLLPRI)
		c->urgent = true;
	c->readable = true;
	if (events & EPOLLHUP && !c->shut_both) {
		c->gone = true;
		c->unread = (events & EPOLLERR) != 0;
		stream_hang_up(c);
		return;
	}
	if (events & EPOLLOUT && c->full) {
		carrier_arm(c, false);
		stream_in(c);
	}
	if (!c->closed)
		stream_out(c);
}
