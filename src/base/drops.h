/* SPDX-License-Identifier: MIT */
/*
 * Why packets are dropped. Each reason has a name, which listings show, and a counter in
 * the stack's env. Add yours here, next to its layer.
 */
#ifndef BASE_DROPS_H
#define BASE_DROPS_H

#define DROP_REASONS(X)                                                                            \
	X(NO_MEMORY, "no_memory")                                                                  \
	X(NETIF_DOWN, "netif_down")                                                                \
	X(TXQ_FULL, "txq_full")                                                                    \
	X(ETHER_TRUNCATED, "ether_truncated")                                                      \
	X(ETHER_OTHERHOST, "ether_otherhost")                                                      \
	X(ETHER_TYPE, "ether_type")                                                                \
	X(ARP_MALFORMED, "arp_malformed")                                                          \
	X(ARP_CONFLICT, "arp_conflict")                                                            \
	X(ARP_UNKNOWN, "arp_unknown")                                                              \
	X(NEIGH_QUEUE_FULL, "neigh_queue_full")                                                    \
	X(NEIGH_FAILED, "neigh_failed")                                                            \
	X(NEIGH_TABLE_FULL, "neigh_table_full")                                                    \
	X(IP4_TRUNCATED, "ip4_truncated")                                                          \
	X(IP4_HEADER, "ip4_header")                                                                \
	X(IP4_CHECKSUM, "ip4_checksum")                                                            \
	X(IP4_OPTIONS, "ip4_options")                                                              \
	X(IP4_SOURCE, "ip4_source")                                                                \
	X(IP4_NOT_LOCAL, "ip4_not_local")                                                          \
	X(IP4_NO_ROUTE, "ip4_no_route")                                                            \
	X(IP4_TTL, "ip4_ttl")                                                                      \
	X(IP4_TOO_BIG, "ip4_too_big")                                                              \
	X(IP4_PROTOCOL, "ip4_protocol")                                                            \
	X(IP4_BROADCAST, "ip4_broadcast")                                                          \
	X(IP6_TRUNCATED, "ip6_truncated")                                                          \
	X(IP6_HEADER, "ip6_header")                                                                \
	X(IP6_EXTENSION, "ip6_extension")                                                          \
	X(IP6_OPTIONS, "ip6_options")                                                              \
	X(IP6_ROUTING, "ip6_routing")                                                              \
	X(IP6_SOURCE, "ip6_source")                                                                \
	X(IP6_NOT_LOCAL, "ip6_not_local")                                                          \
	X(IP6_NO_ROUTE, "ip6_no_route")                                                            \
	X(IP6_HOPS, "ip6_hops")                                                                    \
	X(IP6_TOO_BIG, "ip6_too_big")                                                              \
	X(IP6_PROTOCOL, "ip6_protocol")                                                            \
	X(ND_MALFORMED, "nd_malformed")                                                            \
	X(ND_CONFLICT, "nd_conflict")                                                              \
	X(ND_UNKNOWN, "nd_unknown")                                                                \
	X(FRAG_MALFORMED, "frag_malformed")                                                        \
	X(FRAG_OVERLAP, "frag_overlap")                                                            \
	X(FRAG_DUPLICATE, "frag_duplicate")                                                        \
	X(FRAG_TIMEOUT, "frag_timeout")                                                            \
	X(FRAG_LIMIT, "frag_limit")                                                                \
	X(ICMP_TRUNCATED, "icmp_truncated")                                                        \
	X(ICMP_CHECKSUM, "icmp_checksum")                                                          \
	X(ICMP_TYPE, "icmp_type")                                                                  \
	X(ICMP_EMBEDDED, "icmp_embedded")                                                          \
	X(ICMP_UNMATCHED, "icmp_unmatched")                                                        \
	X(IGMP_MALFORMED, "igmp_malformed")                                                        \
	X(MLD_MALFORMED, "mld_malformed")                                                          \
	X(ICMP_RATE, "icmp_rate")                                                                  \
	X(FILTERED, "filtered")                                                                    \
	X(UDP_TRUNCATED, "udp_truncated")                                                          \
	X(UDP_CHECKSUM, "udp_checksum")                                                            \
	X(UDP_NO_PORT, "udp_no_port")                                                              \
	X(UDP_RCVBUF, "udp_rcvbuf")                                                                \
	X(AFPACKET_RCVBUF, "afpacket_rcvbuf")                                                      \
	X(RAW_CHECKSUM, "raw_checksum")                                                            \
	X(RAW_RCVBUF, "raw_rcvbuf")                                                                \
	X(NETLINK_RCVBUF, "netlink_rcvbuf")                                                        \
	X(TCP_TRUNCATED, "tcp_truncated")                                                          \
	X(TCP_CHECKSUM, "tcp_checksum")                                                            \
	X(TCP_HEADER, "tcp_header")                                                                \
	X(TCP_TTL, "tcp_ttl")                                                                      \
	X(TCP_NO_PORT, "tcp_no_port")                                                              \
	X(TCP_BACKLOG, "tcp_backlog")                                                              \
	X(TCP_PAWS, "tcp_paws")                                                                    \
	X(TCP_SEQUENCE, "tcp_sequence")                                                            \
	X(TCP_ACK, "tcp_ack")                                                                      \
	X(TCP_RCVBUF, "tcp_rcvbuf")                                                                \
	X(TCP_REASS, "tcp_reass")                                                                  \
	X(TCP_DUPLICATE, "tcp_duplicate")                                                          \
	X(TCP_CLOSED, "tcp_closed")

enum drop {
#define DROP_ENUM(id, name) DROP_##id,
	DROP_REASONS(DROP_ENUM)
#undef DROP_ENUM
		DROP_COUNT,
};

#endif
