#include "watch/command_table.h"
#include "watch/utf16.h"

enum { MIN_PER_HOUR = 60 };

/* ---- writing ---- */

bool command_is_yisai(struct view vendor)
{
	static const struct view yisai[] = {
		VIEW("YS"), VIEW("XT"), VIEW("TL"), VIEW("BK"), VIEW("RL")};

	for (size_t i = 0; i < COUNT_OF(yisai); i++) {
		if (view_is_nocase(vendor, yisai[i]))
			return true;
	}
	return false;
}

/* Hours as 8, -3, 9.5, 5.75; yisai firmware reads whole hours only (section 5). */
static void add_zone(struct content *c, int zone_min, struct view vendor)
{
	int magnitude = zone_min < 0 ? -zone_min : zone_min;

	if (command_is_yisai(vendor))
		magnitude = (magnitude + MIN_PER_HOUR / 2) / MIN_PER_HOUR * MIN_PER_HOUR;
	if (zone_min < 0 && magnitude > 0)
		content_add(c, VIEW("-"));
	content_add_number(c, magnitude / MIN_PER_HOUR);
	switch (magnitude % MIN_PER_HOUR) {
	case 15:
		content_add(c, VIEW(".25"));
		break;
	case 30:
		content_add(c, VIEW(".5"));
		break;
	case 45:
		content_add(c, VIEW(".75"));
		break;
	default:
		break;
	}
}

static void add_params(struct content *out, const struct command *c, struct view vendor)
{
	enum command_form form = command_row(c->kind)->form;

	switch (form) {
	case FORM_BARE:
		return;
	case FORM_ZERO:
		content_add(out, VIEW(",0"));
		return;
	case FORM_EMPTY:
		content_add(out, VIEW(","));
		return;
	case FORM_TEXT:
		content_add(out, VIEW(","));
		utf16_add(out, (struct view){.p = c->text, .n = c->text_n});
		return;
	case FORM_LANGUAGE_ZONE:
		content_add(out, VIEW(","));
		content_add_number(out, c->language);
		content_add(out, VIEW(","));
		add_zone(out, c->zone_min, vendor);
		return;
	case FORM_LANGUAGE:
		content_add(out, VIEW(","));
		content_add_number(out, c->language);
		return;
	case FORM_ZONE:
		content_add(out, VIEW(","));
		add_zone(out, c->zone_min, vendor);
		return;
	case FORM_INTERVAL:
		content_add(out, VIEW(","));
		content_add_number(out, c->interval_s);
		return;
	case FORM_DIGITS:
		content_add(out, VIEW(","));
		content_add(out, view_of(c->digits));
		return;
	case FORM_FLAG:
		content_add(out, c->is_on ? VIEW(",1") : VIEW(",0"));
		return;
	case FORM_NUMBER:
	case FORM_NUMBER_OR_NOT:
	case FORM_THREE_NUMBERS:
	case FORM_PAGE:
	case FORM_WHOLE:
	case FORM_ENTRY:
	case FORM_SLOT:
		book_write(out, c, form);
		return;
	}
}

enum rc command_write(const struct command *c, const struct addressee *to, char *buf,
	size_t buf_size, size_t *ret_n, struct err *e)
{
	char text[COMMAND_FRAME_MAX];
	struct content content = {.p = text, .size = sizeof text};
	struct addressee fresh = *to;
	enum rc rc = command_check(c, e);

	if (rc != RC_OK)
		return rc;
	if (to->index.n > 0)
		fresh.index =
			VIEW("0001"); /* what we start ourselves has no index to echo (section 1) */
	content_add(&content, view_of(command_keyword(c->kind)));
	add_params(&content, c, to->vendor);
	return encode_frame(&fresh, &content, buf, buf_size, ret_n, e);
}

/* ---- reading ---- */

static enum rc read_text(struct view v, struct command *c, struct err *e)
{
	size_t n = 0;
	enum rc rc = utf16_read(v, c->text, sizeof c->text, &n, e);

	if (rc == RC_OK)
		c->text_n = (uint16_t)n; /* at most sizeof c->text */
	return rc;
}

static enum rc read_language(struct view v, struct command *c, struct err *e)
{
	uint32_t value = 0;
	enum rc rc = num_u32(v, UINT8_MAX, &value, e);

	if (rc == RC_OK)
		c->language = (uint8_t)value; /* at most UINT8_MAX */
	return rc;
}

static enum rc read_zone(struct view v, struct command *c, struct err *e)
{
	int64_t hundredths = 0;
	enum rc rc = num_decimal(v, 2, -1400, 1400, &hundredths, e);

	if (rc == RC_OK)
		c->zone_min = (int16_t)(hundredths * MIN_PER_HOUR / 100);
	return rc;
}

static enum rc read_language_zone(struct view v, struct command *c, struct err *e)
{
	struct view language;

	if (!view_cut_until(&v, ',', v.n, &language))
		return fail(e, RC_SYNTAX, "command: language and zone expected");
	enum rc rc = read_language(language, c, e);
	return rc == RC_OK ? read_zone(v, c, e) : rc;
}

static enum rc read_fixed(struct view v, struct view wanted, struct err *e)
{
	return view_is(v, wanted) ? RC_OK
				  : fail(e, RC_NOT_FOUND, "command: not the form that we send");
}

static enum rc read_params(
	enum command_form form, const struct frame *f, struct command *c, struct err *e)
{
	struct view v = f->params;

	if ((form == FORM_BARE) != (v.p == NULL))
		return fail(e, RC_NOT_FOUND, "command: not the form that we send");
	switch (form) {
	case FORM_BARE:
		return RC_OK;
	case FORM_ZERO:
		return read_fixed(v, VIEW("0"), e);
	case FORM_EMPTY:
		return read_fixed(v, VIEW(""), e);
	case FORM_TEXT:
		return read_text(v, c, e);
	case FORM_LANGUAGE_ZONE:
		return read_language_zone(v, c, e);
	case FORM_LANGUAGE:
		return read_language(v, c, e);
	case FORM_ZONE:
		return read_zone(v, c, e);
	case FORM_INTERVAL:
		return num_u32(v, UINT32_MAX, &c->interval_s, e);
	case FORM_DIGITS:
		if (!view_to_text(v, c->digits, sizeof c->digits))
			return fail(e, RC_SYNTAX, "command: password too long");
		return RC_OK;
	case FORM_FLAG:
		c->is_on = view_is(v, VIEW("1"));
		return c->is_on ? RC_OK : read_fixed(v, VIEW("0"), e);
	case FORM_NUMBER:
	case FORM_NUMBER_OR_NOT:
	case FORM_THREE_NUMBERS:
	case FORM_PAGE:
	case FORM_WHOLE:
	case FORM_ENTRY:
	case FORM_SLOT:
		return book_read(v, form, c, e);
	}
	return fail(e, RC_BUG, "command: a form that cannot be read");
}

enum rc command_read(const struct frame *f, struct command *ret, struct err *e)
{
	for (size_t i = 0; i < COMMAND_KIND_COUNT; i++) {
		const struct command_row *row = command_row((enum command_kind)i);
		if (!view_is_nocase(f->keyword, view_of(row->keyword)))
			continue;
		struct command c = {.kind = (enum command_kind)i};
		enum rc rc = read_params(row->form, f, &c, e);
		if (rc == RC_OK)
			rc = command_check(&c, e);
		if (rc == RC_OK)
			*ret = c;
		return rc;
	}
	return fail(e, RC_NOT_FOUND, "command: a keyword that we never send");
}
