#include "history/inside.h"

#include <stdlib.h>

#include "store/sealed.h"

enum { DAY_MS = 86400000 };

int64_t history_day_of(int64_t time_ms)
{
	return time_ms >= 0 ? time_ms / DAY_MS : -((-time_ms + DAY_MS - 1) / DAY_MS);
}

bool entries_find_latest(const char *bytes, size_t n, struct history_entry *ret)
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

/* Entries of one day: copies of heads and chunks, and references to them sorted by time. */
struct day_read {
	uint32_t wearer;
	struct uid owner;
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
		history_day_of(entry->time_ms) != d->day)
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

/* The body of a chunk, opened; it borrows from d. Nothing when the key is gone. */
static enum rc open_chunk(struct day_read *d, struct stmt *s, struct view *ret, struct err *e)
{
	uint8_t *body = NULL;
	char **grown = reallocarray(d->blobs, d->blobs_n + 1, sizeof *grown);

	if (grown == NULL)
		return fail(e, RC_NOMEM, "history: out of memory");
	d->blobs = grown;
	*ret = (struct view){.n = 0};
	enum rc rc = stmt_take_sealed(s, 1, &d->owner, LABEL_CHUNK, &body, &ret->n, e);
	if (rc != RC_OK)
		return rc == RC_NOT_FOUND ? RC_OK : rc;
	d->blobs[d->blobs_n++] = (char *)body;
	ret->p = (const char *)body;
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
		struct view rest = {.n = 0};
		*ret_last_seq = (uint64_t)stmt_int(s, 0);
		rc = open_chunk(d, s, &rest, e);
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
	struct uid owner = {{0}};
	enum rc rc = history_owner(reader, wearer, &owner, e);
	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc == RC_OK)
		rc = copy_head(h, wearer, &head, &head_n, e);
	for (int64_t day = history_day_of(from_ms);
		rc == RC_OK && goes_on && day <= history_day_of(to_ms - 1); day++) {
		struct day_read d = {.wearer = wearer,
			.owner = owner,
			.day = day,
			.from_ms = from_ms,
			.to_ms = to_ms};
		rc = read_day(
			&d, reader, (struct view){.p = head, .n = head_n}, fn, ctx, &goes_on, e);
		day_read_done(&d);
	}
	free(head);
	return rc;
}

/* The place in the mark; false when there is none, or its key is gone. *ret borrows from
 * *ret_owned.
 */
static enum rc read_mark(struct db *reader, uint32_t wearer, uint8_t **ret_owned,
	struct history_entry *ret, bool *ret_found, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	struct uid owner = {{0}};
	struct view body = {.n = 0};
	enum rc rc = db_prepare(reader,
		"SELECT m.latest, w.id FROM history_mark m JOIN wearer w ON w.number = m.wearer"
		" WHERE m.wearer = ?1 AND m.latest IS NOT NULL",
		&s, e);

	*ret_found = false;
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, wearer);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK || !has_row)
		return rc;
	owner = stmt_uid(s, 1);
	rc = stmt_take_sealed(s, 0, &owner, LABEL_LATEST, ret_owned, &body.n, e);
	stmt_reset(s);
	if (rc != RC_OK)
		return rc == RC_NOT_FOUND ? RC_OK : rc;
	body.p = (const char *)*ret_owned;
	*ret_found = true;
	return entry_read(&body, ret, e);
}

enum rc history_latest(struct history *h, struct db *reader, uint32_t wearer, history_fn *fn,
	void *ctx, bool *ret_found, struct err *e)
{
	struct history_entry in_head = {.time_ms = 0};
	struct history_entry in_mark = {.time_ms = 0};
	bool has_mark = false;
	uint8_t *mark = NULL;
	char *head = NULL;
	size_t head_n = 0;
	enum rc rc = copy_head(h, wearer, &head, &head_n, e);

	if (rc == RC_OK)
		rc = read_mark(reader, wearer, &mark, &in_mark, &has_mark, e);
	if (rc == RC_OK) {
		bool is_in_head = entries_find_latest(head, head_n, &in_head);
		bool is_head_newer =
			is_in_head && (!has_mark || in_head.time_ms >= in_mark.time_ms);
		*ret_found = is_in_head || has_mark;
		if (*ret_found)
			(void)fn(ctx,
				is_head_newer ? &in_head : &in_mark); /* once, whatever it says */
	}
	free(mark);
	free(head);
	return rc;
}
