/* SPDX-License-Identifier: MIT */
/*
 * A packet as a line of text, in the words of tcpdump(8).
 */
#ifndef WIRE_PRINT_H
#define WIRE_PRINT_H

#include <stddef.h>

struct berth_packet;

/* See berth_packet_print(). The packet starts with its Ethernet header, or, when l3_off is
 * head_off, with IP. */
size_t print_packet(const struct berth_packet *p, char *buf, size_t bytes);

#endif
