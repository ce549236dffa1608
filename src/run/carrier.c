/* SPDX-License-Identifier: MIT */
/*
 * Carriers: their states, and how berth learns that a program has closed one.
 *
 * berth holds no copy of a program's end between calls, so that the kernel's reference count is the
 * socket's. Where there is an end of berth's, its hanging up tells. Where there is none,
 * inotify tells (IN_CLOSE comes when the last copy of an open file is closed, for sockets
 * as for files). To spare two system calls on the way of every connecting socket, a new stream
 * is not watched at once: berth keeps a copy of the program's end (`own`) for a second, which
 * harms nobody as closing a new socket has no effect that others could see.
 *
 * The program's end is connected by berth, through a duplicate of it, to the dock: a listening
 * socket with an autobound name. Others may find that name, and those of programs' listeners;
 * they are dropped because SO_PEERCRED says that they are not berth.
 *
 * Ownership: a carrier owns `end`, `own`, its tokens and the stack's descriptors. Closing it
 * leaves the struct on run->dead until epoll can't name it.
 */
#include "run/carrier.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/park.h"
#include "run/ring.h"
#include "run/spare.h"

#define YOUNG_AGE BERTH_SEC
#define YOUNG_MAX 256 /* so many copies at most */
#define DOCK_BACKLOG 4096
#define FILLER_BYTES 2

static uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len) < 0)
		return 0;
	return cookie;
}

void carrier_owner(void *user, struct berth_sock_owner *out)
{
	struct carrier *c = user;
	struct stat st;
	int fd = c->inode ? -1 : carrier_find_end(c);

	if (fd >= 0) {
		if (fstat(fd, &st) == 0)
			c->inode = st.st_ino;
		close(fd);
	}
	out->uid = getuid();
	out->inode = c->inode;
}

struct carrier *carrier_new(struct command *cmd, int sock, int family, int type, int protocol,
			    enum carrier_state state, int fd)
{
	struct run *r = cmd->run;
	struct carrier *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->run = r;
	c->command = cmd;
	c->host = cmd->host;
	c->stack = berth_world_stack(r->world, cmd->host);
	c->sock = sock;
	c->family = family;
	c->type = type;
	c->protocol = protocol;
	c->state = state;
	c->cookie = cookie_of(fd);
	c->end = -1;
	c->own = -1;
	c->watch = -1;
	list_init(&c->young);
	list_init(&c->parked);
	list_init(&c->starved);
	c->source.ready = type == SOCK_STREAM ? stream_ready : dgram_ready;
	if (imap_put(&r->carriers, c->cookie, c) < 0) {
		free(c);
		return NULL;
	}
	return c;
}

static void carrier_free(struct source *s)
{
	struct carrier *c = container_of(s, struct carrier, source);

	free(c->tokens);
	free(c->undelivered);
	free(c->tail);
	while (c->held) {
		struct carrier_packet *next = c->held->next;

		free(c->held);
		c->held = next;
	}
	free(c);
}

static void stop_young(struct carrier *c)
{
	if (c->own < 0)
		return;
	close(c->own);
	c->own = -1;
	list_del(&c->young);
	c->run->young_count--;
}

static void close_tokens(struct carrier *c)
{
	for (; c->token_count > 0; c->token_count--) {
		close(c->tokens[c->token_first]);
		c->token_first = (c->token_first + 1) % c->token_cap;
	}
}

void carrier_close(struct carrier *c)
{
	struct run *r = c->run;

	if (c->closed)
		return;
	c->closed = true;
	park_drop_all(c);
	list_del(&c->starved);
	spare_freed(r);
	stop_young(c);
	alarm_cancel(&r->alarms, &c->raise_alarm);
	ring_free(c);
	carrier_unwatch(c);
	close_tokens(c);
	for (unsigned i = 0; i < c->undelivered_count; i++)
		(void)berth_close(c->stack, c->undelivered[i]); /* nobody to tell */
	if (c->end >= 0)
		close(c->end);
	c->end = -1;
	if (c->sock >= 0) {
		(void)berth_sock_set_user(c->stack, c->sock, NULL); /* it is about to go */
		(void)berth_close(c->stack, c->sock);
	}
	c->sock = -1;
	imap_del(&r->carriers, c->cookie);
	run_source_end(r, &c->source, carrier_free);
}

void carrier_abandon(struct carrier *c)
{
	if (!park_waits(c)) {
		carrier_close(c);
		return;
	}
	c->abandoned = true;
	carrier_unwatch(c);
	close_tokens(c);
}

/*
 * Young carriers and watches
 */

static void retire_young(struct carrier *c)
{
	int fd = c->own;

	c->own = -1;
	list_del(&c->young);
	c->run->young_count--;
	carrier_watch(c, fd);
	close(fd); /* if this was the last copy, inotify says so now */
}

static void on_young_alarm(struct alarm *a)
{
	struct run *r = container_of(a, struct run, young_alarm);

	while (!list_empty(&r->young)) {
		struct carrier *c = list_first(&r->young, struct carrier, young);

		if (c->born + YOUNG_AGE > r->now) {
			(void)alarm_set(&r->alarms, a, c->born + YOUNG_AGE); /* room was there */
			return;
		}
		retire_young(c);
	}
}

void carrier_keep_young(struct carrier *c, int fd)
{
	struct run *r = c->run;

	c->own = fd;
	c->born = r->now;
	list_add_tail(&r->young, &c->young);
	r->young_count++;
	if (r->young_count > YOUNG_MAX)
		retire_young(list_first(&r->young, struct carrier, young));
	else if (!r->young_alarm.place &&
		 alarm_set(&r->alarms, &r->young_alarm, r->now + YOUNG_AGE) < 0)
		retire_young(c);
}

void carrier_watch(struct carrier *c, int fd)
{
	struct run *r = c->run;
	char path[32];

	if (c->watch < 0) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		c->watch = inotify_add_watch(r->inotify, path, IN_CLOSE);
		if (c->watch >= 0 && imap_put(&r->watches, (uint64_t)c->watch, c) < 0)
			carrier_unwatch(c);
	}
	stop_young(c);
}

void carrier_unwatch(struct carrier *c)
{
	if (c->watch < 0)
		return;
	imap_del(&c->run->watches, (uint64_t)c->watch);
	(void)inotify_rm_watch(c->run->inotify, c->watch); /* it may have gone by itself */
	c->watch = -1;
}

/* Whether data were lost with the program's end, or waited for it when it was closed. */
static bool has_failed(int end)
{
	struct pollfd p = {.fd = end};

	return poll(&p, 1, 0) == 1 && p.revents & POLLERR;
}

void carrier_shut(struct carrier *c, int how, int fd)
{
	int found = -1;

	c->shut_rd |= how != SHUT_WR;
	c->shut_wr |= how != SHUT_RD;
	if (!c->shut_rd || !c->shut_wr || c->shut_both)
		return;
	if (fd < 0)
		fd = found = carrier_find_end(c);
	if (fd < 0)
		return; /* closed already, or on its way between programs: it counts as closed */
	carrier_watch(c, fd);
	c->shut_both = c->watch >= 0;
	if (found >= 0)
		close(found);
}

/* The program's last copy is closed. What it has sent still goes. */
static void on_end_closed(struct carrier *c)
{
	c->gone = true;
	if (c->state == CARRIER_ESTABLISHED) {
		c->unread = has_failed(c->end);
		stream_hang_up(c);
	} else if (c->state == CARRIER_DATAGRAM) {
		c->ended = c->readable = true;
		dgram_out(c); /* and closes it */
	} else {
		carrier_abandon(c);
	}
}

static void on_inotify(struct source *s, uint32_t events)
{
	struct run *r = container_of(s, struct run, inotify_source);
	_Alignas(struct inotify_event) char buf[4096];
	ssize_t n;

	(void)events;
	while ((n = read(r->inotify, buf, sizeof(buf))) > 0) {
		for (char *at = buf; at < buf + n;) {
			struct inotify_event *e = (struct inotify_event *)(void *)at;
			struct carrier *c =
				e->mask & IN_CLOSE ? imap_get(&r->watches, (uint64_t)e->wd) : NULL;

			if (c)
				on_end_closed(c);
			at += sizeof(*e) + e->len;
		}
	}
}

/*
 * Joining ends
 */

/* Whether berth itself made the connection whose accepted side is `fd`. */
static bool from_berth(const struct run *r, int fd)
{
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 && cred.pid == r->pid;
}

int carrier_attach(struct carrier *c, int fd, bool filled)
{
	struct run *r = c->run;
	int one = 1;

	if (connect(fd, (struct sockaddr *)&r->dock_addr, r->dock_addr_len) < 0)
		return -errno;
	for (;;) {
		c->end = accept4(r->dock, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (c->end < 0)
			return -errno;
		/* The call had enough when it began; others may have taken them since. */
		if (!spare_keeps_half(c->command, c->end)) {
			close(c->end);
			c->end = -1;
			return -ENFILE;
		}
		if (from_berth(r, c->end))
			break;
		close(c->end);
	}
	stop_young(c);
	carrier_unwatch(c);
	carrier_shrink(c, fd);
	if (filled) {
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &one, sizeof(one));
		for (int i = 0; i < FILLER_BYTES; i++)
			(void)send(fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL); /* room is there */
		c->state = CARRIER_FILLED;
		c->source.ready = stream_ready;
		return run_source_add(r, c->end, EPOLLRDHUP | EPOLLET, &c->source);
	}
	return 0;
}

int carrier_find_end(struct carrier *c)
{
	return task_find_end(c->command, c->hint_pid, c->hint_fd, c->cookie);
}

/* Takes the filler out and gives the program its buffer back. */
static void unfill(struct carrier *c)
{
	char filler[FILLER_BYTES];
	int bytes = c->send_bytes ? c->send_bytes : CARRIER_BYTES;
	int fd = carrier_find_end(c);

	(void)read(c->end, filler, sizeof(filler)); /* berth itself put them there */
	if (fd < 0)
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	close(fd);
}

void carrier_shrink(struct carrier *c, int fd)
{
	if (c->type != SOCK_STREAM)
		return;
	if (c->send_bytes && c->state != CARRIER_FILLED)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &c->send_bytes, sizeof(int));
	if (c->receive_bytes && c->end >= 0)
		(void)setsockopt(c->end, SOL_SOCKET, SO_SNDBUF, &c->receive_bytes, sizeof(int));
}

/* What the loop tells of berth's end. */
static uint32_t events_of(const struct carrier *c)
{
	uint32_t events = EPOLLIN | EPOLLRDHUP | EPOLLET;

	if (c->type == SOCK_STREAM)
		events |= EPOLLPRI;
	return c->full ? events | EPOLLOUT : events;
}

int carrier_serve(struct carrier *c)
{
	return run_source_add(c->run, c->end, events_of(c), &c->source);
}

void carrier_rearm(struct carrier *c)
{
	(void)run_source_mod(c->run, c->end, events_of(c), &c->source); /* it is there */
}

void carrier_arm(struct carrier *c, bool full)
{
	if (c->full == full)
		return;
	c->full = full;
	carrier_rearm(c);
}

static void note_names(struct carrier *c)
{
	socklen_t len = sizeof(c->local);

	if (!c->run->config.on_transfer)
		return;
	(void)berth_getsockname(c->stack, c->sock, (struct sockaddr *)&c->local, &len);
	len = sizeof(c->remote);
	(void)berth_getpeername(c->stack, c->sock, (struct sockaddr *)&c->remote, &len);
}

int carrier_establish(struct carrier *c)
{
	bool added = c->state == CARRIER_FILLED;
	int error = 0;

	if (added)
		unfill(c);
	c->state = CARRIER_ESTABLISHED;
	c->source.ready = stream_ready;
	note_names(c);
	if (added)
		carrier_rearm(c);
	else
		error = carrier_serve(c);
	if (error < 0)
		return error;
	stream_in(c);
	return 0;
}

/* Makes sure that closing berth's end leaves something unread: that is a reset to AF_UNIX. */
static void leave_unread(struct carrier *c, int fd)
{
	int bytes = 0;

	if (ioctl(c->end, FIONREAD, &bytes) == 0 && bytes > 0)
		return;
	if (fd >= 0)
		(void)send(fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL); /* EPIPE: it reads the end */
}

void carrier_break(struct carrier *c)
{
	int fd;
	int error = 0;
	socklen_t len = sizeof(error);

	if (c->closed || c->state == CARRIER_BROKEN)
		return;
	if (berth_getsockopt(c->stack, c->sock, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error)
		c->error = error;
	if (c->gone) {
		carrier_close(c);
		return;
	}
	fd = carrier_find_end(c);
	if (c->state != CARRIER_FILLED)
		leave_unread(c, fd);
	c->state = CARRIER_BROKEN;
	if (fd < 0) {
		carrier_close(c);
		return;
	}
	carrier_watch(c, fd);
	close(c->end);
	c->end = -1;
	spare_freed(c->run);
	close(fd); /* if this was the last copy, inotify says so */
	park_retry(c);
}

/*
 * Listeners
 */

int carrier_listen(struct carrier *c, int fd)
{
	struct sockaddr_un any = {.sun_family = AF_UNIX};

	if (c->name_len == 0) {
		if (bind(fd, (struct sockaddr *)&any, sizeof(any.sun_family)) < 0)
			return -errno;
		c->name_len = sizeof(c->name);
		if (getsockname(fd, (struct sockaddr *)&c->name, &c->name_len) < 0)
			return -errno;
		if (listen(fd, DOCK_BACKLOG) < 0)
			return -errno;
	}
	c->state = CARRIER_LISTENING;
	carrier_watch(c, fd);
	return 0;
}

void carrier_unlisten(struct carrier *c)
{
	close_tokens(c);
	for (unsigned i = 0; i < c->undelivered_count; i++)
		(void)berth_abort(c->stack, c->undelivered[i]); /* nobody to tell */
	c->undelivered_count = 0;
	c->name_len = 0;
}

static int push_token(struct carrier *c, int fd)
{
	if (c->token_count == c->token_cap) {
		unsigned cap = c->token_cap ? 2 * c->token_cap : 16;
		int *tokens = malloc(cap * sizeof(int));

		if (!tokens)
			return -ENOMEM;
		for (unsigned i = 0; i < c->token_count; i++)
			tokens[i] = c->tokens[(c->token_first + i) % c->token_cap];
		free(c->tokens);
		c->tokens = tokens;
		c->token_first = 0;
		c->token_cap = cap;
	}
	c->tokens[(c->token_first + c->token_count++) % c->token_cap] = fd;
	return 0;
}

void carrier_top_up(struct carrier *c)
{
	struct berth_sock_info info;
	unsigned want = c->undelivered_count;

	if (c->abandoned)
		return; /* who still waits takes them from the stack */
	if (berth_sock_info(c->stack, c->sock, &info) == 0)
		want += info.recv_q;
	while (c->token_count < want) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

		if (fd < 0 || !spare_keeps(c->command, fd)) {
			if (fd >= 0)
				close(fd);
			spare_wait(c); /* the rest waits in the stack */
			return;
		}
		/* Or the queue is full. */
		if (connect(fd, (struct sockaddr *)&c->name, c->name_len) < 0 ||
		    push_token(c, fd) < 0) {
			close(fd);
			return;
		}
	}
}

/*
 * News from the stack
 */

/* A blocking connect(2) whose caller was interrupted has come to its end. */
static void finish_orphan(struct carrier *c, short events)
{
	int fd;

	if (events & POLLERR) {
		c->state = CARRIER_NEW;
		return;
	}
	if (!(events & POLLOUT))
		return;
	fd = carrier_find_end(c);
	if (fd < 0)
		return;
	if (carrier_attach(c, fd, false) < 0 || carrier_establish(c) < 0)
		carrier_break(c);
	close(fd);
}

void carrier_event(struct carrier *c, short events)
{
	switch (c->state) {
	case CARRIER_CONNECTING:
		park_retry(c);
		if (!c->closed && c->state == CARRIER_CONNECTING && list_empty(&c->parked))
			finish_orphan(c, events);
		break;
	case CARRIER_FILLED:
		if (events & POLLERR || (events & POLLOUT && carrier_establish(c) < 0))
			carrier_break(c);
		else
			park_retry(c);
		break;
	case CARRIER_ESTABLISHED:
		if (events & POLLPRI)
			c->urgent_in = true;
		if (events & (POLLPRI | POLLIN | POLLRDHUP | POLLERR | POLLHUP))
			stream_in(c);
		if (!c->closed && events & (POLLOUT | POLLERR | POLLHUP))
			stream_out(c);
		break;
	case CARRIER_LISTENING:
		park_retry(c); /* who waits in accept(2) needs no queue */
		if (!c->closed && c->state == CARRIER_LISTENING)
			carrier_top_up(c);
		break;
	case CARRIER_DATAGRAM:
		park_retry(c);
		if (!c->closed && events & POLLOUT)
			dgram_out(c);
		if (!c->closed)
			dgram_in(c);
		break;
	case CARRIER_NEW:
	case CARRIER_BROKEN:
	case CARRIER_STATES:
		break;
	}
}

int carriers_init(struct run *r)
{
	struct sockaddr_un any = {.sun_family = AF_UNIX};

	list_init(&r->young);
	r->young_alarm.fire = on_young_alarm;
	r->inotify_source.ready = on_inotify;
	r->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	r->dock = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	r->dock_addr_len = sizeof(r->dock_addr);
	if (r->inotify < 0 || r->dock < 0 ||
	    bind(r->dock, (struct sockaddr *)&any, sizeof(any.sun_family)) < 0 ||
	    getsockname(r->dock, (struct sockaddr *)&r->dock_addr, &r->dock_addr_len) < 0 ||
	    listen(r->dock, DOCK_BACKLOG) < 0)
		return -errno;
	return run_source_add(r, r->inotify, EPOLLIN, &r->inotify_source);
}

void carriers_fini(struct run *r)
{
	struct carrier *c;

	while ((c = imap_any(&r->carriers)))
		carrier_close(c);
	imap_fini(&r->carriers);
	imap_fini(&r->watches);
	imap_fini(&r->rings);
	if (r->inotify >= 0)
		close(r->inotify);
	if (r->dock >= 0)
		close(r->dock);
}
