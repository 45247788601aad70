/* The own second factors: passkeys, authenticator app, recovery codes; step-up and signing in with
 * them. */
#include "crypto/base64url.h"
#include "crypto/token.h"
#include "domain/account_delete.h"
#include "domain/account_email.h"
#include "domain/second_factor.h"
#include "domain/sign_in.h"
#include "domain/step_up.h"
#include "domain/web_session.h"
#include "http/api.h"
#include "http/session_json.h"
#include "http/signed_in.h"

static const struct uid no_session = {{0}};

/* What every kind of options begins with. */
static void write_challenge(
	struct exchange *x, enum challenge_purpose purpose, const struct uid *session)
{
	struct passkey_challenge c;

	passkey_challenge(x->domain, purpose, session, &c);
	json_text(&x->out, "challenge_id", view_of(c.id));
	json_text(&x->out, "challenge", view_of(c.challenge));
	json_text(&x->out, "rp_id", view_of(c.rp_id));
	json_int(&x->out, "timeout_ms", CHALLENGE_LIFE_MS);
}

static void write_credential(void *ctx, struct view base64url)
{
	json_text(ctx, NULL, base64url);
}

static enum rc write_credentials(struct exchange *x, struct db *reader, const char *key)
{
	json_array(&x->out, key);
	enum rc rc = passkey_each_credential(
		reader, &x->who.account, write_credential, &x->out, &x->err);
	json_end(&x->out);
	return rc;
}

enum rc api_passkey_options(struct exchange *x, struct db *reader)
{
	(void)reader;
	json_object(&x->out, NULL);
	write_challenge(x, CHALLENGE_SIGN_IN, &no_session);
	json_end(&x->out);
	return RC_OK;
}

static struct passkey_proof proof_of(const struct passkey_proof_values *v)
{
	return (struct passkey_proof){.challenge_id = v->challenge_id,
		.credential_id = v->credential_id,
		.client_data = v->client_data,
		.authenticator_data = v->authenticator_data,
		.signature = v->signature,
		.user_handle = v->user_handle};
}

enum rc api_passkey_sign_in(struct exchange *x, struct db *reader)
{
	struct passkey_proof proof = proof_of(&x->body.passkey_proof);
	char address[ADDRESS_CHARS];
	struct request_origin from = signed_in_origin(x, address);
	struct sign_in_result result;

	enum rc rc =
		passkey_sign_in(x->domain, reader, &proof, &from, &result, &x->problem, &x->err);
	return rc != RC_OK ? rc : signed_in_answer(x, reader, &result);
}

enum rc api_step_up_options(struct exchange *x, struct db *reader)
{
	json_object(&x->out, NULL);
	write_challenge(x, CHALLENGE_STEP_UP, &x->who.session);
	enum rc rc = write_credentials(x, reader, "allow");
	json_end(&x->out);
	return rc;
}

static enum rc refuse_missing(struct exchange *x, const char *field)
{
	return refuse(&x->problem, RC_SYNTAX, "field_missing", field, NULL);
}

static enum rc step_up(struct exchange *x, struct db *reader)
{
	const struct step_up_values *in = &x->body.step_up;
	const struct passkey_proof proof = proof_of(&in->proof);
	char address[ADDRESS_CHARS];
	struct request_origin from = signed_in_origin(x, address);

	if (proof.challenge_id.p == NULL && in->code.p != NULL)
		return step_up_with_code(
			x->domain, reader, &x->who, in->code, &from, &x->problem, &x->err);
	if (proof.challenge_id.p == NULL)
		return refuse_missing(x, "challenge_id");
	if (proof.credential_id.p == NULL)
		return refuse_missing(x, "credential_id");
	if (proof.client_data.p == NULL)
		return refuse_missing(x, "client_data");
	if (proof.authenticator_data.p == NULL)
		return refuse_missing(x, "authenticator_data");
	if (proof.signature.p == NULL)
		return refuse_missing(x, "signature");
	return step_up_with_passkey(x->domain, reader, &x->who, &proof, &x->problem, &x->err);
}

enum rc api_step_up(struct exchange *x, struct db *reader)
{
	struct account_info account;
	enum rc rc = step_up(x, reader);

	if (rc == RC_OK)
		rc = account_get(reader, &x->who.account, &account, &x->err);
	if (rc != RC_OK)
		return rc;
	x->who.stepped_up_ms = x->domain->wall_ms();
	return signed_in_write(x, reader, &account, &x->who.session);
}

enum rc api_sessions_end(struct exchange *x, struct db *reader)
{
	(void)reader;
	return web_session_end_others(x->domain, &x->who, &x->err);
}

static enum rc guard(struct exchange *x, struct db *reader, struct view password)
{
	char address[ADDRESS_CHARS];
	struct request_origin from = signed_in_origin(x, address);

	return security_guard(x->domain, reader, &x->who, password, &from, &x->problem, &x->err);
}

enum rc api_account_delete(struct exchange *x, struct db *reader)
{
	enum rc rc = guard(x, reader, x->body.proof.password);

	if (rc == RC_OK)
		rc = account_delete(x->domain, &x->who, &x->problem, &x->err);
	if (rc == RC_OK)
		answer_set_cookie(x, NULL);
	return rc;
}

static void write_passkey(void *ctx, const struct passkey_info *k)
{
	struct json_out *j = ctx;

	json_object(j, NULL);
	json_uid(j, "id", &k->id);
	json_text(j, "name", view_of(k->name));
	json_time(j, "created", k->created_ms);
	if (k->used_ms != 0)
		json_time(j, "last_used", k->used_ms);
	json_bool(j, "is_suspect", k->is_suspect);
	json_end(j);
}

static void write_email(struct json_out *j, const struct security_info *s)
{
	bool is_confirmed = s->email[0] != '\0';
	bool is_pending = s->email_pending[0] != '\0';

	if (is_confirmed || is_pending)
		json_text(j, "email", view_of(is_confirmed ? s->email : s->email_pending));
	if (is_confirmed && is_pending)
		json_text(j, "email_pending", view_of(s->email_pending));
	json_bool(j, "is_email_confirmed", is_confirmed);
}

enum rc api_security(struct exchange *x, struct db *reader)
{
	struct json_out *j = &x->out;
	struct security_info s;
	enum rc rc = security_get(reader, &x->who.account, x->domain->wall_ms(), &s, &x->err);

	if (rc != RC_OK)
		return rc;
	json_object(j, NULL);
	json_array(j, "passkeys");
	rc = passkey_list(reader, &x->who.account, write_passkey, j, &x->err);
	json_end(j);
	json_bool(j, "has_totp", s.has_totp);
	json_int(j, "recovery_codes_left", s.recovery_codes_left);
	write_email(j, &s);
	if (s.phone[0] != '\0')
		json_text(j, "phone", view_of(s.phone));
	if (s.recovery_until_ms != 0) {
		json_object(j, "recovery");
		json_time(j, "until", s.recovery_until_ms);
		json_end(j);
	}
	json_end(j);
	return rc;
}

enum rc api_new_passkey_options(struct exchange *x, struct db *reader)
{
	struct json_out *j = &x->out;
	char user[BASE64URL_TEXT(UID_BYTES)];
	struct account_info account;
	enum rc rc = guard(x, reader, x->body.proof.password);

	if (rc == RC_OK)
		rc = account_get(reader, &x->who.account, &account, &x->err);
	if (rc != RC_OK)
		return rc;
	base64url_write(account.id.b, UID_BYTES, user, sizeof user);
	json_object(j, NULL);
	write_challenge(x, CHALLENGE_NEW_PASSKEY, &x->who.session);
	json_text(j, "rp_name", VIEW("Kinward"));
	json_text(j, "user_id", view_of(user));
	json_text(j, "user_name", view_of(account.login));
	json_text(j, "user_display_name", view_of(account.name));
	rc = write_credentials(x, reader, "exclude");
	json_end(j);
	return rc;
}

enum rc api_passkey_add(struct exchange *x, struct db *reader)
{
	const struct passkey_values *in = &x->body.passkey;
	const struct passkey_request request = {.challenge_id = in->challenge_id,
		.name = in->name,
		.client_data = in->client_data,
		.attestation_object = in->attestation_object};
	struct passkey_info k;

	enum rc rc = passkey_add(x->domain, reader, &x->who, &request, &k, &x->problem, &x->err);
	sessions_json_forget(x->server->sessions_json);
	if (rc != RC_OK)
		return rc;
	x->status = MHD_HTTP_CREATED;
	write_passkey(&x->out, &k);
	return RC_OK;
}

enum rc api_passkey_remove(struct exchange *x, struct db *reader)
{
	enum rc rc = security_guard_step_up(x->domain, &x->who, &x->problem);

	if (rc == RC_OK)
		rc = passkey_remove(x->domain, reader, &x->who, &x->ids[0], &x->err);
	sessions_json_forget(x->server->sessions_json);
	return rc;
}

enum rc api_totp_offer(struct exchange *x, struct db *reader)
{
	struct totp_offer offer;
	enum rc rc = guard(x, reader, x->body.proof.password);

	if (rc == RC_OK)
		rc = totp_offer(x->domain, reader, &x->who, &offer, &x->problem, &x->err);
	if (rc != RC_OK)
		return rc;
	json_object(&x->out, NULL);
	json_text(&x->out, "secret", view_of(offer.secret));
	json_text(&x->out, "uri", view_of(offer.uri));
	json_end(&x->out);
	secret_forget(&offer, sizeof offer);
	return RC_OK;
}

static void write_codes(struct exchange *x, struct recovery_codes *take)
{
	json_object(&x->out, NULL);
	json_array(&x->out, "recovery_codes");
	for (size_t i = 0; i < RECOVERY_CODES; i++)
		json_text(&x->out, NULL, view_of(take->text[i]));
	json_end(&x->out);
	json_end(&x->out);
	secret_forget(take, sizeof *take);
}

enum rc api_totp_confirm(struct exchange *x, struct db *reader)
{
	struct recovery_codes codes;
	enum rc rc = totp_confirm(
		x->domain, reader, &x->who, x->body.code.code, &codes, &x->problem, &x->err);

	sessions_json_forget(x->server->sessions_json);
	if (rc == RC_OK)
		write_codes(x, &codes);
	return rc;
}

enum rc api_totp_remove(struct exchange *x, struct db *reader)
{
	enum rc rc = security_guard_step_up(x->domain, &x->who, &x->problem);

	if (rc == RC_OK)
		rc = totp_remove(x->domain, reader, &x->who, &x->problem, &x->err);
	sessions_json_forget(x->server->sessions_json);
	return rc;
}

enum rc api_recovery_codes(struct exchange *x, struct db *reader)
{
	struct recovery_codes codes;
	enum rc rc = security_guard_step_up(x->domain, &x->who, &x->problem);

	(void)reader;
	if (rc == RC_OK)
		rc = recovery_codes_new(x->domain, &x->who, &codes, &x->problem, &x->err);
	if (rc == RC_OK)
		write_codes(x, &codes);
	return rc;
}

enum rc api_email(struct exchange *x, struct db *reader)
{
	const struct email_values *in = &x->body.email;
	enum rc rc = guard(x, reader, in->password);

	return rc == RC_OK
		       ? account_email_change(x->domain, &x->who, in->email, &x->problem, &x->err)
		       : rc;
}

enum rc api_email_confirm(struct exchange *x, struct db *reader)
{
	(void)reader;
	enum rc rc = account_email_confirm(
		x->domain, &x->who, x->body.token.token, &x->problem, &x->err);
	sessions_json_forget(x->server->sessions_json);
	return rc;
}
