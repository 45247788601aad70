#include "domain/setting_store.h"

#include <stdlib.h>

#include "crypto/token.h"
#include "store/query.h"
#include "store/sealed.h"

const char *setting_state_name(enum setting_state s)
{
	switch (s) {
	case SETTING_CONFIRMED:
		return "confirmed";
	case SETTING_UNKNOWN:
		return "unknown";
	case SETTING_REFUSED:
		return "refused";
	case SETTING_WANTED:
		return "wanted";
	case SETTING_NONE:
		break;
	}
	return "none";
}

static enum setting_state state_of(int64_t value)
{
	return value >= SETTING_CONFIRMED && value < SETTING_NONE ? (enum setting_state)value
								  : SETTING_UNKNOWN;
}

/* Binds wearer and name. */
static enum rc prepare(struct db *db, const char *sql, const struct uid *wearer, enum setting_id id,
	struct stmt **ret, struct err *e)
{
	enum rc rc = query_prepare(db, sql, wearer, ret, e);

	if (rc == RC_OK)
		stmt_bind_text(*ret, 2, view_of(setting_def(id)->name));
	return rc;
}

static enum rc run(
	struct db *db, const char *sql, const struct uid *wearer, enum setting_id id, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = prepare(db, sql, wearer, id, &s, e);

	return rc == RC_OK ? stmt_run(s, NULL, e) : rc;
}

/* ---- reading ---- */

#define COLUMNS "SELECT name, state, wanted, confirmed, changed_ms, drift_ms, by_account "

/* What cannot be opened or read any more counts as not there. */
static bool read_value(struct stmt *s, int column, const char *label, const struct uid *wearer,
	enum setting_id id, struct setting_value *ret)
{
	uint8_t *packed = NULL;
	size_t n = 0;

	if (stmt_is_null(s, column) ||
		stmt_take_sealed(s, column, wearer, label, &packed, &n, NULL) != RC_OK)
		return false;
	bool is_good =
		setting_value_unpack(setting_def(id),
			(struct view){.p = (const char *)packed, .n = n}, ret, NULL) == RC_OK;
	if (packed != NULL)
		secret_forget(packed, n);
	free(packed);
	return is_good;
}

static void read_row(
	struct stmt *s, const struct uid *wearer, enum setting_id id, struct setting_row *ret)
{
	*ret = (struct setting_row){.id = id,
		.state = state_of(stmt_int(s, 1)),
		.changed_ms = stmt_int(s, 4),
		.drift_ms = stmt_int(s, 5),
		.by = stmt_uid(s, 6)};
	ret->has_wanted = read_value(s, 2, "watch_setting.wanted", wearer, id, &ret->wanted);
	ret->has_confirmed =
		read_value(s, 3, "watch_setting.confirmed", wearer, id, &ret->confirmed);
}

enum rc setting_read(struct db *reader, const struct uid *wearer, enum setting_id id,
	struct setting_row *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = prepare(reader, COLUMNS "FROM watch_setting WHERE wearer = ?1 AND name = ?2",
		wearer, id, &s, e);

	*ret = (struct setting_row){.id = id, .state = SETTING_NONE};
	if (rc != RC_OK)
		return rc;
	rc = stmt_step(s, &has_row, e);
	if (rc == RC_OK && has_row)
		read_row(s, wearer, id, ret);
	stmt_reset(s);
	return rc;
}

enum rc setting_each(
	struct db *reader, const struct uid *wearer, setting_row_fn *fn, void *ctx, struct err *e)
{
	struct setting_row *row = malloc(sizeof *row);
	struct stmt *s = NULL;
	bool has_row = false;

	if (row == NULL)
		return fail(e, RC_NOMEM, "setting: out of memory");
	enum rc rc = query_prepare(reader,
		COLUMNS "FROM watch_setting WHERE wearer = ?1 ORDER BY name", wearer, &s, e);
	while (rc == RC_OK && (rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		enum setting_id id = SETTING_COUNT;
		if (!setting_of_name(stmt_text(s, 0), &id))
			continue;
		read_row(s, wearer, id, row);
		rc = fn(ctx, row, e);
	}
	if (s != NULL)
		stmt_reset(s);
	secret_forget(row, sizeof *row);
	free(row);
	return rc;
}

enum rc setting_state_read(struct db *reader, const struct uid *wearer, enum setting_id id,
	enum setting_state *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc =
		prepare(reader, "SELECT state FROM watch_setting WHERE wearer = ?1 AND name = ?2",
			wearer, id, &s, e);

	if (rc != RC_OK)
		return rc;
	rc = stmt_step(s, &has_row, e);
	*ret = rc == RC_OK && has_row ? state_of(stmt_int(s, 0)) : SETTING_NONE;
	stmt_reset(s);
	return rc;
}

enum rc setting_is_on(
	struct db *reader, const struct uid *wearer, enum setting_id id, bool *ret, struct err *e)
{
	struct setting_row row;
	enum rc rc = setting_read(reader, wearer, id, &row, e);

	if (rc == RC_OK)
		*ret = row.has_confirmed && row.confirmed.numbers[0] != 0;
	return rc;
}

/* ---- what is wanted ---- */

static enum rc bind_value(struct stmt *s, int n, const char *label, const struct uid *wearer,
	enum setting_id id, const struct setting_value *v, struct err *e)
{
	uint8_t packed[SETTING_PACK_MAX];
	size_t packed_n = 0;

	if (v == NULL)
		return RC_OK; /* unbound: NULL */
	enum rc rc = setting_value_pack(setting_def(id), v, packed, &packed_n, e);
	if (rc == RC_OK)
		stmt_bind_sealed(s, n, wearer, label,
			(struct view){.p = (const char *)packed, .n = packed_n});
	return rc;
}

static enum rc forget_parts(
	struct db *db, const struct uid *wearer, enum setting_id id, struct err *e)
{
	return run(db, "DELETE FROM watch_setting_part WHERE wearer = ?1 AND setting = ?2", wearer,
		id, e);
}

enum rc setting_want(struct db *db, const struct uid *wearer, enum setting_id id,
	const struct setting_value *wanted, const struct uid *by, int64_t now_ms, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = forget_parts(db, wearer, id, e);

	if (rc == RC_OK)
		rc = prepare(db,
			"INSERT INTO watch_setting (wearer, name, state, wanted, changed_ms, "
			"by_account)"
			" VALUES (?1, ?2, 0, ?3, ?4, ?5) ON CONFLICT (wearer, name)"
			" DO UPDATE SET state = 0, wanted = ?3, changed_ms = ?4, by_account = ?5",
			wearer, id, &s, e);
	if (rc == RC_OK)
		rc = bind_value(s, 3, "watch_setting.wanted", wearer, id, wanted, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 4, now_ms);
	if (by != NULL)
		stmt_bind_uid(s, 5, by);
	return stmt_run(s, NULL, e);
}

enum rc setting_begin_again(
	struct db *db, const struct uid *wearer, enum setting_id id, struct err *e)
{
	return forget_parts(db, wearer, id, e);
}

enum rc setting_drop(struct db *db, const struct uid *wearer, enum setting_id id, struct err *e)
{
	enum rc rc = forget_parts(db, wearer, id, e);

	return rc == RC_OK ? run(db, "DELETE FROM watch_setting WHERE wearer = ?1 AND name = ?2",
				     wearer, id, e)
			   : rc;
}

enum rc setting_note_drift(
	struct db *db, const struct uid *wearer, enum setting_id id, int64_t now_ms, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = prepare(db,
		"UPDATE watch_setting SET drift_ms = ?3 WHERE wearer = ?1 AND name = ?2", wearer,
		id, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 3, now_ms);
	return stmt_run(s, NULL, e);
}

/* ---- the commands that carry them ---- */

/* An entry that was taken out is the same place as one that was put in; the whole book in one frame
 * takes the place of the first page, which erases it. */
static enum command_kind place_kind(enum command_kind kind)
{
	if (kind == COMMAND_BOOK_WHOLE)
		return COMMAND_BOOK_1;
	return kind == COMMAND_BOOK_REMOVE ? COMMAND_BOOK_ENTRY : kind;
}

bool setting_is_same_place(const struct command *a, const struct command *b)
{
	return place_kind(a->kind) == place_kind(b->kind) && a->slot == b->slot;
}

/* Binds setting, kind and place. */
static enum rc prepare_part(struct db *db, const char *sql, const struct uid *wearer,
	enum setting_id id, const struct command *c, struct stmt **ret, struct err *e)
{
	enum rc rc = prepare(db, sql, wearer, id, ret, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_text(*ret, 3, view_of(command_name(place_kind(c->kind))));
	stmt_bind_int(*ret, 4, c->slot);
	return RC_OK;
}

/* The value that was wanted is the one that the watch has now. */
static enum rc confirm_value(
	struct db *db, const struct uid *wearer, enum setting_id id, struct err *e)
{
	struct setting_row row;
	struct stmt *s = NULL;
	enum rc rc = setting_read(db, wearer, id, &row, e);

	if (rc == RC_OK)
		rc = prepare(db,
			"UPDATE watch_setting SET confirmed = ?3, drift_ms = 0"
			" WHERE wearer = ?1 AND name = ?2",
			wearer, id, &s, e);
	if (rc == RC_OK)
		rc = bind_value(s, 3, "watch_setting.confirmed", wearer, id,
			row.has_wanted ? &row.wanted : NULL, e);
	secret_forget(&row, sizeof row);
	return rc == RC_OK ? stmt_run(s, NULL, e) : rc;
}

/* As far as the worst of its commands. */
static enum rc refresh_state(
	struct db *db, const struct uid *wearer, enum setting_id id, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = prepare(db,
		"SELECT MAX(state) FROM watch_setting_part WHERE wearer = ?1 AND setting = ?2",
		wearer, id, &s, e);

	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	bool has_parts = has_row && !stmt_is_null(s, 0);
	enum setting_state worst = has_parts ? state_of(stmt_int(s, 0)) : SETTING_CONFIRMED;
	stmt_reset(s);
	if (!has_parts)
		return RC_OK;
	rc = prepare(db, "UPDATE watch_setting SET state = ?3 WHERE wearer = ?1 AND name = ?2",
		wearer, id, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 3, worst);
	rc = stmt_run(s, NULL, e);
	return rc == RC_OK && worst == SETTING_CONFIRMED ? confirm_value(db, wearer, id, e) : rc;
}

static enum rc want_part(struct db *db, const struct uid *wearer, enum setting_id id,
	const struct command *c, struct err *e)
{
	struct stmt *s = NULL;
	int64_t changed = 0;
	enum rc rc = prepare_part(db,
		"INSERT INTO watch_setting_part (wearer, setting, kind, slot, state)"
		" SELECT ?1, ?2, ?3, ?4, 3 FROM watch_setting WHERE wearer = ?1 AND name = ?2"
		" ON CONFLICT (wearer, setting, kind, slot) DO UPDATE SET state = 3",
		wearer, id, c, &s, e);

	if (rc == RC_OK)
		rc = stmt_run(s, &changed, e);
	return rc == RC_OK && changed > 0 ? run(db,
						    "UPDATE watch_setting SET state = 3 WHERE "
						    "wearer = ?1 AND name = ?2",
						    wearer, id, e)
					  : rc;
}

enum rc setting_part_want(
	struct db *db, const struct uid *wearer, const struct command *c, struct err *e)
{
	enum setting_id ids[SETTINGS_OF_KIND_MAX];
	unsigned n = setting_ids_of(c->kind, ids);
	enum rc rc = RC_OK;

	for (unsigned i = 0; i < n && rc == RC_OK; i++)
		rc = want_part(db, wearer, ids[i], c, e);
	return rc;
}

static enum rc end_part(struct db *db, const struct uid *wearer, enum setting_id id,
	const struct command *c, enum setting_state state, struct err *e)
{
	struct stmt *s = NULL;
	int64_t changed = 0;
	enum rc rc = prepare_part(db,
		"UPDATE watch_setting_part SET state = ?5"
		" WHERE wearer = ?1 AND setting = ?2 AND kind = ?3 AND slot = ?4",
		wearer, id, c, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 5, state);
	rc = stmt_run(s, &changed, e);
	return rc == RC_OK && changed > 0 ? refresh_state(db, wearer, id, e) : rc;
}

enum rc setting_part_end(struct db *db, const struct uid *wearer, const struct command *c,
	enum setting_state state, struct err *e)
{
	enum setting_id ids[SETTINGS_OF_KIND_MAX];
	unsigned n = setting_ids_of(c->kind, ids);
	enum rc rc = RC_OK;

	for (unsigned i = 0; i < n && rc == RC_OK; i++)
		rc = end_part(db, wearer, ids[i], c, state, e);
	return rc;
}

static enum rc forget_part(struct db *db, const struct uid *wearer, enum setting_id id,
	const struct command *c, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = prepare_part(db,
		"DELETE FROM watch_setting_part"
		" WHERE wearer = ?1 AND setting = ?2 AND kind = ?3 AND slot = ?4",
		wearer, id, c, &s, e);

	return rc == RC_OK ? stmt_run(s, NULL, e) : rc;
}

enum rc setting_part_forget(
	struct db *db, const struct uid *wearer, const struct command *c, struct err *e)
{
	enum setting_id ids[SETTINGS_OF_KIND_MAX];
	unsigned n = setting_ids_of(c->kind, ids);
	enum rc rc = RC_OK;

	for (unsigned i = 0; i < n && rc == RC_OK; i++)
		rc = forget_part(db, wearer, ids[i], c, e);
	return rc;
}

enum rc settings_end_restored(struct db *db, struct err *e)
{
	static const char *const sql[] = {
		"UPDATE watch_setting_part SET state = 1 WHERE state = 3",
		"UPDATE watch_setting SET state = 1 WHERE state = 3",
	};
	enum rc rc = RC_OK;

	for (size_t i = 0; i < COUNT_OF(sql) && rc == RC_OK; i++) {
		struct stmt *s = NULL;
		rc = db_prepare(db, sql[i], &s, e);
		if (rc == RC_OK)
			rc = stmt_run(s, NULL, e);
	}
	return rc;
}
