/* SPDX-License-Identifier: MIT */
/*
 * The transmission control block, and what TCP's files offer each other.
 *
 *                    passive open                       active open
 *      CLOSED ------------------> LISTEN     CLOSED -----------------> SYN_SENT
 *                                    | SYN                         SYN |  | SYN+ACK
 *                                    v                  (simultaneous) |  |
 *                             [tcp_request] --- ACK ---+       SYN_RECV   |
 *                                                      v         | ACK    |
 *                                                  ESTABLISHED <-+--------+
 *                                     shutdown, close |    | FIN
 *                              FIN_WAIT1 <------------+    +------------> CLOSE_WAIT
 *             ACK of FIN |         | FIN                                      | shutdown, close
 *                        v         v                                          v
 *                   FIN_WAIT2   CLOSING                                    LAST_ACK
 *                    FIN |         | ACK of FIN                               | ACK of FIN
 *                        v         v                                          v
 *                  [tcp_timewait: TIME_WAIT] ---- 60 s ------------------> CLOSED
 *
 * A half-open end is a struct tcp_request, an end in TIME-WAIT that no program holds a struct
 * tcp_timewait: both small. RFC 9293's SYN-RECEIVED is seen on a struct tcp only after a
 * simultaneous open.
 *
 * Sequence numbers and queues: `sndq` holds the bytes from snd_una on (stream position 0 is iss +
 * 1), `segs` records what was sent of them, `rcvq` what was received in order and not read, `reass`
 * the rest. All are empty, and own no memory, on an idle connection.
 */
#ifndef TCP_TCP_H
#define TCP_TCP_H

#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/env.h"
#include "base/list.h"
#include "base/table.h"
#include "base/timer.h"
#include "pkt/viewq.h"
#include "tcp/tcp_seq.h"
#include "tcp/tcp_settings.h"
#include "transport/demux.h"
#include "transport/proto.h"
#include "wire/tcp_header.h"

#define TCP_RTO_MIN (200 * BERTH_MSEC) /* Linux; RFC 6298 §2.4 says 1 s */
#define TCP_RTO_INIT (1 * BERTH_SEC)   /* RFC 6298 §2.1 */
#define TCP_RTO_MAX (120 * BERTH_SEC)
#define TCP_DELACK (40 * BERTH_MSEC)
#define TCP_TIMEWAIT (60 * BERTH_SEC)
#define TCP_DEFAULT_MSS 536u
#define TCP_MSS_MIN 88u /* Linux: MSS values below are taken for this */
#define TCP_SND_MSS_MIN 48u
#define TCP_INIT_CWND 10u /* segments, RFC 6928 */
#define TCP_DUP_THRESH 3u
#define TCP_SEGS_INLINE 2u
#define TCP_WINDOW_MAX 65535u
#define TCP_WSCALE_MAX 14u
#define TCP_FAST_KEY_BYTES 16u

struct tcp;

/* TCP's context of one stack. */
struct tcp_stack {
	struct env *env;
	struct net *net;
	struct transport *tp;
	uint8_t isn_key[16];			  /* RFC 6528 */
	uint8_t cookie_key[16];			  /* RFC 4987 */
	uint8_t fastopen_key[TCP_FAST_KEY_BYTES]; /* RFC 7413 */
	struct table requests;			  /* struct tcp_request, by its flow */
	struct list timewait; /* struct tcp_timewait, the next to expire first */
	uint32_t timewait_count;
	uint32_t reuse_iss; /* set by tcp_timewait_yield() for the connection that asked */
	bool reused;
	struct timer timewait_timer;
	struct list blocked; /* struct tcp whose interface had no room */
	/* RFC 5961 §10: challenge ACKs left in this second. */
	berth_time challenge_second;
	uint32_t challenge_left;
	berth_time cookies_until; /* cookies sent before are believed until then */
	/* RFC 7413: servers that were used before, the one least recently heard of first; and how
	 * often in a row something swallowed connections that used it, the last time at. */
	struct table fast_table;
	struct list fast_servers;
	uint32_t fast_holes;
	berth_time fast_hole_at;
};

/* What one segment's acknowledgment told us. */
struct tcp_acked {
	uint32_t prior_una;
	uint32_t acked;	     /* sequence space newly acknowledged, cumulatively */
	uint32_t delivered;  /* newly acknowledged or SACKed */
	uint32_t dsacked;    /* bytes reported twice */
	berth_time rtt;	     /* from a segment sent once; -1: none */
	berth_time sack_rtt; /* the same from a SACKed one */
	uint32_t tsecr;
	bool has_tsecr;
	bool retransmitted; /* of what was acknowledged, something had been retransmitted */
	bool new_sack;	    /* a SACK block told news */
	bool dsack;
	bool duplicate; /* RFC 5681 §2 */
	bool lost;	/* something was found lost */
	bool ece;	/* the peer says that something was marked CE */
};

/* One run of the sequence space that was sent and is not acknowledged. */
struct tcp_seg {
	berth_time sent; /* when it was last sent */
	uint32_t seq;
	uint32_t bytes; /* SYN and FIN count one */
	uint8_t flags;	/* SEG_* */
	uint8_t tries;	/* retransmissions, saturating */
};

#define SEG_SACKED 0x01u  /* the peer has it */
#define SEG_LOST 0x02u	  /* thought lost and not yet sent again */
#define SEG_RETRANS 0x04u /* was lost, and a retransmission is in flight */
#define SEG_EVER 0x08u	  /* was retransmitted at some time: no RTT from it (Karn) */
#define SEG_SYN 0x10u
#define SEG_FIN 0x20u
#define SEG_PROBE 0x40u /* a tail loss probe */

struct tcp_range {
	uint32_t start, end; /* [start, end) */
};

/* What matters while something is in flight. The records of it, in order and without gaps, are a
 * ring. */
struct tcp_segs {
	struct tcp_seg *ring;		 /* `inline_ring`, or allocated */
	uint32_t first, count, capacity; /* capacity is a power of two; 0: nobody's */
	struct tcp_seg inline_ring[TCP_SEGS_INLINE];
	struct tcp_range seen[TCP_SACKS_MAX]; /* blocks of the peer's last SACK, already entered */
	uint32_t lost_hint;		      /* no lost segment begins below this */
	uint32_t retrans_high;		      /* no segment at or above this was retransmitted */
	/* Recovery. */
	uint32_t recover;			    /* snd_nxt when it began (RFC 6582) */
	uint32_t prr_delivered, prr_out, prr_start; /* RFC 6937 */
	uint32_t undo_cwnd, undo_ssthresh;
	uint32_t undo_seq;    /* snd_una when it was reduced */
	int32_t undo_retrans; /* retransmissions not yet known to be needless; -1: none made */
	berth_time undo_at;   /* of the first retransmission (RFC 3522) */
	/* RACK-TLP, RFC 8985. */
	berth_time rack_sent, rack_rtt;
	uint32_t rack_end; /* sequence number after the segment it is about */
	uint32_t tlp_end;
	/* Where the present measure of the delivery rate began. */
	berth_time rate_at;
	uint32_t rate_delivered;
};

/* Bytes that came out of order: runs with gaps between, ascending. */
struct tcp_run {
	struct tcp_range range;
	struct viewq bytes;
};

/* What came out of order or twice, and what of that is to be reported. */
struct tcp_reass {
	struct tcp_run *runs;
	uint32_t count, capacity;
	uint32_t bytes; /* sum of the runs */
	bool fin;	/* a FIN was seen beyond a gap */
	bool dsack_pending;
	uint8_t sacks_count;
	uint32_t fin_seq;
	struct tcp_range sacks[TCP_SACKS_MAX]; /* to be reported, most recent first */
	struct tcp_range dsack;		       /* to be reported once, RFC 2883 */
};

/* What the peer's and our SYN agreed on. */
struct tcp_agreed {
	bool ts, sack, wscale, ecn;
	uint8_t snd_wscale, rcv_wscale;
};

/* The state of congestion control as a whole; the algorithm's own is `cc_state`. */
enum tcp_ca {
	CA_OPEN,     /* nothing wrong */
	CA_DISORDER, /* SACKs or duplicate ACKs, no loss yet */
	CA_CWR,	     /* ECN or a local drop reduced the window */
	CA_RECOVERY, /* fast retransmit */
	CA_LOSS,     /* after a retransmission timeout */
};

/* What the retransmission timer stands for; it is one timer. */
enum tcp_wait {
	WAIT_NONE,
	WAIT_RTO,
	WAIT_TLP,     /* tail loss probe, RFC 8985 §7 */
	WAIT_REORDER, /* RACK's reordering timer, §6.3 */
	WAIT_PERSIST, /* zero window probe */
};

/* What a connection with data to send is waiting for; TCP_INFO tells how long. */
enum tcp_chrono {
	TCP_CHRONO_NONE,
	TCP_CHRONO_BUSY,   /* acknowledgments, or the congestion window */
	TCP_CHRONO_RWND,   /* the peer's window */
	TCP_CHRONO_SNDBUF, /* the program, whose buffer is too small */
	TCP_CHRONO_LAST = TCP_CHRONO_SNDBUF,
};

#define TCP_RATE_UNIT 256u

struct tcp_cubic {
	berth_time epoch; /* 0: none */
	uint32_t w_max;	  /* bytes */
	uint32_t k_ms;
	uint32_t w_est; /* bytes: Reno's window */
	/* HyStart++, RFC 9406 */
	uint32_t round_end; /* sequence number */
	uint32_t last_min_us, min_us, css_base_us;
	uint16_t samples;
	uint8_t css_rounds; /* 0: not in conservative slow start */
};

/* A congestion control algorithm. */
struct tcp_cc {
	const char *name; /* of TCP_CONGESTION */
	void (*init)(struct tcp *t);
	/* New data was acknowledged, and the window was in use. */
	void (*on_ack)(struct tcp *t, uint32_t acked);
	/* The slow-start threshold, bytes, after a loss now. Called once for each. */
	uint32_t (*on_loss)(struct tcp *t);
	/* Data is sent again after an idle time, or the timer expired: old measures mean nothing.
	 */
	void (*on_restart)(struct tcp *t);
};

struct tcp_fast_cookie {
	uint8_t bytes; /* 0: none */
	uint8_t at[TCP_COOKIE_BYTES_MAX];
};

struct tcp_fastq;

/* TCP Fast Open: tcp_fastopen.c, tcp_fastlisten.c. */
struct tcp_fast {
	bool involved;
	bool acked; /* data in the SYN was taken: TCPI_OPT_SYN_DATA */
	/* The end that connects. */
	bool option;		       /* its SYN has the option */
	bool asked;		       /* and was sent */
	bool waits;		       /* the SYN waits for data */
	bool tries_again;	       /* after a pause for all */
	uint8_t fail;		       /* tcpi_fastopen_client_fail */
	struct tcp_fast_cookie cookie; /* bytes 0: asks for one */
	uint16_t room;		       /* for data in the SYN */
	uint16_t syn_bytes;	       /* that it carried */
	/* The end that listened. */
	bool passive; /* made of a SYN */
	berth_time synack_at;
	struct tcp_fastq *queue; /* its listener's, in which it counts; NULL: no more */
	struct list link;
};

/* Probing for the path's MTU: tcp_mtu_probe.c. Sizes are of IP packets. */
struct tcp_mtup {
	bool enabled;
	uint32_t low, high;  /* that gets through; that may */
	uint32_t size;	     /* of the probe in flight; 0: none */
	uint32_t start, end; /* its bytes */
	berth_time since;    /* when the search began */
};

/* What few connections need, made when the first of it is. */
struct tcp_rare {
	struct tcp_fast fast;
	struct tcp_mtup mtup;
	uint32_t delivered_ce; /* bytes delivered by acknowledgments with ECE, for TCP_INFO */
};

struct tcp_listener;

struct tcp {
	struct sock sock;
	struct tcp_stack *ts;
	const struct tcp_cc *cc;

	/* State; see the drawing above. */
	uint8_t state;	 /* TCP_ESTABLISHED ... of <netinet/tcp.h> */
	bool orphan;	 /* the program has closed it */
	bool fin_wanted; /* a FIN is to follow the last byte of sndq */
	bool fin_sent, fin_acked, fin_received;
	bool was_connected; /* it has been in ESTABLISHED */
	bool connecting;    /* connect() under way, its result not yet told */
	struct tcp_agreed agreed;
	uint8_t ca;	    /* enum tcp_ca */
	bool cwnd_limited;  /* the window was in use when we last sent */
	uint8_t wait;	    /* enum tcp_wait */
	uint8_t chrono;	    /* enum tcp_chrono */
	bool more;	    /* the last send() had MSG_MORE */
	bool undo_possible; /* the fields undo_* of segs mean something */

	/* Send sequence space, RFC 9293 §3.3.1. */
	uint32_t iss, snd_una, snd_nxt, snd_wnd, snd_wl1, snd_up;
	uint32_t snd_wnd_max; /* the largest window the peer has offered */
	uint32_t snd_mss;     /* payload bytes of a full segment, options subtracted */
	uint16_t peer_mss;    /* as its SYN said */
	uint16_t rcv_mss;     /* estimate of what the peer sends */
	bool nodelay, cork;   /* TCP_NODELAY, TCP_CORK */
	uint8_t backoff;      /* doublings of rto now */
	uint8_t ecn;	      /* TCP_ECN_*, where agreed.ecn */
	uint32_t path_mtu;    /* that snd_mss was made from */

	/* Receive sequence space. */
	uint32_t irs, rcv_nxt;
	uint32_t rcv_acked; /* rcv_nxt as our last ACK said it */
	uint32_t rcv_wnd;   /* window as our last ACK said it, from rcv_acked on */
	uint32_t rcv_up;    /* sequence number of the urgent byte */
	uint32_t urgent;    /* URGENT_* or 0x100 | the byte */

	/* Timestamps, RFC 7323. */
	uint32_t ts_offset; /* added to our clock */
	uint32_t ts_recent;
	berth_time ts_recent_at; /* when ts_recent was taken */

	/* Queues. */
	struct viewq sndq, rcvq;
	struct tcp_segs *segs;	 /* never NULL: one that is empty, and everybody's, while idle */
	struct tcp_reass *reass; /* the same */
	struct tcp_rare *rare;	 /* owned; NULL: nothing of it */

	/* Congestion control, RFC 5681 and 6675; all in bytes. */
	uint32_t cwnd, ssthresh;
	uint32_t sacked_bytes; /* SEG_SACKED; without SACK: an estimate from duplicate ACKs */
	uint32_t lost_bytes;   /* SEG_LOST */
	uint32_t dupacks;
	uint32_t cwnd_acked;		   /* bytes acknowledged since cwnd last grew */
	uint32_t cwnd_used, cwnd_used_end; /* the most in flight before this sequence number */
	struct tcp_cubic cubic;

	/* RTT and RTO, RFC 6298; nanoseconds. */
	berth_time srtt, rttvar, rto, rtt_min, rtt_last;
	berth_time rtt_min_at;
	berth_time first_retrans; /* of the present series; 0: none. For R2 and TCP_USER_TIMEOUT */

	/* RACK-TLP, RFC 8985. */
	uint32_t rack_fack; /* the highest sequence number acknowledged or SACKed, plus one */
	uint32_t rack_dsack_round;
	uint8_t rack_reo_mult, rack_reo_persist;
	bool rack_reordering, rack_dsack_seen;
	bool tlp_retrans; /* the probe was a retransmission */
	bool tlp_pending;
	uint8_t probes;	     /* zero-window probes unanswered */
	uint8_t keep_probes; /* keepalive probes unanswered */

	/* Acknowledgments. */
	uint8_t quick_acks; /* to be sent at once (as Linux starts) */
	bool interactive;   /* the program answers what it gets: delay ACKs */
	bool ack_now, ack_delayed;
	bool quickack_mode;  /* TCP_QUICKACK */
	bool output_blocked; /* the interface was full: on its ts->blocked list */
	bool oow_answered, nospace;
	berth_time last_received, last_sent, last_data;
	berth_time last_oow_ack; /* last challenge ACK of this connection */

	/* Buffer tuning. */
	uint64_t drs_copied; /* rcvq.begin when the present measurement began */
	berth_time drs_at;   /* when that was */
	uint32_t drs_space;  /* bytes read in the one before */

	/* Options of the program's. */
	uint32_t small_end; /* sequence number after the last segment sent that was not full */
	const struct tcp_settings *set; /* shared until tcp_settings_edit() */

	/* One timer for three deadlines: see tcp_timer.c. */
	struct timer timer;
	berth_time rexmit_at, delack_at, slow_at; /* NEVER: nothing to do */

	struct tcp_listener *listener; /* LISTEN; or whose accept queue it is in */
	struct list link;	       /* in an accept queue */
	struct list blocked_link;      /* in ts->blocked */

	/* Counts for TCP_INFO. */
	uint64_t bytes_sent, bytes_retrans;
	uint32_t total_retrans, reord_seen, dsack_dups;
	uint32_t segs_out, segs_in, data_segs_out, data_segs_in, delivered;
	uint32_t rcv_ooopack;
	uint32_t delivery_rate;			 /* in units of TCP_RATE_UNIT bytes per second */
	uint32_t chrono_ms[TCP_CHRONO_LAST + 1]; /* by enum tcp_chrono; NONE: when it began */
};

#define URGENT_NONE 0u
#define URGENT_READ 0x200u     /* the byte at rcv_up was taken */
#define URGENT_EXPECTED 0x400u /* the byte at rcv_up has not come */
#define URGENT_VALID 0x100u    /* the low eight bits are the byte */

static inline struct tcp *tcp_of(struct sock *s)
{
	return container_of(s, struct tcp, sock);
}

static inline const struct tcp *tcp_of_const(const struct sock *s)
{
	return (const struct tcp *)(const void *)s;
}

STATIC_ASSERT(offsetof(struct tcp, sock) == 0);
STATIC_ASSERT(sizeof(struct tcp) <= 900);

extern const struct proto tcp_proto;

/* TCP's context of one stack: makes it, registers it with net and transport, and stores it in
 * tp->tcp. -ENOMEM. */
int tcp_init(struct transport *tp);
/* All socks are gone (see tcp_shutdown()). Frees tp->tcp; harmless if there is none. */
void tcp_fini(struct transport *tp);
/* Frees every connection that no program holds, without a word to the peers; before tcp_fini(). */
void tcp_shutdown(struct transport *tp);
/* An interface's queue has room again: those who waited for it go on. */
void tcp_on_tx_space(struct transport *tp, struct netif *netif);

#endif
