/* States of a claim:
 *   waiting → (a watch with nearly this id, or one that speaks a locked protocol, was seen)
 * seen_wrong waiting, seen_wrong → (the watch opens a session) connected → code_sent, or
 * proof_wanted code_sent → (right code) bound; (five wrong codes) locked; proof_wanted → (SOS
 * pressed) bound any of these → (session closed) waiting with the hint seen_gone; (time is over)
 * expired The row in the table is made at the start and changed when tries are used up and at the
 * end. Pool threads and the main loop meet here under one lock; what goes to a watch is sent by the
 * main loop. */
#include "domain/claims_inside.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "crypto/token.h"
#include "domain/bus.h"
#include "domain/quarantine.h"
#include "domain/text.h"
#include "store/sealed.h"

enum { CLAIM_TICK_MS = 1000, CLAIM_UNANSWERED_MS = 60 * 1000, CLAIM_KEPT_MS = 3600 * 1000 };

static void claims_freep(struct claims **cs)
{
	claims_free(*cs);
}

void claims_lock(struct claims *cs)
{
	(void)pthread_mutex_lock(&cs->lock); /* the default mutex does not fail here */
}

void claims_unlock(struct claims *cs)
{
	(void)pthread_mutex_unlock(&cs->lock);
}

bool claim_is_open(const struct claim *c)
{
	return c->state < CLAIM_BOUND;
}

void claim_tell(const struct claim *c)
{
	bus_publish(c->claims->domain->bus, EVENT_CLAIM, &c->group, &c->id);
}

void claim_set_state(struct claim *c, enum claim_state state, enum claim_hint hint)
{
	int64_t now = c->claims->domain->wall_ms();

	if (c->state == state && c->hint == hint)
		return;
	if (claim_is_open(c) && state >= CLAIM_BOUND) {
		c->ended_ms = now;
		c->session = 0;
		secret_forget(c->code, sizeof c->code);
		c->claims->stats.open--;
		c->claims->stats.bound += state == CLAIM_BOUND;
		c->claims->stats.locked += state == CLAIM_LOCKED;
	}
	c->state = state;
	if (c->hint != hint) {
		c->hint = hint;
		c->hint_ms = hint == CLAIM_HINT_NONE ? 0 : now;
	}
	claim_tell(c);
}

struct claim *claim_find(struct claims *cs, const struct uid *id)
{
	for (struct list *n = cs->all.next; n != &cs->all; n = n->next) {
		struct claim *c = CONTAINER_OF(n, struct claim, node);
		if (uid_is(&c->id, id))
			return c;
	}
	return NULL;
}

void claim_free(struct claim *c)
{
	if (claim_is_open(c))
		c->claims->stats.open--;
	list_remove(&c->node);
	secret_forget(c->code, sizeof c->code);
	free(c);
}

bool claim_matches(const struct claim *c, struct view wire_id)
{
	struct view watch = view_of(c->watch);

	if (view_is_nocase(watch, wire_id))
		return true;
	/* Ten digits are digits 5 to 14 of the IMEI; the person has one of the two, the watch says
	 * the other. */
	struct view longer = watch.n == IMEI_DIGITS ? watch : wire_id;
	struct view shorter = watch.n == IMEI_DIGITS ? wire_id : watch;
	return longer.n == IMEI_DIGITS && shorter.n == SHORT_ID_DIGITS &&
	       memcmp(longer.p + SHORT_ID_AT, shorter.p, SHORT_ID_DIGITS) == 0;
}

void claim_wire_key(const char *watch, char ret[WIRE_ID_TEXT])
{
	size_t n = strlen(watch);
	size_t at = n == IMEI_DIGITS ? SHORT_ID_AT : 0;

	n = n == IMEI_DIGITS ? SHORT_ID_DIGITS : n;
	for (size_t i = 0; i < n; i++)
		ret[i] = ascii_lower(watch[at + i]);
	ret[n] = '\0';
}

/* One or two digits differ: most likely a slip of the finger. */
static bool is_near_miss(const struct claim *c, struct view wire_id)
{
	struct view watch = view_of(c->watch);

	if (watch.n == IMEI_DIGITS && wire_id.n == SHORT_ID_DIGITS)
		watch = (struct view){.p = watch.p + SHORT_ID_AT, .n = SHORT_ID_DIGITS};
	else if (watch.n == SHORT_ID_DIGITS && wire_id.n == IMEI_DIGITS)
		wire_id = (struct view){.p = wire_id.p + SHORT_ID_AT, .n = SHORT_ID_DIGITS};
	return wire_ids_are_close(watch, wire_id);
}

static unsigned count_matches(struct claims *cs, struct view wire_id)
{
	unsigned n = 0;

	for (struct list *at = cs->all.next; at != &cs->all; at = at->next) {
		const struct claim *c = CONTAINER_OF(at, struct claim, node);
		n += claim_is_open(c) && claim_matches(c, wire_id);
	}
	return n;
}

/* "Kinward code" in the language of the watch. */
static const char *code_words(const char *language)
{
	static const struct {
		const char *language;
		const char *words;
	} table[] = {
		{"de", "Kinward-Code:"},
		{"es", "Código Kinward:"},
		{"fr", "Code Kinward:"},
		{"it", "Codice Kinward:"},
		{"nl", "Kinward-code:"},
		{"pl", "Kod Kinward:"},
		{"pt", "Código Kinward:"},
		{"sv", "Kinward-kod:"},
		{"da", "Kinward-kode:"},
		{"tr", "Kinward kodu:"},
		{"cs", "Kód Kinward:"},
		{"sk", "Kód Kinward:"},
		{"hu", "Kinward kód:"},
		{"ro", "Cod Kinward:"},
		{"fi", "Kinward-koodi:"},
		{"ru", "Код Kinward:"},
		{"bg", "Код Kinward:"},
		{"el", "Κωδικός Kinward:"},
	};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		if (view_starts_nocase(view_of(language), view_of(table[i].language)))
			return table[i].words;
	}
	return "Kinward code:";
}

void claim_new_code(struct claim *c, int64_t now_ms)
{
	c->code_expires_ms = now_ms + (int64_t)c->claims->domain->settings.claim_code_s * 1000;
	c->sent_ms = now_ms;
	c->sends++;
	c->is_code_answered = false;
	if (c->is_sos_proof) {
		claim_set_state(c, CLAIM_PROOF_WANTED, CLAIM_HINT_NONE);
		return;
	}
	digits_new(CLAIM_CODE_DIGITS, c->code);
	c->claims->stats.codes_sent++;
	claim_set_state(c, CLAIM_CODE_SENT, CLAIM_HINT_NONE);
}

void claim_show_code(struct claim *c)
{
	struct domain *d = c->claims->domain;
	struct command message = {.kind = COMMAND_MESSAGE};
	struct uid id = uid_new(); /* no row: the claim itself watches for the answer */

	if (c->is_sos_proof || c->session == 0 || c->code[0] == '\0')
		return;
	int n = snprintf(
		message.text, sizeof message.text, "%s %s", code_words(c->language), c->code);
	message.text_n = (uint16_t)n; /* short: the words of the table and six digits */
	if (!d->out.command(d->out.owner, c->session, &id, &message))
		log_event(LOG_WARN, "claim.code_not_sent", "the link is full");
	secret_forget(&message, sizeof message);
}

bool claims_want(struct domain *d, struct view wire_id)
{
	claims_lock(d->claims);
	bool is_wanted = d->claims->stats.open > 0 && count_matches(d->claims, wire_id) > 0;
	claims_unlock(d->claims);
	return is_wanted;
}

void claim_connected(struct claim *c, uint64_t session, struct view wire_id, int64_t now_ms)
{
	c->session = session;
	if (!view_to_text(wire_id, c->wire_id, sizeof c->wire_id))
		return;
	bool has_proof_out = c->state == CLAIM_CODE_SENT || c->state == CLAIM_PROOF_WANTED;
	if (has_proof_out && c->code_expires_ms > now_ms) {
		/* It came back: the code that it shows still holds. */
		claim_set_state(c, c->state, CLAIM_HINT_NONE);
		return;
	}
	if (c->sends < CLAIM_SENDS_MAX) {
		claim_new_code(c, now_ms);
		claim_show_code(c);
	} else {
		claim_set_state(c, CLAIM_CONNECTED, CLAIM_HINT_NONE);
	}
}

void claims_on_opened(struct domain *d, uint64_t session, struct view wire_id, bool is_new)
{
	struct claims *cs = d->claims;
	int64_t now = d->wall_ms();

	claims_lock(cs);
	for (struct list *n = cs->all.next; cs->stats.open > 0 && n != &cs->all; n = n->next) {
		struct claim *c = CONTAINER_OF(n, struct claim, node);
		if (!claim_is_open(c) || c->is_binding)
			continue;
		if (claim_matches(c, wire_id))
			claim_connected(c, session, wire_id, now);
		else if (is_new && c->state == CLAIM_WAITING && is_near_miss(c, wire_id))
			claim_set_state(c, CLAIM_SEEN_WRONG, CLAIM_HINT_ID_CLOSE);
	}
	claims_unlock(cs);
}

void claims_on_closed(struct domain *d, uint64_t session, struct view wire_id)
{
	struct claims *cs = d->claims;

	claims_lock(cs);
	for (struct list *n = cs->all.next; cs->stats.open > 0 && n != &cs->all; n = n->next) {
		struct claim *c = CONTAINER_OF(n, struct claim, node);
		if (!claim_is_open(c) || c->session != session || !claim_matches(c, wire_id))
			continue;
		c->session = 0;
		/* A code on the watch stays good while the link breaks for a moment. */
		if (c->state == CLAIM_CODE_SENT || c->state == CLAIM_PROOF_WANTED)
			claim_set_state(c, c->state, CLAIM_HINT_SEEN_GONE);
		else
			claim_set_state(c, CLAIM_WAITING, CLAIM_HINT_SEEN_GONE);
	}
	claims_unlock(cs);
}

void claims_on_foreign(struct domain *d, enum foreign kind)
{
	struct claims *cs = d->claims;

	if (kind != FOREIGN_AQSH)
		return; /* scanners speak HTTP and TLS to every port */
	claims_lock(cs);
	for (struct list *n = cs->all.next; cs->stats.open > 0 && n != &cs->all; n = n->next) {
		struct claim *c = CONTAINER_OF(n, struct claim, node);
		if (c->state == CLAIM_WAITING && c->hint == CLAIM_HINT_NOT_SEEN)
			claim_set_state(c, CLAIM_SEEN_WRONG, CLAIM_HINT_LOCKED_PROTOCOL);
	}
	claims_unlock(cs);
}

/* SOS as the proof: bound in the main loop, answered after the commit. */
struct sos_bind {
	struct domain *domain;
	struct bind_work *work;
	struct uid claim;
	uint64_t session;
	struct reply reply;
	char index[MESSAGE_INDEX_MAX];
	uint8_t index_n;
};

static enum rc sos_bind_job(struct db *db, void *arg, struct err *e)
{
	return bind_job(db, ((struct sos_bind *)arg)->work, e);
}

static void sos_bind_done(void *arg, enum rc rc, const struct err *e)
{
	struct sos_bind *s = arg;
	struct domain *d = s->domain;
	struct err finish_err = *e;

	if (rc == RC_OK)
		rc = bind_finish(d, s->work, &finish_err);
	claims_lock(d->claims);
	struct claim *c = claim_find(d->claims, &s->claim);
	if (c != NULL) {
		c->is_binding = false;
		if (rc == RC_OK) {
			c->wearer = s->work->wearer;
			claim_set_state(c, CLAIM_BOUND, CLAIM_HINT_NONE);
		}
	}
	claims_unlock(d->claims);
	if (rc == RC_OK) {
		bind_take_session(s->work);
		d->out.answer(d->out.owner, s->session,
			(struct view){.p = s->index, .n = s->index_n}, &s->reply);
	} else {
		log_event(LOG_ERROR, "claim.not_bound", "why=\"%s\"", finish_err.msg);
	}
	bind_free(s->work);
	free(s);
}

static bool bind_by_sos(struct domain *d, struct claim *c, const struct message_report *m)
{
	struct sos_bind *s = calloc(1, sizeof *s);
	struct err e;

	if (s == NULL)
		return false;
	s->work = calloc(1, sizeof *s->work);
	if (s->work == NULL) {
		free(s);
		return false;
	}
	s->domain = d;
	s->claim = c->id;
	s->session = m->session;
	s->reply = m->reply;
	s->index_n = (uint8_t)(m->index.n <= sizeof s->index ? m->index.n : 0);
	memcpy(s->index, m->index.n > 0 ? m->index.p : "", s->index_n);
	claim_fill_work(c, s->work);
	if (bind_prepare(d, s->work, &e) != RC_OK ||
		writer_post(d->writer, sos_bind_job, sos_bind_done, s, WRITER_URGENT, &e) !=
			RC_OK) {
		log_event(LOG_ERROR, "claim.not_bound", "why=\"%s\"", e.msg);
		bind_free(s->work);
		free(s);
		return false; /* not answered: the watch says it again */
	}
	c->is_binding = true;
	return true;
}

bool claims_on_report(struct domain *d, const struct message_report *m, struct view wire_id,
	const struct report *r)
{
	struct claims *cs = d->claims;
	bool is_taken = false;
	bool is_sos = r->kind == REPORT_ALARM && (r->alarms & REPORT_ALARM_SOS) != 0;
	bool is_message_answer = view_is_nocase(view_of(r->keyword), VIEW("MESSAGE"));

	if (!is_sos && !is_message_answer)
		return false;
	claims_lock(cs);
	/* With two claims for one watch nobody can tell whose proof a pressed key is. */
	bool is_only_one = is_sos && count_matches(cs, wire_id) == 1;
	for (struct list *n = cs->all.next; cs->stats.open > 0 && n != &cs->all; n = n->next) {
		struct claim *c = CONTAINER_OF(n, struct claim, node);
		if (!claim_is_open(c) || c->session != m->session)
			continue;
		if (is_message_answer) {
			c->is_code_answered = true;
			claim_set_state(c, c->state, CLAIM_HINT_NONE);
		} else if (c->state == CLAIM_PROOF_WANTED && is_only_one && !c->is_binding &&
			   c->code_expires_ms > d->wall_ms()) {
			is_taken = bind_by_sos(d, c, m);
		} else if (c->is_binding) {
			is_taken = true; /* pressed again while the first is being stored */
		}
	}
	claims_unlock(cs);
	return is_taken;
}

void claim_fill_work(const struct claim *c, struct bind_work *w)
{
	uint64_t session = 0;

	*w = (struct bind_work){.group = c->group, .claim = c->id, .session = c->session};
	memcpy(w->wire_id, c->wire_id, sizeof w->wire_id);
	memcpy(w->name, c->name, sizeof w->name);
	memcpy(w->language, c->language, sizeof w->language);
	memcpy(w->zone, c->zone, sizeof w->zone);
	memcpy(w->phone, c->sim_number, sizeof w->phone);
	if (!quarantine_find(
		    c->claims->domain->quarantine, view_of(w->wire_id), &session, w->vendor))
		w->vendor[0] = '\0';
}

struct end_row {
	struct uid id;
	enum claim_state state;
};

static enum rc end_job(struct db *db, void *arg, struct err *e)
{
	const struct end_row *row = arg;
	struct stmt *s = NULL;
	enum rc rc = db_prepare(
		db, "UPDATE claim SET state = ?2, " CLAIM_FORGET " WHERE id = ?1", &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, &row->id);
	stmt_bind_int(s, 2, row->state);
	return stmt_run(s, NULL, e);
}

static void end_done(void *arg, enum rc rc, const struct err *e)
{
	(void)rc; /* its time is over in any case: a start reads the time, too */
	(void)e;
	free(arg);
}

static void write_end(const struct claim *c)
{
	struct end_row *row = malloc(sizeof *row);

	if (row == NULL)
		return; /* as end_done */
	*row = (struct end_row){.id = c->id, .state = c->state};
	if (writer_post(c->claims->domain->writer, end_job, end_done, row, 0, NULL) != RC_OK)
		free(row);
}

static void tend(struct claim *c, int64_t now)
{
	if (!claim_is_open(c)) {
		if (now - c->ended_ms >= CLAIM_KEPT_MS)
			claim_free(c);
		return;
	}
	if (c->is_binding)
		return;
	if (now >= c->expires_ms) {
		claim_set_state(c, CLAIM_EXPIRED, CLAIM_HINT_NONE);
		write_end(c);
		return;
	}
	bool has_proof_out = c->state == CLAIM_CODE_SENT || c->state == CLAIM_PROOF_WANTED;
	if (has_proof_out && now >= c->code_expires_ms) {
		secret_forget(c->code, sizeof c->code);
		claim_set_state(c, c->session == 0 ? CLAIM_WAITING : CLAIM_CONNECTED,
			c->session == 0 ? CLAIM_HINT_SEEN_GONE : CLAIM_HINT_NONE);
	} else if (c->state == CLAIM_CODE_SENT && !c->is_code_answered && c->session != 0 &&
		   c->hint == CLAIM_HINT_NONE && now - c->sent_ms >= CLAIM_UNANSWERED_MS) {
		claim_set_state(c, c->state, CLAIM_HINT_CODE_UNANSWERED);
	}
}

/* Once a second while there are claims: at most CLAIMS_OPEN_MAX open ones. */
static void on_tick(struct timer *t, void *context)
{
	struct claims *cs = CONTAINER_OF(t, struct claims, tick);
	struct domain *d = cs->domain;
	int64_t now = d->wall_ms();
	struct list *next = NULL;

	(void)context;
	claims_lock(cs);
	for (struct list *n = cs->all.next; n != &cs->all; n = next) {
		next = n->next;
		tend(CONTAINER_OF(n, struct claim, node), now);
	}
	bool is_empty = list_is_empty(&cs->all);
	claims_unlock(cs);
	if (!is_empty)
		timer_set(loop_wheel(d->loop), &cs->tick, loop_now_ms(d->loop) + CLAIM_TICK_MS);
}

void claims_keep_ticking(void *arg)
{
	struct claims *cs = arg;
	struct loop *loop = cs->domain->loop;

	if (!timer_is_set(&cs->tick))
		timer_set(loop_wheel(loop), &cs->tick, loop_now_ms(loop) + CLAIM_TICK_MS);
}

enum rc claims_new(struct domain *d, struct claims **ret_owned, struct err *e)
{
	CLEANUP(claims_freep) struct claims *cs = calloc(1, sizeof *cs);

	if (cs == NULL)
		return fail(e, RC_NOMEM, "claims: out of memory");
	(void)pthread_mutex_init(&cs->lock, NULL); /* cannot fail with default attributes */
	cs->domain = d;
	list_init(&cs->all);
	timer_init(&cs->tick, on_tick);
	*ret_owned = STEAL(cs);
	return RC_OK;
}

void claims_free(struct claims *cs)
{
	if (cs == NULL)
		return;
	while (!list_is_empty(&cs->all))
		claim_free(CONTAINER_OF(cs->all.next, struct claim, node));
	timer_cancel(&cs->tick);
	(void)pthread_mutex_destroy(&cs->lock);
	free(cs);
}

/* Columns 2 to 4. */
static enum rc open_texts(struct stmt *s, struct claim *c, struct err *e)
{
	enum rc rc =
		stmt_copy_sealed(s, 2, &c->group, CLAIM_LABEL_WATCH, c->watch, sizeof c->watch, e);

	if (rc == RC_OK)
		rc = stmt_copy_sealed(
			s, 3, &c->group, CLAIM_LABEL_NAME, c->name, sizeof c->name, e);
	if (rc == RC_OK)
		rc = stmt_copy_sealed(
			s, 4, &c->group, CLAIM_LABEL_SIM, c->sim_number, sizeof c->sim_number, e);
	return rc;
}

enum rc claims_load(struct domain *d, struct db *db, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db,
		"SELECT id, care_group, watch, name, sim_number, language, zone, proof, tries, "
		"sends,"
		" expires_ms,"
		" (SELECT SUM(o.tries) FROM claim o"
		"  WHERE o.wire_key_hash = claim.wire_key_hash AND o.created_ms > ?2)"
		" FROM claim WHERE state < 5 AND expires_ms > ?1 ORDER BY created_ms",
		&s, e);

	if (rc == RC_OK) {
		stmt_bind_int(s, 1, d->wall_ms());
		stmt_bind_int(s, 2, d->wall_ms() - INT64_C(86400000));
		rc = stmt_step(s, &has_row, e);
	}
	while (rc == RC_OK && has_row) {
		struct claim *c = calloc(1, sizeof *c);
		if (c == NULL) {
			rc = fail(e, RC_NOMEM, "claims: out of memory");
			break;
		}
		c->id = stmt_uid(s, 0);
		c->group = stmt_uid(s, 1);
		rc = open_texts(s, c, e);
		if (rc != RC_OK) {
			free(c); /* not adopted yet */
			if (rc != RC_NOT_FOUND && rc != RC_SYNTAX)
				break;
			/* It cannot be read any more, and does not keep the others from going on.
			 */
			rc = stmt_step(s, &has_row, e);
			continue;
		}
		stmt_copy_text(s, 5, c->language, sizeof c->language);
		stmt_copy_text(s, 6, c->zone, sizeof c->zone);
		c->is_sos_proof = stmt_int(s, 7) != 0;
		c->tries = (uint8_t)stmt_int(s, 8);
		c->sends = (uint8_t)stmt_int(s, 9);
		c->expires_ms = stmt_int(s, 10);
		c->watch_tries = stmt_int(s, 11);
		claims_adopt(d->claims, c);
		rc = stmt_step(s, &has_row, e);
	}
	if (s != NULL)
		stmt_reset(s);
	if (rc == RC_OK)
		claims_keep_ticking(d->claims);
	return rc;
}

void claims_adopt(struct claims *cs, struct claim *c)
{
	c->claims = cs;
	c->state = CLAIM_WAITING;
	c->hint = CLAIM_HINT_NOT_SEEN;
	c->hint_ms = cs->domain->wall_ms();
	list_init(&c->node);
	list_append(&cs->all, &c->node);
	cs->stats.open++;
}

void claims_read_stats(struct claims *cs, struct claims_stats *ret)
{
	claims_lock(cs);
	*ret = cs->stats;
	claims_unlock(cs);
}
