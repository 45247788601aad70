#include "domain/domain_fixture.h"

#include <stdlib.h>

#include "media/amr.h"
#include "unit.h"

enum { ENDS_MAX = 80 };

/* What the callbacks were told. */
struct ends {
	unsigned n;
	enum rc rc[ENDS_MAX];
	size_t bytes[ENDS_MAX];
	struct media_info info[ENDS_MAX];
};

static void note(
	void *ctx, enum rc rc, struct view out, const struct media_info *info, const struct err *e)
{
	struct ends *ends = ctx;

	assert_true(ends->n < ENDS_MAX);
	assert_true((rc == RC_OK) == (e->rc == RC_OK));
	ends->rc[ends->n] = rc;
	ends->bytes[ends->n] = out.n;
	ends->info[ends->n++] = *info;
}

/* Ten frames that say 4.75 kbit/s. */
static struct view voice(uint8_t buf[AMR_MAGIC_BYTES + 130])
{
	memcpy(buf, "#!AMR\n", AMR_MAGIC_BYTES);
	for (size_t i = 0; i < 130; i++)
		buf[AMR_MAGIC_BYTES + i] = i % 13 == 0 ? 0x04 : (uint8_t)(i * 37);
	return (struct view){.p = (const char *)buf, .n = AMR_MAGIC_BYTES + 130};
}

static void ask(struct fixture *f, struct ends *ends)
{
	uint8_t buf[AMR_MAGIC_BYTES + 130];

	assert_int_equal(
		media_convert(&f->d, MEDIA_AMR_TO_WAV, voice(buf), note, ends, NULL), RC_OK);
}

static void a_job_ends_later_with_what_was_made(void **state)
{
	struct fixture *f = *state;
	struct ends ends = {0};
	struct media_stats s;

	ask(f, &ends);
	assert_int_equal(ends.n, 0);
	fixture_settle(f);
	assert_int_equal(ends.n, 1);
	assert_int_equal(ends.rc[0], RC_OK);
	assert_int_equal(ends.bytes[0], WAV_HEADER_BYTES + 10 * 320);
	assert_int_equal(ends.info[0].duration_ms, 200);
	media_read_stats(&f->d, &s);
	assert_int_equal(s.ended[MEDIA_DONE], 1);
	assert_int_equal(s.waiting, 0);
}

static void what_is_no_sound_is_refused_and_others_go_on(void **state)
{
	struct fixture *f = *state;
	struct ends ends = {0};

	assert_int_equal(
		media_convert(&f->d, MEDIA_AMR_TO_WAV, VIEW("#!AMR\nx"), note, &ends, NULL), RC_OK);
	assert_int_equal(
		media_convert(&f->d, MEDIA_JPEG, VIEW("<html>"), note, &ends, NULL), RC_OK);
	ask(f, &ends);
	fixture_settle(f);
	assert_int_equal(ends.n, 3);
	assert_int_equal(ends.rc[0], RC_SYNTAX);
	assert_int_equal(ends.rc[1], RC_SYNTAX);
	assert_int_equal(ends.rc[2], RC_OK);
}

static void how_a_worker_ended_decides_whether_it_may_be_tried_again(void **state)
{
	static const struct {
		enum media_outcome outcome;
		enum rc rc;
	} rows[] = {
		{MEDIA_UNREADABLE, RC_SYNTAX},
		{MEDIA_LIMIT, RC_LIMIT},
		{MEDIA_CRASHED, RC_SYNTAX},
		{MEDIA_TOO_SLOW, RC_SYNTAX},
		{MEDIA_NO_MEMORY, RC_SYNTAX},
		{MEDIA_BROKEN, RC_IO},
	};
	struct fixture *f = *state;
	struct ends ends = {0};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		f->media_ends = rows[i].outcome;
		ask(f, &ends);
		fixture_settle(f);
		assert_int_equal(ends.n, i + 1);
		assert_int_equal(ends.rc[i], rows[i].rc);
		assert_int_equal(ends.bytes[i], 0);
	}
}

static void jobs_have_a_size(void **state)
{
	static char large[MEDIA_INPUT_MAX + 1];
	struct fixture *f = *state;
	struct ends ends = {0};
	struct view in = {.p = large, .n = sizeof large};

	assert_int_equal(media_convert(&f->d, MEDIA_JPEG, in, note, &ends, NULL), RC_LIMIT);
	in.n = 0;
	assert_int_equal(media_convert(&f->d, MEDIA_JPEG, in, note, &ends, NULL), RC_LIMIT);
	in.n = sizeof large - 1;
	assert_int_equal(media_convert(&f->d, MEDIA_JPEG, in, note, &ends, NULL), RC_OK);
	fixture_settle(f);
	assert_int_equal(ends.n, 1);
	assert_int_equal(ends.rc[0], RC_SYNTAX);
}

static void only_so_many_wait(void **state)
{
	struct fixture *f = *state;
	struct ends ends = {0};
	uint8_t buf[AMR_MAGIC_BYTES + 130];
	struct media_stats s;

	f->is_media_away = true;
	ask(f, &ends);
	fixture_settle(f); /* that one is with the role */
	for (unsigned i = 0; i < MEDIA_LANE_MAX; i++)
		ask(f, &ends);
	assert_int_equal(
		media_convert(&f->d, MEDIA_AMR_TO_WAV, voice(buf), note, &ends, NULL), RC_LIMIT);
	media_read_stats(&f->d, &s);
	assert_int_equal(s.waiting, MEDIA_LANE_MAX);
	assert_int_equal(s.refused, 1);
	/* The role was killed: the job that it had is lost, the others are not. */
	f->is_media_away = false;
	fixture_media_hello(f, 2);
	for (unsigned i = 0; i < 10; i++)
		fixture_settle(f);
	assert_int_equal(ends.n, MEDIA_LANE_MAX + 1);
	assert_int_equal(ends.rc[0], RC_IO);
	for (unsigned i = 1; i < ends.n; i++)
		assert_int_equal(ends.rc[i], RC_OK);
}

static void the_same_role_saying_hello_again_loses_nothing(void **state)
{
	struct fixture *f = *state;
	struct ends ends = {0};

	f->is_media_away = true;
	ask(f, &ends);
	fixture_settle(f);
	fixture_media_hello(f, 1);
	assert_int_equal(ends.n, 0);
	struct message_media_done done = {.job = f->media.job.job, .outcome = MEDIA_LIMIT};
	media_on_done(&f->d, &done);
	assert_int_equal(ends.n, 1);
	assert_int_equal(ends.rc[0], RC_LIMIT);
	media_on_done(&f->d, &done); /* said twice */
	assert_int_equal(ends.n, 1);
}

static void a_silent_role_is_restarted_and_its_job_never_tried_again(void **state)
{
	struct fixture *f = *state;
	struct ends ends = {0};

	f->is_media_away = true;
	ask(f, &ends);
	ask(f, &ends);
	fixture_settle(f);
	fixture_pass(f, MEDIA_JOB_MS - 2000);
	assert_int_equal(f->media_restarts, 0);
	fixture_pass(f, 3000);
	assert_int_equal(f->media_restarts, 1);
	assert_int_equal(ends.n, 1);
	assert_int_equal(ends.rc[0], RC_SYNTAX);
	f->is_media_away = false;
	fixture_media_hello(f, 2);
	fixture_settle(f);
	assert_int_equal(ends.n, 2);
	assert_int_equal(ends.rc[1], RC_OK);
}

/* A role that was taken over gives back what it likes. */
static void nothing_but_what_a_job_makes_is_taken(void **state)
{
	static const struct view lies[] = {
		VIEW("\xff\xd8\xff\xe0 a picture"), VIEW("RIFF"), VIEW("#!AMR\n"), VIEW("<html>")};
	struct fixture *f = *state;
	struct ends ends = {0};
	struct media_stats s;

	f->is_media_away = true;
	for (size_t i = 0; i < COUNT_OF(lies); i++) {
		ask(f, &ends);
		fixture_settle(f);
		struct message_media_part part = {
			.job = f->media.job.job, .total = (uint32_t)lies[i].n, .bytes = lies[i]};
		struct message_media_done done = {.job = f->media.job.job};
		media_on_output(&f->d, &part);
		media_on_done(&f->d, &done);
		assert_int_equal(ends.n, i + 1);
		assert_int_equal(ends.rc[i], RC_SYNTAX);
		assert_int_equal(f->media_restarts, i + 1);
		fixture_media_hello(f, i + 2);
	}
	media_read_stats(&f->d, &s);
	assert_int_equal(s.lied, COUNT_OF(lies));
}

static void parts_that_do_not_fit_are_a_lie(void **state)
{
	struct fixture *f = *state;
	struct ends ends = {0};
	uint64_t epoch = 1;
	const struct message_media_part parts[] = {
		{.offset = 1, .total = 10, .bytes = VIEW("x")},  /* a hole */
		{.offset = 0, .total = 10, .bytes = VIEW("xy")}, /* then again from the start */
		{.offset = 2, .total = 11, .bytes = VIEW("x")},  /* another length */
	};

	f->is_media_away = true;
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		ask(f, &ends);
		fixture_settle(f);
		struct message_media_part part = {
			.job = f->media.job.job, .total = 10, .bytes = VIEW("ab")};
		struct message_media_part bad = parts[i];
		bad.job = part.job;
		media_on_output(&f->d, &part);
		media_on_output(&f->d, &bad);
		assert_int_equal(ends.n, i + 1);
		assert_int_equal(ends.rc[i], RC_SYNTAX);
		fixture_media_hello(f, ++epoch);
	}
	/* … and a success without all of it, or without any */
	for (size_t i = 0; i < 2; i++) {
		ask(f, &ends);
		fixture_settle(f);
		struct message_media_part part = {
			.job = f->media.job.job, .total = 10, .bytes = VIEW("ab")};
		struct message_media_done done = {.job = part.job};
		if (i == 0)
			media_on_output(&f->d, &part);
		media_on_done(&f->d, &done);
		assert_int_equal(ends.rc[ends.n - 1], RC_SYNTAX);
		fixture_media_hello(f, ++epoch);
	}
	assert_int_equal(ends.n, COUNT_OF(parts) + 2);
}

static void what_is_said_of_another_job_does_nothing(void **state)
{
	struct fixture *f = *state;
	static struct ends ends; /* the job is still there when this function returns */
	struct message_media_part part = {.total = 1, .bytes = VIEW("x")};
	struct message_media_done done = {.outcome = MEDIA_DONE};

	media_on_output(&f->d, &part);
	media_on_done(&f->d, &done);
	f->is_media_away = true;
	ask(f, &ends);
	fixture_settle(f);
	part.job = f->media.job.job + 1;
	done.job = part.job;
	media_on_output(&f->d, &part);
	media_on_done(&f->d, &done);
	assert_int_equal(ends.n, 0);
	assert_int_equal(f->media_restarts, 0);
}

/* ---- requests ---- */

struct request {
	struct fixture *f;
	uint8_t in[AMR_MAGIC_BYTES + 130];
	uint8_t *out;
	size_t n;
	struct media_info info;
	struct problem problem;
	enum rc rc;
};

static void wait_for_it(void *arg)
{
	struct request *r = arg;

	r->rc = media_convert_wait(&r->f->d, MEDIA_AMR_TO_WAV, voice(r->in), &r->out, &r->n,
		&r->info, &r->problem, NULL);
}

static void a_request_waits_for_its_end(void **state)
{
	struct fixture *f = *state;
	struct request *r = calloc(1, sizeof *r);

	assert_non_null(r);
	r->f = f;
	fixture_request(f, wait_for_it, r);
	assert_int_equal(r->rc, RC_OK);
	assert_int_equal(r->n, WAV_HEADER_BYTES + 10 * 320);
	assert_int_equal(r->info.duration_ms, 200);
	free(r->out);
	f->media_ends = MEDIA_CRASHED;
	fixture_request(f, wait_for_it, r);
	assert_int_equal(r->rc, RC_SYNTAX);
	assert_null(r->problem.code);
	f->media_ends = MEDIA_BROKEN;
	fixture_request(f, wait_for_it, r);
	assert_int_equal(r->rc, RC_IO);
	assert_string_equal(r->problem.code, "busy");
	free(r);
}

static void stopping_ends_everything_and_takes_nothing(void **state)
{
	struct fixture *f = *state;
	struct ends ends = {0};
	uint8_t buf[AMR_MAGIC_BYTES + 130];
	uint8_t *out = NULL;
	size_t n = 0;
	struct media_info info;
	struct problem p = {0};

	f->is_media_away = true;
	ask(f, &ends);
	fixture_settle(f);
	ask(f, &ends);
	ask(f, &ends);
	media_stop(&f->d);
	assert_int_equal(ends.n, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(ends.rc[i], RC_IO);
	assert_int_equal(
		media_convert(&f->d, MEDIA_AMR_TO_WAV, voice(buf), note, &ends, NULL), RC_LIMIT);
	assert_int_equal(
		media_convert_wait(&f->d, MEDIA_AMR_TO_WAV, voice(buf), &out, &n, &info, &p, NULL),
		RC_IO);
	assert_string_equal(p.code, "busy");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_job_ends_later_with_what_was_made),
		CASE(what_is_no_sound_is_refused_and_others_go_on),
		CASE(how_a_worker_ended_decides_whether_it_may_be_tried_again),
		CASE(jobs_have_a_size),
		CASE(only_so_many_wait),
		CASE(the_same_role_saying_hello_again_loses_nothing),
		CASE(a_silent_role_is_restarted_and_its_job_never_tried_again),
		CASE(nothing_but_what_a_job_makes_is_taken),
		CASE(parts_that_do_not_fit_are_a_lie),
		CASE(what_is_said_of_another_job_does_nothing),
		CASE(a_request_waits_for_its_end),
		CASE(stopping_ends_everything_and_takes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
