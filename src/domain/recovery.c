#include "domain/recovery.h"

#include <stdlib.h>

#include "base/log.h"
#include "crypto/token.h"
#include "domain/account_mail.h"
#include "domain/account_notice.h"
#include "domain/account_store.h"
#include "domain/audit.h"
#include "domain/web_session_store.h"
#include "store/query.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define HOUR_MS (INT64_C(3600) * 1000)

enum recovery_state { RECOVERY_NONE, RECOVERY_SENT, RECOVERY_WAITING };

struct recovery_row {
	struct uid account;
	enum recovery_state state;
	int64_t sent_ms, sent_n, until_ms, stopped_ms;
};

#define ROW "SELECT account, state, sent_ms, sent_n, until_ms, stopped_ms FROM recovery WHERE "

static enum recovery_state state_of(int64_t value)
{
	return value == RECOVERY_SENT || value == RECOVERY_WAITING ? (enum recovery_state)value
								   : RECOVERY_NONE;
}

/* The first row of s; the none account when there is none. */
static enum rc read_row(struct stmt *s, struct recovery_row *ret, struct err *e)
{
	bool has_row = false;
	enum rc rc = stmt_step(s, &has_row, e);

	*ret = (struct recovery_row){.state = RECOVERY_NONE};
	if (rc == RC_OK && has_row)
		*ret = (struct recovery_row){.account = stmt_uid(s, 0),
			.state = state_of(stmt_int(s, 1)),
			.sent_ms = stmt_int(s, 2),
			.sent_n = stmt_int(s, 3),
			.until_ms = stmt_int(s, 4),
			.stopped_ms = stmt_int(s, 5)};
	stmt_reset(s);
	return rc;
}

static enum rc find_of_account(
	struct db *db, const struct uid *account, struct recovery_row *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db, ROW "account = ?1", account, &s, e);

	return rc == RC_OK ? read_row(s, ret, e) : rc;
}

/* Waits, or could be finished now: another link would only be in its way. */
static bool is_under_way(const struct recovery_row *r, int64_t now_ms)
{
	return r->state == RECOVERY_WAITING && now_ms < r->until_ms + RECOVERY_FINISH_LIFE_MS;
}

static enum rc find_of_token(
	struct db *db, struct view token, struct recovery_row *ret, struct err *e)
{
	struct token_hash hash;
	struct stmt *s = NULL;

	*ret = (struct recovery_row){.state = RECOVERY_NONE};
	if (!token_hash_of(token, &hash))
		return RC_OK;
	enum rc rc = db_prepare(db, ROW "token_hash = ?1", &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_blob(s, 1, (struct view){(const char *)hash.b, sizeof hash.b});
	return read_row(s, ret, e);
}

/* ---- the link ---- */

static enum rc put_link(struct db *db, const struct recovery_row *old, const struct uid *account,
	const struct token_hash *hash, int64_t now_ms, struct err *e)
{
	bool is_same_day = old->sent_ms > now_ms - DAY_MS;
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"INSERT INTO recovery (account, token_hash, state, sent_ms, sent_n, until_ms,"
		" stopped_ms) VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6)"
		" ON CONFLICT (account) DO UPDATE SET token_hash = ?2, state = ?3, sent_ms = ?4,"
		" sent_n = ?5, until_ms = 0",
		account, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_blob(s, 2, (struct view){(const char *)hash->b, sizeof hash->b});
	stmt_bind_int(s, 3, RECOVERY_SENT);
	stmt_bind_int(s, 4, now_ms);
	stmt_bind_int(s, 5, is_same_day ? old->sent_n + 1 : 1);
	stmt_bind_int(s, 6, old->stopped_ms);
	return stmt_run(s, NULL, e);
}

struct request_job {
	struct domain *domain;
	char login[LOGIN_TEXT];
	char token[TOKEN_TEXT];
	struct token_hash hash;
	int64_t now_ms;
};

static bool may_mail(const struct recovery_row *r, int64_t now_ms)
{
	bool is_too_soon = r->sent_ms > now_ms - RECOVERY_MAIL_GAP_MS;
	bool are_too_many = r->sent_n >= RECOVERY_MAILS_PER_DAY && r->sent_ms > now_ms - DAY_MS;
	bool is_at_rest = r->stopped_ms != 0 && now_ms < r->stopped_ms + RECOVERY_REST_MS;

	return !is_too_soon && !are_too_many && !is_at_rest && !is_under_way(r, now_ms);
}

static enum rc request_job(struct db *db, void *arg, struct err *e)
{
	const struct request_job *job = arg;
	struct recovery_row old;
	struct uid account;
	bool has_mail = false;
	enum rc rc = account_find(db, view_of(job->login), &account, e);

	if (rc != RC_OK || uid_is_none(&account))
		return rc;
	rc = account_has_mail(db, &account, &has_mail, e);
	if (rc == RC_OK)
		rc = find_of_account(db, &account, &old, e);
	if (rc != RC_OK || !has_mail || !may_mail(&old, job->now_ms))
		return rc;
	rc = put_link(db, &old, &account, &job->hash, job->now_ms, e);
	if (rc != RC_OK)
		return rc;
	return account_mail(job->domain, db, &account,
		&(struct account_mail){.kind = MAIL_RECOVERY,
			.page = "#/recovery?token=",
			.token = job->token,
			.hours = job->domain->settings.recovery_wait_h,
			.expires_ms = job->now_ms + RECOVERY_LINK_LIFE_MS},
		e);
}

static void request_done(void *arg, enum rc rc, const struct err *e)
{
	struct request_job *job = arg;

	if (rc == RC_OK)
		account_mail_knock(job->domain);
	else
		log_event(LOG_WARN, "recovery.failed", "why=\"%s\"", e->msg);
	secret_forget(job, sizeof *job);
	free(job);
}

enum rc recovery_request(struct domain *d, struct view login, struct err *e)
{
	struct request_job *job = calloc(1, sizeof *job);

	if (job == NULL)
		return fail(e, RC_NOMEM, "recovery: out of memory");
	job->domain = d;
	job->now_ms = d->wall_ms();
	(void)account_fold_login(login, job->login);
	token_new(job->token, &job->hash);
	if (!courier_has_mail(d)) { /* nobody can get a link this way, whoever it is */
		free(job);
		return RC_OK;
	}
	enum rc rc = writer_post(d->writer, request_job, request_done, job, 0, e);
	if (rc != RC_OK)
		free(job);
	return rc;
}

struct link_job {
	struct view login;
	const struct token_hash *hash;
	int64_t now_ms;
};

static enum rc link_job(struct db *db, void *arg, struct err *e)
{
	const struct link_job *job = arg;
	struct recovery_row old;
	struct uid account;
	enum rc rc = account_find(db, job->login, &account, e);

	if (rc == RC_OK && uid_is_none(&account))
		return fail(e, RC_NOT_FOUND, "there is no account with this login");
	if (rc == RC_OK)
		rc = find_of_account(db, &account, &old, e);
	if (rc == RC_OK && is_under_way(&old, job->now_ms))
		return fail(e, RC_CONFLICT, "a recovery of this account is under way");
	return rc == RC_OK ? put_link(db, &old, &account, job->hash, job->now_ms, e) : rc;
}

enum rc recovery_new_link(struct domain *d, const struct principal *who, struct view login,
	char ret_token[TOKEN_TEXT], struct err *e)
{
	struct token_hash hash;
	char token[TOKEN_TEXT];
	struct link_job job = {.login = login, .hash = &hash, .now_ms = d->wall_ms()};

	token_new(token, &hash);
	enum rc rc = act_run(d, who, link_job, &job, e);
	if (rc == RC_OK)
		memcpy(ret_token, token, sizeof token);
	secret_forget(token, sizeof token);
	return rc;
}

/* ---- the waiting time ---- */

static enum rc set_frozen(struct db *db, const struct uid *account, int64_t until_ms, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(
		db, "UPDATE account SET frozen_until_ms = ?2 WHERE id = ?1", account, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, until_ms);
	return stmt_run(s, NULL, e);
}

static enum rc refuse_token(struct problem *p)
{
	return refuse(p, RC_DENIED, "token_wrong", "token", "the link is wrong, used or too old");
}

struct wait_job {
	struct domain *domain;
	struct view token;
	int64_t now_ms;
	struct problem *problem;
	/* out */
	struct uid account;
	int64_t until_ms;
	struct account_notice notice;
};

static enum rc begin_waiting(struct db *db, struct wait_job *job, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"UPDATE recovery SET state = ?2, until_ms = ?3 WHERE account = ?1", &job->account,
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, RECOVERY_WAITING);
	stmt_bind_int(s, 3, job->until_ms);
	rc = stmt_run(s, NULL, e);
	if (rc == RC_OK)
		rc = set_frozen(db, &job->account, job->until_ms, e);
	if (rc == RC_OK)
		rc = account_notice_append(db, &job->account, NULL, job->now_ms, &job->notice, e);
	if (rc != RC_OK)
		return rc;
	return account_mail(job->domain, db, &job->account,
		&(struct account_mail){.kind = MAIL_RECOVERY_STARTED, .time_ms = job->until_ms}, e);
}

static enum rc wait_job(struct db *db, void *arg, struct err *e)
{
	struct wait_job *job = arg;
	struct recovery_row r;
	enum rc rc = find_of_token(db, job->token, &r, e);

	job->notice = (struct account_notice){.action = "recovery.start", .detail = ""};
	if (rc != RC_OK)
		return rc;
	job->account = r.account;
	if (is_under_way(&r, job->now_ms)) { /* opened again */
		job->until_ms = r.until_ms;
		return RC_OK;
	}
	if (r.state != RECOVERY_SENT || job->now_ms > r.sent_ms + RECOVERY_LINK_LIFE_MS)
		return refuse_token(job->problem);
	job->until_ms = job->now_ms + job->domain->settings.recovery_wait_h * HOUR_MS;
	return begin_waiting(db, job, e);
}

enum rc recovery_confirm(struct domain *d, struct db *reader, const struct principal *who,
	struct view token, int64_t *ret_until_ms, struct problem *p, struct err *e)
{
	struct wait_job job = {.domain = d, .token = token, .now_ms = d->wall_ms(), .problem = p};
	enum rc rc = act_run(d, who, wait_job, &job, e);

	if (rc != RC_OK)
		return rc;
	account_mail_knock(d);
	account_notice_publish(d, &job.notice);
	*ret_until_ms = job.until_ms;
	return web_session_reload(d, reader, &job.account, e);
}

/* ---- its end ---- */

/* May it be finished now? */
static enum rc check_finish(struct db *db, struct view token, int64_t now_ms,
	struct recovery_row *ret, struct problem *p, struct err *e)
{
	enum rc rc = find_of_token(db, token, ret, e);

	if (rc != RC_OK)
		return rc;
	if (!is_under_way(ret, now_ms))
		return refuse_token(p);
	if (now_ms < ret->until_ms)
		return refuse(p, RC_CONFLICT, "recovery_waits", NULL, "the waiting time runs");
	return RC_OK;
}

struct finish_job {
	struct domain *domain;
	struct view token;
	const char *password_hash;
	int64_t now_ms;
	struct problem *problem;
	struct account_notice notice;
	struct uid account;
};

static enum rc finish_job(struct db *db, void *arg, struct err *e)
{
	static const char *const forget[] = {
		"DELETE FROM passkey WHERE account = ?1",
		"DELETE FROM recovery_code WHERE account = ?1",
		"DELETE FROM known_network WHERE account = ?1",
		"DELETE FROM email_change WHERE account = ?1",
		"DELETE FROM web_session WHERE account = ?1",
		"DELETE FROM recovery WHERE account = ?1",
	};
	struct finish_job *job = arg;
	struct recovery_row r;
	enum rc rc = check_finish(db, job->token, job->now_ms, &r, job->problem, e);

	job->notice = (struct account_notice){.action = "recovery.finish", .detail = ""};
	if (rc != RC_OK)
		return rc;
	job->account = r.account;
	rc = account_set_sealed(db,
		"UPDATE account SET password_hash = ?2, totp = NULL, totp_confirmed_ms = 0,"
		" totp_step = 0, frozen_until_ms = 0 WHERE id = ?1",
		&job->account, "account.password_hash", view_of(job->password_hash), e);
	for (size_t i = 0; i < COUNT_OF(forget) && rc == RC_OK; i++)
		rc = query_run(db, forget[i], &job->account, e);
	if (rc == RC_OK)
		rc = account_notice_append(db, &job->account, NULL, job->now_ms, &job->notice, e);
	return rc == RC_OK ? account_mail(job->domain, db, &job->account,
				     &(struct account_mail){.kind = MAIL_SECURITY_CHANGED,
					     .what = MAIL_WHAT_PASSWORD},
				     e)
			   : rc;
}

enum rc recovery_finish(struct domain *d, struct db *reader, const struct principal *who,
	struct view token, struct view password, struct problem *p, struct err *e)
{
	char hash[PASSWORD_HASH_TEXT];
	struct recovery_row r;
	struct account_info account;
	struct finish_job job = {.domain = d,
		.token = token,
		.password_hash = hash,
		.now_ms = d->wall_ms(),
		.problem = p};
	enum rc rc = check_finish(reader, token, job.now_ms, &r, p, e);

	if (rc == RC_OK)
		rc = account_get(reader, &r.account, &account, e);
	if (rc == RC_OK)
		rc = account_check_password(
			password, view_of(account.login), view_of(account.name), p);
	if (rc == RC_OK)
		rc = password_hash(password, hash, e);
	if (rc == RC_OK)
		rc = act_run(d, who, finish_job, &job, e);
	if (rc != RC_OK)
		return rc;
	account_mail_knock(d);
	account_notice_publish(d, &job.notice);
	web_session_forget_others(d, &job.account, NULL);
	return RC_OK;
}

struct stop_job {
	const struct principal *who;
	int64_t now_ms;
	struct account_notice notice;
};

static enum rc stop_job(struct db *db, void *arg, struct err *e)
{
	struct stop_job *job = arg;
	struct token_hash nobodys;
	char token[TOKEN_TEXT];
	struct stmt *s = NULL;
	int64_t changed = 0;
	enum rc rc = query_prepare(db,
		"UPDATE recovery SET state = 0, token_hash = ?2, stopped_ms = ?3, until_ms = 0"
		" WHERE account = ?1 AND state <> 0",
		&job->who->account, &s, e);

	job->notice = (struct account_notice){.action = "recovery.stop", .detail = ""};
	if (rc != RC_OK)
		return rc;
	token_new(token, &nobodys); /* the link ends */
	secret_forget(token, sizeof token);
	stmt_bind_blob(s, 2, (struct view){(const char *)nobodys.b, sizeof nobodys.b});
	stmt_bind_int(s, 3, job->now_ms);
	rc = stmt_run(s, &changed, e);
	if (rc == RC_OK && changed == 0)
		return fail(e, RC_NOT_FOUND, "no recovery is under way");
	if (rc == RC_OK)
		rc = set_frozen(db, &job->who->account, 0, e);
	return rc == RC_OK ? account_notice_append(
				     db, &job->who->account, job->who, job->now_ms, &job->notice, e)
			   : rc;
}

enum rc recovery_stop(
	struct domain *d, struct db *reader, const struct principal *who, struct err *e)
{
	struct stop_job job = {.who = who, .now_ms = d->wall_ms()};
	enum rc rc = act_run(d, who, stop_job, &job, e);

	if (rc != RC_OK)
		return rc;
	account_notice_publish(d, &job.notice);
	return web_session_reload(d, reader, &who->account, e);
}
