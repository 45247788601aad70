#include "domain/wearer_erase.h"

#include <stdlib.h>

#include "base/log.h"
#include "crypto/keyring.h"
#include "domain/approval.h"
#include "domain/audit.h"
#include "domain/bus.h"
#include "domain/ingest_inside.h"
#include "domain/outbox.h"
#include "domain/tracking.h"
#include "domain/voice_out.h"
#include "domain/wearer.h"
#include "store/query.h"

/* Every table with a wearer's rows, those that refer to others first. The history has its own way.
 */
static const char *const deletions[] = {
	"DELETE FROM wearer_picture WHERE wearer = ?1",
	"DELETE FROM command WHERE wearer = ?1",
	"DELETE FROM contact WHERE wearer = ?1",
	"DELETE FROM sos_number WHERE wearer = ?1",
	"DELETE FROM watch_setting WHERE wearer = ?1",
	"DELETE FROM watch_setting_part WHERE wearer = ?1",
	"DELETE FROM watch_capability WHERE wearer = ?1",
	"DELETE FROM thread_item WHERE wearer = ?1",
	"DELETE FROM thread_use WHERE wearer = ?1",
	"DELETE FROM voice_chunk WHERE wearer = ?1",
	"DELETE FROM photo_rule WHERE wearer = ?1",
	"DELETE FROM health_rule WHERE wearer = ?1",
	"DELETE FROM health_value WHERE wearer = ?1",
	"DELETE FROM wearer_day WHERE wearer = ?1",
	"DELETE FROM call_log WHERE wearer = ?1",
	"DELETE FROM friend_rule WHERE wearer = ?1",
	"DELETE FROM friendship WHERE wearer = ?1",
	"DELETE FROM friendship WHERE friend = ?1",
	"DELETE FROM alarm WHERE wearer = ?1",
	"DELETE FROM claim WHERE wearer = ?1",
	"DELETE FROM way WHERE wearer = ?1",
	"DELETE FROM device WHERE wearer = ?1",
	"DELETE FROM member_wearer WHERE wearer = ?1",
	"DELETE FROM consent_wearer WHERE wearer = ?1",
	"DELETE FROM partner_use WHERE wearer = ?1",
	"DELETE FROM partner_event WHERE wearer = ?1",
	"DELETE FROM plan_proposal WHERE wearer = ?1",
	"DELETE FROM partner_answer WHERE wearer = ?1",
	/* Nobody knows whose ways taught what: the group learns anew from those who stay. */
	("DELETE FROM radio_learned WHERE care_group = "
	 "(SELECT care_group FROM wearer WHERE id = ?1)"),
	"DELETE FROM wearer WHERE id = ?1",
};

static enum rc find(
	struct db *db, const struct uid *wearer, struct wearer_erased *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc =
		query_row(db, "SELECT care_group, number FROM wearer WHERE id = ?1", wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	*ret = (struct wearer_erased){
		.wearer = *wearer, .group = stmt_uid(s, 0), .number = (uint32_t)stmt_int(s, 1)};
	stmt_reset(s);
	return RC_OK;
}

enum rc wearer_erase_rows(
	struct db *db, const struct uid *wearer, struct wearer_erased *ret, struct err *e)
{
	enum rc rc = find(db, wearer, ret, e);

	if (rc == RC_OK)
		rc = keyring_destroy(db_keyring(db), wearer, e);
	if (rc == RC_OK)
		rc = history_erase(db, ret->number, e);
	for (size_t i = 0; i < COUNT_OF(deletions) && rc == RC_OK; i++)
		rc = query_run(db, deletions[i], wearer, e);
	return rc;
}

struct forgetting {
	struct domain *domain;
	struct wearer_erased erased;
};

/* In the main loop: nothing in memory remembers the wearer; the watch is a stranger again. */
static void forget_wearer(void *arg)
{
	struct forgetting *f = arg;
	struct domain *d = f->domain;
	uint64_t session = 0;

	live_lock(d->live);
	struct live_device *dev = live_by_wearer(d->live, &f->erased.wearer);
	if (dev != NULL) {
		session = dev->session;
		live_remove(d->live, dev);
	}
	live_unlock(d->live);
	session_forget(d->ingest, f->erased.number);
	outbox_forget(d, f->erased.number);
	tracking_forget(d, f->erased.number);
	voice_out_forget(d, f->erased.number);
	history_forget(d->history, f->erased.number);
	if (session != 0)
		d->out.close(d->out.owner, session); /* it comes back and is quarantined */
	free(f);
}

enum rc wearer_erase_finish(struct domain *d, const struct wearer_erased *erased, struct err *e)
{
	struct forgetting *f = malloc(sizeof *f);

	bus_publish(d->bus, EVENT_REMOVED, &erased->group, &erased->wearer);
	if (f == NULL)
		return fail(e, RC_NOMEM, "wearer: out of memory"); /* erased on disk all the same */
	*f = (struct forgetting){.domain = d, .erased = *erased};
	enum rc rc = loop_post(d->loop, forget_wearer, f, e);
	if (rc != RC_OK)
		free(f); /* as above: memory follows at the next start */
	return rc;
}

struct erasure {
	const struct uid *wearer;
	struct wearer_erased erased;
};

static enum rc erase_job(struct db *db, void *arg, struct err *e)
{
	struct erasure *erasure = arg;

	return wearer_erase_rows(db, erasure->wearer, &erasure->erased, e);
}

enum rc wearer_erase(
	struct domain *d, const struct principal *who, const struct uid *wearer, struct err *e)
{
	struct erasure erasure = {.wearer = wearer};
	act_told(who);
	enum rc rc = act_run(d, who, erase_job, &erasure, e);

	return rc == RC_OK ? wearer_erase_finish(d, &erasure.erased, e) : rc;
}

/* ---- as a proposal ---- */

static enum rc execute_erase(struct domain *d, struct db *db, struct approval *a, int64_t now_ms,
	struct problem *p, struct err *e)
{
	struct wearer_erased erased;
	enum rc rc = wearer_erase_rows(db, &a->wearer, &erased, e);

	(void)d;
	(void)now_ms;
	(void)p;
	if (rc == RC_OK)
		a->out_number = erased.number;
	return rc;
}

static void after_erase(struct domain *d, const struct approval *a)
{
	const struct wearer_erased erased = {
		.wearer = a->wearer, .group = a->group, .number = a->out_number};
	struct err e;

	if (wearer_erase_finish(d, &erased, &e) != RC_OK)
		log_event(LOG_WARN, "wearer.erased", "why=\"%s\"", e.msg);
}

const struct approval_kind wearer_erase_kind = {
	"wearer.erase", RIGHT_ERASE, execute_erase, after_erase, NULL};
