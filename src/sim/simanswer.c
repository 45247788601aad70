#include "sim/simanswer.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "sim/simask.h"
#include "sim/simmemory.h"
#include "sim/simsettings.h"
#include "sim/simtalk.h"
#include "sim/simvoice.h"
#include "sim/uplink.h"

enum {
	LOCATE_MS = 3 * 60 * 1000,
	GPS_START_MS = 1500,
	UPLOAD_MIN_S = 5,
	UPLOAD_MAX_S = 65535,
};

static int64_t now_ms(const struct simwatch *w)
{
	return loop_now_ms(w->world->loop);
}

static void say(struct simwatch *w, const char *content)
{
	simwatch_send(w, view_of(content));
}

static void tell(struct simwatch *w, const char *event, const char *detail)
{
	transcript_event(w->world->transcript, w->id, event, detail);
}

void simanswer_say(struct simwatch *w, const char *content)
{
	if (manners_have(&w->manners, MANNER_DEAF))
		return;
	if (!manners_have(&w->manners, MANNER_SLOW)) {
		say(w, content);
		return;
	}
	char *copy = w->acks_n < SIMWATCH_ACKS_MAX ? strdup(content) : NULL;
	if (copy == NULL) {
		tell(w, "acknowledgement not sent", "too many are waiting");
		return;
	}
	int64_t due_ms = now_ms(w) + (int64_t)w->manners.slow_s * 1000;
	w->acks[w->acks_n++] = (struct simwatch_ack){.due_ms = due_ms, .content = copy};
	simwatch_set_due(w, DUE_ACK, w->acks[0].due_ms);
}

void simanswer_send_acks(struct simwatch *w)
{
	while (w->acks_n > 0 && w->acks[0].due_ms <= now_ms(w)) {
		char *content = w->acks[0].content;
		w->acks_n--;
		memmove(w->acks, w->acks + 1, w->acks_n * sizeof w->acks[0]);
		say(w, content);
		free(content);
	}
	if (w->acks_n > 0)
		simwatch_set_due(w, DUE_ACK, w->acks[0].due_ms);
}

void simanswer_acknowledge(struct simwatch *w, const struct downlink *d)
{
	char keyword[32];

	if (view_to_text(d->keyword, keyword, sizeof keyword))
		simanswer_say(w, keyword);
}

static void on_locate(struct simwatch *w, const struct downlink *d)
{
	simanswer_acknowledge(w, d);
	w->locate_until_ms = now_ms(w) + LOCATE_MS;
	simwatch_set_due(w, DUE_LOCATE, now_ms(w) + GPS_START_MS);
}

static void on_find(struct simwatch *w, const struct downlink *d)
{
	tell(w, "ring", NULL);
	simanswer_acknowledge(w, d);
}

static void on_message(struct simwatch *w, const struct downlink *d)
{
	if (w->shown == NULL)
		w->shown = calloc(1, SIMWATCH_SHOWN_MAX);
	if (w->shown == NULL || !downlink_text(d->params, w->shown, SIMWATCH_SHOWN_MAX)) {
		tell(w, "unreadable message", NULL);
		return;
	}
	tell(w, "message", w->shown);
	simanswer_acknowledge(w, d);
}

static void on_upload(struct simwatch *w, const struct downlink *d)
{
	uint32_t s = 0;

	simanswer_acknowledge(w, d);
	if (num_u32(d->params, UPLOAD_MAX_S, &s, NULL) != RC_OK || s < UPLOAD_MIN_S)
		return;
	if (!manners_have(&w->manners, MANNER_EAGER))
		w->upload_s = s;
}

static void set_zone(struct simwatch *w, struct view hours)
{
	int64_t minutes_e2 = 0;

	if (num_decimal(hours, 2, -1200, 1400, &minutes_e2, NULL) == RC_OK)
		w->zone_min = (int)(minutes_e2 * 60 / 100);
}

static void on_zone(struct simwatch *w, const struct downlink *d)
{
	set_zone(w, d->params);
	simanswer_acknowledge(w, d);
}

static void on_language_zone(struct simwatch *w, const struct downlink *d)
{
	struct view fields = d->params;
	struct view language;

	if (view_cut_field(&fields, ',', &language) && fields.p != NULL)
		set_zone(w, fields);
	simanswer_acknowledge(w, d);
}

static void on_version(struct simwatch *w, const struct downlink *d)
{
	char content[80];
	struct wire t;

	(void)d;
	wire_init(&t, content, sizeof content);
	wire_add(&t, "VERNO,KWSIM_G29_V%u.%02u_2025.11.03_17.46.49", 1 + w->updates_n,
		(unsigned)(w->person.seed % 100));
	simanswer_say(w, content);
}

static void on_status(struct simwatch *w, const struct downlink *d)
{
	char content[400];
	struct wire t;

	(void)d;
	wire_init(&t, content, sizeof content);
	wire_add(&t,
		"TS,ver:KWSIM_G29_V1.%02u;ID:%s;imei:%s;upload:%u;batlevel:%d;zone:%+03d:%02d;"
		"profile:1;GPS:OK(0);NET:OK(100)",
		(unsigned)(w->person.seed % 100), w->id, w->imei, w->upload_s,
		simtalk_battery_percent(w), w->zone_min / 60, abs(w->zone_min % 60));
	simmemory_add_status(w, &t);
	simanswer_say(w, content);
}

static void on_reset(struct simwatch *w, const struct downlink *d)
{
	if (!manners_have(&w->manners, MANNER_LOCAL_TIME)) /* yisai says nothing */
		simanswer_acknowledge(w, d);
	tell(w, "reboot", "told by the server");
	simwatch_drop(w, SIMWATCH_WAITING);
	simwatch_connect_later(w, SIMWATCH_BOOT_MS);
}

static void on_forbidden(struct simwatch *w, const struct downlink *d)
{
	(void)d;
	w->world->counts.forbidden++;
	tell(w, "forbidden command", NULL);
}

/* Commands that listen, spy or move the watch away: only their switch-off is innocent. */
static void on_switch_off(struct simwatch *w, const struct downlink *d)
{
	if (view_is(d->params, VIEW("0")))
		simanswer_acknowledge(w, d);
	else
		on_forbidden(w, d);
}

static void on_config_answer(struct simwatch *w, const struct downlink *d)
{
	(void)d;
	w->is_config_answered = true;
}

static void on_imei_answer(struct simwatch *w, const struct downlink *d)
{
	(void)d;
	w->is_imei_answered = true;
}

static void on_lk(struct simwatch *w, const struct downlink *d)
{
	(void)d;
	simtalk_heartbeat_answered(w);
}

static void on_al(struct simwatch *w, const struct downlink *d)
{
	(void)d;
	simtalk_alarm_answered(w);
}

static void on_nothing(struct simwatch *w, const struct downlink *d)
{
	(void)w;
	(void)d;
}

static void on_picture_answer(struct simwatch *w, const struct downlink *d)
{
	(void)d;
	tell(w, "picture answered", NULL);
}

static void on_part_answer(struct simwatch *w, const struct downlink *d)
{
	if (view_is(d->params, VIEW("1")))
		simvoice_part_answered(w);
	else
		tell(w, "voice answered", "part refused");
}

/* One digit is about a sound of the wearer; more is one for the wearer. */
static bool is_voice_status(const struct downlink *d)
{
	return (view_is_nocase(d->keyword, VIEW("TK")) && d->params.n == 1) ||
	       (view_is_nocase(d->keyword, VIEW("TK2")) && d->params.n < 27);
}

typedef void talk_fn(struct simwatch *w, const struct downlink *d);

struct talk {
	const char *keyword;
	bool is_command; /* else an answer to something that the watch said */
	talk_fn *run;
};

static const struct talk talks[] = {
	{"LK", false, on_lk},
	{"KA", false, on_lk},
	{"AL", false, on_al},
	{"CONFIG", false, on_config_answer},
	{"RYIMEI", false, on_imei_answer},
	{"ICCID", false, on_nothing},
	{"TKQ", false, on_nothing},
	{"TKQ2", false, on_nothing},
	{"JXTKR", false, on_part_answer},
	{"img", false, on_picture_answer},
	{"CR", true, on_locate},
	{"FIND", true, on_find},
	{"MESSAGE", true, on_message},
	{"LZ", true, on_language_zone},
	{"LANG", true, simanswer_acknowledge},
	{"ZONE", true, on_zone},
	{"UPLOAD", true, on_upload},
	{"VERNO", true, on_version},
	{"TS", true, on_status},
	{"ACALL", true, on_switch_off},
	{"AUTO", true, on_switch_off},
	{"CPSMS", true, on_switch_off},
	{"RESET", true, on_reset},
	{"MONITOR", true, on_forbidden},
	{"RECORD", true, on_forbidden},
	{"RE", true, on_forbidden},
	{"SMS", true, on_forbidden},
	{"IP", true, on_forbidden},
};

static void record(struct simwatch *w, const struct downlink *d)
{
	char text[SIMWATCH_SHOWN_MAX];
	bool is_message = view_is(d->keyword, VIEW("MESSAGE"));

	is_message = is_message && downlink_text(d->params, text, sizeof text);
	transcript_frame(
		w->world->transcript, w->id, TRANSCRIPT_DOWN, d->whole, is_message ? text : NULL);
}

void simanswer_receive(struct simwatch *w, const struct downlink *d)
{
	record(w, d);
	if (is_voice_status(d)) {
		simvoice_answered(w, d);
		return;
	}
	if (simsettings_refuses(w, d))
		return;
	if (view_is_nocase(d->keyword, VIEW("UPGRADE")) && d->params.p != NULL) {
		on_forbidden(w, d); /* firmware from somewhere */
		return;
	}
	for (size_t i = 0; i < COUNT_OF(talks); i++) {
		if (!view_is_nocase(d->keyword, view_of(talks[i].keyword)))
			continue;
		w->world->counts.commands += talks[i].is_command;
		talks[i].run(w, d);
		return;
	}
	if (simmemory_receive(w, d) || simask_receive(w, d) || simsettings_receive(w, d))
		return;
	w->world->counts.unknown++;
	if (manners_have(&w->manners, MANNER_ACK_ALL))
		simanswer_acknowledge(w, d);
}
