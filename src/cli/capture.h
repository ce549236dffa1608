/* SPDX-License-Identifier: MIT */
/* Packets to a pcapng file, or to standard output for a program that reads on. */
#ifndef CLI_CAPTURE_H
#define CLI_CAPTURE_H

#include <berth/world.h>

struct capture;
struct run;

/* `path` "-" is standard output. 0, or a negative errno of opening it. */
int capture_open(const struct berth_world *w, const char *path, struct capture **out);

/* Lends it the runner's timers, by which it goes on when a slow reader has stopped. */
void capture_serve(struct capture *c, struct run *run);

/* The world's time is the monotonic clock; the file has the date. */
void capture_packet(struct capture *c, const struct berth_packet_event *ev);

/* Ends the file, however slow its reader is; says what was left out. 0, or the negative errno of
 * the first write that failed. NULL is fine. */
int capture_close(struct capture *c);

#endif
