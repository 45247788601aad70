#include "watch/command.h"

#include "watch/field.h"

enum { PACK_VERSION = 2 };

static const struct field_codec *const codecs[PARAM_TYPE_COUNT] = {
	[PARAM_FIXED] = &codec_fixed,
	[PARAM_FLAG] = &codec_flag,
	[PARAM_INT] = &codec_int,
	[PARAM_ENUM] = &codec_enum,
	[PARAM_DECIMAL] = &codec_decimal,
	[PARAM_COUNT] = &codec_count,
	[PARAM_LANGUAGE] = &codec_language,
	[PARAM_ZONE] = &codec_zone,
	[PARAM_PHONE] = &codec_phone,
	[PARAM_NAME] = &codec_name,
	[PARAM_ENTRY] = &codec_entry,
	[PARAM_TEXT] = &codec_text,
	[PARAM_WORD] = &codec_word,
	[PARAM_HOST] = &codec_host,
	[PARAM_DIGITS] = &codec_digits,
	[PARAM_MAC] = &codec_mac,
	[PARAM_HHMM] = &codec_hhmm,
	[PARAM_DAYS] = &codec_days,
	[PARAM_WINDOW] = &codec_window,
	[PARAM_WINDOW_DAYS] = &codec_window_days,
	[PARAM_ALARM] = &codec_alarm,
	[PARAM_POINT] = &codec_point,
	[PARAM_APP] = &codec_app,
	[PARAM_PERIODS] = &codec_periods,
	[PARAM_LESSONS] = &codec_lessons,
	[PARAM_AUDIO] = &codec_audio,
	[PARAM_PICTURE] = &codec_picture,
};

const struct field_codec *field_codec(enum command_param type)
{
	return codecs[type];
}

/* ---- how many values ---- */

static unsigned count_min(const struct command_field *f)
{
	return f->repeat_max == 0 ? 1 : f->repeat_min;
}

static unsigned count_max(const struct command_field *f)
{
	return f->repeat_max == 0 ? 1 : f->repeat_max;
}

static unsigned count_of(const struct command *c, enum field_counter counter)
{
	switch (counter) {
	case COUNTER_LIST:
		return c->list_n;
	case COUNTER_ENTRIES:
		return c->entries_n;
	case COUNTER_NONE:
		break;
	}
	return 1;
}

/* ---- what is allowed ---- */

static enum rc check_field(const struct command *c, struct field_at *at, struct err *e)
{
	const struct command_field *f = at->field;
	const struct field_codec *codec = codecs[f->type];
	unsigned n = count_of(c, codec->counter);
	enum rc rc = RC_OK;

	if (codec->counter != COUNTER_NONE && (n < count_min(f) || n > count_max(f)))
		return fail(e, RC_LIMIT, "%s: %u to %u expected, not %u", f->name, count_min(f),
			count_max(f), n);
	for (at->i = 0; at->i < n && rc == RC_OK; at->i++)
		rc = codec->check(c, at, e);
	return rc;
}

enum rc command_check(const struct command *c, struct err *e)
{
	const struct command_definition *d = command_definition(c->kind);
	enum rc rc = RC_OK;

	if (d == NULL)
		return fail(e, RC_SYNTAX, "command: unknown kind %d", (int)c->kind);
	if (c->dialect >= DIALECT_COUNT)
		return fail(e, RC_SYNTAX, "command: unknown dialect %u", (unsigned)c->dialect);
	for (size_t i = 0; i < d->fields_n && rc == RC_OK; i++) {
		struct field_at at = {.definition = d, .field = &d->fields[i]};
		rc = check_field(c, &at, e);
	}
	if (rc == RC_OK && c->kind == COMMAND_FALL_SENSITIVITY && c->values[0] > c->values[1])
		rc = fail(e, RC_LIMIT, "level: at most the number of levels expected");
	return rc;
}

/* ---- between roles ---- */

enum rc command_pack(
	const struct command *c, uint8_t *buf, size_t buf_size, size_t *ret_n, struct err *e)
{
	struct pack_out o = {.p = buf, .size = buf_size};
	enum rc rc = command_check(c, e);

	if (rc != RC_OK)
		return rc;
	const struct command_definition *d = command_definition(c->kind);
	pack_u8(&o, PACK_VERSION);
	pack_u8(&o, (uint8_t)c->kind);
	pack_u8(&o, c->dialect);
	for (size_t i = 0; i < d->fields_n; i++) {
		struct field_at at = {.definition = d, .field = &d->fields[i]};
		const struct field_codec *codec = codecs[at.field->type];
		unsigned n = count_of(c, codec->counter);
		if (codec->counter != COUNTER_NONE)
			pack_u8(&o, (uint8_t)n);
		for (at.i = 0; at.i < n; at.i++)
			codec->pack(&o, c, &at);
	}
	if (o.is_full)
		return fail(e, RC_LIMIT, "command: does not fit in %zu bytes", buf_size);
	*ret_n = o.n;
	return RC_OK;
}

static void unpack_field(struct pack_in *in, struct command *c, struct field_at *at)
{
	const struct field_codec *codec = codecs[at->field->type];
	unsigned n = 1;

	if (codec->counter != COUNTER_NONE)
		n = (unsigned)unpack_uint(in, count_max(at->field));
	if (codec->counter == COUNTER_LIST)
		c->list_n = (uint8_t)n; /* at most repeat_max */
	if (codec->counter == COUNTER_ENTRIES)
		c->entries_n = (uint8_t)n;
	for (at->i = 0; at->i < n && !in->is_bad; at->i++)
		codec->unpack(in, c, at);
}

enum rc command_unpack(struct view packed, struct command *ret, struct err *e)
{
	struct pack_in in = pack_in_of(packed);
	struct command c = {.kind = COMMAND_LOCATE};

	in.is_bad = unpack_u8(&in) != PACK_VERSION;
	c.kind = (enum command_kind)unpack_uint(&in, COMMAND_KIND_COUNT - 1);
	c.dialect = (uint8_t)unpack_uint(&in, DIALECT_COUNT - 1);
	const struct command_definition *d = command_definition(c.kind);
	for (size_t i = 0; i < d->fields_n && !in.is_bad; i++) {
		struct field_at at = {.definition = d, .field = &d->fields[i]};
		unpack_field(&in, &c, &at);
	}
	if (!unpack_is_done(&in))
		return fail(e, RC_SYNTAX, "command: damaged after packing (%zu bytes)", packed.n);
	enum rc rc = command_check(&c, e);
	if (rc == RC_OK)
		*ret = c;
	return rc;
}
