#include "domain/partner.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "domain/audit.h"
#include "domain/courier_outbox.h"
#include "domain/text.h"
#include "store/query.h"
#include "store/sealed.h"

/* What read_row reads, in this order. */
#define PARTNER_COLUMNS                                                                            \
	"SELECT id, name, contact, purpose, webhook, algorithm, state, reason, state_ms,"          \
	" created_ms, is_bound, requests_per_min, wearers_per_hour FROM partner "

const char *partner_state_name(enum partner_state s)
{
	static const char *const names[PARTNER_STATE_COUNT] = {
		[PARTNER_ACTIVE] = "active",
		[PARTNER_STOPPED] = "stopped",
		[PARTNER_STOPPED_BY_SERVER] = "stopped_by_server",
	};

	return s < PARTNER_STATE_COUNT ? names[s] : "stopped";
}

/* ---- reading ---- */

static enum rc read_row(struct stmt *s, struct partner_info *ret, struct err *e)
{
	int64_t state = stmt_int(s, 6);

	*ret = (struct partner_info){.id = stmt_uid(s, 0),
		.algorithm = JWS_ALG_COUNT,
		.state = state >= 0 && state < PARTNER_STATE_COUNT ? (enum partner_state)state
								   : PARTNER_STOPPED,
		.state_ms = stmt_int(s, 8),
		.created_ms = stmt_int(s, 9),
		.is_bound = stmt_int(s, 10) != 0,
		.requests_per_min = (uint32_t)stmt_int(s, 11),
		.wearers_per_hour = (uint32_t)stmt_int(s, 12)};
	stmt_copy_text(s, 1, ret->name, sizeof ret->name);
	stmt_copy_text(s, 7, ret->reason, sizeof ret->reason);
	if (!jws_alg_from_name(stmt_text(s, 5), &ret->algorithm))
		return fail(e, RC_BUG, "partner: a stored algorithm is unknown");
	enum rc rc = stmt_copy_sealed(
		s, 2, &ret->id, "partner.contact", ret->contact, sizeof ret->contact, e);
	if (rc == RC_OK)
		rc = stmt_copy_sealed(
			s, 3, &ret->id, "partner.purpose", ret->purpose, sizeof ret->purpose, e);
	if (rc == RC_OK)
		rc = stmt_copy_sealed(s, 4, &ret->id, "partner.webhook", ret->webhook_url,
			sizeof ret->webhook_url, e);
	return rc;
}

static enum rc read_kids(struct db *reader, struct partner_info *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(reader,
		"SELECT kid FROM partner_key WHERE partner = ?1 ORDER BY kid LIMIT 8", &ret->id, &s,
		e);

	while (rc == RC_OK && (rc = stmt_step(s, &has_row, e)) == RC_OK && has_row &&
		ret->keys_n < JWS_KEYS_MAX) {
		stmt_copy_text(s, 0, ret->kids[ret->keys_n], sizeof ret->kids[0]);
		ret->keys_n++;
	}
	if (s != NULL)
		stmt_reset(s);
	return rc;
}

enum rc partner_list(struct db *reader, partner_fn *fn, void *ctx, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	struct partner_info *p = malloc(sizeof *p); /* too large for a stack that is shared */
	enum rc rc = p == NULL ? fail(e, RC_NOMEM, "partner: out of memory")
			       : db_prepare(reader, PARTNER_COLUMNS "ORDER BY name, id", &s, e);

	while (rc == RC_OK && (rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		rc = read_row(s, p, e);
		if (rc == RC_OK)
			rc = read_kids(reader, p, e);
		if (rc == RC_OK)
			fn(ctx, p);
	}
	if (s != NULL)
		stmt_reset(s);
	free(p);
	return rc;
}

enum rc partner_get(
	struct db *reader, const struct uid *partner, struct partner_info *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(reader, PARTNER_COLUMNS "WHERE id = ?1", partner, &s, e);

	if (rc != RC_OK)
		return rc;
	rc = read_row(s, ret, e);
	stmt_reset(s);
	return rc == RC_OK ? read_kids(reader, ret, e) : rc;
}

enum rc partner_name(
	struct db *reader, const struct uid *partner, char *dst, size_t dst_size, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc =
		query_prepare(reader, "SELECT name FROM partner WHERE id = ?1", partner, &s, e);

	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	dst[0] = '\0';
	if (has_row)
		stmt_copy_text(s, 0, dst, dst_size);
	stmt_reset(s);
	return RC_OK;
}

enum rc partner_webhook_url(
	struct db *reader, const struct uid *partner, char *dst, size_t dst_size, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(reader,
		"SELECT webhook FROM partner WHERE id = ?1 AND state = 0 AND has_webhook = 1",
		partner, &s, e);

	if (rc != RC_OK)
		return rc;
	rc = stmt_copy_sealed(s, 0, partner, "partner.webhook", dst, dst_size, e);
	stmt_reset(s);
	return rc;
}

/* ---- registering ---- */

struct add_job {
	const struct partner_request *request;
	struct uid id, by;
	int64_t now_ms;
	struct problem *problem;
};

static enum rc check_room(struct db *db, const struct add_job *job, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc =
		db_prepare(db, "SELECT COUNT(*), COALESCE(SUM(name = ?1), 0) FROM partner", &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_text(s, 1, job->request->name);
	rc = query_first(s, e);
	if (rc != RC_OK)
		return rc;
	int64_t n = stmt_int(s, 0);
	bool is_taken = stmt_int(s, 1) > 0;
	stmt_reset(s);
	if (is_taken)
		return refuse(job->problem, RC_CONFLICT, "partner_name_taken", "name", NULL);
	return n < PARTNERS_MAX ? RC_OK
				: refuse(job->problem, RC_LIMIT, "too_many_partners", NULL, NULL);
}

static enum rc insert_keys(struct db *db, const struct add_job *job, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_run(db, "DELETE FROM partner_key WHERE partner = ?1", &job->id, e);

	for (size_t i = 0; i < job->request->keys_n && rc == RC_OK; i++) {
		const struct jws_key *key = &job->request->keys[i];
		rc = query_prepare(db,
			"INSERT INTO partner_key (partner, kid, spki, created_ms)"
			" VALUES (?1, ?2, ?3, ?4)",
			&job->id, &s, e);
		if (rc != RC_OK)
			return rc;
		stmt_bind_text(s, 2, view_of(key->kid));
		stmt_bind_blob(s, 3, (struct view){.p = (const char *)key->spki, .n = key->spki_n});
		stmt_bind_int(s, 4, job->now_ms);
		rc = stmt_run(s, NULL, e);
	}
	return rc;
}

static void bind_certificate(struct stmt *s, int n, const struct partner_request *r)
{
	if (r->certificate_sha256 != NULL)
		stmt_bind_blob(s, n,
			(struct view){.p = (const char *)r->certificate_sha256, .n = SHA256_BYTES});
	else
		stmt_bind_null(s, n);
}

static enum rc insert_partner(struct db *db, const struct add_job *job, struct err *e)
{
	const struct partner_request *r = job->request;
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"INSERT INTO partner (id, name, contact, purpose, webhook, has_webhook, algorithm,"
		" state, reason, state_ms, certificate_hash, is_bound, requests_per_min,"
		" wearers_per_hour, created_ms)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, '', ?8, ?9, ?10, ?11, ?12, ?8)",
		&job->id, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_text(s, 2, r->name);
	stmt_bind_sealed(s, 3, &job->id, "partner.contact", r->contact);
	stmt_bind_sealed(s, 4, &job->id, "partner.purpose", r->purpose);
	stmt_bind_sealed(s, 5, &job->id, "partner.webhook", r->webhook_url);
	stmt_bind_int(s, 6, r->webhook_url.n > 0);
	stmt_bind_text(s, 7, view_of(jws_alg_name(r->algorithm)));
	stmt_bind_int(s, 8, job->now_ms);
	bind_certificate(s, 9, r);
	stmt_bind_int(s, 10, r->is_bound);
	stmt_bind_int(
		s, 11, r->requests_per_min == 0 ? PARTNER_REQUESTS_PER_MIN : r->requests_per_min);
	stmt_bind_int(
		s, 12, r->wearers_per_hour == 0 ? PARTNER_WEARERS_PER_HOUR : r->wearers_per_hour);
	return stmt_run(s, NULL, e);
}

static enum rc add_job(struct db *db, void *arg, struct err *e)
{
	const struct add_job *job = arg;
	enum rc rc = check_room(db, job, e);

	if (rc == RC_OK)
		rc = keyring_add(db_keyring(db), KEY_PARTNER, &job->id, e);
	if (rc == RC_OK || rc == RC_CONFLICT) /* conflict: the job runs a second time */
		rc = insert_partner(db, job, e);
	return rc == RC_OK ? insert_keys(db, job, e) : rc;
}

/* A name that reads as itself before "text" on a watch. */
static bool is_partner_name(struct view name)
{
	return text_is_clean(name, 2, PARTNER_NAME_CHARS) && text_is_name(name) &&
	       view_find(name, ':') == name.n;
}

static enum rc check_request(const struct partner_request *r, struct problem *p, struct err *e)
{
	struct https_url url;

	if (r->keys_n == 0 || r->keys_n > JWS_KEYS_MAX)
		return fail(e, RC_BUG, "partner: no keys");
	if (r->is_bound && r->certificate_sha256 == NULL)
		return refuse(p, RC_SYNTAX, "certificate_missing", "certificate_pem",
			"is_bound needs a certificate");
	if (r->webhook_url.n > 0 && https_url_read(r->webhook_url, &url, e) != RC_OK)
		return refuse(p, RC_SYNTAX, "webhook_url_invalid", "webhook_url",
			e == NULL ? NULL : e->msg);
	return RC_OK;
}

enum rc partner_add(struct domain *d, const struct principal *who, const struct partner_request *r,
	struct uid *ret, struct problem *p, struct err *e)
{
	struct add_job job = {.request = r, .id = uid_new(), .now_ms = d->wall_ms(), .problem = p};
	enum rc rc = check_request(r, p, e);

	if (rc == RC_OK && !is_partner_name(r->name))
		rc = refuse(p, RC_SYNTAX, "partner_name_invalid", "name",
			"2 to 40 characters without a colon");
	if (rc != RC_OK)
		return rc;
	act_subject(who, &job.id);
	act_detail(who, "%.*s, %s", (int)r->name.n, r->name.p, jws_alg_name(r->algorithm));
	rc = act_run(d, who, add_job, &job, e);
	if (rc == RC_OK)
		*ret = job.id;
	return rc;
}

/* ---- changes ---- */

struct change_job {
	const struct uid *partner;
	int64_t now_ms;
	enum partner_state state;
	const char *reason;
	struct problem *problem;
};

static enum rc check_exists(struct db *db, const struct uid *partner, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(db, "SELECT 1 FROM partner WHERE id = ?1", partner, &s, e);

	if (rc == RC_OK)
		stmt_reset(s);
	return rc;
}

static enum rc end_tokens(struct db *db, const struct uid *partner, struct err *e)
{
	return query_run(db, "DELETE FROM partner_token WHERE partner = ?1", partner, e);
}

static enum rc set_state(struct db *db, const struct change_job *job, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"UPDATE partner SET state = ?2, reason = ?3, state_ms = ?4 WHERE id = ?1",
		job->partner, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, job->state);
	stmt_bind_text(s, 3, view_of(job->reason));
	stmt_bind_int(s, 4, job->now_ms);
	return stmt_run(s, NULL, e);
}

static enum rc stop_job(struct db *db, void *arg, struct err *e)
{
	const struct change_job *job = arg;
	enum rc rc = check_exists(db, job->partner, e);

	if (rc == RC_OK)
		rc = set_state(db, job, e);
	if (rc == RC_OK)
		rc = courier_forget(db, job->partner, e);
	return rc == RC_OK ? end_tokens(db, job->partner, e) : rc;
}

enum rc partner_stop(
	struct domain *d, const struct principal *who, const struct uid *partner, struct err *e)
{
	struct change_job job = {.partner = partner,
		.now_ms = d->wall_ms(),
		.state = PARTNER_STOPPED,
		.reason = "operator"};

	act_subject(who, partner);
	return act_run(d, who, stop_job, &job, e);
}

static enum rc start_job(struct db *db, void *arg, struct err *e)
{
	const struct change_job *job = arg;
	struct stmt *s = NULL;
	enum rc rc = check_exists(db, job->partner, e);

	if (rc == RC_OK)
		rc = query_prepare(
			db, "SELECT 1 FROM partner_key WHERE partner = ?1", job->partner, &s, e);
	if (rc == RC_OK)
		rc = query_first(s, e);
	if (rc == RC_NOT_FOUND && s != NULL)
		return refuse(job->problem, RC_CONFLICT, "partner_keys_missing", NULL, NULL);
	if (rc != RC_OK)
		return rc;
	stmt_reset(s);
	return set_state(db, job, e);
}

enum rc partner_start(struct domain *d, const struct principal *who, const struct uid *partner,
	struct problem *p, struct err *e)
{
	struct change_job job = {.partner = partner,
		.now_ms = d->wall_ms(),
		.state = PARTNER_ACTIVE,
		.reason = "",
		.problem = p};

	act_subject(who, partner);
	return act_run(d, who, start_job, &job, e);
}

/* The next group behind *after that allows the partner something now; none when there is no more.
 */
static enum rc next_group(
	struct db *db, const struct add_job *job, struct uid *after, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(db,
		"SELECT MIN(care_group) FROM consent WHERE partner = ?1 AND withdrawn_ms = 0"
		" AND until_ms > ?2 AND care_group > ?3",
		&job->id, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, job->now_ms);
	stmt_bind_blob(s, 3, (struct view){.p = (const char *)after->b, .n = UID_BYTES});
	rc = stmt_step(s, &has_row, e);
	*after = rc == RC_OK && has_row && !stmt_is_null(s, 0) ? stmt_uid(s, 0) : (struct uid){{0}};
	stmt_reset(s);
	return rc;
}

/* Whoever holds the new keys reads what families allowed the partner: they are told by whom they
 * were put there. */
static enum rc tell_families(struct db *db, const struct add_job *job, struct err *e)
{
	struct act act = {.action = "partner.keys",
		.actor_kind = ACTOR_ACCOUNT,
		.actor = job->by,
		.subject = job->id,
		.outcome = "done",
		.is_told = true};
	struct uid group = {{0}};
	enum rc rc = next_group(db, job, &group, e);

	while (rc == RC_OK && !uid_is_none(&group)) {
		act.group = group;
		rc = audit_append(db, &act, job->now_ms, e);
		if (rc == RC_OK)
			rc = next_group(db, job, &group, e);
	}
	return rc;
}

static enum rc keys_job(struct db *db, void *arg, struct err *e)
{
	const struct add_job *job = arg;
	struct stmt *s = NULL;
	enum rc rc = check_exists(db, &job->id, e);

	if (rc == RC_OK)
		rc = insert_keys(db, job, e);
	if (rc == RC_OK)
		rc = end_tokens(db, &job->id, e);
	if (rc == RC_OK)
		rc = tell_families(db, job, e);
	if (rc == RC_OK)
		rc = query_prepare(db,
			"UPDATE partner SET algorithm = ?2, certificate_hash = ?3, is_bound = ?4"
			" WHERE id = ?1",
			&job->id, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_text(s, 2, view_of(jws_alg_name(job->request->algorithm)));
	bind_certificate(s, 3, job->request);
	stmt_bind_int(s, 4, job->request->is_bound);
	return stmt_run(s, NULL, e);
}

enum rc partner_set_keys(struct domain *d, const struct principal *who, const struct uid *partner,
	const struct partner_request *r, struct problem *p, struct err *e)
{
	struct add_job job = {.request = r,
		.id = *partner,
		.by = who->account,
		.now_ms = d->wall_ms(),
		.problem = p};
	enum rc rc = check_request(r, p, e);

	act_subject(who, partner);
	return rc == RC_OK ? act_run(d, who, keys_job, &job, e) : rc;
}

static enum rc delete_job(struct db *db, void *arg, struct err *e)
{
	static const char *const deletions[] = {
		("DELETE FROM partner_use WHERE consent IN"
		 " (SELECT id FROM consent WHERE partner = ?1)"),
		("DELETE FROM consent_wearer WHERE consent IN"
		 " (SELECT id FROM consent WHERE partner = ?1)"),
		"DELETE FROM consent WHERE partner = ?1",
		"DELETE FROM plan_proposal WHERE partner = ?1",
		"DELETE FROM partner_event WHERE partner = ?1",
		"DELETE FROM partner_answer WHERE partner = ?1",
		"DELETE FROM partner_token WHERE partner = ?1",
		"DELETE FROM partner_jti WHERE partner = ?1",
		"DELETE FROM partner_key WHERE partner = ?1",
		"DELETE FROM partner WHERE id = ?1",
	};
	const struct change_job *job = arg;
	enum rc rc = check_exists(db, job->partner, e);

	if (rc == RC_OK)
		rc = courier_forget(db, job->partner, e);
	for (size_t i = 0; i < COUNT_OF(deletions) && rc == RC_OK; i++)
		rc = query_run(db, deletions[i], job->partner, e);
	return rc;
}

enum rc partner_delete(
	struct domain *d, const struct principal *who, const struct uid *partner, struct err *e)
{
	struct change_job job = {.partner = partner};

	act_subject(who, partner);
	enum rc rc = act_run(d, who, delete_job, &job, e);
	return rc == RC_OK ? keyring_destroy(d->keyring, partner, e) : rc;
}

/* ---- the server by itself ---- */

struct stop_request {
	struct uid partner;
	struct change_job job;
};

static enum rc stop_by_server_job(struct db *db, void *arg, struct err *e)
{
	struct stop_request *r = arg;
	struct stmt *s = NULL;
	enum rc rc = query_row(
		db, "SELECT 1 FROM partner WHERE id = ?1 AND state = 0", &r->partner, &s, e);

	if (rc != RC_OK)
		return rc == RC_NOT_FOUND ? RC_OK : rc; /* stopped or gone already */
	stmt_reset(s);
	r->job.partner = &r->partner;
	return stop_job(db, &r->job, e);
}

static void stop_done(void *arg, enum rc rc, const struct err *e)
{
	struct stop_request *r = arg;

	log_event(LOG_WARN, "partner.stopped", "reason=%s rc=%s why=\"%s\"", r->job.reason,
		rc_name(rc), rc == RC_OK ? "" : e->msg);
	free(r);
}

void partner_stop_by_server(struct domain *d, const struct uid *partner, const char *static_reason)
{
	struct stop_request *r = malloc(sizeof *r);
	struct act act = {.action = "partner.stopped",
		.actor_kind = ACTOR_SERVER,
		.subject = *partner,
		.outcome = "done"};

	if (r == NULL)
		return; /* the next unusual request tries again */
	*r = (struct stop_request){.partner = *partner,
		.job = {.now_ms = d->wall_ms(),
			.state = PARTNER_STOPPED_BY_SERVER,
			.reason = static_reason}};
	if (writer_post(d->writer, stop_by_server_job, stop_done, r, WRITER_URGENT, NULL) !=
		RC_OK) {
		free(r);
		return;
	}
	(void)snprintf(act.detail, sizeof act.detail, "%s", static_reason);
	audit_post(d, &act);
}

enum rc partner_rotate(struct db *db, int64_t now_ms, int64_t *ret_n, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db, "DELETE FROM partner_token", &s, e);

	if (rc == RC_OK)
		rc = stmt_run(s, NULL, e);
	if (rc == RC_OK)
		rc = db_prepare(db, "DELETE FROM partner_key", &s, e);
	if (rc == RC_OK)
		rc = stmt_run(s, NULL, e);
	if (rc == RC_OK)
		rc = db_prepare(db,
			"UPDATE partner SET state = 2, reason = 'rotated', state_ms = ?1,"
			" certificate_hash = NULL, is_bound = 0",
			&s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, now_ms);
	return stmt_run(s, ret_n, e);
}
