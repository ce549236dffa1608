/* SPDX-License-Identifier: MIT */
/* Output: see tcp_output.c. */
#ifndef TCP_OUTPUT_H
#define TCP_OUTPUT_H

#include "tcp/tcp.h"

/* Sends all that may be sent now: lost data, new data, a due ACK; arms the retransmission timer. */
void tcp_output(struct tcp *t);

/* Each sends one segment without data. -ENOMEM, or ip_output()'s errors: it is as if lost. */
int tcp_send_ack(struct tcp *t);
int tcp_send_probe(struct tcp *t);
int tcp_send_syn(struct tcp *t, bool with_ack);

/* Sends one segment of new data (at least a byte) past the congestion window, Nagle and cork, as
 * far as the peer's window reaches. False: there is none, or the window is closed. */
bool tcp_send_forced(struct tcp *t);

/* Sends so many bytes of new data, which there are and windows allow, as one packet, although they
 * are more than a segment. How many went; 0: none. */
uint32_t tcp_send_large(struct tcp *t, uint32_t bytes);

/* Sends the first `bytes` of a record again. -ENOMEM: not now; -EMSGSIZE: the path is too narrow
 * for anything. */
int tcp_retransmit(struct tcp *t, struct tcp_seg *s, uint32_t bytes);

/* Bytes of sndq that were never sent. */
uint32_t tcp_unsent(const struct tcp *t);
/* Bytes thought to be in flight (RFC 6675 §4). */
uint32_t tcp_pipe(const struct tcp *t);

/* The timestamp clock, milliseconds with the connection's offset. */
uint32_t tcp_clock_ms(const struct tcp *t);
/* Bytes the receive queue can still take. */
uint32_t tcp_rcv_space(const struct tcp *t);
/* The window that an ACK sent now would offer. */
uint32_t tcp_window_to_offer(const struct tcp *t);
/* The window that a SYN offers, unscaled; `mss` is the one it announces. */
uint32_t tcp_first_window(const struct sock *s, uint32_t mss);
/* The MSS our SYN announces. */
uint16_t tcp_mss_to_offer(const struct tcp *t);
/* Sets snd_mss from the path, the peer's MSS and the options in use. */
void tcp_update_mss(struct tcp *t);

#endif
