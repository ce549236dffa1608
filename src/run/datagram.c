/* SPDX-License-Identifier: MIT */
/*
 * Datagram sockets. Their carrier is a DGRAM pair, which can tell of errors (dgramerr.c); netlink's
 * is a SEQPACKET one, whose end hangs up when the program's is closed. Queues and masks are the
 * same.
 *
 * The carrier holds at any time only datagrams that came from one address with the same control
 * data (`peer`, `control`), so that recvfrom(2) and recvmsg(2), which are trapped, know
 * whose they are, and read(2) needs no trap. The rest waits in the stack until the carrier is
 * empty. Datagrams that the program sends without an address come out of berth's end.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "run/carrier.h"
#include "run/park.h"
#include "run/ring.h"

#define BATCH 8
#define TURN_BATCHES 32	 /* so many in one go */
#define SLOT_BYTES 65536 /* no datagram is larger */

void dgram_keep_error(struct carrier *c)
{
	struct berth_sock_info info;
	int error = 0;
	socklen_t len = sizeof(error);

	if (berth_sock_info(c->stack, c->sock, &info) == 0 && info.error &&
	    berth_getsockopt(c->stack, c->sock, SOL_SOCKET, SO_ERROR, &error, &len) == 0) {
		c->error = error;
		c->raised = false; /* a former one may have been told */
	}
}

/* Keeps a datagram for which the stack has no room. */
static void hold(struct carrier *c, const void *data, size_t bytes)
{
	struct carrier_packet **last = &c->held;
	struct carrier_packet *p = malloc(sizeof(*p) + bytes);

	if (!p)
		return; /* lost, as datagrams may be */
	p->next = NULL;
	p->bytes = bytes;
	memcpy(p->data, data, bytes);
	while (*last)
		last = &(*last)->next;
	*last = p;
}

static bool send_held(struct carrier *c)
{
	while (c->held) {
		struct carrier_packet *p = c->held;

		if (berth_send(c->stack, c->sock, p->data, p->bytes, 0) == -EAGAIN)
			return false;
		c->held = p->next;
		free(p);
	}
	return true;
}

/* Nothing was read: an empty datagram, or the end of which the loop has not heard yet. */
static void ask_end(struct carrier *c)
{
	struct pollfd p = {.fd = c->end, .events = POLLRDHUP};

	if (poll(&p, 1, 0) == 1 && p.revents & (POLLRDHUP | POLLHUP))
		c->ended = true;
}

/* Takes up to BATCH datagrams from the program. Returns how many; 0: none, or no more. */
static int take_batch(struct carrier *c, struct mmsghdr *batch, struct iovec *iov)
{
	int n;

	for (size_t i = 0; i < BATCH; i++) {
		iov[i].iov_base = c->run->buf + i * SLOT_BYTES;
		iov[i].iov_len = SLOT_BYTES;
		batch[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i], .msg_iovlen = 1};
	}
	n = recvmmsg(c->end, batch, BATCH, MSG_DONTWAIT, NULL);
	if (n > 0 && batch[n - 1].msg_len == 0 && !c->ended)
		ask_end(c);
	if (n < BATCH)
		c->readable = c->ended && n > 0;
	return n > 0 ? n : 0;
}

void dgram_out(struct carrier *c)
{
	struct mmsghdr batch[BATCH];
	struct iovec iov[BATCH];

	dgram_keep_error(c);
	if (!send_held(c))
		return;
	for (int turn = 0; c->readable && !c->held; turn++) {
		int n;

		if (turn == TURN_BATCHES) {
			/* Others want their turn; arming again brings the event again. */
			carrier_rearm(c);
			return;
		}
		n = take_batch(c, batch, iov);
		for (int i = 0; i < n; i++) {
			size_t bytes = batch[i].msg_len;

			if (c->ended && bytes == 0)
				continue; /* the end, or an empty one that nobody waits for */
			c->native = true;
			if (c->held ||
			    berth_send(c->stack, c->sock, iov[i].iov_base, bytes, 0) == -EAGAIN)
				hold(c, iov[i].iov_base, bytes);
		}
		if (c->ended && n > 0 && batch[n - 1].msg_len == 0)
			c->readable = false;
	}
	if (c->gone && !c->held)
		carrier_abandon(c);
}

static bool carrier_empty(struct carrier *c)
{
	int bytes = 0;

	if (!c->carried)
		return true;
	if (ioctl(c->end, SIOCOUTQ, &bytes) == 0 && bytes > 0)
		return false;
	c->carried = false;
	return true;
}

static bool same_kind(const struct carrier *c, const struct msghdr *msg)
{
	return c->peer_len == msg->msg_namelen && c->control_len == msg->msg_controllen &&
	       !memcmp(&c->peer, msg->msg_name, c->peer_len) &&
	       !memcmp(c->control, msg->msg_control, c->control_len);
}

/* Puts one datagram into the carrier; false if it has to wait. */
static bool carry(struct carrier *c, const struct msghdr *msg, size_t bytes)
{
	if (!same_kind(c, msg)) {
		if (!carrier_empty(c)) {
			carrier_arm(c, true);
			return false;
		}
		memcpy(&c->peer, msg->msg_name, msg->msg_namelen);
		c->peer_len = msg->msg_namelen;
		c->control_len = msg->msg_controllen;
		memcpy(c->control, msg->msg_control, c->control_len);
	}
	if (send(c->end, msg->msg_iov->iov_base, bytes, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		if (errno == EAGAIN)
			carrier_arm(c, true);
		return false;
	}
	c->carried = true;
	return true;
}

void dgram_in(struct carrier *c)
{
	struct run *r = c->run;
	struct sockaddr_storage name;
	_Alignas(struct cmsghdr) unsigned char control[CARRIER_CONTROL_BYTES];

	dgram_keep_error(c);
	dgram_raise(c);
	if (c->closed)
		return;
	if (ring_takes(c)) {
		ring_in(c);
		return;
	}
	for (;;) {
		struct iovec iov = {.iov_base = r->buf, .iov_len = SLOT_BYTES};
		struct msghdr msg = {
			.msg_name = &name,
			.msg_namelen = sizeof(name),
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};
		ssize_t n = berth_recvmsg(c->stack, c->sock, &msg, MSG_PEEK | MSG_DONTWAIT);

		if (n < 0)
			break;
		if (!carry(c, &msg, (size_t)n))
			return;
		(void)berth_recv(c->stack, c->sock, r->buf, 0, MSG_DONTWAIT); /* it was there */
	}
	if (c->full)
		carrier_arm(c, false);
}

void dgram_put_back(struct carrier *c, const struct msghdr *msg, size_t bytes)
{
	(void)carry(c, msg, bytes); /* no room, or of another sender: lost, as datagrams may be */
}

void dgram_ready(struct source *s, uint32_t events)
{
	struct carrier *c = container_of(s, struct carrier, source);

	if (c->closed)
		return;
	if (events & (EPOLLRDHUP | EPOLLHUP))
		c->ended = true;
	if (events & EPOLLHUP && !c->shut_both)
		c->gone = true;
	c->readable = true;
	if (events & EPOLLOUT && !c->gone)
		dgram_in(c);
	if (!c->closed)
		dgram_out(c);
}
