#include "domain/domain_fixture.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/time_text.h"
#include "crypto/token.h"
#include "domain/watch_keys.h"
#include "keys.h"
#include "people.h"
#include "unit.h"
#include "watch/frame.h"

static _Atomic int64_t now_ms;
static _Atomic int64_t mono_shift_ms;

/* These take the place of base/clock.c in the tests of this room, so that timers obey the test. */
int64_t clock_wall_ms(void)
{
	return now_ms;
}

int64_t clock_mono_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail for this clock */
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 + mono_shift_ms;
}

int64_t fixture_now(void)
{
	return now_ms;
}

static struct told *tell(void *owner, int what, uint64_t session)
{
	struct fixture *f = owner;

	assert_true(f->told_n < TOLD_MAX);
	struct told *t = &f->told[f->told_n++];
	*t = (struct told){.what = what, .session = session};
	return t;
}

static void out_answer(void *owner, uint64_t session, struct view index, const struct reply *reply)
{
	struct told *t = tell(owner, TOLD_ANSWER, session);

	(void)index;
	t->reply = reply->kind;
	t->number = reply->number;
}

static void out_standing(void *owner, uint64_t session, enum standing standing)
{
	tell(owner, TOLD_STANDING, session)->standing = standing;
}

static bool out_command(
	void *owner, uint64_t session, const struct uid *id, const struct command *c)
{
	const struct fixture *f = owner;

	if (f->is_link_full)
		return false;
	struct told *t = tell(owner, TOLD_COMMAND, session);
	t->id = *id;
	t->command = *c;
	return true;
}

static void out_close(void *owner, uint64_t session)
{
	(void)tell(owner, TOLD_CLOSE, session); /* only noted */
}

static bool out_demo(void *owner, const char *wire_id)
{
	(void)owner;
	return wire_id[0] != '\0';
}

static void media_answer(void *arg)
{
	struct fixture *f = arg;
	struct media_work *w = &f->media;
	struct transcoded *t = &w->made;

	if (f->is_media_away || f->d.media == NULL)
		return;
	transcode(w->job.kind, (struct view){.p = (const char *)w->bytes, .n = w->n}, t);
	if (f->media_ends != MEDIA_DONE)
		t->outcome = f->media_ends;
	for (uint32_t at = 0; t->outcome == MEDIA_DONE && at < t->n; at += MESSAGE_PART_MAX) {
		size_t n = t->n - at < MESSAGE_PART_MAX ? t->n - at : MESSAGE_PART_MAX;
		struct message_media_part part = {.job = w->job.job,
			.offset = at,
			.total = t->n,
			.bytes = {.p = (const char *)t->bytes + at, .n = n}};
		media_on_output(&f->d, &part);
	}
	struct message_media_done done = {.job = w->job.job, .outcome = t->outcome};
	media_on_done(&f->d, &done);
}

static bool media_send(void *owner, const struct message *m)
{
	struct fixture *f = owner;
	struct media_work *w = &f->media;

	if (m->type != MESSAGE_MEDIA_INPUT)
		return true;
	const struct message_media_part *p = &m->media_part;
	w->job = *p;
	w->n = p->offset + p->bytes.n;
	memcpy(w->bytes + p->offset, p->bytes.p, p->bytes.n);
	if (w->n == p->total)
		assert_int_equal(loop_post(f->d.loop, media_answer, f, NULL), RC_OK);
	return true;
}

static void media_restart(void *owner)
{
	struct fixture *f = owner;

	f->media_restarts++;
}

void fixture_media_hello(struct fixture *f, uint64_t epoch)
{
	struct message_media_hello hello = {.epoch = epoch};

	media_on_hello(&f->d, &hello);
}

static void open_media(struct fixture *f)
{
	struct media_config config = {
		.domain = &f->d, .send = media_send, .restart = media_restart, .owner = f};

	assert_int_equal(media_new(&config, NULL), RC_OK);
	fixture_media_hello(f, 1);
}

static void open_domain(struct fixture *f)
{
	struct domain *d = &f->d;
	struct keyring *keyring = keys_open(f->folder);
	struct db *db = NULL;

	assert_int_equal(db_open(f->path, DB_WRITER, keyring, &db, NULL), RC_OK);
	assert_int_equal(db_open(f->path, DB_READER, keyring, &f->reader, NULL), RC_OK);
	*d = (struct domain){.keyring = keyring,
		.settings = {.data_dir = f->folder,
			.public_host = "watch.example.org",
			.public_url = "",
			.watch_port = 8001,
			.watch_tls_fingerprint = "",
			.is_demo_watch_on = true,
			.unknown_ids_max = 50,
			.unknown_ids_per_address_max = 20,
			.sign_in_account_max = 10,
			.sign_in_address_max = 30,
			.sign_in_window_s = 900,
			.claim_code_s = 300,
			.claim_life_s = 86400,
			.command_unanswered_s = 600,
			.locate_life_s = 300,
			.find_life_s = 120,
			.thread_max_bytes = 4 << 20,
			.message_life_s = 259200,
			.settings_life_s = 604800,
			.locate_lessons_per_s = 16},
		.wall_ms = fixture_now,
		.out = {.owner = f,
			.answer = out_answer,
			.standing = out_standing,
			.command = out_command,
			.close = out_close,
			.start_demo_watch = out_demo}};
	assert_int_equal(loop_new(&d->loop, NULL), RC_OK);
	assert_int_equal(bus_new(&d->bus, NULL), RC_OK);
	assert_int_equal(history_open(db, &d->history, NULL), RC_OK);
	assert_int_equal(live_new(&d->live, NULL), RC_OK);
	assert_int_equal(live_load(d->live, f->reader, d->history, NULL), RC_OK);
	assert_int_equal(watch_keys_load(f->reader, &d->watch_keys, NULL), RC_OK);
	assert_int_equal(days_new(d, &d->days, NULL), RC_OK);
	assert_int_equal(days_load(d->days, f->reader, NULL), RC_OK);
	assert_int_equal(quarantine_new(&d->settings, &d->quarantine, NULL), RC_OK);
	assert_int_equal(gateway_metrics_new(&d->gateway_metrics, NULL), RC_OK);
	assert_int_equal(claims_new(d, &d->claims, NULL), RC_OK);
	assert_int_equal(outbox_new(d, &d->outbox, NULL), RC_OK);
	assert_int_equal(ingest_new(d, &d->ingest, NULL), RC_OK);
	assert_int_equal(writer_start(db, d->loop, 1000, &d->writer, NULL), RC_OK);
	assert_int_equal(locate_new(d, f->reader, &d->locate, NULL), RC_OK);
	assert_int_equal(outbox_load(d, f->reader, NULL), RC_OK);
	assert_int_equal(claims_load(d, f->reader, NULL), RC_OK);
	assert_int_equal(zone_clock_new(d, &d->zone_clock, NULL), RC_OK);
	assert_int_equal(watch_guard_new(d, &d->watch_guard, NULL), RC_OK);
	assert_int_equal(reapply_new(d, &d->reapply, NULL), RC_OK);
	assert_int_equal(tracking_new(d, &d->tracking, NULL), RC_OK);
	assert_int_equal(tracking_load(d, f->reader, NULL), RC_OK);
	open_media(f);
	assert_int_equal(media_parts_new(d, &d->media_parts, NULL), RC_OK);
	assert_int_equal(voices_in_new(d, &d->voices_in, NULL), RC_OK);
	assert_int_equal(voices_out_new(d, &d->voices_out, NULL), RC_OK);
	assert_int_equal(voices_out_load(d, f->reader, NULL), RC_OK);
	voices_in_start(d);
}

static void close_domain(struct fixture *f)
{
	struct domain *d = &f->d;

	locate_stop(d->locate);
	media_stop(d);
	writer_stop(d->writer);
	media_free(d);
	media_parts_free(d->media_parts);
	voices_in_free(d->voices_in);
	voices_out_free(d->voices_out);
	watch_guard_free(d->watch_guard);
	reapply_free(d->reapply);
	tracking_free(d->tracking);
	zone_clock_free(d->zone_clock);
	locate_free(d->locate);
	ingest_free(d->ingest);
	outbox_free(d->outbox);
	claims_free(d->claims);
	quarantine_free(d->quarantine);
	gateway_metrics_free(d->gateway_metrics);
	days_free(d->days);
	watch_keys_free(d->watch_keys);
	live_free(d->live);
	history_free(d->history);
	bus_free(d->bus);
	loop_free(d->loop);
	db_close(f->reader);
	keyring_free(d->keyring);
}

void fixture_restart(struct fixture *f)
{
	close_domain(f);
	open_domain(f);
	fixture_settle(f);
	fixture_forget(f);
}

/* Two families: Maria looks after the watches of the tests, Eve is a stranger to them. */
static void add_people(const struct fixture *f)
{
	struct keyring *k = keys_open(f->folder);
	struct db *db = NULL;

	assert_int_equal(db_open(f->path, DB_WRITER, k, &db, NULL), RC_OK);
	people_add(db, (struct uid){{0xa1}}, "maria", "Maria");
	people_add(db, (struct uid){{0xe1}}, "eve", "Eve");
	people_add_group(db, (struct uid){{0x01}}, "One", (struct uid){{0xa1}});
	people_add_group(db, (struct uid){{0x02}}, "Two", (struct uid){{0xe1}});
	db_close(db);
	keyring_free(k);
}

int fixture_set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	assert_int_equal(crypto_start(NULL), RC_OK);
	f->vendor = "3G";
	(void)snprintf(f->folder, sizeof f->folder, "/tmp/kinward-domain-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	(void)snprintf(f->path, sizeof f->path, "%s/kinward.db", f->folder);
	add_people(f);
	now_ms = INT64_C(1795000000000); /* 2026-11-18T11:06:40Z */
	f->maria = (struct principal){.account = {{0xa1}}, .groups_n = 1, .groups = {{{1}}}};
	f->eve = (struct principal){.account = {{0xe1}}, .groups_n = 1, .groups = {{{2}}}};
	open_domain(f);
	*state = f;
	return 0;
}

int fixture_tear_down(void **state)
{
	struct fixture *f = *state;
	static const char *const ends[] = {"", "-wal", "-shm"};

	close_domain(f);
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		char path[112];
		(void)snprintf(path, sizeof path, "%s%s", f->path, ends[i]);
		(void)unlink(path);
	}
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		char path[112];
		(void)snprintf(path, sizeof path, "%s/radio.db%s", f->folder, ends[i]);
		(void)unlink(path); /* most tests have none */
	}
	keys_remove(f->folder);
	assert_int_equal(rmdir(f->folder), 0);
	free(f);
	return 0;
}

static enum rc nothing_job(struct db *db, void *arg, struct err *e)
{
	(void)db;
	(void)arg;
	(void)e;
	return RC_OK;
}

static void end_turn(void *arg, enum rc rc, const struct err *e)
{
	(void)rc;
	(void)e;
	loop_stop(((struct fixture *)arg)->d.loop);
}

struct request {
	struct fixture *f;
	void (*fn)(void *arg);
	void *arg;
};

static void end_request(void *arg)
{
	const struct request *r = arg;

	loop_stop(r->f->d.loop);
}

static void *request_main(void *arg)
{
	struct request *r = arg;

	r->fn(r->arg);
	assert_int_equal(loop_post(r->f->d.loop, end_request, r, NULL), RC_OK);
	return NULL;
}

void fixture_request(struct fixture *f, void (*fn)(void *arg), void *arg)
{
	struct request r = {.f = f, .fn = fn, .arg = arg};
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, request_main, &r), 0);
	assert_int_equal(loop_run(f->d.loop, &f->d, NULL), RC_OK);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

void fixture_settle(struct fixture *f)
{
	/* Each completion may give the writer new work: a few rounds end the longest chain. */
	for (int i = 0; i < 6; i = locate_is_idle(&f->d) ? i + 1 : 0) {
		ingest_flush(&f->d);
		assert_int_equal(
			writer_post(f->d.writer, nothing_job, end_turn, f, 0, NULL), RC_OK);
		assert_int_equal(loop_run(f->d.loop, &f->d, NULL), RC_OK);
	}
}

static void stop_loop(void *loop)
{
	loop_stop(loop);
}

void fixture_pass(struct fixture *f, int64_t ms)
{
	/* In steps, so that timers which set themselves again do so at the right time. */
	int64_t step_max = ms / 200 > 1000 ? ms / 200 : 1000;

	while (ms > 0) {
		int64_t step = ms < step_max ? ms : step_max;
		now_ms += step;
		mono_shift_ms += step;
		ms -= step;
		assert_int_equal(loop_post(f->d.loop, stop_loop, f->d.loop, NULL), RC_OK);
		assert_int_equal(loop_run(f->d.loop, &f->d, NULL), RC_OK);
	}
	fixture_settle(f);
}

struct uid fixture_bind(struct fixture *f, const char *wire_id)
{
	struct bind_work w = {.group = {{1}}, .name = "Mia", .language = "de", .zone = "Etc/UTC"};

	memcpy(w.wire_id, wire_id, strlen(wire_id));
	assert_int_equal(bind_prepare(&f->d, &w, NULL), RC_OK);
	assert_int_equal(writer_run(f->d.writer, bind_job, &w, NULL), RC_OK);
	assert_int_equal(bind_finish(&f->d, &w, NULL), RC_OK);
	w.rows->n = 0;
	bind_take_session(&w);
	free(w.rows);
	struct uid wearer = w.wearer;
	struct db *db = NULL;
	fixture_settle(f);
	assert_int_equal(db_open(f->path, DB_WRITER, f->d.keyring, &db, NULL), RC_OK);
	assert_int_equal(db_script(db,
				 "DELETE FROM command; DELETE FROM watch_setting_part;"
				 "DELETE FROM watch_setting",
				 NULL),
		RC_OK);
	db_close(db);
	fixture_forget(f);
	return wearer;
}

void fixture_open_with(struct fixture *f, uint64_t session, const char *wire_id, struct view key)
{
	struct peer peer = {.address = {[15] = (uint8_t)session}};

	ingest_opened(&f->d, session, &peer, VIEW("3G"), view_of(wire_id), key);
	fixture_settle(f);
}

void fixture_open(struct fixture *f, uint64_t session, const char *wire_id)
{
	fixture_open_with(f, session, wire_id, VIEW(""));
}

void fixture_say(struct fixture *f, uint64_t session, const char *wire_id, const char *content)
{
	static char text[2048];
	static uint8_t packed[REPORT_PACK_MAX];
	struct frame frame;
	struct frame_scan scan = {0};
	struct report r;
	size_t n = 0;
	int text_n = snprintf(text, sizeof text, "[%s*%s*%04zX*%s]", f->vendor, wire_id,
		strlen(content), content);
	struct view in = {.p = text, .n = (size_t)text_n};

	assert_int_equal(frame_read(&in, true, &frame, &scan, NULL), RC_OK);
	report_read(&frame, &r);
	assert_int_equal(report_pack(&r, packed, sizeof packed, &n, NULL), RC_OK);
	struct message_report m = {.session = session,
		.received_ms = now_ms,
		.id = view_of(wire_id),
		.report = {.p = (const char *)packed, .n = n}};
	reply_for(&frame, &r, &m.reply);
	if (m.reply.kind == REPLY_LK || m.reply.kind == REPLY_KA)
		m.reply = (struct reply){.kind = REPLY_NONE}; /* the gateway's own */
	ingest_report(&f->d, &m);
	ingest_flush(&f->d);
}

void fixture_say_place(struct fixture *f, uint64_t session, const char *wire_id,
	const char *keyword, double lat, double lon, const char *status)
{
	char content[256];
	struct civil c;

	civil_from_ms(now_ms, &c);
	(void)snprintf(content, sizeof content,
		"%s,%02u%02u%02d,%02u%02u%02u,A,%.6f,%c,%.6f,%c,0.00,0,40,9,80,66,1000,0,%s,0,0",
		keyword, c.day, c.month, c.year % 100, c.hour, c.min, c.sec, fabs(lat),
		lat < 0 ? 'S' : 'N', fabs(lon), lon < 0 ? 'W' : 'E', status);
	fixture_say(f, session, wire_id, content);
}

unsigned fixture_count(const struct fixture *f, int what, uint64_t session)
{
	unsigned n = 0;

	for (unsigned i = 0; i < f->told_n; i++)
		n += (int)f->told[i].what == what && f->told[i].session == session;
	return n;
}

const struct told *fixture_last(const struct fixture *f, int what, uint64_t session)
{
	for (unsigned i = f->told_n; i > 0; i--) {
		const struct told *t = &f->told[i - 1];
		if ((int)t->what == what && t->session == session)
			return t;
	}
	return NULL;
}

void fixture_forget(struct fixture *f)
{
	f->told_n = 0;
}

int64_t fixture_query(struct fixture *f, const char *sql)
{
	struct db *db = NULL;
	struct stmt *s = NULL;
	bool has_row = false;

	(void)f->reader; /* statements are kept by their text's address: a fresh connection for each
			  */
	assert_int_equal(db_open(f->path, DB_READER, f->d.keyring, &db, NULL), RC_OK);
	assert_int_equal(db_prepare(db, sql, &s, NULL), RC_OK);
	assert_int_equal(stmt_step(s, &has_row, NULL), RC_OK);
	assert_true(has_row);
	int64_t value = stmt_int(s, 0);
	db_close(db);
	return value;
}
