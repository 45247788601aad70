/* Commands to a wearer's watch. */
#include "http/api.h"

#include "crypto/token.h"
#include "domain/sms_form.h"
#include "domain/watch_acts.h"
#include "http/inside.h"
#include "http/shapes.h"

struct listing {
	struct exchange *x;
	struct sms_forms sms;
};

static void write_command(void *ctx, const struct command_info *c)
{
	struct listing *l = ctx;

	shape_command(&l->x->out, NULL, c, l->x->verdict.now, &l->sms);
}

enum rc api_commands(struct exchange *x, struct db *reader)
{
	struct listing l = {.x = x};

	json_object(&x->out, NULL);
	json_array(&x->out, "commands");
	enum rc rc = sms_forms_read(x->domain, reader, &x->ids[0], &l.sms, &x->err);
	if (rc == RC_OK)
		rc = commands_list(reader, &x->ids[0], write_command, &l, &x->err);
	json_end(&x->out);
	json_end(&x->out);
	return rc;
}

static enum rc propose(struct exchange *x, struct db *reader, const struct command_request *request)
{
	struct approval_request proposal = {.group = x->verdict.group, .wearer = x->ids[0]};
	struct approval_result result;
	struct command c;
	uint8_t payload[APPROVAL_PAYLOAD_MAX];
	size_t n = 0;

	enum rc rc = commands_read_request(request, &c, &x->problem);
	if (rc != RC_OK)
		return rc;
	const struct approval_kind *kind = watch_act_kind(c.kind);
	rc = kind == NULL ? fail(&x->err, RC_BUG, "command: not one that may wait")
			  : watch_act_payload(&c, payload, &n, &x->err);
	if (rc == RC_OK) {
		proposal.kind = kind->name;
		proposal.payload = (struct view){.p = (const char *)payload, .n = n};
		rc = approval_act(
			x->domain, &x->who, &x->verdict, &proposal, &result, &x->problem, &x->err);
	}
	secret_forget(&c, sizeof c);
	secret_forget(payload, sizeof payload);
	return rc == RC_OK ? api_approval_pending(x, reader, &result.pending) : rc;
}

static enum rc read_apn(struct exchange *x, struct command_request *ret)
{
	struct apn_values apn = {.name = {0}};

	if (x->body.command.apn == NULL)
		return RC_OK;
	enum rc rc = body_read_object(x->body.command.apn, &apn_table, &apn, &x->problem);
	ret->apn_name = apn.name;
	ret->apn_user = apn.user;
	ret->apn_password = apn.password;
	ret->apn_network = apn.mccmnc;
	return rc;
}

enum rc api_command_give(struct exchange *x, struct db *reader)
{
	const struct command_values *in = &x->body.command;
	struct command_request request = {
		.type = in->type,
		.text = in->text,
		.contact = in->contact,
		.idempotency_key = x->head.idempotency_key,
		.has_count = in->count.is_there,
		.count = in->count.value,
		.ssid = in->ssid,
		.network = in->network,
		.password = in->password,
	};
	struct command_info command;
	struct sms_forms sms;

	enum rc rc = read_apn(x, &request);
	if (rc != RC_OK)
		return rc;
	/* Only what can make a watch useless may wait for others: access.c refuses all else then.
	 */
	if (x->verdict.decision != DECIDE_ALLOW)
		return propose(x, reader, &request);
	rc = commands_create(
		x->domain, reader, &x->who, &x->ids[0], &request, &command, &x->problem, &x->err);
	if (rc == RC_OK)
		rc = sms_forms_read(x->domain, reader, &x->ids[0], &sms, &x->err);
	if (rc == RC_OK)
		shape_command(&x->out, NULL, &command, x->verdict.now, &sms);
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
		shape_command(&x->out, NULL, &command, x->verdict.now, NULL);
	return rc;
}
