/* SPDX-License-Identifier: MIT */
/*
 * The sources are asked one after the other, and the first that knows the name has the say: a hosts
 * file can give a name another meaning than the servers do, and nobody is asked about a number.
 * Nothing is kept here; see resolver.h for how a look-up waits.
 */
#include "dns/lookup.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "dns/hosts.h"

bool lookup_number(const char *text, struct ipaddr *out)
{
	struct in_addr in;

	if (inet_aton(text, &in)) {
		*out = ipaddr_from4(ntohl(in.s_addr));
		return true;
	}
	return inet_pton(AF_INET6, text, out->bytes) == 1;
}

static unsigned family_bit(const struct ipaddr *a)
{
	return ipaddr_is4(a) ? LOOKUP_V4 : LOOKUP_V6;
}

static void add(struct lookup *out, unsigned want, const struct ipaddr *a)
{
	if (want & family_bit(a) && out->count < LOOKUP_ADDRESSES)
		out->addrs[out->count++] = *a;
}

static void set_name(char out[DNS_TEXT_BYTES], const char *name)
{
	size_t bytes = strnlen(name, DNS_TEXT_BYTES - 1);

	memcpy(out, name, bytes);
	out[bytes] = '\0';
}

static int found_or_no_data(const struct lookup *out)
{
	return out->count > 0 ? DNS_FOUND : DNS_NO_DATA;
}

/* "localhost", or below it. */
static bool is_localhost(const char *name)
{
	static const char word[] = "localhost";
	size_t bytes = strlen(name);
	size_t tail = sizeof(word) - 1;

	if (bytes > 0 && name[bytes - 1] == '.')
		bytes--;
	if (bytes < tail || strncasecmp(name + bytes - tail, word, tail) != 0)
		return false;
	return bytes == tail || name[bytes - tail - 1] == '.';
}

static int find_localhost(unsigned want, struct lookup *out)
{
	static const struct ipaddr v6 = {{[15] = 1}};
	const struct ipaddr v4 = ipaddr_from4(INADDR_LOOPBACK);

	set_name(out->canonical, "localhost");
	add(out, want, &v6);
	add(out, want, &v4);
	return found_or_no_data(out);
}

/* The addresses of all lines with the name; the first line's name is the canonical one. */
static bool find_in_hosts(const struct resolver *r, const char *name, unsigned want,
			  struct lookup *out)
{
	const struct hosts_line *l;
	unsigned at = 0;

	while ((l = hosts_by_name(r->config.hosts, name, &at)) != NULL) {
		if (!(want & family_bit(&l->addr)))
			continue;
		if (out->count == 0) {
			set_name(out->canonical, l->names[0]);
			for (unsigned i = 1; i < l->name_count && i <= LOOKUP_ALIASES; i++)
				out->aliases[out->alias_count++] = l->names[i];
		}
		add(out, want, &l->addr);
	}
	return out->count > 0;
}

static void add_answer(struct lookup *out, const struct dns_answer *a, bool v4)
{
	for (unsigned i = 0; i < a->count; i++) {
		struct ipaddr addr;

		if (v4)
			addr = ipaddr_from4(load_be32(a->addresses[i]));
		else
			memcpy(addr.bytes, a->addresses[i], sizeof(addr.bytes));
		add(out, LOOKUP_V4 | LOOKUP_V6, &addr);
	}
}

static int ask(struct resolver *r, const char *name, unsigned want, struct lookup *out)
{
	struct resolver_pair p = {.want = {want & LOOKUP_V4, want & LOOKUP_V6}};
	int outcome = resolver_search(r, name, &p);
	const struct dns_answer *canonical;

	if (outcome != DNS_FOUND)
		return outcome;
	canonical = p.outcome[0] == DNS_FOUND ? p.answer[0] : p.answer[1];
	dns_name_print(&canonical->canonical, out->canonical);
	set_name(out->asked, name);
	if (strcasecmp(out->asked, out->canonical) != 0)
		out->aliases[out->alias_count++] = out->asked;
	for (int i = 1; i >= 0; i--)
		if (p.outcome[i] == DNS_FOUND)
			add_answer(out, p.answer[i], i == 0);
	return DNS_FOUND;
}

int lookup_forward(struct resolver *r, const char *name, unsigned want, struct lookup *out)
{
	struct ipaddr number;

	out->alias_count = 0;
	out->count = 0;
	out->numeric = lookup_number(name, &number);
	if (out->numeric) {
		set_name(out->canonical, name);
		add(out, want, &number);
		return found_or_no_data(out);
	}
	if (find_in_hosts(r, name, want, out))
		return DNS_FOUND;
	if (is_localhost(name))
		return find_localhost(want, out);
	return ask(r, name, want, out);
}

static int ask_reverse(struct resolver *r, const struct ipaddr *a, struct lookup_names *out)
{
	const struct dns_answer *answer;
	struct dns_name name;
	int outcome;

	resolver_reverse_name(a, &name);
	outcome = resolver_lookup(r, &name, DNS_PTR, &answer);
	if (outcome != DNS_FOUND)
		return outcome;
	for (unsigned i = 0; i < answer->count; i++) {
		dns_name_print(&answer->names[i], out->buf[i]);
		out->text[out->count++] = out->buf[i];
	}
	return DNS_FOUND;
}

int lookup_reverse(struct resolver *r, const struct ipaddr *a, struct lookup_names *out)
{
	const struct hosts_line *l = hosts_by_addr(r->config.hosts, a);

	out->count = 0;
	if (l) {
		for (unsigned i = 0; i < l->name_count && i < LOOKUP_NAMES; i++)
			out->text[out->count++] = l->names[i];
		return DNS_FOUND;
	}
	if (ipaddr_is_loopback(a)) {
		out->text[out->count++] = "localhost";
		return DNS_FOUND;
	}
	return ask_reverse(r, a, out);
}
