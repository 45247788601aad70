/* Values from outside by a table of fields: JSON bodies (body.h) and query parameters. The table
 * says which fields there are, which must be there, and what each may hold; everything else is
 * refused. Pure. */
#pragma once

#include <stdint.h>

#include "base/uid.h"
#include "domain/problem.h"

enum { FIELDS_MAX = 16 /* of one table */, FIELD_WORDS_MAX = 32 };

enum field_type {
	FIELD_TEXT = 1, /* struct view, without blanks at both ends; no control or direction
			   characters */
	FIELD_SECRET,   /* struct view, as it came */
	FIELD_ID,       /* struct uid */
	FIELD_INT,      /* struct field_int; JSON only */
	FIELD_TIME,     /* struct field_int: RFC 3339 to UTC ms */
	FIELD_BOOL,     /* struct field_bool; JSON only */
	FIELD_WORDS,    /* struct field_words: an array of at most FIELD_WORDS_MAX texts, each with
			   min, max, choices and form; JSON only */
	FIELD_JSON, /* const struct json_t *: an object or array, for body_read_object; JSON only */
};

struct field_int {
	bool is_there;
	int64_t value;
};

struct field_bool {
	bool is_there;
	bool value;
};

struct field_words {
	bool is_there;
	uint8_t n;
	struct view words[FIELD_WORDS_MAX];
};

typedef bool field_form_fn(struct view text);

struct field {
	const char *name;
	enum field_type type;
	bool is_required;
	uint16_t offset;            /* of the member in the struct of values */
	uint32_t min, max;          /* TEXT, SECRET, WORDS: characters; INT: the number; else 0 */
	const char *const *choices; /* NULL, or the allowed texts, NULL at the end */
	field_form_fn *form;        /* NULL, or what the text must look like */
};

struct field_table {
	const char *name;
	const struct field *fields;
	size_t n;
	bool needs_one; /* at least one field, although none is required */
};

/* The field of that name, or NULL. */
const struct field *field_find(const struct field_table *t, struct view name);

/* Checks text (UTF-8) and writes it to its member of values. A TEXT or SECRET borrows from text. */
MUST_CHECK enum rc field_set_text(
	const struct field *f, struct view text, void *values, struct problem *p);
MUST_CHECK enum rc field_set_int(
	const struct field *f, int64_t value, void *values, struct problem *p);

MUST_CHECK enum rc field_set_bool(
	const struct field *f, bool value, void *values, struct problem *p);
/* Adds one word to a WORDS. */
MUST_CHECK enum rc field_add_word(
	const struct field *f, struct view text, void *values, struct problem *p);

/* given: bit i = field i was there. */
MUST_CHECK enum rc field_check_given(
	const struct field_table *t, uint32_t given, struct problem *p);

/* Number of Unicode code points of well-formed UTF-8. */
size_t field_count_chars(struct view text);
/* No C0, C1, DEL, line or paragraph separators, no characters that turn the direction of text or
 * have no width. */
bool field_is_clean(struct view text);
