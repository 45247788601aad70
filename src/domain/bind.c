#include "domain/bind.h"

#include <stdlib.h>

#include "base/log.h"
#include "crypto/keyring.h"
#include "crypto/token.h"
#include "domain/bus.h"
#include "domain/claims_inside.h"
#include "domain/group.h"
#include "domain/live_table.h"
#include "domain/outbox.h"
#include "domain/quarantine.h"
#include "domain/watch_guard.h"
#include "domain/wearer.h"
#include "domain/wearer_notice.h"
#include "domain/zone_clock.h"
#include "store/sealed.h"

enum rc bind_prepare(struct domain *d, struct bind_work *w, struct err *e)
{
	int16_t offset_min = 0;

	w->domain = d;
	w->now_ms = d->wall_ms();
	w->wearer = uid_new();
	w->device = uid_new();
	w->rows = command_rows_new();
	if (w->rows == NULL)
		return fail(e, RC_NOMEM, "bind: out of memory");
	return watch_zone_minutes(view_of(w->zone), w->now_ms, &offset_min, e);
}

static enum rc check_free(struct db *db, const struct bind_work *w, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db, "SELECT 1 FROM device WHERE wire_hash = ?1", &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_lookup(s, 1, "device.wire_id", view_of(w->wire_id));
	rc = stmt_step(s, &has_row, e);
	stmt_reset(s);
	return rc == RC_OK && has_row ? fail(e, RC_CONFLICT, "the watch is bound already") : rc;
}

static enum rc next_number(struct db *db, uint32_t *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db,
		"INSERT INTO counter (name, value) VALUES ('wearer', 1)"
		" ON CONFLICT (name) DO UPDATE SET value = counter.value + 1",
		&s, e);

	if (rc == RC_OK)
		rc = stmt_run(s, NULL, e);
	if (rc == RC_OK)
		rc = db_prepare(db, "SELECT value FROM counter WHERE name = 'wearer'", &s, e);
	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	*ret = (uint32_t)stmt_int(s, 0);
	stmt_reset(s);
	return RC_OK;
}

static enum rc insert_wearer(struct db *db, const struct bind_work *w, struct err *e)
{
	/* Told apart on the map, also by people who see few colours. */
	static const char *const colors[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00",
		"#56b4e9", "#8c510a", "#6a3d9a"};
	const struct wearer_row row = {.id = w->wearer,
		.group = w->group,
		.number = w->number,
		.name = view_of(w->name),
		.color = view_of(colors[w->number % COUNT_OF(colors)]),
		.created_ms = w->now_ms};
	enum rc rc = wearer_insert(db, &row, e);

	return rc == RC_OK ? group_set_first_zone(db, &w->group, view_of(w->zone), e) : rc;
}

static enum rc insert_device(struct db *db, const struct bind_work *w, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db,
		"INSERT INTO device (id, wearer, wire_id, wire_hash, vendor, is_demo, date_order,"
		" offset_min, language, zone, upload_sent_s, is_lz_refused, phone, bound_ms,"
		" guard_due_ms)"
		" VALUES (?1, ?2, ?3, ?8, ?4, ?5, 0, 0, ?6, ?7, ?9, 0, ?10, ?11, ?12)",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, &w->device);
	stmt_bind_uid(s, 2, &w->wearer);
	stmt_bind_sealed(s, 3, &w->wearer, "device.wire_id", view_of(w->wire_id));
	stmt_bind_text(s, 4, view_of(w->vendor));
	stmt_bind_int(s, 5, w->is_demo);
	stmt_bind_text(s, 6, view_of(w->language));
	stmt_bind_text(s, 7, view_of(w->zone));
	stmt_bind_lookup(s, 8, "device.wire_id", view_of(w->wire_id));
	stmt_bind_int(s, 9, BIND_INTERVAL_S);
	stmt_bind_sealed(s, 10, &w->wearer, "device.phone", view_of(w->phone));
	stmt_bind_int(s, 11, w->now_ms);
	stmt_bind_int(s, 12, w->now_ms + GUARD_FIRST_MS);
	return stmt_run(s, NULL, e);
}

static enum rc close_claim(struct db *db, const struct bind_work *w, struct err *e)
{
	struct stmt *s = NULL;

	if (uid_is_none(&w->claim))
		return RC_OK;
	enum rc rc = db_prepare(db,
		"UPDATE claim SET state = ?2, wearer = ?3, " CLAIM_FORGET " WHERE id = ?1", &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, &w->claim);
	stmt_bind_int(s, 2, 5); /* CLAIM_BOUND */
	stmt_bind_uid(s, 3, &w->wearer);
	return stmt_run(s, NULL, e);
}

/* A language that no watch knows is English there. */
static enum rc want(struct setting_work *w, struct db *db, enum setting_id id, struct err *e)
{
	struct setting_value v = {.numbers = {0}};
	uint8_t number = 0;
	bool has_value = setting_def(id)->fields_n > 0;
	const char *text = id == SETTING_ZONE ? w->to.zone
			   : watch_language_number(view_of(w->to.language), &number)
				   ? w->to.language
				   : "en";

	if (id == SETTING_UPLOAD_INTERVAL)
		v.numbers[0] = BIND_INTERVAL_S;
	else if (id == SETTING_REFUSE_STRANGERS)
		v.numbers[0] = true;
	else if (has_value && !view_to_text(view_of(text), v.text, sizeof v.text))
		return fail(e, RC_BUG, "bind: a text that is too long");
	return setting_want(db, &w->to.wearer, id, has_value ? &v : NULL, NULL, w->now_ms, e);
}

/* What every watch is told first; the password comes last, when all else is said. */
static enum rc first_settings(struct db *db, const struct bind_work *b, struct err *e)
{
	static const enum setting_id ids[] = {SETTING_LANGUAGE, SETTING_ZONE,
		SETTING_UPLOAD_INTERVAL, SETTING_CONTROL_NUMBERS, SETTING_AUTO_ANSWER,
		SETTING_REFUSE_STRANGERS, SETTING_PASSWORD};
	struct setting_work w = {.domain = b->domain, .rows = b->rows, .now_ms = b->now_ms};
	enum rc rc = watch_target_read(db, &b->wearer, &w.to, NULL, e);

	b->rows->n = 0;
	for (size_t i = 0; i < COUNT_OF(ids) && rc == RC_OK; i++)
		rc = want(&w, db, ids[i], e);
	for (size_t i = 0; i < COUNT_OF(ids) && rc == RC_OK; i++) {
		rc = setting_build_again(&w, db, ids[i], e);
		if (rc == RC_OK && ids[i] == SETTING_ZONE)
			(void)command_rows_add(w.rows, w.domain, &w.to, NULL, COMMAND_VERSION);
	}
	return rc == RC_OK ? command_rows_insert(db, w.rows, e) : rc;
}

enum rc bind_job(struct db *db, void *work, struct err *e)
{
	struct bind_work *w = work;
	enum rc rc = check_free(db, w, e);

	if (rc == RC_OK)
		rc = next_number(db, &w->number, e);
	if (rc == RC_OK)
		rc = insert_wearer(db, w, e);
	if (rc == RC_OK)
		rc = insert_device(db, w, e);
	if (rc == RC_OK)
		rc = first_settings(db, w, e);
	return rc == RC_OK ? close_claim(db, w, e) : rc;
}

enum rc bind_finish(struct domain *d, const struct bind_work *w, struct err *e)
{
	struct live_device dev = {.device = w->device,
		.wearer = w->wearer,
		.group = w->group,
		.number = w->number,
		.is_demo = w->is_demo};

	memcpy(dev.wire_id, w->wire_id, sizeof dev.wire_id); /* WIRE_ID_TEXT is one more */
	memcpy(dev.vendor, w->vendor, sizeof dev.vendor);
	live_lock(d->live);
	enum rc rc = live_add(d->live, &dev, e);
	live_unlock(d->live);
	return rc;
}

void bind_take_session(const struct bind_work *w)
{
	struct domain *d = w->domain;
	uint64_t session = w->session;

	quarantine_remove(d->quarantine, view_of(w->wire_id));
	if (session != 0) {
		live_lock(d->live);
		struct live_device *dev = live_by_wearer(d->live, &w->wearer);
		bool is_mine = dev != NULL && dev->session == 0 &&
			       live_set_session(d->live, dev, session, NULL) == RC_OK;
		if (is_mine) {
			dev->connected_s = (uint32_t)(d->wall_ms() / 1000);
			dev->last_seen_s = dev->connected_s;
		}
		live_unlock(d->live);
		if (is_mine)
			d->out.standing(d->out.owner, session, STANDING_BOUND);
	}
	for (unsigned i = 0; i < w->rows->n; i++)
		outbox_add(d, &w->rows->items[i]);
	bus_publish(d->bus, EVENT_WEARER, &w->group, &w->wearer);
	log_event(LOG_INFO, "device.bound", "demo=%d", w->is_demo);
	zone_clock_start(d->zone_clock); /* perhaps a zone that nobody had */
	wearer_notices_wake(d);
}

static void take_posted(void *arg)
{
	struct bind_work *w = arg;

	bind_take_session(w);
	bind_free(w);
}

enum rc bind_post_session(struct bind_work *take_w, struct err *e)
{
	enum rc rc = loop_post(take_w->domain->loop, take_posted, take_w, e);

	if (rc != RC_OK)
		bind_free(take_w);
	return rc;
}

void bind_free(struct bind_work *w)
{
	if (w == NULL)
		return;
	if (w->rows != NULL)
		secret_forget(w->rows, sizeof *w->rows);
	free(w->rows);
	free(w);
}
