#include "http/partner_access.h"

#include <gnutls/gnutls.h>
#include <sodium.h>

#include "domain/consent.h"
#include "domain/partner_meter.h"

enum { ESCAPED_MAX = 8192 /* a head is shorter */ };

/* nginx gives PEM with percent escapes. */
static bool unescape(struct view text, char ret[ESCAPED_MAX], size_t *ret_n)
{
	size_t to = 0;

	if (text.n > ESCAPED_MAX)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		int byte = (unsigned char)text.p[i];
		if (byte == '%') {
			int high = i + 2 < text.n ? ascii_hex(text.p[i + 1]) : -1;
			int low = high < 0 ? -1 : ascii_hex(text.p[i + 2]);
			if (low < 0)
				return false;
			byte = high * 16 + low;
			i += 2;
		}
		ret[to++] = (char)byte;
	}
	*ret_n = to;
	return true;
}

static enum rc certificate_of_header(struct exchange *x, uint8_t ret[SHA256_BYTES], bool *ret_has)
{
	char text[ESCAPED_MAX];
	size_t n = 0;

	if (x->head.client_certificate.n == 0)
		return RC_OK;
	if (!unescape(x->head.client_certificate, text, &n) ||
		certificate_hash((struct view){.p = text, .n = n}, ret, NULL) != RC_OK)
		return fail(&x->err, RC_SYNTAX, "the proxy's certificate header is malformed");
	*ret_has = true;
	return RC_OK;
}

/* By ourselves: GnuTLS has checked that the client holds its key. */
static enum rc certificate_of_connection(
	struct exchange *x, uint8_t ret[SHA256_BYTES], bool *ret_has)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	unsigned n = 0;
	const gnutls_datum_t *chain = info == NULL || info->tls_session == NULL
					      ? NULL
					      : gnutls_certificate_get_peers(info->tls_session, &n);

	if (chain == NULL || n == 0)
		return RC_OK;
	sha256_of((struct view){.p = (const char *)chain[0].data, .n = chain[0].size}, ret);
	*ret_has = true;
	return RC_OK;
}

enum rc partner_certificate(struct exchange *x, uint8_t ret[SHA256_BYTES], bool *ret_has)
{
	*ret_has = false;
	if (x->is_proxy_trusted)
		return certificate_of_header(x, ret, ret_has);
	return x->server->is_tls ? certificate_of_connection(x, ret, ret_has) : RC_OK;
}

static bool read_bearer(struct view header, struct view *ret)
{
	struct view scheme;

	if (!view_cut(&header, 7, &scheme) || !view_is_nocase(scheme, VIEW("Bearer ")))
		return false;
	*ret = view_trim(header);
	return true;
}

static enum rc look_up(struct exchange *x, struct view token)
{
	uint8_t certificate[SHA256_BYTES];
	bool has_certificate = false;
	enum rc rc = partner_certificate(x, certificate, &has_certificate);
	struct db *reader = rc == RC_OK ? server_take_reader(x->server) : NULL;

	if (rc != RC_OK)
		return RC_DENIED;
	if (reader == NULL)
		return refuse(&x->problem, RC_LIMIT, "busy", NULL, NULL);
	rc = partner_token_check(reader, token, has_certificate ? certificate : NULL,
		x->domain->wall_ms(), &x->caller, &x->err);
	server_give_reader(x->server, reader);
	return rc;
}

enum rc partner_access_check(struct exchange *x)
{
	struct view token;
	uint32_t wait_s = 0;
	enum rc rc = read_bearer(x->head.authorization, &token) ? look_up(x, token) : RC_DENIED;

	if (rc != RC_OK && rc != RC_DENIED)
		return rc;
	x->who = (struct principal){.act = &x->act};
	if (rc == RC_DENIED)
		return refuse(&x->problem, RC_DENIED, "token_invalid", NULL, NULL);
	x->who.partner = x->caller.id;
	if (partner_meter_request(x->domain->partner_meter, &x->caller.id,
		    x->caller.requests_per_min, x->now_ms, &wait_s))
		return RC_OK;
	count_up(&x->server->counters.limit_partner);
	rc = refuse(&x->problem, RC_LIMIT, "too_many_requests", NULL, NULL);
	x->problem.retry_after_s = wait_s;
	return rc;
}

enum rc partner_access_object(struct exchange *x)
{
	struct partner_meter *m = x->domain->partner_meter;
	const struct uid *wearer = &x->verdict.wearer;
	uint32_t wait_s = 0;

	if (!partner_meter_wearer(
		    m, &x->caller.id, wearer, x->caller.wearers_per_hour, x->now_ms)) {
		partner_stop_by_server(x->domain, &x->caller.id, "too_many_wearers");
		return refuse(&x->problem, RC_DENIED, "partner_stopped", NULL, NULL);
	}
	/* Changes are counted in the database, together with their Idempotency-Key. */
	if (!view_is(view_of(x->route->method), VIEW("GET")) ||
		partner_meter_right(m, &x->caller.id, wearer, x->route->right, x->now_ms, &wait_s))
		return RC_OK;
	count_up(&x->server->counters.limit_partner);
	enum rc rc = refuse(&x->problem, RC_LIMIT, "too_many_requests", NULL, NULL);
	x->problem.retry_after_s = wait_s;
	return rc;
}

const char *partner_action(const struct route *r)
{
	return r->audit + sizeof "partner." - 1;
}

static void count_missing(struct exchange *x, struct db *reader)
{
	bool was_there = false;

	if (x->route->place == OBJECT_IN_PATH &&
		consent_was_there(reader, &x->caller.id, &x->ids[0], &was_there, NULL) == RC_OK &&
		was_there)
		return;
	if (!partner_meter_missing(x->domain->partner_meter, &x->caller.id, x->now_ms))
		partner_stop_by_server(x->domain, &x->caller.id, "too_many_missing");
}

void partner_access_end(struct exchange *x, struct db *reader, enum rc rc)
{
	if (rc == RC_NOT_FOUND)
		count_missing(x, reader);
	/* Changes count themselves. */
	if (rc != RC_OK || x->route->place == OBJECT_NOWHERE ||
		!view_is(view_of(x->route->method), VIEW("GET")))
		return;
	consent_count_later(x->domain, &(struct consent_count){.partner = x->caller.id,
					       .wearer = x->verdict.wearer,
					       .right = x->route->right,
					       .action = partner_action(x->route),
					       .now_ms = x->domain->wall_ms()});
}
