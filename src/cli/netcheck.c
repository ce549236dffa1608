/* SPDX-License-Identifier: MIT */
/*
 * What only the whole of a network file shows.
 *
 * Addresses: subnets may not overlap, an address lies in its network's subnet and stands once. A
 * network without a subnet gets the next free 10.N.0.0/24, a cable without an address the next
 * free one of its subnet, in the order of the file, past those that the file gives: so adding
 * an address to a file changes no other host's.
 *
 * Starting: `after` makes commands wait. A command can start when each thing it waits for can
 * come to pass: a host listens on a port only if at least one of its commands can start, a host
 * has ended only when all of them have. Starting from nothing, whatever can start is marked until
 * nothing is added; what is left waits for itself, directly or by others.
 *
 * Addresses are handled as the bytes of the wire, so that one walk serves both families.
 */
#include "cli/netfile.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"

#define BYTES_MAX 16
#define IP6_MTU_MIN 1280 /* RFC 8200 §5 */

struct subnet {
	int family;
	unsigned prefix, width; /* bits */
	const unsigned char *bytes;
};

static unsigned char *address_bytes(struct sockaddr_storage *a)
{
	if (a->ss_family == AF_INET)
		return (unsigned char *)&((struct sockaddr_in *)a)->sin_addr;
	return (unsigned char *)&((struct sockaddr_in6 *)a)->sin6_addr;
}

static struct subnet subnet_of(struct netfile_network *n, int family)
{
	struct subnet s = {AF_UNSPEC, 0, 0, NULL};

	if (family == AF_INET && n->subnet.ss_family == AF_INET)
		s = (struct subnet){AF_INET, n->prefix, 32, address_bytes(&n->subnet)};
	else if (family == AF_INET6 && n->subnet6.ss_family == AF_INET6)
		s = (struct subnet){AF_INET6, n->prefix6, 128, address_bytes(&n->subnet6)};
	return s;
}

static bool same_prefix(const unsigned char *a, const unsigned char *b, unsigned bits)
{
	unsigned whole = bits / 8;
	unsigned rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

static bool overlap(const struct subnet *a, const struct subnet *b)
{
	return a->family != AF_UNSPEC && a->family == b->family &&
	       same_prefix(a->bytes, b->bytes, a->prefix < b->prefix ? a->prefix : b->prefix);
}

/* Whether the bits behind the prefix are all zeros (the subnet itself) or all ones. */
static bool host_bits_are(const unsigned char *address, const struct subnet *s, bool ones)
{
	for (unsigned bit = s->prefix; bit < s->width; bit++) {
		if (((address[bit / 8] & 0x80u >> bit % 8) != 0) != ones)
			return false;
	}
	return true;
}

static bool reserved(const unsigned char *address, const struct subnet *s)
{
	return host_bits_are(address, s, false) ||
	       (s->family == AF_INET && host_bits_are(address, s, true));
}

/* --- subnets --- */

static void set_default_subnet(struct netfile_network *n, unsigned third)
{
	unsigned char bytes[4] = {10, (unsigned char)third, 0, 0};

	n->subnet.ss_family = AF_INET;
	memcpy(address_bytes(&n->subnet), bytes, 4);
	n->prefix = 24;
}

static bool overlaps_any(struct netfile *f, size_t index)
{
	struct subnet mine = subnet_of(&f->networks[index], AF_INET);

	for (size_t i = 0; i < f->network_count; i++) {
		struct subnet other = subnet_of(&f->networks[i], AF_INET);

		if (i != index && overlap(&mine, &other))
			return true;
	}
	return false;
}

static void draw_subnets(struct netfile *f, struct diag *d)
{
	for (size_t i = 0; i < f->network_count; i++) {
		struct netfile_network *n = &f->networks[i];
		unsigned third = 0;

		if (n->subnet.ss_family != AF_UNSPEC || n->subnet6.ss_family != AF_UNSPEC)
			continue;
		do {
			set_default_subnet(n, third);
		} while (overlaps_any(f, i) && ++third < 256);
		if (third == 256)
			diag_add(d, n->pos, "`subnet:`", "no subnet is free for network '%s'",
				 n->name);
	}
}

static void check_overlap(struct netfile *f, size_t i, size_t j, int family, struct diag *d)
{
	struct netfile_network *mine = &f->networks[i];
	struct netfile_network *other = &f->networks[j];
	struct subnet a = subnet_of(mine, family);
	struct subnet b = subnet_of(other, family);
	char text[INET6_ADDRSTRLEN] = "";

	if (!overlap(&a, &b))
		return;
	(void)inet_ntop(family, b.bytes, text, sizeof(text)); /* room for any address */
	diag_add(d, mine->subnet_pos, NULL,
		 "the subnet of '%s' overlaps with %s/%u of '%s' in line %u", mine->name, text,
		 b.prefix, other->name, other->subnet_pos.line);
}

static void check_subnets(struct netfile *f, struct diag *d)
{
	for (size_t i = 0; i < f->network_count; i++) {
		const struct netfile_network *n = &f->networks[i];

		if (n->subnet6.ss_family != AF_UNSPEC && n->mtu && n->mtu < IP6_MTU_MIN)
			diag_add(d, n->subnet_pos, "`mtu:` of at least 1280",
				 "network '%s' has an mtu of %u, too little for IPv6", n->name,
				 n->mtu);
		for (size_t j = 0; j < i; j++) {
			check_overlap(f, i, j, AF_INET, d);
			check_overlap(f, i, j, AF_INET6, d);
		}
	}
}

/* --- addresses --- */

struct address {
	unsigned char bytes[BYTES_MAX];
	struct diag_pos pos;
	const char *host;
};

/* The addresses of one network and family that are taken. */
struct addresses {
	struct address *all;
	size_t count, capacity;
	size_t bytes;
};

static bool is_taken(const struct addresses *t, const unsigned char *bytes,
		     const struct address **out)
{
	for (size_t i = 0; i < t->count; i++) {
		if (memcmp(t->all[i].bytes, bytes, t->bytes) == 0) {
			*out = &t->all[i];
			return true;
		}
	}
	return false;
}

static struct sockaddr_storage *cable_address(struct netfile_cable *c, int family)
{
	return family == AF_INET ? &c->address : &c->address6;
}

static void take_given(struct addresses *t, const struct subnet *s, struct netfile_cable *c,
		       const struct netfile_host *h, struct diag *d)
{
	struct diag_pos pos = s->family == AF_INET ? c->address_pos : c->address6_pos;
	const unsigned char *bytes = address_bytes(cable_address(c, s->family));
	const struct address *first;
	char address[INET6_ADDRSTRLEN] = "";
	char subnet[INET6_ADDRSTRLEN] = "";

	(void)inet_ntop(s->family, bytes, address, sizeof(address)); /* room for any address */
	(void)inet_ntop(s->family, s->bytes, subnet, sizeof(subnet));
	if (!same_prefix(bytes, s->bytes, s->prefix)) {
		char *expected = xasprintf("an address in %s/%u", subnet, s->prefix);

		diag_add(d, pos, expected, "address %s is outside its network's subnet", address);
		free(expected);
	} else if (reserved(bytes, s)) {
		diag_add(d, pos, "another one", "address %s is %s of %s/%u", address,
			 host_bits_are(bytes, s, false) ? "the number" : "the broadcast address",
			 subnet, s->prefix);
	} else if (is_taken(t, bytes, &first)) {
		diag_add(d, pos, NULL, "address %s is given twice, first to '%s' in line %u",
			 address, first->host, first->pos.line);
	} else {
		t->all = xgrow(t->all, &t->capacity, t->count + 1, sizeof(*t->all));
		memset(&t->all[t->count], 0, sizeof(*t->all));
		memcpy(t->all[t->count].bytes, bytes, t->bytes);
		t->all[t->count].pos = pos;
		t->all[t->count++].host = h->name;
	}
}

/* Adds 1 to the host bits; false: there are no more. */
static bool next_address(unsigned char *bytes, const struct subnet *s)
{
	for (unsigned i = s->width / 8; i-- > 0;) {
		bytes[i]++;
		if (bytes[i] != 0)
			break;
	}
	return same_prefix(bytes, s->bytes, s->prefix);
}

static void draw_address(const struct addresses *given, const struct subnet *s,
			 unsigned char *cursor, struct netfile_cable *c, const char *host,
			 struct diag *d)
{
	struct sockaddr_storage *to = cable_address(c, s->family);
	const struct address *first;

	do {
		if (!next_address(cursor, s)) {
			diag_add(d, c->pos, "a larger subnet", "no address is left for host '%s'",
				 host);
			return;
		}
	} while (reserved(cursor, s) || is_taken(given, cursor, &first));
	to->ss_family = (sa_family_t)s->family;
	memcpy(address_bytes(to), cursor, s->width / 8);
}

static void given_or_drawn(struct addresses *given, const struct subnet *s, unsigned char *cursor,
			   struct netfile_cable *c, const struct netfile_host *h, struct diag *d)
{
	if (cable_address(c, s->family)->ss_family != AF_UNSPEC)
		take_given(given, s, c, h, d);
	else
		draw_address(given, s, cursor, c, h->name, d);
}

/* An address of a family in which the network has no subnet. */
static void refuse_given(const struct netfile_network *n, struct netfile_cable *c, int family,
			 struct diag *d)
{
	bool four = family == AF_INET;

	if (cable_address(c, family)->ss_family != AF_UNSPEC)
		diag_add(d, four ? c->address_pos : c->address6_pos,
			 four ? "`subnet:` there" : "`subnet6:` there",
			 "an address on network '%s', which has no such subnet", n->name);
}

/* A host that forwards, and whose address others can know. */
static bool is_router(const struct netfile_host *h, int network)
{
	for (size_t i = 0; h->cable_count > 1 && i < h->cable_count; i++) {
		if (h->cables[i].network == network && !h->cables[i].auto6)
			return true;
	}
	return false;
}

/* `address6: auto`: made from what a router advertises (RFC 4862). */
static void check_auto(const struct netfile *f, const struct netfile_network *n,
		       const struct netfile_cable *c, struct diag *d)
{
	if (n->subnet6.ss_family == AF_UNSPEC) {
		diag_add(d, c->address6_pos, "`subnet6:` there",
			 "`address6: auto` on network '%s', which has no such subnet", n->name);
		return;
	}
	if (n->prefix6 != 64)
		diag_add(d, c->address6_pos, "a subnet6 of 64 bits",
			 "`address6: auto` on network '%s', whose subnet6 has %u bits", n->name,
			 n->prefix6);
	for (size_t i = 0; i < f->host_count; i++) {
		if (is_router(&f->hosts[i], c->network))
			return;
	}
	diag_add(d, c->address6_pos, "a host on this and another network",
		 "`address6: auto` on network '%s', which has no router to tell of its subnet6",
		 n->name);
}

/* All addresses that are given are taken before the first is drawn. */
static void network_addresses(struct netfile *f, size_t index, int family, struct diag *d)
{
	struct subnet s = subnet_of(&f->networks[index], family);
	struct addresses given = {NULL, 0, 0, family == AF_INET ? 4 : 16};
	unsigned char cursor[BYTES_MAX] = {0};

	if (s.family != AF_UNSPEC)
		memcpy(cursor, s.bytes, s.width / 8);
	for (int drawing = 0; drawing < 2; drawing++) {
		for (struct netfile_host *h = f->hosts; h < f->hosts + f->host_count; h++) {
			for (size_t j = 0; j < h->cable_count; j++) {
				struct netfile_cable *c = &h->cables[j];
				bool none = cable_address(c, family)->ss_family == AF_UNSPEC;

				if (c->network != (int)index || none != drawing)
					continue;
				if (family == AF_INET6 && c->auto6) {
					check_auto(f, &f->networks[index], c, d);
					continue;
				}
				if (s.family == AF_UNSPEC)
					refuse_given(&f->networks[index], c, family, d);
				else
					given_or_drawn(&given, &s, cursor, c, h, d);
			}
		}
	}
	free(given.all);
}

/* --- names --- */

static void check_aliases(const struct netfile *f, struct diag *d)
{
	for (size_t i = 0; i < f->host_count; i++) {
		const struct netfile_host *h = &f->hosts[i];

		for (size_t j = 0; j < h->alias_count; j++) {
			if (netfile_find_host(f, h->aliases[j]) >= 0)
				diag_add(d, h->pos, "another alias",
					 "alias '%s' of host '%s' is the name of a host",
					 h->aliases[j], h->name);
		}
	}
}

/* --- starting --- */

/* Whether what a command waits for can come to pass, given which commands can start. */
static bool can_happen(const struct netfile *f, const struct netfile_after *a, bool *const *starts)
{
	const struct netfile_host *h = &f->hosts[a->host];
	bool any = false;
	bool all = true;

	for (size_t i = 0; i < h->command_count; i++) {
		any |= starts[a->host][i];
		all &= h->commands[i].running || starts[a->host][i];
	}
	return a->listens ? any : all;
}

static bool can_start(const struct netfile *f, const struct netfile_command *c, bool *const *starts)
{
	for (size_t i = 0; i < c->after_count; i++) {
		if (!can_happen(f, &c->after[i], starts))
			return false;
	}
	return true;
}

static bool mark_starting(const struct netfile *f, bool **starts)
{
	bool changed = false;

	for (size_t i = 0; i < f->host_count; i++) {
		const struct netfile_host *h = &f->hosts[i];

		for (size_t j = 0; j < h->command_count; j++) {
			if (starts[i][j] || !can_start(f, &h->commands[j], starts))
				continue;
			starts[i][j] = true;
			changed = true;
		}
	}
	return changed;
}

/* Mistakes that a single `after` shows. */
static void check_after(const struct netfile *f, const struct netfile_after *a, struct diag *d)
{
	const struct netfile_host *h = &f->hosts[a->host];
	bool ends = false;

	for (size_t i = 0; i < h->command_count; i++)
		ends |= !h->commands[i].running;
	if (h->command_count == 0)
		diag_add(d, a->pos, "a host that has one",
			 "`after` host '%s', which has no command", h->name);
	else if (!a->listens && !ends)
		diag_add(d, a->pos, "`HOST:PORT` to wait until it listens",
			 "`after` host '%s', whose commands are expected to go on running",
			 h->name);
}

static void report_cycles(const struct netfile *f, bool *const *starts, struct diag *d)
{
	for (size_t i = 0; i < f->host_count; i++) {
		const struct netfile_host *h = &f->hosts[i];

		for (size_t j = 0; j < h->command_count; j++) {
			const struct netfile_command *c = &h->commands[j];

			for (size_t k = 0; k < c->after_count && !starts[i][j]; k++) {
				if (can_happen(f, &c->after[k], starts))
					continue;
				diag_add(d, c->after[k].pos, NULL,
					 "'%s' waits for '%s', which (by others or itself) waits "
					 "for '%s': none can start",
					 h->name, f->hosts[c->after[k].host].name, h->name);
			}
		}
	}
}

static void check_starting(const struct netfile *f, struct diag *d)
{
	bool **starts = xcalloc(f->host_count, sizeof(*starts));
	size_t before = d->count;

	for (size_t i = 0; i < f->host_count; i++) {
		const struct netfile_host *h = &f->hosts[i];

		starts[i] = xcalloc(h->command_count, sizeof(bool));
		for (size_t j = 0; j < h->command_count; j++) {
			for (size_t k = 0; k < h->commands[j].after_count; k++)
				check_after(f, &h->commands[j].after[k], d);
		}
	}
	if (d->count == before) {
		while (mark_starting(f, starts))
			;
		report_cycles(f, starts, d);
	}
	for (size_t i = 0; i < f->host_count; i++)
		free(starts[i]);
	free(starts);
}

int netfile_check(struct netfile *f, struct diag *d)
{
	size_t before = d->count;

	draw_subnets(f, d);
	check_subnets(f, d);
	for (size_t i = 0; i < f->network_count && d->count == before; i++) {
		network_addresses(f, i, AF_INET, d);
		network_addresses(f, i, AF_INET6, d);
	}
	check_aliases(f, d);
	check_starting(f, d);
	return d->count == before ? 0 : -EINVAL;
}
