/* SPDX-License-Identifier: MIT */
/*
 * Numbers with units, in tc(8)'s words. A unit is required (except after a plain 0), because tc's
 * own defaults surprise: there a bare 100 is 100 microseconds.
 */
#ifndef CLI_UNITS_H
#define CLI_UNITS_H

#include <stdint.h>

#include <berth/types.h>

/* What to tell somebody who got one wrong, to follow "expected ". */
#define UNIT_TIME_EXPECTED "a time such as 40ms, 1.5s or 200us"
#define UNIT_RATE_EXPECTED "a rate such as 10mbit, 512kbit, 1gbit or 100kbps (bytes)"
#define UNIT_PERCENT_EXPECTED "a percentage from 0% to 100%, such as 1% or 0.5%"

/* Each returns 0; -EINVAL: not a number, or no such unit; -ERANGE: negative or too large. */

/* ns us ms s (also usec, usecs, msec, sec, ...) and min; up to a year. */
int unit_time(const char *s, berth_time *out);

/* bit kbit mbit gbit tbit; bps kbps ... are bytes; kibit, mibit ... powers of 1024. */
int unit_rate(const char *s, uint64_t *out_bits);

/* 0% to 100%, as 0 to 1. */
int unit_percent(const char *s, double *out);

/* A whole number from `min` to `max`. */
int unit_count(const char *s, uint64_t min, uint64_t max, uint64_t *out);

#endif
