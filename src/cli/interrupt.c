/* SPDX-License-Identifier: MIT */
#include "cli/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Where the handler writes: global, because handlers are. */
static int write_end = -1;

static void on_signal(int number, siginfo_t *info, void *context)
{
	struct interrupt news;
	int saved = errno;

	(void)context;
	memset(&news, 0, sizeof(news));
	news.number = number;
	news.terminal = info->si_code == SI_KERNEL;
	if (write(write_end, &news, sizeof(news)) < 0) {
		/* The pipe is full of others: one more would change nothing. */
	}
	errno = saved;
}

static void on_broken_pipe(int number)
{
	(void)number; /* the write says why; and a handler, unlike SIG_IGN, ends at exec */
}

static int catch (int number, struct sigaction *action)
{
	struct sigaction old;

	/* Who was started with a signal ignored (nohup) goes on ignoring it. */
	if (sigaction(number, NULL, &old) == 0 && old.sa_handler == SIG_IGN)
		return 0;
	return sigaction(number, action, NULL) < 0 ? -errno : 0;
}

int interrupt_open(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_flags = SA_SIGINFO | SA_RESTART};
	struct sigaction broken = {.sa_flags = SA_RESTART};
	int ends[2];
	int err = 0;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	write_end = ends[1];
	action.sa_sigaction = on_signal;
	broken.sa_handler = on_broken_pipe;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]) && err == 0; i++)
		err = catch (numbers[i], &action);
	if (err == 0)
		err = catch (SIGPIPE, &broken);
	if (err == 0)
		err = catch (SIGXFSZ, &broken); /* a file at its limit (ulimit -f): EFBIG */
	return err < 0 ? err : ends[0];
}

bool interrupt_read(int fd, struct interrupt *out)
{
	return read(fd, out, sizeof(*out)) == (ssize_t)sizeof(*out);
}
