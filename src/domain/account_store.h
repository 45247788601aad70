/* Inside of the domain: the rows of accounts. Login, name, password hash, e-mail, telephone and the
 * secret of the authenticator app are sealed with the account's own key, so that a stolen disk
 * tells none of them; the login is found by its keyed hash. Logins are kept in lower case. */
#pragma once

#include "crypto/password.h"
#include "crypto/totp.h"
#include "domain/account.h"
#include "store/sealed.h"

/* Lower case, and cut to what a login may have. */
struct view account_fold_login(struct view login, char dst[LOGIN_TEXT]);

struct account_row {
	struct uid id;
	struct view login, name, language;
	const char *password_hash;
	bool is_operator;
	int64_t created_ms;
};
/* In a writer job: makes the account and its key. RC_CONFLICT: the login is taken. */
MUST_CHECK enum rc account_insert(struct db *db, const struct account_row *row, struct err *e);

/* *ret is none when nobody has this login. */
MUST_CHECK enum rc account_find(
	struct db *reader, struct view login, struct uid *ret, struct err *e);

/* What signing in needs; secret_forget it. */
struct account_secrets {
	char password_hash[PASSWORD_HASH_TEXT];
	bool has_passkey;
	bool has_totp; /* confirmed */
	uint8_t totp[TOTP_SECRET_BYTES];
	int64_t totp_confirmed_ms;
	int64_t totp_step; /* of the last code that was taken */
};
MUST_CHECK enum rc account_read_secrets(
	struct db *reader, const struct uid *account, struct account_secrets *ret, struct err *e);

/* In a writer job: a new value of one sealed column. */
MUST_CHECK enum rc account_set_sealed(struct db *db, const char *sql, const struct uid *account,
	const char *label, struct view value, struct err *e);
