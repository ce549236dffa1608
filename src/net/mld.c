/* SPDX-License-Identifier: MIT */
/*
 * MLD as a host speaks it (RFC 3810): messages in and out of IPv6 packets; what they say is
 * group_report.c's.
 */
#include <netinet/in.h>

#include "net/addr.h"
#include "net/group.h"
#include "wire/icmp6_header.h"

/* From the link-local address, or, while it is not known to be ours, from none (RFC 3590). */
void mld_send(struct group_if *gi, struct berth_packet *p, const struct ipaddr *dst)
{
	struct net *net = gi->net;
	const struct addr *from = addr_link_local(net, gi->netif);

	ip6_send_link(net, gi->netif, p, from ? &from->addr : &ip6_any, dst, true);
}

void mld_input(struct net *net, struct netif *n, const uint8_t *message, size_t bytes,
	       const struct ip_info *info)
{
	struct group_if *gi = group_if_get(net, n, true);
	struct group_query query;
	struct ipaddr group;

	if (!gi)
		return;
	/* RFC 3810 §5.1.14, §6.2: from the link alone. */
	if (info->ttl != 1 || !ipaddr_is_link_local(&info->src)) {
		drop(net->env, DROP_MLD_MALFORMED);
		return;
	}
	switch (message[0]) {
	case ICMP6_MLD_QUERY:
		if (group_query_parse(message, bytes, true, &query))
			group_on_query(gi, &query);
		else
			drop(net->env, DROP_MLD_MALFORMED);
		break;
	case ICMP6_MLD_REPORT:
		if (group_old_parse(message, bytes, true, &group))
			group_on_report(gi, &group);
		break;
	default:
		break; /* for routers */
	}
}
