#include "domain/watch_setting.h"

#include "store/query.h"

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

/* What is said once and is no state of the watch. */
static bool is_act(enum command_kind kind)
{
	return kind == COMMAND_CALL || kind == COMMAND_PHOTO || kind == COMMAND_POWER_OFF ||
	       kind == COMMAND_RESET;
}

/* An entry that was taken out is the same place as one that was put in. */
static const char *name_of(enum command_kind kind)
{
	return command_name(kind == COMMAND_BOOK_REMOVE ? COMMAND_BOOK_ENTRY : kind);
}

bool setting_of(const struct command *c, const char **ret_name, uint8_t *ret_slot)
{
	if (!command_is_sensitive(c->kind) || is_act(c->kind))
		return false;
	*ret_name = name_of(c->kind);
	*ret_slot = c->slot;
	return true;
}

static enum rc write_state(struct db *db, const char *sql, const struct uid *wearer,
	const struct command *c, enum setting_state state, int64_t now_ms, struct err *e)
{
	const char *name = NULL;
	uint8_t slot = 0;
	struct stmt *s = NULL;

	if (!setting_of(c, &name, &slot))
		return RC_OK;
	enum rc rc = query_prepare(db, sql, wearer, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_text(s, 2, view_of(name));
	stmt_bind_int(s, 3, slot);
	stmt_bind_int(s, 4, state);
	stmt_bind_int(s, 5, now_ms);
	return stmt_run(s, NULL, e);
}

enum rc setting_want(struct db *db, const struct uid *wearer, const struct command *c,
	int64_t now_ms, struct err *e)
{
	return write_state(db,
		"INSERT INTO watch_setting (wearer, name, slot, state, changed_ms)"
		" VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (wearer, name, slot)"
		" DO UPDATE SET state = ?4, changed_ms = ?5",
		wearer, c, SETTING_WANTED, now_ms, e);
}

enum rc setting_end(struct db *db, const struct uid *wearer, const struct command *c,
	enum setting_state state, int64_t now_ms, struct err *e)
{
	return write_state(db,
		"UPDATE watch_setting SET state = ?4, changed_ms = ?5"
		" WHERE wearer = ?1 AND name = ?2 AND slot = ?3",
		wearer, c, state, now_ms, e);
}

enum rc setting_forget(struct db *db, const struct uid *wearer, const enum command_kind *kinds,
	size_t kinds_n, struct err *e)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < kinds_n && rc == RC_OK; i++) {
		struct stmt *s = NULL;
		rc = query_prepare(db, "DELETE FROM watch_setting WHERE wearer = ?1 AND name = ?2",
			wearer, &s, e);
		if (rc != RC_OK)
			return rc;
		stmt_bind_text(s, 2, view_of(name_of(kinds[i])));
		rc = stmt_run(s, NULL, e);
	}
	return rc;
}

static bool is_one_of(struct view name, const enum command_kind *kinds, size_t kinds_n)
{
	for (size_t i = 0; i < kinds_n; i++) {
		if (view_is(name, view_of(name_of(kinds[i]))))
			return true;
	}
	return false;
}

static enum setting_state state_of(int64_t value)
{
	return value >= SETTING_CONFIRMED && value < SETTING_NONE ? (enum setting_state)value
								  : SETTING_UNKNOWN;
}

enum rc setting_read(struct db *reader, const struct uid *wearer, const enum command_kind *kinds,
	size_t kinds_n, enum setting_state *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	bool is_found = false;
	enum setting_state worst = SETTING_CONFIRMED;
	enum rc rc = query_prepare(
		reader, "SELECT name, state FROM watch_setting WHERE wearer = ?1", wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		if (!is_one_of(stmt_text(s, 0), kinds, kinds_n))
			continue;
		enum setting_state state = state_of(stmt_int(s, 1));
		is_found = true;
		worst = state > worst ? state : worst;
	}
	if (rc == RC_OK)
		*ret = is_found ? worst : SETTING_NONE;
	return rc;
}
