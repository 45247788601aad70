#include "domain/watch_facts.h"

#include <stdlib.h>

#include "base/log.h"
#include "crypto/token.h"
#include "domain/alarm.h"
#include "domain/alarm_store.h"
#include "domain/bus.h"
#include "domain/config.h"
#include "domain/ingest.h"
#include "domain/live_table.h"
#include "domain/outbox.h"
#include "domain/reapply.h"
#include "domain/setting_drift.h"
#include "store/query.h"
#include "store/sealed.h"

enum { ICCID_TEXT = 32 };

enum fact {
	FACT_CONFIG,
	FACT_ICCID,
	FACT_UNBOUND,
	FACT_ASKS, /* for settings */
	FACT_COUNT,
};

struct fact_work {
	struct domain *domain;
	struct uid wearer;
	uint32_t number;
	uint64_t session;
	enum fact fact;
	enum setting_id asked; /* ASKS */
	char text[CONFIG_TEXT];
	struct setting_work work;   /* out */
	struct alarm_outcome alarm; /* out */
	bool is_new;                /* out */
};

static void work_free(struct fact_work *w)
{
	if (w == NULL)
		return;
	if (w->work.rows != NULL)
		secret_forget(w->work.rows, sizeof *w->work.rows);
	free(w->work.rows);
	secret_forget(w, sizeof *w);
	free(w);
}

/* A sealed text of the device's row takes a new value; false in *ret_is_new: it is the same. */
static enum rc renew(struct db *db, const struct fact_work *w, const char *select,
	const char *update, const char *label, bool *ret_was_there, bool *ret_is_new, struct err *e)
{
	char before[CONFIG_TEXT];
	struct stmt *s = NULL;
	enum rc rc = query_row(db, select, &w->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	*ret_was_there = !stmt_is_null(s, 0);
	rc = stmt_copy_sealed(s, 0, &w->wearer, label, before, sizeof before, e);
	stmt_reset(s);
	if (rc != RC_OK)
		return rc;
	*ret_is_new = !*ret_was_there || strcmp(before, w->text) != 0;
	secret_forget(before, sizeof before);
	if (!*ret_is_new)
		return RC_OK;
	rc = query_prepare(db, update, &w->wearer, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_sealed(s, 2, &w->wearer, label, view_of(w->text));
	stmt_bind_int(s, 3, w->work.now_ms);
	stmt_bind_int(s, 4, *ret_was_there);
	return stmt_run(s, NULL, e);
}

static enum rc config_job(struct db *db, struct fact_work *w, struct err *e)
{
	bool was_there = false;
	enum rc rc = renew(db, w, "SELECT config FROM device WHERE wearer = ?1",
		"UPDATE device SET config = ?2 WHERE wearer = ?1 AND ?3 > 0 AND ?4 >= 0",
		"device.config", &was_there, &w->is_new, e);

	return rc == RC_OK && w->is_new
		       ? setting_drift_look_config(&w->work, db, view_of(w->text), e)
		       : rc;
}

static enum rc iccid_job(struct db *db, struct fact_work *w, struct err *e)
{
	bool was_there = false;
	enum rc rc = renew(db, w, "SELECT iccid FROM device WHERE wearer = ?1",
		"UPDATE device SET iccid = ?2, iccid_changed_ms ="
		" CASE WHEN ?4 = 1 THEN ?3 ELSE iccid_changed_ms END WHERE wearer = ?1",
		"device.iccid", &was_there, &w->is_new, e);

	w->is_new = w->is_new && was_there;
	return rc == RC_OK && w->is_new ? reapply_want(db, &w->wearer, w->work.now_ms, false, e)
					: rc;
}

/* The watch wipes itself. Somebody with it in the hand did that, or a stranger with its number. */
static enum rc unbound_job(struct db *db, struct fact_work *w, struct err *e)
{
	const struct alarm_intake intake = {.wearer = w->wearer,
		.kinds = ALARM_SETTINGS_DRIFT,
		.device_time_ms = w->work.now_ms,
		.time_ms = w->work.now_ms,
		.received_ms = w->work.now_ms,
		.is_own_report = true};
	enum rc rc = reapply_want(db, &w->wearer, w->work.now_ms, false, e);

	return rc == RC_OK ? alarm_take_in(db, &intake, &w->alarm, e) : rc;
}

/* Nothing is written: the answer is what is stored, said as the command that sets it. */
static enum rc asks_job(struct db *db, struct fact_work *w, struct err *e)
{
	struct setting_row row;
	enum rc rc = setting_read(db, &w->wearer, w->asked, &row, e);

	if (rc != RC_OK || row.state == SETTING_NONE ||
		(!row.has_wanted && setting_def(w->asked)->fields_n > 0))
		return rc;
	rc = setting_build(&w->work, db, w->asked, row.has_wanted ? &row.wanted : NULL, e);
	secret_forget(&row, sizeof row);
	return rc;
}

static enum rc fact_job(struct db *db, void *arg, struct err *e)
{
	struct fact_work *w = arg;
	enum rc rc = watch_target_read(db, &w->wearer, &w->work.to, NULL, e);

	w->work.rows->n = 0;
	w->is_new = false;
	w->alarm = (struct alarm_outcome){.is_new = false};
	if (rc != RC_OK)
		return rc;
	switch (w->fact) {
	case FACT_CONFIG:
		rc = config_job(db, w, e);
		break;
	case FACT_ICCID:
		rc = iccid_job(db, w, e);
		break;
	case FACT_UNBOUND:
		rc = unbound_job(db, w, e);
		break;
	case FACT_ASKS:
		return asks_job(db, w, e);
	case FACT_COUNT:
		break;
	}
	return rc == RC_OK ? command_rows_insert(db, w->work.rows, e) : rc;
}

/* An answer is no row: the watch asks again when it wants to. */
static void answer(const struct fact_work *w)
{
	struct domain *d = w->domain;

	if (!ingest_trusts(d, w->number, w->session))
		return;
	for (unsigned i = 0; i < w->work.rows->n; i++) {
		const struct command_row *row = &w->work.rows->items[i];
		(void)d->out.command(d->out.owner, w->session, &row->id,
			&row->command); /* a full link: as above */
	}
}

static void tell_unbound(const struct fact_work *w)
{
	struct domain *d = w->domain;

	if (uid_is_none(&w->alarm.id))
		return;
	live_lock(d->live);
	struct live_device *dev = live_by_wearer(d->live, &w->wearer);
	if (dev != NULL)
		dev->open_alarms = w->alarm.open_alarms;
	live_unlock(d->live);
	bus_publish(d->bus, EVENT_ALARM, &w->work.to.group, &w->alarm.id);
}

static void fact_done(void *arg, enum rc rc, const struct err *e)
{
	struct fact_work *w = arg;

	if (rc != RC_OK && rc != RC_CONFLICT) { /* CONFLICT: the watch is gone */
		log_event(LOG_WARN, "device.fact_lost", "why=\"%s\"", e->msg);
	} else if (rc == RC_OK && w->fact == FACT_ASKS) {
		answer(w);
	} else if (rc == RC_OK) {
		for (unsigned i = 0; i < w->work.rows->n; i++)
			outbox_add(w->domain, &w->work.rows->items[i]);
		tell_unbound(w);
		if (w->is_new || w->fact == FACT_UNBOUND)
			ingest_touch(w->domain, &w->wearer);
	}
	work_free(w);
}

static bool fact_of(const struct report *r, enum fact *ret, enum setting_id *ret_asked)
{
	static const struct {
		const char *keyword;
		enum fact fact;
		enum setting_id asked;
	} known[] = {
		{"CONFIG", FACT_CONFIG, SETTING_COUNT},
		{"ICCID", FACT_ICCID, SETTING_COUNT},
		{"CCID", FACT_ICCID, SETTING_COUNT},
		{"DLT", FACT_UNBOUND, SETTING_COUNT},
		{"PHLQ", FACT_ASKS, SETTING_CONTACTS},
		{"PHBQ", FACT_ASKS, SETTING_CONTACTS},
		{"SOSQ", FACT_ASKS, SETTING_SOS_NUMBERS},
		{"REMINDQ", FACT_ASKS, SETTING_ALARM_CLOCKS},
		{"SCHEDULEQ", FACT_ASKS, SETTING_TIMETABLE},
	};

	for (size_t i = 0; i < COUNT_OF(known); i++) {
		if (strcmp(r->keyword, known[i].keyword) == 0) {
			*ret = known[i].fact;
			*ret_asked = known[i].asked;
			return true;
		}
	}
	return false;
}

/* Printable ASCII; else nothing is kept. */
static bool take_text(const struct report *r, enum fact fact, char *dst, size_t dst_size)
{
	struct view v = r->text;

	dst[0] = '\0';
	if (fact == FACT_ICCID)
		return report_fact(r, REPORT_FACT_ICCID, &v) && view_to_text(v, dst, ICCID_TEXT);
	if (fact != FACT_CONFIG)
		return true;
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < ' ' || v.p[i] > '~')
			return false;
	}
	return v.n > 0 && view_to_text(v, dst, dst_size);
}

bool watch_facts_on_report(struct domain *d, const struct uid *wearer, uint32_t number,
	uint64_t session, const struct report *r)
{
	enum setting_id asked = SETTING_COUNT;
	enum fact fact = FACT_COUNT;

	if (!fact_of(r, &fact, &asked))
		return false;
	struct fact_work *w = ingest_trusts(d, number, session) ? calloc(1, sizeof *w) : NULL;
	if (w == NULL)
		return true; /* said again at its next start */
	w->domain = d;
	w->wearer = *wearer;
	w->number = number;
	w->session = session;
	w->fact = fact;
	w->asked = asked;
	w->work = (struct setting_work){
		.domain = d, .rows = command_rows_new(), .now_ms = d->wall_ms()};
	if (w->work.rows == NULL || !take_text(r, fact, w->text, sizeof w->text) ||
		writer_post(d->writer, fact_job, fact_done, w, 0, NULL) != RC_OK)
		work_free(w); /* as above */
	return true;
}
