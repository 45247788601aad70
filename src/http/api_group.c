/* Groups and their members. */
#include "http/api.h"

#include <stdlib.h>

#include "domain/audit.h"
#include "domain/break_glass.h"
#include "domain/consent.h"
#include "domain/group.h"
#include "domain/member.h"
#include "domain/web_session.h"
#include "http/inside.h"
#include "http/session_json.h"
#include "http/shapes.h"

/* ---- writing ---- */

static void write_clock(struct json_out *j, const char *key, unsigned minutes)
{
	const char text[] = {(char)('0' + minutes / 600 % 10), (char)('0' + minutes / 60 % 10), ':',
		(char)('0' + minutes % 60 / 10), (char)('0' + minutes % 10)};

	json_text(j, key, (struct view){.p = text, .n = sizeof text});
}

static void write_terms(struct json_out *j, const struct member_terms *t)
{
	shape_rights(j, "given", t->given);
	shape_rights(j, "taken", t->taken);
	json_array(j, "windows");
	for (size_t i = 0; i < t->windows_n; i++) {
		const struct window *w = &t->windows[i];
		json_object(j, NULL);
		json_array(j, "days");
		for (unsigned day = 0; day < 7; day++) {
			if (w->days & 1u << day)
				json_int(j, NULL, day + 1);
		}
		json_end(j);
		write_clock(j, "from", w->from_min);
		write_clock(j, "to", w->to_min);
		json_text(j, "mode", w->is_only ? VIEW("only") : VIEW("not"));
		shape_rights(j, "rights", w->rights);
		json_end(j);
	}
	json_end(j);
}

struct showing {
	struct exchange *x;
	struct db *reader;
	const struct uid *group;
	enum rc rc;
};

static void write_member_wearer(void *ctx, const struct uid *wearer, const struct member_terms *t)
{
	struct json_out *j = ctx;

	json_object(j, NULL);
	json_uid(j, "wearer", wearer);
	write_terms(j, t);
	json_end(j);
}

static void write_member(void *ctx, const struct member_info *m)
{
	struct showing *w = ctx;
	struct json_out *j = &w->x->out;

	json_object(j, NULL);
	json_uid(j, "account", &m->account);
	json_text(j, "name", view_of(m->name));
	json_text(j, "role", view_of(role_name(m->terms.role)));
	shape_rights(j, "rights", m->rights);
	write_terms(j, &m->terms);
	if (m->terms.until_ms != 0)
		json_time(j, "until", m->terms.until_ms);
	json_time(j, "since", m->since_ms);
	json_bool(j, "is_me", uid_is(&m->account, &w->x->who.account));
	json_bool(j, "has_second_factor", m->has_second_factor);
	json_array(j, "wearers");
	enum rc rc = member_wearers(
		w->reader, w->group, &m->account, write_member_wearer, j, &w->x->err);
	if (rc != RC_OK)
		w->rc = rc;
	json_end(j);
	json_end(j);
}

static void write_wearer(void *ctx, const struct uid *wearer, const char *name)
{
	struct json_out *j = ctx;

	json_object(j, NULL);
	json_uid(j, "id", wearer);
	json_text(j, "name", view_of(name));
	json_end(j);
}

static enum rc write_group(struct exchange *x, struct db *reader, const struct uid *group)
{
	struct showing w = {.x = x, .reader = reader, .group = group, .rc = RC_OK};
	struct json_out *j = &x->out;
	struct group_info g;

	enum rc rc = group_get(reader, &x->who.account, group, &g, &x->err);
	if (rc != RC_OK)
		return rc;
	json_object(j, NULL);
	json_uid(j, "id", &g.id);
	json_text(j, "name", view_of(g.name));
	if (g.role[0] != '\0') /* an operator in an emergency has none */
		json_text(j, "role", view_of(g.role));
	shape_rights(j, "my_rights", x->verdict.now);
	json_text(j, "zone", view_of(g.zone));
	json_int(j, "wait_hours", g.wait_hours);
	json_array(j, "members");
	rc = member_list(reader, group, x->domain->wall_ms(), write_member, &w, &x->err);
	json_end(j);
	json_array(j, "wearers");
	if (rc == RC_OK)
		rc = wearer_names(reader, group, write_wearer, j, &x->err);
	json_end(j);
	json_end(j);
	return rc == RC_OK ? w.rc : rc;
}

/* ---- the group ---- */

enum rc api_group(struct exchange *x, struct db *reader)
{
	return write_group(x, reader, &x->ids[0]);
}

enum rc api_group_create(struct exchange *x, struct db *reader)
{
	struct group_info group;

	enum rc rc = group_create(
		x->domain, reader, &x->who, x->body.group_new.name, &group, &x->problem, &x->err);
	if (rc != RC_OK)
		return rc;
	sessions_json_forget(x->server->sessions_json);
	x->verdict.now = role_rights(ROLE_ADMIN);
	x->status = MHD_HTTP_CREATED;
	return write_group(x, reader, &group.id);
}

/* A new zone moves the times at which members have their rights: nobody moves his own, and for the
 * others it is an act of admins. */
static enum rc check_zone_change(struct exchange *x, struct db *reader)
{
	bool is_any = false;
	bool is_own = false;
	enum rc rc = member_windows(reader, &x->ids[0], &x->who.account, &is_any, &is_own, &x->err);

	if (rc != RC_OK || !is_any)
		return rc;
	if (is_own)
		return refuse(&x->problem, RC_DENIED, "right_missing", "zone",
			"it would move the times of your own rights");
	act_told(&x->who);
	return access_check_right(x, reader, RIGHT_MEMBERS, true);
}

enum rc api_group_change(struct exchange *x, struct db *reader)
{
	const struct group_values *in = &x->body.group_body;
	struct approval_result result = {.is_done = true};
	enum rc rc = in->zone.p == NULL ? RC_OK : check_zone_change(x, reader);

	if (rc == RC_OK && in->wait_hours.is_there) {
		rc = access_check_right(x, reader, RIGHT_MEMBERS, true);
		if (rc == RC_OK)
			rc = group_change_wait(x->domain, &x->who, &x->verdict,
				(uint32_t)in->wait_hours.value, &result, &x->problem, &x->err);
	}
	if (rc == RC_OK && (in->name.p != NULL || in->zone.p != NULL))
		rc = group_change(
			x->domain, &x->who, &x->ids[0], in->name, in->zone, &x->problem, &x->err);
	sessions_json_forget(x->server->sessions_json);
	if (rc != RC_OK)
		return rc;
	return result.is_done ? write_group(x, reader, &x->ids[0])
			      : api_approval_pending(x, reader, &result.pending);
}

/* ---- reading terms ---- */

static right_set read_rights(const struct field_words *words)
{
	right_set rights = 0;
	enum right r = RIGHT_NONE;

	for (size_t i = 0; i < words->n; i++) {
		if (right_from_name(words->words[i], &r)) /* the table lets nothing else in */
			rights |= RIGHT_BIT(r);
	}
	return rights;
}

/* "08:30"; "24:00" is the end of the day. */
static bool read_clock(struct view text, uint16_t *ret)
{
	unsigned digits[4];
	unsigned n = 0;

	if (text.n != 5 || text.p[2] != ':')
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (i == 2)
			continue;
		if (!ascii_is_digit(text.p[i]))
			return false;
		digits[n++] = (unsigned)(text.p[i] - '0');
	}
	unsigned hours = digits[0] * 10 + digits[1];
	unsigned minutes = digits[2] * 10 + digits[3];
	if (minutes > 59 || hours * 60 + minutes > DAY_MINUTES)
		return false;
	*ret = (uint16_t)(hours * 60 + minutes);
	return true;
}

static bool read_days(const struct json_t *days, uint8_t *ret)
{
	size_t n = body_array_n(days);
	int64_t day = 0;

	*ret = 0;
	for (size_t i = 0; i < n; i++) {
		if (!body_int(body_array_at(days, i), &day) || day < 1 || day > 7)
			return false;
		*ret |= (uint8_t)(1u << (day - 1));
	}
	return n > 0 && n <= 7;
}

/* What a window without rights is about: all but who is in the group, and alarms, which must be
 * named: an SOS is for everybody. */
#define WINDOW_RIGHTS                                                                              \
	(role_rights(ROLE_ADMIN) & ~(RIGHT_BIT(RIGHT_SEE_GROUP) | RIGHT_BIT(RIGHT_ALARMS)))

static enum rc read_window(const struct json_t *item, struct window *ret, struct problem *p)
{
	struct window_values *v = calloc(1, sizeof *v); /* large: lists of words */
	enum rc rc = v == NULL ? RC_NOMEM : body_read_object(item, &window_table, v, p);

	if (rc == RC_OK) {
		*ret = (struct window){.is_only = view_is(v->mode, VIEW("only")),
			.rights = v->rights.is_there ? read_rights(&v->rights) : WINDOW_RIGHTS};
		if (!read_days(v->days, &ret->days) || !read_clock(v->from, &ret->from_min) ||
			!read_clock(v->to, &ret->to_min) || ret->from_min == DAY_MINUTES)
			rc = refuse(p, RC_SYNTAX, "window_invalid", "windows", NULL);
	}
	free(v);
	return rc;
}

static enum rc read_terms(struct exchange *x, struct member_terms *ret)
{
	const struct member_values *in = &x->body.member;
	size_t n = body_array_n(in->windows);
	enum rc rc = RC_OK;

	*ret = (struct member_terms){.role = ROLE_VIEWER,
		.given = read_rights(&in->given),
		.taken = read_rights(&in->taken),
		.until_ms = in->until.is_there ? in->until.value : 0,
		.windows_n = n};
	if (in->role.p != NULL && !role_from_name(in->role, &ret->role))
		return refuse(&x->problem, RC_SYNTAX, "field_value", "role", NULL);
	if (n > WINDOWS_MAX || (in->windows != NULL && !body_is_array(in->windows)))
		return refuse(&x->problem, RC_SYNTAX, "window_invalid", "windows", NULL);
	for (size_t i = 0; i < n && rc == RC_OK; i++)
		rc = read_window(body_array_at(in->windows, i), &ret->windows[i], &x->problem);
	return rc;
}

/* ---- members ---- */

static enum rc answer_member(
	struct exchange *x, struct db *reader, const struct approval_result *result)
{
	struct showing w = {.x = x, .reader = reader, .group = &x->ids[0], .rc = RC_OK};
	struct member_info m;

	if (!result->is_done)
		return api_approval_pending(x, reader, &result->pending);
	sessions_json_forget(x->server->sessions_json);
	enum rc rc = member_get(reader, &x->ids[0], &x->ids[1], &m, &x->err);
	if (rc == RC_OK)
		write_member(&w, &m);
	return rc == RC_OK ? w.rc : rc;
}

enum rc api_member_change(struct exchange *x, struct db *reader)
{
	struct approval_result result = {.is_done = false};
	struct member_terms terms;

	enum rc rc = read_terms(x, &terms);
	if (rc == RC_OK)
		rc = member_change(x->domain, reader, &x->who, &x->verdict, &x->ids[1], &terms,
			&result, &x->problem, &x->err);
	return rc == RC_OK ? answer_member(x, reader, &result) : rc;
}

enum rc api_member_wearer_change(struct exchange *x, struct db *reader)
{
	struct approval_result result = {.is_done = false};
	struct member_terms terms;

	enum rc rc = read_terms(x, &terms);
	if (rc == RC_OK)
		rc = member_change_wearer(x->domain, reader, &x->who, &x->verdict, &x->ids[1],
			&x->ids[2], &terms, &result, &x->problem, &x->err);
	return rc == RC_OK ? answer_member(x, reader, &result) : rc;
}

/* Everybody may leave; the row asks for no more. */
enum rc api_member_remove(struct exchange *x, struct db *reader)
{
	struct approval_result result = {.is_done = false};
	enum rc rc = RC_OK;

	if (!uid_is(&x->ids[1], &x->who.account))
		rc = access_check_right(x, reader, RIGHT_MEMBERS, true);
	if (rc == RC_OK)
		rc = member_remove(x->domain, reader, &x->who, &x->verdict, &x->ids[1], &result,
			&x->problem, &x->err);
	sessions_json_forget(x->server->sessions_json);
	if (rc != RC_OK || result.is_done)
		return rc;
	return api_approval_pending(x, reader, &result.pending);
}

/* ---- who can see a wearer ---- */

static void write_watcher(void *ctx, const struct member_info *m)
{
	struct showing *w = ctx;
	struct json_out *j = &w->x->out;
	struct holding held;

	enum rc rc = rights_held(w->reader, &m->account, w->group, &w->x->ids[0],
		w->x->domain->wall_ms(), &held, &w->x->err);
	if (rc == RC_NOT_FOUND)
		return; /* gone just now */
	if (rc != RC_OK) {
		w->rc = rc;
		return;
	}
	json_object(j, NULL);
	json_text(j, "name", view_of(m->name));
	json_text(j, "kind", VIEW("member"));
	json_text(j, "role", view_of(role_name(m->terms.role)));
	shape_rights(j, "rights", held.ever);
	if (m->terms.until_ms != 0)
		json_time(j, "until", m->terms.until_ms);
	shape_rights(j, "can_now", held.now);
	json_end(j);
}

static void write_other(
	struct json_out *j, const char *name, const char *kind, right_set rights, int64_t until_ms)
{
	json_object(j, NULL);
	json_text(j, "name", view_of(name));
	json_text(j, "kind", view_of(kind));
	shape_rights(j, "rights", rights);
	json_time(j, "until", until_ms);
	shape_rights(j, "can_now", rights);
	json_end(j);
}

static void write_partner(
	void *ctx, const struct uid *partner, const char *name, right_set rights, int64_t until_ms)
{
	(void)partner;
	write_other(ctx, name, "partner", rights, until_ms);
}

/* Both operators of an emergency access. */
static void write_operators(void *ctx, const struct break_glass_info *b)
{
	right_set rights = 0;

	for (enum right r = RIGHT_NONE + 1; r < RIGHT_COUNT; r++)
		rights |= right_class(r) == 'A' ? RIGHT_BIT(r) : 0;
	write_other(ctx, b->by_name, "operator", rights, b->until_ms);
	write_other(ctx, b->approved_by_name, "operator", rights, b->until_ms);
}

enum rc api_watchers(struct exchange *x, struct db *reader)
{
	struct showing w = {.x = x, .reader = reader, .group = &x->verdict.group, .rc = RC_OK};

	json_object(&x->out, NULL);
	json_array(&x->out, "watchers");
	enum rc rc = member_list(
		reader, &x->verdict.group, x->domain->wall_ms(), write_watcher, &w, &x->err);
	if (rc == RC_OK)
		rc = consent_each_of_wearer(
			reader, &x->ids[0], x->domain->wall_ms(), write_partner, &x->out, &x->err);
	if (rc == RC_OK)
		rc = break_glass_of_group(reader, &x->verdict.group, x->domain->wall_ms(),
			write_operators, &x->out, &x->err);
	json_end(&x->out);
	json_end(&x->out);
	return rc == RC_OK ? w.rc : rc;
}
