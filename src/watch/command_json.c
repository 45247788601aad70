#include "watch/command_json.h"

enum { MIN_PER_HOUR = 60, WEEK = 7, MAC_BYTES = 6 };

static struct view text_of(const char *text, size_t size)
{
	return (struct view){.p = text, .n = strnlen(text, size)};
}

static int64_t number_of(const struct command *c, enum field_member member)
{
	switch (member) {
	case MEMBER_INTERVAL_S:
		return c->interval_s;
	case MEMBER_SLOT:
		return c->slot;
	case MEMBER_VALUE_0:
	case MEMBER_VALUE_1:
	case MEMBER_VALUE_2:
	case MEMBER_VALUE_3:
		return c->values[member - MEMBER_VALUE_0];
	case MEMBER_IS_ON:
	case MEMBER_BY_TYPE:
	case MEMBER_WORD_0:
	case MEMBER_WORD_1:
	case MEMBER_WORD_2:
	case MEMBER_FROM:
	case MEMBER_TO:
		break;
	}
	return c->is_on;
}

static void put_minute(struct json_out *j, const char *key, unsigned minute)
{
	unsigned h = minute / MIN_PER_HOUR;
	unsigned m = minute % MIN_PER_HOUR;
	const char text[5] = {(char)('0' + h / 10 % 10), (char)('0' + h % 10), ':',
		(char)('0' + m / 10), (char)('0' + m % 10)};

	json_text(j, key, (struct view){.p = text, .n = sizeof text});
}

/* ISO numbers: Monday is 1. */
static void put_days(struct json_out *j, const char *key, uint8_t days)
{
	json_array(j, key);
	for (unsigned i = 0; i < WEEK; i++) {
		if ((days >> i & 1) != 0)
			json_int(j, NULL, i + 1);
	}
	json_end(j);
}

static void put_windows(struct json_out *j, const struct command *c, const struct command_field *f)
{
	json_array(j, f->name);
	for (unsigned i = 0; i < c->list_n; i++) {
		json_object(j, NULL);
		put_minute(j, "from", c->windows[i].from_min);
		put_minute(j, "to", c->windows[i].to_min);
		if (f->type == PARAM_WINDOW_DAYS)
			put_days(j, "days", c->windows[i].days);
		json_end(j);
	}
	json_end(j);
}

static void put_alarms(struct json_out *j, const struct command *c, const struct command_field *f)
{
	static const char *const repeats[] = {
		[REPEAT_ONCE] = "once", [REPEAT_DAILY] = "daily", [REPEAT_DAYS] = "days"};

	json_array(j, f->name);
	for (unsigned i = 0; i < c->list_n; i++) {
		const struct command_alarm *a = &c->alarms[i];
		json_object(j, NULL);
		put_minute(j, "time", a->time_min);
		json_bool(j, "is_on", a->is_on);
		json_text(j, "repeat", view_of(repeats[a->repeat]));
		if (a->repeat == REPEAT_DAYS)
			put_days(j, "days", a->days);
		json_end(j);
	}
	json_end(j);
}

static void put_points(struct json_out *j, const struct command *c, const struct command_field *f)
{
	json_array(j, f->name);
	for (unsigned i = 0; i < c->list_n; i++) {
		json_object(j, NULL);
		put_minute(j, "time", c->points[i].time_min);
		json_bool(j, "is_once", c->points[i].is_once);
		json_end(j);
	}
	json_end(j);
}

static void put_apps(struct json_out *j, const struct command *c, const struct command_field *f)
{
	json_array(j, f->name);
	for (unsigned i = 0; i < c->list_n; i++) {
		json_object(j, NULL);
		json_int(j, "app", c->apps[i].app);
		json_bool(j, "is_on", c->apps[i].is_on);
		json_end(j);
	}
	json_end(j);
}

static void put_macs(struct json_out *j, const struct command *c, const struct command_field *f)
{
	static const char hex[] = "0123456789abcdef";

	json_array(j, f->name);
	for (size_t i = 0; i < c->list_n; i++) {
		char text[3 * MAC_BYTES];
		for (size_t k = 0; k < MAC_BYTES; k++) {
			text[3 * k] = hex[c->macs[i][k] >> 4];
			text[3 * k + 1] = hex[c->macs[i][k] & 15];
			text[3 * k + 2] = ':';
		}
		json_text(j, NULL, (struct view){.p = text, .n = sizeof text - 1});
	}
	json_end(j);
}

static void put_lessons(struct json_out *j, const struct command *c, const struct command_field *f)
{
	json_array(j, f->name);
	for (unsigned i = 0; i < c->lessons_n; i++) {
		const struct command_lesson *l = &c->lessons[i];
		json_object(j, NULL);
		json_int(j, "day", l->day);
		json_int(j, "period", l->period);
		json_text(j, "name", text_of(l->name, sizeof l->name));
		json_end(j);
	}
	json_end(j);
}

static void put_entries(struct json_out *j, const struct command *c, const struct command_field *f)
{
	bool is_list = f->repeat_max > 0;

	if (is_list)
		json_array(j, f->name);
	for (unsigned i = 0; i < c->entries_n; i++) {
		const struct command_entry *entry = &c->entries[i];
		struct view number = text_of(entry->number, sizeof entry->number);
		struct view name = text_of(entry->name, sizeof entry->name);
		if (f->type == PARAM_ENTRY) {
			json_object(j, NULL);
			json_text(j, "number", number);
			json_text(j, "name", name);
			json_end(j);
		} else {
			json_text(
				j, is_list ? NULL : f->name, f->type == PARAM_NAME ? name : number);
		}
	}
	if (is_list)
		json_end(j);
}

static void put_list(struct json_out *j, const struct command *c, const struct command_field *f)
{
	if (f->type == PARAM_ALARM)
		put_alarms(j, c, f);
	else if (f->type == PARAM_POINT)
		put_points(j, c, f);
	else if (f->type == PARAM_APP)
		put_apps(j, c, f);
	else if (f->type == PARAM_MAC)
		put_macs(j, c, f);
	else if (f->type == PARAM_LESSONS)
		put_lessons(j, c, f);
	else
		put_windows(j, c, f);
}

/* Before escaping. */
static int64_t payload_bytes(const struct command *c)
{
	int64_t n = (int64_t)c->payload.n;

	for (size_t i = 0; c->is_payload_escaped && i < c->payload.n; i++)
		n -= c->payload.p[i] == '}';
	return n;
}

static void put_field(struct json_out *j, const struct command *c, const struct command_field *f)
{
	switch (f->type) {
	case PARAM_FIXED:
	case PARAM_COUNT:
		return;
	case PARAM_FLAG:
		json_bool(j, f->name, number_of(c, f->member) != 0);
		return;
	case PARAM_INT:
	case PARAM_ENUM:
		json_int(j, f->name, number_of(c, f->member));
		return;
	case PARAM_DECIMAL:
		json_decimal(j, f->name, number_of(c, f->member), 1);
		return;
	case PARAM_LANGUAGE:
		json_int(j, f->name, c->language);
		return;
	case PARAM_ZONE:
		json_int(j, "zone_min", c->zone_min);
		return;
	case PARAM_PHONE:
	case PARAM_NAME:
	case PARAM_ENTRY:
		put_entries(j, c, f);
		return;
	case PARAM_TEXT:
		json_text(j, f->name, (struct view){.p = c->text, .n = c->text_n});
		return;
	case PARAM_WORD:
	case PARAM_HOST:
		json_text(j, f->name,
			text_of(c->words[f->member - MEMBER_WORD_0], sizeof c->words[0]));
		return;
	case PARAM_DIGITS:
		json_text(j, f->name, view_of(c->digits));
		return;
	case PARAM_HHMM:
		put_minute(j, f->name,
			f->member == MEMBER_FROM ? c->windows[0].from_min : c->windows[0].to_min);
		return;
	case PARAM_DAYS:
		put_days(j, f->name, c->windows[0].days);
		return;
	case PARAM_MAC:
	case PARAM_WINDOW:
	case PARAM_WINDOW_DAYS:
	case PARAM_ALARM:
	case PARAM_POINT:
	case PARAM_APP:
	case PARAM_PERIODS:
	case PARAM_LESSONS:
		put_list(j, c, f);
		return;
	case PARAM_AUDIO:
	case PARAM_PICTURE:
		json_int(j, "bytes", payload_bytes(c));
		return;
	case PARAM_TYPE_COUNT:
		return;
	}
}

void command_json_fields(struct json_out *j, const struct command *c)
{
	const struct command_definition *d = command_definition(c->kind);

	for (size_t i = 0; d != NULL && i < d->fields_n; i++) {
		if (!d->fields[i].is_secret)
			put_field(j, c, &d->fields[i]);
	}
}
