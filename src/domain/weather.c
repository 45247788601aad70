#include "domain/weather.h"

#include <stdlib.h>

#include "base/log.h"
#include "domain/courier_dispatch.h"
#include "domain/towns.h"
#include "watch/reply_data.h"

enum { E7_PER_D = 1000000, HOUR_MS = 3600 * 1000 };

/* What is known of one place. */
struct grid_cell {
	bool is_used;
	struct message_weather_told told; /* its place also while nothing is told */
	int64_t asked_ms;                 /* 0: not under way */
	int64_t told_ms;                  /* 0: never */
};

struct waiting {
	bool is_used;
	int64_t since_ms;
	int16_t lat_d, lon_d;
	struct weather_request request;
	char index[MESSAGE_INDEX_MAX];
};

struct weather {
	struct domain *domain;
	struct grid_cell cells[WEATHER_SETS][WEATHER_WAYS];
	struct waiting waiting[WEATHER_WAITING_MAX];
	int64_t hour_ms; /* when the counted hour began */
	unsigned asked_this_hour;
	struct weather_stats stats;
};

enum rc weather_new(struct domain *d, struct weather **ret_owned, struct err *e)
{
	struct weather *w = calloc(1, sizeof *w);

	if (w == NULL)
		return fail(e, RC_NOMEM, "weather: out of memory");
	w->domain = d;
	*ret_owned = w;
	return RC_OK;
}

void weather_free(struct weather *w)
{
	free(w);
}

void weather_read_stats(const struct weather *w, struct weather_stats *ret)
{
	*ret = w->stats;
}

/* ---- places ---- */

/* Rounded to the nearest tenth of a degree. */
static int16_t rounded(int32_t e7)
{
	int64_t half = e7 >= 0 ? E7_PER_D / 2 : -E7_PER_D / 2;

	return (int16_t)((e7 + half) / E7_PER_D);
}

static struct grid_cell *set_of(struct weather *w, int16_t lat_d, int16_t lon_d)
{
	uint32_t key = (uint32_t)(uint16_t)lat_d << 16 | (uint16_t)lon_d;

	return w->cells[key * UINT32_C(2654435761) >> 22];
}

/* The place's own, or NULL. */
static struct grid_cell *find(struct weather *w, int16_t lat_d, int16_t lon_d)
{
	struct grid_cell *set = set_of(w, lat_d, lon_d);

	for (unsigned i = 0; i < WEATHER_WAYS; i++) {
		if (set[i].is_used && set[i].told.lat_d == lat_d && set[i].told.lon_d == lon_d)
			return &set[i];
	}
	return NULL;
}

static int64_t last_ms(const struct grid_cell *c)
{
	if (!c->is_used)
		return INT64_MIN;
	return c->told_ms > c->asked_ms ? c->told_ms : c->asked_ms;
}

/* … or a fresh one in the room of the oldest. */
static struct grid_cell *find_or_make(struct weather *w, int16_t lat_d, int16_t lon_d)
{
	struct grid_cell *set = set_of(w, lat_d, lon_d);
	struct grid_cell *c = find(w, lat_d, lon_d);

	if (c != NULL)
		return c;
	c = &set[0];
	for (unsigned i = 1; i < WEATHER_WAYS; i++) {
		if (last_ms(&set[i]) < last_ms(c))
			c = &set[i];
	}
	*c = (struct grid_cell){.is_used = true, .told = {.lat_d = lat_d, .lon_d = lon_d}};
	return c;
}

/* ---- answers ---- */

static const char *text_of(uint8_t code, const char *language)
{
	static const char *const texts[][WEATHER_CODE_COUNT] = {
		{"Clear", "Cloudy", "Rain", "Snow"},
		{"Klar", "Bew\xC3\xB6lkt", "Regen", "Schnee"},
		{"Despejado", "Nublado", "Lluvia", "Nieve"},
	};
	unsigned i = strcmp(language, "de") == 0 ? 1 : strcmp(language, "es") == 0 ? 2 : 0;

	return texts[i][code < WEATHER_CODE_COUNT ? code : 0];
}

static void copy_text(const char *text, char dst[REPLY_TEXT_MAX + 1])
{
	size_t n = strlen(text);

	memcpy(dst, text, n + 1); /* ours: short */
}

static void copy_city(const struct weather_request *r, char dst[REPLY_TEXT_MAX + 1])
{
	struct town_near near;

	dst[0] = '\0';
	if (town_near(r->lat_e7, r->lon_e7, &near) &&
		!view_to_text(near.name, dst, REPLY_TEXT_MAX + 1))
		dst[0] = '\0';
}

static void fill_now(const struct weather_request *r, const struct message_weather_told *t,
	int64_t local_s, struct reply_data *ret)
{
	*ret = (struct reply_data){.weather = {.local_s = local_s,
					   .code = t->code,
					   .now = t->now,
					   .low = t->days[0].low,
					   .high = t->days[0].high}};
	copy_text(text_of(t->code, r->language), ret->weather.text);
	copy_city(r, ret->weather.city);
}

static void fill_days(const struct weather_request *r, const struct message_weather_told *t,
	int64_t local_s, struct reply_data *ret)
{
	*ret = (struct reply_data){.forecast = {.local_s = local_s, .now = t->now}};
	_Static_assert((int)WEATHER_DAYS == (int)REPLY_FORECAST_DAYS, "four days on both sides");
	for (unsigned i = 0; i < WEATHER_DAYS; i++) {
		struct reply_day *day = &ret->forecast.days[i];
		*day = (struct reply_day){
			.code = t->days[i].code, .low = t->days[i].low, .high = t->days[i].high};
		copy_text(text_of(t->days[i].code, r->language), day->text);
	}
	copy_city(r, ret->forecast.city);
}

/* Only what is known: a forecast needs all its days. */
static void answer(
	struct weather *w, const struct weather_request *r, const struct message_weather_told *t)
{
	struct domain *d = w->domain;
	int64_t local_s = d->wall_ms() / 1000 + r->offset_s;
	struct reply_data data;
	struct reply reply = {
		.kind = r->is_forecast ? REPLY_FORECAST : REPLY_WEATHER, .data = &data};
	struct err e = {.msg = "the service told too few days"};
	bool is_enough = t->is_good && t->days_n >= (r->is_forecast ? WEATHER_DAYS : 1);

	if (is_enough && r->is_forecast)
		fill_days(r, t, local_s, &data);
	else if (is_enough)
		fill_now(r, t, local_s, &data);
	if (!is_enough || reply_data_check(reply.kind, &data, &e) != RC_OK) {
		w->stats.not_answered++;
		if (t->is_good)
			log_event(LOG_WARN, "weather.not_told", "why=\"%s\"", e.msg);
		return;
	}
	w->stats.answered++;
	d->out.answer(d->out.owner, r->session, r->index, &reply);
}

/* ---- questions ---- */

static bool may_ask(struct weather *w, int64_t now_ms)
{
	if (now_ms - w->hour_ms >= HOUR_MS || now_ms < w->hour_ms) {
		w->hour_ms = now_ms;
		w->asked_this_hour = 0;
	}
	return w->asked_this_hour < WEATHER_PER_HOUR_MAX;
}

static bool ask(struct weather *w, struct grid_cell *c, int64_t now_ms)
{
	const struct message m = {.type = MESSAGE_WEATHER_ASK,
		.weather_ask = {.lat_d = c->told.lat_d, .lon_d = c->told.lon_d}};

	if (!may_ask(w, now_ms) || !courier_dispatch_ask(w->domain->courier, &m))
		return false;
	w->asked_this_hour++;
	w->stats.asked++;
	c->asked_ms = now_ms;
	return true;
}

static void wait_for(struct weather *w, const struct weather_request *r, const struct grid_cell *c,
	int64_t now_ms)
{
	for (unsigned i = 0; i < WEATHER_WAITING_MAX; i++) {
		struct waiting *one = &w->waiting[i];
		if (one->is_used && now_ms - one->since_ms < WEATHER_WAIT_MS)
			continue;
		*one = (struct waiting){.is_used = true,
			.since_ms = now_ms,
			.lat_d = c->told.lat_d,
			.lon_d = c->told.lon_d,
			.request = *r};
		if (r->index.n > 0 && r->index.n <= sizeof one->index)
			memcpy(one->index, r->index.p, r->index.n);
		one->request.index = (struct view){
			.p = one->index, .n = r->index.n <= sizeof one->index ? r->index.n : 0};
		return;
	}
	w->stats.not_answered++; /* too many wait */
}

void weather_on_request(struct domain *d, const struct weather_request *r)
{
	struct weather *w = d->weather;
	int64_t now_ms = d->wall_ms();

	if (w == NULL || !d->settings.is_weather_on)
		return;
	struct grid_cell *c = find_or_make(w, rounded(r->lat_e7), rounded(r->lon_e7));
	int64_t keep_ms = c->told.is_good ? WEATHER_FRESH_MS : WEATHER_FAILED_MS;
	bool is_known = c->told_ms != 0 && now_ms - c->told_ms < keep_ms;
	bool is_asked = c->asked_ms != 0 && now_ms - c->asked_ms < WEATHER_WAIT_MS;
	if (is_known)
		answer(w, r, &c->told);
	else if (is_asked || ask(w, c, now_ms))
		wait_for(w, r, c, now_ms);
	else
		w->stats.not_answered++;
}

void weather_on_told(struct domain *d, const struct message_weather_told *m)
{
	struct weather *w = d->weather;
	struct grid_cell *c = w == NULL ? NULL : find(w, m->lat_d, m->lon_d);
	int64_t now_ms = d->wall_ms();

	if (c == NULL || c->asked_ms == 0)
		return; /* nobody asked, or others took its room */
	c->asked_ms = 0;
	c->told_ms = now_ms;
	c->told = *m;
	w->stats.failed += !m->is_good;
	for (unsigned i = 0; i < WEATHER_WAITING_MAX; i++) {
		struct waiting *one = &w->waiting[i];
		if (!one->is_used || one->lat_d != m->lat_d || one->lon_d != m->lon_d)
			continue;
		one->is_used = false;
		if (now_ms - one->since_ms < WEATHER_WAIT_MS)
			answer(w, &one->request, m);
	}
}
