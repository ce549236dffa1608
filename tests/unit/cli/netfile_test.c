/* SPDX-License-Identifier: MIT */
/*
 * Network files: a good one, word for word; and a table of mistakes, each with the place, the
 * message and what was expected. A file that is accepted although it is in that table
 * fails the test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/netfile.h"

static const char *address(const struct netfile *f, int host, int cable)
{
	static char text[INET_ADDRSTRLEN];
	const struct sockaddr_in *a =
		(const struct sockaddr_in *)&f->hosts[host].cables[cable].address;

	return inet_ntop(AF_INET, &a->sin_addr, text, sizeof(text));
}

static const char shop[] =
	"name: shop\n"
	"seed: 7\n"
	"networks:\n"
	"  lan: {subnet: 10.9.0.0/24, subnet6: \"fd09::/64\", mtu: 1400, delay: 3ms}\n"
	"  wan:\n"
	"hosts:\n"
	"  client:\n"
	"    networks: [lan]\n"
	"    command: curl -sSf http://web/\n"
	"    after: web:80\n"
	"    environment: {A: 1, HOME: }\n"
	"  web:\n"
	"    networks:\n"
	"      lan: {address: 10.9.0.1, delay: 20ms, up: {loss: 1%}}\n"
	"      wan:\n"
	"    loopback: {delay: 5ms}\n"
	"    commands:\n"
	"      - {command: [python3, -m, http.server, \"80\"], expect: running}\n"
	"      - command: sleep 1\n"
	"        expect: {exit: 3}\n"
	"        after: [{host: web, port: 80}, \"web:53/udp\"]\n"
	"timeline:\n"
	"  - {at: 5s, link: web:lan, loss: 100%}\n"
	"  - {at: 6s, partition: [web, client], one_way: true}\n"
	"  - {at: 9s, heal: all}\n"
	"capture: shop.pcapng\n";

static void a_whole_file(void **state)
{
	struct netfile f;
	struct diag d;

	(void)state;
	diag_init(&d, "shop.yaml");
	if (netfile_parse(&f, "shop.yaml", shop, strlen(shop), &d) < 0)
		diag_print(&d, stderr);
	assert_int_equal(d.count, 0);
	assert_string_equal(f.name, "shop");
	assert_true(f.has_seed && f.seed == 7);
	assert_int_equal(f.network_count, 2);
	assert_int_equal(f.networks[0].mtu, 1400);
	assert_int_equal(f.networks[0].impair.up.value.mtu, 0);
	assert_string_equal(address(&f, 0, 0), "10.9.0.2"); /* past the one given */
	assert_string_equal(address(&f, 1, 0), "10.9.0.1");
	assert_string_equal(address(&f, 1, 1), "10.0.0.1"); /* of the subnet drawn for wan */
	assert_int_equal(f.hosts[0].cables[0].address6.ss_family, AF_INET6);
	assert_int_equal(f.hosts[0].cables[0].impair.up.value.delay, 3 * BERTH_MSEC);
	assert_int_equal(f.hosts[1].cables[0].impair.down.value.delay, 20 * BERTH_MSEC);
	assert_true(f.hosts[1].cables[0].impair.up.value.loss > 0);
	assert_true(f.hosts[1].cables[0].impair.down.value.loss <= 0);
	assert_int_equal(f.hosts[1].loopback.value.delay, 5 * BERTH_MSEC);
	assert_int_equal(f.hosts[0].commands[0].after[0].port, 80);
	assert_string_equal(f.hosts[0].commands[0].env[0], "A=1");
	assert_string_equal(f.hosts[0].commands[0].env[1], "HOME");
	assert_true(f.hosts[1].commands[0].running);
	assert_string_equal(f.hosts[1].commands[0].text, "python3 -m http.server 80");
	assert_string_equal(f.hosts[1].commands[0].argv[3], "80");
	assert_int_equal(f.hosts[1].commands[1].exit, 3);
	assert_int_equal(f.hosts[1].commands[1].after[1].type, SOCK_DGRAM);
	assert_int_equal(f.step_count, 3);
	assert_int_equal(f.steps[0].network, 0);
	assert_true(f.steps[1].one_way);
	assert_int_equal(f.steps[2].a, -1);
	assert_string_equal(f.capture, "shop.pcapng");
	netfile_fini(&f);
	diag_fini(&d);
}

/* Whether a file has a mistake whose text begins like this. */
static bool complains(const char *text, const char *wanted)
{
	struct netfile f;
	struct diag d;
	bool found = false;

	diag_init(&d, "x.yaml");
	(void)netfile_parse(&f, "x.yaml", text, strlen(text), &d);
	for (size_t i = 0; i < d.count; i++)
		found |= strncmp(d.entries[i].message, wanted, strlen(wanted)) == 0;
	netfile_fini(&f);
	diag_fini(&d);
	return found;
}

static void automatic_addresses(void **state)
{
#define LAN "networks: {lan: {subnet6: \"fd09::/64\"}, wan: {subnet6: \"fd0a::/64\"}}\n"
	static const char good[] = LAN "hosts:\n"
				       "  a: {networks: {lan: {address6: auto}}, command: true}\n"
				       "  r: {networks: [lan, wan]}\n";
	static const char alone[] =
		LAN "hosts: {a: {networks: {lan: {address6: auto}}, command: true}}\n";
	static const char none[] =
		"networks: {lan: }\n"
		"hosts: {a: {networks: {lan: {address6: auto}}, command: true}}\n";
	static const char short_prefix[] =
		"networks: {lan: {subnet6: \"fd09::/56\"}}\n"
		"hosts: {a: {networks: {lan: {address6: auto}}, command: true}}\n";
	static const char small[] = "networks: {lan: {subnet6: \"fd09::/64\", mtu: 1279}}\n"
				    "hosts: {a: {networks: [lan], command: true}}\n";
	struct netfile f;
	struct diag d;

	(void)state;
	diag_init(&d, "x.yaml");
	assert_int_equal(netfile_parse(&f, "x.yaml", good, strlen(good), &d), 0);
	assert_true(f.hosts[0].cables[0].auto6);
	assert_int_equal(f.hosts[0].cables[0].address6.ss_family, AF_UNSPEC);
	assert_int_equal(f.hosts[1].cables[0].address6.ss_family, AF_INET6);
	netfile_fini(&f);
	diag_fini(&d);
	assert_true(complains(alone, "`address6: auto` on network 'lan', which has no router"));
	assert_true(complains(none, "`address6: auto` on network 'lan', which has no such subnet"));
	assert_true(complains(short_prefix, "`address6: auto` on network 'lan', whose subnet6"));
	assert_true(complains(small, "network 'lan' has an mtu of 1279"));
}

static void the_smallest_file(void **state)
{
	static const char text[] = "hosts: {a: {command: true}, b: }\n";
	struct netfile f;
	struct diag d;

	(void)state;
	diag_init(&d, "x.yaml");
	assert_int_equal(netfile_parse(&f, "dir/x.yaml", text, strlen(text), &d), 0);
	assert_string_equal(f.name, "x");
	assert_int_equal(f.network_count, 1);
	assert_string_equal(address(&f, 1, 0), "10.0.0.2");
	netfile_fini(&f);
	diag_fini(&d);
}

struct mistake {
	const char *text;
	unsigned line, column;
	const char *message;  /* a part of it */
	const char *expected; /* likewise; NULL: any */
};

#define NET "networks: {lan: {subnet: 10.9.0.0/24}}\n"

static const struct mistake mistakes[] = {
	{"hosts:\n  a: {comand: ls}\n", 2, 7, "unknown key 'comand' in a host", "'command'"},
	{"hosts:\n  a: {xyzzy: ls}\n", 2, 7, "unknown key 'xyzzy'", "one of networks, loopback"},
	{"hosts: {a: }\nfoo: 1\n", 2, 1, "unknown key 'foo' in a network file",
	 "one of name, seed"},
	{NET "hosts: {a: {networks: {lan: {delay: 40}}}}\n", 2, 37, "bad delay '40'",
	 "such as 40ms"},
	{NET "hosts: {a: {networks: {lan: {rate: 10mb}}}}\n", 2, 36, "bad rate '10mb'", "10mbit"},
	{NET "hosts: {a: {networks: {lan: {loss: 101%}}}}\n", 2, 36, "bad loss '101%'", "gemodel"},
	{NET "hosts: {a: {networks: {lan: {up: {loss: 1}}}}}\n", 2, 41, "bad loss '1'", "1%"},
	{NET "hosts: {a: {networks: {lan: {up: {up: 1}}}}}\n", 2, 35, "unknown key 'up'", "delay"},
	{NET "hosts: {a: {networks: {lan: {address: 10.8.0.1}}}}\n", 2, 39, "outside",
	 "10.9.0.0/24"},
	{NET "hosts: {a: {networks: {lan: {address: 10.9.0.0}}}}\n", 2, 39, "is the number", NULL},
	{NET "hosts: {a: {networks: {lan: {address: 10.9.0.255}}}}\n", 2, 39, "broadcast", NULL},
	{NET "hosts: {a: {networks: {lan: {address: 10.9}}}}\n", 2, 39, "bad address", "10.9.0.1"},
	{NET "hosts:\n  a: {networks: {lan: {address: 10.9.0.1}}}\n"
	     "  b: {networks: {lan: {address: 10.9.0.1}}}\n",
	 4, 33, "10.9.0.1 is given twice, first to 'a' in line 3", NULL},
	{"networks:\n  a: {subnet: 10.0.0.0/8}\n  b: {subnet: 10.9.0.0/16}\nhosts: {h: {networks: "
	 "[a]}}\n",
	 3, 15, "overlaps with 10.0.0.0/8 of 'a' in line 2", NULL},
	{"networks: {a: {subnet: 10.0.0.1/24}}\nhosts: {h: }\n", 1, 24, "behind its prefix", NULL},
	{"networks: {a: {subnet: 10.0.0.0}}\nhosts: {h: }\n", 1, 24, "bad subnet", "10.9.0.0/24"},
	{"networks: {a: {subnet: 10.0.0.0/30}}\nhosts: {h: , i: , j: }\n", 2, 19,
	 "no address is left", "a larger subnet"},
	{"networks: [a, b]\nhosts:\n  h:\n", 3, 3, "'h' is on no network", NULL},
	{"networks: [a]\nhosts:\n  h: {networks: [b]}\n", 3, 18, "unknown network 'b'", "a"},
	{"hosts:\n  a: {command: ls, after: b:80}\n", 2, 27, "unknown host 'b'", "a"},
	{"hosts:\n  a: {command: ls, after: a:http}\n", 2, 27, "bad port 'http'", "HOST:PORT"},
	{"hosts:\n  a: {command: ls, after: b:1}\n  b: {command: ls, after: a}\n", 2, 27,
	 "none can start", NULL},
	{"hosts:\n  a: {command: ls, after: a}\n", 2, 27, "none can start", NULL},
	{"hosts:\n  a: {command: ls, after: b}\n  b: {command: ls, expect: running}\n", 2, 27,
	 "go on running", "HOST:PORT"},
	{"hosts:\n  a: {command: ls, after: b}\n  b:\n", 2, 27, "has no command", NULL},
	{"hosts:\n  a: {command: }\n", 2, 16, "missing command", "shell"},
	{"hosts:\n  a: {expect: running}\n", 2, 15, "'expect' without a command", NULL},
	{"hosts:\n  a: {commands: [w], environment: {A: b}}\n", 2, 35,
	 "'environment' beside `commands`", NULL},
	{"hosts:\n  a: {commands: [{expect: running}]}\n", 2, 18, "missing command", NULL},
	{"hosts:\n  a: {command: ls, expect: runing}\n", 2, 28, "bad expect 'runing'",
	 "`running` or"},
	{"hosts:\n  a: {command: ls, expect: {exit: 256}}\n", 2, 35, "bad exit status '256'",
	 "255"},
	{"hosts:\n  a: {command: ls}\n  a: {command: ls}\n", 3, 3,
	 "'a' stands twice, first in line 2", NULL},
	{"hosts:\n\ta: {command: ls}\n", 2, 1, "a tab in the indentation", "spaces"},
	{"hosts:\n  a: {command: ls\n  b: 1\n", 3, 4, "not YAML", NULL},
	{"hosts: {a_: }\n", 1, 9, "bad name 'a_'", "letters"},
	{"hosts: [a]\n", 1, 8, "no hosts", NULL},
	{"networks: [a]\n", 1, 1, "no hosts", NULL},
	{"", 1, 1, "the file is empty", NULL},
	{"hosts: {a: }\n---\nhosts: {b: }\n", 2, 1, "a second document", NULL},
	{"- 1\n", 1, 1, "a list where a network file should be", "a mapping"},
	{"hosts: {a: }\ntimeline: [{at: 5s, link: b, loss: 1%}]\n", 2, 27, "unknown link 'b'", "a"},
	{"hosts: {a: }\ntimeline: [{at: 5s, link: a:x, loss: 1%}]\n", 2, 27, "unknown link 'a:x'",
	 NULL},
	{"hosts: {a: }\ntimeline: [{at: 5, heal: all}]\n", 2, 17, "bad time '5'", "40ms"},
	{"hosts: {a: }\ntimeline: [{heal: all}]\n", 2, 12, "without a time", NULL},
	{"hosts: {a: }\ntimeline: [{at: 1s}]\n", 2, 12, "no action", "link, partition, heal"},
	{"hosts: {a: }\ntimeline: [{at: 1s, partition: [a, a]}]\n", 2, 32, "itself", "two hosts"},
	{"hosts: {a: }\ntimeline: [{at: 1s, link: a}]\n", 2, 12, "without impairments", NULL},
	{"hosts: {a: }\nseed: -1\n", 2, 7, "bad seed '-1'", "64 bits"},
	{"hosts: {a: }\nname: \"\xff\"\n", 2, 8, "UTF-8", NULL},
};

static void check_mistake(const struct mistake *m)
{
	struct netfile f;
	struct diag d;
	const struct diag_entry *e;

	diag_init(&d, "x.yaml");
	if (netfile_parse(&f, "x.yaml", m->text, strlen(m->text), &d) == 0)
		fail_msg("accepted: %s", m->text);
	diag_sort(&d);
	e = &d.entries[0];
	if (e->pos.line != m->line || e->pos.column != m->column || !strstr(e->message, m->message))
		fail_msg("%u:%u: %s\n  for: %s", e->pos.line, e->pos.column, e->message, m->text);
	if (m->expected && (!e->expected || !strstr(e->expected, m->expected)))
		fail_msg("expected %s\n  for: %s", e->expected, m->text);
	diag_fini(&d);
}

static void every_mistake_has_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++)
		check_mistake(&mistakes[i]);
}

/* One run shows all of them, in the order of the file. */
static void all_mistakes_at_once(void **state)
{
	static const char text[] = "hosts:\n"
				   "  a: {comand: ls}\n"
				   "  b: {command: ls, expect: 1, after: nobody}\n"
				   "timeline: [{at: 1, heal: some}]\n";
	static const unsigned lines[] = {2, 3, 3, 4, 4};
	struct netfile f;
	struct diag d;

	(void)state;
	diag_init(&d, "x.yaml");
	assert_int_not_equal(netfile_parse(&f, "x.yaml", text, strlen(text), &d), 0);
	diag_sort(&d);
	assert_int_equal(d.count, 5);
	for (size_t i = 0; i < d.count; i++)
		assert_int_equal(d.entries[i].pos.line, lines[i]);
	diag_fini(&d);
}

/* libyaml alone takes long for these brackets: the time limit of the suite is the test. */
static void brackets_without_end(void **state)
{
	static char text[100000];
	struct netfile f;
	struct diag d;

	(void)state;
	memset(text, '[', sizeof(text));
	diag_init(&d, "x.yaml");
	assert_int_not_equal(netfile_parse(&f, "x.yaml", text, sizeof(text), &d), 0);
	assert_int_equal(d.count, 1);
	assert_non_null(strstr(d.entries[0].message, "nested more than"));
	diag_fini(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_file),
		cmocka_unit_test(the_smallest_file),
		cmocka_unit_test(automatic_addresses),
		cmocka_unit_test(every_mistake_has_its_place),
		cmocka_unit_test(all_mistakes_at_once),
		cmocka_unit_test(brackets_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
