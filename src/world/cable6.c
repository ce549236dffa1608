/* SPDX-License-Identifier: MIT */
/*
 * IPv6 on cables. Every interface has a link-local address, made from its link address. A world
 * gives out each address once and knows all of them, so nobody asks for duplicates (which would
 * take a second or two) but on cables whose host configures itself as it would on a real network.
 *
 * Routers advertise themselves to networks with such cables only: on all others nobody listens, and
 * a world in which nothing happens has nothing to do.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "world/core.h"

#define KNOB_BYTES 80u

int cable_auto_address(const struct network *n, const uint8_t mac[6], struct netaddr *out)
{
	const uint8_t id[8] = {(uint8_t)(mac[0] ^ 0x02u),
			       mac[1],
			       mac[2],
			       0xff,
			       0xfe,
			       mac[3],
			       mac[4],
			       mac[5]}; /* RFC 2464 §4 */

	if (n->subnet6.family == 0 || n->prefix6_len != 64)
		return -EINVAL;
	*out = n->subnet6;
	memcpy(out->bytes + 8, id, sizeof(id));
	return 0;
}

/* The knobs are there, and the values in range: it can't fail. */
static void set_knob(const struct host *h, const char *whose, const char *knob, int value)
{
	char name[KNOB_BYTES];

	(void)snprintf(name, sizeof(name), "net.ipv6.conf.%s.%s", whose, knob);
	(void)berth_stack_sysctl_set(h->stack, name, value);
}

void cable_prepare6(const struct cable *c, const char *name)
{
	set_knob(c->host, name, "accept_ra", c->auto6 ? 2 : 0); /* 2: even if it forwards */
	set_knob(c->host, name, "dad_transmits", c->auto6);
	set_knob(c->host, name, "addr_gen_mode", 0);
}

static bool forwards(const struct host *h)
{
	return h->cables.count > 1 && !h->no_forwarding;
}

static bool somebody_listens(const struct network *n)
{
	for (int i = 0; i < n->ports.count; i++) {
		if (((struct cable *)n->ports.items[i])->auto6)
			return true;
	}
	return false;
}

/* The name of the interface; false: the embedding program took it away. */
static bool find_name(const struct cable *c, char out[BERTH_NETIF_NAME_BYTES])
{
	struct berth_netif_info info;

	for (unsigned i = 0; berth_netif_get(c->host->stack, i, &info); i++) {
		if (info.ifindex != c->ifindex)
			continue;
		memcpy(out, info.name, sizeof(info.name));
		return true;
	}
	return false;
}

void cable_refresh_adverts(struct berth_world *w)
{
	for (int i = 0; i < w->networks.count; i++) {
		const struct network *n = w->networks.items[i];

		for (int j = 0; somebody_listens(n) && j < n->ports.count; j++) {
			const struct cable *c = n->ports.items[j];
			char name[BERTH_NETIF_NAME_BYTES];

			if (!forwards(c->host) || c->auto6 || !find_name(c, name))
				continue;
			set_knob(c->host, name, "adv_send", 1);
			host_mark_ready(c->host);
		}
	}
}

bool cable_has_address6(const struct cable *c)
{
	struct berth_addr_info info;
	struct netaddr a;

	for (unsigned i = 0; berth_addr_get(c->host->stack, i, &info); i++) {
		if (netaddr_from((const struct sockaddr *)&info.addr, &a) &&
		    netaddr_equal(&a, &c->address6))
			return true;
	}
	return false;
}
