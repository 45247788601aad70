/* Fields with texts: numbers and names of a phone book, messages, words, addresses. */
#include "base/num.h"
#include "watch/field.h"
#include "watch/utf16.h"

enum { MAC_BYTES = 6, MAC_TEXT = 17 };

static struct view text_of(const char *text, size_t size)
{
	return (struct view){.p = text, .n = strnlen(text, size)};
}

static void pack_text(struct pack_out *o, struct view text)
{
	pack_u8(o, (uint8_t)text.n); /* at most 64 */
	pack_bytes(o, text.p, text.n);
}

static void unpack_text(struct pack_in *in, char *dst, size_t dst_size)
{
	struct view v = unpack_bytes(in, unpack_uint(in, dst_size - 1));

	in->is_bad = in->is_bad || !view_to_text(v, dst, dst_size);
}

/* ---- numbers and names ---- */

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

static struct view number_of(const struct command_entry *entry)
{
	return text_of(entry->number, sizeof entry->number);
}

static struct view name_of(const struct command_entry *entry)
{
	return text_of(entry->name, sizeof entry->name);
}

static enum rc check_lengths(const struct command_entry *entry, struct err *e)
{
	if (number_of(entry).n == sizeof entry->number || name_of(entry).n == sizeof entry->name)
		return fail(e, RC_LIMIT, "contact: a number of %d characters, a name of %d at most",
			COMMAND_NUMBER_MAX, COMMAND_NAME_UNITS);
	return RC_OK;
}

static bool has_names(const struct command_definition *d)
{
	for (size_t i = 0; i < d->fields_n; i++) {
		if (d->fields[i].type == PARAM_NAME)
			return true;
	}
	return false;
}

static enum rc check_phone(const struct command *c, const struct field_at *at, struct err *e)
{
	const struct command_entry *entry = &c->entries[at->i];
	struct view number = number_of(entry);
	enum rc rc = check_lengths(entry, e);

	if (rc != RC_OK)
		return rc;
	if (name_of(entry).n > 0 && !has_names(at->definition))
		return fail(e, RC_SYNTAX, "number: it has no name here");
	if (number.n == 0 && at->field->is_optional)
		return RC_OK;
	if (!command_is_number(number))
		return fail(e, RC_SYNTAX, "number: +, then %d to %d digits expected",
			COMMAND_NUMBER_MIN, COMMAND_NUMBER_MAX - 1);
	return RC_OK;
}

static void write_phone(struct content *out, const struct command *c, const struct field_at *at)
{
	content_add(out, number_of(&c->entries[at->i]));
}

static enum rc read_phone(
	struct view *in, struct command *c, const struct field_at *at, struct err *e)
{
	struct command_entry *entry = &c->entries[at->i];
	struct view v;
	enum rc rc = field_value(in, at, &v, e);

	if (rc == RC_OK && !view_to_text(v, entry->number, sizeof entry->number))
		rc = fail(e, RC_SYNTAX, "command: the number is too long");
	return rc;
}

static void pack_phone(struct pack_out *o, const struct command *c, const struct field_at *at)
{
	pack_text(o, number_of(&c->entries[at->i]));
}

static void unpack_phone(struct pack_in *in, struct command *c, const struct field_at *at)
{
	unpack_text(in, c->entries[at->i].number, sizeof c->entries[at->i].number);
}

static enum rc check_name(const struct command *c, const struct field_at *at, struct err *e)
{
	const struct command_entry *entry = &c->entries[at->i];
	enum rc rc = check_lengths(entry, e);

	return rc == RC_OK ? command_check_name(name_of(entry), e) : rc;
}

static void write_name(struct content *out, const struct command *c, const struct field_at *at)
{
	utf16_add(out, name_of(&c->entries[at->i]));
}

static enum rc read_name(
	struct view *in, struct command *c, const struct field_at *at, struct err *e)
{
	struct command_entry *entry = &c->entries[at->i];
	struct view v;
	size_t n = 0;
	enum rc rc = field_value(in, at, &v, e);

	if (rc == RC_OK)
		rc = utf16_read(v, entry->name, sizeof entry->name - 1, &n, e);
	if (rc == RC_OK)
		entry->name[n] = '\0';
	return rc;
}

static void pack_name(struct pack_out *o, const struct command *c, const struct field_at *at)
{
	pack_text(o, name_of(&c->entries[at->i]));
}

static void unpack_name(struct pack_in *in, struct command *c, const struct field_at *at)
{
	unpack_text(in, c->entries[at->i].name, sizeof c->entries[at->i].name);
}

/* Both, or in an optional one neither. */
static enum rc check_entry(const struct command *c, const struct field_at *at, struct err *e)
{
	const struct command_entry *entry = &c->entries[at->i];
	enum rc rc = check_lengths(entry, e);

	if (rc != RC_OK)
		return rc;
	if (at->field->is_optional && number_of(entry).n == 0 && name_of(entry).n == 0)
		return RC_OK;
	if (!command_is_number(number_of(entry)))
		return fail(e, RC_SYNTAX, "number: +, then %d to %d digits expected",
			COMMAND_NUMBER_MIN, COMMAND_NUMBER_MAX - 1);
	return command_check_name(name_of(entry), e);
}

static void write_entry(struct content *out, const struct command *c, const struct field_at *at)
{
	write_phone(out, c, at);
	content_add(out, VIEW(","));
	write_name(out, c, at);
}

static enum rc read_entry(
	struct view *in, struct command *c, const struct field_at *at, struct err *e)
{
	enum rc rc = read_phone(in, c, at, e);

	return rc == RC_OK ? read_name(in, c, at, e) : rc;
}

static void pack_entry(struct pack_out *o, const struct command *c, const struct field_at *at)
{
	pack_phone(o, c, at);
	pack_name(o, c, at);
}

static void unpack_entry(struct pack_in *in, struct command *c, const struct field_at *at)
{
	unpack_phone(in, c, at);
	unpack_name(in, c, at);
}

/* ---- texts in UTF-16 ---- */

static enum rc check_text(const struct command *c, const struct field_at *at, struct err *e)
{
	size_t units = 0;

	if (c->text_n > sizeof c->text)
		return fail(e, RC_LIMIT, "text: over %zu bytes", sizeof c->text);
	enum rc rc = utf16_count((struct view){.p = c->text, .n = c->text_n}, &units, e);
	if (rc != RC_OK)
		return rc;
	if (units < (size_t)at->field->min || units > (size_t)at->field->max)
		return fail(e, RC_LIMIT, "text: %d to %d characters expected", (int)at->field->min,
			(int)at->field->max);
	return RC_OK;
}

static void write_text(struct content *out, const struct command *c, const struct field_at *at)
{
	(void)at;
	utf16_add(out, (struct view){.p = c->text, .n = c->text_n});
}

static enum rc read_text(
	struct view *in, struct command *c, const struct field_at *at, struct err *e)
{
	struct view v;
	size_t n = 0;
	enum rc rc = field_value(in, at, &v, e);

	if (rc == RC_OK)
		rc = utf16_read(v, c->text, sizeof c->text, &n, e);
	if (rc == RC_OK)
		c->text_n = (uint16_t)n; /* at most sizeof c->text */
	return rc;
}

static void pack_long_text(struct pack_out *o, const struct command *c, const struct field_at *at)
{
	(void)at;
	pack_uint(o, c->text_n);
	pack_bytes(o, c->text, c->text_n);
}

static void unpack_long_text(struct pack_in *in, struct command *c, const struct field_at *at)
{
	struct view v = unpack_bytes(in, unpack_uint(in, sizeof c->text));

	(void)at;
	if (v.n > 0)
		memcpy(c->text, v.p, v.n);
	c->text_n = (uint16_t)v.n; /* at most sizeof c->text */
}

/* ---- ASCII ---- */

static size_t word_index(const struct field_at *at)
{
	return (size_t)(at->field->member - MEMBER_WORD_0);
}

static struct view word_of(const struct command *c, const struct field_at *at)
{
	return text_of(c->words[word_index(at)], sizeof c->words[0]);
}

static enum rc check_length(struct view v, const struct command_field *f, struct err *e)
{
	if ((v.n == 0 && f->is_optional) || (v.n >= (size_t)f->min && v.n <= (size_t)f->max))
		return RC_OK;
	return fail(
		e, RC_LIMIT, "%s: %d to %d characters expected", f->name, (int)f->min, (int)f->max);
}

/* What neither ends a field or a frame nor is a blank. */
static enum rc check_word(const struct command *c, const struct field_at *at, struct err *e)
{
	struct view v = word_of(c, at);

	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] <= ' ' || v.p[i] >= 0x7F || strchr(",[]*}", v.p[i]) != NULL)
			return fail(e, RC_SYNTAX,
				"%s: letters, digits and signs without blanks and , [ ] * } "
				"expected",
				at->field->name);
	}
	return check_length(v, at->field, e);
}

static enum rc check_host(const struct command *c, const struct field_at *at, struct err *e)
{
	struct view v = word_of(c, at);

	for (size_t i = 0; i < v.n; i++) {
		if (!ascii_is_alnum(v.p[i]) && v.p[i] != '.' && v.p[i] != '-')
			return fail(e, RC_SYNTAX, "%s: letters, digits, dots and hyphens expected",
				at->field->name);
	}
	return check_length(v, at->field, e);
}

static void write_word(struct content *out, const struct command *c, const struct field_at *at)
{
	content_add(out, word_of(c, at));
}

static enum rc read_word(
	struct view *in, struct command *c, const struct field_at *at, struct err *e)
{
	struct view v;
	enum rc rc = field_value(in, at, &v, e);

	if (rc == RC_OK && !view_to_text(v, c->words[word_index(at)], sizeof c->words[0]))
		rc = fail(e, RC_SYNTAX, "command: %s is too long", at->field->name);
	return rc;
}

static void pack_word(struct pack_out *o, const struct command *c, const struct field_at *at)
{
	pack_text(o, word_of(c, at));
}

static void unpack_word(struct pack_in *in, struct command *c, const struct field_at *at)
{
	unpack_text(in, c->words[word_index(at)], sizeof c->words[0]);
}

static enum rc check_digits(const struct command *c, const struct field_at *at, struct err *e)
{
	struct view v = text_of(c->digits, sizeof c->digits);

	for (size_t i = 0; i < v.n; i++) {
		if (!ascii_is_digit(v.p[i]))
			return fail(e, RC_SYNTAX, "%s: digits only", at->field->name);
	}
	return check_length(v, at->field, e);
}

static void write_digits(struct content *out, const struct command *c, const struct field_at *at)
{
	(void)at;
	content_add(out, view_of(c->digits));
}

static enum rc read_digits(
	struct view *in, struct command *c, const struct field_at *at, struct err *e)
{
	struct view v;
	enum rc rc = field_value(in, at, &v, e);

	if (rc == RC_OK && !view_to_text(v, c->digits, sizeof c->digits))
		rc = fail(e, RC_SYNTAX, "command: %s is too long", at->field->name);
	return rc;
}

static void pack_digits(struct pack_out *o, const struct command *c, const struct field_at *at)
{
	(void)at;
	pack_text(o, view_of(c->digits));
}

static void unpack_digits(struct pack_in *in, struct command *c, const struct field_at *at)
{
	(void)at;
	unpack_text(in, c->digits, sizeof c->digits);
}

/* ---- access points ---- */

static enum rc check_mac(const struct command *c, const struct field_at *at, struct err *e)
{
	static const uint8_t none[MAC_BYTES];
	const uint8_t *mac = c->macs[at->i];

	if (memcmp(mac, none, sizeof none) == 0 || (mac[0] & 1) != 0)
		return fail(e, RC_SYNTAX, "mac: this is not the address of an access point");
	return RC_OK;
}

static void write_mac(struct content *out, const struct command *c, const struct field_at *at)
{
	static const char hex[] = "0123456789abcdef";

	content_add_number(out, at->i + 1);
	for (size_t i = 0; i < MAC_BYTES; i++) {
		uint8_t b = c->macs[at->i][i];
		const char text[3] = {i == 0 ? ',' : ':', hex[b >> 4], hex[b & 15]};
		content_add(out, (struct view){.p = text, .n = sizeof text});
	}
}

static enum rc read_mac(
	struct view *in, struct command *c, const struct field_at *at, struct err *e)
{
	struct view number;
	struct view v;
	uint32_t n = 0;
	enum rc rc = field_value(in, at, &number, e);

	if (rc == RC_OK)
		rc = field_value(in, at, &v, e);
	if (rc != RC_OK)
		return rc;
	if (num_u32(number, COMMAND_MACS_MAX, &n, NULL) != RC_OK || n != at->i + 1)
		return field_not_ours(e);
	if (v.n != MAC_TEXT)
		return fail(e, RC_SYNTAX, "command: not an address of an access point");
	for (size_t i = 0; i < MAC_BYTES; i++) {
		int high = ascii_hex(v.p[3 * i]);
		int low = ascii_hex(v.p[3 * i + 1]);
		if (high < 0 || low < 0 || (i > 0 && v.p[3 * i - 1] != ':'))
			return fail(e, RC_SYNTAX, "command: not an address of an access point");
		c->macs[at->i][i] = (uint8_t)(high << 4 | low);
	}
	return RC_OK;
}

static void pack_mac(struct pack_out *o, const struct command *c, const struct field_at *at)
{
	pack_bytes(o, c->macs[at->i], MAC_BYTES);
}

static void unpack_mac(struct pack_in *in, struct command *c, const struct field_at *at)
{
	struct view v = unpack_bytes(in, MAC_BYTES);

	if (v.p != NULL)
		memcpy(c->macs[at->i], v.p, MAC_BYTES);
}

/* ---- rows ---- */

const struct field_codec codec_phone = {
	COUNTER_ENTRIES, check_phone, write_phone, read_phone, pack_phone, unpack_phone};
const struct field_codec codec_name = {
	COUNTER_ENTRIES, check_name, write_name, read_name, pack_name, unpack_name};
const struct field_codec codec_entry = {
	COUNTER_ENTRIES, check_entry, write_entry, read_entry, pack_entry, unpack_entry};
const struct field_codec codec_text = {
	COUNTER_NONE, check_text, write_text, read_text, pack_long_text, unpack_long_text};
const struct field_codec codec_word = {
	COUNTER_NONE, check_word, write_word, read_word, pack_word, unpack_word};
const struct field_codec codec_host = {
	COUNTER_NONE, check_host, write_word, read_word, pack_word, unpack_word};
const struct field_codec codec_digits = {
	COUNTER_NONE, check_digits, write_digits, read_digits, pack_digits, unpack_digits};
const struct field_codec codec_mac = {
	COUNTER_LIST, check_mac, write_mac, read_mac, pack_mac, unpack_mac};
