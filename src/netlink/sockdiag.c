/* SPDX-License-Identifier: MIT */
#include "netlink/sockdiag.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <string.h>

#include "base/env.h"
#include "netlink/nlsock.h"
#include "transport/demux.h"

int sockdiag_request(struct nl_request *rq)
{
	unsigned type = rq->h.nlmsg_type;

	if (type != SOCK_DIAG_BY_FAMILY && type != SOCK_DESTROY)
		return -EINVAL;
	if (rq->bytes < sizeof(struct sock_diag_req))
		return -EINVAL;
	switch (rq->body[0]) {
	case AF_UNSPEC:
	case AF_INET:
	case AF_INET6:
		return inetdiag_request(rq);
	case AF_NETLINK:
		return type == SOCK_DESTROY ? -EOPNOTSUPP : netlinkdiag_request(rq);
	case AF_PACKET:
		return type == SOCK_DESTROY ? -EOPNOTSUPP : packetdiag_request(rq);
	default:
		/* AF_UNIX too: programs that berth carries have the kernel's, which ss(8) then
		 * finds in /proc. */
		return rq->body[0] < AF_MAX ? -ENOENT : -EINVAL;
	}
}

void sockdiag_memory(const struct sock *s, uint32_t out[SOCKDIAG_MEMORY_WORDS])
{
	struct berth_sock_info info = {.state = TCP_CLOSE};

	memset(out, 0, SOCKDIAG_MEMORY_WORDS * sizeof(*out));
	s->proto->info(s, &info);
	if (info.state != TCP_LISTEN) {
		out[SK_MEMINFO_RMEM_ALLOC] = info.recv_q;
		out[SK_MEMINFO_WMEM_QUEUED] = info.send_q;
	}
	out[SK_MEMINFO_RCVBUF] = s->rcvbuf;
	out[SK_MEMINFO_SNDBUF] = s->sndbuf;
}

struct berth_sock_owner sockdiag_owner(const struct sock *s)
{
	struct berth_sock_owner owner = {0};

	if (s->upper && s->tp->owner)
		s->tp->owner(s->tp->notify_ctx, s, &owner);
	return owner;
}
