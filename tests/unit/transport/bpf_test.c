/* SPDX-License-Identifier: MIT */
/*
 * Packet filters: what is taken for a program, what programs do, and both for some thousand random
 * programs on the kernel and here, where a network namespace can be had.
 */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../stack/pair.h"
#include "base/check.h"
#include "transport/bpf.h"

static struct pair pr;

static int setup(void **state)
{
	(void)state;
	pair_init(&pr, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pair_fini(&pr);
	return 0;
}

static int attach(int fd, const struct sock_filter *code, size_t count)
{
	struct sock_fprog program = {(unsigned short)count, (struct sock_filter *)(uintptr_t)code};

	return berth_setsockopt(pr.host[0], fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
				sizeof(program));
}

#define ATTACH(fd, ...)                                                                            \
	attach(fd, (const struct sock_filter[]){__VA_ARGS__},                                      \
	       ARRAY_LEN(((const struct sock_filter[]){__VA_ARGS__})))

#define RET(k) BPF_STMT(BPF_RET | BPF_K, k)

/* Linux: bpf_check_classic(). */
static void validity(void **state)
{
	struct sock_filter most[BPF_MAXINSNS + 1];
	int fd = berth_socket(pr.host[0], AF_INET, SOCK_DGRAM, 0);

	(void)state;
	assert_int_equal(ATTACH(fd, RET(1)), 0);
	assert_int_equal(attach(fd, NULL, 1), -EINVAL);
	assert_int_equal(attach(fd, most, 0), -EINVAL);
	for (size_t i = 0; i <= BPF_MAXINSNS; i++)
		most[i] = (struct sock_filter)RET(1);
	assert_int_equal(attach(fd, most, BPF_MAXINSNS), 0);
	assert_int_equal(attach(fd, most, BPF_MAXINSNS + 1), -EINVAL);
	/* No return at the end, unknown code, X returned. */
	assert_int_equal(ATTACH(fd, BPF_STMT(BPF_LD | BPF_IMM, 1)), -EINVAL);
	assert_int_equal(ATTACH(fd, BPF_STMT(0xff, 1), RET(1)), -EINVAL);
	assert_int_equal(ATTACH(fd, BPF_STMT(BPF_RET | BPF_X, 1)), -EINVAL);
	/* Division by nothing, shifts too far. */
	assert_int_equal(ATTACH(fd, BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), RET(1)), -EINVAL);
	assert_int_equal(ATTACH(fd, BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 0), RET(1)), -EINVAL);
	assert_int_equal(ATTACH(fd, BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32), RET(1)), -EINVAL);
	assert_int_equal(ATTACH(fd, BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 31), RET(1)), 0);
	/* Jumps out of it. */
	assert_int_equal(ATTACH(fd, BPF_STMT(BPF_JMP | BPF_JA, 0), RET(1)), 0);
	assert_int_equal(ATTACH(fd, BPF_STMT(BPF_JMP | BPF_JA, 1), RET(1)), -EINVAL);
	assert_int_equal(ATTACH(fd, BPF_STMT(BPF_JMP | BPF_JA, UINT32_MAX), RET(1)), -EINVAL);
	assert_int_equal(ATTACH(fd, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1), RET(1)), -EINVAL);
	assert_int_equal(ATTACH(fd, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 1, 0), RET(1)), -EINVAL);
	/* Scratch memory: there is so much, and it is written first, on every way. */
	assert_int_equal(ATTACH(fd, BPF_STMT(BPF_ST, 16), RET(1)), -EINVAL);
	assert_int_equal(ATTACH(fd, BPF_STMT(BPF_LD | BPF_MEM, 3), RET(1)), -EINVAL);
	assert_int_equal(ATTACH(fd, BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_LDX | BPF_MEM, 3), RET(1)),
			 0);
	assert_int_equal(ATTACH(fd, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 1, 0),
				BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_LD | BPF_MEM, 3), RET(1)),
			 -EINVAL);
	assert_int_equal(ATTACH(fd, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 2),
				BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_JMP | BPF_JA, 1),
				BPF_STMT(BPF_STX, 3), BPF_STMT(BPF_LD | BPF_MEM, 3), RET(1)),
			 0);
	/* Facts that nobody knows. */
	assert_int_equal(
		ATTACH(fd,
		       BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_AD_OFF + SKF_AD_PROTOCOL),
		       RET(1)),
		0);
	assert_int_equal(
		ATTACH(fd, BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_AD_OFF + 2), RET(1)),
		-EINVAL);
	assert_int_equal(
		ATTACH(fd, BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_AD_OFF + SKF_AD_MAX),
		       RET(1)),
		-EINVAL);
}

/* Read back, locked, taken away. */
static void options(void **state)
{
	int fd = berth_socket(pr.host[0], AF_INET, SOCK_DGRAM, 0);
	struct sock_filter got[4] = {0};
	socklen_t count = 0;
	int zero = 0;
	int one = 1;

	(void)state;
	assert_int_equal(berth_setsockopt(pr.host[0], fd, SOL_SOCKET, SO_DETACH_FILTER, &zero, 4),
			 -ENOENT);
	assert_int_equal(ATTACH(fd, BPF_STMT(BPF_LD | BPF_IMM, 7), RET(9)), 0);
	assert_int_equal(berth_getsockopt(pr.host[0], fd, SOL_SOCKET, SO_GET_FILTER, NULL, &count),
			 0);
	assert_int_equal(count, 2);
	count = 1;
	assert_int_equal(berth_getsockopt(pr.host[0], fd, SOL_SOCKET, SO_GET_FILTER, got, &count),
			 -EINVAL);
	count = 4;
	assert_int_equal(berth_getsockopt(pr.host[0], fd, SOL_SOCKET, SO_GET_FILTER, got, &count),
			 0);
	assert_int_equal(count, 2);
	assert_int_equal(got[1].k, 9);
	assert_int_equal(berth_setsockopt(pr.host[0], fd, SOL_SOCKET, SO_LOCK_FILTER, &one, 4), 0);
	assert_int_equal(berth_setsockopt(pr.host[0], fd, SOL_SOCKET, SO_LOCK_FILTER, &zero, 4),
			 -EPERM);
	assert_int_equal(berth_setsockopt(pr.host[0], fd, SOL_SOCKET, SO_DETACH_FILTER, &zero, 4),
			 -EPERM);
	assert_int_equal(ATTACH(fd, RET(1)), -EPERM);
	fd = berth_socket(pr.host[0], AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(ATTACH(fd, RET(9)), 0);
	assert_int_equal(berth_setsockopt(pr.host[0], fd, SOL_SOCKET, SO_DETACH_FILTER, &zero, 4),
			 0);
	assert_int_equal(berth_setsockopt(pr.host[0], fd, SOL_SOCKET, SO_ATTACH_BPF, &one, 4),
			 -EINVAL);
}

/* A connection's segments pass its filter, a listener's SYNs too; a child has the filter. */
static void streams(void **state)
{
	struct sockaddr_in at = in_addr_of("127.0.0.1", 80);
	int listener = berth_socket(pr.host[0], AF_INET, SOCK_STREAM, 0);
	int client = berth_socket(pr.host[0], AF_INET, SOCK_STREAM, 0);
	char buf[8];
	int child;
	int zero = 0;

	(void)state;
	assert_int_equal(berth_bind(pr.host[0], listener, SA(at), sizeof(at)), 0);
	assert_int_equal(berth_listen(pr.host[0], listener, 1), 0);
	/* Nothing that comes from port 4000. */
	assert_int_equal(ATTACH(listener, BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0),
				BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 4000, 0, 1), RET(0),
				RET(UINT32_MAX)),
			 0);
	at.sin_port = htons(4000);
	assert_int_equal(berth_bind(pr.host[0], client, SA(at), sizeof(at)), 0);
	at.sin_port = htons(80);
	assert_int_equal(berth_connect(pr.host[0], client, SA(at), sizeof(at)), -EINPROGRESS);
	pair_run(&pr, BERTH_MSEC);
	assert_int_equal(berth_accept(pr.host[0], listener, NULL, NULL), -EAGAIN);
	assert_int_equal(berth_close(pr.host[0], client), 0);
	client = berth_socket(pr.host[0], AF_INET, SOCK_STREAM, 0);
	assert_int_equal(berth_connect(pr.host[0], client, SA(at), sizeof(at)), -EINPROGRESS);
	child = berth_accept(pr.host[0], listener, NULL, NULL);
	assert_true(child > 0);
	assert_int_equal(
		berth_setsockopt(pr.host[0], child, SOL_SOCKET, SO_DETACH_FILTER, &zero, 4), 0);
	assert_int_equal(ATTACH(child, RET(0)), 0);
	assert_int_equal(berth_send(pr.host[0], client, "x", 1, 0), 1);
	pair_run(&pr, BERTH_MSEC);
	assert_int_equal(berth_recv(pr.host[0], child, buf, 8, 0), -EAGAIN);
	assert_int_equal(ATTACH(child, RET(UINT32_MAX)), 0);
	pair_run(&pr, BERTH_SEC);
	assert_int_equal(berth_recv(pr.host[0], child, buf, 8, 0), 1);
}

/* IP_MINTTL (RFC 5082): what came through a router is not for this connection. */
static void least_ttl(void **state)
{
	struct sockaddr_in at = in_addr_of("10.0.0.1", 80);
	int listener = berth_socket(pr.host[0], AF_INET, SOCK_STREAM, 0);
	int client = berth_socket(pr.host[1], AF_INET, SOCK_STREAM, 0);
	int ttl = 255;

	(void)state;
	assert_int_equal(berth_bind(pr.host[0], listener, SA(at), sizeof(at)), 0);
	assert_int_equal(berth_listen(pr.host[0], listener, 1), 0);
	assert_int_equal(berth_setsockopt(pr.host[0], listener, IPPROTO_IP, IP_MINTTL, &ttl, 4), 0);
	assert_int_equal(berth_connect(pr.host[1], client, SA(at), sizeof(at)), -EINPROGRESS);
	pair_run(&pr, 100 * BERTH_MSEC);
	assert_int_equal(berth_accept(pr.host[0], listener, NULL, NULL), -EAGAIN);
	assert_int_equal(berth_setsockopt(pr.host[1], client, IPPROTO_IP, IP_TTL, &ttl, 4), 0);
	pair_run(&pr, 2 * BERTH_SEC);
	assert_true(berth_accept(pr.host[0], listener, NULL, NULL) > 0);
}

/* --- on the kernel and here --- */

#define PROGRAMS 4000
#define INSNS_MAX 12u

static uint32_t random_state;

static uint32_t draw(uint32_t below)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (random_state >> 8) % below;
}

/* Offsets within and near the packet, and facts that both worlds agree on. */
static uint32_t draw_offset(void)
{
	static const uint32_t facts[] = {SKF_AD_PROTOCOL, SKF_AD_PKTTYPE,  SKF_AD_IFINDEX,
					 SKF_AD_MARK,	  SKF_AD_HATYPE,   SKF_AD_ALU_XOR_X,
					 SKF_AD_QUEUE,	  SKF_AD_VLAN_TAG, 3};

	switch (draw(8)) {
	case 0:
		return (uint32_t)SKF_AD_OFF + facts[draw(ARRAY_LEN(facts))];
	case 1: /* addresses */
		return (uint32_t)SKF_NET_OFF + 12 + draw(8);
	case 2:
		return draw(3) ? INT32_MAX - draw(3) : 0x90000000u;
	default:
		return draw(40);
	}
}

static struct sock_filter draw_insn(uint32_t left)
{
	static const uint16_t codes[] = {BPF_LD | BPF_W | BPF_ABS,
					 BPF_LD | BPF_H | BPF_ABS,
					 BPF_LD | BPF_B | BPF_ABS,
					 BPF_LD | BPF_W | BPF_IND,
					 BPF_LD | BPF_H | BPF_IND,
					 BPF_LD | BPF_B | BPF_IND,
					 BPF_LD | BPF_W | BPF_LEN,
					 BPF_LDX | BPF_W | BPF_LEN,
					 BPF_LDX | BPF_B | BPF_MSH,
					 BPF_LD | BPF_IMM,
					 BPF_LDX | BPF_IMM,
					 BPF_LD | BPF_MEM,
					 BPF_LDX | BPF_MEM,
					 BPF_ST,
					 BPF_STX,
					 BPF_MISC | BPF_TAX,
					 BPF_MISC | BPF_TXA,
					 BPF_RET | BPF_A,
					 BPF_JMP | BPF_JA,
					 BPF_ALU | BPF_NEG};
	uint32_t kind = draw(4);
	uint16_t source = draw(2) ? BPF_X : BPF_K;
	struct sock_filter f = {.k = draw(4) ? draw(48) : random_state};

	if (kind == 0) {
		f.code = (uint16_t)(BPF_ALU | draw(11) << 4 | source);
	} else if (kind == 1) {
		f.code = (uint16_t)(BPF_JMP | (1 + draw(4)) << 4 | source);
		f.jt = (uint8_t)draw(left + 1 + (draw(16) == 0));
		f.jf = (uint8_t)draw(left + 1);
	} else {
		f.code = codes[draw(ARRAY_LEN(codes))];
		if (BPF_CLASS(f.code) == BPF_LD && BPF_MODE(f.code) <= BPF_IND && BPF_MODE(f.code))
			f.k = draw_offset();
		else if (f.code == BPF_ST || f.code == BPF_STX || BPF_MODE(f.code) == BPF_MEM)
			f.k = draw(4);
		else if (f.code == (BPF_JMP | BPF_JA))
			f.k = draw(left + 1);
		if (draw(200) == 0)
			f.code = (uint16_t)draw(256);
	}
	return f;
}

static uint32_t draw_program(struct sock_filter *code)
{
	uint32_t count = 1 + draw(INSNS_MAX);

	for (uint32_t i = 0; i + 1 < count; i++)
		code[i] = draw_insn(count - i - 2);
	code[count - 1] = (struct sock_filter)BPF_STMT(BPF_RET | (draw(4) ? BPF_A : BPF_K), 30);
	return count;
}

/* What the program's checker says, and how much of a datagram is received. */
struct outcome {
	int attached;
	long received;
};

static void play(bool kernel, int from, int to, const struct sock_filter *code, uint32_t count,
		 const char *payload, size_t bytes, struct outcome *out)
{
	struct sock_fprog program = {(unsigned short)count, (struct sock_filter *)(uintptr_t)code};
	struct sockaddr_in at = in_addr_of("127.0.0.1", 77);
	struct berth_stack *st = pr.host[0];
	char buf[256];

	if (kernel) {
		out->attached =
			setsockopt(to, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0
				? -errno
				: 0;
		assert_int_equal(sendto(from, payload, bytes, 0, SA(at), sizeof(at)), bytes);
		out->received = recv(to, buf, sizeof(buf), MSG_DONTWAIT);
		if (out->received < 0)
			out->received = -errno;
	} else {
		out->attached = berth_setsockopt(st, to, SOL_SOCKET, SO_ATTACH_FILTER, &program,
						 sizeof(program));
		assert_int_equal(berth_sendto(st, from, payload, bytes, 0, SA(at), sizeof(at)),
				 bytes);
		out->received = berth_recv(st, to, buf, sizeof(buf), MSG_DONTWAIT);
	}
}

static bool enter_namespace(void)
{
	struct ifreq up = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd;

	if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return false;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &up) < 0)
		return false;
	close(fd);
	return true;
}

static void bind_all(int (*fds)[2])
{
	static const uint16_t ports[] = {4660, 77};
	int one = 1;

	for (int i = 0; i < 2; i++) {
		struct sockaddr_in at = in_addr_of("127.0.0.1", ports[i]);

		fds[0][i] = socket(AF_INET, SOCK_DGRAM, 0);
		fds[1][i] = berth_socket(pr.host[0], AF_INET, SOCK_DGRAM, 0);
		assert_int_equal(bind(fds[0][i], SA(at), sizeof(at)), 0);
		assert_int_equal(berth_bind(pr.host[0], fds[1][i], SA(at), sizeof(at)), 0);
		assert_int_equal(setsockopt(fds[0][i], SOL_SOCKET, SO_NO_CHECK, &one, 4), 0);
		assert_int_equal(
			berth_setsockopt(pr.host[0], fds[1][i], SOL_SOCKET, SO_NO_CHECK, &one, 4),
			0);
	}
}

static void print_program(const struct sock_filter *code, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		print_error("  {0x%02x, %u, %u, 0x%x}\n", code[i].code, code[i].jt, code[i].jf,
			    code[i].k);
}

static void same_as_kernel(void **state)
{
	struct sock_filter code[INSNS_MAX];
	int taken = 0;
	int partly = 0;
	int fds[2][2];

	(void)state;
	if (!enter_namespace())
		skip();
	bind_all(fds);
	random_state = 7;
	for (int n = 0; n < PROGRAMS; n++) {
		uint32_t count = draw_program(code);
		char payload[64];
		size_t bytes = 1 + draw(sizeof(payload));
		struct outcome kernel, ours;

		for (size_t i = 0; i < bytes; i++)
			payload[i] = (char)draw(256);
		play(true, fds[0][0], fds[0][1], code, count, payload, bytes, &kernel);
		play(false, fds[1][0], fds[1][1], code, count, payload, bytes, &ours);
		taken += kernel.attached == 0;
		partly += kernel.received >= 0 && (size_t)kernel.received < bytes;
		if (kernel.attached == ours.attached && kernel.received == ours.received)
			continue;
		print_error("program %d: kernel %d, %ld; berth %d, %ld\n", n, kernel.attached,
			    kernel.received, ours.attached, ours.received);
		print_program(code, count);
		fail();
	}
	/* Enough of each kind was drawn to mean something. */
	assert_true(taken > PROGRAMS / 4 && taken < PROGRAMS);
	assert_true(partly > 100);
	close(fds[0][0]);
	close(fds[0][1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(validity, setup, teardown),
		cmocka_unit_test_setup_teardown(options, setup, teardown),
		cmocka_unit_test_setup_teardown(streams, setup, teardown),
		cmocka_unit_test_setup_teardown(least_ttl, setup, teardown),
		cmocka_unit_test_setup_teardown(same_as_kernel, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
