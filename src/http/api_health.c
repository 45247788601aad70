/* Health, days, battery, calls, friends of a wearer. */
#include "http/api.h"

#include "domain/account.h"
#include "domain/audit.h"
#include "domain/battery.h"
#include "domain/calls.h"
#include "domain/days.h"
#include "domain/friends.h"
#include "domain/health.h"
#include "http/inside.h"
#include "http/shapes_health.h"

/* ---- values ---- */

struct values_writer {
	struct json_out *j;
	struct db *reader;
	struct uid last; /* whose name that is: mostly the same one */
	char name[NAME_TEXT];
};

static void write_by(struct values_writer *w, const struct uid *by)
{
	if (!uid_is(&w->last, by)) {
		w->last = *by;
		w->name[0] = '\0'; /* also of an account that is gone */
		if (account_name(w->reader, by, w->name, sizeof w->name, NULL) != RC_OK)
			w->name[0] = '\0';
	}
	json_object(w->j, "by");
	json_uid(w->j, "id", by);
	json_text(w->j, "name", view_of(w->name));
	json_end(w->j);
}

static void write_value(void *ctx, const struct health_value *v)
{
	struct values_writer *w = ctx;

	for (enum health_kind k = 0; k < HEALTH_KIND_COUNT; k++) {
		bool is_failed = (v->failed >> k & 1) != 0;
		if (!is_failed && (v->has >> k & 1) == 0)
			continue;
		json_object(w->j, NULL);
		shape_health_value(w->j, v, k);
		if (v->origin == HEALTH_ASKED && !uid_is_none(&v->by))
			write_by(w, &v->by);
		json_end(w->j);
	}
}

enum rc api_health_values(struct exchange *x, struct db *reader)
{
	const struct history_values *in = &x->query.history;
	struct values_writer w = {.j = &x->out, .reader = reader};
	bool is_truncated = false;

	json_object(&x->out, NULL);
	json_array(&x->out, "values");
	enum rc rc = health_list(reader, &x->ids[0], in->from.value, in->to.value, write_value, &w,
		&is_truncated, &x->problem, &x->err);
	json_end(&x->out);
	json_bool(&x->out, "truncated", is_truncated);
	json_end(&x->out);
	return rc;
}

enum rc api_health_rule(struct exchange *x, struct db *reader)
{
	struct health_rule rule;
	enum rc rc = health_rule_get(reader, &x->ids[0], &rule, &x->err);

	if (rc != RC_OK)
		return rc;
	json_object(&x->out, NULL);
	json_bool(&x->out, "is_allowed", rule.is_allowed);
	json_int(&x->out, "keep_days", rule.keep_days);
	json_end(&x->out);
	return RC_OK;
}

/* Off, or shorter, is a setting; on, or longer, is a consent. */
enum rc api_health_rule_put(struct exchange *x, struct db *reader)
{
	const struct health_rule_values *in = &x->body.health_rule;
	const struct health_rule wanted = {.is_allowed = in->is_allowed.value,
		.keep_days = (uint16_t)in->keep_days.value}; /* bounded by the table */
	struct health_rule now;
	enum rc rc = health_rule_get(reader, &x->ids[0], &now, &x->err);

	if (rc != RC_OK)
		return rc;
	bool is_wider = health_rule_is_wider(&now, &wanted);
	if (is_wider)
		rc = access_check_right(x, reader, RIGHT_CONSENT, false);
	if (rc != RC_OK)
		return rc;
	act_told(&x->who);
	act_detail(&x->who, "%s, %u days → %s, %u days", now.is_allowed ? "on" : "off",
		now.keep_days, wanted.is_allowed ? "on" : "off", wanted.keep_days);
	rc = health_rule_put(
		x->domain, &x->who, &x->ids[0], &wanted, is_wider, &x->problem, &x->err);
	return rc == RC_OK ? api_health_rule(x, reader) : rc;
}

enum rc api_health_erase(struct exchange *x, struct db *reader)
{
	const struct approval_request request = {
		.kind = health_erase_kind.name, .group = x->verdict.group, .wearer = x->ids[0]};
	struct approval_result result;

	act_told(&x->who);
	enum rc rc = approval_act(
		x->domain, &x->who, &x->verdict, &request, &result, &x->problem, &x->err);
	return rc == RC_OK && !result.is_done ? api_approval_pending(x, reader, &result.pending)
					      : rc;
}

/* ---- days ---- */

struct days_writer {
	struct json_out *j;
	bool may_see_way;
};

static void write_day(void *ctx, const struct day_info *day)
{
	const struct days_writer *w = ctx;

	json_object(w->j, NULL);
	shape_day(w->j, day, w->may_see_way);
	json_end(w->j);
}

enum rc api_days(struct exchange *x, struct db *reader)
{
	const struct history_values *in = &x->query.history;
	struct days_writer w = {
		.j = &x->out, .may_see_way = (x->verdict.now & RIGHT_BIT(RIGHT_VIEW_HISTORY)) != 0};
	char zone[ZONE_TEXT] = "";

	json_object(&x->out, NULL);
	json_array(&x->out, "days");
	enum rc rc = days_list(x->domain, reader, &x->ids[0], in->from.value, in->to.value, zone,
		write_day, &w, &x->problem, &x->err);
	json_end(&x->out);
	json_text(&x->out, "zone", view_of(zone));
	json_end(&x->out);
	return rc;
}

/* ---- battery ---- */

static void write_level(void *ctx, int64_t time_ms, uint8_t percent, bool is_charging)
{
	struct json_out *j = ctx;

	json_object(j, NULL);
	json_time(j, "time", time_ms);
	json_int(j, "percent", percent);
	json_bool(j, "is_charging", is_charging);
	json_end(j);
}

enum rc api_battery(struct exchange *x, struct db *reader)
{
	const struct history_values *in = &x->query.history;
	struct battery_info info;

	json_object(&x->out, NULL);
	json_array(&x->out, "levels");
	enum rc rc = battery_read(x->domain, reader, &x->ids[0], in->from.value, in->to.value,
		write_level, &x->out, &info, &x->problem, &x->err);
	json_end(&x->out);
	if (rc == RC_OK)
		shape_battery(&x->out, &info, x->domain->wall_ms());
	json_end(&x->out);
	return rc;
}

/* ---- calls ---- */

static void write_call(void *ctx, const struct call_info *call)
{
	struct json_out *j = ctx;
	const struct call_entry *c = &call->call;

	json_object(j, NULL);
	json_time(j, "time", c->started_ms);
	json_text(j, "direction", c->is_out ? VIEW("out") : VIEW("in"));
	json_text(j, "number", view_of(c->number));
	if (c->name[0] != '\0')
		json_text(j, "name", view_of(c->name));
	if (!uid_is_none(&call->contact)) {
		json_object(j, "contact");
		json_uid(j, "id", &call->contact);
		json_text(j, "name", view_of(call->contact_name));
		json_end(j);
	}
	json_bool(j, "is_approved", call->is_approved);
	json_bool(j, "is_connected", c->is_connected);
	json_int(j, "seconds", c->seconds);
	json_end(j);
}

enum rc api_calls(struct exchange *x, struct db *reader)
{
	json_object(&x->out, NULL);
	json_array(&x->out, "calls");
	enum rc rc = call_list(reader, &x->ids[0], write_call, &x->out, &x->err);
	json_end(&x->out);
	json_int(&x->out, "keep_days", CALLS_KEEP_DAYS);
	json_end(&x->out);
	return rc;
}

/* ---- friends ---- */

enum rc api_friend_rule(struct exchange *x, struct db *reader)
{
	bool is_allowed = false;
	enum rc rc = friend_rule_get(reader, &x->ids[0], &is_allowed, &x->err);

	if (rc != RC_OK)
		return rc;
	json_object(&x->out, NULL);
	json_bool(&x->out, "is_allowed", is_allowed);
	json_end(&x->out);
	return RC_OK;
}

enum rc api_friend_rule_put(struct exchange *x, struct db *reader)
{
	bool is_allowed = x->body.friend_rule.is_allowed.value;

	act_told(&x->who);
	act_detail(&x->who, "%s", is_allowed ? "on" : "off");
	enum rc rc = friend_rule_put(x->domain, &x->who, &x->ids[0], is_allowed, &x->err);
	return rc == RC_OK ? api_friend_rule(x, reader) : rc;
}

static void write_friend(void *ctx, const struct friend_info *info)
{
	struct json_out *j = ctx;

	json_object(j, NULL);
	json_uid(j, "id", &info->id);
	json_text(j, "name", view_of(info->name));
	json_time(j, "since", info->since_ms);
	json_end(j);
}

enum rc api_friends(struct exchange *x, struct db *reader)
{
	json_object(&x->out, NULL);
	json_array(&x->out, "friends");
	enum rc rc = friend_list(reader, &x->ids[0], write_friend, &x->out, &x->err);
	json_end(&x->out);
	json_end(&x->out);
	return rc;
}

enum rc api_friend_remove(struct exchange *x, struct db *reader)
{
	(void)reader;
	act_told(&x->who);
	return friend_remove(x->domain, &x->who, &x->ids[0], &x->ids[1], &x->err);
}
