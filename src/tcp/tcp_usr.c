/* SPDX-License-Identifier: MIT */
/*
 * What a program asks of a stream socket: struct proto's operations.
 *
 * Nothing waits: what would returns -EAGAIN, and sock_notify() tells when to try again. Results and
 * errors are Linux's. Reading takes bytes off the receive queue and, when that opened the window by
 * much, tells the peer (RFC 9293 §3.8.6.2.2); the receive buffer grows while the program reads as
 * fast as the peer sends (Linux's dynamic right-sizing).
 *
 * After close() the control block is an orphan of TCP's until both ends are done. Closing with
 * unread data, or with SO_LINGER's zero time, resets (RFC 2525 §2.17, RFC 9293 §3.10.5).
 */
#include "tcp/tcp_usr.h"

#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>

#include "link/netif.h"
#include "tcp/tcp_connect.h"
#include "tcp/tcp_fastopen.h"
#include "tcp/tcp_listen.h"
#include "tcp/tcp_output.h"
#include "tcp/tcp_pcb.h"
#include "tcp/tcp_reass.h"
#include "tcp/tcp_rst.h"
#include "tcp/tcp_sack.h"
#include "tcp/tcp_stamp.h"
#include "tcp/tcp_timer.h"
#include "transport/errq.h"
#include "transport/port.h"

uint32_t tcp_read_seq(const struct tcp *t)
{
	return t->irs + 1 + (uint32_t)t->rcvq.begin;
}

bool tcp_readable(const struct tcp *t)
{
	uint64_t queued = viewq_bytes(&t->rcvq);
	uint32_t low = t->sock.opt->rcvlowat ? t->sock.opt->rcvlowat : 1;
	uint32_t half = t->sock.rcvbuf / 2;

	if (low > half && half)
		low = half;
	/* The urgent byte is not part of what a plain read gets. */
	if (t->urgent & (URGENT_VALID | URGENT_READ) && !t->sock.opt->oobinline &&
	    t->rcv_up == tcp_read_seq(t) && queued)
		queued--;
	return queued >= low || t->sock.shut_rd;
}

/* --- closing --- */

void tcp_fin_wait2(struct tcp *t)
{
	if (!t->orphan)
		return;
	if (t->set->linger2_s < 0) {
		tcp_rst_send(t);
		tcp_done(t, 0);
		return;
	}
	int64_t seconds =
		t->set->linger2_s > 0 ? t->set->linger2_s : t->ts->env->knobs.tcp_fin_timeout;

	tcp_slow_at(t, t->ts->env->now + seconds * BERTH_SEC);
}

/* The program will send no more: FIN follows what is queued. */
static void send_fin(struct tcp *t)
{
	if (t->fin_wanted)
		return;
	t->fin_wanted = true;
	t->cork = false;
	t->more = false;
	/* In SYN_RECV it waits until the connection stands (RFC 9293 §3.10.4). */
	if (t->state == TCP_ESTABLISHED)
		tcp_set_state(t, TCP_FIN_WAIT1);
	else if (t->state == TCP_CLOSE_WAIT)
		tcp_set_state(t, TCP_LAST_ACK);
}

static void reset_and_end(struct tcp *t)
{
	if (tcp_peer_hears_abort(t))
		tcp_rst_send(t);
	tcp_done(t, 0);
}

static void close_tcp(struct sock *s)
{
	struct tcp *t = tcp_of(s);

	t->orphan = true;
	s->shut_rd = true;
	s->shut_wr = true;
	if (t->state == TCP_LISTEN) {
		tcp_listen_stop(t);
	} else if (t->state == TCP_SYN_SENT && !tcp_fast_under_way(t)) {
		tcp_done(t, 0);
	} else if (t->state != TCP_CLOSE) {
		bool unread = viewq_bytes(&t->rcvq) > 0;
		bool abrupt = s->opt->linger && s->opt->linger_seconds == 0;

		if (unread || abrupt || (t->state == TCP_SYN_RECV && !tcp_fast_early(t))) {
			reset_and_end(t);
		} else {
			send_fin(t);
			if (t->state == TCP_FIN_WAIT2)
				tcp_fin_wait2(t);
		}
	}
	tcp_settle(t);
}

static void abort_tcp(struct sock *s)
{
	struct tcp *t = tcp_of(s);

	t->orphan = true;
	if (t->state == TCP_LISTEN)
		tcp_listen_stop(t);
	else if (t->state != TCP_CLOSE)
		reset_and_end(t);
	tcp_settle(t);
}

int tcp_destroy(struct sock *s)
{
	struct tcp *t = tcp_of(s);

	if (t->state == TCP_CLOSE)
		return -ENOENT;
	if (t->state == TCP_LISTEN) {
		tcp_listen_stop(t);
		s->error = ECONNABORTED;
		sock_notify(s, POLLIN | POLLOUT | POLLHUP | POLLERR);
		return 0;
	}
	if (tcp_peer_hears_abort(t))
		tcp_rst_send(t);
	tcp_done(t, ECONNABORTED);
	tcp_settle(t);
	return 0;
}

static int shutdown_tcp(struct sock *s, int how)
{
	struct tcp *t = tcp_of(s);

	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	if (t->state == TCP_CLOSE)
		return -ENOTCONN;
	if (t->state == TCP_LISTEN) {
		/* Linux: reading shut down on a listener ends the listening. */
		if (how == SHUT_WR)
			return 0;
		tcp_listen_stop(t);
		sock_notify(s, POLLIN | POLLHUP);
		return 0;
	}
	if (t->state == TCP_SYN_SENT) {
		if (how != SHUT_RD) {
			tcp_done(t, 0);
			t->connecting = false;
			return 0;
		}
		return -ENOTCONN;
	}
	if (how != SHUT_WR)
		s->shut_rd = true;
	if (how != SHUT_RD) {
		s->shut_wr = true;
		send_fin(t);
	}
	sock_notify(s, POLLIN | POLLRDHUP | (s->shut_rd && s->shut_wr ? POLLHUP : 0u));
	tcp_settle(t);
	return 0;
}

/* --- sending --- */

/* Bytes that the send buffer takes now. */
static uint64_t send_space(const struct tcp *t)
{
	uint64_t queued = viewq_bytes(&t->sndq);

	/* Linux: of what opens a connection no more than its SYN holds. */
	if (tcp_fast_waits(t))
		return t->rare->fast.room;
	return t->sock.sndbuf > queued ? t->sock.sndbuf - queued : 0;
}

/* 0, or why nothing can be sent. */
static int check_send(struct tcp *t)
{
	if (t->sock.error)
		return tcp_take_error(t);
	if (t->sock.shut_wr)
		return -EPIPE;
	if (!tcp_is_in(t, TCP_BIT(TCP_ESTABLISHED) | TCP_BIT(TCP_CLOSE_WAIT)) &&
	    !tcp_fast_early(t) && !tcp_fast_waits(t))
		return tcp_is_in(t, TCP_BIT(TCP_SYN_SENT) | TCP_BIT(TCP_SYN_RECV)) ? -EAGAIN
										   : -EPIPE;
	if (tcp_fast_waits(t) && !tcp_segs_reserve(t))
		return -ENOMEM;
	if (send_space(t) == 0) {
		t->nospace = true;
		return -EAGAIN;
	}
	return 0;
}

static void add_view(void *ctx, struct view v)
{
	struct tcp *t = ctx;

	viewq_append(&t->sndq, v);
}

/* `bytes` of what was reserved go into the send queue, and out as far as they may. */
static void queue_sent(struct tcp *t, size_t bytes, int flags)
{
	pool_commit(t->ts->env->pool, bytes, add_view, t);
	tcp_hold(t, bytes);
	if (flags & MSG_OOB)
		t->snd_up = t->snd_una + (uint32_t)viewq_bytes(&t->sndq);
	t->more = (flags & MSG_MORE) != 0;
}

static int reserve_send(struct tcp *t, size_t bytes, struct iovec *iov, int count)
{
	struct env *env = t->ts->env;

	if (env->bytes_held + bytes > env->limits.bytes_max)
		return -ENOBUFS;
	if (viewq_reserve(&t->sndq, env, (uint32_t)count) < 0)
		return -ENOMEM;
	int pieces = pool_reserve(env->pool, bytes, iov, count);

	return pieces > 0 ? pieces : -ENOBUFS;
}

/* Copies from the message's iov, from byte `skip` on. */
static void gather(const struct proto_msg *m, size_t skip, uint8_t *to, size_t bytes)
{
	for (int i = 0; i < m->iov_count && bytes; i++) {
		if (skip >= m->iov[i].iov_len) {
			skip -= m->iov[i].iov_len;
			continue;
		}
		size_t n = m->iov[i].iov_len - skip;

		if (n > bytes)
			n = bytes;
		memcpy(to, (const uint8_t *)m->iov[i].iov_base + skip, n);
		to += n;
		bytes -= n;
		skip = 0;
	}
}

#define SEND_PIECES 4

ssize_t tcp_queue_message(struct tcp *t, const struct proto_msg *m, size_t done, size_t bytes)
{
	struct iovec iov[SEND_PIECES];
	int pieces = reserve_send(t, bytes, iov, SEND_PIECES);
	size_t taken = 0;

	if (pieces < 0)
		return pieces;
	for (int i = 0; i < pieces && taken < bytes; i++) {
		size_t n = iov[i].iov_len < bytes - taken ? iov[i].iov_len : bytes - taken;

		gather(m, done + taken, iov[i].iov_base, n);
		taken += n;
	}
	queue_sent(t, taken, m->flags);
	return (ssize_t)taken;
}

static ssize_t send_tcp(struct sock *s, struct proto_msg *m)
{
	struct tcp *t = tcp_of(s);
	size_t done = 0;
	int error;

	if (m->has_addr)
		return tcp_connect_send(s, m);
	error = check_send(t);
	if (error)
		return error;
	if (tcp_fast_waits(t))
		return tcp_connect_first(t, m);
	while (done < m->bytes) {
		uint64_t space = send_space(t);
		size_t bytes = m->bytes - done < space ? m->bytes - done : (size_t)space;

		if (bytes == 0) {
			t->nospace = true;
			break;
		}
		ssize_t n = tcp_queue_message(t, m, done, bytes);

		if (n < 0) {
			if (done == 0)
				return n;
			break;
		}
		done += (size_t)n;
	}
	if (done > 0)
		tcp_stamp_call(t, m->tsflags);
	if (m->flags & MSG_ZEROCOPY && s->opt->zerocopy && done > 0)
		errq_tell_zerocopy(s);
	/* A buffer that is full pushes what it has. */
	if (done < m->bytes)
		t->more = false;
	tcp_settle(t);
	return (ssize_t)done;
}

static int reserve_tcp(struct sock *s, size_t bytes, struct iovec *iov, int count)
{
	struct tcp *t = tcp_of(s);
	int error = check_send(t);

	if (error)
		return error;
	uint64_t space = send_space(t);

	return reserve_send(t, bytes < space ? bytes : (size_t)space, iov, count);
}

static int commit_tcp(struct sock *s, size_t bytes, int flags)
{
	struct tcp *t = tcp_of(s);

	if (bytes == 0)
		return 0;
	queue_sent(t, bytes, flags);
	if (tcp_fast_waits(t))
		return tcp_connect_launch(t);
	tcp_stamp_call(t, -1);
	tcp_settle(t);
	return 0;
}

/* --- receiving --- */

/* Linux's tcp_rcv_space_adjust(): once per round trip, room for twice what the program read in it.
 */
static void tune_rcvbuf(struct tcp *t)
{
	berth_time now = t->ts->env->now;
	uint64_t copied = t->rcvq.begin - t->drs_copied;
	uint64_t max = t->ts->env->limits.tcp_rmem_max;

	if (t->srtt == 0 || now - t->drs_at < t->srtt)
		return;
	if (copied > t->drs_space) {
		uint64_t window = 2 * copied + 16ull * t->rcv_mss;

		if (t->drs_space)
			window += 2 * (window * (copied - t->drs_space) / t->drs_space);
		uint64_t rcvbuf = 2 * window;

		if (rcvbuf > max)
			rcvbuf = max;
		if (!t->sock.opt->rcvbuf_locked && t->ts->env->knobs.tcp_moderate_rcvbuf &&
		    rcvbuf > t->sock.rcvbuf)
			t->sock.rcvbuf = (uint32_t)rcvbuf;
		t->drs_space = (uint32_t)(copied < UINT32_MAX ? copied : UINT32_MAX);
	}
	t->drs_copied = t->rcvq.begin;
	t->drs_at = now;
}

/* The program has read: does the peer need to know (Linux: tcp_cleanup_rbuf)? */
static void after_read(struct tcp *t)
{
	uint32_t edge = t->rcv_acked + t->rcv_wnd;
	uint32_t open = seq_gt(edge, t->rcv_nxt) ? edge - t->rcv_nxt : 0;

	tune_rcvbuf(t);
	if (!tcp_is_in(t, TCP_BIT(TCP_ESTABLISHED) | TCP_BIT(TCP_FIN_WAIT1) |
				  TCP_BIT(TCP_FIN_WAIT2)) ||
	    t->sock.shut_rd)
		return;
	if (t->ack_delayed && t->rcv_nxt - t->rcv_acked > t->rcv_mss)
		t->ack_now = true;
	if (!t->ack_now && 2 * (uint64_t)open <= t->sock.rcvbuf / 2) {
		uint32_t window = tcp_window_to_offer(t);

		if (window && window >= 2 * open)
			t->ack_now = true;
	}
	if (t->ack_now)
		tcp_settle(t);
}

static void consume_read(struct tcp *t, uint64_t bytes)
{
	viewq_consume(&t->rcvq, t->ts->env, bytes);
	tcp_unhold(t, bytes);
	if (t->urgent != URGENT_NONE && t->urgent != URGENT_EXPECTED &&
	    seq_gt(tcp_read_seq(t), t->rcv_up))
		t->urgent = URGENT_NONE;
}

/* Skips the urgent byte if it is next and not for plain reads. */
static void skip_urgent(struct tcp *t)
{
	if ((t->urgent & (URGENT_VALID | URGENT_READ)) && !t->sock.opt->oobinline &&
	    t->rcv_up == tcp_read_seq(t) && viewq_bytes(&t->rcvq)) {
		uint32_t keep = t->urgent;

		viewq_consume(&t->rcvq, t->ts->env, 1);
		tcp_unhold(t, 1);
		/* It can still be asked for with MSG_OOB. */
		t->urgent = keep & URGENT_VALID ? keep : URGENT_NONE;
	}
}

/* Bytes that one read may take: as far as the urgent mark. */
static uint64_t read_limit(const struct tcp *t)
{
	uint64_t queued = viewq_bytes(&t->rcvq);
	uint32_t to_mark = t->rcv_up - tcp_read_seq(t);

	if (t->urgent != URGENT_NONE && to_mark > 0 && to_mark < queued)
		return to_mark;
	return queued;
}

/* Nothing is queued: why? 0: the end. */
static int why_empty(struct tcp *t)
{
	if (t->fin_received && t->sock.error == 0)
		return 0;
	if (t->sock.error)
		return tcp_take_error(t);
	if (t->sock.shut_rd)
		return 0;
	if (t->state == TCP_CLOSE)
		return -ENOTCONN;
	return -EAGAIN;
}

static ssize_t recv_urgent(struct tcp *t, struct proto_msg *m)
{
	if (t->sock.opt->oobinline || t->urgent == URGENT_NONE || t->urgent == URGENT_READ)
		return -EINVAL;
	if (t->state == TCP_CLOSE && !t->fin_received)
		return -ENOTCONN;
	if (!(t->urgent & URGENT_VALID))
		return t->sock.shut_rd || t->state == TCP_CLOSE ? 0 : -EAGAIN;
	uint8_t byte = (uint8_t)t->urgent;
	ssize_t n = 0;

	m->out_flags |= MSG_OOB;
	if (m->bytes) {
		for (int i = 0; i < m->iov_count; i++) {
			if (m->iov[i].iov_len) {
				*(uint8_t *)m->iov[i].iov_base = byte;
				n = 1;
				break;
			}
		}
	} else {
		m->out_flags |= MSG_TRUNC;
	}
	if (!(m->flags & MSG_PEEK))
		t->urgent = seq_gt(tcp_read_seq(t), t->rcv_up) ? URGENT_NONE : URGENT_READ;
	return n;
}

/* Copies bytes of the queue, from `skip` on, to the message. */
static void scatter(struct tcp *t, const struct proto_msg *m, uint64_t skip, uint64_t bytes)
{
	uint64_t at = t->rcvq.begin + skip;

	for (int i = 0; i < m->iov_count && bytes; i++) {
		size_t n = m->iov[i].iov_len < bytes ? m->iov[i].iov_len : (size_t)bytes;

		(void)viewq_copy(&t->rcvq, at, m->iov[i].iov_base, n); /* they are there */
		at += n;
		bytes -= n;
	}
}

/* Linux: tcp_inq_hint(): after the last byte one more, so that the end is read. */
static int left_to_read(const struct tcp *t)
{
	uint64_t left = viewq_bytes(&t->rcvq);

	if (left == 0)
		return t->fin_received;
	return left < INT_MAX ? (int)left : INT_MAX;
}

static ssize_t recv_tcp(struct sock *s, struct proto_msg *m)
{
	struct tcp *t = tcp_of(s);
	bool peek = (m->flags & MSG_PEEK) != 0;
	uint64_t skip = 0;
	uint64_t bytes;

	if (m->flags & MSG_ERRQUEUE)
		return errq_recv(s, m);
	if (t->state == TCP_LISTEN)
		return -ENOTCONN;
	if (m->flags & MSG_OOB)
		return recv_urgent(t, m);
	skip_urgent(t);
	bytes = read_limit(t);
	if (peek && sock_peek_off(s) > 0)
		skip = (uint64_t)sock_peek_off(s);
	/* Linux: zero-length reads aside, the end and errors wait for an empty queue. */
	if (bytes <= skip)
		return why_empty(t);
	bytes -= skip;
	if (bytes > m->bytes)
		bytes = m->bytes;
	if (!(m->flags & MSG_TRUNC))
		scatter(t, m, skip, bytes);
	if (tcp_stamp_wanted(s->opt))
		m->time = tcp_stamp_arrival(t, t->rcvq.begin + skip + bytes);
	if (s->extra)
		sock_peek_off_move(s, peek, bytes);
	if (!peek) {
		consume_read(t, bytes);
		after_read(t);
	}
	if (t->set->inq)
		m->inq = left_to_read(t);
	return (ssize_t)bytes;
}

static int peek_tcp(struct sock *s, struct iovec *iov, int count)
{
	struct tcp *t = tcp_of(s);
	uint64_t limit;
	int pieces;

	if (t->state == TCP_LISTEN)
		return -ENOTCONN;
	skip_urgent(t);
	limit = read_limit(t);
	if (limit == 0)
		return why_empty(t);
	pieces = viewq_iov(&t->rcvq, iov, count);
	for (int i = 0; i < pieces; i++) {
		if (iov[i].iov_len >= limit) {
			iov[i].iov_len = (size_t)limit;
			return i + 1;
		}
		limit -= iov[i].iov_len;
	}
	return pieces;
}

static int consume_tcp(struct sock *s, size_t bytes)
{
	struct tcp *t = tcp_of(s);

	if (bytes > read_limit(t))
		return -EINVAL;
	consume_read(t, bytes);
	after_read(t);
	return 0;
}

/* --- asking --- */

/* Linux: sk_stream_is_writeable(). */
static bool writeable(const struct tcp *t)
{
	uint64_t queued = viewq_bytes(&t->sndq);
	uint64_t space = t->sock.sndbuf > queued ? t->sock.sndbuf - queued : 0;

	uint32_t lowat = tcp_notsent_lowat(t);

	if (lowat != UINT32_MAX && tcp_unsent(t) >= lowat)
		return false;
	return space >= queued / 2 && space > 0;
}

static unsigned poll_tcp(const struct sock *s)
{
	const struct tcp *t = tcp_of_const(s);
	unsigned mask = 0;

	if (t->state == TCP_LISTEN)
		return tcp_listen_ready(t) ? POLLIN | POLLRDNORM : 0;
	if (t->state == TCP_CLOSE || (s->shut_rd && s->shut_wr))
		mask |= POLLHUP;
	if (s->shut_rd)
		mask |= POLLIN | POLLRDNORM | POLLRDHUP;
	if (tcp_fast_waits(t))
		mask |= POLLOUT | POLLWRNORM; /* Linux: to be written to */
	if ((t->state != TCP_SYN_SENT && t->state != TCP_SYN_RECV) || tcp_fast_early(t)) {
		if (tcp_readable(t))
			mask |= POLLIN | POLLRDNORM;
		if (s->shut_wr || writeable(t))
			mask |= POLLOUT | POLLWRNORM;
		else
			((struct tcp *)(uintptr_t)t)->nospace = true;
		if (t->urgent & URGENT_VALID)
			mask |= POLLPRI;
	}
	if (s->error || errq_pending(s))
		mask |= POLLERR;
	return mask;
}

static int ioctl_tcp(struct sock *s, unsigned long request, int *value)
{
	struct tcp *t = tcp_of(s);

	if (t->state == TCP_LISTEN)
		return -EINVAL;
	switch (request) {
	case FIONREAD:
		*value = (int)read_limit(t);
		return 0;
	case SIOCOUTQ:
		*value = t->state == TCP_CLOSE || t->state == TCP_SYN_SENT
				 ? 0
				 : (int)(viewq_bytes(&t->sndq) + (t->fin_wanted && !t->fin_acked));
		return 0;
	case SIOCOUTQNSD:
		*value = t->state == TCP_CLOSE || t->state == TCP_SYN_SENT ? 0 : (int)tcp_unsent(t);
		return 0;
	case SIOCATMARK:
		*value = t->urgent != URGENT_NONE && t->rcv_up == tcp_read_seq(t);
		return 0;
	default:
		return -ENOTTY;
	}
}

static void info_tcp(const struct sock *s, struct berth_sock_info *out)
{
	const struct tcp *t = tcp_of_const(s);
	berth_time now = t->ts->env->now;
	berth_time due = t->rexmit_at;

	out->state = t->state;
	if (t->state == TCP_LISTEN) {
		tcp_listen_info(t, &out->recv_q, &out->send_q);
		return;
	}
	if (t->slow_at < due)
		due = t->slow_at;
	out->recv_q = (uint32_t)viewq_bytes(&t->rcvq);
	out->send_q = (uint32_t)viewq_bytes(&t->sndq) + (t->fin_wanted && !t->fin_acked);
	out->timer_ns = due == BERTH_TIME_NEVER ? BERTH_TIME_NEVER : due > now ? due - now : 0;
}

static const struct opt_level *const option_levels[] = {&tcp_options, NULL};

const struct proto tcp_proto = {
	.name = "TCP",
	.type = SOCK_STREAM,
	.protocol = IPPROTO_TCP,
	.object_bytes = sizeof(struct tcp),
	.init = tcp_pcb_init,
	.close = close_tcp,
	.abort = abort_tcp,
	.connect = tcp_connect,
	.disconnect = tcp_disconnect,
	.listen = tcp_listen,
	.accept = tcp_accept,
	.shutdown = shutdown_tcp,
	.send = send_tcp,
	.recv = recv_tcp,
	.reserve = reserve_tcp,
	.commit = commit_tcp,
	.peek = peek_tcp,
	.consume = consume_tcp,
	.poll = poll_tcp,
	.options = option_levels,
	.option_changed = tcp_option_changed,
	.ioctl = ioctl_tcp,
	.info = info_tcp,
};
