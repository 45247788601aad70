#include "http/shapes.h"

#include "watch/report.h"

enum { FLAG_BITS = 5, ALARM_BITS = 16 };

static void flags(struct json_out *j, uint16_t bits)
{
	json_array(j, "flags");
	for (unsigned i = 0; i < FLAG_BITS; i++) {
		const char *name = (bits & 1u << i) == 0
					   ? NULL
					   : report_flag_name((enum report_flag)(1u << i));
		if (name != NULL)
			json_text(j, NULL, view_of(name));
	}
	json_end(j);
}

static void fix_values(struct json_out *j, const struct fix *f)
{
	if (f->has & FIX_HAS_ACCURACY)
		json_decimal(j, "accuracy_m", f->accuracy_dm, 1);
	if (f->has & FIX_HAS_SPEED)
		json_decimal(j, "speed_kmh", f->speed_ckmh, 2);
	if (f->has & FIX_HAS_COURSE)
		json_decimal(j, "course_deg", f->course_cdeg, 2);
	if (f->has & FIX_HAS_ALTITUDE)
		json_decimal(j, "altitude_m", f->altitude_dm, 1);
	if (f->has & FIX_HAS_SATELLITES)
		json_int(j, "satellites", f->satellites);
	if (f->has & FIX_HAS_BATTERY)
		json_int(j, "battery_percent", f->battery_percent);
	if (f->has & FIX_HAS_SIGNAL)
		json_int(j, "signal_percent", f->signal_percent);
	if (f->has & FIX_HAS_STEPS)
		json_int(j, "steps", f->steps);
}

void shape_fix(struct json_out *j, const char *key, const struct fix *f)
{
	json_object(j, key);
	json_time(j, "time", f->time_ms);
	json_time(j, "received", f->received_ms);
	json_decimal(j, "lat", f->lat_e7, 7);
	json_decimal(j, "lon", f->lon_e7, 7);
	json_text(j, "source", view_of(fix_source_name((enum fix_source)f->source)));
	fix_values(j, f);
	flags(j, f->flags);
	json_array(j, "marks");
	for (unsigned i = 0; i < FIX_MARK_COUNT; i++) {
		const char *name =
			(f->marks & 1u << i) == 0 ? NULL : fix_mark_name((enum fix_mark)(1u << i));
		if (name != NULL)
			json_text(j, NULL, view_of(name));
	}
	json_end(j);
	json_end(j);
}

/* Members that are "" or 0 are not known. */
static void optional_text(struct json_out *j, const char *key, const char *text)
{
	if (text[0] != '\0')
		json_text(j, key, view_of(text));
}

static void optional_time(struct json_out *j, const char *key, int64_t ms)
{
	if (ms != 0)
		json_time(j, key, ms);
}

static bool has_right(right_set rights, enum right r)
{
	return (rights & RIGHT_BIT(r)) != 0;
}

void shape_rights(struct json_out *j, const char *key, right_set rights)
{
	json_array(j, key);
	for (enum right r = RIGHT_NONE + 1; r < RIGHT_COUNT; r++) {
		if (has_right(rights, r))
			json_text(j, NULL, view_of(right_name(r)));
	}
	json_end(j);
}

static void device(struct json_out *j, const struct wearer_info *w, right_set rights)
{
	const struct live_view *l = &w->live;

	if (!l->has_device) {
		json_null(j, "device");
		return;
	}
	json_object(j, "device");
	json_uid(j, "id", &l->device);
	json_text(j, "wire_id_masked", view_of(w->wire_id_masked));
	optional_text(j, "model", w->model);
	optional_text(j, "version", w->version);
	if (has_right(rights, RIGHT_CALL) || has_right(rights, RIGHT_CONTACTS))
		optional_text(j, "phone", w->phone);
	json_bool(j, "connected", l->is_connected);
	if (l->is_connected)
		optional_time(j, "connected_since", l->connected_since_ms);
	optional_time(j, "last_seen", l->last_seen_ms);
	if (l->has_battery) {
		json_int(j, "battery_percent", l->battery_percent);
		optional_time(j, "battery_time", l->battery_ms);
	}
	if (l->has_signal)
		json_int(j, "signal_percent", l->signal_percent);
	if (l->has_steps && has_right(rights, RIGHT_VIEW_HEALTH))
		json_int(j, "steps", l->steps);
	flags(j, l->flags);
	json_bool(j, "conflict", l->is_conflict);
	json_end(j);
}

void shape_wearer(
	struct json_out *j, const char *key, const struct wearer_info *w, right_set rights)
{
	json_object(j, key);
	json_uid(j, "id", &w->id);
	json_uid(j, "group", &w->group);
	json_text(j, "name", view_of(w->name));
	json_text(j, "color", view_of(w->color));
	json_bool(j, "has_picture", w->has_picture);
	json_int(j, "picture_version", w->picture_version);
	json_bool(j, "is_demo", w->live.is_demo);
	device(j, w, rights);
	if (w->live.has_fix && has_right(rights, RIGHT_VIEW_POSITION))
		shape_fix(j, "fix", &w->live.fix);
	else
		json_null(j, "fix");
	json_int(j, "open_alarms", w->live.open_alarms);
	json_bool(j, "is_adult", w->is_adult);
	shape_rights(j, "my_rights", rights);
	json_end(j);
}

static void person(struct json_out *j, const char *key, const struct uid *id, const char *name)
{
	json_object(j, key);
	json_uid(j, "id", id);
	json_text(j, "name", view_of(name));
	json_end(j);
}

void shape_alarm(struct json_out *j, const char *key, const struct alarm_info *a, right_set rights)
{
	json_object(j, key);
	json_uid(j, "id", &a->id);
	json_uid(j, "wearer", &a->wearer);
	json_text(j, "kind", view_of(alarm_kind_name(a->kinds)));
	json_array(j, "kinds");
	for (unsigned i = 0; i < ALARM_BITS; i++) {
		if (a->kinds & 1u << i)
			json_text(j, NULL, view_of(alarm_kind_name(1u << i)));
	}
	json_end(j);
	json_time(j, "time", a->time_ms);
	json_time(j, "received", a->received_ms);
	if (a->has_fix && has_right(rights, RIGHT_VIEW_POSITION))
		shape_fix(j, "fix", &a->fix);
	json_text(j, "state", view_of(alarm_state_name(a->state)));
	json_int(j, "repeats", a->repeats);
	if (!uid_is_none(&a->taken_by)) {
		json_object(j, "taken");
		person(j, "by", &a->taken_by, a->taken_by_name);
		json_time(j, "time", a->taken_ms);
		json_end(j);
	}
	if (!uid_is_none(&a->closed_by)) {
		json_object(j, "closed");
		person(j, "by", &a->closed_by, a->closed_by_name);
		json_time(j, "time", a->closed_ms);
		if (has_right(rights, RIGHT_ALARMS))
			optional_text(j, "note", a->note);
		json_end(j);
	}
	json_bool(j, "serious", a->is_serious);
	json_end(j);
}

/* What can be sent by hand while it waits for the watch. */
static void command_sms(
	struct json_out *j, const struct command_info *c, const struct sms_forms *sms)
{
	char text[SMS_FORM_TEXT];

	if (sms == NULL || c->state != COMMAND_QUEUED || strcmp(c->type, "refresh") != 0 ||
		sms_form_status(sms, text) == 0)
		return;
	json_object(j, "sms");
	optional_text(j, "to", sms->to);
	json_array(j, "texts");
	json_text(j, NULL, view_of(text));
	json_end(j);
	json_end(j);
}

void shape_command(struct json_out *j, const char *key, const struct command_info *c,
	right_set rights, const struct sms_forms *sms)
{
	json_object(j, key);
	json_uid(j, "id", &c->id);
	json_uid(j, "wearer", &c->wearer);
	json_text(j, "type", view_of(c->type));
	if (has_right(rights, RIGHT_MESSAGE))
		optional_text(j, "text", c->text);
	if (!uid_is_none(&c->contact) &&
		(has_right(rights, RIGHT_CALL) || has_right(rights, RIGHT_CONTACTS)))
		person(j, "contact", &c->contact, c->contact_name);
	if (has_right(rights, RIGHT_SETTINGS) || has_right(rights, RIGHT_MESSAGE))
		optional_text(j, "detail", c->detail);
	if (c->answer[0] != '\0' && has_right(rights, RIGHT_SETTINGS))
		json_raw(j, "answer", view_of(c->answer));
	json_text(j, "state", view_of(command_state_name(c->state)));
	if (c->reason != NULL)
		json_text(j, "reason", view_of(c->reason));
	json_time(j, "created", c->created_ms);
	json_time(j, "expires", c->expires_ms);
	optional_time(j, "sent", c->sent_ms);
	optional_time(j, "finished", c->finished_ms);
	if (!uid_is_none(&c->by))
		person(j, "by", &c->by, c->by_name);
	command_sms(j, c, sms);
	json_end(j);
}

static void thread_by(struct json_out *j, const struct thread_item *item)
{
	json_object(j, "by");
	json_text(j, "kind", view_of(thread_by_name(item->by_kind)));
	if (item->by_kind == THREAD_BY_MEMBER && !uid_is_none(&item->by))
		json_uid(j, "account", &item->by);
	json_text(j, "name", view_of(item->by_name));
	json_end(j);
}

static void thread_media(struct json_out *j, const struct thread_item *item)
{
	if (item->bytes == 0 || (item->kind == THREAD_VOICE && !item->has_wave))
		return;
	json_int(j, "bytes", item->bytes);
	if (item->kind != THREAD_VOICE)
		return;
	json_decimal(j, "seconds", item->duration_ms, 3);
	json_array(j, "waveform");
	for (unsigned i = 0; i < THREAD_WAVE; i++)
		json_int(j, NULL, item->wave[i]);
	json_end(j);
}

void shape_thread_item(struct json_out *j, const char *key, const struct thread_item *item)
{
	json_object(j, key);
	json_uid(j, "id", &item->id);
	json_text(j, "kind", view_of(thread_kind_name(item->kind)));
	json_text(j, "direction", item->direction == THREAD_TO ? VIEW("to") : VIEW("from"));
	thread_by(j, item);
	if (item->kind == THREAD_TEXT)
		json_text(j, "text", view_of(item->text));
	else
		thread_media(j, item);
	json_text(j, "state", view_of(thread_state_name(item->state)));
	if (item->reason != NULL)
		json_text(j, "reason", view_of(item->reason));
	json_time(j, "created", item->created_ms);
	optional_time(j, "delivered", item->delivered_ms);
	optional_time(j, "heard", item->heard_ms);
	if (item->kind == THREAD_TEXT)
		json_uid(j, "command", &item->id);
	json_end(j);
}

void shape_claim(struct json_out *j, const char *key, const struct claim_info *c)
{
	json_object(j, key);
	json_uid(j, "id", &c->id);
	json_uid(j, "group", &c->group);
	json_text(j, "name", view_of(c->name));
	json_text(j, "watch_masked", view_of(c->watch_masked));
	json_text(j, "state", view_of(claim_state_name(c->state)));
	if (claim_hint_name(c->hint) != NULL) {
		json_text(j, "hint", view_of(claim_hint_name(c->hint)));
		optional_time(j, "hint_time", c->hint_ms);
	}
	json_array(j, "sms");
	for (size_t i = 0; i < c->sms_n; i++) {
		json_object(j, NULL);
		json_text(j, "text", view_of(c->sms[i].text));
		optional_text(j, "to", c->sim_number);
		json_text(j, "purpose", view_of(c->sms[i].purpose));
		json_end(j);
	}
	json_end(j);
	optional_time(j, "code_expires", c->code_expires_ms);
	json_int(j, "tries_left", c->tries_left);
	if (!uid_is_none(&c->wearer))
		json_uid(j, "wearer", &c->wearer);
	json_time(j, "expires", c->expires_ms);
	json_end(j);
}

void shape_account(struct json_out *j, const char *key, const struct account_info *a)
{
	json_object(j, key);
	json_uid(j, "id", &a->id);
	json_text(j, "login", view_of(a->login));
	json_text(j, "name", view_of(a->name));
	json_text(j, "language", view_of(a->language));
	json_bool(j, "is_operator", a->is_operator);
	json_bool(j, "has_second_factor", a->has_second_factor);
	if (a->frozen_until_ms != 0)
		json_time(j, "frozen_until", a->frozen_until_ms);
	if (a->email[0] != '\0')
		json_text(j, "email", view_of(a->email));
	if (a->phone[0] != '\0')
		json_text(j, "phone", view_of(a->phone));
	json_end(j);
}

void shape_group(struct json_out *j, const char *key, const struct group_info *g)
{
	json_object(j, key);
	json_uid(j, "id", &g->id);
	json_text(j, "name", view_of(g->name));
	json_text(j, "role", view_of(g->role));
	json_end(j);
}
