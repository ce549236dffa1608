/* SPDX-License-Identifier: MIT */
/*
 * What goes along with bytes: sockets (SCM_RIGHTS) and who sent them (SCM_CREDENTIALS).
 *
 * Descriptors are those of the stack. A message refers to sockets, not to descriptors: who sent one
 * may close it. Who receives gets the lowest free descriptors; sockets for which there is no room
 * in the control data, or no descriptor, are let go, and MSG_CTRUNC says so.
 *
 * Credentials are the host's (struct berth_stack_config): there is one process. A program may give
 * them explicitly, and no others (Linux: without CAP_SETUID and the like). Who asks for them only
 * after a message was sent without gets pid 0 and the uid and gid of nobody.
 */
#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "base/env.h"
#include "sock/passed.h"
#include "transport/control.h"
#include "unix/unix.h"

#define NOBODY 65534 /* Linux: overflowuid */

void unix_own_creds(const struct unix_sock *u, struct ucred *out)
{
	const struct env *env = sock_env(&u->sock);

	*out = (struct ucred){
		.pid = (pid_t)env->creds.pid, .uid = env->creds.uid, .gid = env->creds.gid};
}

void unix_rights_free(struct env *env, struct unix_rights *r)
{
	if (!r)
		return;
	list_del(&r->link);
	for (uint32_t i = 0; i < r->count; i++)
		passed_drop(r->files[i]);
	env_free(env, r);
}

static struct unix_rights *rights_new(struct env *env)
{
	struct unix_rights *r =
		env_alloc(env, sizeof(*r) + UNIX_RIGHTS_MAX * sizeof(struct socket *));

	if (!r)
		return NULL;
	list_init(&r->link);
	r->count = 0;
	return r;
}

static struct unix_rights *rights_again(struct env *env, const struct unix_rights *r)
{
	struct unix_rights *copy = rights_new(env);

	if (!copy)
		return NULL;
	for (uint32_t i = 0; i < r->count; i++) {
		if (!passed_again(r->files[i])) {
			unix_rights_free(env, copy);
			return NULL;
		}
		copy->files[copy->count++] = r->files[i];
	}
	return copy;
}

ssize_t unix_sent(struct unix_sock *u, struct proto_msg *m, ssize_t result)
{
	unix_rights_free(sock_env(&u->sock), m->attached);
	m->attached = NULL;
	return result;
}

void unix_rights_take(struct unix_sock *u, struct unix_msg *msg, struct proto_msg *m)
{
	if (!msg->rights)
		return;
	if (m->flags & MSG_PEEK) {
		m->attached = rights_again(sock_env(&u->sock), msg->rights);
		return;
	}
	list_del(&msg->rights->link);
	m->attached = msg->rights;
	msg->rights = NULL;
}

static int take_file(struct sockets *all, struct unix_rights *r, int fd)
{
	struct socket *so = fd < 0 ? NULL : socket_get(all, fd);
	int result = so ? passed_send(so) : -EBADF;

	if (result == 0)
		r->files[r->count++] = so;
	return result;
}

static int parse_rights(struct unix_sock *u, const struct cmsghdr *c, struct proto_msg *m)
{
	size_t count = (c->cmsg_len - sizeof(*c)) / sizeof(int);
	struct unix_rights *r = m->attached;
	int result = 0;

	if (count == 0)
		return 0;
	if (count > UNIX_RIGHTS_MAX - (r ? r->count : 0))
		return -EINVAL;
	if (!r)
		m->attached = r = rights_new(sock_env(&u->sock));
	if (!r)
		return -ENOMEM;
	for (size_t i = 0; i < count && result == 0; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
		result = take_file(unix_sockets(u), r, fd);
	}
	return result;
}

static int parse_creds(const struct unix_sock *u, const struct cmsghdr *c, struct proto_msg *m)
{
	struct ucred own, given;

	if (c->cmsg_len != CMSG_LEN(sizeof(given)))
		return -EINVAL;
	memcpy(&given, CMSG_DATA(c), sizeof(given));
	unix_own_creds(u, &own);
	if (given.pid != own.pid || given.uid != own.uid || given.gid != own.gid)
		return -EPERM;
	m->attached_creds = true;
	return 0;
}

static int parse_piece(struct unix_sock *u, const struct cmsghdr *c, struct proto_msg *m)
{
	if (c->cmsg_level != SOL_SOCKET)
		return 0;
	if (c->cmsg_type == SCM_RIGHTS)
		return parse_rights(u, c, m);
	return c->cmsg_type == SCM_CREDENTIALS ? parse_creds(u, c, m) : -EINVAL;
}

int unix_parse_control(struct sock *s, const struct msghdr *msg, struct proto_msg *m)
{
	struct unix_sock *u = unix_of(s);
	struct msghdr copy = *msg;
	int result = 0;

	if (!msg->msg_control)
		return msg->msg_controllen > 0 ? -EFAULT : 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&copy); c && result == 0;
	     c = CMSG_NXTHDR(&copy, c)) {
		size_t at = (size_t)((const char *)c - (const char *)msg->msg_control);

		if (c->cmsg_len < sizeof(*c) || c->cmsg_len > msg->msg_controllen - at)
			result = -EINVAL;
		else
			result = parse_piece(u, c, m);
	}
	if (result < 0) {
		unix_rights_free(sock_env(s), m->attached);
		m->attached = NULL;
	}
	return result;
}

static void put_creds(struct unix_sock *u, const struct proto_msg *m, struct control *out)
{
	struct ucred creds = {.pid = 0, .uid = NOBODY, .gid = NOBODY};

	if (m->attached_creds)
		unix_own_creds(u, &creds);
	control_put(out, SOL_SOCKET, SCM_CREDENTIALS, &creds, sizeof(creds));
}

/* How many descriptors the rest of the control data has room for. Linux: scm_max_fds(). */
static uint32_t room_for(const struct control *out)
{
	size_t left = out->base ? out->room - out->used : 0;

	return left <= sizeof(struct cmsghdr)
		       ? 0
		       : (uint32_t)((left - sizeof(struct cmsghdr)) / sizeof(int));
}

static void put_rights(const struct unix_rights *r, struct control *out)
{
	int fds[UNIX_RIGHTS_MAX];
	uint32_t most = room_for(out);
	uint32_t count = 0;

	while (count < r->count && count < most) {
		int fd = passed_receive(r->files[count]);

		if (fd < 0)
			break;
		fds[count++] = fd;
	}
	if (count > 0)
		control_put(out, SOL_SOCKET, SCM_RIGHTS, fds, count * sizeof(fds[0]));
	if (count < r->count)
		out->cut = true;
}

void unix_fill_control(struct sock *s, struct proto_msg *m, struct control *out)
{
	struct unix_sock *u = unix_of(s);
	struct unix_rights *r = m->attached;

	m->attached = NULL;
	if (u->passcred)
		put_creds(u, m, out);
	if (r)
		put_rights(r, out);
	unix_rights_free(sock_env(s), r);
}
