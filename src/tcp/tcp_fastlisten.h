/* SPDX-License-Identifier: MIT */
/* TCP Fast Open, at the end that listens: see tcp_fastlisten.c. */
#ifndef TCP_FASTLISTEN_H
#define TCP_FASTLISTEN_H

#include "tcp/tcp_fastopen.h"

/* The connections of a listener that a SYN alone has opened. */
struct tcp_fastq {
	struct list early;  /* struct tcp_fast.link: not confirmed yet */
	struct list resets; /* those that were reset instead, and still count, the oldest first */
	uint32_t count;	    /* of both lists */
};

/* Empty. */
void tcp_fastq_init(struct tcp_fastq *q);
/* The listening ends; connections go on without it. */
void tcp_fastq_fini(struct tcp_fastq *q, struct env *env);

/* Whether a SYN may be about it. */
static inline bool tcp_fastlisten_concerns(const struct tcp_in *in)
{
	return in->bytes || in->h.options.has_fastopen;
}

/* What a listener makes of such a SYN. True: a connection may be made of it at once. `*out_cookie`
 * goes with the SYN+ACK else (or besides); 0 bytes: none. */
bool tcp_fastlisten_judge(struct tcp *listener, struct tcp_fastq *q, uint32_t backlog,
			  const struct flow *f, const struct tcp_in *in,
			  struct tcp_fast_cookie *out_cookie);

/* A connection made of a SYN is to be counted. False: no memory. */
bool tcp_fastlisten_begin(struct tcp *t, struct tcp_fastq *q);
/* It was confirmed by an ACK in range: established, or beyond. */
void tcp_fastlisten_confirmed(struct tcp *t, const struct tcp_in *in);
/* It is not early any more; `reset`: for the reason that a peer with a false address has. Harmless
 * of others. */
void tcp_fastlisten_end(struct tcp *t, bool reset);

#endif
