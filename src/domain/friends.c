#include "domain/friends.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "domain/bus.h"
#include "domain/ingest_inside.h"
#include "domain/watch_target.h"
#include "store/query.h"
#include "store/sealed.h"
#include "watch/reply_data.h"

/* A watch that looks for a friend. */
struct touch {
	int64_t since_ms; /* 0: none */
	struct uid wearer, group;
	uint32_t number;
	uint64_t session;
	char index[MESSAGE_INDEX_MAX];
	uint8_t index_n;
	char wire_id[WIRE_ID_TEXT];
	bool is_yisai;
	bool has_point;
	int32_t lat_e7, lon_e7;
	uint8_t macs[FRIENDS_HEARD_MAX][6];
	uint8_t macs_n;
};

struct friends {
	struct domain *domain;
	struct touch touches[FRIENDS_TOUCHES_MAX];
};

enum rc friends_new(struct domain *d, struct friends **ret_owned, struct err *e)
{
	struct friends *fs = calloc(1, sizeof *fs);

	if (fs == NULL)
		return fail(e, RC_NOMEM, "friends: out of memory");
	fs->domain = d;
	*ret_owned = fs;
	return RC_OK;
}

void friends_free(struct friends *fs)
{
	free(fs);
}

/* ---- who is together ---- */

static bool is_near(const struct touch *a, const struct touch *b)
{
	double north_m = ((double)a->lat_e7 - b->lat_e7) * 0.0111319491;
	double east_m = ((double)a->lon_e7 - b->lon_e7) * 0.0111319491 *
			cos((double)a->lat_e7 * 1.7453292519943295e-9);

	return sqrt(north_m * north_m + east_m * east_m) <= FRIENDS_NEAR_M;
}

static bool hear_the_same(const struct touch *a, const struct touch *b)
{
	for (unsigned i = 0; i < a->macs_n; i++) {
		for (unsigned k = 0; k < b->macs_n; k++) {
			if (memcmp(a->macs[i], b->macs[k], sizeof a->macs[i]) == 0)
				return true;
		}
	}
	return false;
}

static bool are_together(const struct touch *a, const struct touch *b)
{
	return (a->has_point && b->has_point) ? is_near(a, b) : hear_the_same(a, b);
}

/* The one other watch that is there; NULL when there is none, or more than one. */
static struct touch *find_other(struct friends *fs, const struct touch *t)
{
	struct touch *found = NULL;

	for (unsigned i = 0; i < FRIENDS_TOUCHES_MAX; i++) {
		struct touch *other = &fs->touches[i];
		if (other->since_ms == 0 || other->number == t->number ||
			t->since_ms - other->since_ms > FRIENDS_TOUCH_MS || !are_together(t, other))
			continue;
		if (found != NULL)
			return NULL;
		found = other;
	}
	return found;
}

/* Its place among those that wait: its own of before, or that of the oldest. */
static struct touch *place_of(struct friends *fs, uint32_t number)
{
	struct touch *oldest = &fs->touches[0];

	for (unsigned i = 0; i < FRIENDS_TOUCHES_MAX; i++) {
		if (fs->touches[i].since_ms != 0 && fs->touches[i].number == number)
			return &fs->touches[i];
		if (fs->touches[i].since_ms < oldest->since_ms)
			oldest = &fs->touches[i];
	}
	return oldest;
}

static bool read_touch(
	struct domain *d, const struct message_report *m, const struct report *r, struct touch *ret)
{
	*ret = (struct touch){.since_ms = m->received_ms, .session = m->session};
	live_lock(d->live);
	const struct live_device *dev = live_by_session(d->live, m->session);
	if (dev != NULL) {
		struct view id = live_wire_id(dev);
		ret->wearer = dev->wearer;
		ret->group = dev->group;
		ret->number = dev->number;
		ret->is_yisai = command_is_yisai((struct view){
			.p = dev->vendor, .n = strnlen(dev->vendor, sizeof dev->vendor)});
		memcpy(ret->wire_id, id.p, id.n);
	}
	live_unlock(d->live);
	if (ret->number == 0 || !ingest_trusts(d, ret->number, m->session))
		return false;
	ret->index_n = (uint8_t)(m->index.n <= sizeof ret->index ? m->index.n : 0);
	if (ret->index_n > 0)
		memcpy(ret->index, m->index.p, ret->index_n);
	ret->has_point = (r->has & REPORT_HAS_POINT) != 0 && r->is_valid;
	ret->lat_e7 = r->lat_e7;
	ret->lon_e7 = r->lon_e7;
	for (; ret->macs_n < r->wifi_n && ret->macs_n < FRIENDS_HEARD_MAX; ret->macs_n++)
		memcpy(ret->macs[ret->macs_n], r->wifi[ret->macs_n].mac, sizeof ret->macs[0]);
	return true;
}

/* ---- becoming friends ---- */

struct side {
	struct touch touch;
	char name[NAME_TEXT]; /* out: of this side's wearer */
};

struct make_work {
	struct domain *domain;
	struct side sides[2];
	bool is_allowed, is_old; /* out */
};

static enum rc count_friends(struct db *db, const struct uid *wearer, const struct uid *friend,
	int64_t *ret_n, bool *ret_has_it, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"SELECT COUNT(*), COALESCE(SUM(friend = ?2), 0) FROM friendship WHERE wearer = ?1",
		wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, friend);
	rc = query_first(s, e);
	if (rc != RC_OK)
		return rc;
	*ret_n = stmt_int(s, 0);
	*ret_has_it = stmt_int(s, 1) != 0;
	stmt_reset(s);
	return RC_OK;
}

static enum rc look_at_side(struct db *db, struct make_work *w, unsigned i, struct err *e)
{
	struct side *side = &w->sides[i];
	const struct uid *other = &w->sides[1 - i].touch.wearer;
	struct stmt *s = NULL;
	bool is_allowed = false;
	bool has_it = false;
	int64_t n = 0;
	enum rc rc = friend_rule_get(db, &side->touch.wearer, &is_allowed, e);

	if (rc == RC_OK)
		rc = count_friends(db, &side->touch.wearer, other, &n, &has_it, e);
	if (rc == RC_OK)
		rc = query_row(
			db, "SELECT name FROM wearer WHERE id = ?1", &side->touch.wearer, &s, e);
	if (rc != RC_OK)
		return rc;
	rc = stmt_copy_sealed(
		s, 0, &side->touch.wearer, "wearer.name", side->name, sizeof side->name, e);
	stmt_reset(s);
	w->is_allowed = w->is_allowed && is_allowed && (has_it || n < FRIENDS_MAX);
	w->is_old = w->is_old || has_it;
	return rc;
}

static enum rc insert(struct db *db, const struct uid *wearer, const struct uid *friend,
	const struct uid *id, int64_t now_ms, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"INSERT INTO friendship (wearer, friend, id, since_ms) VALUES (?1, ?2, ?3, ?4)",
		wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, friend);
	stmt_bind_uid(s, 3, id);
	stmt_bind_int(s, 4, now_ms);
	return stmt_run(s, NULL, e);
}

/* Both groups are told of it. */
static enum rc write_friendship(struct db *db, const struct make_work *w, struct err *e)
{
	struct uid id = uid_new();
	int64_t now_ms = w->domain->wall_ms();
	enum rc rc = RC_OK;

	for (unsigned i = 0; i < 2 && rc == RC_OK; i++) {
		const struct touch *t = &w->sides[i].touch;
		struct act act = {.action = "friend.made",
			.actor_kind = ACTOR_WATCH,
			.group = t->group,
			.wearer = t->wearer,
			.outcome = "done",
			.is_told = true};
		(void)snprintf(act.detail, sizeof act.detail, "%s", w->sides[1 - i].name);
		rc = insert(db, &t->wearer, &w->sides[1 - i].touch.wearer, &id, now_ms, e);
		if (rc == RC_OK)
			rc = audit_append(db, &act, now_ms, e);
	}
	return rc;
}

static enum rc make_job(struct db *db, void *arg, struct err *e)
{
	struct make_work *w = arg;
	enum rc rc = RC_OK;

	w->is_allowed = true;
	w->is_old = false;
	for (unsigned i = 0; i < 2 && rc == RC_OK; i++)
		rc = look_at_side(db, w, i, e);
	return rc == RC_OK && w->is_allowed && !w->is_old ? write_friendship(db, w, e) : rc;
}

/* As much of a name as a watch shows. */
static void copy_name(const char *name, char dst[COMMAND_NAME_BYTES + 1])
{
	size_t n = strlen(name);

	n = n < COMMAND_NAME_BYTES ? n : COMMAND_NAME_BYTES;
	while (n > 0 && ((uint8_t)name[n] & 0xC0) == 0x80)
		n--;
	memcpy(dst, name, n);
	dst[n] = '\0';
}

static void answer_side(const struct make_work *w, unsigned i)
{
	struct domain *d = w->domain;
	const struct touch *t = &w->sides[i].touch;
	const struct side *other = &w->sides[1 - i];
	struct reply_data data = {
		.friend = {.result = w->is_old ? FRIEND_THIS_HAS_ONE : FRIEND_MADE}};
	struct reply reply = {.kind = REPLY_FRIEND, .data = &data};
	struct err e;

	if (w->is_old && t->is_yisai)
		return; /* they know no such answer */
	if (!w->is_old) {
		memcpy(data.friend.id, other->touch.wire_id, strlen(other->touch.wire_id) + 1);
		copy_name(other->name, data.friend.name);
	}
	if (reply_data_check(REPLY_FRIEND, &data, &e) == RC_OK)
		d->out.answer(d->out.owner, t->session,
			(struct view){.p = t->index, .n = t->index_n}, &reply);
	else
		log_event(LOG_WARN, "friend.not_told", "why=\"%s\"", e.msg);
}

static void make_done(void *arg, enum rc rc, const struct err *e)
{
	struct make_work *w = arg;
	struct domain *d = w->domain;

	if (rc != RC_OK && rc != RC_NOT_FOUND)
		log_event(LOG_ERROR, "friend.not_made", "why=\"%s\"", e->msg);
	for (unsigned i = 0; i < 2 && rc == RC_OK && w->is_allowed; i++) {
		const struct touch *t = &w->sides[i].touch;
		answer_side(w, i);
		if (w->is_old)
			continue;
		bus_publish(d->bus, EVENT_NOTICE, &t->group, &t->group);
		bus_publish(d->bus, EVENT_HEALTH, &t->group, &t->wearer);
	}
	free(w);
}

void friends_on_touch(struct domain *d, const struct message_report *m, const struct report *r)
{
	struct friends *fs = d->friends;
	struct touch t;
	struct err e;

	if (fs == NULL || !read_touch(d, m, r, &t))
		return;
	struct touch *other = find_other(fs, &t);
	if (other == NULL) {
		*place_of(fs, t.number) = t; /* waits for the other one */
		return;
	}
	struct make_work *w = calloc(1, sizeof *w);
	if (w == NULL)
		return; /* "not found": they try again */
	w->domain = d;
	w->sides[0].touch = *other;
	w->sides[1].touch = t;
	other->since_ms = 0;
	struct touch *own = place_of(fs, t.number);
	if (own->number == t.number)
		own->since_ms = 0;
	if (writer_post(d->writer, make_job, make_done, w, 0, &e) != RC_OK) {
		log_event(LOG_WARN, "friend.busy", "why=\"%s\"", e.msg);
		free(w);
	}
}

/* ---- the end of a friendship ---- */

/* RC_CONFLICT: no watch. */
static enum rc watch_wire_id(
	struct db *db, const struct uid *wearer, char ret[WIRE_ID_TEXT], struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc =
		query_prepare(db, "SELECT wire_id FROM device WHERE wearer = ?1", wearer, &s, e);

	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	if (!has_row)
		return fail(e, RC_CONFLICT, "friend: no watch");
	rc = stmt_copy_sealed(s, 0, wearer, "device.wire_id", ret, WIRE_ID_TEXT, e);
	stmt_reset(s);
	return rc;
}

/* Both rows go, and both watches are told to forget the other. */
static enum rc end_one(struct db *db, const struct domain *d, const struct uid *wearer,
	const struct uid *friend, const struct uid *by, struct command_rows *rows, struct err *e)
{
	const struct uid *both[] = {wearer, friend};
	enum rc rc = RC_OK;

	for (unsigned i = 0; i < 2 && rc == RC_OK; i++) {
		struct stmt *s = NULL;
		rc = query_prepare(db, "DELETE FROM friendship WHERE wearer = ?1 AND friend = ?2",
			both[i], &s, e);
		if (rc == RC_OK) {
			stmt_bind_uid(s, 2, both[1 - i]);
			rc = stmt_run(s, NULL, e);
		}
	}
	for (unsigned i = 0; i < 2 && rc == RC_OK && rows->n < TARGET_ROWS_MAX; i++) {
		struct watch_target to;
		char wire_id[WIRE_ID_TEXT] = "";
		struct problem p;
		rc = watch_target_read(db, both[i], &to, &p, e);
		if (rc == RC_OK)
			rc = watch_wire_id(db, both[1 - i], wire_id, e);
		if (rc == RC_OK)
			memcpy(command_rows_add(rows, d, &to, by, COMMAND_UNFRIEND)
					->command.words[0],
				wire_id, sizeof wire_id);
		if (rc == RC_CONFLICT) /* one of them has no watch any more */
			rc = RC_OK;
	}
	return rc;
}

struct ending {
	struct domain *domain;
	struct uid wearer;
	const struct uid *by;         /* NULL: the watch */
	const struct uid *friendship; /* NULL: see which */
	bool is_all;                  /* every one; and the rule goes off */
	char wire_id[WIRE_ID_TEXT];   /* of the friend's watch; "": the only one */
	struct command_rows *rows;    /* owned */
	struct uid friends[FRIENDS_MAX];
	struct uid groups[FRIENDS_MAX + 1]; /* out: to be told */
	unsigned n;
};

static void ending_free(struct ending *x)
{
	if (x != NULL)
		free(x->rows);
	free(x);
}

static void ending_freep(struct ending **x)
{
	ending_free(*x);
}

static struct ending *ending_new(struct domain *d, const struct uid *wearer)
{
	CLEANUP(ending_freep) struct ending *x = calloc(1, sizeof *x);

	if (x == NULL)
		return NULL;
	x->domain = d;
	x->wearer = *wearer;
	x->rows = command_rows_new();
	return x->rows == NULL ? NULL : STEAL(x);
}

/* Is this the one that is to end? */
static enum rc is_meant(struct db *db, const struct ending *x, const struct uid *friend,
	const struct uid *friendship, bool *ret, struct err *e)
{
	char wire_id[WIRE_ID_TEXT] = "";

	*ret = x->is_all || x->friendship == NULL || uid_is(x->friendship, friendship);
	if (x->wire_id[0] == '\0')
		return RC_OK;
	enum rc rc = watch_wire_id(db, friend, wire_id, e);
	*ret = *ret && strcmp(wire_id, x->wire_id) == 0;
	return rc == RC_CONFLICT ? RC_OK : rc;
}

static enum rc find_meant(struct db *db, struct ending *x, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	struct {
		struct uid friend, id, group;
	} all[FRIENDS_MAX];
	unsigned all_n = 0;
	enum rc rc = query_prepare(db,
		"SELECT f.friend, f.id, w.care_group FROM friendship f"
		" JOIN wearer w ON w.id = f.friend WHERE f.wearer = ?1 LIMIT ?2",
		&x->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, FRIENDS_MAX);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		all[all_n].friend = stmt_uid(s, 0);
		all[all_n].id = stmt_uid(s, 1);
		all[all_n++].group = stmt_uid(s, 2);
	}
	for (unsigned i = 0; i < all_n && rc == RC_OK; i++) {
		bool is = false;
		rc = is_meant(db, x, &all[i].friend, &all[i].id, &is, e);
		if (rc != RC_OK || !is)
			continue;
		x->groups[x->n] = all[i].group;
		x->friends[x->n++] = all[i].friend;
	}
	return rc;
}

/* The other group is told that its wearer has lost a friend. */
static enum rc tell_other(struct db *db, const struct ending *x, unsigned i, struct err *e)
{
	struct act act = {.action = "friend.removed",
		.actor_kind = x->by == NULL ? ACTOR_WATCH : ACTOR_SERVER,
		.group = x->groups[i],
		.wearer = x->friends[i],
		.outcome = "done",
		.is_told = true};

	return audit_append(db, &act, x->domain->wall_ms(), e);
}

static enum rc end_job(struct db *db, void *arg, struct err *e)
{
	struct ending *x = arg;

	x->n = 0;
	x->rows->n = 0;
	enum rc rc = find_meant(db, x, e);
	/* A watch that names nobody means the only one. */
	if (rc == RC_OK && x->by == NULL && x->wire_id[0] == '\0' && x->n != 1)
		x->n = 0;
	if (rc == RC_OK && x->friendship != NULL && x->n == 0)
		return fail(e, RC_NOT_FOUND, "no such friendship");
	for (unsigned i = 0; i < x->n && rc == RC_OK; i++) {
		rc = end_one(db, x->domain, &x->wearer, &x->friends[i], x->by, x->rows, e);
		if (rc == RC_OK)
			rc = tell_other(db, x, i, e);
	}
	return rc == RC_OK ? command_rows_insert(db, x->rows, e) : rc;
}

static void tell_ended(const struct ending *x)
{
	struct domain *d = x->domain;

	command_rows_post(d, x->rows);
	for (unsigned i = 0; i < x->n; i++) {
		bus_publish(d->bus, EVENT_NOTICE, &x->groups[i], &x->groups[i]);
		bus_publish(d->bus, EVENT_HEALTH, &x->groups[i], &x->friends[i]);
	}
}

static void end_done(void *arg, enum rc rc, const struct err *e)
{
	struct ending *x = arg;

	if (rc == RC_OK)
		tell_ended(x);
	else
		log_event(LOG_WARN, "friend.not_ended", "why=\"%s\"", e->msg);
	ending_free(x);
}

void friends_on_remove(struct domain *d, const struct message_report *m, const struct report *r)
{
	struct touch t;
	struct err e;

	if (!read_touch(d, m, r, &t))
		return;
	struct ending *x = ending_new(d, &t.wearer);
	if (x == NULL)
		return;
	if (!view_to_text(r->text, x->wire_id, sizeof x->wire_id) ||
		writer_post(d->writer, end_job, end_done, x, 0, &e) != RC_OK)
		ending_free(x); /* nonsense, or too much to do: the wearer tries again */
}

/* ---- what people say ---- */

enum rc friend_rule_get(
	struct db *reader, const struct uid *wearer, bool *ret_is_allowed, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(
		reader, "SELECT is_allowed FROM friend_rule WHERE wearer = ?1", wearer, &s, e);

	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	*ret_is_allowed = has_row && stmt_int(s, 0) != 0;
	if (has_row)
		stmt_reset(s);
	return RC_OK;
}

static enum rc write_rule(struct db *db, const struct uid *wearer, bool is_allowed, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"INSERT INTO friend_rule (wearer, is_allowed) VALUES (?1, ?2)"
		" ON CONFLICT (wearer) DO UPDATE SET is_allowed = ?2",
		wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, is_allowed);
	return stmt_run(s, NULL, e);
}

static enum rc on_job(struct db *db, void *arg, struct err *e)
{
	const struct ending *x = arg;

	return write_rule(db, &x->wearer, true, e);
}

static enum rc off_job(struct db *db, void *arg, struct err *e)
{
	struct ending *x = arg;
	enum rc rc = write_rule(db, &x->wearer, false, e);

	return rc == RC_OK ? end_job(db, x, e) : rc;
}

enum rc friend_rule_put(struct domain *d, const struct principal *who, const struct uid *wearer,
	bool is_allowed, struct err *e)
{
	CLEANUP(ending_freep) struct ending *x = ending_new(d, wearer);

	if (x == NULL)
		return fail(e, RC_NOMEM, "friends: out of memory");
	x->by = &who->account;
	x->is_all = true;
	enum rc rc = act_run(d, who, is_allowed ? on_job : off_job, x, e);
	if (rc == RC_OK)
		tell_ended(x);
	return rc;
}

enum rc friend_remove(struct domain *d, const struct principal *who, const struct uid *wearer,
	const struct uid *friendship, struct err *e)
{
	CLEANUP(ending_freep) struct ending *x = ending_new(d, wearer);

	if (x == NULL)
		return fail(e, RC_NOMEM, "friends: out of memory");
	x->by = &who->account;
	x->friendship = friendship;
	enum rc rc = act_run(d, who, end_job, x, e);
	if (rc == RC_OK)
		tell_ended(x);
	return rc;
}

enum rc friend_list(
	struct db *reader, const struct uid *wearer, friend_fn *fn, void *ctx, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(reader,
		"SELECT f.id, f.since_ms, w.id, w.name FROM friendship f"
		" JOIN wearer w ON w.id = f.friend WHERE f.wearer = ?1 ORDER BY f.since_ms",
		wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct friend_info info = {.id = stmt_uid(s, 0), .since_ms = stmt_int(s, 1)};
		struct uid friend = stmt_uid(s, 2);
		if (stmt_copy_sealed(s, 3, &friend, "wearer.name", info.name, sizeof info.name,
			    NULL) == RC_OK)
			fn(ctx, &info);
	}
	return rc;
}
