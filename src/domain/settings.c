#include "domain/settings.h"

#include <stdlib.h>

#include "crypto/token.h"
#include "domain/audit.h"
#include "domain/bus.h"
#include "domain/contacts.h"
#include "domain/days.h"
#include "domain/setting_build.h"
#include "domain/sms_form.h"
#include "domain/tracking.h"
#include "domain/zone_clock.h"
#include "store/query.h"

/* ---- what people see ---- */

struct listing {
	struct capabilities able;
	struct sms_forms sms;
	bool has_row[SETTING_COUNT];
	struct setting_row rows[SETTING_COUNT];
};

static enum rc take_row(void *ctx, const struct setting_row *row, struct err *e)
{
	struct listing *l = ctx;

	(void)e;
	l->has_row[row->id] = true;
	l->rows[row->id] = *row;
	return RC_OK;
}

static void listing_freep(struct listing **l)
{
	if (*l != NULL)
		secret_forget(*l, sizeof **l);
	free(*l);
}

static enum rc listing_read(struct domain *d, struct db *reader, const struct uid *wearer,
	struct listing **ret_owned, struct problem *p, struct err *e)
{
	CLEANUP(listing_freep) struct listing *l = calloc(1, sizeof *l);

	if (l == NULL)
		return fail(e, RC_NOMEM, "settings: out of memory");
	for (enum setting_id i = 0; i < SETTING_COUNT; i++)
		l->rows[i] = (struct setting_row){.id = i, .state = SETTING_NONE};
	enum rc rc = capabilities_read(reader, wearer, &l->able, p, e);
	if (rc == RC_OK)
		rc = sms_forms_read(d, reader, wearer, &l->sms, e);
	if (rc == RC_OK)
		rc = setting_each(reader, wearer, take_row, l, e);
	if (rc == RC_OK)
		*ret_owned = STEAL(l);
	return rc;
}

static void tell(const struct listing *l, enum setting_id id, setting_info_fn *fn, void *ctx)
{
	struct setting_info info = {.row = l->rows[id]};

	info.missing = capability_missing(&l->able, setting_def(id)->name);
	info.is_available = info.missing == NULL;
	if (info.is_available && id == SETTING_UPLOAD_INTERVAL &&
		info.row.state != SETTING_CONFIRMED && info.row.has_wanted)
		info.sms_n = sms_form_interval(
			&l->sms, (uint32_t)info.row.wanted.numbers[0], info.sms[0]);
	memcpy(info.sms_to, l->sms.to, sizeof info.sms_to);
	fn(ctx, &info);
	secret_forget(&info, sizeof info);
}

enum rc settings_list(struct domain *d, struct db *reader, const struct uid *wearer,
	setting_info_fn *fn, void *ctx, struct problem *p, struct err *e)
{
	CLEANUP(listing_freep) struct listing *l = NULL;
	enum rc rc = listing_read(d, reader, wearer, &l, p, e);

	for (enum setting_id i = 0; rc == RC_OK && i < SETTING_FORMS; i++)
		tell(l, i, fn, ctx);
	return rc;
}

enum rc settings_get(struct domain *d, struct db *reader, const struct uid *wearer,
	enum setting_id id, setting_info_fn *fn, void *ctx, struct problem *p, struct err *e)
{
	CLEANUP(listing_freep) struct listing *l = NULL;
	enum rc rc = listing_read(d, reader, wearer, &l, p, e);

	if (rc == RC_OK)
		tell(l, id, fn, ctx);
	return rc;
}

/* ---- changes ---- */

struct change_job {
	struct setting_work work;
	const struct uid *wearer;
	enum setting_id id;
	const struct setting_value *value; /* NULL: with alter */
	setting_change_fn *alter;
	void *ctx;
	struct problem *problem;
	struct setting_row now; /* out */
};

/* The watch itself will call or write to this number, so it is one that the guardians know. */
static enum rc check_known_number(
	struct db *db, const struct change_job *job, const char *number, struct err *e)
{
	struct contacts list;
	struct sos_numbers sos;
	enum rc rc = contacts_list(db, job->wearer, &list, e);

	if (rc == RC_OK)
		rc = sos_numbers_get(db, job->wearer, &sos, job->problem, e);
	if (rc != RC_OK)
		return rc;
	for (unsigned i = 0; i < list.n; i++) {
		if (strcmp(list.items[i].number, number) == 0)
			return RC_OK;
	}
	for (unsigned i = 0; i < sos.n; i++) {
		if (strcmp(sos.items[i], number) == 0)
			return RC_OK;
	}
	return refuse(job->problem, RC_CONFLICT, "contact_unknown", "number",
		"neither in the phone book nor an SOS number");
}

static enum rc check_here(
	struct db *db, const struct change_job *job, const struct setting_value *v, struct err *e)
{
	struct capabilities able;
	enum rc rc = capabilities_read(db, job->wearer, &able, job->problem, e);

	if (rc == RC_OK && capability_missing(&able, setting_def(job->id)->name) != NULL)
		rc = refuse(job->problem, RC_CONFLICT, "setting_unavailable", NULL,
			"this watch does not have it, as far as is known");
	if (rc == RC_OK && job->id == SETTING_TEMPERATURE_LIMITS)
		rc = check_known_number(db, job, v->text, e);
	return rc;
}

static enum rc set_text(
	struct db *db, const char *sql, const struct uid *wearer, const char *text, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db, sql, wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_text(s, 2, view_of(text));
	return stmt_run(s, NULL, e);
}

static enum rc set_adaptive(
	struct db *db, const struct uid *wearer, bool is_adaptive, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(
		db, "UPDATE device SET is_adaptive = ?2 WHERE wearer = ?1", wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, is_adaptive);
	return stmt_run(s, NULL, e);
}

/* What others go by: clocks, announcements. */
static enum rc note_in_device(
	struct db *db, struct change_job *job, const struct setting_value *v, struct err *e)
{
	struct watch_target *to = &job->work.to;

	if (job->id == SETTING_LANGUAGE) {
		if (!view_to_text(view_of(v->text), to->language, sizeof to->language))
			return fail(e, RC_BUG, "setting: a language that is too long");
		return set_text(db, "UPDATE device SET language = ?2 WHERE wearer = ?1",
			job->wearer, to->language, e);
	}
	if (job->id == SETTING_TRACKING_MODE)
		return set_adaptive(db, job->wearer, v->numbers[0] == TRACKING_ADAPTIVE, e);
	if (job->id != SETTING_ZONE)
		return RC_OK;
	memcpy(to->zone, v->text, sizeof to->zone);
	return set_text(
		db, "UPDATE device SET zone = ?2 WHERE wearer = ?1", job->wearer, to->zone, e);
}

static enum rc change_job(struct db *db, void *arg, struct err *e)
{
	struct change_job *job = arg;
	struct setting_work *w = &job->work;
	enum rc rc = watch_target_read(db, job->wearer, &w->to, job->problem, e);

	w->rows->n = 0;
	if (rc == RC_OK)
		rc = setting_read(db, job->wearer, job->id, &job->now, e);
	if (rc != RC_OK)
		return rc;
	struct setting_value *v = &job->now.wanted;
	if (job->alter != NULL)
		job->alter(job->ctx, v);
	else
		*v = *job->value;
	rc = check_here(db, job, v, e);
	if (rc == RC_OK)
		rc = note_in_device(db, job, v, e);
	if (rc == RC_OK)
		rc = setting_want(db, job->wearer, job->id, v, w->by, w->now_ms, e);
	if (rc == RC_OK)
		rc = setting_build(w, db, job->id, v, e);
	if (rc == RC_OK)
		rc = command_rows_insert(db, w->rows, e);
	return rc == RC_OK ? setting_read(db, job->wearer, job->id, &job->now, e) : rc;
}

static void rows_freep(struct command_rows **rows)
{
	free(*rows);
}

static enum rc run_change(struct domain *d, const struct principal *who, struct change_job *job,
	struct problem *p, struct err *e)
{
	CLEANUP(rows_freep) struct command_rows *rows = command_rows_new();

	if (rows == NULL)
		return fail(e, RC_NOMEM, "settings: out of memory");
	job->work = (struct setting_work){
		.domain = d, .by = &who->account, .rows = rows, .now_ms = d->wall_ms()};
	job->problem = p;
	if (setting_def(job->id)->is_told)
		act_told(who);
	act_detail(who, "%s", setting_def(job->id)->name); /* what, never the value */
	enum rc rc = act_run(d, who, change_job, job, e);
	if (rc != RC_OK)
		return rc;
	command_rows_post(d, rows);
	if (job->id == SETTING_ZONE || job->id == SETTING_LANGUAGE)
		days_zone_changed(d, job->wearer);
	bus_publish(d->bus, EVENT_WEARER, &job->work.to.group, job->wearer);
	if (job->id == SETTING_TRACKING_MODE || job->id == SETTING_UPLOAD_INTERVAL)
		tracking_post_change(d, job->wearer);
	if (job->id == SETTING_ZONE)
		zone_clock_wake(d);
	return RC_OK;
}

enum rc settings_put(struct domain *d, const struct principal *who, const struct uid *wearer,
	enum setting_id id, const struct setting_value *v, bool is_understood, struct problem *p,
	struct err *e)
{
	struct change_job job = {.wearer = wearer, .id = id, .value = v};
	enum rc rc = setting_value_check(setting_def(id), v, p);

	if (rc == RC_OK && setting_needs_understanding(id, v) && !is_understood)
		rc = refuse(p, RC_SYNTAX, "understanding_needed", "is_understood",
			"this can hide the wearer, or keep help away");
	return rc == RC_OK ? run_change(d, who, &job, p, e) : rc;
}

enum rc settings_alter(struct domain *d, const struct principal *who, const struct uid *wearer,
	enum setting_id id, setting_change_fn *fn, void *ctx, struct setting_row *ret,
	struct problem *p, struct err *e)
{
	struct change_job job = {.wearer = wearer, .id = id, .alter = fn, .ctx = ctx};
	enum rc rc = run_change(d, who, &job, p, e);

	if (rc == RC_OK)
		*ret = job.now;
	return rc;
}

static enum rc is_wanted(
	struct db *db, const struct uid *wearer, enum command_kind kind, bool *ret, struct err *e)
{
	enum setting_id ids[SETTINGS_OF_KIND_MAX];
	unsigned n = setting_ids_of(kind, ids);
	enum rc rc = RC_OK;

	*ret = false;
	for (unsigned i = 0; i < n && rc == RC_OK && !*ret; i++) {
		enum setting_state state = SETTING_NONE;
		rc = setting_state_read(db, wearer, ids[i], &state, e);
		*ret = state != SETTING_NONE;
	}
	return rc;
}

/* The outbox finds out when it wants to send it. */
static enum rc cancel_waiting(
	struct db *db, const struct change_job *job, enum command_kind kind, struct err *e)
{
	struct stmt *s = NULL;
	bool is = false;
	enum rc rc = is_wanted(db, job->wearer, kind, &is, e);

	if (rc != RC_OK || is)
		return rc;
	rc = query_prepare(db,
		"UPDATE command SET state = ?3, reason = ?4, finished_ms = ?5"
		" WHERE wearer = ?1 AND kind = ?2 AND finished_ms = 0 AND state = ?6",
		job->wearer, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_text(s, 2, view_of(command_name(kind)));
	stmt_bind_int(s, 3, COMMAND_CANCELLED);
	stmt_bind_int(s, 4, REASON_CANCELLED);
	stmt_bind_int(s, 5, job->work.now_ms);
	stmt_bind_int(s, 6, COMMAND_QUEUED);
	return stmt_run(s, NULL, e);
}

/* What still waits for the watch would change it all the same. */
static enum rc cancel_commands(struct db *db, const struct change_job *job, struct err *e)
{
	enum setting_id ids[SETTINGS_OF_KIND_MAX];
	enum rc rc = RC_OK;

	for (enum command_kind kind = 0; kind < COMMAND_KIND_COUNT && rc == RC_OK; kind++) {
		unsigned n = setting_ids_of(kind, ids);
		for (unsigned i = 0; i < n && rc == RC_OK; i++) {
			if (ids[i] == job->id)
				rc = cancel_waiting(db, job, kind, e);
		}
	}
	return rc;
}

static enum rc drop_job(struct db *db, void *arg, struct err *e)
{
	struct change_job *job = arg;
	enum rc rc = watch_target_read(db, job->wearer, &job->work.to, job->problem, e);

	if (rc == RC_OK)
		rc = setting_drop(db, job->wearer, job->id, e);
	if (rc == RC_OK)
		rc = cancel_commands(db, job, e);
	if (rc == RC_OK && job->id == SETTING_TRACKING_MODE)
		rc = set_adaptive(db, job->wearer, false, e);
	/* The zone clock tells it nothing any more. */
	if (rc == RC_OK && job->id == SETTING_ZONE)
		rc = query_run(db, "UPDATE device SET zone_sent_min = NULL WHERE wearer = ?1",
			job->wearer, e);
	return rc;
}

enum rc settings_drop(struct domain *d, const struct principal *who, const struct uid *wearer,
	enum setting_id id, struct problem *p, struct err *e)
{
	struct change_job job = {
		.wearer = wearer, .id = id, .problem = p, .work = {.now_ms = d->wall_ms()}};

	if (setting_def(id)->is_told)
		act_told(who);
	act_detail(who, "%s: as the watch has it", setting_def(id)->name);
	enum rc rc = act_run(d, who, drop_job, &job, e);
	if (rc != RC_OK)
		return rc;
	bus_publish(d->bus, EVENT_WEARER, &job.work.to.group, wearer);
	if (id == SETTING_TRACKING_MODE)
		tracking_post_change(d, wearer);
	return RC_OK;
}
