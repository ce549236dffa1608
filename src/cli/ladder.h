/* SPDX-License-Identifier: MIT */
/* Ladder diagrams in text, 80 columns wide: who said what to whom, and when. */
#ifndef CLI_LADDER_H
#define CLI_LADDER_H

#include <stdbool.h>
#include <stdio.h>

struct events;

struct ladder_style {
	bool utf8; /* lines and arrows, else ASCII */
	bool colour;
};

/* Draws every conversation of a recording. */
void ladder_draw(const struct events *e, const struct ladder_style *style, FILE *out);

/* The same in the style that suits `out`: what the locale can show, colour on a terminal. */
void ladder_print(const struct events *e, FILE *out);

#endif
