#include "domain/outbox_item.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/num.h"
#include "crypto/token.h"
#include "domain/answer_text.h"
#include "domain/bus.h"
#include "domain/ingest.h"
#include "domain/live_table.h"
#include "domain/setting_store.h"
#include "domain/watch_target.h"

enum { BUCKETS = 1024 };

struct queue {
	struct list node; /* of its bucket */
	uint32_t number;
	struct list items;
};

struct outbox {
	struct domain *domain;
	struct list buckets[BUCKETS];
	struct list finishing;
	atomic_ullong waiting, finished[COMMAND_STATE_COUNT];
};

static void item_free(struct item *item)
{
	list_remove(&item->node);
	timer_cancel(&item->timer);
	atomic_fetch_sub(&item->domain->outbox->waiting, 1);
	secret_forget(&item->command, sizeof item->command); /* it may be a password */
	free(item->extra);
	if (item->answer != NULL)
		secret_forget(item->answer, strlen(item->answer));
	free(item->answer);
	free(item);
}

static struct queue *queue_find(struct outbox *o, uint32_t number)
{
	struct list *bucket = &o->buckets[number % BUCKETS];

	for (struct list *n = bucket->next; n != bucket; n = n->next) {
		struct queue *q = CONTAINER_OF(n, struct queue, node);
		if (q->number == number)
			return q;
	}
	return NULL;
}

static void queue_free_when_empty(struct queue *q)
{
	if (!list_is_empty(&q->items))
		return;
	list_remove(&q->node);
	free(q);
}

static void publish(const struct item *item)
{
	bus_publish(item->domain->bus, EVENT_COMMAND, &item->group, &item->id);
	if (item->kind == COMMAND_MESSAGE)
		bus_publish(item->domain->bus, EVENT_THREAD, &item->group, &item->wearer);
}

static void set_timer(struct item *item, int64_t in_ms)
{
	struct loop *loop = item->domain->loop;

	timer_set(loop_wheel(loop), &item->timer, loop_now_ms(loop) + (in_ms > 0 ? in_ms : 0));
}

/* Each state has its deadline. */
static void set_deadline(struct item *item)
{
	int64_t now = item->domain->wall_ms();

	set_timer(item, item->state == ITEM_SENT ? item->sent_ms + item->unanswered_ms - now
						 : item->expires_ms - now);
}

static void pump(struct domain *d, struct queue *q, uint64_t session);
static void pump_current(struct domain *d, struct queue *q);
static void unmark(struct item *item);
static void finish(
	struct queue *q, struct item *item, enum command_state final, enum command_reason reason);

/* A newer value of a setting makes the older ones that still wait pointless. What carries no
 * setting is an act, each of which counts; asking for the status twice is pointless, too. */
static bool is_setting(enum command_kind kind)
{
	enum setting_id ids[SETTINGS_OF_KIND_MAX];

	return setting_ids_of(kind, ids) > 0 || kind == COMMAND_STATUS || kind == COMMAND_VERSION;
}

/* Or the same place, which another keyword fills. */
static bool is_keyword_busy(const struct queue *q, const struct item *item)
{
	for (struct list *n = q->items.next; n != &q->items; n = n->next) {
		const struct item *other = CONTAINER_OF(n, struct item, node);
		if (other->state != ITEM_QUEUED &&
			(command_waits_for(item->kind, other->kind) ||
				setting_is_same_place(&item->command, &other->command)))
			return true;
	}
	return false;
}

/* What waited for an announcement: it goes out, or it never will. */
static void release(struct domain *d, uint32_t number, const struct item *ended)
{
	struct queue *q = queue_find(d->outbox, number);
	bool is_confirmed = ended->final == COMMAND_CONFIRMED;
	bool is_released = false;

	for (struct list *n = q == NULL ? NULL : q->items.next; n != NULL && n != &q->items;
		n = n->next) {
		struct item *item = CONTAINER_OF(n, struct item, node);
		if (item->state != ITEM_QUEUED || uid_is_none(&item->waits_for) ||
			!uid_is(&item->waits_for, &ended->id))
			continue;
		is_released = true;
		item->waits_for = (struct uid){{0}};
		if (is_confirmed)
			break;
		if (ended->final == COMMAND_EXPIRED)
			finish(q, item, COMMAND_EXPIRED, REASON_NOT_CONNECTED);
		else
			finish(q, item, COMMAND_REFUSED, REASON_NOT_ANNOUNCED);
		return; /* the queue may be gone; one announcement is for one act */
	}
	if (is_released)
		pump_current(d, q);
}

static void finish_done(void *arg, enum rc rc, const struct err *e)
{
	struct item *item = arg;
	struct domain *d = item->domain;

	if (item->is_forgotten) {
		item_free(item);
		return;
	}
	if (rc != RC_OK) {
		log_event(LOG_WARN, "command.not_stored", "why=\"%s\"", e->msg);
		set_timer(item, OUTBOX_RETRY_MS);
		return;
	}
	atomic_fetch_add(&d->outbox->finished[item->final], 1);
	publish(item);
	if (is_setting(item->kind))
		bus_publish(d->bus, EVENT_WEARER, &item->group, &item->wearer);
	if (item->extra != NULL) {
		for (unsigned i = 0; i < ITEM_EXTRA_ROWS; i++)
			outbox_add(d, &item->extra[i]);
	}
	release(d, item->number, item);
	item_free(item);
}

static void post_finish(struct item *item)
{
	struct err e;

	if (writer_post(item->domain->writer, outbox_finish_job, finish_done, item, 0, &e) != RC_OK)
		set_timer(item, OUTBOX_RETRY_MS);
}

static void finish(
	struct queue *q, struct item *item, enum command_state final, enum command_reason reason)
{
	item->is_newest = true;
	for (struct list *n = item->node.next; n != &q->items; n = n->next) {
		if (setting_is_same_place(
			    &CONTAINER_OF(n, struct item, node)->command, &item->command))
			item->is_newest = false;
	}
	item->final = final;
	item->reason = reason;
	item->finished_ms = item->domain->wall_ms();
	item->state = ITEM_FINISHING;
	timer_cancel(&item->timer);
	list_remove(&item->node);
	list_append(&item->domain->outbox->finishing, &item->node);
	post_finish(item);
	queue_free_when_empty(q);
}

static void give_to_session(struct item *item)
{
	const struct domain *d = item->domain;

	item->is_written = false;
	if (!d->out.command(d->out.owner, item->session, &item->id, &item->command)) {
		item->heartbeats = 1; /* the link is full: not before the next sign of life */
		unmark(item);
		return;
	}
	item->tries++;
	item->heartbeats = 0;
}

static void mark_done(void *arg, enum rc rc, const struct err *e)
{
	struct item *item = arg;
	struct domain *d = item->domain;

	if (item->is_forgotten) {
		item_free(item);
		return;
	}
	struct queue *q = queue_find(d->outbox, item->number);
	assert(q != NULL);
	if (rc == RC_CONFLICT) { /* cancelled meanwhile, and told */
		item_free(item);
		queue_free_when_empty(q);
		return;
	}
	if (rc != RC_OK) {
		log_event(LOG_WARN, "command.not_stored", "why=\"%s\"", e->msg);
		item->state = ITEM_QUEUED;
		item->session = 0;
		set_deadline(item);
		return;
	}
	item->state = ITEM_SENT;
	set_deadline(item);
	publish(item);
	if (item->session != 0)
		give_to_session(item);
	else
		unmark(item); /* the session ended meanwhile */
}

static void mark(struct item *item, uint64_t session)
{
	struct err e;

	item->state = ITEM_MARKING;
	item->session = session;
	item->sent_ms = item->domain->wall_ms();
	timer_cancel(&item->timer);
	if (writer_post(item->domain->writer, outbox_mark_job, mark_done, item, WRITER_URGENT,
		    &e) == RC_OK)
		return;
	item->state = ITEM_QUEUED;
	item->session = 0;
	set_deadline(item);
}

static void unmark_done(void *arg, enum rc rc, const struct err *e)
{
	struct item *item = arg;
	struct domain *d = item->domain;

	if (item->is_forgotten) {
		item_free(item);
		return;
	}
	if (rc != RC_OK) {
		log_event(LOG_WARN, "command.not_stored", "why=\"%s\"", e->msg);
		item->state = ITEM_SENT; /* nobody knows: its deadline makes it `unknown` */
		item->sent_ms = d->wall_ms();
		set_deadline(item);
		return;
	}
	item->state = ITEM_QUEUED;
	item->session = 0;
	item->tries = 0;
	set_deadline(item);
	publish(item);
	struct queue *q = queue_find(d->outbox, item->number);
	if (q != NULL && item->heartbeats == 0)
		pump_current(d, q);
}

/* Back to "queued": the bytes never left. */
static void unmark(struct item *item)
{
	struct err e;

	item->state = ITEM_UNMARKING;
	item->sent_ms = 0;
	timer_cancel(&item->timer);
	if (writer_post(item->domain->writer, outbox_unmark_job, unmark_done, item, 0, &e) !=
		RC_OK) {
		item->state = ITEM_SENT;
		item->sent_ms = item->domain->wall_ms();
		set_deadline(item);
	}
}

static bool may_go(const struct queue *q, const struct item *item, int64_t now, bool is_trusted)
{
	return item->state == ITEM_QUEUED && item->expires_ms > now &&
	       uid_is_none(&item->waits_for) && (is_trusted || !item->is_sensitive) &&
	       !is_keyword_busy(q, item);
}

static void pump(struct domain *d, struct queue *q, uint64_t session)
{
	int64_t now = d->wall_ms();
	bool is_trusted = ingest_trusts(d, q->number, session);

	for (struct list *n = q->items.next; n != &q->items; n = n->next) {
		struct item *item = CONTAINER_OF(n, struct item, node);
		if (may_go(q, item, now, is_trusted))
			mark(item, session);
	}
}

static void pump_current(struct domain *d, struct queue *q)
{
	const struct item *first = CONTAINER_OF(q->items.next, struct item, node);

	live_lock(d->live);
	const struct live_device *dev = live_by_wearer(d->live, &first->wearer);
	uint64_t session = dev == NULL ? 0 : dev->session;
	live_unlock(d->live);
	if (session != 0)
		pump(d, q, session);
}

static void on_timer(struct timer *t, void *context)
{
	struct item *item = CONTAINER_OF(t, struct item, timer);
	struct queue *q = queue_find(item->domain->outbox, item->number);

	(void)context;
	switch (item->state) {
	case ITEM_QUEUED:
		finish(q, item, COMMAND_EXPIRED, REASON_NOT_CONNECTED);
		break;
	case ITEM_SENT:
		finish(q, item, COMMAND_UNKNOWN, REASON_NO_ANSWER);
		break;
	case ITEM_FINISHING:
		post_finish(item);
		break;
	case ITEM_MARKING:
	case ITEM_UNMARKING:
		break; /* no timer runs while the disk is asked */
	}
}

static void replace_older(struct queue *q, const struct command *newer)
{
	struct list *next = NULL;

	for (struct list *n = q->items.next; n != &q->items; n = next) {
		struct item *item = CONTAINER_OF(n, struct item, node);
		next = n->next;
		if (item->state != ITEM_QUEUED || !setting_is_same_place(&item->command, newer))
			continue;
		bool is_last = q->items.next == n && next == &q->items;
		assert(!is_last); /* the new one stands behind it, so the queue lives on */
		finish(q, item, COMMAND_CANCELLED, REASON_REPLACED);
	}
}

static struct queue *queue_for(struct outbox *o, uint32_t number)
{
	struct queue *q = queue_find(o, number);

	if (q != NULL)
		return q;
	q = calloc(1, sizeof *q);
	if (q == NULL)
		return NULL;
	q->number = number;
	list_init(&q->node);
	list_init(&q->items);
	list_append(&o->buckets[number % BUCKETS], &q->node);
	return q;
}

static struct item *item_new(struct domain *d, const struct command_row *row)
{
	struct item *item = calloc(1, sizeof *item);

	if (item == NULL)
		return NULL;
	list_init(&item->node);
	timer_init(&item->timer, on_timer);
	item->domain = d;
	item->id = row->id;
	item->wearer = row->wearer;
	item->group = row->group;
	item->number = row->number;
	item->kind = row->command.kind;
	item->command = row->command;
	item->expires_ms = row->expires_ms;
	item->sent_ms = row->sent_ms;
	item->is_sensitive = command_row_is_sensitive(row);
	item->waits_for = row->after;
	item->unanswered_ms = command_row_unanswered_ms(row, d);
	item->state = row->state == COMMAND_SENT ? ITEM_SENT : ITEM_QUEUED;
	item->is_written = item->state == ITEM_SENT;
	item->tries = item->is_written ? 1 : 0;
	return item;
}

void outbox_add(struct domain *d, const struct command_row *row)
{
	struct queue *q = queue_for(d->outbox, row->number);
	struct item *item = q == NULL ? NULL : item_new(d, row);

	if (item == NULL) {
		if (q != NULL)
			queue_free_when_empty(q);
		log_event(LOG_ERROR, "command.no_memory", "it is taken up at the next start");
		return;
	}
	atomic_fetch_add(&d->outbox->waiting, 1);
	/* While this one is not in the list, older ones of its kind stand alone: append it first.
	 */
	list_append(&q->items, &item->node);
	if (is_setting(item->kind) && item->state == ITEM_QUEUED) {
		item->state = ITEM_UNMARKING; /* not itself */
		replace_older(q, &item->command);
		item->state = ITEM_QUEUED;
	}
	set_deadline(item);
	publish(item);
	pump_current(d, q);
}

/* A row on its way to the main loop. */
struct posted {
	struct domain *domain;
	struct command_row row;
};

static void add_posted(void *arg)
{
	struct posted *p = arg;

	outbox_add(p->domain, &p->row);
	secret_forget(&p->row.command, sizeof p->row.command);
	free(p);
}

enum rc outbox_post(struct domain *d, const struct command_row *row, struct err *e)
{
	struct posted *p = malloc(sizeof *p);

	if (p == NULL)
		return fail(e, RC_NOMEM, "outbox: out of memory");
	p->domain = d;
	p->row = *row;
	enum rc rc = loop_post(d->loop, add_posted, p, e);
	if (rc != RC_OK)
		free(p);
	return rc;
}

struct cancelled {
	struct domain *domain;
	uint32_t number;
	struct uid id;
};

static void drop_cancelled(void *arg)
{
	struct cancelled *c = arg;
	struct queue *q = queue_find(c->domain->outbox, c->number);
	struct list *next = NULL;

	for (struct list *n = q == NULL ? NULL : q->items.next; n != NULL && n != &q->items;
		n = next) {
		struct item *item = CONTAINER_OF(n, struct item, node);
		next = n->next;
		if (!uid_is(&item->id, &c->id) || item->state != ITEM_QUEUED)
			continue; /* MARKING finds out by itself */
		atomic_fetch_add(&c->domain->outbox->finished[COMMAND_CANCELLED], 1);
		item_free(item);
		queue_free_when_empty(q);
		break;
	}
	free(c);
}

void outbox_post_cancelled(struct domain *d, uint32_t number, const struct uid *id)
{
	struct cancelled *c = malloc(sizeof *c);

	if (c == NULL)
		return; /* marking it as sent will fail, which drops it */
	*c = (struct cancelled){.domain = d, .number = number, .id = *id};
	if (loop_post(d->loop, drop_cancelled, c, NULL) != RC_OK)
		free(c); /* as above */
}

void outbox_on_ready(struct domain *d, uint32_t number, uint64_t session)
{
	struct queue *q = queue_find(d->outbox, number);

	if (q != NULL)
		pump(d, q, session);
}

static bool try_other_form(struct domain *d, struct queue *q, struct item *item)
{
	if (item->kind != COMMAND_LANGUAGE_ZONE || item->heartbeats < 2 || !item->is_written)
		return false;
	item->extra = calloc(ITEM_EXTRA_ROWS, sizeof *item->extra);
	if (item->extra == NULL)
		return false;
	for (unsigned i = 0; i < ITEM_EXTRA_ROWS; i++) {
		struct command_row *row = &item->extra[i];
		command_row_init(row, d, i == 0 ? COMMAND_LANGUAGE : COMMAND_ZONE);
		row->wearer = item->wearer;
		row->group = item->group;
		row->number = item->number;
		row->command.language = i == 0 ? item->command.language : 0;
		row->command.zone_min = i == 0 ? 0 : item->command.zone_min;
	}
	finish(q, item, COMMAND_UNKNOWN, REASON_OTHER_FORM);
	return true;
}

/* Nobody will ever answer it. What ends the connection shows by that. */
static bool is_silent(struct domain *d, const struct item *item)
{
	const struct command_definition *def = command_definition(item->kind);
	char vendor[VENDOR_TEXT] = "";

	if (def->silence == SILENCE_NONE || item->kind == COMMAND_RESET)
		return false;
	live_lock(d->live);
	const struct live_device *dev = live_by_wearer(d->live, &item->wearer);
	if (dev != NULL)
		memcpy(vendor, dev->vendor, sizeof dev->vendor); /* VENDOR_TEXT is more */
	live_unlock(d->live);
	return command_is_silent(item->kind, view_of(vendor));
}

void outbox_on_heartbeat(struct domain *d, uint32_t number, uint64_t session)
{
	struct queue *q = queue_find(d->outbox, number);
	struct list *next = NULL;
	int64_t now = d->wall_ms();

	if (q == NULL)
		return;
	bool is_trusted = ingest_trusts(d, number, session);
	pump(d, q, session);
	for (struct list *n = q->items.next; n != &q->items; n = next) {
		struct item *item = CONTAINER_OF(n, struct item, node);
		bool is_last = n->next == &q->items && q->items.next == n;
		next = n->next;
		if (item->state != ITEM_SENT)
			continue;
		if (item->heartbeats < UINT8_MAX)
			item->heartbeats++;
		if (try_other_form(d, q, item)) {
			if (is_last)
				return; /* the queue is gone */
			continue;
		}
		if (item->is_written && is_silent(d, item)) {
			finish(q, item, COMMAND_UNKNOWN, REASON_NEVER_ANSWERED);
			if (is_last)
				return; /* the queue is gone */
			continue;
		}
		if (item->is_written && item->tries < OUTBOX_TRIES_MAX &&
			now - item->sent_ms >= OUTBOX_REPEAT_MS && command_may_repeat(item->kind) &&
			(is_trusted || !item->is_sensitive)) {
			uint8_t heartbeats = item->heartbeats;
			item->session = session;
			item->tries++;
			/* A full link loses only this repetition. */
			(void)d->out.command(d->out.owner, session, &item->id, &item->command);
			item->heartbeats = heartbeats;
		}
	}
}

/* LSSET,<level>: what it is set to now. */
static bool says_otherwise(const struct item *item, struct view params)
{
	uint32_t level = 0;

	return item->kind == COMMAND_FALL_SENSITIVITY &&
	       num_u32(params, UINT8_MAX, &level, NULL) == RC_OK &&
	       (int32_t)level != item->command.values[0];
}

/* Whom it answers: first of all a command of that name, then one that is answered by another's. */
static struct item *find_answered(
	struct queue *q, const struct report *r, enum command_answer *ret_answer)
{
	struct view keyword = view_of(r->keyword);
	struct item *found = NULL;

	for (struct list *n = q == NULL ? NULL : q->items.next; n != NULL && n != &q->items;
		n = n->next) {
		struct item *item = CONTAINER_OF(n, struct item, node);
		if (item->state != ITEM_SENT)
			continue;
		enum command_answer answer = command_answer_of(item->kind, keyword, r->text);
		bool is_named = view_is_nocase(keyword, view_of(command_keyword(item->kind)));
		if (answer == ANSWER_TO_OTHER || (found != NULL && !is_named))
			continue;
		found = item;
		*ret_answer = answer;
		if (is_named)
			break;
	}
	return found;
}

bool outbox_on_answer(struct domain *d, uint32_t number, const struct report *r)
{
	struct queue *q = queue_find(d->outbox, number);
	enum command_answer answer = ANSWER_TO_OTHER;
	struct item *item = find_answered(q, r, &answer);

	if (item == NULL)
		return false;
	if (answer == ANSWER_RECEIVED)
		return true; /* what it asks for comes later */
	uint64_t session = item->session;
	item->answer = answer_text_new(item->kind, r);
	if (answer == ANSWER_REFUSED)
		finish(q, item, COMMAND_REFUSED, REASON_BY_WATCH);
	else if (says_otherwise(item, r->text))
		finish(q, item, COMMAND_REFUSED, REASON_OTHER_VALUE);
	else
		finish(q, item, COMMAND_CONFIRMED, REASON_NONE);
	outbox_on_ready(d, number, session); /* the next one with this keyword */
	return true;
}

bool outbox_find_photo(struct domain *d, uint32_t number, uint64_t session, struct uid *ret_command)
{
	struct queue *q = queue_find(d->outbox, number);

	for (struct list *n = q == NULL ? NULL : q->items.next; n != NULL && n != &q->items;
		n = n->next) {
		const struct item *item = CONTAINER_OF(n, struct item, node);
		/* The watch may have connected again meanwhile. */
		if (item->kind != COMMAND_PHOTO || item->state != ITEM_SENT || session == 0)
			continue;
		*ret_command = item->id;
		return true;
	}
	return false;
}

void outbox_on_photo(struct domain *d, uint32_t number, const struct uid *command, bool is_stored)
{
	struct queue *q = queue_find(d->outbox, number);

	for (struct list *n = q == NULL ? NULL : q->items.next; n != NULL && n != &q->items;
		n = n->next) {
		struct item *item = CONTAINER_OF(n, struct item, node);
		if (!uid_is(&item->id, command) || item->state != ITEM_SENT)
			continue;
		if (is_stored)
			finish(q, item, COMMAND_CONFIRMED, REASON_NONE);
		else
			finish(q, item, COMMAND_UNKNOWN, REASON_BAD_PICTURE);
		return;
	}
}

/* Commands under way in a session are few; its device's queue is not known here, so the caller's
 * session tells. */
static struct item *find_by_session(
	struct domain *d, uint64_t session, const struct uid *id, struct queue **ret_queue)
{
	live_lock(d->live);
	const struct live_device *dev = live_by_session(d->live, session);
	uint32_t number = dev == NULL ? 0 : dev->number;
	live_unlock(d->live);
	struct queue *q = number == 0 ? NULL : queue_find(d->outbox, number);
	for (struct list *n = q == NULL ? NULL : q->items.next; n != NULL && n != &q->items;
		n = n->next) {
		struct item *item = CONTAINER_OF(n, struct item, node);
		if (uid_is(&item->id, id)) {
			*ret_queue = q;
			return item;
		}
	}
	return NULL;
}

void outbox_on_sent(struct domain *d, uint64_t session, const struct uid *id)
{
	struct queue *q = NULL;
	struct item *item = find_by_session(d, session, id, &q);

	if (item != NULL && item->session == session)
		item->is_written = true;
}

void outbox_on_unsent(struct domain *d, uint64_t session, const struct uid *id)
{
	struct queue *q = NULL;
	struct item *item = find_by_session(d, session, id, &q);

	if (item == NULL || item->state != ITEM_SENT || item->session != session ||
		item->is_written)
		return;
	item->heartbeats = 1; /* wait for the next sign of life */
	unmark(item);
}

/* The session ended: what it did not write waits for the next one. */
static void take_back(struct domain *d, uint32_t number, uint64_t session, bool is_certain)
{
	struct queue *q = queue_find(d->outbox, number);

	struct list *next = NULL;

	for (struct list *n = q == NULL ? NULL : q->items.next; n != NULL && n != &q->items;
		n = next) {
		struct item *item = CONTAINER_OF(n, struct item, node);
		bool is_last = n->next == &q->items && q->items.next == n;
		next = n->next;
		if (item->session != session)
			continue;
		if (item->kind == COMMAND_RESET && item->state == ITEM_SENT && item->is_written) {
			/* Some watches restart without a word. */
			finish(q, item, COMMAND_CONFIRMED, REASON_WENT_DARK);
			if (is_last)
				return; /* the queue is gone */
			continue;
		}
		if (item->state == ITEM_MARKING)
			item->session = 0;
		else if (item->state == ITEM_SENT && !item->is_written &&
			 (is_certain || command_may_repeat(item->kind)))
			unmark(item);
	}
}

void outbox_on_closed(struct domain *d, uint32_t number, uint64_t session)
{
	take_back(d, number, session, true);
}

void outbox_on_lost(struct domain *d, uint32_t number, uint64_t session)
{
	take_back(d, number, session, false);
}

static void forget_item(struct item *item)
{
	if (item->state == ITEM_QUEUED || item->state == ITEM_SENT || timer_is_set(&item->timer)) {
		item_free(item);
		return;
	}
	item->is_forgotten = true; /* its job still points to it */
	list_remove(&item->node);
}

void outbox_forget(struct domain *d, uint32_t number)
{
	struct queue *q = queue_find(d->outbox, number);
	struct list *next = NULL;

	if (q != NULL) {
		while (!list_is_empty(&q->items))
			forget_item(CONTAINER_OF(q->items.next, struct item, node));
		queue_free_when_empty(q);
	}
	for (struct list *n = d->outbox->finishing.next; n != &d->outbox->finishing; n = next) {
		struct item *item = CONTAINER_OF(n, struct item, node);
		next = n->next;
		if (item->number == number)
			forget_item(item);
	}
}

enum rc outbox_new(struct domain *d, struct outbox **ret_owned, struct err *e)
{
	struct outbox *o = calloc(1, sizeof *o);

	if (o == NULL)
		return fail(e, RC_NOMEM, "outbox: out of memory");
	o->domain = d;
	list_init(&o->finishing);
	for (unsigned i = 0; i < BUCKETS; i++)
		list_init(&o->buckets[i]);
	*ret_owned = o;
	return RC_OK;
}

void outbox_free(struct outbox *o)
{
	if (o == NULL)
		return;
	for (unsigned i = 0; i < BUCKETS; i++) {
		while (!list_is_empty(&o->buckets[i])) {
			struct queue *q = CONTAINER_OF(o->buckets[i].next, struct queue, node);
			while (!list_is_empty(&q->items))
				item_free(CONTAINER_OF(q->items.next, struct item, node));
			queue_free_when_empty(q);
		}
	}
	while (!list_is_empty(&o->finishing))
		item_free(CONTAINER_OF(o->finishing.next, struct item, node));
	free(o);
}

struct damaged {
	struct uid wearer, id;
	int64_t now_ms;
};

static enum rc end_damaged_job(struct db *db, void *arg, struct err *e)
{
	const struct damaged *row = arg;
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db,
		"UPDATE command SET state = ?3, reason = ?4, finished_ms = ?5"
		" WHERE wearer = ?1 AND id = ?2 AND finished_ms = 0",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, &row->wearer);
	stmt_bind_uid(s, 2, &row->id);
	stmt_bind_int(s, 3, COMMAND_UNKNOWN);
	stmt_bind_int(s, 4, REASON_DAMAGED);
	stmt_bind_int(s, 5, row->now_ms);
	return stmt_run(s, NULL, e);
}

static void end_damaged_done(void *arg, enum rc rc, const struct err *e)
{
	if (rc != RC_OK)
		log_event(LOG_WARN, "command.damaged_stays", "why=\"%s\"", e->msg);
	free(arg);
}

/* A row that cannot be read ends as unknown: the service starts all the same. When that is not
 * possible now, the next start tries again. */
static void end_damaged(struct domain *d, const struct command_row *row, const struct err *why)
{
	struct damaged *damaged = malloc(sizeof *damaged);

	log_event(LOG_ERROR, "command.damaged", "why=\"%s\"", why->msg);
	if (damaged == NULL)
		return;
	*damaged = (struct damaged){.wearer = row->wearer, .id = row->id, .now_ms = d->wall_ms()};
	if (writer_post(d->writer, end_damaged_job, end_damaged_done, damaged, 0, NULL) != RC_OK)
		free(damaged);
}

enum rc outbox_load(struct domain *d, struct db *db, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db,
		"SELECT c.id, c.wearer, w.care_group, w.number, c.state, c.created_ms, "
		"c.expires_ms,"
		" c.sent_ms, c.body, c.kind, (SELECT CASE WHEN a.state = 2 THEN NULL ELSE a.id END"
		" FROM command a WHERE a.wearer = c.wearer AND a.id = c.after_command)"
		" FROM command c JOIN wearer w ON w.id = c.wearer"
		" WHERE c.finished_ms = 0 ORDER BY c.created_ms, c.after_command IS NOT NULL",
		&s, e);

	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	while (rc == RC_OK && has_row) {
		struct command_row row;
		struct err why = {.rc = RC_OK};
		if (command_row_read(s, &row, &why) == RC_OK)
			outbox_add(d, &row);
		else
			end_damaged(d, &row, &why);
		rc = stmt_step(s, &has_row, e);
	}
	if (s != NULL)
		stmt_reset(s);
	return rc;
}

void outbox_read_stats(struct outbox *o, struct outbox_stats *ret)
{
	ret->waiting = atomic_load(&o->waiting);
	for (unsigned i = 0; i < COMMAND_STATE_COUNT; i++)
		ret->finished[i] = atomic_load(&o->finished[i]);
}
