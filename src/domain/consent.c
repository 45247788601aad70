#include "domain/consent.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "domain/audit.h"
#include "store/query.h"
#include "store/sealed.h"

#define HOUR_MS ((int64_t)3600 * 1000)
#define DAY_MS (24 * HOUR_MS)

enum { LIST_MAX = 200 };

/* A consent that lives at ?2, of a partner that is not stopped, for a wearer that is still in the
 * group that gave it. */
#define LIVING                                                                                     \
	" FROM consent_wearer cw JOIN consent c ON c.id = cw.consent"                              \
	" JOIN wearer w ON w.id = cw.wearer AND w.care_group = c.care_group"                       \
	" JOIN partner p ON p.id = c.partner"                                                      \
	" WHERE c.withdrawn_ms = 0 AND c.until_ms > ?2 AND p.state = 0"

const char *consent_state_name(enum consent_state s)
{
	static const char *const names[CONSENT_STATE_COUNT] = {
		[CONSENT_ACTIVE] = "active",
		[CONSENT_WITHDRAWN] = "withdrawn",
		[CONSENT_ENDED] = "ended",
	};

	return s < CONSENT_STATE_COUNT ? names[s] : "ended";
}

static enum rc no_such_thing(struct err *e)
{
	return fail(e, RC_NOT_FOUND, "no such object");
}

/* ---- deciding ---- */

enum rc consent_decide(struct db *reader, const struct uid *partner, const struct uid *wearer,
	enum right right, int64_t now_ms, struct consent_hit *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;

	if (right <= RIGHT_NONE || right >= RIGHT_COUNT || (CONSENT_RIGHTS & RIGHT_BIT(right)) == 0)
		return no_such_thing(e);
	enum rc rc = query_prepare(reader,
		"SELECT c.id, c.care_group" LIVING
		" AND cw.wearer = ?1 AND c.partner = ?3 AND (c.rights & ?4) <> 0"
		" ORDER BY c.until_ms DESC LIMIT 1",
		wearer, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, now_ms);
	stmt_bind_uid(s, 3, partner);
	stmt_bind_int(s, 4, RIGHT_BIT(right));
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	if (!has_row)
		return no_such_thing(e);
	*ret = (struct consent_hit){.consent = stmt_uid(s, 0), .group = stmt_uid(s, 1)};
	stmt_reset(s);
	return RC_OK;
}

enum rc consent_was_there(struct db *reader, const struct uid *partner, const struct uid *wearer,
	bool *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(reader,
		"SELECT 1 FROM consent_wearer cw JOIN consent c ON c.id = cw.consent"
		" WHERE cw.wearer = ?1 AND c.partner = ?2 LIMIT 1",
		wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, partner);
	rc = stmt_step(s, ret, e);
	stmt_reset(s);
	return rc;
}

enum rc consent_wearers(struct db *reader, const struct uid *partner, const struct uid *after,
	int64_t now_ms, consent_wearer_fn *fn, void *ctx, bool *ret_more, struct err *e)
{
	/* The rights of several consents together: each bit by itself, because SQL has no "or" over
	 * rows. The last one counts for the date. */
	static const char sql[] = "SELECT cw.wearer, c.rights, c.until_ms" LIVING
				  " AND c.partner = ?1 AND cw.wearer > ?3 ORDER BY cw.wearer";
	static const uint8_t first[UID_BYTES] = {0};
	struct stmt *s = NULL;
	bool has_row = false;
	struct uid last = {{0}};
	right_set rights = 0;
	int64_t until_ms = 0;
	unsigned n = 0;
	enum rc rc = query_prepare(reader, sql, partner, &s, e);

	if (rc != RC_OK)
		return rc;
	*ret_more = false;
	stmt_bind_int(s, 2, now_ms);
	stmt_bind_blob(s, 3,
		(struct view){
			.p = (const char *)(after == NULL ? first : after->b), .n = UID_BYTES});
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct uid wearer = stmt_uid(s, 0);
		if (!uid_is(&wearer, &last)) {
			if (n == CONSENT_PAGE) {
				*ret_more = true;
				break;
			}
			if (n > 0)
				fn(ctx, &last, rights, until_ms);
			n++;
			last = wearer;
			rights = 0;
			until_ms = 0;
		}
		rights |= (right_set)stmt_int(s, 1) & CONSENT_RIGHTS;
		until_ms = stmt_int(s, 2) > until_ms ? stmt_int(s, 2) : until_ms;
	}
	stmt_reset(s);
	if (rc == RC_OK && n > 0)
		fn(ctx, &last, rights, until_ms);
	return rc;
}

enum rc consent_mark(struct db *reader, const struct uid *partner, enum right right, int64_t now_ms,
	uint64_t *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	uint64_t mark = 1469598103934665603U; /* FNV-1a: a mark, no secret */
	enum rc rc = query_prepare(reader,
		"SELECT c.id, cw.wearer" LIVING
		" AND c.partner = ?1 AND (c.rights & ?3) <> 0 ORDER BY c.id, cw.wearer",
		partner, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, now_ms);
	stmt_bind_int(s, 3, RIGHT_BIT(right));
	*ret = 0;
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct uid ids[2] = {stmt_uid(s, 0), stmt_uid(s, 1)};
		for (size_t i = 0; i < sizeof ids; i++)
			mark = (mark ^ ids[i / UID_BYTES].b[i % UID_BYTES]) * 1099511628211U;
		*ret = mark;
	}
	return rc;
}

/* ---- lists ---- */

#define CONSENT_COLUMNS                                                                            \
	"SELECT c.id, c.care_group, c.partner, p.name, p.purpose, p.state, c.rights, "             \
	"c.granted_by,"                                                                            \
	" c.granted_ms, c.until_ms, c.withdrawn_ms,"                                               \
	" COALESCE((SELECT MAX(last_ms) FROM partner_use WHERE consent = c.id), 0)"                \
	" FROM consent c JOIN partner p ON p.id = c.partner "

static enum rc read_wearers(struct db *reader, struct consent_info *c, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(reader,
		"SELECT cw.wearer FROM consent_wearer cw JOIN wearer w ON w.id = cw.wearer"
		" WHERE cw.consent = ?1 AND w.care_group = ?2 ORDER BY cw.wearer LIMIT 32",
		&c->id, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, &c->group);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row &&
		c->wearers_n < CONSENT_WEARERS_MAX)
		c->wearers[c->wearers_n++] = stmt_uid(s, 0);
	stmt_reset(s);
	return rc;
}

static enum rc read_row(
	struct db *reader, struct stmt *s, int64_t now_ms, struct consent_info *ret, struct err *e)
{
	*ret = (struct consent_info){.id = stmt_uid(s, 0),
		.group = stmt_uid(s, 1),
		.partner = stmt_uid(s, 2),
		.is_partner_active = stmt_int(s, 5) == 0,
		.rights = (right_set)stmt_int(s, 6) & CONSENT_RIGHTS,
		.by = stmt_uid(s, 7),
		.granted_ms = stmt_int(s, 8),
		.until_ms = stmt_int(s, 9),
		.withdrawn_ms = stmt_int(s, 10),
		.last_used_ms = stmt_int(s, 11)};
	ret->state = ret->withdrawn_ms != 0    ? CONSENT_WITHDRAWN
		     : ret->until_ms <= now_ms ? CONSENT_ENDED
					       : CONSENT_ACTIVE;
	stmt_copy_text(s, 3, ret->partner_name, sizeof ret->partner_name);
	enum rc rc = stmt_copy_sealed(s, 4, &ret->partner, "partner.purpose", ret->partner_purpose,
		sizeof ret->partner_purpose, e);
	return rc == RC_OK ? read_wearers(reader, ret, e) : rc;
}

enum rc consent_list(struct db *reader, const struct uid *group, int64_t now_ms, consent_fn *fn,
	void *ctx, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	struct consent_info c;
	enum rc rc = query_prepare(reader,
		CONSENT_COLUMNS "WHERE c.care_group = ?1 ORDER BY c.granted_ms DESC, c.id LIMIT ?2",
		group, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, LIST_MAX);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row &&
		(rc = read_row(reader, s, now_ms, &c, e)) == RC_OK)
		fn(ctx, &c);
	stmt_reset(s);
	return rc;
}

enum rc consent_get(struct db *reader, const struct uid *consent, int64_t now_ms,
	struct consent_info *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(reader, CONSENT_COLUMNS "WHERE c.id = ?1", consent, &s, e);

	if (rc != RC_OK)
		return rc;
	rc = read_row(reader, s, now_ms, ret, e);
	stmt_reset(s);
	return rc;
}

enum rc consent_each_of_wearer(struct db *reader, const struct uid *wearer, int64_t now_ms,
	consent_watcher_fn *fn, void *ctx, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	char name[NAME_TEXT];
	enum rc rc = query_prepare(reader,
		"SELECT c.partner, p.name, c.rights, c.until_ms" LIVING
		" AND cw.wearer = ?1 ORDER BY p.name, c.until_ms",
		wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, now_ms);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct uid partner = stmt_uid(s, 0);
		stmt_copy_text(s, 1, name, sizeof name);
		fn(ctx, &partner, name, (right_set)stmt_int(s, 2) & CONSENT_RIGHTS, stmt_int(s, 3));
	}
	return rc;
}

enum rc consent_uses(
	struct db *reader, const struct uid *consent, consent_use_fn *fn, void *ctx, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(reader,
		"SELECT last_ms, n, wearer, action FROM partner_use WHERE consent = ?1"
		" ORDER BY bucket_ms DESC, wearer, action LIMIT ?2",
		consent, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, CONSENT_USES);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct consent_use u = {
			.time_ms = stmt_int(s, 0), .n = stmt_int(s, 1), .wearer = stmt_uid(s, 2)};
		stmt_copy_text(s, 3, u.action, sizeof u.action);
		fn(ctx, &u);
	}
	return rc;
}

/* ---- granting and withdrawing ---- */

struct grant_job {
	const struct uid *group, *account;
	const struct consent_request *request;
	struct uid id;
	int64_t now_ms;
	struct problem *problem;
};

/* RC_NOT_FOUND when the query for one or two ids has no row. */
static enum rc must_exist(struct db *db, const char *sql, const struct uid *id,
	const struct uid *second, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db, sql, id, &s, e);

	if (rc != RC_OK)
		return rc;
	if (second != NULL)
		stmt_bind_uid(s, 2, second);
	rc = query_first(s, e);
	if (rc == RC_OK)
		stmt_reset(s);
	return rc;
}

static enum rc check_grant(struct db *db, const struct grant_job *job, struct err *e)
{
	const struct consent_request *r = job->request;
	struct stmt *s = NULL;
	enum rc rc = must_exist(
		db, "SELECT 1 FROM partner WHERE id = ?1 AND state = 0", &r->partner, NULL, e);

	if (rc == RC_NOT_FOUND)
		return refuse(
			job->problem, RC_CONFLICT, "consent_partner_unknown", "partner", NULL);
	for (uint8_t i = 0; i < r->wearers_n && rc == RC_OK; i++) {
		rc = must_exist(db, "SELECT 1 FROM wearer WHERE id = ?1 AND care_group = ?2",
			&r->wearers[i], job->group, e);
		if (rc == RC_NOT_FOUND)
			return refuse(job->problem, RC_CONFLICT, "consent_wearer_unknown",
				"wearers", NULL);
	}
	if (rc == RC_OK)
		rc = query_prepare(db,
			"SELECT COUNT(*) FROM consent WHERE care_group = ?1 AND withdrawn_ms = 0"
			" AND until_ms > ?2",
			job->group, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, job->now_ms);
	rc = query_first(s, e);
	if (rc != RC_OK)
		return rc;
	int64_t n = stmt_int(s, 0);
	stmt_reset(s);
	return n < CONSENTS_PER_GROUP_MAX
		       ? RC_OK
		       : refuse(job->problem, RC_LIMIT, "too_many_consents", NULL, NULL);
}

static enum rc insert_wearers(struct db *db, const struct grant_job *job, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = RC_OK;

	for (uint8_t i = 0; i < job->request->wearers_n && rc == RC_OK; i++) {
		rc = query_prepare(db,
			"INSERT INTO consent_wearer (consent, wearer) VALUES (?1, ?2)"
			" ON CONFLICT DO NOTHING",
			&job->id, &s, e);
		if (rc != RC_OK)
			return rc;
		stmt_bind_uid(s, 2, &job->request->wearers[i]);
		rc = stmt_run(s, NULL, e);
	}
	return rc;
}

static enum rc grant_job(struct db *db, void *arg, struct err *e)
{
	const struct grant_job *job = arg;
	struct stmt *s = NULL;
	enum rc rc = check_grant(db, job, e);

	if (rc == RC_OK)
		rc = query_prepare(db,
			"INSERT INTO consent (id, care_group, partner, rights, granted_by,"
			" granted_ms, until_ms, withdrawn_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
			"0)",
			&job->id, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, job->group);
	stmt_bind_uid(s, 3, &job->request->partner);
	stmt_bind_int(s, 4, job->request->rights);
	stmt_bind_uid(s, 5, job->account);
	stmt_bind_int(s, 6, job->now_ms);
	stmt_bind_int(s, 7, job->request->until_ms);
	rc = stmt_run(s, NULL, e);
	return rc == RC_OK ? insert_wearers(db, job, e) : rc;
}

/* "view_position, locate" into the audit entry. */
static void tell_rights(const struct principal *who, const struct consent_request *r)
{
	char text[200] = "";
	size_t n = 0;

	for (enum right i = RIGHT_NONE + 1; i < RIGHT_COUNT; i++) {
		if ((r->rights & RIGHT_BIT(i)) == 0)
			continue;
		int more = snprintf(
			text + n, sizeof text - n, "%s%s", n == 0 ? "" : ", ", right_name(i));
		if (more < 0 || (size_t)more >= sizeof text - n)
			break; /* all names together are shorter */
		n += (size_t)more;
	}
	act_subject(who, &r->partner);
	act_detail(who, "%s", text);
	act_told(who);
	if (who->act != NULL && r->wearers_n == 1)
		who->act->wearer = r->wearers[0];
}

enum rc consent_grant(struct domain *d, const struct principal *who, const struct uid *group,
	const struct consent_request *r, struct uid *ret, struct problem *p, struct err *e)
{
	struct grant_job job = {.group = group,
		.account = &who->account,
		.request = r,
		.id = uid_new(),
		.now_ms = d->wall_ms(),
		.problem = p};

	if (r->rights == 0 || (r->rights & ~CONSENT_RIGHTS) != 0)
		return refuse(p, RC_SYNTAX, "consent_rights_invalid", "rights",
			"only what partners may be allowed");
	if (r->until_ms <= job.now_ms || r->until_ms > job.now_ms + CONSENT_DAYS_MAX * DAY_MS)
		return refuse(p, RC_SYNTAX, "consent_until_invalid", "until", "at most 12 months");
	if (r->wearers_n == 0)
		return refuse(p, RC_SYNTAX, "consent_wearer_unknown", "wearers", NULL);
	tell_rights(who, r);
	enum rc rc = act_run(d, who, grant_job, &job, e);
	if (rc == RC_OK)
		*ret = job.id;
	return rc;
}

struct withdraw_job {
	const struct uid *consent, *account;
	int64_t now_ms;
};

static enum rc withdraw_job(struct db *db, void *arg, struct err *e)
{
	const struct withdraw_job *job = arg;
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"UPDATE consent SET withdrawn_ms = ?2, withdrawn_by = ?3"
		" WHERE id = ?1 AND withdrawn_ms = 0",
		job->consent, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, job->now_ms);
	stmt_bind_uid(s, 3, job->account);
	return stmt_run(s, NULL, e);
}

enum rc consent_withdraw(
	struct domain *d, const struct principal *who, const struct uid *consent, struct err *e)
{
	struct withdraw_job job = {
		.consent = consent, .account = &who->account, .now_ms = d->wall_ms()};

	act_subject(who, consent);
	act_told(who);
	return act_run(d, who, withdraw_job, &job, e);
}

/* ---- counting ---- */

enum rc consent_count(struct db *db, const struct consent_count *c, struct err *e)
{
	struct consent_hit hit;
	struct stmt *s = NULL;
	enum rc rc = consent_decide(db, &c->partner, &c->wearer, c->right, c->now_ms, &hit, e);

	if (rc == RC_OK)
		rc = query_prepare(db,
			"INSERT INTO partner_use (consent, bucket_ms, wearer, action, n, last_ms)"
			" VALUES (?1, ?2, ?3, ?4, 1, ?5) ON CONFLICT (consent, bucket_ms, wearer,"
			" action) DO UPDATE SET n = n + 1, last_ms = ?5",
			&hit.consent, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, c->is_change ? c->now_ms : c->now_ms - c->now_ms % HOUR_MS);
	stmt_bind_uid(s, 3, &c->wearer);
	stmt_bind_text(s, 4, view_of(c->action));
	stmt_bind_int(s, 5, c->now_ms);
	return stmt_run(s, NULL, e);
}

static enum rc count_job(struct db *db, void *arg, struct err *e)
{
	enum rc rc = consent_count(db, arg, e);
	return rc == RC_NOT_FOUND ? RC_OK : rc; /* withdrawn meanwhile */
}

static void count_done(void *arg, enum rc rc, const struct err *e)
{
	if (rc != RC_OK)
		log_event(LOG_WARN, "partner.not_counted", "why=\"%s\"", e->msg);
	free(arg);
}

void consent_count_later(struct domain *d, const struct consent_count *c)
{
	struct consent_count *copy = malloc(sizeof *copy);
	struct err e = {.rc = RC_OK};

	if (copy == NULL)
		return;
	*copy = *c;
	enum rc rc = writer_post(d->writer, count_job, count_done, copy, 0, &e);
	if (rc != RC_OK)
		count_done(copy, rc, &e);
}

enum rc consent_done_since(struct db *db, const struct uid *wearer, const char *action,
	int64_t since_ms, int64_t *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"SELECT COALESCE(SUM(n), 0) FROM partner_use WHERE wearer = ?1 AND action = ?2"
		" AND bucket_ms > ?3",
		wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_text(s, 2, view_of(action));
	stmt_bind_int(s, 3, since_ms);
	rc = query_first(s, e);
	if (rc != RC_OK)
		return rc;
	*ret = stmt_int(s, 0);
	stmt_reset(s);
	return RC_OK;
}
