/* Sessions of bound watches, and the rule for two connections with one id: the newer one takes over
 * when it has answered a harmless query as the known watch does. When both keep talking it is a
 * conflict: members are told once, both connections stay (closing one would only make it come
 * back), what they report is kept and marked. */
#include "domain/ingest_inside.h"

#include <assert.h>
#include <stdlib.h>

#include "base/log.h"
#include "domain/bus.h"
#include "domain/claims.h"
#include "domain/media_parts.h"
#include "domain/outbox.h"
#include "domain/quarantine.h"
#include "domain/voice_out.h"
#include "domain/watch_keys.h"

enum {
	DUELS_MAX = 4096,
	DUEL_BUCKETS = 1024,
	DUEL_MS = 10 * 60 * 1000, /* this long after the last sign of a second talker it is over */
	OLD_TALKS_MAX = 2, /* frames of the old connection after the query that make a conflict */
	TAKEOVERS_MAX = 3, /* … or changes to and fro */
	SILENCE_MS =
		30 * 1000, /* an old connection silent for so long gives way without an answer */
};

struct duel {
	struct list node; /* of its bucket */
	struct timer timer;
	struct ingest *ingest;
	uint32_t place, number;
	uint64_t rival;    /* the second connection; 0: none now */
	int64_t asked_ms;  /* when the rival was asked for its version; 0: not */
	int64_t window_ms; /* since when is counted */
	int64_t alarm_ms;  /* the last conflict that was told */
	uint8_t old_talks, takeovers;
	bool is_unproven; /* the current session took over because the old one was silent */
};

struct duels {
	struct ingest *ingest;
	uint32_t n;
	struct list buckets[DUEL_BUCKETS];
	struct index by_rival; /* indexes `table` */
	struct duel *table[DUELS_MAX];
};

static uint64_t hash_rival(const void *owner, uint32_t i)
{
	const struct duels *ds = owner;

	return index_hash_u64(ds->table[i]->rival);
}

enum rc duels_new(struct ingest *in, struct duels **ret_owned, struct err *e)
{
	struct duels *ds = calloc(1, sizeof *ds);

	if (ds == NULL)
		return fail(e, RC_NOMEM, "session: out of memory");
	ds->ingest = in;
	for (unsigned i = 0; i < DUEL_BUCKETS; i++)
		list_init(&ds->buckets[i]);
	index_init(&ds->by_rival, hash_rival, ds);
	*ret_owned = ds;
	return RC_OK;
}

static uint32_t slot_of(const struct duels *ds, const struct duel *duel)
{
	uint32_t i = 0;

	while (ds->table[i] != duel)
		i++;
	return i;
}

static void set_rival(struct duels *ds, struct duel *duel, uint64_t rival)
{
	uint32_t i = slot_of(ds, duel);

	if (duel->rival != 0)
		index_remove(&ds->by_rival, i);
	duel->rival = rival;
	if (rival != 0 && index_add(&ds->by_rival, i, NULL) != RC_OK)
		duel->rival = 0;
}

static void duel_free(struct duels *ds, struct duel *duel)
{
	uint32_t i = slot_of(ds, duel);

	set_rival(ds, duel, 0);
	timer_cancel(&duel->timer);
	list_remove(&duel->node);
	ds->table[i] = NULL;
	ds->n--;
	free(duel);
}

void duels_free(struct duels *ds)
{
	if (ds == NULL)
		return;
	for (uint32_t i = 0; i < DUELS_MAX; i++) {
		if (ds->table[i] != NULL)
			duel_free(ds, ds->table[i]);
	}
	index_done(&ds->by_rival);
	free(ds);
}

static struct duel *duel_of(struct duels *ds, uint32_t number)
{
	struct list *bucket = &ds->buckets[number % DUEL_BUCKETS];

	for (struct list *n = bucket->next; n != bucket; n = n->next) {
		struct duel *duel = CONTAINER_OF(n, struct duel, node);
		if (duel->number == number)
			return duel;
	}
	return NULL;
}

static struct duel *duel_by_rival(struct duels *ds, uint64_t session)
{
	uint32_t at = 0;

	for (int64_t i = index_first(&ds->by_rival, index_hash_u64(session), &at); i != INDEX_NONE;
		i = index_next(&ds->by_rival, &at)) {
		if (ds->table[i]->rival == session)
			return ds->table[i];
	}
	return NULL;
}

bool sessions_are_disputed(const struct ingest *in)
{
	return in->duels->n > 0;
}

struct live_device *session_device(struct ingest *in, uint64_t session)
{
	struct live_device *dev = live_by_session(in->domain->live, session);

	if (dev != NULL || in->duels->n == 0)
		return dev;
	const struct duel *duel = duel_by_rival(in->duels, session);
	return duel == NULL ? NULL : live_at(in->domain->live, duel->place, duel->number);
}

static void set_duel_timer(struct duel *duel)
{
	struct loop *loop = duel->ingest->domain->loop;

	timer_set(loop_wheel(loop), &duel->timer, loop_now_ms(loop) + DUEL_MS);
}

/* Nobody else talked for a while: the conflict, if it was one, is over. */
static void on_duel_over(struct timer *t, void *context)
{
	struct duel *duel = CONTAINER_OF(t, struct duel, timer);
	struct ingest *in = duel->ingest;
	struct domain *d = in->domain;
	uint64_t rival = duel->rival;

	(void)context;
	live_lock(d->live);
	struct live_device *dev = live_at(d->live, duel->place, duel->number);
	if (dev != NULL && dev->is_conflict) {
		dev->is_conflict = false;
		ingest_mark_dirty(in, dev);
	}
	live_unlock(d->live);
	duel_free(in->duels, duel);
	if (rival != 0)
		d->out.close(d->out.owner, rival);
}

/* NULL when there are too many: then the newer connection simply wins. */
static struct duel *duel_new(struct ingest *in, uint32_t place, uint32_t number)
{
	struct duels *ds = in->duels;
	uint32_t i = 0;

	if (ds->n == DUELS_MAX)
		return NULL;
	while (ds->table[i] != NULL)
		i++;
	struct duel *duel = calloc(1, sizeof *duel);
	if (duel == NULL)
		return NULL;
	list_init(&duel->node);
	timer_init(&duel->timer, on_duel_over);
	duel->ingest = in;
	duel->place = place;
	duel->number = number;
	ds->table[i] = duel;
	ds->n++;
	list_append(&ds->buckets[number % DUEL_BUCKETS], &duel->node);
	return duel;
}

/* An alarm of our own. Under live_lock. */
static void raise_conflict(struct ingest *in, struct duel *duel, struct live_device *dev)
{
	int64_t now = in->domain->wall_ms();
	struct batch *b = NULL;

	if (!dev->is_conflict) {
		dev->is_conflict = true;
		ingest_count(in, COUNT_CONFLICTS, 1);
		ingest_mark_dirty(in, dev);
	}
	if (duel->alarm_ms != 0 && now - duel->alarm_ms < DUEL_MS)
		return;
	duel->alarm_ms = now;
	struct alarm_work alarm = {
		.intake = {.wearer = dev->wearer,
			.kinds = ALARM_CONFLICT,
			.device_time_ms = now,
			.time_ms = now,
			.received_ms = now,
			.is_own_report = true},
		.place = duel->place,
		.number = duel->number,
		.group = dev->group,
	};
	struct err e;
	if (batch_for(in, true, &b, &e) != RC_OK || batch_add_alarm(b, &alarm, &e) != RC_OK)
		log_event(LOG_ERROR, "session.conflict_not_told", "why=\"%s\"", e.msg);
}

/* Counting begins anew when the last sign is old. */
static void refresh_window(struct duel *duel, int64_t now)
{
	if (now - duel->window_ms < DUEL_MS)
		return;
	duel->window_ms = now;
	duel->old_talks = 0;
	duel->takeovers = 0;
}

static void ask_version(struct domain *d, uint64_t session)
{
	static const struct command version = {.kind = COMMAND_VERSION};
	struct uid id = uid_new(); /* no row: nobody waits for it but this rule */

	/* When the link is full the old connection's silence decides. */
	(void)d->out.command(d->out.owner, session, &id, &version);
}

/* The second connection becomes the current one. Call without live_lock. */
static void take_over(struct ingest *in, struct duel *duel, bool has_answered)
{
	struct domain *d = in->domain;
	int64_t now = d->wall_ms();
	uint64_t fresh = duel->rival;
	uint64_t old = 0;
	bool is_conflict = false;

	refresh_window(duel, now);
	duel->takeovers++;
	duel->asked_ms = 0;
	duel->is_unproven = !has_answered;
	set_rival(in->duels, duel, 0);
	live_lock(d->live);
	struct live_device *dev = live_at(d->live, duel->place, duel->number);
	if (dev != NULL) {
		old = dev->session;
		(void)!live_set_session(
			d->live, dev, fresh, NULL); /* no memory: at the next frame */
		dev->connected_s = (uint32_t)(now / 1000);
		if (duel->takeovers >= TAKEOVERS_MAX)
			raise_conflict(in, duel, dev);
		is_conflict = dev->is_conflict;
		ingest_mark_dirty(in, dev);
	}
	live_unlock(d->live);
	ingest_count(in, COUNT_TAKEOVERS, 1);
	set_duel_timer(duel);
	if (old != 0) {
		outbox_on_lost(d, duel->number, old);
		if (is_conflict)
			set_rival(in->duels, duel, old);
		else
			d->out.close(d->out.owner, old);
	}
	outbox_on_ready(d, duel->number, fresh);
}

/* A connection with the id of a watch that has one already. Call without live_lock. */
static void second_session(struct ingest *in, uint32_t place, uint32_t number, uint64_t session)
{
	struct domain *d = in->domain;
	struct duel *duel = duel_of(in->duels, number);
	int64_t now = d->wall_ms();

	ingest_count(in, COUNT_SECOND_SESSIONS, 1);
	if (duel == NULL)
		duel = duel_new(in, place, number);
	if (duel == NULL) {
		live_lock(d->live);
		struct live_device *dev = live_at(d->live, place, number);
		uint64_t old = dev == NULL ? 0 : dev->session;
		if (dev != NULL)
			(void)!live_set_session(
				d->live, dev, session, NULL); /* at the next frame */
		live_unlock(d->live);
		outbox_on_lost(d, number, old);
		d->out.close(d->out.owner, old);
		d->out.standing(d->out.owner, session, STANDING_BOUND);
		return;
	}
	uint64_t older_rival = duel->rival;
	set_rival(in->duels, duel, session);
	refresh_window(duel, now);
	set_duel_timer(duel);
	if (older_rival != 0 && older_rival != session)
		d->out.close(d->out.owner, older_rival);
	d->out.standing(d->out.owner, session, STANDING_BOUND);
	live_lock(d->live);
	const struct live_device *dev = live_at(d->live, place, number);
	bool is_conflict = dev != NULL && dev->is_conflict;
	live_unlock(d->live);
	if (is_conflict)
		return; /* neither is trusted, so neither is asked */
	duel->asked_ms = now;
	ask_version(d, session);
}

static bool is_version(const struct report *r)
{
	return r != NULL && view_is_nocase(view_of(r->keyword), VIEW("VERNO"));
}

static void current_talked(
	struct ingest *in, struct duel *duel, uint64_t session, const struct report *r, int64_t now)
{
	struct domain *d = in->domain;

	if (duel->is_unproven && is_version(r)) {
		duel->is_unproven = false;
		outbox_on_ready(d, duel->number, session);
	}
	if (duel->rival == 0)
		return;
	refresh_window(duel, now);
	if (duel->asked_ms == 0) { /* a conflict goes on */
		set_duel_timer(duel);
		return;
	}
	if (++duel->old_talks < OLD_TALKS_MAX)
		return;
	duel->asked_ms = 0;
	set_duel_timer(duel);
	live_lock(d->live);
	struct live_device *dev = live_at(d->live, duel->place, duel->number);
	if (dev != NULL)
		raise_conflict(in, duel, dev);
	live_unlock(d->live);
}

static void rival_talked(struct ingest *in, struct duel *duel, const struct report *r, int64_t now)
{
	if (duel->asked_ms == 0) {
		set_duel_timer(duel);
		return;
	}
	bool has_answered = is_version(r);
	bool is_old_silent = duel->old_talks == 0 && now - duel->asked_ms >= SILENCE_MS;
	if (has_answered || is_old_silent)
		take_over(in, duel, has_answered);
}

void session_talked(struct ingest *in, uint64_t session, const struct report *r)
{
	struct domain *d = in->domain;

	if (in->duels->n == 0)
		return;
	int64_t now = d->wall_ms();
	struct duel *duel = duel_by_rival(in->duels, session);
	if (duel != NULL) {
		rival_talked(in, duel, r, now);
		return;
	}
	live_lock(d->live);
	const struct live_device *dev = live_by_session(d->live, session);
	uint32_t number = dev == NULL ? 0 : dev->number;
	live_unlock(d->live);
	duel = number == 0 ? NULL : duel_of(in->duels, number);
	if (duel != NULL)
		current_talked(in, duel, session, r, now);
}

bool ingest_trusts(struct domain *d, uint32_t number, uint64_t session)
{
	const struct duel *duel =
		d->ingest->duels->n == 0 ? NULL : duel_of(d->ingest->duels, number);

	if (duel != NULL && (duel->is_unproven || (duel->rival != 0 && duel->asked_ms != 0)))
		return false;
	live_lock(d->live);
	const struct live_device *dev = live_by_session(d->live, session);
	bool is_trusted = dev != NULL && dev->number == number && !dev->is_conflict;
	live_unlock(d->live);
	return is_trusted;
}

void session_forget(struct ingest *in, uint32_t number)
{
	struct duel *duel = duel_of(in->duels, number);

	if (duel != NULL)
		duel_free(in->duels, duel);
}

static void open_stranger(struct domain *d, uint64_t session, const struct peer *peer,
	struct view vendor, struct view id)
{
	bool is_new = false;
	bool is_wanted = claims_want(d, id);
	bool is_known = quarantine_opened(
		d->quarantine, session, peer, vendor, id, is_wanted, d->wall_ms(), &is_new);

	d->out.standing(d->out.owner, session,
		is_wanted && is_known ? STANDING_CLAIMING : STANDING_UNKNOWN);
	if (is_known)
		claims_on_opened(d, session, id, is_new);
}

/* The number of the watch with this id; 0 when nobody has claimed it. */
static uint32_t number_of(struct domain *d, struct view id)
{
	live_lock(d->live);
	const struct live_device *dev = live_by_wire_id(d->live, id);
	uint32_t number = dev == NULL ? 0 : dev->number;
	live_unlock(d->live);
	return number;
}

/* Another connection than the current one has proved to be the watch: it takes over at once. */
static void prefer_proved(struct ingest *in, uint32_t number, struct view id, uint64_t session)
{
	struct domain *d = in->domain;
	uint64_t old = 0;

	live_lock(d->live);
	struct live_device *dev = live_by_wire_id(d->live, id);
	if (dev != NULL && dev->number == number && dev->session != session) {
		old = dev->session;
		dev->is_conflict = false;
		(void)!live_set_session(d->live, dev, 0, NULL); /* to none: cannot fail */
	}
	live_unlock(d->live);
	session_forget(in, number);
	if (old == 0)
		return;
	outbox_on_lost(d, number, old);
	d->out.close(d->out.owner, old);
}

/* False: the watch with this id has a key, and this connection did not show it. */
static bool may_speak(struct ingest *in, const struct peer *peer, uint64_t session, struct view id,
	struct view key)
{
	struct domain *d = in->domain;
	uint32_t number = number_of(d, id);
	enum watch_proof proof =
		number == 0 ? PROOF_NOT_WANTED : watch_keys_judge(d->watch_keys, number, key);

	if (proof == PROOF_GIVEN)
		prefer_proved(in, number, id, session);
	if (proof != PROOF_MISSING)
		return true;
	if (peer == NULL)
		return false; /* whether it has shown the key is told by its OPENED */
	/* Closed: were its heartbeats answered for ever, it would not come again when its key does,
	 * or is wanted no more. */
	ingest_count(in, COUNT_UNPROVED, 1);
	d->out.close(d->out.owner, session);
	return false;
}

void ingest_close_sessions(struct domain *d, const struct uid *wearer)
{
	live_lock(d->live);
	const struct live_device *dev = live_by_wearer(d->live, wearer);
	uint64_t session = dev == NULL ? 0 : dev->session;
	const struct duel *duel = dev == NULL || d->ingest->duels->n == 0
					  ? NULL
					  : duel_of(d->ingest->duels, dev->number);
	uint64_t rival = duel == NULL ? 0 : duel->rival;
	live_unlock(d->live);
	if (session != 0)
		d->out.close(d->out.owner, session);
	if (rival != 0)
		d->out.close(d->out.owner, rival);
}

void ingest_opened(struct domain *d, uint64_t session, const struct peer *peer, struct view vendor,
	struct view id, struct view key)
{
	struct ingest *in = d->ingest;
	bool is_second = false;
	uint32_t place = 0;
	uint32_t number = 0;
	int64_t now_s = d->wall_ms() / 1000;

	if (!may_speak(in, peer, session, id, key))
		return;
	live_lock(d->live);
	struct live_device *dev = live_by_wire_id(d->live, id);
	if (dev != NULL) {
		place = dev->place;
		number = dev->number;
		is_second = dev->session != 0 && dev->session != session;
		dev->last_seen_s = (uint32_t)now_s;
		if (vendor.n > 0 && vendor.n <= sizeof dev->vendor) {
			memset(dev->vendor, 0, sizeof dev->vendor);
			memcpy(dev->vendor, vendor.p, vendor.n);
		}
		if (dev->session == 0) {
			(void)!live_set_session(
				d->live, dev, session, NULL); /* at the next frame */
			dev->connected_s = (uint32_t)now_s;
		}
		ingest_mark_dirty(in, dev);
	}
	live_unlock(d->live);
	if (number == 0) {
		open_stranger(d, session, peer, vendor, id);
		return;
	}
	if (is_second) {
		if (duel_by_rival(in->duels, session) == NULL)
			second_session(in, place, number, session);
		return;
	}
	d->out.standing(d->out.owner, session, STANDING_BOUND);
	outbox_on_ready(d, number, session);
	voice_out_on_ready(d, number, session);
}

static void close_session(struct domain *d, uint64_t session, uint32_t frames, bool is_lost)
{
	struct ingest *in = d->ingest;
	char id[WIRE_ID_TEXT];

	media_parts_forget(d, session);
	if (quarantine_id_of(d->quarantine, session, id)) {
		quarantine_closed(d->quarantine, session, frames, d->wall_ms());
		claims_on_closed(d, session, view_of(id));
		return;
	}
	struct duel *duel = in->duels->n == 0 ? NULL : duel_by_rival(in->duels, session);
	if (duel != NULL) {
		set_rival(in->duels, duel, 0);
		duel->asked_ms = 0;
		return;
	}
	uint32_t number = 0;
	uint64_t next = 0;
	live_lock(d->live);
	struct live_device *dev = live_by_session(d->live, session);
	if (dev != NULL) {
		number = dev->number;
		duel = in->duels->n == 0 ? NULL : duel_of(in->duels, number);
		next = duel == NULL ? 0 : duel->rival;
		if (next != 0) {
			set_rival(in->duels, duel, 0);
			duel->asked_ms = 0;
			dev->connected_s = (uint32_t)(d->wall_ms() / 1000);
		}
		(void)!live_set_session(
			d->live, dev, next, NULL); /* no memory: at the next frame */
		ingest_mark_dirty(in, dev);
	}
	live_unlock(d->live);
	if (number == 0)
		return;
	if (is_lost)
		outbox_on_lost(d, number, session);
	else
		outbox_on_closed(d, number, session);
	voice_out_on_closed(d, number, session);
	if (next != 0)
		outbox_on_ready(d, number, next);
}

void ingest_closed(struct domain *d, uint64_t session, uint32_t frames)
{
	close_session(d, session, frames, false);
}

/* Second connections are in no other table. */
static void lose_rivals(struct duels *ds, uint8_t gateway)
{
	for (uint32_t i = 0; ds->n > 0 && i < DUELS_MAX; i++) {
		struct duel *duel = ds->table[i];
		if (duel == NULL || duel->rival == 0 || duel->rival >> 56 != gateway)
			continue;
		set_rival(ds, duel, 0);
		duel->asked_ms = 0;
	}
}

void ingest_gateway_lost(struct domain *d, uint8_t gateway)
{
	uint64_t session = 0;

	/* Before the others, so that none takes the place of one that is lost with it. */
	lose_rivals(d->ingest->duels, gateway);
	/* Rare (a gateway crashed): the table is walked, a few thousand devices a millisecond. */
	for (uint32_t place = 0; live_next_session(d->live, gateway, &place, &session);)
		close_session(d, session, 0, true);
	for (uint32_t place = 0; quarantine_next_session(d->quarantine, gateway, &place, &session);)
		close_session(d, session, 0, true);
}
