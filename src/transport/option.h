/* SPDX-License-Identifier: MIT */
/*
 * Options as rows of tables. Each level (SOL_SOCKET, IPPROTO_IP, IPPROTO_TCP ...) is one const
 * table with one row for each option, which setsockopt, getsockopt and the test that goes through
 * all of them (tests/unit/sock/opt_walk_test.c) read.
 * The levels of every socket are in sock/; those of a protocol stand beside it and are named by its
 * struct proto.
 *
 * Most options are a flag or a number: the row says where it lies and what range it has, and
 * nothing else is needed. The rest have functions of their own.
 */
#ifndef TRANSPORT_OPTION_H
#define TRANSPORT_OPTION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "transport/proto.h"

enum opt_type {
	OPT_FLAG, /* a bool at `offset`; a value has `min` bytes to `max`, or more if that is 0 */
	OPT_LAX,  /* a bool at `offset`; a value that is shorter than an int is 0 */
	OPT_BYTE, /* a uint8_t or bool at `offset`, min to max */
	OPT_INT,  /* an int or unsigned at `offset`, min to max */
	/* Any of these with a `get` of its own where the answer differs from what is kept, and a
	 * `set` where something follows once it is. */
	OPT_NOTHING, /* taken without effect, 0 when asked */
	OPT_LACKING, /* Linux has it, we do not: -ENOPROTOOPT */
	OPT_ASK,     /* can't be set: -ENOPROTOOPT; `get` */
	OPT_OWN,     /* an int, for `set` and `get` */
	OPT_BYTES,   /* `len` bytes, for `set` and `get` */
};

/* What a program gave or asks for. */
struct opt_arg {
	struct sock *s;
	int level, name;	  /* of the row */
	struct sock_options *opt; /* set, common levels: those of `s`, to be changed */
	const void *in;		  /* `len` bytes */
	void *room;		  /* get: where the answer goes to, which is `in` before */
	socklen_t len;
	int value; /* set: the first int, or byte */
	/* get: what goes out, and how long it is. */
	union {
		int number;
		uint64_t big;
		struct linger linger;
		struct timeval time;
		uint8_t bytes[256];
	} out;
	socklen_t out_len;
	bool written;	    /* the row has put the answer into `room` itself, out_len of it */
	socklen_t told_len; /* what the program is told instead of how much it got; 0: just that */
};

struct opt_row {
	int name;
	const char *symbol; /* "SO_REUSEADDR" */
	enum opt_type type;
	size_t offset;
	int min, max;
	int (*set)(struct opt_arg *a); /* NULL: taken without effect */
	int (*get)(struct opt_arg *a); /* NULL: -ENOPROTOOPT */
	const char *form;	       /* of the value, and what it means: for the documentation */
	const char *text;
};

/* What a value that is shorter than an int means to a level. */
enum opt_short {
	OPT_SHORT_INVALID, /* -EINVAL, before anything else */
	OPT_SHORT_BYTE,	   /* a byte is taken, and given if only that fits */
	OPT_SHORT_ROW,	   /* -EINVAL of rows that take numbers */
};

struct opt_level {
	int level;
	const char *symbol; /* "SOL_SOCKET" */
	enum opt_short shorter;
	/* What the rows' offsets are in; to be changed if `edit`, when NULL is for no memory. NULL:
	 * struct sock_options. */
	void *(*block)(struct sock *s, bool edit);
	const struct opt_row *rows;
	size_t count;
};

/* Values of a row that has functions of its own, and of one that lies at a field. */
#define OPT_NONE 0, 0, 0
#define OPT_AT(field) offsetof(struct sock_options, field)
#define OPT_WITHOUT(form) OPT_LACKING, 0, 0, 0, NULL, NULL, form
#define OPT_FIELD(field) OPT_AT(field), 0, 0, NULL, NULL, "flag"

/* getsockopt for what is always 0 or 1. */
int opt_get_zero(struct opt_arg *a);
int opt_get_one(struct opt_arg *a);

/* struct opt_level's block() for offsets in the protocol's control block. */
void *opt_control_block(struct sock *s, bool edit);

/* NULL: no such row. */
const struct opt_row *opt_level_row(const struct opt_level *level, int name);

/* setsockopt and getsockopt of one level, once arguments are known to be there. -ENOPROTOOPT: no
 * such row; what the row answers. */
int opt_level_set(const struct opt_level *level, struct sock *s, int name, const void *value,
		  socklen_t len);
int opt_level_get(const struct opt_level *level, struct sock *s, int name, void *value,
		  socklen_t *len);

#endif
