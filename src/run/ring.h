/* SPDX-License-Identifier: MIT */
/*
 * Mapped rings of packet sockets (PACKET_RX_RING, packet_mmap): frames in memory that a program
 * shares with berth. ring.c tells how a descriptor that cannot be mapped is.
 */
#ifndef RUN_RING_H
#define RUN_RING_H

#include "run/call.h"

struct ring;

#define RING_NOT_MINE (-2000000L)

/* Options of SOL_PACKET that have to do with rings: what the call returns, or RING_NOT_MINE. */
long ring_setopt(struct call *call, int name, const void *value, socklen_t len);
/* `value` holds what the program gave, of *len bytes. */
long ring_getopt(const struct carrier *c, int name, void *value, socklen_t *len);

/* The carrier whose ring the file of call->fd is; the descriptor is the socket again once the ring
 * is mapped. NULL: none. */
struct carrier *ring_carrier(struct call *call);

/* Whether frames go to a ring. */
bool ring_takes(const struct carrier *c);
/* Puts what has arrived into the ring. */
void ring_in(struct carrier *c);
/* The carrier is closed. */
void ring_free(struct carrier *c);

#endif
