/* SPDX-License-Identifier: MIT */
/*
 * The numbers of a host that its administrator may set (sysctl), in one struct which every layer
 * reads through its env. stack/sysctl.c has their names, ranges and defaults.
 */
#ifndef BASE_KNOBS_H
#define BASE_KNOBS_H

#include <stdint.h>

struct knobs {
	int32_t ip_forward;
	int32_t ip_default_ttl;
	int32_t ip_nonlocal_bind;
	int32_t ip_no_pmtu_disc;
	int32_t ip_local_port_lo, ip_local_port_hi; /* both inclusive */
	int32_t icmp_ratelimit; /* milliseconds between two errors to one peer */
	int32_t icmp_echo_ignore_all;
	int32_t icmp_echo_ignore_broadcasts;
	int32_t icmp6_ratelimit;
	int32_t icmp6_echo_ignore_all;
	int32_t icmp6_echo_ignore_multicast;
	int32_t ip6_auto_flowlabels;
	int32_t igmp_max_memberships;
	int32_t ping_group_lo, ping_group_hi; /* who may have ping sockets; none if lo > hi */
	int32_t igmp_link_local_mcast_reports, mld_link_local_mcast_reports;
	int32_t somaxconn;
	int32_t rmem_default, wmem_default; /* bytes as getsockopt shows them */
	int32_t unix_max_dgram_qlen;
	int32_t tcp_rmem_default, tcp_wmem_default;
	int32_t tcp_fin_timeout;     /* seconds */
	int32_t tcp_keepalive_time;  /* seconds */
	int32_t tcp_keepalive_intvl; /* seconds */
	int32_t tcp_keepalive_probes;
	int32_t tcp_retries1, tcp_retries2;
	int32_t tcp_orphan_retries;
	int32_t tcp_syn_retries, tcp_synack_retries;
	int32_t tcp_syn_linear_timeouts; /* retries of a SYN before its RTO doubles */
	int32_t tcp_syncookies;		 /* 0 never, 1 when the queue is full, 2 always */
	int32_t tcp_max_syn_backlog;
	int32_t tcp_abort_on_overflow;
	int32_t tcp_sack, tcp_dsack, tcp_timestamps, tcp_window_scaling;
	int32_t tcp_ecn;	  /* 0 no, 1 ask and answer, 2 answer */
	int32_t tcp_ecn_fallback; /* a SYN that is sent again does not ask */
	int32_t tcp_rfc1337;
	int32_t tcp_tw_reuse; /* 0 no, 1 yes, 2 on loopback */
	int32_t tcp_moderate_rcvbuf;
	int32_t tcp_slow_start_after_idle;
	int32_t tcp_no_metrics_save;
	int32_t tcp_notsent_lowat;	 /* bytes; -1: no limit */
	int32_t tcp_congestion_control;	 /* 0 newreno ("reno"), 1 cubic */
	int32_t tcp_challenge_ack_limit; /* per second; INT32_MAX: no limit */
	int32_t tcp_mtu_probing; /* 0 no, 1 after timeouts, 2 always */
	int32_t tcp_base_mss, tcp_mtu_probe_floor, tcp_min_snd_mss;
	int32_t tcp_probe_threshold; /* bytes: a search that has come as close ends */
	int32_t tcp_probe_interval;  /* seconds from one search to the next */
	int32_t tcp_fastopen; /* bits: 1 client, 2 server, ...: tcp_fastopen.h */
	int32_t tcp_fastopen_blackhole_timeout_sec; /* 0: no pause */
};

#endif
