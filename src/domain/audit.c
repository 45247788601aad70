#include "domain/audit.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/utf8.h"
#include "domain/audit_inside.h"
#include "domain/bus.h"
#include "store/sealed.h"

enum { BATCH_MAX = 256, LOOK_EVERY_MS = 60 * 1000 };

const char *actor_kind_name(enum actor_kind k)
{
	static const char *const names[] = {
		[ACTOR_SERVER] = "server",
		[ACTOR_ACCOUNT] = "account",
		[ACTOR_PARTNER] = "partner",
		[ACTOR_OPERATOR_CLI] = "operator_cli",
		[ACTOR_WATCH] = "watch",
	};
	return (size_t)k < COUNT_OF(names) ? names[k] : "unknown";
}

static void audit_freep(struct audit **a)
{
	audit_free(*a);
}

enum rc audit_new(
	const char *key_dir, struct sign_key *take_key, struct audit **ret_owned, struct err *e)
{
	CLEANUP(audit_freep) struct audit *a = calloc(1, sizeof *a);

	if (a == NULL) {
		sign_free(take_key);
		return fail(e, RC_NOMEM, "audit: out of memory");
	}
	a->key = take_key;
	a->key_dir = key_dir;
	list_init(&a->order);
	(void)pthread_mutex_init(&a->lock, NULL); /* cannot fail with default attributes */
	crypto_shorthash_keygen(a->hash_key);
	*ret_owned = STEAL(a);
	return RC_OK;
}

static void free_due(struct list *due)
{
	for (struct list *n = list_pop(due); n != NULL; n = list_pop(due))
		free(CONTAINER_OF(n, struct audit_fold, in_order));
}

void audit_free(struct audit *a)
{
	struct list due;

	if (a == NULL)
		return;
	list_init(&due);
	audit_fold_flush(a, 0, true, &due);
	free_due(&due);
	sign_free(a->key);
	(void)pthread_mutex_destroy(&a->lock);
	free(a);
}

void audit_read_stats(struct audit *a, struct audit_stats *ret)
{
	*ret = (struct audit_stats){
		.entries = atomic_load(&a->entries),
		.folded = atomic_load(&a->folded),
		.lost = atomic_load(&a->lost),
	};
}

/* ---- appending ---- */

enum rc audit_head_read(
	struct db *db, int64_t *ret_seq, uint8_t ret_hash[AUDIT_HASH_BYTES], struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1", &s, e);

	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	*ret_seq = 0;
	memset(ret_hash, 0, AUDIT_HASH_BYTES);
	if (has_row) {
		struct view hash = stmt_blob(s, 1);
		*ret_seq = stmt_int(s, 0);
		if (hash.n == AUDIT_HASH_BYTES) /* else somebody changed it: verify finds it */
			memcpy(ret_hash, hash.p, AUDIT_HASH_BYTES);
		stmt_reset(s);
	}
	return RC_OK;
}

/* A salt, address and detail in one piece. */
static struct view plain_of(const struct act *act, char plain[AUDIT_PLAIN_MAX])
{
	size_t address_n = strlen(act->address);
	size_t detail_n = strlen(act->detail);

	char *at = plain + AUDIT_SALT_BYTES;

	randombytes_buf(plain, AUDIT_SALT_BYTES);
	*at++ = (char)address_n;
	memcpy(at, act->address, address_n);
	memcpy(at + address_n, act->detail, detail_n);
	return (struct view){.p = plain, .n = AUDIT_SALT_BYTES + 1 + address_n + detail_n};
}

struct sealed {
	size_t n;
	uint8_t bytes[AUDIT_PLAIN_MAX + SEAL_OVERHEAD];
	uint8_t hash[AUDIT_HASH_BYTES]; /* of what was sealed */
};

/* With the key of the wearer, else of the group, else of the actor, else the system's. */
static enum rc seal_detail(struct db *db, const struct act *act, struct uid *ret_owner,
	struct sealed *ret, struct err *e)
{
	const struct uid *const owners[] = {
		&act->wearer, &act->group, &act->actor, &keyring_system};
	char text[AUDIT_PLAIN_MAX];
	struct view plain = plain_of(act, text);
	enum rc rc = RC_NOT_FOUND;

	for (size_t i = 0; i < COUNT_OF(owners) && rc == RC_NOT_FOUND; i++) {
		if (uid_is_none(owners[i]) && owners[i] != &keyring_system)
			continue;
		rc = keyring_seal(db_keyring(db), owners[i], AUDIT_LABEL, plain, ret->bytes, e);
		*ret_owner = *owners[i];
	}
	ret->n = plain.n + SEAL_OVERHEAD;
	audit_detail_hash(plain, ret->hash);
	sodium_memzero(text, sizeof text);
	return rc;
}

static enum rc insert_row(struct db *db, const struct audit_row *row,
	const uint8_t hash[AUDIT_HASH_BYTES], struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db,
		"INSERT INTO audit (" AUDIT_COLUMNS ") VALUES"
		" (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, row->seq);
	stmt_bind_int(s, 2, row->time_ms);
	stmt_bind_text(s, 3, row->action);
	stmt_bind_int(s, 4, row->actor_kind);
	stmt_bind_uid(s, 5, &row->actor);
	stmt_bind_uid(s, 6, &row->group);
	stmt_bind_uid(s, 7, &row->wearer);
	stmt_bind_uid(s, 8, &row->subject);
	stmt_bind_text(s, 9, row->right);
	stmt_bind_text(s, 10, row->outcome);
	stmt_bind_int(s, 11, row->times);
	stmt_bind_int(s, 12, row->is_told);
	stmt_bind_blob(s, 13, (struct view){.p = (const char *)row->owner.b, .n = UID_BYTES});
	stmt_bind_blob(s, 14, row->detail);
	stmt_bind_blob(s, 15, row->detail_hash);
	stmt_bind_blob(s, 16, (struct view){.p = (const char *)hash, .n = AUDIT_HASH_BYTES});
	return stmt_run(s, NULL, e);
}

enum rc audit_append_times(
	struct db *db, const struct act *act, uint32_t times, int64_t now_ms, struct err *e)
{
	uint8_t previous[AUDIT_HASH_BYTES];
	uint8_t hash[AUDIT_HASH_BYTES];
	struct sealed sealed;
	struct audit_row row = {
		.time_ms = now_ms,
		.action = view_of(act->action == NULL ? "unnamed" : act->action),
		.actor_kind = act->actor_kind,
		.actor = act->actor,
		.group = act->group,
		.wearer = act->wearer,
		.subject = act->subject,
		.right = view_of(act->right == NULL ? "" : act->right),
		.outcome = view_of(act->outcome == NULL ? "done" : act->outcome),
		.times = times,
		.is_told = act->is_told,
	};
	enum rc rc = audit_head_read(db, &row.seq, previous, e);

	if (rc == RC_OK)
		rc = seal_detail(db, act, &row.owner, &sealed, e);
	if (rc != RC_OK)
		return rc;
	row.seq++;
	row.detail = (struct view){.p = (const char *)sealed.bytes, .n = sealed.n};
	row.detail_hash = (struct view){.p = (const char *)sealed.hash, .n = AUDIT_HASH_BYTES};
	audit_row_hash(previous, &row, hash);
	return insert_row(db, &row, hash, e);
}

enum rc audit_append(struct db *db, const struct act *act, int64_t now_ms, struct err *e)
{
	return audit_append_times(db, act, 1, now_ms, e);
}

/* After the commit. */
static void note_appended(struct domain *d, const struct act *act)
{
	if (d->audit != NULL) {
		(void)atomic_fetch_add(&d->audit->entries, 1);
		(void)atomic_fetch_add(&d->audit->since_checkpoint, 1);
	}
	if (act->is_told && !uid_is_none(&act->group))
		bus_publish(d->bus, EVENT_NOTICE, &act->group, &act->group);
}

struct act_job {
	writer_job_fn *fn;
	void *arg;
	const struct act *act;
	int64_t now_ms;
};

static enum rc act_job(struct db *db, void *arg, struct err *e)
{
	const struct act_job *job = arg;
	enum rc rc = job->fn(db, job->arg, e);

	return rc == RC_OK ? audit_append(db, job->act, job->now_ms, e) : rc;
}

enum rc act_run(
	struct domain *d, const struct principal *who, writer_job_fn *fn, void *arg, struct err *e)
{
	struct act *act = who == NULL ? NULL : who->act;

	if (act == NULL || act->action == NULL)
		return writer_run(d->writer, fn, arg, e);
	if (act->outcome == NULL)
		act->outcome = "done";
	struct act_job job = {.fn = fn, .arg = arg, .act = act, .now_ms = d->wall_ms()};
	enum rc rc = writer_run(d->writer, act_job, &job, e);
	if (rc == RC_OK) {
		act->is_written = true;
		note_appended(d, act);
	}
	return rc;
}

void act_detail(const struct principal *who, const char *fmt, ...)
{
	va_list args;

	if (who == NULL || who->act == NULL)
		return;
	char *detail = who->act->detail;
	va_start(args, fmt);
	int n = vsnprintf(detail, AUDIT_DETAIL_MAX, fmt, args);
	va_end(args);
	if (n < AUDIT_DETAIL_MAX)
		return;
	struct view rest = view_of(detail); /* cut: keep whole characters */
	uint32_t c = 0;
	while (utf8_next(&rest, &c)) {
	}
	detail[rest.p - detail] = '\0';
}

void act_subject(const struct principal *who, const struct uid *subject)
{
	if (who != NULL && who->act != NULL)
		who->act->subject = *subject;
}

void act_told(const struct principal *who)
{
	if (who != NULL && who->act != NULL)
		who->act->is_told = true;
}

/* ---- what nobody waits for ---- */

struct batch {
	struct domain *domain;
	size_t n;
	struct audit_posted items[];
};

static enum rc batch_job(struct db *db, void *arg, struct err *e)
{
	const struct batch *b = arg;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < b->n && rc == RC_OK; i++)
		rc = audit_append_times(
			db, &b->items[i].act, b->items[i].times, b->items[i].time_ms, e);
	return rc;
}

static void note_lost(struct domain *d, size_t n, const char *why)
{
	if (d->audit != NULL)
		(void)atomic_fetch_add(&d->audit->lost, n);
	log_event(LOG_ERROR, "audit.lost", "entries=%zu why=\"%s\"", n, why);
}

static void batch_done(void *arg, enum rc rc, const struct err *e)
{
	struct batch *b = arg;

	if (rc != RC_OK)
		note_lost(b->domain, b->n, e->msg);
	for (size_t i = 0; i < b->n && rc == RC_OK; i++)
		note_appended(b->domain, &b->items[i].act);
	free(b);
}

static void post_batch(struct domain *d, struct batch *take)
{
	struct err e;

	if (writer_post(d->writer, batch_job, batch_done, take, 0, &e) == RC_OK)
		return;
	note_lost(d, take->n, e.msg);
	free(take);
}

static struct batch *batch_new(struct domain *d, size_t max)
{
	struct batch *b = calloc(1, sizeof *b + max * sizeof b->items[0]);

	if (b == NULL)
		note_lost(d, max, "out of memory");
	else
		b->domain = d;
	return b;
}

void audit_post_due(struct domain *d, struct list *due, int64_t now_ms)
{
	while (!list_is_empty(due)) {
		struct batch *b = batch_new(d, BATCH_MAX);
		if (b == NULL) {
			free_due(due);
			return;
		}
		while (b->n < BATCH_MAX && !list_is_empty(due)) {
			struct audit_fold *f =
				CONTAINER_OF(list_pop(due), struct audit_fold, in_order);
			b->items[b->n++] = (struct audit_posted){
				.act = f->act, .time_ms = now_ms, .times = f->more};
			free(f);
		}
		post_batch(d, b);
	}
}

static void post_one(struct domain *d, const struct act *act, int64_t now_ms)
{
	struct batch *b = batch_new(d, 1);

	if (b == NULL)
		return;
	b->n = 1;
	b->items[0] = (struct audit_posted){.act = *act, .time_ms = now_ms, .times = 1};
	post_batch(d, b);
}

static bool is_done(const struct act *act)
{
	return act->outcome == NULL || strcmp(act->outcome, "done") == 0 ||
	       strcmp(act->outcome, "pending") == 0;
}

static void post_folded(struct domain *d, const struct act *act, bool is_look)
{
	int64_t now_ms = d->wall_ms();
	struct list due;

	list_init(&due);
	if (audit_fold_take(d->audit, act, is_look, now_ms, &due))
		post_one(d, act, now_ms);
	audit_post_due(d, &due, now_ms);
}

void audit_post(struct domain *d, const struct act *act)
{
	if (d->audit == NULL || act->action == NULL)
		return;
	if (is_done(act))
		post_one(d, act, d->wall_ms());
	else
		post_folded(d, act, false);
}

void audit_look(struct domain *d, const struct act *act)
{
	if (d->audit != NULL && act->action != NULL)
		post_folded(d, act, true);
}

/* ---- its life ---- */

void audit_tick(struct domain *d)
{
	struct audit *a = d->audit;
	int64_t now_ms = d->wall_ms();
	struct list due;

	if (a == NULL)
		return;
	list_init(&due);
	audit_fold_flush(a, now_ms, false, &due);
	audit_post_due(d, &due, now_ms);
	if (atomic_load(&a->since_checkpoint) < AUDIT_CHECKPOINT_ENTRIES &&
		now_ms - atomic_load(&a->checkpoint_look_ms) < LOOK_EVERY_MS &&
		now_ms >= atomic_load(&a->checkpoint_look_ms))
		return;
	atomic_store(&a->checkpoint_look_ms, now_ms);
	audit_checkpoint_post(d, now_ms, false);
}

void audit_stop(struct domain *d)
{
	int64_t now_ms = d->wall_ms();
	struct list due;

	if (d->audit == NULL || d->writer == NULL)
		return;
	list_init(&due);
	audit_fold_flush(d->audit, now_ms, true, &due);
	audit_post_due(d, &due, now_ms);
	audit_checkpoint_post(d, now_ms, true);
}
