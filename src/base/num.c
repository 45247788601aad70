#include "base/num.h"

enum rc num_u64(struct view v, uint64_t max, uint64_t *ret, struct err *e)
{
	uint64_t value = 0;

	if (v.n == 0)
		return fail(e, RC_SYNTAX, "number: digits expected, nothing found");
	for (size_t i = 0; i < v.n; i++) {
		if (!ascii_is_digit(v.p[i]))
			return fail(e, RC_SYNTAX, "number: digits only, at byte %zu", i);
		if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(v.p[i] - '0'), &value))
			return fail(e, RC_LIMIT, "number: over 64 bits");
	}
	if (value > max)
		return fail(e, RC_LIMIT, "number: %llu is over %llu", (unsigned long long)value,
			(unsigned long long)max);
	*ret = value;
	return RC_OK;
}

enum rc num_u32(struct view v, uint32_t max, uint32_t *ret, struct err *e)
{
	uint64_t value = 0;
	enum rc rc = num_u64(v, max, &value, e);

	if (rc == RC_OK)
		*ret = (uint32_t)value; /* at most max, which is 32 bits */
	return rc;
}

enum rc num_i64(struct view v, int64_t min, int64_t max, int64_t *ret, struct err *e)
{
	return num_decimal((struct view){.p = v.p, .n = view_find(v, '.') == v.n ? v.n : 0}, 0, min,
		max, ret, e);
}

enum rc num_hex32(struct view v, uint32_t *ret, struct err *e)
{
	uint32_t value = 0;

	if (v.n == 0)
		return fail(e, RC_SYNTAX, "hex number: digits expected, nothing found");
	for (size_t i = 0; i < v.n; i++) {
		int digit = ascii_hex(v.p[i]);
		if (digit < 0)
			return fail(e, RC_SYNTAX, "hex number: no hex digit at byte %zu", i);
		if (i >= 8)
			return fail(e, RC_LIMIT, "hex number: over 8 digits");
		value = value << 4 | (uint32_t)digit;
	}
	*ret = value;
	return RC_OK;
}

static bool add_digit(int64_t *value, int digit)
{
	return !__builtin_mul_overflow(*value, (int64_t)10, value) &&
	       !__builtin_add_overflow(*value, (int64_t)digit, value);
}

/* The digits of a decimal number without its sign, scaled and rounded. */
static enum rc scan_decimal(struct view v, unsigned scale, int64_t *ret, struct err *e)
{
	int64_t value = 0;
	size_t digits = 0;
	unsigned decimals = 0;
	bool has_point = false;
	int rounding = -1; /* first digit beyond the scale */

	for (size_t i = 0; i < v.n; i++) {
		char c = v.p[i];
		if (c == '.' && !has_point) {
			has_point = true;
			continue;
		}
		if (!ascii_is_digit(c))
			return fail(e, RC_SYNTAX, "decimal: no digit at byte %zu", i);
		digits++;
		if (has_point && decimals == scale) {
			if (rounding < 0)
				rounding = c - '0';
			continue;
		}
		decimals += has_point ? 1 : 0;
		if (!add_digit(&value, c - '0'))
			return fail(e, RC_LIMIT, "decimal: over 63 bits");
	}
	if (digits == 0)
		return fail(e, RC_SYNTAX, "decimal: digits expected, nothing found");
	for (; decimals < scale; decimals++) {
		if (!add_digit(&value, 0))
			return fail(e, RC_LIMIT, "decimal: over 63 bits");
	}
	if (rounding >= 5 && __builtin_add_overflow(value, (int64_t)1, &value))
		return fail(e, RC_LIMIT, "decimal: over 63 bits");
	*ret = value;
	return RC_OK;
}

enum rc num_decimal(
	struct view v, unsigned scale, int64_t min, int64_t max, int64_t *ret, struct err *e)
{
	bool is_negative = v.n > 0 && v.p[0] == '-';
	int64_t value = 0;

	if (v.n > 0 && (v.p[0] == '-' || v.p[0] == '+')) {
		v.p++;
		v.n--;
	}
	enum rc rc = scan_decimal(v, scale, &value, e);
	if (rc != RC_OK)
		return rc;
	if (is_negative)
		value = -value;
	if (value < min || value > max)
		return fail(e, RC_LIMIT, "decimal: %lld is not in %lld..%lld", (long long)value,
			(long long)min, (long long)max);
	*ret = value;
	return RC_OK;
}
