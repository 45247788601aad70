#include "domain/tracking.h"

#include <math.h>
#include <stdlib.h>

#include "base/log.h"
#include "domain/command_row.h"
#include "domain/fix.h"
#include "domain/live_table.h"
#include "domain/outbox.h"
#include "domain/setting_build.h"
#include "store/query.h"

enum { BUCKETS = 4096 };

#define DAY_MS ((int64_t)24 * 3600 * 1000)

/* One watch in the mode. */
struct mover {
	struct list node; /* of its bucket */
	struct domain *domain;
	uint32_t number;
	uint32_t interval_s; /* told last */
	struct uid wearer, group;
	int64_t changed_ms, moved_ms, day_ms; /* day_ms: since when changes are counted */
	int32_t lat_e7, lon_e7;               /* where it rested */
	bool has_rest;
	bool is_busy;      /* a change is on its way to the disk */
	bool is_forgotten; /* free it when that ends */
	uint8_t changes;
	struct command_row row;
};

struct tracking {
	struct domain *domain;
	uint32_t n;
	struct list buckets[BUCKETS];
};

enum rc tracking_new(struct domain *d, struct tracking **ret_owned, struct err *e)
{
	struct tracking *t = calloc(1, sizeof *t);

	if (t == NULL)
		return fail(e, RC_NOMEM, "tracking: out of memory");
	t->domain = d;
	for (unsigned i = 0; i < BUCKETS; i++)
		list_init(&t->buckets[i]);
	*ret_owned = t;
	return RC_OK;
}

static void mover_free(struct mover *m)
{
	list_remove(&m->node);
	m->domain->tracking->n--;
	free(m);
}

void tracking_free(struct tracking *t)
{
	if (t == NULL)
		return;
	for (unsigned i = 0; i < BUCKETS; i++) {
		while (!list_is_empty(&t->buckets[i]))
			mover_free(CONTAINER_OF(t->buckets[i].next, struct mover, node));
	}
	free(t);
}

static struct mover *mover_find(struct tracking *t, uint32_t number)
{
	struct list *bucket = &t->buckets[number % BUCKETS];

	for (struct list *n = bucket->next; n != bucket; n = n->next) {
		struct mover *m = CONTAINER_OF(n, struct mover, node);
		if (m->number == number && !m->is_forgotten)
			return m;
	}
	return NULL;
}

static void mark_live(struct domain *d, const struct uid *wearer, bool is_adaptive)
{
	live_lock(d->live);
	struct live_device *dev = live_by_wearer(d->live, wearer);
	if (dev != NULL)
		dev->is_adaptive = is_adaptive;
	live_unlock(d->live);
}

/* What a row of the device table says of its mode. */
struct mode_row {
	struct uid wearer, group;
	uint32_t number, interval_s;
	bool is_adaptive;
};

static void forget(struct mover *m)
{
	if (m->is_busy)
		m->is_forgotten = true;
	else
		mover_free(m);
}

static void take_mode(struct domain *d, const struct mode_row *row)
{
	struct tracking *t = d->tracking;
	struct mover *m = mover_find(t, row->number);

	if (!row->is_adaptive) {
		mark_live(d, &row->wearer, false);
		if (m != NULL)
			forget(m);
		return;
	}
	if (m == NULL && t->n < TRACKING_WATCHES_MAX)
		m = calloc(1, sizeof *m);
	if (m == NULL) {
		log_event(LOG_WARN, "tracking.full", "it keeps the interval that it has");
		return;
	}
	if (m->domain == NULL) {
		m->domain = d;
		m->number = row->number;
		list_init(&m->node);
		list_append(&t->buckets[row->number % BUCKETS], &m->node);
		t->n++;
	}
	m->wearer = row->wearer;
	m->group = row->group;
	m->interval_s = row->interval_s;
	m->moved_ms = d->wall_ms(); /* it may be on the way */
	mark_live(d, &row->wearer, true);
}

void tracking_forget(struct domain *d, uint32_t number)
{
	struct mover *m = mover_find(d->tracking, number);

	if (m != NULL)
		forget(m);
}

#define MODES                                                                                      \
	"SELECT d.wearer, w.care_group, w.number, d.upload_sent_s, d.is_adaptive FROM device d"    \
	" JOIN wearer w ON w.id = d.wearer "

static void read_mode(struct stmt *s, struct mode_row *ret)
{
	*ret = (struct mode_row){.wearer = stmt_uid(s, 0),
		.group = stmt_uid(s, 1),
		.number = (uint32_t)stmt_int(s, 2),
		.interval_s = (uint32_t)stmt_int(s, 3),
		.is_adaptive = stmt_int(s, 4) != 0};
}

enum rc tracking_load(struct domain *d, struct db *db, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db, MODES "WHERE d.is_adaptive = 1", &s, e);

	while (rc == RC_OK && (rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct mode_row row;
		read_mode(s, &row);
		take_mode(d, &row);
	}
	return rc;
}

/* ---- a change by people ---- */

struct mode_change {
	struct domain *domain;
	struct uid wearer;
	struct mode_row row;
	bool has_row;
};

/* In the order of the writer, so that of two changes the last one counts. */
static enum rc mode_job(struct db *db, void *arg, struct err *e)
{
	struct mode_change *c = arg;
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db, MODES "WHERE d.wearer = ?1", &c->wearer, &s, e);

	c->has_row = false;
	if (rc != RC_OK)
		return rc;
	rc = stmt_step(s, &c->has_row, e);
	if (rc == RC_OK && c->has_row)
		read_mode(s, &c->row);
	stmt_reset(s);
	return rc;
}

static void mode_done(void *arg, enum rc rc, const struct err *e)
{
	struct mode_change *c = arg;

	if (rc != RC_OK)
		log_event(LOG_WARN, "tracking.not_read", "why=\"%s\"", e->msg);
	else if (c->has_row)
		take_mode(c->domain, &c->row);
	free(c);
}

void tracking_post_change(struct domain *d, const struct uid *wearer)
{
	struct mode_change *c = malloc(sizeof *c);

	if (c == NULL)
		return; /* at the next start */
	*c = (struct mode_change){.domain = d, .wearer = *wearer};
	if (writer_post(d->writer, mode_job, mode_done, c, 0, NULL) != RC_OK)
		free(c); /* as above */
}

/* ---- what the watch says ---- */

static enum rc interval_job(struct db *db, void *arg, struct err *e)
{
	const struct mover *m = arg;
	struct stmt *s = NULL;
	int64_t changed = 0;
	/* The mode may have been changed by a person meanwhile. */
	enum rc rc = query_prepare(db,
		"UPDATE device SET upload_sent_s = ?2 WHERE wearer = ?1 AND is_adaptive = 1",
		&m->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, m->row.command.interval_s);
	rc = stmt_run(s, &changed, e);
	if (rc == RC_OK && changed == 0)
		return fail(e, RC_CONFLICT, "tracking: another mode");
	return rc == RC_OK ? command_row_insert(db, &m->row, e) : rc;
}

static void interval_done(void *arg, enum rc rc, const struct err *e)
{
	struct mover *m = arg;

	m->is_busy = false;
	if (rc == RC_OK) {
		m->interval_s = m->row.command.interval_s;
		outbox_add(m->domain, &m->row);
	} else if (rc != RC_CONFLICT) {
		log_event(LOG_WARN, "tracking.not_stored", "why=\"%s\"", e->msg);
	}
	if (m->is_forgotten)
		mover_free(m);
}

static void change(struct mover *m, uint32_t interval_s, int64_t now_ms)
{
	struct domain *d = m->domain;

	command_row_init(&m->row, d, COMMAND_UPLOAD_INTERVAL);
	m->row.wearer = m->wearer;
	m->row.group = m->group;
	m->row.number = m->number;
	m->row.command.interval_s = interval_s;
	m->is_busy = writer_post(d->writer, interval_job, interval_done, m, 0, NULL) == RC_OK;
	if (!m->is_busy)
		return; /* at its next word */
	m->changed_ms = now_ms;
	m->changes++;
}

static bool is_far(const struct mover *m, const struct report *r)
{
	const double metres_per_e7 = 0.0111; /* of latitude */
	double north = (double)(r->lat_e7 - m->lat_e7) * metres_per_e7;
	double east = (double)(r->lon_e7 - m->lon_e7) * metres_per_e7 *
		      cos((double)r->lat_e7 / 1e7 * M_PI / 180);

	return north * north + east * east > (double)TRACKING_MOVE_M * TRACKING_MOVE_M;
}

static bool is_moving(struct mover *m, const struct report *r)
{
	bool has_place = r != NULL && r->is_valid && (r->has & REPORT_HAS_POINT) != 0;

	if (!has_place || r->is_stored)
		return false;
	bool is_fast = (r->has & REPORT_HAS_SPEED) != 0 && r->speed_ckmh >= TRACKING_MOVE_CKMH &&
		       (r->flags & REPORT_FLAG_STILL) == 0;
	bool has_left = m->has_rest && is_far(m, r);
	if (!m->has_rest || has_left) {
		m->lat_e7 = r->lat_e7;
		m->lon_e7 = r->lon_e7;
		m->has_rest = true;
	}
	return is_fast || has_left;
}

static bool has_low_battery(struct domain *d, const struct mover *m)
{
	live_lock(d->live);
	const struct live_device *dev = live_by_wearer(d->live, &m->wearer);
	bool is_low =
		dev != NULL && dev->has_battery && dev->battery_percent < TRACKING_LOW_PERCENT;
	live_unlock(d->live);
	return is_low;
}

void tracking_on_report(
	struct domain *d, uint32_t number, const struct report *r, int64_t received_ms)
{
	struct mover *m = mover_find(d->tracking, number);

	if (m == NULL)
		return;
	if (is_moving(m, r))
		m->moved_ms = received_ms;
	if (received_ms - m->day_ms >= DAY_MS) {
		m->day_ms = received_ms;
		m->changes = 0;
	}
	bool is_resting = received_ms - m->moved_ms >= TRACKING_REST_AFTER_MS;
	bool is_low = has_low_battery(d, m);
	uint32_t wanted_s = is_resting ? (is_low ? TRACKING_REST_LOW_S : TRACKING_REST_S)
				       : (is_low ? TRACKING_WAY_LOW_S : TRACKING_WAY_S);
	if (wanted_s != m->interval_s && !m->is_busy && m->changes < TRACKING_CHANGES_MAX &&
		received_ms - m->changed_ms >= TRACKING_PAUSE_MS)
		change(m, wanted_s, received_ms);
}
