/* SPDX-License-Identifier: MIT */
/*
 * Programs that put themselves under a seccomp filter, as sandboxes and careful servers do:
 * ownfilter MODE.
 *
 * list      only what an echo over TCP and UDP needs is allowed, setsockopt is refused with EACCES
 *           and all else with EPERM; by prctl(2), and again in a child by seccomp(2) with TSYNC
 * kill      bind(2) kills the process: its own filter comes before whoever carries its sockets
 * trap      bind(2) raises SIGSYS, whose handler answers for it
 * listener  a filter with a listener of its own
 * Prints what happens.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define MAX 64

static struct sock_filter code[3 * MAX];
static unsigned short length;

static void add(struct sock_filter f)
{
	code[length++] = f;
}

static void begin(void)
{
	length = 0;
	add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					 offsetof(struct seccomp_data, nr)));
}

/* What is done about one call. */
static void rule(long nr, unsigned int action)
{
	add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)nr, 0, 1));
	add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

static void others(unsigned int action)
{
	add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

static void install(int by_seccomp)
{
	struct sock_fprog prog = {length, code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		perror("no_new_privs");
	if (by_seccomp ? syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC,
				 &prog) < 0
		       : prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0) {
		perror("install");
		exit(1);
	}
}

static void say(const char *what, long result)
{
	printf("%s: %s\n", what, result < 0 ? strerrorname_np(errno) : "done");
	fflush(stdout);
}

static int bound(int type, struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	int fd = socket(AF_INET, type, 0);

	memset(addr, 0, sizeof(*addr));
	addr->sin_family = AF_INET;
	addr->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	say("bind", bind(fd, (struct sockaddr *)addr, len));
	say("getsockname", getsockname(fd, (struct sockaddr *)addr, &len));
	return fd;
}

static void echo(void)
{
	struct sockaddr_in addr;
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char buf[8] = "";
	int one = 1;
	int server = bound(SOCK_STREAM, &addr);
	int client = socket(AF_INET, SOCK_STREAM, 0);
	int conn;

	say("setsockopt", setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
	say("listen", listen(server, 5));
	say("connect", connect(client, (struct sockaddr *)&addr, sizeof(addr)));
	conn = accept(server, (struct sockaddr *)&from, &len);
	say("accept", conn);
	say("write", write(client, "ping", 5));
	say("read", read(conn, buf, sizeof(buf)));
	printf("got %s\n", buf);
	close(conn);
	close(client);
	close(server);
	server = bound(SOCK_DGRAM, &addr);
	client = socket(AF_INET, SOCK_DGRAM, 0);
	say("sendto", sendto(client, "pong", 5, 0, (struct sockaddr *)&addr, sizeof(addr)));
	say("recvfrom", recvfrom(server, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len));
	printf("got %s\n", buf);
	say("getppid", syscall(SYS_getppid));
	say("openat", open("/etc/passwd", O_RDONLY));
	fflush(stdout);
}

static void list(int by_seccomp)
{
	static const long allowed[] = {
		SYS_socket,	SYS_bind,     SYS_listen,   SYS_connect,    SYS_accept,
		SYS_accept4,	SYS_sendto,   SYS_recvfrom, SYS_getsockname, SYS_read,
		SYS_write,	SYS_close,    SYS_exit,	    SYS_exit_group, SYS_brk,
		SYS_newfstatat, SYS_mmap,     SYS_munmap,   SYS_mprotect,   SYS_rt_sigreturn,
		SYS_futex,	SYS_getrandom,
	};

	begin();
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		rule(allowed[i], SECCOMP_RET_ALLOW);
	rule(SYS_setsockopt, SECCOMP_RET_ERRNO | EACCES);
	others(SECCOMP_RET_ERRNO | EPERM);
	install(by_seccomp);
	echo();
}

static void in_child(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		fn();
		exit(0);
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		printf("killed by %s\n", sigabbrev_np(WTERMSIG(status)));
	else
		printf("exit %d\n", WEXITSTATUS(status));
	fflush(stdout);
}

static void list_by_seccomp(void)
{
	list(1);
}

static void kill_on_bind(void)
{
	struct sockaddr_in addr;

	begin();
	rule(SYS_bind, SECCOMP_RET_KILL_PROCESS);
	others(SECCOMP_RET_ALLOW);
	install(0);
	bound(SOCK_STREAM, &addr);
}

static void on_sys(int sig, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

	(void)sig;
	printf("trapped bind: %d\n", info->si_syscall == SYS_bind);
#if defined(__x86_64__)
	u->uc_mcontext.gregs[REG_RAX] = -ENOSPC;
#elif defined(__aarch64__)
	u->uc_mcontext.regs[0] = (unsigned long long)-ENOSPC;
#endif
}

static void trap(void)
{
	struct sigaction action = {.sa_sigaction = on_sys, .sa_flags = SA_SIGINFO};
	struct sockaddr_in addr;

	sigaction(SIGSYS, &action, NULL);
	begin();
	rule(SYS_bind, SECCOMP_RET_TRAP);
	others(SECCOMP_RET_ALLOW);
	install(0);
	bound(SOCK_STREAM, &addr);
}

static void listener(void)
{
	struct sock_fprog prog = {1, code};
	int fd;

	length = 0;
	others(SECCOMP_RET_ALLOW);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			  &prog);
	say("listener", fd);
	echo();
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	if (strcmp(argv[1], "list") == 0) {
		in_child(list_by_seccomp);
		list(0);
	} else if (strcmp(argv[1], "kill") == 0) {
		in_child(kill_on_bind);
	} else if (strcmp(argv[1], "trap") == 0) {
		trap();
	} else if (strcmp(argv[1], "listener") == 0) {
		listener();
	} else {
		return 2;
	}
	return 0;
}
