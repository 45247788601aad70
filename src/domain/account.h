/* Accounts: the one-time set-up, signing in, passwords. Called from pool threads (these functions
 * hash passwords: 0.1 s each); reads by any thread with its reader. */
#pragma once

#include "base/mail_address.h"
#include "domain/domain.h"

enum {
	PASSWORD_MIN_CHARS = 12,
	PASSWORD_MAX_BYTES = 256,
	TOKEN_TEXT = 44, /* 256 bits in base64url and NUL */
	AGENT_TEXT = 161,
};

struct account_info {
	struct uid id;
	char login[LOGIN_TEXT];
	char name[NAME_TEXT];
	char language[LANGUAGE_TEXT];
	bool is_operator;
	bool has_second_factor;
	int64_t frozen_until_ms;       /* a recovery is under way; 0: none */
	char email[MAIL_ADDRESS_TEXT]; /* confirmed; "" */
	char phone[SIM_NUMBER_TEXT];   /* "" */
};

/* Where a request comes from; views borrowed for the call. */
struct request_origin {
	struct view address; /* peer address as text, no port */
	struct view user_agent;
	const struct principal
		*who; /* of the request, for its entry in the audit log; may be NULL */
};

struct setup_request {
	struct view token, login, name, password, group_name, language;
};

struct sign_in_result {
	struct account_info account;
	struct uid session;
	char token[TOKEN_TEXT]; /* the cookie's value: give it to the client and forget it */
};

/* True until the first account exists. */
MUST_CHECK enum rc account_is_setup_needed(struct db *reader, bool *ret, struct err *e);

/* Makes a fresh set-up token (the older one ends) and writes its text. RC_CONFLICT `setup_done`
 * when an account exists. Takes the writing connection: used at start and by `kinward setup-link`.
 */
MUST_CHECK enum rc account_new_setup_token(
	struct db *writer_db, int64_t now_ms, char ret_token[TOKEN_TEXT], struct err *e);

/* First account (operator) and its group, signed in. Codes: setup_token_wrong (RC_DENIED),
 * setup_done (RC_CONFLICT), login_invalid, name_invalid, group_name_invalid, language_invalid,
 * password_too_short, password_too_long, password_common, password_is_name (RC_SYNTAX),
 * too_many_attempts (RC_LIMIT). */
MUST_CHECK enum rc account_set_up(struct domain *d, struct db *reader,
	const struct setup_request *r, const struct request_origin *from,
	struct sign_in_result *ret, struct problem *p, struct err *e);

MUST_CHECK enum rc account_get(
	struct db *reader, const struct uid *account, struct account_info *ret, struct err *e);

/* For lists: "" for an account that is gone. */
MUST_CHECK enum rc account_name(
	struct db *reader, const struct uid *account, char *dst, size_t dst_size, struct err *e);
/* The same from column `column` (account.name of a join) of the current row. */
void account_copy_name(
	struct stmt *s, int column, const struct uid *account, char *dst, size_t dst_size);

/* The telephone number; "" when there is none. */
MUST_CHECK enum rc account_phone(
	struct db *reader, const struct uid *account, char *dst, size_t dst_size, struct err *e);

/* A view with p == NULL leaves that value as it is; an empty telephone number takes it away. */
struct account_edit {
	struct view name, language, phone;
};
/* Codes: name_invalid, language_invalid, phone_invalid. */
MUST_CHECK enum rc account_change(struct domain *d, const struct principal *who,
	const struct account_edit *values, struct problem *p, struct err *e);

/* All other sessions of the account end. Codes: password_wrong (RC_DENIED), password_… as above,
 * too_many_attempts. */
MUST_CHECK enum rc account_change_password(struct domain *d, struct db *reader,
	const struct principal *who, struct view current, struct view fresh,
	const struct request_origin *from, struct problem *p, struct err *e);

/* The rules for a new password alone; `login` and `name` may be empty. Fills p->code. */
MUST_CHECK enum rc account_check_password(
	struct view password, struct view login, struct view name, struct problem *p);
