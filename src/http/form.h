/* Bodies of application/x-www-form-urlencoded, as OAuth's token endpoint takes them (RFC 6749
 * §3.2). Parameters that nobody asks for are ignored, as that standard wants; one that comes twice
 * is refused. Pure. */
#pragma once

#include "base/view.h"

enum { FORM_PARAMETERS_MAX = 32 };

struct form_field {
	const char *name;
	struct view value; /* p == NULL: it was not there */
};

/* Decodes in place: the values borrow from text. RC_SYNTAX for malformed escapes, characters that
 * are not printable ASCII, a parameter that comes twice; RC_LIMIT for too many. */
MUST_CHECK enum rc form_read(
	char *text, size_t n, struct form_field *fields, size_t fields_n, struct err *e);
