/* SPDX-License-Identifier: MIT */
/*
 * Captures, parsed back: blocks and their lengths, one interface per cable with its name, times in
 * nanoseconds, the packet's bytes, its direction, and the comment that tells its fate. The parser
 * here knows the format from its specification, not from the writer.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <berth/berth.h>

#define FILE_BYTES 1000000u

struct packet {
	uint32_t interface;
	uint64_t time;
	uint32_t bytes, flags;
	const uint8_t *data;
	char comment[128];
};

struct file {
	uint8_t data[FILE_BYTES];
	size_t bytes;
	char interfaces[8][64];
	unsigned interface_count;
	struct packet packets[512];
	unsigned packet_count;
	int fail_after; /* this many writes succeed; -1: all */
	unsigned writes;
	struct berth_pcapng *capture;
};

static int on_write(void *ctx, const void *buf, size_t bytes)
{
	struct file *f = ctx;

	if (f->fail_after >= 0 && f->writes >= (unsigned)f->fail_after)
		return -5;
	f->writes++;
	assert_true(bytes <= sizeof(f->data) - f->bytes);
	memcpy(f->data + f->bytes, buf, bytes);
	f->bytes += bytes;
	return 0;
}

static uint32_t u32(const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

static uint16_t u16(const uint8_t *at)
{
	uint16_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

/* Finds an option between `at` and `end`; returns its length, or -1. */
static int option(const uint8_t *at, const uint8_t *end, uint16_t code, const uint8_t **out)
{
	while (at + 4 <= end && u16(at) != 0) {
		if (u16(at) == code) {
			*out = at + 4;
			return u16(at + 2);
		}
		at += 4 + (u16(at + 2) + 3u) / 4 * 4;
	}
	assert_true(at + 4 == end); /* the end-of-options stands last */
	return -1;
}

static void option_text(const uint8_t *at, const uint8_t *end, uint16_t code, char *out, size_t max)
{
	const uint8_t *value;
	int bytes = option(at, end, code, &value);

	assert_true(bytes >= 0 && (size_t)bytes < max);
	memcpy(out, value, (size_t)bytes);
	out[bytes] = '\0';
}

static void parse_interface(struct file *f, const uint8_t *at, const uint8_t *end)
{
	const uint8_t *resolution;

	assert_int_equal(u16(at + 8), 1); /* LINKTYPE_ETHERNET */
	option_text(at + 16, end, 2, f->interfaces[f->interface_count++], 64);
	assert_int_equal(option(at + 16, end, 9, &resolution), 1);
	assert_int_equal(*resolution, 9);
}

static void parse_packet(struct file *f, const uint8_t *at, const uint8_t *end)
{
	struct packet *p = &f->packets[f->packet_count++];
	const uint8_t *flags;

	p->interface = u32(at + 8);
	assert_true(p->interface < f->interface_count); /* described before it is used */
	p->time = (uint64_t)u32(at + 12) << 32 | u32(at + 16);
	p->bytes = u32(at + 20);
	assert_int_equal(u32(at + 24), p->bytes);
	p->data = at + 28;
	const uint8_t *options = p->data + (p->bytes + 3) / 4 * 4;

	option_text(options, end, 1, p->comment, sizeof(p->comment));
	assert_int_equal(option(options, end, 2, &flags), 4);
	p->flags = u32(flags);
}

static void parse(struct file *f)
{
	const uint8_t *at = f->data;

	assert_int_equal(u32(at), 0x0A0D0D0A);
	assert_int_equal(u32(at + 8), 0x1A2B3C4D);
	assert_int_equal(u16(at + 12), 1);
	while (at < f->data + f->bytes) {
		uint32_t bytes = u32(at + 4);
		const uint8_t *end = at + bytes - 4;

		assert_int_equal(bytes % 4, 0);
		assert_int_equal(u32(end), bytes);
		if (u32(at) == 1)
			parse_interface(f, at, end);
		else if (u32(at) == 6)
			parse_packet(f, at, end);
		at += bytes;
	}
	assert_true(at == f->data + f->bytes);
}

static void on_packet(void *ctx, const struct berth_packet_event *ev)
{
	struct file *f = ctx;

	(void)berth_pcapng_packet(f->capture, ev); /* what fails is tested by counting writes */
}

struct bed {
	struct berth_world *w;
	struct file file;
	int fds[2];
};

static void add_host(struct berth_world *w, const char *name, const struct berth_impair *up)
{
	const struct berth_host_config host = {.name = name};
	struct berth_cable_config cable = {.host = berth_world_add_host(w, &host), .up = *up};

	assert_true(cable.host >= 0);
	assert_true(berth_world_add_cable(w, &cable) >= 0);
}

static void init(struct bed *bed, const struct berth_impair *up)
{
	const struct berth_world_config config = {.seed = 1};
	const struct berth_impair none = {0};
	struct berth_network_config net = {.name = "lan", .prefix_len = 24};
	struct sockaddr_in *sin = (struct sockaddr_in *)&net.subnet;
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(9)};

	memset(bed, 0, sizeof(*bed));
	bed->file.fail_after = -1;
	bed->w = berth_world_new(&config);
	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = htonl(0x0a090000);
	assert_int_equal(berth_world_add_network(bed->w, &net), 0);
	add_host(bed->w, "a", up);
	add_host(bed->w, "b", &none);
	for (int i = 0; i < 2; i++) {
		struct berth_stack *st = berth_world_stack(bed->w, i);

		bed->fds[i] = berth_socket(st, AF_INET, SOCK_DGRAM, 0);
		assert_int_equal(berth_bind(st, bed->fds[i], (struct sockaddr *)&any, sizeof(any)),
				 0);
	}
	(void)berth_world_run(bed->w, BERTH_SEC);
}

static void observe(struct bed *bed)
{
	bed->file.capture = berth_pcapng_new(bed->w, on_write, &bed->file);
	assert_non_null(bed->file.capture);
	berth_world_set_observer(bed->w, on_packet, &bed->file);
}

static void send_some(struct bed *bed, unsigned count, uint32_t address)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	static const char text[] = "nine letters";

	to.sin_addr.s_addr = htonl(address);
	for (unsigned i = 0; i < count; i++) {
		assert_true(berth_sendto(berth_world_stack(bed->w, 0), bed->fds[0], text,
					 i % sizeof(text), 0, (struct sockaddr *)&to,
					 sizeof(to)) >= 0);
		(void)berth_world_run(bed->w, berth_world_now(bed->w));
	}
	(void)berth_world_run(bed->w, berth_world_now(bed->w) + 10 * BERTH_SEC);
}

static void fini(struct bed *bed)
{
	berth_pcapng_free(bed->file.capture);
	berth_world_free(bed->w);
}

static unsigned commented(const struct file *f, const char *start)
{
	unsigned count = 0;

	for (unsigned i = 0; i < f->packet_count; i++)
		count += strncmp(f->packets[i].comment, start, strlen(start)) == 0;
	return count;
}

static void test_clean(void **state)
{
	const struct berth_impair none = {0};
	static struct bed bed;

	(void)state;
	init(&bed, &none);
	send_some(&bed, 1, 0x0a090002);
	observe(&bed);
	send_some(&bed, 13, 0x0a090002);
	parse(&bed.file);
	struct file *f = &bed.file;

	assert_int_equal(f->interface_count, 2);
	assert_string_equal(f->interfaces[0], "a:lan");
	assert_string_equal(f->interfaces[1], "b:lan");
	assert_int_equal(f->packet_count, 26);
	assert_int_equal(commented(f, "delivered at once"), 26);
	for (unsigned i = 0; i < 26; i++) {
		const struct packet *p = &f->packets[i];

		assert_int_equal(p->interface, i % 2);
		assert_int_equal(p->flags, i % 2 ? 1 : 2); /* out of a, into b */
		assert_int_equal(p->bytes, 14 + 20 + 8 + i / 2);
		assert_memory_equal(p->data + 14 + 28, "nine letters", i / 2);
		assert_int_equal(p->time, 11 * (uint64_t)BERTH_SEC);
	}
	fini(&bed);
}

static void test_fates_are_told(void **state)
{
	const struct berth_impair up = {.delay = 42100 * BERTH_USEC,
					.loss = 0.25,
					.duplicate = 0.25,
					.corrupt = 0.25,
					.reorder = 0.25};
	static struct bed bed;

	(void)state;
	init(&bed, &(struct berth_impair){0});
	send_some(&bed, 1, 0x0a090002);
	assert_int_equal(berth_world_set_impair(bed.w, 0, BERTH_UP, &up), 0);
	observe(&bed);
	send_some(&bed, 100, 0x0a090002);
	parse(&bed.file);
	assert_in_range(commented(&bed.file, "lost: loss 25%"), 10, 40);
	assert_in_range(commented(&bed.file, "delivered after 42.100 ms"), 20, 80);
	assert_in_range(commented(&bed.file, "duplicate, delivered"), 5, 40);
	assert_in_range(commented(&bed.file, "delivered after 42.100 ms, corrupted"), 5, 40);
	assert_in_range(commented(&bed.file, "delivered at once, reordered"), 5, 40);
	fini(&bed);
}

static void test_rules_are_told(void **state)
{
	const struct berth_impair small = {.mtu = 28};
	static struct bed bed;

	(void)state;
	init(&bed, &(struct berth_impair){0});
	send_some(&bed, 1, 0x0a090002);
	observe(&bed);
	assert_int_equal(berth_world_set_impair(bed.w, 0, BERTH_UP, &small), 0);
	send_some(&bed, 3, 0x0a090002);
	assert_int_equal(berth_world_set_impair(bed.w, 0, BERTH_UP, &(struct berth_impair){0}), 0);
	assert_int_equal(berth_world_partition(bed.w, 0, 1, true), 0);
	send_some(&bed, 4, 0x0a090002);
	parse(&bed.file);
	assert_int_equal(commented(&bed.file, "lost: mtu 28"), 2);
	assert_int_equal(commented(&bed.file, "lost: partition"), 4);
	fini(&bed);
}

/* Interfaces that are new, and the loopback, are described when they first have a packet. */
static void test_interfaces_may_come_later(void **state)
{
	const struct berth_impair none = {0};
	static struct bed bed;

	(void)state;
	init(&bed, &none);
	observe(&bed);
	add_host(bed.w, "c", &none);
	send_some(&bed, 1, 0x7f000001);
	send_some(&bed, 1, 0x0a090003);
	parse(&bed.file);
	assert_int_equal(bed.file.interface_count, 4);
	bool lo = false;
	bool late = false;

	for (unsigned i = 2; i < 4; i++) {
		lo |= strcmp(bed.file.interfaces[i], "a:lo") == 0;
		late |= strcmp(bed.file.interfaces[i], "c:lan") == 0;
	}
	assert_true(lo && late);
	fini(&bed);
}

/* After a failed write nothing more is written, and the error is told. */
static void test_write_errors_stop_it(void **state)
{
	const struct berth_impair none = {0};
	static struct bed bed;

	(void)state;
	init(&bed, &none);
	bed.file.fail_after = 4;
	observe(&bed);
	send_some(&bed, 10, 0x0a090002);
	assert_int_equal(bed.file.writes, 4);
	fini(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_fates_are_told),
		cmocka_unit_test(test_rules_are_told),
		cmocka_unit_test(test_interfaces_may_come_later),
		cmocka_unit_test(test_write_errors_stop_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
