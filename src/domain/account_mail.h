/* Inside of the domain: mails to the owner of an account, at the address that was confirmed.
 * Without a mail server or an address nothing is sent, which is not a failure. Texts are the
 * courier's. */
#pragma once

#include "domain/courier_outbox.h"

struct account_mail {
	enum mail_template kind;
	enum mail_what what;
	const char *to; /* NULL: the confirmed address */
	const char
		*page; /* NULL, or "#/email?token=": what follows the app's address in the link */
	const char *token; /* NULL, or what follows that */
	int64_t hours, time_ms;
	int64_t expires_ms;
};

/* In a writer job. */
MUST_CHECK enum rc account_mail(struct domain *d, struct db *db, const struct uid *account,
	const struct account_mail *m, struct err *e);
/* After the commit. */
void account_mail_knock(struct domain *d);

/* Has the account a confirmed address? */
MUST_CHECK enum rc account_has_mail(
	struct db *reader, const struct uid *account, bool *ret, struct err *e);
