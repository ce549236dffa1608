/* SPDX-License-Identifier: MIT */
/*
 * epoll knows what it watches by file and number. A stream that tries to connect again after a
 * failure gets a new carrier under its old number (callconn.c), a new file that no epoll instance
 * knows of, while the program believes it registered still. So the registrations, which
 * /proc/PID/fdinfo lists, are repeated for the new file.
 *
 * The number that epoll notes is that of the caller, berth, whose table of descriptors is another
 * one. So berth lends the new file the program's number for the length of the call; what berth
 * has there is put aside meanwhile, which its own epoll instance does not notice as the file stays
 * open. There is one thread.
 *
 * A one-shot registration that has fired is repeated as such, but would tell errors once more.
 * Instances that only another process has open are not found.
 */
#include "run/epolls.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "run/task.h"

#define EPOLL_LINK "anon_inode:[eventpoll]"

/* How an epoll instance of the process watches descriptor `number`; false: it does not. */
static bool find_entry(pid_t pid, int epoll, int number, struct epoll_event *out)
{
	unsigned long long data;
	unsigned events;
	char line[128];
	bool found = false;
	FILE *f;
	int tfd;

	snprintf(line, sizeof(line), "/proc/%d/fdinfo/%d", pid, epoll);
	f = fopen(line, "re");
	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f)) {
		found = sscanf(line, "tfd: %d events: %x data: %llx", &tfd, &events, &data) == 3 &&
			tfd == number;
	}
	fclose(f);
	if (found)
		*out = (struct epoll_event){.events = events, .data.u64 = data};
	return found;
}

/* epoll_ctl(2) as if `fd` had the number `number`. */
static void add_as(int epoll, int fd, int number, struct epoll_event *event)
{
	int aside = fcntl(number, F_DUPFD_CLOEXEC, 3); /* -1: berth has nothing there */

	if (dup3(fd, number, O_CLOEXEC) < 0) {
		if (aside >= 0)
			close(aside);
		return;
	}
	(void)epoll_ctl(epoll, EPOLL_CTL_ADD, number, event); /* no memory: lost */
	if (aside < 0) {
		close(number);
		return;
	}
	(void)dup3(aside, number, O_CLOEXEC); /* the number is there: this cannot fail */
	close(aside);
}

/* The descriptor, or its duplicate where it would be in the way of `number`. */
static int out_of_the_way(int fd, int number)
{
	int other;

	if (fd != number)
		return fd;
	other = fcntl(fd, F_DUPFD_CLOEXEC, number + 1);
	close(fd);
	return other;
}

static void carry(const struct task *t, int epoll, int number, int fd)
{
	struct epoll_event event;
	int copy;

	if (!find_entry(t->process->pid, epoll, number, &event))
		return;
	copy = out_of_the_way(task_dup(t, epoll), number);
	if (copy < 0)
		return;
	add_as(copy, fd, number, &event);
	close(copy);
}

void epolls_carry(const struct task *t, int number, int fd)
{
	struct dirent *e;
	char path[40];
	DIR *dir;
	int own = out_of_the_way(fcntl(fd, F_DUPFD_CLOEXEC, 3), number);

	if (own < 0)
		return;
	snprintf(path, sizeof(path), "/proc/%d/fd", t->process->pid);
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		char link[32];
		ssize_t n = readlinkat(dirfd(dir), e->d_name, link, sizeof(link));

		if (n == (ssize_t)strlen(EPOLL_LINK) && !memcmp(link, EPOLL_LINK, (size_t)n))
			carry(t, (int)strtol(e->d_name, NULL, 10), number, own);
	}
	if (dir)
		closedir(dir);
	close(own);
}
