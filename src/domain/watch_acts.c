#include "domain/watch_acts.h"

#include "base/json_out.h"
#include "base/log.h"
#include "crypto/token.h"
#include "domain/bus.h"
#include "domain/outbox.h"
#include "domain/watch_target.h"

static enum rc fill_row(
	struct domain *d, const struct approval *a, struct command_row *ret, struct err *e)
{
	struct command c;
	enum rc rc = command_unpack(a->payload, &c, e);

	if (rc == RC_OK && watch_act_kind(c.kind) != a->kind)
		rc = fail(e, RC_SYNTAX, "approval: another command than was proposed");
	if (rc != RC_OK)
		return rc;
	command_row_init(ret, d, c.kind);
	ret->command = c;
	ret->id = a->id;
	ret->wearer = a->wearer;
	ret->group = a->group;
	ret->by = a->by;
	ret->number = a->out_number;
	if (c.kind == COMMAND_APN)
		memcpy(ret->label, c.words[0], sizeof c.words[0]); /* NAME_TEXT is more */
	secret_forget(&c, sizeof c);
	return RC_OK;
}

static enum rc execute(struct domain *d, struct db *db, struct approval *a, int64_t now_ms,
	struct problem *p, struct err *e)
{
	struct watch_target to;
	struct command_row row;
	enum rc rc = watch_target_read(db, &a->wearer, &to, p, e);

	(void)now_ms;
	if (rc != RC_OK)
		return rc;
	a->out_number = to.number;
	rc = fill_row(d, a, &row, e);
	if (rc == RC_OK)
		rc = command_row_insert(db, &row, e);
	secret_forget(&row.command, sizeof row.command);
	return rc;
}

static void after(struct domain *d, const struct approval *a)
{
	struct command_row row;
	struct err e;

	if (fill_row(d, a, &row, &e) != RC_OK)
		return; /* it was read a moment ago */
	bus_publish(d->bus, EVENT_COMMAND, &row.group, &row.id);
	if (outbox_post(d, &row, &e) != RC_OK)
		log_event(LOG_ERROR, "command.not_queued",
			"why=\"%s\" it goes out after the next start", e.msg);
	secret_forget(&row.command, sizeof row.command);
}

/* Who agrees must see the name: a wrong one cuts the watch off for good. */
static void summarize_apn(struct json_out *j, struct db *reader, const struct approval *a)
{
	struct command c;

	(void)reader;
	if (command_unpack(a->payload, &c, NULL) != RC_OK)
		return;
	json_text(j, "apn", view_of(c.words[0]));
	json_text(j, "mccmnc", view_of(c.digits));
	secret_forget(&c, sizeof c);
}

const struct approval_kind wearer_reset_kind = {"wearer.reset", RIGHT_RESET, execute, after, NULL};
const struct approval_kind wearer_factory_kind = {
	"wearer.factory", RIGHT_RESET, execute, after, NULL};
const struct approval_kind wearer_update_kind = {
	"wearer.update", RIGHT_RESET, execute, after, NULL};
const struct approval_kind wearer_apn_kind = {
	"wearer.apn", RIGHT_RESET, execute, after, summarize_apn};

const struct approval_kind *watch_act_kind(enum command_kind kind)
{
	return kind == COMMAND_RESET     ? &wearer_reset_kind
	       : kind == COMMAND_FACTORY ? &wearer_factory_kind
	       : kind == COMMAND_UPDATE  ? &wearer_update_kind
	       : kind == COMMAND_APN     ? &wearer_apn_kind
					 : NULL;
}

enum rc watch_act_payload(const struct command *c, uint8_t *buf, size_t *ret_n, struct err *e)
{
	return command_pack(c, buf, APPROVAL_PAYLOAD_MAX, ret_n, e);
}
