#include "sim/simask.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/time_text.h"
#include "base/utf8.h"
#include "sim/simmodel.h"
#include "sim/simtalk.h"
#include "sim/simvoice.h"

enum { DAY_FIELDS = 4, DAYS = 4, TEXT_MAX = 300, NAME_UNITS_MAX = 30 };

static void say(struct simwatch *w, const char *content)
{
	if (w->io.fd >= 0)
		simwatch_send(w, view_of(content));
}

static void tell(struct simwatch *w, const char *event, const char *detail)
{
	transcript_event(w->world->transcript, w->id, event, detail);
}

static bool is_yisai(const struct simwatch *w)
{
	return manners_have(&w->manners, MANNER_LOCAL_TIME);
}

/* ---- questions ---- */

void simask_login(struct simwatch *w)
{
	static const char *const yisai[] = {
		"SCHEDULEQ", "TIME", "PHLQ", "SOSQ", "REMINDQ", "PPQ", "TKQ", "TKQ2"};

	w->has_asked = true;
	for (size_t i = 0; i < COUNT_OF(yisai) && is_yisai(w); i++)
		say(w, yisai[i]);
	if (!is_yisai(w))
		say(w, "TKQ");
}

static void ask_with_place(struct simwatch *w, const char *keyword, const char *before)
{
	char record[UPLINK_CONTENT_MAX];
	char content[UPLINK_CONTENT_MAX + 32];
	struct wire t;

	wire_init(&t, record, sizeof record);
	simtalk_record(w, keyword, &t);
	struct view fields = {.p = t.p, .n = t.n};
	struct view name = {0};
	if (!view_cut_field(&fields, ',', &name) || fields.p == NULL)
		return;
	wire_init(&t, content, sizeof content);
	wire_add(&t, "%.*s,%s", (int)name.n, name.p, before);
	wire_add_bytes(&t, fields.p, fields.n);
	if (w->io.fd >= 0)
		simwatch_send(w, (struct view){.p = t.p, .n = t.n});
}

/* Touch to add a friend: the watch's own clock stands first, but not on yisai. */
static void ask_friend(struct simwatch *w)
{
	char clock[16] = "";
	struct civil c;

	civil_from_ms(clock_wall_ms() + (int64_t)w->zone_min * 60000, &c);
	if (!is_yisai(w))
		(void)snprintf(clock, sizeof clock, "%02u%02u%02u,", c.hour, c.min, c.sec);
	ask_with_place(w, "PP", clock);
}

bool simask_ask(struct simwatch *w, struct view what)
{
	static const char *const bare[][2] = {{"friends", "PPQ"}, {"unfriend", "PPR"},
		{"book", "PHLQ"}, {"sos", "SOSQ"}, {"alarms", "REMINDQ"},
		{"timetable", "SCHEDULEQ"}, {"pictures", "wdimgq"}, {"time", "TIME"},
		{"zone", "LGZONE"}, {"bound", "DEVPWDCHECKBIND"}, {"unbind", "DLT"},
		{"entries", "PHBQ"}};

	for (size_t i = 0; i < COUNT_OF(bare); i++) {
		if (view_is(what, view_of(bare[i][0]))) {
			say(w, bare[i][1]);
			return true;
		}
	}
	if (view_is(what, VIEW("weather")))
		ask_with_place(w, "WT", "");
	else if (view_is(what, VIEW("forecast")))
		ask_with_place(w, "WT_FUTR", "");
	else if (view_is(what, VIEW("place")))
		ask_with_place(w, "WG", "");
	else if (view_is(what, VIEW("address")))
		ask_with_place(w, "WAD", "EN,");
	else if (view_is(what, VIEW("friend")))
		ask_friend(w);
	else if (view_is(what, VIEW("voice")))
		simvoice_ask(w);
	else
		return false;
	return true;
}

void simask_tell_call(struct simwatch *w, bool is_outgoing, struct view number, uint32_t seconds,
	struct view name)
{
	char content[UPLINK_CONTENT_MAX];
	struct wire t;
	uint32_t c = 0;

	wire_init(&t, content, sizeof content);
	wire_add(&t, "calllog,%.*s,", (int)number.n, number.p);
	for (unsigned i = 0; i < NAME_UNITS_MAX && utf8_next(&name, &c); i++)
		wire_add(&t, "%04X", c <= 0xFFFF ? c : 0xFFFD);
	wire_add(&t, ",%d,%d,%lld,%u", is_outgoing ? 2 : 1, seconds > 0 ? 1 : 2,
		(long long)(clock_wall_ms() / 1000 - seconds), seconds);
	simwatch_send(w, (struct view){.p = t.p, .n = t.n});
}

/* ---- answers, read as strictly as the catalogue prints them ---- */

static bool is_form(struct view v, const char *form)
{
	for (size_t i = 0; i < v.n; i++) {
		bool is_good = form[i] == '9' ? ascii_is_digit(v.p[i]) : form[i] == v.p[i];
		if (form[i] == '\0' || !is_good)
			return false;
	}
	return form[v.n] == '\0';
}

static bool is_number(struct view v, int64_t min, int64_t max)
{
	int64_t value = 0;

	return num_i64(v, min, max, &value, NULL) == RC_OK && v.p[0] != '+';
}

/* Hex digits of GB2312; of it only ASCII is read here. */
static bool is_gb(struct view v, char *ret, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i + 1 < v.n; i += 2) {
		int high = ascii_hex(v.p[i]);
		int low = ascii_hex(v.p[i + 1]);
		if (high < 0 || low < 0 || n + 1 >= size)
			return false;
		ret[n++] = (char)(high << 4 | low);
	}
	ret[n] = '\0';
	return v.n % 2 == 0 && v.n > 0;
}

static size_t cut_all(struct view params, struct view *ret, size_t max)
{
	size_t n = 0;

	while (n < max && view_cut_field(&params, ',', &ret[n]))
		n++;
	return params.p == NULL ? n : max + 1;
}

/* date,time,text,code,now,low,high,city */
static bool read_weather(const struct simwatch *w, struct view params, char *ret, size_t size)
{
	struct view f[8];
	char text[TEXT_MAX];
	char city[TEXT_MAX];

	if (cut_all(params, f, COUNT_OF(f)) != COUNT_OF(f) || !is_form(f[0], "9999-99-99") ||
		!is_form(f[1], "99:99:99") || !is_number(f[3], 0, 3) || !is_number(f[4], -60, 60) ||
		!is_number(f[5], -60, 60) || !is_number(f[6], -60, 60) ||
		!downlink_text(f[7], city, sizeof city))
		return false;
	bool is_text = is_yisai(w) ? downlink_text(f[2], text, sizeof text)
				   : is_gb(f[2], text, sizeof text);
	(void)snprintf(ret, size, "%s %s, %.*s degrees", city, text, (int)f[4].n, f[4].p);
	return is_text;
}

/* date,time,city,now, and four days, each but the first with its date before it */
static bool read_forecast(struct view params, char *ret, size_t size)
{
	struct view f[4 + DAYS * (DAY_FIELDS + 1) - 1];
	char city[TEXT_MAX];
	char text[TEXT_MAX];
	size_t at = 4;

	if (cut_all(params, f, COUNT_OF(f)) != COUNT_OF(f) || !is_form(f[0], "9999-99-99") ||
		!is_form(f[1], "99:99:99") || !downlink_text(f[2], city, sizeof city) ||
		!is_number(f[3], -60, 60))
		return false;
	for (unsigned i = 0; i < DAYS; i++, at += DAY_FIELDS) {
		if (i > 0 && !is_form(f[at++], "9999-99-99"))
			return false;
		if (!downlink_text(f[at], text, sizeof text) || !is_number(f[at + 1], 0, 9) ||
			!is_number(f[at + 2], -60, 60) || !is_number(f[at + 3], -60, 60))
			return false;
	}
	(void)snprintf(ret, size, "%s, %.*s degrees", city, (int)f[3].n, f[3].p);
	return true;
}

static bool read_place(struct view params, char *ret, size_t size)
{
	struct view f[5];
	int64_t value = 0;

	if (cut_all(params, f, COUNT_OF(f)) != COUNT_OF(f) || !view_is(f[0], VIEW("BASE")) ||
		num_decimal(f[1], 6, -90000000, 90000000, &value, NULL) != RC_OK ||
		!view_is(f[2], VIEW("N")) ||
		num_decimal(f[3], 6, -180000000, 180000000, &value, NULL) != RC_OK ||
		!view_is(f[4], VIEW("E")))
		return false;
	(void)snprintf(ret, size, "%.*s %.*s", (int)f[1].n, f[1].p, (int)f[3].n, f[3].p);
	return true;
}

static bool read_address(struct view params, char *ret, size_t size)
{
	struct view f[2];

	return cut_all(params, f, COUNT_OF(f)) == COUNT_OF(f) &&
	       (view_is(f[0], VIEW("GPS")) || view_is(f[0], VIEW("BASE"))) &&
	       is_gb(f[1], ret, size);
}

/* Sets the clock of families that ask. */
static bool read_time(struct simwatch *w, struct view params, char *ret, size_t size)
{
	uint32_t unix_s = 0;

	if (num_u32(params, UINT32_MAX, &unix_s, NULL) != RC_OK)
		return false;
	w->manners.clock_error_s = (int32_t)((int64_t)unix_s - clock_wall_ms() / 1000);
	(void)snprintf(ret, size, "%u", unix_s);
	return true;
}

static bool is_result(struct view v)
{
	if (v.n != 1 && (v.n < 5 || v.n > 20))
		return false;
	for (size_t i = 0; i < v.n; i++) {
		if (!ascii_is_alnum(v.p[i]))
			return false;
	}
	return v.n > 1 || v.p[0] == '1' || v.p[0] == '2';
}

/* PP,id,name,number of yisai; pp,result of others. */
static bool read_friend(const struct simwatch *w, struct view params, char *ret, size_t size)
{
	struct view f[3];
	char name[TEXT_MAX] = "";
	size_t n = cut_all(params, f, COUNT_OF(f));

	if (n != (is_yisai(w) ? 3u : 1u) || !is_result(f[0]) ||
		(n == 3 && !downlink_text(f[1], name, sizeof name)))
		return false;
	(void)snprintf(
		ret, size, "%.*s%s%s", (int)f[0].n, f[0].p, name[0] == '\0' ? "" : " ", name);
	return true;
}

static bool read_bound(struct view params, char *ret, size_t size)
{
	bool is_bound = view_is(params, VIEW("1,1"));

	(void)snprintf(ret, size, "%s", is_bound ? "yes" : "no");
	return is_bound || view_is(params, VIEW("1,0"));
}

static bool read_status(struct view params, char *ret, size_t size)
{
	(void)snprintf(ret, size, "%.*s", (int)params.n, params.p == NULL ? "" : params.p);
	return params.p == NULL || view_is(params, VIEW("1")) || view_is(params, VIEW("0"));
}

enum answer {
	ANSWER_WEATHER,
	ANSWER_FORECAST,
	ANSWER_PLACE,
	ANSWER_ADDRESS,
	ANSWER_TIME,
	ANSWER_FRIEND,
	ANSWER_BOUND,
	ANSWER_STATUS,
	ANSWER_BARE,
};

static const struct {
	const char *keyword, *event;
	enum answer answer;
} answers[] = {
	{"WT", "weather", ANSWER_WEATHER},
	{"WT_FUTR", "forecast", ANSWER_FORECAST},
	{"RG", "place", ANSWER_PLACE},
	{"RAD", "address", ANSWER_ADDRESS},
	{"TIME", "clock", ANSWER_TIME},
	{"PP", "friend", ANSWER_FRIEND},
	{"DEVPWDCHECKBIND", "bound", ANSWER_BOUND},
	{"calllog", "call answered", ANSWER_STATUS},
	{"oxygen", NULL, ANSWER_STATUS},
	{"INIT", NULL, ANSWER_STATUS},
	{"WIFIINFOUP", NULL, ANSWER_STATUS},
	{"bphrt", NULL, ANSWER_BARE},
	{"btemp2", NULL, ANSWER_BARE},
	{"LGZONE", NULL, ANSWER_BARE},
	{"DLT", "unbound", ANSWER_BARE},
	{"APPANDFNREPORT", NULL, ANSWER_BARE},
	{"SMSREMINDSTATUSINFO", NULL, ANSWER_BARE},
};

static bool read_answer(
	struct simwatch *w, enum answer answer, struct view params, char *ret, size_t size)
{
	switch (answer) {
	case ANSWER_WEATHER:
		return read_weather(w, params, ret, size);
	case ANSWER_FORECAST:
		return read_forecast(params, ret, size);
	case ANSWER_PLACE:
		return read_place(params, ret, size);
	case ANSWER_ADDRESS:
		return read_address(params, ret, size);
	case ANSWER_TIME:
		return read_time(w, params, ret, size);
	case ANSWER_FRIEND:
		return read_friend(w, params, ret, size);
	case ANSWER_BOUND:
		return read_bound(params, ret, size);
	case ANSWER_STATUS:
		return read_status(params, ret, size);
	case ANSWER_BARE:
		return params.p == NULL;
	}
	return false;
}

bool simask_receive(struct simwatch *w, const struct downlink *d)
{
	char text[2 * TEXT_MAX + 40] = "";

	for (size_t i = 0; i < COUNT_OF(answers); i++) {
		if (!view_is_nocase(d->keyword, view_of(answers[i].keyword)))
			continue;
		if (!read_answer(w, answers[i].answer, d->params, text, sizeof text)) {
			w->world->counts.bad++;
			tell(w, "malformed answer", answers[i].keyword);
		} else if (answers[i].event != NULL) {
			tell(w, answers[i].event, text);
		}
		return true;
	}
	/* the answer to PP without a keyword */
	if (d->params.p != NULL || !is_result(d->keyword) || !ascii_is_digit(d->keyword.p[0]) ||
		!view_to_text(d->keyword, text, sizeof text))
		return false;
	tell(w, "friend", text);
	return true;
}
