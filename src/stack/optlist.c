/* SPDX-License-Identifier: MIT */
#include "stack/optlist.h"

#include "base/check.h"
#include "netlink/nlsock.h"
#include "sock/opt_level.h"
#include "tcp/tcp_usr.h"
#include "transport/afpacket.h"
#include "transport/raw.h"
#include "transport/udp.h"
#include "unix/unix.h"

static const struct opt_level *const levels[] = {
	&opt_socket,	    &unix_options,     &opt_ip,		 &opt_ip6,
	&tcp_options,	    &udp_options,      &udplite_options, &raw_options,
	&raw_icmp6_options, &afpacket_options, &netlink_options,
};

bool optlist_row(unsigned i, struct opt_doc *out)
{
	for (size_t l = 0; l < ARRAY_LEN(levels); l++) {
		if (i < levels[l]->count) {
			*out = (struct opt_doc){levels[l], &levels[l]->rows[i]};
			return true;
		}
		i -= (unsigned)levels[l]->count;
	}
	return false;
}
