/* Commands to a wearer's watch. */
#include "http/api.h"

#include "domain/watch_reset.h"
#include "http/inside.h"
#include "http/shapes.h"

static void write_command(void *ctx, const struct command_info *c)
{
	struct exchange *x = ctx;

	shape_command(&x->out, NULL, c, x->verdict.now);
}

enum rc api_commands(struct exchange *x, struct db *reader)
{
	json_object(&x->out, NULL);
	json_array(&x->out, "commands");
	enum rc rc = commands_list(reader, &x->ids[0], write_command, x, &x->err);
	json_end(&x->out);
	json_end(&x->out);
	return rc;
}

static enum rc propose_reset(struct exchange *x, struct db *reader)
{
	const struct approval_request request = {
		.kind = wearer_reset_kind.name, .group = x->verdict.group, .wearer = x->ids[0]};
	struct approval_result result;

	enum rc rc = approval_act(
		x->domain, &x->who, &x->verdict, &request, &result, &x->problem, &x->err);
	return rc == RC_OK ? api_approval_pending(x, reader, &result.pending) : rc;
}

enum rc api_command_give(struct exchange *x, struct db *reader)
{
	struct command_request request = {
		.type = x->body.command.type,
		.text = x->body.command.text,
		.contact = x->body.command.contact,
		.idempotency_key = x->head.idempotency_key,
	};
	struct command_info command;

	/* Only a reset may wait for others: access.c refuses all else then. */
	if (x->verdict.decision != DECIDE_ALLOW)
		return propose_reset(x, reader);
	enum rc rc = commands_create(
		x->domain, reader, &x->who, &x->ids[0], &request, &command, &x->problem, &x->err);
	if (rc == RC_OK)
		shape_command(&x->out, NULL, &command, x->verdict.now);
	x->status = MHD_HTTP_ACCEPTED;
	return rc;
}

/* Who gave it may take it back, and who looks after the watch's settings. */
static enum rc check_may_cancel(struct exchange *x, struct db *reader)
{
	struct command_info command;
	struct verdict v;

	enum rc rc = commands_get(reader, &x->ids[1], &command, &x->err);
	if (rc == RC_OK && !uid_is(&command.wearer, &x->ids[0]))
		return RC_NOT_FOUND;
	if (rc != RC_OK || uid_is(&command.by, &x->who.account))
		return rc;
	rc = rights_decide(reader, &x->who, OBJECT_WEARER, &x->ids[0], RIGHT_SETTINGS,
		x->domain->wall_ms(), &v, &x->err);
	if (rc == RC_OK && v.decision != DECIDE_ALLOW)
		return refuse(&x->problem, RC_DENIED, v.reason, NULL, NULL);
	return rc;
}

enum rc api_command_cancel(struct exchange *x, struct db *reader)
{
	struct command_info command;

	enum rc rc = check_may_cancel(x, reader);
	if (rc == RC_OK)
		rc = commands_cancel(x->domain, reader, &x->who, &x->ids[0], &x->ids[1], &command,
			&x->problem, &x->err);
	if (rc == RC_OK)
		shape_command(&x->out, NULL, &command, x->verdict.now);
	return rc;
}
