/* SPDX-License-Identifier: MIT */
/* All options of all protocols, one after the other: for documentation and tests. */
#ifndef STACK_OPTLIST_H
#define STACK_OPTLIST_H

#include "transport/option.h"

struct opt_doc {
	const struct opt_level *level;
	const struct opt_row *row;
};

/* The `i`th option of all tables; false past the last. */
bool optlist_row(unsigned i, struct opt_doc *out);

#endif
