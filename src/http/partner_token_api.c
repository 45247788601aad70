/* The token endpoint of the partner API (RFC 6749 §4.4, RFC 7523 §2.2): its answers, also its
 * refusals, have the form of that standard. */
#include "http/api.h"

#include <stdio.h>

#include "crypto/token.h"
#include "domain/partner_token.h"
#include "http/form.h"
#include "http/partner_access.h"

enum { GRANT_TYPE, ASSERTION_TYPE, ASSERTION, CLIENT_ID, CLIENT_SECRET, PARAMETERS };

static enum rc answer_error(
	struct exchange *x, unsigned status, const char *code, const char *description)
{
	json_object(&x->out, NULL);
	json_text(&x->out, "error", view_of(code));
	json_text(&x->out, "error_description", view_of(description));
	json_end(&x->out);
	x->status = status;
	x->act.outcome = code;
	return RC_OK;
}

static enum rc bad_request(struct exchange *x, const char *code, const char *description)
{
	return answer_error(x, MHD_HTTP_BAD_REQUEST, code, description);
}

static enum rc bad_client(struct exchange *x, const char *description)
{
	return answer_error(x, MHD_HTTP_UNAUTHORIZED, "invalid_client", description);
}

static enum rc grant(struct exchange *x, struct db *reader, const struct form_field *f)
{
	char audience[PARTNER_AUDIENCE_TEXT];
	char id[UID_TEXT];
	uint8_t certificate[SHA256_BYTES];
	bool has_certificate = false;
	struct partner_grant g;

	(void)snprintf(
		audience, sizeof audience, "%s%s", x->server->settings->base_url, x->route->path);
	if (partner_certificate(x, certificate, &has_certificate) != RC_OK)
		return bad_client(x, "the client certificate cannot be read");
	enum rc rc = partner_token_grant(x->domain, reader, view_of(audience), f[ASSERTION].value,
		has_certificate ? certificate : NULL, &g, &x->err);
	if (rc == RC_DENIED)
		return bad_client(x, x->err.msg);
	if (rc == RC_LIMIT) {
		rc = refuse(&x->problem, RC_LIMIT, "too_many_requests", NULL, x->err.msg);
		x->problem.retry_after_s = ASSERTION_LIFE_MAX_S;
		return rc;
	}
	if (rc != RC_OK)
		return rc;
	x->who.partner = g.partner;
	uid_to_text(&g.partner, id);
	if (f[CLIENT_ID].value.p != NULL && !view_is(f[CLIENT_ID].value, view_of(id))) {
		secret_forget(g.token, sizeof g.token);
		return bad_client(x, "client_id is another than iss");
	}
	json_object(&x->out, NULL);
	json_text(&x->out, "access_token", view_of(g.token));
	json_text(&x->out, "token_type", VIEW("Bearer"));
	json_int(&x->out, "expires_in", PARTNER_TOKEN_LIFE_S);
	json_end(&x->out);
	secret_forget(g.token, sizeof g.token);
	return RC_OK;
}

enum rc partner_token(struct exchange *x, struct db *reader)
{
	struct form_field f[PARAMETERS] = {
		[GRANT_TYPE] = {"grant_type", {0}},
		[ASSERTION_TYPE] = {"client_assertion_type", {0}},
		[ASSERTION] = {"client_assertion", {0}},
		[CLIENT_ID] = {"client_id", {0}},
		[CLIENT_SECRET] = {"client_secret", {0}},
	};
	struct err e = {.rc = RC_OK};

	if (form_read(x->raw, x->raw_n, f, PARAMETERS, &e) != RC_OK)
		return bad_request(x, "invalid_request", e.msg);
	if (f[GRANT_TYPE].value.p == NULL)
		return bad_request(x, "invalid_request", "grant_type is missing");
	if (!view_is(f[GRANT_TYPE].value, VIEW("client_credentials")))
		return bad_request(x, "unsupported_grant_type", "only client_credentials is there");
	if (f[CLIENT_SECRET].value.p != NULL || x->head.authorization.p != NULL)
		return bad_request(x, "invalid_request",
			"clients show who they are by client_assertion alone: there are no "
			"secrets");
	if (!view_is(f[ASSERTION_TYPE].value,
		    VIEW("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")) ||
		f[ASSERTION].value.n == 0)
		return bad_client(x, "a client_assertion of the type jwt-bearer is wanted");
	return grant(x, reader, f);
}
