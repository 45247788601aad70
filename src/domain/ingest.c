#include "domain/ingest_inside.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/log.h"
#include "domain/bus.h"
#include "domain/claims.h"
#include "domain/days.h"
#include "domain/locate.h"
#include "domain/media_parts.h"
#include "domain/outbox.h"
#include "domain/quarantine.h"
#include "domain/tracking.h"
#include "domain/voice_out.h"
#include "domain/watch_asks.h"
#include "domain/watch_facts.h"
#include "domain/watch_guard.h"
#include "domain/wearer.h"
#include "store/sealed.h"
#include "watch/report_pack.h"

enum { HASH_STEP = 8 };

/* Names of keywords that nothing here handles; peers choose them, so they are few and bounded. */
struct keyword_counts {
	pthread_mutex_t lock;
	unsigned n;
	struct {
		char name[REPORT_KEYWORD_MAX + 1];
		uint64_t count;
	} items[INGEST_KEYWORDS_MAX];
	uint64_t others;
};

static void ingest_freep(struct ingest **in)
{
	ingest_free(*in);
}

enum rc ingest_new(struct domain *d, struct ingest **ret_owned, struct err *e)
{
	CLEANUP(ingest_freep) struct ingest *in = calloc(1, sizeof *in);

	if (in == NULL)
		return fail(e, RC_NOMEM, "ingest: out of memory");
	in->domain = d;
	list_init(&in->flying);
	list_init(&in->failed);
	list_init(&in->spare);
	timer_init(&in->linger, ingest_on_linger);
	timer_init(&in->retry, ingest_on_retry);
	timer_init(&in->events, ingest_on_events);
	in->keywords = calloc(1, sizeof *in->keywords);
	if (in->keywords == NULL)
		return fail(e, RC_NOMEM, "ingest: out of memory");
	(void)pthread_mutex_init(&in->keywords->lock, NULL); /* cannot fail by default */
	enum rc rc = duels_new(in, &in->duels, e);
	if (rc != RC_OK)
		return rc;
	*ret_owned = STEAL(in);
	return RC_OK;
}

static void free_batches(struct list *batches)
{
	while (!list_is_empty(batches))
		batch_free(CONTAINER_OF(batches->next, struct batch, node));
}

void ingest_free(struct ingest *in)
{
	if (in == NULL)
		return;
	batch_free(in->plain);
	batch_free(in->urgent);
	free_batches(&in->flying);
	free_batches(&in->failed);
	free_batches(&in->spare);
	timer_cancel(&in->linger);
	timer_cancel(&in->retry);
	timer_cancel(&in->events);
	duels_free(in->duels);
	if (in->keywords != NULL)
		(void)pthread_mutex_destroy(&in->keywords->lock);
	free(in->keywords);
	free(in->dirty);
	free(in);
}

static void count_keyword(struct ingest *in, const char *keyword)
{
	struct keyword_counts *k = in->keywords;
	unsigned i = 0;

	(void)pthread_mutex_lock(&k->lock); /* the default mutex does not fail here */
	while (i < k->n && strcmp(k->items[i].name, keyword) != 0)
		i++;
	if (i == k->n && k->n < INGEST_KEYWORDS_MAX) {
		k->items[i].count = 0;
		if (view_to_text(view_of(keyword), k->items[i].name, sizeof k->items[i].name))
			k->n++;
	}
	if (i < k->n)
		k->items[i].count++;
	else
		k->others++;
	(void)pthread_mutex_unlock(&k->lock);
}

void ingest_each_keyword(struct ingest *in, keyword_count_fn *fn, void *ctx)
{
	struct keyword_counts *k = in->keywords;

	(void)pthread_mutex_lock(&k->lock);
	for (unsigned i = 0; i < k->n; i++)
		fn(ctx, k->items[i].name, k->items[i].count);
	if (k->others > 0)
		fn(ctx, "(other)", k->others);
	(void)pthread_mutex_unlock(&k->lock);
}

static uint32_t quick_hash(struct view v)
{
	uint64_t hash = 0x9e3779b97f4a7c15u ^ v.n;
	uint64_t word = 0;

	for (; v.n >= HASH_STEP; v.p += HASH_STEP, v.n -= HASH_STEP) {
		memcpy(&word, v.p, HASH_STEP);
		hash = (hash ^ word) * 0xff51afd7ed558ccdu;
		hash ^= hash >> 32;
	}
	word = 0;
	if (v.n > 0)
		memcpy(&word, v.p, v.n);
	hash = (hash ^ word) * 0xc4ceb9fe1a85ec53u;
	return (uint32_t)(hash >> 32);
}

static void answer_now(struct domain *d, const struct message_report *m)
{
	if (m->reply.kind != REPLY_NONE)
		d->out.answer(d->out.owner, m->session, m->index, &m->reply);
}

/* Its day. A battery that was not believed above is not said here. */
static void count_heartbeat(
	struct days *days, const struct live_device *dev, const struct report *r)
{
	bool has_steps = (r->has & REPORT_HAS_STEPS) != 0 && !r->is_battery_unsure;
	bool has_rolls = (r->has & REPORT_HAS_ROLLS) != 0;
	bool has_battery = (r->has & REPORT_HAS_BATTERY) != 0 && judge_battery(dev, r);

	days_on_heartbeat(days, dev, has_steps ? &r->steps : NULL, has_rolls ? &r->rolls : NULL,
		has_battery ? &r->battery_percent : NULL);
}

static void on_heartbeat(struct ingest *in, const struct message_report *m, const struct report *r)
{
	struct domain *d = in->domain;
	uint32_t number = 0;
	uint64_t current = 0;
	bool is_adaptive = false;

	live_lock(d->live);
	struct live_device *dev = session_device(in, m->session);
	if (dev != NULL) {
		number = dev->number;
		current = dev->session;
		is_adaptive = dev->is_adaptive;
		dev->last_seen_s = (uint32_t)(m->received_ms / 1000);
		if (judge_battery(dev, r)) {
			dev->has_battery = true;
			dev->battery_percent = r->battery_percent;
			dev->battery_s = dev->last_seen_s;
		}
		if ((r->has & REPORT_HAS_STEPS) != 0 && !r->is_battery_unsure) {
			dev->has_steps = true;
			dev->steps = r->steps;
		}
		count_heartbeat(d->days, dev, r);
		ingest_mark_dirty(in, dev);
	}
	live_unlock(d->live);
	if (number != 0 && current == m->session) {
		outbox_on_heartbeat(d, number, m->session);
		if (is_adaptive)
			tracking_on_report(d, number, NULL, m->received_ms);
	}
	if (number != 0 && current == m->session)
		voice_out_on_ready(d, number, m->session);
}

struct fact_work {
	struct uid wearer, group;
	struct domain *domain;
	char version[MODEL_TEXT], model[MODEL_TEXT];
	uint8_t date_order;
	int16_t offset_min;
	bool has_clock;
	bool has_book_size;
	uint8_t book_size; /* CONFIG TB */
};

static enum rc fact_job(struct db *db, void *arg, struct err *e)
{
	const struct fact_work *w = arg;
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db,
		"UPDATE device SET version = COALESCE(?2, version), model = COALESCE(?3, model),"
		" book_size = COALESCE(?7, book_size),"
		" date_order = CASE WHEN ?4 = 0 THEN date_order ELSE ?5 END,"
		" offset_min = CASE WHEN ?4 = 0 THEN offset_min ELSE ?6 END WHERE wearer = ?1",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, &w->wearer);
	if (w->version[0] != '\0')
		stmt_bind_sealed(s, 2, &w->wearer, "device.version", view_of(w->version));
	if (w->model[0] != '\0')
		stmt_bind_sealed(s, 3, &w->wearer, "device.model", view_of(w->model));
	if (w->has_book_size)
		stmt_bind_int(s, 7, w->book_size);
	stmt_bind_int(s, 4, w->has_clock);
	stmt_bind_int(s, 5, w->date_order);
	stmt_bind_int(s, 6, w->offset_min);
	return stmt_run(s, NULL, e);
}

static void fact_done(void *arg, enum rc rc, const struct err *e)
{
	struct fact_work *w = arg;

	if (rc != RC_OK)
		log_event(LOG_WARN, "device.fact_lost", "why=\"%s\"", e->msg);
	else if (!w->has_clock)
		ingest_touch(w->domain, &w->wearer);
	free(w);
}

static void write_facts(struct domain *d, const struct fact_work *facts)
{
	struct fact_work *w = malloc(sizeof *w);

	if (w == NULL)
		return; /* learned again with the next report */
	*w = *facts;
	w->domain = d;
	if (writer_post(d->writer, fact_job, fact_done, w, 0, NULL) != RC_OK)
		free(w); /* as above */
}

/* Printable ASCII and UTF-8 as the watch sent it; what is not text is left out. */
static void copy_fact(const struct report *r, enum report_fact fact, char *dst, size_t dst_size)
{
	struct view v;

	dst[0] = '\0';
	if (!report_fact(r, fact, &v))
		return;
	v.n = v.n < dst_size ? v.n : dst_size - 1;
	for (size_t i = 0; i < v.n; i++) {
		if ((uint8_t)v.p[i] < 0x20 || (uint8_t)v.p[i] > 0x7e)
			return;
	}
	memcpy(dst, v.p, v.n);
	dst[v.n] = '\0';
}

static void copy_book_size(const struct report *r, struct fact_work *facts)
{
	struct view v;

	facts->has_book_size = report_fact(r, REPORT_FACT_BOOK_SIZE, &v);
	if (facts->has_book_size)
		facts->book_size = (uint8_t)(v.p[0] - '0'); /* one digit */
}

/* TK,1 and TK,0: about a voice of ours. */
static bool voice_answer(struct domain *d, uint32_t number, const struct report *r)
{
	enum command_answer answer = command_answer_of(COMMAND_VOICE, view_of(r->keyword), r->text);

	if (r->kind != REPORT_ANSWER || answer == ANSWER_TO_OTHER)
		return false;
	voice_out_on_answer(d, number, answer == ANSWER_CONFIRMED);
	return true;
}

/* TKQ: its answer goes out first, then a voice that waits. */
static void voice_asked(struct domain *d, uint64_t session)
{
	live_lock(d->live);
	const struct live_device *dev = live_by_session(d->live, session);
	uint32_t number = dev == NULL ? 0 : dev->number;
	live_unlock(d->live);
	if (number != 0)
		voice_out_on_asked(d, number, session);
}

/* Answers to our commands, and reports that tell about the device (VERNO, TS, CONFIG …). True: it
 * answered a command. */
static bool on_other(struct ingest *in, const struct message_report *m, const struct report *r)
{
	struct domain *d = in->domain;
	struct fact_work facts = {.has_clock = false};
	uint32_t number = 0;

	live_lock(d->live);
	struct live_device *dev = session_device(in, m->session);
	/* A second connection that only says it is this watch confirms nothing and changes nothing.
	 */
	if (dev != NULL && dev->session == m->session) {
		number = dev->number;
		facts.wearer = dev->wearer;
		facts.group = dev->group;
		dev->last_seen_s = (uint32_t)(m->received_ms / 1000);
	}
	live_unlock(d->live);
	copy_fact(r, REPORT_FACT_VERSION, facts.version, sizeof facts.version);
	copy_fact(r, REPORT_FACT_MODEL, facts.model, sizeof facts.model);
	copy_book_size(r, &facts);
	if (number != 0 &&
		(facts.version[0] != '\0' || facts.model[0] != '\0' || facts.has_book_size))
		write_facts(d, &facts);
	if (number != 0 && strcmp(r->keyword, "TS") == 0 && ingest_trusts(d, number, m->session))
		watch_guard_on_status(d, &facts.wearer, r);
	bool is_known =
		number != 0 && watch_facts_on_report(d, &facts.wearer, number, m->session, r);
	bool is_answer =
		number != 0 && (outbox_on_answer(d, number, r) || voice_answer(d, number, r));
	if (r->kind == REPORT_OTHER && !is_answer && !is_known)
		count_keyword(in, r->keyword[0] == '\0' ? "(unreadable)" : r->keyword);
	return is_answer;
}

static void answer_with_values(struct domain *d, const struct message_report *m)
{
	struct message_report filled = *m;

	if (filled.reply.kind == REPLY_TIME)
		filled.reply.number = d->wall_ms() / 1000;
	if (filled.reply.kind == REPLY_BOUND)
		filled.reply.number = 1;
	answer_now(d, &filled);
}

static void make_news(struct news *n, const struct live_device *dev, const struct report *r,
	const struct judged *j, int64_t received_ms)
{
	n->place = dev->place;
	n->number = dev->number;
	n->received_s = (uint32_t)(received_ms / 1000);
	n->has = 0;
	if (j->is_place) {
		n->has |= NEWS_FIX;
		n->fix = j->fix;
	}
	if (r->is_stored)
		return; /* old values do not replace newer ones */
	if ((r->has & REPORT_HAS_BATTERY) != 0 && r->battery_percent <= 100) {
		n->has |= NEWS_BATTERY;
		n->battery_percent = r->battery_percent;
	}
	if ((r->has & REPORT_HAS_SIGNAL) != 0 && r->signal_percent <= 100) {
		n->has |= NEWS_SIGNAL;
		n->signal_percent = r->signal_percent;
	}
	if ((r->has & REPORT_HAS_STEPS) != 0) {
		n->has |= NEWS_STEPS;
		n->steps = r->steps;
	}
	if ((r->has & REPORT_HAS_ROLLS) != 0) {
		n->has |= NEWS_ROLLS;
		n->rolls = r->rolls;
	}
	if ((r->has & REPORT_HAS_STATUS) != 0) {
		n->has |= NEWS_FLAGS;
		n->flags = r->flags;
	}
}

/* The entry stands last in b. */
static enum rc add_alarm(struct batch *b, const struct live_device *dev, const struct report *r,
	const struct judged *j, const struct message_report *m, struct err *e)
{
	bool has_time = (r->has & REPORT_HAS_TIME) != 0;
	struct alarm_work alarm = {
		.intake = {.wearer = dev->wearer,
			.kinds = r->alarms != 0 ? r->alarms : REPORT_ALARM_UNKNOWN,
			.status = r->status,
			.device_time_ms = has_time ? r->time_ms : m->received_ms,
			.time_ms = j->time_ms,
			.received_ms = m->received_ms,
			.marks = j->marks,
			.is_own_report = r->kind == REPORT_ALARM},
		.report_at = b->entries.n - m->report.n,
		.report_n = m->report.n,
		.place = dev->place,
		.number = dev->number,
		.group = dev->group,
	};

	return batch_add_alarm(b, &alarm, e);
}

/* Everything of one report into its batch; nothing is half there when it fails. */
static enum rc batch_report(struct ingest *in, struct live_device *dev, const struct report *r,
	const struct message_report *m, bool has_alarm, struct err *e)
{
	const struct judged *j = &in->judged;
	const struct history_entry entry = {.wearer = dev->number,
		.time_ms = j->time_ms,
		.received_ms = m->received_ms,
		.marks = j->marks,
		.is_place = j->is_place,
		.packed = m->report};
	struct batch *b = NULL;
	struct news *news = NULL;
	enum rc rc = batch_for(in, has_alarm, &b, e);
	if (rc != RC_OK)
		return rc;
	size_t entries_n = b->entries.n;
	uint32_t count = b->entries.count;
	size_t news_n = b->news_n;
	size_t alarms_n = b->alarms_n;

	rc = history_batch_add(&b->entries, &entry, e);
	if (rc == RC_OK)
		rc = batch_add_news(b, &news, e);
	if (rc == RC_OK) {
		make_news(news, dev, r, j, m->received_ms);
		dev->has_pending = dev->has_pending || j->is_place;
		if (has_alarm)
			rc = add_alarm(b, dev, r, j, m, e);
	}
	if (rc == RC_OK && m->reply.kind != REPLY_NONE)
		rc = batch_add_answer(b, m->session, m->index, &m->reply, e);
	if (rc == RC_OK && in->waiter.fn != NULL)
		rc = batch_add_waiter(b, &in->waiter, e);
	if (rc != RC_OK) {
		b->entries.n = entries_n;
		b->entries.count = count;
		b->news_n = news_n;
		b->alarms_n = alarms_n;
	}
	return rc;
}

static void write_clock(struct domain *d, const struct live_device *dev)
{
	struct fact_work facts = {.wearer = dev->wearer,
		.group = dev->group,
		.date_order = dev->date_order,
		.offset_min = dev->offset_min,
		.has_clock = true};

	write_facts(d, &facts);
}

/* Not answered, so the watch says it again. */
static void lose_report(struct ingest *in, const struct err *e)
{
	ingest_count(in, COUNT_LOST, 1);
	log_event(LOG_ERROR, "ingest.report_lost", "why=\"%s\"", e->msg);
}

/* The value into its batch, and the answer behind it; nothing is half there when it fails. */
static enum rc batch_health(struct ingest *in, const struct live_device *dev,
	const struct message_report *m, const struct health_intake *health, struct err *e)
{
	struct batch *b = NULL;
	struct news *news = NULL;
	enum rc rc = batch_for(in, false, &b, e);

	if (rc != RC_OK)
		return rc;
	size_t health_n = b->health_n;
	size_t news_n = b->news_n;
	rc = batch_add_health(b, health, e);
	if (rc == RC_OK)
		rc = batch_add_news(b, &news, e);
	if (rc == RC_OK) /* nothing but that something is new */
		*news = (struct news){.place = dev->place, .number = dev->number};
	if (rc == RC_OK && m->reply.kind != REPLY_NONE)
		rc = batch_add_answer(b, m->session, m->index, &m->reply, e);
	if (rc != RC_OK) {
		b->health_n = health_n;
		b->news_n = news_n;
	}
	return rc;
}

/* Answered as the protocol wants in any case, kept only when the wearer's rule allows it. The same
 * value twice is two measurements, unless it comes again at once. Under live_lock. */
static void on_health(struct ingest *in, struct live_device *dev, const struct message_report *m,
	const struct report *r)
{
	struct health_intake health = {
		.wearer = dev->wearer, .group = dev->group, .time_ms = m->received_ms};
	uint32_t hash = quick_hash(m->report);
	bool is_repeat = hash == dev->last_hash &&
			 m->received_ms - (int64_t)dev->last_seen_s * 1000 < HEALTH_FOLD_MS;
	struct err e;

	dev->last_hash = hash;
	dev->last_seen_s = (uint32_t)(m->received_ms / 1000);
	ingest_count(in, COUNT_DUPLICATES, is_repeat);
	if (is_repeat || !dev->is_health_kept ||
		!health_from_report(r, m->received_ms, m->received_ms, &health.value) ||
		!days_on_measurement(in->domain->days, dev, m->received_ms)) {
		answer_with_values(in->domain, m);
		return;
	}
	if (batch_health(in, dev, m, &health, &e) != RC_OK)
		lose_report(in, &e);
}

/* Positions, alarms, health: what is kept. Under live_lock: one look-up and one lock a report. */
static enum rc on_values(struct ingest *in, struct live_device *dev, const struct message_report *m,
	const struct report *r)
{
	bool has_alarm = r->kind == REPORT_ALARM || (r->alarms != 0 && !r->is_stored);
	uint32_t hash = quick_hash(m->report);
	bool is_repeat = hash == dev->last_hash && !has_alarm;
	struct err e;

	if (r->kind == REPORT_HEALTH) {
		on_health(in, dev, m, r);
		return RC_OK;
	}
	dev->last_hash = hash;
	dev->last_seen_s = (uint32_t)(m->received_ms / 1000);
	if (is_repeat) {
		ingest_count(in, COUNT_DUPLICATES, 1);
		answer_with_values(in->domain, m);
		return RC_OK;
	}
	struct fix last;
	bool has_last = batch_last_place(in, dev, &last);
	judge(dev, has_last ? &last : NULL, r, m->received_ms, &in->judged);
	if (in->judged.has_learned)
		write_clock(in->domain, dev);
	enum rc rc = batch_report(in, dev, r, m, has_alarm, &e);
	if (rc != RC_OK) {
		lose_report(in, &e);
		return rc;
	}
	in->waiter.fn = NULL; /* the batch has it */
	if (has_alarm)
		ingest_count(in, COUNT_ALARMS, 1);
	locate_on_report(in->domain, dev, r, &in->judged, m->received_ms, has_alarm);
	return RC_OK;
}

static bool is_about_values(const struct report *r)
{
	return r->kind == REPORT_POSITION || r->kind == REPORT_ALARM || r->kind == REPORT_HEALTH;
}

/* The usual case: a position of a watch that has one connection. False: look closer. */
static bool take_values(struct ingest *in, const struct message_report *m, const struct report *r)
{
	struct live *live = in->domain->live;
	uint32_t adaptive = 0;
	uint32_t answers = 0; /* a value may be the answer to a command */

	live_lock(live);
	struct live_device *dev = session_device(in, m->session);
	if (dev != NULL) {
		(void)on_values(in, dev, m, r); /* not answered when it is lost */
		adaptive = dev->is_adaptive ? dev->number : 0;
		answers = r->kind == REPORT_HEALTH && dev->session == m->session ? dev->number : 0;
	}
	live_unlock(live);
	if (adaptive != 0)
		tracking_on_report(in->domain, adaptive, r, m->received_ms);
	if (answers != 0)
		(void)outbox_on_answer(in->domain, answers, r); /* most are none */
	return dev != NULL;
}

static bool is_bound(struct ingest *in, uint64_t session)
{
	live_lock(in->domain->live);
	bool is_there = session_device(in, session) != NULL;
	live_unlock(in->domain->live);
	return is_there;
}

static bool has_owner_now(struct domain *d, struct view id)
{
	live_lock(d->live);
	bool has = live_by_wire_id(d->live, id) != NULL;
	live_unlock(d->live);
	return has;
}

/* True when the session is one of a bound watch: an older one than this server, or one whose watch
 * a pool thread bound just now. What it says, perhaps an SOS, must not count as a stranger's. */
static bool is_known_after_all(struct ingest *in, const struct message_report *m)
{
	struct domain *d = in->domain;
	char id[WIRE_ID_TEXT];

	if (quarantine_id_of(d->quarantine, m->session, id)) {
		if (!has_owner_now(d, view_of(id)))
			return false;
		quarantine_remove(d->quarantine, view_of(id));
	}
	ingest_opened(d, m->session, NULL, VIEW(""), m->id, VIEW(""));
	return is_bound(in, m->session);
}

/* A watch without an owner: nothing is stored; what it must have answered is answered, so that it
 * stays calm. */
static void report_of_stranger(
	struct ingest *in, const struct message_report *m, const struct report *r)
{
	struct domain *d = in->domain;
	char id[WIRE_ID_TEXT];

	if (!quarantine_id_of(d->quarantine, m->session, id) && !view_to_text(m->id, id, sizeof id))
		return;
	if (has_owner_now(d, view_of(id))) {
		/* Its watch has a key and this connection did not show it: nothing is taken, so
		 * nothing may look as if it had been. */
		ingest_count(in, COUNT_UNPROVED, 1);
		return;
	}
	ingest_count(in, COUNT_NOT_BOUND, 1);
	quarantine_seen(d->quarantine, m->session, d->wall_ms());
	if (!claims_on_report(d, m, view_of(id), r))
		answer_now(d, m);
}

/* Of the keywords with a position only those that ask for something do not begin so. */
static bool is_request(const struct report *r)
{
	return r->kind == REPORT_POSITION && r->keyword[0] != 'U';
}

static void report_of_bound(
	struct ingest *in, const struct message_report *m, const struct report *r)
{
	struct domain *d = in->domain;

	session_talked(in, m->session, r);
	switch (r->kind) {
	case REPORT_POSITION:
	case REPORT_ALARM:
	case REPORT_HEALTH:
		(void)!take_values(in, m, r); /* it is bound: the caller looked */
		if (is_request(r))
			watch_asks_on_position(d, m, r);
		break;
	case REPORT_HEARTBEAT:
		on_heartbeat(in, m, r);
		break;
	case REPORT_ANSWER:
	case REPORT_OTHER:
		if (on_other(in, m, r) || !watch_asks_on_other(d, m, r))
			answer_with_values(d, m);
		if (strcmp(r->keyword, "TKQ") == 0)
			voice_asked(d, m->session);
		break;
	case REPORT_MEDIA:
		media_parts_on_report(d, m);
		break;
	case REPORT_ERROR:
	case REPORT_KIND_COUNT:
		ingest_count(in, COUNT_UNREADABLE, 1);
		answer_with_values(d, m);
		break;
	}
}

void ingest_report(struct domain *d, const struct message_report *m)
{
	struct ingest *in = d->ingest;
	struct report *r = &in->scratch;
	struct err e;

	ingest_count(in, COUNT_REPORTS, 1);
	enum rc rc = report_unpack(m->report, r, &e);
	if (rc == RC_OK && r->source != REPORT_SOURCE_GPS)
		rc = fail(&e, RC_SYNTAX, "a gateway says that it has solved a place");
	if (rc != RC_OK) {
		ingest_count(in, COUNT_UNREADABLE, 1);
		log_event(LOG_WARN, "ingest.unreadable", "why=\"%s\"", e.msg);
		return;
	}
	if (is_about_values(r) && !sessions_are_disputed(in) && take_values(in, m, r)) {
		if (is_request(r))
			watch_asks_on_position(d, m, r);
		return;
	}
	if (is_bound(in, m->session) || is_known_after_all(in, m))
		report_of_bound(in, m, r);
	else
		report_of_stranger(in, m, r);
}

void ingest_foreign(struct domain *d, enum foreign kind)
{
	quarantine_foreign(d->quarantine, kind, d->wall_ms());
	claims_on_foreign(d, kind);
}

void ingest_read_stats(struct ingest *in, struct ingest_stats *ret)
{
	const atomic_ullong *c = in->counts;

	*ret = (struct ingest_stats){
		.reports = c[COUNT_REPORTS],
		.stored = c[COUNT_STORED],
		.duplicates = c[COUNT_DUPLICATES],
		.alarms = c[COUNT_ALARMS],
		.alarms_new = c[COUNT_ALARMS_NEW],
		.unreadable = c[COUNT_UNREADABLE],
		.batches = c[COUNT_BATCHES],
		.batches_failed = c[COUNT_BATCHES_FAILED],
		.not_bound = c[COUNT_NOT_BOUND],
		.commits_lost = c[COUNT_LOST],
		.conflicts = c[COUNT_CONFLICTS],
		.takeovers = c[COUNT_TAKEOVERS],
		.unproved = c[COUNT_UNPROVED],
		.second_sessions = c[COUNT_SECOND_SESSIONS],
		.waiting_bytes = c[COUNT_WAITING_BYTES],
		.limit_full = c[COUNT_FULL],
	};
}

/* ---- phones ---- */

enum rc ingest_take_phone(struct domain *d, const struct uid *wearer, struct view packed,
	int64_t received_ms, ingest_stored_fn *fn, void *ctx, struct err *e)
{
	struct ingest *in = d->ingest;
	struct report *r = &in->scratch;
	struct message_report m = {.received_ms = received_ms, .report = packed};

	if (ingest_is_full(d))
		return fail(e, RC_LIMIT, "more reports wait for the disk than may");
	enum rc rc = report_unpack(packed, r, e);
	if (rc != RC_OK || r->source != REPORT_SOURCE_PHONE)
		return rc != RC_OK ? rc : fail(e, RC_BUG, "ingest: not a phone's report");
	ingest_count(in, COUNT_REPORTS, 1);
	/* The history keeps the phone's battery; the one that is shown is the watch's. */
	r->has &= ~(uint32_t)REPORT_HAS_BATTERY;
	in->waiter = (struct waiter){.fn = fn, .ctx = ctx};
	live_lock(d->live);
	struct live_device *dev = live_by_wearer(d->live, wearer);
	if (dev != NULL) {
		uint32_t seen_s = dev->last_seen_s; /* nor was the watch heard */
		rc = on_values(in, dev, &m, r);
		dev->last_seen_s = seen_s;
	}
	live_unlock(d->live);
	bool is_repeat = in->waiter.fn != NULL;
	in->waiter.fn = NULL;
	if (dev == NULL)
		return fail(e, RC_NOT_FOUND, "this wearer has no device");
	if (rc != RC_OK)
		return fail(e, rc, "ingest: out of memory");
	if (is_repeat)
		fn(ctx, RC_OK);
	ingest_flush(d);
	return RC_OK;
}
