#include "store/sealed.h"

#include <stdlib.h>

#include "crypto/token.h"

static enum rc seal(struct stmt *s, const struct uid *owner, const char *label, struct view value,
	uint8_t **ret_owned, struct err *e)
{
	struct keyring *k = db_keyring(stmt_db(s));

	if (k == NULL)
		return fail(e, RC_BUG, "%s: this connection has no keys", label);
	if (owner == NULL || uid_is_none(owner))
		return fail(e, RC_BUG, "%s: sealed for nobody", label);
	uint8_t *sealed = malloc(value.n + SEAL_OVERHEAD);
	if (sealed == NULL)
		return fail(e, RC_NOMEM, "%s: out of memory", label);
	enum rc rc = keyring_seal(k, owner, label, value, sealed, e);
	if (rc != RC_OK) {
		free(sealed);
		return rc;
	}
	*ret_owned = sealed;
	return RC_OK;
}

void stmt_bind_sealed(
	struct stmt *s, int n, const struct uid *owner, const char *label, struct view value)
{
	uint8_t *sealed = NULL;
	struct err why;

	if (seal(s, owner, label, value, &sealed, &why) == RC_OK)
		stmt_bind_taken_blob(s, n, sealed, value.n + SEAL_OVERHEAD);
	else
		stmt_bind_failed(s, &why);
}

void stmt_bind_lookup(struct stmt *s, int n, const char *label, struct view value)
{
	struct keyring *k = db_keyring(stmt_db(s));
	uint8_t *hash = k == NULL ? NULL : malloc(LOOKUP_BYTES);
	struct err why;

	if (hash == NULL) {
		(void)fail(&why, k == NULL ? RC_BUG : RC_NOMEM, "%s: no keys or no memory", label);
		stmt_bind_failed(s, &why);
		return;
	}
	keyring_lookup(k, label, value, hash);
	stmt_bind_taken_blob(s, n, hash, LOOKUP_BYTES);
}

enum rc stmt_take_sealed(struct stmt *s, int column, const struct uid *owner, const char *label,
	uint8_t **ret_owned, size_t *ret_n, struct err *e)
{
	struct keyring *k = db_keyring(stmt_db(s));
	struct view sealed = stmt_blob(s, column);

	if (k == NULL)
		return fail(e, RC_BUG, "%s: this connection has no keys", label);
	if (sealed.n < SEAL_OVERHEAD)
		return fail(e, RC_SYNTAX, "%s: what was sealed is damaged", label);
	uint8_t *plain = malloc(sealed.n);
	if (plain == NULL)
		return fail(e, RC_NOMEM, "%s: out of memory", label);
	enum rc rc = keyring_unseal(k, owner, label, sealed, plain, ret_n, e);
	if (rc != RC_OK) {
		free(plain);
		return rc;
	}
	*ret_owned = plain;
	return RC_OK;
}

enum rc stmt_copy_sealed(struct stmt *s, int column, const struct uid *owner, const char *label,
	char *dst, size_t dst_size, struct err *e)
{
	uint8_t *plain = NULL;
	size_t n = 0;

	dst[0] = '\0';
	if (stmt_is_null(s, column))
		return RC_OK;
	enum rc rc = stmt_take_sealed(s, column, owner, label, &plain, &n, e);
	if (rc != RC_OK)
		return rc;
	size_t kept = n < dst_size ? n : dst_size - 1;
	while (kept < n && kept > 0 && (plain[kept] & 0xc0) == 0x80)
		kept--;
	memcpy(dst, plain, kept);
	dst[kept] = '\0';
	secret_forget(plain, n);
	free(plain);
	return RC_OK;
}
