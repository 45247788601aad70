#include "watch/report.h"

#include <stddef.h>

#include "watch/fields.h"
#include "watch/keyword.h"
#include "watch/position.h"
#include "watch/values.h"

enum { MS_PER_DAY = 86400000 };

/* 2015-01-01T00:00:00Z: no watch of this kind is older, so an earlier clock was never set. */
static const int64_t clock_set_after_ms = 1420070400000;

/* ---- keywords ---- */

/* Upper case to r->keyword. False for what cannot be echoed: it is no keyword. */
static bool read_keyword(struct view v, struct report *r)
{
	r->keyword[0] = '\0';
	if (v.n == 0 || v.n > REPORT_KEYWORD_MAX)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		if (!ascii_is_alnum(v.p[i]) && v.p[i] != '_') {
			r->keyword[0] = '\0';
			return false;
		}
		r->keyword[i] = ascii_upper(v.p[i]);
	}
	r->keyword[v.n] = '\0';
	return true;
}

static bool is_stored(const char *keyword)
{
	return keyword[2] == '2' && (keyword[3] == '\0' || keyword[3] == '_');
}

static void keep_text(struct view params, struct report *r)
{
	r->text = params;
	if (r->text.n > REPORT_TEXT_MAX)
		r->text.n = REPORT_TEXT_MAX;
}

/* The field before the record of WAD: CH or EN. */
static void keep_language(struct view params, struct report *r)
{
	struct view v;

	if (view_cut_until(&params, ',', 2, &v) && v.n == 2 && !ascii_is_digit(v.p[0]) &&
		ascii_is_alnum(v.p[0]) && ascii_is_alnum(v.p[1]))
		r->text = v;
}

/* ---- families ---- */

/* An SOS is never lost: whatever the fields hold, this is an alarm. */
static void read_alarm(const struct frame *f, struct report *r)
{
	r->kind = REPORT_ALARM;
	if (f->params.p == NULL)
		report_miss(r, REPORT_BAD_FIELDS);
	else
		position_read(f->vendor, f->params, r);
	if (r->alarms == 0)
		r->alarms = REPORT_ALARM_UNKNOWN;
}

/* Six digits and a comma: how a record begins, with its date or, in PP, with the local time. */
static bool starts_record(struct view params)
{
	for (size_t i = 0; i < 6; i++) {
		if (i >= params.n || !ascii_is_digit(params.p[i]))
			return false;
	}
	return params.n > 6 && params.p[6] == ',';
}

static void read_position(const struct frame *f, struct report *r)
{
	bool is_weather = r->keyword[0] == 'W' && r->keyword[1] == 'T';
	bool is_friend = r->keyword[0] == 'P';

	r->kind = REPORT_POSITION;
	r->is_stored = r->keyword[0] == 'U' && is_stored(r->keyword);
	if ((is_weather || is_friend) && !starts_record(f->params))
		r->kind = REPORT_OTHER; /* a request without a place, or the data that answer it */
	else if (f->params.p != NULL)
		position_read(f->vendor, f->params, r);
	else
		report_refuse(r, REPORT_BAD_FIELDS);
	if (r->kind == REPORT_POSITION && r->keyword[0] == 'W' && r->keyword[1] == 'A')
		keep_language(f->params, r);
}

static void read_cells_alone(struct view params, struct report *r)
{
	r->kind = REPORT_POSITION;
	if (!cells_read(&params, r) || r->cells_n == 0)
		report_refuse(r, REPORT_BAD_CELLS);
}

/* The answer that we give to this keyword, and nothing else: it came back. */
static bool is_own_answer(struct view params)
{
	return params.n > 0 && params.n <= 2 && ascii_is_digit(params.p[params.n - 1]) &&
	       (params.n == 1 || params.p[0] == '-');
}

static void read_known(const struct keyword *k, const struct frame *f, struct report *r)
{
	switch (k->family) {
	case FAMILY_HEARTBEAT:
		r->kind = REPORT_HEARTBEAT;
		heartbeat_read(f->vendor, f->params, r);
		return;
	case FAMILY_KA:
		r->kind = REPORT_HEARTBEAT;
		ka_read(f->params, r);
		return;
	case FAMILY_POSITION:
		read_position(f, r);
		return;
	case FAMILY_CELLS:
		read_cells_alone(f->params, r);
		return;
	case FAMILY_HEART:
	case FAMILY_BLOOD:
	case FAMILY_OXYGEN:
	case FAMILY_TEMP:
	case FAMILY_BTEMP:
		r->kind = REPORT_HEALTH;
		health_read(k->family, f->params, r);
		return;
	case FAMILY_TK:
	case FAMILY_TK2:
	case FAMILY_STK:
	case FAMILY_IMG:
	case FAMILY_JXTK:
		r->kind = REPORT_MEDIA;
		media_read(k->family, f->params, r);
		return;
	case FAMILY_PRIVATE:
	case FAMILY_STATUS:
	case FAMILY_WIFI:
		r->kind = is_own_answer(f->params) ? REPORT_ANSWER : REPORT_OTHER;
		if (k->family == FAMILY_STATUS)
			keep_text(f->params, r);
		if (k->family == FAMILY_WIFI && r->kind == REPORT_OTHER)
			wifi_info_read(f->params, r);
		return;
	case FAMILY_COMMAND:
		r->kind = REPORT_ANSWER;
		keep_text(f->params, r);
		return;
	case FAMILY_OTHER:
		r->kind = REPORT_OTHER;
		keep_text(f->params, r);
		return;
	}
}

static bool has_nul(struct view v)
{
	return v.n > 0 && memchr(v.p, '\0', v.n) != NULL;
}

void report_read(const struct frame *f, struct report *r)
{
	memset(r, 0,
		offsetof(struct report, cdma)); /* what follows is told by has and the counts */

	bool is_keyword = read_keyword(f->keyword, r);
	if (view_starts_nocase(f->keyword, VIEW("AL"))) {
		read_alarm(f, r);
		return;
	}
	if (!is_keyword) {
		report_refuse(r, REPORT_BAD_KEYWORD);
		return;
	}
	if (memcmp(r->keyword, "UD", 2) == 0 || memcmp(r->keyword, "WT", 2) == 0) {
		read_position(f, r);
		return;
	}
	if (!f->is_binary && has_nul(f->params)) {
		report_refuse(r, REPORT_BAD_TEXT);
		return;
	}
	const struct keyword *k = keyword_find((struct view){.p = r->keyword, .n = f->keyword.n});
	if (k != NULL) {
		read_known(k, f, r);
		return;
	}
	r->kind = REPORT_OTHER;
	keep_text(f->params, r);
}

/* ---- time ---- */

static int64_t distance(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

int64_t report_time_ms(const struct report *r, int64_t received_ms, bool *ret_is_clock_unset)
{
	int64_t time_ms = r->time_ms;

	*ret_is_clock_unset = false;
	if ((r->has & REPORT_HAS_TIME) == 0)
		return received_ms;
	if (r->is_time_alternative &&
		distance(r->time_alt_ms, received_ms) < distance(time_ms, received_ms))
		time_ms = r->time_alt_ms;
	*ret_is_clock_unset = time_ms < clock_set_after_ms || time_ms > received_ms + MS_PER_DAY;
	return *ret_is_clock_unset ? received_ms : time_ms;
}

/* ---- names ---- */

const char *report_alarm_name(enum report_alarm bit)
{
	switch (bit) {
	case REPORT_ALARM_SOS:
		return "sos";
	case REPORT_ALARM_FALL:
		return "fall";
	case REPORT_ALARM_HEART_RATE:
		return "heart_rate";
	case REPORT_ALARM_REMOVED:
		return "removed";
	case REPORT_ALARM_LEFT_PLACE:
		return "left_place";
	case REPORT_ALARM_ENTERED_PLACE:
		return "entered_place";
	case REPORT_ALARM_LOW_BATTERY:
		return "low_battery";
	case REPORT_ALARM_POWER_CUT:
		return "power_cut";
	case REPORT_ALARM_UNKNOWN:
		return "unknown";
	}
	return NULL;
}

const char *report_flag_name(enum report_flag bit)
{
	switch (bit) {
	case REPORT_FLAG_LOW_BATTERY:
		return "low_battery";
	case REPORT_FLAG_OUTSIDE_FENCE:
		return "outside_fence";
	case REPORT_FLAG_INSIDE_FENCE:
		return "inside_fence";
	case REPORT_FLAG_OFF_WRIST:
		return "off_wrist";
	case REPORT_FLAG_STILL:
		return "still";
	}
	return NULL;
}

static const char *const kind_names[REPORT_KIND_COUNT] = {
	[REPORT_POSITION] = "position",
	[REPORT_ALARM] = "alarm",
	[REPORT_HEARTBEAT] = "heartbeat",
	[REPORT_HEALTH] = "health",
	[REPORT_MEDIA] = "media",
	[REPORT_ANSWER] = "answer",
	[REPORT_OTHER] = "other",
	[REPORT_ERROR] = "error",
};

const char *report_kind_name(enum report_kind kind)
{
	return kind < REPORT_KIND_COUNT ? kind_names[kind] : "error";
}

static const char *const error_texts[REPORT_ERROR_COUNT] = {
	[REPORT_FINE] = "",
	[REPORT_BAD_KEYWORD] = "no readable keyword",
	[REPORT_BAD_TEXT] = "a NUL byte in a text field",
	[REPORT_BAD_FIELDS] = "fields are missing",
	[REPORT_BAD_DATE] = "the date does not exist",
	[REPORT_BAD_TIME] = "the time does not exist",
	[REPORT_BAD_VALIDITY] = "validity is neither A nor V",
	[REPORT_BAD_POINT] = "the coordinates are no place on earth",
	[REPORT_BAD_HEMISPHERE] = "the hemisphere is not N, S, E, W or empty",
	[REPORT_BAD_STATUS] = "the status word is not 1 to 8 hex digits",
	[REPORT_BAD_VALUE] = "a value is out of range or unreadable; it is left out",
	[REPORT_BAD_CELLS] = "the cell count does not fit the fields; the list is left out",
	[REPORT_BAD_WIFI] = "the Wi-Fi count does not fit the fields; the list is left out",
	[REPORT_BAD_MEDIA] = "the voice, picture or chunk is damaged",
};

const char *report_error_text(enum report_error error)
{
	return error < REPORT_ERROR_COUNT ? error_texts[error] : "";
}
