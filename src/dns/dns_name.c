/* SPDX-License-Identifier: MIT */
/*
 * Domain names, kept in wire form: what the parser checked once needs no check again, and
 * comparing is a walk over bytes. Text is for callers only; whatever bytes a label has, they
 * survive the way to text and back (RFC 1035 §5.1).
 */
#include "dns/dns_name.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"

void dns_name_init(struct dns_name *n)
{
	n->bytes = 1;
	n->wire[0] = 0;
}

bool dns_name_add_label(struct dns_name *n, const void *label, size_t bytes)
{
	ASSERT(n->bytes >= 1 && n->wire[n->bytes - 1] == 0);
	if (bytes == 0 || bytes > DNS_LABEL_BYTES || n->bytes + bytes + 1 > DNS_NAME_BYTES)
		return false;
	n->wire[n->bytes - 1] = (uint8_t)bytes;
	memcpy(n->wire + n->bytes, label, bytes);
	n->bytes = (uint8_t)(n->bytes + bytes + 1);
	n->wire[n->bytes - 1] = 0;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* One character of a label, escapes resolved; -1: a bad escape. */
static int next_char(const char **at)
{
	const char *p = *at;

	if (p[0] != '\\') {
		*at = p + 1;
		return (unsigned char)p[0];
	}
	if (is_digit(p[1]) && is_digit(p[2]) && is_digit(p[3])) {
		int value = (p[1] - '0') * 100 + (p[2] - '0') * 10 + (p[3] - '0');

		*at = p + 4;
		return value <= 255 ? value : -1;
	}
	if (p[1] == '\0')
		return -1;
	*at = p + 2;
	return (unsigned char)p[1];
}

bool dns_name_parse(const char *text, struct dns_name *out)
{
	uint8_t label[DNS_LABEL_BYTES];
	struct dns_name n;
	size_t bytes = 0;

	dns_name_init(&n);
	if (strcmp(text, ".") == 0)
		text++;
	else if (*text == '\0')
		return false;
	while (*text) {
		if (*text == '.') {
			if (!dns_name_add_label(&n, label, bytes))
				return false;
			bytes = 0;
			text++;
			continue;
		}
		int c = next_char(&text);

		if (c < 0 || bytes == sizeof(label))
			return false;
		label[bytes++] = (uint8_t)c;
	}
	if (bytes > 0 && !dns_name_add_label(&n, label, bytes))
		return false;
	*out = n;
	return true;
}

static size_t print_char(uint8_t c, char *out)
{
	if (c <= ' ' || c >= 0x7f)
		return (size_t)snprintf(out, 5, "\\%03u", c);
	if (c == '.' || c == '\\') {
		out[0] = '\\';
		out[1] = (char)c;
		return 2;
	}
	out[0] = (char)c;
	return 1;
}

void dns_name_print(const struct dns_name *n, char out[DNS_TEXT_BYTES])
{
	size_t at = 0;

	STATIC_ASSERT(DNS_TEXT_BYTES > 4 * DNS_NAME_BYTES);
	for (size_t i = 0; n->wire[i] != 0; i += n->wire[i] + 1u) {
		if (i > 0)
			out[at++] = '.';
		for (size_t j = 1; j <= n->wire[i]; j++)
			at += print_char(n->wire[i + j], out + at);
	}
	if (at == 0)
		out[at++] = '.';
	out[at] = '\0';
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

bool dns_name_equal(const struct dns_name *a, const struct dns_name *b)
{
	if (a->bytes != b->bytes)
		return false;
	/* Length bytes are below 64 and so have no case. */
	for (size_t i = 0; i < a->bytes; i++) {
		if (lower(a->wire[i]) != lower(b->wire[i]))
			return false;
	}
	return true;
}

/* "4.3.2.1.in-addr.arpa" (RFC 1035 §3.5); `text` is in lower case. */
static size_t reverse4(const char *text, uint8_t out[16])
{
	unsigned a[4];
	int end = -1;

	if (sscanf(text, "%3u.%3u.%3u.%3u.in-addr.arpa%n", &a[3], &a[2], &a[1], &a[0], &end) != 4 ||
	    end < 0 || text[end] != '\0')
		return 0;
	for (int i = 0; i < 4; i++) {
		if (a[i] > 255)
			return 0;
		out[i] = (uint8_t)a[i];
	}
	return 4;
}

/* 32 nibbles, the last first, "ip6.arpa" (RFC 3596 §2.5). */
static size_t reverse6(const char *text, uint8_t out[16])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 31; i >= 0; i--, text += 2) {
		const char *digit = text[0] ? strchr(digits, text[0]) : NULL;

		if (!digit || text[1] != '.')
			return 0;
		unsigned nibble = (unsigned)(digit - digits);

		if (i % 2)
			out[i / 2] = (uint8_t)nibble;
		else
			out[i / 2] = (uint8_t)(out[i / 2] | nibble << 4);
	}
	return strcmp(text, "ip6.arpa") == 0 ? 16 : 0;
}

size_t dns_name_reverse(const struct dns_name *n, uint8_t out[16])
{
	char text[DNS_TEXT_BYTES];

	dns_name_print(n, text);
	for (char *c = text; *c; c++)
		*c = (char)lower((uint8_t)*c);
	size_t bytes = reverse4(text, out);

	return bytes ? bytes : reverse6(text, out);
}
