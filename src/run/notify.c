/* SPDX-License-Identifier: MIT */
/*
 * Notifications of trapped calls, and answers to them.
 *
 * A call is interrupted when its thread gets a signal, and then restarted or failed with EINTR by
 * the kernel; the supervisor learns of it when it answers (ENOENT). So an answer that did not
 * arrive is kept with the thread ("unclaimed"): if its next trapped call is the same one with the
 * same arguments, that is the restart, or the retry after EINTR, of a call that has been
 * done, and gets the answer without being done again.
 *
 * A thread has one call at a time: a notification from a thread whose call is parked means
 * that the parked one is dead.
 */
#include "run/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/seccomp.h>

#include "run/park.h"
#include "run/ring.h"
#include "run/spare.h"

#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif

int notify_init(struct run *r)
{
	struct seccomp_notif_sizes sizes;

	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0)
		return -ENOSYS;
	r->notif_bytes = sizes.seccomp_notif;
	r->resp_bytes = sizes.seccomp_notif_resp;
	if (r->notif_bytes < sizeof(*r->notif))
		r->notif_bytes = sizeof(*r->notif);
	if (r->resp_bytes < sizeof(*r->resp))
		r->resp_bytes = sizeof(*r->resp);
	r->notif = calloc(1, r->notif_bytes);
	r->resp = calloc(1, r->resp_bytes);
	return r->notif && r->resp ? 0 : -ENOMEM;
}

void notify_fini(struct run *r)
{
	free(r->notif);
	free(r->resp);
}

bool call_valid(const struct call *call)
{
	return ioctl(call->command->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &call->id) == 0;
}

/* Sends an answer; false if nobody waits for it. */
static bool answer(const struct call *call, long result, uint32_t flags)
{
	struct run *r = call->run;

	memset(r->resp, 0, r->resp_bytes);
	r->resp->id = call->id;
	r->resp->flags = flags;
	if (result < 0)
		r->resp->error = (int)result;
	else
		r->resp->val = result;
	return ioctl(call->command->listener, SECCOMP_IOCTL_NOTIF_SEND, r->resp) == 0;
}

bool call_reply(struct call *call, long result)
{
	struct task *t = call->task;

	if (call->run->config.on_call)
		call_tell(call, result);
	if (result < 0 && call->run->config.on_remark)
		call_remark(call, result);
	if (answer(call, result, 0))
		return true;
	t->unclaimed = true;
	t->nr = call->entry->nr;
	memcpy(t->args, call->args, sizeof(t->args));
	t->result = result;
	return false;
}

void call_continue(struct call *call)
{
	(void)answer(call, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE); /* or it is gone */
}

int call_reply_fd(struct call *call, int fd, bool cloexec)
{
	struct seccomp_notif_addfd add = {
		.id = call->id,
		.flags = SECCOMP_ADDFD_FLAG_SEND,
		.srcfd = (uint32_t)fd,
		.newfd_flags = cloexec ? O_CLOEXEC : 0,
	};
	int number = ioctl(call->command->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);

	if (number < 0)
		return -errno;
	if (call->run->config.on_call)
		call_tell(call, number);
	return number;
}

struct carrier *call_carrier_only(struct call *call)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);
	struct carrier *c;

	if (call->again)
		return call->carrier;
	call->carrier = NULL;
	call->fd = task_dup(call->task, (int)call->args[0]);
	if (call->fd < 0)
		return NULL;
	if (getsockopt(call->fd, SOL_SOCKET, SO_COOKIE, &cookie, &len) < 0)
		c = ring_carrier(call);
	else
		c = imap_get(&call->run->carriers, cookie);
	if (!c)
		return NULL;
	call->carrier = c;
	c->hint_pid = call->task->process->pid;
	c->hint_fd = (int)call->args[0];
	return c;
}

struct carrier *call_carrier(struct call *call)
{
	struct carrier *c = call_carrier_only(call);

	if (!c || call_valid(call))
		return c;
	/* Nobody cares what it returns. A parked call stays its carrier's until it is dropped. */
	if (!call->again)
		call->carrier = NULL;
	return NULL;
}

int call_open(struct call *call)
{
	if (call->fd < 0)
		call->fd = task_find_end(call->command, call->task->process->pid,
					 (int)call->args[0], call->carrier->cookie);
	return call->fd < 0 ? -EBADF : 0;
}

void call_close(struct call *call)
{
	if (call->fd >= 0) {
		close(call->fd);
		spare_freed(call->run);
	}
	call->fd = -1;
}

bool call_nonblocking(const struct call *call, int flags)
{
	if (flags & MSG_DONTWAIT || call->again)
		return flags & MSG_DONTWAIT; /* what waits is blocking */
	return fcntl(call->fd, F_GETFL) & O_NONBLOCK;
}

long call_wait(struct call *call, int flags)
{
	return call_nonblocking(call, flags) ? -EAGAIN : CALL_PARK;
}

int call_read_addr(const struct call *call, uint64_t addr, uint64_t len,
		   struct sockaddr_storage *out)
{
	int bytes = (int)len; /* as the kernel takes it */

	if (bytes < 0 || (size_t)bytes > sizeof(*out))
		return -EINVAL;
	memset(out, 0, sizeof(*out));
	return task_read(call->task, addr, out, (size_t)bytes);
}

void call_piece(struct call_pieces *out, uint64_t addr, const void *data, size_t bytes)
{
	ASSERT(out->count < CALL_PIECES);
	if (bytes == 0)
		return;
	out->here[out->count].iov_base = (void *)(uintptr_t)data;
	out->here[out->count].iov_len = bytes;
	out->there[out->count].iov_base = (void *)(uintptr_t)addr;
	out->there[out->count].iov_len = bytes;
	out->count++;
}

int call_write_pieces(const struct call *call, const struct call_pieces *out)
{
	return task_write_all(call->task, out->here, out->there, out->count);
}

int call_piece_addr(const struct call *call, struct call_pieces *out, uint64_t addr,
		    uint64_t len_addr, const struct sockaddr_storage *from, const socklen_t *len)
{
	int room;

	if (task_read(call->task, len_addr, &room, sizeof(room)) < 0)
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	call_piece(out, addr, from, (socklen_t)room > *len ? *len : (size_t)room);
	call_piece(out, len_addr, len, sizeof(*len));
	return 0;
}

int call_write_addr(const struct call *call, uint64_t addr, uint64_t len_addr,
		    const struct sockaddr_storage *from, socklen_t len)
{
	struct call_pieces out = {.count = 0};
	int error = call_piece_addr(call, &out, addr, len_addr, from, &len);

	return error < 0 ? error : call_write_pieces(call, &out);
}

void call_run(struct call *call)
{
	long result = call->entry->handle(call);

	if (result == CALL_PARK && park_add(call) < 0)
		result = -ENOMEM;
	if (result == CALL_CONTINUE && call->fd == -EMFILE)
		result = -ENFILE; /* whose it is could not be seen */
	if (result == CALL_CONTINUE)
		call_continue(call);
	else if (result != CALL_PARK && result != CALL_DONE)
		(void)call_reply(call, result); /* or it is kept */
	call_close(call);
}

/* The same call again, whose answer was lost on the way. */
static bool claim(struct call *call)
{
	struct task *t = call->task;

	if (!t->unclaimed)
		return false;
	t->unclaimed = false;
	if (t->nr != call->entry->nr || memcmp(t->args, call->args, sizeof(t->args)) != 0)
		return false;
	(void)call_reply(call, t->result); /* lost again: kept again */
	return true;
}

static void on_call(struct command *cmd)
{
	struct run *r = cmd->run;
	struct seccomp_notif *n = r->notif;
	struct call call = {.run = r, .command = cmd, .start = r->now, .fd = -1};

	memset(n, 0, r->notif_bytes);
	if (ioctl(cmd->listener, SECCOMP_IOCTL_NOTIF_RECV, n) < 0)
		return; /* its thread died meanwhile */
	call.id = n->id;
	for (size_t i = 0; i < ARRAY_LEN(call.args); i++)
		call.args[i] = n->data.args[i];
	call.entry = call_find(n->data.nr);
	errno = 0;
	call.task = task_get(r, cmd, (pid_t)n->pid);
	list_init(&call.link);
	if (!call.entry || !call.task) {
		/* Else it is dying, or memory is short. */
		(void)answer(&call, errno == EMFILE || errno == ENFILE ? -ENFILE : -ENOSYS, 0);
		return;
	}
	if (call.task->parked)
		park_drop(call.task->parked);
	if (!claim(&call))
		call_run(&call);
}

static void on_listener(struct source *s, uint32_t events)
{
	struct command *cmd = container_of(s, struct command, listener_source);

	if (cmd->listener < 0)
		return;
	if (events & EPOLLIN) {
		on_call(cmd);
	} else if (events & (EPOLLHUP | EPOLLERR)) {
		/* The last process under this filter is gone. */
		task_forget(cmd->run, cmd);
		close(cmd->listener);
		cmd->listener = -1;
	}
}

int notify_listen(struct command *cmd)
{
	uint64_t flags = SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP;

	/* Kernels before 6.6 are slower without it. */
	(void)ioctl(cmd->listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, flags);
	cmd->listener_source.ready = on_listener;
	cmd->listener_source.calls = true;
	return run_source_add(cmd->run, cmd->listener, EPOLLIN, &cmd->listener_source);
}
