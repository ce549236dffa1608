/* SPDX-License-Identifier: MIT */
/*
 * sock_diag: the lists that ss(8) asks for, its filters, and the end of a socket. Two hosts; the
 * first one is asked.
 */
#include "nlkit.h"

#include <linux/inet_diag.h>
#include <linux/netlink_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>

#include "netlink/diagfilter.h"

#define ALL 0xffffffffu

static int setup(void **state)
{
	(void)kit_setup(state);
	nl = kit_socket(NETLINK_SOCK_DIAG);
	return 0;
}

static struct inet_diag_req_v2 request_of(int protocol, uint32_t states)
{
	return (struct inet_diag_req_v2){.sdiag_family = AF_INET,
					 .sdiag_protocol = (uint8_t)protocol,
					 .idiag_states = states};
}

static void list(int protocol, uint32_t states, unsigned extensions)
{
	struct inet_diag_req_v2 body = request_of(protocol, states);

	body.idiag_ext = (uint8_t)extensions;
	ask(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &body, sizeof(body));
}

static struct inet_diag_msg diag_of(void)
{
	struct inet_diag_msg m;

	assert_int_equal(kit_h.nlmsg_type, SOCK_DIAG_BY_FAMILY);
	memcpy(&m, kit_body, sizeof(m));
	return m;
}

/* Host 0 listens at port 80; host 1 connects: the two ends. */
static void connect_pair(int *out_listener, int *out_client)
{
	struct sockaddr_in to = in_addr_of("10.0.0.1", 80);

	*out_listener = berth_socket(pr.host[0], AF_INET, SOCK_STREAM, 0);
	assert_int_equal(berth_bind(pr.host[0], *out_listener, SA(to), sizeof(to)), 0);
	assert_int_equal(berth_listen(pr.host[0], *out_listener, 5), 0);
	*out_client = berth_socket(pr.host[1], AF_INET, SOCK_STREAM, 0);
	assert_int_equal(berth_connect(pr.host[1], *out_client, SA(to), sizeof(to)), -EINPROGRESS);
	pair_run(&pr, 100 * BERTH_MSEC);
}

static void tcp(void **state)
{
	struct inet_diag_msg m;
	int listener;
	int client;
	int conn;

	(void)state;
	connect_pair(&listener, &client);
	conn = berth_accept(pr.host[0], listener, NULL, NULL);
	assert_true(conn >= 0);
	assert_int_equal(berth_send(pr.host[1], client, "hello", 5, 0), 5);
	pair_run(&pr, 100 * BERTH_MSEC);
	list(IPPROTO_TCP, 1u << TCP_LISTEN, 0);
	answer();
	m = diag_of();
	assert_int_equal(m.idiag_state, TCP_LISTEN);
	assert_int_equal(ntohs(m.id.idiag_sport), 80);
	assert_int_equal(m.idiag_wqueue, 5);
	assert_int_equal(count_dump(nl), 0);
	list(IPPROTO_TCP, 1u << TCP_ESTABLISHED,
	     1u << (INET_DIAG_INFO - 1) | 1u << (INET_DIAG_CONG - 1) |
		     1u << (INET_DIAG_SKMEMINFO - 1));
	answer();
	m = diag_of();
	assert_int_equal(m.id.idiag_dst[0], ip("10.0.0.2"));
	assert_int_equal(m.idiag_rqueue, 5);
	assert_true(attr_of(sizeof(m), INET_DIAG_INFO).bytes >= 192);
	assert_string_equal((const char *)attr_of(sizeof(m), INET_DIAG_CONG).data, "cubic");
	assert_int_equal(attr_of(sizeof(m), INET_DIAG_SKMEMINFO).bytes, 36);
	assert_int_equal(count_dump(nl), 0);
}

static void half_open_and_waiting(void **state)
{
	struct sockaddr_in to = in_addr_of("10.0.0.1", 80);
	int listener;
	int client;
	int conn;

	(void)state;
	connect_pair(&listener, &client);
	conn = berth_accept(pr.host[0], listener, NULL, NULL);
	/* This side closes first, and waits. */
	assert_int_equal(berth_close(pr.host[0], conn), 0);
	pair_run(&pr, 100 * BERTH_MSEC);
	assert_int_equal(berth_close(pr.host[1], client), 0);
	pair_run(&pr, 100 * BERTH_MSEC);
	list(IPPROTO_TCP, 1u << TCP_TIME_WAIT, 0);
	answer();
	assert_int_equal(diag_of().idiag_state, TCP_TIME_WAIT);
	assert_int_equal(diag_of().idiag_timer, 3);
	assert_int_equal(count_dump(nl), 0);
	/* A SYN whose answer is lost. */
	client = berth_socket(pr.host[1], AF_INET, SOCK_STREAM, 0);
	(void)berth_connect(pr.host[1], client, SA(to), sizeof(to));
	(void)pair_carry(&pr); /* the SYN, and nothing back */
	pr.drop_all = true;
	pair_run(&pr, 10 * BERTH_MSEC);
	list(IPPROTO_TCP, 1u << TCP_SYN_RECV, 0);
	answer();
	assert_int_equal(diag_of().idiag_state, TCP_SYN_RECV);
	assert_int_equal(diag_of().id.idiag_dst[0], ip("10.0.0.2"));
	assert_int_equal(count_dump(nl), 0);
}

static void udp(void **state)
{
	struct sockaddr_in a = in_addr_of("10.0.0.1", 53);
	int fd = berth_socket(pr.host[0], AF_INET, SOCK_DGRAM, 0);
	int hidden = berth_socket(pr.host[0], AF_INET, SOCK_DGRAM, 0);

	(void)state;
	(void)berth_socket(pr.host[0], AF_INET, SOCK_DGRAM, 0); /* without a port */
	assert_int_equal(berth_bind(pr.host[0], fd, SA(a), sizeof(a)), 0);
	assert_int_equal(berth_sock_hide(pr.host[0], hidden), 0);
	assert_int_equal(berth_bind(pr.host[0], hidden, SA(a), sizeof(a)), 0);
	list(IPPROTO_UDP, ALL, 0);
	answer();
	assert_int_equal(diag_of().idiag_state, TCP_CLOSE);
	assert_int_equal(ntohs(diag_of().id.idiag_sport), 53);
	assert_int_equal(count_dump(nl), 0);
	list(IPPROTO_SCTP, ALL, 0);
	assert_int_equal(outcome(), -ENOENT);
}

static void the_end_of_one(void **state)
{
	struct inet_diag_req_v2 body = request_of(IPPROTO_TCP, ALL);
	int listener;
	int client;
	int conn;
	char c;

	(void)state;
	connect_pair(&listener, &client);
	conn = berth_accept(pr.host[0], listener, NULL, NULL);
	list(IPPROTO_TCP, 1u << TCP_ESTABLISHED, 0);
	answer();
	body.id = diag_of().id;
	assert_int_equal(count_dump(nl), 0);
	ask(SOCK_DIAG_BY_FAMILY, 0, &body, sizeof(body));
	answer();
	assert_memory_equal(diag_of().id.idiag_cookie, body.id.idiag_cookie, 8);
	body.id.idiag_cookie[0]++;
	ask(SOCK_DESTROY, NLM_F_ACK, &body, sizeof(body));
	assert_int_equal(outcome(), -ESTALE);
	body.id.idiag_cookie[0]--;
	ask(SOCK_DESTROY, NLM_F_ACK, &body, sizeof(body));
	assert_int_equal(outcome(), 0);
	assert_int_equal(berth_recv(pr.host[0], conn, &c, 1, 0), -ECONNABORTED);
	pair_run(&pr, 100 * BERTH_MSEC);
	assert_int_equal(berth_recv(pr.host[1], client, &c, 1, 0), -ECONNRESET);
}

static void on_owner(void *user, struct berth_sock_owner *out)
{
	assert_ptr_equal(user, &pr);
	*out = (struct berth_sock_owner){.uid = 1000, .inode = 4711};
}

static void owners(void **state)
{
	struct sockaddr_in a = in_addr_of("10.0.0.1", 53);
	int fd = berth_socket(pr.host[0], AF_INET, SOCK_DGRAM, 0);

	(void)state;
	berth_stack_set_owner(pr.host[0], on_owner);
	assert_int_equal(berth_bind(pr.host[0], fd, SA(a), sizeof(a)), 0);
	assert_int_equal(berth_sock_set_user(pr.host[0], fd, &pr), 0);
	list(IPPROTO_UDP, ALL, 0);
	answer();
	assert_int_equal(diag_of().idiag_uid, 1000);
	assert_int_equal(diag_of().idiag_inode, 4711);
}

static void netlink_itself(void **state)
{
	const struct netlink_diag_req body = {.sdiag_family = AF_NETLINK,
					      .sdiag_protocol = NDIAG_PROTO_ALL,
					      .ndiag_show = NDIAG_SHOW_GROUPS};

	(void)state;
	ask(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &body, sizeof(body));
	send_on(nl);
	assert_int_equal(count_dump(nl), 2);
}

/* A list of thousands that a filter passes over: others have their turn in between. */
static void long_lists_take_turns(void **state)
{
	struct inet_diag_req_v2 body = request_of(IPPROTO_UDP, ALL);
	unsigned turns = 0;

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		struct sockaddr_in a = in_addr_of("10.0.0.1", (uint16_t)(20000 + i));
		int fd = berth_socket(pr.host[0], AF_INET, SOCK_DGRAM, 0);

		assert_int_equal(berth_bind(pr.host[0], fd, SA(a), sizeof(a)), 0);
	}
	body.id.idiag_sport = htons(29999);
	ask(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &body, sizeof(body));
	send_on(nl);
	while (read_on(nl, kit_room) == -EAGAIN) {
		assert_true(berth_stack_deadline(pr.host[0]) <= pr.now + 1);
		berth_advance(pr.host[0], ++pr.now);
		turns++;
	}
	assert_int_equal(turns, 2);
	assert_true(next_on(nl));
	assert_int_equal(ntohs(diag_of().id.idiag_sport), 29999);
	assert_int_equal(count_dump(nl), 0);
}

/* --- filters --- */

#define OP(code_, yes_, no_)                                                                       \
	(struct inet_diag_bc_op)                                                                   \
	{                                                                                          \
		.code = (code_), .yes = (yes_), .no = (no_)                                        \
	}

static const struct diag_ends ends = {
	.family = AF_INET,
	.local = {{{[10] = 0xff, [11] = 0xff, 10, 0, 0, 1}}, 80, 0},
	.remote = {{{[10] = 0xff, [11] = 0xff, 10, 0, 0, 2}}, 4000, 0},
	.ifindex = 2,
	.mark = 0x11,
};

static bool run(const void *code, size_t bytes)
{
	assert_true(diagfilter_valid(code, bytes));
	return diagfilter_run(code, bytes, &ends);
}

static void ports(void **state)
{
	const struct inet_diag_bc_op eq[] = {OP(INET_DIAG_BC_S_EQ, 8, 12), {.no = 80}};
	const struct inet_diag_bc_op ge[] = {OP(INET_DIAG_BC_D_GE, 8, 12), {.no = 4001}};
	/* sport = :81 or dport = :4000, as ss(8) compiles it. */
	const struct inet_diag_bc_op or [] = {OP(INET_DIAG_BC_S_EQ, 8, 12),
					      {.no = 81},
					      OP(INET_DIAG_BC_JMP, 4, 12),
					      OP(INET_DIAG_BC_D_EQ, 8, 12),
					      {.no = 4000}};
	const struct inet_diag_bc_op bound[] = {OP(INET_DIAG_BC_AUTO, 4, 8)};

	(void)state;
	assert_true(run(eq, sizeof(eq)));
	assert_false(run(ge, sizeof(ge)));
	assert_true(run(or, sizeof(or)));
	assert_true(run(bound, sizeof(bound)));
}

/* "dst ADDRESS/len:port" */
static bool condition(const char *addr, uint8_t len, int port)
{
	const struct inet_diag_bc_op op = OP(INET_DIAG_BC_D_COND, 16, 20);
	const struct inet_diag_hostcond cond = {.family = AF_INET, .prefix_len = len, .port = port};
	const uint32_t a = ip(addr);
	uint8_t code[16];

	memcpy(code, &op, sizeof(op));
	memcpy(code + 4, &cond, 8);
	memcpy(code + 12, &a, sizeof(a));
	return diagfilter_valid(code, sizeof(code)) && diagfilter_run(code, sizeof(code), &ends);
}

static void addresses(void **state)
{
	(void)state;
	assert_true(condition("10.0.0.0", 24, 4000));
	assert_false(condition("10.0.1.0", 24, 4000));
	assert_true(condition("10.0.1.0", 16, 4000));
	assert_false(condition("10.0.1.0", 16, 4001));
	assert_true(condition("10.0.0.2", 32, -1));
	assert_true(condition("0.0.0.0", 0, -1));
	assert_false(condition("10.0.0.2", 33, -1)); /* is none */
}

static void invalid_filters(void **state)
{
	const struct inet_diag_bc_op back[] = {OP(INET_DIAG_BC_NOP, 0, 4)};
	const struct inet_diag_bc_op far[] = {OP(INET_DIAG_BC_NOP, 4, 12)};
	const struct inet_diag_bc_op into[] = {
		OP(INET_DIAG_BC_JMP, 4, 8), OP(INET_DIAG_BC_S_EQ, 8, 12), {.no = 1}};
	const struct inet_diag_bc_op cut[] = {OP(INET_DIAG_BC_S_EQ, 8, 12)};
	const struct inet_diag_bc_op unknown[] = {OP(99, 4, 8)};

	(void)state;
	assert_false(diagfilter_valid((const uint8_t *)back, sizeof(back)));
	assert_false(diagfilter_valid((const uint8_t *)far, sizeof(far)));
	assert_false(diagfilter_valid((const uint8_t *)into, sizeof(into)));
	assert_false(diagfilter_valid((const uint8_t *)cut, sizeof(cut)));
	assert_false(diagfilter_valid((const uint8_t *)unknown, sizeof(unknown)));
	assert_false(diagfilter_valid((const uint8_t *)far, 0));
	assert_false(diagfilter_valid((const uint8_t *)far, 3));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(tcp),
		T(half_open_and_waiting),
		T(udp),
		T(the_end_of_one),
		T(owners),
		T(netlink_itself),
		T(long_lists_take_turns),
		cmocka_unit_test(ports),
		cmocka_unit_test(addresses),
		cmocka_unit_test(invalid_filters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
