#include "domain/command_clean.h"

#include <stdlib.h>

#include "base/log.h"
#include "store/db.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

struct command_clean {
	struct domain *domain;
	struct timer timer;
	int64_t before_ms, deleted; /* of the running job */
};

static enum rc clean_job(struct db *db, void *arg, struct err *e)
{
	struct command_clean *c = arg;
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db,
		"DELETE FROM command WHERE rowid IN (SELECT rowid FROM command"
		" WHERE finished_ms > 0 AND finished_ms < ?1 ORDER BY finished_ms LIMIT ?2)",
		&s, e);

	c->deleted = 0;
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, c->before_ms);
	stmt_bind_int(s, 2, CLEAN_STEP);
	return stmt_run(s, &c->deleted, e);
}

static void set_timer(struct command_clean *c, int64_t in_ms)
{
	struct loop *loop = c->domain->loop;

	timer_set(loop_wheel(loop), &c->timer, loop_now_ms(loop) + in_ms);
}

static void clean_done(void *arg, enum rc rc, const struct err *e)
{
	struct command_clean *c = arg;

	if (rc != RC_OK)
		log_event(LOG_WARN, "command.not_deleted", "why=\"%s\"", e->msg);
	set_timer(c, rc == RC_OK && c->deleted == CLEAN_STEP ? CLEAN_PAUSE_MS : CLEAN_EVERY_MS);
}

static void on_timer(struct timer *t, void *context)
{
	struct command_clean *c = CONTAINER_OF(t, struct command_clean, timer);
	struct domain *d = c->domain;

	(void)context;
	c->before_ms = d->wall_ms() - d->settings.command_keep_days * DAY_MS;
	if (d->settings.command_keep_days == 0 ||
		writer_post(d->writer, clean_job, clean_done, c, 0, NULL) != RC_OK)
		set_timer(c, CLEAN_EVERY_MS);
}

enum rc command_clean_new(struct domain *d, struct command_clean **ret_owned, struct err *e)
{
	struct command_clean *c = calloc(1, sizeof *c);

	if (c == NULL)
		return fail(e, RC_NOMEM, "commands: out of memory");
	c->domain = d;
	timer_init(&c->timer, on_timer);
	*ret_owned = c;
	return RC_OK;
}

void command_clean_free(struct command_clean *c)
{
	if (c == NULL)
		return;
	timer_cancel(&c->timer);
	free(c);
}

void command_clean_start(struct command_clean *c)
{
	set_timer(c, CLEAN_PAUSE_MS);
}
