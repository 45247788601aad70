#include "domain/second_factor.h"

#include <sodium.h>
#include <stdlib.h>

#include "crypto/token.h"
#include "domain/account_email.h"
#include "domain/account_mail.h"
#include "domain/account_store.h"
#include "domain/audit.h"
#include "domain/challenge.h"
#include "domain/sign_in.h"
#include "domain/sign_in_limits.h"
#include "domain/web_session.h"
#include "store/query.h"

/* ---- recovery codes ---- */

static const char code_letters[33] = "abcdefghijkmnpqrstuvwxyz23456789";

enum { CODE_HASH_BYTES = crypto_generichash_BYTES };

static void make_codes(struct recovery_codes *ret)
{
	for (size_t i = 0; i < RECOVERY_CODES; i++) {
		char *text = ret->text[i];
		for (size_t k = 0; k < RECOVERY_CODE_TEXT - 1; k++)
			text[k] = k % 5 == 4 ? '-' : code_letters[randombytes_uniform(32)];
		text[RECOVERY_CODE_TEXT - 1] = '\0';
	}
}

/* As people type it: case, blanks and hyphens do not matter. False when it is no recovery code. */
static bool hash_code(struct view code, uint8_t ret[CODE_HASH_BYTES])
{
	char plain[RECOVERY_CODE_CHARS];
	size_t n = 0;

	for (size_t i = 0; i < code.n; i++) {
		char c = ascii_lower(code.p[i]);
		if (c == '-' || c == ' ')
			continue;
		if (n == sizeof plain || c == '\0' || strchr(code_letters, c) == NULL)
			return false;
		plain[n++] = c;
	}
	if (n != sizeof plain)
		return false;
	(void)crypto_generichash(ret, CODE_HASH_BYTES, (const uint8_t *)plain, n, NULL, 0);
	secret_forget(plain, sizeof plain);
	return true;
}

static enum rc insert_codes(
	struct db *db, const struct uid *account, const struct recovery_codes *codes, struct err *e)
{
	enum rc rc = query_run(db, "DELETE FROM recovery_code WHERE account = ?1", account, e);

	for (size_t i = 0; i < RECOVERY_CODES && rc == RC_OK; i++) {
		struct uid id = uid_new();
		uint8_t hash[CODE_HASH_BYTES];
		struct stmt *s = NULL;
		if (!hash_code(view_of(codes->text[i]), hash))
			return fail(e, RC_BUG, "recovery codes: one has not their form");
		rc = query_prepare(db,
			"INSERT INTO recovery_code (id, account, code) VALUES (?1, ?2, ?3)", &id,
			&s, e);
		if (rc != RC_OK)
			return rc;
		stmt_bind_uid(s, 2, account);
		stmt_bind_sealed(s, 3, account, "recovery_code.code",
			(struct view){(const char *)hash, sizeof hash});
		rc = stmt_run(s, NULL, e);
	}
	return rc;
}

/* The row of this code; none when it is none of the account's. */
static enum rc find_code(struct db *db, const struct uid *account,
	const uint8_t hash[CODE_HASH_BYTES], struct uid *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(
		db, "SELECT id, code FROM recovery_code WHERE account = ?1", account, &s, e);

	*ret = (struct uid){{0}};
	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		uint8_t *kept = NULL;
		size_t n = 0;
		rc = stmt_take_sealed(s, 1, account, "recovery_code.code", &kept, &n, e);
		if (rc != RC_OK)
			break;
		if (n == CODE_HASH_BYTES && sodium_memcmp(kept, hash, n) == 0)
			*ret = stmt_uid(s, 0);
		free(kept);
	}
	stmt_reset(s);
	return rc;
}

enum rc second_factor_tidy(struct db *db, const struct uid *account, struct err *e)
{
	return query_run(db,
		"DELETE FROM recovery_code WHERE account = ?1 AND NOT EXISTS"
		" (SELECT 1 FROM passkey WHERE account = ?1) AND EXISTS"
		" (SELECT 1 FROM account WHERE id = ?1 AND totp_confirmed_ms = 0)",
		account, e);
}

/* ---- checking a code ---- */

struct check_job {
	const struct uid *account;
	struct view code;
	int64_t now_ms;
	bool is_right; /* out */
};

static enum rc check_totp(struct db *db, struct check_job *job, struct err *e)
{
	struct account_secrets secrets;
	struct stmt *s = NULL;
	int64_t step = 0;
	enum rc rc = account_read_secrets(db, job->account, &secrets, e);

	if (rc != RC_OK)
		return rc;
	job->is_right = secrets.has_totp &&
			totp_check(secrets.totp, job->code, job->now_ms, secrets.totp_step, &step);
	secret_forget(&secrets, sizeof secrets);
	if (!job->is_right)
		return RC_OK;
	rc = query_prepare(
		db, "UPDATE account SET totp_step = ?2 WHERE id = ?1", job->account, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, step);
	return stmt_run(s, NULL, e);
}

/* In the writer, one after the other: no code is taken twice. */
static enum rc check_job(struct db *db, void *arg, struct err *e)
{
	struct check_job *job = arg;
	uint8_t hash[CODE_HASH_BYTES];
	struct uid row;

	job->is_right = false;
	if (!hash_code(job->code, hash))
		return check_totp(db, job, e);
	enum rc rc = find_code(db, job->account, hash, &row, e);
	if (rc != RC_OK || uid_is_none(&row))
		return rc;
	job->is_right = true;
	return query_run(db, "DELETE FROM recovery_code WHERE id = ?1", &row, e);
}

static struct view limit_key(const struct uid *account, char text[UID_TEXT])
{
	uid_to_text(account, text);
	return (struct view){.p = text, .n = UID_TEXT - 1};
}

enum rc second_factor_check(struct domain *d, const struct uid *account, struct view code,
	const struct request_origin *from, bool is_known, struct problem *p, struct err *e)
{
	char text[UID_TEXT];
	struct view key = limit_key(account, text);
	struct view network = sign_in_network(from->address);
	struct check_job job = {.account = account, .code = code, .now_ms = d->wall_ms()};
	uint32_t retry_after_s = 0;

	if (!sign_in_limits_begin(
		    d->code_limits, key, network, is_known, job.now_ms, &retry_after_s)) {
		enum rc rc = refuse(p, RC_LIMIT, "too_many_attempts", NULL, "wait, then try again");
		if (p != NULL)
			p->retry_after_s = retry_after_s;
		return rc;
	}
	enum rc rc = writer_run(d->writer, check_job, &job, e);
	if (rc == RC_OK && !job.is_right)
		return refuse(p, RC_DENIED, "code_wrong", "code", "not the code of now");
	if (rc == RC_OK)
		sign_in_limits_succeeded(d->code_limits, key, network, job.now_ms);
	return rc;
}

/* ---- what protects the account ---- */

static bool is_stepped_up(const struct domain *d, const struct principal *who)
{
	int64_t age_ms = d->wall_ms() - who->stepped_up_ms;

	return who->stepped_up_ms != 0 && age_ms >= 0 && age_ms <= STEP_UP_LIFE_MS;
}

enum rc security_guard_step_up(struct domain *d, const struct principal *who, struct problem *p)
{
	if (is_stepped_up(d, who))
		return RC_OK;
	if (!who->has_second_factor)
		return refuse(p, RC_DENIED, "second_factor_missing", NULL,
			"set up a passkey or an authenticator app first");
	return refuse(p, RC_DENIED, "step_up_needed", NULL,
		"show a passkey or a code of the authenticator app first");
}

static enum rc check_password(struct domain *d, struct db *reader, const struct principal *who,
	struct view password, const struct request_origin *from, struct problem *p, struct err *e)
{
	struct account_info account;
	struct account_secrets secrets;
	enum rc rc = account_get(reader, &who->account, &account, e);

	if (rc == RC_OK)
		rc = sign_in_begin(d, view_of(account.login), from, true, p);
	if (rc == RC_OK)
		rc = account_read_secrets(reader, &who->account, &secrets, e);
	if (rc != RC_OK)
		return rc;
	bool is_right = password.n <= PASSWORD_BYTES_MAX &&
			password_verify(secrets.password_hash, password);
	secret_forget(&secrets, sizeof secrets);
	if (!is_right)
		return refuse(p, RC_DENIED, "password_wrong", "password", "the password is wrong");
	sign_in_was_right(d, view_of(account.login), from);
	return RC_OK;
}

/* Asked of the database, not of the session: what was added a moment ago counts. */
static enum rc has_second_factor(
	struct db *reader, const struct uid *account, bool *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(reader,
		"SELECT totp_confirmed_ms <> 0 OR"
		" EXISTS (SELECT 1 FROM passkey WHERE account = ?1) FROM account WHERE id = ?1",
		account, &s, e);

	if (rc != RC_OK)
		return rc;
	*ret = stmt_int(s, 0) != 0;
	stmt_reset(s);
	return RC_OK;
}

bool security_was_proven(const struct domain *d, const struct principal *who)
{
	int64_t age_ms = d->wall_ms() - who->stepped_up_ms;

	return who->stepped_up_ms != 0 && age_ms >= 0 &&
	       age_ms <= STEP_UP_LIFE_MS + CHALLENGE_LIFE_MS;
}

enum rc security_check_begun(
	struct db *db, const struct uid *account, bool was_proven, struct problem *p, struct err *e)
{
	bool has_one = false;
	enum rc rc = has_second_factor(db, account, &has_one, e);

	return rc == RC_OK && has_one && !was_proven
		       ? refuse(p, RC_DENIED, "step_up_needed", NULL,
				 "another second factor was set up meanwhile: show that one first")
		       : rc;
}

enum rc security_guard(struct domain *d, struct db *reader, const struct principal *who,
	struct view password, const struct request_origin *from, struct problem *p, struct err *e)
{
	bool has_one = false;
	enum rc rc = has_second_factor(reader, &who->account, &has_one, e);

	if (rc != RC_OK)
		return rc;
	if (has_one)
		return security_guard_step_up(d, who, p);
	if (password.p == NULL)
		return refuse(
			p, RC_DENIED, "password_needed", "password", "the password is wanted");
	return check_password(d, reader, who, password, from, p, e);
}

static enum rc read_pending_email(struct db *reader, const struct uid *account, int64_t now_ms,
	struct security_info *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(reader,
		"SELECT email FROM email_change WHERE account = ?1 AND created_ms > ?2", account,
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, now_ms - EMAIL_LINK_LIFE_MS);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK || !has_row)
		return rc;
	rc = stmt_copy_sealed(s, 0, account, "email_change.email", ret->email_pending,
		sizeof ret->email_pending, e);
	stmt_reset(s);
	return rc;
}

enum rc security_get(struct db *reader, const struct uid *account, int64_t now_ms,
	struct security_info *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(reader,
		"SELECT totp_confirmed_ms,"
		" (SELECT COUNT(*) FROM recovery_code WHERE account = ?1),"
		" email, phone, frozen_until_ms FROM account WHERE id = ?1",
		account, &s, e);

	if (rc != RC_OK)
		return rc;
	*ret = (struct security_info){.has_totp = stmt_int(s, 0) != 0,
		.recovery_codes_left = (uint32_t)stmt_int(s, 1),
		.recovery_until_ms = stmt_int(s, 4) > now_ms ? stmt_int(s, 4) : 0};
	rc = stmt_copy_sealed(s, 2, account, "account.email", ret->email, sizeof ret->email, e);
	if (rc == RC_OK)
		rc = stmt_copy_sealed(
			s, 3, account, "account.phone", ret->phone, sizeof ret->phone, e);
	stmt_reset(s);
	return rc == RC_OK ? read_pending_email(reader, account, now_ms, ret, e) : rc;
}

/* ---- the authenticator app ---- */

struct offer_job {
	const struct uid *account;
	const uint8_t *secret;
	struct problem *problem;
};

static enum rc offer_job(struct db *db, void *arg, struct err *e)
{
	const struct offer_job *job = arg;
	struct stmt *s = NULL;
	int64_t changed = 0;
	enum rc rc = query_prepare(db,
		"UPDATE account SET totp = ?2, totp_step = 0 WHERE id = ?1"
		" AND totp_confirmed_ms = 0",
		job->account, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_sealed(s, 2, job->account, "account.totp",
		(struct view){(const char *)job->secret, TOTP_SECRET_BYTES});
	rc = stmt_run(s, &changed, e);
	return rc == RC_OK && changed == 0
		       ? refuse(job->problem, RC_CONFLICT, "totp_on", NULL, "remove it first")
		       : rc;
}

enum rc totp_offer(struct domain *d, struct db *reader, const struct principal *who,
	struct totp_offer *ret, struct problem *p, struct err *e)
{
	uint8_t secret[TOTP_SECRET_BYTES];
	struct offer_job job = {.account = &who->account, .secret = secret, .problem = p};
	struct account_info account;
	enum rc rc = account_get(reader, &who->account, &account, e);

	if (rc != RC_OK)
		return rc;
	totp_secret_new(secret);
	rc = act_run(d, who, offer_job, &job, e);
	if (rc == RC_OK) {
		totp_secret_text(secret, ret->secret);
		totp_uri(secret, VIEW("Kinward"), view_of(account.login), ret->uri);
	}
	secret_forget(secret, sizeof secret);
	return rc;
}

struct confirm_job {
	struct domain *domain;
	const struct uid *account;
	bool is_proven;
	struct view code;
	int64_t now_ms;
	const struct recovery_codes *codes;
	struct problem *problem;
};

static enum rc confirm_job(struct db *db, void *arg, struct err *e)
{
	const struct confirm_job *job = arg;
	struct account_secrets secrets;
	struct stmt *s = NULL;
	int64_t step = 0;
	enum rc rc = security_check_begun(db, job->account, job->is_proven, job->problem, e);

	if (rc == RC_OK)
		rc = account_read_secrets(db, job->account, &secrets, e);
	if (rc != RC_OK)
		return rc;
	bool is_right = totp_check(secrets.totp, job->code, job->now_ms, secrets.totp_step, &step);
	bool is_offered = sodium_is_zero(secrets.totp, sizeof secrets.totp) == 0;
	bool is_on = secrets.has_totp;
	secret_forget(&secrets, sizeof secrets);
	if (is_on)
		return refuse(job->problem, RC_CONFLICT, "totp_on", NULL, NULL);
	if (!is_offered)
		return refuse(job->problem, RC_CONFLICT, "totp_off", NULL, "begin anew");
	if (!is_right)
		return refuse(job->problem, RC_DENIED, "code_wrong", "code", "not the code of now");
	rc = query_prepare(db,
		"UPDATE account SET totp_confirmed_ms = ?2, totp_step = ?3 WHERE id = ?1",
		job->account, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, job->now_ms);
	stmt_bind_int(s, 3, step);
	rc = stmt_run(s, NULL, e);
	if (rc == RC_OK)
		rc = insert_codes(db, job->account, job->codes, e);
	return rc == RC_OK ? account_mail(job->domain, db, job->account,
				     &(struct account_mail){.kind = MAIL_SECURITY_CHANGED,
					     .what = MAIL_WHAT_TOTP_ON},
				     e)
			   : rc;
}

enum rc totp_confirm(struct domain *d, struct db *reader, const struct principal *who,
	struct view code, struct recovery_codes *ret, struct problem *p, struct err *e)
{
	struct recovery_codes codes;
	struct confirm_job job = {.domain = d,
		.account = &who->account,
		.is_proven = security_was_proven(d, who),
		.code = code,
		.now_ms = d->wall_ms(),
		.codes = &codes,
		.problem = p};

	make_codes(&codes);
	enum rc rc = act_run(d, who, confirm_job, &job, e);
	if (rc == RC_OK)
		rc = web_session_step_up(d, who, e);
	if (rc == RC_OK)
		rc = web_session_reload(d, reader, &who->account, e);
	account_mail_knock(d);
	if (rc == RC_OK)
		*ret = codes;
	secret_forget(&codes, sizeof codes);
	return rc;
}

static enum rc remove_job(struct db *db, void *arg, struct err *e)
{
	const struct confirm_job *job = arg;
	struct stmt *s = NULL;
	int64_t changed = 0;
	enum rc rc = query_prepare(db,
		"UPDATE account SET totp = NULL, totp_confirmed_ms = 0, totp_step = 0"
		" WHERE id = ?1 AND totp_confirmed_ms <> 0",
		job->account, &s, e);

	if (rc == RC_OK)
		rc = stmt_run(s, &changed, e);
	if (rc == RC_OK && changed == 0)
		return refuse(job->problem, RC_CONFLICT, "totp_off", NULL, NULL);
	if (rc == RC_OK)
		rc = second_factor_tidy(db, job->account, e);
	return rc == RC_OK ? account_mail(job->domain, db, job->account,
				     &(struct account_mail){.kind = MAIL_SECURITY_CHANGED,
					     .what = MAIL_WHAT_TOTP_OFF},
				     e)
			   : rc;
}

enum rc totp_remove(struct domain *d, struct db *reader, const struct principal *who,
	struct problem *p, struct err *e)
{
	struct confirm_job job = {.domain = d, .account = &who->account, .problem = p};
	enum rc rc = act_run(d, who, remove_job, &job, e);

	if (rc == RC_OK)
		rc = web_session_reload(d, reader, &who->account, e);
	account_mail_knock(d);
	return rc;
}

static enum rc codes_job(struct db *db, void *arg, struct err *e)
{
	const struct confirm_job *job = arg;
	bool has_one = false;
	enum rc rc = has_second_factor(db, job->account, &has_one, e);

	if (rc == RC_OK && !has_one)
		return refuse(job->problem, RC_CONFLICT, "second_factor_missing", NULL,
			"set up a passkey or an authenticator app first");
	if (rc == RC_OK)
		rc = insert_codes(db, job->account, job->codes, e);
	return rc == RC_OK ? account_mail(job->domain, db, job->account,
				     &(struct account_mail){.kind = MAIL_SECURITY_CHANGED,
					     .what = MAIL_WHAT_RECOVERY_CODES},
				     e)
			   : rc;
}

enum rc recovery_codes_new(struct domain *d, const struct principal *who,
	struct recovery_codes *ret, struct problem *p, struct err *e)
{
	struct recovery_codes codes;
	struct confirm_job job = {
		.domain = d, .account = &who->account, .codes = &codes, .problem = p};

	make_codes(&codes);
	enum rc rc = act_run(d, who, codes_job, &job, e);
	account_mail_knock(d);
	if (rc == RC_OK)
		*ret = codes;
	secret_forget(&codes, sizeof codes);
	return rc;
}
