/* Inside of the domain: how account.c begins sessions and how memberships reach the table in
 * memory. */
#pragma once

#include "crypto/token.h"
#include "domain/web_session.h"

enum { WEB_SESSIONS_PER_ACCOUNT_MAX = 50 };

struct web_session_row {
	struct uid id, account;
	struct token_hash token_hash;
	int64_t created_ms;
	int64_t stepped_up_ms; /* 0: not */
	char user_agent[AGENT_TEXT];
	char address[ADDRESS_TEXT];
};

/* A fresh session of the account; writes the token's text. The texts of `from` are cut to what is
 * kept. */
void web_session_make(const struct uid *account, const struct request_origin *from, int64_t now_ms,
	struct web_session_row *ret, char ret_token[TOKEN_TEXT]);

/* In a writer job: stores it. */
MUST_CHECK enum rc web_session_insert(
	struct db *db, const struct web_session_row *row, struct err *e);

/* After the commit: takes it into the table with the account's groups, and ends the account's
 * oldest sessions over WEB_SESSIONS_PER_ACCOUNT_MAX. */
MUST_CHECK enum rc web_session_admit(
	struct domain *d, struct db *reader, const struct web_session_row *row, struct err *e);

/* In a writer job: deletes all sessions of the account but `keep` (NULL: all). */
MUST_CHECK enum rc web_session_delete_others(
	struct db *db, const struct uid *account, const struct uid *keep, struct err *e);
/* After the commit: takes them out of the table. */
void web_session_forget_others(struct domain *d, const struct uid *account, const struct uid *keep);
