#include "domain/group.h"

#include "domain/audit.h"
#include "domain/text.h"
#include "store/query.h"

static void read_row(struct stmt *s, struct group_info *ret)
{
	*ret = (struct group_info){.id = stmt_uid(s, 0)};
	stmt_copy_text(s, 1, ret->name, sizeof ret->name);
	stmt_copy_text(s, 2, ret->role, sizeof ret->role);
}

enum rc group_list(
	struct db *reader, const struct principal *who, group_fn *fn, void *ctx, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(reader,
		"SELECT g.id, g.name, m.role FROM member m JOIN care_group g ON g.id = m.care_group"
		" WHERE m.account = ?1 ORDER BY g.name, g.id",
		&who->account, &s, e);

	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct group_info g;
		read_row(s, &g);
		fn(ctx, &g);
	}
	return rc;
}

struct rename_job {
	const struct uid *account, *group;
	struct view name;
	struct group_info *ret;
};

static enum rc rename_job(struct db *db, void *arg, struct err *e)
{
	const struct rename_job *job = arg;
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(
		db, "UPDATE care_group SET name = ?2 WHERE id = ?1", job->group, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_text(s, 2, job->name);
	rc = stmt_run(s, NULL, e);
	if (rc == RC_OK)
		rc = db_prepare(db,
			"SELECT g.id, g.name, m.role FROM member m JOIN care_group g ON g.id = "
			"m.care_group"
			" WHERE m.account = ?1 AND g.id = ?2",
			&s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, job->account);
	stmt_bind_uid(s, 2, job->group);
	rc = stmt_step(s, &has_row, e);
	if (rc == RC_OK && !has_row)
		return fail(e, RC_NOT_FOUND, "no such group");
	if (rc == RC_OK)
		read_row(s, job->ret);
	stmt_reset(s);
	return rc;
}

enum rc group_rename(struct domain *d, const struct principal *who, const struct uid *group,
	struct view name, struct group_info *ret, struct problem *p, struct err *e)
{
	struct rename_job job = {
		.account = &who->account, .group = group, .name = name, .ret = ret};

	if (!text_is_name(name))
		return refuse(p, RC_SYNTAX, "name_invalid", "name", "1 to 80 characters");
	return act_run(d, who, rename_job, &job, e);
}
