/* Sealing: a head becomes chunks, one for each of its days, and the journal is dropped as far as
 * nobody needs it. */
#include "history/inside.h"

#include <stdlib.h>

#include "base/log.h"
#include "store/sealed.h"

/* One head on its way into chunks. */
struct seal {
	struct history *history;
	uint32_t wearer;
	struct uid owner; /* found by seal_job */
	uint64_t last_seq;
	uint64_t journal_floor;
	char *bytes;
	size_t n;
};

/* All entries of one UTC day, without sequence numbers. */
struct day_chunk {
	int64_t day;
	char *bytes;
	size_t n;
	uint32_t count;
};

static enum rc write_chunk(
	struct db *db, const struct seal *seal, const struct day_chunk *chunk, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db,
		"INSERT INTO history_chunk (wearer, day, last_seq, entries, body)"
		" VALUES (?1, ?2, ?3, ?4, ?5)",
		&s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, seal->wearer);
	stmt_bind_int(s, 2, chunk->day);
	stmt_bind_int(s, 3, (int64_t)seal->last_seq);
	stmt_bind_int(s, 4, chunk->count);
	stmt_bind_sealed(
		s, 5, &seal->owner, LABEL_CHUNK, (struct view){.p = chunk->bytes, .n = chunk->n});
	return stmt_run(s, NULL, e);
}

/* Writes the entries of each day in turn; days are few, so the head is walked once for each. */
static enum rc write_days(struct db *db, const struct seal *seal, char *scratch, struct err *e)
{
	int64_t done_until = INT64_MIN;
	enum rc rc = RC_OK;

	while (rc == RC_OK) {
		struct day_chunk chunk = {.day = INT64_MAX, .bytes = scratch};
		struct history_entry entry;
		uint64_t seq = 0;
		struct view rest = {.p = seal->bytes, .n = seal->n};
		while (head_next(&rest, &seq, &entry)) {
			int64_t day = history_day_of(entry.time_ms);
			if (day > done_until && day < chunk.day)
				chunk.day = day;
		}
		if (chunk.day == INT64_MAX)
			break;
		rest = (struct view){.p = seal->bytes, .n = seal->n};
		while (head_next(&rest, &seq, &entry)) {
			if (history_day_of(entry.time_ms) != chunk.day)
				continue;
			entry_write(&entry, scratch + chunk.n);
			chunk.n += ENTRY_HEAD + entry.packed.n;
			chunk.count++;
		}
		rc = write_chunk(db, seal, &chunk, e);
		done_until = chunk.day;
	}
	return rc;
}

static enum rc write_mark(struct db *db, const struct seal *seal, char *scratch, struct err *e)
{
	struct history_entry latest;
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db,
		"INSERT INTO history_mark (wearer, sealed_seq, latest_ms, latest)"
		" VALUES (?1, ?2, ?3, ?4) ON CONFLICT (wearer) DO UPDATE SET"
		" sealed_seq = excluded.sealed_seq,"
		" latest = CASE WHEN excluded.latest IS NOT NULL"
		"  AND excluded.latest_ms >= history_mark.latest_ms"
		"  THEN excluded.latest ELSE history_mark.latest END,"
		" latest_ms = CASE WHEN excluded.latest_ms >= history_mark.latest_ms"
		"  THEN excluded.latest_ms ELSE history_mark.latest_ms END",
		&s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, seal->wearer);
	stmt_bind_int(s, 2, (int64_t)seal->last_seq);
	if (entries_find_latest(seal->bytes, seal->n, &latest)) {
		entry_write(&latest, scratch);
		stmt_bind_int(s, 3, latest.time_ms);
		stmt_bind_sealed(s, 4, &seal->owner, LABEL_LATEST,
			(struct view){.p = scratch, .n = ENTRY_HEAD + latest.packed.n});
	} else {
		stmt_bind_int(s, 3, INT64_MIN);
		stmt_bind_null(s, 4);
	}
	return stmt_run(s, NULL, e);
}

static enum rc read_mark(struct db *db, uint32_t wearer, int64_t *ret_seq, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db, "SELECT sealed_seq FROM history_mark WHERE wearer = ?1", &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, wearer);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	*ret_seq = has_row ? stmt_int(s, 0) : 0;
	stmt_reset(s);
	return RC_OK;
}

static enum rc drop_journal(struct db *db, uint64_t floor, struct err *e)
{
	struct stmt *s = NULL;

	if (floor == 0)
		return RC_OK;
	enum rc rc = db_prepare(db, "DELETE FROM journal WHERE first_seq < ?1", &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, (int64_t)floor);
	return stmt_run(s, NULL, e);
}

static enum rc write_head(struct db *db, struct seal *seal, struct err *e)
{
	enum rc rc = history_owner(db, seal->wearer, &seal->owner, e);

	if (rc != RC_OK)
		return rc;
	char *scratch = malloc(seal->n);
	if (scratch == NULL)
		return fail(e, RC_NOMEM, "history: out of memory");
	rc = write_days(db, seal, scratch, e);
	if (rc == RC_OK)
		rc = write_mark(db, seal, scratch, e);
	free(scratch);
	return rc;
}

static enum rc seal_job(struct db *db, void *arg, struct err *e)
{
	struct seal *seal = arg;
	int64_t sealed_seq = 0;
	enum rc rc = read_mark(db, seal->wearer, &sealed_seq, e);

	if (rc == RC_OK)
		rc = drop_journal(db, seal->journal_floor, e);
	if (rc != RC_OK || sealed_seq >= (int64_t)seal->last_seq)
		return rc; /* erased meanwhile */
	rc = write_head(db, seal, e);
	return rc == RC_NOT_FOUND ? RC_OK : rc; /* the row or the key is gone: erased meanwhile */
}

static enum rc drain_head(struct db *db, const struct head *head, struct err *e)
{
	struct seal seal = {.wearer = head->wearer,
		.last_seq = head->last_seq,
		.bytes = head->bytes,
		.n = head->n};
	enum rc rc = write_head(db, &seal, e);

	return rc == RC_NOT_FOUND ? RC_OK : rc; /* erased */
}

enum rc history_drain(struct db *db, struct err *e)
{
	struct history *h = NULL;
	enum rc rc = history_open(db, &h, e);

	if (rc != RC_OK)
		return rc;
	for (struct list *n = h->heads.by_age.next; rc == RC_OK && n != &h->heads.by_age;
		n = n->next)
		rc = drain_head(db, CONTAINER_OF(n, struct head, node), e);
	if (rc == RC_OK)
		rc = db_script(db, "DELETE FROM journal", e);
	history_free(h);
	return rc;
}

/* The main loop's side. */

static void seal_free(struct seal *seal)
{
	free(seal->bytes);
	free(seal);
}

static void seal_done(void *arg, enum rc rc, const struct err *e)
{
	struct seal *seal = arg;
	struct history *h = seal->history;

	(void)pthread_mutex_lock(&h->lock); /* the default mutex does not fail here */
	struct head *head = heads_find(&h->heads, seal->wearer);
	if (head != NULL)
		head->is_sealing = false;
	if (rc == RC_OK) {
		if (head != NULL)
			heads_drop(&h->heads, head, seal->last_seq);
		uint64_t floor = heads_journal_floor(&h->heads);
		if (floor > h->journal_floor)
			h->journal_floor = floor;
		h->chunks_written++;
	}
	(void)pthread_mutex_unlock(&h->lock);
	if (rc != RC_OK)
		log_event(LOG_WARN, "history.seal_failed", "why=\"%s\"", e->msg);
	seal_free(seal);
}

/* Under the lock. NULL: not now. */
struct seal *seal_new(struct history *h, struct head *head)
{
	struct seal *seal = calloc(1, sizeof *seal);

	if (seal == NULL)
		return NULL;
	seal->bytes = malloc(head->n);
	if (seal->bytes == NULL) {
		free(seal);
		return NULL;
	}
	memcpy(seal->bytes, head->bytes, head->n);
	seal->n = head->n;
	seal->history = h;
	seal->wearer = head->wearer;
	seal->last_seq = head->last_seq;
	seal->journal_floor = h->journal_floor;
	h->journal_floor = 0;
	head->is_sealing = true;
	return seal;
}

void seal_post(struct history *h, struct writer *w, struct seal *seal)
{
	struct err e;

	if (seal == NULL)
		return; /* no memory: tried again with the next report or tick */
	if (writer_post(w, seal_job, seal_done, seal, WRITER_LAZY, &e) == RC_OK)
		return;
	(void)pthread_mutex_lock(&h->lock);
	struct head *head = heads_find(&h->heads, seal->wearer);
	if (head != NULL)
		head->is_sealing = false;
	if (seal->journal_floor > h->journal_floor)
		h->journal_floor = seal->journal_floor;
	(void)pthread_mutex_unlock(&h->lock);
	seal_free(seal);
}

void history_tick(struct history *h, struct writer *w, int64_t now_ms)
{
	for (unsigned i = 0; i < HISTORY_TICK_MAX; i++) {
		struct seal *seal = NULL;
		(void)pthread_mutex_lock(&h->lock);
		if (!list_is_empty(&h->heads.by_age)) {
			struct head *head = CONTAINER_OF(h->heads.by_age.next, struct head, node);
			if (!head->is_sealing && now_ms - head->oldest_ms >= HISTORY_HEAD_AGE_MS)
				seal = seal_new(h, head);
			if (seal != NULL) { /* behind the others while it is under way */
				list_remove(&head->node);
				list_append(&h->heads.by_age, &head->node);
			}
		}
		(void)pthread_mutex_unlock(&h->lock);
		if (seal == NULL)
			return;
		seal_post(h, w, seal);
	}
}
