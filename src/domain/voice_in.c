#include "domain/voice_in.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/log.h"
#include "domain/bus.h"
#include "domain/media.h"
#include "domain/thread_store.h"
#include "media/amr.h"
#include "store/query.h"
#include "store/sealed.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

enum {
	SLOTS = 4,        /* whole voices of one watch that wait for the decoder: chunks -1 to -4 */
	RESUMED_MAX = 16, /* of all watches in one go */
	MARK_BYTES = 32,  /* kept of what cannot be read: a hash, to know it again */
};

enum voices_count {
	COUNT_STORED,
	COUNT_AGAIN,
	COUNT_UNREADABLE,
	COUNT_REFUSED,
	COUNT_CHUNKS,
	COUNT_CHUNKS_REFUSED,
	COUNT_COUNT
};

struct voices_in {
	struct domain *domain;
	struct timer sweep;
	atomic_ullong counts[COUNT_COUNT];
};

static void count(struct domain *d, enum voices_count what)
{
	atomic_fetch_add_explicit(&d->voices_in->counts[what], 1, memory_order_relaxed);
}

/* ---- a whole voice ---- */

struct voice_work {
	struct media_whole *whole; /* owned */
	int slot;                  /* it waits on disk there; 0: it does not */
	bool is_unreadable;
	uint8_t mark[MARK_BYTES]; /* of what cannot be read */
	uint8_t *amr;             /* owned; with right first bytes */
	size_t amr_n;
	struct media_info info;
	bool is_again; /* out: it is there already */
};

static void work_free(struct voice_work *w)
{
	if (w == NULL)
		return;
	media_whole_free(w->whole);
	free(w->amr);
	free(w);
}

static void work_freep(struct voice_work **w)
{
	work_free(*w);
}

/* What a watch may send in a day. */
static enum rc check_day(struct db *db, const struct uid *wearer, int64_t now_ms, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"SELECT COUNT(*), COALESCE(SUM(size), 0) FROM thread_item WHERE wearer = ?1"
		" AND created_ms > ?2 AND kind = 1 AND direction = 1",
		wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, now_ms - DAY_MS);
	rc = query_first(s, e);
	if (rc != RC_OK)
		return rc;
	bool is_full = stmt_int(s, 0) >= VOICES_UP_PER_DAY_MAX ||
		       stmt_int(s, 1) >= VOICES_UP_BYTES_PER_DAY_MAX;
	stmt_reset(s);
	return is_full ? fail(e, RC_LIMIT, "voice: too much of one watch in a day") : RC_OK;
}

static enum rc drop_slot(struct db *db, const struct uid *wearer, int64_t slot, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(
		db, "DELETE FROM voice_chunk WHERE wearer = ?1 AND chunk = ?2", wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, slot);
	return stmt_run(s, NULL, e);
}

static enum rc store_job(struct db *db, void *arg, struct err *e)
{
	struct voice_work *w = arg;
	const struct domain *d = w->whole->domain;
	int64_t now_ms = d->wall_ms();
	struct thread_row row = {.wearer = w->whole->wearer,
		.kind = THREAD_VOICE,
		.direction = THREAD_FROM,
		.by_kind = THREAD_BY_WATCH,
		.state = w->is_unreadable ? THREAD_FAILED : THREAD_RECEIVED,
		.created_ms = now_ms,
		.content = w->is_unreadable
				   ? (struct view){.p = (const char *)w->mark, .n = MARK_BYTES}
				   : (struct view){.p = (const char *)w->amr, .n = w->amr_n},
		.duration_ms = w->is_unreadable ? 0 : w->info.duration_ms,
		.has_wave = !w->is_unreadable};
	struct uid id;

	memcpy(row.wave, w->info.curve, sizeof row.wave);
	enum rc rc = thread_find_same(db, &row.wearer, row.content, &id, e);
	w->is_again = rc == RC_OK && !uid_is_none(&id);
	/* What was answered in parts has its place: it was asked for before the first part. */
	if (rc == RC_OK && !w->is_again && w->slot == 0)
		rc = check_day(db, &row.wearer, now_ms, e);
	if (rc == RC_OK && !w->is_again)
		rc = thread_insert(
			db, &row, w->slot == 0 ? d->settings.thread_max_bytes : INT64_MAX, &id, e);
	if (rc == RC_OK && w->slot != 0)
		rc = drop_slot(db, &row.wearer, w->slot, e);
	return rc;
}

static void store_done(void *arg, enum rc rc, const struct err *e)
{
	struct voice_work *w = arg;
	const struct media_whole *whole = w->whole;
	struct domain *d = whole->domain;

	if (rc == RC_OK && !w->is_again) {
		count(d, w->is_unreadable ? COUNT_UNREADABLE : COUNT_STORED);
		bus_publish(d->bus, EVENT_THREAD, &whole->group, &whole->wearer);
	} else if (rc == RC_OK) {
		count(d, COUNT_AGAIN);
	} else {
		count(d, COUNT_REFUSED);
		log_event(LOG_WARN, "voice.not_stored", "why=\"%s\"", e->msg);
	}
	media_whole_answer(whole, rc == RC_OK && !w->is_unreadable);
	work_free(w);
}

static void store(struct voice_work *take_work)
{
	CLEANUP(work_freep) struct voice_work *w = take_work;
	struct err e;

	if (writer_post(w->whole->domain->writer, store_job, store_done, w, 0, &e) == RC_OK) {
		(void)STEAL(w); /* store_done frees it */
		return;
	}
	count(w->whole->domain, COUNT_REFUSED);
	log_event(LOG_WARN, "voice.busy", "why=\"%s\"", e.msg);
	media_whole_answer(w->whole, false);
}

static void store_unreadable(struct voice_work *take_work, const struct err *why)
{
	const struct media_whole *whole = take_work->whole;

	log_event(LOG_WARN, "voice.unreadable", "why=\"%s\"", why->msg);
	take_work->is_unreadable = true;
	(void)crypto_generichash(
		take_work->mark, MARK_BYTES, whole->bytes, whole->n, NULL, 0); /* cannot fail */
	store(take_work);
}

static void on_converted(
	void *ctx, enum rc rc, struct view out, const struct media_info *info, const struct err *e)
{
	CLEANUP(work_freep) struct voice_work *w = ctx;

	(void)out;
	if (rc == RC_OK) {
		w->info = *info;
		store(STEAL(w));
	} else if (rc == RC_SYNTAX || rc == RC_LIMIT) {
		store_unreadable(STEAL(w), e);
	} else { /* the role is away: a watch says it again, what waits on disk is taken up later */
		count(w->whole->domain, COUNT_REFUSED);
		media_whole_answer(w->whole, false);
	}
}

static void begin(struct media_whole *take_whole, int slot)
{
	CLEANUP(work_freep) struct voice_work *w = calloc(1, sizeof *w);
	struct amr_info info;
	struct err e;

	if (w == NULL) {
		media_whole_answer(take_whole, false);
		media_whole_free(take_whole);
		return;
	}
	w->whole = take_whole;
	w->slot = slot;
	w->amr = malloc(take_whole->n);
	if (w->amr == NULL) {
		media_whole_answer(take_whole, false);
		return;
	}
	if (amr_clean(media_whole_bytes(take_whole), w->amr, &w->amr_n, &info, &e) != RC_OK) {
		store_unreadable(STEAL(w), &e);
		return;
	}
	if (media_convert(take_whole->domain, MEDIA_AMR_TO_WAV,
		    (struct view){.p = (const char *)w->amr, .n = w->amr_n}, on_converted, w,
		    &e) == RC_OK) {
		(void)STEAL(w); /* on_converted frees it */
		return;
	}
	count(take_whole->domain, COUNT_REFUSED);
	media_whole_answer(take_whole, false);
}

/* ---- a voice in parts ---- */

struct chunk_work {
	struct media_whole
		*whole; /* owned: the part; when all are there, its bytes are the voice */
	int slot;       /* out: all are there, and wait in this place; 0: not yet */
	uint8_t *voice; /* out, owned */
	size_t voice_n;
};

static void chunk_free(struct chunk_work *w)
{
	if (w == NULL)
		return;
	media_whole_free(w->whole);
	free(w->voice);
	free(w);
}

/* What is there of the voice that the watch is sending. */
struct collected {
	int64_t chunk, chunks, last_ms, bytes;
	bool is_same; /* it is the message that the part belongs to */
};

static enum rc read_collected(
	struct db *db, const struct media_whole *w, struct collected *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(db,
		"SELECT chunk, chunks, received_ms, name_hash = ?2, (SELECT SUM(LENGTH(c.content))"
		" FROM voice_chunk c WHERE c.wearer = ?1 AND c.chunk > 0)"
		" FROM voice_chunk WHERE wearer = ?1 AND chunk > 0 ORDER BY chunk DESC LIMIT 1",
		&w->wearer, &s, e);

	*ret = (struct collected){.chunk = 0};
	if (rc != RC_OK)
		return rc;
	stmt_bind_lookup(s, 2, "voice_chunk.name", (struct view){.p = w->name, .n = w->name_n});
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK || !has_row)
		return rc;
	*ret = (struct collected){.chunk = stmt_int(s, 0),
		.chunks = stmt_int(s, 1),
		.last_ms = stmt_int(s, 2),
		.is_same = stmt_int(s, 3) != 0 && stmt_int(s, 1) == w->chunks,
		.bytes = stmt_int(s, 4)};
	stmt_reset(s);
	return RC_OK;
}

static enum rc drop_collected(struct db *db, const struct uid *wearer, struct err *e)
{
	return query_run(db, "DELETE FROM voice_chunk WHERE wearer = ?1 AND chunk > 0", wearer, e);
}

/* May this part be kept? The first one begins anew; the others follow one another, and the last one
 * may come twice, because its answer was lost. */
static enum rc check_chunk(
	struct db *db, const struct media_whole *w, int64_t now_ms, struct err *e)
{
	struct collected c;
	enum rc rc = read_collected(db, w, &c, e);

	if (rc != RC_OK)
		return rc;
	if (w->chunk == 1) {
		rc = check_day(db, &w->wearer, now_ms, e);
		return rc == RC_OK ? drop_collected(db, &w->wearer, e) : rc;
	}
	if (!c.is_same)
		return fail(e, RC_CONFLICT, "voice: a part of another message");
	if (now_ms - c.last_ms > CHUNKS_LIFE_MS)
		return fail(e, RC_CONFLICT, "voice: a part that comes too late");
	if (w->chunk != c.chunk && w->chunk != c.chunk + 1)
		return fail(e, RC_CONFLICT, "voice: part %u behind part %lld", w->chunk,
			(long long)c.chunk);
	if (c.bytes + (int64_t)w->n > CHUNKS_BYTES_MAX)
		return fail(e, RC_LIMIT, "voice: more than %d bytes in parts", CHUNKS_BYTES_MAX);
	return RC_OK;
}

static enum rc put_chunk(struct db *db, const struct media_whole *w, int64_t chunk,
	struct view content, int64_t now_ms, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"INSERT INTO voice_chunk (wearer, chunk, chunks, name_hash, received_ms, content)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (wearer, chunk) DO UPDATE SET"
		" received_ms = ?5, content = ?6",
		&w->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, chunk);
	stmt_bind_int(s, 3, w->chunks);
	stmt_bind_lookup(s, 4, "voice_chunk.name", (struct view){.p = w->name, .n = w->name_n});
	stmt_bind_int(s, 5, now_ms);
	thread_pad_bind(s, 6, &w->wearer, "voice_chunk.content", content);
	return stmt_run(s, NULL, e);
}

static enum rc join_chunks(struct db *db, struct chunk_work *w, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(db,
		"SELECT content FROM voice_chunk WHERE wearer = ?1 AND chunk > 0 ORDER BY chunk",
		&w->whole->wearer, &s, e);

	w->voice = malloc(CHUNKS_BYTES_MAX);
	if (rc == RC_OK && w->voice == NULL)
		return fail(e, RC_NOMEM, "voice: out of memory");
	while (rc == RC_OK && (rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		uint8_t *part = NULL;
		size_t n = 0;
		rc = thread_pad_take(s, 0, &w->whole->wearer, "voice_chunk.content", &part, &n, e);
		if (rc == RC_OK && n > CHUNKS_BYTES_MAX - w->voice_n)
			rc = fail(e, RC_LIMIT, "voice: more than %d bytes", CHUNKS_BYTES_MAX);
		if (rc == RC_OK && n > 0) {
			memcpy(w->voice + w->voice_n, part, n);
			w->voice_n += n;
		}
		free(part);
	}
	if (s != NULL)
		stmt_reset(s);
	return rc;
}

static enum rc find_slot(struct db *db, const struct uid *wearer, int *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"SELECT COALESCE(MIN(chunk), 0) FROM voice_chunk WHERE wearer = ?1 AND chunk < 0",
		wearer, &s, e);

	if (rc == RC_OK)
		rc = query_first(s, e);
	if (rc != RC_OK)
		return rc;
	*ret = (int)stmt_int(s, 0) - 1;
	stmt_reset(s);
	return *ret >= -SLOTS
		       ? RC_OK
		       : fail(e, RC_LIMIT, "voice: %d of this watch wait to be decoded", SLOTS);
}

/* All parts are there: one row, which waits for the decoder whatever happens to us. */
static enum rc finish_chunks(struct db *db, struct chunk_work *w, int64_t now_ms, struct err *e)
{
	enum rc rc = find_slot(db, &w->whole->wearer, &w->slot, e);

	if (rc == RC_OK)
		rc = join_chunks(db, w, e);
	if (rc == RC_OK)
		rc = drop_collected(db, &w->whole->wearer, e);
	return rc == RC_OK ? put_chunk(db, w->whole, w->slot,
				     (struct view){.p = (const char *)w->voice, .n = w->voice_n},
				     now_ms, e)
			   : rc;
}

static enum rc chunk_job(struct db *db, void *arg, struct err *e)
{
	struct chunk_work *w = arg;
	int64_t now_ms = w->whole->domain->wall_ms();

	free(w->voice); /* the job may run a second time */
	w->voice = NULL;
	w->voice_n = 0;
	w->slot = 0;
	enum rc rc = check_chunk(db, w->whole, now_ms, e);
	if (rc == RC_OK)
		rc = put_chunk(
			db, w->whole, w->whole->chunk, media_whole_bytes(w->whole), now_ms, e);
	if (rc == RC_OK && w->whole->chunk == w->whole->chunks)
		rc = finish_chunks(db, w, now_ms, e);
	return rc;
}

static void chunk_done(void *arg, enum rc rc, const struct err *e)
{
	struct chunk_work *w = arg;
	struct domain *d = w->whole->domain;

	count(d, rc == RC_OK ? COUNT_CHUNKS : COUNT_CHUNKS_REFUSED);
	if (rc != RC_OK)
		log_event(rc == RC_CONFLICT ? LOG_DEBUG : LOG_WARN, "voice.part_refused",
			"why=\"%s\"", e->msg);
	media_whole_answer(w->whole, rc == RC_OK);
	if (rc == RC_OK && w->slot != 0) {
		struct media_whole *whole = STEAL(w->whole);
		free(whole->bytes);
		whole->bytes = STEAL(w->voice);
		whole->n = w->voice_n;
		whole->reply = (struct reply){.kind = REPLY_NONE}; /* it is answered */
		begin(whole, w->slot);
	}
	chunk_free(w);
}

static void need_sweep(struct domain *d)
{
	if (!timer_is_set(&d->voices_in->sweep))
		timer_set(loop_wheel(d->loop), &d->voices_in->sweep,
			loop_now_ms(d->loop) + CHUNKS_SWEEP_MS);
}

static void take_chunk(struct media_whole *take_whole)
{
	struct domain *d = take_whole->domain;
	struct chunk_work *w = take_whole->n > CHUNK_BYTES_MAX ? NULL : calloc(1, sizeof *w);

	need_sweep(d);
	if (w != NULL)
		w->whole = take_whole;
	if (w != NULL && writer_post(d->writer, chunk_job, chunk_done, w, 0, NULL) == RC_OK)
		return; /* chunk_done frees it */
	count(d, COUNT_CHUNKS_REFUSED);
	media_whole_answer(take_whole, false);
	if (w != NULL)
		chunk_free(w);
	else
		media_whole_free(take_whole);
}

void voice_in_take(struct media_whole *take_whole)
{
	if (take_whole->kind == MEDIA_PART_CHUNK)
		take_chunk(take_whole);
	else
		begin(take_whole, 0);
}

/* ---- what was left over ---- */

struct sweep_work {
	struct domain *domain;
	int64_t stale_ms; /* parts older than this go */
	int64_t left_ms;  /* whole ones older than this are taken up */
	unsigned n;       /* out */
	int64_t rest;     /* out: rows that are still there */
	struct {
		struct media_whole *whole; /* owned */
		int slot;
	} voices[RESUMED_MAX]; /* out */
};

static void forget_voices(struct sweep_work *w)
{
	while (w->n > 0)
		media_whole_free(w->voices[--w->n].whole);
}

static enum rc drop_stale(struct db *db, const struct sweep_work *w, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db,
		"DELETE FROM voice_chunk WHERE chunk > 0 AND wearer IN (SELECT c.wearer FROM"
		" voice_chunk c WHERE c.chunk > 0 GROUP BY c.wearer HAVING MAX(c.received_ms) < "
		"?1)",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, w->stale_ms);
	return stmt_run(s, NULL, e);
}

static enum rc read_left(struct stmt *s, struct sweep_work *w, struct err *e)
{
	CLEANUP(media_whole_freep) struct media_whole *whole = calloc(1, sizeof *whole);

	if (whole == NULL)
		return fail(e, RC_NOMEM, "voice: out of memory");
	*whole = (struct media_whole){.domain = w->domain,
		.wearer = stmt_uid(s, 0),
		.group = stmt_uid(s, 1),
		.number = (uint32_t)stmt_int(s, 2),
		.kind = MEDIA_PART_CHUNK};
	enum rc rc = thread_pad_take(
		s, 4, &whole->wearer, "voice_chunk.content", &whole->bytes, &whole->n, e);
	if (rc == RC_OK) {
		w->voices[w->n].slot = (int)stmt_int(s, 3);
		w->voices[w->n++].whole = STEAL(whole);
	}
	return rc;
}

/* Whole voices that nobody is decoding: a crash, or the media role was away. */
static enum rc find_left(struct db *db, struct sweep_work *w, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db,
		"SELECT c.wearer, v.care_group, v.number, c.chunk, c.content FROM voice_chunk c"
		" JOIN wearer v ON v.id = c.wearer WHERE c.chunk < 0 AND c.received_ms < ?1"
		" ORDER BY c.received_ms LIMIT ?2",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, w->left_ms);
	stmt_bind_int(s, 2, RESUMED_MAX);
	while (rc == RC_OK && (rc = stmt_step(s, &has_row, e)) == RC_OK && has_row)
		rc = read_left(s, w, e);
	stmt_reset(s);
	return rc;
}

static enum rc sweep_job(struct db *db, void *arg, struct err *e)
{
	struct sweep_work *w = arg;
	struct stmt *s = NULL;

	forget_voices(w); /* the job may run a second time */
	enum rc rc = drop_stale(db, w, e);
	if (rc == RC_OK)
		rc = find_left(db, w, e);
	if (rc == RC_OK)
		rc = db_prepare(db, "SELECT COUNT(*) FROM voice_chunk", &s, e);
	if (rc == RC_OK)
		rc = query_first(s, e);
	if (rc != RC_OK)
		return rc;
	w->rest = stmt_int(s, 0);
	stmt_reset(s);
	return RC_OK;
}

static void sweep_done(void *arg, enum rc rc, const struct err *e)
{
	struct sweep_work *w = arg;

	if (rc != RC_OK)
		log_event(LOG_WARN, "voice.not_swept", "why=\"%s\"", e->msg);
	if (rc != RC_OK || w->rest > 0)
		need_sweep(w->domain);
	for (unsigned i = 0; rc == RC_OK && i < w->n; i++)
		begin(STEAL(w->voices[i].whole), w->voices[i].slot);
	forget_voices(w);
	free(w);
}

static void sweep(struct domain *d, int64_t left_ms)
{
	struct sweep_work *w = calloc(1, sizeof *w);

	if (w != NULL) {
		w->domain = d;
		w->stale_ms = d->wall_ms() - CHUNKS_LIFE_MS;
		w->left_ms = left_ms;
		if (writer_post(d->writer, sweep_job, sweep_done, w, WRITER_LAZY, NULL) == RC_OK)
			return;
		free(w);
	}
	need_sweep(d);
}

static void on_sweep(struct timer *t, void *context)
{
	struct domain *d = CONTAINER_OF(t, struct voices_in, sweep)->domain;

	(void)context;
	sweep(d, d->wall_ms() - CHUNKS_LIFE_MS);
}

void voices_in_start(struct domain *d)
{
	sweep(d, INT64_MAX);
}

enum rc voices_in_new(struct domain *d, struct voices_in **ret_owned, struct err *e)
{
	struct voices_in *v = calloc(1, sizeof *v);

	if (v == NULL)
		return fail(e, RC_NOMEM, "voices: out of memory");
	v->domain = d;
	timer_init(&v->sweep, on_sweep);
	*ret_owned = v;
	return RC_OK;
}

void voices_in_free(struct voices_in *v)
{
	if (v == NULL)
		return;
	timer_cancel(&v->sweep);
	free(v);
}

void voices_in_read_stats(struct voices_in *v, struct voices_in_stats *ret)
{
	*ret = (struct voices_in_stats){
		.stored = v->counts[COUNT_STORED],
		.again = v->counts[COUNT_AGAIN],
		.unreadable = v->counts[COUNT_UNREADABLE],
		.refused = v->counts[COUNT_REFUSED],
		.chunks = v->counts[COUNT_CHUNKS],
		.chunks_refused = v->counts[COUNT_CHUNKS_REFUSED],
	};
}
