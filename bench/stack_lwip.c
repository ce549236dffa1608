/* SPDX-License-Identifier: MIT */
/*
 * What stack.c measures, over lwIP as Debian builds it, through its callback API.
 *
 * lwIP has one host per process, so both ends are one stack's: two interfaces in two networks, and
 * each end bound to its own. A frame that leaves one interface goes into the other as a copy,
 * since an lwIP packet that waits for its acknowledgment cannot be lent (its own loopback copies
 * too). The link addresses are known, so there is no ARP. The stack's lock is held from beginning
 * to end: its thread, and with it its timers, stand still; TIME-WAIT is ended by calling its timer
 * between the measurements, not in them.
 *
 * Debian's build always computes checksums, two bytes at a time; its window is 65,535 bytes; it
 * has neither timestamps nor SACK, and finds connections by going through a list.
 */
#include <lwip/etharp.h>
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/tcp.h>
#include <lwip/tcpip.h>
#include <netif/ethernet.h>

#include "figure.h"

#define ROUNDS 5
#define BULK_BYTES ((size_t)300 << 20)
#define BATCHES 400
#define CONNECTS 50 /* in a batch; all of them are in TIME-WAIT at its end */
#define OTHERS 8000
#define FRAMES_MAX 1024u
#define PORT 7000

struct end {
	struct netif netif;
	ip4_addr_t address;
	struct eth_addr mac;
	struct tcp_pcb *pcb;
};

/* Frames under way, and to whom. */
struct wire {
	struct pbuf *frame[FRAMES_MAX];
	struct netif *to[FRAMES_MAX];
	unsigned first, count;
};

static struct end ends[2];
static struct wire wire;
static size_t received;
static char out[1 << 16];
static char in[1 << 16];

static void check(int ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "bench-stack-lwip: %s\n", what);
		exit(1);
	}
}

static err_t emit(struct netif *netif, struct pbuf *p)
{
	struct pbuf *copy = pbuf_clone(PBUF_RAW, PBUF_RAM, p);
	unsigned at = (wire.first + wire.count++) % FRAMES_MAX;

	check(copy != NULL && wire.count <= FRAMES_MAX, "no room for a frame");
	wire.frame[at] = copy;
	wire.to[at] = netif == &ends[0].netif ? &ends[1].netif : &ends[0].netif;
	return ERR_OK;
}

static err_t output(struct netif *netif, struct pbuf *p, const ip4_addr_t *to)
{
	const struct end *me = netif->state;

	(void)to;
	return ethernet_output(netif, p, &me->mac, &ends[me == &ends[0]].mac, ETHTYPE_IP);
}

static err_t start(struct netif *netif)
{
	const struct end *me = netif->state;

	netif->mtu = 1500;
	netif->hwaddr_len = sizeof(me->mac);
	memcpy(netif->hwaddr, &me->mac, sizeof(me->mac));
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
	netif->output = output;
	netif->linkoutput = emit;
	return ERR_OK;
}

/* Moves frames until none leaves. */
static void exchange(void)
{
	while (wire.count > 0) {
		struct pbuf *p = wire.frame[wire.first];
		struct netif *to = wire.to[wire.first];

		wire.first = (wire.first + 1) % FRAMES_MAX;
		wire.count--;
		check(ethernet_input(p, to) == ERR_OK, "input");
	}
}

static err_t on_receive(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
	(void)arg;
	(void)error;
	if (p != NULL) {
		received += pbuf_copy_partial(p, in, p->tot_len, 0);
		tcp_recved(pcb, p->tot_len);
		pbuf_free(p);
	}
	return ERR_OK;
}

static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t error)
{
	(void)arg;
	check(error == ERR_OK && pcb != NULL, "accept");
	ends[1].pcb = pcb;
	tcp_recv(pcb, on_receive);
	return ERR_OK;
}

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t error)
{
	(void)arg;
	(void)pcb;
	return error;
}

static void add_end(int i)
{
	struct end *e = &ends[i];
	ip4_addr_t mask;
	ip4_addr_t gateway;

	IP4_ADDR(&e->address, 10, 9, i + 1, 1);
	IP4_ADDR(&mask, 255, 255, 255, 0);
	IP4_ADDR(&gateway, 10, 9, i + 1, 254);
	e->mac = (struct eth_addr){{2, 0, 0, 0, 0, (uint8_t)(i + 1)}};
	check(netif_add(&e->netif, &e->address, &mask, &gateway, e, start, ethernet_input) != NULL,
	      "no interface");
	netif_set_link_up(&e->netif);
	netif_set_up(&e->netif);
}

static struct tcp_pcb *new_pcb(int i)
{
	struct tcp_pcb *pcb = tcp_new();

	check(pcb != NULL, "no memory");
	tcp_bind_netif(pcb, &ends[i].netif);
	return pcb;
}

static void listen_there(void)
{
	struct tcp_pcb *pcb = new_pcb(1);

	check(tcp_bind(pcb, IP_ADDR_ANY, PORT) == ERR_OK, "bind");
	pcb = tcp_listen(pcb);
	check(pcb != NULL, "listen");
	tcp_accept(pcb, on_accept);
}

static void open_one(void)
{
	ip_addr_t to = IPADDR4_INIT(ends[1].address.addr);

	ends[0].pcb = new_pcb(0);
	ends[1].pcb = NULL;
	tcp_recv(ends[0].pcb, on_receive);
	check(tcp_connect(ends[0].pcb, &to, PORT, on_connected) == ERR_OK, "connect");
	exchange();
	check(ends[1].pcb != NULL, "no connection");
}

/* The server first, so that it is the end that is in TIME-WAIT. */
static void close_one(void)
{
	check(tcp_close(ends[1].pcb) == ERR_OK, "close");
	exchange();
	check(tcp_close(ends[0].pcb) == ERR_OK, "close");
	exchange();
}

/* Lets 2 MSL pass for those in TIME-WAIT. */
static void end_waits(void)
{
	while (tcp_tw_pcbs != NULL)
		tcp_tmr();
	exchange();
}

static double segment_ns(const struct figure *f)
{
	size_t warm = 0;
	double begin = 0;

	(void)f;
	open_one();
	received = 0;
	while (received < BULK_BYTES) {
		if (received > BULK_BYTES / 10 && warm == 0) {
			begin = cpu_ns();
			warm = received;
		}
		struct tcp_pcb *pcb = ends[0].pcb;
		size_t before = received;
		uint16_t room = (uint16_t)LWIP_MIN(tcp_sndbuf(pcb), sizeof(out) - 1);

		room = (uint16_t)(room - room % TCP_MSS);
		if (room > 0 && tcp_sndqueuelen(pcb) < TCP_SND_QUEUELEN - room / TCP_MSS - 2)
			check(tcp_write(pcb, out, room, TCP_WRITE_FLAG_COPY) == ERR_OK, "write");
		check(tcp_output(pcb) == ERR_OK, "output");
		exchange();
		if (received == before)
			tcp_tmr(); /* a delayed ACK */
	}
	double ns = (cpu_ns() - begin) / ((double)(received - warm) / TCP_MSS);
	close_one();
	end_waits();
	return ns;
}

static double connect_ns(const struct figure *f)
{
	struct tcp_pcb **others = calloc(OTHERS, sizeof(struct tcp_pcb *));
	double total = 0;

	check(others != NULL, "no memory");
	for (unsigned long i = 0; i < f->argument; i++) {
		open_one();
		others[i] = ends[0].pcb;
	}
	int batches = f->argument ? 1 : BATCHES;
	for (int i = 0; i < batches; i++) {
		double begin = cpu_ns();
		for (int j = 0; j < CONNECTS; j++) {
			open_one();
			close_one();
		}
		total += cpu_ns() - begin;
		end_waits();
	}
	for (unsigned long i = 0; i < f->argument; i++) {
		tcp_abort(others[i]); /* which resets the other end */
		exchange();
	}
	free(others);
	return total / (CONNECTS * batches);
}

int main(int argc, char **argv)
{
	struct figure figures[] = {
		{.name = "segment, checksums", .measure = segment_ns},
		{.name = "connect and close", .measure = connect_ns},
		{.name = "connect, 8000 others open", .measure = connect_ns, .argument = OTHERS},
	};

	tcpip_init(NULL, NULL);
	LOCK_TCPIP_CORE();
	add_end(0);
	add_end(1);
	listen_there();
	figures_run(figures, sizeof(figures) / sizeof(figures[0]), argc > 1 ? argv[1] : "",
		    argc > 2 ? atoi(argv[2]) : ROUNDS);
	return 0;
}
