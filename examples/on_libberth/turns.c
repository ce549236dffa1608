/* SPDX-License-Identifier: MIT */
/*
 * See turns.h. `turn` is the number of the program that runs; a thread that is not it sleeps on the
 * condition. `idle` counts who in a row has tried and had to wait: when that is everybody, nothing
 * but time can help.
 */
#include "turns.h"
#include "berkeley.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct program programs[PROGRAMS_MAX];
static int count, live, idle, turn;
static struct berth_world *world;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static _Thread_local struct program *me;

struct program *turns_me(void)
{
	return me;
}

struct berth_world *turns_world(void)
{
	return world;
}

struct berth_stack *turns_stack(void)
{
	return berth_world_stack(world, me->host);
}

void turns_progress(void)
{
	idle = 0;
}

bool turns_add(int host, int (*main)(int argc, char **argv), int argc, char **argv)
{
	if (count == PROGRAMS_MAX)
		return false;
	programs[count] = (struct program){
		.number = count, .host = host, .main = main, .argc = argc, .argv = argv};
	count++;
	return true;
}

/* Prints whole lines, with the host's name in front. */
static ssize_t print(void *cookie, const char *bytes, size_t n)
{
	struct program *p = cookie;

	for (size_t i = 0; i < n; i++) {
		if (bytes[i] != '\n' && p->line_bytes < sizeof(p->line)) {
			p->line[p->line_bytes++] = bytes[i];
			continue;
		}
		printf("%s | %.*s\n", berth_world_host_name(world, p->host), (int)p->line_bytes,
		       p->line);
		p->line_bytes = 0;
	}
	return (ssize_t)n;
}

/* The next that is not done; the lock is held. */
static void pass(void)
{
	me->optind = optind;
	do
		turn = (turn + 1) % count;
	while (live > 0 && programs[turn].done);
	pthread_cond_broadcast(&changed);
}

static void await(void)
{
	while (turn != me->number)
		pthread_cond_wait(&changed, &lock);
	optind = me->optind;
}

/* All wait: time goes on to whatever comes first. */
static void advance(void)
{
	berth_time next = berth_world_run(world, berth_world_now(world));

	for (int i = 0; i < count; i++) {
		if (!programs[i].done && programs[i].until < next)
			next = programs[i].until;
	}
	if (next == BERTH_TIME_NEVER) {
		fflush(stdout);
		fprintf(stderr, "everybody waits, and nothing will come\n");
		exit(3);
	}
	(void)berth_world_run(world, next);
	idle = 0;
}

bool turns_wait(berth_time until)
{
	me->until = until;
	(void)berth_world_run(world, berth_world_now(world));
	if (++idle >= live)
		advance();
	pass();
	await();
	return berth_world_now(world) < until;
}

static void *run(void *ctx)
{
	me = ctx;
	pthread_mutex_lock(&lock);
	await();
	berkeley_exit(me->main(me->argc, me->argv));
}

void berkeley_exit(int status)
{
	fclose(me->output);
	berkeley_close_all(me);
	(void)berth_world_run(world, berth_world_now(world));
	me->done = true;
	me->status = status;
	idle = 0;
	if (--live > 0)
		pass();
	pthread_mutex_unlock(&lock);
	pthread_exit(NULL);
}

int turns_run(struct berth_world *w)
{
	pthread_t threads[PROGRAMS_MAX];
	int status = 0;

	world = w;
	live = count;
	for (int i = 0; i < count; i++) {
		struct program *p = &programs[i];

		p->output = fopencookie(p, "w", (cookie_io_functions_t){.write = print});
		if (!p->output)
			return 1;
		setvbuf(p->output, NULL, _IOLBF, 0);
		/* 0: glibc's getopt() begins anew. */
		p->optind = 0;
		if (pthread_create(&threads[i], NULL, run, p) != 0)
			return 1;
	}
	for (int i = 0; i < count; i++) {
		pthread_join(threads[i], NULL);
		if (programs[i].status > status)
			status = programs[i].status;
	}
	return status;
}
