#include "history/history.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/log.h"
#include "history/inside.h"
#include "store/sealed.h"

enum { BATCH_FIRST_BYTES = 4096 };

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

enum rc history_owner(struct db *db, uint32_t wearer, struct uid *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db, "SELECT id FROM wearer WHERE number = ?1", &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, wearer);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	if (!has_row)
		return fail(e, RC_NOT_FOUND, "history: wearer %u is gone", wearer);
	*ret = stmt_uid(s, 0);
	stmt_reset(s);
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

static void freep(uint8_t **p)
{
	free(*p);
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
		rc = db_prepare(db,
			"SELECT first_seq, body, entries FROM journal ORDER BY first_seq", &s, e);
	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	while (rc == RC_OK && has_row) {
		CLEANUP(freep) uint8_t *body = NULL;
		struct view v = {.n = 0};
		rc = stmt_take_sealed(s, 1, &keyring_system, LABEL_JOURNAL, &body, &v.n, e);
		v.p = (const char *)body;
		if (rc == RC_OK) {
			rc = replay_row(h, v, (uint64_t)stmt_int(s, 0), sealed, sealed_n, e);
		} else if (rc == RC_SYNTAX) {
			/* Its reports are lost; whoever reports from now on must be heard. */
			log_event(LOG_ERROR, "history.damaged", "reports=%lld why=\"%s\"",
				(long long)stmt_int(s, 2), e == NULL ? "" : e->msg);
			h->next_seq = (uint64_t)(stmt_int(s, 0) + stmt_int(s, 2));
			rc = RC_OK;
		}
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
	stmt_bind_sealed(
		s, 3, &keyring_system, LABEL_JOURNAL, (struct view){.p = b->bytes, .n = b->n});
	return stmt_run(s, NULL, e);
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
		seal_post(h, w, seal);
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

void history_read_stats(struct history *h, struct history_stats *ret)
{
	(void)pthread_mutex_lock(&h->lock);
	*ret = (struct history_stats){.entries_head = h->heads.entries,
		.bytes_head = h->heads.bytes,
		.journal_rows = h->heads.rows_n,
		.chunks_written = h->chunks_written};
	(void)pthread_mutex_unlock(&h->lock);
}
