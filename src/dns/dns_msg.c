/* SPDX-License-Identifier: MIT */
/*
 * The DNS message codec.
 *
 * Reading: base/bytes.h's reader bounds everything. A compressed name is followed through pointers
 * that must each point before the place where the name, or the piece after the last pointer, began
 * (so there are no loops), and the whole must fit into DNS_NAME_BYTES (so there is no
 * amplification).
 *
 * Writing: the writer remembers where the suffixes of the names it wrote begin and points back to
 * the longest it finds again (RFC 1035 §4.1.4). It compares case-sensitively, so that a question
 * comes back in the case in which it was asked. A record that does not fit is rolled back.
 *
 * Left out: compression inside record data but for records that are one name.
 */
#include "dns/dns_msg.h"

#include <string.h>

#include "base/check.h"

#define POINTER_MAX 0x3fffu
#define FLAG_QR 0x8000u
#define FLAG_AA 0x0400u
#define FLAG_TC 0x0200u
#define FLAG_RD 0x0100u
#define FLAG_RA 0x0080u

bool dns_parse(struct dns_parser *p, const void *msg, size_t bytes, struct dns_header *out)
{
	*p = (struct dns_parser){msg, bytes, reader_of(msg, bytes)};

	uint16_t id = read_be16(&p->r);
	uint16_t flags = read_be16(&p->r);

	*out = (struct dns_header){
		.id = id,
		.response = flags & FLAG_QR,
		.authoritative = flags & FLAG_AA,
		.truncated = flags & FLAG_TC,
		.recursion_desired = flags & FLAG_RD,
		.recursion_available = flags & FLAG_RA,
		.opcode = flags >> 11 & 0xf,
		.rcode = flags & 0xf,
	};
	out->questions = read_be16(&p->r);
	out->answers = read_be16(&p->r);
	out->authorities = read_be16(&p->r);
	out->additionals = read_be16(&p->r);
	return p->r.ok;
}

bool dns_read_name_at(const struct dns_parser *p, const uint8_t *at, struct dns_name *out,
		      const uint8_t **out_end)
{
	const uint8_t *end = p->msg + p->bytes;
	const uint8_t *piece = at;
	struct reader r = reader_of(at, (size_t)(end - at));
	const uint8_t *after = NULL;

	ASSERT(at >= p->msg && at <= end);
	dns_name_init(out);
	for (;;) {
		uint8_t length = read_u8(&r);

		if (!r.ok)
			return false;
		if (length == 0)
			break;
		if (length >> 6 == 3) {
			size_t offset = (size_t)(length & 0x3f) << 8 | read_u8(&r);

			/* Strictly backwards: no loops. */
			if (!r.ok || offset >= (size_t)(piece - p->msg))
				return false;
			if (!after)
				after = r.at;
			piece = p->msg + offset;
			r = reader_of(piece, (size_t)(end - piece));
			continue;
		}
		const uint8_t *label = read_bytes(&r, length);

		/* 01 and 10 are reserved (RFC 1035 §4.1.4): longer than a label can be. */
		if (!label || !dns_name_add_label(out, label, length))
			return false;
	}
	if (out_end)
		*out_end = after ? after : r.at;
	return true;
}

static bool read_name(struct dns_parser *p, struct dns_name *out)
{
	const uint8_t *end;

	if (!p->r.ok || !dns_read_name_at(p, p->r.at, out, &end)) {
		p->r.ok = false;
		return false;
	}
	p->r.at = end;
	return true;
}

bool dns_parse_question(struct dns_parser *p, struct dns_question *out)
{
	if (!read_name(p, &out->name))
		return false;
	out->type = read_be16(&p->r);
	out->class = read_be16(&p->r);
	return p->r.ok;
}

bool dns_parse_record(struct dns_parser *p, struct dns_record *out)
{
	if (!read_name(p, &out->name))
		return false;
	out->type = read_be16(&p->r);
	out->class = read_be16(&p->r);
	out->ttl_s = read_be32(&p->r);
	out->data_bytes = read_be16(&p->r);
	out->data = read_bytes(&p->r, out->data_bytes);
	return p->r.ok;
}

void dns_write_start(struct dns_writer *w, void *buf, size_t max)
{
	ASSERT(max >= DNS_HEADER_BYTES);
	*w = (struct dns_writer){
		.buf = buf,
		.max = max < DNS_MSG_BYTES ? max : DNS_MSG_BYTES,
		.bytes = DNS_HEADER_BYTES,
	};
}

static void put(struct dns_writer *w, const void *data, size_t bytes)
{
	if (w->full || bytes > w->max - w->bytes) {
		w->full = true;
		return;
	}
	if (bytes > 0)
		memcpy(w->buf + w->bytes, data, bytes);
	w->bytes += bytes;
}

static void put16(struct dns_writer *w, uint16_t value)
{
	uint8_t be[2];

	store_be16(be, value);
	put(w, be, sizeof(be));
}

static void put32(struct dns_writer *w, uint32_t value)
{
	uint8_t be[4];

	store_be32(be, value);
	put(w, be, sizeof(be));
}

/* Whether the name written at `offset` is `suffix`. It was written by us: pointers go back. */
static bool name_is_at(const struct dns_writer *w, size_t offset, const uint8_t *suffix)
{
	for (;;) {
		uint8_t length = w->buf[offset];

		if (length >> 6 == 3) {
			offset = load_be16(w->buf + offset) & POINTER_MAX;
			continue;
		}
		/* First the length alone: a shorter label may be the end of its name's memory. */
		if (suffix[0] != length || memcmp(w->buf + offset + 1, suffix + 1, length) != 0)
			return false;
		if (length == 0)
			return true;
		offset += length + 1u;
		suffix += length + 1u;
	}
}

/* Where `suffix` stands already; 0: nowhere. */
static uint16_t find_suffix(const struct dns_writer *w, const uint8_t *suffix)
{
	for (unsigned i = 0; i < w->name_count; i++) {
		if (name_is_at(w, w->names[i], suffix))
			return w->names[i];
	}
	return 0;
}

static void put_name(struct dns_writer *w, const struct dns_name *n)
{
	const uint8_t *at = n->wire;
	uint16_t starts[DNS_WRITER_NAMES];
	unsigned count = 0;

	for (; *at != 0; at += *at + 1u) {
		uint16_t known = w->full ? 0 : find_suffix(w, at);

		if (known) {
			put16(w, (uint16_t)(0xc000u | known));
			break;
		}
		if (count < DNS_WRITER_NAMES && w->bytes <= POINTER_MAX)
			starts[count++] = (uint16_t)w->bytes;
		put(w, at, *at + 1u);
	}
	if (*at == 0)
		put(w, at, 1);
	/* Only now: while a name is incomplete its own suffixes can't be compared with it. */
	for (unsigned i = 0; i < count && !w->full && w->name_count < DNS_WRITER_NAMES; i++)
		w->names[w->name_count++] = starts[i];
}

/* Ends a question or record that began in state `before`: counts it, or takes it all back. */
static void finish(struct dns_writer *w, const struct dns_writer *before, enum dns_section section)
{
	if (w->full) {
		w->bytes = before->bytes;
		w->name_count = before->name_count;
		return;
	}
	w->counts[section]++;
}

void dns_write_question(struct dns_writer *w, const struct dns_question *q)
{
	struct dns_writer before = *w;

	put_name(w, &q->name);
	put16(w, q->type);
	put16(w, q->class);
	finish(w, &before, DNS_QUESTION);
}

static void put_record_head(struct dns_writer *w, const struct dns_name *name, uint16_t type,
			    uint16_t class, uint32_t ttl_s)
{
	put_name(w, name);
	put16(w, type);
	put16(w, class);
	put32(w, ttl_s);
}

void dns_write_record(struct dns_writer *w, enum dns_section section, const struct dns_name *name,
		      uint16_t type, uint16_t class, uint32_t ttl_s, const void *data,
		      size_t data_bytes)
{
	struct dns_writer before = *w;

	ASSERT(data_bytes <= UINT16_MAX);
	put_record_head(w, name, type, class, ttl_s);
	put16(w, (uint16_t)data_bytes);
	put(w, data, data_bytes);
	finish(w, &before, section);
}

void dns_write_name_record(struct dns_writer *w, enum dns_section section,
			   const struct dns_name *name, uint16_t type, uint32_t ttl_s,
			   const struct dns_name *target)
{
	struct dns_writer before = *w;

	put_record_head(w, name, type, DNS_IN, ttl_s);

	size_t length_at = w->bytes;

	put16(w, 0);
	put_name(w, target);
	if (!w->full)
		store_be16(w->buf + length_at, (uint16_t)(w->bytes - length_at - 2));
	finish(w, &before, section);
}

void dns_write_opt(struct dns_writer *w, uint16_t udp_bytes, uint16_t rcode)
{
	struct dns_name root;

	dns_name_init(&root);
	dns_write_record(w, DNS_ADDITIONAL, &root, DNS_OPT, udp_bytes, (uint32_t)(rcode >> 4) << 24,
			 NULL, 0);
}

size_t dns_write_end(struct dns_writer *w, const struct dns_header *h)
{
	unsigned flags = (h->response ? FLAG_QR : 0) | (h->authoritative ? FLAG_AA : 0) |
			 (h->truncated || w->full ? FLAG_TC : 0) |
			 (h->recursion_desired ? FLAG_RD : 0) |
			 (h->recursion_available ? FLAG_RA : 0) | (h->opcode & 0xfu) << 11 |
			 (h->rcode & 0xfu);

	store_be16(w->buf, h->id);
	store_be16(w->buf + 2, (uint16_t)flags);
	for (unsigned i = 0; i < 4; i++)
		store_be16(w->buf + 4 + 2 * (size_t)i, w->counts[i]);
	return w->bytes;
}
