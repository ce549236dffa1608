/* SPDX-License-Identifier: MIT */
/*
 * Draws the ladder of a made-up conversation, for comparison with what a person has looked at
 * and found right: a small client and server, 40 ms apart, of whose segments some are lost.
 *
 * Arguments: which conversation, and "ascii" or "utf8".
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/events.h"
#include "cli/ladder.h"

#define CLIENT 0
#define SERVER 1
#define CLIENT_PORT 40312
#define SERVER_PORT 7000
#define CLIENT_ISN 1000u
#define SERVER_ISN 9000u

struct script {
	struct events *events;
	struct sockaddr_storage addresses[2];
	uint16_t ids[2];
};

static berth_time ms(double value)
{
	return (berth_time)(value * (double)BERTH_MSEC);
}

static struct sockaddr_storage address(const char *text, uint16_t port)
{
	struct sockaddr_storage a = {0};
	struct sockaddr_in *in = (struct sockaddr_in *)&a;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&a;

	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
	} else if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
	} else {
		exit(EXIT_FAILURE);
	}
	return a;
}

static void begin(struct script *s, const char *client, const char *server)
{
	memset(s, 0, sizeof(*s));
	s->events = events_new(1000);
	s->addresses[CLIENT] = address(client, CLIENT_PORT);
	s->addresses[SERVER] = address(server, SERVER_PORT);
	events_add_host(s->events, CLIENT, "client", (struct sockaddr *)&s->addresses[CLIENT]);
	events_add_host(s->events, SERVER, "server", (struct sockaddr *)&s->addresses[SERVER]);
}

/* A call; `connected`: 0 no addresses, 1 the local one, 2 both. */
static void call(struct script *s, int host, double start, double end, const char *name,
		 const char *text, long result, int connected)
{
	struct run_call c = {
		.start = ms(start),
		.end = ms(end),
		.host = host,
		.pid = 100 + host,
		.name = name,
		.text = text,
		.result = result,
		.family = s->addresses[host].ss_family,
		.type = SOCK_STREAM,
	};

	if (connected > 0)
		memcpy(&c.local, &s->addresses[host], sizeof(struct sockaddr_storage));
	if (connected > 1)
		memcpy(&c.remote, &s->addresses[1 - host], sizeof(struct sockaddr_storage));
	events_call(s->events, &c);
}

static void transfer(struct script *s, int host, double time, bool sent, size_t bytes)
{
	struct run_transfer t = {
		.time = ms(time),
		.host = host,
		.sent = sent,
		.bytes = bytes,
		.end = bytes == 0,
	};

	memcpy(&t.local, &s->addresses[host], sizeof(struct sockaddr_storage));
	memcpy(&t.remote, &s->addresses[1 - host], sizeof(struct sockaddr_storage));
	events_transfer(s->events, &t);
}

static struct segment segment(struct script *s, int from, unsigned flags, uint32_t seq,
			      uint32_t ack, uint32_t bytes)
{
	struct segment g = {
		.from = endpoint_of((struct sockaddr *)&s->addresses[from]),
		.to = endpoint_of((struct sockaddr *)&s->addresses[1 - from]),
		.protocol = IPPROTO_TCP,
		.ip_id = s->ids[from]++,
		.bytes = bytes,
		.seq = (from == CLIENT ? CLIENT_ISN : SERVER_ISN) + seq,
		.ack = (from == CLIENT ? SERVER_ISN : CLIENT_ISN) + ack,
		.flags = (uint8_t)flags,
	};

	return g;
}

/* The two cables of a packet's way; arrival 0: lost on the first, negative: on the second. */
static void cross(struct script *s, int from, double leave, double arrival, const struct segment *g)
{
	double half = arrival > 0 ? (leave + arrival) / 2 : leave + 20;
	struct berth_packet_event ev = {
		.time = ms(leave),
		.arrival = ms(half),
		.cable = from,
		.host = from,
		.direction = BERTH_UP,
		.fate = BERTH_FATE_DELIVERED,
	};

	if (arrival <= 0 && arrival >= 0) {
		ev.fate = BERTH_FATE_LOST;
		ev.rule = BERTH_RULE_LOSS;
		ev.arrival = BERTH_TIME_NEVER;
		events_segment(s->events, &ev, g);
		return;
	}
	events_segment(s->events, &ev, g);
	ev.time = ms(half);
	ev.cable = 1 - from;
	ev.host = 1 - from;
	ev.direction = BERTH_DOWN;
	ev.arrival = ms(arrival);
	if (arrival < 0) {
		ev.fate = BERTH_FATE_LOST;
		ev.rule = BERTH_RULE_GEMODEL;
		ev.arrival = BERTH_TIME_NEVER;
	}
	events_segment(s->events, &ev, g);
}

static void packet(struct script *s, int from, double leave, double arrival, unsigned flags,
		   uint32_t seq, uint32_t ack, uint32_t bytes)
{
	struct segment g = segment(s, from, flags, seq, ack, bytes);

	cross(s, from, leave, arrival, &g);
}

static void neighbour(struct script *s, int from, double leave, double arrival, unsigned flags)
{
	struct segment g = segment(s, from, flags, 0, 0, 0);

	g.protocol = SEGMENT_NEIGHBOUR;
	cross(s, from, leave, arrival, &g);
}

#define SYN SEGMENT_SYN
#define FIN SEGMENT_FIN
#define ACK SEGMENT_ACK

static void open_connection(struct script *s, double now)
{
	call(s, SERVER, now, now, "socket", "socket(AF_INET, SOCK_STREAM, 0) = 3", 3, 0);
	call(s, SERVER, now + 0.1, now + 0.1, "bind", "bind(3, 0.0.0.0:7000) = 0", 0, 1);
	call(s, SERVER, now + 0.2, now + 0.2, "listen", "listen(3, 5) = 0", 0, 1);
	call(s, CLIENT, now + 5, now + 5, "socket", "socket(AF_INET, SOCK_STREAM, 0) = 3", 3, 0);
	packet(s, CLIENT, now + 5.2, now + 45.2, SYN, 0, 0, 0);
	packet(s, SERVER, now + 45.3, now + 85.3, SYN | ACK, 0, 1, 0);
	packet(s, CLIENT, now + 85.4, now + 125.4, ACK, 1, 1, 0);
	call(s, CLIENT, now + 5.1, now + 85.5, "connect", "connect(3, 10.9.0.1:7000) = 0", 0, 2);
	call(s, SERVER, now + 0.3, now + 125.5, "accept", "accept(3, 10.9.0.2:40312) = 4", 4, 2);
}

/* One line there and one back; the first time the data is lost, and so is an acknowledgement. */
static void echo(struct script *s)
{
	open_connection(s, 0);
	transfer(s, CLIENT, 85.6, true, 24);
	packet(s, CLIENT, 85.7, 0, ACK, 1, 1, 24);
	packet(s, CLIENT, 330.0, 370.0, ACK, 1, 1, 24);
	transfer(s, SERVER, 370.1, false, 24);
	packet(s, SERVER, 370.2, -1, ACK, 1, 25, 0);
	transfer(s, SERVER, 371.9, true, 24);
	packet(s, SERVER, 372.0, 412.0, ACK, 1, 25, 24);
	transfer(s, CLIENT, 412.1, false, 24);
	packet(s, CLIENT, 412.2, 452.2, ACK, 25, 25, 0);
	call(s, CLIENT, 412.5, 412.5, "shutdown", "shutdown(3, SHUT_WR) = 0", 0, 2);
	packet(s, CLIENT, 412.6, 452.6, FIN | ACK, 25, 25, 0);
	transfer(s, SERVER, 452.7, false, 0);
	transfer(s, SERVER, 452.9, true, 0);
	packet(s, SERVER, 453.0, 493.0, FIN | ACK, 25, 26, 0);
	transfer(s, CLIENT, 493.1, false, 0);
	packet(s, CLIENT, 493.2, 533.2, ACK, 26, 26, 0);
}

/* Several segments under way at once, the second lost: three acknowledgements of the same byte with
 * what came behind it, and the hole filled. */
static void burst(struct script *s)
{
	struct segment g;
	struct berth_packet_event ev = {.cable = -1, .fate = BERTH_FATE_DELIVERED};

	open_connection(s, 0);
	transfer(s, CLIENT, 90, true, 5792);
	packet(s, CLIENT, 90.1, 130.1, ACK, 1, 1, 1448);
	packet(s, CLIENT, 90.2, 0, ACK, 1449, 1, 1448);
	packet(s, CLIENT, 90.3, 131.3, ACK, 2897, 1, 1448);
	packet(s, CLIENT, 90.4, 132.4, ACK, 4345, 1, 1448);
	transfer(s, SERVER, 130.2, false, 1448);
	packet(s, SERVER, 130.3, 170.3, ACK, 1, 1449, 0);
	for (int i = 0; i < 2; i++) {
		g = segment(s, SERVER, ACK, 1, 1449, 0);
		g.has_sack = true;
		g.sack_left = CLIENT_ISN + 2897;
		g.sack_right = CLIENT_ISN + 4345 + (uint32_t)i * 1448;
		ev.host = SERVER;
		ev.time = ms(131.4 + i);
		ev.arrival = ms(171.4 + i);
		events_segment(s->events, &ev, &g);
	}
	packet(s, CLIENT, 172.5, 212.5, ACK, 1449, 1, 1448);
	transfer(s, SERVER, 212.6, false, 4344);
	packet(s, SERVER, 212.7, 252.7, ACK, 1, 5793, 0);
}

/* Nobody listens, on a network without delay. */
static void refused(struct script *s)
{
	call(s, CLIENT, 0, 0, "socket", "socket(AF_INET, SOCK_STREAM, 0) = 3", 3, 0);
	packet(s, CLIENT, 0.2, 0.21, SYN, 0, 0, 0);
	packet(s, SERVER, 0.3, 0.31, SEGMENT_RST | ACK, 0, 1, 0);
	call(s, CLIENT, 0.1, 0.4, "connect", "connect(3, 10.9.0.1:7000) = -1", -111, 2);
}

/* Over IPv6; the client has to ask for the server's link address. */
static void asked(struct script *s)
{
	neighbour(s, CLIENT, 5.1, 45.1, SEGMENT_ASKS);
	neighbour(s, SERVER, 45.2, 85.2, SEGMENT_ANSWERS);
	call(s, CLIENT, 0, 0, "socket", "socket(AF_INET6, SOCK_STREAM, 0) = 3", 3, 0);
	packet(s, CLIENT, 85.3, 125.3, SYN, 0, 0, 0);
	packet(s, SERVER, 125.4, 165.4, SEGMENT_RST | ACK, 0, 1, 0);
	call(s, CLIENT, 5, 165.5, "connect", "connect(3, [fd09::1]:7000) = -1", -111, 2);
}

int main(int argc, char **argv)
{
	struct ladder_style style = {0};
	struct script s;

	if (argc != 3)
		return EXIT_FAILURE;
	if (strcmp(argv[1], "asked") == 0)
		begin(&s, "fd09::2", "fd09::1");
	else if (strcmp(argv[1], "long") == 0)
		begin(&s, "2001:db8:1111:2222:3333:4444:5555:6666", "2001:db8:1:2:3::6");
	else
		begin(&s, "10.9.0.2", "10.9.0.1");
	if (strcmp(argv[1], "echo") == 0)
		echo(&s);
	else if (strcmp(argv[1], "burst") == 0)
		burst(&s);
	else if (strcmp(argv[1], "refused") == 0)
		refused(&s);
	else
		asked(&s);
	style.utf8 = strcmp(argv[2], "utf8") == 0;
	ladder_draw(s.events, &style, stdout);
	events_free(s.events);
	return EXIT_SUCCESS;
}
