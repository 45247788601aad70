#include "watch/utf16.h"

#include "base/utf8.h"

enum {
	SURROGATE_FIRST = 0xD800,
	SURROGATE_LOW = 0xDC00,
	SURROGATE_LAST = 0xDFFF,
	BMP_LAST = 0xFFFF,
};

static bool is_surrogate(uint32_t c)
{
	return c >= SURROGATE_FIRST && c <= SURROGATE_LAST;
}

/* Control characters, line and paragraph separators, and code points that are no characters. */
static bool is_allowed(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029)
		return false;
	return (c & 0xFFFE) != 0xFFFE && !(c >= 0xFDD0 && c <= 0xFDEF);
}

enum rc utf16_count(struct view text, size_t *ret_n, struct err *e)
{
	size_t n = 0;

	while (text.n > 0) {
		uint32_t c = 0;
		if (!utf8_next(&text, &c))
			return fail(e, RC_SYNTAX, "text: not UTF-8");
		if (!is_allowed(c))
			return fail(e, RC_SYNTAX, "text: U+%04X is not allowed", (unsigned)c);
		n += c > BMP_LAST ? 2 : 1;
	}
	*ret_n = n;
	return RC_OK;
}

static void add_unit(struct content *c, uint32_t unit)
{
	static const char hex[] = "0123456789ABCDEF";
	const char digits[4] = {
		hex[unit >> 12 & 15], hex[unit >> 8 & 15], hex[unit >> 4 & 15], hex[unit & 15]};

	content_add(c, (struct view){.p = digits, .n = sizeof digits});
}

void utf16_add(struct content *c, struct view text)
{
	uint32_t u = 0;

	while (utf8_next(&text, &u)) {
		if (u <= BMP_LAST) {
			add_unit(c, u);
			continue;
		}
		u -= BMP_LAST + 1;
		add_unit(c, SURROGATE_FIRST + (u >> 10));
		add_unit(c, SURROGATE_LOW + (u & 0x3FF));
	}
}

static bool cut_unit(struct view *hex, uint32_t *ret)
{
	struct view digits;

	return view_cut(hex, 4, &digits) && num_hex32(digits, ret, NULL) == RC_OK;
}

/* The UTF-8 bytes of c. */
static size_t utf8_of(uint32_t c, char ret[4])
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c <= BMP_LAST ? 3 : 4;
	static const uint8_t heads[] = {0, 0, 0xC0, 0xE0, 0xF0};

	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		ret[i] = (char)(0x80 | (c & 0x3F));
	ret[0] = (char)(heads[n] | c);
	return n;
}

enum rc utf16_read(struct view hex, char *buf, size_t buf_size, size_t *ret_n, struct err *e)
{
	struct content out = {.p = buf, .size = buf_size};

	while (hex.n > 0) {
		uint32_t c = 0;
		uint32_t low = 0;
		char bytes[4];
		if (!cut_unit(&hex, &c))
			return fail(e, RC_SYNTAX, "text: four hex digits a unit expected");
		if (is_surrogate(c)) {
			if (c >= SURROGATE_LOW || !cut_unit(&hex, &low) || low < SURROGATE_LOW ||
				low > SURROGATE_LAST)
				return fail(
					e, RC_SYNTAX, "text: a surrogate without its other half");
			c = BMP_LAST + 1 + ((c - SURROGATE_FIRST) << 10) + (low - SURROGATE_LOW);
		}
		content_add(&out, (struct view){.p = bytes, .n = utf8_of(c, bytes)});
	}
	if (out.is_full)
		return fail(e, RC_LIMIT, "text: over %zu bytes", buf_size);
	*ret_n = out.n;
	return RC_OK;
}
