#include "domain/account_email.h"

#include "crypto/token.h"
#include "domain/account_mail.h"
#include "domain/account_store.h"
#include "domain/audit.h"
#include "store/query.h"

struct change_job {
	struct domain *domain;
	const struct uid *account;
	const char *email;
	const char *token;
	const struct token_hash *hash;
	int64_t now_ms;
};

static enum rc change_job(struct db *db, void *arg, struct err *e)
{
	const struct change_job *job = arg;
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"INSERT INTO email_change (account, email, token_hash, created_ms)"
		" VALUES (?1, ?2, ?3, ?4) ON CONFLICT (account) DO UPDATE SET email = ?2,"
		" token_hash = ?3, created_ms = ?4",
		job->account, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_sealed(s, 2, job->account, "email_change.email", view_of(job->email));
	stmt_bind_blob(s, 3, (struct view){(const char *)job->hash->b, sizeof job->hash->b});
	stmt_bind_int(s, 4, job->now_ms);
	rc = stmt_run(s, NULL, e);
	if (rc != RC_OK)
		return rc;
	return account_mail(job->domain, db, job->account,
		&(struct account_mail){.kind = MAIL_EMAIL_CONFIRM,
			.to = job->email,
			.page = "#/email?token=",
			.token = job->token,
			.expires_ms = job->now_ms + EMAIL_LINK_LIFE_MS},
		e);
}

enum rc account_email_change(struct domain *d, const struct principal *who, struct view email,
	struct problem *p, struct err *e)
{
	char text[MAIL_ADDRESS_TEXT];
	char token[TOKEN_TEXT];
	struct token_hash hash;
	struct change_job job = {.domain = d,
		.account = &who->account,
		.email = text,
		.token = token,
		.hash = &hash,
		.now_ms = d->wall_ms()};

	if (!is_mail_address(email) || !view_to_text(email, text, sizeof text))
		return refuse(p, RC_SYNTAX, "email_invalid", "email", "such as name@example.org");
	if (!courier_has_mail(d))
		return refuse(p, RC_CONFLICT, "mail_not_set_up", NULL,
			"the operator has not set up a mail server");
	token_new(token, &hash);
	enum rc rc = act_run(d, who, change_job, &job, e);
	secret_forget(token, sizeof token);
	account_mail_knock(d);
	return rc;
}

struct confirm_job {
	struct domain *domain;
	struct view token;
	int64_t now_ms;
	struct problem *problem;
};

static enum rc refuse_token(struct problem *p)
{
	return refuse(p, RC_DENIED, "token_wrong", "token", "the link is wrong, used or too old");
}

/* The account and the address of this link; refuses a wrong one. */
static enum rc find_change(struct db *db, const struct confirm_job *job, struct uid *ret_account,
	char ret_email[MAIL_ADDRESS_TEXT], struct err *e)
{
	struct token_hash hash;
	struct stmt *s = NULL;
	bool has_row = false;

	if (!token_hash_of(job->token, &hash))
		return refuse_token(job->problem);
	enum rc rc = db_prepare(db,
		"SELECT account, email FROM email_change WHERE token_hash = ?1 AND created_ms > ?2",
		&s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_blob(s, 1, (struct view){(const char *)hash.b, sizeof hash.b});
	stmt_bind_int(s, 2, job->now_ms - EMAIL_LINK_LIFE_MS);
	rc = stmt_step(s, &has_row, e);
	if (rc == RC_OK && !has_row)
		return refuse_token(job->problem);
	if (rc == RC_OK) {
		*ret_account = stmt_uid(s, 0);
		rc = stmt_copy_sealed(
			s, 1, ret_account, "email_change.email", ret_email, MAIL_ADDRESS_TEXT, e);
	}
	stmt_reset(s);
	return rc;
}

static enum rc confirm_job(struct db *db, void *arg, struct err *e)
{
	const struct confirm_job *job = arg;
	char email[MAIL_ADDRESS_TEXT];
	struct uid account;
	struct stmt *s = NULL;
	enum rc rc = find_change(db, job, &account, email, e);

	if (rc != RC_OK)
		return rc;
	/* The address before is told, so that nobody takes an account over in silence. */
	rc = account_mail(job->domain, db, &account,
		&(struct account_mail){.kind = MAIL_SECURITY_CHANGED, .what = MAIL_WHAT_EMAIL}, e);
	if (rc == RC_OK)
		rc = query_prepare(db,
			"UPDATE account SET email = ?2, email_confirmed_ms = ?3 WHERE id = ?1",
			&account, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_sealed(s, 2, &account, "account.email", view_of(email));
	stmt_bind_int(s, 3, job->now_ms);
	rc = stmt_run(s, NULL, e);
	return rc == RC_OK
		       ? query_run(db, "DELETE FROM email_change WHERE account = ?1", &account, e)
		       : rc;
}

enum rc account_email_confirm(struct domain *d, const struct principal *who, struct view token,
	struct problem *p, struct err *e)
{
	struct confirm_job job = {
		.domain = d, .token = token, .now_ms = d->wall_ms(), .problem = p};
	enum rc rc = act_run(d, who, confirm_job, &job, e);

	account_mail_knock(d);
	return rc;
}
