/* The changes of members as jobs of the writer, and as kinds of proposals. */
#include "base/json_out.h"
#include "domain/account.h"
#include "domain/group.h"
#include "domain/member.h"
#include "store/query.h"

/* Nobody is left who may let others in, or nobody may be told: such a change is none. */
static enum rc check_admins(
	struct db *db, const struct uid *group, struct problem *p, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(db,
		"SELECT COUNT(*) FROM member WHERE care_group = ?1 AND role = 'admin'", group, &s,
		e);

	if (rc != RC_OK)
		return rc;
	int64_t admins = stmt_int(s, 0);
	stmt_reset(s);
	return admins > 0 ? RC_OK : refuse(p, RC_CONFLICT, "last_admin", NULL, NULL);
}

static void changed(struct domain *d, const struct approval *a)
{
	members_changed(d, &a->group);
	approvals_wake(d); /* perhaps the membership has an end now */
}

/* Who is an admin by now loses nothing by what was agreed on when he was none: without the way of
 * co-admins (7 days, member.h) behind it, it does not hold any more. */
static enum rc check_standing(
	struct db *db, const struct approval *a, struct problem *p, struct err *e)
{
	struct stmt *s = NULL;
	bool is_admin = false;

	if (uid_is(&a->by, &a->subject) ||
		(a->needs == APPROVAL_TIME && a->due_ms - a->created_ms >= MEMBER_ADMIN_WAIT_MS))
		return RC_OK;
	enum rc rc = query_prepare(db,
		"SELECT 1 FROM member WHERE account = ?1 AND care_group = ?2 AND role = 'admin'",
		&a->subject, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, &a->group);
	rc = stmt_step(s, &is_admin, e);
	stmt_reset(s);
	if (rc != RC_OK)
		return rc;
	return is_admin ? refuse(p, RC_CONFLICT, "approval_stale", NULL, NULL) : RC_OK;
}

/* ---- member.change ---- */

static enum rc execute_change(struct domain *d, struct db *db, struct approval *a, int64_t now_ms,
	struct problem *p, struct err *e)
{
	uint8_t windows[WINDOWS_MAX * WINDOW_BYTES];
	struct member_terms t;
	struct stmt *s = NULL;
	int64_t rows = 0;

	(void)d;
	if (!member_terms_unpack(a->payload, &t))
		return fail(e, RC_SYNTAX, "approval: damaged terms");
	if (t.until_ms != 0 && t.until_ms <= now_ms)
		return refuse(p, RC_CONFLICT, "approval_stale", NULL, NULL);
	enum rc rc = check_standing(db, a, p, e);
	if (rc == RC_OK)
		rc = db_prepare(db,
			"UPDATE member SET role = ?3, given = ?4, taken = ?5, windows = ?6, "
			"until_ms = ?7"
			" WHERE account = ?1 AND care_group = ?2",
			&s, e);
	if (rc != RC_OK)
		return rc;
	size_t n = windows_pack(t.windows, t.windows_n, windows);
	stmt_bind_uid(s, 1, &a->subject);
	stmt_bind_uid(s, 2, &a->group);
	stmt_bind_text(s, 3, view_of(role_name(t.role)));
	stmt_bind_int(s, 4, t.given);
	stmt_bind_int(s, 5, t.taken);
	stmt_bind_blob(s, 6, (struct view){.p = (const char *)windows, .n = n});
	stmt_bind_int(s, 7, t.until_ms);
	rc = stmt_run(s, &rows, e);
	if (rc == RC_OK && rows == 0)
		return fail(e, RC_NOT_FOUND, "no such member");
	return rc == RC_OK ? check_admins(db, &a->group, p, e) : rc;
}

static void write_rights(struct json_out *j, const char *key, right_set rights)
{
	json_array(j, key);
	for (enum right r = RIGHT_NONE + 1; r < RIGHT_COUNT; r++) {
		if (rights & RIGHT_BIT(r))
			json_text(j, NULL, view_of(right_name(r)));
	}
	json_end(j);
}

static void write_subject(struct json_out *j, struct db *reader, const struct approval *a)
{
	char name[NAME_TEXT] = "";

	if (account_name(reader, &a->subject, name, sizeof name, NULL) != RC_OK)
		name[0] = '\0';
	json_uid(j, "account", &a->subject);
	json_text(j, "name", view_of(name));
}

static void summarize_change(struct json_out *j, struct db *reader, const struct approval *a)
{
	struct member_terms t;

	write_subject(j, reader, a);
	if (!member_terms_unpack(a->payload, &t))
		return;
	if (uid_is_none(&a->wearer))
		json_text(j, "role", view_of(role_name(t.role)));
	write_rights(j, "given", t.given);
	write_rights(j, "taken", t.taken);
	json_int(j, "windows", (int64_t)t.windows_n);
	if (t.until_ms != 0)
		json_time(j, "until", t.until_ms);
}

const struct approval_kind member_change_kind = {
	"member.change", RIGHT_MEMBERS, execute_change, changed, summarize_change};

/* ---- member.wearer ---- */

static enum rc forget_wearer_terms(struct db *db, const struct approval *a, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"DELETE FROM member_wearer WHERE account = ?1 AND wearer = ?2", &a->subject, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, &a->wearer);
	return stmt_run(s, NULL, e);
}

static enum rc execute_wearer(struct domain *d, struct db *db, struct approval *a, int64_t now_ms,
	struct problem *p, struct err *e)
{
	uint8_t windows[WINDOWS_MAX * WINDOW_BYTES];
	struct member_terms t;
	struct stmt *s = NULL;
	int64_t rows = 0;

	(void)d;
	(void)now_ms;
	if (!member_terms_unpack(a->payload, &t))
		return fail(e, RC_SYNTAX, "approval: damaged terms");
	enum rc rc = check_standing(db, a, p, e);
	if (rc == RC_OK)
		rc = forget_wearer_terms(db, a, e);
	if (rc != RC_OK || (t.given == 0 && t.taken == 0 && t.windows_n == 0))
		return rc;
	rc = db_prepare(db,
		"INSERT INTO member_wearer (account, wearer, care_group, given, taken, windows)"
		" SELECT m.account, w.id, m.care_group, ?4, ?5, ?6 FROM member m"
		" JOIN wearer w ON w.care_group = m.care_group"
		" WHERE m.account = ?1 AND m.care_group = ?2 AND w.id = ?3",
		&s, e);
	if (rc != RC_OK)
		return rc;
	size_t n = windows_pack(t.windows, t.windows_n, windows);
	stmt_bind_uid(s, 1, &a->subject);
	stmt_bind_uid(s, 2, &a->group);
	stmt_bind_uid(s, 3, &a->wearer);
	stmt_bind_int(s, 4, t.given);
	stmt_bind_int(s, 5, t.taken);
	stmt_bind_blob(s, 6, (struct view){.p = (const char *)windows, .n = n});
	rc = stmt_run(s, &rows, e);
	return rc == RC_OK && rows == 0 ? fail(e, RC_NOT_FOUND, "no such member") : rc;
}

const struct approval_kind member_wearer_kind = {
	"member.wearer", RIGHT_MEMBERS, execute_wearer, changed, summarize_change};

/* ---- member.remove ---- */

static enum rc run_of_two(struct db *db, const char *sql, const struct uid *account,
	const struct uid *group, int64_t *ret_rows, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db, sql, account, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, group);
	return stmt_run(s, ret_rows, e);
}

enum rc member_delete(
	struct db *db, const struct uid *account, const struct uid *group, struct err *e)
{
	int64_t rows = 0;
	enum rc rc =
		run_of_two(db, "DELETE FROM member_wearer WHERE account = ?1 AND care_group = ?2",
			account, group, NULL, e);

	if (rc == RC_OK)
		rc = run_of_two(db,
			"DELETE FROM invitation WHERE by_account = ?1 AND care_group = ?2", account,
			group, NULL, e);
	if (rc == RC_OK)
		rc = run_of_two(db, "DELETE FROM member WHERE account = ?1 AND care_group = ?2",
			account, group, &rows, e);
	return rc == RC_OK && rows == 0 ? fail(e, RC_NOT_FOUND, "no such member") : rc;
}

static enum rc execute_remove(struct domain *d, struct db *db, struct approval *a, int64_t now_ms,
	struct problem *p, struct err *e)
{
	enum rc rc = check_standing(db, a, p, e);

	(void)d;
	(void)now_ms;
	if (rc == RC_OK)
		rc = member_delete(db, &a->subject, &a->group, e);
	return rc == RC_OK ? check_admins(db, &a->group, p, e) : rc;
}

const struct approval_kind member_remove_kind = {
	"member.remove", RIGHT_MEMBERS, execute_remove, changed, write_subject};

/* ---- joining ---- */

static enum rc check_room(struct db *db, const char *sql, const struct uid *id, int64_t max,
	const char *code, struct problem *p, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(db, sql, id, &s, e);

	if (rc != RC_OK)
		return rc;
	int64_t n = stmt_int(s, 0);
	stmt_reset(s);
	return n < max ? RC_OK : refuse(p, RC_LIMIT, code, NULL, NULL);
}

enum rc member_insert(struct db *db, const struct uid *group, const struct uid *account,
	enum member_role role, int64_t now_ms, struct problem *p, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = check_room(db, "SELECT COUNT(*) FROM member WHERE care_group = ?1", group,
		MEMBERS_MAX, "too_many_members", p, e);

	if (rc == RC_OK)
		rc = check_room(db, "SELECT COUNT(*) FROM member WHERE account = ?1", account,
			PRINCIPAL_GROUPS_MAX, "too_many_groups", p, e);
	if (rc == RC_OK)
		rc = db_prepare(db,
			"INSERT INTO member (account, care_group, role, given, taken, windows,"
			" until_ms, created_ms) VALUES (?1, ?2, ?3, 0, 0, x'', 0, ?4)",
			&s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, account);
	stmt_bind_uid(s, 2, group);
	stmt_bind_text(s, 3, view_of(role_name(role)));
	stmt_bind_int(s, 4, now_ms);
	rc = stmt_run(s, NULL, e);
	return rc == RC_CONFLICT ? refuse(p, rc, "already_member", NULL, NULL) : rc;
}

/* ---- leaving everything ---- */

struct census {
	int64_t admins, members, wearers;
};

static enum rc count(struct db *db, const struct uid *group, struct census *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(db,
		"SELECT COALESCE(SUM(role = 'admin'), 0), COUNT(*),"
		" (SELECT COUNT(*) FROM wearer WHERE care_group = ?1) FROM member"
		" WHERE care_group = ?1",
		group, &s, e);

	if (rc != RC_OK)
		return rc;
	*ret = (struct census){
		.admins = stmt_int(s, 0), .members = stmt_int(s, 1), .wearers = stmt_int(s, 2)};
	stmt_reset(s);
	return RC_OK;
}

enum rc member_leave_all(struct db *db, const struct uid *account,
	struct uid ret[PRINCIPAL_GROUPS_MAX], size_t *ret_n, struct err *e)
{
	struct uid groups[PRINCIPAL_GROUPS_MAX];
	struct uid empty[PRINCIPAL_GROUPS_MAX];
	size_t n = 0;
	size_t empty_n = 0;
	enum rc rc = rights_groups(db, account, 0, groups, &n, e);

	*ret_n = 0;
	for (size_t i = 0; i < n && rc == RC_OK; i++) {
		struct census left = {0};
		rc = member_delete(db, account, &groups[i], e);
		if (rc == RC_OK)
			rc = count(db, &groups[i], &left, e);
		if (rc != RC_OK || left.admins > 0)
			continue;
		if (left.members > 0 || left.wearers > 0)
			ret[(*ret_n)++] = groups[i];
		else
			empty[empty_n++] = groups[i];
	}
	if (rc == RC_OK && *ret_n > 0)
		return fail(e, RC_CONFLICT, "the last admin of %zu groups", *ret_n);
	/* Only now: a key that is destroyed does not come back when the job is undone. */
	for (size_t i = 0; i < empty_n && rc == RC_OK; i++)
		rc = group_erase_rows(db, &empty[i], e);
	return rc;
}
