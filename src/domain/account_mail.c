#include "domain/account_mail.h"

#include <stdio.h>

#include "base/log.h"
#include "crypto/token.h"
#include "store/query.h"
#include "store/sealed.h"

struct recipient {
	char to[MAIL_ADDRESS_TEXT];
	char language[LANGUAGE_TEXT];
};

static enum rc read_addressee(
	struct db *db, const struct uid *account, struct recipient *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(db,
		"SELECT language, email, email_confirmed_ms FROM account WHERE id = ?1", account,
		&s, e);

	*ret = (struct recipient){.to = ""};
	if (rc != RC_OK)
		return rc;
	stmt_copy_text(s, 0, ret->language, sizeof ret->language);
	if (stmt_int(s, 2) != 0)
		rc = stmt_copy_sealed(s, 1, account, "account.email", ret->to, sizeof ret->to, e);
	stmt_reset(s);
	return rc == RC_NOT_FOUND ? RC_OK : rc; /* its key is gone already */
}

enum rc account_mail(struct domain *d, struct db *db, const struct uid *account,
	const struct account_mail *m, struct err *e)
{
	struct recipient a;
	char link[MAIL_LINK_MAX];
	enum rc rc = read_addressee(db, account, &a, e);

	if (rc != RC_OK)
		return rc;
	const char *to = m->to != NULL ? m->to : a.to;
	if (to[0] == '\0' || !courier_has_mail(d))
		return RC_OK;
	(void)snprintf(link, sizeof link, "%s/%s%s", d->settings.app_url,
		m->page == NULL ? "" : m->page, m->token == NULL ? "" : m->token);
	struct mail mail = {.template = m->kind,
		.to = view_of(to),
		.language = a.language,
		.link = view_of(link),
		.hours = m->hours,
		.time_ms = m->time_ms,
		.what = m->what,
		.expires_ms = m->expires_ms};
	if (m->kind != MAIL_SECURITY_CHANGED || m->what != MAIL_WHAT_ACCOUNT_DELETED)
		mail.owner = *account; /* that one outlives the account's key */
	rc = courier_mail(db, &mail, d->wall_ms(), e);
	secret_forget(link, sizeof link);
	if (rc != RC_LIMIT && rc != RC_SYNTAX)
		return rc;
	log_event(LOG_WARN, "mail.dropped", "why=\"%s\"", rc == RC_LIMIT ? "queue full" : "form");
	return RC_OK; /* what it tells of happens all the same */
}

void account_mail_knock(struct domain *d)
{
	if (courier_has_mail(d))
		courier_knock(d);
}

enum rc account_has_mail(struct db *reader, const struct uid *account, bool *ret, struct err *e)
{
	struct recipient a;
	enum rc rc = read_addressee(reader, account, &a, e);

	if (rc == RC_OK)
		*ret = a.to[0] != '\0';
	return rc;
}
