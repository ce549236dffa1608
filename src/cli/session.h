/* SPDX-License-Identifier: MIT */
/*
 * A run: the commands of a network, from the first start to the last end.
 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/netfile.h"

struct session_config {
	const struct netfile *file; /* borrowed */
	uint64_t seed;
	/* One command that owns berth's standard streams and whose exit status is the run's; else
	 * output is prefixed, and the status tells whether expectations were met. */
	bool foreground;
	bool unnamed;	       /* nobody named the host: its programs see the machine's name */
	const char *capture;   /* NULL: none; "-": standard output */
	bool ladder;	       /* print it at the end */
	uint32_t loopback_mtu; /* 0: as it is */
};

/* Runs until all is done or a signal ends it. Returns the exit status; what failed was said. */
int session_run(const struct session_config *config);

#endif
