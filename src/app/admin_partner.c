#include "app/admin_partner.h"

#include "base/time_text.h"
#include "domain/partner.h"
#include "domain/partner_meter.h"

static void print_partner(void *ctx, const struct partner_info *p)
{
	FILE *out = ctx;
	char id[UID_TEXT];
	char since[TIME_TEXT];

	uid_to_text(&p->id, id);
	time_to_text(p->state_ms, since);
	(void)fprintf(out, "%s\t%s\t%s\t%s%s%s since %s\n", id, p->name, jws_alg_name(p->algorithm),
		partner_state_name(p->state), p->reason[0] == '\0' ? "" : ", ", p->reason, since);
}

enum rc admin_partner_list(struct admin_call *c)
{
	return partner_list(c->reader, print_partner, c->out, &c->err);
}

static enum rc read_id(struct admin_call *c, struct uid *ret)
{
	return uid_from_text(view_of(c->words[0]), ret)
		       ? RC_OK
		       : fail(&c->err, RC_NOT_FOUND, "no such partner: its id is wanted");
}

static enum rc say_done(struct admin_call *c, enum rc rc, const char *what)
{
	if (rc == RC_OK)
		(void)fprintf(c->out, "%s: %s\n", c->words[0], what);
	return rc;
}

enum rc admin_partner_stop(struct admin_call *c)
{
	struct uid id;
	enum rc rc = read_id(c, &id);

	if (rc == RC_OK)
		rc = partner_stop(c->domain, c->who, &id, &c->err);
	return say_done(c, rc, "stopped, all tokens ended");
}

enum rc admin_partner_start(struct admin_call *c)
{
	struct uid id;
	enum rc rc = read_id(c, &id);

	if (rc == RC_OK)
		rc = partner_start(c->domain, c->who, &id, &c->problem, &c->err);
	if (rc == RC_OK)
		partner_meter_forget(c->domain->partner_meter, &id);
	return say_done(c, rc, "may ask for tokens");
}

enum rc admin_partner_delete(struct admin_call *c)
{
	struct uid id;
	enum rc rc = read_id(c, &id);

	if (rc == RC_OK)
		rc = partner_delete(c->domain, c->who, &id, &c->err);
	return say_done(c, rc, "deleted with all its consents");
}
