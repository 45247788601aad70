/* What the files of the audit log share. Nobody outside domain/audit*.c includes this. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/list.h"
#include "crypto/sign.h"
#include "domain/audit.h"
#include "domain/audit_chain.h"

enum {
	AUDIT_PLAIN_MAX = AUDIT_SALT_BYTES + 1 + ADDRESS_TEXT +
			  AUDIT_DETAIL_MAX, /* what is sealed of one entry */
	AUDIT_BUCKETS = 4096,
};

/* What waits to be written. */
struct audit_posted {
	struct act act;
	int64_t time_ms;
	uint32_t times;
};

/* One refusal or look of this hour; in its bucket's chain and in the order of use. */
struct audit_fold {
	struct list in_order;
	struct audit_fold *next;
	bool is_look;
	uint32_t more; /* since the entry that was written */
	struct act act;
};

struct audit {
	const char *key_dir;
	struct sign_key *key;
	_Atomic uint64_t entries, folded, lost;
	_Atomic uint64_t since_checkpoint; /* entries; a hint for when to look */
	_Atomic int64_t checkpoint_look_ms;
	_Atomic bool is_checkpoint_running;

	pthread_mutex_t lock; /* guards what follows */
	uint8_t hash_key[16];
	int64_t hour;
	unsigned folds_n, strangers_n;
	struct list order; /* the longest unused first */
	struct audit_fold *buckets[AUDIT_BUCKETS];
};

/* audit_fold.c: true when this act gets an entry of its own now. Old counts that are due go to
 * *ret_due (a list of struct audit_fold, each to be freed). */
bool audit_fold_take(
	struct audit *a, const struct act *act, bool is_look, int64_t now_ms, struct list *ret_due);
/* Everything whose hour is over; with `is_end` all. */
void audit_fold_flush(struct audit *a, int64_t now_ms, bool is_end, struct list *ret_due);

/* audit.c */
MUST_CHECK enum rc audit_append_times(
	struct db *db, const struct act *act, uint32_t times, int64_t now_ms, struct err *e);
void audit_post_due(struct domain *d, struct list *due, int64_t now_ms);

/* audit_checkpoint.c: posts the job that signs where the log stands, when there is something new.
 */
void audit_checkpoint_post(struct domain *d, int64_t now_ms, bool is_forced);
/* The seq and hash of the newest entry; 0 and zeros when there is none. */
MUST_CHECK enum rc audit_head_read(
	struct db *db, int64_t *ret_seq, uint8_t ret_hash[AUDIT_HASH_BYTES], struct err *e);
