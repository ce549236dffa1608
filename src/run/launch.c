/* SPDX-License-Identifier: MIT */
/*
 * Starting a program: berth -> minder -> program.
 *
 * The minder is a forked berth that does nothing but wait. It is the program's parent, and a
 * subreaper, so that whatever the program leaves behind becomes its child. It writes the
 * program's status to berth, ends when its last descendant has, and kills them all when its
 * connection to berth closes: because berth wants it, or because berth was killed. The program
 * itself dies with the minder (PR_SET_PDEATHSIG), and berth is a subreaper too, so that nothing
 * is left when the minder is killed.
 *
 *     minder_fd   berth - minder: struct minder_report upwards; closing it means "kill all"
 *     gate        berth - program, closed by execve: the listener's number up, a byte down when
 *                 berth has it, an errno up if execve fails
 *
 * Between fork and execve the program's process calls nothing that the filter traps.
 */
#include "run/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/filter.h"
#include "run/minder.h"
#include "run/task.h"

enum gate_word {
	GATE_FAILED,   /* value: an errno */
	GATE_LISTENER, /* value: a descriptor of the program's process */
};

struct gate {
	enum gate_word word;
	int value;
	pid_t pid;
};

static void tell_gate(int gate, enum gate_word word, int value)
{
	struct gate g = {.word = word, .value = value, .pid = getpid()};

	(void)write(gate, &g, sizeof(g)); /* if berth is gone, so are we soon */
}

static void reset_signals(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL); /* some have no handler */
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int set_streams(const int fds[3])
{
	int moved[3];

	/* First out of the way: the streams may be given crosswise. */
	for (int i = 0; i < 3; i++) {
		moved[i] = fds[i] < 0 ? -1 : fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
		if (fds[i] >= 0 && moved[i] < 0)
			return -errno;
	}
	for (int i = 0; i < 3; i++)
		if (moved[i] >= 0 && dup2(moved[i], i) < 0)
			return -errno;
	return 0;
}

static int prepare(struct run *r, const struct run_command *cmd, pid_t minder)
{
	int error;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -errno;
	if (getppid() != minder)
		return -ECHILD; /* it has died already */
	if (cmd->new_session && setsid() < 0)
		return -errno;
	error = set_streams(cmd->fds);
	if (error < 0)
		return error;
	if (cmd->cwd && chdir(cmd->cwd) < 0)
		return -errno;
	(void)setrlimit(RLIMIT_NOFILE, &r->nofile); /* lowering: always allowed */
	return 0;
}

/* In the program's process, up to its execve. */
static _Noreturn void become_program(struct run *r, const struct run_command *cmd, pid_t minder,
				     int gate)
{
	int error = prepare(r, cmd, minder);
	int listener;
	char go;

	if (error < 0)
		goto fail;
	listener = filter_install(r->filter);
	if (listener < 0) {
		error = listener;
		goto fail;
	}
	tell_gate(gate, GATE_LISTENER, listener);
	if (read(gate, &go, 1) != 1)
		_exit(127);
	close(listener);
	reset_signals();
	execvpe(cmd->argv[0], cmd->argv, cmd->envp ? cmd->envp : environ);
	error = -errno;
fail:
	tell_gate(gate, GATE_FAILED, -error);
	_exit(127);
}

/* In the minder's process. */
static _Noreturn void become_minder(struct run *r, const struct run_command *cmd, int up, int gate)
{
	pid_t self = getpid();
	pid_t pid;

	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	minder_ignore_signals();
	pid = fork();
	if (pid == 0)
		become_program(r, cmd, self, gate);
	if (pid < 0)
		tell_gate(gate, GATE_FAILED, errno);
	minder(up, pid);
}

/* Takes the listener over and lets the program go on. */
static int open_gate(struct command *c, int gate)
{
	struct gate g;
	int pidfd;
	int fd;

	if (read(gate, &g, sizeof(g)) != (ssize_t)sizeof(g))
		return -EIO;
	if (g.word == GATE_FAILED)
		return -g.value;
	c->pid = g.pid;
	pidfd = (int)syscall(SYS_pidfd_open, g.pid, 0);
	if (pidfd < 0)
		return -errno;
	fd = (int)syscall(SYS_pidfd_getfd, pidfd, g.value, 0);
	close(pidfd);
	if (fd < 0)
		return -errno;
	c->listener = fd;
	if (write(gate, "", 1) != 1)
		return -EIO;
	/* Now either execve closes the gate, or its error comes through. */
	if (read(gate, &g, sizeof(g)) == (ssize_t)sizeof(g))
		return -g.value;
	return 0;
}

int launch(struct run *r, const struct run_command *cmd, struct command *out)
{
	int up[2];
	int gate[2];
	int error;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, up) < 0)
		return -errno;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, gate) < 0) {
		error = -errno;
		close(up[0]);
		close(up[1]);
		return error;
	}
	out->listener = -1;
	(void)fflush(NULL); /* what is buffered is not to be written twice */
	out->minder = fork();
	if (out->minder == 0) {
		close(up[0]);
		close(gate[0]);
		become_minder(r, cmd, up[1], gate[1]);
	}
	error = out->minder < 0 ? -errno : 0;
	close(up[1]);
	close(gate[1]);
	out->minder_fd = up[0];
	error = error ? error : open_gate(out, gate[0]);
	close(gate[0]);
	if (error == 0)
		return 0;
	close(up[0]);
	if (out->listener >= 0)
		close(out->listener);
	if (out->minder > 0)
		(void)waitpid(out->minder, NULL, 0); /* it ends: its connection is closed */
	return error;
}
