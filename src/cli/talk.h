/* SPDX-License-Identifier: MIT */
/*
 * A conversation: the packets between two sockets, and what the programs at both ends did,
 * in the order of time. Made from the recording of a run, drawn by the ladder.
 */
#ifndef CLI_TALK_H
#define CLI_TALK_H

#include "cli/events.h"

enum talk_kind {
	TALK_ARRIVE, /* at one moment, things are told in this order */
	TALK_TEXT,
	TALK_LEAVE,
};

struct talk_item {
	enum talk_kind kind;
	berth_time time;
	int side;	/* 0: who spoke first, 1: the other. Of a packet: the end it is at */
	size_t order;	/* as it came */
	bool acts;	/* a text of what makes packets leave */
	char text[128]; /* of a program */
	size_t packet;	/* index of a packet */
};

struct talk_packet {
	const struct passage *passage;
	int from;	    /* side */
	bool again;	    /* sent before */
	bool repeated;	    /* an acknowledgement of what was acknowledged before */
	char labels[3][64]; /* from all that is to be said to the little that there is room for */
};

struct talk {
	uint8_t protocol;
	struct endpoint ends[2];
	int hosts[2]; /* -1: not known */
	const char *names[2];
	struct talk_packet *packets;
	size_t packet_count, packet_capacity;
	struct talk_item *items; /* sorted */
	size_t item_count, item_capacity;
	size_t lost, again, questions; /* questions: also the answers */
	berth_time last; /* packet left */
};

struct talks {
	struct talk *talks;
	size_t count, capacity;
};

/* Finds the conversations of a recording, in the order in which they began. What they point to
 * is the recording's. */
void talks_find(const struct events *e, struct talks *out);
void talks_fini(struct talks *t);

#endif
