#include "watch/encode.h"

#include "watch/escape.h"
#include "watch/frame.h"

enum { INDEX_N = 4, LENGTH_N = 4 };

void content_add(struct content *c, struct view text)
{
	if (text.n > c->size - c->n) {
		c->is_full = true;
		return;
	}
	if (text.n > 0)
		memcpy(c->p + c->n, text.p, text.n);
	c->n += text.n;
}

void content_add_number(struct content *c, int64_t value)
{
	char digits[20];
	size_t at = sizeof digits;
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (value < 0)
		content_add(c, VIEW("-"));
	content_add(c, (struct view){.p = digits + at, .n = sizeof digits - at});
}

void content_add_payload(struct content *c, struct view payload, bool is_escaped)
{
	size_t n = 0;

	c->payload_at = c->n;
	if (is_escaped)
		content_add(c, payload);
	else if (escape_write(payload, c->p + c->n, c->size - c->n, &n, NULL) == RC_OK)
		c->n += n;
	else
		c->is_full = true;
	c->payload_n = c->n - c->payload_at;
}

static bool is_alnum(struct view v, size_t min, size_t max)
{
	for (size_t i = 0; i < v.n; i++) {
		if (!ascii_is_alnum(v.p[i]))
			return false;
	}
	return v.n >= min && v.n <= max;
}

static bool is_index(struct view v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (ascii_hex(v.p[i]) < 0)
			return false;
	}
	return v.n == 0 || v.n == INDEX_N;
}

static bool is_harmless(const struct content *c)
{
	struct view payload = {.p = c->p + c->payload_at, .n = c->payload_n};

	if (c->payload_n > 0 && !escape_is_sound(payload))
		return false;
	for (size_t i = 0; i < c->n; i++) {
		char b = c->p[i];
		if (i - c->payload_at < c->payload_n)
			continue;
		if (b <= ' ' || b >= 0x7F || b == '[' || b == ']' || b == '*' || b == '}')
			return false;
	}
	return c->n > 0;
}

enum rc encode_frame(const struct addressee *to, const struct content *content, char *buf,
	size_t buf_size, size_t *ret_n, struct err *e)
{
	static const char hex[] = "0123456789ABCDEF";
	struct content out = {.p = buf, .size = buf_size};
	char length[LENGTH_N];

	if (!is_alnum(to->vendor, 2, FRAME_VENDOR_MAX) ||
		!is_alnum(to->id, FRAME_ID_MIN, FRAME_ID_MAX) || !is_index(to->index))
		return fail(e, RC_SYNTAX, "frame: vendor code, ID or index of a wrong form");
	if (content->is_full || content->n > UINT16_MAX)
		return fail(e, RC_LIMIT, "frame: content is too long");
	if (!is_harmless(content))
		return fail(e, RC_SYNTAX, "frame: a character that is not allowed in the content");
	for (size_t i = 0; i < LENGTH_N; i++)
		length[i] = hex[content->n >> (12 - 4 * i) & 15];
	content_add(&out, VIEW("["));
	content_add(&out, to->vendor);
	content_add(&out, VIEW("*"));
	content_add(&out, to->id);
	content_add(&out, VIEW("*"));
	if (to->index.n > 0) {
		content_add(&out, to->index);
		content_add(&out, VIEW("*"));
	}
	content_add(&out, (struct view){.p = length, .n = sizeof length});
	content_add(&out, VIEW("*"));
	content_add(&out, (struct view){.p = content->p, .n = content->n});
	content_add(&out, VIEW("]"));
	if (out.is_full)
		return fail(e, RC_LIMIT, "frame: over %zu bytes", buf_size);
	*ret_n = out.n;
	return RC_OK;
}
