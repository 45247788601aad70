#include "domain/wearer.h"

#include <stdlib.h>

#include "domain/bus.h"
#include "domain/ingest_inside.h"
#include "domain/outbox.h"
#include "domain/text.h"
#include "store/query.h"
#include "watch/report_pack.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

/* What wearer_list and wearer_get read of one row, in this order. */
#define WEARER_COLUMNS                                                                             \
	"SELECT w.id, w.care_group, w.name, w.color, w.picture_version,"                           \
	" EXISTS (SELECT 1 FROM wearer_picture p WHERE p.wearer = w.id),"                          \
	" COALESCE(d.model, ''), COALESCE(d.version, ''), COALESCE(d.wire_id, ''),"                \
	" COALESCE(d.phone, '')"                                                                   \
	" FROM wearer w LEFT JOIN device d ON d.wearer = w.id "

static void read_row(struct domain *d, struct stmt *s, struct wearer_info *ret)
{
	*ret = (struct wearer_info){.id = stmt_uid(s, 0),
		.group = stmt_uid(s, 1),
		.picture_version = (uint32_t)stmt_int(s, 4),
		.has_picture = stmt_int(s, 5) != 0};
	stmt_copy_text(s, 2, ret->name, sizeof ret->name);
	stmt_copy_text(s, 3, ret->color, sizeof ret->color);
	stmt_copy_text(s, 6, ret->model, sizeof ret->model);
	stmt_copy_text(s, 7, ret->version, sizeof ret->version);
	text_mask(stmt_text(s, 8), ret->wire_id_masked, sizeof ret->wire_id_masked);
	stmt_copy_text(s, 9, ret->phone, sizeof ret->phone);
	if (!live_read(d->live, &ret->id, &ret->live))
		ret->live = (struct live_view){.has_device = false};
}

enum rc wearer_list(struct domain *d, struct db *reader, const struct principal *who, wearer_fn *fn,
	void *ctx, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(reader,
		WEARER_COLUMNS "JOIN member m ON m.care_group = w.care_group WHERE m.account = ?1"
			       " ORDER BY w.name, w.id",
		&who->account, &s, e);

	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct wearer_info w;
		read_row(d, s, &w);
		fn(ctx, &w);
	}
	return rc;
}

enum rc wearer_get(struct domain *d, struct db *reader, const struct uid *wearer,
	struct wearer_info *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(reader, WEARER_COLUMNS "WHERE w.id = ?1", wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	read_row(d, s, ret);
	stmt_reset(s);
	return RC_OK;
}

static bool is_color(struct view v)
{
	if (v.n != COLOR_TEXT - 1 || v.p[0] != '#')
		return false;
	for (size_t i = 1; i < v.n; i++) {
		if (ascii_hex(v.p[i]) < 0)
			return false;
	}
	return true;
}

/* What every job here needs; the group and number are found by the job itself. */
struct change {
	const struct uid *wearer;
	struct view name, color;  /* p == NULL: as it is */
	struct view picture;      /* bytes */
	const char *picture_type; /* NULL: delete */
	struct uid group;         /* out */
	uint32_t number;          /* out */
};

static enum rc find_wearer(struct db *db, struct change *c, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(
		db, "SELECT care_group, number FROM wearer WHERE id = ?1", c->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	c->group = stmt_uid(s, 0);
	c->number = (uint32_t)stmt_int(s, 1);
	stmt_reset(s);
	return RC_OK;
}

static enum rc change_job(struct db *db, void *arg, struct err *e)
{
	struct change *c = arg;
	struct stmt *s = NULL;
	enum rc rc = find_wearer(db, c, e);

	if (rc == RC_OK)
		rc = db_prepare(db,
			"UPDATE wearer SET name = COALESCE(?2, name), color = COALESCE(?3, color)"
			" WHERE id = ?1",
			&s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, c->wearer);
	if (c->name.p != NULL)
		stmt_bind_text(s, 2, c->name);
	if (c->color.p != NULL)
		stmt_bind_text(s, 3, c->color);
	return stmt_run(s, NULL, e);
}

/* Runs the job until it is durable, then tells everybody who looks. */
static enum rc run_change(struct domain *d, writer_job_fn *fn, struct change *c, struct err *e)
{
	enum rc rc = writer_run(d->writer, fn, c, e);

	if (rc == RC_OK)
		bus_publish(d->bus, EVENT_WEARER, &c->group, c->wearer);
	return rc;
}

enum rc wearer_change(struct domain *d, const struct uid *wearer, struct view name,
	struct view color, struct problem *p, struct err *e)
{
	struct change c = {.wearer = wearer, .name = name, .color = color};

	if (name.p != NULL && !text_is_name(name))
		return refuse(p, RC_SYNTAX, "name_invalid", "name", "1 to 80 characters");
	if (color.p != NULL && !is_color(color))
		return refuse(p, RC_SYNTAX, "color_invalid", "color", "such as #2f6fde");
	return run_change(d, change_job, &c, e);
}

static enum rc erase_job(struct db *db, void *arg, struct err *e)
{
	static const char *const deletions[] = {
		"DELETE FROM wearer_picture WHERE wearer = ?1",
		"DELETE FROM command WHERE wearer = ?1",
		"DELETE FROM alarm WHERE wearer = ?1",
		"DELETE FROM claim WHERE wearer = ?1",
		"DELETE FROM device WHERE wearer = ?1",
		"DELETE FROM wearer WHERE id = ?1",
	};
	struct change *c = arg;
	enum rc rc = find_wearer(db, c, e);

	if (rc == RC_OK)
		rc = history_erase(db, c->number, e);
	for (size_t i = 0; i < COUNT_OF(deletions) && rc == RC_OK; i++)
		rc = query_run(db, deletions[i], c->wearer, e);
	return rc;
}

struct erased {
	struct domain *domain;
	struct uid wearer;
	uint32_t number;
};

/* In the main loop: nothing in memory remembers the wearer; the watch is a stranger again. */
static void forget_wearer(void *arg)
{
	struct erased *erased = arg;
	struct domain *d = erased->domain;
	uint64_t session = 0;

	live_lock(d->live);
	struct live_device *dev = live_by_wearer(d->live, &erased->wearer);
	if (dev != NULL) {
		session = dev->session;
		live_remove(d->live, dev);
	}
	live_unlock(d->live);
	session_forget(d->ingest, erased->number);
	outbox_forget(d, erased->number);
	history_forget(d->history, erased->number);
	if (session != 0)
		d->out.close(d->out.owner, session); /* it comes back and is quarantined */
	free(erased);
}

enum rc wearer_erase(struct domain *d, const struct uid *wearer, struct err *e)
{
	struct change c = {.wearer = wearer};
	struct erased *erased = malloc(sizeof *erased);

	if (erased == NULL)
		return fail(e, RC_NOMEM, "wearer: out of memory");
	enum rc rc = writer_run(d->writer, erase_job, &c, e);
	if (rc != RC_OK) {
		free(erased);
		return rc;
	}
	*erased = (struct erased){.domain = d, .wearer = *wearer, .number = c.number};
	rc = loop_post(d->loop, forget_wearer, erased, e);
	if (rc != RC_OK)
		free(erased); /* erased on disk; memory follows at the next start */
	bus_publish(d->bus, EVENT_REMOVED, &c.group, wearer);
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
	struct view bytes = has_row ? stmt_blob(s, 1) : (struct view){NULL, 0};
	uint8_t *copy = type == NULL || bytes.n == 0 ? NULL : malloc(bytes.n);
	if (copy != NULL) {
		memcpy(copy, bytes.p, bytes.n);
		*ret_owned = copy;
		*ret_n = bytes.n;
		*ret_type = type;
	} else {
		rc = type == NULL || bytes.n == 0 ? fail(e, RC_NOT_FOUND, "no picture")
						  : fail(e, RC_NOMEM, "picture: out of memory");
	}
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
	enum rc rc = find_wearer(db, c, e);

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
	stmt_bind_blob(s, 3, c->picture);
	return stmt_run(s, NULL, e);
}

enum rc wearer_picture_put(struct domain *d, const struct uid *wearer, struct view bytes,
	struct problem *p, struct err *e)
{
	struct change c = {.wearer = wearer, .picture = bytes, .picture_type = picture_type(bytes)};

	if (bytes.n > PICTURE_MAX)
		return refuse(p, RC_SYNTAX, "picture_too_large", NULL, "at most 200 KB");
	if (c.picture_type == NULL)
		return refuse(p, RC_SYNTAX, "picture_type", NULL, "a JPEG, PNG or WebP picture");
	return run_change(d, picture_job, &c, e);
}

enum rc wearer_picture_delete(struct domain *d, const struct uid *wearer, struct err *e)
{
	struct change c = {.wearer = wearer};

	return run_change(d, picture_job, &c, e);
}

struct reading {
	struct report *scratch; /* 1 KB: one for the whole reading */
	fix_fn *fn;
	void *ctx;
	uint32_t n;
	bool is_truncated;
};

static bool read_entry(void *ctx, const struct history_entry *entry)
{
	struct reading *r = ctx;
	struct fix fix;

	if (report_unpack(entry->packed, r->scratch, NULL) != RC_OK ||
		!fix_from_report(
			r->scratch, entry->time_ms, entry->received_ms, entry->marks, &fix))
		return true;
	if (r->n == HISTORY_FIXES_MAX) {
		r->is_truncated = true;
		return false;
	}
	r->n++;
	r->fn(r->ctx, &fix);
	return true;
}

enum rc wearer_history(struct domain *d, struct db *reader, const struct uid *wearer,
	int64_t from_ms, int64_t to_ms, fix_fn *fn, void *ctx, bool *ret_truncated,
	struct problem *p, struct err *e)
{
	struct change c = {.wearer = wearer};
	struct report scratch;
	struct reading r = {.scratch = &scratch, .fn = fn, .ctx = ctx};

	if (from_ms >= to_ms)
		return refuse(p, RC_SYNTAX, "range_invalid", "from", "from must be before to");
	if (to_ms - from_ms > HISTORY_RANGE_MAX_DAYS * DAY_MS)
		return refuse(p, RC_SYNTAX, "range_too_long", "to", "at most 31 days at once");
	enum rc rc = find_wearer(reader, &c, e);
	if (rc == RC_OK)
		rc = history_read(d->history, reader, c.number, from_ms, to_ms, read_entry, &r, e);
	if (rc == RC_OK)
		*ret_truncated = r.is_truncated;
	return rc;
}
