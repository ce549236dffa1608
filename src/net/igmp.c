/* SPDX-License-Identifier: MIT */
/*
 * IGMP as a host speaks it (RFC 3376): messages in and out of IPv4 packets; what they say is
 * group_report.c's.
 */
#include <netinet/in.h>

#include "net/group.h"
#include "pkt/csum.h"

#define IGMP_BYTES_MAX 1500u /* a longer query is not looked at */
#define TOS_INTERNETWORK_CONTROL 0xc0

static const uint8_t router_alert[4] = {0x94, 4, 0, 0}; /* RFC 2113 */

void igmp_send(struct group_if *gi, struct berth_packet *p, const struct ipaddr *dst)
{
	struct net *net = gi->net;
	const struct ip_send how = {
		.protocol = IPPROTO_IGMP,
		.ttl = 1,
		.tos = TOS_INTERNETWORK_CONTROL,
		.df = true,
		.no_mcast_loop = true,
		.options = router_alert,
		.options_len = sizeof(router_alert),
	};
	const struct ipaddr any = ipaddr_from4(INADDR_ANY);
	struct ip_path path;

	/* Without an address there is nobody to speak. */
	if (ip_path_find(net, dst, &any, gi->netif->ifindex, &path) < 0) {
		packet_free(p);
		return;
	}
	store_be16(packet_head(p) + 2, csum_finish(packet_sum(p, 0, packet_bytes(p), 0)));
	(void)ip_output(net, p, &path, &how); /* counted there, and told again */
}

void igmp_input(void *ctx, struct berth_packet *p, const struct ip_info *info)
{
	struct net *net = ctx;
	struct netif *n = links_get(net->links, info->ifindex);
	uint8_t message[IGMP_BYTES_MAX];
	size_t bytes = packet_copy_out(p, 0, message, sizeof(message));
	bool whole = bytes == packet_bytes(p) && bytes >= GROUP_MESSAGE_BYTES;
	struct group_if *gi = n ? group_if_get(net, n, false) : NULL;
	struct group_query query;
	struct ipaddr group;

	packet_free(p);
	if (!whole || csum_finish(csum_add(message, bytes, 0)) != 0) {
		drop(net->env, DROP_IGMP_MALFORMED);
		return;
	}
	if (!gi)
		return;
	switch (message[0]) {
	case IGMP_QUERY:
		/* RFC 3376 §9.1: IGMPv3's are for one link. */
		if (group_query_parse(message, bytes, false, &query) &&
		    (query.version < 3 || info->ttl == 1))
			group_on_query(gi, &query);
		else
			drop(net->env, DROP_IGMP_MALFORMED);
		break;
	case IGMP_REPORT1:
	case IGMP_REPORT2:
		if (group_old_parse(message, bytes, false, &group))
			group_on_report(gi, &group);
		break;
	default:
		break; /* for routers, and raw sockets */
	}
}
