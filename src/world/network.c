/* SPDX-License-Identifier: MIT */
/*
 * Networks: each is one learning switch, with a port per cable.
 *
 * A frame for a known address goes to the one port where that address was last seen; a group
 * address, or one not (or no longer) known, goes to every port but the one it came from, as
 * clones that share the payload. There are no loops, since only hosts are attached, and hosts don't
 * bridge.
 */
#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "world/core.h"

#define MTU_DEFAULT 1500u
#define MTU_MIN 68u /* RFC 791 */
#define MTU_MAX 65535u

static void flood(struct network *n, const struct cable *from, struct berth_packet *p)
{
	struct cable *last = NULL;

	for (int i = 0; i < n->ports.count; i++) {
		struct cable *c = n->ports.items[i];

		if (c == from)
			continue;
		struct berth_packet *clone = last ? berth_packet_clone(p) : NULL;

		if (clone)
			lane_enter(&last->down, clone);
		last = c;
	}
	if (last)
		lane_enter(&last->down, p);
	else
		berth_packet_free(p);
}

void network_switch(struct cable *from, struct berth_packet *p)
{
	struct network *n = from->network;
	berth_time now = n->world->env.now;
	struct frame_link link;

	if (!frame_read_link(p, &link)) {
		berth_packet_free(p);
		return;
	}
	if (!frame_is_group(link.src))
		fdb_learn(&n->fdb, link.src, from->port, now);

	int port = frame_is_group(link.dst) ? -1 : fdb_find(&n->fdb, link.dst, now);

	if (port < 0) {
		flood(n, from, p);
		return;
	}
	if (port == from->port) {
		berth_packet_free(p);
		return;
	}
	lane_enter(&((struct cable *)n->ports.items[port])->down, p);
}

int network_attach(struct network *n, struct cable *c)
{
	struct env *env = &n->world->env;

	if (vec_reserve(env, &n->ports, n->ports.count + 1) < 0)
		return -ENOMEM;
	if (fdb_reserve(&n->fdb, env, (uint32_t)n->ports.count + 1) < 0)
		return -ENOMEM;
	c->port = n->ports.count;
	vec_add(&n->ports, c);
	return 0;
}

void network_detach(struct network *n, struct cable *c)
{
	ASSERT(c->port == n->ports.count - 1);
	fdb_forget_port(&n->fdb, c->port);
	n->ports.count--;
}

void network_free(struct network *n)
{
	if (!n)
		return;
	struct env *env = &n->world->env;

	fdb_fini(&n->fdb, env);
	vec_fini(env, &n->ports);
	env_free(env, n->name);
	env_free(env, n);
}

static bool overlap(const struct netaddr *a, unsigned a_len, const struct netaddr *b,
		    unsigned b_len)
{
	return a->family != 0 && netaddr_in_prefix(a, b, a_len < b_len ? a_len : b_len);
}

/* 0, or -EINVAL: not a network address of this family, or it has room for no host. */
static int check_subnet(const struct sockaddr_storage *sa, int family, unsigned prefix_len,
			struct netaddr *out)
{
	*out = (struct netaddr){0};
	if (sa->ss_family == AF_UNSPEC)
		return 0;
	if (sa->ss_family != family || !netaddr_from((const struct sockaddr *)sa, out))
		return -EINVAL;
	if (prefix_len == 0 || prefix_len >= netaddr_bits(out) || netaddr_is_loopback(out))
		return -EINVAL;
	for (unsigned bit = prefix_len; bit < netaddr_bits(out); bit++) {
		if (out->bytes[bit / 8] & (0x80u >> bit % 8))
			return -EINVAL;
	}
	return 0;
}

static int check_config(const struct berth_world *w, const struct berth_network_config *c,
			struct network *n)
{
	if (!c->name || !directory_name_ok(c->name))
		return -EINVAL;
	if (c->mtu != 0 && (c->mtu < MTU_MIN || c->mtu > MTU_MAX))
		return -EINVAL;
	if (check_subnet(&c->subnet, AF_INET, c->prefix_len, &n->subnet) < 0 ||
	    check_subnet(&c->subnet6, AF_INET6, c->prefix6_len, &n->subnet6) < 0)
		return -EINVAL;
	for (int i = 0; i < w->networks.count; i++) {
		const struct network *other = w->networks.items[i];

		if (strcmp(other->name, c->name) == 0)
			return -EEXIST;
		if (overlap(&n->subnet, c->prefix_len, &other->subnet, other->prefix_len) ||
		    overlap(&n->subnet6, c->prefix6_len, &other->subnet6, other->prefix6_len))
			return -EINVAL;
	}
	return 0;
}

int berth_world_add_network(struct berth_world *w, const struct berth_network_config *c)
{
	struct network *n;
	struct network checked = {
		.world = w,
		.index = w->networks.count,
		.prefix_len = c->prefix_len,
		.prefix6_len = c->prefix6_len,
		.mtu = c->mtu ? c->mtu : MTU_DEFAULT,
	};
	int error = check_config(w, c, &checked);

	if (error < 0)
		return error;
	checked.next = checked.subnet;
	checked.next6 = checked.subnet6;
	if (vec_reserve(&w->env, &w->networks, w->networks.count + 1) < 0)
		return -ENOMEM;
	n = env_calloc(&w->env, 1, sizeof(*n));
	checked.name = world_strdup(&w->env, c->name);
	if (!n || !checked.name) {
		env_free(&w->env, n);
		env_free(&w->env, checked.name);
		return -ENOMEM;
	}
	*n = checked;
	vec_add(&w->networks, n);
	return n->index;
}

int berth_world_find_network(const struct berth_world *w, const char *name)
{
	for (int i = 0; i < w->networks.count; i++) {
		if (strcmp(((struct network *)w->networks.items[i])->name, name) == 0)
			return i;
	}
	return -ENOENT;
}
