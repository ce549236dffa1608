/* SPDX-License-Identifier: MIT */
/*
 * Filters of sock_diag: the little programs into which ss(8) compiles "sport = :80 and dst ...".
 */
#ifndef NETLINK_DIAGFILTER_H
#define NETLINK_DIAGFILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/ipaddr.h"

#define DIAGFILTER_BYTES_MAX 4096u

/* What a filter can ask of a socket. */
struct diag_ends {
	int family;
	struct endpoint local, remote;
	bool bound_port; /* the program chose it */
	uint32_t ifindex, mark;
};

/* Whether a program is one: every jump goes forward, to an instruction or to the end. */
bool diagfilter_valid(const uint8_t *code, size_t bytes);
/* Whether a valid program takes the socket. */
bool diagfilter_run(const uint8_t *code, size_t bytes, const struct diag_ends *ends);

#endif
