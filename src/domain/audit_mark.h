/* A signed checkpoint as it is stored: a row of audit_checkpoint, and one line of text in the file
 * AUDIT_MARK_FILE of the key folder. */
#pragma once

#include "crypto/sign.h"
#include "domain/audit_chain.h"

#define AUDIT_MARK_FILE "audit.checkpoint"

enum { AUDIT_MARK_TEXT = 400 };

struct audit_mark {
	struct audit_checkpoint at;
	char key_id[SIGN_ID_TEXT];
	uint8_t signature[SIGN_BYTES];
};

/* Returns the number of bytes; ends with a newline. */
size_t audit_mark_write(const struct audit_mark *m, char ret_text[AUDIT_MARK_TEXT]);
/* The one in the key folder. RC_NOT_FOUND: there is none yet; RC_SYNTAX: it is damaged. */
MUST_CHECK enum rc audit_mark_read_file(const char *key_dir, struct audit_mark *ret, struct err *e);
/* Replaces it. */
MUST_CHECK enum rc audit_mark_write_file(
	const char *key_dir, const struct audit_mark *m, struct err *e);
MUST_CHECK bool audit_mark_read(struct view text, struct audit_mark *ret);
/* Is it signed by a key that `key` knows? */
bool audit_mark_is_ours(const struct audit_mark *m, const struct sign_key *key);
