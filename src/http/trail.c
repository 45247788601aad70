#include "http/trail.h"

#include "http/problem_answer.h"

static bool is_read(const struct exchange *x)
{
	return view_is(view_of(x->route->method), VIEW("GET"));
}

void trail_begin(struct exchange *x)
{
	struct act *act = &x->act;

	act->action = x->route->audit[0] == '\0' ? NULL : x->route->audit;
	act->actor_kind = ACTOR_ACCOUNT;
	act->right = x->route->place == OBJECT_NOWHERE ? NULL : right_name(x->route->right);
	if (x->route->place == OBJECT_IN_PATH)
		act->subject = x->ids[0];
	if (!is_read(x)) /* most reads leave nothing: the text is made when it is needed */
		address_to_text(&x->address, act->address);
	x->who.act = act;
}

void trail_caller(struct exchange *x)
{
	bool is_partner = !uid_is_none(&x->who.partner);

	x->act.actor_kind = is_partner ? ACTOR_PARTNER : ACTOR_ACCOUNT;
	x->act.actor = is_partner ? x->who.partner : x->who.account;
	x->who.act = &x->act;
}

void trail_object(struct exchange *x)
{
	x->act.group = x->verdict.group;
	x->act.wearer = x->verdict.wearer;
	if (uid_is(&x->act.subject, &x->act.wearer) || uid_is(&x->act.subject, &x->act.group))
		x->act.subject = (struct uid){{0}}; /* it is said already */
}

static void write_look(struct exchange *x, struct act *look)
{
	address_to_text(&x->address, look->address);
	audit_look(x->domain, look);
}

void trail_look(struct exchange *x, const struct uid *group, const struct uid *wearer)
{
	struct act look = x->act;

	look.action = "wearer.view";
	look.right = right_name(RIGHT_VIEW_POSITION);
	look.outcome = "done";
	look.group = *group;
	look.wearer = *wearer;
	look.subject = (struct uid){{0}};
	write_look(x, &look);
}

static void refused(struct exchange *x)
{
	const char *code = x->problem.code != NULL ? x->problem.code : problem_code_of_rc(x->rc);
	const struct problem_code *known = problem_code_find(code);

	if (known == NULL || known->status >= 500)
		return;
	/* Of what is not written down when it succeeds, only tries to get at what is not theirs. */
	if (x->act.action == NULL && known->status != 401 && known->status != 403 &&
		known->status != 404)
		return;
	if (x->act.action == NULL)
		x->act.action = "read";
	x->act.outcome = known->code;
	x->act.is_told = false;
	address_to_text(&x->address, x->act.address);
	audit_post(x->domain, &x->act);
}

void trail_end(struct exchange *x)
{
	if (x->is_trail_ended || x->route == NULL)
		return;
	x->is_trail_ended = true;
	if (uid_is_none(&x->act.actor)) /* signed in just now */
		trail_caller(x);
	if (x->is_refused) {
		refused(x);
		return;
	}
	if (x->act.is_written || x->act.action == NULL)
		return;
	if (x->act.outcome == NULL)
		x->act.outcome = "done";
	if (is_read(x) && !x->act.is_told)
		write_look(x, &x->act);
	else {
		address_to_text(&x->address, x->act.address);
		audit_post(x->domain, &x->act);
	}
}
