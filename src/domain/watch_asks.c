#include "domain/watch_asks.h"

#include <stdlib.h>

#include "base/log.h"
#include "domain/bus.h"
#include "domain/calls.h"
#include "domain/days.h"
#include "domain/friends.h"
#include "domain/ingest_inside.h"
#include "domain/towns.h"
#include "domain/weather.h"
#include "watch/reply_data.h"
#include "watch/report_detail.h"

/* Who asks; a plain value. */
struct asker {
	struct uid wearer, group;
	uint32_t number;
	bool has_fix;
	struct fix fix; /* the newest good place */
	int32_t offset_s;
	char language[3];
};

/* False for a second connection that only says it is this watch. */
static bool find_asker(struct domain *d, uint64_t session, struct asker *ret)
{
	*ret = (struct asker){.number = 0};
	live_lock(d->live);
	const struct live_device *dev = live_by_session(d->live, session);
	if (dev != NULL) {
		ret->wearer = dev->wearer;
		ret->group = dev->group;
		ret->number = dev->number;
		ret->has_fix = batch_last_place(d->ingest, dev, &ret->fix);
		days_clock(d->days, dev, d->wall_ms(), &ret->offset_s, ret->language);
	}
	live_unlock(d->live);
	return ret->number != 0 && ingest_trusts(d, ret->number, session);
}

/* ---- calls ---- */

struct call_work {
	struct domain *domain;
	struct uid wearer, group;
	struct call_entry call;
	int64_t received_ms;
	uint64_t session;
	struct reply reply;
	char index[MESSAGE_INDEX_MAX];
	uint8_t index_n;
};

static enum rc call_job(struct db *db, void *arg, struct err *e)
{
	const struct call_work *w = arg;

	return call_take_in(db, &w->wearer, &w->call, w->received_ms, e);
}

/* Not stored: not answered, so the watch says it again. */
static void call_done(void *arg, enum rc rc, const struct err *e)
{
	struct call_work *w = arg;
	struct domain *d = w->domain;

	if (rc != RC_OK) {
		log_event(LOG_ERROR, "call.not_stored", "why=\"%s\"", e->msg);
	} else {
		d->out.answer(d->out.owner, w->session,
			(struct view){.p = w->index, .n = w->index_n}, &w->reply);
		bus_publish(d->bus, EVENT_HEALTH, &w->group, &w->wearer);
	}
	free(w);
}

static void copy_call(const struct report_call *from, struct call_entry *to)
{
	*to = (struct call_entry){.started_ms = from->started_ms,
		.is_out = from->is_outgoing,
		.is_connected = from->is_connected,
		.seconds = from->duration_s};
	_Static_assert(sizeof to->number >= sizeof from->number, "see calls.h");
	_Static_assert(sizeof to->name >= sizeof from->name, "see calls.h");
	memcpy(to->number, from->number, sizeof from->number);
	memcpy(to->name, from->name, sizeof from->name);
}

/* False: it is to be answered as if nothing were in it. */
static bool take_call(struct domain *d, const struct message_report *m, const struct report *r)
{
	struct report_call call;
	struct asker who;
	struct err e;

	if (!report_call(r, &call) || !find_asker(d, m->session, &who))
		return false;
	struct call_work *w = calloc(1, sizeof *w);
	if (w == NULL)
		return true; /* not answered: it comes again */
	w->domain = d;
	w->wearer = who.wearer;
	w->group = who.group;
	w->received_ms = m->received_ms;
	w->session = m->session;
	w->reply = m->reply;
	w->index_n = (uint8_t)(m->index.n <= sizeof w->index ? m->index.n : 0);
	if (w->index_n > 0)
		memcpy(w->index, m->index.p, w->index_n);
	copy_call(&call, &w->call);
	if (writer_post(d->writer, call_job, call_done, w, 0, &e) != RC_OK) {
		log_event(LOG_WARN, "call.busy", "why=\"%s\"", e.msg);
		free(w);
	}
	return true;
}

bool watch_asks_on_other(struct domain *d, const struct message_report *m, const struct report *r)
{
	if (report_request(r) == REQUEST_FRIEND_REMOVE)
		friends_on_remove(d, m, r);
	return strcmp(r->keyword, "CALLLOG") == 0 && take_call(d, m, r);
}

/* ---- where it is ---- */

static void answer(struct domain *d, const struct message_report *m, enum reply_kind kind,
	const struct reply_data *data)
{
	struct reply reply = {.kind = kind, .data = data};
	struct err e;

	if (reply_data_check(kind, data, &e) == RC_OK)
		d->out.answer(d->out.owner, m->session, m->index, &reply);
	else
		log_event(LOG_WARN, "watch.no_answer", "why=\"%s\"", e.msg);
}

/* The nearest town: no street is known here. */
static void answer_address(
	struct domain *d, const struct message_report *m, const struct asker *who)
{
	struct reply_data data = {.address = {.is_gps = who->fix.source == FIX_GPS}};
	char text[TOWN_TEXT];
	struct town_near near;

	if (!town_near(who->fix.lat_e7, who->fix.lon_e7, &near))
		return;
	town_near_text(&near, VIEW("en"), text); /* watches of this kind ask in CH or EN */
	_Static_assert(sizeof data.address.text >= sizeof text, "see towns.h");
	memcpy(data.address.text, text, sizeof text);
	answer(d, m, REPLY_ADDRESS, &data);
}

static void answer_place(struct domain *d, const struct message_report *m, const struct asker *who)
{
	const struct reply_data data = {
		.place = {.lat_e7 = who->fix.lat_e7, .lon_e7 = who->fix.lon_e7}};

	answer(d, m, REPLY_PLACE, &data);
}

static bool knows_place(const struct asker *who, int64_t now_ms)
{
	return who->has_fix && llabs(now_ms - who->fix.time_ms) <= WATCH_ASKS_FRESH_MS;
}

/* Also where the watch was some hours ago: the weather is that of the region. */
static void ask_weather(
	struct domain *d, const struct message_report *m, const struct asker *who, bool is_forecast)
{
	struct weather_request request = {.session = m->session,
		.index = m->index,
		.is_forecast = is_forecast,
		.lat_e7 = who->fix.lat_e7,
		.lon_e7 = who->fix.lon_e7,
		.offset_s = who->offset_s};

	if (!who->has_fix || llabs(m->received_ms - who->fix.time_ms) > WATCH_ASKS_REGION_MS)
		return;
	memcpy(request.language, who->language, sizeof request.language);
	weather_on_request(d, &request);
}

void watch_asks_on_position(
	struct domain *d, const struct message_report *m, const struct report *r)
{
	enum report_request request = report_request(r);
	struct asker who;

	if (request == REQUEST_FRIEND_ADD)
		friends_on_touch(d, m, r);
	if (request == REQUEST_NONE || !find_asker(d, m->session, &who))
		return;
	if (request == REQUEST_ADDRESS && knows_place(&who, m->received_ms))
		answer_address(d, m, &who);
	else if (request == REQUEST_PLACE && knows_place(&who, m->received_ms))
		answer_place(d, m, &who);
	else if (request == REQUEST_WEATHER || request == REQUEST_FORECAST)
		ask_weather(d, m, &who, request == REQUEST_FORECAST);
}
