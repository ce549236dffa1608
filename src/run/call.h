/* SPDX-License-Identifier: MIT */
/*
 * One trapped call: from its notification to its answer. A handler returns what the call returns
 * (>= 0, or a negative errno) or one of the CALL_ words below; when it is run again after it
 * was parked, it starts from the beginning and meets the same state.
 */
#ifndef RUN_CALL_H
#define RUN_CALL_H

#include "run/carrier.h"
#include "run/runner.h"
#include "run/task.h"

#define CALL_CONTINUE (-1000000L) /* the kernel is to do it */
#define CALL_PARK (-1000001L)	  /* it waits; run again when its carrier has news */
#define CALL_DONE (-1000002L)	  /* answered already */

/* How a call's arguments are written in ladders and logs. */
enum call_text {
	TEXT_SOCKET,  /* family, type, protocol */
	TEXT_ADDRESS, /* fd, address */
	TEXT_FD,      /* fd */
	TEXT_BACKLOG, /* fd, number */
	TEXT_HOW,     /* fd, SHUT_x */
	TEXT_OPTION,  /* fd, level, name */
	TEXT_BYTES,   /* fd, bytes, address */
	TEXT_REQUEST, /* fd, request */
	TEXT_NOTHING, /* no call on a socket: it is not told */
};

struct call;

/* One row of the table of trapped calls. */
struct call_entry {
	int nr; /* __NR_x */
	const char *name;
	long (*handle)(struct call *call);
	enum call_text text;
	unsigned only; /* ONLY_x: which of its uses are trapped */
};

#define ONLY_ALL 0u
#define ONLY_FAMILIES 1u /* socket: families that are networks */
#define ONLY_SEND 2u	 /* sendto: with an address, or flags that AF_UNIX does not know */
#define ONLY_RECEIVE 4u	 /* recvfrom: likewise */
#define ONLY_SIOC 3u	 /* ioctl: the SIOC range */

extern const struct call_entry call_table[];
extern const size_t call_table_count;

/* NULL: not trapped. */
const struct call_entry *call_find(int nr);

struct call {
	struct run *run;
	struct command *command;
	struct task *task;
	const struct call_entry *entry;
	uint64_t id;
	uint64_t args[6];
	berth_time start;
	int fd;			      /* a duplicate of the descriptor it is about, -1 */
	struct carrier *carrier;      /* which it carries; NULL: not ours */
	struct sockaddr_storage addr; /* the address it gave or got, for call_tell() */
	socklen_t addr_len;	      /* of one that it connects to */
	long progress;		      /* what a call of many parts has done before it was parked */
	bool again;		      /* it was parked, and is run again */
	/* While parked: */
	struct list link; /* on carrier->parked */
	struct alarm alarm;
};

/* Whether the call still waits for its answer; to be asked after reading the program. */
bool call_valid(const struct call *call);

/* Answers; false if nobody waits for it any more (a signal came, or death). The answer is kept
 * for the case that the call comes again. */
bool call_reply(struct call *call, long result);
/* Leaves the call to the kernel; or it is gone, which is the same. */
void call_continue(struct call *call);

/* The same with the duplicate `fd` as the result, installed in the program. Returns the program's
 * number, -ENOENT when nobody waits any more, or another negative errno: not answered. */
int call_reply_fd(struct call *call, int fd, bool cloexec);

/* Finds the carrier that args[0] names, and sees that the call still waits: sets call->fd and
 * call->carrier. NULL: not ours. A call that waits keeps its carrier, as the kernel keeps a file
 * that a call waits for; call->fd is then open only after call_open(). */
struct carrier *call_carrier(struct call *call);

/* The same for handlers that see to call_valid() themselves, when they have something to do. */
struct carrier *call_carrier_only(struct call *call);

/* Opens call->fd if it is not. 0, or -EBADF: the program has closed it meanwhile. */
int call_open(struct call *call);

/* Whether the call is not to wait: its descriptor's O_NONBLOCK, or MSG_DONTWAIT in `flags`. */
bool call_nonblocking(const struct call *call, int flags);

/* -EAGAIN or CALL_PARK, whichever the descriptor asks for. */
long call_wait(struct call *call, int flags);

/* Copies an address in, as the kernel does. 0, -EINVAL or -EFAULT. */
int call_read_addr(const struct call *call, uint64_t addr, uint64_t len,
		   struct sockaddr_storage *out);

/* What a call hands out, gathered so that it costs one system call: each piece goes to an address
 * of the program. At most CALL_PIECES. */
#define CALL_PIECES 8
struct call_pieces {
	struct iovec here[CALL_PIECES];
	struct iovec there[CALL_PIECES];
	size_t count;
};
void call_piece(struct call_pieces *out, uint64_t addr, const void *data, size_t bytes);

/* Writes all pieces: 0 or -EFAULT. */
int call_write_pieces(const struct call *call, const struct call_pieces *out);

/* The piece-wise call_write_addr(): `len` must live until the pieces are written. */
int call_piece_addr(const struct call *call, struct call_pieces *out, uint64_t addr,
		    uint64_t len_addr, const struct sockaddr_storage *from, const socklen_t *len);

/* Copies an address out to where `len_addr` says how long it may be. 0, -EINVAL or -EFAULT. */
int call_write_addr(const struct call *call, uint64_t addr, uint64_t len_addr,
		    const struct sockaddr_storage *from, socklen_t len);

/* Adds the fields of the program's struct msghdr at `addr` (`there` is what it held) as they are
 * in `msg`, which was received and lives until the pieces are written. */
void call_piece_message(struct call_pieces *out, uint64_t addr, const struct msghdr *there,
			struct msghdr *msg);

/* Runs a handler and brings its result to the program. The caller owns `call`, and a call that is
 * parked has been copied. */
void call_run(struct call *call);

/* Frees what a call has open. */
void call_close(struct call *call);

/* sendto(2) or sendmsg(2) with MSG_FASTOPEN to call->addr, of `bytes` bytes in run->buf. 0: it is
 * connected, and *out_sent of them are sent, the rest the caller's to send; or what the call
 * returns. */
long call_open_with(struct call *call, size_t bytes, int flags, size_t *out_sent);

/* The error of a BROKEN carrier's connection, positive: once, unless the program has met it
 * already; then 0. */
long call_broken_error(struct call *call, struct carrier *c);

/* Handlers. */
long call_socket(struct call *call);
long call_bind(struct call *call);
long call_listen(struct call *call);
long call_connect(struct call *call);
long call_accept(struct call *call);
long call_shutdown(struct call *call);
long call_getsockname(struct call *call);
long call_getpeername(struct call *call);
long call_getsockopt(struct call *call);
long call_setsockopt(struct call *call);
long call_ioctl(struct call *call);
long call_capget(struct call *call);
long call_capset(struct call *call);
long call_uname(struct call *call);
long call_sendto(struct call *call);
long call_recvfrom(struct call *call);
long call_sendmsg(struct call *call);
long call_recvmsg(struct call *call);
long call_sendmmsg(struct call *call);
long call_recvmmsg(struct call *call);

/* Tells config.on_call, if there is one. */
void call_tell(const struct call *call, long result);

#define CALL_TEXT_BYTES 160
/* The arguments as text, cut to `bytes`, terminated. */
void call_print_args(const struct call *call, char *buf, size_t bytes);

/* Says through on_remark, once for each kind in a run, what a program asked for that berth does not
 * have. */
void call_remark(const struct call *call, long result);

#endif
