#include "domain/way.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "domain/ingest.h"
#include "domain/second_factor.h"
#include "domain/text.h"
#include "store/query.h"
#include "store/sealed.h"
#include "watch/report_pack.h"

enum { TAKE_MAX_S = 20, SEEN_STEP_MS = 60 * 1000, ENCRYPTION_CHARS = WAY_ENCRYPTION_KEY_TEXT - 1 };

static const struct {
	enum way_kind kind;
	const char *name;
} kinds[] = {
	{WAY_OWNTRACKS, "owntracks"},
	{WAY_OSMAND, "traccar"},
	{WAY_WATCH_TLS, "watch_tls"},
};

const char *way_kind_name(enum way_kind kind)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (kinds[i].kind == kind)
			return kinds[i].name;
	}
	return "";
}

bool way_kind_from_name(struct view name, enum way_kind *ret)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (view_is(name, view_of(kinds[i].name))) {
			*ret = kinds[i].kind;
			return true;
		}
	}
	return false;
}

/* SELECT id, kind, name, created_ms, last_ms … */
static enum rc read_row(
	struct stmt *s, const struct uid *wearer, struct way_info *ret, struct err *e)
{
	*ret = (struct way_info){.id = stmt_uid(s, 0),
		.kind = (enum way_kind)stmt_int(s, 1),
		.created_ms = stmt_int(s, 3),
		.last_ms = stmt_int(s, 4)};
	return stmt_copy_sealed(s, 2, wearer, "way.name", ret->name, sizeof ret->name, e);
}

enum rc way_list(struct db *reader, const struct uid *wearer, way_fn *fn, void *ctx, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	struct way_info way;
	enum rc rc = query_prepare(reader,
		"SELECT id, kind, name, created_ms, last_ms FROM way WHERE wearer = ?1"
		" ORDER BY created_ms, rowid",
		wearer, &s, e);

	while (rc == RC_OK && (rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		rc = read_row(s, wearer, &way, e);
		if (rc == RC_OK)
			fn(ctx, &way);
	}
	if (s != NULL)
		stmt_reset(s);
	return rc;
}

/* A change of one way, as a job of the writer. */
struct way_job {
	const struct uid *wearer;
	struct way_info way;
	const struct token_hash *token; /* phones */
	struct view key;                /* sealed: of OwnTracks, or the hash of a watch's key */
	uint32_t number;                /* out: of the wearer */
	struct uid group;               /* out */
	struct problem *problem;
};

static enum rc read_wearer(struct db *db, struct way_job *job, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(
		db, "SELECT number, care_group FROM wearer WHERE id = ?1", job->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	job->number = (uint32_t)stmt_int(s, 0);
	job->group = stmt_uid(s, 1);
	stmt_reset(s);
	return RC_OK;
}

static enum rc check_room(struct db *db, const struct way_job *job, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"SELECT COUNT(*), COALESCE(SUM(kind = ?2), 0),"
		" (SELECT COUNT(*) FROM device WHERE wearer = ?1) FROM way WHERE wearer = ?1",
		job->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, WAY_WATCH_TLS);
	rc = query_first(s, e);
	if (rc != RC_OK)
		return rc;
	int64_t n = stmt_int(s, 0);
	int64_t keys = stmt_int(s, 1);
	int64_t devices = stmt_int(s, 2);
	stmt_reset(s);
	if (n >= WAYS_MAX)
		return refuse(job->problem, RC_LIMIT, "too_many_ways", NULL, NULL);
	/* A place comes to the wearer of a device. */
	if (devices == 0)
		return refuse(job->problem, RC_CONFLICT, "no_device", NULL, NULL);
	if (job->way.kind == WAY_WATCH_TLS && keys > 0)
		return refuse(job->problem, RC_CONFLICT, "way_exists", NULL, NULL);
	return RC_OK;
}

static void bind_token(struct stmt *s, int at, const struct token_hash *token)
{
	if (token != NULL)
		stmt_bind_blob(s, at, (struct view){(const char *)token->b, sizeof token->b});
}

static enum rc add_job(struct db *db, void *arg, struct err *e)
{
	struct way_job *job = arg;
	struct stmt *s = NULL;
	enum rc rc = check_room(db, job, e);

	if (rc == RC_OK)
		rc = read_wearer(db, job, e);
	if (rc == RC_OK)
		rc = query_prepare(db,
			"INSERT INTO way (wearer, id, kind, name, token_hash, key, created_ms)"
			" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
			job->wearer, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, &job->way.id);
	stmt_bind_int(s, 3, job->way.kind);
	stmt_bind_sealed(s, 4, job->wearer, "way.name", view_of(job->way.name));
	bind_token(s, 5, job->token);
	stmt_bind_sealed(s, 6, job->wearer, "way.key", job->key);
	stmt_bind_int(s, 7, job->way.created_ms);
	return stmt_run(s, NULL, e);
}

static enum rc find_row(struct db *db, struct way_job *job, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"SELECT id, kind, name, created_ms, last_ms FROM way WHERE wearer = ?1 AND id = ?2",
		job->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, &job->way.id);
	rc = query_first(s, e);
	if (rc == RC_OK)
		rc = read_row(s, job->wearer, &job->way, e);
	stmt_reset(s);
	return rc == RC_OK ? read_wearer(db, job, e) : rc;
}

static enum rc renew_job(struct db *db, void *arg, struct err *e)
{
	struct way_job *job = arg;
	struct stmt *s = NULL;
	enum rc rc = find_row(db, job, e);

	if (rc == RC_OK)
		rc = query_prepare(db,
			"UPDATE way SET token_hash = ?3, key = ?4, last_ms = 0 WHERE wearer = ?1"
			" AND id = ?2",
			job->wearer, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, &job->way.id);
	bind_token(s, 3, job->way.kind == WAY_WATCH_TLS ? NULL : job->token);
	stmt_bind_sealed(s, 4, job->wearer, "way.key", job->key);
	job->way.last_ms = 0;
	return stmt_run(s, NULL, e);
}

static enum rc rename_job(struct db *db, void *arg, struct err *e)
{
	struct way_job *job = arg;
	char name[NAME_TEXT];
	struct stmt *s = NULL;

	memcpy(name, job->way.name, sizeof name);
	enum rc rc = find_row(db, job, e);
	memcpy(job->way.name, name, sizeof name);
	if (rc == RC_OK)
		rc = query_prepare(db, "UPDATE way SET name = ?3 WHERE wearer = ?1 AND id = ?2",
			job->wearer, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, &job->way.id);
	stmt_bind_sealed(s, 3, job->wearer, "way.name", view_of(name));
	return stmt_run(s, NULL, e);
}

static enum rc remove_job(struct db *db, void *arg, struct err *e)
{
	struct way_job *job = arg;
	struct stmt *s = NULL;
	enum rc rc = find_row(db, job, e);

	if (rc == RC_OK)
		rc = query_prepare(
			db, "DELETE FROM way WHERE wearer = ?1 AND id = ?2", job->wearer, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, &job->way.id);
	return stmt_run(s, NULL, e);
}

/* From the next connection on. A failure leaves the old rule until the next start. */
static enum rc pin(struct domain *d, const struct way_job *job, struct view key, struct err *e)
{
	return job->way.kind == WAY_WATCH_TLS ? watch_keys_set(d, job->wearer, job->number, key, e)
					      : RC_OK;
}

static void new_encryption_key(char ret[WAY_ENCRYPTION_KEY_TEXT])
{
	char text[TOKEN_TEXT_SIZE];
	struct token_hash hash;

	token_new(text, &hash); /* 32 of its characters: 192 bits */
	memcpy(ret, text, ENCRYPTION_CHARS);
	ret[ENCRYPTION_CHARS] = '\0';
	secret_forget(text, sizeof text);
}

/* A fresh secret for a way of this kind. */
struct secret {
	struct token_hash token;
	uint8_t key[CERTIFICATE_KEY_BYTES];
	struct view sealed; /* into key or the encryption key of made */
};

static enum rc new_secret(enum way_kind kind, struct view certificate, struct way_made *made,
	struct secret *ret, struct problem *p, struct err *e)
{
	enum rc rc = RC_OK;

	ret->sealed = VIEW("");
	if (kind != WAY_WATCH_TLS)
		token_new(made->token, &ret->token);
	if (kind == WAY_OWNTRACKS) {
		new_encryption_key(made->encryption_key);
		ret->sealed = view_of(made->encryption_key);
	}
	if (kind != WAY_WATCH_TLS)
		return RC_OK;
	if (certificate.n == 0) {
		rc = certificate_new("kinward-watch", &made->certificate, e);
		certificate = view_of(made->certificate.certificate);
	}
	if (rc == RC_OK && certificate_key(certificate, ret->key, e) != RC_OK)
		return refuse(p, RC_SYNTAX, "certificate_invalid", "certificate",
			"a PEM certificate with a key of at least RSA 2048 or P-256");
	ret->sealed = (struct view){(const char *)ret->key, sizeof ret->key};
	return rc;
}

/* Another key silences the watch until it has it, alarms included; none lets in whoever says its
 * number. */
static enum rc guard_key(
	struct domain *d, const struct principal *who, enum way_kind kind, struct problem *p)
{
	return kind == WAY_WATCH_TLS ? security_guard_step_up(d, who, p) : RC_OK;
}

enum rc way_add(struct domain *d, const struct principal *who, const struct uid *wearer,
	enum way_kind kind, struct view name, struct view certificate, struct way_made *ret,
	struct problem *p, struct err *e)
{
	struct way_made made = {.way = {.id = uid_new(), .kind = kind, .created_ms = d->wall_ms()}};
	struct secret secret;
	struct way_job job = {.wearer = wearer, .problem = p};

	if (!text_is_clean(name, 1, WAY_NAME_CHARS) ||
		!view_to_text(name, made.way.name, sizeof made.way.name))
		return refuse(p, RC_SYNTAX, "name_invalid", "name", "1 to 40 characters");
	enum rc rc = guard_key(d, who, kind, p);
	if (rc == RC_OK)
		rc = new_secret(kind, certificate, &made, &secret, p, e);
	if (rc == RC_OK) {
		job.way = made.way;
		job.token = kind == WAY_WATCH_TLS ? NULL : &secret.token;
		job.key = secret.sealed;
		act_subject(who, &made.way.id);
		act_detail(who, "%s %s", way_kind_name(kind), made.way.name);
		act_told(who);
		rc = act_run(d, who, add_job, &job, e);
	}
	if (rc == RC_OK)
		rc = pin(d, &job, secret.sealed, e);
	if (rc == RC_OK)
		*ret = made;
	secret_forget(&made, sizeof made);
	secret_forget(&secret, sizeof secret);
	return rc;
}

struct kind_job {
	const struct uid *wearer, *way;
	enum way_kind kind;
};

static enum rc kind_job(struct db *db, void *arg, struct err *e)
{
	struct kind_job *job = arg;
	struct way_job row = {.wearer = job->wearer, .way = {.id = *job->way}};
	enum rc rc = find_row(db, &row, e);

	job->kind = row.way.kind;
	return rc;
}

/* RC_NOT_FOUND: the wearer has no such way. */
static enum rc kind_of(struct domain *d, const struct uid *wearer, const struct uid *way,
	enum way_kind *ret, struct err *e)
{
	struct kind_job job = {.wearer = wearer, .way = way};
	enum rc rc = writer_run(d->writer, kind_job, &job, e);

	*ret = job.kind;
	return rc;
}

enum rc way_renew(struct domain *d, const struct principal *who, const struct uid *wearer,
	const struct uid *way, struct way_made *ret, struct problem *p, struct err *e)
{
	struct way_made made = {.way = {.id = *way}};
	struct way_job job = {.wearer = wearer, .way = {.id = *way}, .problem = p};
	struct secret secret;
	enum way_kind kind = WAY_OWNTRACKS;
	enum rc rc = kind_of(d, wearer, way, &kind, e);

	if (rc == RC_OK)
		rc = guard_key(d, who, kind, p);
	if (rc == RC_OK)
		rc = new_secret(kind, VIEW(""), &made, &secret, p, e);
	if (rc == RC_OK) {
		job.token = &secret.token;
		job.key = secret.sealed;
		act_subject(who, way);
		act_detail(who, "%s", way_kind_name(kind));
		act_told(who);
		rc = act_run(d, who, renew_job, &job, e);
	}
	if (rc == RC_OK)
		rc = pin(d, &job, secret.sealed, e);
	if (rc == RC_OK) {
		made.way = job.way;
		*ret = made;
	}
	secret_forget(&made, sizeof made);
	secret_forget(&secret, sizeof secret);
	return rc;
}

enum rc way_rename(struct domain *d, const struct principal *who, const struct uid *wearer,
	const struct uid *way, struct view name, struct way_info *ret, struct problem *p,
	struct err *e)
{
	struct way_job job = {.wearer = wearer, .way = {.id = *way}, .problem = p};

	if (!text_is_clean(name, 1, WAY_NAME_CHARS) ||
		!view_to_text(name, job.way.name, sizeof job.way.name))
		return refuse(p, RC_SYNTAX, "name_invalid", "name", "1 to 40 characters");
	act_subject(who, way);
	act_detail(who, "%s", job.way.name);
	enum rc rc = act_run(d, who, rename_job, &job, e);
	if (rc == RC_OK)
		*ret = job.way;
	return rc;
}

enum rc way_remove(struct domain *d, const struct principal *who, const struct uid *wearer,
	const struct uid *way, struct problem *p, struct err *e)
{
	struct way_job job = {.wearer = wearer, .way = {.id = *way}};
	enum way_kind kind = WAY_OWNTRACKS;
	enum rc rc = kind_of(d, wearer, way, &kind, e);

	if (rc == RC_OK)
		rc = guard_key(d, who, kind, p);
	if (rc != RC_OK)
		return rc;
	act_subject(who, way);
	act_detail(who, "%s", way_kind_name(kind));
	act_told(who);
	rc = act_run(d, who, remove_job, &job, e);
	return rc == RC_OK ? pin(d, &job, VIEW(""), e) : rc;
}

/* ---- what phones say ---- */

enum rc way_of_token(struct db *reader, struct view token, enum way_kind kind,
	struct way_phone *ret, struct err *e)
{
	struct token_hash hash;
	struct stmt *s = NULL;

	if (!token_hash_of(token, &hash))
		return fail(e, RC_NOT_FOUND, "no such phone");
	enum rc rc = db_prepare(reader,
		"SELECT id, wearer, key, last_ms FROM way WHERE token_hash = ?1 AND kind = ?2", &s,
		e);
	if (rc != RC_OK)
		return rc;
	bind_token(s, 1, &hash);
	stmt_bind_int(s, 2, kind);
	rc = query_first(s, e);
	if (rc == RC_OK) {
		*ret = (struct way_phone){.id = stmt_uid(s, 0),
			.wearer = stmt_uid(s, 1),
			.kind = kind,
			.last_ms = stmt_int(s, 3)};
		rc = stmt_copy_sealed(s, 2, &ret->wearer, "way.key", ret->encryption_key,
			sizeof ret->encryption_key, e);
	}
	stmt_reset(s);
	return rc;
}

/* On its way through the main loop; the last of the two who know it frees it. */
struct told {
	struct domain *domain;
	struct uid wearer;
	int64_t received_ms;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t is_taken;
	unsigned users;
	bool is_done;
	enum rc rc;
	struct err e;
	size_t n;
	uint8_t packed[REPORT_PACK_MAX];
};

static void let_go(struct told *t)
{
	(void)pthread_mutex_lock(&t->lock);
	bool is_last = --t->users == 0;
	(void)pthread_mutex_unlock(&t->lock);
	if (!is_last)
		return;
	(void)pthread_cond_destroy(&t->is_taken);
	(void)pthread_mutex_destroy(&t->lock);
	secret_forget(t->packed, sizeof t->packed);
	free(t);
}

static void end_told(struct told *t, enum rc rc, const struct err *e)
{
	(void)pthread_mutex_lock(&t->lock);
	t->is_done = true;
	t->rc = rc;
	t->e = *e;
	(void)pthread_cond_signal(&t->is_taken);
	(void)pthread_mutex_unlock(&t->lock);
	let_go(t);
}

static void told_is_stored(void *arg, enum rc rc)
{
	struct err e = {.msg = "the server stops"};

	end_told(arg, rc, &e);
}

static void take_told(void *arg)
{
	struct told *t = arg;
	struct err e;
	enum rc rc = ingest_take_phone(t->domain, &t->wearer,
		(struct view){(const char *)t->packed, t->n}, t->received_ms, told_is_stored, t,
		&e);

	if (rc != RC_OK)
		end_told(t, rc, &e);
}

static enum rc wait_taken(struct told *t, struct err *e)
{
	struct timespec until;
	int result = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += TAKE_MAX_S;
	(void)pthread_mutex_lock(&t->lock);
	while (!t->is_done && result == 0)
		result = pthread_cond_timedwait(&t->is_taken, &t->lock, &until);
	enum rc rc = t->is_done ? t->rc : fail(e, RC_LIMIT, "the server is busy, or stops");
	if (t->is_done && rc != RC_OK)
		*e = t->e;
	(void)pthread_mutex_unlock(&t->lock);
	return rc;
}

static enum rc told_new(struct domain *d, const struct way_phone *phone, const struct report *r,
	struct told **ret, struct err *e)
{
	pthread_condattr_t monotonic;
	struct told *t = calloc(1, sizeof *t);

	if (t == NULL)
		return fail(e, RC_NOMEM, "out of memory");
	enum rc rc = report_pack(r, t->packed, sizeof t->packed, &t->n, e);
	if (rc != RC_OK) {
		free(t);
		return rc;
	}
	t->domain = d;
	t->wearer = phone->wearer;
	t->received_ms = d->wall_ms();
	t->users = 2;
	(void)pthread_mutex_init(&t->lock, NULL); /* these cannot fail on Linux */
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&t->is_taken, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	*ret = t;
	return RC_OK;
}

enum rc way_report(
	struct domain *d, const struct way_phone *phone, const struct report *r, struct err *e)
{
	struct told *t = NULL;
	enum rc rc = told_new(d, phone, r, &t, e);

	if (rc != RC_OK)
		return rc;
	rc = loop_post(d->loop, take_told, t, e);
	if (rc != RC_OK)
		let_go(t); /* for the main loop, which never saw it */
	else
		rc = wait_taken(t, e);
	let_go(t);
	return rc;
}

struct seen {
	struct way_phone phone;
	int64_t now_ms;
};

static enum rc seen_job(struct db *db, void *arg, struct err *e)
{
	const struct seen *seen = arg;
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"UPDATE way SET last_ms = ?3 WHERE wearer = ?1 AND id = ?2 AND last_ms < ?4",
		&seen->phone.wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, &seen->phone.id);
	stmt_bind_int(s, 3, seen->now_ms);
	stmt_bind_int(s, 4, seen->now_ms - SEEN_STEP_MS);
	return stmt_run(s, NULL, e);
}

void way_seen(struct domain *d, const struct way_phone *phone)
{
	struct seen seen = {.phone = *phone, .now_ms = d->wall_ms()};
	struct err e;

	if (seen.now_ms - phone->last_ms < SEEN_STEP_MS)
		return;
	if (writer_run(d->writer, seen_job, &seen, &e) != RC_OK)
		log_event(LOG_WARN, "way.not_seen", "why=\"%s\"", e.msg);
}
