#include "base/json_out.h"

#include <stdlib.h>

#include "base/time_text.h"
#include "base/utf8.h"

void json_out_init(struct json_out *j, size_t limit_bytes)
{
	*j = (struct json_out){.limit = limit_bytes};
}

void json_out_done(struct json_out *j)
{
	free(j->text);
	*j = (struct json_out){.rc = RC_BUG};
}

void json_out_reset(struct json_out *j)
{
	j->n = 0;
	j->rc = RC_OK;
	j->depth = 0;
	j->has_items[0] = false;
}

/* Room for n more bytes, or NULL with the sticky failure set. */
static char *reserve(struct json_out *j, size_t n)
{
	if (j->rc != RC_OK)
		return NULL;
	if (n > j->limit || j->n > j->limit - n) {
		j->rc = RC_LIMIT;
		return NULL;
	}
	if (j->n + n > j->capacity) {
		size_t wanted = j->capacity < 512 ? 512 : j->capacity * 2;
		wanted = wanted < j->n + n ? j->n + n : wanted;
		char *grown = realloc(j->text, wanted);
		if (grown == NULL) {
			j->rc = RC_NOMEM;
			return NULL;
		}
		j->text = grown;
		j->capacity = wanted;
	}
	return j->text + j->n;
}

static void put(struct json_out *j, const char *p, size_t n)
{
	char *dst = n == 0 ? NULL : reserve(j, n);

	if (dst == NULL)
		return;
	memcpy(dst, p, n);
	j->n += n;
}

static void put_escape(struct json_out *j, char c)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char u = (unsigned char)c;
	char text[6] = {'\\', 'u', '0', '0', digits[u >> 4], digits[u & 15]};
	static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt";

	for (size_t i = 0; i + 1 < sizeof shorts; i += 2) {
		if (shorts[i] == c) {
			text[1] = shorts[i + 1];
			put(j, text, 2);
			return;
		}
	}
	put(j, text, sizeof text);
}

static void put_string(struct json_out *j, struct view v)
{
	put(j, "\"", 1);
	while (v.n > 0) {
		size_t plain = 0;
		while (plain < v.n && v.p[plain] >= 0x20 && v.p[plain] < 0x7F &&
			v.p[plain] != '"' && v.p[plain] != '\\')
			plain++;
		put(j, v.p, plain);
		v.p += plain;
		v.n -= plain;
		if (v.n == 0)
			break;
		struct view rest = v;
		uint32_t c = 0;
		if (!utf8_next(&rest, &c)) {
			put(j, "\xEF\xBF\xBD", 3);
			rest = (struct view){.p = v.p + 1, .n = v.n - 1};
		} else if (rest.p == v.p + 1) {
			put_escape(j, v.p[0]);
		} else {
			put(j, v.p, v.n - rest.n);
		}
		v = rest;
	}
	put(j, "\"", 1);
}

static void start_value(struct json_out *j, const char *key)
{
	if (j->has_items[j->depth])
		put(j, ",", 1);
	j->has_items[j->depth] = true;
	if (key != NULL) {
		put_string(j, view_of(key));
		put(j, ":", 1);
	}
}

static void open_level(struct json_out *j, const char *key, const char *opener, char closer)
{
	start_value(j, key);
	put(j, opener, 1);
	if (j->depth == JSON_DEPTH_MAX) {
		j->rc = RC_BUG;
		return;
	}
	j->depth++;
	j->has_items[j->depth] = false;
	j->closers[j->depth] = closer;
}

void json_object(struct json_out *j, const char *key)
{
	open_level(j, key, "{", '}');
}

void json_array(struct json_out *j, const char *key)
{
	open_level(j, key, "[", ']');
}

void json_end(struct json_out *j)
{
	if (j->depth == 0) {
		j->rc = RC_BUG;
		return;
	}
	put(j, &j->closers[j->depth], 1);
	j->depth--;
}

void json_text(struct json_out *j, const char *key, struct view value)
{
	start_value(j, key);
	put_string(j, value);
}

/* Decimal digits of v to the end of buf; returns where they start. */
static char *digits_of(uint64_t v, char *end)
{
	do {
		*--end = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	return end;
}

void json_int(struct json_out *j, const char *key, int64_t value)
{
	json_decimal(j, key, value, 0);
}

void json_decimal(struct json_out *j, const char *key, int64_t value, unsigned decimals)
{
	char buf[40];
	char *end = buf + sizeof buf;
	uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	for (; decimals > 0 && magnitude % 10 == 0; decimals--)
		magnitude /= 10;
	char *p = digits_of(magnitude, end);
	while ((size_t)(end - p) <= decimals)
		*--p = '0';
	start_value(j, key);
	if (value < 0)
		put(j, "-", 1);
	put(j, p, (size_t)(end - p) - decimals);
	if (decimals > 0) {
		put(j, ".", 1);
		put(j, end - decimals, decimals);
	}
}

void json_bool(struct json_out *j, const char *key, bool value)
{
	json_raw(j, key, value ? VIEW("true") : VIEW("false"));
}

void json_null(struct json_out *j, const char *key)
{
	json_raw(j, key, VIEW("null"));
}

void json_uid(struct json_out *j, const char *key, const struct uid *value)
{
	char text[UID_TEXT];

	uid_to_text(value, text);
	json_text(j, key, (struct view){.p = text, .n = UID_TEXT - 1});
}

void json_time(struct json_out *j, const char *key, int64_t utc_ms)
{
	char text[TIME_TEXT];

	time_to_text(utc_ms, text);
	json_text(j, key, (struct view){.p = text, .n = TIME_TEXT - 1});
}

void json_raw(struct json_out *j, const char *key, struct view json)
{
	start_value(j, key);
	put(j, json.p, json.n);
}

enum rc json_out_finish(struct json_out *j, struct view *ret_text, struct err *e)
{
	if (j->rc != RC_OK)
		return fail(e, j->rc, "json: %s after %zu bytes", rc_name(j->rc), j->n);
	if (j->depth != 0)
		return fail(e, RC_BUG, "json: %u levels are still open", j->depth);
	*ret_text = (struct view){.p = j->text, .n = j->n};
	return RC_OK;
}
