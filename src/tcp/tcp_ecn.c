/* SPDX-License-Identifier: MIT */
/*
 * Explicit congestion notification (RFC 3168): routers mark packets (CE) where they would drop
 * them, the receiver tells the sender (ECE) until that says that it has cut its window (CWR).
 *
 * Both ends must want it: who connects asks with ECE and CWR in its SYN, if net.ipv4.tcp_ecn is 1,
 * and is answered by ECE alone, if it is not 0. Path elements that drop such SYNs cost one retry,
 * as the next asks for nothing (tcp_ecn_fallback, §6.1.1.1). Then new data carries ECT(0); what is
 * sent again, acknowledgments and probes do not (§6.1.4 to §6.1.6). The bits are TCP's alone:
 * IP_TOS and IPV6_TCLASS leave them as they are.
 *
 * What ECE means to the congestion window is in tcp_cc.c. RFC 8311 lifts some of these bounds for
 * experiments; of them only what a listener may be asked is here, as on Linux.
 */
#include "tcp/tcp_ecn.h"

#include "tcp/tcp_pcb.h"

#define QUICK_ACKS 2u
#define RESERVED_AT 12u	    /* in the header: data offset and reserved bits */
#define RESERVED_MASK 0x0fu /* AccECN's AE among them */

uint8_t tcp_ecn_syn_flags(const struct tcp *t, bool with_ack)
{
	bool again = t->backoff && t->ts->env->knobs.tcp_ecn_fallback;

	if (with_ack)
		return TCPF_SYN | TCPF_ACK | (t->agreed.ecn ? TCPF_ECE : 0);
	return TCPF_SYN | (t->agreed.ecn && !again ? TCPF_ECE | TCPF_CWR : 0);
}

bool tcp_ecn_asked(const struct tcp_in *in)
{
	const struct berth_packet *p = in->p;
	const uint8_t *header = p->head + p->head_off - in->header_bytes;
	bool ect = (in->info->tos & IP_ECN_MASK) != IP_ECN_NONE;

	if ((in->h.flags & (TCPF_ECE | TCPF_CWR)) != (TCPF_ECE | TCPF_CWR))
		return false;
	/* RFC 3168 §6.1.1: a SYN is not marked, or something on the way sets bits that it should
	 * not. Linux: but for a peer that says it knows better, by reserved bits (RFC 8311 §4.3).
	 */
	return !ect || (header[RESERVED_AT] & RESERVED_MASK);
}

bool tcp_ecn_agreed(uint8_t flags)
{
	uint8_t both = flags & (TCPF_ECE | TCPF_CWR);

	/* The answer has ECE alone; a SYN that crosses ours asks as it did. An answer that reflects
	 * both is of one that copies what it does not know (§6.1.1). */
	return both == (flags & TCPF_ACK ? TCPF_ECE : TCPF_ECE | TCPF_CWR);
}

uint8_t tcp_ecn_mark(struct tcp *t, struct tcp_header *h)
{
	if (t->ecn & TCP_ECN_REDUCED) {
		t->ecn &= (uint8_t)~TCP_ECN_REDUCED;
		h->flags |= TCPF_CWR;
	}
	return IP_ECN_ECT0;
}

/* Linux: the sender may have as little as one segment out, and waits for its acknowledgment. */
static void hurry(struct tcp *t)
{
	if (t->quick_acks < QUICK_ACKS)
		t->quick_acks = QUICK_ACKS;
	t->interactive = false;
}

void tcp_ecn_on_data(struct tcp *t, uint8_t tos)
{
	uint8_t ecn = tos & IP_ECN_MASK;

	if (ecn == IP_ECN_NONE) {
		/* Linux: from a peer that marks, it was probably sent again. */
		if (t->ecn & TCP_ECN_SEEN)
			hurry(t);
		return;
	}
	t->ecn |= TCP_ECN_SEEN;
	if (ecn != IP_ECN_CE || (t->ecn & TCP_ECN_DEMAND))
		return;
	t->ecn |= TCP_ECN_DEMAND;
	hurry(t);
}

void tcp_ecn_on_cwr(struct tcp *t)
{
	t->ecn &= (uint8_t)~TCP_ECN_DEMAND;
	t->ack_now = true; /* Linux: see hurry() */
}

void tcp_ecn_count(struct tcp *t, uint32_t delivered)
{
	struct tcp_rare *r = tcp_rare(t); /* NULL: it is not counted */

	if (r)
		r->delivered_ce += delivered;
}
