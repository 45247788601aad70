#include "watch/command.h"

#include "watch/command_table.h"
#include "watch/utf16.h"

enum {
	PACK_VERSION = 1,
	ZONE_MIN_MIN = -720,
	ZONE_MAX_MIN = 840,
	ZONE_STEP_MIN = 15,
	LANGUAGE_MAX = 36
};

/* clang-format off */
static const struct command_row rows[COMMAND_KIND_COUNT] = {
	[COMMAND_LOCATE] = {"CR", "locate", FORM_BARE, true, false, {"CR"}},
	[COMMAND_FIND] = {"FIND", "find", FORM_BARE, false, false, {"FIND"}},
	[COMMAND_MESSAGE] = {"MESSAGE", "message", FORM_TEXT, false, false, {"MESSAGE"}},
	[COMMAND_LANGUAGE_ZONE] = {"LZ", "language_zone", FORM_LANGUAGE_ZONE, true, false, {"LZ"}},
	[COMMAND_LANGUAGE] = {"LANG", "language", FORM_LANGUAGE, true, false, {"LANG"}},
	[COMMAND_ZONE] = {"ZONE", "zone", FORM_ZONE, true, false, {"ZONE"}},
	[COMMAND_UPLOAD_INTERVAL] = {"UPLOAD", "upload_interval", FORM_INTERVAL, true, false, {"UPLOAD"}},
	[COMMAND_VERSION] = {"VERNO", "version", FORM_BARE, true, false, {"VERNO"}},
	[COMMAND_STATUS] = {"TS", "status", FORM_BARE, true, false, {"TS"}},
	[COMMAND_PASSWORD] = {"PW", "password", FORM_DIGITS, true, true, {"PW"}},
	[COMMAND_AUTO_ANSWER_OFF] = {"ACALL", "auto_answer_off", FORM_ZERO, true, true, {"ACALL"}},
	[COMMAND_AUTO_PICKUP_OFF] = {"AUTO", "auto_pickup_off", FORM_ZERO, true, true, {"AUTO"}},
	[COMMAND_SMS_FORWARD_OFF] = {"CPSMS", "sms_forward_off", FORM_ZERO, true, true, {"CPSMS"}},
	[COMMAND_CENTER_CLEAR] = {"CENTER", "center_clear", FORM_EMPTY, true, true, {"CENTER"}},
	[COMMAND_SLAVE_CLEAR] = {"SLAVE", "slave_clear", FORM_EMPTY, true, true, {"SLAVE"}},
	[COMMAND_BOOK_1] = {"PHB", "book_1", FORM_PAGE, true, true, {"PHB", "PHB1"}},
	[COMMAND_BOOK_2] = {"PHB2", "book_2", FORM_PAGE, true, true, {"PHB2"}},
	[COMMAND_BOOK_3] = {"PHB3", "book_3", FORM_PAGE, true, true, {"PHB3"}},
	[COMMAND_BOOK_WHOLE] = {"PHL", "book_whole", FORM_WHOLE, true, true, {"PHL"}},
	[COMMAND_BOOK_ENTRY] = {"PHBX", "book_entry", FORM_ENTRY, true, true, {"PHBX"}},
	[COMMAND_BOOK_REMOVE] = {"DPHBX", "book_remove", FORM_SLOT, true, true, {"PHBX", "DPHBX"}},
	[COMMAND_SOS_1] = {"SOS1", "sos_1", FORM_NUMBER_OR_NOT, true, true, {"SOS1"}},
	[COMMAND_SOS_2] = {"SOS2", "sos_2", FORM_NUMBER_OR_NOT, true, true, {"SOS2"}},
	[COMMAND_SOS_3] = {"SOS3", "sos_3", FORM_NUMBER_OR_NOT, true, true, {"SOS3"}},
	[COMMAND_SOS_ALL] = {"SOS", "sos_all", FORM_THREE_NUMBERS, true, true, {"SOS", "SOS1", "SOS2", "SOS3"}},
	[COMMAND_CALL] = {"CALL", "call", FORM_NUMBER, false, true, {"CALL"}},
	[COMMAND_PHOTO] = {"rcapture", "photo", FORM_BARE, false, true, {"RCAPTURE"}},
	[COMMAND_SOS_SMS] = {"SOSSMS", "sos_sms", FORM_FLAG, true, true, {"SOSSMS"}},
	[COMMAND_BATTERY_SMS] = {"LOWBAT", "battery_sms", FORM_FLAG, true, true, {"LOWBAT"}},
	[COMMAND_REMOVED_SMS] = {"REMOVESMS", "removed_sms", FORM_FLAG, true, true, {"REMOVESMS"}},
	[COMMAND_POWER_OFF] = {"POWEROFF", "power_off", FORM_BARE, false, true, {"POWEROFF", "CR", "RESET"}},
	[COMMAND_RESET] = {"RESET", "reset", FORM_BARE, false, true, {"RESET"}},
	[COMMAND_REFUSE_STRANGERS] = {"DEVREFUSEPHONESWITCH", "refuse_strangers", FORM_FLAG, true, true, {"DEVREFUSEPHONESWITCH"}},
	[COMMAND_REFUSE_STRANGERS_2] = {"REJECT", "refuse_strangers_2", FORM_FLAG, true, true, {"REJECT"}},
};
/* clang-format on */

const struct command_row *command_row(enum command_kind kind)
{
	return kind < COMMAND_KIND_COUNT ? &rows[kind] : NULL;
}

const char *command_keyword(enum command_kind kind)
{
	return kind < COMMAND_KIND_COUNT ? rows[kind].keyword : "";
}

const char *command_name(enum command_kind kind)
{
	return kind < COMMAND_KIND_COUNT ? rows[kind].name : "";
}

bool command_from_name(struct view name, enum command_kind *ret)
{
	for (size_t i = 0; i < COMMAND_KIND_COUNT; i++) {
		if (view_is(name, view_of(rows[i].name))) {
			*ret = (enum command_kind)i;
			return true;
		}
	}
	return false;
}

static bool has_answer(enum command_kind kind, struct view keyword)
{
	for (size_t i = 0; i < ANSWERS_MAX && rows[kind].answers[i] != NULL; i++) {
		if (view_is_nocase(keyword, view_of(rows[kind].answers[i])))
			return true;
	}
	return false;
}

enum command_answer command_answer_of(
	enum command_kind kind, struct view keyword, struct view params)
{
	if (kind >= COMMAND_KIND_COUNT || !has_answer(kind, keyword))
		return ANSWER_TO_OTHER;
	if (kind == COMMAND_PHOTO)
		return ANSWER_RECEIVED;
	bool has_status = rows[kind].form == FORM_ENTRY || rows[kind].form == FORM_SLOT;
	return has_status && view_is(params, VIEW("0")) ? ANSWER_REFUSED : ANSWER_CONFIRMED;
}

bool command_waits_for(enum command_kind kind, enum command_kind other)
{
	if (kind >= COMMAND_KIND_COUNT || other >= COMMAND_KIND_COUNT)
		return false;
	return has_answer(other, view_of(rows[kind].answers[0])) ||
	       view_is(view_of(rows[kind].answers[0]), view_of(rows[other].answers[0]));
}

bool command_is_sensitive(enum command_kind kind)
{
	return kind < COMMAND_KIND_COUNT && rows[kind].is_sensitive;
}

bool command_may_repeat(enum command_kind kind)
{
	return kind < COMMAND_KIND_COUNT && rows[kind].may_repeat;
}

/* ---- what is allowed ---- */

static enum rc check_language(const struct command *c, struct err *e)
{
	/* section 5.2: the numbers of the LZ table */
	static const uint8_t known[] = {0, 1, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
		19, 22, 23, 25, 26, 27, 28, 29, LANGUAGE_MAX - 2, LANGUAGE_MAX};

	if (memchr(known, c->language, sizeof known) == NULL)
		return fail(e, RC_SYNTAX, "language: %u is not in the table of the protocol",
			(unsigned)c->language);
	return RC_OK;
}

static enum rc check_zone(const struct command *c, struct err *e)
{
	if (c->zone_min < ZONE_MIN_MIN || c->zone_min > ZONE_MAX_MIN ||
		c->zone_min % ZONE_STEP_MIN != 0)
		return fail(e, RC_SYNTAX,
			"zone: -12 h to +14 h in quarters of an hour expected, not %d minutes",
			(int)c->zone_min);
	return RC_OK;
}

static enum rc check_interval(const struct command *c, struct err *e)
{
	if (c->interval_s < COMMAND_INTERVAL_MIN_S || c->interval_s > COMMAND_INTERVAL_MAX_S)
		return fail(e, RC_LIMIT, "interval: %d to %d seconds expected, not %u",
			COMMAND_INTERVAL_MIN_S, COMMAND_INTERVAL_MAX_S, (unsigned)c->interval_s);
	return RC_OK;
}

static enum rc check_digits(const struct command *c, struct err *e)
{
	size_t n = strnlen(c->digits, sizeof c->digits);

	for (size_t i = 0; i < n; i++) {
		if (!ascii_is_digit(c->digits[i]))
			return fail(e, RC_SYNTAX, "password: digits only");
	}
	if (n < COMMAND_DIGITS_MIN || n > COMMAND_DIGITS_MAX)
		return fail(e, RC_LIMIT, "password: %d to %d digits expected", COMMAND_DIGITS_MIN,
			COMMAND_DIGITS_MAX);
	return RC_OK;
}

static enum rc check_text(const struct command *c, struct err *e)
{
	size_t units = 0;

	if (c->text_n > sizeof c->text)
		return fail(e, RC_LIMIT, "text: over %zu bytes", sizeof c->text);
	enum rc rc = utf16_count((struct view){.p = c->text, .n = c->text_n}, &units, e);
	if (rc != RC_OK)
		return rc;
	if (units == 0 || units > COMMAND_TEXT_MAX)
		return fail(e, RC_LIMIT, "text: 1 to %d characters expected", COMMAND_TEXT_MAX);
	return RC_OK;
}

enum rc command_check(const struct command *c, struct err *e)
{
	const struct command_row *row = command_row(c->kind);
	enum rc rc = RC_OK;

	if (row == NULL)
		return fail(e, RC_SYNTAX, "command: unknown kind %d", (int)c->kind);
	switch (row->form) {
	case FORM_BARE:
	case FORM_ZERO:
	case FORM_EMPTY:
		return RC_OK;
	case FORM_TEXT:
		return check_text(c, e);
	case FORM_LANGUAGE_ZONE:
		rc = check_language(c, e);
		return rc == RC_OK ? check_zone(c, e) : rc;
	case FORM_LANGUAGE:
		return check_language(c, e);
	case FORM_ZONE:
		return check_zone(c, e);
	case FORM_INTERVAL:
		return check_interval(c, e);
	case FORM_DIGITS:
		return check_digits(c, e);
	case FORM_FLAG:
		return RC_OK;
	case FORM_NUMBER:
	case FORM_NUMBER_OR_NOT:
	case FORM_THREE_NUMBERS:
	case FORM_PAGE:
	case FORM_WHOLE:
	case FORM_ENTRY:
	case FORM_SLOT:
		return book_check(c, row->form, e);
	}
	return fail(e, RC_BUG, "command: a form without a check");
}

/* ---- between roles ---- */

enum rc command_pack(
	const struct command *c, uint8_t *buf, size_t buf_size, size_t *ret_n, struct err *e)
{
	struct pack_out o = {.p = buf, .size = buf_size};
	enum rc rc = command_check(c, e);

	if (rc != RC_OK)
		return rc;
	enum command_form form = rows[c->kind].form;
	pack_u8(&o, PACK_VERSION);
	pack_u8(&o, (uint8_t)c->kind);
	if (form == FORM_LANGUAGE || form == FORM_LANGUAGE_ZONE)
		pack_u8(&o, c->language);
	if (form == FORM_ZONE || form == FORM_LANGUAGE_ZONE)
		pack_int(&o, c->zone_min);
	if (form == FORM_INTERVAL)
		pack_uint(&o, c->interval_s);
	if (form == FORM_DIGITS) {
		pack_u8(&o, (uint8_t)strlen(c->digits));
		pack_bytes(&o, c->digits, strlen(c->digits));
	}
	if (form == FORM_TEXT) {
		pack_uint(&o, c->text_n);
		pack_bytes(&o, c->text, c->text_n);
	}
	if (form == FORM_FLAG)
		pack_u8(&o, c->is_on);
	book_pack(&o, c, form);
	if (o.is_full)
		return fail(e, RC_LIMIT, "command: does not fit in %zu bytes", buf_size);
	*ret_n = o.n;
	return RC_OK;
}

static void unpack_fields(struct pack_in *in, struct command *c)
{
	enum command_form form = rows[c->kind].form;

	if (form == FORM_LANGUAGE || form == FORM_LANGUAGE_ZONE)
		c->language = unpack_u8(in);
	if (form == FORM_ZONE || form == FORM_LANGUAGE_ZONE)
		c->zone_min = (int16_t)unpack_int(in, ZONE_MIN_MIN, ZONE_MAX_MIN);
	if (form == FORM_INTERVAL)
		c->interval_s = (uint32_t)unpack_uint(in, UINT32_MAX);
	if (form == FORM_DIGITS) {
		struct view v = unpack_bytes(in, unpack_uint(in, COMMAND_DIGITS_MAX));
		in->is_bad = in->is_bad || !view_to_text(v, c->digits, sizeof c->digits);
	}
	if (form == FORM_TEXT) {
		struct view v = unpack_bytes(in, unpack_uint(in, sizeof c->text));
		if (v.n > 0)
			memcpy(c->text, v.p, v.n);
		c->text_n = (uint16_t)v.n; /* at most sizeof c->text */
	}
	if (form == FORM_FLAG)
		c->is_on = unpack_uint(in, 1) == 1;
	book_unpack(in, c, form);
}

enum rc command_unpack(struct view packed, struct command *ret, struct err *e)
{
	struct pack_in in = pack_in_of(packed);
	struct command c = {.kind = COMMAND_LOCATE};

	in.is_bad = unpack_u8(&in) != PACK_VERSION;
	c.kind = (enum command_kind)unpack_uint(&in, COMMAND_KIND_COUNT - 1);
	unpack_fields(&in, &c);
	if (!unpack_is_done(&in))
		return fail(e, RC_SYNTAX, "command: damaged after packing (%zu bytes)", packed.n);
	enum rc rc = command_check(&c, e);
	if (rc == RC_OK)
		*ret = c;
	return rc;
}
