#include "domain/web_session_store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/log.h"
#include "domain/audit.h"
#include "domain/sign_in_limits.h"
#include "store/query.h"
#include "store/sealed.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

enum { TOUCH_EVERY_MS = 10 * 60 * 1000, TABLE_MIN = 64 };

/* One living session; in the chains of its two slots. */
struct entry {
	struct entry *next_by_token, *next_by_id;
	struct token_hash token_hash;
	int64_t created_ms;
	_Atomic int64_t last_used_ms;
	_Atomic int64_t last_written_ms;
	struct principal principal;
};

struct web_sessions {
	pthread_rwlock_t lock; /* guards what follows but the generation */
	struct entry **by_token, **by_id;
	size_t slots_n; /* of each; a power of two */
	size_t n;
	_Atomic uint64_t generation;
	pthread_mutex_t reload_lock; /* held from reading an account's rows to keeping them */
};

/* Both keys are random already. */
static struct entry **slot_of(struct entry **slots, size_t slots_n, const uint8_t *key)
{
	size_t start = 0;

	memcpy(&start, key, sizeof start);
	return &slots[start & (slots_n - 1)];
}

static struct entry **token_slot(const struct web_sessions *ws, const struct token_hash *hash)
{
	return slot_of(ws->by_token, ws->slots_n, hash->b);
}

static struct entry **id_slot(const struct web_sessions *ws, const struct uid *id)
{
	return slot_of(ws->by_id, ws->slots_n, id->b);
}

static bool is_over(const struct entry *s, int64_t now_ms)
{
	return now_ms - atomic_load(&s->last_used_ms) > 30 * DAY_MS ||
	       now_ms - s->created_ms > 90 * DAY_MS;
}

/* Under the lock. */
static struct entry *find(const struct web_sessions *ws, const struct token_hash *hash)
{
	struct entry *s = *token_slot(ws, hash);

	while (s != NULL && !token_hash_is(&s->token_hash, hash))
		s = s->next_by_token;
	return s;
}

/* Under the writing lock. */
static void chain(struct web_sessions *ws, struct entry *s)
{
	struct entry **slot = token_slot(ws, &s->token_hash);

	s->next_by_token = *slot;
	*slot = s;
	slot = id_slot(ws, &s->principal.session);
	s->next_by_id = *slot;
	*slot = s;
}

static void unchain_id(struct web_sessions *ws, struct entry *s)
{
	struct entry **at = id_slot(ws, &s->principal.session);

	while (*at != s)
		at = &(*at)->next_by_id;
	*at = s->next_by_id;
}

/* Under the writing lock. Doubles the table when it is full; a failure only makes chains longer. */
static void make_room(struct web_sessions *ws)
{
	if (ws->n < ws->slots_n)
		return;
	size_t old_n = ws->slots_n;
	struct entry **old = ws->by_token;
	struct entry **by_token = calloc(old_n * 2, sizeof(struct entry *));
	struct entry **by_id = calloc(old_n * 2, sizeof(struct entry *));
	if (by_token == NULL || by_id == NULL) {
		free(by_token);
		free(by_id);
		return;
	}
	free(ws->by_id);
	ws->by_token = by_token;
	ws->by_id = by_id;
	ws->slots_n = old_n * 2;
	for (size_t i = 0; i < old_n; i++) {
		while (old[i] != NULL) {
			struct entry *s = old[i];
			old[i] = s->next_by_token;
			chain(ws, s);
		}
	}
	free(old);
}

static void put(struct web_sessions *ws, struct entry *take)
{
	(void)pthread_rwlock_wrlock(&ws->lock); /* fails only for a thread that holds it */
	make_room(ws);
	chain(ws, take);
	ws->n++;
	(void)pthread_rwlock_unlock(&ws->lock);
}

/* Which sessions to drop: those of an account, or one id; but never `keep`. */
struct drop {
	const struct uid *account, *id, *keep;
};

static bool is_dropped(const struct entry *s, const struct drop *what)
{
	const struct principal *p = &s->principal;

	return (what->account == NULL || uid_is(&p->account, what->account)) &&
	       (what->id == NULL || uid_is(&p->session, what->id)) &&
	       (what->keep == NULL || !uid_is(&p->session, what->keep));
}

/* Walks the table: sessions end rarely. */
static void drop(struct web_sessions *ws, const struct drop *what)
{
	(void)pthread_rwlock_wrlock(&ws->lock);
	for (size_t i = 0; i < ws->slots_n; i++) {
		for (struct entry **at = &ws->by_token[i]; *at != NULL;) {
			struct entry *s = *at;
			if (!is_dropped(s, what)) {
				at = &s->next_by_token;
				continue;
			}
			*at = s->next_by_token;
			unchain_id(ws, s);
			ws->n--;
			free(s);
		}
	}
	(void)pthread_rwlock_unlock(&ws->lock);
	atomic_fetch_add(&ws->generation, 1);
}

static enum rc read_groups(struct db *reader, struct principal *p, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(reader,
		"SELECT care_group FROM member WHERE account = ?1 ORDER BY created_ms LIMIT ?2", &s,
		e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, &p->account);
	stmt_bind_int(s, 2, PRINCIPAL_GROUPS_MAX);
	p->groups_n = 0;
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row)
		p->groups[p->groups_n++] = stmt_uid(s, 0);
	return rc;
}

static enum rc read_principal(struct db *reader, struct principal *p, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(reader,
		"SELECT is_operator, frozen_until_ms, totp_confirmed_ms <> 0 OR"
		" EXISTS (SELECT 1 FROM passkey WHERE account = ?1) FROM account WHERE id = ?1",
		&p->account, &s, e);

	if (rc != RC_OK)
		return rc;
	p->is_operator = stmt_int(s, 0) != 0;
	p->frozen_until_ms = stmt_int(s, 1);
	p->has_second_factor = stmt_int(s, 2) != 0;
	stmt_reset(s);
	return read_groups(reader, p, e);
}

static struct entry *entry_new(const struct uid *session, const struct uid *account,
	const struct token_hash *hash, int64_t created_ms, int64_t last_used_ms)
{
	struct entry *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->token_hash = *hash;
	s->created_ms = created_ms;
	atomic_init(&s->last_used_ms, last_used_ms);
	atomic_init(&s->last_written_ms, last_used_ms);
	s->principal.account = *account;
	s->principal.session = *session;
	return s;
}

/* One row of web_session: id, account, token_hash, created_ms, last_used_ms, stepped_up_ms. */
static enum rc load_row(struct web_sessions *ws, struct stmt *s, int64_t now_ms, struct err *e)
{
	struct token_hash hash = {{0}};
	struct view stored = stmt_blob(s, 2);
	struct uid id = stmt_uid(s, 0);
	struct uid account = stmt_uid(s, 1);

	if (stored.n != sizeof hash.b)
		return RC_OK; /* not written by us: opens nothing */
	memcpy(hash.b, stored.p, sizeof hash.b);
	struct entry *fresh = entry_new(&id, &account, &hash, stmt_int(s, 3), stmt_int(s, 4));
	if (fresh == NULL)
		return fail(e, RC_NOMEM, "sessions: out of memory");
	fresh->principal.stepped_up_ms = stmt_int(s, 5);
	if (is_over(fresh, now_ms))
		free(fresh);
	else
		put(ws, fresh);
	return RC_OK;
}

static enum rc load_all(struct web_sessions *ws, struct db *reader, int64_t now_ms, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(reader,
		"SELECT id, account, token_hash, created_ms, last_used_ms, stepped_up_ms"
		" FROM web_session",
		&s, e);

	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		rc = load_row(ws, s, now_ms, e);
		if (rc != RC_OK) {
			stmt_reset(s);
			return rc;
		}
	}
	for (size_t i = 0; i < ws->slots_n && rc == RC_OK; i++) {
		for (struct entry *at = ws->by_token[i]; at != NULL && rc == RC_OK;
			at = at->next_by_token)
			rc = read_principal(reader, &at->principal, e);
	}
	return rc;
}

static void web_sessions_freep(struct web_sessions **ws)
{
	web_sessions_free(*ws);
}

enum rc web_sessions_new(
	struct db *reader, int64_t now_ms, struct web_sessions **ret_owned, struct err *e)
{
	CLEANUP(web_sessions_freep) struct web_sessions *ws = calloc(1, sizeof *ws);

	if (ws == NULL)
		return fail(e, RC_NOMEM, "sessions: out of memory");
	(void)pthread_rwlock_init(&ws->lock, NULL); /* cannot fail with default attributes */
	(void)pthread_mutex_init(&ws->reload_lock, NULL);
	atomic_init(&ws->generation, 1);
	ws->by_token = calloc(TABLE_MIN, sizeof(struct entry *));
	ws->by_id = calloc(TABLE_MIN, sizeof(struct entry *));
	if (ws->by_token == NULL || ws->by_id == NULL)
		return fail(e, RC_NOMEM, "sessions: out of memory");
	ws->slots_n = TABLE_MIN;
	enum rc rc = load_all(ws, reader, now_ms, e);
	if (rc == RC_OK)
		*ret_owned = STEAL(ws);
	return rc;
}

void web_sessions_free(struct web_sessions *ws)
{
	if (ws == NULL)
		return;
	drop(ws, &(struct drop){NULL, NULL, NULL});
	(void)pthread_rwlock_destroy(&ws->lock);
	(void)pthread_mutex_destroy(&ws->reload_lock);
	free(ws->by_token);
	free(ws->by_id);
	free(ws);
}

struct touch {
	struct uid session;
	int64_t used_ms;
};

static enum rc touch_job(struct db *db, void *arg, struct err *e)
{
	const struct touch *t = arg;
	struct stmt *s = NULL;
	enum rc rc =
		db_prepare(db, "UPDATE web_session SET last_used_ms = ?2 WHERE id = ?1", &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, &t->session);
	stmt_bind_int(s, 2, t->used_ms);
	return stmt_run(s, NULL, e);
}

static void touch_done(void *arg, enum rc rc, const struct err *e)
{
	if (rc != RC_OK)
		log_event(LOG_WARN, "session.touch_failed", "why=\"%s\"", e->msg);
	free(arg);
}

/* Keeps the time of the last use on disk, at most once in 10 minutes. */
static void note_use(struct domain *d, struct entry *s, int64_t now_ms)
{
	int64_t written_ms = atomic_load(&s->last_written_ms);

	atomic_store(&s->last_used_ms, now_ms);
	if (now_ms - written_ms < TOUCH_EVERY_MS ||
		!atomic_compare_exchange_strong(&s->last_written_ms, &written_ms, now_ms))
		return;
	struct touch *t = malloc(sizeof *t);
	if (t == NULL)
		return; /* the next use after 10 minutes tries again */
	*t = (struct touch){.session = s->principal.session, .used_ms = now_ms};
	if (writer_post(d->writer, touch_job, touch_done, t, 0, NULL) != RC_OK)
		free(t);
}

static void copy_principal(struct principal *dst, const struct principal *src)
{
	size_t used = offsetof(struct principal, groups) + src->groups_n * sizeof src->groups[0];

	memcpy(dst, src, used); /* the unused groups are not worth copying at each request */
}

bool web_session_check(struct domain *d, struct view token, struct principal *ret)
{
	struct web_sessions *ws = d->web_sessions;
	struct token_hash hash;
	int64_t now_ms = d->wall_ms();

	if (!token_hash_of(token, &hash))
		return false;
	(void)pthread_rwlock_rdlock(&ws->lock);
	struct entry *s = find(ws, &hash);
	bool is_alive = s != NULL && !is_over(s, now_ms);
	if (is_alive) {
		copy_principal(ret, &s->principal);
		note_use(d, s, now_ms);
	}
	(void)pthread_rwlock_unlock(&ws->lock);
	return is_alive;
}

enum rc web_session_list(struct domain *d, struct db *reader, const struct principal *who,
	web_session_fn *fn, void *ctx, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	int64_t now_ms = d->wall_ms();
	enum rc rc = query_prepare(reader,
		"SELECT id, created_ms, last_used_ms, user_agent, address FROM web_session"
		" WHERE account = ?1 AND last_used_ms >= ?2 AND created_ms >= ?3 ORDER BY "
		"last_used_ms DESC",
		&who->account, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, now_ms - 30 * DAY_MS);
	stmt_bind_int(s, 3, now_ms - 90 * DAY_MS);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct web_session_info info = {.id = stmt_uid(s, 0),
			.created_ms = stmt_int(s, 1),
			.last_used_ms = stmt_int(s, 2)};
		info.is_current = uid_is(&info.id, &who->session);
		if (info.is_current)
			info.last_used_ms = now_ms; /* this very request */
		rc = stmt_copy_sealed(s, 3, &who->account, "web_session.user_agent",
			info.user_agent, sizeof info.user_agent, e);
		if (rc == RC_OK)
			rc = stmt_copy_sealed(s, 4, &who->account, "web_session.address",
				info.address, sizeof info.address, e);
		if (rc != RC_OK) {
			stmt_reset(s);
			return rc;
		}
		fn(ctx, &info);
	}
	return rc;
}

struct end_job {
	const struct uid *account, *session;
};

static enum rc end_job(struct db *db, void *arg, struct err *e)
{
	const struct end_job *job = arg;
	struct stmt *s = NULL;
	int64_t changed = 0;
	enum rc rc =
		db_prepare(db, "DELETE FROM web_session WHERE id = ?1 AND account = ?2", &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, job->session);
	stmt_bind_uid(s, 2, job->account);
	rc = stmt_run(s, &changed, e);
	if (rc == RC_OK && changed == 0)
		return fail(e, RC_NOT_FOUND, "no such session");
	return rc;
}

enum rc web_session_end(
	struct domain *d, const struct principal *who, const struct uid *session, struct err *e)
{
	struct end_job job = {.account = &who->account, .session = session};
	enum rc rc = act_run(d, who, end_job, &job, e);

	if (rc == RC_OK)
		drop(d->web_sessions, &(struct drop){.account = &who->account, .id = session});
	return rc;
}

bool web_session_is_alive(struct domain *d, const struct uid *session)
{
	struct web_sessions *ws = d->web_sessions;
	int64_t now_ms = d->wall_ms();

	(void)pthread_rwlock_rdlock(&ws->lock);
	struct entry *s = *id_slot(ws, session);
	while (s != NULL && !uid_is(&s->principal.session, session))
		s = s->next_by_id;
	bool is_alive = s != NULL && !is_over(s, now_ms);
	(void)pthread_rwlock_unlock(&ws->lock);
	return is_alive;
}

uint64_t web_session_generation(struct domain *d)
{
	return atomic_load(&d->web_sessions->generation);
}

/* Header fields come from outside: only printable ASCII is kept. */
static void keep_text(struct view v, char *dst, size_t dst_size)
{
	size_t n = 0;

	for (size_t i = 0; i < v.n && n + 1 < dst_size; i++) {
		if (v.p[i] >= 0x20 && v.p[i] < 0x7f)
			dst[n++] = v.p[i];
	}
	dst[n] = '\0';
}

void web_session_make(const struct uid *account, const struct request_origin *from, int64_t now_ms,
	struct web_session_row *ret, char ret_token[TOKEN_TEXT])
{
	*ret = (struct web_session_row){.id = uid_new(), .account = *account, .created_ms = now_ms};
	token_new(ret_token, &ret->token_hash);
	keep_text(from->user_agent, ret->user_agent, sizeof ret->user_agent);
	keep_text(from->address, ret->address, sizeof ret->address);
}

enum rc web_session_insert(struct db *db, const struct web_session_row *row, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"INSERT INTO web_session (id, account, token_hash, created_ms, last_used_ms,"
		" stepped_up_ms, user_agent, address) VALUES (?1, ?2, ?3, ?4, ?4, ?7, ?5, ?6)",
		&row->id, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, &row->account);
	stmt_bind_blob(s, 3,
		(struct view){.p = (const char *)row->token_hash.b, .n = sizeof row->token_hash.b});
	stmt_bind_int(s, 4, row->created_ms);
	stmt_bind_sealed(s, 5, &row->account, "web_session.user_agent", view_of(row->user_agent));
	stmt_bind_sealed(s, 6, &row->account, "web_session.address", view_of(row->address));
	stmt_bind_int(s, 7, row->stepped_up_ms);
	return stmt_run(s, NULL, e);
}

/* The account's session that was used longest ago, when it has too many. */
static enum rc find_surplus(
	struct db *reader, const struct uid *account, struct uid *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(reader,
		"SELECT id FROM web_session WHERE account = ?1 ORDER BY last_used_ms DESC, "
		"created_ms DESC"
		" LIMIT 1 OFFSET ?2",
		account, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, WEB_SESSIONS_PER_ACCOUNT_MAX);
	rc = stmt_step(s, &has_row, e);
	*ret = rc == RC_OK && has_row ? stmt_uid(s, 0) : (struct uid){{0}};
	stmt_reset(s);
	return rc;
}

/* After it stands in the table: was its row deleted between its commit and now? Who deletes rows
 * forgets the table's entries afterwards, so one of the two sees the other. */
static enum rc check_row(struct db *reader, const struct uid *session, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(reader, "SELECT 1 FROM web_session WHERE id = ?1", session, &s, e);

	if (rc == RC_OK)
		stmt_reset(s);
	return rc;
}

enum rc web_session_admit(
	struct domain *d, struct db *reader, const struct web_session_row *row, struct err *e)
{
	struct entry *s = entry_new(
		&row->id, &row->account, &row->token_hash, row->created_ms, row->created_ms);
	if (s == NULL)
		return fail(e, RC_NOMEM, "sessions: out of memory");
	s->principal.stepped_up_ms = row->stepped_up_ms;
	(void)pthread_mutex_lock(&d->web_sessions->reload_lock); /* fails for no one */
	enum rc rc = read_principal(reader, &s->principal, e);
	struct principal who = s->principal;
	if (rc == RC_OK)
		put(d->web_sessions, s);
	else
		free(s);
	(void)pthread_mutex_unlock(&d->web_sessions->reload_lock);
	if (rc != RC_OK)
		return rc;
	rc = check_row(reader, &row->id, e);
	if (rc != RC_OK) {
		drop(d->web_sessions, &(struct drop){.account = &row->account, .id = &row->id});
		return rc == RC_NOT_FOUND ? fail(e, RC_DENIED, "the session was ended") : rc;
	}
	struct uid surplus;
	rc = find_surplus(reader, &row->account, &surplus, e);
	if (rc == RC_OK && !uid_is_none(&surplus))
		rc = web_session_end(d, &who, &surplus, e);
	return rc == RC_NOT_FOUND ? RC_OK : rc; /* another sign-in ended it first */
}

enum rc web_session_delete_others(
	struct db *db, const struct uid *account, const struct uid *keep, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"DELETE FROM web_session WHERE account = ?1 AND (?2 IS NULL OR id <> ?2)", account,
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, keep);
	return stmt_run(s, NULL, e);
}

void web_session_forget_others(struct domain *d, const struct uid *account, const struct uid *keep)
{
	drop(d->web_sessions, &(struct drop){.account = account, .keep = keep});
}

/* All sessions of the account get what `fresh` says about it. */
static void take_over(struct web_sessions *ws, const struct principal *fresh)
{
	(void)pthread_rwlock_wrlock(&ws->lock);
	for (size_t i = 0; i < ws->slots_n; i++) {
		for (struct entry *s = ws->by_token[i]; s != NULL; s = s->next_by_token) {
			if (!uid_is(&s->principal.account, &fresh->account))
				continue;
			struct uid session = s->principal.session;
			int64_t stepped_up_ms = s->principal.stepped_up_ms;
			s->principal = *fresh;
			s->principal.session = session;
			s->principal.stepped_up_ms = stepped_up_ms;
		}
	}
	(void)pthread_rwlock_unlock(&ws->lock);
}

enum rc web_session_reload(
	struct domain *d, struct db *reader, const struct uid *account, struct err *e)
{
	struct web_sessions *ws = d->web_sessions;
	struct principal fresh = {.account = *account};

	(void)pthread_mutex_lock(&ws->reload_lock); /* fails for no one */
	enum rc rc = read_principal(reader, &fresh, e);
	if (rc == RC_OK)
		take_over(ws, &fresh);
	(void)pthread_mutex_unlock(&ws->reload_lock);
	if (rc == RC_NOT_FOUND) { /* the account is gone */
		web_session_forget_others(d, account, NULL);
		return RC_OK;
	}
	atomic_fetch_add(&ws->generation, 1);
	return rc;
}

struct step_up_job {
	const struct uid *session;
	int64_t now_ms;
};

static enum rc step_up_job(struct db *db, void *arg, struct err *e)
{
	const struct step_up_job *job = arg;
	struct stmt *s = NULL;
	int64_t changed = 0;
	enum rc rc = query_prepare(
		db, "UPDATE web_session SET stepped_up_ms = ?2 WHERE id = ?1", job->session, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, job->now_ms);
	rc = stmt_run(s, &changed, e);
	return rc == RC_OK && changed == 0 ? fail(e, RC_NOT_FOUND, "no such session") : rc;
}

enum rc web_session_step_up(struct domain *d, const struct principal *who, struct err *e)
{
	struct web_sessions *ws = d->web_sessions;
	struct step_up_job job = {.session = &who->session, .now_ms = d->wall_ms()};
	enum rc rc = act_run(d, who, step_up_job, &job, e);

	if (rc != RC_OK)
		return rc;
	(void)pthread_rwlock_wrlock(&ws->lock);
	for (struct entry *s = *id_slot(ws, &who->session); s != NULL; s = s->next_by_id) {
		if (uid_is(&s->principal.session, &who->session))
			s->principal.stepped_up_ms = job.now_ms;
	}
	(void)pthread_rwlock_unlock(&ws->lock);
	atomic_fetch_add(&ws->generation, 1);
	return RC_OK;
}

struct end_others_job {
	const struct uid *account, *keep;
};

static enum rc end_others_job(struct db *db, void *arg, struct err *e)
{
	const struct end_others_job *job = arg;

	return web_session_delete_others(db, job->account, job->keep, e);
}

enum rc web_session_end_others(struct domain *d, const struct principal *who, struct err *e)
{
	struct end_others_job job = {.account = &who->account, .keep = &who->session};
	enum rc rc = act_run(d, who, end_others_job, &job, e);

	if (rc == RC_OK)
		web_session_forget_others(d, &who->account, &who->session);
	return rc;
}

void web_session_touch(struct domain *d)
{
	if (d->web_sessions != NULL)
		atomic_fetch_add(&d->web_sessions->generation, 1);
}
