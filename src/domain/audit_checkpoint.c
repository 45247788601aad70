/* Signed checkpoints: where the chain stood at some time. And retention: what is older than
 * audit_keep_days goes, up to a checkpoint that is signed anew as the base of what is left. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "domain/audit_inside.h"
#include "domain/audit_mark.h"
#include "domain/pool.h"

enum { HOUR_MS = 3600 * 1000 };
#define DAY_MS ((int64_t)24 * HOUR_MS)

struct checkpoint_job {
	struct domain *domain;
	int64_t now_ms;
	bool is_forced;
	/* out */
	bool is_made;
	struct audit_mark mark;
};

static enum rc read_last(struct db *db, int64_t *ret_seq, int64_t *ret_time_ms, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(
		db, "SELECT seq, time_ms FROM audit_checkpoint ORDER BY seq DESC LIMIT 1", &s, e);

	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	*ret_seq = has_row ? stmt_int(s, 0) : 0;
	*ret_time_ms = has_row ? stmt_int(s, 1) : 0;
	stmt_reset(s);
	return RC_OK;
}

static void sign_mark(const struct sign_key *key, struct audit_mark *m)
{
	uint8_t text[AUDIT_CHECKPOINT_TEXT];

	memcpy(m->key_id, sign_id(key), sizeof m->key_id);
	sign_bytes(key, audit_checkpoint_text(&m->at, text), m->signature);
}

static enum rc put_mark(struct db *db, const struct audit_mark *m, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db,
		"INSERT INTO audit_checkpoint"
		" (seq, kind, previous_seq, time_ms, hash, key_id, signature)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, m->at.seq);
	stmt_bind_int(s, 2, m->at.kind);
	stmt_bind_int(s, 3, m->at.previous_seq);
	stmt_bind_int(s, 4, m->at.time_ms);
	stmt_bind_blob(s, 5, (struct view){.p = (const char *)m->at.hash, .n = AUDIT_HASH_BYTES});
	stmt_bind_text(s, 6, view_of(m->key_id));
	stmt_bind_blob(s, 7, (struct view){.p = (const char *)m->signature, .n = SIGN_BYTES});
	return stmt_run(s, NULL, e);
}

/* ---- retention ---- */

/* The oldest checkpoint that is old enough and behind which there is something to drop. */
static enum rc find_base(
	struct db *db, int64_t before_ms, struct audit_mark *ret, bool *ret_is_there, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db,
		"SELECT seq, hash FROM audit_checkpoint WHERE time_ms < ?1"
		" AND seq >= (SELECT MIN(seq) FROM audit) AND seq < (SELECT MAX(seq) FROM audit)"
		" ORDER BY seq LIMIT 1",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, before_ms);
	rc = stmt_step(s, ret_is_there, e);
	if (rc != RC_OK || !*ret_is_there)
		return rc;
	struct view hash = stmt_blob(s, 1);
	ret->at.seq = stmt_int(s, 0);
	*ret_is_there = hash.n == AUDIT_HASH_BYTES;
	if (*ret_is_there)
		memcpy(ret->at.hash, hash.p, AUDIT_HASH_BYTES);
	stmt_reset(s);
	return RC_OK;
}

static enum rc delete_up_to(struct db *db, const char *sql, int64_t seq, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db, sql, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, seq);
	return stmt_run(s, NULL, e);
}

static enum rc drop_old(struct db *db, const struct checkpoint_job *job, struct err *e)
{
	uint32_t days = job->domain->settings.audit_keep_days;
	struct audit_mark base = {.at = {.kind = AUDIT_BASE, .time_ms = job->now_ms}};
	bool is_there = false;

	if (days == 0)
		return RC_OK;
	enum rc rc = find_base(db, job->now_ms - days * DAY_MS, &base, &is_there, e);
	if (rc != RC_OK || !is_there)
		return rc;
	sign_mark(job->domain->audit->key, &base);
	rc = delete_up_to(db, "DELETE FROM audit WHERE seq <= ?1", base.at.seq, e);
	if (rc == RC_OK)
		rc = delete_up_to(
			db, "DELETE FROM audit_checkpoint WHERE seq <= ?1", base.at.seq, e);
	return rc == RC_OK ? put_mark(db, &base, e) : rc;
}

/* ---- the checkpoint ---- */

static enum rc checkpoint_job(struct db *db, void *arg, struct err *e)
{
	struct checkpoint_job *job = arg;
	struct audit_mark *m = &job->mark;
	int64_t last_ms = 0;

	job->is_made = false;
	*m = (struct audit_mark){.at = {.kind = AUDIT_CHECKPOINT, .time_ms = job->now_ms}};
	enum rc rc = audit_head_read(db, &m->at.seq, m->at.hash, e);
	if (rc == RC_OK)
		rc = read_last(db, &m->at.previous_seq, &last_ms, e);
	if (rc != RC_OK || m->at.seq <= m->at.previous_seq)
		return rc;
	if (!job->is_forced && m->at.seq - m->at.previous_seq < AUDIT_CHECKPOINT_ENTRIES &&
		job->now_ms - last_ms < HOUR_MS && job->now_ms >= last_ms)
		return rc;
	sign_mark(job->domain->audit->key, m);
	rc = put_mark(db, m, e);
	job->is_made = rc == RC_OK;
	return rc == RC_OK ? drop_old(db, job, e) : rc;
}

static void in_pool(struct db *reader, void *arg)
{
	struct checkpoint_job *job = arg;
	struct err e;

	(void)reader;
	if (audit_mark_write_file(job->domain->audit->key_dir, &job->mark, &e) != RC_OK)
		log_event(LOG_WARN, "audit.checkpoint_not_kept",
			"why=\"%s\" the newest one stands in the database alone", e.msg);
	atomic_store(&job->domain->audit->is_checkpoint_running, false);
	free(job);
}

static void checkpoint_done(void *arg, enum rc rc, const struct err *e)
{
	struct checkpoint_job *job = arg;
	struct domain *d = job->domain;

	if (rc != RC_OK)
		log_event(LOG_WARN, "audit.checkpoint_failed", "why=\"%s\"", e->msg);
	if (rc != RC_OK || !job->is_made) {
		atomic_store(&d->audit->is_checkpoint_running, false);
		free(job);
		return;
	}
	atomic_store(&d->audit->since_checkpoint, 0);
	/* The disk may take its time; at the end there is no pool any more. */
	if (d->pool == NULL || pool_post(d->pool, in_pool, job, NULL) != RC_OK)
		in_pool(NULL, job);
}

void audit_checkpoint_post(struct domain *d, int64_t now_ms, bool is_forced)
{
	struct audit *a = d->audit;

	if (a->key == NULL)
		return;
	if (atomic_exchange(&a->is_checkpoint_running, true) && !is_forced)
		return;
	struct checkpoint_job *job = calloc(1, sizeof *job);
	if (job == NULL) {
		atomic_store(&a->is_checkpoint_running, false);
		return;
	}
	*job = (struct checkpoint_job){.domain = d, .now_ms = now_ms, .is_forced = is_forced};
	if (writer_post(d->writer, checkpoint_job, checkpoint_done, job, 0, NULL) != RC_OK) {
		atomic_store(&a->is_checkpoint_running, false);
		free(job);
	}
}

/* ---- at start ---- */

static bool is_in_log(struct db *reader, const struct audit_mark *m)
{
	struct stmt *s = NULL;
	bool has_row = false;

	if (db_prepare(reader, "SELECT hash FROM audit WHERE seq = ?1", &s, NULL) != RC_OK)
		return true; /* the database has other troubles */
	stmt_bind_int(s, 1, m->at.seq);
	if (stmt_step(s, &has_row, NULL) != RC_OK)
		return true;
	bool is_same = has_row &&
		       view_is(stmt_blob(s, 0),
			       (struct view){.p = (const char *)m->at.hash, .n = AUDIT_HASH_BYTES});
	stmt_reset(s);
	return is_same;
}

void audit_check_start(struct domain *d, struct db *reader)
{
	struct act act = {.action = "audit.set_back", .actor_kind = ACTOR_SERVER};
	struct audit_mark m;
	int64_t seq = 0;
	uint8_t hash[AUDIT_HASH_BYTES];

	if (audit_mark_read_file(d->audit->key_dir, &m, NULL) != RC_OK ||
		!audit_mark_is_ours(&m, d->audit->key) || is_in_log(reader, &m) ||
		audit_head_read(reader, &seq, hash, NULL) != RC_OK)
		return;
	(void)snprintf(act.detail, sizeof act.detail,
		"the log ended at entry %lld, but entry %lld was signed: an older database was put "
		"in place",
		(long long)seq, (long long)m.at.seq);
	log_event(LOG_ERROR, "audit.set_back", "end=%lld signed=%lld", (long long)seq,
		(long long)m.at.seq);
	audit_post(d, &act);
}
