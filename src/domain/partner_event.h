/* What partners are told of by themselves: an alarm of a wearer whose family lets them see alarms
 * was raised, taken or closed. A row for each partner in the same commit as its cause: event
 * streams go on behind the last one that a partner saw, and webhooks go out by the courier. An
 * event names the alarm and says what kind it is; where the wearer is must be asked for. */
#pragma once

#include "domain/domain.h"

enum {
	PARTNER_EVENTS_KEPT = 5000, /* of one partner */
	PARTNER_EVENT_DAYS = 7,
	PARTNER_EVENT_JSON = 512,
};

enum partner_event_type {
	PARTNER_ALARM_RAISED,
	PARTNER_ALARM_TAKEN,
	PARTNER_ALARM_CLOSED,
	PARTNER_EVENT_TYPE_COUNT,
};
/* "alarm.raised" … */
const char *partner_event_type_name(enum partner_event_type t);

struct partner_event {
	int64_t seq; /* of its partner, rising */
	struct uid id, wearer, alarm;
	enum partner_event_type type;
	uint32_t kinds; /* of the alarm */
	int64_t time_ms;
};

/* In the writer job of the cause; courier_knock after the commit. What goes wrong is logged and
 * never costs the alarm. */
void partner_event_tell(struct db *db, const struct uid *wearer, const struct uid *alarm,
	uint32_t kinds, enum partner_event_type type, int64_t now_ms);

typedef void partner_event_fn(void *ctx, const struct partner_event *event);
/* Events behind seq, oldest first, at most 100; only those that a consent covers now. *ret_last:
 * the seq up to which all was looked at. */
MUST_CHECK enum rc partner_event_read(struct db *reader, const struct uid *partner, int64_t after,
	int64_t now_ms, partner_event_fn *fn, void *ctx, int64_t *ret_last, struct err *e);
/* The newest seq; 0: none. */
MUST_CHECK enum rc partner_event_newest(
	struct db *reader, const struct uid *partner, int64_t *ret, struct err *e);

/* The event as JSON, with NUL. */
void partner_event_json(const struct partner_event *event, char ret[PARTNER_EVENT_JSON]);
