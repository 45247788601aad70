/* Numbers from outside, and sizes that must not overflow. Digits only, bounded, no locale, no
 * errno. Whatever does not match exactly is RC_SYNTAX; what matches but is out of range is
 * RC_LIMIT. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/view.h"

/* Decimal digits, 0..max. */
MUST_CHECK enum rc num_u32(struct view v, uint32_t max, uint32_t *ret, struct err *e);
MUST_CHECK enum rc num_u64(struct view v, uint64_t max, uint64_t *ret, struct err *e);

/* Optional leading '-' or '+', then decimal digits; min..max. */
MUST_CHECK enum rc num_i64(struct view v, int64_t min, int64_t max, int64_t *ret, struct err *e);

/* Hex digits of either case without prefix, 1..8 of them (u32). */
MUST_CHECK enum rc num_hex32(struct view v, uint32_t *ret, struct err *e);

/* A decimal number such as "-12.5", ".5", "7.": optional sign, digits, optional point and digits,
 * no exponent, at least one digit. The result is the value times 10^scale (scale 0..9), rounded
 * half away from zero when more decimals are there; min..max apply to the scaled value. */
MUST_CHECK enum rc num_decimal(
	struct view v, unsigned scale, int64_t min, int64_t max, int64_t *ret, struct err *e);

/* *ret = a + b, a * b; false on overflow. */
MUST_CHECK static inline bool size_add(size_t a, size_t b, size_t *ret)
{
	return !__builtin_add_overflow(a, b, ret);
}

MUST_CHECK static inline bool size_mul(size_t a, size_t b, size_t *ret)
{
	return !__builtin_mul_overflow(a, b, ret);
}
