#include "domain/group.h"

#include <stdlib.h>

#include "domain/audit.h"

#include "domain/bus.h"
#include "domain/member.h"
#include "domain/text.h"
#include "store/query.h"
#include "store/sealed.h"
#include "time/zone.h"

#define GROUP_COLUMNS                                                                              \
	"SELECT g.id, g.name, COALESCE(m.role, ''), g.zone, g.wait_hours FROM care_group g"

static enum rc read_row(struct stmt *s, struct group_info *ret, struct err *e)
{
	*ret = (struct group_info){.id = stmt_uid(s, 0), .wait_hours = (uint32_t)stmt_int(s, 4)};
	stmt_copy_text(s, 2, ret->role, sizeof ret->role);
	stmt_copy_text(s, 3, ret->zone, sizeof ret->zone);
	enum rc rc =
		stmt_copy_sealed(s, 1, &ret->id, "care_group.name", ret->name, sizeof ret->name, e);
	return rc == RC_NOT_FOUND ? RC_OK : rc; /* erased: it has no name */
}

static int compare_names(const void *a, const void *b)
{
	const struct group_info *x = a;
	const struct group_info *y = b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : memcmp(x->id.b, y->id.b, UID_BYTES);
}

enum rc group_list(
	struct db *reader, const struct principal *who, group_fn *fn, void *ctx, struct err *e)
{
	struct group_info groups[PRINCIPAL_GROUPS_MAX];
	size_t n = 0;
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(reader,
		GROUP_COLUMNS " JOIN member m ON m.care_group = g.id WHERE m.account = ?1"
			      " ORDER BY m.created_ms LIMIT ?2",
		&who->account, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, PRINCIPAL_GROUPS_MAX);
	while (rc == RC_OK && (rc = stmt_step(s, &has_row, e)) == RC_OK && has_row)
		rc = read_row(s, &groups[n++], e);
	stmt_reset(s);
	if (rc != RC_OK)
		return rc;
	qsort(groups, n, sizeof groups[0], compare_names);
	for (size_t i = 0; i < n; i++)
		fn(ctx, &groups[i]);
	return RC_OK;
}

enum rc group_get(struct db *reader, const struct uid *account, const struct uid *group,
	struct group_info *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(reader,
		GROUP_COLUMNS " LEFT JOIN member m ON m.care_group = g.id AND m.account = ?2"
			      " WHERE g.id = ?1",
		group, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, account);
	rc = query_first(s, e);
	if (rc == RC_OK)
		rc = read_row(s, ret, e);
	stmt_reset(s);
	return rc;
}

enum rc group_name(struct db *reader, const struct uid *group, char ret[NAME_TEXT], struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(reader, "SELECT name FROM care_group WHERE id = ?1", group, &s, e);

	if (rc != RC_OK)
		return rc;
	rc = stmt_copy_sealed(s, 0, group, "care_group.name", ret, NAME_TEXT, e);
	stmt_reset(s);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc insert_row(
	struct db *db, const struct uid *group, struct view name, int64_t now_ms, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"INSERT INTO care_group (id, name, zone, wait_hours, created_ms)"
		" VALUES (?1, ?2, ?3, ?4, ?5)",
		group, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_sealed(s, 2, group, "care_group.name", name);
	stmt_bind_text(s, 3, VIEW(GROUP_ZONE_UNKNOWN));
	stmt_bind_int(s, 4, WAIT_HOURS_DEFAULT);
	stmt_bind_int(s, 5, now_ms);
	return stmt_run(s, NULL, e);
}

enum rc group_insert(struct db *db, const struct uid *group, struct view name,
	const struct uid *admin, int64_t now_ms, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = keyring_add(db_keyring(db), KEY_GROUP, group, e);

	if (rc == RC_OK || rc == RC_CONFLICT) /* the job runs for the second time */
		rc = insert_row(db, group, name, now_ms, e);
	if (rc == RC_OK)
		rc = db_prepare(db,
			"INSERT INTO member (account, care_group, role, given, taken, windows,"
			" until_ms, created_ms) VALUES (?1, ?2, 'admin', 0, 0, x'', 0, ?3)",
			&s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, admin);
	stmt_bind_uid(s, 2, group);
	stmt_bind_int(s, 3, now_ms);
	return stmt_run(s, NULL, e);
}

enum rc group_set_first_zone(
	struct db *db, const struct uid *group, struct view zone, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"UPDATE care_group SET zone = ?2 WHERE id = ?1 AND zone = '" GROUP_ZONE_UNKNOWN "'",
		group, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_text(s, 2, zone);
	return stmt_run(s, NULL, e);
}

struct create_job {
	const struct uid *account, *group;
	struct view name;
	int64_t now_ms;
	struct problem *problem;
};

static enum rc create_job(struct db *db, void *arg, struct err *e)
{
	const struct create_job *job = arg;
	struct stmt *s = NULL;
	enum rc rc = query_row(
		db, "SELECT COUNT(*) FROM member WHERE account = ?1", job->account, &s, e);

	if (rc != RC_OK)
		return rc;
	int64_t n = stmt_int(s, 0);
	stmt_reset(s);
	if (n >= PRINCIPAL_GROUPS_MAX)
		return refuse(job->problem, RC_LIMIT, "too_many_groups", NULL, NULL);
	return group_insert(db, job->group, job->name, job->account, job->now_ms, e);
}

enum rc group_create(struct domain *d, struct db *reader, const struct principal *who,
	struct view name, struct group_info *ret, struct problem *p, struct err *e)
{
	struct uid group = uid_new();
	struct create_job job = {.account = &who->account,
		.group = &group,
		.name = name,
		.now_ms = d->wall_ms(),
		.problem = p};

	if (!text_is_name(name))
		return refuse(p, RC_SYNTAX, "name_invalid", "name", "1 to 80 characters");
	enum rc rc = act_run(d, who, create_job, &job, e);
	if (rc != RC_OK)
		return rc;
	members_changed(d, &group);
	rc = group_get(reader, &who->account, &group, ret, e);
	return rc;
}

struct change_job {
	const struct uid *group;
	struct view name, zone;
};

static enum rc change_job(struct db *db, void *arg, struct err *e)
{
	const struct change_job *job = arg;
	struct stmt *s = NULL;
	int64_t changed = 0;
	enum rc rc = query_prepare(db,
		"UPDATE care_group SET name = COALESCE(?2, name), zone = COALESCE(?3, zone)"
		" WHERE id = ?1",
		job->group, &s, e);

	if (rc != RC_OK)
		return rc;
	if (job->name.p != NULL)
		stmt_bind_sealed(s, 2, job->group, "care_group.name", job->name);
	if (job->zone.p != NULL)
		stmt_bind_text(s, 3, job->zone);
	rc = stmt_run(s, &changed, e);
	return rc == RC_OK && changed == 0 ? fail(e, RC_NOT_FOUND, "no such group") : rc;
}

static bool is_zone(struct view name)
{
	struct zone *z = NULL;
	bool is = name.n < ZONE_TEXT && zone_load(name, &z, NULL) == RC_OK;

	zone_free(z);
	return is;
}

enum rc group_change(struct domain *d, const struct principal *who, const struct uid *group,
	struct view name, struct view zone, struct problem *p, struct err *e)
{
	struct change_job job = {.group = group, .name = name, .zone = zone};

	if (name.p != NULL && !text_is_name(name))
		return refuse(p, RC_SYNTAX, "name_invalid", "name", "1 to 80 characters");
	if (zone.p != NULL && !is_zone(zone))
		return refuse(p, RC_SYNTAX, "zone_unknown", "zone", NULL);
	act_detail(who, "%s%.*s%s%.*s", name.p == NULL ? "" : "name: ", (int)name.n,
		name.p == NULL ? "" : name.p, zone.p == NULL ? "" : " zone: ", (int)zone.n,
		zone.p == NULL ? "" : zone.p);
	enum rc rc = act_run(d, who, change_job, &job, e);
	if (rc == RC_OK)
		bus_publish(d->bus, EVENT_GROUP, group, group);
	return rc;
}
