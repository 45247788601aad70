#include "history/inside.h"

#include <stdlib.h>

#include "store/sealed.h"

/* A mark with this number is left behind: nothing of the wearer is taken in again. */
static const int64_t erased_seq = INT64_MAX;

/* Overwrites the wearer's entries in a journal blob; false when there was none. */
static bool blank_entries(char *bytes, size_t n, uint32_t wearer)
{
	struct view rest = {.p = bytes, .n = n};
	struct history_entry entry;
	bool is_changed = false;

	while (rest.n > 0 && entry_read(&rest, &entry, NULL) == RC_OK) {
		if (entry.wearer != wearer)
			continue;
		size_t end = (size_t)(rest.p - bytes);
		struct history_entry blank = {.packed = {.p = NULL, .n = 0}};
		char *start = bytes + end - entry.packed.n - ENTRY_HEAD;
		uint8_t low = (uint8_t)start[4];
		uint8_t high = (uint8_t)start[5];
		entry_write(&blank, start);
		start[4] = (char)low; /* the length stays: sequence numbers are positions */
		start[5] = (char)high;
		memset(start + ENTRY_HEAD, 0, entry.packed.n);
		is_changed = true;
	}
	return is_changed;
}

static enum rc rewrite_row(
	struct db *db, struct stmt *row, int64_t first_seq, uint32_t wearer, struct err *e)
{
	struct stmt *s = NULL;
	uint8_t *body = NULL;
	size_t n = 0;
	enum rc rc = stmt_take_sealed(row, 1, &keyring_system, LABEL_JOURNAL, &body, &n, e);

	if (rc == RC_OK && blank_entries((char *)body, n, wearer)) {
		rc = db_prepare(db, "UPDATE journal SET body = ?2 WHERE first_seq = ?1", &s, e);
		if (rc == RC_OK) {
			stmt_bind_int(s, 1, first_seq);
			stmt_bind_sealed(s, 2, &keyring_system, LABEL_JOURNAL,
				(struct view){.p = (const char *)body, .n = n});
			rc = stmt_run(s, NULL, e);
		}
	}
	free(body);
	return rc;
}

static enum rc erase_from_journal(struct db *db, uint32_t wearer, struct err *e)
{
	int64_t after = INT64_MIN;
	bool has_row = true;
	enum rc rc = RC_OK;

	while (rc == RC_OK && has_row) {
		struct stmt *s = NULL;
		rc = db_prepare(db,
			"SELECT first_seq, body FROM journal WHERE first_seq > ?1"
			" ORDER BY first_seq LIMIT 1",
			&s, e);
		if (rc != RC_OK)
			break;
		stmt_bind_int(s, 1, after);
		rc = stmt_step(s, &has_row, e);
		if (rc != RC_OK || !has_row)
			break;
		after = stmt_int(s, 0);
		rc = rewrite_row(db, s, after, wearer, e);
		stmt_reset(s);
	}
	return rc;
}

enum rc history_erase(struct db *db, uint32_t wearer, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db, "DELETE FROM history_chunk WHERE wearer = ?1", &s, e);

	if (rc == RC_OK) {
		stmt_bind_int(s, 1, wearer);
		rc = stmt_run(s, NULL, e);
	}
	if (rc == RC_OK)
		rc = db_prepare(db,
			"INSERT INTO history_mark (wearer, sealed_seq, latest_ms, latest)"
			" VALUES (?1, ?2, ?3, NULL) ON CONFLICT (wearer) DO UPDATE SET"
			" sealed_seq = excluded.sealed_seq, latest_ms = excluded.latest_ms,"
			" latest = NULL",
			&s, e);
	if (rc == RC_OK) {
		stmt_bind_int(s, 1, wearer);
		stmt_bind_int(s, 2, erased_seq);
		stmt_bind_int(s, 3, INT64_MIN);
		rc = stmt_run(s, NULL, e);
	}
	return rc == RC_OK ? erase_from_journal(db, wearer, e) : rc;
}

void history_forget(struct history *h, uint32_t wearer)
{
	(void)pthread_mutex_lock(&h->lock);
	struct head *head = heads_find(&h->heads, wearer);
	if (head != NULL)
		heads_drop(&h->heads, head, UINT64_MAX);
	uint64_t floor = heads_journal_floor(&h->heads);
	if (floor > h->journal_floor)
		h->journal_floor = floor;
	(void)pthread_mutex_unlock(&h->lock);
}
