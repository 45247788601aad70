/* Alarms: list, take, close. */
#include "http/api.h"

#include "http/inside.h"
#include "http/shapes.h"
#include "http/trail.h"

static void write_alarm(void *ctx, const struct alarm_info *a)
{
	struct exchange *x = ctx;

	shape_alarm(&x->out, NULL, a, a->rights);
	if (a->has_fix && (a->rights & RIGHT_BIT(RIGHT_VIEW_POSITION)) != 0)
		trail_look(x, &a->group, &a->wearer); /* an alarm shows a place */
}

enum rc api_alarms(struct exchange *x, struct db *reader)
{
	const struct alarms_values *in = &x->query.alarms;
	bool is_all = view_is(in->state, VIEW("all"));

	json_object(&x->out, NULL);
	json_array(&x->out, "alarms");
	enum rc rc = alarm_list(reader, &x->who, x->domain->wall_ms(), !is_all,
		uid_is_none(&in->before) ? NULL : &in->before, write_alarm, x, &x->err);
	json_end(&x->out);
	json_end(&x->out);
	return rc;
}

enum rc api_alarm_take(struct exchange *x, struct db *reader)
{
	struct alarm_info alarm;

	enum rc rc =
		alarm_take(x->domain, reader, &x->who, &x->ids[0], &alarm, &x->problem, &x->err);
	if (rc == RC_OK)
		shape_alarm(&x->out, NULL, &alarm, x->verdict.now);
	return rc;
}

enum rc api_alarm_close(struct exchange *x, struct db *reader)
{
	struct alarm_info alarm;

	enum rc rc = alarm_close(x->domain, reader, &x->who, &x->ids[0], x->body.close.note, &alarm,
		&x->problem, &x->err);
	if (rc == RC_OK)
		shape_alarm(&x->out, NULL, &alarm, x->verdict.now);
	return rc;
}
