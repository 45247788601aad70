/* Invitations into a group. */
#include "http/api.h"

#include <stdio.h>

#include "domain/group.h"
#include "domain/invitation.h"
#include "domain/web_session.h"
#include "http/inside.h"
#include "http/session_json.h"
#include "http/shapes.h"
#include "http/signed_in.h"

enum { LINK_TEXT = 512 };

static void write_link(struct exchange *x, const char *token)
{
	char link[LINK_TEXT];

	(void)snprintf(link, sizeof link, "%s/#/invitation?token=%s",
		x->domain->settings.public_url, token);
	json_text(&x->out, "link", view_of(link));
	secret_forget(link, sizeof link);
}

enum rc api_invitation_create(struct exchange *x, struct db *reader)
{
	const struct invitation_values *in = &x->body.invitation;
	uint32_t hours = in->hours.is_there ? (uint32_t)in->hours.value : INVITATION_HOURS_DEFAULT;
	struct invitation_created made;
	enum member_role role;

	if (!role_from_name(in->role, &role))
		return refuse(&x->problem, RC_SYNTAX, "field_value", "role", NULL);
	enum rc rc = invitation_create(
		x->domain, &x->who, &x->verdict, role, hours, &made, &x->problem, &x->err);
	if (rc != RC_OK)
		return rc;
	json_object(&x->out, NULL);
	json_uid(&x->out, "id", &made.id);
	write_link(x, made.token);
	json_text(&x->out, "role", in->role);
	if (made.result.is_done) {
		json_time(&x->out, "expires", made.expires_ms);
	} else {
		rc = api_approval_write(x, reader, "approval", &made.result.pending);
	}
	json_end(&x->out);
	x->status = made.result.is_done ? MHD_HTTP_CREATED : MHD_HTTP_ACCEPTED;
	secret_forget(made.token, sizeof made.token);
	return rc;
}

static void write_invitation(void *ctx, const struct invitation_info *i)
{
	struct json_out *j = ctx;

	json_object(j, NULL);
	json_uid(j, "id", &i->id);
	json_text(j, "role", view_of(role_name(i->role)));
	json_text(j, "by", view_of(i->by_name));
	json_time(j, "created", i->created_ms);
	json_time(j, "expires", i->expires_ms);
	json_end(j);
}

enum rc api_invitations(struct exchange *x, struct db *reader)
{
	json_object(&x->out, NULL);
	json_array(&x->out, "invitations");
	enum rc rc = invitation_list(
		reader, &x->ids[0], x->domain->wall_ms(), write_invitation, &x->out, &x->err);
	json_end(&x->out);
	json_end(&x->out);
	return rc;
}

enum rc api_invitation_delete(struct exchange *x, struct db *reader)
{
	(void)reader;
	return invitation_delete(x->domain, &x->who, &x->ids[0], &x->err);
}

enum rc api_invitation_look(struct exchange *x, struct db *reader)
{
	struct invitation_info i;
	char name[NAME_TEXT];

	enum rc rc = invitation_look(
		reader, x->body.token.token, x->domain->wall_ms(), &i, name, &x->problem, &x->err);
	if (rc != RC_OK)
		return rc;
	json_object(&x->out, NULL);
	json_text(&x->out, "group_name", view_of(name));
	json_text(&x->out, "role", view_of(role_name(i.role)));
	json_text(&x->out, "invited_by", view_of(i.by_name));
	json_time(&x->out, "expires", i.expires_ms);
	json_end(&x->out);
	return RC_OK;
}

enum rc api_invitation_accept(struct exchange *x, struct db *reader)
{
	const struct invitation_accept_values *in = &x->body.invitation_accept;
	char address[ADDRESS_CHARS];
	const struct request_origin from = signed_in_origin(x, address);
	const struct invitation_accept request = {.token = in->token,
		.login = in->login,
		.name = in->name,
		.password = in->password,
		.language = in->language};
	struct sign_in_result result;

	enum rc rc = invitation_accept(
		x->domain, reader, &x->who, &request, &from, &result, &x->problem, &x->err);
	return rc == RC_OK ? signed_in_answer(x, reader, &result) : rc;
}

enum rc api_invitation_join(struct exchange *x, struct db *reader)
{
	struct uid group;
	struct group_info info;

	enum rc rc = invitation_join(
		x->domain, &x->who, x->body.token.token, &group, &x->problem, &x->err);
	sessions_json_forget(x->server->sessions_json);
	if (rc == RC_OK)
		rc = group_get(reader, &x->who.account, &group, &info, &x->err);
	if (rc == RC_OK)
		shape_group(&x->out, NULL, &info);
	return rc;
}
