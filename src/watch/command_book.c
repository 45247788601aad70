/* Numbers and phone books: what may stand in them, their packed form, their bytes (section 5). */
#include "watch/command_table.h"
#include "watch/utf16.h"

enum { PHB_PICTURE = 1 /* the comma before the picture stays, the picture is never sent */ };

bool command_is_number(struct view number)
{
	struct view digits = number;

	if (digits.n > 0 && digits.p[0] == '+')
		digits = (struct view){.p = digits.p + 1, .n = digits.n - 1};
	for (size_t i = 0; i < digits.n; i++) {
		if (!ascii_is_digit(digits.p[i]))
			return false;
	}
	return digits.n >= COMMAND_NUMBER_MIN && number.n <= COMMAND_NUMBER_MAX;
}

enum rc command_check_name(struct view name, struct err *e)
{
	size_t units = 0;
	enum rc rc = utf16_count(name, &units, e);

	if (rc != RC_OK)
		return rc;
	if (units == 0 || units > COMMAND_NAME_UNITS)
		return fail(e, RC_LIMIT, "name: 1 to %d characters expected", COMMAND_NAME_UNITS);
	return RC_OK;
}

static struct view text_of(const char *text, size_t size)
{
	return (struct view){.p = text, .n = strnlen(text, size)};
}

static struct view number_of(const struct command_entry *entry)
{
	return text_of(entry->number, sizeof entry->number);
}

static struct view name_of(const struct command_entry *entry)
{
	return text_of(entry->name, sizeof entry->name);
}

static bool has_names(enum command_form form)
{
	return form == FORM_PAGE || form == FORM_WHOLE || form == FORM_ENTRY;
}

static bool may_be_empty(enum command_form form)
{
	return form == FORM_PAGE || form == FORM_NUMBER_OR_NOT || form == FORM_THREE_NUMBERS;
}

static unsigned entries_min(enum command_form form)
{
	return form == FORM_PAGE            ? (unsigned)COMMAND_BOOK_PAGE
	       : form == FORM_THREE_NUMBERS ? (unsigned)COMMAND_SOS_MAX
	       : form == FORM_SLOT          ? 0u
					    : 1u;
}

static unsigned entries_max(enum command_form form)
{
	return form == FORM_WHOLE ? (unsigned)COMMAND_BOOK_MAX : entries_min(form);
}

static bool is_book(enum command_form form)
{
	return form >= FORM_NUMBER;
}

static bool has_slot(enum command_form form)
{
	return form == FORM_ENTRY || form == FORM_SLOT;
}

static enum rc check_entry(const struct command_entry *entry, enum command_form form, struct err *e)
{
	struct view number = number_of(entry);
	struct view name = name_of(entry);

	if (number.n == sizeof entry->number || name.n == sizeof entry->name)
		return fail(e, RC_LIMIT, "contact: a number of %d characters, a name of %d at most",
			COMMAND_NUMBER_MAX, COMMAND_NAME_UNITS);
	if (number.n == 0 && name.n == 0 && may_be_empty(form))
		return RC_OK;
	if (!command_is_number(number))
		return fail(e, RC_SYNTAX, "number: +, then %d to %d digits expected",
			COMMAND_NUMBER_MIN, COMMAND_NUMBER_MAX - 1);
	if (!has_names(form))
		return name.n == 0 ? RC_OK : fail(e, RC_SYNTAX, "number: it has no name here");
	return command_check_name(name, e);
}

enum rc book_check(const struct command *c, enum command_form form, struct err *e)
{
	enum rc rc = RC_OK;

	if (has_slot(form) && (c->slot < 1 || c->slot > COMMAND_BOOK_MAX))
		return fail(e, RC_LIMIT, "contact: place 1 to %d expected, not %u",
			COMMAND_BOOK_MAX, (unsigned)c->slot);
	if (c->entries_n < entries_min(form) || c->entries_n > entries_max(form))
		return fail(e, RC_LIMIT, "contacts: %u to %u expected, not %u", entries_min(form),
			entries_max(form), (unsigned)c->entries_n);
	for (unsigned i = 0; i < c->entries_n && rc == RC_OK; i++)
		rc = check_entry(&c->entries[i], form, e);
	return rc;
}

/* ---- between roles ---- */

static void pack_text(struct pack_out *o, struct view text)
{
	pack_u8(o, (uint8_t)text.n); /* at most 30 */
	pack_bytes(o, text.p, text.n);
}

void book_pack(struct pack_out *o, const struct command *c, enum command_form form)
{
	if (!is_book(form))
		return;
	if (has_slot(form))
		pack_u8(o, c->slot);
	pack_u8(o, c->entries_n);
	for (unsigned i = 0; i < c->entries_n; i++) {
		pack_text(o, number_of(&c->entries[i]));
		if (has_names(form))
			pack_text(o, name_of(&c->entries[i]));
	}
}

static void unpack_text(struct pack_in *in, char *dst, size_t dst_size)
{
	struct view v = unpack_bytes(in, unpack_uint(in, dst_size - 1));

	in->is_bad = in->is_bad || !view_to_text(v, dst, dst_size);
}

void book_unpack(struct pack_in *in, struct command *c, enum command_form form)
{
	if (!is_book(form))
		return;
	if (has_slot(form))
		c->slot = unpack_u8(in);
	c->entries_n = (uint8_t)unpack_uint(in, COMMAND_BOOK_MAX);
	for (unsigned i = 0; i < c->entries_n && !in->is_bad; i++) {
		unpack_text(in, c->entries[i].number, sizeof c->entries[i].number);
		if (has_names(form))
			unpack_text(in, c->entries[i].name, sizeof c->entries[i].name);
	}
}

/* ---- bytes ---- */

void book_write(struct content *out, const struct command *c, enum command_form form)
{
	if (has_slot(form)) {
		content_add(out, VIEW(","));
		content_add_number(out, c->slot);
	}
	if (form == FORM_ENTRY) {
		content_add(out, VIEW(","));
		utf16_add(out, name_of(&c->entries[0]));
		content_add(out, VIEW(","));
		content_add(out, number_of(&c->entries[0]));
		content_add(out, VIEW(","));
		return;
	}
	for (unsigned i = 0; i < c->entries_n; i++) {
		content_add(out, VIEW(","));
		content_add(out, number_of(&c->entries[i]));
		if (!has_names(form))
			continue;
		content_add(out, VIEW(","));
		utf16_add(out, name_of(&c->entries[i]));
	}
}

static enum rc read_name(struct view hex, struct command_entry *entry, struct err *e)
{
	size_t n = 0;
	enum rc rc = utf16_read(hex, entry->name, sizeof entry->name - 1, &n, e);

	if (rc == RC_OK)
		entry->name[n] = '\0';
	return rc;
}

static enum rc read_number(struct view number, struct command_entry *entry, struct err *e)
{
	return view_to_text(number, entry->number, sizeof entry->number)
		       ? RC_OK
		       : fail(e, RC_SYNTAX, "command: the number is too long");
}

/* slot[,name,number,picture] */
static enum rc read_slot(
	struct view params, enum command_form form, struct command *c, struct err *e)
{
	struct view fields[3 + PHB_PICTURE] = {{0}};
	size_t wanted = form == FORM_ENTRY ? COUNT_OF(fields) : 1;
	uint32_t slot = 0;

	for (size_t i = 0; i < wanted; i++) {
		if (!view_cut_field(&params, ',', &fields[i]))
			return fail(e, RC_SYNTAX, "command: fields are missing");
	}
	if (params.p != NULL || fields[3].n > 0)
		return fail(e, RC_NOT_FOUND, "command: not the form that we send");
	enum rc rc = num_u32(fields[0], COMMAND_BOOK_MAX, &slot, e);
	c->slot = (uint8_t)slot; /* at most COMMAND_BOOK_MAX */
	if (rc != RC_OK || form == FORM_SLOT)
		return rc;
	c->entries_n = 1;
	rc = read_name(fields[1], &c->entries[0], e);
	return rc == RC_OK ? read_number(fields[2], &c->entries[0], e) : rc;
}

enum rc book_read(struct view params, enum command_form form, struct command *c, struct err *e)
{
	struct view field;
	enum rc rc = RC_OK;

	if (has_slot(form))
		return read_slot(params, form, c, e);
	while (rc == RC_OK && params.p != NULL && view_cut_field(&params, ',', &field)) {
		if (c->entries_n == entries_max(form))
			return fail(e, RC_LIMIT, "command: too many numbers");
		struct command_entry *entry = &c->entries[c->entries_n++];
		rc = read_number(field, entry, e);
		if (rc != RC_OK || !has_names(form))
			continue;
		if (!view_cut_field(&params, ',', &field))
			return fail(e, RC_SYNTAX, "command: a number without its name");
		rc = read_name(field, entry, e);
	}
	return rc;
}
