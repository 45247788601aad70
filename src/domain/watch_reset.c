#include "domain/watch_reset.h"

#include "base/log.h"
#include "domain/bus.h"
#include "domain/outbox.h"
#include "domain/watch_target.h"

static void fill_row(struct domain *d, const struct approval *a, struct command_row *ret)
{
	command_row_init(ret, d, COMMAND_RESET);
	ret->id = a->id;
	ret->wearer = a->wearer;
	ret->group = a->group;
	ret->by = a->by;
	ret->number = a->out_number;
}

static enum rc execute_reset(struct domain *d, struct db *db, struct approval *a, int64_t now_ms,
	struct problem *p, struct err *e)
{
	struct watch_target to;
	struct command_row row;
	enum rc rc = watch_target_read(db, &a->wearer, &to, p, e);

	(void)now_ms;
	if (rc != RC_OK)
		return rc;
	a->out_number = to.number;
	fill_row(d, a, &row);
	return command_row_insert(db, &row, e);
}

static void after_reset(struct domain *d, const struct approval *a)
{
	struct command_row row;
	struct err e;

	fill_row(d, a, &row);
	bus_publish(d->bus, EVENT_COMMAND, &row.group, &row.id);
	if (outbox_post(d, &row, &e) != RC_OK)
		log_event(LOG_ERROR, "command.not_queued",
			"why=\"%s\" it goes out after the next start", e.msg);
}

const struct approval_kind wearer_reset_kind = {
	"wearer.reset", RIGHT_RESET, execute_reset, after_reset, NULL};
