#include "sim/simtalk.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/time_text.h"
#include "sim/chance.h"
#include "sim/simask.h"
#include "sim/simmodel.h"
#include "sim/uplink.h"

enum {
	FAST_HEARTBEATS_MS = 30 * 60 * 1000,
	FAST_HEARTBEAT_S = 60,
	SLOW_HEARTBEAT_S = 300,
	BITS_MS = 60000,
	BACKLOG_MAX = 150,
	STEPS_PER_DAY = 12000,
	LOW_BATTERY_PERCENT = 20,
	STATUS_LOW_BATTERY = 0x1,
	STATUS_STILL = 0x10,
	ALARM_LOW_BATTERY = 0x20000,
};

static const double STEP_M = 0.65;
static const double STEPS_DAY_0 = 20454; /* 2026-01-01: the watch was new */

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

/* Battery, steps and rolls as the watch counts them. */
struct numbers {
	int battery_percent;
	uint32_t steps, rolls;
};

static struct numbers numbers_at(
	const struct simwatch *w, const struct life_state *s, double local_s)
{
	double days = floor(local_s / 86400) - STEPS_DAY_0;
	double today = fmin(s->walked_today_m / STEP_M, STEPS_PER_DAY);
	double percent = fmin(fmax(s->battery_percent + w->battery_offset, 1), 100);

	if (!manners_have(&w->manners, MANNER_LOCAL_TIME) && days > 0)
		today += fmin(days, 30000) * STEPS_PER_DAY; /* since ever */
	return (struct numbers){
		.battery_percent = (int)percent, .steps = (uint32_t)today, .rolls = s->rolls};
}

/* Satellites are seldom exact: a few metres, changing slowly. */
static struct spot gps_spot(const struct simwatch *w, struct spot where, double local_s)
{
	double phase = (double)(w->person.seed % 1000);

	where.x_m += 2.5 * sin(local_s / 37 + phase) + 1.2 * sin(local_s / 11 + phase);
	where.y_m += 2.5 * sin(local_s / 41 + phase) + 1.2 * sin(local_s / 13 + phase);
	return where;
}

static uint32_t status_of(const struct simwatch *w, const struct life_state *s, int battery)
{
	uint32_t status = 0;

	if (!s->is_moving)
		status |= STATUS_STILL;
	if (battery <= LOW_BATTERY_PERCENT)
		status |= STATUS_LOW_BATTERY;
	if (manners_have(&w->manners, MANNER_REPEAT_BITS) && now_ms(w) < w->bits_until_ms)
		status |= w->alarm_bits;
	return status;
}

/* The record of the moment `ago_ms` before now. */
static void position_at(
	struct simwatch *w, int64_t ago_ms, uint32_t alarm_bits, struct uplink_position *ret)
{
	const struct world_options *o = &w->world->options;
	double local_s = simwatch_local_s(w) - (double)ago_ms / 1000 * o->speed;
	struct life_state s;

	life_at(&w->person, local_s, &s);
	struct numbers n = numbers_at(w, &s, local_s);
	*ret = (struct uplink_position){
		.time_ms = clock_wall_ms() - ago_ms + (int64_t)w->manners.clock_error_s * 1000,
		.zone_min = w->zone_min,
		.is_fix = s.is_outdoors,
		.last_lat_e7 = w->last_lat_e7,
		.last_lon_e7 = w->last_lon_e7,
		.speed_kmh = s.speed_ms * 3.6 * o->speed,
		.course_deg = s.course_deg,
		.accuracy_m = s.activity == ACT_RIDE ? 18.5 : 6.5,
		.altitude_m = (int)(w->person.town->seed % 400) + 10,
		.satellites = s.activity == ACT_RIDE ? 6 : 9,
		.battery_percent = n.battery_percent,
		.steps = n.steps,
		.rolls = n.rolls,
		.mcc = o->mcc,
		.mnc = o->mnc,
	};
	ret->status = status_of(w, &s, n.battery_percent) | alarm_bits;
	town_degrees(w->person.town, gps_spot(w, s.where, local_s), &ret->lat_e7, &ret->lon_e7);
	radio_scan(
		w->person.town, s.where, manners_have(&w->manners, MANNER_ODD_NAMES), &ret->radio);
	if (ret->is_fix) {
		w->last_lat_e7 = ret->lat_e7;
		w->last_lon_e7 = ret->lon_e7;
	}
}

void simtalk_record(struct simwatch *w, const char *keyword, struct wire *t)
{
	struct manners plain = w->manners;
	struct uplink_position p;

	if (strcmp(keyword, "WT") != 0)
		plain.flags &= ~(uint32_t)MANNER_LTE; /* the others have no form of their own */
	position_at(w, 0, 0, &p);
	uplink_position(&plain, keyword, &p, t);
}

static void store(struct simwatch *w, const char *content)
{
	char *copy = strdup(content);

	if (copy == NULL)
		return;
	if (w->stored_n == SIMWATCH_STORED_MAX) { /* a full memory forgets the oldest */
		free(w->stored[0]);
		w->stored_n--;
		memmove(w->stored, w->stored + 1, w->stored_n * sizeof w->stored[0]);
	}
	w->stored[w->stored_n++] = copy;
}

static void report_position(struct simwatch *w)
{
	char content[UPLINK_CONTENT_MAX];
	struct uplink_position p;
	struct wire t;
	bool is_live = w->state == SIMWATCH_ONLINE;

	position_at(w, 0, 0, &p);
	wire_init(&t, content, sizeof content);
	uplink_position(&w->manners, is_live ? "UD" : "UD2", &p, &t);
	if (!is_live) {
		store(w, content);
		return;
	}
	w->world->counts.ud_sent++;
	say(w, content);
}

static void send_stored(struct simwatch *w)
{
	for (size_t i = 0; i < w->stored_n; i++) {
		say(w, w->stored[i]);
		free(w->stored[i]);
		w->world->counts.ud2_sent++;
	}
	w->stored_n = 0;
}

/* Life before the start, as a watch that was long without network would tell it. */
void simtalk_tell_past(struct simwatch *w, uint32_t past_s)
{
	int64_t step_ms = (int64_t)past_s * 1000 / BACKLOG_MAX;
	char content[UPLINK_CONTENT_MAX];
	struct uplink_position p;
	struct wire t;

	for (int64_t i = BACKLOG_MAX; i > 0 && step_ms > 0; i--) {
		position_at(w, i * step_ms, 0, &p);
		if ((p.status & STATUS_STILL) != 0)
			continue;
		wire_init(&t, content, sizeof content);
		uplink_position(&w->manners, "UD2", &p, &t);
		w->world->counts.ud2_sent++;
		say(w, content);
	}
}

static void send_config(struct simwatch *w)
{
	char content[UPLINK_CONTENT_MAX];
	struct wire t;

	wire_init(&t, content, sizeof content);
	if (w->manners.model != NULL) {
		simmodel_add_config(w->manners.model, w->imei, &t);
		if (t.n > 0)
			say(w, content);
		return;
	}
	wire_add(&t,
		"CONFIG,TY:kinward-sim,UL:%u,SY:1,CM:1,DD:1,LS:1+8,TB:%d,BT:0,LG:0+3+4+5,JT:0,OS:2",
		w->upload_s, (int)w->manners.book_size);
	say(w, content);
}

static void send_imei(struct simwatch *w)
{
	char content[40];
	struct wire t;

	wire_init(&t, content, sizeof content);
	wire_add(&t, "RYIMEI,%s", w->imei);
	say(w, content);
}

static void send_heartbeat(struct simwatch *w)
{
	char content[64];
	struct wire t;
	struct life_state s;
	double local_s = simwatch_local_s(w);

	life_at(&w->person, local_s, &s);
	struct numbers n = numbers_at(w, &s, local_s);
	wire_init(&t, content, sizeof content);
	uplink_heartbeat(&w->manners, clock_wall_ms() + (int64_t)w->manners.clock_error_s * 1000,
		n.steps, n.rolls, n.battery_percent, &t);
	w->world->counts.lk_sent++;
	simwatch_set_due(
		w, DUE_ANSWER, now_ms(w) + (int64_t)w->world->options.answer_timeout_s * 1000);
	say(w, content);
}

void simtalk_login(struct simwatch *w)
{
	char content[64];
	struct wire t;

	if (!w->is_config_answered)
		send_config(w);
	wire_init(&t, content, sizeof content);
	wire_add(&t, "ICCID,8949%015llu,%s,,",
		(unsigned long long)(w->person.seed % 1000000000000000u), w->imei);
	if (w->state == SIMWATCH_LOGIN)
		say(w, content);
	if (w->state == SIMWATCH_LOGIN && !w->is_imei_answered)
		send_imei(w);
	struct view rest = view_of(w->manners.model == NULL ? "" : w->manners.model->probes);
	struct view probe;
	while (w->state == SIMWATCH_LOGIN && simmodel_next_probe(&rest, &probe))
		simwatch_send(w, probe);
	if (w->state == SIMWATCH_LOGIN)
		send_heartbeat(w);
}

static int64_t heartbeat_ms(const struct simwatch *w)
{
	uint32_t s = w->world->options.heartbeat_s;

	if (s == 0)
		s = now_ms(w) - w->online_since_ms < FAST_HEARTBEATS_MS ? FAST_HEARTBEAT_S
									: SLOW_HEARTBEAT_S;
	return (int64_t)s * 1000;
}

static void check_battery(struct simwatch *w)
{
	struct life_state s;
	double local_s = simwatch_local_s(w);

	life_at(&w->person, local_s, &s);
	if (s.is_charging)
		w->battery_offset = 0;
	int percent = numbers_at(w, &s, local_s).battery_percent;
	if (percent > LOW_BATTERY_PERCENT) {
		w->has_low_battery_told = false;
	} else if (!w->has_low_battery_told) {
		w->has_low_battery_told = true;
		simtalk_alarm(w, ALARM_LOW_BATTERY);
	}
}

void simtalk_heartbeat(struct simwatch *w)
{
	if (w->state != SIMWATCH_ONLINE)
		return;
	check_battery(w);
	if (w->state == SIMWATCH_ONLINE)
		send_heartbeat(w);
}

void simtalk_missed(struct simwatch *w)
{
	w->world->counts.lk_missed++;
	w->misses++;
	if (w->misses < SIMWATCH_MISSES_MAX) {
		tell(w, "heartbeat not answered", NULL);
		send_heartbeat(w);
		return;
	}
	w->misses = 0;
	w->world->counts.reboots++;
	w->is_config_answered = false;
	w->is_imei_answered = false;
	tell(w, "reboot", "five heartbeats without an answer");
	simwatch_drop(w, SIMWATCH_WAITING);
	simwatch_connect_later(
		w, SIMWATCH_BOOT_MS +
			   chance_below(w->person.seed, (uint64_t)now_ms(w), SIMWATCH_BOOT_MS));
}

void simtalk_heartbeat_answered(struct simwatch *w)
{
	if (w->due_ms[DUE_ANSWER] == 0)
		return;
	simwatch_clear_due(w, DUE_ANSWER);
	w->world->counts.lk_answered++;
	w->misses = 0;
	w->retries = 0;
	if (w->state == SIMWATCH_LOGIN) {
		simwatch_set_online(w);
		if (w->alarms_n > 0)
			simtalk_repeat_alarm(w);
		if (!w->is_backlog_told)
			simtalk_tell_past(w, w->world->options.backlog_s);
		w->is_backlog_told = true;
		send_stored(w);
		report_position(w);
		if (w->state == SIMWATCH_ONLINE && !w->has_asked)
			simask_login(w);
	} else {
		if (!w->is_config_answered)
			send_config(w);
		if (w->state == SIMWATCH_ONLINE && !w->is_imei_answered)
			send_imei(w);
	}
	if (w->state == SIMWATCH_ONLINE)
		simwatch_set_due(w, DUE_HEARTBEAT, now_ms(w) + heartbeat_ms(w));
}

static void keep_network(struct simwatch *w, bool has_network)
{
	if (!has_network && w->state != SIMWATCH_OFF && w->state != SIMWATCH_BLIND) {
		simwatch_drop(w, SIMWATCH_BLIND);
	} else if (has_network && w->state == SIMWATCH_BLIND) {
		simwatch_connect_later(w, 500);
	}
}

/* When still, nothing is done until the wearer moves on. */
static int64_t next_move_ms(const struct simwatch *w, const struct life_state *s)
{
	double speed = w->world->options.speed;

	if (s->is_moving)
		return (int64_t)w->upload_s * 1000;
	double rest_ms = (s->until_s - simwatch_local_s(w)) / speed * 1000;
	return (int64_t)fmin(fmax(rest_ms + 500, 1000), 86400000);
}

void simtalk_move(struct simwatch *w)
{
	struct life_state s;

	life_at(&w->person, simwatch_local_s(w), &s);
	keep_network(w, !s.is_moving || radio_has_network(w->person.town, s.where,
						w->world->options.blind_percent));
	if (s.is_moving || w->was_moving)
		report_position(w);
	w->was_moving = s.is_moving;
	simwatch_set_due(w, DUE_MOVE, now_ms(w) + next_move_ms(w, &s));
}

void simtalk_locate(struct simwatch *w)
{
	if (w->state != SIMWATCH_ONLINE)
		return;
	report_position(w);
	int64_t next_ms = now_ms(w) + (int64_t)w->world->options.locate_every_s * 1000;
	if (w->state == SIMWATCH_ONLINE && next_ms < w->locate_until_ms)
		simwatch_set_due(w, DUE_LOCATE, next_ms);
}

void simtalk_repeat_alarm(struct simwatch *w)
{
	if (w->state != SIMWATCH_ONLINE || w->alarms_n == 0)
		return;
	w->world->counts.al_sent++;
	simwatch_set_due(w, DUE_ALARM, now_ms(w) + (int64_t)w->world->options.alarm_retry_s * 1000);
	say(w, w->alarms[0]);
}

void simtalk_alarm(struct simwatch *w, uint32_t bits)
{
	char content[UPLINK_CONTENT_MAX];
	struct uplink_position p;
	struct wire t;

	position_at(w, 0, bits, &p);
	wire_init(&t, content, sizeof content);
	uplink_position(&w->manners, "AL", &p, &t);
	w->alarm_bits = bits;
	w->bits_until_ms = now_ms(w) + BITS_MS;
	char *copy = w->alarms_n < SIMWATCH_ALARMS_MAX ? strdup(content) : NULL;
	if (copy == NULL) {
		tell(w, "alarm not kept", "four are waiting already");
		return;
	}
	w->alarms[w->alarms_n++] = copy;
	if (w->alarms_n == 1)
		simtalk_repeat_alarm(w);
}

void simtalk_alarm_answered(struct simwatch *w)
{
	if (w->alarms_n == 0)
		return;
	w->world->counts.al_answered++;
	tell(w, "alarm answered", NULL);
	free(w->alarms[0]);
	w->alarms_n--;
	memmove(w->alarms, w->alarms + 1, w->alarms_n * sizeof w->alarms[0]);
	simwatch_clear_due(w, DUE_ALARM);
	simtalk_repeat_alarm(w);
}

int simtalk_battery_percent(const struct simwatch *w)
{
	struct life_state s;
	double local_s = simwatch_local_s(w);

	life_at(&w->person, local_s, &s);
	return numbers_at(w, &s, local_s).battery_percent;
}

void simtalk_set_battery(struct simwatch *w, int percent)
{
	struct life_state s;

	life_at(&w->person, simwatch_local_s(w), &s);
	w->battery_offset = percent - s.battery_percent;
	if (w->state == SIMWATCH_ONLINE)
		simtalk_heartbeat(w);
}

void simtalk_describe(const struct simwatch *w, struct json_out *j)
{
	struct life_state s;
	double local_s = simwatch_local_s(w);
	int32_t lat_e7 = 0;
	int32_t lon_e7 = 0;

	life_at(&w->person, local_s, &s);
	town_degrees(w->person.town, s.where, &lat_e7, &lon_e7);
	struct numbers n = numbers_at(w, &s, local_s);
	json_text(j, "id", view_of(w->id));
	json_text(j, "imei", view_of(w->imei));
	json_text(j, "state", view_of(simwatch_state_name(w->state)));
	json_text(j, "activity", view_of(activity_name(s.activity)));
	json_bool(j, "moving", s.is_moving);
	json_bool(j, "outdoors", s.is_outdoors);
	json_decimal(j, "lat", lat_e7, 7);
	json_decimal(j, "lon", lon_e7, 7);
	json_int(j, "battery_percent", n.battery_percent);
	json_int(j, "steps", n.steps);
	json_int(j, "upload_s", w->upload_s);
	json_int(j, "zone_min", w->zone_min);
	json_int(j, "alarms_waiting", (int64_t)w->alarms_n);
	json_int(j, "stored", (int64_t)w->stored_n);
	json_text(j, "shown", view_of(w->shown == NULL ? "" : w->shown));
}
