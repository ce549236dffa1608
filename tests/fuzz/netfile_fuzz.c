/* SPDX-License-Identifier: MIT */
/*
 * Network files from arbitrary bytes: either a network that can be built, every cable of it with an
 * address of its own, or at least one mistake with a place and a message.
 */
#include <string.h>

#include "base/check.h"
#include "cli/netfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check_host(const struct netfile *f, const struct netfile_host *h)
{
	for (size_t i = 0; i < h->cable_count; i++) {
		const struct netfile_cable *c = &h->cables[i];

		ASSERT(c->network >= 0 && (size_t)c->network < f->network_count);
		ASSERT(c->address.ss_family != AF_UNSPEC || c->address6.ss_family != AF_UNSPEC);
	}
	for (size_t i = 0; i < h->command_count; i++) {
		const struct netfile_command *c = &h->commands[i];

		ASSERT(c->argv && c->argv[0] && c->text);
		for (size_t k = 0; k < c->after_count; k++)
			ASSERT(c->after[k].host >= 0 && (size_t)c->after[k].host < f->host_count);
	}
}

/* Terminals print it, so that what it quotes may not command them. */
static void check_message(const char *message)
{
	ASSERT(message[0] != '\0');
	for (const unsigned char *c = (const unsigned char *)message; *c; c++) {
		ASSERT(*c >= ' ' && *c != 0x7f);
		ASSERT(c[0] != 0xc2 || c[1] < 0x80 || c[1] >= 0xa0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct netfile f;
	struct diag d;

	diag_init(&d, "net.yaml");
	if (netfile_parse(&f, "net.yaml", (const char *)data, bytes, &d) == 0) {
		ASSERT(d.count == 0 && f.host_count > 0);
		for (size_t i = 0; i < f.host_count; i++)
			check_host(&f, &f.hosts[i]);
		for (size_t i = 1; i < f.step_count; i++)
			ASSERT(f.steps[i - 1].at <= f.steps[i].at);
		netfile_fini(&f);
	} else {
		ASSERT(d.count > 0);
		for (size_t i = 0; i < d.count; i++)
			check_message(d.entries[i].message);
	}
	diag_fini(&d);
	return 0;
}
