#include "base/utf8.h"

enum { CHAR_MAX_CODE = 0x10FFFF, SURROGATE_FIRST = 0xD800, SURROGATE_LAST = 0xDFFF };

/* Bytes of a sequence by its first byte; 0 for a byte that begins none. */
static size_t sequence_length(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xC2)
		return 0;
	if (first < 0xE0)
		return 2;
	if (first < 0xF0)
		return 3;
	return first < 0xF5 ? 4 : 0;
}

bool utf8_next(struct view *in, uint32_t *ret_char)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; /* by length */
	size_t n = in->n == 0 ? 0 : sequence_length((uint8_t)in->p[0]);

	if (n == 0 || n > in->n)
		return false;
	uint32_t c = (uint8_t)in->p[0];
	if (n > 1)
		c &= 0x7Fu >> n;
	for (size_t i = 1; i < n; i++) {
		uint8_t byte = (uint8_t)in->p[i];
		if ((byte & 0xC0) != 0x80)
			return false;
		c = c << 6 | (byte & 0x3Fu);
	}
	if (c < least[n] || c > CHAR_MAX_CODE || (c >= SURROGATE_FIRST && c <= SURROGATE_LAST))
		return false;
	in->p += n;
	in->n -= n;
	*ret_char = c;
	return true;
}
