#include <stdlib.h>

#include "domain/audit.h"
#include "domain/bus.h"
#include "domain/media.h"
#include "domain/wearer.h"
#include "store/query.h"
#include "store/sealed.h"

#define LABEL_BYTES "wearer_picture.bytes"

struct change {
	const struct uid *wearer;
	struct view picture; /* empty: delete */
	struct uid group;    /* out */
};

static enum rc find_group(struct db *db, struct change *c, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(db, "SELECT care_group FROM wearer WHERE id = ?1", c->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	c->group = stmt_uid(s, 0);
	stmt_reset(s);
	return RC_OK;
}

static enum rc run_change(struct domain *d, const struct principal *who, writer_job_fn *fn,
	struct change *c, struct err *e)
{
	enum rc rc = act_run(d, who, fn, c, e);

	if (rc == RC_OK)
		bus_publish(d->bus, EVENT_WEARER, &c->group, c->wearer);
	return rc;
}

enum rc wearer_picture_get(struct db *reader, const struct uid *wearer, uint8_t **ret_owned,
	size_t *ret_n, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(
		reader, "SELECT bytes FROM wearer_picture WHERE wearer = ?1", wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	rc = stmt_take_sealed(s, 0, wearer, LABEL_BYTES, ret_owned, ret_n, e);
	stmt_reset(s);
	return rc;
}

static enum rc picture_job(struct db *db, void *arg, struct err *e)
{
	struct change *c = arg;
	struct stmt *s = NULL;
	enum rc rc = find_group(db, c, e);

	if (rc == RC_OK)
		rc = query_run(db, "DELETE FROM wearer_picture WHERE wearer = ?1", c->wearer, e);
	if (rc == RC_OK)
		rc = query_run(db,
			"UPDATE wearer SET picture_version = picture_version + 1 WHERE id = ?1",
			c->wearer, e);
	if (rc == RC_OK && c->picture.n > 0)
		rc = db_prepare(
			db, "INSERT INTO wearer_picture (wearer, bytes) VALUES (?1, ?2)", &s, e);
	if (rc != RC_OK || s == NULL)
		return rc;
	stmt_bind_uid(s, 1, c->wearer);
	stmt_bind_sealed(s, 2, c->wearer, LABEL_BYTES, c->picture);
	return stmt_run(s, NULL, e);
}

enum rc wearer_picture_put(struct domain *d, const struct principal *who, const struct uid *wearer,
	struct view bytes, struct problem *p, struct err *e)
{
	uint8_t *made = NULL;
	size_t n = 0;
	struct media_info info;

	if (bytes.n > PICTURE_MAX)
		return refuse(p, RC_SYNTAX, "picture_too_large", NULL, "at most 200 KB");
	enum rc rc = media_convert_wait(d, MEDIA_JPEG, bytes, &made, &n, &info, p, e);
	if (rc == RC_SYNTAX || rc == RC_LIMIT)
		return refuse(p, RC_SYNTAX, "picture_type", NULL, "a JPEG picture");
	if (rc != RC_OK)
		return rc;
	struct change c = {.wearer = wearer, .picture = {.p = (const char *)made, .n = n}};
	rc = run_change(d, who, picture_job, &c, e);
	free(made);
	return rc;
}

enum rc wearer_picture_delete(
	struct domain *d, const struct principal *who, const struct uid *wearer, struct err *e)
{
	struct change c = {.wearer = wearer};

	return run_change(d, who, picture_job, &c, e);
}
