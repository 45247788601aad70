#include "domain/zone_clock.h"

#include <stdlib.h>

#include "base/log.h"
#include "domain/outbox.h"
#include "domain/setting_build.h"
#include "store/query.h"
#include "time/zone.h"

enum { RETRY_MS = 10 * 1000 };

struct zone_clock {
	struct domain *domain;
	struct timer timer;
	bool is_running;
	/* Of the running job. */
	int64_t next_change_ms; /* UTC; of all zones in use */
	bool has_more;
	unsigned n;
	struct setting_work work;
};
_Static_assert((int)ZONE_CLOCK_STEP <= TARGET_ROWS_MAX, "one command a watch");

/* The first zone in use after `last`, "" at the end. An index look-up each, so that a million
 * watches in ten zones cost ten. */
static enum rc next_zone(struct db *db, char zone[ZONE_TEXT], struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db, "SELECT MIN(zone) FROM device WHERE zone > ?1", &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_text(s, 1, view_of(zone));
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	zone[0] = '\0';
	if (has_row && !stmt_is_null(s, 0))
		stmt_copy_text(s, 0, zone, ZONE_TEXT);
	stmt_reset(s);
	return RC_OK;
}

/* One watch that shows a wrong hour. */
static enum rc tell_watch(
	struct zone_clock *c, struct db *db, const struct uid *wearer, struct err *e)
{
	enum rc rc = watch_target_read(db, wearer, &c->work.to, NULL, e);
	unsigned before = c->work.rows->n;

	if (rc == RC_OK)
		rc = setting_build_again(&c->work, db, SETTING_ZONE, e);
	/* Nobody wants a zone: it is not looked at again. */
	if (rc == RC_OK && c->work.rows->n == before)
		rc = query_run(
			db, "UPDATE device SET zone_sent_min = NULL WHERE wearer = ?1", wearer, e);
	return rc;
}

static enum rc tell_watches(struct zone_clock *c, struct db *db, const char *sql, const char *zone,
	int16_t zone_min, struct err *e)
{
	struct uid wearers[ZONE_CLOCK_STEP];
	unsigned n = 0;
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db, sql, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_text(s, 1, view_of(zone));
	stmt_bind_int(s, 2, zone_min);
	stmt_bind_int(s, 3, ZONE_CLOCK_STEP - c->n);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row)
		wearers[n++] = stmt_uid(s, 0);
	for (unsigned i = 0; i < n && rc == RC_OK; i++)
		rc = tell_watch(c, db, &wearers[i], e);
	c->n += n;
	return rc;
}

#define WRONG_WATCHES "SELECT wearer FROM device WHERE zone = ?1 AND zone_sent_min "

static void zone_freep(struct zone **z)
{
	zone_free(*z);
}

/* A zone that the system lost keeps its last offset; the next look tries again. */
static enum rc look_at_zone(struct zone_clock *c, struct db *db, const char *zone, struct err *e)
{
	CLEANUP(zone_freep) struct zone *z = NULL;
	int64_t now_ms = c->domain->wall_ms();
	int16_t zone_min = 0;

	if (zone_load(view_of(zone), &z, NULL) != RC_OK ||
		watch_zone_minutes(view_of(zone), now_ms, &zone_min, NULL) != RC_OK)
		return RC_OK;
	int64_t change_ms = zone_next_change(z, now_ms);
	c->next_change_ms = change_ms < c->next_change_ms ? change_ms : c->next_change_ms;
	enum rc rc = tell_watches(c, db, WRONG_WATCHES "< ?2 LIMIT ?3", zone, zone_min, e);
	if (rc == RC_OK)
		rc = tell_watches(c, db, WRONG_WATCHES "> ?2 LIMIT ?3", zone, zone_min, e);
	return rc;
}

static enum rc look_job(struct db *db, void *arg, struct err *e)
{
	struct zone_clock *c = arg;
	char zone[ZONE_TEXT] = "";

	c->n = 0;
	c->work.rows->n = 0;
	c->next_change_ms = INT64_MAX;
	enum rc rc = next_zone(db, zone, e);
	if (rc == RC_OK)
		c->work.now_ms = c->domain->wall_ms();
	while (rc == RC_OK && zone[0] != '\0' && c->n < ZONE_CLOCK_STEP) {
		rc = look_at_zone(c, db, zone, e);
		if (rc == RC_OK)
			rc = next_zone(db, zone, e);
	}
	c->has_more = c->n == ZONE_CLOCK_STEP;
	return rc == RC_OK ? command_rows_insert(db, c->work.rows, e) : rc;
}

static void set_timer(struct zone_clock *c, int64_t wait_ms)
{
	struct loop *loop = c->domain->loop;

	timer_set(loop_wheel(loop), &c->timer, loop_now_ms(loop) + wait_ms);
}

static void look_done(void *arg, enum rc rc, const struct err *e)
{
	struct zone_clock *c = arg;
	int64_t wait_ms = ZONE_CLOCK_MAX_MS;

	c->is_running = false;
	if (rc != RC_OK) {
		log_event(LOG_ERROR, "zone_clock.failed", "why=\"%s\"", e->msg);
		set_timer(c, RETRY_MS);
		return;
	}
	for (unsigned i = 0; i < c->work.rows->n; i++)
		outbox_add(c->domain, &c->work.rows->items[i]);
	if (c->n > 0)
		log_event(LOG_INFO, "zone_clock.told", "watches=%u", c->n);
	if (c->next_change_ms != INT64_MAX && c->next_change_ms - c->domain->wall_ms() < wait_ms)
		wait_ms = c->next_change_ms - c->domain->wall_ms();
	set_timer(c, c->has_more || wait_ms < 0 ? 0 : wait_ms);
}

static void on_timer(struct timer *t, void *context)
{
	struct zone_clock *c = CONTAINER_OF(t, struct zone_clock, timer);
	struct err e;

	(void)context;
	if (c->is_running)
		return;
	c->is_running = true;
	if (writer_post(c->domain->writer, look_job, look_done, c, 0, &e) != RC_OK) {
		c->is_running = false;
		log_event(LOG_WARN, "zone_clock.busy", "why=\"%s\"", e.msg);
		set_timer(c, RETRY_MS);
	}
}

static void zone_clock_freep(struct zone_clock **c)
{
	zone_clock_free(*c);
}

enum rc zone_clock_new(struct domain *d, struct zone_clock **ret_owned, struct err *e)
{
	CLEANUP(zone_clock_freep) struct zone_clock *c = calloc(1, sizeof *c);

	if (c == NULL)
		return fail(e, RC_NOMEM, "zone clock: out of memory");
	c->domain = d;
	timer_init(&c->timer, on_timer);
	c->work = (struct setting_work){.domain = d, .rows = command_rows_new()};
	if (c->work.rows == NULL)
		return fail(e, RC_NOMEM, "zone clock: out of memory");
	*ret_owned = STEAL(c);
	return RC_OK;
}

void zone_clock_free(struct zone_clock *c)
{
	if (c == NULL)
		return;
	timer_cancel(&c->timer);
	free(c->work.rows);
	free(c);
}

void zone_clock_start(struct zone_clock *c)
{
	set_timer(c, 0);
}

static void wake(void *arg)
{
	zone_clock_start(arg);
}

void zone_clock_wake(struct domain *d)
{
	(void)!loop_post(d->loop, wake, d->zone_clock, NULL); /* else it looks within the hour */
}
