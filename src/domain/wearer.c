#include "domain/wearer.h"

#include <stdlib.h>

#include "domain/audit.h"
#include "domain/bus.h"
#include "domain/text.h"
#include "domain/wearer_notice.h"
#include "store/query.h"
#include "store/sealed.h"
#include "watch/report_pack.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

/* What wearer_list and wearer_get read of one row, in this order. */
#define WEARER_COLUMNS                                                                             \
	"SELECT w.id, w.care_group, w.name, w.color, w.picture_version,"                           \
	" EXISTS (SELECT 1 FROM wearer_picture p WHERE p.wearer = w.id),"                          \
	" d.model, d.version, d.wire_id, d.phone, w.is_adult"                                      \
	" FROM wearer w LEFT JOIN device d ON d.wearer = w.id "

/* What cannot be opened (its key was destroyed, a damaged row) is shown as not known. */
static void read_device(struct stmt *s, struct wearer_info *ret)
{
	const struct uid *owner = &ret->id;
	char wire_id[WIRE_ID_TEXT];

	if (stmt_copy_sealed(s, 6, owner, "device.model", ret->model, sizeof ret->model, NULL) !=
		RC_OK)
		ret->model[0] = '\0';
	if (stmt_copy_sealed(s, 7, owner, "device.version", ret->version, sizeof ret->version,
		    NULL) != RC_OK)
		ret->version[0] = '\0';
	if (stmt_copy_sealed(s, 8, owner, "device.wire_id", wire_id, sizeof wire_id, NULL) == RC_OK)
		text_mask(view_of(wire_id), ret->wire_id_masked, sizeof ret->wire_id_masked);
	if (stmt_copy_sealed(s, 9, owner, "device.phone", ret->phone, sizeof ret->phone, NULL) !=
		RC_OK)
		ret->phone[0] = '\0';
}

static enum rc read_row(struct domain *d, struct stmt *s, struct wearer_info *ret, struct err *e)
{
	*ret = (struct wearer_info){.id = stmt_uid(s, 0),
		.group = stmt_uid(s, 1),
		.picture_version = (uint32_t)stmt_int(s, 4),
		.has_picture = stmt_int(s, 5) != 0,
		.is_adult = stmt_int(s, 10) != 0};
	stmt_copy_text(s, 3, ret->color, sizeof ret->color);
	read_device(s, ret);
	if (!live_read(d->live, &ret->id, &ret->live))
		ret->live = (struct live_view){.has_device = false};
	return stmt_copy_sealed(s, 2, &ret->id, "wearer.name", ret->name, sizeof ret->name, e);
}

enum rc wearer_insert(struct db *db, const struct wearer_row *row, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = keyring_add(db_keyring(db), KEY_WEARER, &row->id, e);

	if (rc == RC_OK || rc == RC_CONFLICT) /* the job runs for the second time */
		rc = query_prepare(db,
			"INSERT INTO wearer (id, number, care_group, name, color, picture_version,"
			" is_adult, notice_ms, created_ms)"
			" VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, ?7, ?6)",
			&row->id, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, row->number);
	stmt_bind_uid(s, 3, &row->group);
	stmt_bind_sealed(s, 4, &row->id, "wearer.name", row->name);
	stmt_bind_text(s, 5, row->color);
	stmt_bind_int(s, 6, row->created_ms);
	stmt_bind_int(s, 7, row->created_ms + NOTICE_DELAY_MS);
	return stmt_run(s, NULL, e);
}

enum rc wearer_names(
	struct db *reader, const struct uid *group, wearer_name_fn *fn, void *ctx, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(reader,
		"SELECT id, name FROM wearer WHERE care_group = ?1 ORDER BY number", group, &s, e);

	while (rc == RC_OK && (rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct uid id = stmt_uid(s, 0);
		char name[NAME_TEXT];
		rc = stmt_copy_sealed(s, 1, &id, "wearer.name", name, sizeof name, e);
		if (rc == RC_OK)
			fn(ctx, &id, name);
		rc = rc == RC_NOT_FOUND ? RC_OK : rc; /* being erased */
	}
	if (s != NULL)
		stmt_reset(s);
	return rc;
}

/* All that the caller's groups have, before sorting. */
struct wearers {
	struct wearer_info *all; /* owned */
	size_t n, capacity;
};

static enum rc take_row(struct domain *d, struct stmt *s, struct wearers *ws, struct err *e)
{
	if (ws->n == ws->capacity) {
		size_t capacity = ws->capacity == 0 ? 16 : ws->capacity * 2;
		struct wearer_info *grown = reallocarray(ws->all, capacity, sizeof *grown);
		if (grown == NULL)
			return fail(e, RC_NOMEM, "wearers: out of memory");
		ws->all = grown;
		ws->capacity = capacity;
	}
	enum rc rc = read_row(d, s, &ws->all[ws->n], e);
	if (rc == RC_OK)
		ws->n++;
	return rc == RC_NOT_FOUND ? RC_OK : rc; /* being erased */
}

static enum rc read_all(struct domain *d, struct db *reader, const struct principal *who,
	struct wearers *ws, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(reader,
		WEARER_COLUMNS "JOIN member m ON m.care_group = w.care_group WHERE m.account = ?1",
		&who->account, &s, e);

	if (rc != RC_OK)
		return rc;
	while (rc == RC_OK && (rc = stmt_step(s, &has_row, e)) == RC_OK && has_row)
		rc = take_row(d, s, ws, e);
	stmt_reset(s);
	return rc;
}

static int compare_names(const void *a, const void *b)
{
	const struct wearer_info *x = a;
	const struct wearer_info *y = b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : memcmp(x->id.b, y->id.b, UID_BYTES);
}

enum rc wearer_list(struct domain *d, struct db *reader, const struct principal *who, wearer_fn *fn,
	void *ctx, struct err *e)
{
	struct wearers ws = {0};
	enum rc rc = read_all(d, reader, who, &ws, e);

	if (ws.n > 0)
		qsort(ws.all, ws.n, sizeof *ws.all, compare_names);
	for (size_t i = 0; i < ws.n && rc == RC_OK; i++) {
		struct holding held;
		rc = rights_held(reader, &who->account, &ws.all[i].group, &ws.all[i].id,
			d->wall_ms(), &held, e);
		ws.all[i].rights = held.now;
		if (rc == RC_OK)
			fn(ctx, &ws.all[i]);
		rc = rc == RC_NOT_FOUND ? RC_OK : rc; /* no member any more */
	}
	free(ws.all);
	return rc;
}

enum rc wearer_get(struct domain *d, struct db *reader, const struct uid *wearer,
	struct wearer_info *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(reader, WEARER_COLUMNS "WHERE w.id = ?1", wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	rc = read_row(d, s, ret, e);
	stmt_reset(s);
	return rc;
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
	struct view name, color; /* p == NULL: as it is */
	int64_t notice_ms;       /* of an adult */
	struct uid group;        /* out */
	uint32_t number;         /* out */
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
		stmt_bind_sealed(s, 2, c->wearer, "wearer.name", c->name);
	if (c->color.p != NULL)
		stmt_bind_text(s, 3, c->color);
	return stmt_run(s, NULL, e);
}

/* Runs the job until it is durable, then tells everybody who looks. */
static enum rc run_change(struct domain *d, const struct principal *who, writer_job_fn *fn,
	struct change *c, struct err *e)
{
	if (c->name.p != NULL)
		act_detail(who, "name: %.*s", (int)c->name.n, c->name.p);
	enum rc rc = act_run(d, who, fn, c, e);

	if (rc == RC_OK)
		bus_publish(d->bus, EVENT_WEARER, &c->group, c->wearer);
	return rc;
}

enum rc wearer_change(struct domain *d, const struct principal *who, const struct uid *wearer,
	struct view name, struct view color, struct problem *p, struct err *e)
{
	struct change c = {.wearer = wearer, .name = name, .color = color};

	if (name.p != NULL && !text_is_name(name))
		return refuse(p, RC_SYNTAX, "name_invalid", "name", "1 to 80 characters");
	if (color.p != NULL && !is_color(color))
		return refuse(p, RC_SYNTAX, "color_invalid", "color", "such as #2f6fde");
	return run_change(d, who, change_job, &c, e);
}

static enum rc adult_job(struct db *db, void *arg, struct err *e)
{
	struct change *c = arg;
	struct stmt *s = NULL;
	enum rc rc = find_wearer(db, c, e);

	if (rc == RC_OK)
		rc = query_prepare(db,
			"UPDATE wearer SET notice_ms = ?2, is_adult = 1 WHERE id = ?1", c->wearer,
			&s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, c->notice_ms);
	return stmt_run(s, NULL, e);
}

enum rc wearer_set_adult(
	struct domain *d, const struct principal *who, const struct uid *wearer, struct err *e)
{
	struct change c = {.wearer = wearer, .notice_ms = d->wall_ms() + NOTICE_DELAY_MS};
	enum rc rc = run_change(d, who, adult_job, &c, e);

	if (rc == RC_OK)
		wearer_notices_wake(d);
	return rc;
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
