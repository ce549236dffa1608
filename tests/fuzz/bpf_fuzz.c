/* SPDX-License-Identifier: MIT */
/*
 * A filter and a packet, both an enemy's. The first byte says how many instructions follow (eight
 * bytes each), the second where in the packet the filter begins; the rest is the packet.
 *
 * What must hold: what the check lets pass runs to its end, and reads nothing but the packet.
 */
#include "../unit/fixture.h"

#include <string.h>

#include "pkt/packet.h"
#include "transport/bpf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static struct fixture f;

static void run(const struct bpf *program, const uint8_t *data, size_t bytes, uint8_t start)
{
	struct berth_packet *p = packet_from(f.env.pool, data, bytes);
	struct bpf_packet packet = {.protocol = 0x800, .ifindex = 1};
	size_t pulled = start % 64;

	ASSERT(p);
	/* As layers leave it: some headers in head[], the rest in views. */
	if (packet_pull(p, pulled)) {
		packet_trim_front(p, pulled / 2);
		packet.data_at = -(int32_t)(pulled / 2);
		packet.net_at = packet.data_at;
		packet.link_at = packet.data_at - 14;
	}
	packet.p = p;
	(void)bpf_run(program, &packet); /* whatever it says */
	packet_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct sock_filter code[255];
	struct bpf *program;
	size_t count;

	if (bytes < 2)
		return 0;
	count = data[0];
	if (count * sizeof(*code) > bytes - 2)
		count = (bytes - 2) / sizeof(*code);
	memcpy(code, data + 2, count * sizeof(*code));
	fixture_init(&f, 1);
	f.env.pool = pool_new(NULL, 0);
	ASSERT(f.env.pool);
	if (bpf_new(&f.env, code, (uint32_t)count, &program) == 0) {
		size_t used = 2 + count * sizeof(*code);

		run(program, data + used, bytes - used, data[1]);
		bpf_put(&f.env, program);
	}
	pool_free(f.env.pool);
	fixture_fini(&f);
	return 0;
}
