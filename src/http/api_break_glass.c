/* Emergency access of operators. */
#include "http/api.h"

#include "domain/break_glass.h"
#include "domain/second_factor.h"
#include "http/inside.h"

static void write_row(void *ctx, const struct break_glass_info *b)
{
	struct json_out *j = ctx;

	json_object(j, NULL);
	json_uid(j, "id", &b->id);
	json_uid(j, "group", &b->group);
	json_text(j, "by", view_of(b->by_name));
	json_text(j, "reason", view_of(b->reason));
	json_int(j, "hours", b->hours);
	json_time(j, "created", b->created_ms);
	if (!uid_is_none(&b->approved_by))
		json_text(j, "approved_by", view_of(b->approved_by_name));
	if (b->until_ms != 0)
		json_time(j, "until", b->until_ms);
	json_end(j);
}

static enum rc answer(struct exchange *x, struct db *reader, const struct uid *id)
{
	struct break_glass_info b;

	enum rc rc = break_glass_get(reader, id, &b, &x->err);
	if (rc == RC_OK)
		write_row(&x->out, &b);
	return rc;
}

enum rc api_break_glass(struct exchange *x, struct db *reader)
{
	json_object(&x->out, NULL);
	json_array(&x->out, "break_glass");
	enum rc rc = break_glass_list(reader, x->domain->wall_ms(), write_row, &x->out, &x->err);
	json_end(&x->out);
	json_end(&x->out);
	return rc;
}

enum rc api_break_glass_request(struct exchange *x, struct db *reader)
{
	const struct break_glass_values *in = &x->body.break_glass;
	struct uid id;

	enum rc rc = security_guard_step_up(x->domain, &x->who, &x->problem);
	if (rc == RC_OK)
		rc = break_glass_request(x->domain, &x->who, &in->group, in->reason,
			(uint32_t)in->hours.value, &id, &x->problem, &x->err);
	x->status = MHD_HTTP_CREATED;
	return rc == RC_OK ? answer(x, reader, &id) : rc;
}

enum rc api_break_glass_agree(struct exchange *x, struct db *reader)
{
	enum rc rc = security_guard_step_up(x->domain, &x->who, &x->problem);

	if (rc == RC_OK)
		rc = break_glass_agree(x->domain, &x->who, &x->ids[0], &x->problem, &x->err);
	return rc == RC_OK ? answer(x, reader, &x->ids[0]) : rc;
}

enum rc api_break_glass_end(struct exchange *x, struct db *reader)
{
	(void)reader;
	return break_glass_end(x->domain, &x->who, &x->ids[0], &x->err);
}
