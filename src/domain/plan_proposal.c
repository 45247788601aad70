#include "domain/plan_proposal.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_out.h"
#include "domain/audit.h"
#include "store/query.h"
#include "store/sealed.h"

#define PROPOSAL_COLUMNS                                                                           \
	"SELECT x.id, x.wearer, x.care_group, x.partner, p.name, x.state, x.created_ms,"           \
	" x.decided_ms, x.decided_by, x.body FROM plan_proposal x JOIN partner p ON p.id = "       \
	"x.partner "

const char *proposal_state_name(enum proposal_state s)
{
	static const char *const names[PROPOSAL_STATE_COUNT] = {
		[PROPOSAL_WAITING] = "waiting",
		[PROPOSAL_ACCEPTED] = "accepted",
		[PROPOSAL_REJECTED] = "rejected",
	};

	return s < PROPOSAL_STATE_COUNT ? names[s] : "waiting";
}

static enum rc read_row(struct stmt *s, struct proposal_info *ret, struct err *e)
{
	int64_t state = stmt_int(s, 5);
	uint8_t *body = NULL;
	size_t n = 0;

	*ret = (struct proposal_info){.id = stmt_uid(s, 0),
		.wearer = stmt_uid(s, 1),
		.group = stmt_uid(s, 2),
		.partner = stmt_uid(s, 3),
		.state = state >= 0 && state < PROPOSAL_STATE_COUNT ? (enum proposal_state)state
								    : PROPOSAL_REJECTED,
		.created_ms = stmt_int(s, 6),
		.decided_ms = stmt_int(s, 7),
		.decided_by = stmt_uid(s, 8)};
	stmt_copy_text(s, 4, ret->partner_name, sizeof ret->partner_name);
	enum rc rc = stmt_take_sealed(s, 9, &ret->wearer, "plan_proposal.body", &body, &n, e);
	if (rc == RC_OK && n <= sizeof ret->body && n > 0) {
		memcpy(ret->body, body, n);
		ret->body_n = n;
	}
	free(body);
	return rc;
}

enum rc proposal_list(
	struct db *reader, const struct uid *group, proposal_fn *fn, void *ctx, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	struct proposal_info p;
	enum rc rc = query_prepare(reader,
		PROPOSAL_COLUMNS
		"WHERE x.care_group = ?1 ORDER BY x.created_ms DESC, x.id LIMIT ?2",
		group, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, PROPOSALS_SHOWN_MAX);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row &&
		(rc = read_row(s, &p, e)) == RC_OK)
		fn(ctx, &p);
	stmt_reset(s);
	return rc;
}

enum rc proposal_get(
	struct db *reader, const struct uid *proposal, struct proposal_info *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(reader, PROPOSAL_COLUMNS "WHERE x.id = ?1", proposal, &s, e);

	if (rc != RC_OK)
		return rc;
	rc = read_row(s, ret, e);
	stmt_reset(s);
	return rc;
}

/* ---- proposing ---- */

struct create_job {
	const struct uid *wearer, *partner;
	struct view body;
	struct uid id;
	int64_t now_ms;
	struct problem *problem;
	struct uid found; /* out: this one, or the one that waits already */
};

static enum rc find_waiting(struct db *db, struct create_job *job, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(db,
		"SELECT id FROM plan_proposal WHERE wearer = ?1 AND partner = ?2 AND state = 0"
		" AND body_hash = ?3",
		job->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, job->partner);
	stmt_bind_lookup(s, 3, "plan_proposal.body", job->body);
	rc = stmt_step(s, &has_row, e);
	job->found = rc == RC_OK && has_row ? stmt_uid(s, 0) : (struct uid){{0}};
	stmt_reset(s);
	return rc;
}

static enum rc check_room(struct db *db, const struct create_job *job, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc =
		query_row(db, "SELECT COUNT(*) FROM plan_proposal WHERE wearer = ?1 AND state = 0",
			job->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	int64_t n = stmt_int(s, 0);
	stmt_reset(s);
	return n < PROPOSALS_WAITING_MAX
		       ? RC_OK
		       : refuse(job->problem, RC_LIMIT, "too_many_proposals", NULL, NULL);
}

static enum rc create_job(struct db *db, void *arg, struct err *e)
{
	struct create_job *job = arg;
	struct stmt *s = NULL;
	enum rc rc = find_waiting(db, job, e);

	if (rc != RC_OK || !uid_is_none(&job->found))
		return rc;
	rc = check_room(db, job, e);
	if (rc == RC_OK)
		rc = query_prepare(db,
			"INSERT INTO plan_proposal (wearer, id, care_group, partner, body, "
			"body_hash,"
			" state, created_ms, decided_ms)"
			" SELECT id, ?2, care_group, ?3, ?4, ?5, 0, ?6, 0 FROM wearer WHERE id = "
			"?1",
			job->wearer, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, &job->id);
	stmt_bind_uid(s, 3, job->partner);
	stmt_bind_sealed(s, 4, job->wearer, "plan_proposal.body", job->body);
	stmt_bind_lookup(s, 5, "plan_proposal.body", job->body);
	stmt_bind_int(s, 6, job->now_ms);
	job->found = job->id;
	return stmt_run(s, NULL, e);
}

enum rc proposal_create(struct domain *d, const struct principal *who, const struct uid *wearer,
	struct view body, struct uid *ret, struct problem *p, struct err *e)
{
	struct create_job job = {.wearer = wearer,
		.partner = &who->partner,
		.body = body,
		.id = uid_new(),
		.now_ms = d->wall_ms(),
		.problem = p};

	if (body.n == 0 || body.n > PROPOSAL_BODY_MAX)
		return fail(e, RC_BUG, "proposal: %zu bytes", body.n);
	act_subject(who, &job.id);
	act_told(who);
	enum rc rc = act_run(d, who, create_job, &job, e);
	if (rc == RC_OK)
		*ret = job.found;
	return rc;
}

/* ---- deciding ---- */

/* RC_CONFLICT: decided already. */
static enum rc decide_row(struct db *db, const struct uid *proposal, const struct uid *account,
	enum proposal_state state, int64_t now_ms, struct err *e)
{
	struct stmt *s = NULL;
	int64_t changed = 0;
	enum rc rc = query_prepare(db,
		"UPDATE plan_proposal SET state = ?2, decided_by = ?3, decided_ms = ?4"
		" WHERE id = ?1 AND state = 0",
		proposal, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, state);
	stmt_bind_uid(s, 3, account);
	stmt_bind_int(s, 4, now_ms);
	rc = stmt_run(s, &changed, e);
	return rc == RC_OK && changed == 0 ? fail(e, RC_CONFLICT, "decided already") : rc;
}

struct reject_job {
	const struct uid *proposal, *account;
	int64_t now_ms;
};

static enum rc reject_job(struct db *db, void *arg, struct err *e)
{
	const struct reject_job *job = arg;

	return decide_row(db, job->proposal, job->account, PROPOSAL_REJECTED, job->now_ms, e);
}

enum rc proposal_reject(struct domain *d, const struct principal *who, const struct uid *proposal,
	struct problem *p, struct err *e)
{
	struct reject_job job = {
		.proposal = proposal, .account = &who->account, .now_ms = d->wall_ms()};

	act_subject(who, proposal);
	act_told(who);
	enum rc rc = act_run(d, who, reject_job, &job, e);
	return rc == RC_CONFLICT ? refuse(p, rc, "already_decided", NULL, NULL) : rc;
}

static enum rc execute_accept(struct domain *d, struct db *db, struct approval *a, int64_t now_ms,
	struct problem *p, struct err *e)
{
	enum rc rc = decide_row(db, &a->subject, &a->by, PROPOSAL_ACCEPTED, now_ms, e);

	(void)d;
	return rc == RC_CONFLICT ? refuse(p, rc, "already_decided", NULL, NULL) : rc;
}

static void summarize_accept(struct json_out *j, struct db *reader, const struct approval *a)
{
	struct proposal_info p;

	if (proposal_get(reader, &a->subject, &p, NULL) != RC_OK || p.body_n == 0)
		return;
	json_text(j, "partner", view_of(p.partner_name));
	json_raw(j, "plan", (struct view){.p = p.body, .n = p.body_n});
}

const struct approval_kind proposal_accept_kind = {
	"plan_proposal.accept", RIGHT_MEDICATION, execute_accept, NULL, summarize_accept};
