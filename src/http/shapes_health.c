#include "http/shapes_health.h"

void shape_health_value(struct json_out *j, const struct health_value *v, enum health_kind kind)
{
	json_text(j, "kind", view_of(health_kind_name(kind)));
	json_time(j, "time", v->time_ms);
	json_text(j, "origin", view_of(health_origin_name(v->origin)));
	if ((v->has >> kind & 1) == 0) {
		json_bool(j, "is_failed", true);
		return;
	}
	switch (kind) {
	case HEALTH_HEART:
		json_int(j, "value", v->heart_bpm);
		break;
	case HEALTH_BLOOD_PRESSURE:
		json_int(j, "systolic", v->systolic_mmhg);
		json_int(j, "diastolic", v->diastolic_mmhg);
		break;
	case HEALTH_OXYGEN:
		json_decimal(j, "value", v->spo2_permille, 1);
		break;
	case HEALTH_TEMPERATURE:
		json_decimal(j, "value", v->temperature_cdeg, 2);
		break;
	case HEALTH_KIND_COUNT:
		break;
	}
}

void shape_day(struct json_out *j, const struct day_info *day, bool may_see_way)
{
	const struct day_state *s = &day->state;
	char date[DATE_TEXT];

	day_to_text(day->day, date);
	json_text(j, "date", view_of(date));
	if (s->steps.raw != 0)
		json_int(j, "steps", s->steps.today);
	if (s->rolls.raw != 0)
		json_int(j, "rolls", s->rolls.today);
	if (may_see_way)
		json_int(j, "distance_m", s->distance_m);
	if (s->first_s != 0) {
		json_time(j, "first", (int64_t)s->first_s * 1000);
		json_time(j, "last", (int64_t)s->last_s * 1000);
	}
	json_int(j, "falls", s->falls);
	json_int(j, "taken_off", s->taken_off);
	json_int(j, "battery_low", s->battery_low);
}

static void write_drains(struct json_out *j, const struct care_report *care)
{
	json_array(j, "drains");
	for (enum care_cause c = 0; c < CARE_CAUSE_COUNT && care->has_loss; c++) {
		if (care->drains[c].percent == 0)
			continue;
		json_object(j, NULL);
		json_text(j, "cause", view_of(care_cause_name(c)));
		json_int(j, "percent", care->drains[c].percent);
		json_bool(j, "is_estimate", care->drains[c].is_estimate);
		json_end(j);
	}
	json_end(j);
}

void shape_battery(struct json_out *j, const struct battery_info *b, int64_t now_ms)
{
	const struct care_report *care = &b->care;

	if (b->level <= 100) {
		json_int(j, "level", b->level);
		json_time(j, "time", b->time_ms);
		json_bool(j, "is_charging", b->is_charging);
	}
	if (care->has_loss)
		json_decimal(j, "per_hour", (care->loss_per_hour + 5) / 10, 2);
	if (care->has_left) {
		int64_t left_ms = b->empties_ms > now_ms ? b->empties_ms - now_ms : 0;
		json_int(j, "hours_left", left_ms / 3600000);
		json_time(j, "empties", b->empties_ms);
	}
	write_drains(j, care);
	json_array(j, "advice");
	for (enum care_advice a = 0; a < CARE_ADVICE_COUNT; a++) {
		if ((care->advice >> a & 1) != 0)
			json_text(j, NULL, view_of(care_advice_name(a)));
	}
	json_end(j);
}
