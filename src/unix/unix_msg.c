/* SPDX-License-Identifier: MIT */
/*
 * Messages in receive queues.
 *
 * A message is a packet: its bytes are in the counted chunks of the pool, or, if they are few, in
 * the packet's own header area behind the struct unix_msg. They are copied once, when they are
 * sent, and once more when they are read.
 *
 * Who sent it pays: its cost is in the sender's `wmem` until it has been read, and past SO_SNDBUF
 * nothing more may be sent. Costs are what Linux's buffers would be: pieces of memory in powers of
 * two, 256 bytes of header, pages for the rest; so a program finds the same number of messages to
 * fit, and SIOCOUTQ tells the same.
 *
 * Ownership: a queue owns its messages, a message its rights and a reference to its sender's end.
 */
#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"
#include "transport/bpf.h"
#include "unix/unix.h"

#define INLINE_BYTES (PACKET_HEAD_BYTES - sizeof(struct unix_msg))
/* Linux: sk_buff, what follows the bytes in a buffer, the smallest buffer, a page. */
#define COST_SKB 256u
#define COST_TAIL 320u
#define COST_MIN 512u
#define COST_PAGE 4096u
#define HEAD_MAX (COST_PAGE - COST_TAIL)
#define DGRAM_HEAD_MAX (4 * COST_PAGE - COST_TAIL)
#define DGRAM_PAGES_MAX 17u

STATIC_ASSERT(sizeof(struct unix_msg) <= 72);
STATIC_ASSERT(offsetof(struct berth_packet, head) % _Alignof(struct unix_msg) == 0);

static struct berth_packet *packet_of(const struct unix_msg *msg)
{
	return (struct berth_packet *)(void *)((uintptr_t)msg -
					       offsetof(struct berth_packet, head));
}

static uint32_t head_cost(size_t bytes)
{
	uint32_t size = COST_MIN;

	while (size < bytes + COST_TAIL)
		size *= 2;
	return size + COST_SKB;
}

static size_t whole_pages(size_t bytes)
{
	return (bytes + COST_PAGE - 1) / COST_PAGE * COST_PAGE;
}

uint32_t unix_stream_cost(size_t bytes)
{
	size_t in_pages = bytes > HEAD_MAX ? whole_pages(bytes - HEAD_MAX) : 0;

	if (in_pages > bytes)
		in_pages = bytes;
	return head_cost(bytes - in_pages) + (uint32_t)whole_pages(in_pages);
}

uint32_t unix_dgram_cost(size_t bytes)
{
	size_t in_pages = bytes > DGRAM_HEAD_MAX ? bytes - DGRAM_HEAD_MAX : 0;

	if (in_pages > DGRAM_PAGES_MAX * COST_PAGE)
		in_pages = DGRAM_PAGES_MAX * COST_PAGE;
	in_pages = whole_pages(in_pages);
	return head_cost(bytes - in_pages) + (uint32_t)in_pages;
}

int unix_may_alloc(struct unix_sock *u, uint32_t cost)
{
	const struct env *env = sock_env(&u->sock);
	int error = unix_take_error(u);

	if (error < 0)
		return error;
	if (u->sock.shut_wr)
		return -EPIPE;
	if (u->end->wmem >= u->sock.sndbuf)
		return -EAGAIN;
	return env->bytes_held + cost > env->limits.bytes_max ? -ENOBUFS : 0;
}

/* Appends the program's bytes [at, at + bytes). False: no memory. */
static bool gather(struct berth_packet *p, const struct proto_msg *m, size_t at, size_t bytes)
{
	for (int i = 0; i < m->iov_count && bytes > 0; i++) {
		const struct iovec *v = &m->iov[i];
		size_t part;

		if (at >= v->iov_len) {
			at -= v->iov_len;
			continue;
		}
		part = v->iov_len - at < bytes ? v->iov_len - at : bytes;
		if (p->payload_bytes == 0 && p->head_len + bytes <= INLINE_BYTES) {
			memcpy(packet_head(p) + p->head_len, (const char *)v->iov_base + at, part);
			p->head_len = (uint8_t)(p->head_len + part);
		} else if (packet_append_copy(p, (const char *)v->iov_base + at, part) < 0) {
			return false;
		}
		bytes -= part;
		at = 0;
	}
	return true;
}

int unix_msg_filter(const struct unix_sock *to, const struct proto_msg *m, size_t *bytes)
{
	struct env *env = sock_env(&to->sock);
	struct berth_packet *p = packet_new(env->pool);
	struct bpf_packet packet = {.p = p, .random = env_random_u32(env)};
	uint32_t keep = 0;

	if (!p)
		return -ENOBUFS;
	p->head_off = 0;
	if (gather(p, m, 0, m->bytes))
		keep = bpf_run(to->sock.opt->filter, &packet);
	packet_free(p);
	*bytes = keep < m->bytes ? keep : m->bytes;
	return keep > 0;
}

struct unix_msg *unix_msg_new(struct unix_sock *from, const struct proto_msg *m, size_t at,
			      size_t bytes, uint32_t cost)
{
	struct env *env = sock_env(&from->sock);
	struct berth_packet *p = packet_new(env->pool);
	struct unix_msg *msg;

	if (!p)
		return NULL;
	p->head_off = (uint8_t)sizeof(*msg);
	if (!gather(p, m, at, bytes)) {
		packet_free(p);
		return NULL;
	}
	msg = (struct unix_msg *)(void *)p->head;
	*msg = (struct unix_msg){.from = from->end, .bytes = (uint32_t)bytes, .cost = cost};
	list_init(&msg->link);
	from->end->refs++;
	from->end->wmem += cost;
	env->bytes_held += cost;
	return msg;
}

void unix_msg_queue(struct unix_sock *from, struct unix_sock *to, struct unix_msg *msg,
		    struct proto_msg *m)
{
	msg->rights = m->attached;
	m->attached = NULL;
	if (msg->rights)
		list_add_tail(&to->carried, &msg->rights->link);
	/* Linux: whoever of the two asked for credentials, and who may still ask. */
	msg->has_creds = m->attached_creds || from->passcred || to->passcred || to->embryo;
	list_add_tail(&to->queue, &msg->link);
	to->queue_count++;
	sock_notify(&to->sock, POLLIN);
}

void unix_msg_free(struct unix_sock *at, struct unix_msg *msg)
{
	struct env *env = sock_env(&at->sock);
	struct unix_end *from = msg->from;
	struct unix_rights *rights = msg->rights;
	struct unix_sock *sender = from->sock;
	uint32_t wmem = from->wmem - msg->cost;

	ASSERT(at->queue_count > 0 && from->wmem >= msg->cost && env->bytes_held >= msg->cost);
	list_del(&msg->link);
	at->queue_count--;
	if (at->oob == msg)
		at->oob = NULL;
	env->bytes_held -= msg->cost;
	if (sender && !unix_writable(&sender->sock, from->wmem) &&
	    unix_writable(&sender->sock, wmem))
		sock_notify(&sender->sock, POLLOUT);
	from->wmem = wmem;
	unix_end_put(env, from);
	packet_free(packet_of(msg));
	unix_rights_free(env, rights);
}

void unix_purge(struct unix_sock *u)
{
	while (!list_empty(&u->queue))
		unix_msg_free(u, list_first(&u->queue, struct unix_msg, link));
}

struct unix_msg *unix_msg_first(const struct unix_sock *u)
{
	return list_empty(&u->queue) ? NULL : list_first(&u->queue, struct unix_msg, link);
}

struct unix_msg *unix_msg_next(const struct unix_sock *u, const struct unix_msg *msg)
{
	return msg->link.next == &u->queue ? NULL
					   : list_entry(msg->link.next, struct unix_msg, link);
}

void unix_msg_copy(const struct unix_msg *msg, size_t skip, size_t bytes, const struct proto_msg *m,
		   size_t done)
{
	const struct berth_packet *p = packet_of(msg);

	skip += msg->consumed;
	for (int i = 0; i < m->iov_count && bytes > 0; i++) {
		const struct iovec *v = &m->iov[i];
		size_t part;

		if (done >= v->iov_len) {
			done -= v->iov_len;
			continue;
		}
		part = v->iov_len - done < bytes ? v->iov_len - done : bytes;
		(void)packet_copy_out(p, skip, (char *)v->iov_base + done, part); /* all there */
		skip += part;
		bytes -= part;
		done = 0;
	}
}

void unix_peek_move(struct unix_sock *u, int64_t bytes)
{
	int64_t off = u->peek_off + bytes;

	if (u->peek_off < 0)
		return;
	u->peek_off = off < 0 ? 0 : off > INT32_MAX ? INT32_MAX : (int)off;
}
