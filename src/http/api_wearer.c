/* Wearers: list, change, erase, picture, history. */
#include "http/api.h"

#include "domain/approval.h"
#include "domain/wearer_erase.h"
#include "http/inside.h"
#include "http/shapes.h"
#include "http/trail.h"

/* Each wearer whose place is shown is one that was looked at. */
static void write_wearer(void *ctx, const struct wearer_info *w)
{
	struct exchange *x = ctx;

	shape_wearer(&x->out, NULL, w, w->rights);
	if ((w->rights & RIGHT_BIT(RIGHT_VIEW_POSITION)) != 0)
		trail_look(x, &w->group, &w->id);
}

enum rc api_wearers(struct exchange *x, struct db *reader)
{
	json_object(&x->out, NULL);
	json_array(&x->out, "wearers");
	enum rc rc = wearer_list(x->domain, reader, &x->who, write_wearer, x, &x->err);
	json_end(&x->out);
	json_end(&x->out);
	return rc;
}

enum rc api_wearer(struct exchange *x, struct db *reader)
{
	struct wearer_info wearer;

	enum rc rc = wearer_get(x->domain, reader, &x->ids[0], &wearer, &x->err);
	if (rc == RC_OK)
		shape_wearer(&x->out, NULL, &wearer, x->verdict.now);
	if (rc == RC_OK && x->act.action != NULL &&
		(x->verdict.now & RIGHT_BIT(RIGHT_VIEW_POSITION)) == 0 &&
		view_is(view_of(x->act.action), VIEW("wearer.view")))
		x->act.action = NULL; /* nothing was to be seen */
	return rc;
}

enum rc api_wearer_change(struct exchange *x, struct db *reader)
{
	const struct wearer_values *in = &x->body.wearer;
	struct wearer_info wearer;

	enum rc rc = wearer_get(x->domain, reader, &x->ids[0], &wearer, &x->err);
	if (rc == RC_OK && in->is_adult.is_there && !in->is_adult.value && wearer.is_adult)
		return refuse(&x->problem, RC_CONFLICT, "adult_stays", "is_adult", NULL);
	if (rc == RC_OK && (in->name.p != NULL || in->color.p != NULL))
		rc = wearer_change(
			x->domain, &x->who, &x->ids[0], in->name, in->color, &x->problem, &x->err);
	if (rc == RC_OK && in->is_adult.value && !wearer.is_adult)
		rc = wearer_set_adult(x->domain, &x->who, &x->ids[0], &x->err);
	return rc != RC_OK ? rc : api_wearer(x, reader);
}

enum rc api_wearer_erase(struct exchange *x, struct db *reader)
{
	const struct approval_request request = {
		.kind = wearer_erase_kind.name, .group = x->verdict.group, .wearer = x->ids[0]};
	struct approval_result result;

	enum rc rc = approval_act(
		x->domain, &x->who, &x->verdict, &request, &result, &x->problem, &x->err);
	return rc == RC_OK && !result.is_done ? api_approval_pending(x, reader, &result.pending)
					      : rc;
}

enum rc api_picture(struct exchange *x, struct db *reader)
{
	enum rc rc = wearer_picture_get(reader, &x->ids[0], &x->blob, &x->blob_n, &x->err);

	if (rc == RC_OK)
		x->content_type = "image/jpeg"; /* nothing else is ever stored */
	return rc;
}

enum rc api_picture_put(struct exchange *x, struct db *reader)
{
	enum rc rc = wearer_picture_put(x->domain, &x->who, &x->ids[0],
		(struct view){.p = x->raw, .n = x->raw_n}, &x->problem, &x->err);
	return rc != RC_OK ? rc : api_wearer(x, reader);
}

enum rc api_picture_remove(struct exchange *x, struct db *reader)
{
	(void)reader;
	return wearer_picture_delete(x->domain, &x->who, &x->ids[0], &x->err);
}

static void write_fix(void *ctx, const struct fix *f)
{
	shape_fix(ctx, NULL, f);
}

enum rc api_history(struct exchange *x, struct db *reader)
{
	const struct history_values *in = &x->query.history;
	bool is_truncated = false;

	json_object(&x->out, NULL);
	json_array(&x->out, "fixes");
	enum rc rc = wearer_history(x->domain, reader, &x->ids[0], in->from.value, in->to.value,
		write_fix, &x->out, &is_truncated, &x->problem, &x->err);
	json_end(&x->out);
	json_bool(&x->out, "truncated", is_truncated);
	json_end(&x->out);
	return rc;
}
