/* The heads: per wearer the entries since the last chunk, each with its sequence number; and the
 * count of entries that each journal row still holds for heads. Inside of history/ only; the caller
 * holds the lock. */
#pragma once

#include "base/list.h"
#include "history/entry.h"

enum { HEAD_SEQ = 8 /* bytes of sequence number before each entry */ };

struct head {
	struct list node; /* oldest heads first */
	uint32_t wearer;
	uint32_t n, capacity;
	uint32_t count;
	bool is_sealing;
	int64_t oldest_ms; /* receipt of the first entry */
	uint64_t last_seq;
	char *bytes; /* (seq u64, entry) … */
};

struct journal_row {
	uint64_t first_seq;
	uint32_t count; /* entries in the row */
	uint32_t left;  /* … that are not in chunks yet */
};

struct heads {
	struct head **by_wearer; /* indexed by number */
	uint32_t size;
	struct list by_age;
	struct journal_row *rows; /* oldest first */
	size_t rows_first, rows_n, rows_capacity;
	uint64_t entries, bytes;
};

void heads_init(struct heads *hs);
void heads_done(struct heads *hs);
/* NULL when the wearer has none. */
struct head *heads_find(const struct heads *hs, uint32_t wearer);
/* Hints for the processor, some entries before heads_add: first the head, later where it will
 * write. The heads of many wearers do not fit into its caches. */
void heads_fetch(const struct heads *hs, uint32_t wearer);
void heads_fetch_end(const struct heads *hs, uint32_t wearer);
MUST_CHECK enum rc heads_add(
	struct heads *hs, const struct history_entry *entry, uint64_t seq, struct err *e);
MUST_CHECK enum rc heads_add_row(struct heads *hs, const struct journal_row *row, struct err *e);
/* The entry of this row will not be (or is no longer) in a head. */
void heads_release(struct heads *hs, uint64_t seq);
/* Drops the entries with a number up to seq. */
void heads_drop(struct heads *hs, struct head *head, uint64_t seq);
/* Rows below the result are needed no more. */
uint64_t heads_journal_floor(struct heads *hs);
/* Takes the next (seq, entry) from the front of *in; the bytes are our own. */
bool head_next(struct view *in, uint64_t *ret_seq, struct history_entry *ret);
