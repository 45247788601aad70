#include "domain/text.h"

#include "base/utf8.h"

static bool is_hidden(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) ||
	       (c >= 0xe0000 && c <= 0xe007f) || (c & 0xfffe) == 0xfffe;
}

/* U+200D joins emoji (families, flags) and is wanted inside names and messages. */
static bool is_allowed(uint32_t c, bool may_have_lines)
{
	return c == 0x200d || (may_have_lines && c == '\n') || !is_hidden(c);
}

static bool is_clean(struct view v, size_t chars_min, size_t chars_max, bool may_have_lines)
{
	size_t n = 0;
	uint32_t c = 0;

	while (utf8_next(&v, &c)) {
		if (!is_allowed(c, may_have_lines) || ++n > chars_max)
			return false;
	}
	return v.n == 0 && n >= chars_min;
}

bool text_is_clean(struct view v, size_t chars_min, size_t chars_max)
{
	return is_clean(v, chars_min, chars_max, false);
}

bool text_is_name(struct view v)
{
	return v.n <= 200 && text_is_clean(v, 1, 80) && view_trim(v).n > 0;
}

bool text_is_note(struct view v, size_t chars_max)
{
	return is_clean(v, 0, chars_max, true);
}

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool text_is_login(struct view v)
{
	if (v.n < 3 || v.n > 64)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		if (!is_letter_or_digit(v.p[i]) && memchr("._-@+", v.p[i], 5) == NULL)
			return false;
	}
	return true;
}

bool text_is_language(struct view v)
{
	if (v.n < 2 || v.n > 11 || v.p[0] == '-' || v.p[v.n - 1] == '-')
		return false;
	for (size_t i = 0; i < v.n; i++) {
		if (!is_letter_or_digit(v.p[i]) && v.p[i] != '-')
			return false;
	}
	return true;
}

void text_mask(struct view v, char *dst, size_t dst_size)
{
	size_t n = v.n < dst_size ? v.n : dst_size - 1;

	for (size_t i = 0; i < n; i++)
		dst[i] = i + 4 < v.n ? '*' : v.p[i];
	dst[n] = '\0';
}
