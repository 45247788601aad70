/* Fields with sounds and pictures: borrowed bytes, escaped on the wire (protocol section 1.1). */
#include "watch/escape.h"
#include "watch/field.h"

enum { PICTURE_MIN = 4 };

/* Bytes on the wire; 0 for what was not escaped as it must be. */
static size_t wire_size(const struct command *c)
{
	struct view v = c->payload;
	size_t n = v.n;

	if (c->is_payload_escaped)
		return escape_is_sound(v) && view_find(v, ',') == v.n && view_find(v, '*') == v.n
			       ? v.n
			       : 0;
	for (size_t i = 0; i < v.n; i++)
		n += memchr("}[],*", v.p[i], 5) != NULL;
	return n;
}

static enum rc check_size(const struct command *c, const struct field_at *at, struct err *e)
{
	size_t n = wire_size(c);

	if (n == 0)
		return fail(e, RC_SYNTAX, "%s: it is not escaped", at->field->name);
	if ((!c->is_payload_escaped && c->payload.n > COMMAND_PAYLOAD_MAX) ||
		n > COMMAND_ESCAPED_MAX)
		return fail(e, RC_LIMIT, "%s: over %d bytes, or %d escaped", at->field->name,
			COMMAND_PAYLOAD_MAX, COMMAND_ESCAPED_MAX);
	return RC_OK;
}

static enum rc check_absent(const struct command *c, const struct field_at *at, struct err *e)
{
	if (at->field->is_optional || c->is_payload_apart)
		return RC_OK;
	return fail(e, RC_LIMIT, "%s: it is missing", at->field->name);
}

static enum rc check_audio(const struct command *c, const struct field_at *at, struct err *e)
{
	if (c->payload.n == 0)
		return check_absent(c, at, e);
	if (c->is_payload_apart)
		return fail(e, RC_SYNTAX, "%s: it is apart and here", at->field->name);
	if (c->payload.n < COMMAND_VOICE_MIN)
		return fail(e, RC_LIMIT, "%s: at least %d bytes expected", at->field->name,
			COMMAND_VOICE_MIN);
	if (memcmp(c->payload.p, "#!AMR\n", 6) != 0)
		return fail(e, RC_SYNTAX, "%s: it is no AMR file", at->field->name);
	return check_size(c, at, e);
}

static enum rc check_picture(const struct command *c, const struct field_at *at, struct err *e)
{
	struct view v = c->payload;

	if (v.n == 0)
		return check_absent(c, at, e);
	if (c->is_payload_apart)
		return fail(e, RC_SYNTAX, "%s: it is apart and here", at->field->name);
	if (v.n < PICTURE_MIN || memcmp(v.p, "\xFF\xD8", 2) != 0 ||
		memcmp(v.p + v.n - 2, "\xFF\xD9", 2) != 0)
		return fail(e, RC_SYNTAX, "%s: it is no JPEG", at->field->name);
	return check_size(c, at, e);
}

static void write_payload(struct content *out, const struct command *c, const struct field_at *at)
{
	(void)at;
	if (c->payload.n > 0)
		content_add_payload(out, c->payload, c->is_payload_escaped);
}

static enum rc read_payload(
	struct view *in, struct command *c, const struct field_at *at, struct err *e)
{
	enum rc rc = field_value(in, at, &c->payload, e);

	c->is_payload_escaped = c->payload.n > 0;
	return rc;
}

static void pack_payload(struct pack_out *o, const struct command *c, const struct field_at *at)
{
	(void)at;
	pack_u8(o, (uint8_t)(c->is_payload_escaped | c->is_payload_apart << 1));
	pack_uint(o, c->payload.n);
	pack_bytes(o, c->payload.p, c->payload.n);
}

static void unpack_payload(struct pack_in *in, struct command *c, const struct field_at *at)
{
	uint64_t bits = unpack_uint(in, 3);

	(void)at;
	c->is_payload_escaped = (bits & 1) != 0;
	c->is_payload_apart = (bits & 2) != 0;
	c->payload = unpack_bytes(in, unpack_uint(in, COMMAND_ESCAPED_MAX));
	if (in->is_bad || c->payload.n == 0)
		c->payload = (struct view){.p = NULL};
}

/* Versions with voice keep the comma before an absent sound (values[0]). */
static void pack_audio(struct pack_out *o, const struct command *c, const struct field_at *at)
{
	if (at->field->member == MEMBER_VALUE_0)
		pack_u8(o, c->values[0] != 0);
	pack_payload(o, c, at);
}

static void unpack_audio(struct pack_in *in, struct command *c, const struct field_at *at)
{
	if (at->field->member == MEMBER_VALUE_0)
		c->values[0] = (int32_t)unpack_uint(in, 1);
	unpack_payload(in, c, at);
}

static enum rc read_audio(
	struct view *in, struct command *c, const struct field_at *at, struct err *e)
{
	if (at->field->member == MEMBER_VALUE_0)
		c->values[0] = 1;
	return read_payload(in, c, at, e);
}

const struct field_codec codec_audio = {
	COUNTER_NONE, check_audio, write_payload, read_audio, pack_audio, unpack_audio};
const struct field_codec codec_picture = {
	COUNTER_NONE, check_picture, write_payload, read_payload, pack_payload, unpack_payload};
