#include "domain/device_password.h"

#include <stdlib.h>

#include "crypto/token.h"
#include "domain/command_row.h"
#include "store/query.h"
#include "store/sealed.h"

#define LIFE_MS ((int64_t)7 * 24 * 3600 * 1000)

enum rc device_password_want(struct db *db, const struct uid *wearer,
	char ret_digits[COMMAND_DIGITS_MAX + 1], struct err *e)
{
	struct stmt *s = NULL;
	int64_t changed = 0;
	enum rc rc = query_prepare(
		db, "UPDATE device SET password_wanted = ?2 WHERE wearer = ?1", wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	digits_new(COMMAND_DIGITS_MAX, ret_digits);
	stmt_bind_sealed(s, 2, wearer, "device.password_wanted", view_of(ret_digits));
	rc = stmt_run(s, &changed, e);
	return rc == RC_OK && changed == 0 ? fail(e, RC_NOT_FOUND, "this wearer has no watch") : rc;
}

/* One that is on its way, or that the watch confirmed, since then. */
static enum rc check_none_since(
	struct db *db, const struct uid *wearer, int64_t since_ms, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(db,
		"SELECT 1 FROM command WHERE wearer = ?1 AND created_ms >= ?2"
		" AND kind IN ('password', 'new_password') AND state IN (?3, ?4, ?5) LIMIT 1",
		wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, since_ms);
	stmt_bind_int(s, 3, COMMAND_QUEUED);
	stmt_bind_int(s, 4, COMMAND_SENT);
	stmt_bind_int(s, 5, COMMAND_CONFIRMED);
	rc = stmt_step(s, &has_row, e);
	stmt_reset(s);
	return rc == RC_OK && has_row ? fail(e, RC_CONFLICT, "a fresh password is there already")
				      : rc;
}

enum rc device_password_renew(
	struct db *db, const struct uid *wearer, int64_t now_ms, int64_t since_ms, struct err *e)
{
	struct command_row row = {.id = uid_new(),
		.wearer = *wearer,
		.created_ms = now_ms,
		.expires_ms = now_ms + LIFE_MS,
		.command = {.kind = COMMAND_PASSWORD}};
	enum rc rc = check_none_since(db, wearer, since_ms, e);

	if (rc == RC_OK)
		rc = device_password_want(db, wearer, row.command.digits, e);
	if (rc == RC_OK)
		rc = command_row_insert(db, &row, e);
	secret_forget(row.command.digits, sizeof row.command.digits);
	return rc;
}

enum rc device_password_confirm(
	struct db *db, const struct uid *wearer, struct view digits, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(
		db, "UPDATE device SET password = ?2 WHERE wearer = ?1", wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_sealed(s, 2, wearer, "device.password", digits);
	return stmt_run(s, NULL, e);
}

static enum rc is_same(struct stmt *s, int column, const struct uid *wearer, const char *label,
	struct view value, bool *ret, struct err *e)
{
	char password[COMMAND_DIGITS_MAX + 1];
	enum rc rc = stmt_copy_sealed(s, column, wearer, label, password, sizeof password, e);

	if (rc == RC_OK)
		*ret = *ret || (password[0] != '\0' && view_is(value, view_of(password)));
	secret_forget(password, sizeof password);
	return rc;
}

enum rc device_password_is(struct db *db, const struct uid *wearer, struct view value,
	bool *ret_is_same, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(db,
		"SELECT password, password_wanted FROM device WHERE wearer = ?1", wearer, &s, e);

	*ret_is_same = false;
	if (rc != RC_OK)
		return rc;
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK || !has_row)
		return rc;
	rc = is_same(s, 0, wearer, "device.password", value, ret_is_same, e);
	if (rc == RC_OK)
		rc = is_same(s, 1, wearer, "device.password_wanted", value, ret_is_same, e);
	stmt_reset(s);
	return rc;
}
