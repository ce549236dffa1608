/* SPDX-License-Identifier: MIT */
/*
 * A datagram socket's memberships of multicast groups, with the sources that each is to be heard
 * from (RFC 3376 §3.1, RFC 3678). A membership that excludes no source takes everybody's packets.
 */
#ifndef TRANSPORT_MEMBER_H
#define TRANSPORT_MEMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "transport/dgram.h"

struct member {
	struct member *next;
	struct ipaddr group;
	unsigned ifindex;
	bool exclude; /* `sources` are those not to be heard; else those to be heard alone */
	uint32_t count;
	struct ipaddr *sources; /* owned */
};

/* IP_ADD_MEMBERSHIP and IP_DROP_MEMBERSHIP. -EADDRINUSE: is a member; -EADDRNOTAVAIL: is not;
 * -ENOBUFS: too many; -EINVAL, -ENODEV, -ENOMEM. With `sources_only` nobody is heard until
 * member_source() adds one. */
int member_join(struct dgram *d, const struct ipaddr *group, unsigned ifindex, bool sources_only);
int member_leave(struct dgram *d, const struct ipaddr *group, unsigned ifindex);
/* All of them. */
void member_leave_all(struct dgram *d);

/* Adds a source to the filter of a membership or takes it away; `exclude` is the kind of filter
 * that the caller means. The last of those heard alone ends the membership. -EINVAL: no member, or
 * the other kind of filter; -EADDRNOTAVAIL: is there, or is not; -ENOBUFS: too many. */
int member_source(struct dgram *d, const struct ipaddr *group, unsigned ifindex,
		  const struct ipaddr *source, bool exclude, bool add);
/* Replaces the filter. Hearing nobody ends the membership. -EINVAL: no member; -ENOBUFS. */
int member_filter(struct dgram *d, const struct ipaddr *group, unsigned ifindex, bool exclude,
		  const struct ipaddr *sources, uint32_t count);
/* NULL: no member. */
const struct member *member_find(const struct dgram *d, const struct ipaddr *group,
				 unsigned ifindex);

/* Whether a packet to a group is for the socket (IP_MULTICAST_ALL counts). */
bool member_wants(const struct dgram *d, const struct ip_info *info);

#endif
