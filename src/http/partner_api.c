/* What partners can do: the verbs of docs/openapi-partner.yaml. Each asks for a right that a family
 * named (domain/consent.h); there are no others. */
#include "http/api.h"

#include <stdio.h>
#include <stdlib.h>

#include "domain/alarm.h"
#include "domain/commands.h"
#include "domain/consent.h"
#include "domain/health.h"
#include "domain/partner_change.h"
#include "domain/partner_meter.h"
#include "domain/plan_proposal.h"
#include "domain/wearer.h"
#include "http/openapi_text.h"
#include "http/partner_access.h"
#include "http/shapes.h"
#include "http/shapes_health.h"

/* ---- reading ---- */

enum rc partner_description(struct exchange *x, struct db *reader)
{
	(void)reader;
	return answer_text(x, (struct view){.p = openapi_partner_text, .n = openapi_partner_text_n},
		"application/yaml; charset=utf-8");
}

static void write_rights(struct json_out *j, right_set rights)
{
	json_array(j, "rights");
	for (enum right r = RIGHT_NONE + 1; r < RIGHT_COUNT; r++) {
		if (rights & RIGHT_BIT(r))
			json_text(j, NULL, view_of(right_name(r)));
	}
	json_end(j);
}

struct wearers_writer {
	struct exchange *x;
	struct db *reader;
	enum rc rc;
	struct wearer_info info; /* too large for the stack of each call */
};

static void write_wearer(void *ctx, const struct uid *wearer, right_set rights, int64_t until_ms)
{
	struct wearers_writer *w = ctx;
	struct json_out *j = &w->x->out;

	if (w->rc != RC_OK)
		return;
	w->rc = wearer_get(w->x->domain, w->reader, wearer, &w->info, &w->x->err);
	if (w->rc == RC_NOT_FOUND) { /* erased this moment */
		w->rc = RC_OK;
		return;
	}
	if (w->rc != RC_OK)
		return;
	json_object(j, NULL);
	json_uid(j, "id", wearer);
	json_text(j, "name", view_of(w->info.name));
	write_rights(j, rights);
	json_time(j, "until", until_ms);
	json_end(j);
}

enum rc partner_wearers(struct exchange *x, struct db *reader)
{
	const struct uid *after = &x->query.wearers.after;
	struct wearers_writer w = {.x = x, .reader = reader, .rc = RC_OK};
	bool is_more = false;

	json_object(&x->out, NULL);
	json_array(&x->out, "wearers");
	enum rc rc = consent_wearers(reader, &x->who.partner, uid_is_none(after) ? NULL : after,
		x->domain->wall_ms(), write_wearer, &w, &is_more, &x->err);
	json_end(&x->out);
	json_bool(&x->out, "more", is_more);
	json_end(&x->out);
	return rc == RC_OK ? w.rc : rc;
}

enum rc partner_position(struct exchange *x, struct db *reader)
{
	struct live_view live;

	(void)reader;
	json_object(&x->out, NULL);
	json_uid(&x->out, "wearer", &x->ids[0]);
	if (live_read(x->domain->live, &x->ids[0], &live) && live.has_fix)
		shape_fix(&x->out, "fix", &live.fix);
	else
		json_null(&x->out, "fix");
	json_end(&x->out);
	return RC_OK;
}

static void write_health(void *ctx, const struct health_value *v)
{
	struct json_out *j = ctx;

	for (enum health_kind k = 0; k < HEALTH_KIND_COUNT; k++) {
		if (((v->has | v->failed) >> k & 1) == 0)
			continue;
		json_object(j, NULL);
		shape_health_value(j, v, k);
		json_end(j);
	}
}

/* The way is history, which is a consent of its own. */
static void write_day(void *ctx, const struct day_info *day)
{
	struct json_out *j = ctx;

	json_object(j, NULL);
	shape_day(j, day, false);
	json_end(j);
}

enum rc partner_health(struct exchange *x, struct db *reader)
{
	const struct history_values *in = &x->query.history;
	bool is_truncated = false;
	char zone[ZONE_TEXT] = "";

	json_object(&x->out, NULL);
	json_array(&x->out, "values");
	enum rc rc = health_list(reader, &x->ids[0], in->from.value, in->to.value, write_health,
		&x->out, &is_truncated, &x->problem, &x->err);
	json_end(&x->out);
	json_bool(&x->out, "truncated", is_truncated);
	json_array(&x->out, "days");
	if (rc == RC_OK)
		rc = days_list(x->domain, reader, &x->ids[0], in->from.value, in->to.value, zone,
			write_day, &x->out, &x->problem, &x->err);
	json_end(&x->out);
	json_text(&x->out, "zone", view_of(zone));
	json_end(&x->out);
	return rc;
}

struct alarms_writer {
	struct json_out *j;
	bool may_see_place;
};

/* Without the names and notes of members: they are none of a partner's business. */
static void write_alarm(void *ctx, const struct alarm_info *a)
{
	const struct alarms_writer *w = ctx;
	struct json_out *j = w->j;

	json_object(j, NULL);
	json_uid(j, "id", &a->id);
	json_uid(j, "wearer", &a->wearer);
	json_text(j, "kind", view_of(alarm_kind_name(a->kinds)));
	json_array(j, "kinds");
	for (unsigned i = 0; i < 16; i++) {
		if (a->kinds & 1u << i)
			json_text(j, NULL, view_of(alarm_kind_name(1u << i)));
	}
	json_end(j);
	json_time(j, "time", a->time_ms);
	json_time(j, "received", a->received_ms);
	if (a->has_fix && w->may_see_place)
		shape_fix(j, "fix", &a->fix);
	json_text(j, "state", view_of(alarm_state_name(a->state)));
	if (a->taken_ms != 0)
		json_time(j, "taken", a->taken_ms);
	if (a->closed_ms != 0)
		json_time(j, "closed", a->closed_ms);
	json_int(j, "repeats", a->repeats);
	json_bool(j, "serious", a->is_serious);
	json_end(j);
}

enum rc partner_alarms(struct exchange *x, struct db *reader)
{
	const struct alarms_values *in = &x->query.alarms;
	struct verdict place;
	struct alarms_writer w = {.j = &x->out};

	enum rc rc = rights_decide(reader, &x->who, OBJECT_WEARER, &x->ids[0], RIGHT_VIEW_POSITION,
		x->domain->wall_ms(), &place, &x->err);
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	w.may_see_place = rc == RC_OK && place.decision == DECIDE_ALLOW;
	json_object(&x->out, NULL);
	json_array(&x->out, "alarms");
	rc = alarm_list_of_wearer(reader, &x->ids[0], !view_is(in->state, VIEW("all")),
		uid_is_none(&in->before) ? NULL : &in->before, write_alarm, &w, &x->err);
	json_end(&x->out);
	json_end(&x->out);
	return rc;
}

/* ---- changing ---- */

/* Does the work and fills x->out and x->status. */
typedef enum rc change_fn(struct exchange *x, struct db *reader);

/* Method, path and body as one text: what must be the same when a key comes again. */
static char *request_text(const struct exchange *x, size_t *ret_n)
{
	size_t method_n = strlen(x->route->method);
	char *text = malloc(method_n + x->uri_n + x->raw_n + 2);

	if (text == NULL)
		return NULL;
	memcpy(text, x->route->method, method_n);
	text[method_n] = ' ';
	memcpy(text + method_n + 1, x->uri, x->uri_n);
	text[method_n + 1 + x->uri_n] = '\n';
	if (x->raw_n > 0)
		memcpy(text + method_n + x->uri_n + 2, x->raw, x->raw_n);
	*ret_n = method_n + x->uri_n + x->raw_n + 2;
	return text;
}

static enum rc do_change(
	struct exchange *x, struct db *reader, struct partner_change *c, change_fn *fn)
{
	struct partner_answer earlier = {.status = 0};
	struct view text = {0};
	enum rc rc = partner_change_begin(x->domain, c, &earlier, &x->problem, &x->err);

	if (rc != RC_OK)
		return rc;
	if (earlier.status != 0) {
		x->blob = earlier.body;
		x->blob_n = earlier.n;
		x->status = earlier.status;
		x->content_type = "application/json";
		x->act.is_written = true; /* when it was done */
		return RC_OK;
	}
	rc = fn(x, reader);
	if (rc == RC_OK)
		rc = json_out_finish(&x->out, &text, &x->err);
	if (rc == RC_OK)
		return partner_change_end(x->domain, c, x->status, text, &x->err);
	partner_change_undo(x->domain, c);
	return rc;
}

static enum rc change(struct exchange *x, struct db *reader, change_fn *fn)
{
	struct partner_change c = {
		.count = {.partner = x->who.partner,
			.wearer = x->ids[0],
			.right = x->route->right,
			.action = partner_action(x->route)},
		.key = x->head.idempotency_key,
		.per_hour = partner_right_per_hour(x->route->right),
	};
	size_t n = 0;
	char *text = request_text(x, &n);

	if (text == NULL)
		return fail(&x->err, RC_NOMEM, "partner: out of memory");
	c.request = (struct view){.p = text, .n = n};
	enum rc rc = do_change(x, reader, &c, fn);
	free(text);
	return rc;
}

static void write_command(struct json_out *j, const struct command_info *c)
{
	json_object(j, NULL);
	json_uid(j, "id", &c->id);
	json_uid(j, "wearer", &c->wearer);
	json_text(j, "type", view_of(c->type));
	json_text(j, "state", view_of(command_state_name(c->state)));
	if (c->reason != NULL)
		json_text(j, "reason", view_of(c->reason));
	json_time(j, "created", c->created_ms);
	json_time(j, "expires", c->expires_ms);
	if (c->finished_ms != 0)
		json_time(j, "finished", c->finished_ms);
	json_end(j);
}

static enum rc give(struct exchange *x, struct db *reader, struct view type, struct view text)
{
	struct command_request request = {
		.type = type, .text = text, .idempotency_key = x->head.idempotency_key};
	struct command_info command;

	enum rc rc = commands_create(
		x->domain, reader, &x->who, &x->ids[0], &request, &command, &x->problem, &x->err);
	if (rc == RC_OK)
		write_command(&x->out, &command);
	x->status = MHD_HTTP_ACCEPTED;
	return rc;
}

static enum rc give_locate(struct exchange *x, struct db *reader)
{
	return give(x, reader, VIEW("locate"), (struct view){0});
}

enum rc partner_locate(struct exchange *x, struct db *reader)
{
	return change(x, reader, give_locate);
}

/* The sender is what the operator registered, not what the partner says. */
static enum rc give_message(struct exchange *x, struct db *reader)
{
	char text[PARTNER_NAME_TEXT + 4 * 200];
	struct view in = x->body.partner_message.text;

	int n = snprintf(text, sizeof text, "%s: %.*s", x->caller.name, (int)in.n, in.p);
	if (n < 0 || (size_t)n >= sizeof text)
		return refuse(&x->problem, RC_SYNTAX, "text_too_long", "text", NULL);
	return give(x, reader, VIEW("message"), (struct view){.p = text, .n = (size_t)n});
}

enum rc partner_message(struct exchange *x, struct db *reader)
{
	return change(x, reader, give_message);
}

/* A command that this partner gave to this wearer, of the kind of the route. */
static enum rc show_command(struct exchange *x, struct db *reader, struct view type)
{
	struct command_info c;
	enum rc rc = commands_get(reader, &x->ids[1], &c, &x->err);

	if (rc != RC_OK)
		return rc;
	if (!uid_is(&c.wearer, &x->ids[0]) || !uid_is(&c.by, &x->who.partner) ||
		!view_is(view_of(c.type), type))
		return fail(&x->err, RC_NOT_FOUND, "not this partner's");
	write_command(&x->out, &c);
	return RC_OK;
}

enum rc partner_locate_get(struct exchange *x, struct db *reader)
{
	return show_command(x, reader, VIEW("locate"));
}

enum rc partner_message_get(struct exchange *x, struct db *reader)
{
	return show_command(x, reader, VIEW("message"));
}

/* ---- plans ---- */

static void words(struct json_out *j, const char *key, const struct field_words *w)
{
	if (!w->is_there)
		return;
	json_array(j, key);
	for (uint8_t i = 0; i < w->n; i++)
		json_text(j, NULL, w->words[i]);
	json_end(j);
}

static void optional(struct json_out *j, const char *key, struct view text)
{
	if (text.n > 0)
		json_text(j, key, text);
}

/* The checked fields in one order, so that the same plan is the same text. */
static void write_plan(struct json_out *j, const struct proposal_values *in)
{
	json_object(j, NULL);
	json_text(j, "medicine", in->medicine);
	json_text(j, "dose", in->dose);
	words(j, "times", &in->times);
	words(j, "days", &in->days);
	optional(j, "first_day", in->first_day);
	optional(j, "last_day", in->last_day);
	optional(j, "note", in->note);
	json_end(j);
}

static void write_proposal(struct json_out *j, const struct proposal_info *p)
{
	json_object(j, NULL);
	json_uid(j, "id", &p->id);
	json_uid(j, "wearer", &p->wearer);
	json_text(j, "state", view_of(proposal_state_name(p->state)));
	json_time(j, "created", p->created_ms);
	if (p->decided_ms != 0)
		json_time(j, "decided", p->decided_ms);
	json_raw(j, "plan", (struct view){.p = p->body, .n = p->body_n});
	json_end(j);
}

static enum rc propose(struct exchange *x, struct db *reader)
{
	struct proposal_info p;
	struct json_out plan;
	struct view text = {0};
	struct uid id;

	json_out_init(&plan, PROPOSAL_BODY_MAX);
	write_plan(&plan, &x->body.proposal);
	enum rc rc = json_out_finish(&plan, &text, &x->err);
	if (rc == RC_OK)
		rc = proposal_create(
			x->domain, &x->who, &x->ids[0], text, &id, &x->problem, &x->err);
	json_out_done(&plan);
	if (rc == RC_OK)
		rc = proposal_get(reader, &id, &p, &x->err);
	if (rc == RC_OK)
		write_proposal(&x->out, &p);
	x->status = MHD_HTTP_CREATED;
	return rc;
}

enum rc partner_propose(struct exchange *x, struct db *reader)
{
	return change(x, reader, propose);
}

enum rc partner_proposal_get(struct exchange *x, struct db *reader)
{
	struct proposal_info p;
	enum rc rc = proposal_get(reader, &x->ids[1], &p, &x->err);

	if (rc != RC_OK)
		return rc;
	if (!uid_is(&p.wearer, &x->ids[0]) || !uid_is(&p.partner, &x->who.partner))
		return fail(&x->err, RC_NOT_FOUND, "not this partner's");
	write_proposal(&x->out, &p);
	return RC_OK;
}
