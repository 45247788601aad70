/* The words of mails: one template for each reason, in English, German and Spanish. They say what
 * has happened and where to go, and nothing about a person. Pure. */
#pragma once

#include "domain/courier_outbox.h"

enum { MAIL_SUBJECT_TEXT = COURIER_SUBJECT_MAX + 1, MAIL_TEXT_MAX = 4000 };

/* RC_SYNTAX when a value is not allowed in a mail: a link that is none. */
MUST_CHECK enum rc mail_text_write(const struct mail *m, char ret_subject[MAIL_SUBJECT_TEXT],
	char ret_text[MAIL_TEXT_MAX], struct err *e);
