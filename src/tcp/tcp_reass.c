/* SPDX-License-Identifier: MIT */
/*
 * Data that came out of order: an ascending array of runs with gaps between, each a queue of views.
 * A new segment lengthens the run before it, or begins one; when it closes a gap two runs become
 * one. The first bytes to arrive for a sequence number are kept, whatever comes later. The packets
 * themselves are given back at once; only their payload is held.
 *
 * The blocks to report (RFC 2018 §4) are runs: the one that changed last comes first, others follow
 * in the order in which they were reported first.
 *
 * Bounds: what the window lets in, RUNS_MAX runs, and the stack's bytes_max. Past them the new
 * segment is dropped: it was not acknowledged, so the peer sends it again.
 */
#include "tcp/tcp_reass.h"

#include "pkt/block.h"
#include "tcp/tcp_pcb.h"

#define RUNS_MAX 1024u

/* What connections have whose data comes in order: nobody writes to it. */
static const struct tcp_reass none;

void tcp_reass_init(struct tcp *t)
{
	t->reass = (struct tcp_reass *)(uintptr_t)&none;
}

/* The connection's own, to be written to. NULL: no memory. */
static struct tcp_reass *own(struct tcp *t)
{
	if (t->reass == &none) {
		struct tcp_reass *r = block_new(t->ts->env->pool, sizeof(*r));

		if (!r)
			return NULL;
		*r = none;
		t->reass = r;
	}
	return t->reass;
}

void tcp_reass_settle(struct tcp *t)
{
	const struct tcp_reass *r = t->reass;

	if (r != &none && r->count == 0 && !r->fin && r->sacks_count == 0 && !r->dsack_pending)
		tcp_reass_free(t);
}

void tcp_report_duplicate(struct tcp *t, uint32_t seq, uint32_t end)
{
	if (!t->agreed.sack || !t->ts->env->knobs.tcp_dsack || seq == end)
		return;
	struct tcp_reass *r = own(t);

	if (!r)
		return; /* a report is a service, no duty */
	r->dsack = (struct tcp_range){seq, end};
	r->dsack_pending = true;
}

/* The run [start, end) changed: it is reported first. Blocks inside it are no longer needed. */
static void report(struct tcp *t, const struct tcp_range *r)
{
	uint8_t n = 0;
	struct tcp_range kept[TCP_SACKS_MAX];

	for (uint8_t i = 0; i < t->reass->sacks_count; i++) {
		bool inside = seq_ge(t->reass->sacks[i].start, r->start) &&
			      seq_le(t->reass->sacks[i].end, r->end);

		if (!inside && n < TCP_SACKS_MAX - 1)
			kept[n++] = t->reass->sacks[i];
	}
	t->reass->sacks[0] = *r;
	for (uint8_t i = 0; i < n; i++)
		t->reass->sacks[i + 1] = kept[i];
	t->reass->sacks_count = (uint8_t)(n + 1);
}

/* Blocks that rcv_nxt has passed are acknowledged, not SACKed. */
static void forget_reported(struct tcp *t)
{
	uint8_t n = 0;

	for (uint8_t i = 0; i < t->reass->sacks_count; i++) {
		if (seq_gt(t->reass->sacks[i].start, t->rcv_nxt))
			t->reass->sacks[n++] = t->reass->sacks[i];
	}
	t->reass->sacks_count = n;
}

static void free_runs(const struct tcp *t, const struct tcp_reass *r)
{
	block_free(t->ts->env->pool, r->runs, r->capacity * sizeof(*r->runs));
}

/* An empty run before index `i`. NULL: no memory, or too many. */
static struct tcp_run *insert(struct tcp *t, uint32_t i, uint32_t seq)
{
	struct tcp_reass *r = t->reass;

	if (r->count == r->capacity) {
		uint32_t capacity = r->capacity ? r->capacity * 2 : 4;

		if (r->count >= RUNS_MAX)
			return NULL;
		struct tcp_run *runs = block_new(t->ts->env->pool, capacity * sizeof(*runs));

		if (!runs)
			return NULL;
		for (uint32_t k = 0; k < r->count; k++)
			runs[k] = r->runs[k];
		free_runs(t, r);
		r->runs = runs;
		r->capacity = capacity;
	}
	for (uint32_t k = r->count; k > i; k--)
		r->runs[k] = r->runs[k - 1];
	r->count++;
	r->runs[i].range = (struct tcp_range){seq, seq};
	viewq_init(&r->runs[i].bytes, 0);
	return &r->runs[i];
}

static void delete (struct tcp *t, uint32_t i)
{
	struct tcp_reass *r = t->reass;

	viewq_clear(&r->runs[i].bytes, t->ts->env);
	for (uint32_t k = i; k + 1 < r->count; k++)
		r->runs[k] = r->runs[k + 1];
	r->count--;
}

/* The first run that ends at or after `seq`; count if none. */
static uint32_t find(const struct tcp_reass *r, uint32_t seq)
{
	uint32_t low = 0;
	uint32_t high = r->count;

	/* Most segments come after everything else. */
	if (r->count && seq_lt(r->runs[r->count - 1].range.end, seq))
		return r->count;
	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (seq_lt(r->runs[middle].range.end, seq))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Appends the payload bytes [from, from + bytes) of `p` to a run. */
static bool append(struct tcp *t, struct tcp_run *run, const struct berth_packet *p, uint32_t from,
		   uint32_t bytes)
{
	struct env *env = t->ts->env;
	int error;

	if (from + bytes == p->payload_bytes) {
		error = viewq_append_packet(&run->bytes, env, p, from);
	} else {
		struct berth_packet *part = packet_new(env->pool);

		if (!part)
			return false;
		error = packet_append_from(part, p, from, bytes);
		if (error == 0)
			error = viewq_append_packet(&run->bytes, env, part, 0);
		packet_free(part);
	}
	if (error)
		return false;
	run->range.end += bytes;
	t->reass->bytes += bytes;
	tcp_hold(t, bytes);
	return true;
}

void tcp_reass_add(struct tcp *t, const struct berth_packet *p, uint32_t seq, uint32_t end)
{
	struct tcp_reass *r = own(t);
	uint32_t first = seq;
	uint32_t at = seq;

	if (!r) {
		drop(t->ts->env, DROP_NO_MEMORY);
		return;
	}
	uint32_t i = find(r, seq);

	while (seq_lt(at, end)) {
		struct tcp_run *run = i < r->count ? &r->runs[i] : NULL;

		if (run && seq_le(run->range.start, at)) {
			/* It begins in, or right after, this run. */
			if (seq_lt(at, run->range.end)) {
				uint32_t to = seq_min(end, run->range.end);

				tcp_report_duplicate(t, at, to);
				at = to;
				if (at == end)
					break;
			}
		} else {
			run = insert(t, i, at);
			if (!run) {
				drop(t->ts->env, DROP_TCP_REASS);
				tcp_reass_settle(t);
				return;
			}
		}
		/* Up to the next run, or the end. */
		bool follows = i + 1 < r->count;
		uint32_t to = follows ? seq_min(end, r->runs[i + 1].range.start) : end;

		if (seq_lt(at, to) && !append(t, run, p, at - first, to - at)) {
			if (run->range.start == run->range.end)
				delete (t, i);
			drop(t->ts->env, DROP_NO_MEMORY);
			tcp_reass_settle(t);
			return;
		}
		at = seq_max(at, to);
		if (follows && r->runs[i + 1].range.start == run->range.end) {
			struct tcp_run *next = &r->runs[i + 1];
			uint32_t next_end = next->range.end;

			if (viewq_move(&run->bytes, t->ts->env, &next->bytes) < 0)
				break; /* two runs side by side are as good, but for room */
			run->range.end = next_end;
			delete (t, i + 1);
		} else if (seq_lt(at, end)) {
			i++;
		}
	}
	i = find(r, seq);
	if (i < r->count && r->runs[i].range.end == seq && i + 1 < r->count)
		i++;
	if (i < r->count && t->agreed.sack)
		report(t, &r->runs[i].range);
}

void tcp_reass_fin(struct tcp *t, uint32_t seq)
{
	struct tcp_reass *r = own(t);

	if (!r)
		return; /* it was not acknowledged: it will come again */
	r->fin = true;
	r->fin_seq = seq;
}

bool tcp_reass_pull(struct tcp *t, bool *out_fin)
{
	struct tcp_reass *r = t->reass;
	bool moved = false;

	*out_fin = false;
	while (r->count && seq_le(r->runs[0].range.start, t->rcv_nxt)) {
		struct tcp_run *run = &r->runs[0];
		uint32_t bytes = run->range.end - run->range.start;
		uint32_t known = t->rcv_nxt - run->range.start;

		if (known > bytes)
			known = bytes;
		viewq_consume(&run->bytes, t->ts->env, known);
		if (known)
			tcp_report_duplicate(t, run->range.start, run->range.start + known);
		r->bytes -= known;
		tcp_unhold(t, known);
		run->range.start += known;
		if (viewq_move(&t->rcvq, t->ts->env, &run->bytes) < 0)
			break; /* later, with the next segment */
		r->bytes -= bytes - known;
		t->rcv_nxt += bytes - known;
		delete (t, 0);
		moved = true;
	}
	if (r->count == 0 && r->runs) {
		free_runs(t, r);
		r->runs = NULL;
		r->capacity = 0;
	}
	if (r->fin && seq_le(r->fin_seq, t->rcv_nxt)) {
		r->fin = false;
		*out_fin = r->fin_seq == t->rcv_nxt;
	}
	forget_reported(t);
	tcp_reass_settle(t);
	return moved;
}

void tcp_reass_free(struct tcp *t)
{
	struct tcp_reass *r = t->reass;

	tcp_unhold(t, r->bytes);
	for (uint32_t i = 0; i < r->count; i++)
		viewq_clear(&r->runs[i].bytes, t->ts->env);
	if (r == &none)
		return;
	free_runs(t, r);
	block_free(t->ts->env->pool, r, sizeof(*r));
	tcp_reass_init(t);
}

void tcp_reass_check(const struct tcp *t)
{
	uint32_t bytes = 0;

	for (uint32_t i = 0; i < t->reass->count; i++) {
		const struct tcp_run *run = &t->reass->runs[i];

		INVARIANT(seq_lt(run->range.start, run->range.end));
		INVARIANT(viewq_bytes(&run->bytes) == run->range.end - run->range.start);
		INVARIANT(i == 0 || seq_le(run[-1].range.end, run->range.start));
		bytes += run->range.end - run->range.start;
	}
	INVARIANT(bytes == t->reass->bytes);
}
