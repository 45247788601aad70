#include "domain/account_store.h"

#include <stdlib.h>

#include "crypto/token.h"
#include "store/query.h"

struct view account_fold_login(struct view login, char dst[LOGIN_TEXT])
{
	size_t n = login.n < LOGIN_TEXT - 1 ? login.n : LOGIN_TEXT - 1;

	for (size_t i = 0; i < n; i++)
		dst[i] = ascii_lower(login.p[i]);
	dst[n] = '\0';
	return (struct view){.p = dst, .n = n};
}

enum rc account_find(struct db *reader, struct view login, struct uid *ret, struct err *e)
{
	char text[LOGIN_TEXT];
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(reader, "SELECT id FROM account WHERE login_hash = ?1", &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_lookup(s, 1, "account.login", account_fold_login(login, text));
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	*ret = has_row ? stmt_uid(s, 0) : (struct uid){{0}};
	stmt_reset(s);
	return RC_OK;
}

enum rc account_insert(struct db *db, const struct account_row *row, struct err *e)
{
	char text[LOGIN_TEXT];
	struct view login = account_fold_login(row->login, text);
	struct uid other;
	struct stmt *s = NULL;
	enum rc rc = account_find(db, login, &other, e);

	if (rc == RC_OK && !uid_is_none(&other))
		return fail(e, RC_CONFLICT, "the login is taken");
	if (rc == RC_OK)
		rc = keyring_add(db_keyring(db), KEY_ACCOUNT, &row->id, e);
	if (rc == RC_OK || rc == RC_CONFLICT) /* this job may run twice */
		rc = query_prepare(db,
			"INSERT INTO account (id, login, login_hash, name, language, password_hash,"
			" is_operator, created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
			&row->id, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_sealed(s, 2, &row->id, "account.login", login);
	stmt_bind_lookup(s, 3, "account.login", login);
	stmt_bind_sealed(s, 4, &row->id, "account.name", row->name);
	stmt_bind_text(s, 5, row->language);
	stmt_bind_sealed(s, 6, &row->id, "account.password_hash", view_of(row->password_hash));
	stmt_bind_int(s, 7, row->is_operator);
	stmt_bind_int(s, 8, row->created_ms);
	return stmt_run(s, NULL, e);
}

static enum rc read_totp(
	struct stmt *s, const struct uid *account, struct account_secrets *ret, struct err *e)
{
	uint8_t *secret = NULL;
	size_t n = 0;

	ret->totp_confirmed_ms = stmt_int(s, 2);
	ret->totp_step = stmt_int(s, 3);
	if (stmt_is_null(s, 1))
		return RC_OK;
	enum rc rc = stmt_take_sealed(s, 1, account, "account.totp", &secret, &n, e);
	if (rc != RC_OK)
		return rc;
	if (n == sizeof ret->totp) {
		memcpy(ret->totp, secret, n);
		ret->has_totp = ret->totp_confirmed_ms != 0;
	}
	secret_forget(secret, n);
	free(secret);
	return RC_OK;
}

enum rc account_read_secrets(
	struct db *reader, const struct uid *account, struct account_secrets *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(reader,
		"SELECT password_hash, totp, totp_confirmed_ms, totp_step,"
		" EXISTS (SELECT 1 FROM passkey WHERE account = ?1) FROM account WHERE id = ?1",
		account, &s, e);

	if (rc != RC_OK)
		return rc;
	*ret = (struct account_secrets){.has_passkey = stmt_int(s, 4) != 0};
	rc = stmt_copy_sealed(s, 0, account, "account.password_hash", ret->password_hash,
		sizeof ret->password_hash, e);
	if (rc == RC_OK)
		rc = read_totp(s, account, ret, e);
	stmt_reset(s);
	return rc;
}

enum rc account_set_sealed(struct db *db, const char *sql, const struct uid *account,
	const char *label, struct view value, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db, sql, account, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_sealed(s, 2, account, label, value);
	return stmt_run(s, NULL, e);
}

void account_copy_name(
	struct stmt *s, int column, const struct uid *account, char *dst, size_t dst_size)
{
	if (stmt_copy_sealed(s, column, account, "account.name", dst, dst_size, NULL) != RC_OK)
		dst[0] = '\0';
}

enum rc account_name(
	struct db *reader, const struct uid *account, char *dst, size_t dst_size, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(reader, "SELECT name FROM account WHERE id = ?1", account, &s, e);

	dst[0] = '\0';
	if (rc != RC_OK)
		return rc == RC_NOT_FOUND ? RC_OK : rc;
	account_copy_name(s, 0, account, dst, dst_size);
	stmt_reset(s);
	return RC_OK;
}
