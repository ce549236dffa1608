/* SPDX-License-Identifier: MIT */
/* From a network as its file describes it to a world. */
#ifndef CLI_NETBUILD_H
#define CLI_NETBUILD_H

#include "cli/netfile.h"

/*
 * Makes the world, with the indexes of the file's networks and hosts, every machine's name
 * servers answered. 0 and *out is the caller's; or a negative errno and *out_problem is a
 * sentence that the caller frees.
 */
int netbuild(const struct netfile *f, uint64_t seed, berth_time now, struct berth_world **out,
	     char **out_problem);

/* Does what a step of the timeline says. 0 or a negative errno. */
int netbuild_apply(struct berth_world *w, const struct netfile *f, const struct netfile_step *s);

/* Gives the loopback of every host an MTU. 0 or a negative errno. */
int netbuild_set_loopback_mtu(struct berth_world *w, uint32_t mtu);

#endif
