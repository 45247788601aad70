#include "domain/reapply.h"

#include <stdlib.h>

#include "base/log.h"
#include "crypto/token.h"
#include "domain/bus.h"
#include "domain/live.h"
#include "domain/outbox.h"
#include "domain/setting_build.h"
#include "domain/tracking.h"
#include "store/query.h"

struct reapply {
	struct domain *domain;
	struct timer timer;
	bool is_running;
	/* Of the running job. */
	struct setting_work work;
	bool is_found, is_told;
};

enum rc reapply_want(
	struct db *db, const struct uid *wearer, int64_t now_ms, bool is_certain, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"UPDATE device SET reapply_ms = ?2 WHERE wearer = ?1"
		" AND (?3 = 1 OR (reapply_ms = 0 AND reapplied_ms <= ?4))",
		wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, now_ms + REAPPLY_SETTLE_MS);
	stmt_bind_int(s, 3, is_certain);
	stmt_bind_int(s, 4, now_ms - REAPPLY_GAP_MS);
	return stmt_run(s, NULL, e);
}

static enum rc find_due(struct reapply *r, struct db *db, struct uid *ret_wearer, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db,
		"SELECT wearer FROM device WHERE reapply_ms > 0 AND reapply_ms <= ?1"
		" ORDER BY reapply_ms LIMIT 1",
		&s, e);

	r->is_found = false;
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, r->work.now_ms);
	rc = stmt_step(s, &r->is_found, e);
	if (rc == RC_OK && r->is_found)
		*ret_wearer = stmt_uid(s, 0);
	stmt_reset(s);
	return rc;
}

static enum rc set_due(
	struct db *db, const struct uid *wearer, int64_t due_ms, int64_t done_ms, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"UPDATE device SET reapply_ms = ?2,"
		" reapplied_ms = CASE WHEN ?3 > 0 THEN ?3 ELSE reapplied_ms END WHERE wearer = ?1",
		wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, due_ms);
	stmt_bind_int(s, 3, done_ms);
	return stmt_run(s, NULL, e);
}

static enum rc due_job(struct db *db, void *arg, struct err *e)
{
	struct reapply *r = arg;
	struct setting_work *w = &r->work;
	struct live_view live;
	struct uid wearer;
	enum rc rc = find_due(r, db, &wearer, e);

	w->rows->n = 0;
	r->is_told = false;
	if (rc != RC_OK || !r->is_found)
		return rc;
	r->is_told = live_read(w->domain->live, &wearer, &live) && live.is_connected;
	if (!r->is_told)
		return set_due(db, &wearer, w->now_ms + REAPPLY_AWAY_MS, 0, e);
	rc = watch_target_read(db, &wearer, &w->to, NULL, e);
	if (rc != RC_OK)
		return rc;
	for (enum setting_id id = 0; rc == RC_OK && id < SETTING_COUNT; id++)
		rc = setting_build_again(w, db, id, e);
	if (rc == RC_OK)
		rc = set_due(db, &wearer, 0, w->now_ms, e);
	return rc == RC_OK ? command_rows_insert(db, w->rows, e) : rc;
}

static void set_timer(struct reapply *r, int64_t in_ms)
{
	struct loop *loop = r->domain->loop;

	timer_set(loop_wheel(loop), &r->timer, loop_now_ms(loop) + in_ms);
}

static void due_done(void *arg, enum rc rc, const struct err *e)
{
	struct reapply *r = arg;
	struct setting_work *w = &r->work;

	r->is_running = false;
	if (rc != RC_OK) {
		log_event(LOG_WARN, "reapply.not_stored", "why=\"%s\"", e->msg);
		set_timer(r, REAPPLY_TICK_MS);
		return;
	}
	for (unsigned i = 0; i < w->rows->n; i++)
		outbox_add(r->domain, &w->rows->items[i]);
	if (command_rows_have(w->rows, &w->to, COMMAND_UPLOAD_INTERVAL))
		tracking_post_change(r->domain, &w->to.wearer);
	if (r->is_told)
		bus_publish(r->domain->bus, EVENT_WEARER, &w->to.group, &w->to.wearer);
	secret_forget(w->rows, sizeof *w->rows);
	set_timer(r, r->is_found ? REAPPLY_PAUSE_MS : REAPPLY_TICK_MS);
}

static void on_timer(struct timer *t, void *context)
{
	struct reapply *r = CONTAINER_OF(t, struct reapply, timer);

	(void)context;
	if (r->is_running)
		return;
	r->work.now_ms = r->domain->wall_ms();
	r->is_running = writer_post(r->domain->writer, due_job, due_done, r, 0, NULL) == RC_OK;
	if (!r->is_running)
		set_timer(r, REAPPLY_TICK_MS);
}

static void reapply_freep(struct reapply **r)
{
	reapply_free(*r);
}

enum rc reapply_new(struct domain *d, struct reapply **ret_owned, struct err *e)
{
	CLEANUP(reapply_freep) struct reapply *r = calloc(1, sizeof *r);

	if (r == NULL)
		return fail(e, RC_NOMEM, "reapply: out of memory");
	r->domain = d;
	timer_init(&r->timer, on_timer);
	r->work = (struct setting_work){.domain = d, .rows = command_rows_new()};
	if (r->work.rows == NULL)
		return fail(e, RC_NOMEM, "reapply: out of memory");
	*ret_owned = STEAL(r);
	return RC_OK;
}

void reapply_free(struct reapply *r)
{
	if (r == NULL)
		return;
	timer_cancel(&r->timer);
	free(r->work.rows);
	free(r);
}

void reapply_start(struct reapply *r)
{
	set_timer(r, REAPPLY_TICK_MS);
}
