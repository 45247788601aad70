/* Partners as people see them: the operator registers them, families allow them, see what they did
 * and decide about what they propose. */
#include "http/api.h"

#include <stdlib.h>

#include "domain/account.h"
#include "domain/consent.h"
#include "domain/courier_outbox.h"
#include "domain/partner.h"
#include "domain/partner_meter.h"
#include "domain/plan_proposal.h"
#include "domain/second_factor.h"
#include "http/inside.h"

/* ---- the operator ---- */

static void optional(struct json_out *j, const char *key, const char *text)
{
	if (text[0] != '\0')
		json_text(j, key, view_of(text));
}

static void write_delivery(struct json_out *j, struct db *reader, const struct partner_info *p)
{
	struct courier_state c;

	if (p->webhook_url[0] == '\0' || courier_read_state(reader, &p->id, &c, NULL) != RC_OK)
		return;
	json_object(j, "webhooks");
	json_int(j, "waiting", c.waiting);
	json_int(j, "delivered", c.delivered);
	json_int(j, "dropped", c.dropped);
	json_int(j, "dead", c.dead);
	json_text(j, "last_outcome", view_of(courier_outcome_name(c.last_outcome)));
	if (c.last_ms != 0)
		json_time(j, "last", c.last_ms);
	json_end(j);
}

struct partners_writer {
	struct json_out *j;
	struct db *reader;
};

static void write_partner(void *ctx, const struct partner_info *p)
{
	const struct partners_writer *w = ctx;
	struct json_out *j = w->j;

	json_object(j, NULL);
	json_uid(j, "id", &p->id);
	json_text(j, "name", view_of(p->name));
	json_text(j, "contact", view_of(p->contact));
	json_text(j, "purpose", view_of(p->purpose));
	json_text(j, "algorithm", view_of(jws_alg_name(p->algorithm)));
	json_array(j, "keys");
	for (uint8_t i = 0; i < p->keys_n; i++)
		json_text(j, NULL, view_of(p->kids[i]));
	json_end(j);
	json_bool(j, "is_bound", p->is_bound);
	json_int(j, "requests_per_min", p->requests_per_min);
	json_int(j, "wearers_per_hour", p->wearers_per_hour);
	optional(j, "webhook_url", p->webhook_url);
	json_text(j, "state", view_of(partner_state_name(p->state)));
	optional(j, "reason", p->reason);
	json_time(j, "changed", p->state_ms);
	json_time(j, "created", p->created_ms);
	write_delivery(j, w->reader, p);
	json_end(j);
}

enum rc api_operator_partners(struct exchange *x, struct db *reader)
{
	struct partners_writer w = {.j = &x->out, .reader = reader};

	json_object(&x->out, NULL);
	json_array(&x->out, "partners");
	enum rc rc = partner_list(reader, write_partner, &w, &x->err);
	json_end(&x->out);
	json_end(&x->out);
	return rc;
}

/* The public keys of a body into room for them. */
struct keys {
	struct jws_key keys[JWS_KEYS_MAX];
	size_t n;
	enum jws_alg algorithm;
	uint8_t certificate[SHA256_BYTES];
	bool has_certificate;
};

static enum rc read_keys(struct exchange *x, const struct partner_keys_values *in, struct keys *ret)
{
	enum jws_alg alg = JWS_ES256;
	struct err e = {.rc = RC_OK};
	enum rc rc = RC_SYNTAX;

	*ret = (struct keys){.n = 0};
	if (!jws_alg_from_name(in->algorithm, &alg))
		return refuse(&x->problem, RC_SYNTAX, "field_value", "algorithm", NULL);
	ret->algorithm = alg;
	if ((in->jwks == NULL) == (in->certificate_pem.p == NULL))
		return refuse(&x->problem, RC_SYNTAX, "partner_keys_invalid", "jwks",
			"either jwks or certificate_pem");
	if (in->jwks != NULL) {
		char *text = body_to_text(in->jwks);
		if (text == NULL)
			return fail(&x->err, RC_NOMEM, "partner: out of memory");
		rc = jwks_read(view_of(text), alg, ret->keys, &ret->n, &e);
		free(text);
	} else {
		rc = certificate_read(
			in->certificate_pem, alg, &ret->keys[0], ret->certificate, &e);
		ret->has_certificate = true;
		ret->n = 1;
	}
	if (rc == RC_OK || rc == RC_NOMEM)
		return rc;
	return refuse(&x->problem, RC_SYNTAX, "partner_keys_invalid",
		in->jwks != NULL ? "jwks" : "certificate_pem", e.msg);
}

static void set_keys(
	struct partner_request *r, const struct partner_keys_values *in, const struct keys *keys)
{
	r->keys = keys->keys;
	r->keys_n = keys->n;
	r->certificate_sha256 = keys->has_certificate ? keys->certificate : NULL;
	r->is_bound = in->is_bound.value;
	r->algorithm = keys->algorithm;
}

static enum rc show_partner(struct exchange *x, struct db *reader, const struct uid *id)
{
	struct partners_writer w = {.j = &x->out, .reader = reader};
	struct partner_info *p = malloc(sizeof *p); /* too large for the stack of a pool */
	enum rc rc = p == NULL ? fail(&x->err, RC_NOMEM, "partner: out of memory")
			       : partner_get(reader, id, p, &x->err);

	if (rc == RC_OK)
		write_partner(&w, p);
	free(p);
	return rc;
}

enum rc api_operator_partner_add(struct exchange *x, struct db *reader)
{
	const struct partner_values *in = &x->body.partner;
	struct partner_request r = {
		.name = in->name,
		.contact = in->contact,
		.purpose = in->purpose,
		.webhook_url = in->webhook_url,
		.requests_per_min = (uint32_t)in->requests_per_min.value,
		.wearers_per_hour = (uint32_t)in->wearers_per_hour.value,
	};
	struct keys keys;
	struct uid id;

	enum rc rc = read_keys(x, &in->keys, &keys);
	if (rc != RC_OK)
		return rc;
	set_keys(&r, &in->keys, &keys);
	rc = partner_add(x->domain, &x->who, &r, &id, &x->problem, &x->err);
	if (rc == RC_OK)
		rc = show_partner(x, reader, &id);
	x->status = MHD_HTTP_CREATED;
	return rc;
}

enum rc api_operator_partner_keys(struct exchange *x, struct db *reader)
{
	struct partner_request r = {.requests_per_min = 0};
	struct keys keys;

	/* Who may put keys there may become the partner. */
	enum rc rc = security_guard_step_up(x->domain, &x->who, &x->problem);
	if (rc == RC_OK)
		rc = read_keys(x, &x->body.partner_keys, &keys);
	if (rc != RC_OK)
		return rc;
	set_keys(&r, &x->body.partner_keys, &keys);
	rc = partner_set_keys(x->domain, &x->who, &x->ids[0], &r, &x->problem, &x->err);
	return rc == RC_OK ? show_partner(x, reader, &x->ids[0]) : rc;
}

enum rc api_operator_partner_stop(struct exchange *x, struct db *reader)
{
	enum rc rc = partner_stop(x->domain, &x->who, &x->ids[0], &x->err);

	return rc == RC_OK ? show_partner(x, reader, &x->ids[0]) : rc;
}

enum rc api_operator_partner_start(struct exchange *x, struct db *reader)
{
	enum rc rc = partner_start(x->domain, &x->who, &x->ids[0], &x->problem, &x->err);

	if (rc != RC_OK)
		return rc;
	partner_meter_forget(x->domain->partner_meter, &x->ids[0]);
	return show_partner(x, reader, &x->ids[0]);
}

enum rc api_operator_partner_delete(struct exchange *x, struct db *reader)
{
	(void)reader;
	return partner_delete(x->domain, &x->who, &x->ids[0], &x->err);
}

/* ---- families ---- */

static void write_choice(void *ctx, const struct partner_info *p)
{
	struct json_out *j = ctx;

	if (p->state != PARTNER_ACTIVE)
		return;
	json_object(j, NULL);
	json_uid(j, "id", &p->id);
	json_text(j, "name", view_of(p->name));
	json_text(j, "purpose", view_of(p->purpose));
	json_text(j, "contact", view_of(p->contact));
	json_end(j);
}

enum rc api_partners(struct exchange *x, struct db *reader)
{
	json_object(&x->out, NULL);
	json_array(&x->out, "partners");
	enum rc rc = partner_list(reader, write_choice, &x->out, &x->err);
	json_end(&x->out);
	json_end(&x->out);
	return rc;
}

struct people_writer {
	struct json_out *j;
	struct db *reader;
};

/* A person who may have deleted the account meanwhile. */
static void write_person(const struct people_writer *w, const char *key, const struct uid *account)
{
	char name[NAME_TEXT] = "";

	if (account_name(w->reader, account, name, sizeof name, NULL) != RC_OK)
		name[0] = '\0';
	json_object(w->j, key);
	json_uid(w->j, "id", account);
	json_text(w->j, "name", view_of(name));
	json_end(w->j);
}

static void write_consent(void *ctx, const struct consent_info *c)
{
	const struct people_writer *w = ctx;
	struct json_out *j = w->j;

	json_object(j, NULL);
	json_uid(j, "id", &c->id);
	json_object(j, "partner");
	json_uid(j, "id", &c->partner);
	json_text(j, "name", view_of(c->partner_name));
	json_text(j, "purpose", view_of(c->partner_purpose));
	json_bool(j, "is_active", c->is_partner_active);
	json_end(j);
	json_array(j, "wearers");
	for (uint8_t i = 0; i < c->wearers_n; i++)
		json_uid(j, NULL, &c->wearers[i]);
	json_end(j);
	json_array(j, "rights");
	for (enum right r = RIGHT_NONE + 1; r < RIGHT_COUNT; r++) {
		if (c->rights & RIGHT_BIT(r))
			json_text(j, NULL, view_of(right_name(r)));
	}
	json_end(j);
	json_time(j, "until", c->until_ms);
	json_time(j, "granted", c->granted_ms);
	write_person(w, "by", &c->by);
	if (c->last_used_ms != 0)
		json_time(j, "last_used", c->last_used_ms);
	if (c->withdrawn_ms != 0)
		json_time(j, "withdrawn", c->withdrawn_ms);
	json_text(j, "state", view_of(consent_state_name(c->state)));
	json_end(j);
}

enum rc api_consents(struct exchange *x, struct db *reader)
{
	struct people_writer w = {.j = &x->out, .reader = reader};

	json_object(&x->out, NULL);
	json_array(&x->out, "consents");
	enum rc rc =
		consent_list(reader, &x->ids[0], x->domain->wall_ms(), write_consent, &w, &x->err);
	json_end(&x->out);
	json_end(&x->out);
	return rc;
}

static enum rc read_consent(
	struct exchange *x, const struct consent_values *in, struct consent_request *ret)
{
	*ret = (struct consent_request){
		.partner = in->partner, .until_ms = in->until.value, .wearers_n = in->wearers.n};
	_Static_assert((int)FIELD_WORDS_MAX <= (int)CONSENT_WEARERS_MAX, "a word is a wearer");
	for (uint8_t i = 0; i < in->wearers.n; i++) {
		if (!uid_from_text(in->wearers.words[i], &ret->wearers[i]))
			return refuse(&x->problem, RC_SYNTAX, "field_value", "wearers", NULL);
	}
	for (uint8_t i = 0; i < in->rights.n; i++) {
		enum right r = RIGHT_NONE;
		if (!right_from_name(in->rights.words[i], &r))
			return refuse(
				&x->problem, RC_SYNTAX, "consent_rights_invalid", "rights", NULL);
		ret->rights |= RIGHT_BIT(r);
	}
	return RC_OK;
}

enum rc api_consent_grant(struct exchange *x, struct db *reader)
{
	struct people_writer w = {.j = &x->out, .reader = reader};
	struct consent_request r;
	struct consent_info c;
	struct uid id;

	enum rc rc = read_consent(x, &x->body.consent, &r);
	if (rc == RC_OK)
		rc = consent_grant(x->domain, &x->who, &x->ids[0], &r, &id, &x->problem, &x->err);
	if (rc == RC_OK)
		rc = consent_get(reader, &id, x->domain->wall_ms(), &c, &x->err);
	if (rc == RC_OK)
		write_consent(&w, &c);
	x->status = MHD_HTTP_CREATED;
	return rc;
}

enum rc api_consent_withdraw(struct exchange *x, struct db *reader)
{
	(void)reader;
	return consent_withdraw(x->domain, &x->who, &x->ids[0], &x->err);
}

static void write_use(void *ctx, const struct consent_use *u)
{
	struct json_out *j = ctx;

	json_object(j, NULL);
	json_time(j, "time", u->time_ms);
	json_int(j, "times", u->n);
	json_uid(j, "wearer", &u->wearer);
	json_text(j, "action", view_of(u->action));
	json_end(j);
}

enum rc api_consent_uses(struct exchange *x, struct db *reader)
{
	json_object(&x->out, NULL);
	json_array(&x->out, "uses");
	enum rc rc = consent_uses(reader, &x->ids[0], write_use, &x->out, &x->err);
	json_end(&x->out);
	json_end(&x->out);
	return rc;
}

/* ---- proposed plans ---- */

static void write_proposal(void *ctx, const struct proposal_info *p)
{
	const struct people_writer *w = ctx;
	struct json_out *j = w->j;

	json_object(j, NULL);
	json_uid(j, "id", &p->id);
	json_uid(j, "wearer", &p->wearer);
	json_object(j, "partner");
	json_uid(j, "id", &p->partner);
	json_text(j, "name", view_of(p->partner_name));
	json_end(j);
	json_text(j, "state", view_of(proposal_state_name(p->state)));
	json_time(j, "created", p->created_ms);
	if (p->decided_ms != 0) {
		json_time(j, "decided", p->decided_ms);
		write_person(w, "by", &p->decided_by);
	}
	if (p->body_n > 0)
		json_raw(j, "plan", (struct view){.p = p->body, .n = p->body_n});
	json_end(j);
}

struct proposals_writer {
	struct people_writer people;
	struct exchange *x;
	enum rc rc;
};

/* What is proposed is health: only for whom the caller may see it. The row's right is the group's.
 */
static void write_if_seen(void *ctx, const struct proposal_info *p)
{
	struct proposals_writer *w = ctx;
	struct exchange *x = w->x;
	struct verdict v;

	enum rc rc = rights_decide(w->people.reader, &x->who, OBJECT_WEARER, &p->wearer,
		RIGHT_VIEW_HEALTH, x->domain->wall_ms(), &v, &x->err);
	if (rc == RC_OK && v.decision == DECIDE_ALLOW)
		write_proposal(&w->people, p);
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		w->rc = rc;
}

enum rc api_proposals(struct exchange *x, struct db *reader)
{
	struct proposals_writer w = {
		.people = {.j = &x->out, .reader = reader}, .x = x, .rc = RC_OK};

	json_object(&x->out, NULL);
	json_array(&x->out, "proposals");
	enum rc rc = proposal_list(reader, &x->ids[0], write_if_seen, &w, &x->err);
	json_end(&x->out);
	json_end(&x->out);
	return rc == RC_OK ? w.rc : rc;
}

static enum rc show_proposal(struct exchange *x, struct db *reader)
{
	struct people_writer w = {.j = &x->out, .reader = reader};
	struct proposal_info p;
	enum rc rc = proposal_get(reader, &x->ids[0], &p, &x->err);

	if (rc == RC_OK)
		write_proposal(&w, &p);
	return rc;
}

enum rc api_proposal_accept(struct exchange *x, struct db *reader)
{
	const struct approval_request request = {.kind = proposal_accept_kind.name,
		.group = x->verdict.group,
		.wearer = x->verdict.wearer,
		.subject = x->ids[0]};
	struct approval_result result;

	enum rc rc = approval_act(
		x->domain, &x->who, &x->verdict, &request, &result, &x->problem, &x->err);
	if (rc != RC_OK)
		return rc;
	return result.is_done ? show_proposal(x, reader)
			      : api_approval_pending(x, reader, &result.pending);
}

enum rc api_proposal_reject(struct exchange *x, struct db *reader)
{
	enum rc rc = proposal_reject(x->domain, &x->who, &x->ids[0], &x->problem, &x->err);

	return rc == RC_OK ? show_proposal(x, reader) : rc;
}
