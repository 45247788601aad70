/* Claims, and the simulated watch. */
#include "http/api.h"

#include "domain/demo_watch.h"
#include "http/inside.h"
#include "http/shapes.h"

static void write_claim(void *ctx, const struct claim_info *c)
{
	shape_claim(ctx, NULL, c);
}

enum rc api_claims(struct exchange *x, struct db *reader)
{
	json_object(&x->out, NULL);
	json_array(&x->out, "claims");
	enum rc rc = claim_list(x->domain, reader, &x->who, write_claim, &x->out, &x->err);
	json_end(&x->out);
	json_end(&x->out);
	return rc;
}

enum rc api_claim_start(struct exchange *x, struct db *reader)
{
	const struct claim_values *in = &x->body.claim;
	struct claim_request request = {
		.group = in->group,
		.watch = in->watch,
		.name = in->name,
		.sim_number = in->sim_number,
		.language = in->language,
		.zone = in->zone,
		.proof = in->proof,
	};
	struct claim_info claim;

	enum rc rc =
		claim_create(x->domain, reader, &x->who, &request, &claim, &x->problem, &x->err);
	if (rc == RC_OK)
		shape_claim(&x->out, NULL, &claim);
	x->status = MHD_HTTP_CREATED;
	return rc;
}

enum rc api_claim(struct exchange *x, struct db *reader)
{
	struct claim_info claim;

	enum rc rc = claim_get(x->domain, reader, &x->ids[0], &claim, &x->err);
	if (rc == RC_OK)
		shape_claim(&x->out, NULL, &claim);
	return rc;
}

enum rc api_claim_drop(struct exchange *x, struct db *reader)
{
	(void)reader;
	return claim_cancel(x->domain, &x->who, &x->ids[0], &x->err);
}

enum rc api_claim_code(struct exchange *x, struct db *reader)
{
	struct claim_info claim;

	enum rc rc = claim_code(x->domain, reader, &x->who, &x->ids[0], x->body.claim_code.code,
		&claim, &x->problem, &x->err);
	if (rc == RC_OK)
		shape_claim(&x->out, NULL, &claim);
	return rc;
}

enum rc api_claim_send(struct exchange *x, struct db *reader)
{
	struct claim_info claim;

	enum rc rc =
		claim_send(x->domain, reader, &x->who, &x->ids[0], &claim, &x->problem, &x->err);
	if (rc == RC_OK)
		shape_claim(&x->out, NULL, &claim);
	return rc;
}

enum rc api_demo_watch(struct exchange *x, struct db *reader)
{
	struct wearer_info wearer;

	enum rc rc = demo_watch_create(
		x->domain, reader, &x->who, &x->body.demo.group, &wearer, &x->problem, &x->err);
	if (rc == RC_OK)
		shape_wearer(&x->out, NULL, &wearer, x->verdict.now);
	x->status = MHD_HTTP_CREATED;
	return rc;
}
