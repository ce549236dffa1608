/* SPDX-License-Identifier: MIT */
/*
 * In which order a host is to try the addresses of a name (RFC 6724 §6).
 */
#ifndef DNS_ADDRSORT_H
#define DNS_ADDRSORT_H

#include "wire/ipaddr.h"

struct net;

/* Sorts in place; what is equal stays in order. */
void addrsort(struct net *net, struct ipaddr *addrs, unsigned count);

#endif
