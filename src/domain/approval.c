#include "domain/approval.h"

#include "domain/approval_row.h"
#include "domain/audit.h"
#include "domain/bus.h"
#include "store/query.h"
#include "store/sealed.h"

#define HOUR_MS ((int64_t)3600 * 1000)
#define DAY_MS (24 * HOUR_MS)

enum { ENDED_SHOWN_DAYS = 30 };

/* One act or proposal on its way through the writer. */
struct act_work {
	struct domain *domain;
	struct approval a;
	int64_t now_ms;
	struct problem *problem;
};

static enum rc execute_job(struct db *db, void *arg, struct err *e)
{
	struct act_work *w = arg;

	return w->a.kind->execute(w->domain, db, &w->a, w->now_ms, w->problem, e);
}

/* How many are pending in the group, and whether the same is among them. */
static enum rc check_pending(struct db *db, const struct act_work *w, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"SELECT COUNT(*), COALESCE(SUM(kind = ?2 AND COALESCE(wearer, x'') = COALESCE(?3, "
		"x'') AND"
		" COALESCE(subject, x'') = COALESCE(?4, x'')), 0)"
		" FROM approval WHERE care_group = ?1 AND state = 0",
		&w->a.group, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_text(s, 2, view_of(w->a.kind->name));
	stmt_bind_uid(s, 3, &w->a.wearer);
	stmt_bind_uid(s, 4, &w->a.subject);
	rc = query_first(s, e);
	if (rc != RC_OK)
		return rc;
	int64_t pending = stmt_int(s, 0);
	int64_t same = stmt_int(s, 1);
	stmt_reset(s);
	if (same > 0)
		return refuse(w->problem, RC_CONFLICT, "approval_exists", NULL, NULL);
	if (pending >= APPROVALS_PENDING_MAX)
		return refuse(w->problem, RC_LIMIT, "too_many_approvals", NULL, NULL);
	return RC_OK;
}

static enum rc propose_job(struct db *db, void *arg, struct err *e)
{
	const struct act_work *w = arg;
	const struct approval *a = &w->a;
	struct stmt *s = NULL;
	enum rc rc = check_pending(db, w, e);

	if (rc == RC_OK)
		rc = query_prepare(db,
			"INSERT INTO approval (id, care_group, wearer, subject, kind, payload,"
			" by_account, needs, state, created_ms, due_ms, ended_ms)"
			" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?9, ?10, 0)",
			&a->id, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, &a->group);
	stmt_bind_uid(s, 3, &a->wearer);
	stmt_bind_uid(s, 4, &a->subject);
	stmt_bind_text(s, 5, view_of(a->kind->name));
	stmt_bind_sealed(s, 6, &a->group, "approval.payload", a->payload);
	stmt_bind_uid(s, 7, &a->by);
	stmt_bind_int(s, 8, a->needs);
	stmt_bind_int(s, 9, a->created_ms);
	stmt_bind_int(s, 10, a->due_ms);
	return stmt_run(s, NULL, e);
}

/* The entry of the log names the act and whom it meets, whatever the route is. */
static void name_act(const struct principal *who, const struct approval *a, const char *outcome)
{
	if (who->act == NULL)
		return;
	who->act->action = a->kind->name;
	who->act->outcome = outcome;
	who->act->group = a->group;
	who->act->wearer = a->wearer;
	who->act->subject = a->subject;
	who->act->right = right_name(a->kind->right);
	act_told(who);
}

static enum rc act_now(struct domain *d, const struct principal *who, struct act_work *w,
	struct approval_result *ret, struct err *e)
{
	name_act(who, &w->a, NULL);
	enum rc rc = act_run(d, who, execute_job, w, e);
	if (rc != RC_OK)
		return rc;
	approval_acted(d, &w->a);
	*ret = (struct approval_result){.is_done = true};
	return RC_OK;
}

static enum rc propose(struct domain *d, const struct principal *who, struct act_work *w,
	int64_t wait_ms, struct approval_result *ret, struct err *e)
{
	w->a.due_ms = w->now_ms + wait_ms;
	name_act(who, &w->a, "pending");
	enum rc rc = act_run(d, who, propose_job, w, e);
	if (rc != RC_OK)
		return rc;
	approvals_wake(d);
	bus_publish(d->bus, EVENT_GROUP, &w->a.group, &w->a.group);
	*ret = (struct approval_result){.pending = w->a.id};
	return RC_OK;
}

enum rc approval_act(struct domain *d, const struct principal *who, const struct verdict *verdict,
	const struct approval_request *r, struct approval_result *ret, struct problem *p,
	struct err *e)
{
	int64_t now_ms = d->wall_ms();
	struct act_work w = {.domain = d,
		.now_ms = now_ms,
		.problem = p,
		.a = {.id = uid_new(),
			.group = r->group,
			.wearer = r->wearer,
			.subject = r->subject,
			.by = who->account,
			.kind = approval_kind_find(view_of(r->kind)),
			.needs = r->wait_ms > 0 ? APPROVAL_TIME : APPROVAL_SECOND_PERSON,
			.created_ms = now_ms,
			.payload = r->payload}};

	if (w.a.kind == NULL || r->payload.n > APPROVAL_PAYLOAD_MAX)
		return fail(e, RC_BUG, "approval: no kind %s, or too much for it", r->kind);
	switch (verdict->decision) {
	case DECIDE_ALLOW:
		return r->wait_ms == 0 ? act_now(d, who, &w, ret, e)
				       : propose(d, who, &w, r->wait_ms, ret, e);
	case DECIDE_SECOND_PERSON:
		return propose(d, who, &w, r->wait_ms > 0 ? r->wait_ms : APPROVAL_LIFE_H * HOUR_MS,
			ret, e);
	case DECIDE_WAIT:
		w.a.needs = APPROVAL_TIME;
		return propose(d, who, &w,
			r->wait_ms > verdict->wait_ms ? r->wait_ms : verdict->wait_ms, ret, e);
	case DECIDE_STEP_UP:
	case DECIDE_DENY:
		break;
	}
	return refuse(p, RC_DENIED, verdict->reason, NULL, NULL);
}

/* One answer to a proposal on its way through the writer. */
struct answer_work {
	struct domain *domain;
	const struct principal *who;
	const struct uid *id;
	enum approval_state next;
	int64_t now_ms;
	struct problem *problem;
	struct approval_row row; /* out; may be read twice */
};

static enum rc refuse_ended(struct answer_work *w, enum rc rc)
{
	return rc == RC_CONFLICT ? refuse(w->problem, rc, "approval_ended", NULL, NULL) : rc;
}

static enum rc check_agreement(struct db *db, struct answer_work *w, struct err *e)
{
	bool may_propose = false;
	bool may_agree = false;
	enum rc rc = approval_holds_right(db, &w->row.a, &w->row.a.by, w->now_ms, &may_propose, e);

	if (rc == RC_OK)
		rc = approval_holds_right(
			db, &w->row.a, &w->who->account, w->now_ms, &may_agree, e);
	if (rc != RC_OK)
		return rc;
	if (!may_agree)
		return refuse(w->problem, RC_DENIED, "right_missing", NULL, NULL);
	if (!may_propose)
		return refuse(w->problem, RC_CONFLICT, "approval_stale", NULL, NULL);
	return RC_OK;
}

static enum rc answer_job(struct db *db, void *arg, struct err *e)
{
	struct answer_work *w = arg;

	approval_row_done(&w->row);
	enum rc rc = approval_row_find(db, w->id, &w->row, e);
	if (rc != RC_OK)
		return rc;
	bool is_own = uid_is(&w->row.a.by, &w->who->account);
	if (w->next == APPROVAL_WITHDRAWN && !is_own)
		return refuse(w->problem, RC_DENIED, "right_missing", NULL, NULL);
	if (w->next != APPROVAL_WITHDRAWN && is_own)
		return refuse(w->problem, RC_DENIED, "approval_own", NULL, NULL);
	/* What is due by now is the clock's: it acts, or has expired. */
	if (w->row.a.state != APPROVAL_PENDING || w->row.a.due_ms <= w->now_ms)
		return refuse_ended(w, RC_CONFLICT);
	if (w->next == APPROVAL_DONE)
		rc = check_agreement(db, w, e);
	if (rc == RC_OK)
		rc = refuse_ended(
			w, approval_row_end(db, w->id, w->next, &w->who->account, w->now_ms, e));
	if (rc == RC_OK && w->next == APPROVAL_DONE)
		rc = w->row.a.kind->execute(w->domain, db, &w->row.a, w->now_ms, w->problem, e);
	return rc;
}

static enum rc answer(struct domain *d, const struct principal *who, const struct uid *id,
	enum approval_state next, struct problem *p, struct err *e)
{
	struct answer_work w = {.domain = d,
		.who = who,
		.id = id,
		.next = next,
		.now_ms = d->wall_ms(),
		.problem = p};

	act_subject(who, id);
	act_told(who);
	enum rc rc = act_run(d, who, answer_job, &w, e);
	if (rc == RC_OK && next == APPROVAL_DONE)
		approval_acted(d, &w.row.a);
	else if (rc == RC_OK)
		bus_publish(d->bus, EVENT_GROUP, &w.row.a.group, &w.row.a.group);
	approval_row_done(&w.row);
	return rc;
}

enum rc approval_agree(struct domain *d, const struct principal *who, const struct uid *approval,
	struct problem *p, struct err *e)
{
	return answer(d, who, approval, APPROVAL_DONE, p, e);
}

enum rc approval_object(struct domain *d, const struct principal *who, const struct uid *approval,
	struct problem *p, struct err *e)
{
	return answer(d, who, approval, APPROVAL_OBJECTED, p, e);
}

enum rc approval_withdraw(struct domain *d, const struct principal *who, const struct uid *approval,
	struct problem *p, struct err *e)
{
	return answer(d, who, approval, APPROVAL_WITHDRAWN, p, e);
}

enum rc approval_list(struct db *reader, const struct uid *group, int64_t now_ms, approval_fn *fn,
	void *ctx, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(reader,
		APPROVAL_COLUMNS " WHERE care_group = ?1 AND (state = 0 OR ended_ms > ?2)"
				 " ORDER BY state > 0, created_ms DESC LIMIT ?3",
		group, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, now_ms - ENDED_SHOWN_DAYS * DAY_MS);
	stmt_bind_int(s, 3, APPROVALS_LIST_MAX);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct approval_row row;
		rc = approval_row_read(s, &row, e);
		if (rc == RC_OK)
			fn(ctx, &row.a);
		approval_row_done(&row);
		if (rc != RC_OK && rc != RC_NOT_FOUND)
			break;
	}
	stmt_reset(s);
	return rc;
}

enum rc approval_get(
	struct db *reader, const struct uid *approval, approval_fn *fn, void *ctx, struct err *e)
{
	struct approval_row row;
	enum rc rc = approval_row_find(reader, approval, &row, e);

	if (rc == RC_OK)
		fn(ctx, &row.a);
	approval_row_done(&row);
	return rc;
}
