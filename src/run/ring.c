/* SPDX-License-Identifier: MIT */
/*
 * Mapped rings of packet sockets, versions 1 and 2, for receiving: libpcap captures in no other
 * way.
 *
 * A program asks for a ring with setsockopt(), maps its descriptor, and from then on finds frames
 * in that memory and calls nothing but poll(2). Its descriptor is an AF_UNIX socket, which has no
 * memory. So setsockopt(PACKET_RX_RING) puts a memfd of the ring's size behind the descriptor's
 * number, and mmap(2) maps that. At the next trapped call on the number, in practice the bind()
 * that starts the capture, the socket is put back, if the memory is mapped by then; before, the
 * call is done on the socket all the same. berth keeps the socket meanwhile, and looks now and then
 * whether the program still has the number.
 *
 * Frames go from the stack straight into the ring; while the next one is the program's they stay in
 * the stack, whose SO_RCVBUF bounds them. For poll(2) to say POLLIN, one byte is sent through the
 * carrier. The program never reads it: an alarm looks when the program has given all frames back,
 * and takes the byte back.
 *
 * Left out: version 3 (EINVAL, as Linux before 3.2; libpcap then takes version 2), rings for
 * sending.
 */
#include "run/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_packet.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>

#define RING_BYTES_MAX (64u << 20)
#define ETHER_BYTES 14u
#define STATUS_CSUM_VALID 0x80u
#define LOOK_FIRST BERTH_MSEC
#define LOOK_LAST (20 * BERTH_MSEC)
#define SWAPPED_LOOK BERTH_SEC

/* As <linux/if_packet.h> counts (TPACKET2_HDRLEN, TPACKET_ALIGN), in unsigned numbers. */
#define ALIGN_UP(bytes) (((bytes) + 15u) & ~15u)
#define NAME_AT ((unsigned)ALIGN_UP(sizeof(struct tpacket2_hdr)))
#define HEADER_BYTES (NAME_AT + (unsigned)sizeof(struct sockaddr_ll))

STATIC_ASSERT(ALIGN_UP(sizeof(struct tpacket_hdr)) == ALIGN_UP(sizeof(struct tpacket2_hdr)));

struct ring {
	struct carrier *carrier;
	int version; /* TPACKET_V1, _V2 */
	unsigned reserve;
	struct tpacket_req req; /* block_nr 0: there is none yet */
	unsigned char *map;
	int memory;	  /* the memfd */
	uint64_t ino;	  /* its number in run->rings */
	unsigned next;	  /* the frame that is filled next */
	bool woken;	  /* a byte waits in the carrier */
	berth_time since; /* when it was sent */
	struct alarm look;
	int end; /* the program's end while its number is the memfd's; -1: it has it */
	pid_t pid;
	int number;
};

static struct ring *ring_get(struct carrier *c)
{
	if (!c->ring) {
		c->ring = calloc(1, sizeof(*c->ring));
		if (!c->ring)
			return NULL;
		c->ring->carrier = c;
		c->ring->memory = -1;
		c->ring->end = -1;
	}
	return c->ring;
}

bool ring_takes(const struct carrier *c)
{
	return c->ring && c->ring->map;
}

static void drop_memory(struct ring *g)
{
	struct run *r = g->carrier->run;

	alarm_cancel(&r->alarms, &g->look);
	if (g->map) {
		munmap(g->map, (size_t)g->req.tp_block_size * g->req.tp_block_nr);
		imap_del(&r->rings, g->ino);
		close(g->memory);
	}
	g->map = NULL;
	g->memory = -1;
	g->req = (struct tpacket_req){0};
	g->next = 0;
}

void ring_free(struct carrier *c)
{
	struct ring *g = c->ring;

	if (!g)
		return;
	drop_memory(g);
	if (g->end >= 0)
		close(g->end);
	free(g);
	c->ring = NULL;
}

/*
 * The program's side
 */

/* Puts `fd` behind the number that the call is about. */
static int put_behind(const struct call *call, int fd)
{
	struct seccomp_notif_addfd add = {
		.id = call->id,
		.flags = SECCOMP_ADDFD_FLAG_SETFD,
		.srcfd = (uint32_t)fd,
		.newfd = (uint32_t)call->args[0],
		.newfd_flags = task_cloexec(call->task, (int)call->args[0]) ? O_CLOEXEC : 0,
	};

	return ioctl(call->command->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) < 0 ? -errno : 0;
}

/* Whether the program's number is still the memfd's. */
static bool has_memory(const struct ring *g)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", g->pid, g->number);
	return stat(path, &st) == 0 && st.st_ino == g->ino;
}

static bool is_mapped(const struct call *call, const struct ring *g)
{
	char line[512];
	unsigned long ino = 0;
	FILE *f;

	snprintf(line, sizeof(line), "/proc/%d/maps", call->task->tid);
	f = fopen(line, "re");
	if (!f)
		return true;
	while (ino != g->ino && fgets(line, sizeof(line), f)) {
		if (!strstr(line, "memfd:") || sscanf(line, "%*s %*s %*s %*s %lu", &ino) != 1)
			ino = 0;
	}
	(void)fclose(f); /* it was only read */
	return ino == g->ino;
}

/* The program has thrown the number away, and with it the socket. */
static void on_swapped(struct alarm *a)
{
	struct ring *g = container_of(a, struct ring, look);

	if (g->end < 0)
		return;
	if (!has_memory(g)) {
		close(g->end); /* berth's end hangs up */
		g->end = -1;
	} else {
		(void)alarm_set(&g->carrier->run->alarms, a,
				g->carrier->run->now + SWAPPED_LOOK); /* there was room */
	}
}

struct carrier *ring_carrier(struct call *call)
{
	struct carrier *c;
	struct ring *g;
	struct stat st;

	if (call->run->rings.count == 0 || call->fd < 0 || fstat(call->fd, &st) < 0)
		return NULL;
	c = S_ISREG(st.st_mode) ? imap_get(&call->run->rings, st.st_ino) : NULL;
	if (!c || c->ring->end < 0)
		return NULL;
	g = c->ring;
	close(call->fd);
	if (is_mapped(call, g) && put_behind(call, g->end) == 0) {
		call->fd = g->end;
		g->end = -1;
		alarm_cancel(&call->run->alarms, &g->look);
		ring_in(c);
	} else {
		call->fd = fcntl(g->end, F_DUPFD_CLOEXEC, 3);
	}
	return c;
}

/* Linux: packet_set_ring(). */
static bool req_valid(const struct ring *g, const struct tpacket_req *q)
{
	unsigned per_block;

	if ((int)q->tp_block_size <= 0 || q->tp_block_size % (unsigned)getpagesize())
		return false;
	if (q->tp_frame_size < HEADER_BYTES + g->reserve ||
	    q->tp_frame_size % (unsigned)TPACKET_ALIGNMENT)
		return false;
	per_block = q->tp_block_size / q->tp_frame_size;
	return per_block > 0 && q->tp_block_nr <= UINT_MAX / q->tp_block_size &&
	       per_block * q->tp_block_nr == q->tp_frame_nr;
}

static int make_memory(struct ring *g, const struct tpacket_req *q)
{
	size_t bytes = (size_t)q->tp_block_size * q->tp_block_nr;
	struct run *r = g->carrier->run;
	struct stat st;
	void *map;
	int fd;

	if (bytes > RING_BYTES_MAX)
		return -ENOMEM;
	fd = memfd_create("berth-ring", MFD_CLOEXEC);
	if (fd < 0)
		return -ENOMEM;
	if (ftruncate(fd, (off_t)bytes) < 0 || fstat(fd, &st) < 0) {
		close(fd);
		return -ENOMEM;
	}
	map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED || imap_put(&r->rings, st.st_ino, g->carrier) < 0) {
		if (map != MAP_FAILED)
			munmap(map, bytes);
		close(fd);
		return -ENOMEM;
	}
	g->memory = fd;
	g->map = map;
	g->ino = st.st_ino;
	g->req = *q;
	return 0;
}

static long make_ring(struct call *call, struct ring *g, const void *value, socklen_t len)
{
	struct tpacket_req q;
	int error;

	if (len < sizeof(q))
		return -EINVAL;
	memcpy(&q, value, sizeof(q));
	if (q.tp_block_nr == 0) {
		if (q.tp_frame_nr != 0)
			return -EINVAL;
		drop_memory(g);
		return 0;
	}
	if (g->map)
		return -EBUSY;
	if (!req_valid(g, &q))
		return -EINVAL;
	error = call_open(call);
	if (error == 0)
		error = make_memory(g, &q);
	if (error == 0)
		error = put_behind(call, g->memory);
	if (error < 0) {
		drop_memory(g);
		return error;
	}
	g->end = call->fd;
	call->fd = -1;
	g->pid = call->task->process->pid;
	g->number = (int)call->args[0];
	g->look.fire = on_swapped;
	(void)alarm_set(&call->run->alarms, &g->look, call->run->now + SWAPPED_LOOK);
	return 0;
}

static long set_number(struct ring *g, int name, const void *value, socklen_t len)
{
	unsigned number;

	if (len != sizeof(number))
		return -EINVAL;
	memcpy(&number, value, sizeof(number));
	if (name == PACKET_VERSION && number > TPACKET_V2)
		return -EINVAL;
	if (name == PACKET_RESERVE && number > RING_BYTES_MAX)
		return -EINVAL;
	if (g->map)
		return -EBUSY;
	if (name == PACKET_VERSION)
		g->version = (int)number;
	else
		g->reserve = number;
	return 0;
}

long ring_setopt(struct call *call, int name, const void *value, socklen_t len)
{
	struct ring *g;

	if (name != PACKET_VERSION && name != PACKET_RESERVE && name != PACKET_RX_RING)
		return RING_NOT_MINE;
	g = ring_get(call->carrier);
	if (!g)
		return -ENOMEM;
	return name == PACKET_RX_RING ? make_ring(call, g, value, len)
				      : set_number(g, name, value, len);
}

long ring_getopt(const struct carrier *c, int name, void *value, socklen_t *len)
{
	int number = 0;

	switch (name) {
	case PACKET_VERSION:
		number = c->ring ? c->ring->version : TPACKET_V1;
		break;
	case PACKET_RESERVE:
		number = c->ring ? (int)c->ring->reserve : 0;
		break;
	case PACKET_HDRLEN:
		if (*len < sizeof(number))
			return -EINVAL;
		memcpy(&number, value, sizeof(number));
		if (number != TPACKET_V1 && number != TPACKET_V2)
			return -EINVAL;
		number = number == TPACKET_V1 ? (int)sizeof(struct tpacket_hdr)
					      : (int)sizeof(struct tpacket2_hdr);
		break;
	default:
		return RING_NOT_MINE;
	}
	if (*len > sizeof(number))
		*len = sizeof(number);
	memcpy(value, &number, *len);
	return 0;
}

/*
 * Frames
 */

static unsigned char *frame_at(const struct ring *g, unsigned i)
{
	unsigned per_block = g->req.tp_block_size / g->req.tp_frame_size;

	return g->map + (size_t)(i / per_block) * g->req.tp_block_size +
	       (size_t)(i % per_block) * g->req.tp_frame_size;
}

/* Whose the frame is; 0: berth's. */
static unsigned long status_of(const struct ring *g, unsigned char *frame)
{
	if (g->version == TPACKET_V1)
		return __atomic_load_n(&((struct tpacket_hdr *)(void *)frame)->tp_status,
				       __ATOMIC_ACQUIRE);
	return __atomic_load_n(&((struct tpacket2_hdr *)(void *)frame)->tp_status,
			       __ATOMIC_ACQUIRE);
}

/* Where a frame's bytes are. */
struct place {
	unsigned mac, net;
};

/* Linux: tpacket_rcv(). */
static struct place place_of(const struct ring *g)
{
	struct place p;

	if (g->carrier->type == SOCK_DGRAM) {
		p.net = ALIGN_UP(HEADER_BYTES) + 16u + g->reserve;
		p.mac = p.net;
	} else {
		p.net = ALIGN_UP(HEADER_BYTES + 16u) + g->reserve;
		p.mac = p.net - ETHER_BYTES;
	}
	return p;
}

/* Fills in what stands before the bytes, and gives the frame to the program. */
static void finish(const struct ring *g, unsigned char *frame, const struct place *at, size_t bytes,
		   size_t kept)
{
	const struct carrier *c = g->carrier;
	unsigned status = TP_STATUS_USER | STATUS_CSUM_VALID;
	struct timespec ts = {0, 0};

	(void)berth_ioctl(c->stack, c->sock, SIOCGSTAMPNS_OLD, &ts); /* one was just read */
	if (g->version == TPACKET_V1) {
		struct tpacket_hdr *h = (struct tpacket_hdr *)(void *)frame;

		h->tp_len = (unsigned)bytes;
		h->tp_snaplen = (unsigned)kept;
		h->tp_mac = (unsigned short)at->mac;
		h->tp_net = (unsigned short)at->net;
		h->tp_sec = (unsigned)ts.tv_sec;
		h->tp_usec = (unsigned)(ts.tv_nsec / 1000);
		__atomic_store_n(&h->tp_status, status, __ATOMIC_RELEASE);
	} else {
		struct tpacket2_hdr *h = (struct tpacket2_hdr *)(void *)frame;

		*h = (struct tpacket2_hdr){
			.tp_len = (uint32_t)bytes,
			.tp_snaplen = (uint32_t)kept,
			.tp_mac = (uint16_t)at->mac,
			.tp_net = (uint16_t)at->net,
			.tp_sec = (uint32_t)ts.tv_sec,
			.tp_nsec = (uint32_t)ts.tv_nsec,
		};
		__atomic_store_n(&h->tp_status, status, __ATOMIC_RELEASE);
	}
}

/* The length that the frame had before a filter took what it wanted; `n` if nobody tells. */
static size_t whole_bytes(struct msghdr *msg, size_t n)
{
	struct tpacket_auxdata aux;

	for (struct cmsghdr *m = CMSG_FIRSTHDR(msg); m; m = CMSG_NXTHDR(msg, m)) {
		if (m->cmsg_level == SOL_PACKET && m->cmsg_type == PACKET_AUXDATA &&
		    m->cmsg_len == CMSG_LEN(sizeof(aux))) {
			memcpy(&aux, CMSG_DATA(m), sizeof(aux));
			return aux.tp_len;
		}
	}
	return n;
}

/* Fills the next frame; false: the program has it, or nothing has arrived. */
static bool fill_next(struct ring *g)
{
	const struct carrier *c = g->carrier;
	struct place at = place_of(g);
	unsigned char *frame = frame_at(g, g->next);
	size_t room = g->req.tp_frame_size > at.mac ? g->req.tp_frame_size - at.mac : 0;
	_Alignas(struct cmsghdr) unsigned char control[CARRIER_CONTROL_BYTES];
	struct sockaddr_ll name = {0};
	struct iovec iov = {frame + at.mac, room};
	struct msghdr msg = {.msg_name = &name,
			     .msg_namelen = sizeof(name),
			     .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	ssize_t n;

	if (status_of(g, frame) != TP_STATUS_KERNEL)
		return false;
	n = berth_recvmsg(c->stack, c->sock, &msg, MSG_DONTWAIT | MSG_TRUNC);
	if (n < 0)
		return false;
	memcpy(frame + NAME_AT, &name, sizeof(name));
	finish(g, frame, &at, whole_bytes(&msg, (size_t)n), (size_t)n < room ? (size_t)n : room);
	g->next = (g->next + 1) % g->req.tp_frame_nr;
	return true;
}

static void on_look(struct alarm *a);

/* Has poll(2) say that there is something, and looks later whether there still is. */
static void wake(struct ring *g)
{
	struct carrier *c = g->carrier;
	berth_time wait;
	int queued = 0;

	if (!g->woken || (ioctl(c->end, SIOCOUTQ, &queued) == 0 && queued == 0)) {
		g->since = c->run->now;
		g->woken = send(c->end, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1;
	}
	wait = (c->run->now - g->since) / 4;
	wait = wait < LOOK_FIRST ? LOOK_FIRST : wait > LOOK_LAST ? LOOK_LAST : wait;
	g->look.fire = on_look;
	if (!g->look.place)
		(void)alarm_set(&c->run->alarms, &g->look, c->run->now + wait);
}

/* Takes the byte back that poll(2) goes by. */
static void unwake(struct ring *g)
{
	char byte;
	int fd = carrier_find_end(g->carrier);

	g->woken = false;
	if (fd < 0)
		return;
	(void)recv(fd, &byte, 1, MSG_DONTWAIT); /* the program may have read it */
	close(fd);
}

static bool all_given_back(const struct ring *g)
{
	unsigned last = (g->next + g->req.tp_frame_nr - 1) % g->req.tp_frame_nr;

	return status_of(g, frame_at(g, last)) == TP_STATUS_KERNEL;
}

static void on_look(struct alarm *a)
{
	struct ring *g = container_of(a, struct ring, look);

	if (all_given_back(g) && g->woken)
		unwake(g);
	ring_in(g->carrier);
}

void ring_in(struct carrier *c)
{
	struct ring *g = c->ring;

	if (c->closed || c->end < 0 || g->end >= 0)
		return; /* nobody looks yet */
	while (fill_next(g))
		continue;
	if (!all_given_back(g))
		wake(g);
}
