/* Fields with a number: flags, counts, ranges, languages, zones. */
#include "base/num.h"
#include "watch/field.h"

enum {
	ZONE_MIN_MIN = -720,
	ZONE_MAX_MIN = 840,
	ZONE_STEP_MIN = 15,
	ZONE_MAX_HUNDREDTHS = 1400,
	MIN_PER_HOUR = 60,
	LANGUAGE_MAX = 36,
};

static int64_t get(const struct command *c, enum field_member member)
{
	switch (member) {
	case MEMBER_IS_ON:
		return c->is_on;
	case MEMBER_INTERVAL_S:
		return c->interval_s;
	case MEMBER_SLOT:
		return c->slot;
	case MEMBER_VALUE_0:
	case MEMBER_VALUE_1:
	case MEMBER_VALUE_2:
	case MEMBER_VALUE_3:
		return c->values[member - MEMBER_VALUE_0];
	case MEMBER_BY_TYPE:
	case MEMBER_WORD_0:
	case MEMBER_WORD_1:
	case MEMBER_WORD_2:
	case MEMBER_FROM:
	case MEMBER_TO:
		break;
	}
	return 0;
}

/* False when it does not fit the member. */
static bool set(struct command *c, enum field_member member, int64_t value)
{
	bool is_good = true;

	switch (member) {
	case MEMBER_IS_ON:
		c->is_on = value == 1;
		return value == 0 || value == 1;
	case MEMBER_INTERVAL_S:
		is_good = value >= 0 && value <= UINT32_MAX;
		c->interval_s = is_good ? (uint32_t)value : 0;
		return is_good;
	case MEMBER_SLOT:
		is_good = value >= 0 && value <= UINT8_MAX;
		c->slot = is_good ? (uint8_t)value : 0;
		return is_good;
	case MEMBER_VALUE_0:
	case MEMBER_VALUE_1:
	case MEMBER_VALUE_2:
	case MEMBER_VALUE_3:
		is_good = value >= INT32_MIN && value <= INT32_MAX;
		c->values[member - MEMBER_VALUE_0] = is_good ? (int32_t)value : 0;
		return is_good;
	case MEMBER_BY_TYPE:
	case MEMBER_WORD_0:
	case MEMBER_WORD_1:
	case MEMBER_WORD_2:
	case MEMBER_FROM:
	case MEMBER_TO:
		break;
	}
	return false;
}

static enum rc read_number(struct view *in, unsigned scale, struct command *c,
	const struct field_at *at, struct err *e)
{
	struct view v;
	int64_t value = 0;
	enum rc rc = field_value(in, at, &v, e);

	if (rc == RC_OK)
		rc = scale == 0 ? num_i64(v, INT32_MIN, INT32_MAX, &value, e)
				: num_decimal(v, scale, INT32_MIN, INT32_MAX, &value, e);
	if (rc == RC_OK && !set(c, at->field->member, value))
		rc = fail(e, RC_LIMIT, "command: %s out of range", at->field->name);
	return rc;
}

static enum rc read_int(
	struct view *in, struct command *c, const struct field_at *at, struct err *e)
{
	return read_number(in, 0, c, at, e);
}

static void pack_number(struct pack_out *o, const struct command *c, const struct field_at *at)
{
	pack_int(o, get(c, at->field->member));
}

static void unpack_number(struct pack_in *in, struct command *c, const struct field_at *at)
{
	int64_t value = unpack_int(in, INT32_MIN, UINT32_MAX);

	if (!set(c, at->field->member, value))
		in->is_bad = true;
}

static void write_number(struct content *out, const struct command *c, const struct field_at *at)
{
	content_add_number(out, get(c, at->field->member));
}

/* ---- what is always the same ---- */

static enum rc check_nothing(const struct command *c, const struct field_at *at, struct err *e)
{
	(void)c;
	(void)at;
	(void)e;
	return RC_OK;
}

static void write_fixed(struct content *out, const struct command *c, const struct field_at *at)
{
	(void)c;
	content_add(out, view_of(at->field->fixed));
}

static enum rc read_fixed(
	struct view *in, struct command *c, const struct field_at *at, struct err *e)
{
	struct view v;

	(void)c;
	if (field_value(in, at, &v, NULL) != RC_OK || !view_is(v, view_of(at->field->fixed)))
		return field_not_ours(e);
	return RC_OK;
}

static void pack_nothing(struct pack_out *o, const struct command *c, const struct field_at *at)
{
	(void)o;
	(void)c;
	(void)at;
}

static void unpack_nothing(struct pack_in *in, struct command *c, const struct field_at *at)
{
	(void)in;
	(void)c;
	(void)at;
}

/* ---- checks ---- */

static enum rc check_range(const struct command *c, const struct field_at *at, struct err *e)
{
	const struct command_field *f = at->field;
	int64_t value = get(c, f->member);

	if ((value >= f->min && value <= f->max) || (f->has_zero && value == 0))
		return RC_OK;
	return fail(e, RC_LIMIT, "%s: %d to %d%s%s expected, not %lld", f->name, (int)f->min,
		(int)f->max, f->unit == NULL ? "" : " ", f->unit == NULL ? "" : f->unit,
		(long long)value);
}

static enum rc check_flag(const struct command *c, const struct field_at *at, struct err *e)
{
	int64_t value = get(c, at->field->member);

	return value == 0 || value == 1 ? RC_OK
					: fail(e, RC_LIMIT, "%s: 0 or 1 expected", at->field->name);
}

static enum rc check_enum(const struct command *c, const struct field_at *at, struct err *e)
{
	int64_t value = get(c, at->field->member);

	for (const struct command_value *v = at->field->values; v->name != NULL; v++) {
		if (v->number == value)
			return RC_OK;
	}
	return fail(
		e, RC_LIMIT, "%s: %lld is none of its values", at->field->name, (long long)value);
}

/* The upper of two limits is above the lower one. */
static enum rc check_decimal(const struct command *c, const struct field_at *at, struct err *e)
{
	const struct command_field *before = at->field - 1;
	enum rc rc = check_range(c, at, e);

	if (rc != RC_OK || at->field == at->definition->fields || before->type != PARAM_DECIMAL)
		return rc;
	return get(c, at->field->member) > get(c, before->member)
		       ? RC_OK
		       : fail(e, RC_LIMIT, "%s: above %s expected", at->field->name, before->name);
}

/* Always one decimal: 35.0. */
static void write_decimal(struct content *out, const struct command *c, const struct field_at *at)
{
	int64_t value = get(c, at->field->member);

	content_add_number(out, value / 10);
	content_add(out, VIEW("."));
	content_add_number(out, value % 10);
}

static enum rc read_decimal(
	struct view *in, struct command *c, const struct field_at *at, struct err *e)
{
	return read_number(in, 1, c, at, e);
}

/* ---- how many follow ---- */

static void write_count(struct content *out, const struct command *c, const struct field_at *at)
{
	(void)at;
	content_add_number(out, c->list_n);
}

/* Compared when the list was read: command_read. */
static enum rc read_count(
	struct view *in, struct command *c, const struct field_at *at, struct err *e)
{
	struct view v;
	uint32_t n = 0;
	enum rc rc = field_value(in, at, &v, e);

	if (rc == RC_OK)
		rc = num_u32(v, UINT8_MAX, &n, e);
	uint32_t commas = 1;
	for (size_t i = 0; i < in->n; i++)
		commas += in->p[i] == ',';
	(void)c;
	if (rc == RC_OK && (in->p == NULL || n != commas))
		rc = fail(e, RC_SYNTAX, "command: %s does not fit what follows", at->field->name);
	return rc;
}

/* ---- language and zone ---- */

static enum rc check_language(const struct command *c, const struct field_at *at, struct err *e)
{
	/* section 5.2: the numbers of the LZ table */
	static const uint8_t known[] = {0, 1, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
		19, 22, 23, 25, 26, 27, 28, 29, LANGUAGE_MAX - 2, LANGUAGE_MAX};

	(void)at;
	if (memchr(known, c->language, sizeof known) == NULL)
		return fail(e, RC_SYNTAX, "language: %u is not in the table of the protocol",
			(unsigned)c->language);
	return RC_OK;
}

static void write_language(struct content *out, const struct command *c, const struct field_at *at)
{
	(void)at;
	content_add_number(out, c->language);
}

static enum rc read_language(
	struct view *in, struct command *c, const struct field_at *at, struct err *e)
{
	struct view v;
	uint32_t value = 0;
	enum rc rc = field_value(in, at, &v, e);

	if (rc == RC_OK)
		rc = num_u32(v, UINT8_MAX, &value, e);
	if (rc == RC_OK)
		c->language = (uint8_t)value; /* at most UINT8_MAX */
	return rc;
}

static void pack_language(struct pack_out *o, const struct command *c, const struct field_at *at)
{
	(void)at;
	pack_u8(o, c->language);
}

static void unpack_language(struct pack_in *in, struct command *c, const struct field_at *at)
{
	(void)at;
	c->language = unpack_u8(in);
}

static enum rc check_zone(const struct command *c, const struct field_at *at, struct err *e)
{
	(void)at;
	if (c->zone_min < ZONE_MIN_MIN || c->zone_min > ZONE_MAX_MIN ||
		c->zone_min % ZONE_STEP_MIN != 0)
		return fail(e, RC_SYNTAX,
			"zone: -12 h to +14 h in quarters of an hour expected, not %d minutes",
			(int)c->zone_min);
	return RC_OK;
}

/* Hours as 8, -3, 9.5, 5.75; yisai firmware reads whole hours only (section 5). */
static void write_zone(struct content *out, const struct command *c, const struct field_at *at)
{
	static const struct view quarters[] = {VIEW(""), VIEW(".25"), VIEW(".5"), VIEW(".75")};
	int magnitude = c->zone_min < 0 ? -c->zone_min : c->zone_min;

	if (at->is_yisai)
		magnitude = (magnitude + MIN_PER_HOUR / 2) / MIN_PER_HOUR * MIN_PER_HOUR;
	if (c->zone_min < 0 && magnitude > 0)
		content_add(out, VIEW("-"));
	content_add_number(out, magnitude / MIN_PER_HOUR);
	content_add(out, quarters[magnitude % MIN_PER_HOUR / ZONE_STEP_MIN]);
}

static enum rc read_zone(
	struct view *in, struct command *c, const struct field_at *at, struct err *e)
{
	struct view v;
	int64_t hundredths = 0;
	enum rc rc = field_value(in, at, &v, e);

	if (rc == RC_OK)
		rc = num_decimal(v, 2, -ZONE_MAX_HUNDREDTHS, ZONE_MAX_HUNDREDTHS, &hundredths, e);
	if (rc == RC_OK)
		c->zone_min = (int16_t)(hundredths * MIN_PER_HOUR / 100);
	return rc;
}

static void pack_zone(struct pack_out *o, const struct command *c, const struct field_at *at)
{
	(void)at;
	pack_int(o, c->zone_min);
}

static void unpack_zone(struct pack_in *in, struct command *c, const struct field_at *at)
{
	(void)at;
	c->zone_min = (int16_t)unpack_int(in, ZONE_MIN_MIN, ZONE_MAX_MIN);
}

/* ---- rows ---- */

const struct field_codec codec_fixed = {
	COUNTER_NONE, check_nothing, write_fixed, read_fixed, pack_nothing, unpack_nothing};
const struct field_codec codec_flag = {
	COUNTER_NONE, check_flag, write_number, read_int, pack_number, unpack_number};
const struct field_codec codec_int = {
	COUNTER_NONE, check_range, write_number, read_int, pack_number, unpack_number};
const struct field_codec codec_enum = {
	COUNTER_NONE, check_enum, write_number, read_int, pack_number, unpack_number};
const struct field_codec codec_decimal = {
	COUNTER_NONE, check_decimal, write_decimal, read_decimal, pack_number, unpack_number};
const struct field_codec codec_count = {
	COUNTER_NONE, check_nothing, write_count, read_count, pack_nothing, unpack_nothing};
const struct field_codec codec_language = {COUNTER_NONE, check_language, write_language,
	read_language, pack_language, unpack_language};
const struct field_codec codec_zone = {
	COUNTER_NONE, check_zone, write_zone, read_zone, pack_zone, unpack_zone};
