#include "domain/break_glass.h"

#include "domain/account.h"
#include "domain/audit.h"
#include "domain/bus.h"
#include "domain/text.h"
#include "store/query.h"
#include "store/sealed.h"

#define HOUR_MS ((int64_t)3600 * 1000)
#define SHOWN_MS (INT64_C(30) * 24 * HOUR_MS)

enum { REASON_CHARS_MIN = 10, REASON_CHARS_MAX = 500 };

struct work {
	const struct principal *who;
	const struct uid *id;
	struct uid group;
	struct view reason;
	uint32_t hours;
	int64_t now_ms;
	struct problem *problem;
};

static enum rc request_job(struct db *db, void *arg, struct err *e)
{
	const struct work *w = arg;
	struct stmt *s = NULL;
	enum rc rc = query_row(db, "SELECT 1 FROM care_group WHERE id = ?1", &w->group, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_reset(s);
	rc = query_prepare(db,
		"INSERT INTO break_glass (id, care_group, by_account, reason, hours, created_ms,"
		" until_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)",
		w->id, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, &w->group);
	stmt_bind_uid(s, 3, &w->who->account);
	stmt_bind_sealed(s, 4, &w->group, "break_glass.reason", w->reason);
	stmt_bind_int(s, 5, w->hours);
	stmt_bind_int(s, 6, w->now_ms);
	return stmt_run(s, NULL, e);
}

/* The entry belongs to the family's log, and the family is told. */
static void name_act(const struct principal *who, const struct uid *group)
{
	if (who->act == NULL)
		return;
	who->act->group = *group;
	who->act->subject = (struct uid){{0}};
	act_told(who);
}

enum rc break_glass_request(struct domain *d, const struct principal *who, const struct uid *group,
	struct view reason, uint32_t hours, struct uid *ret_id, struct problem *p, struct err *e)
{
	struct uid id = uid_new();
	struct work w = {.who = who,
		.id = &id,
		.group = *group,
		.reason = reason,
		.hours = hours,
		.now_ms = d->wall_ms(),
		.problem = p};

	if (!text_is_clean(reason, REASON_CHARS_MIN, REASON_CHARS_MAX))
		return refuse(p, RC_SYNTAX, "reason_invalid", "reason", "10 to 500 characters");
	name_act(who, group);
	act_detail(who, "%u h: %.*s", hours, (int)reason.n, reason.p);
	enum rc rc = act_run(d, who, request_job, &w, e);
	if (rc == RC_OK)
		*ret_id = id;
	return rc;
}

#define BREAK_GLASS_COLUMNS                                                                        \
	"SELECT b.id, b.care_group, b.by_account, b.approved_by, b.reason, b.hours, b.created_ms," \
	" b.until_ms, a.name, c.name FROM break_glass b"                                           \
	" LEFT JOIN account a ON a.id = b.by_account LEFT JOIN account c ON c.id = b.approved_by"

static enum rc read_row(struct stmt *s, struct break_glass_info *ret, struct err *e)
{
	*ret = (struct break_glass_info){.id = stmt_uid(s, 0),
		.group = stmt_uid(s, 1),
		.by = stmt_uid(s, 2),
		.approved_by = stmt_uid(s, 3),
		.hours = (uint32_t)stmt_int(s, 5),
		.created_ms = stmt_int(s, 6),
		.until_ms = stmt_int(s, 7)};
	account_copy_name(s, 8, &ret->by, ret->by_name, sizeof ret->by_name);
	account_copy_name(
		s, 9, &ret->approved_by, ret->approved_by_name, sizeof ret->approved_by_name);
	enum rc rc = stmt_copy_sealed(
		s, 4, &ret->group, "break_glass.reason", ret->reason, sizeof ret->reason, e);
	return rc == RC_NOT_FOUND ? RC_OK : rc; /* the group is erased */
}

enum rc break_glass_get(
	struct db *reader, const struct uid *id, struct break_glass_info *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(reader, BREAK_GLASS_COLUMNS " WHERE b.id = ?1", id, &s, e);

	if (rc != RC_OK)
		return rc;
	rc = read_row(s, ret, e);
	stmt_reset(s);
	return rc;
}

static enum rc agree_job(struct db *db, void *arg, struct err *e)
{
	struct work *w = arg;
	struct break_glass_info b;
	struct stmt *s = NULL;
	int64_t changed = 0;
	enum rc rc = break_glass_get(db, w->id, &b, e);

	if (rc != RC_OK)
		return rc;
	if (uid_is(&b.by, &w->who->account))
		return refuse(w->problem, RC_DENIED, "approval_own", NULL, NULL);
	rc = query_prepare(db,
		"UPDATE break_glass SET approved_by = ?2, until_ms = ?3 + hours * 3600000"
		" WHERE id = ?1 AND until_ms = 0 AND created_ms > ?4",
		w->id, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, &w->who->account);
	stmt_bind_int(s, 3, w->now_ms);
	stmt_bind_int(s, 4, w->now_ms - BREAK_GLASS_LIFE_H * HOUR_MS);
	rc = stmt_run(s, &changed, e);
	if (rc == RC_OK && changed == 0)
		return refuse(w->problem, RC_CONFLICT, "approval_ended", NULL, NULL);
	w->group = b.group;
	name_act(w->who, &b.group);
	return rc;
}

enum rc break_glass_agree(struct domain *d, const struct principal *who, const struct uid *id,
	struct problem *p, struct err *e)
{
	struct work w = {.who = who, .id = id, .now_ms = d->wall_ms(), .problem = p};

	act_told(who);
	return act_run(d, who, agree_job, &w, e);
}

static enum rc end_job(struct db *db, void *arg, struct err *e)
{
	const struct work *w = arg;
	struct break_glass_info b;
	struct stmt *s = NULL;
	enum rc rc = break_glass_get(db, w->id, &b, e);

	if (rc == RC_OK)
		rc = query_prepare(db,
			"UPDATE break_glass SET until_ms = ?2 WHERE id = ?1 AND (until_ms = 0 OR"
			" until_ms > ?2)",
			w->id, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, w->now_ms);
	name_act(w->who, &b.group);
	return stmt_run(s, NULL, e);
}

enum rc break_glass_end(
	struct domain *d, const struct principal *who, const struct uid *id, struct err *e)
{
	struct work w = {.who = who, .id = id, .now_ms = d->wall_ms()};

	act_told(who);
	return act_run(d, who, end_job, &w, e);
}

static enum rc each(struct stmt *s, break_glass_fn *fn, void *ctx, struct err *e)
{
	bool has_row = false;
	enum rc rc = RC_OK;

	while (rc == RC_OK && (rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct break_glass_info b;
		rc = read_row(s, &b, e);
		if (rc == RC_OK)
			fn(ctx, &b);
	}
	stmt_reset(s);
	return rc;
}

enum rc break_glass_list(
	struct db *reader, int64_t now_ms, break_glass_fn *fn, void *ctx, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_prepare(reader,
		BREAK_GLASS_COLUMNS " WHERE b.created_ms > ?1 ORDER BY b.created_ms DESC LIMIT ?2",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, now_ms - SHOWN_MS);
	stmt_bind_int(s, 2, BREAK_GLASS_LIST);
	return each(s, fn, ctx, e);
}

enum rc break_glass_of_group(struct db *reader, const struct uid *group, int64_t now_ms,
	break_glass_fn *fn, void *ctx, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(reader,
		BREAK_GLASS_COLUMNS " WHERE b.care_group = ?1 AND b.until_ms > ?2", group, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, now_ms);
	return each(s, fn, ctx, e);
}
