#include "history/history.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/log.h"
#include "history/head.h"

enum { BATCH_FIRST_BYTES = 4096, DAY_MS = 86400000 };

/* A mark with this number is left behind by an erasure: nothing of the wearer is taken in again. */
static const int64_t erased_seq = INT64_MAX;

struct history {
	pthread_mutex_t lock; /* guards heads, stats */
	struct heads heads;
	uint64_t chunks_written;
	uint64_t next_seq;      /* the writer's thread */
	uint64_t journal_floor; /* under the lock: rows below are to be deleted */
};

/* One head on its way into chunks. */
struct seal {
	struct history *history;
	uint32_t wearer;
	uint64_t last_seq;
	uint64_t journal_floor;
	char *bytes;
	size_t n;
};

static void history_freep(struct history **h)
{
	history_free(*h);
}

void history_batch_init(struct history_batch *b)
{
	*b = (struct history_batch){.bytes = NULL};
}

void history_batch_done(struct history_batch *b)
{
	free(b->bytes);
	history_batch_init(b);
}

enum rc history_batch_add(struct history_batch *b, const struct history_entry *entry, struct err *e)
{
	if (entry->packed.n > HISTORY_ENTRY_MAX)
		return fail(e, RC_LIMIT, "history: an entry of %zu bytes is over %d",
			entry->packed.n, HISTORY_ENTRY_MAX);
	size_t needed = b->n + ENTRY_HEAD + entry->packed.n;
	if (needed > b->capacity) {
		size_t capacity = b->capacity == 0 ? BATCH_FIRST_BYTES : b->capacity * 2;
		while (capacity < needed)
			capacity *= 2;
		char *grown = realloc(b->bytes, capacity);
		if (grown == NULL)
			return fail(e, RC_NOMEM, "history: out of memory");
		b->bytes = grown;
		b->capacity = capacity;
	}
	entry_write(entry, b->bytes + b->n);
	b->n = needed;
	b->count++;
	return RC_OK;
}

static enum rc query_int(struct db *db, const char *sql, int64_t *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db, sql, &s, e);

	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	*ret = has_row ? stmt_int(s, 0) : 0;
	stmt_reset(s);
	return RC_OK;
}

/* sealed[number] = the last sequence number that is in chunks. */
static enum rc load_marks(struct db *db, int64_t **ret_owned, uint32_t *ret_n, struct err *e)
{
	int64_t newest = 0;
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_int(db, "SELECT COALESCE(MAX(wearer), 0) FROM history_mark", &newest, e);

	if (rc == RC_OK && (newest < 0 || newest >= HISTORY_WEARERS_MAX))
		rc = fail(e, RC_SYNTAX, "history: mark of wearer %lld", (long long)newest);
	if (rc != RC_OK)
		return rc;
	int64_t *sealed = calloc((size_t)newest + 1, sizeof *sealed);
	if (sealed == NULL)
		return fail(e, RC_NOMEM, "history: out of memory");
	rc = db_prepare(db, "SELECT wearer, sealed_seq FROM history_mark WHERE wearer >= 0", &s, e);
	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	while (rc == RC_OK && has_row) {
		sealed[stmt_int(s, 0)] = stmt_int(s, 1);
		rc = stmt_step(s, &has_row, e);
	}
	if (rc != RC_OK) {
		free(sealed);
		return rc;
	}
	*ret_owned = sealed;
	*ret_n = (uint32_t)newest + 1;
	return RC_OK;
}

static enum rc replay_row(struct history *h, struct view body, uint64_t first_seq,
	const int64_t *sealed, uint32_t sealed_n, struct err *e)
{
	struct journal_row row = {.first_seq = first_seq};
	enum rc rc = RC_OK;

	while (body.n > 0 && rc == RC_OK) {
		struct history_entry entry;
		uint64_t seq = first_seq + row.count;
		rc = entry_read(&body, &entry, e);
		if (rc != RC_OK)
			break;
		row.count++;
		if (entry.wearer == 0 ||
			(entry.wearer < sealed_n && (uint64_t)sealed[entry.wearer] >= seq))
			continue; /* erased, or in a chunk */
		rc = heads_add(&h->heads, &entry, seq, e);
		row.left += rc == RC_OK;
	}
	h->next_seq = first_seq + row.count;
	return rc == RC_OK ? heads_add_row(&h->heads, &row, e) : rc;
}

static enum rc replay(struct history *h, struct db *db, struct err *e)
{
	int64_t *sealed = NULL;
	uint32_t sealed_n = 0;
	int64_t newest_mark = 0;
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = load_marks(db, &sealed, &sealed_n, e);

	if (rc == RC_OK)
		rc = query_int(db,
			"SELECT COALESCE(MAX(sealed_seq), 0) FROM history_mark"
			" WHERE sealed_seq < 9223372036854775807",
			&newest_mark, e);
	h->next_seq = 1;
	if (rc == RC_OK)
		rc = db_prepare(
			db, "SELECT first_seq, body FROM journal ORDER BY first_seq", &s, e);
	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	while (rc == RC_OK && has_row) {
		rc = replay_row(h, stmt_blob(s, 1), (uint64_t)stmt_int(s, 0), sealed, sealed_n, e);
		if (rc == RC_OK)
			rc = stmt_step(s, &has_row, e);
	}
	free(sealed);
	if (h->next_seq <= (uint64_t)newest_mark)
		h->next_seq = (uint64_t)newest_mark + 1;
	return rc;
}

enum rc history_open(struct db *db, struct history **ret_owned, struct err *e)
{
	CLEANUP(history_freep) struct history *h = calloc(1, sizeof *h);

	if (h == NULL)
		return fail(e, RC_NOMEM, "history: out of memory");
	(void)pthread_mutex_init(&h->lock, NULL); /* cannot fail with default attributes */
	heads_init(&h->heads);
	enum rc rc = replay(h, db, e);
	if (rc != RC_OK)
		return rc;
	*ret_owned = STEAL(h);
	return RC_OK;
}

void history_free(struct history *h)
{
	if (h == NULL)
		return;
	heads_done(&h->heads);
	(void)pthread_mutex_destroy(&h->lock);
	free(h);
}

enum rc history_journal(struct history *h, struct db *db, struct history_batch *b, struct err *e)
{
	struct stmt *s = NULL;

	if (b->count == 0)
		return RC_OK;
	enum rc rc = db_prepare(
		db, "INSERT INTO journal (first_seq, entries, body) VALUES (?1, ?2, ?3)", &s, e);
	if (rc != RC_OK)
		return rc;
	b->first_seq = h->next_seq;
	h->next_seq += b->count;
	stmt_bind_int(s, 1, (int64_t)b->first_seq);
	stmt_bind_int(s, 2, b->count);
	stmt_bind_blob(s, 3, (struct view){.p = b->bytes, .n = b->n});
	return stmt_run(s, NULL, e);
}

/* Sealing: the writer's side. */

/* All entries of one UTC day, without sequence numbers. */
struct day_chunk {
	int64_t day;
	char *bytes;
	size_t n;
	uint32_t count;
};

static int64_t day_of(int64_t time_ms)
{
	return time_ms >= 0 ? time_ms / DAY_MS : -((-time_ms + DAY_MS - 1) / DAY_MS);
}

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
	stmt_bind_blob(s, 5, (struct view){.p = chunk->bytes, .n = chunk->n});
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
			int64_t day = day_of(entry.time_ms);
			if (day > done_until && day < chunk.day)
				chunk.day = day;
		}
		if (chunk.day == INT64_MAX)
			break;
		rest = (struct view){.p = seal->bytes, .n = seal->n};
		while (head_next(&rest, &seq, &entry)) {
			if (day_of(entry.time_ms) != chunk.day)
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

/* The newest place among the entries; false when none is one. */
static bool find_latest(const char *bytes, size_t n, struct history_entry *ret)
{
	struct view rest = {.p = bytes, .n = n};
	struct history_entry entry;
	uint64_t seq = 0;
	bool is_found = false;

	while (head_next(&rest, &seq, &entry)) {
		if (entry.is_place && (!is_found || entry.time_ms >= ret->time_ms)) {
			*ret = entry;
			is_found = true;
		}
	}
	return is_found;
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
	if (find_latest(seal->bytes, seal->n, &latest)) {
		entry_write(&latest, scratch);
		stmt_bind_int(s, 3, latest.time_ms);
		stmt_bind_blob(
			s, 4, (struct view){.p = scratch, .n = ENTRY_HEAD + latest.packed.n});
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

static enum rc seal_job(struct db *db, void *arg, struct err *e)
{
	struct seal *seal = arg;
	int64_t sealed_seq = 0;
	enum rc rc = read_mark(db, seal->wearer, &sealed_seq, e);

	if (rc == RC_OK)
		rc = drop_journal(db, seal->journal_floor, e);
	if (rc != RC_OK || sealed_seq >= (int64_t)seal->last_seq)
		return rc; /* erased meanwhile */
	char *scratch = malloc(seal->n);
	if (scratch == NULL)
		return fail(e, RC_NOMEM, "history: out of memory");
	rc = write_days(db, seal, scratch, e);
	if (rc == RC_OK)
		rc = write_mark(db, seal, scratch, e);
	free(scratch);
	return rc;
}

/* Sealing: the main loop's side. */

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
static struct seal *seal_new(struct history *h, struct head *head)
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

static void post_seal(struct history *h, struct writer *w, struct seal *seal)
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

/* The wearers of the next entries of a batch, so that their heads are on the way into the caches
 * when their turn comes. */
enum { AHEAD = 8, AHEAD_END = 4 };

struct ahead {
	struct view rest;
	uint32_t wearers[AHEAD];
	unsigned at;
};

static void ahead_step(struct ahead *a, const struct heads *hs)
{
	struct history_entry entry;

	heads_fetch_end(hs, a->wearers[(a->at + AHEAD_END) % AHEAD]);
	if (entry_read(&a->rest, &entry, NULL) == RC_OK) { /* damage shows at its own turn */
		heads_fetch(hs, entry.wearer);
		a->wearers[a->at % AHEAD] = entry.wearer;
	}
	a->at++;
}

static enum rc append_entries(
	struct history *h, struct writer *w, const struct history_batch *b, struct err *e)
{
	struct journal_row row = {.first_seq = b->first_seq, .count = b->count, .left = b->count};
	struct view rest = {.p = b->bytes, .n = b->n};
	struct ahead ahead = {.rest = rest};
	enum rc rc = heads_add_row(&h->heads, &row, e);

	for (unsigned i = 0; i < AHEAD; i++)
		ahead_step(&ahead, &h->heads);
	for (uint64_t seq = b->first_seq; rest.n > 0 && rc == RC_OK; seq++) {
		struct history_entry entry;
		ahead_step(&ahead, &h->heads);
		rc = entry_read(&rest, &entry, e);
		if (rc == RC_OK)
			rc = heads_add(&h->heads, &entry, seq, e);
		if (rc != RC_OK)
			break;
		struct head *head = heads_find(&h->heads, entry.wearer);
		if (head->count < HISTORY_HEAD_MAX || head->is_sealing)
			continue;
		struct seal *seal = seal_new(h, head);
		(void)pthread_mutex_unlock(&h->lock);
		post_seal(h, w, seal);
		(void)pthread_mutex_lock(&h->lock);
	}
	return rc;
}

enum rc history_append(
	struct history *h, struct writer *w, const struct history_batch *b, struct err *e)
{
	if (b->count == 0)
		return RC_OK;
	(void)pthread_mutex_lock(&h->lock);
	enum rc rc = append_entries(h, w, b, e);
	(void)pthread_mutex_unlock(&h->lock);
	return rc;
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
		post_seal(h, w, seal);
	}
}

/* Reading. */

/* Entries of one day: copies of heads and chunks, and references to them sorted by time. */
struct day_read {
	uint32_t wearer;
	int64_t day, from_ms, to_ms;
	char **blobs; /* owned */
	size_t blobs_n;
	struct history_entry *entries;
	size_t entries_n, entries_capacity;
};

static void day_read_done(struct day_read *d)
{
	for (size_t i = 0; i < d->blobs_n; i++)
		free(d->blobs[i]);
	free(d->blobs);
	free(d->entries);
	d->blobs = NULL;
	d->entries = NULL;
	d->blobs_n = d->entries_n = d->entries_capacity = 0;
}

static enum rc keep_entry(struct day_read *d, const struct history_entry *entry, struct err *e)
{
	if (entry->time_ms < d->from_ms || entry->time_ms >= d->to_ms ||
		day_of(entry->time_ms) != d->day)
		return RC_OK;
	if (d->entries_n == d->entries_capacity) {
		size_t capacity = d->entries_capacity == 0 ? 64 : d->entries_capacity * 2;
		struct history_entry *grown = reallocarray(d->entries, capacity, sizeof *grown);
		if (grown == NULL)
			return fail(e, RC_NOMEM, "history: out of memory");
		d->entries = grown;
		d->entries_capacity = capacity;
	}
	d->entries[d->entries_n++] = *entry;
	return RC_OK;
}

static enum rc keep_blob(struct day_read *d, struct view blob, char **ret, struct err *e)
{
	char **grown = reallocarray(d->blobs, d->blobs_n + 1, sizeof *grown);

	if (grown == NULL)
		return fail(e, RC_NOMEM, "history: out of memory");
	d->blobs = grown;
	char *copy = malloc(blob.n);
	if (copy == NULL)
		return fail(e, RC_NOMEM, "history: out of memory");
	memcpy(copy, blob.p, blob.n);
	d->blobs[d->blobs_n++] = copy;
	*ret = copy;
	return RC_OK;
}

static enum rc read_chunks(
	struct day_read *d, struct db *reader, uint64_t *ret_last_seq, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(reader,
		"SELECT last_seq, body FROM history_chunk WHERE wearer = ?1 AND day = ?2"
		" ORDER BY last_seq",
		&s, e);

	*ret_last_seq = 0;
	if (rc == RC_OK) {
		stmt_bind_int(s, 1, d->wearer);
		stmt_bind_int(s, 2, d->day);
		rc = stmt_step(s, &has_row, e);
	}
	while (rc == RC_OK && has_row) {
		char *copy = NULL;
		struct view body = stmt_blob(s, 1);
		*ret_last_seq = (uint64_t)stmt_int(s, 0);
		rc = body.n > 0 ? keep_blob(d, body, &copy, e) : RC_OK;
		struct view rest = {.p = copy, .n = body.n};
		while (rc == RC_OK && rest.n > 0) {
			struct history_entry entry;
			rc = entry_read(&rest, &entry, e);
			if (rc == RC_OK)
				rc = keep_entry(d, &entry, e);
		}
		if (rc == RC_OK)
			rc = stmt_step(s, &has_row, e);
	}
	if (s != NULL)
		stmt_reset(s);
	return rc;
}

static int by_time(const void *a, const void *b)
{
	const struct history_entry *x = a;
	const struct history_entry *y = b;

	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	return (x->received_ms > y->received_ms) - (x->received_ms < y->received_ms);
}

static enum rc read_day(struct day_read *d, struct db *reader, struct view head, history_fn *fn,
	void *ctx, bool *ret_goes_on, struct err *e)
{
	uint64_t chunks_seq = 0;
	uint64_t seq = 0;
	struct history_entry entry;
	enum rc rc = read_chunks(d, reader, &chunks_seq, e);

	/* The head was copied before the chunks were read: what was sealed in between is in both.
	 */
	while (rc == RC_OK && head_next(&head, &seq, &entry)) {
		if (seq > chunks_seq)
			rc = keep_entry(d, &entry, e);
	}
	if (rc != RC_OK)
		return rc;
	if (d->entries_n > 0)
		qsort(d->entries, d->entries_n, sizeof *d->entries, by_time);
	for (size_t i = 0; i < d->entries_n && *ret_goes_on; i++)
		*ret_goes_on = fn(ctx, &d->entries[i]);
	return RC_OK;
}

/* A copy of the wearer's head; an empty view when there is none. */
static enum rc copy_head(
	struct history *h, uint32_t wearer, char **ret_owned, size_t *ret_n, struct err *e)
{
	enum rc rc = RC_OK;

	(void)pthread_mutex_lock(&h->lock);
	const struct head *head = heads_find(&h->heads, wearer);
	*ret_owned = NULL;
	*ret_n = 0;
	if (head != NULL) {
		*ret_owned = malloc(head->n);
		if (*ret_owned == NULL) {
			rc = fail(e, RC_NOMEM, "history: out of memory");
		} else {
			memcpy(*ret_owned, head->bytes, head->n);
			*ret_n = head->n;
		}
	}
	(void)pthread_mutex_unlock(&h->lock);
	return rc;
}

enum rc history_read(struct history *h, struct db *reader, uint32_t wearer, int64_t from_ms,
	int64_t to_ms, history_fn *fn, void *ctx, struct err *e)
{
	char *head = NULL;
	size_t head_n = 0;
	bool goes_on = true;

	if (from_ms >= to_ms)
		return RC_OK;
	enum rc rc = copy_head(h, wearer, &head, &head_n, e);
	for (int64_t day = day_of(from_ms); rc == RC_OK && goes_on && day <= day_of(to_ms - 1);
		day++) {
		struct day_read d = {
			.wearer = wearer, .day = day, .from_ms = from_ms, .to_ms = to_ms};
		rc = read_day(
			&d, reader, (struct view){.p = head, .n = head_n}, fn, ctx, &goes_on, e);
		day_read_done(&d);
	}
	free(head);
	return rc;
}

enum rc history_latest(struct history *h, struct db *reader, uint32_t wearer, history_fn *fn,
	void *ctx, bool *ret_found, struct err *e)
{
	struct history_entry in_head = {.time_ms = 0};
	struct history_entry in_mark = {.time_ms = 0};
	struct stmt *s = NULL;
	bool has_row = false;
	char *head = NULL;
	size_t head_n = 0;
	enum rc rc = copy_head(h, wearer, &head, &head_n, e);

	if (rc == RC_OK)
		rc = db_prepare(reader,
			"SELECT latest FROM history_mark WHERE wearer = ?1 AND latest IS NOT NULL",
			&s, e);
	if (rc == RC_OK) {
		stmt_bind_int(s, 1, wearer);
		rc = stmt_step(s, &has_row, e);
	}
	if (rc == RC_OK && has_row) {
		struct view mark = stmt_blob(s, 0);
		rc = entry_read(&mark, &in_mark, e);
	}
	if (rc == RC_OK) {
		bool is_in_head = find_latest(head, head_n, &in_head);
		bool is_head_newer = is_in_head && (!has_row || in_head.time_ms >= in_mark.time_ms);
		*ret_found = is_in_head || has_row;
		if (*ret_found)
			(void)fn(ctx,
				is_head_newer ? &in_head : &in_mark); /* once, whatever it says */
	}
	if (s != NULL)
		stmt_reset(s);
	free(head);
	return rc;
}

/* Erasing. */

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
	struct db *db, int64_t first_seq, struct view body, uint32_t wearer, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = RC_OK;
	char *copy = malloc(body.n + 1);

	if (copy == NULL)
		return fail(e, RC_NOMEM, "history: out of memory");
	if (body.n > 0)
		memcpy(copy, body.p, body.n);
	if (blank_entries(copy, body.n, wearer)) {
		rc = db_prepare(db, "UPDATE journal SET body = ?2 WHERE first_seq = ?1", &s, e);
		if (rc == RC_OK) {
			stmt_bind_int(s, 1, first_seq);
			stmt_bind_blob(s, 2, (struct view){.p = copy, .n = body.n});
			rc = stmt_run(s, NULL, e);
		}
	}
	free(copy);
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
		rc = rewrite_row(db, after, stmt_blob(s, 1), wearer, e);
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

void history_read_stats(struct history *h, struct history_stats *ret)
{
	(void)pthread_mutex_lock(&h->lock);
	*ret = (struct history_stats){.entries_head = h->heads.entries,
		.bytes_head = h->heads.bytes,
		.journal_rows = h->heads.rows_n,
		.chunks_written = h->chunks_written};
	(void)pthread_mutex_unlock(&h->lock);
}
