/* SPDX-License-Identifier: MIT */
/*
 * Rows of SOL_SOCKET about who is at the other end: its name, its credentials, and whether they
 * come with what is received. AF_UNIX has rows of its own instead of most.
 */
#include "sock/opt_socket.h"

#include <errno.h>
#include <string.h>

#include "sock/conn.h"

int opt_set_unix_only(struct opt_arg *a)
{
	(void)a;
	return -EOPNOTSUPP;
}

int opt_get_peername(struct opt_arg *a)
{
	struct sockaddr_storage name;

	int bytes;

	if (!a->s->proto->names && !sock_connected(a->s))
		return -ENOTCONN;
	bytes = conn_name(a->s, true, &name);
	if (bytes < 0)
		return -ENOTCONN; /* Linux: whatever the family says */
	a->out_len = (socklen_t)bytes;
	if (a->len > a->out_len)
		return -EINVAL;
	memcpy(a->out.bytes, &name, a->out_len);
	return 0;
}

int opt_get_peercred(struct opt_arg *a)
{
	struct ucred none = {0, (uid_t)-1, (gid_t)-1};

	memcpy(a->out.bytes, &none, sizeof(none));
	a->out_len = sizeof(none);
	return 0;
}

int opt_get_no_peer(struct opt_arg *a)
{
	(void)a;
	return -ENODATA;
}

/* Linux: only sockets that could pass any (sk_may_scm_recv()). */
static bool passes_credentials(const struct sock *s)
{
	return s->family == AF_UNIX || s->family == AF_NETLINK;
}

int opt_set_passcred(struct opt_arg *a)
{
	if (!passes_credentials(a->s))
		return -EOPNOTSUPP;
	a->opt->passcred = a->value != 0;
	return 0;
}

int opt_get_passcred(struct opt_arg *a)
{
	a->out.number = a->s->opt->passcred;
	return passes_credentials(a->s) ? 0 : -EOPNOTSUPP;
}

int opt_set_passsec(struct opt_arg *a)
{
	if (!passes_credentials(a->s))
		return -EOPNOTSUPP;
	a->opt->passsec = a->value != 0;
	return 0;
}

int opt_get_passsec(struct opt_arg *a)
{
	a->out.number = a->s->opt->passsec;
	return passes_credentials(a->s) ? 0 : -EOPNOTSUPP;
}

int opt_set_passpidfd(struct opt_arg *a)
{
	if (a->s->family != AF_UNIX)
		return -EOPNOTSUPP;
	a->opt->passpidfd = a->value != 0;
	return 0;
}

int opt_get_passpidfd(struct opt_arg *a)
{
	a->out.number = a->s->opt->passpidfd;
	return a->s->family == AF_UNIX ? 0 : -EOPNOTSUPP;
}
