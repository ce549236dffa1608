/* SPDX-License-Identifier: MIT */
#include "run/minder.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/task.h"

void minder_ignore_signals(void)
{
	static const int ignored[] = {SIGHUP,  SIGINT,	SIGQUIT, SIGTERM, SIGPIPE,
				      SIGTSTP, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2};
	sigset_t child;

	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		(void)signal(ignored[i], SIG_IGN); /* all of them can be */
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &child, NULL); /* read from a signalfd */
	(void)signal(SIGCHLD, SIG_DFL);
}

/* Everything but `a` and `b` is berth's, and closes when berth closes it. */
static void close_others(int a, int b)
{
	int low = a < b ? a : b;
	int high = a < b ? b : a;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; i < 3; i++)
		if (null >= 0 && i != low && i != high)
			(void)dup2(null, i);
	if (low > 3)
		(void)close_range(3, (unsigned)low - 1, 0);
	if (high > low + 1)
		(void)close_range((unsigned)low + 1, (unsigned)high - 1, 0);
	(void)close_range((unsigned)high + 1, ~0u, 0);
}

/* Reaps what has ended. False when there are no children left. */
static bool reap(int up, pid_t pid)
{
	for (;;) {
		int status;
		pid_t ended = waitpid(-1, &status, WNOHANG);

		if (ended == 0)
			return true;
		if (ended < 0 && errno == ECHILD)
			return false;
		if (ended == pid) {
			struct minder_report report = {.status = status};

			(void)write(up, &report, sizeof(report)); /* berth may be gone */
		}
	}
}

static void kill_one(pid_t pid, void *ctx)
{
	(void)ctx;
	(void)kill(pid, SIGKILL); /* it may have ended */
}

void minder_kill_all(void)
{
	/* Killed parents leave their children to us, so this ends. */
	while (task_descendants(getpid(), kill_one, NULL) > 0) {
		if (waitpid(-1, NULL, 0) < 0 && errno == ECHILD)
			return;
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

_Noreturn void minder(int up, pid_t pid)
{
	struct pollfd fds[2] = {{.fd = up, .events = POLLIN}, {.events = POLLIN}};
	struct signalfd_siginfo info;
	sigset_t child;

	(void)prctl(PR_SET_NAME, "berth-minder");
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	fds[1].fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fds[1].fd < 0)
		_exit(1);
	close_others(up, fds[1].fd);
	while (reap(up, pid)) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		if (fds[0].revents)
			break; /* berth says nothing, so it is the end */
		while (read(fds[1].fd, &info, sizeof(info)) > 0)
			;
	}
	minder_kill_all();
	_exit(0);
}
