#include "domain/courier_store.h"

#include <stdlib.h>

#include "crypto/token.h"
#include "store/query.h"
#include "store/sealed.h"

enum {
	EXPIRED_MAX = 100, /* expired rows that one job buries */
	STATUS_GONE = 410,
	STATUS_TOO_MANY = 429,
	MAIL_CLOSING = 421,
	MAIL_REFUSED_MIN = 550, /* the mailbox, not the way there */
	MAIL_REFUSED_MAX = 559,
	QUOTA_WAIT_MS = 60 * 1000,
	BUSY_WAIT_MS = 1000,
	LOST_WAIT_MS = 1000,
	LOST_TRIES = 3, /* then a lost try counts as any other: it may be what ends the courier */
};

static const char content_label[] = "courier_item.content";

const struct uid courier_mail_destination = {{'m', 'a', 'i', 'l'}};
/* Not a destination: its row counts what waits for all of them. */
static const struct uid everybody = {{0xFF, 'a', 'l', 'l'}};

/* ---- destinations ---- */

struct destination {
	struct uid id;
	int64_t waiting, dead, dropped, delivered, failures;
	int64_t rests_until_ms, next_ms, last_outcome, last_code, last_ms;
};

static enum rc read_destination(
	struct db *db, const struct uid *id, struct destination *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(db,
		"SELECT waiting, dead, dropped, delivered, failures, rests_until_ms, next_ms,"
		" last_outcome, last_code, last_ms FROM courier_destination WHERE id = ?1",
		id, &s, e);

	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	*ret = (struct destination){.id = *id, .next_ms = INT64_MAX};
	if (!has_row)
		return RC_OK;
	ret->waiting = stmt_int(s, 0);
	ret->dead = stmt_int(s, 1);
	ret->dropped = stmt_int(s, 2);
	ret->delivered = stmt_int(s, 3);
	ret->failures = stmt_int(s, 4);
	ret->rests_until_ms = stmt_int(s, 5);
	ret->next_ms = stmt_int(s, 6);
	ret->last_outcome = stmt_int(s, 7);
	ret->last_code = stmt_int(s, 8);
	ret->last_ms = stmt_int(s, 9);
	stmt_reset(s);
	return RC_OK;
}

static enum rc write_destination(struct db *db, const struct destination *d, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"INSERT INTO courier_destination (id, waiting, dead, dropped, delivered, failures,"
		" rests_until_ms, next_ms, last_outcome, last_code, last_ms)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
		" ON CONFLICT (id) DO UPDATE SET waiting = excluded.waiting, dead = excluded.dead,"
		" dropped = excluded.dropped, delivered = excluded.delivered,"
		" failures = excluded.failures, rests_until_ms = excluded.rests_until_ms,"
		" next_ms = excluded.next_ms, last_outcome = excluded.last_outcome,"
		" last_code = excluded.last_code, last_ms = excluded.last_ms",
		&d->id, &s, e);

	if (rc != RC_OK)
		return rc;
	const int64_t values[] = {d->waiting, d->dead, d->dropped, d->delivered, d->failures,
		d->rests_until_ms, d->next_ms, d->last_outcome, d->last_code, d->last_ms};
	for (size_t i = 0; i < COUNT_OF(values); i++)
		stmt_bind_int(s, (int)i + 2, values[i]);
	return stmt_run(s, NULL, e);
}

/* The first row's number of a statement about one destination. */
static enum rc ask_number(struct db *db, const char *sql, const struct uid *id, int64_t *ret,
	bool *ret_is_null, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(db, sql, id, &s, e);

	if (rc != RC_OK)
		return rc;
	*ret = stmt_int(s, 0);
	if (ret_is_null != NULL)
		*ret_is_null = stmt_is_null(s, 0);
	stmt_reset(s);
	return RC_OK;
}

/* How many are on the way to it: at most COURIER_SENT_PER_DESTINATION_MAX rows of the index. */
static enum rc count_sent(struct db *db, const struct uid *destination, int64_t *ret, struct err *e)
{
	return ask_number(db,
		"SELECT COUNT(*) FROM courier_item WHERE destination = ?1 AND state = 1",
		destination, ret, NULL, e);
}

static unsigned may_be_sent(const struct destination *d, int64_t sent)
{
	/* One that failed last gets one try at a time. */
	int64_t max = d->failures > 0 ? 1 : COURIER_SENT_PER_DESTINATION_MAX;

	return sent >= max ? 0 : (unsigned)(max - sent);
}

/* When the destination is to be looked at next. */
static enum rc plan(struct db *db, struct destination *d, struct err *e)
{
	int64_t waits_ms = 0;
	int64_t sent_ms = 0;
	int64_t sent = 0;
	bool is_none_waiting = false;
	bool is_none_sent = false;
	enum rc rc = ask_number(db,
		"SELECT MIN(next_ms) FROM courier_item WHERE destination = ?1 AND state = 0",
		&d->id, &waits_ms, &is_none_waiting, e);

	if (rc == RC_OK)
		rc = ask_number(db,
			"SELECT MIN(next_ms) FROM courier_item WHERE destination = ?1 AND state = "
			"1",
			&d->id, &sent_ms, &is_none_sent, e);
	if (rc == RC_OK)
		rc = count_sent(db, &d->id, &sent, e);
	if (rc != RC_OK)
		return rc;
	d->next_ms = is_none_sent ? INT64_MAX : sent_ms;
	if (is_none_waiting || may_be_sent(d, sent) == 0)
		return RC_OK;
	waits_ms = waits_ms < d->rests_until_ms ? d->rests_until_ms : waits_ms;
	d->next_ms = waits_ms < d->next_ms ? waits_ms : d->next_ms;
	return RC_OK;
}

static enum rc plan_and_write(struct db *db, struct destination *d, struct err *e)
{
	enum rc rc = plan(db, d, e);

	return rc == RC_OK ? write_destination(db, d, e) : rc;
}

/* What changes for all together. */
static enum rc count_all(
	struct db *db, int64_t waiting, int64_t dead, int64_t dropped, struct err *e)
{
	struct destination all = {0};

	if (waiting == 0 && dead == 0 && dropped == 0)
		return RC_OK;
	enum rc rc = read_destination(db, &everybody, &all, e);
	if (rc != RC_OK)
		return rc;
	all.waiting += waiting;
	all.dead += dead;
	all.dropped += dropped;
	all.next_ms = INT64_MAX; /* never due */
	return write_destination(db, &all, e);
}

/* ---- in ---- */

static enum rc insert_item(
	struct db *db, const struct courier_new_item *item, int64_t now_ms, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"INSERT INTO courier_item (destination, id, owner, is_mail, content, state,"
		" attempts, created_ms, next_ms, expires_ms, outcome, code)"
		" VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, ?6, ?6, ?7, 0, 0)",
		&item->destination, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, &item->id);
	stmt_bind_uid(s, 3, &item->owner);
	stmt_bind_int(s, 4, item->is_mail);
	stmt_bind_sealed(s, 5, &item->owner, content_label, item->content);
	stmt_bind_int(s, 6, now_ms);
	stmt_bind_int(s, 7, item->expires_ms);
	return stmt_run(s, NULL, e);
}

enum rc courier_store_add(
	struct db *db, const struct courier_new_item *item, int64_t now_ms, struct err *e)
{
	struct destination d = {0};
	struct destination all = {0};
	enum rc rc = read_destination(db, &item->destination, &d, e);

	if (rc == RC_OK)
		rc = read_destination(db, &everybody, &all, e);
	if (rc != RC_OK)
		return rc;
	if (all.waiting >= COURIER_WAITING_MAX ||
		d.waiting >= COURIER_WAITING_PER_DESTINATION_MAX) {
		d.dropped++;
		rc = write_destination(db, &d, e);
		if (rc == RC_OK)
			rc = count_all(db, 0, 0, 1, e);
		return rc != RC_OK ? rc
				   : fail(e, RC_LIMIT, "courier: %lld wait", (long long)d.waiting);
	}
	rc = insert_item(db, item, now_ms, e);
	if (rc == RC_OK)
		rc = count_all(db, 1, 0, 0, e);
	d.waiting++;
	return rc == RC_OK ? plan_and_write(db, &d, e) : rc;
}

/* ---- out ---- */

struct item {
	struct uid destination, id;
	int64_t state, attempts, expires_ms, is_mail;
};

static enum rc read_item(struct db *db, const struct uid *id, struct item *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(db,
		"SELECT destination, state, attempts, expires_ms, is_mail FROM courier_item"
		" WHERE id = ?1",
		id, &s, e);

	if (rc != RC_OK)
		return rc;
	*ret = (struct item){.destination = stmt_uid(s, 0),
		.id = *id,
		.state = stmt_int(s, 1),
		.attempts = stmt_int(s, 2),
		.expires_ms = stmt_int(s, 3),
		.is_mail = stmt_int(s, 4)};
	stmt_reset(s);
	return RC_OK;
}

static enum rc delete_item(struct db *db, const struct item *i, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc =
		query_prepare(db, "DELETE FROM courier_item WHERE destination = ?1 AND id = ?2",
			&i->destination, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, &i->id);
	return stmt_run(s, NULL, e);
}

static enum rc set_item(struct db *db, const struct item *i, enum courier_item_state state,
	int64_t next_ms, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"UPDATE courier_item SET state = ?3, next_ms = ?4, attempts = ?5"
		" WHERE destination = ?1 AND id = ?2",
		&i->destination, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, &i->id);
	stmt_bind_int(s, 3, state);
	stmt_bind_int(s, 4, next_ms);
	stmt_bind_int(s, 5, i->attempts);
	return stmt_run(s, NULL, e);
}

static enum rc set_outcome(
	struct db *db, const struct item *i, const struct message_result *r, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"UPDATE courier_item SET outcome = ?3, code = ?4 WHERE destination = ?1 AND id = "
		"?2",
		&i->destination, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, &i->id);
	stmt_bind_int(s, 3, r->outcome);
	stmt_bind_int(s, 4, r->code);
	return stmt_run(s, NULL, e);
}

/* Keeps what is dead bounded by number and age. */
static enum rc trim_dead(struct db *db, struct destination *d, int64_t now_ms, struct err *e)
{
	struct stmt *s = NULL;
	int64_t changed = 0;
	enum rc rc = query_prepare(db,
		"DELETE FROM courier_item WHERE destination = ?1 AND state = 2 AND next_ms < ?2",
		&d->id, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, now_ms - COURIER_DEAD_LIFE_MS);
	rc = stmt_run(s, &changed, e);
	d->dead -= changed;
	if (rc != RC_OK || d->dead <= COURIER_DEAD_PER_DESTINATION_MAX)
		return rc;
	rc = query_prepare(db,
		"DELETE FROM courier_item WHERE destination = ?1 AND id = (SELECT id FROM "
		"courier_item"
		" WHERE destination = ?1 AND state = 2 ORDER BY next_ms LIMIT 1)",
		&d->id, &s, e);
	if (rc == RC_OK)
		rc = stmt_run(s, &changed, e);
	d->dead -= changed;
	return rc;
}

/* The caller writes d. */
static enum rc bury(
	struct db *db, const struct item *i, struct destination *d, int64_t now_ms, struct err *e)
{
	enum rc rc = set_item(db, i, ITEM_DEAD, now_ms, e);

	if (rc == RC_OK)
		rc = count_all(db, -1, 1, 0, e);
	d->waiting--;
	int64_t dead = ++d->dead;
	if (rc == RC_OK)
		rc = trim_dead(db, d, now_ms, e);
	return rc == RC_OK ? count_all(db, 0, d->dead - dead, 0, e) : rc;
}

static enum rc remove_waiting(
	struct db *db, const struct item *i, struct destination *d, struct err *e)
{
	enum rc rc = delete_item(db, i, e);

	d->waiting--;
	return rc == RC_OK ? count_all(db, -1, 0, 0, e) : rc;
}

static enum rc remove_dead(
	struct db *db, const struct item *i, struct destination *d, struct err *e)
{
	enum rc rc = delete_item(db, i, e);

	d->dead--;
	return rc == RC_OK ? count_all(db, 0, -1, 0, e) : rc;
}

void courier_claim_done(struct courier_claim *c)
{
	for (unsigned i = 0; i < c->n; i++) {
		if (c->work[i].content != NULL)
			secret_forget(c->work[i].content, c->work[i].content_n);
		free(c->work[i].content);
	}
	*c = (struct courier_claim){.next_ms = INT64_MAX};
}

/* What was on the way for too long is lost. */
static enum rc end_leases(struct db *db, int64_t now_ms, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_prepare(
		db, "UPDATE courier_item SET state = 0 WHERE state = 1 AND next_ms <= ?1", &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, now_ms);
	return stmt_run(s, NULL, e);
}

/* The next due item of the destination, opened. *ret_has false: none. */
static enum rc next_item(struct db *db, const struct uid *destination, int64_t now_ms,
	struct item *ret, struct courier_work *ret_work, bool *ret_has, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"SELECT id, attempts, expires_ms, is_mail, owner, content FROM courier_item"
		" WHERE destination = ?1 AND state = 0 AND next_ms <= ?2 ORDER BY next_ms LIMIT 1",
		destination, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, now_ms);
	rc = stmt_step(s, ret_has, e);
	if (rc != RC_OK || !*ret_has)
		return rc;
	*ret = (struct item){.destination = *destination,
		.id = stmt_uid(s, 0),
		.attempts = stmt_int(s, 1),
		.expires_ms = stmt_int(s, 2),
		.is_mail = stmt_int(s, 3)};
	struct uid owner = stmt_uid(s, 4);
	*ret_work = (struct courier_work){.id = ret->id,
		.destination = *destination,
		.is_mail = ret->is_mail != 0,
		.attempt = (uint32_t)ret->attempts + 1};
	rc = stmt_take_sealed(
		s, 5, &owner, content_label, &ret_work->content, &ret_work->content_n, e);
	stmt_reset(s);
	return rc;
}

/* Takes one item; what is expired or cannot be opened goes another way. *ret_has: there was one. */
static enum rc take_one(struct db *db, struct destination *d, int64_t now_ms,
	struct courier_claim *c, bool *ret_has, struct err *e)
{
	struct item i = {0};
	struct courier_work *w = &c->work[c->n];
	enum rc rc = next_item(db, &d->id, now_ms, &i, w, ret_has, e);

	if (rc == RC_NOT_FOUND || rc == RC_SYNTAX) /* its owner was erased, or it is damaged */
		return remove_waiting(db, &i, d, e);
	if (rc != RC_OK || !*ret_has)
		return rc;
	c->n++; /* from here on it is freed with c */
	if (i.expires_ms > now_ms) {
		i.attempts++;
		return set_item(db, &i, ITEM_SENT, now_ms + COURIER_LEASE_MS, e);
	}
	secret_forget(w->content, w->content_n);
	free(w->content);
	c->n--;
	return bury(db, &i, d, now_ms, e);
}

static enum rc claim_from(struct db *db, const struct uid *id, int64_t now_ms, unsigned room,
	struct courier_claim *c, struct err *e)
{
	struct destination d = {0};
	int64_t sent = 0;
	bool has_item = true;
	enum rc rc = read_destination(db, id, &d, e);

	if (rc == RC_OK)
		rc = count_sent(db, id, &sent, e);
	unsigned may = rc == RC_OK && d.rests_until_ms <= now_ms ? may_be_sent(&d, sent) : 0;
	unsigned end = c->n + (may < room ? may : room);
	for (unsigned k = 0; rc == RC_OK && has_item && c->n < end && k < EXPIRED_MAX; k++)
		rc = take_one(db, &d, now_ms, c, &has_item, e);
	return rc == RC_OK ? plan_and_write(db, &d, e) : rc;
}

static enum rc due_destinations(struct db *db, int64_t now_ms, struct uid ret[COURIER_CLAIM_MAX],
	unsigned *ret_n, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db,
		"SELECT id FROM courier_destination WHERE waiting > 0 AND next_ms <= ?1"
		" ORDER BY next_ms LIMIT ?2",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, now_ms);
	stmt_bind_int(s, 2, COURIER_CLAIM_MAX);
	*ret_n = 0;
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row)
		ret[(*ret_n)++] = stmt_uid(s, 0);
	return rc;
}

/* A number of all rows: at most COURIER_SENT_MAX of the index, or its first one. */
static enum rc ask_all(struct db *db, const char *sql, int64_t if_none, int64_t *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db, sql, &s, e);

	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	*ret = !has_row || stmt_is_null(s, 0) ? if_none : stmt_int(s, 0);
	stmt_reset(s);
	return RC_OK;
}

enum rc courier_store_claim(struct db *db, int64_t now_ms, struct courier_claim *ret, struct err *e)
{
	struct uid due[COURIER_CLAIM_MAX];
	unsigned due_n = 0;
	int64_t sent = 0;
	struct destination all = {0};

	courier_claim_done(ret);
	enum rc rc = end_leases(db, now_ms, e);
	if (rc == RC_OK)
		rc = ask_all(db, "SELECT COUNT(*) FROM courier_item WHERE state = 1", 0, &sent, e);
	if (rc == RC_OK)
		rc = due_destinations(db, now_ms, due, &due_n, e);
	unsigned room = sent >= COURIER_SENT_MAX ? 0 : (unsigned)(COURIER_SENT_MAX - sent);
	room = room > COURIER_CLAIM_MAX ? COURIER_CLAIM_MAX : room;
	for (unsigned i = 0; rc == RC_OK && i < due_n && ret->n < room; i++)
		rc = claim_from(db, &due[i], now_ms, room - ret->n, ret, e);
	if (rc == RC_OK)
		rc = ask_all(db, "SELECT MIN(next_ms) FROM courier_destination WHERE waiting > 0",
			INT64_MAX, &ret->next_ms, e);
	if (rc == RC_OK)
		rc = read_destination(db, &everybody, &all, e);
	ret->waiting = all.waiting;
	ret->dead = all.dead;
	ret->dropped = all.dropped;
	/* With all places taken the next result asks again. */
	ret->has_more =
		rc == RC_OK && ret->next_ms <= now_ms && sent + (int64_t)ret->n < COURIER_SENT_MAX;
	return rc;
}

/* ---- results ---- */

int64_t courier_backoff_ms(int64_t failures, int64_t max_ms)
{
	int64_t wait_ms = COURIER_RETRY_FIRST_MS;

	for (int64_t i = 1; i < failures && wait_ms < max_ms; i++)
		wait_ms *= 2;
	return wait_ms < max_ms ? wait_ms : max_ms;
}

/* A fifth more at most, so that what failed together is not tried together. */
static int64_t spread(int64_t wait_ms)
{
	uint16_t part = 0;

	random_bytes(&part, sizeof part);
	return wait_ms + wait_ms / 5 * part / UINT16_MAX;
}

static bool is_final(const struct item *i, const struct message_result *r)
{
	if (r->outcome == COURIER_BAD_URL)
		return true;
	if (r->outcome != COURIER_STATUS)
		return false;
	return i->is_mail != 0 ? r->code >= MAIL_REFUSED_MIN && r->code <= MAIL_REFUSED_MAX
			       : r->code == STATUS_GONE;
}

/* The way is blocked, not this item alone. */
static bool is_destination_ill(const struct item *i, const struct message_result *r)
{
	switch (r->outcome) {
	case COURIER_NO_NAME:
	case COURIER_FORBIDDEN:
	case COURIER_CONNECT:
	case COURIER_TLS:
	case COURIER_TIMEOUT:
	case COURIER_SIGN_IN:
	case COURIER_NOT_SET_UP:
	case COURIER_BROKEN:
		return true;
	case COURIER_STATUS:
		return i->is_mail != 0 ? r->code == MAIL_CLOSING
				       : r->code >= 500 || r->code == STATUS_TOO_MANY;
	case COURIER_NONE:
	case COURIER_DONE:
	case COURIER_BAD_URL:
	case COURIER_QUOTA:
	case COURIER_BUSY:
	case COURIER_LOST:
	case COURIER_OUTCOME_COUNT:
		break;
	}
	return false;
}

static enum rc put_back(struct db *db, struct item *i, const struct message_result *r,
	struct destination *d, int64_t now_ms, struct err *e)
{
	int64_t wait_ms = courier_backoff_ms(i->attempts, COURIER_RETRY_MAX_MS);

	if (r->outcome == COURIER_QUOTA || r->outcome == COURIER_BUSY) {
		i->attempts--; /* it was not tried */
		wait_ms = r->outcome == COURIER_BUSY ? BUSY_WAIT_MS : QUOTA_WAIT_MS;
		d->rests_until_ms = now_ms + wait_ms;
	} else if (r->outcome == COURIER_LOST && i->attempts <= LOST_TRIES) {
		wait_ms = LOST_WAIT_MS;
	}
	int64_t next_ms = now_ms + spread(wait_ms);
	if (is_destination_ill(i, r)) {
		d->failures++;
		d->rests_until_ms =
			now_ms + spread(courier_backoff_ms(d->failures, COURIER_REST_MAX_MS));
	} else if (r->outcome == COURIER_STATUS) {
		d->failures = 0; /* it answers */
		d->rests_until_ms = 0;
	}
	if (is_final(i, r) || next_ms >= i->expires_ms)
		return bury(db, i, d, now_ms, e);
	return set_item(db, i, ITEM_WAITS, next_ms, e);
}

enum rc courier_store_finish(
	struct db *db, const struct message_result *r, int64_t now_ms, struct err *e)
{
	struct item i = {0};
	struct destination d = {0};
	enum rc rc = read_item(db, &r->item, &i, e);

	if (rc == RC_NOT_FOUND)
		return RC_OK; /* delivered before, or forgotten */
	if (rc == RC_OK)
		rc = read_destination(db, &i.destination, &d, e);
	if (rc != RC_OK)
		return rc;
	bool is_done = r->outcome == COURIER_DONE;
	if (!is_done && (i.state != ITEM_SENT || r->attempt != (uint32_t)i.attempts))
		return RC_OK;
	d.last_outcome = r->outcome;
	d.last_code = r->code;
	d.last_ms = now_ms;
	if (is_done) {
		d.delivered++;
		d.failures = 0;
		d.rests_until_ms = 0;
		rc = i.state == ITEM_DEAD ? remove_dead(db, &i, &d, e)
					  : remove_waiting(db, &i, &d, e);
	} else {
		rc = set_outcome(db, &i, r, e);
		if (rc == RC_OK)
			rc = put_back(db, &i, r, &d, now_ms, e);
	}
	return rc == RC_OK ? plan_and_write(db, &d, e) : rc;
}

enum rc courier_store_drop(struct db *db, const struct uid *id, struct err *e)
{
	struct item i = {0};
	struct destination d = {0};
	enum rc rc = read_item(db, id, &i, e);

	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc == RC_OK)
		rc = read_destination(db, &i.destination, &d, e);
	if (rc == RC_OK && i.state == ITEM_DEAD)
		return RC_OK;
	if (rc == RC_OK)
		rc = remove_waiting(db, &i, &d, e);
	d.dropped++;
	return rc == RC_OK ? plan_and_write(db, &d, e) : rc;
}

/* One result COURIER_LOST for each that is on the way: at most COURIER_SENT_MAX. */
enum rc courier_store_release(struct db *db, int64_t now_ms, struct err *e)
{
	struct message_result lost[COURIER_SENT_MAX];
	unsigned n = 0;
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db,
		"SELECT id, attempts FROM courier_item WHERE state = 1 ORDER BY next_ms LIMIT ?1",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, COURIER_SENT_MAX);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row)
		lost[n++] = (struct message_result){.item = stmt_uid(s, 0),
			.attempt = (uint32_t)stmt_int(s, 1),
			.outcome = COURIER_LOST};
	for (unsigned i = 0; rc == RC_OK && i < n; i++)
		rc = courier_store_finish(db, &lost[i], now_ms, e);
	return rc;
}

enum rc courier_store_revive(struct db *db, const struct uid *id, int64_t now_ms, struct err *e)
{
	struct item i = {0};
	struct destination d = {0};
	struct stmt *s = NULL;
	enum rc rc = read_item(db, id, &i, e);

	if (rc == RC_OK && i.state != ITEM_DEAD)
		rc = fail(e, RC_NOT_FOUND, "courier: not dead");
	if (rc == RC_OK)
		rc = read_destination(db, &i.destination, &d, e);
	if (rc == RC_OK)
		rc = query_prepare(db,
			"UPDATE courier_item SET state = 0, attempts = 0, next_ms = ?3, expires_ms "
			"= ?4"
			" WHERE destination = ?1 AND id = ?2",
			&i.destination, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, id);
	stmt_bind_int(s, 3, now_ms);
	stmt_bind_int(s, 4, now_ms + COURIER_LIFE_MS);
	rc = stmt_run(s, NULL, e);
	if (rc == RC_OK)
		rc = count_all(db, 1, -1, 0, e);
	d.waiting++;
	d.dead--;
	d.rests_until_ms = 0; /* a person says that it works again */
	return rc == RC_OK ? plan_and_write(db, &d, e) : rc;
}

/* ---- forgetting ---- */

static enum rc forget_mails(struct db *db, const struct uid *owner, struct err *e)
{
	struct destination d = {0};
	int64_t waiting = 0;
	int64_t dead = 0;
	enum rc rc = read_destination(db, &courier_mail_destination, &d, e);

	if (rc == RC_OK)
		rc = ask_number(db,
			"SELECT COUNT(*) FROM courier_item WHERE owner = ?1 AND state <> 2", owner,
			&waiting, NULL, e);
	if (rc == RC_OK)
		rc = ask_number(db,
			"SELECT COUNT(*) FROM courier_item WHERE owner = ?1 AND state = 2", owner,
			&dead, NULL, e);
	if (rc == RC_OK)
		rc = query_run(db, "DELETE FROM courier_item WHERE owner = ?1", owner, e);
	if (rc == RC_OK)
		rc = count_all(db, -waiting, -dead, 0, e);
	if (rc != RC_OK || waiting + dead == 0)
		return rc;
	d.waiting -= waiting;
	d.dead -= dead;
	return plan_and_write(db, &d, e);
}

enum rc courier_store_forget(struct db *db, const struct uid *owner, struct err *e)
{
	struct destination d = {0};
	enum rc rc = read_destination(db, owner, &d, e); /* of a partner */

	if (rc == RC_OK)
		rc = query_run(db, "DELETE FROM courier_item WHERE destination = ?1", owner, e);
	if (rc == RC_OK)
		rc = query_run(db, "DELETE FROM courier_destination WHERE id = ?1", owner, e);
	if (rc == RC_OK)
		rc = count_all(db, -d.waiting, -d.dead, 0, e);
	return rc == RC_OK ? forget_mails(db, owner, e) : rc;
}
