/* SPDX-License-Identifier: MIT */
/*
 * Reassembly of fragments (RFC 791 §3.2, RFC 815, RFC 1122 §3.3.2, RFC 8200 §4.5). frag4.c and
 * frag6.c read and write the headers.
 *
 * Pieces of a datagram are kept in order of their offset, sharing the payload they came with. A
 * datagram is whole when its pieces' bytes add up to what the last one says, since pieces never
 * overlap: a piece that does condemns the datagram (RFC 5722; overlaps have no honest
 * use), which then swallows whatever else comes for it until its time is over. A piece that is
 * contained in another is a duplicate, and ignored, as on Linux.
 *
 * Bounds: limits.frag_datagrams_max datagrams and limits.frag_bytes_max bytes of memory, packets'
 * own included, and FRAG_PIECES_MAX pieces each; the oldest datagram gives way. All of one version
 * live equally long, so that one timer for the oldest is enough. The table is hashed with the
 * stack's key.
 *
 * Ownership: a datagram owns its pieces, the packets in them too.
 */
#include "net/frag.h"

#include <string.h>

#include "pkt/block.h"
#include "wire/icmp6_header.h"
#include "wire/icmp_header.h"

#define FRAG_TIME_NS (30 * BERTH_SEC)  /* Linux: net.ipv4.ipfrag_time */
#define FRAG6_TIME_NS (60 * BERTH_SEC) /* RFC 8200 §4.5 */
#define FRAG_PIECES_MAX 2048u	       /* 65,535 bytes at the smallest MTU are 1,365 */
#define ECN_CE 0x3u

struct piece {
	struct list link;	     /* in its datagram's list, by offset */
	struct berth_packet *packet; /* without its headers, but for the first */
	uint32_t offset, end;	     /* bytes of the datagram's payload, end exclusive */
};

struct datagram {
	struct table_node node; /* by key */
	struct list link;	/* in its age's list, oldest first */
	struct age *age;
	struct frag_key key;
	berth_time deadline;
	struct list pieces;
	uint32_t piece_count;
	uint32_t have;		   /* bytes in pieces */
	uint32_t total;		   /* bytes there are to be; 0: not known yet */
	size_t first_header_bytes; /* in front of the first piece's bytes */
	uint32_t cost;		   /* memory charged to frags */
	uint8_t ecn_seen;	   /* 1 << each code point that was seen */
	bool condemned;		   /* overlapping or contradictory: nothing comes of it */
};

/* The datagrams of one version. */
struct age {
	struct frags *fs;
	berth_time time_ns; /* that a datagram may take */
	struct list list;   /* struct datagram.link, oldest first */
	struct timer timer; /* deadline of the oldest */
};

struct frags {
	struct net *net;
	struct table table;
	struct age ages[2]; /* [0]: IPv4 */
	uint64_t cost;	    /* of all datagrams, <= limits.frag_bytes_max */
};

static void on_timer(struct timer *t);

struct frags *frags_new(struct net *net)
{
	struct env *env = net->env;
	struct frags *fs = env_calloc(env, 1, sizeof(*fs));

	if (!fs)
		return NULL;
	fs->net = net;
	for (size_t i = 0; i < ARRAY_LEN(fs->ages); i++) {
		fs->ages[i].fs = fs;
		fs->ages[i].time_ns = i == 0 ? FRAG_TIME_NS : FRAG6_TIME_NS;
		list_init(&fs->ages[i].list);
		timer_init(&fs->ages[i].timer, on_timer);
	}
	if (timers_reserve(env, 2)) {
		env_free(env, fs);
		return NULL;
	}
	if (table_init(&fs->table, env, 4)) {
		timers_release(env, 2);
		env_free(env, fs);
		return NULL;
	}
	return fs;
}

static void pieces_free(struct frags *fs, struct datagram *d)
{
	while (!list_empty(&d->pieces)) {
		struct piece *at = list_first(&d->pieces, struct piece, link);

		packet_free(at->packet);
		list_del(&at->link);
		block_free(fs->net->env->pool, at, sizeof(*at));
	}
	fs->cost -= d->cost;
	d->cost = 0;
	d->have = 0;
	d->piece_count = 0;
}

static void datagram_free(struct frags *fs, struct datagram *d)
{
	pieces_free(fs, d);
	table_del(&fs->table, &d->node);
	list_del(&d->link);
	block_free(fs->net->env->pool, d, sizeof(*d));
}

void frags_free(struct frags *fs)
{
	if (!fs)
		return;
	for (size_t i = 0; i < ARRAY_LEN(fs->ages); i++) {
		struct age *age = &fs->ages[i];

		while (!list_empty(&age->list))
			datagram_free(fs, list_first(&age->list, struct datagram, link));
		timer_disarm(fs->net->env, &age->timer);
	}
	timers_release(fs->net->env, 2);
	table_fini(&fs->table, fs->net->env);
	env_free(fs->net->env, fs);
}

/* RFC 1122 §3.3.2, RFC 8200 §4.5: who sent it is told, if the first fragment is there to quote. */
static void tell_timeout(struct frags *fs, struct datagram *d)
{
	struct piece *first = list_first(&d->pieces, struct piece, link);
	struct ip4_header h;
	struct ip6_header h6;

	if (list_empty(&d->pieces) || first->offset != 0)
		return;
	struct reader r = reader_of(packet_head(first->packet), first->packet->head_len);

	if (!ipaddr_is4(&d->key.src) && ip6_parse(&r, &h6))
		icmp6_error_about(fs->net, first->packet, &h6, ICMP6_TIME_EXCEEDED,
				  ICMP6_TIME_EXCEEDED_REASSEMBLY, 0);
	else if (ipaddr_is4(&d->key.src) && ip4_parse(&r, &h))
		icmp4_error_about(fs->net, first->packet, &h, ICMP4_TIME_EXCEEDED,
				  ICMP4_TIME_EXCEEDED_REASSEMBLY, 0);
}

static void on_timer(struct timer *t)
{
	struct age *age = container_of(t, struct age, timer);
	struct frags *fs = age->fs;
	struct env *env = fs->net->env;

	while (!list_empty(&age->list)) {
		struct datagram *d = list_first(&age->list, struct datagram, link);

		if (d->deadline > env->now) {
			timer_arm(env, &age->timer, d->deadline);
			return;
		}
		if (!d->condemned) {
			drop(env, DROP_FRAG_TIMEOUT);
			tell_timeout(fs, d);
		}
		datagram_free(fs, d);
	}
}

static berth_time age_of(const struct datagram *d)
{
	return d->deadline - d->age->time_ns;
}

/* The datagram that has been there longest; NULL: none. */
static struct datagram *oldest_of(struct frags *fs)
{
	struct datagram *oldest = NULL;

	for (size_t i = 0; i < ARRAY_LEN(fs->ages); i++) {
		struct datagram *d = list_first(&fs->ages[i].list, struct datagram, link);

		if (!list_empty(&fs->ages[i].list) && (!oldest || age_of(d) < age_of(oldest)))
			oldest = d;
	}
	return oldest;
}

static void evict(struct frags *fs, struct datagram *d)
{
	drop(fs->net->env, DROP_FRAG_LIMIT);
	datagram_free(fs, d);
}

static struct datagram *datagram_find(struct frags *fs, const struct frag_key *key, uint32_t hash)
{
	struct table_node *at;

	for (at = table_chain(&fs->table, hash); at; at = at->next) {
		struct datagram *d = container_of(at, struct datagram, node);

		if (at->hash == hash && memcmp(&d->key, key, sizeof(*key)) == 0)
			return d;
	}
	return NULL;
}

static struct datagram *datagram_get(struct frags *fs, const struct frag_key *key)
{
	struct env *env = fs->net->env;
	struct age *age = &fs->ages[ipaddr_is4(&key->src) ? 0 : 1];
	uint32_t hash = env_hash(env, key, sizeof(*key));
	struct datagram *d = datagram_find(fs, key, hash);

	if (d)
		return d;
	if (fs->table.count >= env->limits.frag_datagrams_max)
		evict(fs, oldest_of(fs));
	d = block_new(env->pool, sizeof(*d));
	if (!d)
		return NULL;
	*d = (struct datagram){.key = *key, .age = age, .deadline = env->now + age->time_ns};
	list_init(&d->pieces);
	table_add(&fs->table, env, &d->node, hash);
	list_add_tail(&age->list, &d->link);
	if (!timer_armed(&age->timer))
		timer_arm(env, &age->timer, d->deadline);
	return d;
}

/* What holding a packet costs: the chunks that it pins may be shared, its own struct is not. */
static uint32_t cost_of(const struct berth_packet *p)
{
	return (uint32_t)(packet_bytes(p) + sizeof(*p) + sizeof(struct piece));
}

enum fit { FIT_OK, FIT_DUPLICATE, FIT_OVERLAP, FIT_CONTRADICTION };

/* Where a piece goes: behind *out_prev, a link of d's list. Most come in order. */
static enum fit find_place(struct datagram *d, const struct piece *new, bool last,
			   struct list **out_prev)
{
	struct list *prev = d->pieces.prev;

	if (d->total && (new->end > d->total || (last && new->end != d->total)))
		return FIT_CONTRADICTION;
	if (last && prev != &d->pieces && list_entry(prev, struct piece, link)->end > new->end)
		return FIT_CONTRADICTION;
	while (prev != &d->pieces && list_entry(prev, struct piece, link)->offset > new->offset)
		prev = prev->prev;
	if (prev != &d->pieces) {
		const struct piece *before = list_entry(prev, struct piece, link);

		if (new->end <= before->end)
			return FIT_DUPLICATE;
		if (new->offset < before->end)
			return FIT_OVERLAP;
	}
	if (prev->next != &d->pieces &&
	    list_entry(prev->next, struct piece, link)->offset < new->end)
		return FIT_OVERLAP;
	*out_prev = prev;
	return FIT_OK;
}

static void condemn(struct frags *fs, struct datagram *d)
{
	pieces_free(fs, d);
	d->condemned = true;
}

/* Puts a piece where it belongs. False: it was not taken, and is still the caller's. */
static bool add_piece(struct frags *fs, struct datagram *d, struct piece *new, bool last)
{
	struct env *env = fs->net->env;
	struct list *prev;

	if (d->condemned) {
		drop(env, DROP_FRAG_OVERLAP);
		return false;
	}
	switch (find_place(d, new, last, &prev)) {
	case FIT_OK:
		break;
	case FIT_DUPLICATE:
		drop(env, DROP_FRAG_DUPLICATE);
		return false;
	case FIT_OVERLAP:
		drop(env, DROP_FRAG_OVERLAP);
		condemn(fs, d);
		return false;
	case FIT_CONTRADICTION:
		drop(env, DROP_FRAG_MALFORMED);
		condemn(fs, d);
		return false;
	}
	if (d->piece_count >= FRAG_PIECES_MAX) {
		drop(env, DROP_FRAG_LIMIT);
		condemn(fs, d);
		return false;
	}
	list_insert_between(&new->link, prev, prev->next);
	d->piece_count++;
	d->have += new->end - new->offset;
	if (last)
		d->total = new->end;
	d->cost += cost_of(new->packet);
	fs->cost += cost_of(new->packet);
	return true;
}

/* Appends the bytes of `from` to `p`, copied. */
static int append_flat(struct berth_packet *p, const struct berth_packet *from)
{
	uint8_t buf[2048];
	size_t at = 0;
	size_t n;

	while ((n = packet_copy_out(from, at, buf, sizeof(buf))) > 0) {
		int err = packet_append_copy(p, buf, n);

		if (err)
			return err;
		at += n;
	}
	return 0;
}

static int append_shared(struct berth_packet *p, struct berth_packet *from)
{
	int err = 0;

	if (from->head_len)
		err = packet_append_copy(p, packet_head(from), from->head_len);
	return err ? err : packet_append_from(p, from, 0, from->payload_bytes);
}

/* Whether all pieces fit one packet as they are; else they have to be copied together. */
static bool can_share(const struct datagram *d)
{
	unsigned views = 0;
	struct list *l;

	list_for_each (l, &d->pieces) {
		const struct berth_packet *p = list_entry(l, struct piece, link)->packet;

		views += p->view_count + (p->head_len ? 2u : 0u);
	}
	return views <= PACKET_VIEWS_MAX;
}

/* A packet with a new header in front, else as the first fragment; which has none after. NULL: no
 * memory. */
static struct berth_packet *header_of(const struct datagram *d, const uint8_t *header, size_t bytes)
{
	struct berth_packet *first = frag_first(d);
	struct berth_packet *p = packet_new(first->pool);

	if (!p)
		return NULL;
	memcpy(packet_push(p, bytes), header, bytes);
	p->broadcast = first->broadcast;
	p->flags = first->flags;
	p->ifindex = first->ifindex;
	p->time = first->time;
	packet_trim_front(first, d->first_header_bytes);
	return p;
}

bool frag_merge_ecn(const struct datagram *d, uint8_t *tos)
{
	uint8_t unmarked = d->ecn_seen & 1u;

	/* A sender marks all of a datagram or nothing (Linux: ip_frag_ecn_table). */
	if (unmarked && d->ecn_seen != unmarked)
		return false;
	if (d->ecn_seen & (1u << ECN_CE))
		*tos |= ECN_CE;
	return true;
}

static struct berth_packet *join(struct datagram *d, const uint8_t *header, size_t bytes)
{
	bool share = can_share(d);
	struct berth_packet *p = header_of(d, header, bytes);
	struct list *l;

	if (!p)
		return NULL;
	list_for_each (l, &d->pieces) {
		struct berth_packet *from = list_entry(l, struct piece, link)->packet;
		int err = share ? append_shared(p, from) : append_flat(p, from);

		if (err) {
			packet_free(p);
			return NULL;
		}
	}
	return p;
}

struct berth_packet *frag_join(struct frags *fs, struct datagram *d, const uint8_t *header,
			       size_t bytes)
{
	struct berth_packet *p = join(d, header, bytes);

	datagram_free(fs, d);
	if (!p)
		drop(fs->net->env, DROP_NO_MEMORY);
	return p;
}

struct berth_packet *frag_first(const struct datagram *d)
{
	return list_first(&d->pieces, struct piece, link)->packet;
}

uint32_t frag_total(const struct datagram *d)
{
	return d->total;
}

struct net *frags_net(const struct frags *fs)
{
	return fs->net;
}

void frag_refuse(struct frags *fs, struct datagram *d, enum drop reason)
{
	drop(fs->net->env, reason);
	datagram_free(fs, d);
}

static struct piece *piece_new(struct env *env, struct berth_packet *p, const struct fragment *f)
{
	struct piece *new = block_new(env->pool, sizeof(*new));

	if (!new)
		return NULL;
	list_init(&new->link);
	new->packet = p;
	new->offset = f->offset;
	new->end = f->offset + f->bytes;
	return new;
}

struct datagram *frag_add(struct frags *fs, struct berth_packet *p, const struct fragment *f)
{
	struct env *env = fs->net->env;
	struct datagram *d;
	struct piece *new;

	while (fs->cost + cost_of(p) > env->limits.frag_bytes_max && oldest_of(fs))
		evict(fs, oldest_of(fs));
	d = datagram_get(fs, &f->key);
	new = d ? piece_new(env, p, f) : NULL;
	if (!new) {
		drop(env, DROP_NO_MEMORY);
		packet_free(p);
		return NULL;
	}
	if (new->offset > 0)
		packet_trim_front(p, f->header_bytes);
	if (!add_piece(fs, d, new, !f->more)) {
		packet_free(p);
		block_free(env->pool, new, sizeof(*new));
		return NULL;
	}
	if (new->offset == 0)
		d->first_header_bytes = f->header_bytes;
	d->ecn_seen |= (uint8_t)(1u << f->ecn);
	return d->have == d->total ? d : NULL;
}
