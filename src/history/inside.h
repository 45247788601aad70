/* What the files of this room share: the object, and how a head gets into chunks. Inside of
 * history/ only. */
#pragma once

#include <pthread.h>

#include "history/head.h"

struct history {
	pthread_mutex_t lock; /* guards heads, stats */
	struct heads heads;
	uint64_t chunks_written;
	uint64_t next_seq;      /* the writer's thread */
	uint64_t journal_floor; /* under the lock: rows below are to be deleted */
};

/* The UTC day of a time, also before 1970. */
int64_t history_day_of(int64_t time_ms);
/* The newest place among (seq, entry) …; false when none is one. */
bool entries_find_latest(const char *bytes, size_t n, struct history_entry *ret);

/* Labels of what is sealed here (store/sealed.h). */
#define LABEL_JOURNAL "journal.body"
#define LABEL_CHUNK "history_chunk.body"
#define LABEL_LATEST "history_mark.latest"

/* The id of the wearer with this number, whose key seals the chunks. RC_NOT_FOUND when there is
 * none (any more). */
MUST_CHECK enum rc history_owner(struct db *db, uint32_t wearer, struct uid *ret, struct err *e);

/* One head on its way into chunks: seal.c. */
struct seal;
/* Under the lock. NULL: not now. */
struct seal *seal_new(struct history *h, struct head *head);
/* Without the lock. NULL is allowed. */
void seal_post(struct history *h, struct writer *w, struct seal *take_seal);
