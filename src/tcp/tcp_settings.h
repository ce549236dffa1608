/* SPDX-License-Identifier: MIT */
/*
 * What a program has set of a connection's own options, which most never do: so it stands apart,
 * shared by all who have the same, and is copied by who changes it.
 */
#ifndef TCP_SETTINGS_H
#define TCP_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include <berth/types.h>

struct tcp;

struct tcp_settings {
	uint32_t refs;			       /* connections that share it; 0: everybody's */
	uint32_t keep_idle_s, keep_interval_s; /* 0: the host's */
	int32_t linger2_s;		       /* 0: the host's; -1: not at all */
	uint32_t user_timeout_ms;	       /* 0: none */
	uint32_t notsent_lowat;		       /* 0: the host's */
	uint32_t window_clamp;		       /* UINT32_MAX: none */
	uint32_t rto_max_ms, rto_min_us, delack_max_us; /* 0: the usual ones */
	uint32_t tx_delay_us;				/* kept, without effect */
	uint16_t user_mss;				/* 0: not set */
	uint16_t fastopen;				/* TCP_FASTOPEN */
	uint8_t syn_retries, keep_count;		/* 0: the host's */
	uint8_t defer_accept; /* SYN-ACKs sent before a connection without data is given up on */
	uint8_t save_syn;     /* TCP_SAVE_SYN */
	uint16_t syn_bytes;
	uint8_t *syn; /* TCP_SAVED_SYN, owned; only where they are nobody else's */
	bool fastopen_connect, fastopen_no_cookie;
	bool thin;	       /* TCP_THIN_LINEAR_TIMEOUTS */
	bool inq;	       /* TCP_INQ */
	uint8_t fastopen_keys; /* TCP_FASTOPEN_KEY: how many; 0: the host's */
	uint8_t fastopen_key[2][16];
};

extern const struct tcp_settings tcp_settings_default;

/* The bounds of the retransmission timeout and of the delay of an acknowledgment. */
berth_time tcp_rto_max(const struct tcp *t);
berth_time tcp_rto_min(const struct tcp *t);
berth_time tcp_delack_max(const struct tcp *t);
/* Bytes not sent yet that make it unwritable: its own, or the host's. */
uint32_t tcp_notsent_lowat(const struct tcp *t);

/* Those of this connection alone, to be changed. NULL: no memory, they are as they were. */
struct tcp_settings *tcp_settings_edit(struct tcp *t);
/* What TCP_SAVED_SYN tells, once; `syn` becomes the connection's. NULL: nothing any more. */
void tcp_settings_keep_syn(struct tcp *t, uint8_t *syn, uint16_t bytes);
/* A connection has its listener's. */
void tcp_settings_share(struct tcp *child, const struct tcp *listener);
/* The connection is going away. */
void tcp_settings_drop(struct tcp *t);

#endif
