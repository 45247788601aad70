#include "http/fields.h"

#include "base/time_text.h"
#include "base/utf8.h"

const struct field *field_find(const struct field_table *t, struct view name)
{
	for (size_t i = 0; i < t->n; i++) {
		if (view_is(view_of(t->fields[i].name), name))
			return &t->fields[i];
	}
	return NULL;
}

size_t field_count_chars(struct view text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += ((unsigned char)text.p[i] & 0xC0) != 0x80;
	return n;
}

/* Joiners (U+200C, U+200D) are allowed: some scripts and emoji need them. */
static bool is_clean_char(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7F && c < 0xA0))
		return false;
	if (c == 0x200B || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E))
		return false;
	if ((c >= 0x2060 && c <= 0x206F) || c == 0x061C || c == 0xFEFF ||
		(c >= 0xFFF9 && c <= 0xFFFB))
		return false;
	return c < 0xE0000 || c > 0xE0FFF; /* tags */
}

bool field_is_clean(struct view text)
{
	uint32_t c;

	while (text.n > 0) {
		if (!utf8_next(&text, &c) || !is_clean_char(c))
			return false;
	}
	return true;
}

static bool is_choice(const struct field *f, struct view text)
{
	for (const char *const *c = f->choices; *c != NULL; c++) {
		if (view_is(view_of(*c), text))
			return true;
	}
	return false;
}

/* Trims *text and looks whether the field may hold it. */
static enum rc check_view(const struct field *f, struct view *text, struct problem *p)
{
	bool is_secret = f->type == FIELD_SECRET;

	if (!is_secret)
		*text = view_trim(*text);
	size_t chars = field_count_chars(*text);
	if (chars < f->min)
		return refuse(p, RC_SYNTAX, "field_too_short", f->name, NULL);
	if (chars > f->max)
		return refuse(p, RC_SYNTAX, "field_too_long", f->name, NULL);
	if ((!is_secret && !field_is_clean(*text)) ||
		(f->choices != NULL && !is_choice(f, *text)) ||
		(f->form != NULL && !f->form(*text)))
		return refuse(p, RC_SYNTAX, "field_value", f->name, NULL);
	return RC_OK;
}

static enum rc set_view(const struct field *f, struct view text, void *values, struct problem *p)
{
	enum rc rc = check_view(f, &text, p);

	if (rc == RC_OK)
		*(struct view *)(void *)((char *)values + f->offset) = text;
	return rc;
}

enum rc field_set_text(const struct field *f, struct view text, void *values, struct problem *p)
{
	void *member = (char *)values + f->offset;
	struct field_int time = {.is_there = true};

	switch (f->type) {
	case FIELD_TEXT:
	case FIELD_SECRET:
		return set_view(f, text, values, p);
	case FIELD_ID:
		if (!uid_from_text(text, member))
			return refuse(p, RC_SYNTAX, "field_value", f->name, NULL);
		return RC_OK;
	case FIELD_TIME:
		if (time_from_text(text, &time.value, NULL) != RC_OK)
			return refuse(p, RC_SYNTAX, "field_value", f->name, NULL);
		*(struct field_int *)member = time;
		return RC_OK;
	case FIELD_INT:
	case FIELD_BOOL:
	case FIELD_WORDS:
	case FIELD_JSON:
		break;
	}
	return refuse(p, RC_SYNTAX, "field_type", f->name, NULL);
}

enum rc field_set_int(const struct field *f, int64_t value, void *values, struct problem *p)
{
	if (f->type != FIELD_INT)
		return refuse(p, RC_SYNTAX, "field_type", f->name, NULL);
	if (value < (int64_t)f->min || value > (int64_t)f->max)
		return refuse(p, RC_SYNTAX, "field_range", f->name, NULL);
	*(struct field_int *)(void *)((char *)values + f->offset) =
		(struct field_int){.is_there = true, .value = value};
	return RC_OK;
}

enum rc field_set_bool(const struct field *f, bool value, void *values, struct problem *p)
{
	if (f->type != FIELD_BOOL)
		return refuse(p, RC_SYNTAX, "field_type", f->name, NULL);
	*(struct field_bool *)(void *)((char *)values + f->offset) =
		(struct field_bool){.is_there = true, .value = value};
	return RC_OK;
}

enum rc field_add_word(const struct field *f, struct view text, void *values, struct problem *p)
{
	struct field_words *w = (struct field_words *)(void *)((char *)values + f->offset);

	if (f->type != FIELD_WORDS)
		return refuse(p, RC_SYNTAX, "field_type", f->name, NULL);
	if (w->n == FIELD_WORDS_MAX)
		return refuse(p, RC_SYNTAX, "field_too_long", f->name, NULL);
	enum rc rc = check_view(f, &text, p);
	if (rc == RC_OK)
		w->words[w->n++] = text;
	return rc;
}

enum rc field_check_given(const struct field_table *t, uint32_t given, struct problem *p)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->fields[i].is_required && (given & 1u << i) == 0)
			return refuse(p, RC_SYNTAX, "field_missing", t->fields[i].name, NULL);
	}
	if (t->needs_one && given == 0)
		return refuse(p, RC_SYNTAX, "field_missing", NULL, "At least one field is wanted.");
	return RC_OK;
}
