/* SPDX-License-Identifier: MIT */
#include <berth/socket.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "sock/conn.h"
#include "sock/sockaddr.h"
#include "stack/host.h"
#include "transport/port.h"

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
	out->ifindex = s->opt->ifindex;
	out->error = s->error;
	out->timer_ns = BERTH_TIME_NEVER;
	(void)conn_name(s, false, &out->local); /* the family tells the length */
	if (s->proto->names || sock_connected(s))
		(void)conn_name(s, true, &out->remote);
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

void berth_stack_set_owner(struct berth_stack *st,
			   void (*owner)(void *user, struct berth_sock_owner *out))
{
	st->sockets->owner = owner;
}

int berth_sock_hide(struct berth_stack *st, int fd)
{
	const struct socket *so = socket_get(st->sockets, fd);

	if (!so)
		return -EBADF;
	so->sock->hidden = true;
	return 0;
}

/* A cursor with this bit walks the ends in TIME-WAIT, which come after the socks. */
#define IN_WAITS (UINT64_C(1) << 63)

static void fill_wait(const struct berth_stack *st, const struct wait *w,
		      struct berth_sock_info *out)
{
	int family = ipaddr_is4(&w->local.addr) ? AF_INET : AF_INET6;

	memset(out, 0, sizeof(*out));
	out->fd = -1;
	out->family = family;
	out->type = SOCK_STREAM;
	out->protocol = IPPROTO_TCP;
	out->state = TCP_TIME_WAIT;
	out->ifindex = w->ifindex;
	out->timer_ns = w->until > st->env.now ? w->until - st->env.now : 0;
	(void)sockaddr_fill(family, &w->local, &out->local); /* the family tells the length */
	(void)sockaddr_fill(family, &w->remote, &out->remote);
}

static bool next_wait(struct berth_stack *st, uint64_t *cursor, struct berth_sock_info *out)
{
	const struct wait *w = transport_next_wait(st->tp, *cursor & ~IN_WAITS);

	if (!w)
		return false;
	*cursor = w->id | IN_WAITS;
	fill_wait(st, w, out);
	return true;
}

bool berth_sock_next(struct berth_stack *st, uint64_t *cursor, struct berth_sock_info *out)
{
	const struct sock *s;

	if (*cursor & IN_WAITS)
		return next_wait(st, cursor, out);
	s = transport_next(st->tp, *cursor);
	while (s && s->hidden)
		s = transport_next(st->tp, s->id);
	if (!s) {
		*cursor = IN_WAITS;
		return next_wait(st, cursor, out);
	}
	*cursor = s->id;
	fill(s, out);
	return true;
}
