/* SPDX-License-Identifier: MIT */
#include "wire/ipaddr.h"

#include <stdio.h>

#include "base/bytes.h"
#include "base/check.h"
#include "pkt/csum.h"

#define IP4_PART 12u /* where the IPv4 address begins in a mapped one */

bool ipaddr_is_any(const struct ipaddr *a)
{
	static const uint8_t zeros[16];

	if (ipaddr_is4(a))
		return ipaddr_to4(a) == 0;
	return memcmp(a->bytes, zeros, sizeof(zeros)) == 0;
}

bool ipaddr_is_multicast(const struct ipaddr *a)
{
	if (ipaddr_is4(a))
		return a->bytes[IP4_PART] >> 4 == 0xe;
	return a->bytes[0] == 0xff;
}

bool ipaddr_is_loopback(const struct ipaddr *a)
{
	static const uint8_t one[16] = {[15] = 1};

	if (ipaddr_is4(a))
		return a->bytes[IP4_PART] == 127;
	return memcmp(a->bytes, one, sizeof(one)) == 0;
}

bool ipaddr_is_link_local(const struct ipaddr *a)
{
	return a->bytes[0] == 0xfe && a->bytes[1] >> 6 == 2;
}

bool ipaddr_needs_scope(const struct ipaddr *a)
{
	if (a->bytes[0] == 0xff)
		return (a->bytes[1] & 0xf) == 1 || (a->bytes[1] & 0xf) == 2;
	return ipaddr_is_link_local(a);
}

bool ipaddr_is_limited_broadcast(const struct ipaddr *a)
{
	return ipaddr_is4(a) && ipaddr_to4(a) == UINT32_MAX;
}

bool ipaddr_in_prefix(const struct ipaddr *a, const struct ipaddr *prefix, unsigned prefix_len)
{
	if (ipaddr_is4(a) != ipaddr_is4(prefix))
		return false;
	unsigned bits = prefix_len + (ipaddr_is4(prefix) ? IP4_PART * 8 : 0);
	unsigned whole = bits / 8;

	ASSERT(bits <= 128);
	if (memcmp(a->bytes, prefix->bytes, whole) != 0)
		return false;
	if (bits % 8 == 0)
		return true;
	return (a->bytes[whole] ^ prefix->bytes[whole]) >> (8 - bits % 8) == 0;
}

uint32_t ipaddr_pseudo_sum(const struct ipaddr *src, const struct ipaddr *dst, uint8_t protocol,
			   size_t bytes)
{
	if (ipaddr_is4(dst))
		return csum_pseudo4(ipaddr_to4(src), ipaddr_to4(dst), protocol, bytes);
	return csum_pseudo6(src->bytes, dst->bytes, protocol, bytes);
}

static uint16_t group(const struct ipaddr *a, unsigned i)
{
	return load_be16(a->bytes + 2 * i);
}

/* The longest run of two or more zero groups, the first of equals (RFC 5952 §4.2). */
static void find_zeros(const struct ipaddr *a, unsigned *out_first, unsigned *out_count)
{
	unsigned best_first = 8;
	unsigned best_count = 1;

	for (unsigned i = 0; i < 8; i++) {
		unsigned n = 0;

		while (i + n < 8 && group(a, i + n) == 0)
			n++;
		if (n > best_count) {
			best_first = i;
			best_count = n;
		}
		i += n;
	}
	*out_first = best_first;
	*out_count = best_first < 8 ? best_count : 0;
}

char *ipaddr_print(const struct ipaddr *a, char buf[IPADDR_TEXT_BYTES])
{
	unsigned zeros_at;
	unsigned zeros;
	size_t n = 0;

	if (ipaddr_is4(a)) {
		const uint8_t *b = a->bytes + IP4_PART;

		snprintf(buf, IPADDR_TEXT_BYTES, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
		return buf;
	}
	find_zeros(a, &zeros_at, &zeros);
	for (unsigned i = 0; i < 8; i++) {
		if (i == zeros_at) {
			buf[n++] = ':';
			i += zeros - 1;
			if (i == 7)
				buf[n++] = ':';
			continue;
		}
		n += (size_t)snprintf(buf + n, IPADDR_TEXT_BYTES - n, "%s%x", i > 0 ? ":" : "",
				      group(a, i));
	}
	buf[n] = '\0';
	return buf;
}
