/* What the files of days share: the object, its entries, what waits for the disk (days_flush.c) and
 * for the evening (days_evening.c). Inside of domain/ only; under live_lock unless said otherwise.
 */
#pragma once

#include "base/list.h"
#include "domain/days.h"
#include "domain/live_table.h"
#include "time/zone.h"

enum {
	DAYS_BLOCK = 256,
	DAYS_NO_DAY = INT32_MIN,
	DAYS_ROUNDS_MAX = 16 * 1024, /* of a last flush: more than all watches need */
};

#define LABEL_DAY "wearer_day.body"

struct days_entry {
	uint32_t number;  /* of the wearer; 0: none */
	uint16_t zone;    /* index */
	char language[2]; /* NULs until it is known */
	bool is_dirty;    /* to be written */
	bool is_soon;     /* … and in that ring */
	bool is_low;      /* in the list of its zone */
	struct day_state state;
};
_Static_assert(sizeof(struct days_entry) <= 128, "see days.h");

struct days_due {
	uint32_t place, number;
	int64_t due_ms;
};

struct days_ring {
	struct days_due *items;
	size_t first, n, capacity;
};

/* A row on its way to the disk. */
struct days_row {
	struct uid wearer;
	int32_t day;
	size_t body_n;
	uint8_t body[DAY_STATE_BYTES];
};

struct days_zone {
	char name[ZONE_TEXT];
	struct zone *zone; /* owned; NULL: UTC */
	int32_t offset_s;
	int64_t since_ms, until_ms; /* while the offset holds */
	int64_t evening_ms;         /* the next one */
	struct days_due *low;       /* whose battery was low; each once */
	size_t low_n, low_capacity;
};

struct days_flush;
struct days_evening;

struct days {
	struct domain *domain;
	struct days_entry **blocks;
	uint32_t blocks_n, made_blocks;
	struct days_zone *zones[DAYS_ZONES_MAX]; /* owned; the first is UTC */
	unsigned zones_n;
	struct days_ring soon, later; /* by their due time */
	struct days_row *finished;    /* ended days */
	size_t finished_n, finished_capacity;
	struct days_flush *flush;     /* under way; owned; NULL: none */
	struct days_evening *evening; /* the same */
	struct timer tick;
	uint64_t rows_written, lost, told;
};

struct days_entry *days_at(const struct days *ds, uint32_t place);
/* The entry of this device, fresh when there was none; NULL when memory is out. */
struct days_entry *days_make_entry(struct days *ds, const struct live_device *dev);
void days_mark(struct days *ds, struct days_entry *e, uint32_t place, bool is_soon);
/* 0 (UTC) for a name that the system does not know. */
uint16_t days_zone_find(struct days *ds, const char *name);
int32_t days_day_of(const struct days_zone *z, int64_t time_ms);
/* False when it cannot be opened or read. */
MUST_CHECK bool days_read_body(
	struct stmt *s, int column, const struct uid *wearer, struct day_state *ret);

/* days_flush.c */
/* False: too many wait. */
bool days_keep_finished(struct days *ds, const struct days_row *row);
/* Posts one job, when something is due; without the lock. */
void days_flush_due(struct days *ds, bool is_all);

/* days_evening.c */
void days_note_low(struct days *ds, struct days_entry *e, uint32_t place);
/* The next evening, or the one that began less than an hour ago. */
void days_set_evening(struct days_zone *z, int64_t now_ms);
/* Without the lock. */
void days_look_at_evening(struct days *ds);
