/* Proposals that wait for others. */
#include "http/api.h"

#include "domain/account.h"
#include "domain/approval.h"
#include "http/inside.h"

/* The writer's context. */
struct showing {
	struct exchange *x;
	struct db *reader;
	const char *key;
	bool may_agree; /* the caller is an admin of the group */
};

static void write_person(struct showing *w, const char *key, const struct uid *account)
{
	struct json_out *j = &w->x->out;
	char name[NAME_TEXT] = "";

	if (account_name(w->reader, account, name, sizeof name, NULL) != RC_OK)
		name[0] = '\0';
	json_object(j, key);
	json_uid(j, "id", account);
	json_text(j, "name", view_of(name));
	json_end(j);
}

/* A plan of medication is health: it is shown to whom the wearer's health is. */
static bool may_see_summary(const struct showing *w, const struct approval *a)
{
	struct exchange *x = w->x;
	struct verdict v;

	return a->kind->right != RIGHT_MEDICATION ||
	       (rights_decide(w->reader, &x->who, OBJECT_WEARER, &a->wearer, RIGHT_VIEW_HEALTH,
			x->domain->wall_ms(), &v, NULL) == RC_OK &&
		       v.decision == DECIDE_ALLOW);
}

static void write_approval(void *ctx, const struct approval *a)
{
	struct showing *w = ctx;
	struct json_out *j = &w->x->out;
	bool is_mine = uid_is(&a->by, &w->x->who.account);

	json_object(j, w->key);
	json_uid(j, "id", &a->id);
	json_uid(j, "group", &a->group);
	json_text(j, "kind", view_of(a->kind->name));
	if (!uid_is_none(&a->wearer))
		json_uid(j, "wearer", &a->wearer);
	if (!uid_is_none(&a->subject))
		json_uid(j, "subject", &a->subject);
	json_object(j, "summary");
	if (a->kind->summarize != NULL && may_see_summary(w, a))
		a->kind->summarize(j, w->reader, a);
	json_end(j);
	write_person(w, "by", &a->by);
	json_time(j, "created", a->created_ms);
	json_time(j, "due", a->due_ms);
	json_text(j, "state", view_of(approval_state_name(a->state)));
	json_text(j, "needs", a->needs == APPROVAL_TIME ? VIEW("time") : VIEW("second_person"));
	json_bool(j, "is_mine", is_mine);
	json_bool(j, "may_approve", !is_mine && w->may_agree && a->state == APPROVAL_PENDING);
	json_end(j);
}

static bool may_agree(const struct exchange *x)
{
	return (x->verdict.now & RIGHT_BIT(RIGHT_MEMBERS)) != 0;
}

enum rc api_approval_write(
	struct exchange *x, struct db *reader, const char *key, const struct uid *approval)
{
	struct showing w = {.x = x, .reader = reader, .key = key, .may_agree = may_agree(x)};

	return approval_get(reader, approval, write_approval, &w, &x->err);
}

enum rc api_approval_pending(struct exchange *x, struct db *reader, const struct uid *approval)
{
	x->status = MHD_HTTP_ACCEPTED;
	return api_approval_write(x, reader, NULL, approval);
}

enum rc api_approvals(struct exchange *x, struct db *reader)
{
	struct showing w = {.x = x, .reader = reader, .may_agree = may_agree(x)};

	json_object(&x->out, NULL);
	json_array(&x->out, "approvals");
	enum rc rc = approval_list(
		reader, &x->ids[0], x->domain->wall_ms(), write_approval, &w, &x->err);
	json_end(&x->out);
	json_end(&x->out);
	return rc;
}

static enum rc answer(struct exchange *x, struct db *reader, enum rc rc)
{
	struct showing w = {.x = x, .reader = reader, .may_agree = may_agree(x)};

	return rc == RC_OK ? approval_get(reader, &x->ids[0], write_approval, &w, &x->err) : rc;
}

/* The row's right was checked with the step-up; that a second person or time would be needed for an
 * act of the caller's own does not matter here: he is the second person. */
enum rc api_approval_agree(struct exchange *x, struct db *reader)
{
	return answer(
		x, reader, approval_agree(x->domain, &x->who, &x->ids[0], &x->problem, &x->err));
}

enum rc api_approval_object(struct exchange *x, struct db *reader)
{
	return answer(
		x, reader, approval_object(x->domain, &x->who, &x->ids[0], &x->problem, &x->err));
}

enum rc api_approval_withdraw(struct exchange *x, struct db *reader)
{
	(void)reader;
	return approval_withdraw(x->domain, &x->who, &x->ids[0], &x->problem, &x->err);
}
