/* SPDX-License-Identifier: MIT */
/*
 * libberth in a program of your own: a world of two hosts in virtual time, one of which echoes. The
 * cable is 40 ms long and loses every fifth packet; the program prints what happened to each, and
 * takes no time to do so. The same seed gives the same story.
 *
 *     cc embed_echo.c $(pkg-config --cflags --libs berth) && ./a.out [SEED]
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <berth/berth.h>

static void on_packet(void *ctx, const struct berth_packet_event *ev)
{
	char line[200];

	(void)ctx;
	if (ev->cable != 0) /* the client's cable: the server's sees the same packets again */
		return;
	berth_packet_print(ev->packet, line, sizeof(line));
	printf("%8.3f ms %s %-9s %s\n", (double)ev->time / 1e6,
	       ev->direction == BERTH_UP ? "->" : "<-", ev->fate == BERTH_FATE_LOST ? "LOST" : "",
	       line);
}

static int check(int result, const char *what)
{
	if (result < 0) {
		fprintf(stderr, "%s: %s\n", what, strerror(-result));
		exit(1);
	}
	return result;
}

int main(int argc, char **argv)
{
	const struct berth_world_config config = {
		.seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1,
		.on_packet = on_packet,
	};
	struct berth_world *w = berth_world_new(&config);
	struct berth_network_config lan = {.name = "lan", .prefix_len = 24};
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(7)};
	const struct sockaddr *to = (const struct sockaddr *)&addr;
	const struct berth_impair bad = {.delay = 20 * BERTH_MSEC, .loss = 0.2};
	char buf[64];

	/* Two hosts, client and server, each with a cable to the switch. */
	inet_pton(AF_INET, "10.9.0.0", &addr.sin_addr);
	memcpy(&lan.subnet, &addr, sizeof(addr));
	check(berth_world_add_network(w, &lan), "network");
	int client = check(berth_world_add_host(w, &(struct berth_host_config){.name = "client"}),
			   "host");
	int server = check(berth_world_add_host(w, &(struct berth_host_config){.name = "server"}),
			   "host");

	check(berth_world_add_cable(
		      w, &(struct berth_cable_config){.host = client, .up = bad, .down = bad}),
	      "cable");
	check(berth_world_add_cable(w, &(struct berth_cable_config){.host = server}), "cable");
	check(berth_world_route(w), "routes");

	/* Berkeley sockets; the calls that wait do so in virtual time. */
	inet_pton(AF_INET, "10.9.0.2", &addr.sin_addr);
	int listener = check(berth_socket(berth_world_stack(w, server), AF_INET, SOCK_STREAM, 0),
			     "socket");
	int c = check(berth_socket(berth_world_stack(w, client), AF_INET, SOCK_STREAM, 0),
		      "socket");

	check(berth_bind(berth_world_stack(w, server), listener, to, sizeof(addr)), "bind");
	check(berth_listen(berth_world_stack(w, server), listener, 5), "listen");
	check(berth_world_connect(w, client, c, to, sizeof(addr), -1), "connect");
	int s = check(berth_world_accept(w, server, listener, NULL, NULL, -1), "accept");

	check((int)berth_world_send(w, client, c, "hello, berth", 12, 0, -1), "send");
	int got = check((int)berth_world_recv(w, server, s, buf, sizeof(buf), 0, -1), "recv");

	check((int)berth_world_send(w, server, s, buf, (size_t)got, 0, -1), "send");
	got = check((int)berth_world_recv(w, client, c, buf, sizeof(buf), 0, -1), "recv");
	printf("%8.3f ms the client got \"%.*s\" back\n", (double)berth_world_now(w) / 1e6, got,
	       buf);
	berth_world_free(w);
	return 0;
}
