#include "domain/audit.h"
#include "domain/bus.h"
#include "domain/wearer.h"
#include "store/query.h"
#include "store/sealed.h"

#define LABEL_BYTES "wearer_picture.bytes"

struct change {
	const struct uid *wearer;
	struct view picture;      /* bytes */
	const char *picture_type; /* NULL: delete */
	struct uid group;         /* out */
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
	size_t *ret_n, const char **ret_type, struct err *e)
{
	static const char *const types[] = {"image/jpeg", "image/png", "image/webp"};
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(
		reader, "SELECT type, bytes FROM wearer_picture WHERE wearer = ?1", wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	const char *type = NULL;
	for (size_t i = 0; has_row && i < COUNT_OF(types); i++)
		type = view_is(stmt_text(s, 0), view_of(types[i])) ? types[i] : type;
	rc = type == NULL ? fail(e, RC_NOT_FOUND, "no picture")
			  : stmt_take_sealed(s, 1, wearer, LABEL_BYTES, ret_owned, ret_n, e);
	if (rc == RC_OK)
		*ret_type = type;
	stmt_reset(s);
	return rc;
}

/* The type by the first bytes; NULL for anything else. What a client calls it does not count. */
static const char *picture_type(struct view v)
{
	if (v.n > 3 && memcmp(v.p, "\xff\xd8\xff", 3) == 0)
		return "image/jpeg";
	if (v.n > 8 && memcmp(v.p, "\x89PNG\r\n\x1a\n", 8) == 0)
		return "image/png";
	if (v.n > 12 && memcmp(v.p, "RIFF", 4) == 0 && memcmp(v.p + 8, "WEBP", 4) == 0)
		return "image/webp";
	return NULL;
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
	if (rc == RC_OK && c->picture_type != NULL)
		rc = db_prepare(db,
			"INSERT INTO wearer_picture (wearer, type, bytes) VALUES (?1, ?2, ?3)", &s,
			e);
	if (rc != RC_OK || s == NULL)
		return rc;
	stmt_bind_uid(s, 1, c->wearer);
	stmt_bind_text(s, 2, view_of(c->picture_type));
	stmt_bind_sealed(s, 3, c->wearer, LABEL_BYTES, c->picture);
	return stmt_run(s, NULL, e);
}

enum rc wearer_picture_put(struct domain *d, const struct principal *who, const struct uid *wearer,
	struct view bytes, struct problem *p, struct err *e)
{
	struct change c = {.wearer = wearer, .picture = bytes, .picture_type = picture_type(bytes)};

	if (bytes.n > PICTURE_MAX)
		return refuse(p, RC_SYNTAX, "picture_too_large", NULL, "at most 200 KB");
	if (c.picture_type == NULL)
		return refuse(p, RC_SYNTAX, "picture_type", NULL, "a JPEG, PNG or WebP picture");
	return run_change(d, who, picture_job, &c, e);
}

enum rc wearer_picture_delete(
	struct domain *d, const struct principal *who, const struct uid *wearer, struct err *e)
{
	struct change c = {.wearer = wearer};

	return run_change(d, who, picture_job, &c, e);
}
