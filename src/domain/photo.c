#include "domain/photo.h"

#include "base/json_out.h"
#include "domain/account.h"
#include "domain/audit.h"
#include "domain/bus.h"
#include "domain/thread_store.h"
#include "store/query.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

/* ---- the rule ---- */

static enum rc read_rule(
	struct db *db, const struct uid *wearer, struct photo_rule *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(
		db, "SELECT is_allowed, per_day FROM photo_rule WHERE wearer = ?1", wearer, &s, e);

	*ret = (struct photo_rule){.per_day = PHOTO_PER_DAY_DEFAULT};
	if (rc != RC_OK)
		return rc;
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK || !has_row)
		return rc;
	int64_t per_day = stmt_int(s, 1);
	ret->is_allowed = stmt_int(s, 0) != 0;
	ret->per_day = (uint8_t)(per_day < PHOTO_PER_DAY_MAX ? per_day : PHOTO_PER_DAY_MAX);
	stmt_reset(s);
	return RC_OK;
}

/* Requests of the last 24 hours that count: not those that never could reach the watch. */
static enum rc count_requests(struct db *db, const struct uid *wearer, int64_t now_ms,
	int64_t *ret_today, int64_t *ret_open, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"SELECT COUNT(*), COALESCE(SUM(finished_ms = 0), 0) FROM command"
		" WHERE wearer = ?1 AND created_ms > ?2 AND kind = 'photo'"
		" AND state NOT IN (?3, ?4, ?5)",
		wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, now_ms - DAY_MS);
	stmt_bind_int(s, 3, COMMAND_EXPIRED);
	stmt_bind_int(s, 4, COMMAND_CANCELLED);
	stmt_bind_int(s, 5, COMMAND_REFUSED);
	rc = query_first(s, e);
	if (rc != RC_OK)
		return rc;
	*ret_today = stmt_int(s, 0);
	*ret_open = stmt_int(s, 1);
	stmt_reset(s);
	return RC_OK;
}

enum rc photo_rule_get(struct domain *d, struct db *reader, const struct uid *wearer,
	struct photo_rule *ret, struct err *e)
{
	int64_t today = 0;
	int64_t open = 0;
	enum rc rc = read_rule(reader, wearer, ret, e);

	if (rc == RC_OK)
		rc = count_requests(reader, wearer, d->wall_ms(), &today, &open, e);
	if (rc != RC_OK)
		return rc;
	ret->is_forbidden_here = d->settings.are_photos_forbidden;
	ret->taken_today = (uint8_t)(today < UINT8_MAX ? today : UINT8_MAX);
	return RC_OK;
}

bool photo_rule_is_wider(const struct photo_rule *now, bool is_allowed, uint8_t per_day)
{
	return is_allowed && (!now->is_allowed || per_day > now->per_day);
}

enum rc photo_rule_set(struct domain *d, struct db *db, const struct uid *wearer, bool is_allowed,
	uint8_t per_day, struct problem *p, struct err *e)
{
	struct stmt *s = NULL;

	if (is_allowed && d->settings.are_photos_forbidden)
		return refuse(p, RC_CONFLICT, "photos_forbidden", NULL,
			"the operator of this server forbids photos");
	enum rc rc = query_prepare(db,
		"INSERT INTO photo_rule (wearer, is_allowed, per_day) VALUES (?1, ?2, ?3)"
		" ON CONFLICT (wearer) DO UPDATE SET is_allowed = ?2, per_day = ?3",
		wearer, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, is_allowed);
	stmt_bind_int(s, 3, per_day);
	return stmt_run(s, NULL, e);
}

struct rule_job {
	struct domain *domain;
	const struct uid *wearer;
	bool is_allowed;
	uint8_t per_day;
	struct problem *problem;
};

static enum rc narrow_job(struct db *db, void *arg, struct err *e)
{
	const struct rule_job *job = arg;
	struct photo_rule now;
	enum rc rc = read_rule(db, job->wearer, &now, e);

	if (rc == RC_OK && photo_rule_is_wider(&now, job->is_allowed, job->per_day))
		return refuse(job->problem, RC_CONFLICT, "rule_changed", NULL,
			"somebody changed the rule meanwhile");
	return rc == RC_OK ? photo_rule_set(job->domain, db, job->wearer, job->is_allowed,
				     job->per_day, job->problem, e)
			   : rc;
}

enum rc photo_rule_narrow(struct domain *d, const struct principal *who, const struct uid *wearer,
	bool is_allowed, uint8_t per_day, struct problem *p, struct err *e)
{
	struct rule_job job = {.domain = d,
		.wearer = wearer,
		.is_allowed = is_allowed,
		.per_day = per_day,
		.problem = p};

	return act_run(d, who, narrow_job, &job, e);
}

/* ---- as a proposal ---- */

void photo_allow_payload(bool is_allowed, uint8_t per_day, char ret[PHOTO_ALLOW_PAYLOAD])
{
	ret[0] = is_allowed ? 1 : 0;
	ret[1] = (char)per_day;
}

static bool read_payload(const struct approval *a, bool *ret_is_allowed, uint8_t *ret_per_day)
{
	if (a->payload.n != PHOTO_ALLOW_PAYLOAD)
		return false;
	*ret_is_allowed = a->payload.p[0] == 1;
	*ret_per_day = (uint8_t)a->payload.p[1];
	return *ret_per_day >= 1 && *ret_per_day <= PHOTO_PER_DAY_MAX;
}

static enum rc execute_allow(struct domain *d, struct db *db, struct approval *a, int64_t now_ms,
	struct problem *p, struct err *e)
{
	bool is_allowed = false;
	uint8_t per_day = 0;

	(void)now_ms;
	if (!read_payload(a, &is_allowed, &per_day))
		return fail(e, RC_SYNTAX, "photo: a damaged proposal");
	return photo_rule_set(d, db, &a->wearer, is_allowed, per_day, p, e);
}

static void after_allow(struct domain *d, const struct approval *a)
{
	bus_publish(d->bus, EVENT_WEARER, &a->group, &a->wearer);
}

static void summarize_allow(struct json_out *j, struct db *reader, const struct approval *a)
{
	bool is_allowed = false;
	uint8_t per_day = 0;

	(void)reader;
	if (!read_payload(a, &is_allowed, &per_day))
		return;
	json_bool(j, "is_allowed", is_allowed);
	json_int(j, "per_day", per_day);
}

const struct approval_kind photo_allow_kind = {
	"photo.allow", RIGHT_PHOTO_ALLOW, execute_allow, after_allow, summarize_allow};

enum rc photo_check(const struct domain *d, struct db *db, const struct uid *wearer, int64_t now_ms,
	struct problem *p, struct err *e)
{
	struct photo_rule rule;
	int64_t today = 0;
	int64_t open = 0;

	if (d->settings.are_photos_forbidden)
		return refuse(p, RC_CONFLICT, "photos_forbidden", NULL,
			"the operator of this server forbids photos");
	enum rc rc = read_rule(db, wearer, &rule, e);
	if (rc == RC_OK && !rule.is_allowed)
		return refuse(p, RC_CONFLICT, "photos_off", NULL,
			"photos are off for this wearer; an admin can turn them on");
	if (rc == RC_OK)
		rc = count_requests(db, wearer, now_ms, &today, &open, e);
	if (rc != RC_OK)
		return rc;
	/* A picture carries no number: with two requests under way nobody could tell whose it is.
	 */
	if (open > 0)
		return refuse(p, RC_CONFLICT, "photo_under_way", NULL, "one is under way already");
	if (today >= rule.per_day)
		return refuse(p, RC_LIMIT, "photos_used_up", NULL,
			"as many photos as the group allows were taken in the last 24 hours");
	return RC_OK;
}

/* ---- pictures ---- */

enum rc photo_list(
	struct db *reader, const struct uid *wearer, photo_fn *fn, void *ctx, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(reader,
		"SELECT t.id, t.by_account, t.created_ms, t.about, a.name FROM thread_item t"
		" LEFT JOIN account a ON a.id = t.by_account"
		" WHERE t.wearer = ?1 AND t.kind = 2 ORDER BY t.created_ms DESC, t.id LIMIT ?2",
		wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, PHOTOS_MAX);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct thread_item item = {.wearer = *wearer};
		struct photo_info info = {.id = stmt_uid(s, 0),
			.wearer = *wearer,
			.by = stmt_uid(s, 1),
			.received_ms = stmt_int(s, 2)};
		if (thread_read_about(s, 3, &item, NULL) == RC_OK)
			info.size = item.bytes;
		account_copy_name(s, 4, &info.by, info.by_name, sizeof info.by_name);
		fn(ctx, &info);
	}
	return rc;
}

enum rc photo_get(struct db *reader, const struct uid *photo, uint8_t **ret_owned, size_t *ret_n,
	struct err *e)
{
	return thread_content(reader, photo, THREAD_PHOTO, ret_owned, ret_n, e);
}

struct delete_job {
	const struct uid *photo;
	struct uid wearer, group; /* out */
};

static enum rc delete_job(struct db *db, void *arg, struct err *e)
{
	struct delete_job *job = arg;
	struct stmt *s = NULL;
	enum rc rc = query_row(db,
		"SELECT t.wearer, w.care_group FROM thread_item t JOIN wearer w ON w.id = t.wearer"
		" WHERE t.id = ?1 AND t.kind = 2",
		job->photo, &s, e);

	if (rc != RC_OK)
		return rc;
	job->wearer = stmt_uid(s, 0);
	job->group = stmt_uid(s, 1);
	stmt_reset(s);
	return thread_remove(db, &job->wearer, job->photo, e);
}

enum rc photo_delete(
	struct domain *d, const struct principal *who, const struct uid *photo, struct err *e)
{
	struct delete_job job = {.photo = photo};

	act_subject(who, photo);
	enum rc rc = act_run(d, who, delete_job, &job, e);
	if (rc == RC_OK) {
		bus_publish(d->bus, EVENT_WEARER, &job.group, &job.wearer);
		bus_publish(d->bus, EVENT_THREAD, &job.group, &job.wearer);
	}
	return rc;
}

/* Who asked; RC_NOT_FOUND when that request is not one of a photo of this wearer. */
static enum rc find_asker(struct db *db, const struct uid *wearer, const struct uid *command,
	struct uid *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"SELECT by_account FROM command WHERE wearer = ?1 AND id = ?2 AND kind = 'photo'",
		wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, command);
	rc = query_first(s, e);
	if (rc != RC_OK)
		return rc;
	*ret = stmt_uid(s, 0);
	stmt_reset(s);
	return RC_OK;
}

static enum rc check_own(struct db *db, const struct uid *wearer, int64_t now_ms, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"SELECT COUNT(*) FROM thread_item"
		" WHERE wearer = ?1 AND created_ms > ?2 AND kind = 2 AND by_account IS NULL",
		wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, now_ms - DAY_MS);
	rc = query_first(s, e);
	if (rc != RC_OK)
		return rc;
	int64_t n = stmt_int(s, 0);
	stmt_reset(s);
	return n < PHOTO_OWN_PER_DAY_MAX ? RC_OK
					 : fail(e, RC_LIMIT, "photo: %d of the wearer in a day",
						   PHOTO_OWN_PER_DAY_MAX);
}

static enum rc make_room(struct db *db, const struct uid *wearer, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(db,
		"SELECT id FROM thread_item WHERE wearer = ?1 AND kind = 2"
		" ORDER BY created_ms DESC, id DESC LIMIT 1 OFFSET ?2",
		wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, PHOTOS_MAX - 1);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK || !has_row)
		return rc;
	struct uid oldest = stmt_uid(s, 0);
	stmt_reset(s);
	return thread_remove(db, wearer, &oldest, e);
}

enum rc photo_store(struct db *db, const struct uid *wearer, const struct uid *command,
	struct view bytes, int64_t now_ms, int64_t quota_bytes, struct uid *ret_id, struct err *e)
{
	struct thread_row row = {.wearer = *wearer,
		.kind = THREAD_PHOTO,
		.direction = THREAD_FROM,
		.by_kind = uid_is_none(command) ? THREAD_BY_WATCH : THREAD_BY_MEMBER,
		.state = THREAD_RECEIVED,
		.created_ms = now_ms,
		.content = bytes};
	enum rc rc = uid_is_none(command) ? check_own(db, wearer, now_ms, e)
					  : find_asker(db, wearer, command, &row.by, e);

	if (rc == RC_OK)
		rc = make_room(db, wearer, e);
	return rc == RC_OK ? thread_insert(db, &row, quota_bytes, ret_id, e) : rc;
}
