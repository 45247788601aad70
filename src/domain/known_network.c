#include "domain/known_network.h"

#include "store/query.h"
#include "store/sealed.h"

#define LIFE_MS (INT64_C(90) * 24 * 3600 * 1000)

enum { KNOWN_TEXT = 48 };

/* The row of this network; none when there is none. */
static enum rc find(struct db *db, const struct uid *account, struct view network, int64_t since_ms,
	struct uid *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(db,
		"SELECT id, network FROM known_network WHERE account = ?1 AND used_ms >= ?2",
		account, &s, e);

	*ret = (struct uid){{0}};
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, since_ms);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		char text[KNOWN_TEXT];
		rc = stmt_copy_sealed(s, 1, account, "known_network.network", text, sizeof text, e);
		if (rc != RC_OK)
			break;
		if (view_is(view_of(text), network))
			*ret = stmt_uid(s, 0); /* and on, so that it takes as long */
	}
	stmt_reset(s);
	return rc;
}

enum rc known_network_is(struct db *reader, const struct uid *account, struct view network,
	int64_t now_ms, bool *ret, struct err *e)
{
	struct uid id;
	enum rc rc = find(reader, account, network, now_ms - LIFE_MS, &id, e);

	if (rc == RC_OK)
		*ret = !uid_is_none(&id);
	return rc;
}

/* Old ones, and the oldest over the limit. */
static enum rc forget_old(struct db *db, const struct uid *account, int64_t now_ms, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"DELETE FROM known_network WHERE account = ?1 AND (used_ms < ?2 OR id NOT IN"
		" (SELECT id FROM known_network WHERE account = ?1"
		"  ORDER BY used_ms DESC, id LIMIT ?3))",
		account, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, now_ms - LIFE_MS);
	stmt_bind_int(s, 3, KNOWN_NETWORKS_MAX);
	return stmt_run(s, NULL, e);
}

enum rc known_network_note(struct db *db, const struct uid *account, struct view network,
	int64_t now_ms, struct err *e)
{
	struct uid id;
	struct uid fresh = uid_new();
	struct stmt *s = NULL;
	enum rc rc = find(db, account, network, 0, &id, e);

	if (rc != RC_OK)
		return rc;
	if (!uid_is_none(&id)) {
		rc = query_prepare(
			db, "UPDATE known_network SET used_ms = ?2 WHERE id = ?1", &id, &s, e);
		if (rc == RC_OK)
			stmt_bind_int(s, 2, now_ms);
		return rc == RC_OK ? stmt_run(s, NULL, e) : rc;
	}
	rc = query_prepare(db,
		"INSERT INTO known_network (id, account, network, used_ms)"
		" VALUES (?1, ?2, ?3, ?4)",
		&fresh, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, account);
	stmt_bind_sealed(s, 3, account, "known_network.network", network);
	stmt_bind_int(s, 4, now_ms);
	rc = stmt_run(s, NULL, e);
	return rc == RC_OK ? forget_old(db, account, now_ms, e) : rc;
}
