/* Sealed columns: a value goes into the database only in the form that its owner's key opens
 * (crypto/keyring.h). The keyring is the one that the connection was opened with. `label` is
 * "table.column". */
#pragma once

#include "crypto/keyring.h"
#include "store/db.h"

/* Seals value for owner and binds it (a BLOB column). A failure is told by the next stmt_step. An
 * empty value is sealed as well, so that its length tells nothing about being there. */
void stmt_bind_sealed(
	struct stmt *s, int n, const struct uid *owner, const char *label, struct view value);
/* Binds the keyed hash of value (LOOKUP_BYTES, a BLOB column with an index). */
void stmt_bind_lookup(struct stmt *s, int n, const char *label, struct view value);

/* The text of a sealed column, cut at a whole character when dst is too small. NULL and an erased
 * owner give "" and RC_OK or RC_NOT_FOUND; a changed value is RC_SYNTAX. */
MUST_CHECK enum rc stmt_copy_sealed(struct stmt *s, int column, const struct uid *owner,
	const char *label, char *dst, size_t dst_size, struct err *e);
/* The same as bytes; malloc'ed, the caller frees (secret_forget first when it is a secret). */
MUST_CHECK enum rc stmt_take_sealed(struct stmt *s, int column, const struct uid *owner,
	const char *label, uint8_t **ret_owned, size_t *ret_n, struct err *e);
