#include "domain/sms_alerts.h"

#include <stdlib.h>

#include "domain/audit.h"
#include "domain/bus.h"
#include "domain/watch_target.h"
#include "store/query.h"

static const enum command_kind kinds[] = {
	COMMAND_BATTERY_SMS, COMMAND_SOS_SMS, COMMAND_REMOVED_SMS};

enum rc sms_alerts_get(struct db *reader, const struct uid *wearer, struct sms_alerts *ret,
	struct problem *p, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(reader,
		"SELECT sms_low_battery, sms_sos, sms_removed FROM device WHERE wearer = ?1",
		wearer, &s, e);

	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	if (!has_row)
		return refuse(p, RC_CONFLICT, "no_device", NULL, "this wearer has no watch");
	*ret = (struct sms_alerts){.low_battery = stmt_int(s, 0) != 0,
		.sos = stmt_int(s, 1) != 0,
		.removed = stmt_int(s, 2) != 0};
	stmt_reset(s);
	return setting_read(reader, wearer, kinds, COUNT_OF(kinds), &ret->state, e);
}

struct alerts_job {
	struct domain *domain;
	const struct uid *wearer, *by;
	const struct sms_alerts_change *change;
	struct sms_alerts now;     /* out */
	struct watch_target to;    /* out */
	struct command_rows *rows; /* out */
	struct problem *problem;
};

static void set_switch(
	struct alerts_job *job, enum command_kind kind, const bool *wanted, bool *now)
{
	if (wanted == NULL)
		return;
	*now = *wanted;
	command_rows_add(job->rows, job->domain, &job->to, job->by, kind)->command.is_on = *wanted;
}

static enum rc write_switches(struct db *db, const struct alerts_job *job, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"UPDATE device SET sms_low_battery = ?2, sms_sos = ?3, sms_removed = ?4"
		" WHERE wearer = ?1",
		job->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, job->now.low_battery);
	stmt_bind_int(s, 3, job->now.sos);
	stmt_bind_int(s, 4, job->now.removed);
	return stmt_run(s, NULL, e);
}

static enum rc alerts_job(struct db *db, void *arg, struct err *e)
{
	struct alerts_job *job = arg;
	enum rc rc = watch_target_read(db, job->wearer, &job->to, job->problem, e);

	job->rows->n = 0;
	if (rc == RC_OK)
		rc = sms_alerts_get(db, job->wearer, &job->now, job->problem, e);
	if (rc != RC_OK)
		return rc;
	set_switch(job, COMMAND_BATTERY_SMS, job->change->low_battery, &job->now.low_battery);
	set_switch(job, COMMAND_SOS_SMS, job->change->sos, &job->now.sos);
	set_switch(job, COMMAND_REMOVED_SMS, job->change->removed, &job->now.removed);
	rc = write_switches(db, job, e);
	return rc == RC_OK ? command_rows_insert(db, job->rows, e) : rc;
}

static void rows_freep(struct command_rows **rows)
{
	free(*rows);
}

enum rc sms_alerts_put(struct domain *d, const struct principal *who, const struct uid *wearer,
	const struct sms_alerts_change *change, struct sms_alerts *ret, struct problem *p,
	struct err *e)
{
	CLEANUP(rows_freep) struct command_rows *rows = command_rows_new();
	struct alerts_job job = {.domain = d,
		.wearer = wearer,
		.by = &who->account,
		.change = change,
		.rows = rows,
		.problem = p};

	if (rows == NULL)
		return fail(e, RC_NOMEM, "sms alerts: out of memory");
	enum rc rc = act_run(d, who, alerts_job, &job, e);
	if (rc != RC_OK)
		return rc;
	command_rows_post(d, rows);
	bus_publish(d->bus, EVENT_WEARER, &job.to.group, wearer);
	*ret = job.now;
	ret->state = SETTING_WANTED;
	return RC_OK;
}
