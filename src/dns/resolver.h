/* SPDX-License-Identifier: MIT */
/*
 * The resolver of one stack: what it is configured to know, the answers it keeps, and the questions
 * that are on their way.
 *
 *     getaddrinfo, gethostbyname ...       gai.c gethost.c nameinfo.c
 *          | resolver_lookup()             resolver.c: hosts file, search list, kept answers
 *          v
 *     struct dns_query                     query.c: one question to the servers, UDP, TCP, retries
 *
 * Nothing waits: a look-up that has to ask returns DNS_RESOLVING, and the caller's caller makes the
 * whole call again when the stack has news. So a call keeps no state of its own; whatever it has
 * found out is among the kept answers.
 */
#ifndef DNS_RESOLVER_H
#define DNS_RESOLVER_H

#include <stdbool.h>

#include <berth/resolve.h>
#include <berth/stack.h>

#include "base/list.h"
#include "base/table.h"
#include "base/timer.h"
#include "dns/dns_answer.h"
#include "wire/ipaddr.h"

#define RESOLVER_ENTRIES_MAX 512u /* answers kept and questions on their way */
#define RESOLVER_QUERIES_MAX 128u /* questions on their way */

/* Besides enum dns_outcome: the answer is not there yet. */
#define DNS_RESOLVING (-1)

struct dns_query;
struct env;
struct gethost; /* gethost.c */
struct hosts;
struct services;

/* A question, and its answer once it is there. */
struct dns_entry {
	struct table_node node; /* by question */
	struct list link;	/* in the resolver's, the one looked at last at the end */
	struct dns_question question;
	struct dns_query *query; /* on its way; NULL: answered */
	berth_time asked;
	berth_time answered;
	berth_time expires;
	berth_time read; /* never since it was answered: 0 */
	struct dns_answer answer;
};

/* struct berth_resolver_config, read. A world has as many of these as it has hosts, most of which
 * resolve nothing: small, and the rest is made when it is needed. */
struct resolver_config {
	struct sockaddr_storage *servers;
	struct dns_name *search;
	unsigned server_count, search_count;
	unsigned ndots, attempts;
	berth_time timeout;
	struct hosts *hosts;	   /* NULL: none */
	struct services *services; /* NULL: the well-known ones, not read yet */
};

struct resolver {
	struct berth_stack *st;
	struct env *env;
	struct resolver_config config;
	struct table entries;
	struct list entry_list;
	struct list queries; /* struct dns_query.link */
	unsigned query_count;
	struct gethost *gethost; /* the last answer of gethostby*(); NULL: none yet */
	struct servent servent;	 /* the last of getservby*() */
	char **servent_aliases;
};

/* That of a stack, made if it has none yet. NULL: no memory. */
struct resolver *resolver_of(struct berth_stack *st);

/* The names of ports. NULL: no memory. */
const struct services *resolver_services(struct resolver *r);

/*
 * What the servers say, now or some time ago: an outcome and *out (the resolver's, until the next
 * look-up), or DNS_RESOLVING. Aliases are followed. DNS_TRY_AGAIN also without a server, or memory.
 */
int resolver_lookup(struct resolver *r, const struct dns_name *name, uint16_t type,
		    const struct dns_answer **out);

/* The same for both types of one name at a time, so that they are asked side by side. */
struct resolver_pair {
	bool want[2];			    /* A, AAAA */
	int outcome[2];			    /* DNS_NO_DATA where it is not wanted */
	const struct dns_answer *answer[2]; /* with DNS_FOUND */
};

/*
 * Looks a name up as text, with the search list (resolv.conf(5): ndots). Stops at the first name
 * that has something. DNS_FOUND if either type is there; else what is worth telling.
 */
int resolver_search(struct resolver *r, const char *name, struct resolver_pair *p);

/* Makes the name under in-addr.arpa or ip6.arpa. */
void resolver_reverse_name(const struct ipaddr *a, struct dns_name *out);

/* query.c tells: the answer of `e` is complete. */
void resolver_answered(struct resolver *r, struct dns_entry *e);

/* query.c */

/* Asks; the entry's answer comes by resolver_answered(), not before this returns. -ENOMEM,
 * -EAGAIN: too many are on their way. */
int query_start(struct resolver *r, struct dns_entry *e);
/* Gives up. */
void query_free(struct dns_query *q);
/* Reads what has come for it, for callers who ask again without having fetched events. It may be
 * answered then, and gone. */
void query_poll(struct dns_query *q);
/* Whether the event is of a query's socket; if so it was dealt with. */
bool query_take(struct resolver *r, const struct berth_event *ev);

/* gethost.c */
void gethost_free(struct resolver *r);
/* serv.c */
void servent_free(struct resolver *r);

#endif
