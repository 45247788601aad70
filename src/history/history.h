/* Positions and health over time. Inside: a journal (one blob a batch, written in the same commit
 * as alarms and answers), the head in memory per wearer since its last chunk, chunks per wearer and
 * day. Start-up replays the journal. A wearer is known here by its number (wearer.number, never
 * used twice). history_journal and history_erase run in the writer's thread, append, tick and
 * forget in the main loop, reads in any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"
#include "store/db.h"
#include "store/writer.h"

struct history;

enum {
	HISTORY_HEAD_MAX = 64, /* reports of one wearer in memory before a chunk is made */
	HISTORY_HEAD_AGE_MS = 3600 * 1000, /* … or this age of the oldest */
	HISTORY_ENTRY_MAX = 8 * 1024,      /* bytes of one packed report */
	HISTORY_WEARERS_MAX = 16 * 1000 * 1000,
	HISTORY_TICK_MAX = 512, /* heads that one history_tick seals */
};

/* One stored report; a plain value, `packed` borrowed. */
struct history_entry {
	uint32_t wearer;
	int64_t time_ms; /* of the fix, or of receipt when the device's clock is no use */
	int64_t received_ms;
	uint8_t marks;      /* enum fix_mark; opaque here */
	bool is_place;      /* a good fix: may become history_latest */
	struct view packed; /* watch/report_pack.h; opaque here */
};

/* A batch under construction: bytes that go to the journal as one blob. */
struct history_batch {
	char *bytes;
	size_t n, capacity;
	uint32_t count;
	uint64_t first_seq; /* of its first entry; set by history_journal */
};
void history_batch_init(struct history_batch *b);
void history_batch_done(struct history_batch *b);
MUST_CHECK enum rc history_batch_add(
	struct history_batch *b, const struct history_entry *entry, struct err *e);

/* Replays the journal. db is the writing connection, before the writer takes it. */
MUST_CHECK enum rc history_open(struct db *db, struct history **ret_owned, struct err *e);
void history_free(struct history *h);

/* In the writer's transaction. */
MUST_CHECK enum rc history_journal(
	struct history *h, struct db *db, struct history_batch *b, struct err *e);
/* After the commit: the batch becomes readable. Posts sealing jobs to w when heads are full.
 * RC_NOMEM: what did not fit is durable, but readable only after the next start. */
MUST_CHECK enum rc history_append(
	struct history *h, struct writer *w, const struct history_batch *b, struct err *e);
/* Seals heads that are older than HISTORY_HEAD_AGE_MS, at most HISTORY_TICK_MAX of them; call it
 * about once a second: a million watches that report now and then need 280 a second. */
void history_tick(struct history *h, struct writer *w, int64_t now_ms);

/* Entries with from <= time < to, oldest first by time; fn returns false to end early. */
typedef bool history_fn(void *ctx, const struct history_entry *entry);
MUST_CHECK enum rc history_read(struct history *h, struct db *reader, uint32_t wearer,
	int64_t from_ms, int64_t to_ms, history_fn *fn, void *ctx, struct err *e);
/* The newest place; false when there is none. Calls fn once, with the lock held. */
MUST_CHECK enum rc history_latest(struct history *h, struct db *reader, uint32_t wearer,
	history_fn *fn, void *ctx, bool *ret_found, struct err *e);

/* In the writer's transaction: the chunks go, entries of the wearer in the journal are overwritten,
 * and a mark stays so that nothing still under way can bring them back. After the commit:
 * history_forget. */
MUST_CHECK enum rc history_erase(struct db *db, uint32_t wearer, struct err *e);
void history_forget(struct history *h, uint32_t wearer);

/* On a copy of the database that nobody else works with, in the caller's transaction: what is still
 * in the journal goes into chunks, sealed by each wearer's own key; the journal is empty then. What
 * belongs to nobody any more is left out. */
MUST_CHECK enum rc history_drain(struct db *db, struct err *e);

struct history_stats {
	uint64_t entries_head, bytes_head, journal_rows, chunks_written;
};
void history_read_stats(struct history *h, struct history_stats *ret);
