/* Commands to a wearer's watch. */
#include "http/api.h"

#include "http/inside.h"
#include "http/shapes.h"

static void write_command(void *ctx, const struct command_info *c)
{
	shape_command(ctx, NULL, c);
}

enum rc api_commands(struct exchange *x, struct db *reader)
{
	json_object(&x->out, NULL);
	json_array(&x->out, "commands");
	enum rc rc = commands_list(reader, &x->ids[0], write_command, &x->out, &x->err);
	json_end(&x->out);
	json_end(&x->out);
	return rc;
}

/* Each kind of command has a right of its own; the row only asks whether the wearer may be seen. */
static enum rc check_right(struct exchange *x, struct db *reader)
{
	struct view type = x->body.command.type;
	enum right right = view_is(type, VIEW("locate")) ? RIGHT_LOCATE
			   : view_is(type, VIEW("find")) ? RIGHT_RING
							 : RIGHT_MESSAGE;

	return rights_decide(reader, &x->who, OBJECT_WEARER, &x->ids[0], right, &x->group, &x->err);
}

enum rc api_command_give(struct exchange *x, struct db *reader)
{
	struct command_request request = {
		.type = x->body.command.type,
		.text = x->body.command.text,
		.idempotency_key = x->head.idempotency_key,
	};
	struct command_info command;

	enum rc rc = check_right(x, reader);
	if (rc == RC_OK)
		rc = commands_create(x->domain, reader, &x->who, &x->ids[0], &request, &command,
			&x->problem, &x->err);
	if (rc == RC_OK)
		shape_command(&x->out, NULL, &command);
	x->status = MHD_HTTP_ACCEPTED;
	return rc;
}

enum rc api_command_cancel(struct exchange *x, struct db *reader)
{
	struct command_info command;

	enum rc rc = commands_cancel(
		x->domain, reader, &x->ids[0], &x->ids[1], &command, &x->problem, &x->err);
	if (rc == RC_OK)
		shape_command(&x->out, NULL, &command);
	return rc;
}
