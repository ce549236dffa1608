/* SPDX-License-Identifier: MIT */
#include "../fixture.h"

#include "wire/arp_packet.h"

/* 10.9.0.1 at 02:00:00:00:00:01 asks who has 10.9.0.2. */
static const uint8_t request[ARP_PACKET_BYTES] = {0,  1, 8, 0, 6, 4, 0, 1, 2, 0, 0,  0, 0, 1,
						  10, 9, 0, 1, 0, 0, 0, 0, 0, 0, 10, 9, 0, 2};

static bool parse(const uint8_t *data, size_t bytes, struct arp_packet *a)
{
	struct reader r = reader_of(data, bytes);

	return arp_parse(&r, a);
}

static void parses_and_writes(void **state)
{
	struct arp_packet a;
	uint8_t out[ARP_PACKET_BYTES];

	(void)state;
	assert_true(parse(request, sizeof(request), &a));
	assert_int_equal(a.op, ARP_REQUEST);
	assert_int_equal(a.sender_ip, 0x0a090001);
	assert_int_equal(a.target_ip, 0x0a090002);
	assert_int_equal(a.sender_mac[5], 1);
	arp_write(out, &a);
	assert_memory_equal(out, request, sizeof(out));
}

/* RFC 826 names the fields to check: hardware, protocol, lengths; the operation last. */
static void other_hardware_protocols_and_operations_are_refused(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} spoils[] = {{1, 6}, {2, 0x86}, {4, 8}, {5, 16}, {7, 3}, {7, 0}, {8, 3}};
	struct arp_packet a;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(spoils); i++) {
		uint8_t data[ARP_PACKET_BYTES];

		memcpy(data, request, sizeof(data));
		data[spoils[i].at] = spoils[i].value;
		assert_false(parse(data, sizeof(data), &a));
	}
	for (size_t n = 0; n < ARP_PACKET_BYTES; n++)
		assert_false(parse(request, n, &a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_and_writes),
		cmocka_unit_test(other_hardware_protocols_and_operations_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
