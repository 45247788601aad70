#include "domain/account.h"

#include "crypto/password.h"
#include "domain/sign_in_limits.h"
#include "domain/text.h"
#include "domain/web_session_store.h"
#include "store/query.h"

/* Logins differ by more than the case of ASCII letters. */
static struct view fold(struct view login, char dst[LOGIN_TEXT])
{
	size_t n = login.n < LOGIN_TEXT - 1 ? login.n : LOGIN_TEXT - 1;

	for (size_t i = 0; i < n; i++)
		dst[i] = ascii_lower(login.p[i]);
	dst[n] = '\0';
	return (struct view){.p = dst, .n = n};
}

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
	const struct web_session_row *session;
	const struct uid *account;
	struct view login_folded;
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
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"INSERT INTO account (id, login, login_folded, name, language, password_hash, "
		"is_operator,"
		" created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7)",
		job->account, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_text(s, 2, r->login);
	stmt_bind_text(s, 3, job->login_folded);
	stmt_bind_text(s, 4, r->name);
	stmt_bind_text(s, 5, r->language);
	stmt_bind_text(s, 6, view_of(job->password_hash));
	stmt_bind_int(s, 7, job->session->created_ms);
	return stmt_run(s, NULL, e);
}

static enum rc insert_group(struct db *db, const struct setup_job *job, struct err *e)
{
	struct uid group = uid_new();
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"INSERT INTO care_group (id, name, created_ms) VALUES (?1, ?2, ?3)", &group, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_text(s, 2, job->request->group_name);
	stmt_bind_int(s, 3, job->session->created_ms);
	rc = stmt_run(s, NULL, e);
	if (rc == RC_OK)
		rc = db_prepare(db,
			"INSERT INTO member (account, care_group, role, created_ms)"
			" VALUES (?1, ?2, 'admin', ?3)",
			&s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, job->account);
	stmt_bind_uid(s, 2, &group);
	stmt_bind_int(s, 3, job->session->created_ms);
	return stmt_run(s, NULL, e);
}

static enum rc setup_job(struct db *db, void *arg, struct err *e)
{
	const struct setup_job *job = arg;
	enum rc rc = use_setup_token(db, job, e);

	if (rc == RC_OK)
		rc = insert_account(db, job, e);
	if (rc == RC_OK)
		rc = insert_group(db, job, e);
	if (rc == RC_OK)
		rc = web_session_insert(db, job->session, e);
	return rc;
}

/* Counts an attempt; refuses when there were too many. */
static enum rc begin_attempt(struct domain *d, struct view login, const struct request_origin *from,
	bool is_known, struct problem *p)
{
	uint32_t retry_after_s = 0;

	if (sign_in_limits_begin(d->sign_in_limits, login, sign_in_network(from->address), is_known,
		    d->wall_ms(), &retry_after_s))
		return RC_OK;
	enum rc rc = refuse(p, RC_LIMIT, "too_many_attempts", NULL, "wait, then try again");
	if (p != NULL)
		p->retry_after_s = retry_after_s;
	return rc;
}

/* After the commit: the session opens from now on. */
static enum rc admit(struct domain *d, struct db *reader, const struct web_session_row *session,
	struct sign_in_result *ret, struct err *e)
{
	enum rc rc = web_session_admit(d, reader, session, e);

	if (rc == RC_OK)
		rc = account_get(reader, &session->account, &ret->account, e);
	ret->session = session->id;
	return rc;
}

enum rc account_set_up(struct domain *d, struct db *reader, const struct setup_request *r,
	const struct request_origin *from, struct sign_in_result *ret, struct problem *p,
	struct err *e)
{
	char folded[LOGIN_TEXT];
	char password_hash_text[PASSWORD_HASH_TEXT];
	struct uid account = uid_new();
	struct web_session_row session;
	struct setup_job job = {.request = r,
		.session = &session,
		.account = &account,
		.password_hash = password_hash_text,
		.problem = p};
	enum rc rc = begin_attempt(d, VIEW("\n set-up"), from, false, p);

	if (rc == RC_OK)
		rc = check_setup(r, p);
	if (rc != RC_OK)
		return rc;
	if (!token_hash_of(r->token, &job.token_hash))
		return refuse(p, RC_DENIED, "setup_token_wrong", "token",
			"`kinward setup-link` prints a fresh link");
	job.login_folded = fold(r->login, folded);
	rc = password_hash(r->password, password_hash_text, e);
	if (rc != RC_OK)
		return rc;
	web_session_make(&account, from, d->wall_ms(), &session, ret->token);
	rc = writer_run(d->writer, setup_job, &job, e);
	if (rc == RC_OK)
		rc = admit(d, reader, &session, ret, e);
	return rc;
}

struct credentials {
	struct uid account;
	char password_hash[PASSWORD_HASH_TEXT];
};

/* *ret stays empty when nobody has this login. */
static enum rc read_credentials(
	struct db *reader, struct view login_folded, struct credentials *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(
		reader, "SELECT id, password_hash FROM account WHERE login_folded = ?1", &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_text(s, 1, login_folded);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	*ret = (struct credentials){.account = {{0}}};
	if (has_row) {
		ret->account = stmt_uid(s, 0);
		stmt_copy_text(s, 1, ret->password_hash, sizeof ret->password_hash);
	}
	stmt_reset(s);
	return RC_OK;
}

static enum rc insert_session_job(struct db *db, void *arg, struct err *e)
{
	return web_session_insert(db, arg, e);
}

enum rc account_sign_in(struct domain *d, struct db *reader, struct view login,
	struct view password, const struct request_origin *from, struct sign_in_result *ret,
	struct problem *p, struct err *e)
{
	char folded_text[LOGIN_TEXT];
	struct view folded = fold(login, folded_text);
	struct credentials c;
	struct web_session_row session;
	bool is_known = false;
	enum rc rc = read_credentials(reader, folded, &c, e);

	if (rc == RC_OK)
		rc = web_session_is_network_known(
			reader, &c.account, sign_in_network(from->address), &is_known, e);
	if (rc == RC_OK)
		rc = begin_attempt(d, folded, from, is_known, p);
	if (rc != RC_OK)
		return rc;
	bool is_right = false;
	if (uid_is_none(&c.account) || password.n > PASSWORD_BYTES_MAX)
		password_verify_nobody(password);
	else
		is_right = password_verify(c.password_hash, password);
	if (!is_right)
		return refuse(p, RC_DENIED, "sign_in_failed", NULL, "login or password is wrong");
	sign_in_limits_succeeded(
		d->sign_in_limits, folded, sign_in_network(from->address), d->wall_ms());
	web_session_make(&c.account, from, d->wall_ms(), &session, ret->token);
	rc = writer_run(d->writer, insert_session_job, &session, e);
	if (rc == RC_OK)
		rc = admit(d, reader, &session, ret, e);
	return rc;
}

enum rc account_get(
	struct db *reader, const struct uid *account, struct account_info *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(reader,
		"SELECT login, name, language, is_operator FROM account WHERE id = ?1", account, &s,
		e);

	if (rc != RC_OK)
		return rc;
	ret->id = *account;
	stmt_copy_text(s, 0, ret->login, sizeof ret->login);
	stmt_copy_text(s, 1, ret->name, sizeof ret->name);
	stmt_copy_text(s, 2, ret->language, sizeof ret->language);
	ret->is_operator = stmt_int(s, 3) != 0;
	stmt_reset(s);
	return RC_OK;
}

struct change_job {
	const struct uid *account;
	struct view name, language; /* p == NULL: as it is */
};

static enum rc change_job(struct db *db, void *arg, struct err *e)
{
	const struct change_job *job = arg;
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"UPDATE account SET name = COALESCE(?2, name), language = COALESCE(?3, language)"
		" WHERE id = ?1",
		job->account, &s, e);

	if (rc != RC_OK)
		return rc;
	if (job->name.p != NULL)
		stmt_bind_text(s, 2, job->name);
	if (job->language.p != NULL)
		stmt_bind_text(s, 3, job->language);
	return stmt_run(s, NULL, e);
}

enum rc account_change(struct domain *d, const struct principal *who, struct view name,
	struct view language, struct problem *p, struct err *e)
{
	struct change_job job = {.account = &who->account, .name = name, .language = language};

	if (name.p != NULL && !text_is_name(name))
		return refuse(p, RC_SYNTAX, "name_invalid", "name", "1 to 80 characters");
	if (language.p != NULL && !text_is_language(language))
		return refuse(p, RC_SYNTAX, "language_invalid", "language", "such as en, de or es");
	return writer_run(d->writer, change_job, &job, e);
}

struct password_job {
	const struct principal *who;
	const char *password_hash;
};

static enum rc password_job(struct db *db, void *arg, struct err *e)
{
	const struct password_job *job = arg;
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db, "UPDATE account SET password_hash = ?2 WHERE id = ?1",
		&job->who->account, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_text(s, 2, view_of(job->password_hash));
	rc = stmt_run(s, NULL, e);
	if (rc == RC_OK)
		rc = web_session_delete_others(db, &job->who->account, &job->who->session, e);
	return rc;
}

enum rc account_change_password(struct domain *d, struct db *reader, const struct principal *who,
	struct view current, struct view fresh, const struct request_origin *from,
	struct problem *p, struct err *e)
{
	char folded_text[LOGIN_TEXT];
	char fresh_hash[PASSWORD_HASH_TEXT];
	struct account_info account;
	struct credentials c;
	struct password_job job = {.who = who, .password_hash = fresh_hash};
	enum rc rc = account_get(reader, &who->account, &account, e);

	if (rc != RC_OK)
		return rc;
	struct view folded = fold(view_of(account.login), folded_text);
	rc = read_credentials(reader, folded, &c, e);
	if (rc == RC_OK)
		rc = begin_attempt(d, folded, from, true, p);
	if (rc != RC_OK)
		return rc;
	if (current.n > PASSWORD_BYTES_MAX || !password_verify(c.password_hash, current))
		return refuse(
			p, RC_DENIED, "password_wrong", "current", "the present password is wrong");
	sign_in_limits_succeeded(
		d->sign_in_limits, folded, sign_in_network(from->address), d->wall_ms());
	rc = account_check_password(fresh, view_of(account.login), view_of(account.name), p);
	if (rc == RC_SYNTAX && p != NULL)
		p->field = "new";
	if (rc == RC_OK)
		rc = password_hash(fresh, fresh_hash, e);
	if (rc == RC_OK)
		rc = writer_run(d->writer, password_job, &job, e);
	if (rc == RC_OK)
		web_session_forget_others(d, &who->account, &who->session);
	return rc;
}
