/* Alarms: something a person must look at. Durable before the watch is answered; repeats fold. */
#pragma once

#include "domain/domain.h"
#include "domain/fix.h"

enum alarm_state { ALARM_OPEN, ALARM_TAKEN, ALARM_CLOSED, ALARM_STATE_COUNT };
const char *alarm_state_name(enum alarm_state s);

/* Beside the bits of enum report_alarm: alarms that the server raises. */
enum {
	ALARM_NOT_CHARGED = 1u << 13,    /* domain/days.h */
	ALARM_SETTINGS_DRIFT = 1u << 14, /* domain/watch_guard.h */
	ALARM_CONFLICT = 1u << 15,
};

enum { ALARM_NOTE_TEXT = 2001 /* 500 characters */, ALARM_PAGE = 50, ALARM_SCAN_MAX = 5000 };

/* One of these shows a wearer's alarms. */
#define ALARM_READERS (RIGHT_BIT(RIGHT_ALARMS) | RIGHT_BIT(RIGHT_VIEW_POSITION))

struct alarm_info {
	struct uid id, wearer, group;
	uint32_t kinds; /* bits, most severe first */
	int64_t time_ms, received_ms;
	bool has_fix;
	struct fix fix;
	enum alarm_state state;
	uint32_t repeats;
	struct uid taken_by, closed_by;
	char taken_by_name[NAME_TEXT], closed_by_name[NAME_TEXT];
	int64_t taken_ms, closed_ms;
	char note[ALARM_NOTE_TEXT];
	bool is_serious;  /* sos, fall, heart_rate, removed, settings_drift */
	right_set rights; /* alarm_list: what the reader may do with the wearer now */
};
typedef void alarm_fn(void *ctx, const struct alarm_info *a);

/* "sos" … "conflict" of the most severe bit, or of one bit. */
const char *alarm_kind_name(uint32_t kinds);

/* What the caller may see of his groups: who holds `alarms` or `view_position`. Newest first, one
 * page. `before` NULL: from the newest. RC_NOT_FOUND when `before` is not the
 * caller's. */
MUST_CHECK enum rc alarm_list(struct db *reader, const struct principal *who, int64_t now_ms,
	bool only_open, const struct uid *before, alarm_fn *fn, void *ctx, struct err *e);
/* All of one wearer, without asking for rights (the caller has). */
MUST_CHECK enum rc alarm_list_of_wearer(struct db *reader, const struct uid *wearer, bool only_open,
	const struct uid *before, alarm_fn *fn, void *ctx, struct err *e);
MUST_CHECK enum rc alarm_get(
	struct db *reader, const struct uid *alarm, struct alarm_info *ret, struct err *e);

/* Codes: already_taken (RC_CONFLICT; p->detail names who), already_closed. */
MUST_CHECK enum rc alarm_take(struct domain *d, struct db *reader, const struct principal *who,
	const struct uid *alarm, struct alarm_info *ret, struct problem *p, struct err *e);
/* Codes: already_closed (RC_CONFLICT), note_invalid (RC_SYNTAX). */
MUST_CHECK enum rc alarm_close(struct domain *d, struct db *reader, const struct principal *who,
	const struct uid *alarm, struct view note, struct alarm_info *ret, struct problem *p,
	struct err *e);
