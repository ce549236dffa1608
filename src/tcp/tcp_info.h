/* SPDX-License-Identifier: MIT */
/*
 * TCP_INFO. struct tcp_info has grown over the years, and callers pass the size they know; so it
 * is written here as the kernel lays it out (tools' headers differ), and as much as fits is copied.
 */
#ifndef TCP_INFO_H
#define TCP_INFO_H

#include "tcp/tcp.h"

/* As the kernel's struct tcp_info. */
struct tcp_info_now {
	uint8_t state, ca_state, retransmits, probes, backoff, options, wscale, app_limited;
	uint32_t rto, ato, snd_mss, rcv_mss;
	uint32_t unacked, sacked, lost, retrans, fackets;
	uint32_t last_data_sent, last_ack_sent, last_data_recv, last_ack_recv;
	uint32_t pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd, advmss, reordering;
	uint32_t rcv_rtt, rcv_space, total_retrans;
	uint64_t pacing_rate, max_pacing_rate, bytes_acked, bytes_received;
	uint32_t segs_out, segs_in, notsent_bytes, min_rtt, data_segs_in, data_segs_out;
	uint64_t delivery_rate, busy_time, rwnd_limited, sndbuf_limited;
	uint32_t delivered, delivered_ce;
	uint64_t bytes_sent, bytes_retrans;
	uint32_t dsack_dups, reord_seen, rcv_ooopack, snd_wnd;
	uint32_t rcv_wnd, rehash;
};
STATIC_ASSERT(offsetof(struct tcp_info_now, pacing_rate) == 104);
STATIC_ASSERT(offsetof(struct tcp_info_now, rcv_wnd) == 232);

/* The end of an event: what the connection waits for now. */
void tcp_chrono_update(struct tcp *t);
/* Bytes were delivered: measures how fast, once in a round trip. */
void tcp_rate_sample(struct tcp *t);

/* What is not measured here is zero. */
void tcp_info_fill(const struct tcp *t, struct tcp_info_now *out);

#endif
