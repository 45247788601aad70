#include "domain/courier_outbox.h"

#include "crypto/keyring.h"
#include "domain/audit.h"
#include "domain/courier_store.h"
#include "domain/mail_text.h"
#include "store/query.h"

enum { DEAD_PAGE = 100 };

enum rc courier_mail(struct db *db, const struct mail *m, int64_t now_ms, struct err *e)
{
	char subject[MAIL_SUBJECT_TEXT];
	char text[MAIL_TEXT_MAX];
	uint8_t packed[MESSAGE_BODY_MAX];
	size_t packed_n = 0;

	if (!is_mail_address(m->to))
		return fail(e, RC_SYNTAX, "mail: no address that mail is sent to");
	enum rc rc = mail_text_write(m, subject, text, e);
	if (rc != RC_OK)
		return rc;
	struct message message = {.type = MESSAGE_MAIL,
		.mail = {.to = m->to, .subject = view_of(subject), .text = view_of(text)}};
	rc = message_write(&message, packed, sizeof packed, &packed_n, e);
	if (rc != RC_OK)
		return rc;
	struct courier_new_item item = {.destination = courier_mail_destination,
		.id = uid_new(),
		.owner = uid_is_none(&m->owner) ? keyring_system : m->owner,
		.is_mail = true,
		.content = {.p = (const char *)packed, .n = packed_n},
		.expires_ms = m->expires_ms != 0 ? m->expires_ms : now_ms + COURIER_LIFE_MS};
	return courier_store_add(db, &item, now_ms, e);
}

enum rc courier_webhook(struct db *db, const struct webhook *w, int64_t now_ms, struct err *e)
{
	struct courier_new_item item = {.destination = w->partner,
		.id = w->event,
		.owner = w->partner,
		.content = w->body,
		.expires_ms = now_ms + COURIER_LIFE_MS};

	if (w->body.n == 0 || w->body.n > WEBHOOK_BODY_MAX)
		return fail(e, RC_LIMIT, "webhook: a body of %zu bytes", w->body.n);
	enum rc rc = courier_store_add(db, &item, now_ms, e);
	return rc == RC_LIMIT ? RC_OK : rc; /* dropped, and counted */
}

enum rc courier_forget(struct db *db, const struct uid *owner, struct err *e)
{
	return courier_store_forget(db, owner, e);
}

struct test {
	const struct domain *d;
	const struct mail *mail;
};

static enum rc test_job(struct db *db, void *arg, struct err *e)
{
	const struct test *t = arg;

	return courier_mail(db, t->mail, t->d->wall_ms(), e);
}

enum rc courier_test_mail(struct domain *d, const struct principal *who, const struct mail *m,
	struct problem *p, struct err *e)
{
	struct test t = {.d = d, .mail = m};

	if (!courier_has_mail(d))
		return refuse(p, RC_CONFLICT, "mail_not_set_up", NULL, NULL);
	enum rc rc = act_run(d, who, test_job, &t, e);
	if (rc == RC_OK)
		courier_knock(d);
	else if (rc == RC_LIMIT)
		rc = refuse(p, rc, "busy", NULL, NULL);
	return rc;
}

bool courier_has_mail(const struct domain *d)
{
	return d->settings.has_mail;
}

/* ---- how it goes ---- */

enum rc courier_read_state(
	struct db *reader, const struct uid *destination, struct courier_state *ret, struct err *e)
{
	bool is_mail = destination == NULL || uid_is_none(destination);
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(reader,
		"SELECT waiting, dead, dropped, delivered, failures, rests_until_ms, last_outcome,"
		" last_code, last_ms FROM courier_destination WHERE id = ?1",
		is_mail ? &courier_mail_destination : destination, &s, e);

	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	*ret = (struct courier_state){0};
	if (!has_row)
		return RC_OK;
	*ret = (struct courier_state){.waiting = stmt_int(s, 0),
		.dead = stmt_int(s, 1),
		.dropped = stmt_int(s, 2),
		.delivered = stmt_int(s, 3),
		.failures = stmt_int(s, 4),
		.rests_until_ms = stmt_int(s, 5),
		.last_outcome = (enum courier_outcome)stmt_int(s, 6),
		.last_code = (unsigned)stmt_int(s, 7),
		.last_ms = stmt_int(s, 8)};
	stmt_reset(s);
	return RC_OK;
}

static void tell_dead(struct stmt *s, dead_letter_fn *fn, void *ctx)
{
	bool is_mail = stmt_int(s, 2) != 0;
	struct dead_letter l = {.id = stmt_uid(s, 0),
		.created_ms = stmt_int(s, 3),
		.ended_ms = stmt_int(s, 4),
		.tries = stmt_int(s, 5),
		.outcome = (enum courier_outcome)stmt_int(s, 6),
		.code = (unsigned)stmt_int(s, 7)};

	if (!is_mail)
		l.partner = stmt_uid(s, 1);
	fn(ctx, &l);
}

enum rc courier_each_dead(struct db *reader, const struct uid *partner, int64_t before_ms,
	dead_letter_fn *fn, void *ctx, struct err *e)
{
	static const char all[] =
		"SELECT id, destination, is_mail, created_ms, next_ms, attempts, outcome, code"
		" FROM courier_item WHERE state = 2 AND next_ms < ?1 ORDER BY next_ms DESC LIMIT "
		"?2";
	static const char of_one[] =
		"SELECT id, destination, is_mail, created_ms, next_ms, attempts, outcome, code"
		" FROM courier_item WHERE destination = ?3 AND state = 2 AND next_ms < ?1"
		" ORDER BY next_ms DESC LIMIT ?2";
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(reader, partner == NULL ? all : of_one, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, before_ms == 0 ? INT64_MAX : before_ms);
	stmt_bind_int(s, 2, DEAD_PAGE);
	if (partner != NULL)
		stmt_bind_uid(s, 3, partner);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row)
		tell_dead(s, fn, ctx);
	return rc;
}

struct retry {
	const struct domain *d;
	const struct uid *id;
};

static enum rc retry_job(struct db *db, void *arg, struct err *e)
{
	const struct retry *r = arg;

	return courier_store_revive(db, r->id, r->d->wall_ms(), e);
}

enum rc courier_retry(
	struct domain *d, const struct principal *who, const struct uid *id, struct err *e)
{
	struct retry r = {.d = d, .id = id};

	act_subject(who, id);
	enum rc rc = act_run(d, who, retry_job, &r, e);
	if (rc == RC_OK)
		courier_knock(d);
	return rc;
}
