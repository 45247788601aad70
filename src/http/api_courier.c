/* What leaves the server: mail for the operator to look at and try, dead letters, and the public
 * key of webhooks. */
#include "http/api.h"

#include "domain/courier_dispatch.h"
#include "http/inside.h"

enum rc api_jwks(struct exchange *x, struct db *reader)
{
	struct courier_key key;
	struct json_out *j = &x->out;

	(void)reader;
	courier_read_key(x->domain, &key);
	x->content_type = "application/jwk-set+json";
	json_object(j, NULL);
	json_array(j, "keys");
	json_object(j, NULL);
	json_text(j, "kty", VIEW("OKP"));
	json_text(j, "crv", VIEW("Ed25519"));
	json_text(j, "x", view_of(key.x));
	json_text(j, "kid", view_of(key.id));
	json_text(j, "alg", VIEW("EdDSA"));
	json_text(j, "use", VIEW("sig"));
	json_end(j);
	json_end(j);
	json_end(j);
	return RC_OK;
}

enum rc api_operator_mail(struct exchange *x, struct db *reader)
{
	struct courier_state s;
	struct json_out *j = &x->out;
	enum rc rc = courier_read_state(reader, NULL, &s, &x->err);

	if (rc != RC_OK)
		return refuse(&x->problem, rc, "busy", NULL, NULL);
	json_object(j, NULL);
	json_bool(j, "is_set_up", courier_has_mail(x->domain));
	if (x->domain->settings.mail_from != NULL && x->domain->settings.mail_from[0] != '\0')
		json_text(j, "from", view_of(x->domain->settings.mail_from));
	json_int(j, "waiting", s.waiting);
	json_int(j, "dead", s.dead);
	json_int(j, "delivered", s.delivered);
	if (s.last_ms != 0) {
		json_object(j, "last");
		json_time(j, "time", s.last_ms);
		json_text(j, "outcome", view_of(courier_outcome_name(s.last_outcome)));
		json_int(j, "status", s.last_code);
		json_end(j);
	}
	if (s.rests_until_ms > x->domain->wall_ms())
		json_time(j, "rests_until", s.rests_until_ms);
	json_end(j);
	return RC_OK;
}

enum rc api_operator_mail_test(struct exchange *x, struct db *reader)
{
	struct mail m = {.template = MAIL_TEST, .to = x->body.mail_test.to};

	(void)reader;
	enum rc rc = courier_test_mail(x->domain, &x->who, &m, &x->problem, &x->err);
	if (rc == RC_OK)
		x->status = 202;
	return rc;
}

static void write_dead(void *ctx, const struct dead_letter *l)
{
	struct json_out *j = ctx;
	bool is_mail = uid_is_none(&l->partner);

	json_object(j, NULL);
	json_uid(j, "id", &l->id);
	json_text(j, "kind", is_mail ? VIEW("mail") : VIEW("webhook"));
	if (!is_mail)
		json_uid(j, "partner", &l->partner);
	json_time(j, "created", l->created_ms);
	json_time(j, "ended", l->ended_ms);
	json_int(j, "tries", l->tries);
	json_text(j, "outcome", view_of(courier_outcome_name(l->outcome)));
	json_int(j, "status", l->code);
	json_end(j);
}

enum rc api_dead_letters(struct exchange *x, struct db *reader)
{
	const struct field_int *before = &x->query.dead_letters.before;

	json_object(&x->out, NULL);
	json_array(&x->out, "dead_letters");
	enum rc rc = courier_each_dead(
		reader, NULL, before->is_there ? before->value : 0, write_dead, &x->out, &x->err);
	json_end(&x->out);
	json_end(&x->out);
	return rc;
}

enum rc api_dead_letter_retry(struct exchange *x, struct db *reader)
{
	(void)reader;
	return courier_retry(x->domain, &x->who, &x->ids[0], &x->err);
}
