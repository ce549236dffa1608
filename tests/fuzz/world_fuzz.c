/* SPDX-License-Identifier: MIT */
/*
 * Frames of an enemy's choosing on the cables of a world: a switch with two hosts, impairments, a
 * partition, a name service and a capture. The input's first bytes choose the impairments; then
 * come frames, each behind a length of one byte and the cable it enters.
 *
 * What must hold: nothing crashes, time goes on, the capture takes every packet, all is given back.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/bytes.h"
#include "base/check.h"
#include "world/core.h"

#define HOSTS 3
#define FRAMES_MAX 64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void must(bool condition)
{
	ASSERT(condition);
}

static int on_write(void *ctx, const void *buf, size_t bytes)
{
	uint64_t *total = ctx;

	(void)buf;
	must(bytes % 4 == 0);
	*total += bytes;
	return 0;
}

static void on_packet(void *ctx, const struct berth_packet_event *ev)
{
	must(ev->arrival >= ev->time);
	must(berth_pcapng_packet(ctx, ev) == 0);
}

static struct berth_impair impair_of(struct reader *r)
{
	return (struct berth_impair){
		.delay = read_u8(r) * BERTH_MSEC,
		.jitter = read_u8(r) * BERTH_USEC,
		.loss = read_u8(r) / 512.0,
		.duplicate = read_u8(r) / 256.0,
		.reorder = read_u8(r) / 256.0,
		.corrupt = read_u8(r) / 256.0,
		.rate_bits = read_u8(r) * UINT64_C(10000),
		.limit = read_u8(r),
		.mtu = read_u8(r) * 8u,
	};
}

static struct berth_world *make_world(const struct berth_impair *impair)
{
	const struct berth_world_config config = {.seed = 1};
	struct berth_world *w = berth_world_new(&config);
	struct berth_network_config net = {.name = "lan", .prefix_len = 24};
	struct sockaddr_in *sin = (struct sockaddr_in *)&net.subnet;
	struct sockaddr_in server = {.sin_family = AF_INET};

	must(w != NULL);
	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = htonl(0x0a090000);
	must(berth_world_add_network(w, &net) == 0);
	for (int i = 0; i < HOSTS; i++) {
		const char name[2] = {(char)('a' + i), '\0'};
		const struct berth_host_config host = {.name = name};
		const struct berth_cable_config cable = {.host = i, .up = *impair, .down = *impair};

		must(berth_world_add_host(w, &host) == i);
		must(berth_world_add_cable(w, &cable) == i);
	}
	server.sin_addr.s_addr = htonl(0xc0000235);
	must(berth_world_add_nameserver(w, (struct sockaddr *)&server) == 0);
	must(berth_world_route(w) == 0);
	return w;
}

/* Sends a frame up a cable, as if its host had; with a length bit, to the next host itself. */
static void inject(struct berth_world *w, struct reader *r)
{
	struct cable *c = world_cable(w, read_u8(r) % HOSTS);
	uint8_t length = read_u8(r);
	size_t bytes = reader_left(r) < length ? reader_left(r) : length;
	const uint8_t *data = read_bytes(r, bytes);
	struct berth_packet *p;
	uint8_t frame[256];

	if (!data || bytes == 0)
		return;
	memcpy(frame, data, bytes);
	if (bytes >= 6 && (length & 1)) {
		uint64_t mac = world_cable(w, (c->index + 1) % HOSTS)->mac;

		store_be16(frame, (uint16_t)(mac >> 32));
		store_be32(frame + 2, (uint32_t)mac);
	}
	p = berth_packet_new(w->pool, frame, bytes);
	must(p != NULL);
	lane_enter(&c->up, p);
	(void)berth_world_run(w, berth_world_now(w) + 3 * BERTH_MSEC);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct reader r = reader_of(data, bytes);
	struct berth_impair impair = impair_of(&r);
	uint8_t mode = read_u8(&r);
	struct berth_world *w = make_world(&impair);
	uint64_t total = 0;
	struct berth_pcapng *capture = berth_pcapng_new(w, on_write, &total);
	berth_time end;

	must(capture != NULL);
	if (mode & 1)
		berth_world_set_observer(w, on_packet, capture);
	if (mode & 2)
		must(berth_world_partition(w, 0, 1, mode & 4) == 0);
	for (unsigned i = 0; i < FRAMES_MAX && reader_left(&r) > 0; i++)
		inject(w, &r);
	end = berth_world_now(w) + 60 * BERTH_SEC;
	(void)berth_world_run(w, end);
	must(berth_world_now(w) == end);
	berth_pcapng_free(capture);
	berth_world_free(w);
	return 0;
}
