#include "domain/account.h"

#include "crypto/password.h"
#include "domain/account_mail.h"
#include "domain/account_store.h"
#include "domain/audit.h"
#include "domain/group.h"
#include "domain/sign_in.h"
#include "domain/text.h"
#include "domain/web_session_store.h"
#include "store/query.h"

enum rc account_is_setup_needed(struct db *reader, bool *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(reader, "SELECT 1 FROM account LIMIT 1", &s, e);

	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	stmt_reset(s);
	*ret = !has_row;
	return RC_OK;
}

static enum rc replace_setup_token(
	struct db *db, const struct token_hash *hash, int64_t now_ms, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db, "DELETE FROM setup_token", &s, e);

	if (rc == RC_OK)
		rc = stmt_run(s, NULL, e);
	if (rc == RC_OK)
		rc = db_prepare(db,
			"INSERT INTO setup_token (id, token_hash, created_ms) VALUES (1, ?1, ?2)",
			&s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_blob(s, 1, (struct view){.p = (const char *)hash->b, .n = sizeof hash->b});
	stmt_bind_int(s, 2, now_ms);
	return stmt_run(s, NULL, e);
}

enum rc account_new_setup_token(
	struct db *writer_db, int64_t now_ms, char ret_token[TOKEN_TEXT], struct err *e)
{
	struct token_hash hash;
	char token[TOKEN_TEXT];
	bool is_needed = false;
	enum rc rc = db_begin(writer_db, e);

	if (rc != RC_OK)
		return rc;
	rc = account_is_setup_needed(writer_db, &is_needed, e);
	if (rc == RC_OK && !is_needed)
		rc = fail(e, RC_CONFLICT, "set-up is done: an account exists; sign in with it");
	token_new(token, &hash);
	if (rc == RC_OK)
		rc = replace_setup_token(writer_db, &hash, now_ms, e);
	if (rc == RC_OK)
		rc = db_commit(writer_db, e);
	if (rc != RC_OK)
		db_rollback(writer_db);
	else
		memcpy(ret_token, token, sizeof token);
	secret_forget(token, sizeof token);
	return rc;
}

enum rc account_check_password(
	struct view password, struct view login, struct view name, struct problem *p)
{
	const struct view names[] = {login, name};

	switch (password_check(password, names, COUNT_OF(names))) {
	case PASSWORD_GOOD:
		return RC_OK;
	case PASSWORD_TOO_SHORT:
		return refuse(p, RC_SYNTAX, "password_too_short", "password",
			"at least 12 characters; several words are easy to remember");
	case PASSWORD_TOO_LONG:
		return refuse(p, RC_SYNTAX, "password_too_long", "password", "at most 256 bytes");
	case PASSWORD_NOT_TEXT:
	case PASSWORD_COMMON:
		return refuse(p, RC_SYNTAX, "password_common", "password",
			"this one is among the first that are tried");
	case PASSWORD_IS_NAME:
		return refuse(p, RC_SYNTAX, "password_is_name", "password",
			"it is made of a name that others know");
	}
	return RC_BUG;
}

static enum rc check_setup(const struct setup_request *r, struct problem *p)
{
	if (!text_is_login(r->login))
		return refuse(p, RC_SYNTAX, "login_invalid", "login",
			"3 to 64 letters, digits or . _ - @ +");
	if (!text_is_name(r->name))
		return refuse(p, RC_SYNTAX, "name_invalid", "name", "1 to 80 characters");
	if (!text_is_name(r->group_name))
		return refuse(
			p, RC_SYNTAX, "group_name_invalid", "group_name", "1 to 80 characters");
	if (!text_is_language(r->language))
		return refuse(p, RC_SYNTAX, "language_invalid", "language", "such as en, de or es");
	return account_check_password(r->password, r->login, r->name, p);
}

struct setup_job {
	const struct setup_request *request;
	struct token_hash token_hash;
	int64_t now_ms;
	const struct uid *account, *group;
	const char *password_hash;
	struct problem *problem;
};

static enum rc use_setup_token(struct db *db, const struct setup_job *job, struct err *e)
{
	struct stmt *s = NULL;
	int64_t changed = 0;
	bool is_needed = false;
	enum rc rc = account_is_setup_needed(db, &is_needed, e);

	if (rc != RC_OK)
		return rc;
	if (!is_needed)
		return refuse(
			job->problem, RC_CONFLICT, "setup_done", NULL, "an account exists already");
	rc = db_prepare(db, "DELETE FROM setup_token WHERE token_hash = ?1", &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_blob(s, 1,
		(struct view){.p = (const char *)job->token_hash.b, .n = sizeof job->token_hash.b});
	rc = stmt_run(s, &changed, e);
	if (rc == RC_OK && changed == 0)
		return refuse(job->problem, RC_DENIED, "setup_token_wrong", "token",
			"`kinward setup-link` prints a fresh link");
	return rc;
}

static enum rc insert_account(struct db *db, const struct setup_job *job, struct err *e)
{
	const struct setup_request *r = job->request;
	const struct account_row row = {.id = *job->account,
		.login = r->login,
		.name = r->name,
		.language = r->language,
		.password_hash = job->password_hash,
		.is_operator = true,
		.created_ms = job->now_ms};

	return account_insert(db, &row, e);
}

static enum rc setup_job(struct db *db, void *arg, struct err *e)
{
	const struct setup_job *job = arg;
	enum rc rc = use_setup_token(db, job, e);

	if (rc == RC_OK)
		rc = insert_account(db, job, e);
	if (rc == RC_OK)
		rc = group_insert(
			db, job->group, job->request->group_name, job->account, job->now_ms, e);
	return rc;
}

enum rc account_set_up(struct domain *d, struct db *reader, const struct setup_request *r,
	const struct request_origin *from, struct sign_in_result *ret, struct problem *p,
	struct err *e)
{
	char password_hash_text[PASSWORD_HASH_TEXT];
	struct uid account = uid_new();
	struct uid group = uid_new();
	struct setup_job job = {.request = r,
		.now_ms = d->wall_ms(),
		.account = &account,
		.group = &group,
		.password_hash = password_hash_text,
		.problem = p};
	enum rc rc = sign_in_begin(d, VIEW("\n set-up"), from, false, p);

	if (rc == RC_OK)
		rc = check_setup(r, p);
	if (rc != RC_OK)
		return rc;
	if (!token_hash_of(r->token, &job.token_hash))
		return refuse(p, RC_DENIED, "setup_token_wrong", "token",
			"`kinward setup-link` prints a fresh link");
	rc = password_hash(r->password, password_hash_text, e);
	if (rc != RC_OK)
		return rc;
	rc = writer_run(d->writer, setup_job, &job, e);
	return rc == RC_OK ? session_start(d, reader, &account, from, false, ret, p, e) : rc;
}

enum rc account_get(
	struct db *reader, const struct uid *account, struct account_info *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(reader,
		"SELECT login, name, language, is_operator, email, phone, email_confirmed_ms,"
		" frozen_until_ms, totp_confirmed_ms <> 0 OR"
		" EXISTS (SELECT 1 FROM passkey WHERE account = ?1) FROM account WHERE id = ?1",
		account, &s, e);

	if (rc != RC_OK)
		return rc;
	*ret = (struct account_info){.id = *account,
		.is_operator = stmt_int(s, 3) != 0,
		.frozen_until_ms = stmt_int(s, 7),
		.has_second_factor = stmt_int(s, 8) != 0};
	stmt_copy_text(s, 2, ret->language, sizeof ret->language);
	rc = stmt_copy_sealed(s, 0, account, "account.login", ret->login, sizeof ret->login, e);
	if (rc == RC_OK)
		rc = stmt_copy_sealed(
			s, 1, account, "account.name", ret->name, sizeof ret->name, e);
	if (rc == RC_OK && stmt_int(s, 6) != 0)
		rc = stmt_copy_sealed(
			s, 4, account, "account.email", ret->email, sizeof ret->email, e);
	if (rc == RC_OK)
		rc = stmt_copy_sealed(
			s, 5, account, "account.phone", ret->phone, sizeof ret->phone, e);
	stmt_reset(s);
	return rc;
}

enum rc account_phone(
	struct db *reader, const struct uid *account, char *dst, size_t dst_size, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(reader, "SELECT phone FROM account WHERE id = ?1", account, &s, e);

	dst[0] = '\0';
	if (rc != RC_OK)
		return rc;
	rc = stmt_copy_sealed(s, 0, account, "account.phone", dst, dst_size, e);
	stmt_reset(s);
	return rc;
}

struct change_job {
	const struct uid *account;
	const struct account_edit *values;
};

static enum rc change_job(struct db *db, void *arg, struct err *e)
{
	const struct change_job *job = arg;
	const struct account_edit *v = job->values;
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"UPDATE account SET name = COALESCE(?2, name), language = COALESCE(?3, language),"
		" phone = CASE ?5 WHEN 1 THEN ?4 ELSE phone END WHERE id = ?1",
		job->account, &s, e);

	if (rc != RC_OK)
		return rc;
	if (v->name.p != NULL)
		stmt_bind_sealed(s, 2, job->account, "account.name", v->name);
	if (v->language.p != NULL)
		stmt_bind_text(s, 3, v->language);
	if (v->phone.n > 0)
		stmt_bind_sealed(s, 4, job->account, "account.phone", v->phone);
	stmt_bind_int(s, 5, v->phone.p != NULL);
	return stmt_run(s, NULL, e);
}

static bool is_phone(struct view v)
{
	size_t digits = 0;

	for (size_t i = 0; i < v.n; i++) {
		if (ascii_is_digit(v.p[i]))
			digits++;
		else if (v.p[i] != '+' || i > 0)
			return false;
	}
	return v.n == 0 || (digits >= 3 && digits <= 19);
}

enum rc account_change(struct domain *d, const struct principal *who,
	const struct account_edit *values, struct problem *p, struct err *e)
{
	struct change_job job = {.account = &who->account, .values = values};

	if (values->name.p != NULL && !text_is_name(values->name))
		return refuse(p, RC_SYNTAX, "name_invalid", "name", "1 to 80 characters");
	if (values->language.p != NULL && !text_is_language(values->language))
		return refuse(p, RC_SYNTAX, "language_invalid", "language", "such as en, de or es");
	if (values->phone.p != NULL && !is_phone(values->phone))
		return refuse(p, RC_SYNTAX, "phone_invalid", "phone", "such as +4930123456");
	return act_run(d, who, change_job, &job, e);
}

struct password_job {
	struct domain *domain;
	const struct principal *who;
	const char *password_hash;
};

static enum rc password_job(struct db *db, void *arg, struct err *e)
{
	const struct password_job *job = arg;
	enum rc rc = account_set_sealed(db, "UPDATE account SET password_hash = ?2 WHERE id = ?1",
		&job->who->account, "account.password_hash", view_of(job->password_hash), e);

	if (rc == RC_OK)
		rc = web_session_delete_others(db, &job->who->account, &job->who->session, e);
	return rc == RC_OK ? account_mail(job->domain, db, &job->who->account,
				     &(struct account_mail){.kind = MAIL_SECURITY_CHANGED,
					     .what = MAIL_WHAT_PASSWORD},
				     e)
			   : rc;
}

enum rc account_change_password(struct domain *d, struct db *reader, const struct principal *who,
	struct view current, struct view fresh, const struct request_origin *from,
	struct problem *p, struct err *e)
{
	char fresh_hash[PASSWORD_HASH_TEXT];
	struct account_info account;
	struct account_secrets secrets;
	struct password_job job = {.domain = d, .who = who, .password_hash = fresh_hash};
	enum rc rc = account_get(reader, &who->account, &account, e);

	if (rc != RC_OK)
		return rc;
	struct view login = view_of(account.login);
	rc = sign_in_begin(d, login, from, true, p);
	if (rc == RC_OK)
		rc = account_read_secrets(reader, &who->account, &secrets, e);
	if (rc != RC_OK)
		return rc;
	bool is_right =
		current.n <= PASSWORD_BYTES_MAX && password_verify(secrets.password_hash, current);
	secret_forget(&secrets, sizeof secrets);
	if (!is_right)
		return refuse(
			p, RC_DENIED, "password_wrong", "current", "the present password is wrong");
	sign_in_was_right(d, login, from);
	rc = account_check_password(fresh, view_of(account.login), view_of(account.name), p);
	if (rc == RC_SYNTAX && p != NULL)
		p->field = "new";
	if (rc == RC_OK)
		rc = password_hash(fresh, fresh_hash, e);
	if (rc == RC_OK)
		rc = act_run(d, who, password_job, &job, e);
	if (rc == RC_OK)
		web_session_forget_others(d, &who->account, &who->session);
	account_mail_knock(d);
	return rc;
}
