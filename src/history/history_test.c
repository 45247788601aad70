#include "history/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "history/entry.h"
#include "history/head.h"
#include "keys.h"
#include "unit.h"

enum { MODEL_MAX = 4000, WEARERS = 5, DAY = 86400000 };

static const int64_t start_ms = INT64_C(1795000000000);

struct fixture {
	char folder[64];
	char path[96];
	struct loop *loop;
	struct writer *writer;
	struct history *history;
	struct db *reader;
	struct keyring *keyring;
};

static void open_all(struct fixture *f)
{
	struct db *db = NULL;

	f->keyring = keys_open(f->folder);
	assert_int_equal(loop_new(&f->loop, NULL), RC_OK);
	assert_int_equal(db_open(f->path, DB_WRITER, f->keyring, &db, NULL), RC_OK);
	assert_int_equal(history_open(db, &f->history, NULL), RC_OK);
	assert_int_equal(writer_start(db, f->loop, 1000, &f->writer, NULL), RC_OK);
	assert_int_equal(db_open(f->path, DB_READER, f->keyring, &f->reader, NULL), RC_OK);
}

static struct uid owner_of(uint32_t wearer)
{
	return (struct uid){{0x77, (uint8_t)wearer}};
}

/* The wearers of these tests have a number, an id and a key; the rest of a wearer is other rooms'
 * business. */
static void add_wearers(struct fixture *f)
{
	struct db *db = NULL;
	struct stmt *s = NULL;

	assert_int_equal(db_open(f->path, DB_WRITER, NULL, &db, NULL), RC_OK);
	assert_int_equal(
		db_script(db,
			"PRAGMA foreign_keys = OFF; DROP TABLE wearer;"
			"CREATE TABLE wearer (id BLOB NOT NULL PRIMARY KEY, number INTEGER)",
			NULL),
		RC_OK);
	for (uint32_t wearer = 1; wearer <= WEARERS; wearer++) {
		struct uid owner = owner_of(wearer);
		assert_int_equal(keyring_add(f->keyring, KEY_WEARER, &owner, NULL), RC_OK);
		assert_int_equal(
			db_prepare(db, "INSERT INTO wearer VALUES (?1, ?2)", &s, NULL), RC_OK);
		stmt_bind_uid(s, 1, &owner);
		stmt_bind_int(s, 2, wearer);
		assert_int_equal(stmt_run(s, NULL, NULL), RC_OK);
	}
	db_close(db);
}

/* Without sealing what is in memory: what a kill leaves is what is on disk. */
static void close_all(struct fixture *f)
{
	db_close(f->reader);
	writer_stop(f->writer);
	history_free(f->history);
	loop_free(f->loop);
	keyring_free(f->keyring);
	f->keyring = NULL;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	(void)snprintf(f->folder, sizeof f->folder, "/tmp/kinward-history-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	(void)snprintf(f->path, sizeof f->path, "%s/test.db", f->folder);
	open_all(f);
	add_wearers(f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	static const char *const ends[] = {"", "-wal", "-shm"};

	close_all(f);
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		char path[112];
		(void)snprintf(path, sizeof path, "%s%s", f->path, ends[i]);
		(void)unlink(path);
	}
	keys_remove(f->folder);
	assert_int_equal(rmdir(f->folder), 0);
	free(f);
	return 0;
}

/* One commit with a batch, and its completion. */
struct commit {
	struct history *history;
	struct history_batch *batch;
};

static enum rc commit_job(struct db *db, void *arg, struct err *e)
{
	const struct commit *c = arg;

	return history_journal(c->history, db, c->batch, e);
}

static void store_batch(struct fixture *f, struct history_batch *b)
{
	struct commit c = {.history = f->history, .batch = b};

	assert_int_equal(writer_run(f->writer, commit_job, &c, NULL), RC_OK);
	assert_int_equal(history_append(f->history, f->writer, b, NULL), RC_OK);
	history_batch_done(b);
}

static struct history_entry make(uint32_t wearer, int64_t time_ms, const char *body)
{
	return (struct history_entry){.wearer = wearer,
		.time_ms = time_ms,
		.received_ms = time_ms + 1000,
		.marks = 3,
		.is_place = true,
		.packed = view_of(body)};
}

static void store_one(struct fixture *f, uint32_t wearer, int64_t time_ms, const char *body)
{
	struct history_batch b;
	struct history_entry entry = make(wearer, time_ms, body);

	history_batch_init(&b);
	assert_int_equal(history_batch_add(&b, &entry, NULL), RC_OK);
	store_batch(f, &b);
}

static void stop_loop(void *loop)
{
	loop_stop(loop);
}

static enum rc nothing_job(struct db *db, void *arg, struct err *e)
{
	(void)db;
	(void)arg;
	(void)e;
	return RC_OK;
}

static void end_turn(void *loop, enum rc rc, const struct err *e)
{
	(void)rc;
	(void)e;
	stop_loop(loop);
}

/* Lets the seals that were posted finish, and their completions run. */
static void settle(struct fixture *f)
{
	assert_int_equal(writer_post(f->writer, nothing_job, end_turn, f->loop, 0, NULL), RC_OK);
	assert_int_equal(loop_run(f->loop, NULL, NULL), RC_OK);
}

struct found {
	size_t n;
	int64_t times[MODEL_MAX];
	uint32_t bodies[MODEL_MAX];
	int64_t last_ms;
	bool is_ordered;
};

static bool note(void *ctx, const struct history_entry *entry)
{
	struct found *found = ctx;

	if (found->n > 0 && entry->time_ms < found->last_ms)
		found->is_ordered = false;
	found->last_ms = entry->time_ms;
	found->times[found->n] = entry->time_ms;
	found->bodies[found->n] = 0;
	if (entry->packed.n >= sizeof(uint32_t))
		memcpy(&found->bodies[found->n], entry->packed.p, sizeof(uint32_t));
	found->n++;
	return found->n < MODEL_MAX;
}

static struct found *read_range(struct fixture *f, uint32_t wearer, int64_t from, int64_t to)
{
	struct found *found = calloc(1, sizeof *found);

	assert_non_null(found);
	found->is_ordered = true;
	assert_int_equal(
		history_read(f->history, f->reader, wearer, from, to, note, found, NULL), RC_OK);
	assert_true(found->is_ordered);
	return found;
}

static size_t count_range(struct fixture *f, uint32_t wearer, int64_t from, int64_t to)
{
	struct found *found = read_range(f, wearer, from, to);
	size_t n = found->n;

	free(found);
	return n;
}

static int64_t count_table(struct fixture *f, const char *sql)
{
	struct stmt *s = NULL;
	bool has_row = false;

	assert_int_equal(db_prepare(f->reader, sql, &s, NULL), RC_OK);
	assert_int_equal(stmt_step(s, &has_row, NULL), RC_OK);
	int64_t n = stmt_int(s, 0);
	stmt_reset(s);
	return n;
}

static void what_was_stored_is_read_in_order_of_time(void **state)
{
	struct fixture *f = *state;

	store_one(f, 1, start_ms + 2000, "late");
	store_one(f, 1, start_ms + 1000, "early");
	store_one(f, 2, start_ms + 1500, "other");
	assert_int_equal(count_range(f, 1, start_ms, start_ms + 10000), 2);
	assert_int_equal(count_range(f, 2, start_ms, start_ms + 10000), 1);
	assert_int_equal(count_range(f, 3, start_ms, start_ms + 10000), 0);
}

static void range_holds_its_start_and_not_its_end(void **state)
{
	struct fixture *f = *state;

	store_one(f, 1, start_ms, "body");
	assert_int_equal(count_range(f, 1, start_ms, start_ms + 1), 1);
	assert_int_equal(count_range(f, 1, start_ms - 1, start_ms), 0);
	assert_int_equal(count_range(f, 1, start_ms + 1, start_ms + 2), 0);
	assert_int_equal(count_range(f, 1, start_ms, start_ms), 0);
	assert_int_equal(count_range(f, 1, start_ms + 5, start_ms), 0);
}

static void times_before_1970_are_kept_too(void **state)
{
	struct fixture *f = *state;

	store_one(f, 1, -1, "before");
	store_one(f, 1, -DAY, "a day before");
	store_one(f, 1, 0, "at");
	assert_int_equal(count_range(f, 1, -DAY, 1), 3);
	assert_int_equal(count_range(f, 1, -DAY, 0), 2);
}

static void head_becomes_a_chunk_at_its_limit(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < HISTORY_HEAD_MAX - 1; i++)
		store_one(f, 1, start_ms + i, "body");
	settle(f);
	assert_int_equal(count_table(f, "SELECT COUNT(*) FROM history_chunk"), 0);
	store_one(f, 1, start_ms + HISTORY_HEAD_MAX, "body");
	settle(f);
	assert_int_equal(
		count_table(f, "SELECT SUM(entries) FROM history_chunk"), HISTORY_HEAD_MAX);
	assert_int_equal(count_range(f, 1, start_ms, start_ms + DAY), HISTORY_HEAD_MAX);
	struct history_stats stats;
	history_read_stats(f->history, &stats);
	assert_int_equal(stats.entries_head, 0);
}

static void journal_is_dropped_when_all_of_it_is_in_chunks(void **state)
{
	struct fixture *f = *state;

	store_one(f, 2, start_ms, "waits");
	for (int i = 0; i < HISTORY_HEAD_MAX * 2; i++) {
		store_one(f, 1, start_ms + i, "body");
		settle(f);
	}
	/* One entry of another wearer holds them all. */
	assert_int_equal(count_table(f, "SELECT COUNT(*) FROM journal"), HISTORY_HEAD_MAX * 2 + 1);
	history_tick(f->history, f->writer, start_ms + HISTORY_HEAD_AGE_MS + 1000);
	settle(f);
	for (int i = 0; i < HISTORY_HEAD_MAX; i++)
		store_one(f, 1, start_ms + i, "body");
	settle(f);
	assert_true(count_table(f, "SELECT COUNT(*) FROM journal") <= HISTORY_HEAD_MAX);
	assert_int_equal(count_range(f, 1, start_ms, start_ms + DAY), HISTORY_HEAD_MAX * 3);
	assert_int_equal(count_range(f, 2, start_ms, start_ms + DAY), 1);
}

static void old_head_is_sealed_by_the_tick_and_a_young_one_is_not(void **state)
{
	struct fixture *f = *state;

	store_one(f, 1, start_ms, "body"); /* received a second later */
	history_tick(f->history, f->writer, start_ms + 1000 + HISTORY_HEAD_AGE_MS - 1);
	settle(f);
	assert_int_equal(count_table(f, "SELECT COUNT(*) FROM history_chunk"), 0);
	history_tick(f->history, f->writer, start_ms + 1000 + HISTORY_HEAD_AGE_MS);
	settle(f);
	assert_int_equal(count_table(f, "SELECT COUNT(*) FROM history_chunk"), 1);
}

static bool keep_time(void *ctx, const struct history_entry *entry)
{
	*(int64_t *)ctx = entry->time_ms;
	return true;
}

static int64_t latest(struct fixture *f, uint32_t wearer)
{
	bool is_found = false;
	int64_t time_ms = 0;

	assert_int_equal(
		history_latest(f->history, f->reader, wearer, keep_time, &time_ms, &is_found, NULL),
		RC_OK);
	return is_found ? time_ms : -1;
}

static void latest_is_the_newest_place(void **state)
{
	struct fixture *f = *state;
	struct history_entry no_place = make(1, start_ms + 9000, "no place");
	struct history_batch b;

	assert_int_equal(latest(f, 1), -1);
	store_one(f, 1, start_ms + 5000, "newest");
	store_one(f, 1, start_ms + 1000, "sent late");
	no_place.is_place = false;
	history_batch_init(&b);
	assert_int_equal(history_batch_add(&b, &no_place, NULL), RC_OK);
	store_batch(f, &b);
	assert_int_equal(latest(f, 1), start_ms + 5000);
	history_tick(f->history, f->writer, start_ms + 2 * HISTORY_HEAD_AGE_MS);
	settle(f);
	assert_int_equal(latest(f, 1), start_ms + 5000);
	store_one(f, 1, start_ms + 2000, "late again");
	assert_int_equal(latest(f, 1), start_ms + 5000);
	history_tick(f->history, f->writer, start_ms + 3 * HISTORY_HEAD_AGE_MS);
	settle(f);
	assert_int_equal(latest(f, 1), start_ms + 5000);
	close_all(f);
	open_all(f);
	assert_int_equal(latest(f, 1), start_ms + 5000);
}

static enum rc erase_job(struct db *db, void *arg, struct err *e)
{
	return history_erase(db, *(uint32_t *)arg, e);
}

static bool file_holds(const char *path, const char *text)
{
	FILE *in = fopen(path, "r");
	size_t n = strlen(text);
	size_t same = 0;
	bool is_found = false;

	for (int c = in == NULL ? EOF : fgetc(in); c != EOF && !is_found; c = fgetc(in)) {
		same = c == text[same] ? same + 1 : c == text[0];
		is_found = same == n;
	}
	if (in != NULL)
		assert_int_equal(fclose(in), 0);
	return is_found;
}

static void erased_wearer_is_gone_from_memory_journal_and_chunks(void **state)
{
	struct fixture *f = *state;
	uint32_t wearer = 1;

	for (int i = 0; i < HISTORY_HEAD_MAX + 10; i++)
		store_one(f, 1, start_ms + i, "CANARY-of-the-erased");
	store_one(f, 2, start_ms, "somebody else");
	settle(f);
	assert_int_equal(writer_run(f->writer, erase_job, &wearer, NULL), RC_OK);
	history_forget(f->history, wearer);
	assert_int_equal(count_range(f, 1, 0, start_ms + DAY), 0);
	assert_int_equal(latest(f, 1), -1);
	assert_int_equal(count_range(f, 2, 0, start_ms + DAY), 1);
	/* What was under way when it was erased does not come back. */
	store_one(f, 1, start_ms + 1, "too late");
	history_tick(f->history, f->writer, start_ms + 2 * HISTORY_HEAD_AGE_MS);
	settle(f);
	assert_int_equal(count_range(f, 1, 0, start_ms + DAY), 0);
	close_all(f);
	open_all(f);
	assert_int_equal(count_range(f, 1, 0, start_ms + DAY), 0);
	assert_int_equal(count_range(f, 2, 0, start_ms + DAY), 1);
	assert_int_equal(db_checkpoint(f->reader, false, NULL, NULL, NULL), RC_OK);
	assert_false(file_holds(f->path, "CANARY-of-the-erased"));
}

static void nothing_on_disk_can_be_read_without_the_keys(void **state)
{
	struct fixture *f = *state;
	char log[112];

	(void)snprintf(log, sizeof log, "%s-wal", f->path);
	for (int i = 0; i < HISTORY_HEAD_MAX + 10; i++)
		store_one(f, 1, start_ms + i, "CANARY-of-a-wearer");
	settle(f);
	assert_true(count_table(f, "SELECT COUNT(*) FROM journal") > 0);
	assert_int_equal(count_table(f, "SELECT COUNT(*) FROM history_chunk"), 1);
	assert_false(file_holds(log, "CANARY-of-a-wearer"));
	assert_int_equal(db_checkpoint(f->reader, false, NULL, NULL, NULL), RC_OK);
	assert_false(file_holds(f->path, "CANARY-of-a-wearer"));
	assert_int_equal(count_range(f, 1, start_ms, start_ms + DAY), HISTORY_HEAD_MAX + 10);
}

static void wearer_without_key_reads_as_empty_and_takes_nothing_in(void **state)
{
	struct fixture *f = *state;
	struct uid owner = owner_of(1);

	for (int i = 0; i < HISTORY_HEAD_MAX; i++)
		store_one(f, 1, start_ms + i, "sealed");
	settle(f);
	assert_int_equal(latest(f, 1), start_ms + HISTORY_HEAD_MAX - 1);
	assert_int_equal(keyring_destroy(f->keyring, &owner, NULL), RC_OK);
	assert_int_equal(count_range(f, 1, start_ms, start_ms + DAY), 0);
	assert_int_equal(latest(f, 1), -1);
	/* What comes all the same cannot be sealed, and stops nobody else. */
	for (int i = 0; i < HISTORY_HEAD_MAX; i++) {
		store_one(f, 1, start_ms + i, "too late");
		store_one(f, 2, start_ms + i, "another");
	}
	settle(f);
	assert_int_equal(count_table(f, "SELECT COUNT(*) FROM history_chunk WHERE wearer = 1"), 1);
	assert_int_equal(count_range(f, 1, start_ms, start_ms + DAY), 0);
	assert_int_equal(count_range(f, 2, start_ms, start_ms + DAY), HISTORY_HEAD_MAX);
}

static void drained_copy_has_no_journal_and_all_entries(void **state)
{
	struct fixture *f = *state;
	struct db *db = NULL;
	struct uid erased = owner_of(3);

	for (int i = 0; i < HISTORY_HEAD_MAX + 10; i++)
		store_one(f, 1, start_ms + i, "body");
	store_one(f, 2, start_ms + DAY, "another day");
	store_one(f, 3, start_ms, "CANARY-of-the-erased");
	settle(f);
	assert_int_equal(keyring_destroy(f->keyring, &erased, NULL), RC_OK);
	close_all(f);
	f->keyring = keys_open(f->folder);
	assert_int_equal(db_open(f->path, DB_WRITER, f->keyring, &db, NULL), RC_OK);
	assert_int_equal(db_begin(db, NULL), RC_OK);
	assert_int_equal(history_drain(db, NULL), RC_OK);
	assert_int_equal(db_commit(db, NULL), RC_OK);
	db_close(db);
	keyring_free(f->keyring);
	open_all(f);
	assert_int_equal(count_table(f, "SELECT COUNT(*) FROM journal"), 0);
	assert_int_equal(count_range(f, 1, start_ms, start_ms + DAY), HISTORY_HEAD_MAX + 10);
	assert_int_equal(count_range(f, 2, start_ms, start_ms + 2 * (int64_t)DAY), 1);
	assert_int_equal(count_table(f, "SELECT COUNT(*) FROM history_chunk WHERE wearer = 3"), 0);
	assert_int_equal(latest(f, 1), start_ms + HISTORY_HEAD_MAX + 9);
	/* It goes on from there. */
	store_one(f, 1, start_ms + 500, "later");
	assert_int_equal(count_range(f, 1, start_ms, start_ms + DAY), HISTORY_HEAD_MAX + 11);
}

static void entry_over_its_limit_is_refused(void **state)
{
	struct history_batch b;
	char *body = calloc(1, HISTORY_ENTRY_MAX + 1);
	struct history_entry entry = make(1, start_ms, "");

	(void)state;
	assert_non_null(body);
	history_batch_init(&b);
	entry.packed = (struct view){.p = body, .n = HISTORY_ENTRY_MAX + 1};
	assert_int_equal(history_batch_add(&b, &entry, NULL), RC_LIMIT);
	entry.packed.n = HISTORY_ENTRY_MAX;
	assert_int_equal(history_batch_add(&b, &entry, NULL), RC_OK);
	entry.packed.n = HISTORY_ENTRY_MAX - 1;
	assert_int_equal(history_batch_add(&b, &entry, NULL), RC_OK);
	history_batch_done(&b);
	free(body);
}

static void damaged_entry_is_refused_wherever_it_is_cut(void **state)
{
	struct history_entry entry = make(7, start_ms, "some bytes");
	struct history_entry back;
	char bytes[64];

	(void)state;
	entry_write(&entry, bytes);
	size_t whole = ENTRY_HEAD + entry.packed.n;
	for (size_t n = 0; n < whole; n++) {
		struct view cut = {.p = bytes, .n = n};
		assert_int_equal(entry_read(&cut, &back, NULL), RC_SYNTAX);
		assert_int_equal(cut.n, n);
	}
	struct view all = {.p = bytes, .n = whole};
	assert_int_equal(entry_read(&all, &back, NULL), RC_OK);
	assert_int_equal(all.n, 0);
	assert_int_equal(back.wearer, 7);
	assert_true(back.is_place);
	assert_int_equal(back.marks, 3);
	assert_true(back.time_ms == entry.time_ms && back.received_ms == entry.received_ms);
	assert_true(view_is(back.packed, entry.packed));
}

/* What cannot be opened is left out: a bad sector must not keep everybody's alarms from being
 * heard. */
static void damaged_journal_is_left_out_at_the_start(void **state)
{
	struct fixture *f = *state;
	struct db *db = NULL;
	struct history *h = NULL;

	struct history_stats stats;

	store_one(f, 1, start_ms, "first");
	store_one(f, 1, start_ms + 1000, "second");
	store_one(f, 1, start_ms + 2000, "third");
	close_all(f);
	f->keyring = keys_open(f->folder);
	assert_int_equal(db_open(f->path, DB_WRITER, f->keyring, &db, NULL), RC_OK);
	assert_int_equal(db_script(db,
				 "UPDATE journal SET body = x'0102' WHERE first_seq <> (SELECT "
				 "MIN(first_seq) "
				 "FROM journal)",
				 NULL),
		RC_OK);
	assert_int_equal(history_open(db, &h, NULL), RC_OK);
	history_read_stats(h, &stats);
	assert_int_equal(stats.entries_head, 1);
	history_free(h);
	db_close(db);
	keyring_free(f->keyring);
	open_all(f);
}

/* The model: a plain list. */
struct model {
	size_t n;
	struct {
		uint32_t wearer;
		int64_t time_ms;
		uint32_t body;
	} items[MODEL_MAX];
};

static void compare_with_model(struct fixture *f, const struct model *m, struct prop *p)
{
	uint32_t wearer = 1 + (uint32_t)prop_below(p, WEARERS);
	int64_t from = start_ms + prop_between(p, -3 * (int64_t)DAY, 3 * (int64_t)DAY);
	int64_t to = from + prop_between(p, 0, 2 * (int64_t)DAY);
	struct found *found = read_range(f, wearer, from, to);
	size_t expected = 0;

	for (size_t i = 0; i < m->n; i++) {
		if (m->items[i].wearer != wearer || m->items[i].time_ms < from ||
			m->items[i].time_ms >= to)
			continue;
		expected++;
		size_t k = 0;
		while (k < found->n && found->bodies[k] != m->items[i].body)
			k++;
		assert_true(k < found->n);
		assert_true(found->times[k] == m->items[i].time_ms);
	}
	assert_int_equal(found->n, expected);
	free(found);
}

static void append_some(struct fixture *f, struct model *m, struct prop *p)
{
	struct history_batch b;
	size_t n = 1 + prop_below(p, 30);

	history_batch_init(&b);
	for (size_t i = 0; i < n && m->n < MODEL_MAX; i++) {
		char body[40];
		uint32_t number = (uint32_t)m->n;
		memset(body, 'x', sizeof body);
		memcpy(body, &number, sizeof number);
		int64_t time_ms = start_ms + prop_between(p, -2 * (int64_t)DAY, 2 * (int64_t)DAY);
		uint32_t wearer = 1 + (uint32_t)prop_below(p, WEARERS);
		struct history_entry entry = make(wearer, time_ms, "");
		entry.packed = (struct view){.p = body, .n = 4 + prop_below(p, sizeof body - 3)};
		assert_int_equal(history_batch_add(&b, &entry, NULL), RC_OK);
		m->items[m->n].wearer = wearer;
		m->items[m->n].time_ms = time_ms;
		m->items[m->n].body = number;
		m->n++;
	}
	if (b.count > 0)
		store_batch(f, &b);
	else
		history_batch_done(&b);
}

static struct fixture *prop_fixture;

static void one_life(struct prop *p)
{
	void *state = NULL;
	struct model *m = calloc(1, sizeof *m);

	assert_non_null(m);
	assert_int_equal(set_up(&state), 0);
	prop_fixture = state;
	for (int step = 0; step < 120; step++) {
		switch (prop_below(p, 8)) {
		case 0:
			settle(prop_fixture);
			break;
		case 1: /* stop at any point, with seals under way or not */
			close_all(prop_fixture);
			open_all(prop_fixture);
			break;
		case 2:
			history_tick(prop_fixture->history, prop_fixture->writer,
				start_ms + 10 * (int64_t)DAY);
			break;
		case 3:
			compare_with_model(prop_fixture, m, p);
			break;
		default:
			append_some(prop_fixture, m, p);
		}
	}
	for (int i = 0; i < 10; i++)
		compare_with_model(prop_fixture, m, p);
	assert_int_equal(tear_down(&state), 0);
	free(m);
}

static void random_lives_agree_with_a_plain_list(void **state)
{
	(void)state;
	prop_run("history", 25, one_life);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(what_was_stored_is_read_in_order_of_time),
		TEST(range_holds_its_start_and_not_its_end),
		TEST(times_before_1970_are_kept_too),
		TEST(head_becomes_a_chunk_at_its_limit),
		TEST(journal_is_dropped_when_all_of_it_is_in_chunks),
		TEST(old_head_is_sealed_by_the_tick_and_a_young_one_is_not),
		TEST(latest_is_the_newest_place),
		TEST(erased_wearer_is_gone_from_memory_journal_and_chunks),
		TEST(nothing_on_disk_can_be_read_without_the_keys),
		TEST(wearer_without_key_reads_as_empty_and_takes_nothing_in),
		TEST(drained_copy_has_no_journal_and_all_entries),
		TEST(damaged_journal_is_left_out_at_the_start),
		cmocka_unit_test(entry_over_its_limit_is_refused),
		cmocka_unit_test(damaged_entry_is_refused_wherever_it_is_cut),
		cmocka_unit_test(random_lives_agree_with_a_plain_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
