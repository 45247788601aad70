#include "domain/domain_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "domain/thread_store.h"
#include "media/amr.h"
#include "prop.h"
#include "unit.h"

static const char watch[] = "8800000015";

enum { FRAME_BYTES = 13, MESSAGES = 3, STEPS = 120, AMR_MAX = 1024 };

/* A voice of n frames at 4.75 kbit/s; another one for each seed. */
static struct view make_amr(uint8_t buf[AMR_MAX], unsigned n, uint64_t seed)
{
	struct prop p = {.state = seed};
	size_t at = AMR_MAGIC_BYTES;

	memcpy(buf, "#!AMR\n", AMR_MAGIC_BYTES);
	for (unsigned i = 0; i < n; i++, at += FRAME_BYTES) {
		buf[at] = 0x04;
		for (unsigned j = 1; j < FRAME_BYTES; j++)
			buf[at + j] = (uint8_t)prop_u64(&p);
		buf[at + FRAME_BYTES - 1] &= 0xfe; /* 95 bits, and one that must be 0 */
	}
	return (struct view){.p = (const char *)buf, .n = at};
}

static void give(struct fixture *f, uint64_t session, const struct message_blob *what,
	struct view bytes, const char *report)
{
	struct message_blob m = *what;

	m.session = session;
	m.total = (uint32_t)bytes.n;
	m.bytes = bytes;
	media_parts_take(&f->d, &m);
	fixture_say(f, session, watch, report);
	fixture_settle(f);
}

/* A whole voice by TK; the answer. */
static int64_t speak(struct fixture *f, uint64_t session, struct view amr)
{
	static const struct message_blob voice = {.kind = MEDIA_PART_VOICE};

	fixture_forget(f);
	give(f, session, &voice, amr, "TK,#!AMR0123456789012345");
	assert_int_equal(fixture_count(f, TOLD_ANSWER, session), 1);
	assert_int_equal(fixture_last(f, TOLD_ANSWER, session)->reply, REPLY_TK);
	return fixture_last(f, TOLD_ANSWER, session)->number;
}

static int64_t items(struct fixture *f, const char *sql_end)
{
	char sql[200];

	(void)snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM thread_item WHERE %s", sql_end);
	return fixture_query(f, sql);
}

/* ---- voices of the watch ---- */

static void a_voice_is_stored_before_it_is_answered_and_only_once(void **state)
{
	struct fixture *f = *state;
	uint8_t buf[AMR_MAX];

	(void)fixture_bind(f, watch);
	fixture_open(f, 1, watch);
	for (int i = 0; i < 3; i++)
		assert_int_equal(speak(f, 1, make_amr(buf, 40, 1)), 1);
	assert_int_equal(items(f, "kind = 1 AND state = 6"), 1);
	assert_int_equal(speak(f, 1, make_amr(buf, 40, 2)), 1);
	assert_int_equal(items(f, "kind = 1 AND state = 6"), 2);
	assert_int_equal(fixture_query(f, "SELECT bytes FROM thread_use"),
		fixture_query(f, "SELECT SUM(size) FROM thread_item"));
}

static void what_cannot_be_decoded_leaves_a_mark_and_no_sound(void **state)
{
	struct fixture *f = *state;
	uint8_t buf[AMR_MAX];

	(void)fixture_bind(f, watch);
	fixture_open(f, 1, watch);
	struct view amr = make_amr(buf, 40, 1);
	amr.n--; /* the last frame is cut */
	assert_int_equal(speak(f, 1, amr), 0);
	assert_int_equal(speak(f, 1, amr), 0);
	f->media_ends = MEDIA_CRASHED; /* and one that kills its decoder */
	assert_int_equal(speak(f, 1, make_amr(buf, 40, 2)), 0);
	f->media_ends = MEDIA_DONE;
	assert_int_equal(items(f, "kind = 1 AND state = 4"), 2);
	assert_int_equal(items(f, "kind = 1 AND state <> 4"), 0);
	assert_int_equal(items(f, "size > 600"), 0); /* a mark, not the sound */
	assert_int_equal(speak(f, 1, make_amr(buf, 40, 3)), 1);
}

static void a_watch_has_so_many_voices_a_day(void **state)
{
	struct fixture *f = *state;
	uint8_t buf[AMR_MAX];

	(void)fixture_bind(f, watch);
	fixture_open(f, 1, watch);
	for (uint64_t i = 0; i < VOICES_UP_PER_DAY_MAX; i++)
		assert_int_equal(speak(f, 1, make_amr(buf, 1, i)), 1);
	assert_int_equal(speak(f, 1, make_amr(buf, 1, VOICES_UP_PER_DAY_MAX)), 0);
	assert_int_equal(items(f, "kind = 1"), VOICES_UP_PER_DAY_MAX);
	fixture_pass(f, INT64_C(25) * 3600 * 1000);
	assert_int_equal(speak(f, 1, make_amr(buf, 1, VOICES_UP_PER_DAY_MAX)), 1);
}

/* ---- in parts ---- */

/* What the rule of voice_in.h says about the parts so far. */
struct expected {
	int message; /* -1: none is under way */
	unsigned have;
	bool is_done[MESSAGES];
};

static const unsigned chunks_of[MESSAGES] = {1, 3, 5};

static bool model_takes(struct expected *m, int message, unsigned chunk)
{
	assert_true(message >= 0 && message < MESSAGES);
	if (chunk == 1) {
		m->message = message;
		m->have = 1;
	} else if (m->message != message || (chunk != m->have && chunk != m->have + 1)) {
		return false;
	} else {
		m->have = chunk;
	}
	if (chunk == chunks_of[message]) {
		m->is_done[message] = true;
		m->message = -1;
	}
	return true;
}

static bool send_chunk(struct fixture *f, int message, unsigned chunk)
{
	uint8_t buf[AMR_MAX];
	char name[16];
	char report[64];
	struct view amr = make_amr(buf, 40, (uint64_t)message + 10);
	unsigned n = chunks_of[message];
	size_t size = amr.n / n;
	size_t from = (chunk - 1) * size;
	size_t to = chunk == n ? amr.n : from + size;

	(void)snprintf(name, sizeof name, "m_%d", message);
	(void)snprintf(report, sizeof report, "JXTK,0,%s,%u,%u,x", name, chunk, n);
	const struct message_blob what = {.kind = MEDIA_PART_CHUNK,
		.chunk = (uint8_t)chunk,
		.chunks = (uint8_t)n,
		.name = view_of(name)};
	fixture_forget(f);
	give(f, 1, &what, (struct view){.p = amr.p + from, .n = to - from}, report);
	unsigned answers = fixture_count(f, TOLD_ANSWER, 1);
	assert_true(answers <= 1);
	assert_true(answers == 0 || fixture_last(f, TOLD_ANSWER, 1)->reply == REPLY_JXTKR);
	return answers == 1;
}

static struct fixture *the_fixture; /* of the property below: its rounds take no argument */

static void parts_in_any_order(struct prop *p)
{
	struct fixture *f = the_fixture;
	struct expected m = {.message = -1};

	for (unsigned i = 0; i < STEPS; i++) {
		int message = (int)prop_below(p, MESSAGES);
		unsigned chunk = 1 + (unsigned)prop_below(p, chunks_of[message]);
		if (m.message >= 0 && prop_chance(p, 60)) { /* what a good watch would send */
			message = m.message;
			chunk = m.have + 1;
		}
		assert_int_equal(send_chunk(f, message, chunk), model_takes(&m, message, chunk));
		if (prop_chance(p, 3)) {
			fixture_restart(f);
			fixture_open(f, 1, watch);
		}
	}
	int64_t done = 0;
	for (int i = 0; i < MESSAGES; i++)
		done += m.is_done[i];
	assert_int_equal(items(f, "kind = 1 AND state = 6"), done);
	assert_int_equal(items(f, "kind = 1 AND state <> 6"), 0);
	assert_int_equal(
		fixture_query(f, "SELECT COUNT(*) FROM voice_chunk"), m.message < 0 ? 0 : m.have);
}

static void parts_make_a_voice_only_in_their_order(void **state)
{
	the_fixture = *state;
	(void)fixture_bind(the_fixture, watch);
	fixture_open(the_fixture, 1, watch);
	prop_run("parts_in_any_order", 1, parts_in_any_order);
}

static void parts_that_come_too_late_are_swept(void **state)
{
	struct fixture *f = *state;

	(void)fixture_bind(f, watch);
	fixture_open(f, 1, watch);
	assert_true(send_chunk(f, 2, 1));
	assert_true(send_chunk(f, 2, 2));
	fixture_pass(f, CHUNKS_LIFE_MS + 1000);
	assert_false(send_chunk(f, 2, 3));
	fixture_pass(f, 2 * CHUNKS_SWEEP_MS);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM voice_chunk"), 0);
	for (unsigned n = 1; n <= chunks_of[2]; n++)
		assert_true(send_chunk(f, 2, n));
	assert_int_equal(items(f, "kind = 1"), 1);
}

static void an_answered_voice_is_decoded_also_after_a_crash(void **state)
{
	struct fixture *f = *state;

	(void)fixture_bind(f, watch);
	fixture_open(f, 1, watch);
	f->is_media_away = true;
	for (unsigned n = 1; n <= chunks_of[1]; n++)
		assert_true(send_chunk(f, 1, n));
	assert_int_equal(items(f, "kind = 1"), 0);
	f->is_media_away = false;
	fixture_restart(f);
	fixture_settle(f);
	assert_int_equal(items(f, "kind = 1 AND state = 6"), 1);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM voice_chunk"), 0);
}

/* ---- voices to the watch ---- */

static struct uid send_voice(struct fixture *f, const struct uid *wearer, uint64_t seed)
{
	uint8_t buf[AMR_MAX];
	struct thread_voice v = {.amr = make_amr(buf, 20, seed), .duration_ms = 400};
	struct uid item;
	struct problem p;

	assert_int_equal(thread_send_voice(&f->d, &f->maria, wearer, &v, &item, &p, NULL), RC_OK);
	fixture_settle(f);
	return item;
}

/* Voices that went out since the last fixture_forget; other commands may go as well. */
static unsigned count_sent(const struct fixture *f, uint64_t session, struct uid *ret_last)
{
	unsigned n = 0;

	for (unsigned i = 0; i < f->told_n; i++) {
		const struct told *t = &f->told[i];
		if ((int)t->what != TOLD_COMMAND || t->session != session ||
			t->command.kind != COMMAND_VOICE)
			continue;
		*ret_last = t->id;
		n++;
	}
	return n;
}

static void wants_sent(struct fixture *f, uint64_t session, const struct uid *item)
{
	struct uid last;

	assert_int_equal(count_sent(f, session, &last), 1);
	assert_true(uid_is(&last, item));
	fixture_forget(f);
}

static void wants_none_sent(struct fixture *f, uint64_t session)
{
	struct uid last;

	assert_int_equal(count_sent(f, session, &last), 0);
}

static void voices_go_one_by_one_on_their_answers(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);
	struct uid sent[3];

	fixture_open(f, 1, watch);
	fixture_forget(f);
	for (unsigned i = 0; i < COUNT_OF(sent); i++)
		sent[i] = send_voice(f, &mia, i);
	for (unsigned i = 0; i < COUNT_OF(sent); i++) {
		wants_sent(f, 1, &sent[i]);
		fixture_say(f, 1, watch, "TKQ"); /* so soon: not sent twice */
		fixture_settle(f);
		wants_none_sent(f, 1);
		fixture_forget(f);
		fixture_say(f, 1, watch, "TK,1");
		fixture_settle(f);
		assert_int_equal(items(f, "state = 2 AND delivered_ms > 0"), i + 1);
	}
	wants_none_sent(f, 1);
	fixture_say(f, 1, watch, "TK,1"); /* to nothing */
	fixture_settle(f);
	assert_int_equal(items(f, "state = 2"), 3);
}

static void a_voice_that_is_refused_three_times_fails_and_the_next_goes(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	fixture_forget(f);
	struct uid first = send_voice(f, &mia, 1);
	struct uid second = send_voice(f, &mia, 2);
	for (int i = 0; i < VOICE_TRIES_MAX; i++) {
		wants_sent(f, 1, &first);
		fixture_say(f, 1, watch, "TK,0");
		fixture_settle(f);
		if (i + 1 == VOICE_TRIES_MAX)
			break;
		fixture_say(f, 1, watch, "TKQ"); /* not at once */
		fixture_settle(f);
		wants_none_sent(f, 1);
		fixture_forget(f);
		fixture_pass(f, VOICE_REFUSED_MS + 1000);
	}
	assert_int_equal(items(f, "state = 4 AND tries = 3"), 1);
	wants_sent(f, 1, &second);
}

static void a_silent_watch_is_asked_later_and_later_until_the_end(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	fixture_forget(f);
	struct uid item = send_voice(f, &mia, 1);
	wants_sent(f, 1, &item);
	fixture_pass(f, INT64_C(3600) * 1000);
	unsigned first_hour = count_sent(f, 1, &item);
	assert_true(first_hour >= 1 && first_hour <= 3);
	fixture_forget(f);
	fixture_pass(f, INT64_C(47) * 3600 * 1000);
	assert_true(count_sent(f, 1, &item) <= 20);
	assert_int_equal(items(f, "state < 2"), 1);
	/* The clock of the test runs ahead of the disk: more than the 24 hours that are left. */
	for (int i = 0; i < 40 && items(f, "state = 5") == 0; i++)
		fixture_pass(f, INT64_C(3600) * 1000);
	assert_int_equal(items(f, "state = 5"), 1);
	fixture_forget(f);
	fixture_say(f, 1, watch, "TKQ");
	fixture_settle(f);
	wants_none_sent(f, 1);
}

static void a_voice_waits_for_the_next_connection(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);
	struct uid item = send_voice(f, &mia, 1);

	assert_int_equal(items(f, "state = 0"), 1);
	fixture_restart(f); /* it waits on disk */
	f->is_link_full = true;
	fixture_open(f, 1, watch);
	wants_none_sent(f, 1);
	f->is_link_full = false;
	fixture_pass(f, 6000);
	wants_sent(f, 1, &item);
	ingest_closed(&f->d, 1, 1); /* before its answer */
	fixture_settle(f);
	assert_int_equal(items(f, "state = 0"), 1);
	fixture_open(f, 2, watch);
	fixture_say(f, 2, watch, "TKQ");
	fixture_settle(f);
	wants_sent(f, 2, &item);
	fixture_say(f, 2, watch, "TK,1");
	fixture_settle(f);
	assert_int_equal(items(f, "state = 2"), 1);
}

static void a_voice_that_was_deleted_is_not_sent(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);
	struct uid item = send_voice(f, &mia, 1);

	assert_int_equal(thread_delete(&f->d, &f->maria, &mia, &item, NULL), RC_OK);
	fixture_open(f, 1, watch);
	wants_none_sent(f, 1);
	assert_int_equal(fixture_query(f, "SELECT bytes FROM thread_use"), 0);
}

static void after_a_restore_no_voice_is_sent_again(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);
	struct db *db = NULL;

	(void)send_voice(f, &mia, 1);
	assert_int_equal(db_open(f->path, DB_WRITER, f->d.keyring, &db, NULL), RC_OK);
	assert_int_equal(thread_end_restored(db, NULL), RC_OK);
	db_close(db);
	fixture_restart(f);
	fixture_open(f, 1, watch);
	wants_none_sent(f, 1);
	assert_int_equal(items(f, "state = 4"), 1);
}

static void two_connections_with_one_id_get_no_voice(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	fixture_open(f, 2, watch); /* asked who it is */
	fixture_forget(f);
	(void)send_voice(f, &mia, 1);
	fixture_say(f, 1, watch, "TKQ");
	fixture_say(f, 2, watch, "TKQ");
	fixture_settle(f);
	wants_none_sent(f, 1);
	wants_none_sent(f, 2);
}

static void contents_are_padded_to_a_few_sizes(void **state)
{
	size_t sizes = 0;
	size_t last = 0;

	(void)state;
	for (size_t n = 0; n <= THREAD_CONTENT_MAX - 4; n++) {
		size_t padded = thread_padded(n);
		assert_true(padded >= n + 4 && padded >= last);
		sizes += padded != last;
		last = padded;
	}
	assert_int_equal(sizes, THREAD_SIZES);
	assert_int_equal(thread_padded(THREAD_CONTENT_MAX - 3), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_voice_is_stored_before_it_is_answered_and_only_once),
		TEST(what_cannot_be_decoded_leaves_a_mark_and_no_sound),
		TEST(a_watch_has_so_many_voices_a_day),
		TEST(parts_make_a_voice_only_in_their_order),
		TEST(parts_that_come_too_late_are_swept),
		TEST(an_answered_voice_is_decoded_also_after_a_crash),
		TEST(voices_go_one_by_one_on_their_answers),
		TEST(a_voice_that_is_refused_three_times_fails_and_the_next_goes),
		TEST(a_silent_watch_is_asked_later_and_later_until_the_end),
		TEST(a_voice_waits_for_the_next_connection),
		TEST(a_voice_that_was_deleted_is_not_sent),
		TEST(after_a_restore_no_voice_is_sent_again),
		TEST(two_connections_with_one_id_get_no_voice),
		cmocka_unit_test(contents_are_padded_to_a_few_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
