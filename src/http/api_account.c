/* Set-up, sign-in, sessions, the account, its groups. */
#include "http/api.h"

#include "domain/group.h"
#include "domain/second_factor.h"
#include "domain/sign_in.h"
#include "domain/web_session.h"
#include "http/inside.h"
#include "http/peers.h"
#include "http/session_json.h"
#include "http/shapes.h"
#include "http/signed_in.h"

static void write_group(void *ctx, const struct group_info *g)
{
	shape_group(ctx, NULL, g);
}

/* A recovery that is over freezes nothing any more. */
static void write_account(struct exchange *x, const char *key, const struct account_info *account)
{
	struct account_info shown = *account;

	if (shown.frozen_until_ms <= x->domain->wall_ms())
		shown.frozen_until_ms = 0;
	shape_account(&x->out, key, &shown);
}

enum rc signed_in_write(struct exchange *x, struct db *reader, const struct account_info *account,
	const struct uid *session)
{
	struct json_out *j = &x->out;
	struct principal who = x->who;

	who.account = account->id;
	json_object(j, NULL);
	write_account(x, "account", account);
	json_array(j, "groups");
	enum rc rc = group_list(reader, &who, write_group, j, &x->err);
	json_end(j);
	json_uid(j, "session_id", session);
	if (who.stepped_up_ms != 0)
		json_time(j, "stepped_up_until", who.stepped_up_ms + STEP_UP_LIFE_MS);
	json_end(j);
	return rc;
}

struct request_origin signed_in_origin(const struct exchange *x, char address[ADDRESS_CHARS])
{
	address_to_text(&x->address, address);
	return (struct request_origin){
		.address = view_of(address), .user_agent = x->head.user_agent, .who = &x->who};
}

enum rc signed_in_answer(struct exchange *x, struct db *reader, const struct sign_in_result *result)
{
	struct act *act = x->who.act;
	bool is_alive = web_session_check(x->domain, view_of(result->token), &x->who);
	x->who.act = act;
	if (!is_alive)
		return fail(&x->err, RC_BUG, "the new session is not alive");
	answer_set_cookie(x, result->token);
	x->status = MHD_HTTP_CREATED;
	return signed_in_write(x, reader, &result->account, &result->session);
}

enum rc api_set_up(struct exchange *x, struct db *reader)
{
	const struct setup_values *in = &x->body.setup;
	char address[ADDRESS_CHARS];
	struct request_origin from = signed_in_origin(x, address);
	struct setup_request request = {
		.token = in->token,
		.login = in->login,
		.name = in->name,
		.password = in->password,
		.group_name = in->group_name,
		.language = in->language,
	};
	struct sign_in_result result;

	enum rc rc =
		account_set_up(x->domain, reader, &request, &from, &result, &x->problem, &x->err);
	return rc != RC_OK ? rc : signed_in_answer(x, reader, &result);
}

enum rc api_sign_in(struct exchange *x, struct db *reader)
{
	const struct sign_in_values *in = &x->body.sign_in;
	char address[ADDRESS_CHARS];
	struct request_origin from = signed_in_origin(x, address);
	struct sign_in_result result;

	const struct sign_in_request request = {
		.login = in->login, .password = in->password, .code = in->code};
	enum rc rc =
		account_sign_in(x->domain, reader, &request, &from, &result, &x->problem, &x->err);
	return rc != RC_OK ? rc : signed_in_answer(x, reader, &result);
}

/* Makes the answer and puts it where it is found again: in the table, and at the connection. */
static enum rc make_session_answer(struct exchange *x, struct db *reader, uint64_t generation)
{
	struct sessions_json *kept = x->server->sessions_json;
	uint64_t stamp = sessions_json_stamp(kept);
	struct account_info account;

	enum rc rc = account_get(reader, &x->who.account, &account, &x->err);
	if (rc == RC_OK)
		rc = signed_in_write(x, reader, &account, &x->who.session);
	if (rc != RC_OK)
		return rc;
	x->ready = shared_answer_new(answer_take_response(x));
	if (x->ready == NULL)
		return fail(&x->err, RC_NOMEM, "session: out of memory");
	sessions_json_put(kept, &x->who.session, generation, stamp, x->ready);
	return RC_OK;
}

enum rc api_session(struct exchange *x, struct db *reader)
{
	struct sessions_json *kept = x->server->sessions_json;
	struct signed_in *last = peer_signed_in(x->peer);
	uint64_t generation = web_session_generation(x->domain);
	uint64_t stamp = sessions_json_stamp(kept);

	if (last != NULL && last->answer != NULL && last->answer_stamp == stamp &&
		last->generation == generation) {
		x->ready = shared_answer_ref(last->answer);
		return RC_OK;
	}
	x->ready = sessions_json_get(kept, &x->who.session, generation);
	enum rc rc = x->ready != NULL ? RC_OK : make_session_answer(x, reader, generation);
	if (rc != RC_OK || last == NULL)
		return rc;
	shared_answer_unref(last->answer);
	last->answer = shared_answer_ref(x->ready);
	last->answer_stamp = stamp;
	return RC_OK;
}

enum rc api_sign_out(struct exchange *x, struct db *reader)
{
	(void)reader;
	answer_set_cookie(x, NULL);
	return web_session_end(x->domain, &x->who, &x->who.session, &x->err);
}

static void write_session_info(void *ctx, const struct web_session_info *s)
{
	struct json_out *j = ctx;

	json_object(j, NULL);
	json_uid(j, "id", &s->id);
	json_time(j, "created", s->created_ms);
	json_time(j, "last_used", s->last_used_ms);
	json_text(j, "user_agent", view_of(s->user_agent));
	json_text(j, "address", view_of(s->address));
	json_bool(j, "is_current", s->is_current);
	json_end(j);
}

enum rc api_sessions(struct exchange *x, struct db *reader)
{
	json_object(&x->out, NULL);
	json_array(&x->out, "sessions");
	enum rc rc =
		web_session_list(x->domain, reader, &x->who, write_session_info, &x->out, &x->err);
	json_end(&x->out);
	json_end(&x->out);
	return rc;
}

enum rc api_session_end(struct exchange *x, struct db *reader)
{
	(void)reader;
	if (uid_is(&x->ids[0], &x->who.session))
		answer_set_cookie(x, NULL);
	return web_session_end(x->domain, &x->who, &x->ids[0], &x->err);
}

enum rc api_account_change(struct exchange *x, struct db *reader)
{
	const struct account_values *in = &x->body.account;
	const struct account_edit edit = {
		.name = in->name, .language = in->language, .phone = in->phone};
	struct account_info account;
	enum rc rc = RC_OK;

	/* A check-in call is dialled to it: who took a session over must not point that elsewhere.
	 */
	if (in->phone.p != NULL && x->who.has_second_factor)
		rc = security_guard_step_up(x->domain, &x->who, &x->problem);
	if (rc == RC_OK)
		rc = account_change(x->domain, &x->who, &edit, &x->problem, &x->err);
	sessions_json_forget(x->server->sessions_json);
	if (rc == RC_OK)
		rc = account_get(reader, &x->who.account, &account, &x->err);
	if (rc == RC_OK)
		write_account(x, NULL, &account);
	return rc;
}

enum rc api_password_change(struct exchange *x, struct db *reader)
{
	const struct password_values *in = &x->body.password;
	char address[ADDRESS_CHARS];
	struct request_origin from = signed_in_origin(x, address);

	return account_change_password(
		x->domain, reader, &x->who, in->current, in->fresh, &from, &x->problem, &x->err);
}
