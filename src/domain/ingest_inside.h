/* What the files of ingest share. Inside of domain/ only; main loop. */
#pragma once

#include <stdatomic.h>

#include "base/list.h"
#include "domain/alarm_store.h"
#include "domain/health_store.h"
#include "domain/ingest.h"
#include "domain/live_table.h"

struct answer {
	uint64_t session;
	struct reply reply;
	char index[MESSAGE_INDEX_MAX];
	uint8_t index_n;
};

/* What a stored report means for the live table, once it is durable. */
struct news {
	uint32_t place, number;
	uint16_t flags;
	uint8_t has; /* enum news_has */
	uint8_t battery_percent, signal_percent;
	uint32_t steps, rolls;
	uint32_t received_s;
	struct fix fix;
};
enum news_has {
	NEWS_FIX = 1u << 0,
	NEWS_BATTERY = 1u << 1,
	NEWS_SIGNAL = 1u << 2,
	NEWS_STEPS = 1u << 3,
	NEWS_FLAGS = 1u << 4,
	NEWS_ROLLS = 1u << 5,
};

struct alarm_work {
	struct alarm_intake intake; /* its report points into the batch's bytes: set by the job */
	size_t report_at, report_n;
	uint32_t place, number;
	struct uid group;
	struct alarm_outcome outcome;
};

/* A place that was solved for a report with an alarm. */
struct place_work {
	struct uid wearer, group;
	int64_t received_ms;
	bool is_better;                      /* than what the alarm may have */
	size_t report_at, report_n;          /* in the batch's bytes */
	struct uid alarms[ALARM_PLACES_MAX]; /* that have it now: set by the job */
	size_t alarms_n;
};

/* Somebody who is told once that what he said is on disk. */
struct waiter {
	ingest_stored_fn *fn;
	void *ctx;
};

/* Reports on their way to the disk. */
struct batch {
	struct list node;
	struct domain *domain;
	struct history_batch entries;
	struct answer *answers;
	struct news *news;
	struct alarm_work *alarms;
	struct place_work *places;
	size_t answers_n, answers_capacity, news_n, news_capacity, alarms_n, alarms_capacity;
	size_t places_n, places_capacity;
	struct health_intake *health;
	size_t health_n, health_capacity;
	struct waiter *waiters;
	size_t waiters_n, waiters_capacity;
	size_t counted_bytes;
	struct batch *along; /* plain reports in the same commit as these alarms */
	bool is_urgent;
	bool must_go; /* somebody waits for it */
};

/* Two connections with one id: see session.c. */
struct duels;

enum ingest_count {
	COUNT_REPORTS,
	COUNT_UNPROVED,
	COUNT_STORED,
	COUNT_DUPLICATES,
	COUNT_ALARMS,
	COUNT_ALARMS_NEW,
	COUNT_UNREADABLE,
	COUNT_BATCHES,
	COUNT_BATCHES_FAILED,
	COUNT_NOT_BOUND,
	COUNT_LOST,
	COUNT_CONFLICTS,
	COUNT_TAKEOVERS,
	COUNT_SECOND_SESSIONS,
	COUNT_WAITING_BYTES,
	COUNT_FULL,
	COUNT_COUNT,
};

/* What to think of a report. */
struct judged {
	int64_t time_ms;
	uint8_t marks;
	bool is_place;
	bool has_learned; /* date order or offset: to be written down */
	struct fix fix;   /* when has_fix */
	bool has_fix;
};

struct dirty {
	uint32_t place, number;
};

struct ingest {
	struct domain *domain;
	struct batch *plain, *urgent; /* being filled; NULL: nothing */
	struct list flying;           /* with the writer */
	struct list failed;           /* batches to be written again */
	struct list spare;            /* empty ones, with their memory */
	unsigned spare_n;
	unsigned plain_under_way;
	struct timer linger, retry, events;
	struct dirty *dirty;
	size_t dirty_n, dirty_capacity;
	struct duels *duels;
	struct report scratch; /* 1 KB: not on the stack for each report */
	atomic_ullong counts[COUNT_COUNT];
	struct judged judged; /* as scratch */
	struct waiter waiter; /* who waits for the report that is looked at; fn NULL: nobody */
	struct keyword_counts *keywords;
};

static inline void ingest_count(struct ingest *in, enum ingest_count what, uint64_t n)
{
	/* One writer: no need for a locked instruction. */
	uint64_t now = atomic_load_explicit(&in->counts[what], memory_order_relaxed);

	atomic_store_explicit(&in->counts[what], now + n, memory_order_relaxed);
}

/* batch.c */
MUST_CHECK enum rc batch_for(struct ingest *in, bool is_urgent, struct batch **ret, struct err *e);
MUST_CHECK enum rc batch_add_answer(struct batch *b, uint64_t session, struct view index,
	const struct reply *reply, struct err *e);
/* The newest place of the device, on its way to the disk or in the table; false: none. Under
 * live_lock. */
bool batch_last_place(const struct ingest *in, const struct live_device *dev, struct fix *ret);
/* Room for one more; the caller fills it. */
MUST_CHECK enum rc batch_add_news(struct batch *b, struct news **ret, struct err *e);
MUST_CHECK enum rc batch_add_alarm(struct batch *b, const struct alarm_work *alarm, struct err *e);
MUST_CHECK enum rc batch_add_place(struct batch *b, const struct place_work *place, struct err *e);
MUST_CHECK enum rc batch_add_health(
	struct batch *b, const struct health_intake *health, struct err *e);
MUST_CHECK enum rc batch_add_waiter(struct batch *b, const struct waiter *waiter, struct err *e);
void ingest_mark_dirty(struct ingest *in, struct live_device *dev); /* under live_lock */
void ingest_on_linger(struct timer *t, void *context);
void ingest_on_retry(struct timer *t, void *context);
void ingest_on_events(struct timer *t, void *context);
void batch_free(struct batch *b);

/* session.c */
MUST_CHECK enum rc duels_new(struct ingest *in, struct duels **ret_owned, struct err *e);
void duels_free(struct duels *ds);
/* Some watch has, or had lately, a second connection: session_talked wants to know of each frame.
 */
bool sessions_are_disputed(const struct ingest *in);
/* The device that a session talks for; also when it is the second one. NULL: none. Under live_lock.
 */
struct live_device *session_device(struct ingest *in, uint64_t session);
/* A frame came; `r` NULL when only that is known. Call without live_lock. */
void session_talked(struct ingest *in, uint64_t session, const struct report *r);
void session_forget(struct ingest *in, uint32_t number);

/* judge.c. Changes what the device learned. Under live_lock. */
/* `last`: the newest good place, also when it is not durable yet; NULL: none. */
void judge(struct live_device *dev, const struct fix *last, const struct report *r,
	int64_t received_ms, struct judged *ret);
/* Faster than an aeroplane from the last good place, also when both are as near as they may be. */
bool judge_is_jump(const struct fix *last, const struct fix *f);
/* Battery of a heartbeat: good enough to show? */
bool judge_battery(const struct live_device *dev, const struct report *r);
