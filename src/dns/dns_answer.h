/* SPDX-License-Identifier: MIT */
/*
 * What a name server's response says about one question.
 */
#ifndef DNS_DNS_ANSWER_H
#define DNS_DNS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/dns_msg.h"

#define DNS_ANSWER_ADDRESSES 64u
#define DNS_ANSWER_NAMES 4u

enum dns_outcome {
	DNS_FOUND,
	DNS_ALIAS,	 /* only that the name stands for `canonical`, which is to be asked for */
	DNS_NO_NAME,	 /* it does not exist */
	DNS_NO_DATA,	 /* it has nothing of this type */
	DNS_TRY_AGAIN,	 /* nobody could tell */
	DNS_NO_RECOVERY, /* nobody would */
};

struct dns_answer {
	enum dns_outcome outcome;
	uint32_t ttl_s; /* of the shortest-lived record that counts */
	struct dns_name
		canonical; /* what the aliases lead to; the question's name if there are none */
	unsigned count;	   /* of what follows */
	union {
		uint8_t addresses[DNS_ANSWER_ADDRESSES][16]; /* A: 4 bytes of each */
		struct dns_name names[DNS_ANSWER_NAMES];     /* PTR */
	};
};

/* What to do with a datagram from a server. */
enum dns_verdict {
	DNS_IGNORE,    /* it is no response to this question */
	DNS_TAKE,      /* `out` has the answer */
	DNS_TRUNCATED, /* ask again by TCP */
	DNS_NO_EDNS,   /* the server can't take the OPT record: ask again without */
	DNS_REFUSES,   /* this server does not know: ask another */
};

/*
 * Judges `bytes` bytes as the response to `question`, asked under `id`. With DNS_TAKE, *out is
 * filled in, from the records of the chain that starts at the question's name alone (so that a
 * server can't slip in what nobody asked for).
 */
enum dns_verdict dns_answer_read(const void *msg, size_t bytes, uint16_t id,
				 const struct dns_question *question, struct dns_answer *out);

#endif
