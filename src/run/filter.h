/* SPDX-License-Identifier: MIT */
/*
 * The seccomp filter that carried programs run under, made from the table of calls.
 */
#ifndef RUN_FILTER_H
#define RUN_FILTER_H

struct sock_fprog;

/* Compiles the filter. 0 and *out, which filter_free() frees, or a negative errno. */
int filter_new(struct sock_fprog **out);
void filter_free(struct sock_fprog *f);

/* Puts the calling process under the filter for good. Returns the descriptor that its
 * notifications come from, or a negative errno. Safe between fork and exec. */
int filter_install(const struct sock_fprog *f);

#endif
