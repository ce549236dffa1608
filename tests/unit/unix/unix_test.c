/* SPDX-License-Identifier: MIT */
/*
 * AF_UNIX beyond what the kernel can be asked in the same program: sockets that only messages hold,
 * events, bounds, memory that is short. What calls return is unix_dual_test's.
 */
#include <linux/sockios.h>
#include <stdio.h>
#include <sys/un.h>

#include "../stack/pair.h"

#define MANY 300

static struct pair pr;
static struct berth_stack *st;

static int setup(void **state)
{
	(void)state;
	pair_init(&pr, 0);
	st = pr.host[0];
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pair_fini(&pr);
	return 0;
}

static struct sockaddr_un named(const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	strcpy(un.sun_path, path);
	return un;
}

static int listener(const char *path, int backlog)
{
	struct sockaddr_un un = named(path);
	int fd = berth_socket(st, AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(berth_bind(st, fd, SA(un), sizeof(un)), 0);
	assert_int_equal(berth_listen(st, fd, backlog), 0);
	return fd;
}

static int try_connect(int fd, const char *path)
{
	struct sockaddr_un un = named(path);

	return berth_connect(st, fd, SA(un), sizeof(un));
}

static ssize_t pass(int fd, const int *fds, size_t count)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(253 * sizeof(int))] = {0};
	struct cmsghdr *c = (struct cmsghdr *)(void *)control;
	struct iovec iov = {(char[1]){'p'}, 1};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = CMSG_SPACE(count * sizeof(int))};

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(c), fds, count * sizeof(int));
	return berth_sendmsg(st, fd, &msg, 0);
}

static ssize_t pass_one(int fd, int what)
{
	return pass(fd, &what, 1);
}

/* How many came. */
static int receive(int fd, int *fds)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(253 * sizeof(int))];
	char buf[8];
	struct iovec iov = {buf, sizeof(buf)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	struct cmsghdr *c;
	size_t bytes;

	if (berth_recvmsg(st, fd, &msg, 0) < 0)
		return -1;
	c = CMSG_FIRSTHDR(&msg);
	if (!c || c->cmsg_type != SCM_RIGHTS)
		return 0;
	bytes = c->cmsg_len - CMSG_LEN(0);
	memcpy(fds, CMSG_DATA(c), bytes);
	return (int)(bytes / sizeof(int));
}

static int sockets(void)
{
	struct berth_sock_info info;
	uint64_t cursor = 0;
	int count = 0;

	while (berth_sock_next(st, &cursor, &info))
		count++;
	return count;
}

static void pair_of(int type, int sv[2])
{
	assert_int_equal(berth_socketpair(st, AF_UNIX, type, 0, sv), 0);
}

/* Sent to itself: only its own queue holds it. */
static void one_in_itself(void **state)
{
	int sv[2], fd;

	(void)state;
	pair_of(SOCK_DGRAM, sv);
	assert_int_equal(pass_one(sv[0], sv[1]), 1);
	assert_int_equal(sockets(), 2);
	assert_int_equal(berth_close(st, sv[1]), 0);
	assert_int_equal(sockets(), 1); /* nobody can read from it any more */
	assert_int_equal(berth_send(st, sv[0], "x", 1, 0), -ECONNREFUSED);
	/* But as long as it has a descriptor, or is in another's queue, it lives. */
	pair_of(SOCK_DGRAM, sv);
	assert_int_equal(pass_one(sv[0], sv[1]), 1);
	assert_int_equal(receive(sv[1], &fd), 1);
	assert_int_equal(berth_close(st, sv[1]), 0);
	assert_int_equal(berth_send(st, sv[0], "x", 1, 0), 1);
	assert_int_equal(berth_close(st, fd), 0);
	assert_int_equal(berth_send(st, sv[0], "x", 1, 0), -ECONNREFUSED);
}

static void two_in_each_other(void **state)
{
	int sv[2];
	int tcp = berth_socket(st, AF_INET, SOCK_STREAM, 0);

	(void)state;
	pair_of(SOCK_STREAM, sv);
	assert_int_equal(pass_one(sv[0], sv[0]), 1);
	assert_int_equal(pass_one(sv[1], sv[1]), 1);
	assert_int_equal(pass_one(sv[1], tcp), 1);
	assert_int_equal(berth_close(st, tcp), 0);
	assert_int_equal(sockets(), 3);
	assert_int_equal(berth_close(st, sv[0]), 0);
	assert_int_equal(sockets(), 3);
	assert_int_equal(berth_close(st, sv[1]), 0);
	assert_int_equal(sockets(), 0);
}

/* A circle that a message to somebody open leads into. */
static void reachable_circle(void **state)
{
	int out[2], sv[2], fd;

	(void)state;
	pair_of(SOCK_STREAM, out);
	pair_of(SOCK_STREAM, sv);
	assert_int_equal(pass_one(sv[0], sv[0]), 1); /* in sv[1] */
	assert_int_equal(pass_one(sv[1], sv[1]), 1); /* in sv[0] */
	assert_int_equal(pass_one(out[0], sv[0]), 1);
	assert_int_equal(berth_close(st, sv[0]), 0);
	assert_int_equal(berth_close(st, sv[1]), 0);
	assert_int_equal(sockets(), 4);
	assert_int_equal(receive(out[1], &fd), 1); /* sv[0] */
	assert_int_equal(receive(fd, &sv[1]), 1);
	assert_int_equal(receive(sv[1], &sv[0]), 1);
	assert_int_equal(berth_send(st, fd, "ok", 2, 0), 2);
	assert_int_equal(sockets(), 4);
	assert_int_equal(berth_close(st, fd), 0);
	assert_int_equal(berth_close(st, sv[0]), 0);
	assert_int_equal(berth_close(st, sv[1]), 0);
	assert_int_equal(sockets(), 2);
}

/* A listener in the queue of a connection that it has not accepted. */
static void listener_in_its_embryo(void **state)
{
	int l = listener("l", 5);
	int c = berth_socket(st, AF_UNIX, SOCK_STREAM, 0);
	char buf[1];

	(void)state;
	assert_int_equal(try_connect(c, "l"), 0);
	assert_int_equal(pass_one(c, l), 1);
	assert_int_equal(berth_close(st, l), 0);
	assert_int_equal(sockets(), 1);
	assert_int_equal(berth_recv(st, c, buf, 1, 0), -ECONNRESET);
	assert_int_equal(try_connect(c, "l"), -ECONNREFUSED);
}

/* Each carries the next: as deep as one likes, and no deeper in the C stack. */
static void long_chain(void **state)
{
	int last[2], sv[2];

	(void)state;
	pair_of(SOCK_DGRAM, last);
	for (int i = 0; i < 20000; i++) {
		pair_of(SOCK_DGRAM, sv);
		assert_int_equal(pass_one(sv[0], last[0]), 1);
		assert_int_equal(pass_one(sv[0], last[1]), 1);
		assert_int_equal(berth_close(st, last[0]), 0);
		assert_int_equal(berth_close(st, last[1]), 0);
		last[0] = sv[0];
		last[1] = sv[1];
	}
	assert_int_equal(sockets(), 2 * 20001);
	assert_int_equal(berth_close(st, last[0]), 0);
	assert_int_equal(berth_close(st, last[1]), 0);
	assert_int_equal(sockets(), 0);
}

/* With many under way a collection waits for its timer. */
static void late_collection(void **state)
{
	int sv[MANY][2];

	(void)state;
	for (int i = 0; i < MANY; i++) {
		pair_of(SOCK_DGRAM, sv[i]);
		assert_int_equal(pass_one(sv[i][0], sv[i][1]), 1);
	}
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(berth_close(st, sv[i][0]), 0);
		assert_int_equal(berth_close(st, sv[i][1]), 0);
	}
	assert_int_not_equal(sockets(), 0);
	assert_true(berth_stack_deadline(st) <= pr.now + BERTH_SEC);
	pair_run(&pr, BERTH_SEC);
	assert_int_equal(sockets(), 0);
}

/* A host that is freed with circles in it leaves nothing: teardown counts. */
static void left_at_the_end(void **state)
{
	int sv[2];

	(void)state;
	(void)listener("stays", 1);
	for (int i = 0; i < 100; i++) {
		pair_of(i & 1 ? SOCK_DGRAM : SOCK_STREAM, sv);
		assert_int_equal(pass(sv[0], sv, 2), 1);
		assert_int_equal(pass(sv[1], sv, 2), 1);
		if (i & 2)
			(void)berth_close(st, sv[0]); /* and some are closed already */
	}
}

static void lowest_descriptors(void **state)
{
	struct berth_sock_info info;
	int sv[2], got[2];

	(void)state;
	pair_of(SOCK_DGRAM, sv);
	int what = berth_socket(st, AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(pass_one(sv[0], what), 1);
	assert_int_equal(receive(sv[1], got), 1);
	assert_int_equal(got[0], 3);
	assert_int_equal(berth_sock_info(st, got[0], &info), 0);
	assert_int_equal(info.fd, what); /* the lower of its two */
	assert_int_equal(berth_close(st, what), 0);
	assert_int_equal(berth_sock_info(st, got[0], &info), 0);
	assert_int_equal(info.fd, got[0]);
	assert_int_equal(berth_close(st, got[0]), 0);
	assert_int_equal(berth_close(st, got[0]), -EBADF);
}

static int events(struct berth_event *out, int most)
{
	int n = 0;

	while (n < most && berth_next_event(st, &out[n]))
		n++;
	return n;
}

static void told_once(void **state)
{
	struct berth_event ev[8];
	int sv[2];
	char buf[8];

	(void)state;
	pair_of(SOCK_STREAM, sv);
	assert_int_equal(berth_sock_set_user(st, sv[0], &sv[0]), 0);
	assert_int_equal(berth_sock_set_user(st, sv[1], &sv[1]), 0);
	(void)events(ev, 8);
	assert_int_equal(berth_send(st, sv[0], "x", 1, 0), 1);
	assert_int_equal(berth_send(st, sv[0], "x", 1, 0), 1);
	assert_int_equal(events(ev, 8), 1);
	assert_ptr_equal(ev[0].user, &sv[1]);
	assert_true(ev[0].events & POLLIN);
	/* Not full, so reading is no news to the sender. */
	assert_int_equal(berth_recv(st, sv[1], buf, 8, 0), 2);
	assert_int_equal(events(ev, 8), 0);
	while (berth_send(st, sv[0], "x", 1, 0) == 1)
		;
	(void)events(ev, 8);
	while (berth_recv(st, sv[1], buf, 8, 0) > 0)
		;
	assert_int_equal(events(ev, 8), 1);
	assert_ptr_equal(ev[0].user, &sv[0]);
	assert_true(ev[0].events & POLLOUT);
	assert_int_equal(berth_close(st, sv[0]), 0);
	assert_int_equal(events(ev, 8), 1);
	assert_true(ev[0].events & POLLHUP);
}

/* Who waits for a queue that is full hears when there is room: by poll, send or connect. */
static void told_of_room(void **state)
{
	struct sockaddr_un un = named("q");
	struct berth_event ev[8];
	int to = berth_socket(st, AF_UNIX, SOCK_DGRAM, 0);
	int polls = berth_socket(st, AF_UNIX, SOCK_DGRAM, 0);
	int sends = berth_socket(st, AF_UNIX, SOCK_DGRAM, 0);
	char buf[8];

	(void)state;
	assert_int_equal(berth_bind(st, to, SA(un), sizeof(un)), 0);
	assert_int_equal(try_connect(polls, "q"), 0);
	assert_int_equal(berth_sock_set_user(st, polls, &polls), 0);
	assert_int_equal(berth_sock_set_user(st, sends, &sends), 0);
	while (berth_sendto(st, sends, "x", 1, 0, SA(un), sizeof(un)) == 1)
		;
	(void)events(ev, 8);
	assert_int_equal(pair_poll(&pr, 0, polls, POLLOUT), 0);
	assert_int_equal(berth_recv(st, to, buf, 8, 0), 1);
	assert_int_equal(events(ev, 8), 2);
	assert_int_equal(pair_poll(&pr, 0, polls, POLLOUT), POLLOUT);

	int l = listener("l", 0);
	int first = berth_socket(st, AF_UNIX, SOCK_STREAM, 0);
	int second = berth_socket(st, AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(try_connect(first, "l"), 0);
	assert_int_equal(berth_sock_set_user(st, second, &second), 0);
	assert_int_equal(try_connect(second, "l"), -EAGAIN);
	(void)events(ev, 8);
	assert_true(berth_accept(st, l, NULL, NULL) > 0);
	assert_int_equal(events(ev, 8), 1);
	assert_ptr_equal(ev[0].user, &second);
	assert_int_equal(try_connect(second, "l"), 0);
}

static void sysctl_queue(void **state)
{
	struct sockaddr_un un = named("q");
	int to, from;
	int sent = 0;

	(void)state;
	assert_int_equal(berth_stack_sysctl_set(st, "net.unix.max_dgram_qlen", 3), 0);
	to = berth_socket(st, AF_UNIX, SOCK_DGRAM, 0);
	from = berth_socket(st, AF_UNIX, SOCK_DGRAM, 0);
	assert_int_equal(berth_bind(st, to, SA(un), sizeof(un)), 0);
	while (berth_sendto(st, from, "x", 1, 0, SA(un), sizeof(un)) == 1)
		sent++;
	assert_int_equal(sent, 4);
}

/* Hosts have names of their own. */
static void spaces_apart(void **state)
{
	struct sockaddr_un un = named("same");

	(void)state;
	for (int i = 0; i < 2; i++) {
		int fd = berth_socket(pr.host[i], AF_UNIX, SOCK_STREAM, 0);

		assert_int_equal(berth_bind(pr.host[i], fd, SA(un), sizeof(un)), 0);
	}
	assert_int_equal(berth_unlink(pr.host[0], "same"), 0);
	assert_int_equal(berth_unlink(pr.host[0], "same"), -ENOENT);
	assert_int_equal(berth_unlink(pr.host[1], "same"), 0);
	assert_int_equal(berth_unlink(pr.host[0], NULL), -EFAULT);
}

static void long_path(void **state)
{
	char path[200];

	(void)state;
	memset(path, 'p', sizeof(path));
	path[109] = '\0';
	assert_int_equal(berth_unlink(st, path), -ENAMETOOLONG);
	path[108] = '\0';
	assert_int_equal(berth_unlink(st, path), -ENOENT);
}

/* Names, descriptors, references under way and bytes are bounded. */
static void bounds(void **state)
{
	struct berth_stack_config config = {.pool = pr.pool,
					    .mem = pr.mem,
					    .limits = {.sockets_max = 20, .bytes_max = 100000},
					    .random = pair_random,
					    .ctx = &pr};
	struct berth_stack *small = berth_stack_new(&config);
	static char big[50000];
	char path[8];
	int sv[2];
	int fd;

	(void)state;
	assert_non_null(small);
	for (int i = 0; i < 20; i++) {
		snprintf(path, sizeof(path), "p%d", i);
		struct sockaddr_un un = named(path);

		fd = berth_socket(small, AF_UNIX, SOCK_STREAM, 0);
		assert_int_equal(berth_bind(small, fd, SA(un), sizeof(un)), 0);
		assert_int_equal(berth_close(small, fd), 0);
	}
	fd = berth_socket(small, AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un un = named("one more");

	assert_int_equal(berth_bind(small, fd, SA(un), sizeof(un)), -ENOSPC);
	assert_int_equal(berth_unlink(small, "p7"), 0);
	assert_int_equal(berth_bind(small, fd, SA(un), sizeof(un)), 0);
	st = small;
	pair_of(SOCK_DGRAM, sv);
	for (int i = 0; i < 20; i++)
		assert_int_equal(pass_one(sv[0], fd), 1);
	assert_int_equal(pass_one(sv[0], fd), -ETOOMANYREFS);
	/* 20 descriptors: those three, and what comes. */
	for (int i = 0; i < 17; i++)
		assert_int_equal(receive(sv[1], (int[1]){0}), 1);
	assert_int_equal(receive(sv[1], (int[1]){0}), 0);
	assert_int_equal(berth_socket(small, AF_UNIX, SOCK_STREAM, 0), -EMFILE);
	assert_int_equal(berth_send(small, sv[0], big, sizeof(big), 0), sizeof(big));
	assert_int_equal(berth_send(small, sv[0], big, sizeof(big), 0), -ENOBUFS);
	berth_stack_free(small);
}

/* Vectors of many sizes, small and large messages: every byte arrives, in order. */
static void bytes(void **state)
{
	static const size_t sizes[] = {1, 120, 121, 143, 144, 145, 4096, 36544, 36545, 100000};
	static unsigned char in[100000], out[100000];
	int sv[2];

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (unsigned char)(i * 7 + i / 251);
	pair_of(SOCK_STREAM, sv);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t n = sizes[i], third = n / 3;
		struct iovec iov[4] = {{in, third},
				       {NULL, 0},
				       {in + third, third},
				       {in + 2 * third, n - 2 * third}};
		struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 4};
		size_t got = 0;

		memset(out, 0, sizeof(out));
		assert_int_equal(berth_sendmsg(st, sv[0], &msg, 0), n);
		while (got < n) {
			size_t part = n - got < 777 ? n - got : 777;
			struct iovec to[2] = {{out + got, part / 2},
					      {out + got + part / 2, part - part / 2}};
			struct msghdr into = {.msg_iov = to, .msg_iovlen = 2};
			ssize_t result = berth_recvmsg(st, sv[1], &into, 0);

			assert_true(result > 0);
			got += (size_t)result;
		}
		assert_memory_equal(in, out, n);
	}
}

static void credentials(void **state)
{
	struct berth_stack_config config = {
		.random = pair_random, .ctx = &pr, .pid = 77, .uid = 88, .gid = 99};
	struct berth_stack *own = berth_stack_new(&config);
	struct ucred cred;
	socklen_t len = sizeof(cred);
	int sv[2];

	(void)state;
	assert_int_equal(berth_socketpair(own, AF_UNIX, SOCK_STREAM, 0, sv), 0);
	assert_int_equal(berth_getsockopt(own, sv[0], SOL_SOCKET, SO_PEERCRED, &cred, &len), 0);
	assert_int_equal(cred.pid, 77);
	assert_int_equal(cred.uid, 88);
	assert_int_equal(cred.gid, 99);
	berth_stack_free(own);
}

static void play_all(void)
{
	int l = berth_socket(st, AF_UNIX, SOCK_STREAM, 0);
	int c = berth_socket(st, AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un un = named("m");
	static char big[40000];
	int sv[2] = {-1, -1};
	int got[2];

	(void)berth_bind(st, l, SA(un), sizeof(un));
	(void)berth_bind(st, c, SA(un), sizeof(sa_family_t));
	(void)berth_listen(st, l, 3);
	(void)try_connect(c, "m");
	int s = berth_accept(st, l, NULL, NULL);

	(void)berth_send(st, c, "small", 5, 0);
	(void)berth_send(st, c, big, sizeof(big), 0);
	(void)berth_recv(st, s, big, sizeof(big), 0);
	(void)berth_socketpair(st, AF_UNIX, SOCK_DGRAM, 0, sv);
	(void)pass(sv[0], (int[2]){sv[1], l}, 2);
	(void)receive(sv[1], got);
	(void)pass(sv[0], (int[2]){sv[1], sv[0]}, 2);
	(void)berth_recv(st, sv[1], big, 1, MSG_PEEK);
	for (int fd = 0; fd < 12; fd++)
		(void)berth_close(st, fd);
}

/* Every request for memory fails once: results do not matter, what is left behind does. */
static void no_memory(void **state)
{
	(void)state;
	for (long n = 1;; n++) {
		pair_init(&pr, 0);
		st = pr.host[0];
		pr.memory.fail_at = pr.memory.requests + n;
		play_all();
		bool through = pr.memory.requests < pr.memory.fail_at;

		pair_fini(&pr);
		if (through)
			break;
	}
}

#define WITH_HOST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOST(one_in_itself),
		WITH_HOST(two_in_each_other),
		WITH_HOST(reachable_circle),
		WITH_HOST(listener_in_its_embryo),
		WITH_HOST(long_chain),
		WITH_HOST(late_collection),
		WITH_HOST(left_at_the_end),
		WITH_HOST(lowest_descriptors),
		WITH_HOST(told_once),
		WITH_HOST(told_of_room),
		WITH_HOST(sysctl_queue),
		WITH_HOST(spaces_apart),
		WITH_HOST(long_path),
		WITH_HOST(bounds),
		WITH_HOST(bytes),
		WITH_HOST(credentials),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
