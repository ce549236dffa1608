/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "net/context.h"

#define VERSION(at) ((at)[0] >> 4)

static int refuse(struct net *net, struct berth_packet *p, enum drop reason, int err)
{
	drop(net->env, reason);
	packet_free(p);
	return err;
}

/* Linux: raw_send_hdrinc(). */
static int output4(struct net *net, struct berth_packet *p, const struct ip_path *path)
{
	size_t bytes = packet_bytes(p);
	uint16_t *id = &net->ids[path->flow_hash & (NET_ID_SLOTS - 1)];
	size_t header;

	if (bytes > UINT16_MAX || !packet_pull(p, IP4_HEADER_BYTES))
		return refuse(net, p, DROP_IP4_TOO_BIG, -EINVAL);
	header = ip4_given_header_bytes(packet_head(p));
	if (header < IP4_HEADER_BYTES || header > bytes)
		return refuse(net, p, DROP_IP4_HEADER, -EINVAL);
	(void)packet_pull(p, header); /* it is there, and head[] has room for 60 bytes */
	if (ip4_fill_given(packet_head(p), header, (uint16_t)bytes, ipaddr_to4(&path->src), *id))
		++*id;
	p->l3_off = p->head_off;
	/* Nobody on lo would take it for IPv4, which by its EtherType it is. */
	if (path->netif->kind == BERTH_NETIF_LOOPBACK && VERSION(packet_head(p)) != 4)
		return refuse(net, p, DROP_IP4_HEADER, 0);
	return ip4_send(net, p, path, NULL, UINT32_MAX);
}

/* Linux: rawv6_send_hdrinc(): as it is. */
static int output6(struct net *net, struct berth_packet *p, const struct ip_path *path)
{
	if (!packet_pull(p, IP6_HEADER_BYTES))
		return refuse(net, p, DROP_IP6_HEADER, -EINVAL);
	p->l3_off = p->head_off;
	if (path->netif->kind == BERTH_NETIF_LOOPBACK && VERSION(packet_head(p)) != 6)
		return refuse(net, p, DROP_IP6_HEADER, 0);
	return ip6_send(net, p, path, UINT32_MAX);
}

int ip_output_given(struct net *net, struct berth_packet *p, const struct ip_path *path)
{
	struct ip_path fresh = *path;
	int err = ip_path_check(net, &fresh, 0);

	if (err)
		return refuse(net, p, DROP_IP4_NO_ROUTE, err);
	return ipaddr_is4(&fresh.dst) ? output4(net, p, &fresh) : output6(net, p, &fresh);
}
