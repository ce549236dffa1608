/* SPDX-License-Identifier: MIT */
#include <berth/socket.h>

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>

#include "sock/sockaddr.h"
#include "stack/host.h"

static void fill(const struct sock *s, struct berth_sock_info *out)
{
	const struct socket *so = s->upper;

	memset(out, 0, sizeof(*out));
	out->fd = so ? so->fd : -1;
	out->user = so ? so->user : NULL;
	out->family = s->family;
	out->type = s->type;
	out->protocol = s->protocol;
	out->state = TCP_CLOSE;
	out->ifindex = s->opt.ifindex;
	out->error = s->error;
	out->timer_ns = BERTH_TIME_NEVER;
	(void)sockaddr_fill(s->family, &s->local, &out->local); /* the family tells the length */
	if (sock_connected(s))
		(void)sockaddr_fill(s->family, &s->remote, &out->remote);
	s->proto->info(s, out);
}

int berth_sock_info(struct berth_stack *st, int fd, struct berth_sock_info *out)
{
	const struct socket *so = socket_get(st->sockets, fd);

	if (!so)
		return -EBADF;
	fill(so->sock, out);
	return 0;
}

bool berth_sock_next(struct berth_stack *st, uint64_t *cursor, struct berth_sock_info *out)
{
	const struct sock *s = transport_next(st->tp, *cursor);

	while (s && s->hidden)
		s = transport_next(st->tp, s->id);
	if (!s)
		return false;
	*cursor = s->id;
	fill(s, out);
	return true;
}
