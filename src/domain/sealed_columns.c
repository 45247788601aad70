#include "domain/sealed_columns.h"

#include <stdlib.h>

#include "crypto/token.h"
#include "store/sealed.h"

#define SELECT_OF(table, column, owner)                                                            \
	"SELECT t.rowid, " owner ", t." column " FROM " table " t"                                 \
	" WHERE t.rowid > ?1 AND t." column " IS NOT NULL ORDER BY t.rowid LIMIT ?2"
#define UPDATE_OF(table, column) "UPDATE " table " SET " column " = ?2 WHERE rowid = ?1"

/* A sealed column; `owner` is an SQL term on the row t. */
#define SEALED(table, column, owner)                                                               \
	{                                                                                          \
		table, column, table "." column, NULL, SELECT_OF(table, column, owner),            \
			UPDATE_OF(table, column), NULL                                             \
	}
/* … with a look-up beside it. */
#define FOUND(table, column, owner, lookup)                                                        \
	{                                                                                          \
		table, column, table "." column, lookup, SELECT_OF(table, column, owner),          \
			UPDATE_OF(table, column), UPDATE_OF(table, lookup)                         \
	}
#define OWNER_SYSTEM "NULL"
#define OWNER_BY_NUMBER "(SELECT w.id FROM wearer w WHERE w.number = t.wearer)"

const struct sealed_column sealed_columns[] = {
	/* people */
	FOUND("account", "login", "t.id", "login_hash"),
	SEALED("account", "name", "t.id"),
	SEALED("account", "password_hash", "t.id"),
	SEALED("account", "email", "t.id"),
	SEALED("account", "phone", "t.id"),
	SEALED("account", "totp", "t.id"),
	SEALED("web_session", "user_agent", "t.account"),
	SEALED("web_session", "address", "t.account"),
	SEALED("known_network", "network", "t.account"),
	FOUND("passkey", "credential", "t.account", "credential_hash"),
	SEALED("passkey", "name", "t.account"),
	SEALED("passkey", "public_key", "t.account"),
	SEALED("recovery_code", "code", "t.account"),
	SEALED("email_change", "email", "t.account"),
	/* groups */
	SEALED("care_group", "name", "t.id"),
	SEALED("approval", "payload", "t.care_group"),
	SEALED("break_glass", "reason", "t.care_group"),
	SEALED("wearer", "name", "t.id"),
	SEALED("claim", "watch", "t.care_group"),
	FOUND("claim", "wire_key", "t.care_group", "wire_key_hash"),
	SEALED("claim", "name", "t.care_group"),
	SEALED("claim", "sim_number", "t.care_group"),
	/* audit log and bans */
	SEALED("audit", "detail", "t.owner"),
	SEALED("account_ban", "reason", OWNER_SYSTEM),
	SEALED("network_ban", "network", OWNER_SYSTEM),
	SEALED("network_ban", "reason", OWNER_SYSTEM),
	/* partners */
	SEALED("partner", "contact", "t.id"),
	SEALED("partner", "purpose", "t.id"),
	SEALED("partner", "webhook", "t.id"),
	SEALED("partner_answer", "body", "t.wearer"),
	FOUND("plan_proposal", "body", "t.wearer", "body_hash"),
	/* what waits to go out */
	SEALED("courier_item", "content", "t.owner"),
	/* watches */
	FOUND("device", "wire_id", "t.wearer", "wire_hash"),
	SEALED("device", "model", "t.wearer"),
	SEALED("device", "version", "t.wearer"),
	SEALED("device", "phone", "t.wearer"),
	SEALED("device", "password", "t.wearer"),
	SEALED("device", "password_wanted", "t.wearer"),
	SEALED("command", "body", "t.wearer"),
	SEALED("command", "message", "t.wearer"),
	SEALED("command", "answer", "t.wearer"),
	SEALED("watch_setting", "wanted", "t.wearer"),
	SEALED("watch_setting", "confirmed", "t.wearer"),
	SEALED("device", "config", "t.wearer"),
	SEALED("device", "iccid", "t.wearer"),
	SEALED("contact", "name", "t.wearer"),
	SEALED("contact", "number", "t.wearer"),
	SEALED("sos_number", "number", "t.wearer"),
	FOUND("thread_item", "content", "t.wearer", "content_hash"),
	SEALED("thread_item", "about", "t.wearer"),
	SEALED("voice_chunk", "content", "t.wearer"),
	/* health, days, calls */
	SEALED("health_value", "body", "t.wearer"),
	SEALED("wearer_day", "body", "t.wearer"),
	FOUND("call_log", "body", "t.wearer", "body_hash"),
	/* phones, watches with keys */
	SEALED("way", "name", "t.wearer"),
	SEALED("way", "key", "t.wearer"),
	/* history */
	SEALED("wearer_picture", "bytes", "t.wearer"),
	SEALED("alarm", "report", "t.wearer"),
	SEALED("alarm", "note", "t.wearer"),
	SEALED("alarm", "place", "t.wearer"),
	FOUND("radio_learned", "point", "t.care_group", "point_hash"),
	SEALED("radio_learned", "body", "t.care_group"),
	SEALED("journal", "body", OWNER_SYSTEM),
	SEALED("history_chunk", "body", OWNER_BY_NUMBER),
	SEALED("history_mark", "latest", OWNER_BY_NUMBER),
};
const size_t sealed_columns_n = COUNT_OF(sealed_columns);

/* A row that waits to be written. */
struct waiting {
	int64_t rowid;
	struct uid owner;
	uint8_t *plain;
	size_t n;
};

struct page {
	struct waiting rows[RESEAL_ROWS_MAX];
	size_t n;
};

static void page_freep(struct page **p)
{
	for (size_t i = 0; *p != NULL && i < (*p)->n; i++) {
		secret_forget((*p)->rows[i].plain, (*p)->rows[i].n);
		free((*p)->rows[i].plain);
	}
	free(*p);
}

/* One row into the page, when it is to be changed. */
static enum rc take_row(struct db *db, const struct sealed_column *c, struct stmt *s,
	bool is_lookup, struct page *page, struct reseal_count *count, struct err *e)
{
	struct waiting *w = &page->rows[page->n];
	bool is_newest = false;
	enum rc rc = RC_OK;

	*w = (struct waiting){.rowid = stmt_int(s, 0),
		.owner = stmt_is_null(s, 1) ? keyring_system : stmt_uid(s, 1)};
	count->seen++;
	if (!is_lookup) {
		rc = keyring_is_newest(db_keyring(db), &w->owner, stmt_blob(s, 2), &is_newest, e);
		if (rc == RC_OK && is_newest)
			return RC_OK;
	}
	if (rc == RC_OK)
		rc = stmt_take_sealed(s, 2, &w->owner, c->label, &w->plain, &w->n, e);
	if (rc == RC_NOT_FOUND) {
		count->keyless++;
		return RC_OK;
	}
	if (rc == RC_SYNTAX) { /* it stays what it is: a rotation must come to its end */
		count->damaged++;
		return RC_OK;
	}
	if (rc == RC_OK)
		page->n++;
	return rc;
}

static enum rc read_page(struct db *db, const struct sealed_column *c, int64_t *rowid,
	bool is_lookup, struct page *page, struct reseal_count *count, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db, c->select, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, *rowid);
	stmt_bind_int(s, 2, RESEAL_ROWS_MAX);
	while (rc == RC_OK && (rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		*rowid = stmt_int(s, 0);
		rc = take_row(db, c, s, is_lookup, page, count, e);
	}
	stmt_reset(s);
	return rc;
}

static enum rc write_row(struct db *db, const struct sealed_column *c, const struct waiting *w,
	bool is_lookup, struct err *e)
{
	struct stmt *s = NULL;
	struct view plain = {.p = (const char *)w->plain, .n = w->n};
	enum rc rc = db_prepare(db, is_lookup ? c->update_lookup : c->update, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, w->rowid);
	if (is_lookup)
		stmt_bind_lookup(s, 2, c->label, plain);
	else
		stmt_bind_sealed(s, 2, &w->owner, c->label, plain);
	return stmt_run(s, NULL, e);
}

static enum rc renew(struct db *db, const struct sealed_column *c, int64_t *rowid, bool is_lookup,
	struct reseal_count *count, struct err *e)
{
	CLEANUP(page_freep) struct page *page = calloc(1, sizeof *page);

	if (page == NULL)
		return fail(e, RC_NOMEM, "%s: out of memory", c->label);
	enum rc rc = read_page(db, c, rowid, is_lookup, page, count, e);
	for (size_t i = 0; rc == RC_OK && i < page->n; i++) {
		rc = write_row(db, c, &page->rows[i], is_lookup, e);
		count->changed += rc == RC_OK;
	}
	return rc;
}

enum rc sealed_column_renew(struct db *db, const struct sealed_column *c, int64_t *rowid,
	bool *ret_is_end, struct reseal_count *count, struct err *e)
{
	uint64_t before = count->seen;
	enum rc rc = renew(db, c, rowid, false, count, e);

	*ret_is_end = count->seen - before < RESEAL_ROWS_MAX;
	return rc;
}

enum rc sealed_column_renew_lookups(struct db *db, const struct sealed_column *c, int64_t *rowid,
	bool *ret_is_end, struct err *e)
{
	struct reseal_count count = {0};

	if (c->update_lookup == NULL) {
		*ret_is_end = true;
		return RC_OK;
	}
	enum rc rc = renew(db, c, rowid, true, &count, e);
	*ret_is_end = count.seen < RESEAL_ROWS_MAX;
	return rc;
}
