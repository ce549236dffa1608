/* SPDX-License-Identifier: MIT */
#include "net/icmp.h"

#include <string.h>

#include "net/context.h"

size_t icmp_quote(const struct berth_packet *p, uint8_t *buf, size_t bytes)
{
	size_t in_head = (size_t)p->head_off + p->head_len - p->l3_off;

	if (in_head >= bytes) {
		memcpy(buf, p->head + p->l3_off, bytes);
		return bytes;
	}
	memcpy(buf, p->head + p->l3_off, in_head);
	return in_head + packet_copy_out(p, p->head_len, buf + in_head, bytes - in_head);
}

void icmp_tell_listener(struct net *net, uint8_t protocol, const struct berth_packet *p,
			const struct ip_info *info)
{
	const struct ip_protocol *handler = net_handler(net, protocol);
	struct berth_packet *copy;

	if (!handler)
		return;
	copy = packet_clone(p);
	if (copy)
		handler->input(handler->ctx, copy, info);
	else
		drop(net->env, DROP_NO_MEMORY);
}

struct icmp_listeners icmp_listeners(const struct net *net, const struct ip_error *e)
{
	const struct ip_protocol *handler = net_handler(net, e->protocol);
	bool concerned = handler && handler->error &&
			 (!handler->concerns || handler->concerns(handler->ctx, e));

	return (struct icmp_listeners){
		.protocol = concerned ? handler : NULL,
		.raw = net->raw.error && net->raw.concerns(net->raw.ctx, e),
	};
}

void icmp_tell(const struct net *net, const struct icmp_listeners *to, const struct ip_error *e)
{
	if (to->raw)
		net->raw.error(net->raw.ctx, e);
	if (to->protocol)
		to->protocol->error(to->protocol->ctx, e);
}
