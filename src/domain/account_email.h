/* The e-mail address of an account: counts when the link in a mail to it was opened. Used for
 * notices about the account itself and for recovery. */
#pragma once

#include "domain/account.h"

enum { EMAIL_LINK_LIFE_MS = 24 * 3600 * 1000 };

/* Mails a link to the new address; an older link ends. The caller is to be guarded before
 * (security_guard). Codes: email_invalid (RC_SYNTAX), mail_not_set_up (RC_CONFLICT: no mail server
 * is set up). */
MUST_CHECK enum rc account_email_change(struct domain *d, const struct principal *who,
	struct view email, struct problem *p, struct err *e);
/* The link was opened, by anybody. Code: token_wrong (RC_DENIED). */
MUST_CHECK enum rc account_email_confirm(struct domain *d, const struct principal *who,
	struct view token, struct problem *p, struct err *e);
