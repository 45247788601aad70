/* What every unit test includes first: cmocka with the headers that it needs, properties, and
 * allocations that fail on demand. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "prop.h"

/* cmocka's fail() would hide ours of base/err.h; fail_msg stays. */
#undef fail
#undef fail_msg
#define fail_msg(...)                                                                              \
	do {                                                                                       \
		print_error(__VA_ARGS__);                                                          \
		print_error("\n");                                                                 \
		_fail(__FILE__, __LINE__);                                                         \
	} while (0)

/* The allocation after `successes` more malloc, calloc, realloc or reallocarray calls of the code
 * under test answers NULL, once. Negative: none fails. */
void alloc_fail_after(long successes);
/* True when the failing allocation was reached since alloc_fail_after. */
int alloc_has_failed(void);
