/* SPDX-License-Identifier: MIT */
/*
 * Packet sockets (packet(7); Linux: net/packet/af_packet.c).
 *
 * A sock with a protocol sees frames: of all interfaces or of the one it is bound to; of one
 * EtherType, and then only those that come in, or of all, and then those that go out too, except
 * its own. One tap at the links shows them, and is there only while a sock sees something. A frame
 * is copied as packets are, its payload shared, and its checksums are completed for the program to
 * find them right. SOCK_RAW gives the frame from its link header on, SOCK_DGRAM without.
 *
 * What recvfrom() and PACKET_AUXDATA tell besides is kept in the copy's header area.
 *
 * Sending goes to the interface's queue as it is, whatever it is.
 *
 * Left out: mapped rings (PACKET_RX_RING and what belongs to them) and PACKET_FANOUT, answered as
 * by a kernel without them; virtio headers.
 *
 * Ownership: struct afpackets belongs to the transport, made for the first sock and kept.
 */
#include "transport/afpacket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if_arp.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/check.h"
#include "base/env.h"
#include "link/netif.h"
#include "transport/bpf.h"
#include "transport/control.h"
#include "wire/ether_header.h"

#define TYPE_ALL 3u   /* ETH_P_ALL */
#define TYPE_802_3 1u /* ETH_P_802_3: frames of Novell's */
#define TYPE_802_2 4u /* ETH_P_802_2: frames with a length and LLC */
#define TYPE_MIN 1536u
#define MEMBERS_MAX 64u
#define LEVEL_PACKET 263 /* Linux: SOL_PACKET */
#define STATUS_CSUM_VALID 0x80u
#define NAME_BYTES offsetof(struct sockaddr_ll, sll_addr)
/* As dgram.c counts: the overhead of a queued packet, and the step in which its buffers grow. */
#define FRAME_COST 704u
#define FRAME_STEP 64u

/* Kept at the begin of a queued frame's header area. */
struct frame_meta {
	uint32_t bytes; /* of the whole frame: a filter may have shortened it */
	uint16_t ifindex, type;
	uint16_t hatype;
	uint8_t kind;
	uint8_t src[6];
};

STATIC_ASSERT(sizeof(struct frame_meta) <= 20);
STATIC_ASSERT(offsetof(struct afpacket, d) == 0);

struct afpackets {
	struct list seeing; /* struct afpacket.link */
};

static const struct afpacket *afpacket_of_const(const struct sock *s)
{
	return (const struct afpacket *)(const void *)s;
}

static struct links *links_of(const struct sock *s)
{
	return net_links(s->tp->net);
}

static uint16_t hatype_of(const struct netif *n)
{
	return n->kind == BERTH_NETIF_LOOPBACK ? ARPHRD_LOOPBACK : ARPHRD_ETHER;
}

/*
 * Receiving
 */

/* The protocol of a frame as Linux tells it (eth_type_trans()). */
static uint16_t type_of(const struct link_frame *f)
{
	uint8_t two[2] = {0, 0};

	/* Linux: what goes out is of the type that the sender said. */
	if (f->type >= TYPE_MIN || f->kind == LINK_FROM_US)
		return f->type;
	(void)packet_copy_out(f->packet, ETHER_HEADER_BYTES, two, sizeof(two)); /* or zeros */
	if (two[0] == 0xff && two[1] == 0xff)
		return TYPE_802_3;
	return TYPE_802_2;
}

static bool wants(const struct afpacket *a, const struct link_frame *f, uint16_t type)
{
	if (a->ifindex && a->ifindex != f->netif->ifindex)
		return false;
	if (f->kind == LINK_FROM_US)
		return a->ethertype == TYPE_ALL && !a->ignore_outgoing && f->sender != a;
	return a->ethertype == TYPE_ALL || a->ethertype == type;
}

/* Room in front of the bytes in head[]. */
static bool make_room(struct berth_packet *p, size_t bytes)
{
	size_t off = PACKET_HEAD_BYTES - p->head_len;

	if (p->head_off >= bytes)
		return true;
	if (off < bytes)
		return false;
	memmove(p->head + off, p->head + p->head_off, p->head_len);
	p->head_off = (uint8_t)off;
	return true;
}

/* The frame as the sock is to see it. NULL: no memory. */
static struct berth_packet *copy_of(const struct afpacket *a, const struct link_frame *f)
{
	struct berth_packet *p = packet_clone(f->packet);
	struct ether_header h = {.type = f->type};

	if (!p)
		return NULL;
	packet_complete(p);
	p->gso_bytes = 0;
	if (a->d.sock.type == SOCK_DGRAM && !f->bare)
		packet_trim_front(p, ETHER_HEADER_BYTES);
	if (a->d.sock.type == SOCK_RAW && f->bare) {
		if (!make_room(p, ETHER_HEADER_BYTES)) {
			packet_free(p);
			return NULL;
		}
		ether_write(packet_push(p, ETHER_HEADER_BYTES), &h);
	}
	return p;
}

static uint32_t cost_of(uint32_t bytes)
{
	return FRAME_COST + (bytes + FRAME_STEP - 1) / FRAME_STEP * FRAME_STEP;
}

/* Whether the sock's filter, if it has one, wants the frame; `p` is shortened as it says. */
static bool admits(const struct afpacket *a, struct berth_packet *p, const struct frame_meta *meta)
{
	const struct sock *s = &a->d.sock;
	bool raw = s->type == SOCK_RAW;
	struct bpf_packet packet = {.p = p,
				    .net_at = raw ? (int32_t)ETHER_HEADER_BYTES : 0,
				    .link_at = raw ? 0 : -(int32_t)ETHER_HEADER_BYTES,
				    .protocol = meta->type,
				    .hatype = meta->hatype,
				    .pkttype = meta->kind,
				    .ifindex = meta->ifindex};

	if (!s->opt->filter)
		return true;
	packet.random = env_random_u32(s->tp->env);
	return bpf_pass(s->opt->filter, &packet, p, 1);
}

static void deliver(struct afpacket *a, const struct link_frame *f, uint16_t type)
{
	struct env *env = sock_env(&a->d.sock);
	struct berth_packet *p = copy_of(a, f);
	struct frame_meta meta = {
		.ifindex = (uint16_t)f->netif->ifindex,
		.type = type,
		.hatype = hatype_of(f->netif),
		.kind = (uint8_t)f->kind,
	};
	uint32_t cost;

	if (!p) {
		drop(env, DROP_NO_MEMORY);
		a->lost++;
		return;
	}
	if (packet_bytes(p) == 0) { /* Linux: nothing to give out */
		packet_free(p);
		return;
	}
	memcpy(meta.src, f->src, sizeof(meta.src));
	meta.bytes = (uint32_t)packet_bytes(p);
	if (!admits(a, p, &meta)) {
		packet_free(p);
		return;
	}
	cost = cost_of(meta.bytes);
	if (a->d.held > a->d.sock.rcvbuf || env->bytes_held + cost > env->limits.bytes_max ||
	    !make_room(p, sizeof(meta))) {
		a->lost++;
		a->d.dropped++;
		drop(env, DROP_AFPACKET_RCVBUF);
		packet_free(p);
		return;
	}
	memcpy(p->head, &meta, sizeof(meta));
	p->time = env->now;
	a->taken++;
	a->d.held += cost;
	env->bytes_held += cost;
	packet_queue_add(&a->frames, p);
	sock_notify(&a->d.sock, POLLIN);
}

static void on_frame(void *ctx, const struct link_frame *f)
{
	const struct transport *tp = ctx;
	uint16_t type = type_of(f);
	struct list *l;

	list_for_each (l, &tp->afpackets->seeing) {
		struct afpacket *a = list_entry(l, struct afpacket, link);

		if (wants(a, f, type))
			deliver(a, f, type);
	}
}

static struct frame_meta meta_of(const struct berth_packet *p)
{
	struct frame_meta meta;

	memcpy(&meta, p->head, sizeof(meta));
	return meta;
}

static size_t scatter(const struct berth_packet *p, const struct proto_msg *m)
{
	size_t done = 0;

	for (int i = 0; i < m->iov_count && done < packet_bytes(p); i++)
		done += packet_copy_out(p, done, m->iov[i].iov_base, m->iov[i].iov_len);
	return done;
}

/* Linux: at least a whole struct, however short the address. */
static void give_name(const struct frame_meta *meta, struct proto_msg *m)
{
	struct sockaddr_ll name = {.sll_family = AF_PACKET,
				   .sll_protocol = htons(meta->type),
				   .sll_ifindex = meta->ifindex,
				   .sll_hatype = meta->hatype,
				   .sll_pkttype = meta->kind,
				   .sll_halen = sizeof(meta->src)};

	memcpy(name.sll_addr, meta->src, sizeof(meta->src));
	memcpy(m->out_name, &name, sizeof(name));
	m->out_name_len = sizeof(name);
}

static ssize_t recv_frame(struct sock *s, struct proto_msg *m)
{
	struct afpacket *a = afpacket_of(s);
	struct berth_packet *p = a->frames.head;

	if (m->flags & ~(MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC | MSG_CMSG_CLOEXEC | MSG_ERRQUEUE))
		return -EINVAL;
	if (a->gone)
		return -ENODEV;
	if (m->flags & MSG_ERRQUEUE)
		return -EAGAIN;
	if (s->error) {
		int error = s->error;

		s->error = 0;
		return -error;
	}
	if (!p)
		return -EAGAIN;
	struct frame_meta meta = meta_of(p);
	size_t bytes = packet_bytes(p);
	size_t done = scatter(p, m);

	if (done < bytes)
		m->out_flags |= MSG_TRUNC;
	give_name(&meta, m);
	m->has_info = true;
	m->info.ifindex = meta.ifindex;
	a->last_bytes = meta.bytes;
	a->last_kept = (uint32_t)bytes;
	m->time = p->time;
	m->dropped = a->d.dropped;
	a->d.stamp = p->time;
	if (!(m->flags & MSG_PEEK)) {
		(void)packet_queue_take(&a->frames); /* it is `p` */
		a->d.held -= cost_of(meta.bytes);
		sock_env(s)->bytes_held -= cost_of(meta.bytes);
		packet_free(p);
	}
	return (ssize_t)(m->flags & MSG_TRUNC ? bytes : done);
}

static void fill_control(struct sock *s, struct proto_msg *m, struct control *out)
{
	struct tpacket_auxdata aux = {.tp_status = TP_STATUS_USER | STATUS_CSUM_VALID,
				      .tp_len = afpacket_of(s)->last_bytes,
				      .tp_snaplen = afpacket_of(s)->last_kept,
				      .tp_net = s->type == SOCK_RAW ? ETHER_HEADER_BYTES : 0};

	if (!m->has_info)
		return;
	if (s->opt->rxq_ovfl && m->dropped)
		control_put(out, SOL_SOCKET, SO_RXQ_OVFL, &m->dropped, sizeof(m->dropped));
	if (afpacket_of(s)->auxdata)
		control_put(out, LEVEL_PACKET, PACKET_AUXDATA, &aux, sizeof(aux));
}

static unsigned poll_events(const struct sock *s)
{
	const struct afpacket *a = afpacket_of_const(s);

	return dgram_poll(s) | (a->frames.head ? (unsigned)POLLIN : 0u);
}

static int ioctl_queue(struct sock *s, unsigned long request, int *value)
{
	const struct afpacket *a = afpacket_of(s);

	if (request == SIOCINQ) {
		*value = a->frames.head ? (int)packet_bytes(a->frames.head) : 0;
		return 0;
	}
	return dgram_ioctl(s, request, value);
}

/*
 * Life
 */

static void look(struct afpacket *a)
{
	struct transport *tp = a->d.sock.tp;

	if (!list_empty(&a->link))
		return;
	if (list_empty(&tp->afpackets->seeing))
		links_set_tap(net_links(tp->net), on_frame, tp);
	list_add_tail(&tp->afpackets->seeing, &a->link);
}

static void look_away(struct afpacket *a)
{
	struct transport *tp = a->d.sock.tp;

	if (list_empty(&a->link))
		return;
	list_del(&a->link);
	if (list_empty(&tp->afpackets->seeing))
		links_set_tap(net_links(tp->net), NULL, NULL);
}

static int init(struct sock *s)
{
	struct afpacket *a = afpacket_of(s);

	dgram_init(&a->d);
	list_init(&a->link);
	return 0;
}

static int open_sock(struct sock *s, int protocol)
{
	struct transport *tp = s->tp;
	struct afpacket *a = afpacket_of(s);

	if (!tp->afpackets) {
		tp->afpackets = env_alloc(tp->env, sizeof(*tp->afpackets));
		if (!tp->afpackets)
			return -ENOMEM;
		list_init(&tp->afpackets->seeing);
	}
	s->protocol = 0; /* Linux: SO_PROTOCOL says so */
	a->ethertype = ntohs((uint16_t)protocol);
	if (a->ethertype)
		look(a);
	return 0;
}

static void close_sock(struct sock *s)
{
	struct afpacket *a = afpacket_of(s);
	struct afpacket_member *m;

	look_away(a);
	packet_queue_clear(&a->frames);
	while ((m = a->members)) {
		a->members = m->next;
		env_free(sock_env(s), m);
	}
	dgram_fini(&a->d);
	sock_free(s);
}

void afpacket_fini(struct transport *tp)
{
	env_free(tp->env, tp->afpackets);
	tp->afpackets = NULL;
}

/* Linux: packet_notifier(). A sock that is bound to an interface which comes up again sees on. */
void afpacket_on_link(struct transport *tp, const struct netif *n, enum link_change change)
{
	struct list *l;

	if (!tp->afpackets || (change != LINK_DOWN && change != LINK_REMOVED))
		return;
	list_for_each (l, &tp->afpackets->seeing) {
		struct afpacket *a = list_entry(l, struct afpacket, link);

		if (a->ifindex != n->ifindex)
			continue;
		a->gone = change == LINK_REMOVED;
		a->d.sock.error = ENETDOWN;
		sock_notify(&a->d.sock, POLLERR | POLLIN);
	}
}

/*
 * Names
 */

static int bind_name(struct sock *s, const struct sockaddr *addr, socklen_t len)
{
	struct afpacket *a = afpacket_of(s);
	struct sockaddr_ll name;
	const struct netif *n = NULL;

	if (len < sizeof(name))
		return -EINVAL;
	memcpy(&name, addr, sizeof(name));
	if (name.sll_family != AF_PACKET)
		return -EINVAL;
	if (name.sll_ifindex) {
		n = links_get(links_of(s), (unsigned)name.sll_ifindex);
		if (!n || name.sll_ifindex < 0)
			return -ENODEV;
	}
	a->ifindex = n ? n->ifindex : 0;
	a->gone = false;
	if (name.sll_protocol)
		a->ethertype = ntohs(name.sll_protocol);
	if (a->ethertype)
		look(a);
	if (a->ethertype && n && !n->up) {
		s->error = ENETDOWN;
		sock_notify(s, POLLERR | POLLIN);
	}
	return 0;
}

static int connect_name(struct sock *s, const struct sockaddr *addr, socklen_t len)
{
	(void)s;
	(void)addr;
	(void)len;
	return -EOPNOTSUPP;
}

static int tell_name(const struct sock *s, bool peer, struct sockaddr_storage *out)
{
	const struct afpacket *a = afpacket_of_const(s);
	const struct netif *n = links_get(links_of(s), a->ifindex);
	struct sockaddr_ll name = {.sll_family = AF_PACKET,
				   .sll_protocol = htons(a->ethertype),
				   .sll_ifindex = (int)a->ifindex};

	if (peer)
		return -EOPNOTSUPP;
	if (n) {
		name.sll_hatype = hatype_of(n);
		name.sll_halen = sizeof(n->mac);
		memcpy(name.sll_addr, n->mac, sizeof(n->mac));
	}
	memset(out, 0, sizeof(*out));
	memcpy(out, &name, sizeof(name));
	return (int)(NAME_BYTES + name.sll_halen);
}

/*
 * Sending
 */

/* Where a frame goes, and of what protocol it is if the program does not make its header. */
struct aim {
	struct netif *netif;
	uint16_t type;
	const uint8_t *dst; /* NULL: not given */
	struct sockaddr_ll name;
};

static int find_aim(const struct sock *s, const struct proto_msg *m, struct aim *out)
{
	const struct afpacket *a = afpacket_of_const(s);
	int ifindex = (int)a->ifindex;

	out->type = a->ethertype;
	out->dst = NULL;
	if (m->name_len) {
		if (m->name_len < sizeof(out->name))
			return -EINVAL;
		memcpy(&out->name, m->name, sizeof(out->name));
		if (m->name_len < NAME_BYTES + out->name.sll_halen)
			return -EINVAL;
		ifindex = out->name.sll_ifindex;
		out->type = ntohs(out->name.sll_protocol);
		out->dst = out->name.sll_addr;
	}
	out->netif = ifindex > 0 ? links_get(links_of(s), (unsigned)ifindex) : NULL;
	if (!out->netif)
		return -ENXIO;
	return out->netif->up ? 0 : -ENETDOWN;
}

static int check_bytes(const struct sock *s, const struct proto_msg *m, const struct aim *to)
{
	size_t most = to->netif->mtu + (s->type == SOCK_RAW ? ETHER_HEADER_BYTES : 0u);

	if (m->bytes > most)
		return -EMSGSIZE;
	if (s->type == SOCK_RAW)
		return m->bytes < ETHER_HEADER_BYTES ? -EINVAL : 0;
	return to->dst || to->netif->kind == BERTH_NETIF_LOOPBACK ? 0 : -EINVAL;
}

/* What sock_alloc_send_skb() is to Linux. */
static int check_room(struct sock *s, const struct aim *to)
{
	if (s->error) {
		int error = s->error;

		s->error = 0;
		return -error;
	}
	if (!netif_tx_space(to->netif)) {
		dgram_block(dgram_of(s));
		return -EAGAIN;
	}
	return 0;
}

static ssize_t send_frame(struct sock *s, struct proto_msg *m)
{
	struct berth_packet *p;
	struct aim to;
	int result = find_aim(s, m, &to);

	if (result == 0)
		result = check_bytes(s, m, &to);
	if (result == 0)
		result = check_room(s, &to);
	if (result < 0)
		return result;
	p = dgram_payload(s, m);
	if (!p)
		return -ENOBUFS;
	if (s->type == SOCK_DGRAM) {
		struct ether_header h = {.type = to.type};

		if (to.dst && to.netif->kind != BERTH_NETIF_LOOPBACK)
			memcpy(h.dst, to.dst, sizeof(h.dst));
		memcpy(h.src, to.netif->mac, sizeof(h.src));
		ether_write(packet_push(p, ETHER_HEADER_BYTES), &h);
	}
	result = link_send_frame(to.netif, p, afpacket_of(s), to.type == TYPE_ALL ? 0 : to.type);
	return result < 0 ? result : (ssize_t)m->bytes;
}

/*
 * Memberships
 */

static struct afpacket_member **find_member(struct afpacket *a, const struct packet_mreq *mr)
{
	struct afpacket_member **at = &a->members;

	while (*at && ((*at)->ifindex != (unsigned)mr->mr_ifindex || (*at)->type != mr->mr_type ||
		       (*at)->addr_bytes != mr->mr_alen ||
		       memcmp((*at)->addr, mr->mr_address, mr->mr_alen) != 0))
		at = &(*at)->next;
	return at;
}

int afpacket_join(struct afpacket *a, const struct packet_mreq *mr)
{
	const struct netif *n = mr->mr_ifindex > 0
					? links_get(links_of(&a->d.sock), (unsigned)mr->mr_ifindex)
					: NULL;
	struct afpacket_member *m;
	uint32_t count = 0;

	if (!n)
		return -ENODEV;
	if (mr->mr_alen > sizeof(m->addr))
		return -EINVAL;
	m = *find_member(a, mr);
	if (m) {
		m->count++;
		return 0;
	}
	/* Linux: an address has the length of the link's, where the kind has one. */
	if ((mr->mr_type == PACKET_MR_MULTICAST || mr->mr_type == PACKET_MR_UNICAST) &&
	    mr->mr_alen != sizeof(m->addr))
		return -EINVAL;
	for (m = a->members; m; m = m->next)
		count++;
	m = count < MEMBERS_MAX ? env_calloc(sock_env(&a->d.sock), 1, sizeof(*m)) : NULL;
	if (!m)
		return -ENOBUFS;
	*m = (struct afpacket_member){
		a->members, (unsigned)mr->mr_ifindex, mr->mr_type, mr->mr_alen, {0}, 1};
	memcpy(m->addr, mr->mr_address, sizeof(m->addr));
	a->members = m;
	return 0;
}

/* Linux: to leave what was never joined is no error. */
int afpacket_leave(struct afpacket *a, const struct packet_mreq *mr)
{
	struct afpacket_member **at = find_member(a, mr);
	struct afpacket_member *m = *at;

	if (m && --m->count == 0) {
		*at = m->next;
		env_free(sock_env(&a->d.sock), m);
	}
	return 0;
}

static const struct proto_names names = {
	.bind = bind_name,
	.connect = connect_name,
	.name = tell_name,
	.fill_control = fill_control,
};

static const struct opt_level *const own_options[] = {&afpacket_options, NULL};

#define AFPACKET_PROTO(kind)                                                                       \
	{                                                                                          \
		.name = "PACKET", .family = AF_PACKET, .type = (kind), .protocol = PROTO_ANY,      \
		.names = &names, .object_bytes = sizeof(struct afpacket), .init = init,            \
		.open = open_sock, .close = close_sock, .abort = close_sock, .send = send_frame,   \
		.recv = recv_frame, .poll = poll_events, .options = own_options,                   \
		.ioctl = ioctl_queue, .info = dgram_info,                                          \
	}

const struct proto afpacket_raw_proto = AFPACKET_PROTO(SOCK_RAW);
const struct proto afpacket_dgram_proto = AFPACKET_PROTO(SOCK_DGRAM);
