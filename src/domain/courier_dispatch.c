#include "domain/courier_dispatch.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "domain/courier_store.h"
#include "domain/webhook_sign.h"

enum {
	LOOK_MAX_MS = 60 * 1000, /* the wall clock may be set */
	AGAIN_MS = 1000,         /* after a job that could not be posted or failed */
};

struct courier_dispatch {
	struct courier_dispatch_config config;
	struct timer timer;
	uint64_t courier_epoch; /* 0: none was there yet */
	bool is_claiming;
	bool is_stopped;
	bool is_asked_again;        /* while claiming */
	struct courier_claim claim; /* the writer's while claiming */
	_Atomic(bool) is_knocked;
	_Atomic(bool) is_connected;
	_Atomic(uint64_t) outcomes[COURIER_OUTCOME_COUNT];
	_Atomic(int64_t) waiting, dead, dropped;
};

static void look(struct courier_dispatch *c);

static struct loop *loop_of(const struct courier_dispatch *c)
{
	return c->config.domain->loop;
}

static void look_in(struct courier_dispatch *c, int64_t wait_ms)
{
	struct loop *loop = loop_of(c);

	wait_ms = wait_ms < 0 ? 0 : wait_ms > LOOK_MAX_MS ? LOOK_MAX_MS : wait_ms;
	timer_set(loop_wheel(loop), &c->timer, loop_now_ms(loop) + wait_ms);
}

static void on_timer(struct timer *t, void *context)
{
	(void)context;
	look(CONTAINER_OF(t, struct courier_dispatch, timer));
}

/* ---- jobs about one item ---- */

struct end {
	struct courier_dispatch *c;
	struct message_result result;
	bool is_dropped; /* it is not to be sent at all */
};

static enum rc end_job(struct db *db, void *arg, struct err *e)
{
	const struct end *end = arg;

	return end->is_dropped ? courier_store_drop(db, &end->result.item, e)
			       : courier_store_finish(
					 db, &end->result, end->c->config.domain->wall_ms(), e);
}

static void end_done(void *arg, enum rc rc, const struct err *e)
{
	struct end *end = arg;

	if (rc != RC_OK) /* its time on the way ends, then it is tried again */
		log_event(LOG_WARN, "courier.not_written", "why=\"%s\"", e->msg);
	look(end->c);
	free(end);
}

static void post_end(struct courier_dispatch *c, const struct message_result *r, bool is_dropped)
{
	struct end *end = calloc(1, sizeof *end);
	struct err e;

	if (end == NULL) {
		log_event(LOG_WARN, "courier.not_written", "why=\"out of memory\"");
		return;
	}
	*end = (struct end){.c = c, .result = *r, .is_dropped = is_dropped};
	if (writer_post(c->config.domain->writer, end_job, end_done, end, 0, &e) != RC_OK) {
		log_event(LOG_WARN, "courier.not_written", "why=\"%s\"", e.msg);
		free(end);
	}
}

/* ---- sending ---- */

static void not_sent(
	struct courier_dispatch *c, const struct courier_work *w, enum courier_outcome outcome)
{
	post_end(c,
		&(struct message_result){.item = w->id, .attempt = w->attempt, .outcome = outcome},
		false);
}

static void send_mail(struct courier_dispatch *c, const struct courier_work *w)
{
	struct view in = {.p = (const char *)w->content, .n = w->content_n};
	struct message m;
	struct err e;

	if (message_read(&in, MESSAGE_TO_COURIER, &m, &e) != RC_OK || m.type != MESSAGE_MAIL) {
		log_event(LOG_ERROR, "courier.bad_mail", "why=\"%s\"", e.msg);
		post_end(c, &(struct message_result){.item = w->id}, true);
		return;
	}
	m.mail.item = w->id;
	m.mail.attempt = w->attempt;
	if (!c->config.send(c->config.owner, &m))
		not_sent(c, w, COURIER_BUSY);
}

static void send_webhook(struct courier_dispatch *c, const struct courier_work *w)
{
	char url[HTTPS_URL_MAX + 1];
	struct webhook_signature s;
	struct view body = {.p = (const char *)w->content, .n = w->content_n};
	struct err e;
	enum rc rc = c->config.url(c->config.reader, &w->destination, url, sizeof url, &e);

	if (rc == RC_NOT_FOUND) {
		post_end(c, &(struct message_result){.item = w->id}, true);
		return;
	}
	if (rc == RC_OK)
		rc = webhook_sign(c->config.key, view_of(url), &w->id, body,
			c->config.domain->wall_ms() / 1000, &s, &e);
	if (rc != RC_OK) {
		log_event(LOG_WARN, "courier.not_signed", "why=\"%s\"", e.msg);
		not_sent(c, w, COURIER_BROKEN);
		return;
	}
	struct message m = {.type = MESSAGE_WEBHOOK,
		.webhook = {.item = w->id,
			.attempt = w->attempt,
			.event = w->id,
			.url = view_of(url),
			.digest = view_of(s.digest),
			.signature_input = view_of(s.input),
			.signature = view_of(s.signature),
			.body = body}};
	if (!c->config.send(c->config.owner, &m))
		not_sent(c, w, COURIER_BUSY);
}

static enum rc claim_job(struct db *db, void *arg, struct err *e)
{
	struct courier_dispatch *c = arg;

	return courier_store_claim(db, c->config.domain->wall_ms(), &c->claim, e);
}

static void claim_done(void *arg, enum rc rc, const struct err *e)
{
	struct courier_dispatch *c = arg;
	int64_t wait_ms = AGAIN_MS;

	c->is_claiming = false;
	if (rc != RC_OK) {
		log_event(LOG_WARN, "courier.not_claimed", "why=\"%s\"", e->msg);
	} else {
		for (unsigned i = 0; i < c->claim.n && !c->is_stopped; i++) {
			const struct courier_work *w = &c->claim.work[i];
			if (w->is_mail)
				send_mail(c, w);
			else
				send_webhook(c, w);
		}
		atomic_store(&c->waiting, c->claim.waiting);
		atomic_store(&c->dead, c->claim.dead);
		atomic_store(&c->dropped, c->claim.dropped);
		int64_t left_ms = c->claim.next_ms == INT64_MAX
					  ? LOOK_MAX_MS
					  : c->claim.next_ms - c->config.domain->wall_ms();
		if (c->claim.has_more || c->is_asked_again)
			wait_ms = 0;
		else if (left_ms > 0) /* else all places are taken: a result asks again */
			wait_ms = left_ms;
	}
	courier_claim_done(&c->claim);
	c->is_asked_again = false;
	if (!c->is_stopped)
		look_in(c, wait_ms);
}

/* Takes what is due. */
static void look(struct courier_dispatch *c)
{
	struct err e;

	if (c->courier_epoch == 0 || c->is_stopped)
		return; /* its HELLO will ask */
	if (c->is_claiming) {
		c->is_asked_again = true;
		return;
	}
	timer_cancel(&c->timer);
	c->is_claiming = true;
	if (writer_post(c->config.domain->writer, claim_job, claim_done, c, 0, &e) == RC_OK)
		return;
	c->is_claiming = false;
	log_event(LOG_WARN, "courier.not_claimed", "why=\"%s\"", e.msg);
	look_in(c, AGAIN_MS);
}

/* ---- what comes in ---- */

static void on_knock(void *arg)
{
	struct courier_dispatch *c = arg;

	atomic_store(&c->is_knocked, false);
	look(c);
}

void courier_knock(struct domain *d)
{
	struct courier_dispatch *c = d->courier;
	struct err e;

	if (c == NULL || atomic_exchange(&c->is_knocked, true))
		return;
	if (loop_post(d->loop, on_knock, c, &e) != RC_OK) {
		atomic_store(&c->is_knocked, false);
		log_event(LOG_WARN, "courier.not_knocked", "why=\"%s\"", e.msg);
	}
}

static enum rc release_job(struct db *db, void *arg, struct err *e)
{
	const struct courier_dispatch *c = arg;

	return courier_store_release(db, c->config.domain->wall_ms(), e);
}

static void release_done(void *arg, enum rc rc, const struct err *e)
{
	if (rc != RC_OK) /* their time on the way ends by itself */
		log_event(LOG_WARN, "courier.not_released", "why=\"%s\"", e->msg);
	look(arg);
}

void courier_dispatch_hello(struct courier_dispatch *c, const struct message_courier_hello *m)
{
	bool is_other = c->courier_epoch != m->epoch;
	struct message welcome = {.type = MESSAGE_COURIER_WELCOME, .welcome = {.epoch = m->epoch}};
	struct err e;

	c->courier_epoch = m->epoch;
	if (!c->config.send(c->config.owner, &welcome)) {
		log_event(LOG_WARN, "courier.not_welcomed", "it says hello again when it is asked");
		c->courier_epoch = 0;
		return;
	}
	atomic_store(&c->is_connected, true);
	/* It has nothing: what was on the way is lost. Jobs run in order, so this one runs before
	   the next claim. */
	if (is_other && m->busy == 0 &&
		writer_post(c->config.domain->writer, release_job, release_done, c, 0, &e) == RC_OK)
		return;
	look(c);
}

void courier_dispatch_result(struct courier_dispatch *c, const struct message_result *m)
{
	(void)atomic_fetch_add(&c->outcomes[m->outcome], 1);
	if (m->outcome != COURIER_DONE && m->outcome != COURIER_BUSY)
		log_event(LOG_INFO, "courier.not_delivered", "outcome=%s code=%u attempt=%u",
			courier_outcome_name(m->outcome), m->code, m->attempt);
	post_end(c, m, false);
}

bool courier_dispatch_ask(struct courier_dispatch *c, const struct message *m)
{
	return c != NULL && c->courier_epoch != 0 && !c->is_stopped &&
	       c->config.send(c->config.owner, m);
}

void courier_read_key(const struct domain *d, struct courier_key *ret)
{
	const struct sign_key *key = d->courier->config.key;

	(void)sodium_bin2base64(ret->x, sizeof ret->x, sign_public(key), SIGN_PUBLIC_BYTES,
		sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	(void)snprintf(ret->id, sizeof ret->id, "%s", sign_id(key));
}

void courier_dispatch_read_stats(struct courier_dispatch *c, struct courier_stats *ret)
{
	*ret = (struct courier_stats){.waiting = atomic_load(&c->waiting),
		.dead = atomic_load(&c->dead),
		.dropped = (uint64_t)atomic_load(&c->dropped),
		.is_connected = atomic_load(&c->is_connected)};
	for (unsigned i = 0; i < COURIER_OUTCOME_COUNT; i++)
		ret->outcomes[i] = atomic_load(&c->outcomes[i]);
}

enum rc courier_dispatch_new(const struct courier_dispatch_config *config,
	struct courier_dispatch **ret_owned, struct err *e)
{
	struct courier_dispatch *c = calloc(1, sizeof *c);

	if (c == NULL)
		return fail(e, RC_NOMEM, "courier: out of memory");
	c->config = *config;
	timer_init(&c->timer, on_timer);
	*ret_owned = c;
	return RC_OK;
}

void courier_dispatch_stop(struct courier_dispatch *c)
{
	c->is_stopped = true;
	timer_cancel(&c->timer);
}

void courier_dispatch_free(struct courier_dispatch *c)
{
	if (c == NULL)
		return;
	timer_cancel(&c->timer);
	courier_claim_done(&c->claim);
	free(c);
}
