#include "domain/operator_accounts.h"

#include "domain/account_store.h"
#include "domain/audit.h"
#include "domain/ban_store.h"
#include "domain/web_session_store.h"
#include "store/query.h"
#include "store/sealed.h"

/* Logins differ by more than the case of ASCII letters. */
static bool holds(struct view login, struct view part)
{
	for (size_t at = 0; at + part.n <= login.n; at++) {
		if (view_is_nocase((struct view){.p = login.p + at, .n = part.n}, part))
			return true;
	}
	return false;
}

static enum rc read_row(struct stmt *s, struct operator_account *ret, struct err *e)
{
	*ret = (struct operator_account){
		.id = stmt_uid(s, 0),
		.created_ms = stmt_int(s, 2),
		.last_used_ms = stmt_int(s, 3),
		.passkeys = (unsigned)stmt_int(s, 4),
		.has_totp = stmt_int(s, 5) != 0,
		.is_operator = stmt_int(s, 6) != 0,
		.is_banned = stmt_int(s, 7) != 0,
	};
	enum rc rc =
		stmt_copy_sealed(s, 1, &ret->id, "account.login", ret->login, sizeof ret->login, e);
	return rc == RC_NOT_FOUND ? RC_OK : rc; /* being erased */
}

enum rc operator_account_list(struct db *reader, const struct uid *after, struct view part,
	int64_t now_ms, operator_account_fn *fn, void *ctx, struct uid *ret_next, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	unsigned found = 0;
	unsigned seen = 0;
	enum rc rc = db_prepare(reader,
		"SELECT a.id, a.login, a.created_ms,"
		" (SELECT COALESCE(MAX(w.last_used_ms), 0) FROM web_session w WHERE w.account = "
		"a.id),"
		" (SELECT COUNT(*) FROM passkey p WHERE p.account = a.id),"
		" a.totp_confirmed_ms > 0, a.is_operator,"
		" EXISTS (SELECT 1 FROM account_ban b WHERE b.account = a.id"
		" AND (b.until_ms = 0 OR b.until_ms > ?2))"
		" FROM account a WHERE a.id > ?1 ORDER BY a.id LIMIT ?3",
		&s, e);

	*ret_next = (struct uid){{0}};
	if (rc != RC_OK)
		return rc;
	stmt_bind_blob(s, 1, (struct view){.p = (const char *)after->b, .n = UID_BYTES});
	stmt_bind_int(s, 2, now_ms);
	stmt_bind_int(s, 3, OPERATOR_ACCOUNTS_SCAN);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct operator_account a;
		rc = read_row(s, &a, e);
		if (rc != RC_OK)
			break;
		seen++;
		if (holds(view_of(a.login), part)) {
			fn(ctx, &a);
			found++;
		}
		if (found == OPERATOR_ACCOUNTS_PAGE || seen == OPERATOR_ACCOUNTS_SCAN) {
			*ret_next = a.id;
			break;
		}
	}
	stmt_reset(s);
	return rc;
}

enum rc operator_account_find(struct db *reader, struct view login, struct uid *ret, struct err *e)
{
	char text[LOGIN_TEXT];
	struct uid found = {{0}};
	enum rc rc = login.n >= LOGIN_TEXT
			     ? RC_OK
			     : account_find(reader, account_fold_login(login, text), &found, e);

	if (rc == RC_OK && uid_is_none(&found))
		return fail(e, RC_NOT_FOUND, "nobody has this login");
	if (rc == RC_OK)
		*ret = found;
	return rc;
}

enum deed { DEED_BAN, DEED_UNBAN, DEED_OPERATOR, DEED_NOT_OPERATOR, DEED_END };

struct deed_job {
	enum deed deed;
	struct uid account;
	const struct uid *by;
	struct view reason;
	int64_t until_ms, now_ms;
	struct problem *problem;
};

/* Is somebody else left who can run the server? */
static enum rc check_others(struct db *db, const struct deed_job *job, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"SELECT a.is_operator, (SELECT COUNT(*) FROM account o WHERE o.is_operator = 1"
		" AND o.id <> a.id AND NOT EXISTS (SELECT 1 FROM account_ban b"
		" WHERE b.account = o.id AND (b.until_ms = 0 OR b.until_ms > ?2)))"
		" FROM account a WHERE a.id = ?1",
		&job->account, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, job->now_ms);
	rc = query_first(s, e);
	if (rc != RC_OK)
		return rc;
	bool is_last = stmt_int(s, 0) != 0 && stmt_int(s, 1) == 0;
	stmt_reset(s);
	if (is_last && (job->deed == DEED_BAN || job->deed == DEED_NOT_OPERATOR))
		return refuse(job->problem, RC_CONFLICT, "last_operator", NULL, NULL);
	return RC_OK;
}

static enum rc set_operator(struct db *db, const struct deed_job *job, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(
		db, "UPDATE account SET is_operator = ?2 WHERE id = ?1", &job->account, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, job->deed == DEED_OPERATOR);
	return stmt_run(s, NULL, e);
}

static enum rc deed_job(struct db *db, void *arg, struct err *e)
{
	const struct deed_job *job = arg;
	enum rc rc = check_others(db, job, e);

	if (rc != RC_OK)
		return rc;
	switch (job->deed) {
	case DEED_BAN:
		rc = ban_store_account(
			db, &job->account, job->by, job->reason, job->until_ms, job->now_ms, e);
		break;
	case DEED_UNBAN:
		return ban_store_end(db, &job->account, e);
	case DEED_OPERATOR:
	case DEED_NOT_OPERATOR:
		rc = set_operator(db, job, e);
		break;
	case DEED_END:
		break;
	}
	return rc == RC_OK ? web_session_delete_others(db, &job->account, NULL, e) : rc;
}

static enum rc run_deed(struct domain *d, const struct principal *who, struct deed_job *job,
	struct problem *p, struct err *e)
{
	job->by = &who->account;
	job->now_ms = d->wall_ms();
	job->problem = p;
	if (uid_is(&who->account, &job->account) && job->deed != DEED_END)
		return refuse(p, RC_CONFLICT, "own_account", NULL, NULL);
	act_subject(who, &job->account);
	enum rc rc = act_run(d, who, deed_job, job, e);
	if (rc == RC_OK && job->deed != DEED_UNBAN)
		web_session_forget_others(d, &job->account, NULL);
	return rc;
}

enum rc operator_account_ban(struct domain *d, const struct principal *who,
	const struct uid *account, struct view reason, int64_t until_ms, struct problem *p,
	struct err *e)
{
	struct deed_job job = {
		.deed = DEED_BAN, .account = *account, .reason = reason, .until_ms = until_ms};

	if (until_ms != 0 && until_ms <= d->wall_ms())
		return refuse(p, RC_SYNTAX, "field_range", "until", "a time to come");
	if (reason.n >= BAN_REASON_TEXT)
		return refuse(p, RC_SYNTAX, "field_too_long", "reason", NULL);
	act_detail(who, "%.*s", (int)reason.n, reason.p == NULL ? "" : reason.p);
	return run_deed(d, who, &job, p, e);
}

enum rc operator_account_unban(struct domain *d, const struct principal *who,
	const struct uid *account, struct problem *p, struct err *e)
{
	struct deed_job job = {.deed = DEED_UNBAN, .account = *account};

	return run_deed(d, who, &job, p, e);
}

enum rc operator_account_set_operator(struct domain *d, const struct principal *who,
	const struct uid *account, bool is_operator, struct problem *p, struct err *e)
{
	struct deed_job job = {
		.deed = is_operator ? DEED_OPERATOR : DEED_NOT_OPERATOR, .account = *account};

	act_detail(who, "%s", is_operator ? "operator" : "not operator");
	return run_deed(d, who, &job, p, e);
}

enum rc operator_account_end_sessions(struct domain *d, const struct principal *who,
	const struct uid *account, struct problem *p, struct err *e)
{
	struct deed_job job = {.deed = DEED_END, .account = *account};

	return run_deed(d, who, &job, p, e);
}
