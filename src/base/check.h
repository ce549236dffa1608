/* SPDX-License-Identifier: MIT */
/*
 * Assertions, for programmers' mistakes only: never for packets or for what a program passes.
 * ASSERT stays in release builds; INVARIANT is for checks that walk a structure.
 */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#include <stddef.h>

/* Prints the failed condition and where it stands, then aborts. */
_Noreturn void check_failed(const char *condition, const char *file, int line);

#define ASSERT(condition)                                                                          \
	((condition) ? (void)0 : check_failed(#condition, __FILE__, __LINE__))

/* INVARIANTS: whether they are checked, for who would walk a structure for nothing else. */
#ifdef BERTH_DEBUG
#define INVARIANTS 1
#define INVARIANT(condition) ASSERT(condition)
#else
#define INVARIANTS 0
#define INVARIANT(condition) ((void)sizeof(!(condition)))
#endif

#define STATIC_ASSERT(condition) _Static_assert(condition, #condition)

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr) - offsetof(type, member)))

#endif
