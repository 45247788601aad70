#include "domain/account_delete.h"

#include "crypto/keyring.h"
#include "domain/account_mail.h"
#include "domain/account_notice.h"
#include "domain/audit.h"
#include "domain/web_session_store.h"
#include "store/query.h"

struct delete_job {
	struct domain *domain;
	const struct principal *who;
	int64_t now_ms;
	struct problem *problem;
	/* out */
	struct account_notice notice;
	size_t empty_n; /* groups that go as well */
	struct uid empty[PRINCIPAL_GROUPS_MAX];
};

static void add_stuck(struct problem *p, const struct uid *group)
{
	if (p != NULL && p->groups_n < PROBLEM_GROUPS_MAX)
		p->groups[p->groups_n++] = *group;
}

/* May he leave all of his groups? Those that become empty go to job->empty. */
static enum rc check_groups(struct db *db, struct delete_job *job, struct err *e)
{
	struct problem stuck = {.tries_left = -1};
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(db,
		"SELECT m.care_group, m.role = 'admin',"
		" EXISTS (SELECT 1 FROM member o WHERE o.care_group = m.care_group"
		"  AND o.account <> ?1),"
		" EXISTS (SELECT 1 FROM member o WHERE o.care_group = m.care_group"
		"  AND o.account <> ?1 AND o.role = 'admin'),"
		" EXISTS (SELECT 1 FROM wearer w WHERE w.care_group = m.care_group)"
		" FROM member m WHERE m.account = ?1 LIMIT ?2",
		&job->who->account, &s, e);

	job->empty_n = 0;
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, PRINCIPAL_GROUPS_MAX);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct uid group = stmt_uid(s, 0);
		bool is_admin = stmt_int(s, 1) != 0;
		bool has_others = stmt_int(s, 2) != 0;
		bool has_other_admin = stmt_int(s, 3) != 0;
		bool has_wearers = stmt_int(s, 4) != 0;
		if (!has_others && !has_wearers)
			job->empty[job->empty_n++] = group;
		else if (!has_others || (is_admin && !has_other_admin))
			add_stuck(&stuck, &group);
	}
	if (rc != RC_OK || stuck.groups_n == 0)
		return rc;
	rc = refuse(job->problem, RC_CONFLICT, "last_admin", NULL,
		"make somebody else admin first, or erase the wearers");
	if (job->problem != NULL) {
		job->problem->groups_n = stuck.groups_n;
		memcpy(job->problem->groups, stuck.groups, sizeof stuck.groups);
	}
	return rc;
}

/* Somebody must be left to run the server, while anybody uses it. */
static enum rc check_operator(struct db *db, const struct delete_job *job, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(db,
		"SELECT is_operator AND EXISTS (SELECT 1 FROM account WHERE id <> ?1) AND"
		" NOT EXISTS (SELECT 1 FROM account WHERE id <> ?1 AND is_operator = 1)"
		" FROM account WHERE id = ?1",
		&job->who->account, &s, e);

	if (rc != RC_OK)
		return rc;
	bool is_last = stmt_int(s, 0) != 0;
	stmt_reset(s);
	return is_last ? refuse(job->problem, RC_CONFLICT, "last_operator", NULL,
				 "make another account operator first")
		       : RC_OK;
}

static enum rc delete_rows(struct db *db, const struct uid *account, struct err *e)
{
	static const char *const rows[] = {
		"DELETE FROM member WHERE account = ?1",
		"DELETE FROM claim WHERE account = ?1",
		"DELETE FROM passkey WHERE account = ?1",
		"DELETE FROM recovery_code WHERE account = ?1",
		"DELETE FROM known_network WHERE account = ?1",
		"DELETE FROM email_change WHERE account = ?1",
		"DELETE FROM recovery WHERE account = ?1",
		"DELETE FROM web_session WHERE account = ?1",
		"DELETE FROM account WHERE id = ?1",
	};
	enum rc rc = courier_forget(db, account, e);

	for (size_t i = 0; i < COUNT_OF(rows) && rc == RC_OK; i++)
		rc = query_run(db, rows[i], account, e);
	return rc;
}

static enum rc delete_empty_groups(struct db *db, const struct delete_job *job, struct err *e)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < job->empty_n && rc == RC_OK; i++) {
		rc = query_run(db, "DELETE FROM claim WHERE care_group = ?1", &job->empty[i], e);
		if (rc == RC_OK)
			rc = query_run(
				db, "DELETE FROM care_group WHERE id = ?1", &job->empty[i], e);
		if (rc == RC_OK)
			rc = keyring_destroy(db_keyring(db), &job->empty[i], e);
	}
	return rc;
}

static enum rc delete_job(struct db *db, void *arg, struct err *e)
{
	struct delete_job *job = arg;
	const struct uid *account = &job->who->account;
	enum rc rc = check_groups(db, job, e);

	job->notice = (struct account_notice){.action = "account.delete", .detail = ""};
	if (rc == RC_OK)
		rc = check_operator(db, job, e);
	if (rc == RC_OK)
		rc = account_notice_append(db, account, NULL, job->now_ms, &job->notice, e);
	if (rc == RC_OK)
		rc = account_mail(job->domain, db, account,
			&(struct account_mail){
				.kind = MAIL_SECURITY_CHANGED, .what = MAIL_WHAT_ACCOUNT_DELETED},
			e);
	if (rc == RC_OK)
		rc = delete_rows(db, account, e);
	if (rc == RC_OK)
		rc = delete_empty_groups(db, job, e);
	/* Last, and not undone when the commit fails: then rows are left that nobody can read. */
	return rc == RC_OK ? keyring_destroy(db_keyring(db), account, e) : rc;
}

enum rc account_delete(
	struct domain *d, const struct principal *who, struct problem *p, struct err *e)
{
	struct delete_job job = {.domain = d, .who = who, .now_ms = d->wall_ms(), .problem = p};

	enum rc rc = act_run(d, who, delete_job, &job, e);
	if (rc != RC_OK)
		return rc;
	account_mail_knock(d);
	account_notice_publish(d, &job.notice);
	web_session_forget_others(d, &who->account, NULL);
	return RC_OK;
}
