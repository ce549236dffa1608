/* SPDX-License-Identifier: MIT */
/*
 * A figure of CPU time: several rounds of one measurement, in ns and in cycles of the core.
 *
 * Machines differ in their clock, and one machine from day to day, so each round also times a chain
 * of additions, each of which needs the one before it: a cycle each on any core of today. What
 * a round took is divided by what a cycle took beside it. What cycles do not show is a neighbour on
 * the same core: see the last line printed, measure pinned, and compare the least of many rounds.
 */
#ifndef BENCH_FIGURE_H
#define BENCH_FIGURE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIGURE_ROUNDS_MAX 99

struct figure {
	const char *name;
	/* ns of CPU that one of what is measured takes. */
	double (*measure)(const struct figure *f);
	unsigned long argument; /* what measure() makes of it */
	int rounds;
	double ns[FIGURE_ROUNDS_MAX], cycles[FIGURE_ROUNDS_MAX];
};

static inline double cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* ns per addition that waits for the one before it: a cycle. The compiler may not know the
 * numbers, or it would add them all at once; nor may a core, so they are not immediate ones. */
static inline double cycle_ns(void)
{
	enum { TURNS = 200000, ADDS = 16 };
	uint64_t sum = 0;
	uint64_t step = 1;
	double start = cpu_ns();

	__asm__ volatile("" : "+r"(step));
	for (int i = 0; i < TURNS; i++) {
#pragma GCC unroll 16
		for (int j = 0; j < ADDS; j++) {
			sum += step;
			__asm__ volatile("" : "+r"(sum));
		}
	}
	return (cpu_ns() - start) / ((double)TURNS * ADDS);
}

/* ns per addition when four at a time wait for nothing: a quarter of a cycle, or the core is shared
 * with a neighbour (hyper-threads), which slows everything but the chain above. */
static inline double addition_ns(void)
{
	enum { TURNS = 200000, ADDS = 4 };
	uint64_t a = 0, b = 0, c = 0, d = 0;
	uint64_t step = 1;
	double start = cpu_ns();

	__asm__ volatile("" : "+r"(step));
	for (int i = 0; i < TURNS; i++) {
#pragma GCC unroll 4
		for (int j = 0; j < ADDS; j++) {
			a += step;
			b += step;
			c += step;
			d += step;
			__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d));
		}
	}
	return (cpu_ns() - start) / ((double)TURNS * ADDS * 4);
}

static inline void figure_round(struct figure *f)
{
	double before = cycle_ns();
	double ns = f->measure(f);
	double cycle = (before + cycle_ns()) / 2;

	f->ns[f->rounds] = ns;
	f->cycles[f->rounds++] = ns / cycle;
}

static inline int figure_order(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Median and least. */
static inline void figure_print(struct figure *f)
{
	size_t rounds = (size_t)f->rounds;

	qsort(f->ns, rounds, sizeof(double), figure_order);
	qsort(f->cycles, rounds, sizeof(double), figure_order);
	printf("%-28s%8.0f ns (least %.0f)%10.0f cycles (least %.0f)\n", f->name, f->ns[rounds / 2],
	       f->ns[0], f->cycles[rounds / 2], f->cycles[0]);
}

/* Round after round, so that a change of the machine's mood meets all of them. */
static inline void figures_run(struct figure *figures, size_t count, const char *word, int rounds)
{
	double cycle = cycle_ns();
	double addition = addition_ns();

	if (rounds < 1 || rounds > FIGURE_ROUNDS_MAX)
		rounds = 1;
	for (int i = 0; i < rounds; i++) {
		for (size_t j = 0; j < count; j++) {
			if (strstr(figures[j].name, word) != NULL)
				figure_round(&figures[j]);
		}
	}
	for (size_t j = 0; j < count; j++) {
		if (figures[j].rounds)
			figure_print(&figures[j]);
	}
	printf("%-28s%8.2f GHz, %.1f additions a cycle\n", "the core", 1 / cycle, cycle / addition);
}

#endif
