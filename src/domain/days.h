/* The days of all wearers: one row for each local day, kept up to date report by report. The
 * current day stands in memory beside the live table (the same places, made with the first report,
 * at most 128 bytes each) and goes to the disk at most once in DAYS_FLUSH_MS, when the day ends, at
 * a clean stop, and soon after a fall or a removal. After a crash the counts of steps go on from
 * the watch's own numbers; what else happened since the last write is lost from the day's row, not
 * from the history. In the evening it says whose watch should be charged. Everything under
 * live_lock. */
#pragma once

#include "domain/day_state.h"
#include "domain/domain.h"

struct days;
struct live_device;
struct news;

enum {
	DAYS_FLUSH_MS = 60 * 60 * 1000,
	DAYS_FLUSH_STEP = 1024, /* rows in one job of the writer */
	DAYS_FINISHED_MAX =
		64 * 1024,    /* ended days that wait for the disk; more are counted as lost */
	DAYS_ZONES_MAX = 700, /* more are taken for UTC */
	DAYS_KEEP = 400,
	DAYS_RANGE_MAX = 400,
	DAYS_EVENING_H = 22,
	DAYS_EVENING_LEVEL = 40, /* at and below: it should be charged */
	DAYS_EVENING_STEP = 256, /* alarms in one job */
	DAYS_EVENING_FRESH_S = 6 * 3600,
};

MUST_CHECK enum rc days_new(struct domain *d, struct days **ret_owned, struct err *e);
/* Today and yesterday of every watch; after live_load. */
MUST_CHECK enum rc days_load(struct days *ds, struct db *reader, struct err *e);
void days_start(struct days *ds);
/* At a clean stop, before writer_stop: posts what is not on disk. */
void days_flush_all(struct days *ds);
void days_free(struct days *ds);

/* ---- main loop, under live_lock; ds NULL does nothing ---- */

void days_on_news(struct days *ds, const struct live_device *dev, const struct news *n);
/* A heartbeat; what it did not say is NULL. */
void days_on_heartbeat(struct days *ds, const struct live_device *dev, const uint32_t *steps,
	const uint32_t *rolls, const uint8_t *battery_percent);
/* New alarms, bits of enum report_alarm. */
void days_on_alarm(struct days *ds, const struct live_device *dev, uint32_t kinds);
/* One more health value. False: there were HEALTH_PER_DAY_MAX of them today. */
bool days_on_measurement(struct days *ds, const struct live_device *dev, int64_t received_ms);
void days_prefetch(const struct days *ds, uint32_t place);
/* The watch's clock in seconds east of UTC, and its language ("de"); UTC and English until they are
 * known. */
void days_clock(struct days *ds, const struct live_device *dev, int64_t now_ms,
	int32_t *ret_offset_s, char ret_language[3]);

/* ---- any thread, without the lock ---- */

/* The days of the wearer were erased. */
void days_forget(struct domain *d, const struct uid *wearer);
/* The zone of the wearer's watch is another one: read again soon. */
void days_zone_changed(struct domain *d, const struct uid *wearer);

struct day_info {
	int32_t day; /* local, since 1970 */
	struct day_state state;
};
typedef void day_fn(void *ctx, const struct day_info *day);
/* The local days that from..to touches, oldest first. Codes: range_invalid, range_too_long.
 * ret_zone: the IANA name, "Etc/UTC" when the wearer has no watch. */
MUST_CHECK enum rc days_list(struct domain *d, struct db *reader, const struct uid *wearer,
	int64_t from_ms, int64_t to_ms, char ret_zone[ZONE_TEXT], day_fn *fn, void *ctx,
	struct problem *p, struct err *e);

struct days_stats {
	uint64_t rows_written, lost, told;
	size_t bytes;
};
void days_read_stats(struct domain *d, struct days_stats *ret);

enum { DATE_TEXT = 11 };
/* "2026-11-22" */
void day_to_text(int32_t day, char ret[DATE_TEXT]);
