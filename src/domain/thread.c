#include "domain/thread.h"

#include <stdlib.h>

#include "base/log.h"
#include "domain/account.h"
#include "domain/audit.h"
#include "domain/bus.h"
#include "domain/capability.h"
#include "domain/command_row.h"
#include "domain/thread_store.h"
#include "domain/voice_out.h"
#include "domain/watch_target.h"
#include "store/query.h"
#include "store/sealed.h"
#include "watch/escape.h"

#define HOUR_MS ((int64_t)3600 * 1000)
#define KEY_LIFE_MS (24 * HOUR_MS)

/* What read_row reads, in this order. */
#define ITEM_COLUMNS                                                                               \
	"SELECT t.id, t.wearer, t.kind, t.direction, t.by_kind, t.by_account, t.state, t.reason,"  \
	" t.created_ms, t.delivered_ms, t.heard_ms, t.about, a.name, p.name, w.name, c.state,"     \
	" c.reason, CASE WHEN t.kind = 0 THEN t.content ELSE NULL END, w.care_group, t.size"       \
	" FROM thread_item t JOIN wearer w ON w.id = t.wearer"                                     \
	" LEFT JOIN account a ON a.id = t.by_account LEFT JOIN partner p ON p.id = t.by_account"   \
	" LEFT JOIN command c ON c.wearer = t.wearer AND c.id = t.id AND t.kind = 0 "

const char *thread_kind_name(enum thread_kind k)
{
	static const char *const names[THREAD_KIND_COUNT] = {"text", "voice", "photo"};

	return k < THREAD_KIND_COUNT ? names[k] : "text";
}

const char *thread_by_name(enum thread_by b)
{
	static const char *const names[THREAD_BY_COUNT] = {"watch", "member", "partner"};

	return b < THREAD_BY_COUNT ? names[b] : "watch";
}

const char *thread_state_name(enum thread_state s)
{
	static const char *const names[THREAD_STATE_COUNT] = {
		"queued", "sent", "delivered", "heard", "failed", "expired", "received"};

	return s < THREAD_STATE_COUNT ? names[s] : "failed";
}

struct thread_sight thread_sight_of(right_set rights)
{
	return (struct thread_sight){.sees_texts = (rights & RIGHT_BIT(RIGHT_MESSAGE)) != 0,
		.sees_media = (rights & RIGHT_BIT(RIGHT_VIEW_MEDIA)) != 0};
}

/* ---- reading ---- */

static void read_by(struct stmt *s, struct thread_item *item)
{
	switch (item->by_kind) {
	case THREAD_BY_MEMBER:
		account_copy_name(s, 12, &item->by, item->by_name, sizeof item->by_name);
		break;
	case THREAD_BY_PARTNER:
		stmt_copy_text(s, 13, item->by_name, sizeof item->by_name);
		break;
	case THREAD_BY_WATCH:
	case THREAD_BY_COUNT:
		if (stmt_copy_sealed(s, 14, &item->wearer, "wearer.name", item->by_name,
			    sizeof item->by_name, NULL) != RC_OK)
			item->by_name[0] = '\0';
		break;
	}
}

static void read_text(struct stmt *s, struct thread_item *item)
{
	uint8_t *text = NULL;
	size_t n = 0;

	if (thread_pad_take(s, 17, &item->wearer, "thread_item.content", &text, &n, NULL) ==
			RC_OK &&
		!view_to_text((struct view){.p = (const char *)text, .n = n}, item->text,
			sizeof item->text))
		item->text[0] = '\0';
	free(text);
}

/* What the command says now; when it is gone, how it ended. */
static void read_state(struct stmt *s, struct thread_item *item)
{
	bool has_command = !stmt_is_null(s, 15);
	int64_t reason = stmt_int(s, has_command ? 16 : 7);

	item->state = has_command ? thread_state_of_command((enum command_state)stmt_int(s, 15))
				  : (enum thread_state)stmt_int(s, 6);
	if (item->direction == THREAD_FROM && item->state == THREAD_FAILED)
		item->reason = "unreadable";
	else if (reason > REASON_NONE && reason < REASON_COUNT)
		item->reason = command_reason_name((enum command_reason)reason);
	if (item->state == THREAD_RECEIVED && item->heard_ms != 0)
		item->state = THREAD_HEARD;
}

/* What cannot be opened any more is left out. */
static void read_row(struct stmt *s, struct thread_item *ret)
{
	*ret = (struct thread_item){.id = stmt_uid(s, 0),
		.wearer = stmt_uid(s, 1),
		.group = stmt_uid(s, 18),
		.kind = (enum thread_kind)stmt_int(s, 2),
		.direction = stmt_int(s, 3) == THREAD_TO ? THREAD_TO : THREAD_FROM,
		.by_kind = (enum thread_by)stmt_int(s, 4),
		.by = stmt_uid(s, 5),
		.created_ms = stmt_int(s, 8),
		.delivered_ms = stmt_int(s, 9),
		.heard_ms = stmt_int(s, 10)};
	read_by(s, ret);
	read_state(s, ret);
	if (thread_read_about(s, 11, ret, NULL) != RC_OK)
		ret->bytes = 0;
	if (ret->kind == THREAD_TEXT)
		read_text(s, ret);
}

enum rc thread_get(
	struct db *reader, const struct uid *item, struct thread_item *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(reader, ITEM_COLUMNS "WHERE t.id = ?1", item, &s, e);

	if (rc != RC_OK)
		return rc;
	read_row(s, ret);
	stmt_reset(s);
	return RC_OK;
}

enum rc thread_list(struct db *reader, const struct uid *wearer, struct thread_sight sight,
	const struct uid *before, unsigned limit, thread_fn *fn, void *ctx, struct err *e)
{
	struct thread_item last = {.created_ms = INT64_MAX};
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = before == NULL ? RC_OK : thread_get(reader, before, &last, e);

	if (rc == RC_OK && before != NULL && !uid_is(&last.wearer, wearer))
		rc = fail(e, RC_NOT_FOUND, "no such item of this wearer");
	if (rc == RC_OK)
		rc = query_prepare(reader,
			ITEM_COLUMNS
			"WHERE t.wearer = ?1 AND (t.created_ms < ?2 OR (t.created_ms = ?2"
			" AND t.id < ?3)) AND ((?4 AND t.direction = 0) OR (?5 AND t.direction = "
			"1))"
			" ORDER BY t.created_ms DESC, t.id DESC LIMIT ?6",
			wearer, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, last.created_ms);
	stmt_bind_uid(s, 3, &last.id);
	stmt_bind_int(s, 4, sight.sees_texts);
	stmt_bind_int(s, 5, sight.sees_media);
	stmt_bind_int(s, 6, limit < THREAD_PAGE_MAX ? limit : THREAD_PAGE_MAX);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		read_row(s, &last);
		fn(ctx, &last);
	}
	return rc;
}

enum rc thread_content(struct db *reader, const struct uid *item, enum thread_kind kind,
	uint8_t **ret_owned, size_t *ret_n, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(reader,
		"SELECT wearer, content, kind = ?2 AND NOT (direction = 1 AND state = ?3)"
		" FROM thread_item WHERE id = ?1",
		item, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, kind);
	stmt_bind_int(s, 3, THREAD_FAILED); /* of what cannot be read only a mark is kept */
	rc = query_first(s, e);
	if (rc != RC_OK)
		return rc;
	struct uid wearer = stmt_uid(s, 0);
	bool is_there = stmt_int(s, 2) != 0;
	rc = is_there ? thread_pad_take(s, 1, &wearer, "thread_item.content", ret_owned, ret_n, e)
		      : fail(e, RC_NOT_FOUND, "no %s", thread_kind_name(kind));
	stmt_reset(s);
	if (rc == RC_OK && *ret_n == 0) {
		free(*ret_owned);
		rc = fail(e, RC_NOT_FOUND, "nothing was kept of it");
	}
	return rc;
}

/* ---- what the watch can take ---- */

static enum capability_has has_capability(const struct capabilities *able, const char *name)
{
	for (unsigned i = 0; i < able->n; i++) {
		if (strcmp(able->items[i].name, name) == 0)
			return able->items[i].has;
	}
	return CAPABILITY_UNKNOWN;
}

enum rc thread_limits_get(struct domain *d, struct db *reader, const struct uid *wearer,
	struct thread_limits *ret, struct err *e)
{
	struct capabilities able;
	enum rc rc = capabilities_read(reader, wearer, &able, NULL, e);

	(void)d;
	*ret = (struct thread_limits){
		.text_units = COMMAND_TEXT_MAX, .voice_seconds = VOICE_SECONDS_MAX};
	if (rc == RC_CONFLICT) /* no watch: nothing can be sent */
		return RC_OK;
	if (rc != RC_OK)
		return rc;
	/* The yisai family acknowledges a text and does not show it. */
	bool is_yisai = command_is_yisai(view_of(able.vendor));
	enum capability_has text = has_capability(&able, "text");
	ret->has_text = text == CAPABILITY_YES || (text == CAPABILITY_UNKNOWN && !is_yisai);
	ret->has_voice = has_capability(&able, "voice") != CAPABILITY_NO;
	ret->has_emoji = has_capability(&able, "emoji") == CAPABILITY_YES;
	ret->lacks_emoji = has_capability(&able, "emoji") == CAPABILITY_NO;
	return RC_OK;
}

/* ---- voices to the watch ---- */

struct voice_job {
	struct domain *domain;
	const struct principal *who;
	const struct uid *wearer;
	const struct thread_voice *voice;
	int64_t now_ms;
	struct problem *problem;
	struct watch_target to; /* out */
	struct uid id;          /* out */
	bool is_earlier;        /* out: the key was used for it before */
};

static enum rc find_earlier(struct db *db, struct voice_job *job, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;

	job->is_earlier = false;
	if (job->voice->idempotency_key.n == 0)
		return RC_OK;
	enum rc rc = query_prepare(db,
		"SELECT id FROM thread_item WHERE wearer = ?1 AND created_ms > ?2"
		" AND by_account = ?3 AND kind = ?4 AND idempotency_key = ?5",
		job->wearer, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, job->now_ms - KEY_LIFE_MS);
	stmt_bind_uid(s, 3, &job->who->account);
	stmt_bind_int(s, 4, THREAD_VOICE);
	stmt_bind_text(s, 5, job->voice->idempotency_key);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK || !has_row)
		return rc;
	job->id = stmt_uid(s, 0);
	job->is_earlier = true;
	stmt_reset(s);
	return RC_OK;
}

static enum rc check_voices(struct db *db, const struct voice_job *job, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"SELECT (SELECT COUNT(*) FROM thread_item WHERE wearer = ?1 AND kind = 1"
		" AND state < 2), (SELECT COUNT(*) FROM thread_item WHERE wearer = ?1"
		" AND created_ms > ?2 AND kind = 1 AND direction = 0)",
		job->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, job->now_ms - HOUR_MS);
	rc = query_first(s, e);
	if (rc != RC_OK)
		return rc;
	int64_t waiting = stmt_int(s, 0);
	int64_t in_hour = stmt_int(s, 1);
	stmt_reset(s);
	if (waiting < VOICES_WAITING_MAX && in_hour < VOICES_PER_HOUR_MAX)
		return RC_OK;
	rc = refuse(job->problem, RC_LIMIT, "too_many_voices", NULL,
		waiting >= VOICES_WAITING_MAX ? "20 voice messages wait for this watch already"
					      : "60 voice messages were sent in the last hour");
	if (job->problem != NULL)
		job->problem->retry_after_s = 60;
	return rc;
}

static enum rc voice_job(struct db *db, void *arg, struct err *e)
{
	struct voice_job *job = arg;
	const struct thread_voice *v = job->voice;
	struct thread_limits limits;
	enum rc rc = watch_target_read(db, job->wearer, &job->to, job->problem, e);

	if (rc == RC_OK)
		rc = thread_limits_get(job->domain, db, job->wearer, &limits, e);
	if (rc == RC_OK && !limits.has_voice)
		return refuse(job->problem, RC_CONFLICT, "watch_has_no_voice", NULL,
			"this watch plays no voice messages");
	if (rc == RC_OK)
		rc = find_earlier(db, job, e);
	if (rc != RC_OK || job->is_earlier)
		return rc;
	rc = check_voices(db, job, e);
	if (rc != RC_OK)
		return rc;
	struct thread_row row = {.wearer = *job->wearer,
		.kind = THREAD_VOICE,
		.direction = THREAD_TO,
		.by_kind = THREAD_BY_MEMBER,
		.by = job->who->account,
		.state = THREAD_QUEUED,
		.created_ms = job->now_ms,
		.expires_ms = job->now_ms + (int64_t)VOICE_LIFE_S * 1000,
		.idempotency_key = v->idempotency_key,
		.content = v->amr,
		.duration_ms = v->duration_ms,
		.has_wave = true};
	memcpy(row.wave, v->wave, sizeof row.wave);
	rc = thread_insert(db, &row, job->domain->settings.thread_max_bytes, &job->id, e);
	if (rc == RC_LIMIT)
		rc = refuse(job->problem, RC_CONFLICT, "quota_full", NULL,
			"the group's room is used up by messages that nobody has heard yet");
	return rc;
}

/* Bytes on the wire: five values take two bytes each. */
static size_t wire_bytes(struct view v)
{
	size_t n = v.n;

	for (size_t i = 0; i < v.n; i++)
		n += memchr("}[],*", v.p[i], 5) != NULL;
	return n;
}

enum rc thread_send_voice(struct domain *d, const struct principal *who, const struct uid *wearer,
	const struct thread_voice *v, struct uid *ret_item, struct problem *p, struct err *e)
{
	struct voice_job job = {.domain = d,
		.who = who,
		.wearer = wearer,
		.voice = v,
		.now_ms = d->wall_ms(),
		.problem = p};

	if (v->idempotency_key.n > IDEMPOTENCY_KEY_MAX)
		return refuse(
			p, RC_SYNTAX, "key_invalid", "Idempotency-Key", "at most 64 characters");
	if (v->amr.n > VOICE_DOWN_BYTES_MAX || wire_bytes(v->amr) > VOICE_WIRE_MAX)
		return refuse(p, RC_SYNTAX, "voice_too_long", NULL,
			"more bytes than a watch takes at once");
	enum rc rc = act_run(d, who, voice_job, &job, e);
	if (rc != RC_OK)
		return rc;
	*ret_item = job.id;
	if (!job.is_earlier) {
		bus_publish(d->bus, EVENT_THREAD, &job.to.group, wearer);
		voice_out_post(d, job.to.number, wearer, &job.to.group);
	}
	return RC_OK;
}

/* ---- changes by people ---- */

struct change_job {
	const struct uid *wearer, *item;
	int64_t now_ms;
	struct uid group; /* out */
};

static enum rc find_group(struct db *db, struct change_job *job, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc =
		query_row(db, "SELECT care_group FROM wearer WHERE id = ?1", job->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	job->group = stmt_uid(s, 0);
	stmt_reset(s);
	return RC_OK;
}

static enum rc delete_job(struct db *db, void *arg, struct err *e)
{
	struct change_job *job = arg;
	enum rc rc = find_group(db, job, e);

	return rc == RC_OK ? thread_remove(db, job->wearer, job->item, e) : rc;
}

static enum rc run_change(struct domain *d, const struct principal *who, writer_job_fn *fn,
	const struct uid *wearer, const struct uid *item, struct err *e)
{
	struct change_job job = {.wearer = wearer, .item = item, .now_ms = d->wall_ms()};

	act_subject(who, item);
	enum rc rc = act_run(d, who, fn, &job, e);
	if (rc == RC_OK)
		bus_publish(d->bus, EVENT_THREAD, &job.group, wearer);
	return rc;
}

enum rc thread_delete(struct domain *d, const struct principal *who, const struct uid *wearer,
	const struct uid *item, struct err *e)
{
	return run_change(d, who, delete_job, wearer, item, e);
}

static enum rc heard_job(struct db *db, void *arg, struct err *e)
{
	struct change_job *job = arg;
	struct stmt *s = NULL;
	enum rc rc = find_group(db, job, e);

	if (rc == RC_OK)
		rc = query_prepare(db,
			"SELECT created_ms, kind FROM thread_item WHERE wearer = ?1 AND id = ?2",
			job->wearer, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, job->item);
	rc = query_first(s, e);
	if (rc != RC_OK)
		return rc;
	int64_t until_ms = stmt_int(s, 0);
	bool is_voice = stmt_int(s, 1) == THREAD_VOICE;
	stmt_reset(s);
	rc = query_prepare(db,
		"UPDATE thread_item SET heard_ms = ?3 WHERE wearer = ?1 AND heard_ms = 0"
		" AND direction = 1 AND (id = ?2 OR (kind = 2 AND NOT ?4 AND created_ms <= ?5))",
		job->wearer, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, job->item);
	stmt_bind_int(s, 3, job->now_ms);
	stmt_bind_int(s, 4, is_voice);
	stmt_bind_int(s, 5, until_ms);
	return stmt_run(s, NULL, e);
}

enum rc thread_mark_heard(struct domain *d, const struct principal *who, const struct uid *wearer,
	const struct uid *item, struct err *e)
{
	return run_change(d, who, heard_job, wearer, item, e);
}

enum rc thread_quota_get(struct domain *d, struct db *reader, const struct uid *group,
	struct thread_quota *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(reader,
		"SELECT COALESCE(SUM(u.bytes), 0) FROM thread_use u JOIN wearer w ON w.id = "
		"u.wearer"
		" WHERE w.care_group = ?1",
		group, &s, e);

	if (rc != RC_OK)
		return rc;
	*ret = (struct thread_quota){
		.used_bytes = stmt_int(s, 0), .max_bytes = d->settings.thread_max_bytes};
	stmt_reset(s);
	return RC_OK;
}
