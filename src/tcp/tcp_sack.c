/* SPDX-License-Identifier: MIT */
/*
 * The scoreboard: a ring of records of what is in flight.
 *
 * The records lie in sequence order without gaps from snd_una to snd_nxt, so a sequence number is
 * found by binary search and an ACK takes records away in front. Segments sent in one instant share
 * a record, and a super-packet is one record; a record is cut where a SACK block or a
 * retransmission ends inside it. The ring grows by doubling and shrinks to its two inline records
 * when the connection falls idle: it then has no scoreboard at all, and whoever sends next takes
 * the one that was given back last.
 *
 * Invariants: sacked_bytes is the sum of records with SEG_SACKED (without SACK: an estimate from
 * duplicate ACKs), lost_bytes of those with SEG_LOST; no record has both. No lost record lies below
 * lost_hint.
 *
 * A peer can make us cut by choosing odd blocks: the number of records is bounded (SEGS_MAX), and
 * past it a block that would cut is ignored. The peer's last blocks are remembered, so that
 * repeating them costs nothing.
 *
 * RFC 2018 §5, RFC 2883 (duplicate SACK), RFC 6675 §3.
 */
#include "tcp/tcp_sack.h"

#include <string.h>

#include "pkt/block.h"
#include "tcp/tcp_rack.h"
#include "wire/tcp_header.h"

#define SEGS_MAX 32768u

static uint32_t seg_end(const struct tcp_seg *s)
{
	return s->seq + s->bytes;
}

/* What idle connections have: it has no room, so nobody writes to it. */
static const struct tcp_segs none;

void tcp_segs_init(struct tcp *t)
{
	t->segs = (struct tcp_segs *)(uintptr_t)&none;
}

static void free_ring(const struct tcp *t, const struct tcp_segs *q)
{
	if (q->ring != q->inline_ring)
		block_free(t->ts->env->pool, q->ring, q->capacity * sizeof(*q->ring));
}

/* Gives the records' memory back; they are empty or of no interest. */
static void release(struct tcp *t)
{
	struct tcp_segs *q = t->segs;

	if (q == &none)
		return;
	free_ring(t, q);
	block_free(t->ts->env->pool, q, sizeof(*q));
	tcp_segs_init(t);
}

void tcp_segs_free(struct tcp *t)
{
	release(t);
	t->sacked_bytes = 0;
	t->lost_bytes = 0;
}

void tcp_segs_settle(struct tcp *t)
{
	if (t->segs->count == 0 && t->ca == CA_OPEN && !t->undo_possible && !t->tlp_pending &&
	    viewq_bytes(&t->sndq) == 0)
		release(t);
}

/* A scoreboard for one that falls out of idleness. */
static bool acquire(struct tcp *t)
{
	struct tcp_segs *q = block_new(t->ts->env->pool, sizeof(*q));

	if (!q)
		return false;
	*q = (struct tcp_segs){.lost_hint = t->snd_una, .retrans_high = t->snd_una};
	q->ring = q->inline_ring;
	q->capacity = TCP_SEGS_INLINE;
	t->segs = q;
	return true;
}

bool tcp_segs_reserve(struct tcp *t)
{
	struct tcp_segs *q = t->segs;

	if (q->count < q->capacity)
		return true;
	if (q == &none)
		return acquire(t);
	if (q->capacity >= SEGS_MAX)
		return false;
	uint32_t capacity = q->capacity * 4;
	struct tcp_seg *ring = block_new(t->ts->env->pool, capacity * sizeof(*ring));

	if (!ring)
		return false;
	for (uint32_t i = 0; i < q->count; i++)
		ring[i] = *tcp_segs_at(q, i);
	free_ring(t, q);
	q->ring = ring;
	q->first = 0;
	q->capacity = capacity;
	return true;
}

void tcp_segs_add(struct tcp *t, uint32_t bytes, uint8_t flags)
{
	struct tcp_segs *q = t->segs;
	berth_time now = t->ts->env->now;

	if (q->count == 0) {
		q->rate_at = now;
		q->rate_delivered = t->delivered;
	} else {
		struct tcp_seg *last = tcp_segs_at(q, q->count - 1);

		if (last->sent == now && last->flags == 0 && last->bytes < UINT32_C(1) << 24) {
			last->bytes += bytes;
			last->flags = flags;
			return;
		}
	}
	ASSERT(q->count < q->capacity);
	*tcp_segs_at(q, q->count++) =
		(struct tcp_seg){.sent = now, .seq = t->snd_nxt, .bytes = bytes, .flags = flags};
}

/* The record that `seq`, in [snd_una, snd_nxt), belongs to. */
static uint32_t find(const struct tcp_segs *q, uint32_t seq)
{
	uint32_t low = 0;
	uint32_t high = q->count - 1;

	while (low < high) {
		uint32_t middle = (low + high + 1) / 2;

		if (seq_le(tcp_segs_at(q, middle)->seq, seq))
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

static uint32_t index_of(const struct tcp_segs *q, const struct tcp_seg *s)
{
	return ((uint32_t)(s - q->ring) - q->first) & (q->capacity - 1);
}

/* Makes a gap after record `i` by moving the shorter side. */
static void open_gap(struct tcp_segs *q, uint32_t i)
{
	if (i < q->count / 2) {
		q->first = (q->first - 1) & (q->capacity - 1);
		q->count++;
		for (uint32_t k = 0; k <= i; k++)
			*tcp_segs_at(q, k) = *tcp_segs_at(q, k + 1);
		return;
	}
	q->count++;
	for (uint32_t k = q->count - 1; k > i + 1; k--)
		*tcp_segs_at(q, k) = *tcp_segs_at(q, k - 1);
}

struct tcp_seg *tcp_segs_cut(struct tcp *t, struct tcp_seg *s, uint32_t seq)
{
	struct tcp_segs *q = t->segs;
	uint32_t i = index_of(q, s);

	if (seq == s->seq || seq == seg_end(s))
		return s;
	ASSERT(seq_in(seq, s->seq, seg_end(s)));
	if (!tcp_segs_reserve(t))
		return NULL;
	open_gap(q, i);

	struct tcp_seg *first = tcp_segs_at(q, i);
	struct tcp_seg *second = tcp_segs_at(q, i + 1);

	*second = *first;
	second->bytes = seg_end(first) - seq;
	second->seq = seq;
	first->bytes = seq - first->seq;
	first->flags &= (uint8_t)~SEG_FIN;
	return first;
}

struct tcp_seg *tcp_segs_next_lost(struct tcp *t)
{
	struct tcp_segs *q = t->segs;

	if (t->lost_bytes == 0 || q->count == 0)
		return NULL;
	uint32_t i = seq_gt(t->segs->lost_hint, t->snd_una) ? find(q, t->segs->lost_hint) : 0;

	for (; i < q->count; i++) {
		struct tcp_seg *s = tcp_segs_at(q, i);

		if (s->flags & SEG_LOST) {
			t->segs->lost_hint = s->seq;
			return s;
		}
	}
	return NULL;
}

void tcp_segs_mark_lost(struct tcp *t, struct tcp_seg *s)
{
	if (s->flags & (SEG_LOST | SEG_SACKED))
		return;
	if (t->lost_bytes == 0 || seq_lt(s->seq, t->segs->lost_hint))
		t->segs->lost_hint = s->seq;
	s->flags = (uint8_t)((s->flags & ~SEG_RETRANS) | SEG_LOST);
	t->lost_bytes += s->bytes;
}

void tcp_segs_mark_retransmitted(struct tcp *t, struct tcp_seg *s)
{
	if (s->flags & SEG_LOST)
		t->lost_bytes -= s->bytes;
	s->flags = (uint8_t)((s->flags & ~SEG_LOST) | SEG_RETRANS | SEG_EVER);
	s->sent = t->ts->env->now;
	if (s->tries < UINT8_MAX)
		s->tries++;
	if (seq_gt(seg_end(s), t->segs->retrans_high) || seq_lt(t->segs->retrans_high, t->snd_una))
		t->segs->retrans_high = seg_end(s);
	t->segs->prr_out += s->bytes;
	t->total_retrans++;
	t->bytes_retrans += s->bytes;
	if (t->undo_possible) {
		if (t->segs->undo_retrans < 0) {
			t->segs->undo_retrans = 0;
			t->segs->undo_at = t->ts->env->now;
		}
		t->segs->undo_retrans += (int32_t)s->bytes;
	}
	if (t->first_retrans == 0)
		t->first_retrans = t->ts->env->now;
}

void tcp_segs_mark_all_lost(struct tcp *t, bool forget)
{
	struct tcp_segs *q = t->segs;

	t->lost_bytes = 0;
	if (forget || !t->agreed.sack)
		t->sacked_bytes = 0;
	if (q->count == 0)
		return;
	q->lost_hint = t->snd_una;
	if (forget || !t->agreed.sack)
		memset(q->seen, 0, sizeof(q->seen));
	for (uint32_t i = 0; i < q->count; i++) {
		struct tcp_seg *s = tcp_segs_at(q, i);

		if (forget)
			s->flags &= (uint8_t)~SEG_SACKED;
		if (s->flags & SEG_SACKED)
			continue;
		s->flags = (uint8_t)((s->flags & ~SEG_RETRANS) | SEG_LOST);
		t->lost_bytes += s->bytes;
	}
}

void tcp_segs_unmark_lost(struct tcp *t)
{
	for (uint32_t i = 0; i < t->segs->count; i++)
		tcp_segs_at(t->segs, i)->flags &= (uint8_t)~SEG_LOST;
	t->lost_bytes = 0;
}

/* A record, or the part of it that `bytes` says, reached the peer. */
static void delivered(struct tcp *t, const struct tcp_seg *s, uint32_t bytes, bool sacked,
		      struct tcp_acked *a)
{
	berth_time rtt = t->ts->env->now - s->sent;

	a->delivered += bytes;
	if (s->flags & SEG_EVER) {
		a->retransmitted = true;
	} else if (sacked) {
		/* Of those SACKed at once the last: an ACK that was lost may have told of the
		 * others. */
		if (a->sack_rtt < 0 || rtt < a->sack_rtt)
			a->sack_rtt = rtt;
	} else if (a->rtt < 0) {
		a->rtt = rtt;
	}
	tcp_rack_delivered(t, s, s->seq + bytes, a);
}

void tcp_segs_acked(struct tcp *t, uint32_t ack, struct tcp_acked *a)
{
	struct tcp_segs *q = t->segs;

	while (q->count) {
		struct tcp_seg *s = tcp_segs_at(q, 0);
		bool whole = seq_le(seg_end(s), ack);
		uint32_t bytes = whole ? s->bytes : ack - s->seq;

		if (bytes == 0)
			break;
		if (s->flags & SEG_SACKED) {
			t->sacked_bytes -= bytes;
			a->retransmitted |= (s->flags & SEG_EVER) != 0;
		} else {
			if (s->flags & SEG_LOST)
				t->lost_bytes -= bytes;
			delivered(t, s, bytes, false, a);
		}
		if (!whole) {
			s->seq += bytes;
			s->bytes -= bytes;
			break;
		}
		q->first = (q->first + 1) & (q->capacity - 1);
		q->count--;
	}
}

/* Marks what lies in [start, end) as SACKED. */
static void mark_sacked(struct tcp *t, uint32_t start, uint32_t end, struct tcp_acked *a)
{
	struct tcp_segs *q = t->segs;
	uint32_t i = find(q, start);

	while (i < q->count) {
		struct tcp_seg *s = tcp_segs_at(q, i);

		if (seq_ge(s->seq, end))
			return;
		if (s->flags & SEG_SACKED) {
			i++;
			continue;
		}
		if (seq_lt(s->seq, start)) {
			if (!tcp_segs_cut(t, s, start))
				return;
			i++;
			continue;
		}
		if (seq_gt(seg_end(s), end)) {
			s = tcp_segs_cut(t, s, end);
			if (!s)
				return;
		}
		if (s->flags & SEG_LOST)
			t->lost_bytes -= s->bytes;
		/* RFC 8985 §6.2 step 3: an original below what had been acknowledged was overtaken.
		 */
		if (seq_lt(seg_end(s), t->rack_fack) && !(s->flags & SEG_EVER))
			tcp_rack_reordered(t);
		s->flags = (uint8_t)((s->flags & ~(SEG_LOST | SEG_RETRANS)) | SEG_SACKED);
		t->sacked_bytes += s->bytes;
		a->new_sack = true;
		delivered(t, s, s->bytes, true, a);
		if (seq_gt(seg_end(s), t->rack_fack))
			t->rack_fack = seg_end(s);
		i++;
	}
}

/* A block whose bytes we already knew to be there: the peer got them twice (RFC 2883). */
static bool is_dsack(const struct tcp_header *h)
{
	const struct tcp_sack_block *b = &h->options.sacks[0];

	if (seq_lt(b->start, h->ack))
		return true;
	return h->options.sack_count > 1 && seq_ge(b->start, h->options.sacks[1].start) &&
	       seq_le(b->end, h->options.sacks[1].end);
}

static void on_dsack(struct tcp *t, const struct tcp_sack_block *b, struct tcp_acked *a)
{
	uint32_t bytes = b->end - b->start;

	/* Only about what we may have sent: at most a window ago. */
	if (seq_gt(b->end, t->snd_nxt) || seq_lt(b->start, t->snd_una - t->snd_wnd_max - 1) ||
	    bytes > t->snd_wnd_max + 1)
		return;
	a->dsack = true;
	a->dsacked = bytes;
	t->dsack_dups++;
	if (t->undo_possible && t->segs->undo_retrans > 0 && seq_ge(b->start, t->segs->undo_seq))
		t->segs->undo_retrans = t->segs->undo_retrans > (int32_t)bytes
						? t->segs->undo_retrans - (int32_t)bytes
						: 0;
	tcp_rack_dsack(t);
}

/* Enters one block, less what the previous SACK already said. */
static void enter_block(struct tcp *t, struct tcp_range b, struct tcp_acked *a)
{
	for (unsigned i = 0; i < TCP_SACKS_MAX; i++) {
		const struct tcp_range *seen = &t->segs->seen[i];

		if (seen->start == seen->end || seq_lt(seen->start, b.start) ||
		    seq_gt(seen->end, b.end))
			continue;
		if (seq_lt(b.start, seen->start))
			mark_sacked(t, b.start, seen->start, a);
		b.start = seen->end;
		if (seq_ge(b.start, b.end))
			return;
		break;
	}
	/* Cumulative acknowledgment may have passed what was remembered. */
	if (seq_lt(b.start, t->snd_una))
		b.start = t->snd_una;
	if (seq_lt(b.start, b.end))
		mark_sacked(t, b.start, b.end, a);
}

void tcp_sack_input(struct tcp *t, const struct tcp_header *h, struct tcp_acked *a)
{
	struct tcp_range valid[TCP_SACKS_MAX] = {{0, 0}};
	unsigned count = 0;

	if (!t->agreed.sack || h->options.sack_count == 0)
		return;
	for (unsigned i = 0; i < h->options.sack_count && i < TCP_SACKS_MAX; i++) {
		const struct tcp_sack_block *b = &h->options.sacks[i];

		if (seq_ge(b->start, b->end))
			continue;
		if (i == 0 && is_dsack(h)) {
			on_dsack(t, b, a);
			continue;
		}
		if (t->segs->count == 0 || seq_lt(b->start, t->snd_una) ||
		    seq_lt(b->start, h->ack) || seq_gt(b->end, t->snd_nxt))
			continue;
		valid[count++] = (struct tcp_range){b->start, b->end};
	}
	for (unsigned i = 0; i < count; i++)
		enter_block(t, valid[i], a);
	if (t->segs->count)
		memcpy(t->segs->seen, valid, sizeof(valid));
}

void tcp_segs_check(const struct tcp *t)
{
	uint32_t at = t->snd_una;
	uint32_t sacked = 0;
	uint32_t lost = 0;

	for (uint32_t i = 0; i < t->segs->count; i++) {
		const struct tcp_seg *s = tcp_segs_at(t->segs, i);

		INVARIANT(s->seq == at);
		INVARIANT(s->bytes > 0);
		INVARIANT((s->flags & (SEG_SACKED | SEG_LOST)) != (SEG_SACKED | SEG_LOST));
		at += s->bytes;
		sacked += s->flags & SEG_SACKED ? s->bytes : 0;
		lost += s->flags & SEG_LOST ? s->bytes : 0;
	}
	INVARIANT(at == t->snd_nxt);
	INVARIANT(sacked == t->sacked_bytes || !t->agreed.sack);
	INVARIANT(lost == t->lost_bytes);
}
