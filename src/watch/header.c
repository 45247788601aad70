#include "watch/header.h"

#include "watch/frame.h"

enum { SIGNATURE_N = 32, VENDOR_MIN = 2, LENGTH_N = 4 };

static size_t alnum_run(struct view in, size_t max)
{
	size_t reach = in.n < max ? in.n : max;
	size_t n = 0;

	while (n < reach && ascii_is_alnum(in.p[n]))
		n++;
	return n;
}

static size_t hex_run(struct view in, size_t max)
{
	size_t reach = in.n < max ? in.n : max;
	size_t n = 0;

	while (n < reach && ascii_hex(in.p[n]) >= 0)
		n++;
	return n;
}

/* Cuts min..max letters and digits and the '*' behind them. */
static enum rc cut_name(struct view *in, size_t min, size_t max, struct view *ret)
{
	size_t n = alnum_run(*in, max + 1);

	if (n > max)
		return RC_SYNTAX;
	if (n == in->n)
		return RC_MORE;
	if (in->p[n] != '*' || n < min)
		return RC_SYNTAX;
	*ret = (struct view){.p = in->p, .n = n};
	in->p += n + 1;
	in->n -= n + 1;
	return RC_OK;
}

/* Cuts exactly four hex digits and the '*' behind them. */
static enum rc cut_hex4(struct view *in, struct view *ret)
{
	size_t n = hex_run(*in, LENGTH_N);

	if (n == in->n)
		return RC_MORE;
	if (n < LENGTH_N)
		return RC_SYNTAX;
	if (in->n == LENGTH_N)
		return RC_MORE;
	if (in->p[LENGTH_N] != '*')
		return RC_SYNTAX;
	*ret = (struct view){.p = in->p, .n = LENGTH_N};
	in->p += LENGTH_N + 1;
	in->n -= LENGTH_N + 1;
	return RC_OK;
}

/* Vendor code, with the signature before it on yisai and TI platforms. */
static enum rc cut_vendor(struct view *in, struct header *ret)
{
	struct view name;
	enum rc rc = cut_name(in, VENDOR_MIN, SIGNATURE_N + FRAME_VENDOR_MAX, &name);

	if (rc != RC_OK)
		return rc;
	ret->signature = (struct view){.p = name.p, .n = 0};
	if (name.n > FRAME_VENDOR_MAX) {
		if (name.n < SIGNATURE_N + VENDOR_MIN || hex_run(name, SIGNATURE_N) < SIGNATURE_N)
			return RC_SYNTAX;
		if (!view_cut(&name, SIGNATURE_N, &ret->signature))
			return RC_SYNTAX;
	}
	ret->vendor = name;
	return RC_OK;
}

static uint32_t hex4_value(struct view digits)
{
	uint32_t value = 0;

	for (size_t i = 0; i < LENGTH_N; i++)
		value = value << 4 | (uint32_t)ascii_hex(digits.p[i]);
	return value;
}

enum rc header_read(struct view in, bool is_final, struct header *ret)
{
	struct view rest = {.p = in.p + 1, .n = in.n - 1};
	struct view digits;
	struct view more_digits;

	enum rc rc = cut_vendor(&rest, ret);
	if (rc == RC_OK)
		rc = cut_name(&rest, FRAME_ID_MIN, FRAME_ID_MAX, &ret->id);
	if (rc == RC_OK)
		rc = cut_hex4(&rest, &digits);
	if (rc != RC_OK)
		return rc;
	rc = cut_hex4(&rest, &more_digits);
	if (rc == RC_MORE && !is_final)
		return RC_MORE;
	bool has_index = rc == RC_OK;
	ret->index = has_index ? digits : (struct view){.p = digits.p, .n = 0};
	ret->declared = hex4_value(has_index ? more_digits : digits);
	ret->n = (size_t)(rest.p - in.p);
	return RC_OK;
}

enum rc header_starts(struct view in)
{
	struct header ignored;

	return cut_vendor(&in, &ignored);
}
