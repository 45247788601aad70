#include "domain/health.h"

#include <stdlib.h>

#include "base/log.h"
#include "domain/audit.h"
#include "domain/bus.h"
#include "domain/calls.h"
#include "domain/days.h"
#include "domain/live_table.h"
#include "store/query.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

const char *health_kind_name(enum health_kind k)
{
	static const char *const names[HEALTH_KIND_COUNT] = {
		"heart", "blood_pressure", "oxygen", "temperature"};

	return names[k];
}

const char *health_origin_name(enum health_origin o)
{
	static const char *const names[HEALTH_ORIGIN_COUNT] = {
		"unknown", "asked", "schedule", "watch"};

	return names[o];
}

/* ---- the rule ---- */

enum rc health_rule_get(
	struct db *reader, const struct uid *wearer, struct health_rule *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(reader,
		"SELECT is_allowed, keep_days FROM health_rule WHERE wearer = ?1", wearer, &s, e);

	*ret = (struct health_rule){.keep_days = HEALTH_KEEP_DAYS};
	if (rc != RC_OK)
		return rc;
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK || !has_row)
		return rc;
	int64_t keep_days = stmt_int(s, 1);
	ret->is_allowed = stmt_int(s, 0) != 0;
	ret->keep_days =
		(uint16_t)(keep_days < HEALTH_KEEP_DAYS_MAX ? keep_days : HEALTH_KEEP_DAYS_MAX);
	stmt_reset(s);
	return RC_OK;
}

bool health_rule_is_wider(const struct health_rule *now, const struct health_rule *wanted)
{
	return (wanted->is_allowed && !now->is_allowed) || wanted->keep_days > now->keep_days;
}

struct rule_job {
	struct domain *domain;
	const struct uid *wearer, *by;
	const struct health_rule *rule;
	bool may_widen;
	struct uid group; /* out */
	struct problem *problem;
};

static enum rc find_group(
	struct db *db, const struct uid *wearer, struct uid *ret_group, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(db, "SELECT care_group FROM wearer WHERE id = ?1", wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	*ret_group = stmt_uid(s, 0);
	stmt_reset(s);
	return RC_OK;
}

static enum rc write_rule(struct db *db, const struct rule_job *job, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"INSERT INTO health_rule (wearer, is_allowed, keep_days, by_account, changed_ms,"
		" swept_day) VALUES (?1, ?2, ?3, ?4, ?5, 0)"
		" ON CONFLICT (wearer) DO UPDATE SET is_allowed = ?2, keep_days = ?3,"
		" by_account = ?4, changed_ms = ?5, swept_day = 0",
		job->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, job->rule->is_allowed);
	stmt_bind_int(s, 3, job->rule->keep_days);
	stmt_bind_uid(s, 4, job->by);
	stmt_bind_int(s, 5, job->domain->wall_ms());
	return stmt_run(s, NULL, e);
}

static enum rc rule_job(struct db *db, void *arg, struct err *e)
{
	struct rule_job *job = arg;
	struct health_rule now;
	enum rc rc = find_group(db, job->wearer, &job->group, e);

	if (rc == RC_OK)
		rc = health_rule_get(db, job->wearer, &now, e);
	if (rc == RC_OK && !job->may_widen && health_rule_is_wider(&now, job->rule))
		return refuse(job->problem, RC_CONFLICT, "rule_changed", NULL,
			"somebody changed the rule meanwhile");
	return rc == RC_OK ? write_rule(db, job, e) : rc;
}

/* The rule on disk is what counts (health_take_in); this one only saves the way there. */
static void remember(struct domain *d, const struct uid *wearer, bool is_allowed)
{
	live_lock(d->live);
	struct live_device *dev = live_by_wearer(d->live, wearer);
	if (dev != NULL)
		dev->is_health_kept = is_allowed;
	live_unlock(d->live);
}

enum rc health_rule_put(struct domain *d, const struct principal *who, const struct uid *wearer,
	const struct health_rule *rule, bool may_widen, struct problem *p, struct err *e)
{
	struct rule_job job = {.domain = d,
		.wearer = wearer,
		.by = &who->account,
		.rule = rule,
		.may_widen = may_widen,
		.problem = p};

	enum rc rc = act_run(d, who, rule_job, &job, e);
	if (rc != RC_OK)
		return rc;
	remember(d, wearer, rule->is_allowed);
	bus_publish(d->bus, EVENT_WEARER, &job.group, wearer);
	return RC_OK;
}

/* ---- erasing ---- */

static enum rc execute_erase(struct domain *d, struct db *db, struct approval *a, int64_t now_ms,
	struct problem *p, struct err *e)
{
	static const char *const deletions[] = {"DELETE FROM health_value WHERE wearer = ?1",
		"DELETE FROM wearer_day WHERE wearer = ?1",
		"DELETE FROM call_log WHERE wearer = ?1"};
	enum rc rc = RC_OK;

	(void)d;
	(void)now_ms;
	(void)p;
	for (size_t i = 0; i < COUNT_OF(deletions) && rc == RC_OK; i++)
		rc = query_run(db, deletions[i], &a->wearer, e);
	return rc;
}

static void after_erase(struct domain *d, const struct approval *a)
{
	days_forget(d, &a->wearer);
	bus_publish(d->bus, EVENT_WEARER, &a->group, &a->wearer);
}

const struct approval_kind health_erase_kind = {
	"health.erase", RIGHT_ERASE, execute_erase, after_erase, NULL};

/* ---- what is too old ---- */

enum {
	CALLS_STEP = 500,
	DAYS_STEP = 500,
	RETRY_MS = 10 * 1000,
	IDLE_MS = 3600 * 1000,
};

struct health_sweep {
	struct domain *domain;
	struct timer timer;
	bool is_running;
	bool has_more; /* of the running job */
};

struct swept {
	struct uid wearer;
	uint16_t keep_days;
};

static enum rc read_due(struct db *db, int64_t today, struct swept due[HEALTH_SWEEP_STEP],
	unsigned *ret_n, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db,
		"SELECT wearer, keep_days FROM health_rule WHERE swept_day < ?1"
		" ORDER BY swept_day LIMIT ?2",
		&s, e);

	*ret_n = 0;
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, today);
	stmt_bind_int(s, 2, HEALTH_SWEEP_STEP);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row)
		due[(*ret_n)++] = (struct swept){
			.wearer = stmt_uid(s, 0), .keep_days = (uint16_t)stmt_int(s, 1)};
	return rc;
}

static enum rc sweep_wearer(
	struct db *db, const struct swept *due, int64_t today, int64_t now_ms, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"DELETE FROM health_value WHERE wearer = ?1 AND time_ms < ?2", &due->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, now_ms - due->keep_days * DAY_MS);
	rc = stmt_run(s, NULL, e);
	if (rc == RC_OK)
		rc = query_prepare(db, "UPDATE health_rule SET swept_day = ?2 WHERE wearer = ?1",
			&due->wearer, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, today);
	return stmt_run(s, NULL, e);
}

/* At most `step` rows that are older than `before`. */
static enum rc delete_before(
	struct db *db, const char *sql, int64_t before, int64_t step, bool *has_more, struct err *e)
{
	struct stmt *s = NULL;
	int64_t changed = 0;
	enum rc rc = db_prepare(db, sql, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, before);
	stmt_bind_int(s, 2, step);
	rc = stmt_run(s, &changed, e);
	*has_more = *has_more || changed == step;
	return rc;
}

static enum rc sweep_job(struct db *db, void *arg, struct err *e)
{
	struct health_sweep *h = arg;
	struct swept due[HEALTH_SWEEP_STEP];
	int64_t now_ms = h->domain->wall_ms();
	int64_t today = now_ms / DAY_MS;
	unsigned n = 0;
	enum rc rc = read_due(db, today, due, &n, e);

	h->has_more = n == HEALTH_SWEEP_STEP;
	for (unsigned i = 0; i < n && rc == RC_OK; i++)
		rc = sweep_wearer(db, &due[i], today, now_ms, e);
	if (rc == RC_OK)
		rc = delete_before(db,
			"DELETE FROM call_log WHERE (wearer, started_ms, body_hash) IN"
			" (SELECT wearer, started_ms, body_hash FROM call_log"
			"  WHERE received_ms < ?1 ORDER BY received_ms LIMIT ?2)",
			now_ms - CALLS_KEEP_DAYS * DAY_MS, CALLS_STEP, &h->has_more, e);
	if (rc == RC_OK)
		rc = delete_before(db,
			"DELETE FROM wearer_day WHERE (wearer, day) IN"
			" (SELECT wearer, day FROM wearer_day WHERE day < ?1 ORDER BY day LIMIT "
			"?2)",
			today - DAYS_KEEP, DAYS_STEP, &h->has_more, e);
	return rc;
}

static void set_timer(struct health_sweep *h, int64_t wait_ms)
{
	struct loop *loop = h->domain->loop;

	timer_set(loop_wheel(loop), &h->timer, loop_now_ms(loop) + wait_ms);
}

static void sweep_done(void *arg, enum rc rc, const struct err *e)
{
	struct health_sweep *h = arg;

	h->is_running = false;
	if (rc != RC_OK)
		log_event(LOG_ERROR, "health.sweep_failed", "why=\"%s\"", e->msg);
	set_timer(h, rc != RC_OK ? RETRY_MS : h->has_more ? HEALTH_SWEEP_BUSY_MS : IDLE_MS);
}

static void on_timer(struct timer *t, void *context)
{
	struct health_sweep *h = CONTAINER_OF(t, struct health_sweep, timer);
	struct err e;

	(void)context;
	if (h->is_running)
		return;
	h->is_running = true;
	if (writer_post(h->domain->writer, sweep_job, sweep_done, h, WRITER_LAZY, &e) == RC_OK)
		return;
	h->is_running = false;
	log_event(LOG_WARN, "health.sweep_busy", "why=\"%s\"", e.msg);
	set_timer(h, RETRY_MS);
}

enum rc health_sweep_new(struct domain *d, struct health_sweep **ret_owned, struct err *e)
{
	struct health_sweep *h = calloc(1, sizeof *h);

	if (h == NULL)
		return fail(e, RC_NOMEM, "health: out of memory");
	h->domain = d;
	timer_init(&h->timer, on_timer);
	*ret_owned = h;
	return RC_OK;
}

void health_sweep_start(struct health_sweep *h)
{
	set_timer(h, 0);
}

void health_sweep_free(struct health_sweep *h)
{
	if (h == NULL)
		return;
	timer_cancel(&h->timer);
	free(h);
}
