/* SPDX-License-Identifier: MIT */
/*
 * IPv4 options that hosts and routers fill in: record route and timestamp (RFC 791 §3.1, RFC 1812
 * §4.2.2.6). See ip4_options.c.
 */
#ifndef NET_IP4_OPTIONS_H
#define NET_IP4_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct net;

/* Checks options as they were received and enters this host, by the address `here`, which is found
 * out only if need be. `*out_slot`: where in a recorded route, which a router has to do again, as
 * an offset into the options plus one; 0: nowhere. IP4_OPTIONS_FINE, and *changed says whether they
 * are others now; IP4_OPTIONS_SILENT: a source route, to be dropped without a word; else the offset
 * of what is wrong. */
#define IP4_OPTIONS_FINE (-1)
#define IP4_OPTIONS_SILENT (-2)
int ip4_options_receive(struct net *net, uint8_t *options, size_t bytes,
			uint32_t (*here)(void *ctx), void *ctx, uint8_t *out_slot, bool *changed);

/* A router knows by which address the packet leaves. */
void ip4_options_forward(uint8_t *options, uint8_t slot, uint32_t address);

/* Enters the sender into options that are about to leave. */
void ip4_options_send(struct net *net, uint8_t *options, size_t bytes, uint32_t src);

/* The options of an answer (RFC 1122 §3.2.2.6): what was recorded goes on being recorded; the rest
 * is not for it. Padded; returns how many bytes, at most `bytes` rounded up to 4. */
size_t ip4_options_echo(const uint8_t *options, size_t bytes, uint8_t *out);
/* The same as IP_RETOPTS tells it. */
size_t ip4_options_returned(const struct net *net, const uint8_t *options, size_t bytes,
			    uint8_t *out);

/* Whether a program may send these: lengths and pointers are right, and no source routes. */
bool ip4_options_valid(const uint8_t *options, size_t bytes);

#endif
