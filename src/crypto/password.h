/* Passwords: Argon2id (libsodium, "interactive": 2 passes over 64 MiB, about 0.1 s) and the rules
 * for new ones after NIST SP 800-63B: length counts, no composition rules, common ones are refused.
 * Hashing blocks: call it from pool threads only. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/view.h"

enum {
	PASSWORD_CHARS_MIN = 12,
	PASSWORD_BYTES_MAX = 256,
	PASSWORD_HASH_TEXT = 128,
};

enum password_fault {
	PASSWORD_GOOD,
	PASSWORD_TOO_SHORT,
	PASSWORD_TOO_LONG,
	PASSWORD_NOT_TEXT, /* not UTF-8, or control characters */
	PASSWORD_COMMON,   /* a well-known one, a keyboard row, a repetition, or made of such */
	PASSWORD_IS_NAME,  /* nothing but a name that the guesser knows */
};

/* `names`: login, person, group … whatever is known to a guesser. */
enum password_fault password_check(struct view password, const struct view *names, size_t names_n);

/* RC_NOMEM when the 64 MiB are not to be had. */
MUST_CHECK enum rc password_hash(
	struct view password, char ret_text[PASSWORD_HASH_TEXT], struct err *e);
/* False for a wrong password, a damaged hash, or too little memory. */
bool password_verify(const char *hash_text, struct view password);
/* Takes as long as a verification that fails: for logins that do not exist. */
void password_verify_nobody(struct view password);
