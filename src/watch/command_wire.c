/* Bytes of commands: writing one frame, and reading it as a watch does. */
#include "watch/field.h"

/* ---- writing ---- */

static bool is_yisai_form(const struct command *c, struct view vendor)
{
	return c->dialect == DIALECT_BY_VENDOR ? command_is_yisai(vendor)
					       : c->dialect == DIALECT_YISAI;
}

/* The last field goes with its comma when it is empty. */
static bool is_left_out(const struct command *c, const struct command_field *f)
{
	if (!f->is_last)
		return false;
	if (f->type == PARAM_AUDIO)
		return c->payload.n == 0 && c->values[0] == 0;
	return c->words[f->member - MEMBER_WORD_0][0] == '\0';
}

static void add_field(struct content *out, const struct command *c, struct field_at *at)
{
	const struct command_field *f = at->field;
	const struct field_codec *codec = field_codec(f->type);
	const char joint[1] = {f->joint == 0 ? ',' : f->joint};
	unsigned n = codec->counter == COUNTER_LIST      ? c->list_n
		     : codec->counter == COUNTER_ENTRIES ? c->entries_n
							 : 1u;

	for (at->i = 0; at->i < n; at->i++) {
		content_add(out, (struct view){.p = joint, .n = sizeof joint});
		codec->write(out, c, at);
	}
}

enum rc command_write(const struct command *c, const struct addressee *to, char *buf,
	size_t buf_size, size_t *ret_n, struct err *e)
{
	char text[COMMAND_FRAME_MAX];
	struct content content = {.p = text, .size = sizeof text};
	struct addressee fresh = *to;
	bool is_yisai = is_yisai_form(c, to->vendor);
	enum rc rc = command_check(c, e);

	if (rc != RC_OK)
		return rc;
	const struct command_definition *d = command_definition(c->kind);
	if (d->vendors == VENDORS_NOT_YISAI && (is_yisai || command_is_yisai(to->vendor)))
		return fail(
			e, RC_DENIED, "command: %s breaks the firmware of this watch", d->keyword);
	if (c->is_payload_apart)
		return fail(e, RC_SYNTAX, "command: its sound or picture is not here");
	if (to->index.n > 0)
		fresh.index =
			VIEW("0001"); /* what we start ourselves has no index to echo (section 1) */
	content_add(&content,
		view_of(is_yisai && d->keyword_yisai != NULL ? d->keyword_yisai : d->keyword));
	for (size_t i = 0; i < d->fields_n; i++) {
		struct field_at at = {
			.definition = d, .field = &d->fields[i], .is_yisai = is_yisai};
		if (!is_left_out(c, at.field))
			add_field(&content, c, &at);
	}
	return encode_frame(&fresh, &content, buf, buf_size, ret_n, e);
}

/* ---- reading ---- */

enum rc field_not_ours(struct err *e)
{
	return fail(e, RC_NOT_FOUND, "command: not the form that we send");
}

enum rc field_value(struct view *in, const struct field_at *at, struct view *ret, struct err *e)
{
	if (!view_cut_field(in, at->stop, ret))
		return fail(e, RC_SYNTAX, "command: %s is missing", at->field->name);
	return RC_OK;
}

static enum rc read_field(struct view *in, struct command *c, struct field_at *at, struct err *e)
{
	const struct command_field *f = at->field;
	const struct field_codec *codec = field_codec(f->type);
	unsigned max = f->repeat_max == 0 || codec->counter == COUNTER_NONE ? 1 : f->repeat_max;
	enum rc rc = RC_OK;

	if (f->is_last && in->p == NULL)
		return RC_OK;
	for (at->i = 0; at->i < max && rc == RC_OK && (at->i == 0 || in->p != NULL); at->i++)
		rc = codec->read(in, c, at, e);
	if (codec->counter == COUNTER_LIST)
		c->list_n = (uint8_t)at->i; /* at most repeat_max */
	if (codec->counter == COUNTER_ENTRIES)
		c->entries_n = (uint8_t)at->i;
	return rc;
}

static enum rc read_as(
	const struct command_definition *d, const struct frame *f, struct command *c, struct err *e)
{
	struct view in = f->params;
	enum rc rc = RC_OK;

	if (d->fields_n == 0 && in.p != NULL)
		return field_not_ours(e);
	if (d->fields_n > 0 && in.p == NULL && !d->fields[0].is_last)
		return field_not_ours(e);
	for (size_t i = 0; i < d->fields_n && rc == RC_OK; i++) {
		char joint = i + 1 < d->fields_n ? d->fields[i + 1].joint : '\0';
		struct field_at at = {.definition = d,
			.field = &d->fields[i],
			.is_yisai = is_yisai_form(c, f->vendor),
			.stop = joint == '\0' ? ',' : joint};
		rc = read_field(&in, c, &at, e);
	}
	if (rc == RC_OK && in.p != NULL)
		return field_not_ours(e);
	return rc == RC_OK ? command_check(c, e) : rc;
}

static bool has_keyword(const struct command_definition *d, struct view keyword)
{
	return view_is_nocase(keyword, view_of(d->keyword)) ||
	       (d->keyword_yisai != NULL && view_is_nocase(keyword, view_of(d->keyword_yisai)));
}

enum rc command_read(const struct frame *f, struct command *ret, struct err *e)
{
	enum rc worst = RC_NOT_FOUND;

	(void)fail(e, RC_NOT_FOUND, "command: a keyword that we never send");
	for (size_t i = 0; i < COMMAND_KIND_COUNT; i++) {
		const struct command_definition *d = command_definition((enum command_kind)i);
		struct err why = {.rc = RC_OK};
		if (!has_keyword(d, f->keyword))
			continue;
		struct command c = {.kind = (enum command_kind)i};
		enum rc rc = read_as(d, f, &c, &why);
		if (rc == RC_OK) {
			*ret = c;
			return RC_OK;
		}
		if (rc != RC_NOT_FOUND || worst == RC_NOT_FOUND) {
			worst = rc;
			(void)fail(e, rc, "%s", why.msg);
		}
	}
	return worst;
}
