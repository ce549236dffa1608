/* SPDX-License-Identifier: MIT */
/*
 * `berth run`, in both its forms. The one with a command on the command line is a network file of
 * one host and one network, made here; from then on both are the same.
 *
 * There the impairments apply to the loopback as well as to the cable. A loopback that is
 * impaired gets the MTU of a cable, since a network loses packets and not pieces of 64 KiB.
 */
#include "cli/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "cli/diag.h"
#include "cli/netfile.h"
#include "cli/runargs.h"
#include "cli/session.h"
#include "cli/xalloc.h"

#define CABLE_MTU 1500

static const char help[] =
	"usage: berth run [IMPAIRMENTS] [--host NAME] [OPTIONS] [--] CMD...\n"
	"       berth run -f NET.yaml [OPTIONS]\n"
	"\n"
	"The first form runs one command (a test suite, say) on one host. The impairments apply\n"
	"to its loopback as well as to its cable. The exit status is the command's; 125: berth\n"
	"failed, 126: not executable, 127: not found.\n"
	"\n"
	"The second form runs the commands of every host of a network file, until all are done\n"
	"that are not expected to go on running. Exits with 1 if an expectation was not met.\n"
	"\n"
	"Impairments, in each direction, in the words of tc-netem(8):\n"
	"  --delay TIME [JITTER]   such as 40ms, \"40ms 5ms\"\n"
	"  --jitter TIME           standard deviation of the delay\n"
	"  --loss PERCENT          such as 1%, or \"gemodel P R 1-H 1-K\"\n"
	"  --duplicate PERCENT\n"
	"  --reorder PERCENT       sent at once, past those that wait\n"
	"  --corrupt PERCENT       one bit flipped\n"
	"  --rate RATE             such as 10mbit\n"
	"  --limit PACKETS         that may wait for the rate and the delay\n"
	"  --mtu BYTES             of the host's interfaces\n"
	"\n"
	"Options:\n"
	"  -f, --file NET.yaml     see berth-network(5); `-`: standard input\n"
	"  --host NAME             the name of the one host (default: host); its programs see it\n"
	"  --sysctl NAME=NUMBER    a parameter of the host, such as net.ipv4.tcp_fastopen=3\n"
	"  --seed N                of all chance; the same seed gives the same fates\n"
	"  --capture FILE          every packet and its fate, as pcapng; `-`: standard output\n"
	"  --ladder                afterwards, print the conversations as ladder diagrams\n";

/* Short enough to be typed again. */
static uint64_t draw_seed(void)
{
	uint32_t seed;

	if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		seed = 1;
	return seed % 1000000;
}

static int run_file(const struct runargs *a)
{
	struct session_config config = {.ladder = a->ladder};
	struct netfile file;
	struct diag d;
	size_t commands = 0;
	int status;

	diag_init(&d, a->file);
	if (netfile_load(&file, a->file, &d) < 0) {
		diag_sort(&d);
		diag_print(&d, stderr);
		diag_fini(&d);
		return EXIT_USAGE;
	}
	diag_fini(&d);
	for (size_t i = 0; i < file.host_count; i++)
		commands += file.hosts[i].command_count;
	if (commands == 0) {
		fprintf(stderr, "%s: no host has a command; expected `command:` at one of them\n",
			a->file);
		netfile_fini(&file);
		return EXIT_USAGE;
	}
	config.file = &file;
	config.seed = a->has_seed ? a->seed : file.has_seed ? file.seed : draw_seed();
	config.capture = a->capture ? a->capture : file.capture;
	fprintf(stderr, "berth: seed %" PRIu64 "\n", config.seed);
	status = session_run(&config);
	netfile_fini(&file);
	return status;
}

static char *join(char **words)
{
	char *text = xstrdup(words[0]);

	for (char **word = words + 1; *word; word++) {
		char *longer = xasprintf("%s %s", text, *word);

		free(text);
		text = longer;
	}
	return text;
}

static void add_command(struct netfile_host *h, char **words)
{
	struct netfile_command *c = netfile_add_command(h);
	size_t count = 0;

	while (words[count])
		count++;
	c->argv = xcalloc(count + 1, sizeof(char *));
	for (size_t i = 0; i < count; i++)
		c->argv[i] = xstrdup(words[i]);
	c->text = join(words);
}

/* One host on one network, made from the arguments. */
static void make_file(const struct runargs *a, struct netfile *f)
{
	struct netem_words words = a->impair;
	struct netfile_host *h;
	int network;
	int host;

	words.set &= ~(1u << NETEM_MTU); /* here the interfaces' own, not a hole for larger ones */
	words.value.mtu = 0;
	memset(f, 0, sizeof(*f));
	f->name = xstrdup("run");
	network = netfile_add_network(f, "net");
	f->networks[network].mtu = a->impair.value.mtu;
	f->networks[network].impair.up = words;
	f->networks[network].impair.down = words;
	host = netfile_add_host(f, a->host ? a->host : "host");
	h = &f->hosts[host];
	h->loopback = words;
	(void)netfile_add_cable(f, host, network); /* with the network's words */
	for (size_t i = 0; i < a->sysctl_count; i++) {
		char *name = xstrdup(a->sysctls[i]);
		char *number = strchr(name, '=');

		*number++ = '\0';
		netfile_add_sysctl(h, name, strtoll(number, NULL, 10));
		free(name);
	}
	add_command(h, a->command);
}

static int run_command(const struct runargs *a)
{
	struct session_config config = {
		.foreground = true,
		.unnamed = !a->host,
		.ladder = a->ladder,
		.capture = a->capture,
		.seed = a->has_seed ? a->seed : draw_seed(),
	};
	struct netfile file;
	struct diag d;
	int status = EXIT_USAGE;

	make_file(a, &file);
	if (a->impair.set != 0)
		config.loopback_mtu = a->impair.value.mtu ? a->impair.value.mtu : CABLE_MTU;
	config.file = &file;
	diag_init(&d, "berth run");
	if (netfile_check(&file, &d) == 0) {
		fprintf(stderr, "berth: seed %" PRIu64 "\n", config.seed);
		status = session_run(&config);
	} else {
		diag_print(&d, stderr);
	}
	diag_fini(&d);
	netfile_fini(&file);
	return status;
}

int cmd_run(int argc, char **argv)
{
	struct runargs a;

	if (runargs_parse(argc, argv, &a) < 0)
		return EXIT_USAGE;
	int status = EXIT_SUCCESS;

	if (a.help)
		fputs(help, stdout);
	else
		status = a.file ? run_file(&a) : run_command(&a);
	runargs_fini(&a);
	return status;
}
