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

#ifdef KINWARD_ANALYZE
/* cmocka's assertions leave the test by longjmp, which static analysis (scripts/lint) does not see.
 */
static inline void analyze_only_if(int is_so)
{
	if (!is_so)
		abort();
}
#undef assert_true
#undef assert_false
#undef assert_int_equal
#undef assert_non_null
#define assert_true(is_so) analyze_only_if((is_so) != 0)
#define assert_false(is_so) analyze_only_if((is_so) == 0)
#define assert_int_equal(a, b) analyze_only_if((a) == (b))
#define assert_non_null(p) analyze_only_if((p) != NULL)
#endif

/* The allocation after `successes` more malloc, calloc, realloc or reallocarray calls of the code
 * under test answers NULL, once. Negative: none fails. */
void alloc_fail_after(long successes);
/* True when the failing allocation was reached since alloc_fail_after. */
int alloc_has_failed(void);
