/* SPDX-License-Identifier: MIT */
/*
 * Calls that wait: the supervisor never blocks, so a blocking call is a notification that
 * has not been answered yet.
 */
#ifndef RUN_PARK_H
#define RUN_PARK_H

#include "run/call.h"

/* Keeps a copy of a call until its carrier has news or its time is over. */
int park_add(const struct call *call);

/* Runs the parked calls of a carrier again, oldest first. */
void park_retry(struct carrier *c);

/* Forgets a parked call: nobody waits for it any more. */
void park_drop(struct call *parked);

/* Whether a thread still waits for the carrier; forgets those that do not. */
bool park_waits(struct carrier *c);

/* Forgets all of a carrier's. */
void park_drop_all(struct carrier *c);

#endif
