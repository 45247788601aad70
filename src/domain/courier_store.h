/* The rows of the courier's queue: what waits, is on the way, is dead; and what is known of each
 * destination. Used by courier_outbox.c (which puts rows in) and courier_dispatch.c (which takes
 * them out). All changing functions run in writer jobs. No look at the queue walks over it: each
 * asks an index for the few rows that are due. */
#pragma once

#include "domain/courier_outbox.h"

enum {
	COURIER_CLAIM_MAX = 16, /* items taken in one job */
	COURIER_SENT_MAX = 32,  /* on the way, all together */
	COURIER_SENT_PER_DESTINATION_MAX = 4,
	COURIER_LEASE_MS = 3 * 60 * 1000, /* longer than the courier may take for one try */
	COURIER_RETRY_FIRST_MS = 30 * 1000,
	COURIER_RETRY_MAX_MS = 6 * 3600 * 1000,
	COURIER_REST_MAX_MS = 3600 * 1000, /* of a destination that does not answer */
};

enum courier_item_state { ITEM_WAITS, ITEM_SENT, ITEM_DEAD };

/* The destination of all mails. */
extern const struct uid courier_mail_destination;

struct courier_new_item {
	struct uid destination, id, owner;
	bool is_mail;
	struct view content; /* mail: a MESSAGE_MAIL as message_write makes it; else the body */
	int64_t expires_ms;
};
/* RC_LIMIT: the queue of the destination or of all is full; nothing is changed but `dropped`. */
MUST_CHECK enum rc courier_store_add(
	struct db *db, const struct courier_new_item *item, int64_t now_ms, struct err *e);

/* One try that is due. */
struct courier_work {
	struct uid id, destination;
	bool is_mail;
	uint32_t attempt;
	uint8_t *content; /* owned */
	size_t content_n;
};
struct courier_claim {
	unsigned n;
	struct courier_work work[COURIER_CLAIM_MAX];
	bool has_more;                  /* ask again at once */
	int64_t next_ms;                /* when something is due next; INT64_MAX: nothing waits */
	int64_t waiting, dead, dropped; /* of all destinations */
};
void courier_claim_done(struct courier_claim *c);
/* Takes what is due and counts the attempt before it is made. What expired becomes dead, what
 * nobody can open any more is dropped. */
MUST_CHECK enum rc courier_store_claim(
	struct db *db, int64_t now_ms, struct courier_claim *ret, struct err *e);

/* How a try ended. A result of an earlier attempt counts only when it says that it was delivered.
 */
MUST_CHECK enum rc courier_store_finish(
	struct db *db, const struct message_result *r, int64_t now_ms, struct err *e);
/* The item is not to be sent at all (its partner has no address any more). */
MUST_CHECK enum rc courier_store_drop(struct db *db, const struct uid *id, struct err *e);
/* Nothing is on the way: the courier that had it is gone. */
MUST_CHECK enum rc courier_store_release(struct db *db, int64_t now_ms, struct err *e);
/* A dead item waits again. RC_NOT_FOUND: there is no such dead item. */
MUST_CHECK enum rc courier_store_revive(
	struct db *db, const struct uid *id, int64_t now_ms, struct err *e);
MUST_CHECK enum rc courier_store_forget(struct db *db, const struct uid *owner, struct err *e);

/* Time to the next try after n failures, without the random part. */
int64_t courier_backoff_ms(int64_t failures, int64_t max_ms);
