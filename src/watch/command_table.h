/* The table behind command.h: one row a kind. Used by the command files only. */
#pragma once

#include "watch/command.h"

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
};

struct command_row {
	const char *keyword;
	const char *name;
	enum command_form form;
	bool may_repeat;
};

/* NULL when kind is out of range. */
const struct command_row *command_row(enum command_kind kind);
