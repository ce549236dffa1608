/* SPDX-License-Identifier: MIT */
/*
 * Every row of the option tables on every kind of socket that has it: what is there at first, given
 * into rooms of several sizes; what a value of each length and from all over the range of an int
 * is answered with, and what is there afterwards. All of it is one line of text for each.
 *
 * opt_walk.txt is what the kernel that it names answers, as somebody with all rights in a network
 * namespace. berth must give the same lines, but for the differences listed below, each of which
 * must be one. Where such a namespace can be made and the kernel is the same, the kernel is asked
 * again.
 *
 *     opt-walk RECORD             compares
 *     opt-walk --record           writes the kernel's answers
 *     opt-walk --berth            writes ours
 */
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../stack/pair.h"
#include "stack/optlist.h"

#define LINE_BYTES 2048
#define LINES_MAX 3000

struct kind {
	const char *name;
	int family, type, protocol;
};

static const struct kind kinds[] = {
	{"tcp4", AF_INET, SOCK_STREAM, 0},
	{"udp4", AF_INET, SOCK_DGRAM, 0},
	{"tcp6", AF_INET6, SOCK_STREAM, 0},
	{"udp6", AF_INET6, SOCK_DGRAM, 0},
	{"lite4", AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE},
	{"raw4", AF_INET, SOCK_RAW, IPPROTO_ICMP},
	{"raw6", AF_INET6, SOCK_RAW, IPPROTO_ICMPV6},
	{"ping4", AF_INET, SOCK_DGRAM, IPPROTO_ICMP},
	{"ping6", AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6},
	{"packet", AF_PACKET, SOCK_RAW, 0},
	{"netlink", AF_NETLINK, SOCK_RAW, 0},
	{"unix", AF_UNIX, SOCK_STREAM, 0},
	{"unixdg", AF_UNIX, SOCK_DGRAM, 0},
};

static const int values[] = {-1,  0,   1,    2,	    5,	    6,	     7,		64,
			     255, 256, 1280, 32768, 120000, 0x20001, INT32_MAX, INT32_MIN};

/* Where berth answers otherwise than the kernel, and why. A `kind` of NULL: all of them. */
static const struct {
	const char *kind, *symbol, *why;
} differences[] = {
#include "opt_walk_differences.h"
};

/* The kernel, or a stack. */
static struct berth_stack *st;

static long or_errno(long result)
{
	return result < 0 ? -errno : result;
}

static int open_one(const struct kind *k)
{
	return st ? berth_socket(st, k->family, k->type, k->protocol)
		  : (int)or_errno(socket(k->family, k->type, k->protocol));
}

static void close_one(int fd)
{
	if (st)
		(void)berth_close(st, fd);
	else
		close(fd);
}

static long set(int fd, const struct opt_doc *o, const void *value, socklen_t len)
{
	return st ? berth_setsockopt(st, fd, o->level->level, o->row->name, value, len)
		  : or_errno(setsockopt(fd, o->level->level, o->row->name, value, len));
}

static long get(int fd, const struct opt_doc *o, void *value, socklen_t *len)
{
	return st ? berth_getsockopt(st, fd, o->level->level, o->row->name, value, len)
		  : or_errno(getsockopt(fd, o->level->level, o->row->name, value, len));
}

/* What is another number each time, or the machine's. */
static bool only_length(const char *symbol)
{
	static const char *const names[] = {"SO_COOKIE",     "SO_NETNS_COOKIE", "TCP_INFO",
					    "TCP_TIMESTAMP", "TCP_CC_INFO",	"TCP_CONGESTION"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(symbol, names[i]) == 0)
			return true;
	return false;
}

static void add(char *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(char *line, const char *format, ...)
{
	size_t used = strlen(line);
	va_list args;

	va_start(args, format);
	vsnprintf(line + used, LINE_BYTES - used, format, args);
	va_end(args);
}

/* The answer to getsockopt: an error, or the length and the value. */
static void add_get(char *line, int fd, const struct opt_doc *o, socklen_t room)
{
	_Alignas(8) unsigned char value[64];
	socklen_t len = room;
	long result;
	int number;

	memset(value, 0, sizeof(value));
	result = get(fd, o, value, &len);
	if (result < 0) {
		add(line, "%ld", result);
		return;
	}
	add(line, "%u", len);
	if (only_length(o->row->symbol) || len == 0)
		return;
	if (len == sizeof(number)) {
		memcpy(&number, value, sizeof(number));
		add(line, ":%d", number);
		return;
	}
	add(line, ":");
	for (socklen_t i = 0; i < len && i < 40; i++)
		add(line, "%02x", value[i]);
}

/* What came of values, each under its label: those with the same outcome stand together. */
struct outcomes {
	char label[32][12], text[32][160];
	int count;
};

/* As the value itself, what is read back of it: ~ where both are the same. */
static void add_outcome(struct outcomes *all, const struct kind *k, const struct opt_doc *o,
			const char *label, const void *value, socklen_t len)
{
	char same[24], back[LINE_BYTES] = "";
	int fd = open_one(k);
	long result = set(fd, o, value, len);
	char *text = all->text[all->count];
	int number;

	snprintf(all->label[all->count++], sizeof(all->label[0]), "%s", label);
	snprintf(text, sizeof(all->text[0]), "%ld", result);
	if (result == 0) {
		add_get(back, fd, o, 64);
		if (len == sizeof(number)) {
			memcpy(&number, value, sizeof(number));
			snprintf(same, sizeof(same), "4:%d", number);
		}
		snprintf(text, sizeof(all->text[0]), ">%.150s",
			 len == sizeof(number) && strcmp(back, same) == 0 ? "~" : back);
	}
	close_one(fd);
}

static void add_outcomes(char *line, const struct outcomes *all)
{
	bool done[32] = {false};

	for (int i = 0; i < all->count; i++) {
		if (done[i])
			continue;
		add(line, " [%s", all->label[i]);
		for (int j = i + 1; j < all->count; j++) {
			if (strcmp(all->text[i], all->text[j]) != 0)
				continue;
			done[j] = true;
			add(line, ",%s", all->label[j]);
		}
		add(line, "]%s", all->text[i]);
	}
}

/* All there is to know of one option on one kind of socket. */
static void describe(char *line, const struct kind *k, const struct opt_doc *o)
{
	static const socklen_t rooms[] = {64, 0, 1, 3};
	static const socklen_t lengths[] = {0, 1, 3};
	static const unsigned char ones[16] = {1, 1, 1, 1};
	struct outcomes all = {.count = 0};
	char label[16];
	int fd = open_one(k);

	snprintf(line, LINE_BYTES, "%s %s", k->name, o->row->symbol);
	for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		add(line, " g%u=", rooms[i]);
		add_get(line, fd, o, rooms[i]);
	}
	close_one(fd);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		snprintf(label, sizeof(label), "l%u", lengths[i]);
		add_outcome(&all, k, o, label, lengths[i] ? ones : NULL, lengths[i]);
	}
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		snprintf(label, sizeof(label), "%d", values[i]);
		add_outcome(&all, k, o, label, &values[i], sizeof(values[i]));
	}
	add_outcomes(line, &all);
}

/* Levels that mean nothing to a socket are ENOPROTOOPT; there is one line of that for each. */
static bool applies(const struct kind *k, const struct opt_doc *o)
{
	if (o->row->type == OPT_LACKING)
		return false;
	switch (o->level->level) {
	case IPPROTO_IP:
		return k->family == AF_INET || (k->family == AF_INET6 && k->type != SOCK_RAW);
	case IPPROTO_IPV6:
		return k->family == AF_INET6;
	case IPPROTO_TCP:
		return k->family == AF_INET || k->family == AF_INET6 ? k->type == SOCK_STREAM
								     : false;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		return k->type == SOCK_DGRAM && k->family != AF_UNIX &&
		       (k->protocol == 0 || k->protocol == IPPROTO_UDPLITE);
	case SOL_RAW:
		return k->type == SOCK_RAW && (k->family == AF_INET || k->family == AF_INET6);
	case IPPROTO_ICMPV6:
		return k->type == SOCK_RAW && k->family == AF_INET6;
	case SOL_PACKET:
		return k->family == AF_PACKET;
	case SOL_NETLINK:
		return k->family == AF_NETLINK;
	default:
		return true;
	}
}

/* SOL_SOCKET has rows that are AF_UNIX's own, under names that the common ones have too. */
static bool seen(char (*lines)[LINE_BYTES], int count, const struct kind *k, const char *symbol)
{
	char prefix[64];

	snprintf(prefix, sizeof(prefix), "%s %s ", k->name, symbol);
	for (int i = 0; i < count; i++) {
		if (strncmp(lines[i], prefix, strlen(prefix)) == 0)
			return true;
	}
	return false;
}

/* Some need a right that only the machine gives. */
static bool can_open(const struct kind *k)
{
	int fd = open_one(k);

	if (fd >= 0)
		close_one(fd);
	return fd >= 0;
}

static int walk(char (*lines)[LINE_BYTES])
{
	struct opt_doc o;
	int count = 0;

	for (unsigned i = 0; optlist_row(i, &o); i++) {
		for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
			if (!applies(&kinds[k], &o) || !can_open(&kinds[k]) ||
			    seen(lines, count, &kinds[k], o.row->symbol))
				continue;
			assert_in_range(count, 0, LINES_MAX - 1);
			describe(lines[count++], &kinds[k], &o);
		}
	}
	return count;
}

/* A network namespace of its own, with all rights; in a user namespace if need be, where the rights
 * are not the machine's. */
static bool enter_namespace(bool *out_own_user)
{
	struct ifreq up = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd;

	*out_own_user = false;
	if (unshare(CLONE_NEWNET) < 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
			return false;
		*out_own_user = true;
	}
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &up) < 0)
		return false;
	close(fd);
	/* For ping sockets; not to be had in a user namespace. */
	fd = open("/proc/sys/net/ipv4/ping_group_range", O_WRONLY);
	if (fd >= 0) {
		(void)!write(fd, "0 2147483647", 12);
		close(fd);
	}
	return true;
}

/* Needs rights that no user namespace gives. */
static bool needs_machine(const char *symbol)
{
	static const char *const names[] = {
		"SO_DEBUG",	"SO_SNDBUFFORCE",      "SO_RCVBUFFORCE",
		"SO_BUSY_POLL", "SO_PREFER_BUSY_POLL", "SO_BUSY_POLL_BUDGET"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(symbol, names[i]) == 0)
			return true;
	return false;
}

static char theirs[LINES_MAX][LINE_BYTES];
static char ours[LINES_MAX][LINE_BYTES];
static int theirs_count;
static char release[64];

static void read_record(const char *path)
{
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	assert_non_null(fgets(release, sizeof(release), f));
	release[strcspn(release, "\n")] = '\0';
	while (theirs_count < LINES_MAX && fgets(theirs[theirs_count], LINE_BYTES, f)) {
		theirs[theirs_count][strcspn(theirs[theirs_count], "\n")] = '\0';
		theirs_count++;
	}
	fclose(f);
}

/* The first two words of a line, which name it. */
static void name_of(const char *line, char *kind, char *symbol)
{
	assert_int_equal(sscanf(line, "%7s %47s", kind, symbol), 2);
}

static const char *recorded(const char *line)
{
	char kind[8], symbol[48], prefix[64];

	name_of(line, kind, symbol);
	snprintf(prefix, sizeof(prefix), "%s %s ", kind, symbol);
	for (int i = 0; i < theirs_count; i++)
		if (strncmp(theirs[i], prefix, strlen(prefix)) == 0)
			return theirs[i];
	return NULL;
}

static bool known_difference(const char *line)
{
	char kind[8], symbol[48];

	name_of(line, kind, symbol);
	for (size_t i = 0; i < sizeof(differences) / sizeof(differences[0]); i++) {
		if (strcmp(differences[i].symbol, symbol) == 0 &&
		    (!differences[i].kind || strcmp(differences[i].kind, kind) == 0))
			return true;
	}
	return false;
}

/* Says which words of two lines differ. */
static void print_words(const char *theirs_line, const char *ours_line)
{
	char a[LINE_BYTES], b[LINE_BYTES];
	char *save_a, *save_b;

	snprintf(a, sizeof(a), "%s", theirs_line);
	snprintf(b, sizeof(b), "%s", ours_line);
	char *word_a = strtok_r(a, " ", &save_a);
	char *word_b = strtok_r(b, " ", &save_b);

	for (int i = 0; word_a && word_b; i++) {
		if (i < 2)
			print_error("%s ", word_a);
		else if (strcmp(word_a, word_b) != 0)
			print_error(" %s(%s)", word_a, word_b);
		word_a = strtok_r(NULL, " ", &save_a);
		word_b = strtok_r(NULL, " ", &save_b);
	}
	print_error("\n");
}

static int compare(char (*lines)[LINE_BYTES], int count, bool berth, bool own_user)
{
	int wrong = 0;

	for (int i = 0; i < count; i++) {
		const char *want = recorded(lines[i]);
		char kind[8], symbol[48];
		bool same = want && strcmp(want, lines[i]) == 0;

		name_of(lines[i], kind, symbol);
		if (!want) {
			print_error("not recorded: %s %s\n", kind, symbol);
			wrong++;
		} else if (berth && same && known_difference(lines[i])) {
			print_error("listed as a difference, and is none: %s %s\n", kind, symbol);
			wrong++;
		} else if (!same && !(berth && known_difference(lines[i])) &&
			   !(own_user && needs_machine(symbol))) {
			print_words(want, lines[i]);
			wrong++;
		}
	}
	return wrong;
}

static struct pair pr;

static int walk_berth(void)
{
	int count;

	pair_init(&pr, 0);
	st = pr.host[0];
	count = walk(ours);
	pair_fini(&pr);
	st = NULL;
	return count;
}

/* Each option once, each with its words. */
static void test_table(void **state)
{
	struct opt_doc a, b;
	unsigned count = 0;

	(void)state;
	for (unsigned i = 0; optlist_row(i, &a); i++) {
		assert_true(strlen(a.row->text) > 3);
		assert_true(strlen(a.row->symbol) > 5);
		for (unsigned j = 0; j < i && optlist_row(j, &b); j++)
			assert_false(a.level == b.level && a.row->name == b.row->name);
		count++;
	}
	assert_true(count > 90);
}

static void test_berth(void **state)
{
	int count = walk_berth();

	(void)state;
	assert_true(count > 300);
	assert_int_equal(compare(ours, count, true, false), 0);
}

static void test_kernel(void **state)
{
	struct utsname u;
	bool own_user = false;
	int count;

	(void)state;
	assert_int_equal(uname(&u), 0);
	if (strncmp(u.release, release, strlen(release)) != 0 || !enter_namespace(&own_user))
		skip();
	count = walk(ours);
	assert_int_equal(compare(ours, count, false, own_user), 0);
}

static int print_lines(bool berth)
{
	struct utsname u;
	bool own_user;
	int count;
	int major, minor;

	if (!berth && !enter_namespace(&own_user))
		return 1;
	count = berth ? walk_berth() : walk(ours);
	if (uname(&u) < 0 || sscanf(u.release, "%d.%d", &major, &minor) != 2)
		return 1;
	printf("%d.%d.\n", major, minor);
	for (int i = 0; i < count; i++)
		printf("%s\n", ours[i]);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_berth),
		cmocka_unit_test(test_kernel),
	};

	if (argc != 2)
		return 2;
	if (strcmp(argv[1], "--record") == 0 || strcmp(argv[1], "--berth") == 0)
		return print_lines(strcmp(argv[1], "--berth") == 0);
	read_record(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
