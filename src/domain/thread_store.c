#include "domain/thread_store.h"

#include <stdlib.h>

#include "crypto/token.h"
#include "domain/command_row.h"
#include "store/query.h"
#include "store/sealed.h"

enum {
	LENGTH_BYTES = 4,
	ABOUT_BYTES = 64,
	ABOUT_VERSION = 1,
	ABOUT_HAS_WAVE = 1,
	ABOUT_WAVE_AT = 12,
	EVICT_PAGE = 64, /* items looked at in one go when room is made */
	EVICT_PAGES = 16,
	SAME_TIME_MS = 1000,
	EVICT_SHARE = 20, /* a twentieth of the quota is made free at once, so that it is rare */
};

size_t thread_padded(size_t n)
{
	/* 10,240: 15 s at 4.75 kbit/s; 26,624: the longest voice; 73,728: the largest photo */
	static const size_t sizes[THREAD_SIZES] = {256, 768, 1536, 3072, 6144, 10240, 16384, 26624,
		40960, 57344, 73728, THREAD_CONTENT_MAX};

	for (size_t i = 0; i < THREAD_SIZES; i++) {
		if (n + LENGTH_BYTES <= sizes[i])
			return sizes[i];
	}
	return 0;
}

static void put_u32(uint8_t *at, uint32_t value)
{
	for (unsigned i = 0; i < LENGTH_BYTES; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t get_u32(const uint8_t *at)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < LENGTH_BYTES; i++)
		value |= (uint32_t)at[i] << (8 * i);
	return value;
}

/* Length, content, zeros up to the size of its class. */
static enum rc pad(struct view content, uint8_t **ret_owned, size_t *ret_n, struct err *e)
{
	size_t n = thread_padded(content.n);
	uint8_t *padded = n == 0 ? NULL : calloc(1, n);

	if (n == 0)
		return fail(e, RC_LIMIT, "thread: %zu bytes are too many", content.n);
	if (padded == NULL)
		return fail(e, RC_NOMEM, "thread: out of memory");
	put_u32(padded, (uint32_t)content.n);
	if (content.n > 0)
		memcpy(padded + LENGTH_BYTES, content.p, content.n);
	*ret_owned = padded;
	*ret_n = n;
	return RC_OK;
}

void thread_pad_bind(
	struct stmt *s, int n, const struct uid *owner, const char *label, struct view content)
{
	uint8_t *padded = NULL;
	size_t padded_n = 0;
	struct err why;

	if (pad(content, &padded, &padded_n, &why) != RC_OK) {
		stmt_bind_failed(s, &why);
		return;
	}
	stmt_bind_sealed(
		s, n, owner, label, (struct view){.p = (const char *)padded, .n = padded_n});
	secret_forget(padded, padded_n);
	free(padded);
}

enum rc thread_pad_take(struct stmt *s, int column, const struct uid *owner, const char *label,
	uint8_t **ret_owned, size_t *ret_n, struct err *e)
{
	uint8_t *padded = NULL;
	size_t n = 0;
	enum rc rc = stmt_take_sealed(s, column, owner, label, &padded, &n, e);

	if (rc != RC_OK)
		return rc;
	if (n < LENGTH_BYTES || get_u32(padded) > n - LENGTH_BYTES) {
		free(padded);
		return fail(e, RC_SYNTAX, "%s: its length is damaged", label);
	}
	*ret_n = get_u32(padded);
	memmove(padded, padded + LENGTH_BYTES, *ret_n);
	*ret_owned = padded;
	return RC_OK;
}

/* ---- what is known about an item ---- */

static void bind_about(struct stmt *s, int n, const struct thread_row *row)
{
	uint8_t about[ABOUT_BYTES] = {ABOUT_VERSION, row->has_wave ? ABOUT_HAS_WAVE : 0};

	put_u32(about + 4, row->duration_ms);
	put_u32(about + 8, (uint32_t)row->content.n);
	memcpy(about + ABOUT_WAVE_AT, row->wave, THREAD_WAVE);
	stmt_bind_sealed(s, n, &row->wearer, "thread_item.about",
		(struct view){.p = (const char *)about, .n = sizeof about});
}

enum rc thread_read_about(struct stmt *s, int column, struct thread_item *item, struct err *e)
{
	uint8_t *about = NULL;
	size_t n = 0;
	enum rc rc = stmt_take_sealed(s, column, &item->wearer, "thread_item.about", &about, &n, e);

	if (rc == RC_OK && (n != ABOUT_BYTES || about[0] != ABOUT_VERSION))
		rc = fail(e, RC_SYNTAX, "thread_item.about: damaged");
	if (rc == RC_OK) {
		item->has_wave = (about[1] & ABOUT_HAS_WAVE) != 0;
		item->duration_ms = get_u32(about + 4);
		item->bytes = get_u32(about + 8);
		memcpy(item->wave, about + ABOUT_WAVE_AT, THREAD_WAVE);
	}
	free(about);
	return rc;
}

/* ---- room ---- */

static enum rc change_use(
	struct db *db, const struct uid *wearer, int64_t more_bytes, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"INSERT INTO thread_use (wearer, bytes) VALUES (?1, ?2)"
		" ON CONFLICT (wearer) DO UPDATE SET bytes = thread_use.bytes + ?2",
		wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, more_bytes);
	return stmt_run(s, NULL, e);
}

static enum rc remove_row(struct db *db, const struct uid *wearer, const struct uid *item,
	int64_t size, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(
		db, "DELETE FROM thread_item WHERE wearer = ?1 AND id = ?2", wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, item);
	rc = stmt_run(s, NULL, e);
	return rc == RC_OK ? change_use(db, wearer, -size, e) : rc;
}

enum rc thread_remove(
	struct db *db, const struct uid *wearer, const struct uid *item, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(
		db, "SELECT size FROM thread_item WHERE wearer = ?1 AND id = ?2", wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, item);
	rc = query_first(s, e);
	if (rc != RC_OK)
		return rc;
	int64_t size = stmt_int(s, 0);
	stmt_reset(s);
	return remove_row(db, wearer, item, size, e);
}

static enum rc find_group_use(struct db *db, const struct uid *wearer, struct uid *ret_group,
	int64_t *ret_bytes, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(db,
		"SELECT w.care_group, (SELECT COALESCE(SUM(u.bytes), 0) FROM thread_use u"
		" JOIN wearer v ON v.id = u.wearer WHERE v.care_group = w.care_group)"
		" FROM wearer w WHERE w.id = ?1",
		wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	*ret_group = stmt_uid(s, 0);
	*ret_bytes = stmt_int(s, 1);
	stmt_reset(s);
	return RC_OK;
}

struct evicted {
	struct uid wearer, id;
	int64_t size;
};

/* The oldest items of the group that may give way: sent to a watch and ended, or heard. */
static enum rc find_evicted(struct db *db, const struct uid *group,
	struct evicted items[EVICT_PAGE], size_t *ret_n, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(db,
		"SELECT t.wearer, t.id, t.size FROM thread_item t JOIN wearer w ON w.id = t.wearer"
		" WHERE w.care_group = ?1 AND t.state >= ?2 AND (t.direction = ?3 OR t.heard_ms > 0"
		" OR t.state = ?4) ORDER BY t.created_ms LIMIT ?5",
		group, &s, e);

	*ret_n = 0;
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, THREAD_DELIVERED);
	stmt_bind_int(s, 3, THREAD_TO);
	stmt_bind_int(s, 4, THREAD_FAILED);
	stmt_bind_int(s, 5, EVICT_PAGE);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row)
		items[(*ret_n)++] = (struct evicted){
			.wearer = stmt_uid(s, 0), .id = stmt_uid(s, 1), .size = stmt_int(s, 2)};
	return rc;
}

static enum rc evict(
	struct db *db, const struct uid *group, int64_t wanted, int64_t *ret_freed, struct err *e)
{
	struct evicted items[EVICT_PAGE];
	size_t n = 0;
	enum rc rc = RC_OK;

	*ret_freed = 0;
	for (unsigned page = 0; page < EVICT_PAGES && *ret_freed < wanted; page++) {
		rc = find_evicted(db, group, items, &n, e);
		for (size_t i = 0; rc == RC_OK && i < n && *ret_freed < wanted; i++) {
			rc = remove_row(db, &items[i].wearer, &items[i].id, items[i].size, e);
			*ret_freed += items[i].size;
		}
		if (rc != RC_OK || n < EVICT_PAGE)
			break;
	}
	return rc;
}

static enum rc make_room(
	struct db *db, const struct uid *wearer, int64_t size, int64_t max_bytes, struct err *e)
{
	struct uid group;
	int64_t used = 0;
	int64_t freed = 0;
	enum rc rc = find_group_use(db, wearer, &group, &used, e);

	if (rc != RC_OK || used + size <= max_bytes)
		return rc;
	rc = evict(db, &group, used + size - max_bytes + max_bytes / EVICT_SHARE, &freed, e);
	if (rc == RC_OK && used - freed + size > max_bytes)
		return fail(e, RC_LIMIT, "thread: the group's %lld bytes are used up",
			(long long)max_bytes);
	return rc;
}

/* ---- rows ---- */

/* Items keep the order in which they came, also those of one millisecond. A clock that was set back
 * is not followed. */
static enum rc time_of_next(
	struct db *db, const struct uid *wearer, int64_t now_ms, int64_t *ret_ms, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(db,
		"SELECT COALESCE(MAX(created_ms), 0) FROM thread_item WHERE wearer = ?1", wearer,
		&s, e);

	if (rc != RC_OK)
		return rc;
	int64_t last_ms = stmt_int(s, 0);
	stmt_reset(s);
	*ret_ms = last_ms >= now_ms && last_ms - now_ms < SAME_TIME_MS ? last_ms + 1 : now_ms;
	return RC_OK;
}

static enum rc insert(struct db *db, const struct thread_row *row, const struct uid *id,
	struct view padded, int64_t size, struct err *e)
{
	struct stmt *s = NULL;
	int64_t created_ms = 0;
	enum rc rc = time_of_next(db, &row->wearer, row->created_ms, &created_ms, e);

	if (rc != RC_OK)
		return rc;
	rc = query_prepare(db,
		"INSERT INTO thread_item (wearer, id, kind, direction, by_kind, by_account, state,"
		" reason, tries, created_ms, expires_ms, next_ms, sent_ms, delivered_ms, heard_ms,"
		" size, idempotency_key, about, content_hash, content) VALUES"
		" (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0, ?8, ?9, 0, 0, 0, 0, ?10, ?11, ?12, ?13, ?14)",
		&row->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, id);
	stmt_bind_int(s, 3, row->kind);
	stmt_bind_int(s, 4, row->direction);
	stmt_bind_int(s, 5, row->by_kind);
	stmt_bind_uid(s, 6, &row->by);
	stmt_bind_int(s, 7, row->state);
	stmt_bind_int(s, 8, created_ms);
	stmt_bind_int(s, 9, row->expires_ms);
	stmt_bind_int(s, 10, size);
	stmt_bind_text(s, 11, row->idempotency_key);
	bind_about(s, 12, row);
	stmt_bind_lookup(s, 13, "thread_item.content", padded);
	stmt_bind_sealed(s, 14, &row->wearer, "thread_item.content", padded);
	return stmt_run(s, NULL, e);
}

enum rc thread_insert(struct db *db, const struct thread_row *row, int64_t max_bytes,
	struct uid *ret_id, struct err *e)
{
	uint8_t *padded = NULL;
	size_t n = 0;
	enum rc rc = pad(row->content, &padded, &n, e);

	if (rc != RC_OK)
		return rc;
	int64_t size = (int64_t)(n + ABOUT_BYTES + 2 * (size_t)SEAL_OVERHEAD);
	struct uid id = uid_is_none(&row->id) ? uid_new() : row->id;
	rc = make_room(db, &row->wearer, size, max_bytes, e);
	if (rc == RC_OK)
		rc = insert(
			db, row, &id, (struct view){.p = (const char *)padded, .n = n}, size, e);
	if (rc == RC_OK)
		rc = change_use(db, &row->wearer, size, e);
	if (rc == RC_OK)
		*ret_id = id;
	secret_forget(padded, n);
	free(padded);
	return rc;
}

enum rc thread_find_same(struct db *db, const struct uid *wearer, struct view content,
	struct uid *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	uint8_t *padded = NULL;
	size_t n = 0;
	enum rc rc = pad(content, &padded, &n, e);

	*ret = (struct uid){{0}};
	if (rc != RC_OK)
		return rc;
	rc = query_prepare(db,
		"SELECT id FROM thread_item WHERE wearer = ?1 AND content_hash = ?2"
		" AND direction = ?3 LIMIT 1",
		wearer, &s, e);
	if (rc == RC_OK) {
		stmt_bind_lookup(s, 2, "thread_item.content",
			(struct view){.p = (const char *)padded, .n = n});
		stmt_bind_int(s, 3, THREAD_FROM);
		rc = stmt_step(s, &has_row, e);
	}
	if (rc == RC_OK && has_row) {
		*ret = stmt_uid(s, 0);
		stmt_reset(s);
	}
	free(padded);
	return rc;
}

/* ---- texts: they are commands as well ---- */

enum rc thread_insert_text(struct db *db, const struct uid *wearer, const struct uid *command,
	const struct principal *who, struct view text, int64_t created_ms, int64_t max_bytes,
	struct err *e)
{
	bool is_partner = !uid_is_none(&who->partner);
	const struct thread_row row = {.id = *command,
		.wearer = *wearer,
		.kind = THREAD_TEXT,
		.direction = THREAD_TO,
		.by_kind = is_partner ? THREAD_BY_PARTNER : THREAD_BY_MEMBER,
		.by = is_partner ? who->partner : who->account,
		.state = THREAD_QUEUED,
		.created_ms = created_ms,
		.content = text};
	struct uid id;

	return thread_insert(db, &row, max_bytes, &id, e);
}

enum thread_state thread_state_of_command(enum command_state state)
{
	switch (state) {
	case COMMAND_QUEUED:
		return THREAD_QUEUED;
	case COMMAND_SENT:
		return THREAD_SENT;
	case COMMAND_CONFIRMED:
		return THREAD_DELIVERED;
	case COMMAND_EXPIRED:
		return THREAD_EXPIRED;
	case COMMAND_REFUSED:
	case COMMAND_CANCELLED:
	case COMMAND_UNKNOWN:
	case COMMAND_STATE_COUNT:
		break;
	}
	return THREAD_FAILED;
}

enum rc thread_follow_command(struct db *db, const struct uid *wearer, const struct uid *command,
	enum command_state state, int reason, int64_t now_ms, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"UPDATE thread_item SET state = ?3, reason = ?4, delivered_ms = ?5"
		" WHERE wearer = ?1 AND id = ?2",
		wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, command);
	stmt_bind_int(s, 3, thread_state_of_command(state));
	stmt_bind_int(s, 4, reason);
	stmt_bind_int(s, 5, state == COMMAND_CONFIRMED ? now_ms : 0);
	return stmt_run(s, NULL, e);
}

enum rc thread_end_restored(struct db *db, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_prepare(
		db, "UPDATE thread_item SET state = ?1, reason = ?2 WHERE state < ?3", &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, THREAD_FAILED);
	stmt_bind_int(s, 2, REASON_RESTORED);
	stmt_bind_int(s, 3, THREAD_DELIVERED);
	return stmt_run(s, NULL, e);
}
