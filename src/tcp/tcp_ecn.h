/* SPDX-License-Identifier: MIT */
/* Explicit congestion notification: see tcp_ecn.c. */
#ifndef TCP_ECN_H
#define TCP_ECN_H

#include "tcp/tcp_input.h"

/* struct tcp's ecn. */
#define TCP_ECN_DEMAND 0x01u  /* something came with CE: ECE, until a CWR comes */
#define TCP_ECN_REDUCED 0x02u /* the window was cut: CWR goes with the next new data */
#define TCP_ECN_SEEN 0x04u    /* the peer marks what it sends */

/* The ECN field of IP headers. */
#define IP_ECN_MASK 0x03u
#define IP_ECN_NONE 0x00u
#define IP_ECN_ECT0 0x02u
#define IP_ECN_CE 0x03u

/* All flags of a SYN, or SYN+ACK of a simultaneous open, that is sent now. */
uint8_t tcp_ecn_syn_flags(const struct tcp *t, bool with_ack);
/* Whether a SYN for a listener asks for ECN, and may. */
bool tcp_ecn_asked(const struct tcp_in *in);
/* Whether the flags of a SYN or SYN+ACK agree to ECN, for one that has asked. */
bool tcp_ecn_agreed(uint8_t flags);

/* New data is to leave: its flags, and its ECN field, which is returned. */
uint8_t tcp_ecn_mark(struct tcp *t, struct tcp_header *h);
/* Data came with that type of service; whether there were marks, and so what to acknowledge. */
void tcp_ecn_on_data(struct tcp *t, uint8_t tos);
/* The peer has cut its window. */
void tcp_ecn_on_cwr(struct tcp *t);
/* Bytes were delivered by an acknowledgment with ECE. */
void tcp_ecn_count(struct tcp *t, uint32_t delivered);

#endif
