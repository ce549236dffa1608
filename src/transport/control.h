/* SPDX-License-Identifier: MIT */
/*
 * Control data that goes out with a received message: pieces, one after the other, into what room
 * the program gave.
 */
#ifndef TRANSPORT_CONTROL_H
#define TRANSPORT_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

struct control {
	char *base; /* NULL: there is no room */
	size_t room, used;
	bool cut; /* something did not fit: MSG_CTRUNC */
};

/* Adds a piece. What does not fit is cut. Linux: put_cmsg(). */
void control_put(struct control *out, int level, int type, const void *data, size_t bytes);

#endif
