/* The table behind command.h: one row a kind. Used by the command files only. */
#pragma once

#include "watch/command.h"
#include "watch/encode.h"
#include "watch/pack.h"

/* What follows the keyword. */
enum command_form {
	FORM_BARE,
	FORM_ZERO,  /* ,0 : the value that switches off */
	FORM_EMPTY, /* ,  : an empty number clears */
	FORM_TEXT,
	FORM_LANGUAGE_ZONE,
	FORM_LANGUAGE,
	FORM_ZONE,
	FORM_INTERVAL,
	FORM_DIGITS,
	FORM_FLAG,
	FORM_NUMBER,
	FORM_NUMBER_OR_NOT, /* an empty one clears */
	FORM_THREE_NUMBERS, /* each may be empty */
	FORM_PAGE,          /* five pairs of number and name, padded */
	FORM_WHOLE,         /* one pair for each entry */
	FORM_ENTRY,
	FORM_SLOT,
};

enum { ANSWERS_MAX = 4 };

struct command_row {
	const char *keyword;
	const char *name;
	enum command_form form;
	bool may_repeat;
	bool is_sensitive;
	const char
		*answers[ANSWERS_MAX]; /* keywords that acknowledge; the first is the usual one */
};

/* NULL when kind is out of range. */
const struct command_row *command_row(enum command_kind kind);

/* command_book.c: numbers and phone books. The checks and readers know the form. */
MUST_CHECK enum rc book_check(const struct command *c, enum command_form form, struct err *e);
void book_pack(struct pack_out *o, const struct command *c, enum command_form form);
void book_unpack(struct pack_in *in, struct command *c, enum command_form form);
void book_write(struct content *out, const struct command *c, enum command_form form);
MUST_CHECK enum rc book_read(
	struct view params, enum command_form form, struct command *c, struct err *e);
