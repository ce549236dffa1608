/* SPDX-License-Identifier: MIT */
/*
 * What a program has told epoll about a descriptor, when berth puts another file behind its number.
 */
#ifndef RUN_EPOLLS_H
#define RUN_EPOLLS_H

struct task;

/* Tells every epoll instance of the thread's process that watches its descriptor `number` to watch
 * the file of `fd`, which is about to take over this number, in the same way. What fails is lost.
 */
void epolls_carry(const struct task *t, int number, int fd);

#endif
