#include "sim/downlink.h"

#include "base/num.h"

enum { HEADER_FIELD_MAX = 24, HEADER_MAX = 75 };

/* Everything up to the next '[' behind the first byte is lost, as it would be in a watch. */
static enum rc drop(struct view *in, struct downlink *ret, struct err *e, const char *why)
{
	size_t n = 1;

	while (n < in->n && in->p[n] != '[')
		n++;
	*ret = (struct downlink){.whole = {.p = in->p, .n = n}};
	in->p += n;
	in->n -= n;
	return fail(e, RC_SYNTAX, "downlink: %s", why);
}

static bool read_header(struct view *rest, bool has_index, struct downlink *d, uint32_t *ret_length)
{
	struct view digits;

	if (!view_cut_until(rest, '*', HEADER_FIELD_MAX, &d->vendor) ||
		!view_cut_until(rest, '*', HEADER_FIELD_MAX, &d->id))
		return false;
	if (has_index && !view_cut_until(rest, '*', 4, &d->index))
		return false;
	if (!view_cut_until(rest, '*', 4, &digits) || digits.n != 4)
		return false;
	return num_hex32(digits, ret_length, NULL) == RC_OK;
}

enum rc downlink_read(struct view *in, bool has_index, struct downlink *ret, struct err *e)
{
	struct view rest = *in;
	struct view open;
	struct view close;
	struct downlink d = {0};
	uint32_t length = 0;

	if (!view_cut(&rest, 1, &open))
		return RC_MORE;
	if (open.p[0] != '[')
		return drop(in, ret, e, "no bracket at the start");
	if (!read_header(&rest, has_index, &d, &length)) {
		if (in->n < HEADER_MAX)
			return RC_MORE;
		return drop(in, ret, e, "no header");
	}
	if (length > DOWNLINK_FRAME_MAX)
		return drop(in, ret, e, "longer than a watch can take");
	if (!view_cut(&rest, length, &d.content) || !view_cut(&rest, 1, &close))
		return RC_MORE;
	if (close.p[0] != ']')
		return drop(in, ret, e, "the length does not lead to the closing bracket");
	d.whole = (struct view){.p = in->p, .n = in->n - rest.n};
	struct view fields = d.content;
	if (!view_cut_field(&fields, ',', &d.keyword))
		d.keyword = d.content;
	d.params = fields;
	*ret = d;
	*in = rest;
	return RC_OK;
}

static bool read_unit(struct view *hex, uint32_t *ret)
{
	struct view four;

	return view_cut(hex, 4, &four) && num_hex32(four, ret, NULL) == RC_OK;
}

static size_t utf8_write(uint32_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

bool downlink_text(struct view hex, char *ret_utf8, size_t size)
{
	size_t n = 0;
	uint32_t unit = 0;
	uint32_t low = 0;
	char bytes[4];

	ret_utf8[0] = '\0';
	while (hex.n > 0) {
		if (!read_unit(&hex, &unit) || (unit >= 0xdc00 && unit < 0xe000))
			return false;
		if (unit >= 0xd800 && unit < 0xdc00) {
			if (!read_unit(&hex, &low) || low < 0xdc00 || low >= 0xe000)
				return false;
			unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
		}
		size_t more = utf8_write(unit, bytes);
		if (n + more + 1 > size)
			return true;
		for (size_t i = 0; i < more; i++)
			ret_utf8[n++] = bytes[i];
		ret_utf8[n] = '\0';
	}
	return true;
}
