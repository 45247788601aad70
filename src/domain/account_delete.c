#include "domain/account_delete.h"

#include "crypto/keyring.h"
#include "domain/account_mail.h"
#include "domain/account_notice.h"
#include "domain/audit.h"
#include "domain/member.h"
#include "domain/web_session_store.h"
#include "store/query.h"

struct delete_job {
	struct domain *domain;
	const struct principal *who;
	int64_t now_ms;
	struct problem *problem;
	/* out */
	struct account_notice notice;
};

/* Out of all groups. The entries in their logs come first, while they still know him. */
static enum rc leave_groups(struct db *db, struct delete_job *job, struct err *e)
{
	const struct uid *account = &job->who->account;
	struct uid stuck[PRINCIPAL_GROUPS_MAX];
	size_t stuck_n = 0;
	struct problem *p = job->problem;
	enum rc rc = account_notice_append(db, account, NULL, job->now_ms, &job->notice, e);

	if (rc == RC_OK)
		rc = member_leave_all(db, account, stuck, &stuck_n, e);
	if (rc != RC_CONFLICT)
		return rc;
	rc = refuse(p, RC_CONFLICT, "last_admin", NULL,
		"make somebody else admin first, or erase the wearers");
	for (size_t i = 0; p != NULL && i < stuck_n && i < PROBLEM_GROUPS_MAX; i++)
		p->groups[p->groups_n++] = stuck[i];
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

enum rc account_delete_rows(struct db *db, const struct uid *account, struct err *e)
{
	static const char *const rows[] = {
		"DELETE FROM member_wearer WHERE account = ?1",
		"DELETE FROM member WHERE account = ?1",
		"DELETE FROM claim WHERE account = ?1",
		"DELETE FROM passkey WHERE account = ?1",
		"DELETE FROM recovery_code WHERE account = ?1",
		"DELETE FROM known_network WHERE account = ?1",
		"DELETE FROM email_change WHERE account = ?1",
		"DELETE FROM recovery WHERE account = ?1",
		"DELETE FROM audit_mark WHERE account = ?1",
		"DELETE FROM account_ban WHERE account = ?1",
		"DELETE FROM web_session WHERE account = ?1",
		"DELETE FROM account WHERE id = ?1",
	};
	enum rc rc = keyring_destroy(db_keyring(db), account, e);

	if (rc == RC_OK)
		rc = courier_forget(db, account, e);
	for (size_t i = 0; i < COUNT_OF(rows) && rc == RC_OK; i++)
		rc = query_run(db, rows[i], account, e);
	return rc;
}

static enum rc delete_job(struct db *db, void *arg, struct err *e)
{
	struct delete_job *job = arg;
	const struct uid *account = &job->who->account;

	job->notice = (struct account_notice){.action = "account.delete", .detail = ""};
	enum rc rc = check_operator(db, job, e);
	if (rc == RC_OK)
		rc = leave_groups(db, job, e);
	if (rc == RC_OK)
		rc = account_mail(job->domain, db, account,
			&(struct account_mail){
				.kind = MAIL_SECURITY_CHANGED, .what = MAIL_WHAT_ACCOUNT_DELETED},
			e);
	return rc == RC_OK ? account_delete_rows(db, account, e) : rc;
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
	for (size_t i = 0; i < job.notice.groups_n; i++)
		members_changed(d, &job.notice.groups[i]);
	web_session_forget_others(d, &who->account, NULL);
	return RC_OK;
}
