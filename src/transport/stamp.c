/* SPDX-License-Identifier: MIT */
#include "transport/stamp.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <string.h>

#include "base/env.h"
#include "link/netif.h"
#include "pkt/packet.h"
#include "transport/errq.h"
#include "wire/ether_header.h"
#include "wire/ip4_header.h"
#include "wire/ip6_header.h"

/* The link header that the packet gets; that of lo is all zeros but for the type. */
static size_t write_link(uint8_t *at, const struct ip_path *path, bool is4)
{
	struct ether_header h = {.type = is4 ? 0x0800 : 0x86dd};

	memcpy(h.src, path->netif->mac, sizeof(h.src));
	ether_write(at, &h);
	return ETHER_HEADER_BYTES;
}

/* The IP header, without options: what Linux's copy of the packet starts with. */
static size_t write_ip(uint8_t *at, const struct berth_packet *p, const struct ip_path *path,
		       const struct ip_send *send)
{
	if (ipaddr_is4(&path->dst)) {
		struct ip4_header h = {.src = ipaddr_to4(&path->src),
				       .dst = ipaddr_to4(&path->dst),
				       .total_bytes =
					       (uint16_t)(IP4_HEADER_BYTES + packet_bytes(p)),
				       .tos = send->tos,
				       .ttl = send->ttl ? send->ttl : 64,
				       .protocol = send->protocol,
				       .df = send->df,
				       .header_bytes = IP4_HEADER_BYTES};

		ip4_write(at, &h);
		ip4_write_checksum(at, IP4_HEADER_BYTES);
		return IP4_HEADER_BYTES;
	}
	struct ip6_header h = {.src = path->src,
			       .dst = path->dst,
			       .flow_label = send->flow_label,
			       .payload_bytes = (uint16_t)packet_bytes(p),
			       .tclass = send->tos,
			       .next = send->protocol,
			       .hop_limit = send->ttl ? send->ttl : 64};

	ip6_write(at, &h);
	return IP6_HEADER_BYTES;
}

void stamp_begin(struct stamp *stamp, struct sock *s, uint32_t flags, const uint32_t *id,
		 const struct berth_packet *p, const struct ip_path *path,
		 const struct ip_send *send)
{
	stamp->flags = flags;
	stamp->bytes = 0;
	stamp->key = 0;
	if (!(flags & STAMP_TX_WANTED))
		return;
	if (flags & SOF_TIMESTAMPING_OPT_ID) {
		struct sock_extra *x = sock_extra(s);

		stamp->key = id ? *id : x ? x->ts_key++ : 0;
	}
	if (flags & SOF_TIMESTAMPING_OPT_TSONLY)
		return;
	stamp->bytes = write_link(stamp->data, path, ipaddr_is4(&path->dst));
	stamp->bytes += write_ip(stamp->data + stamp->bytes, p, path, send);
	stamp->bytes += packet_copy_out(p, 0, stamp->data + stamp->bytes,
					sizeof(stamp->data) - stamp->bytes);
}

void stamp_tell(struct sock *s, uint32_t kind, uint32_t key, const void *data, size_t bytes)
{
	struct sock_error error = {.error = ENOMSG,
				   .origin = SO_EE_ORIGIN_TIMESTAMPING,
				   .info = kind,
				   .data = key,
				   .offender = sock_any(s)};
	struct endpoint nobody = {.addr = sock_any(s)};

	if (errq_add(s, &error, &nobody, sock_env(s)->now, data, bytes))
		sock_notify(s, POLLERR);
}

void stamp_sent(const struct stamp *stamp, struct sock *s)
{
	/* Nothing waits between the two: the interface's queue is drained as fast as it fills. */
	if (stamp->flags & SOF_TIMESTAMPING_TX_SCHED)
		stamp_tell(s, SCM_TSTAMP_SCHED, stamp->key, stamp->data, stamp->bytes);
	if (stamp->flags & SOF_TIMESTAMPING_TX_SOFTWARE)
		stamp_tell(s, SCM_TSTAMP_SND, stamp->key, stamp->data, stamp->bytes);
}
