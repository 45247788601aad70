/* Places for reports without GPS, and what is learned from those with it. The main loop only looks
 * at a small table and copies what was heard; a thread of its own looks into the learned and the
 * imported table and solves; what it finds comes back into the main loop and is stored as an entry
 * of the history with the report's time and its own source. Nobody waits for it: an alarm is told
 * at once and gets its place afterwards. Main loop, except where told. */
#pragma once

#include "domain/domain.h"
#include "domain/ingest_inside.h"
#include "locate/solve.h"

enum {
	LOCATE_QUEUE_MAX = 512, /* reports that wait to be solved; more stay without a place */
	LOCATE_SLOTS = 16384,   /* watches whose last lesson and last solution are remembered */
	LOCATE_LESSON_MS = 60 * 1000,    /* a watch teaches at most once in this time … */
	LOCATE_SAME_MS = 60 * 60 * 1000, /* … and at the same spot once in this time */
	LOCATE_SAME_M = 25,
	LOCATE_LESSONS_MAX = 200, /* most of locate_lessons_per_s: all watches together … */
	LOCATE_FLUSH_MS = 1000,   /* … in this time */
	LOCATE_ASKED_MAX = 256,   /* questions with the service */
	LOCATE_KNOWN_MS = 20 * 60 * 1000,  /* a solution is used again for the same access points */
	LOCATE_UNKNOWN_MS = 3 * 60 * 1000, /* the same when there was none */
	LOCATE_CELL_FRESH_MS = 15 * 60 * 1000, /* see place_counts */
	LOCATE_SWEEP_MS = 10 * 60 * 1000,
	LOCATE_GPS_ACCURACY_MAX_M = 100, /* less exact fixes teach nothing */
	LOCATE_GPS_SATELLITES_MIN = 4,
	LOCATE_FAST_CKMH = 1500,
};

struct locate;

/* Starts the thread: the reader's database must be there. */
MUST_CHECK enum rc locate_new(
	struct domain *d, const struct db *like, struct locate **ret_owned, struct err *e);
/* Waits for what is being solved; its results go nowhere. NULL is allowed. */
void locate_stop(struct locate *l);
void locate_free(struct locate *l);

/* A report was taken into a batch. Under live_lock. */
void locate_on_report(struct domain *d, struct live_device *dev, const struct report *r,
	const struct judged *j, int64_t received_ms, bool has_alarm);

/* The answer of the service that the courier asked. */
void locate_on_told(struct domain *d, const struct message_locate_told *told);

/* Every report has its place, or has none, or waits for the service. */
bool locate_is_idle(const struct domain *d);

/* Any thread. */
struct locate_stats {
	uint64_t wifi, cell, unknown, again, dropped; /* reports without GPS */
	uint64_t lessons, lessons_dropped;
	uint64_t asked, asked_full, answered; /* the service; not asked: the hour was used up */
};
void locate_read_stats(struct domain *d, struct locate_stats *ret);

/* solved.c: what was solved for one report, as an entry of the history. */
struct solved_place {
	int64_t time_ms, received_ms;
	uint32_t has, status, steps;
	uint16_t flags;
	uint8_t marks, battery_percent, signal_percent;
	bool is_stored, has_alarm;
	bool has_moving; /* access points that move were left out */
	bool is_better;  /* its alarm may have a vaguer place already */
	struct solved solved;
};
/* Into the batch that is being filled. Under live_lock. */
void solved_store(struct ingest *in, struct live_device *dev, const struct solved_place *s);
