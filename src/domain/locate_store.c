#include "domain/locate_store.h"

#include <stdlib.h>

#include "locate/radio_row.h"
#include "store/query.h"
#include "store/sealed.h"

enum { POINT_BYTES = UID_BYTES + 1 + 8 };

/* ---- what a report holds ---- */

static void add_point(struct heard_list *h, const struct wifi *w)
{
	struct heard_item *item = &h->items[h->n];

	*item = (struct heard_item){.rssi_dbm = w->rssi_dbm,
		.has_rssi = w->has_rssi && w->rssi_dbm < 0,
		.may_leave = !radio_is_made_up(w->mac) &&
			     !radio_is_private((struct view){.p = w->ssid, .n = w->ssid_n})};
	if (!radio_point_key(w->mac, &item->key))
		return;
	for (uint8_t i = 0; i < h->n; i++) {
		if (h->items[i].key == item->key)
			return; /* said twice */
	}
	h->n++;
	h->points_n++;
}

static void add_cell(struct heard_list *h, const struct cell *c, bool is_serving)
{
	struct heard_item *item = &h->items[h->n];
	uint32_t mnc = 0;

	for (size_t i = 0; i < 3 && c->mnc[i] != '\0'; i++)
		mnc = mnc * 10 + (uint32_t)(c->mnc[i] - '0');
	*item = (struct heard_item){.is_cell = true, .is_serving = is_serving};
	if (!radio_cell_key(c->mcc, mnc, c->lac, c->cid, &item->key))
		return;
	for (uint8_t i = h->points_n; i < h->n; i++) {
		if (h->items[i].key == item->key)
			return;
	}
	h->n++;
}

void heard_of_report(const struct report *r, struct heard_list *ret)
{
	ret->n = 0;
	ret->points_n = 0;
	for (size_t i = 0; i < r->wifi_n; i++)
		add_point(ret, &r->wifi[i]);
	for (size_t i = 0; i < r->cells_n; i++)
		add_cell(ret, &r->cells[i], i == 0);
}

uint32_t heard_fingerprint(const struct heard_list *h)
{
	/* With access points the cells tell nothing more. */
	size_t n = h->points_n >= 2 ? h->points_n : h->n;
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t x = h->items[i].key * 0x9e3779b97f4a7c15u;
		x = (x ^ x >> 29) * 0xbf58476d1ce4e5b9u;
		sum += x ^ x >> 32; /* in any order */
	}
	return (uint32_t)(sum ^ sum >> 32);
}

/* ---- rows ---- */

static struct view point_of(
	const struct uid *group, const struct heard_item *item, uint8_t buf[POINT_BYTES])
{
	memcpy(buf, group->b, UID_BYTES);
	buf[UID_BYTES] = item->is_cell;
	for (size_t i = 0; i < 8; i++)
		buf[UID_BYTES + 1 + i] = (uint8_t)(item->key >> (8 * i));
	return (struct view){.p = (const char *)buf, .n = POINT_BYTES};
}

static enum rc read_body(
	struct stmt *s, const struct uid *group, struct learned *ret, struct err *e)
{
	uint8_t *body = NULL;
	struct view v = {.n = 0};
	enum rc rc = stmt_take_sealed(s, 0, group, LOCATE_LABEL_BODY, &body, &v.n, e);

	stmt_reset(s);
	v.p = (const char *)body;
	if (rc == RC_OK)
		rc = learned_read(v, ret, e);
	free(body);
	return rc;
}

enum rc locate_store_find(struct db *reader, const struct uid *group, const struct heard_item *item,
	struct learned *ret, struct err *e)
{
	uint8_t point[POINT_BYTES];
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(reader,
		"SELECT body FROM radio_learned WHERE care_group = ?1 AND point_hash = ?2", group,
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_lookup(s, 2, LOCATE_LABEL_POINT, point_of(group, item, point));
	rc = stmt_step(s, &has_row, e);
	if (rc == RC_OK && !has_row)
		return fail(e, RC_NOT_FOUND, "locate: not learned");
	return rc == RC_OK ? read_body(s, group, ret, e) : rc;
}

static enum rc write_row(struct db *db, const struct uid *group, const struct heard_item *item,
	const struct learned *l, bool is_new, struct err *e)
{
	static const char insert[] =
		"INSERT INTO radio_learned (care_group, point_hash, body, seen_day, point)"
		" VALUES (?1, ?2, ?3, ?4, ?5)";
	static const char update[] = "UPDATE radio_learned SET body = ?3, seen_day = ?4"
				     " WHERE care_group = ?1 AND point_hash = ?2";
	uint8_t point[POINT_BYTES];
	uint8_t body[LEARNED_BYTES];
	struct stmt *s = NULL;
	struct view v = point_of(group, item, point);
	enum rc rc = query_prepare(db, is_new ? insert : update, group, &s, e);

	if (rc != RC_OK)
		return rc;
	learned_write(l, body);
	stmt_bind_lookup(s, 2, LOCATE_LABEL_POINT, v);
	stmt_bind_sealed(s, 3, group, LOCATE_LABEL_BODY,
		(struct view){.p = (const char *)body, .n = sizeof body});
	stmt_bind_int(s, 4, l->last_day);
	if (is_new)
		stmt_bind_sealed(s, 5, group, LOCATE_LABEL_POINT, v);
	return stmt_run(s, NULL, e);
}

/* Known well, seen today, and again where it was: nothing is to be written. */
static bool is_no_news(const struct learned *l, enum learned_kind kind, const struct sighting *s)
{
	return l->count >= LOCATE_WELL_KNOWN && l->last_day == s->day && l->moves == 0 &&
	       l->other_count == 0 &&
	       geo_distance_m(l->at, s->at) <= 2 * learned_radius_m(l, kind) + 100;
}

static enum rc learn_one(struct db *db, const struct learn_item *item,
	const struct heard_item *heard, bool *has_new, struct err *e)
{
	enum learned_kind kind = heard->is_cell ? LEARNED_CELL : LEARNED_POINT;
	struct learned l = {.count = 0};
	struct sighting s = {.at = item->at,
		.accuracy_m = item->accuracy_m,
		.rssi_dbm = heard->rssi_dbm,
		.has_rssi = heard->has_rssi,
		.is_fast = item->is_fast,
		.day = item->day};
	enum rc rc = locate_store_find(db, &item->group, heard, &l, e);
	bool is_new = rc == RC_NOT_FOUND;

	if (rc == RC_SYNTAX) { /* damaged: learned anew */
		l = (struct learned){.count = 0};
		rc = RC_OK;
	}
	if (rc != RC_OK && !is_new)
		return rc;
	if (is_no_news(&l, kind, &s))
		return RC_OK;
	*has_new = *has_new || is_new;
	learned_add(&l, kind, &s);
	return write_row(db, &item->group, heard, &l, is_new, e);
}

/* The longest unseen beyond the limit go. */
static enum rc bound_group(struct db *db, const struct uid *group, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(
		db, "SELECT COUNT(*) FROM radio_learned WHERE care_group = ?1", group, &s, e);

	if (rc != RC_OK)
		return rc;
	int64_t n = stmt_int(s, 0);
	stmt_reset(s);
	if (n <= LOCATE_POINTS_PER_GROUP_MAX + LOCATE_POINTS_SLACK)
		return RC_OK;
	rc = query_prepare(db,
		"DELETE FROM radio_learned WHERE rowid IN (SELECT rowid FROM radio_learned"
		" WHERE care_group = ?1 ORDER BY seen_day LIMIT ?2)",
		group, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, n - LOCATE_POINTS_PER_GROUP_MAX);
	return stmt_run(s, NULL, e);
}

static enum rc has_group(struct db *db, const struct uid *group, bool *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db, "SELECT 1 FROM care_group WHERE id = ?1", group, &s, e);

	if (rc == RC_OK)
		rc = stmt_step(s, ret, e);
	if (rc == RC_OK && *ret)
		stmt_reset(s);
	return rc;
}

enum rc locate_store_learn(struct db *db, const struct learn_item *item, struct err *e)
{
	bool is_there = false;
	bool has_new = false;
	enum rc rc = has_group(db, &item->group, &is_there, e);

	if (rc != RC_OK || !is_there)
		return rc;
	for (uint8_t i = 0; i < item->heard.n && rc == RC_OK; i++)
		rc = learn_one(db, item, &item->heard.items[i], &has_new, e);
	return rc == RC_OK && has_new ? bound_group(db, &item->group, e) : rc;
}

enum rc locate_store_sweep(struct db *db, uint16_t today, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db,
		"DELETE FROM radio_learned WHERE rowid IN (SELECT rowid FROM radio_learned"
		" WHERE seen_day < ?1 ORDER BY seen_day LIMIT ?2)",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, (int64_t)today - LOCATE_KEEP_DAYS);
	stmt_bind_int(s, 2, LOCATE_SWEEP_MAX);
	return stmt_run(s, NULL, e);
}
