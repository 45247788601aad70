/* Random secrets and what is stored of them. A token is 256 random bits as base64url text; the
 * store only ever holds its BLAKE2b hash, so a stolen database opens no session. Any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"

enum { TOKEN_TEXT_SIZE = 44, /* 43 characters and NUL */ TOKEN_HASH_BYTES = 32, DIGITS_MAX = 12 };

struct token_hash {
	uint8_t b[TOKEN_HASH_BYTES];
};

/* Call once at start, before any other function of this room. */
MUST_CHECK enum rc crypto_start(struct err *e);

void token_new(char ret_text[TOKEN_TEXT_SIZE], struct token_hash *ret_hash);
/* False when text does not have the form of a token. */
MUST_CHECK bool token_hash_of(struct view text, struct token_hash *ret);
/* In constant time. */
bool token_hash_is(const struct token_hash *a, const struct token_hash *b);

void random_bytes(void *ret, size_t n);
/* n (1..12) random decimal digits and a NUL; each digit uniform. */
void digits_new(unsigned n, char *ret_text);
/* True when both are the same; takes the same time wherever they differ. */
bool secret_is(struct view a, struct view b);
/* Overwrites a secret so that the compiler cannot leave it out. */
void secret_forget(void *p, size_t n);
