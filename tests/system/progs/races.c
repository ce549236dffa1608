/* SPDX-License-Identifier: MIT */
/*
 * What a thread asks for while others change what it asks about: descriptors get new meanings under
 * calls on them, memory goes away while a call waits for data to put there, signals interrupt and
 * restart everything (SA_RESTART), children share descriptors or close all they have. Whatever the
 * calls return is right; a child that is refused a socket is not.
 *
 *     races SECONDS
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <linux/close_range.h>
#include <unistd.h>

#define SHARED 100 /* the descriptor that keeps changing */
#define STACK 65536
#define PAGE 4096
#define PORT 9000

static time_t until;
static atomic_ulong calls;
static atomic_int wrong;

static struct sockaddr_in local(unsigned port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_port = htons((uint16_t)port),
				    .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

/* One whose calls wait, but not for long. */
static int patient(int type)
{
	const struct timeval tv = {0, 20000};
	int fd = socket(AF_INET, type, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	return fd;
}

static void *change(void *unused)
{
	(void)unused;
	while (time(NULL) < until) {
		int kinds[] = {open("/dev/null", O_RDWR), patient(SOCK_DGRAM),
			       patient(SOCK_STREAM)};

		for (int i = 0; i < 60; i++) {
			dup2(kinds[i % 3], SHARED);
			if (i % 16 == 15)
				close(SHARED);
		}
		for (int i = 0; i < 3; i++)
			close(kinds[i]);
	}
	return NULL;
}

static void *use(void *number)
{
	unsigned seed = (unsigned)(uintptr_t)number;
	char buf[100] = "";

	while (time(NULL) < until) {
		struct sockaddr_in a = local(PORT + (unsigned)rand_r(&seed) % 5);
		socklen_t len = sizeof(a);
		int fd;

		switch (rand_r(&seed) % 8) {
		case 0:
			bind(SHARED, (struct sockaddr *)&a, len);
			break;
		case 1:
			connect(SHARED, (struct sockaddr *)&a, len);
			break;
		case 2:
			getsockname(SHARED, (struct sockaddr *)&a, &len);
			break;
		case 3:
			sendto(SHARED, buf, 10, MSG_NOSIGNAL, (struct sockaddr *)&a, len);
			break;
		case 4:
			recvfrom(SHARED, buf, sizeof(buf), 0, (struct sockaddr *)&a, &len);
			break;
		case 5:
			listen(SHARED, 3);
			break;
		case 6:
			fd = accept(SHARED, NULL, NULL);
			if (fd > 2 && fd != SHARED)
				close(fd);
			break;
		default:
			getpeername(SHARED, (struct sockaddr *)&a, &len);
		}
		calls++;
	}
	return NULL;
}

static int unmap(void *memory)
{
	return munmap(memory, PAGE);
}

static void join(pid_t pid)
{
	int status;

	if (pid > 0 && (waitpid(pid, &status, 0) != pid || status != 0))
		wrong++;
}

/* A datagram comes, or does not, while what it is to be put into is unmapped, or is not. */
static void *wait_for_data(void *number)
{
	unsigned seed = (unsigned)(uintptr_t)number;
	char *stack = malloc(STACK);

	while (time(NULL) < until) {
		struct sockaddr_in a = local(0);
		socklen_t len = sizeof(a);
		int fd = patient(SOCK_DGRAM);
		int other = patient(SOCK_DGRAM);
		char *m = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			       0);
		pid_t child = 0;

		bind(fd, (struct sockaddr *)&a, len);
		getsockname(fd, (struct sockaddr *)&a, &len);
		if (rand_r(&seed) % 2)
			child = clone(unmap, stack + STACK - 64, CLONE_VM | SIGCHLD, m);
		if (rand_r(&seed) % 2)
			sendto(other, "x", 1, 0, (struct sockaddr *)&a, len);
		recvfrom(fd, m, PAGE, 0, (struct sockaddr *)&a, &len);
		join(child);
		munmap(m, PAGE);
		close(other);
		close(fd);
		calls++;
	}
	free(stack);
	return NULL;
}

/* A child with the same descriptors and other memory. */
static int share(void *unused)
{
	(void)unused;
	while (time(NULL) < until) {
		struct sockaddr_in a = local(PORT);
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

		connect(fd, (struct sockaddr *)&a, sizeof(a));
		listen(fd, 2);
		close(fd);
	}
	_exit(0);
}

static void close_all_and_go_on(void)
{
	struct sockaddr_in a = local(0);
	int fd;

	socket(AF_INET, SOCK_STREAM, 0);
	closefrom(3);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		_exit(3);
	close_range(3, ~0u, CLOSE_RANGE_UNSHARE);
	_exit(socket(AF_INET, SOCK_STREAM, 0) < 0 ? 4 : 0);
}

static void *children(void *unused)
{
	(void)unused;
	while (time(NULL) < until) {
		pid_t pid = fork();

		if (pid == 0)
			close_all_and_go_on();
		join(pid);
		pid = vfork();
		if (pid == 0) {
			execl("/bin/true", "true", (char *)NULL);
			_exit(1);
		}
		join(pid);
	}
	return NULL;
}

static void on_signal(int number)
{
	(void)number;
}

int main(int argc, char **argv)
{
	void *(*const work[])(void *) = {change,	use,	       use,	use,
					 wait_for_data, wait_for_data, children};
	const struct sigaction restart = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	enum { THREADS = sizeof(work) / sizeof(work[0]) };
	pthread_t threads[THREADS];
	pid_t pid;

	until = time(NULL) + (argc > 1 ? atoi(argv[1]) : 3);
	sigaction(SIGUSR1, &restart, NULL);
	signal(SIGPIPE, SIG_IGN);
	for (uintptr_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work[i], (void *)i))
			return 2;
	pid = clone(share, (char *)malloc(STACK) + STACK - 64, CLONE_FILES | SIGCHLD, NULL);
	while (time(NULL) < until) {
		for (int i = 0; i < THREADS; i++)
			pthread_kill(threads[i], SIGUSR1);
		usleep(300);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	join(pid);
	printf("%lu calls, %d wrong\n", (unsigned long)calls, (int)wrong);
	return wrong != 0;
}
