#include "domain/demo_watch.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "crypto/token.h"
#include "domain/account.h"
#include "domain/audit.h"
#include "domain/bind.h"
#include "store/sealed.h"

enum { DEMO_ID_DIGITS = 10 };

/* Its wearer's name, in the language of the person who tries it. */
static const char *demo_name(const char *language)
{
	if (view_starts_nocase(view_of(language), VIEW("de")))
		return "Probe";
	return view_starts_nocase(view_of(language), VIEW("es")) ? "Prueba" : "Demo";
}

/* "" when there is none. */
static enum rc find_demo(struct db *reader, char ret_wire_id[WIRE_ID_TEXT], struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(
		reader, "SELECT wire_id, wearer FROM device WHERE is_demo = 1 LIMIT 1", &s, e);

	ret_wire_id[0] = '\0';
	if (rc != RC_OK)
		return rc;
	rc = stmt_step(s, &has_row, e);
	if (rc == RC_OK && has_row) {
		struct uid wearer = stmt_uid(s, 1);
		rc = stmt_copy_sealed(
			s, 0, &wearer, "device.wire_id", ret_wire_id, WIRE_ID_TEXT, e);
	}
	stmt_reset(s);
	return rc;
}

/* Two at once must not both find none. The id is kept for ever, also when its wearer is erased: the
 * simulated watch that runs may be taken up again. */
static enum rc demo_job(struct db *db, void *arg, struct err *e)
{
	struct bind_work *w = arg;
	char other[WIRE_ID_TEXT];
	uint64_t number = 0;
	struct stmt *s = NULL;
	enum rc rc = find_demo(db, other, e);

	if (rc == RC_OK && other[0] != '\0')
		return fail(e, RC_CONFLICT, "there is a simulated watch already");
	if (rc == RC_OK)
		rc = num_u64(view_of(w->wire_id), UINT64_MAX, &number, e);
	if (rc == RC_OK)
		rc = db_prepare(db,
			"INSERT INTO counter (name, value) VALUES ('demo_watch', ?1)"
			" ON CONFLICT (name) DO NOTHING",
			&s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, (int64_t)number);
	rc = stmt_run(s, NULL, e);
	return rc == RC_OK ? bind_job(db, w, e) : rc;
}

/* The id of the first simulated watch, or a new one. */
static enum rc choose_id(struct db *reader, char ret_wire_id[WIRE_ID_TEXT], struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc =
		db_prepare(reader, "SELECT value FROM counter WHERE name = 'demo_watch'", &s, e);

	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	if (has_row)
		(void)snprintf(ret_wire_id, WIRE_ID_TEXT, "%010lld", (long long)stmt_int(s, 0));
	else
		digits_new(DEMO_ID_DIGITS, ret_wire_id);
	stmt_reset(s);
	return RC_OK;
}

static enum rc prepare(struct domain *d, struct db *reader, const struct principal *who,
	const struct uid *group, struct bind_work *w, struct err *e)
{
	struct account_info account;
	enum rc rc = account_get(reader, &who->account, &account, e);

	if (rc != RC_OK)
		return rc;
	*w = (struct bind_work){
		.group = *group, .is_demo = true, .vendor = "3G", .zone = "Etc/UTC"};
	rc = choose_id(reader, w->wire_id, e);
	if (rc != RC_OK)
		return rc;
	memcpy(w->language, account.language, sizeof w->language);
	if (!view_to_text(view_of(demo_name(account.language)), w->name, sizeof w->name))
		return fail(e, RC_BUG, "demo: the name is too long");
	return bind_prepare(d, w, e);
}

static enum rc make(struct domain *d, const struct principal *who, struct bind_work *w,
	struct problem *p, struct err *e)
{
	enum rc rc = act_run(d, who, demo_job, w, e);

	if (rc == RC_CONFLICT)
		return refuse(p, rc, "demo_exists", NULL, NULL);
	if (rc == RC_OK)
		rc = bind_finish(d, w, e);
	if (rc != RC_OK)
		return rc;
	if (!d->out.start_demo_watch(d->out.demo_owner, w->wire_id))
		return refuse(p, RC_IO, "demo_failed", NULL, NULL);
	return RC_OK;
}

enum rc demo_watch_create(struct domain *d, struct db *reader, const struct principal *who,
	const struct uid *group, struct wearer_info *ret, struct problem *p, struct err *e)
{
	if (!d->settings.is_demo_watch_on)
		return refuse(p, RC_CONFLICT, "demo_off", NULL, NULL);
	struct bind_work *w = calloc(1, sizeof *w);
	if (w == NULL)
		return fail(e, RC_NOMEM, "demo: out of memory");
	enum rc rc = prepare(d, reader, who, group, w, e);
	if (rc == RC_OK)
		rc = make(d, who, w, p, e);
	if (rc != RC_OK) {
		bind_free(w);
		return rc;
	}
	struct uid wearer = w->wearer;
	rc = bind_post_session(w, e);
	if (rc != RC_OK)
		return rc;
	return wearer_get(d, reader, &wearer, ret, e);
}

enum rc demo_watch_resume(struct domain *d, struct db *reader, struct err *e)
{
	char wire_id[WIRE_ID_TEXT];
	enum rc rc = RC_OK;

	if (d->settings.is_demo_watch_on)
		rc = find_demo(reader, wire_id, e);
	if (rc != RC_OK || !d->settings.is_demo_watch_on || wire_id[0] == '\0')
		return rc;
	return d->out.start_demo_watch(d->out.demo_owner, wire_id)
		       ? RC_OK
		       : fail(e, RC_IO, "the simulated watch cannot be asked for");
}
