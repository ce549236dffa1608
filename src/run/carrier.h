/* SPDX-License-Identifier: MIT */
/*
 * A socket of a host, and the AF_UNIX socket that carries it. The program holds one end,
 * berth the other (`end`), and goes through these states:
 *
 *   NEW -> LISTENING                       a stream that accepts
 *   NEW -> CONNECTING -> ESTABLISHED       a blocking connect
 *   NEW -> FILLED -> ESTABLISHED           a non-blocking one: two filler bytes make it unwritable
 *   ESTABLISHED, FILLED -> BROKEN          reset or refused: berth's end is closed
 *   DATAGRAM                               a pair from the start (see dgramerr.c)
 *
 *                 end   closed by the program is seen by
 *   NEW           -     `own` while young, then inotify
 *   CONNECTING    -     the same
 *   LISTENING     -     inotify
 *   FILLED, ESTABLISHED, DATAGRAM: yes, by its hanging up (`shut_both`, or a datagram
 *                         socket but netlink's: inotify)
 *   BROKEN        -     inotify
 */
#ifndef RUN_CARRIER_H
#define RUN_CARRIER_H

#include <poll.h>

#include "run/runner.h"

struct call;
struct ring;

/* What a carrier's SO_SNDBUF is, in either direction; the kernel doubles it. */
#define CARRIER_BYTES (208 * 1024 / 2)

enum carrier_state {
	CARRIER_NEW,
	CARRIER_CONNECTING,
	CARRIER_FILLED,
	CARRIER_ESTABLISHED,
	CARRIER_LISTENING,
	CARRIER_BROKEN,
	CARRIER_DATAGRAM,
	CARRIER_STATES,
};

#define CARRIER_CONTROL_BYTES 256

/* A datagram that berth could not pass on yet. */
struct carrier_packet {
	struct carrier_packet *next;
	size_t bytes;
	unsigned char data[];
};

struct carrier {
	struct source source; /* berth's end */
	struct run *run;
	struct command *command;
	struct berth_stack *stack;
	int host;
	int sock; /* the stack's descriptor; -1: none (ended) */
	int family, type, protocol;
	enum carrier_state state;
	uint64_t cookie;
	uint64_t inode; /* of the program's end, once somebody asked; 0: not yet */

	int end;   /* berth's end, non-blocking; -1: none */
	int own;   /* the program's end, while young; -1: none */
	int watch; /* inotify's number, -1: none */
	berth_time born;
	struct list young; /* on run->young */
	pid_t hint_pid;	   /* where the program's end was seen last */
	int hint_fd;
	struct list parked;

	/* A stream's two directions. */
	bool readable;	/* the end may have something to read */
	bool ended;	/* the program has written its last (RDHUP) */
	bool gone;	/* the program's last copy is closed (HUP) */
	bool shut_wr;	/* its end is shut for sending, which the end's RDHUP follows */
	bool shut_rd;	/* ... for receiving */
	bool shut_both; /* hanging up does not mean that it is closed */
	bool unread;	/* ... with data unread (ERR) */
	bool out_done;	/* its end of stream was passed on */
	bool in_done;	/* the peer's end of stream was passed on */
	bool full;	/* the end does not take more now; EPOLLOUT is armed */
	bool deaf;	/* the program reads no more (SHUT_RD) */
	bool failed;	/* the stack says so; c->error was told */
	bool closed;	/* carrier_close() was called */
	bool abandoned; /* the program has no copy any more, only calls that wait */
	bool retrying;	/* park_retry() is at it */
	int error;	/* BROKEN, DATAGRAM: not told to the program yet */
	bool urgent;	/* the program sent an urgent byte (EPOLLPRI) */
	bool urgent_in; /* the peer sent one, which is not delivered yet */

	/* CONNECTING by MSG_FASTOPEN: how much of the call's data the SYN has taken. */
	size_t opened_with;

	struct list starved; /* on run->starved: for want of descriptors its queue is short */
	/* LISTENING, DATAGRAM: of the program's end; 0: it has none. */
	struct sockaddr_un name;
	socklen_t name_len;
	/* LISTENING: carriers queued for accept(2), and connections taken from the stack whose
	 * accept(2) failed at the last step. */
	int *tokens; /* berth's ends, a ring */
	unsigned token_first, token_count, token_cap;
	int *undelivered; /* the stack's descriptors */
	unsigned undelivered_count;

	/* DATAGRAM: whose datagrams the carrier holds. */
	struct sockaddr_storage peer;
	socklen_t peer_len;
	unsigned char control[CARRIER_CONTROL_BYTES];
	size_t control_len;
	bool carried;		/* the carrier may hold something */
	bool native;		/* the program has sent without an address */
	bool raised;		/* the kernel was made to tell of an error: dgramerr.c */
	berth_time raise_since; /* it is to say so since then; 0: no */
	struct alarm raise_alarm;
	struct ring *ring;	     /* of a packet socket: ring.c; NULL: none */
	struct carrier_packet *held; /* oldest first */

	/* What the program had written when it shut sending down, of which the stack has not all.
	 */
	unsigned char *tail;
	size_t tail_bytes, tail_passed;
	bool parted; /* the end has nothing more, but for a byte that is never read: parting.c */

	struct timeval receive_timeout, send_timeout;
	int send_bytes, receive_bytes; /* SO_SNDBUF, SO_RCVBUF if smaller than a carrier's; 0 */
	struct sockaddr_storage local, remote; /* for on_transfer */
};

/* Makes a carrier for the stack's socket `sock`, in state `state`, known by the cookie of the
 * program's end `fd`. NULL: no memory (nothing is closed). */
struct carrier *carrier_new(struct command *cmd, int sock, int family, int type, int protocol,
			    enum carrier_state state, int fd);

/* Closes the socket and everything of its carrier; `c` lives until the batch is done. */
void carrier_close(struct carrier *c);

/* The program's last copy is closed, which a call that waits outlives: on Linux it keeps the socket
 * until it returns. Closes the carrier when there is none, or none any more. */
void carrier_abandon(struct carrier *c);

/* Keeps the program's end `fd` (owned from now on) while the carrier is young; it is
 * watched later if it stays unconnected. */
void carrier_keep_young(struct carrier *c, int fd);

/* Has inotify tell when the last copy of the program's end is closed; `fd` is one of them,
 * the caller's. berth's own copy is given up. */
void carrier_watch(struct carrier *c, int fd);
void carrier_unwatch(struct carrier *c);

/* The program's end is, or is about to be, shut in the directions of `how` (SHUT_x). Once that is
 * both, AF_UNIX reports it as if it were closed, and inotify tells of that instead. `fd`: one of
 * its copies, the caller's; -1: it is looked for. */
void carrier_shut(struct carrier *c, int how, int fd);

/* Connects the program's end `fd` to a new end of berth's. With `filled`, it is made
 * unwritable. 0 or a negative errno. */
int carrier_attach(struct carrier *c, int fd, bool filled);

/* From CONNECTING or FILLED to ESTABLISHED: the ends are joined and data flow. */
int carrier_establish(struct carrier *c);

/* Makes a stream's carrier as small as the program asked its buffers to be, `fd` being its end. A
 * carrier of the usual size would take more than TCP does before a writer has to wait. */
void carrier_shrink(struct carrier *c, int fd);

/* Gives berth's end to the loop. */
int carrier_serve(struct carrier *c);

/* Whether the loop is to tell of room in the end, as it takes no more now (`full`). */
void carrier_arm(struct carrier *c, bool full);

/* Has the loop tell again of what is there. */
void carrier_rearm(struct carrier *c);

/* The connection is no more: the program is to read ECONNRESET, and can ask SO_ERROR. */
void carrier_break(struct carrier *c);

/* Whose a socket is: what berth_stack_set_owner() asks for; `user` is the carrier. */
void carrier_owner(void *user, struct berth_sock_owner *out);

/* A duplicate of the program's end, wherever it is; -ENOENT. */
int carrier_find_end(struct carrier *c);

/* Queues carriers for the connections that wait to be accepted. */
void carrier_top_up(struct carrier *c);

/* Turns the program's end `fd` into a listener. 0 or a negative errno. */
int carrier_listen(struct carrier *c, int fd);

/* The stack listens no more: forgets what was queued for accept(2). The carrier has to be replaced.
 */
void carrier_unlisten(struct carrier *c);

/* The stack has news of the socket. */
void carrier_event(struct carrier *c, short events);

/* Sets up inotify and the dock, and takes them down with all carriers. */
int carriers_init(struct run *r);
void carriers_fini(struct run *r);

/* stream.c: what the program wrote, to the stack; and back. */
void stream_out(struct carrier *c);
void stream_in(struct carrier *c);
/* MSG_MORE: passes bytes on after all that the program has written, past the carrier. False: there
 * is no room for all of them, and nothing was done. */
bool stream_more(struct carrier *c, const void *data, size_t bytes);
/* The program has closed its last copy. */
void stream_hang_up(struct carrier *c);
void stream_ready(struct source *s, uint32_t events);

/* parting.c: before the program's end `fd` is shut down for sending; whether parting_end() is to
 * follow when it is. */
bool parting_begin(struct carrier *c, int fd);
void parting_end(struct carrier *c);
/* How much of what the program has written is still in the tail. */
size_t parting_left(const struct carrier *c);
void parting_forget(struct carrier *c);

/* datagram.c */
void dgram_out(struct carrier *c);
void dgram_in(struct carrier *c);
void dgram_ready(struct source *s, uint32_t events);
/* Takes what ICMP said over from the stack, which would tell it to whoever calls next: berth. */
void dgram_keep_error(struct carrier *c);
/* dgramerr.c: opens a pair that can tell of errors, fds[0] being the program's, with a name. 0 or a
 * negative errno. */
int dgram_open(int flags, int fds[2], struct sockaddr_un *name, socklen_t *name_len);
/* The pending error of the call's socket, negative, which is then told and gone; 0: none. */
int dgram_error(struct call *call);
/* Has the kernel tell of an error if there is one, now or when the program waits. */
void dgram_raise(struct carrier *c);
/* A call has told of one: POLLERR goes, until the next is raised. */
void dgram_hush(struct call *call);
/* Puts a datagram back that a program did not get after all. */
void dgram_put_back(struct carrier *c, const struct msghdr *msg, size_t bytes);

#endif
