/* SPDX-License-Identifier: MIT */
#include "base/check.h"

#include <assert.h>

_Noreturn void check_failed(const char *condition, const char *file, int line)
{
	__assert_fail(condition, file, (unsigned)line, "berth");
}
