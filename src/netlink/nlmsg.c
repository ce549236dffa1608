/* SPDX-License-Identifier: MIT */
/*
 * Writing keeps one rule: a message is whole or not there. What does not fit marks it full, further
 * writes do nothing, and nlw_end() takes it back; so builders need not look at each step. Reading
 * keeps another: nothing behind the end of what was received is looked at, and a length that says
 * otherwise ends it. Values are copied, as nothing is known of alignment.
 */
#include "netlink/nlmsg.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/check.h"

/* Room for `bytes` bytes more, zeroed up to a multiple of four; NULL: the message is full. */
static uint8_t *extend(struct nl_writer *w, size_t bytes)
{
	size_t padded = nl_align(bytes);
	uint8_t *at = w->data + w->used;

	if (w->full || padded < bytes || padded > w->room - w->used) {
		w->full = true;
		return NULL;
	}
	memset(at + bytes, 0, padded - bytes);
	w->used += padded;
	return at;
}

void nlw_begin(struct nl_writer *w, const struct nlmsghdr *h, const void *body, size_t bytes)
{
	uint8_t *at;

	ASSERT(w->used <= w->room && w->used % 4 == 0);
	w->message = w->used;
	w->full = false;
	at = extend(w, NL_HEADER_BYTES + bytes);
	if (!at)
		return;
	memcpy(at, h, sizeof(*h));
	if (bytes > 0)
		memcpy(at + NL_HEADER_BYTES, body, bytes);
}

void nlw_cancel(struct nl_writer *w)
{
	w->used = w->message;
	w->full = false;
}

bool nlw_end(struct nl_writer *w)
{
	uint32_t bytes = (uint32_t)(w->used - w->message);

	if (w->full) {
		nlw_cancel(w);
		return false;
	}
	memcpy(w->data + w->message, &bytes, sizeof(bytes)); /* nlmsg_len is the first field */
	return true;
}

void nlw_raw(struct nl_writer *w, const void *data, size_t bytes)
{
	uint8_t *at = extend(w, bytes);

	if (at && bytes > 0)
		memcpy(at, data, bytes);
}

void nlw_put(struct nl_writer *w, unsigned type, const void *data, size_t bytes)
{
	struct nlattr a = {.nla_len = (uint16_t)(NL_ATTR_BYTES + bytes),
			   .nla_type = (uint16_t)type};
	uint8_t *at;

	ASSERT(bytes <= UINT16_MAX - NL_ATTR_BYTES);
	at = extend(w, NL_ATTR_BYTES + bytes);
	if (!at)
		return;
	memcpy(at, &a, sizeof(a));
	if (bytes > 0)
		memcpy(at + NL_ATTR_BYTES, data, bytes);
}

void nlw_put_u8(struct nl_writer *w, unsigned type, uint8_t value)
{
	nlw_put(w, type, &value, sizeof(value));
}

void nlw_put_u16(struct nl_writer *w, unsigned type, uint16_t value)
{
	nlw_put(w, type, &value, sizeof(value));
}

void nlw_put_u32(struct nl_writer *w, unsigned type, uint32_t value)
{
	nlw_put(w, type, &value, sizeof(value));
}

void nlw_put_u64(struct nl_writer *w, unsigned type, uint64_t value)
{
	nlw_put(w, type, &value, sizeof(value));
}

void nlw_put_string(struct nl_writer *w, unsigned type, const char *text)
{
	nlw_put(w, type, text, strlen(text) + 1);
}

void nlw_put_addr(struct nl_writer *w, unsigned type, const struct ipaddr *a)
{
	if (ipaddr_is4(a))
		nlw_put(w, type, a->bytes + 12, 4);
	else
		nlw_put(w, type, a->bytes, sizeof(a->bytes));
}

size_t nlw_nest(struct nl_writer *w, unsigned type)
{
	size_t at = w->used;

	nlw_put(w, type, NULL, 0);
	return at;
}

void nlw_nest_end(struct nl_writer *w, size_t nest)
{
	uint16_t bytes = (uint16_t)(w->used - nest);

	if (w->full)
		return;
	ASSERT(w->used - nest <= UINT16_MAX);
	memcpy(w->data + nest, &bytes, sizeof(bytes)); /* nla_len is the first field */
}

bool nl_attrs_read(const uint8_t *data, size_t bytes, struct nl_attr *table, unsigned count)
{
	memset(table, 0, count * sizeof(*table));
	while (bytes >= NL_ATTR_BYTES) {
		struct nlattr a;
		unsigned type;
		size_t step;

		memcpy(&a, data, sizeof(a));
		if (a.nla_len < NL_ATTR_BYTES || a.nla_len > bytes)
			return false;
		type = a.nla_type & NL_ATTR_TYPE;
		if (type < count)
			table[type] = (struct nl_attr){data + NL_ATTR_BYTES,
						       (uint16_t)(a.nla_len - NL_ATTR_BYTES)};
		step = nl_align(a.nla_len);
		if (step > bytes)
			step = bytes;
		data += step;
		bytes -= step;
	}
	return true;
}

uint32_t nl_attr_u32(const struct nl_attr *a, uint32_t otherwise)
{
	uint32_t value;

	if (!a->data || a->bytes < sizeof(value))
		return otherwise;
	memcpy(&value, a->data, sizeof(value));
	return value;
}

uint8_t nl_attr_u8(const struct nl_attr *a, uint8_t otherwise)
{
	return a->data && a->bytes >= 1 ? a->data[0] : otherwise;
}

bool nl_attr_string(const struct nl_attr *a, char *out, size_t room)
{
	size_t bytes;

	if (!a->data)
		return false;
	bytes = strnlen((const char *)a->data, a->bytes);
	if (bytes >= room)
		return false;
	memcpy(out, a->data, bytes);
	out[bytes] = '\0';
	return true;
}

struct ipaddr nl_ipaddr(int family, const void *bytes)
{
	struct ipaddr a = {{[10] = 0xff, [11] = 0xff}};

	if (family == AF_INET)
		memcpy(a.bytes + 12, bytes, 4);
	else
		memcpy(a.bytes, bytes, sizeof(a.bytes));
	return a;
}

bool nl_attr_addr(const struct nl_attr *a, int family, struct ipaddr *out)
{
	if (!a->data || (family != AF_INET && family != AF_INET6) ||
	    a->bytes != nl_addr_bytes(family))
		return false;
	*out = nl_ipaddr(family, a->data);
	return true;
}

void nl_body_read(const uint8_t *data, size_t bytes, void *out, size_t want)
{
	memset(out, 0, want);
	if (bytes > want)
		bytes = want;
	if (bytes > 0)
		memcpy(out, data, bytes);
}
