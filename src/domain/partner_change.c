#include "domain/partner_change.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "crypto/jws.h"
#include "store/query.h"
#include "store/sealed.h"

#define HOUR_MS ((int64_t)3600 * 1000)
#define DAY_MS (24 * HOUR_MS)

struct begin_job {
	const struct partner_change *change;
	struct problem *problem;
	struct partner_answer answer; /* out; body owned by the job until the caller has it */
};

static struct view view_of_hash(const struct token_hash *h)
{
	return (struct view){.p = (const char *)h->b, .n = sizeof h->b};
}

static void bind_key(struct stmt *s, int n, const struct partner_change *c)
{
	stmt_bind_blob(s, n, view_of_hash(&c->key_hash));
}

static enum rc forget_old(struct db *db, const struct partner_change *c, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"DELETE FROM partner_answer WHERE partner = ?1 AND created_ms < ?2",
		&c->count.partner, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, c->count.now_ms - DAY_MS);
	return stmt_run(s, NULL, e);
}

/* *ret_known: the key was used; job->answer is filled when that change was finished. */
static enum rc find_earlier(struct db *db, struct begin_job *job, bool *ret_known, struct err *e)
{
	const struct partner_change *c = job->change;
	struct stmt *s = NULL;
	bool has_row = false;

	free(job->answer.body); /* of an earlier run of this job */
	job->answer = (struct partner_answer){.status = 0};
	enum rc rc = query_prepare(db,
		"SELECT request_hash, status, body FROM partner_answer"
		" WHERE partner = ?1 AND key_hash = ?2",
		&c->count.partner, &s, e);
	if (rc != RC_OK)
		return rc;
	bind_key(s, 2, c);
	rc = stmt_step(s, &has_row, e);
	*ret_known = has_row;
	if (rc != RC_OK || !has_row)
		return rc;
	if (!view_is(stmt_blob(s, 0), view_of_hash(&c->request_hash))) {
		stmt_reset(s);
		return refuse(job->problem, RC_CONFLICT, "key_reused", "Idempotency-Key", NULL);
	}
	unsigned status = (unsigned)stmt_int(s, 1);
	if (status != 0)
		rc = stmt_take_sealed(s, 2, &c->count.wearer, "partner_answer.body",
			&job->answer.body, &job->answer.n, e);
	stmt_reset(s);
	if (rc == RC_OK)
		job->answer.status = status;
	return rc;
}

static enum rc check_limits(struct db *db, const struct begin_job *job, struct err *e)
{
	const struct partner_change *c = job->change;
	struct stmt *s = NULL;
	int64_t done = 0;
	enum rc rc = consent_done_since(
		db, &c->count.wearer, c->count.action, c->count.now_ms - HOUR_MS, &done, e);

	if (rc == RC_OK)
		rc = query_row(db, "SELECT COUNT(*) FROM partner_answer WHERE partner = ?1",
			&c->count.partner, &s, e);
	if (rc != RC_OK)
		return rc;
	int64_t kept = stmt_int(s, 0);
	stmt_reset(s);
	if (done < c->per_hour && kept < PARTNER_ANSWERS_MAX)
		return RC_OK;
	rc = refuse(job->problem, RC_LIMIT, "too_many_commands", NULL,
		done >= c->per_hour ? "too many of this kind for this watch in an hour"
				    : "too many changes in a day");
	if (job->problem != NULL)
		job->problem->retry_after_s = 600;
	return rc;
}

static enum rc insert_answer(struct db *db, const struct partner_change *c, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"INSERT INTO partner_answer (partner, key_hash, request_hash, status, created_ms,"
		" wearer) VALUES (?1, ?2, ?3, 0, ?4, ?5)",
		&c->count.partner, &s, e);

	if (rc != RC_OK)
		return rc;
	bind_key(s, 2, c);
	stmt_bind_blob(s, 3, view_of_hash(&c->request_hash));
	stmt_bind_int(s, 4, c->count.now_ms);
	stmt_bind_uid(s, 5, &c->count.wearer);
	return stmt_run(s, NULL, e);
}

static enum rc begin_job(struct db *db, void *arg, struct err *e)
{
	struct begin_job *job = arg;
	bool is_known = false;
	enum rc rc = forget_old(db, job->change, e);

	if (rc == RC_OK)
		rc = find_earlier(db, job, &is_known, e);
	/* Known and not finished: another thread is at it, or the server ended before the answer
	 * was kept. What follows finds the first one's row again by the key. */
	if (rc != RC_OK || is_known)
		return rc;
	rc = check_limits(db, job, e);
	if (rc == RC_OK)
		rc = consent_count(db, &job->change->count, e);
	return rc == RC_OK ? insert_answer(db, job->change, e) : rc;
}

static enum rc check_key(struct view key, struct problem *p)
{
	if (key.p == NULL)
		return refuse(p, RC_SYNTAX, "key_missing", "Idempotency-Key", NULL);
	for (size_t i = 0; i < key.n; i++) {
		if (key.p[i] <= ' ' || key.p[i] > '~')
			return refuse(p, RC_SYNTAX, "key_invalid", "Idempotency-Key", NULL);
	}
	return key.n >= 1 && key.n <= PARTNER_KEY_MAX
		       ? RC_OK
		       : refuse(p, RC_SYNTAX, "key_invalid", "Idempotency-Key", NULL);
}

enum rc partner_change_begin(struct domain *d, struct partner_change *c, struct partner_answer *ret,
	struct problem *p, struct err *e)
{
	struct begin_job job = {.change = c, .problem = p};
	enum rc rc = check_key(c->key, p);

	if (rc != RC_OK)
		return rc;
	sha256_of(c->key, c->key_hash.b);
	sha256_of(c->request, c->request_hash.b);
	c->count.is_change = true;
	c->count.now_ms = d->wall_ms();
	rc = writer_run(d->writer, begin_job, &job, e);
	if (rc != RC_OK) {
		free(job.answer.body);
		return rc;
	}
	*ret = job.answer;
	return RC_OK;
}

struct end_job {
	const struct partner_change *change;
	unsigned status;
	struct view body;
};

static enum rc end_job(struct db *db, void *arg, struct err *e)
{
	const struct end_job *job = arg;
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"UPDATE partner_answer SET status = ?3, body = ?4"
		" WHERE partner = ?1 AND key_hash = ?2 AND status = 0",
		&job->change->count.partner, &s, e);

	if (rc != RC_OK)
		return rc;
	bind_key(s, 2, job->change);
	stmt_bind_int(s, 3, job->status);
	stmt_bind_sealed(s, 4, &job->change->count.wearer, "partner_answer.body", job->body);
	return stmt_run(s, NULL, e);
}

enum rc partner_change_end(struct domain *d, const struct partner_change *c, unsigned status,
	struct view body, struct err *e)
{
	struct end_job job = {.change = c, .status = status, .body = body};

	if (body.n > PARTNER_ANSWER_BYTES)
		return fail(e, RC_BUG, "partner: an answer of %zu bytes", body.n);
	return writer_run(d->writer, end_job, &job, e);
}

static enum rc undo_job(struct db *db, void *arg, struct err *e)
{
	const struct partner_change *c = arg;
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"DELETE FROM partner_answer WHERE partner = ?1 AND key_hash = ?2 AND status = 0",
		&c->count.partner, &s, e);

	if (rc != RC_OK)
		return rc;
	bind_key(s, 2, c);
	return stmt_run(s, NULL, e);
}

void partner_change_undo(struct domain *d, const struct partner_change *c)
{
	struct partner_change copy = *c;
	struct err e = {.rc = RC_OK};

	/* At worst the same key is refused or tried again for a day. */
	if (writer_run(d->writer, undo_job, &copy, &e) != RC_OK)
		log_event(LOG_WARN, "partner.not_undone", "why=\"%s\"", e.msg);
}
