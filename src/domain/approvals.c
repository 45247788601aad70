/* What comes due: proposals whose time to object is over act, those that nobody agreed to expire,
 * and memberships end. One timer for all; indexes on the due time find the next. Main loop, but for
 * approvals_wake. */
#include <stdlib.h>

#include "base/log.h"
#include "domain/approval_row.h"
#include "domain/audit.h"
#include "domain/bus.h"
#include "domain/member.h"
#include "store/query.h"

enum {
	LOOK_MAX_MS = 60 * 60 * 1000, /* the clock may have been set */
	RETRY_MS = 10 * 1000,
};

struct approvals {
	struct domain *domain;
	struct timer timer;
	bool is_running;
	bool is_woken;     /* while a job was under way */
	struct uid failed; /* this one could not act: it ends as FAILED */
	/* Of the running job. */
	bool has_one;
	enum approval_state ended;
	struct uid last;
	struct uid ended_group; /* of a membership that ended; none: no */
	int64_t next_due_ms;
	struct approval_row row;
};

static enum rc find_next(struct approvals *as, struct db *db, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc =
		db_prepare(db, APPROVAL_COLUMNS " WHERE state = 0 ORDER BY due_ms LIMIT 1", &s, e);

	as->has_one = false;
	as->ended_group = (struct uid){{0}};
	as->next_due_ms = INT64_MAX;
	approval_row_done(&as->row);
	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK || !has_row)
		return rc;
	as->next_due_ms = stmt_int(s, 9);
	as->last = stmt_uid(s, 0);
	if (as->next_due_ms <= as->domain->wall_ms()) {
		as->has_one = true;
		rc = approval_row_read(s, &as->row, e);
	}
	stmt_reset(s);
	return rc;
}

static enum rc tell(struct approvals *as, struct db *db, int64_t now_ms, struct err *e)
{
	const struct approval *a = &as->row.a;
	const struct act act = {.action = a->kind->name,
		.actor_kind = ACTOR_SERVER,
		.group = a->group,
		.wearer = a->wearer,
		.subject = a->subject,
		.right = right_name(a->kind->right),
		.outcome = as->ended == APPROVAL_DONE ? "done" : approval_state_name(as->ended),
		.is_told = true};

	return audit_append(db, &act, now_ms, e);
}

/* Who proposed it may have lost the right since. */
static enum rc act_or_fail(struct approvals *as, struct db *db, int64_t now_ms, struct err *e)
{
	struct approval *a = &as->row.a;
	bool may = false;
	enum rc rc = approval_holds_right(db, a, &a->by, now_ms, &may, e);

	if (rc != RC_OK || !may)
		return rc == RC_OK ? fail(e, RC_DENIED, "its proposer lost the right") : rc;
	return a->kind->execute(as->domain, db, a, now_ms, NULL, e);
}

/* The next membership with an end, and its end when it is over. */
static enum rc end_membership(struct approvals *as, struct db *db, int64_t now_ms, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db,
		"SELECT account, care_group, until_ms FROM member WHERE until_ms > 0"
		" ORDER BY until_ms LIMIT 1",
		&s, e);

	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK || !has_row)
		return rc;
	struct uid account = stmt_uid(s, 0);
	struct uid group = stmt_uid(s, 1);
	int64_t until_ms = stmt_int(s, 2);
	stmt_reset(s);
	if (until_ms > now_ms) {
		as->next_due_ms = until_ms < as->next_due_ms ? until_ms : as->next_due_ms;
		return RC_OK;
	}
	const struct act act = {.action = "member.end",
		.actor_kind = ACTOR_SERVER,
		.group = group,
		.subject = account,
		.outcome = "done",
		.is_told = true};
	as->next_due_ms = now_ms; /* look again at once */
	as->ended_group = group;
	rc = member_delete(db, &account, &group, e);
	return rc == RC_OK ? audit_append(db, &act, now_ms, e) : rc;
}

/* One proposal for each job: what one cannot do does not hold up the others. */
static enum rc due_job(struct db *db, void *arg, struct err *e)
{
	struct approvals *as = arg;
	int64_t now_ms = as->domain->wall_ms();
	enum rc rc = find_next(as, db, e);

	if (rc == RC_NOT_FOUND) { /* its group's key is gone, or it is of another program */
		as->has_one = false;
		return approval_row_end(db, &as->last, APPROVAL_FAILED, NULL, now_ms, e);
	}
	if (rc != RC_OK)
		return rc;
	if (!as->has_one)
		return end_membership(as, db, now_ms, e);
	as->ended = uid_is(&as->failed, &as->row.a.id) ? APPROVAL_FAILED
		    : as->row.a.needs == APPROVAL_TIME ? APPROVAL_DONE
						       : APPROVAL_EXPIRED;
	rc = approval_row_end(db, &as->row.a.id, as->ended, NULL, now_ms, e);
	if (rc == RC_OK && as->ended == APPROVAL_DONE)
		rc = act_or_fail(as, db, now_ms, e);
	return rc == RC_OK ? tell(as, db, now_ms, e) : rc;
}

static void set_timer(struct approvals *as, int64_t wait_ms)
{
	struct loop *loop = as->domain->loop;

	timer_set(loop_wheel(loop), &as->timer, loop_now_ms(loop) + wait_ms);
}

static void due_done(void *arg, enum rc rc, const struct err *e)
{
	struct approvals *as = arg;
	struct domain *d = as->domain;
	bool had_one = as->has_one;

	as->is_running = false;
	if (rc != RC_OK)
		log_event(LOG_WARN, "approval.failed", "why=\"%s\"", e->msg);
	/* What cannot act is tried once; a full disk is no reason to give it up. */
	bool can_not = rc != RC_OK && had_one && rc != RC_IO && rc != RC_NOMEM &&
		       !uid_is(&as->failed, &as->last);
	as->failed = can_not ? as->last : (struct uid){{0}};
	if (rc == RC_OK && had_one) {
		if (as->ended == APPROVAL_DONE)
			approval_acted(d, &as->row.a);
		else
			bus_publish(d->bus, EVENT_GROUP, &as->row.a.group, &as->row.a.group);
		bus_publish(d->bus, EVENT_NOTICE, &as->row.a.group, &as->row.a.group);
	}
	if (rc == RC_OK && !uid_is_none(&as->ended_group)) {
		members_changed(d, &as->ended_group);
		bus_publish(d->bus, EVENT_NOTICE, &as->ended_group, &as->ended_group);
	}
	approval_row_done(&as->row);
	int64_t wait_ms = LOOK_MAX_MS;
	if (rc != RC_OK)
		wait_ms = can_not ? 0 : RETRY_MS;
	else if (as->next_due_ms != INT64_MAX && as->next_due_ms - d->wall_ms() < wait_ms)
		wait_ms = as->next_due_ms - d->wall_ms();
	set_timer(as, wait_ms > 0 && !as->is_woken ? wait_ms : 0);
	as->is_woken = false;
}

static void on_timer(struct timer *t, void *context)
{
	struct approvals *as = CONTAINER_OF(t, struct approvals, timer);
	struct err e;

	(void)context;
	if (as->is_running)
		return;
	as->is_running = true;
	if (writer_post(as->domain->writer, due_job, due_done, as, 0, &e) != RC_OK) {
		as->is_running = false;
		log_event(LOG_WARN, "approval.busy", "why=\"%s\"", e.msg);
		set_timer(as, RETRY_MS);
	}
}

enum rc approvals_new(struct domain *d, struct approvals **ret_owned, struct err *e)
{
	struct approvals *as = calloc(1, sizeof *as);

	if (as == NULL)
		return fail(e, RC_NOMEM, "approvals: out of memory");
	as->domain = d;
	timer_init(&as->timer, on_timer);
	*ret_owned = as;
	return RC_OK;
}

void approvals_free(struct approvals *as)
{
	if (as == NULL)
		return;
	timer_cancel(&as->timer);
	approval_row_done(&as->row);
	free(as);
}

static void on_wake(void *arg)
{
	struct domain *d = arg;

	if (d->approvals == NULL)
		return;
	d->approvals->is_woken = d->approvals->is_running;
	if (!d->approvals->is_running)
		set_timer(d->approvals, 0);
}

void approvals_wake(struct domain *d)
{
	struct err e;

	if (loop_post(d->loop, on_wake, d, &e) != RC_OK) /* the next look is within the hour */
		log_event(LOG_WARN, "approval.wake", "why=\"%s\"", e.msg);
}
