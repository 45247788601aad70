#include "media/amr.h"

#include "unit.h"

#include "base/num.h"

static const uint8_t sizes[16] = {13, 14, 16, 18, 20, 21, 27, 32, 0, 0, 0, 0, 0, 0, 0, 1};

struct file {
	uint8_t b[AMR_BYTES_MAX + 64];
	size_t n;
};

static struct view view_in(const struct file *f)
{
	return (struct view){.p = (const char *)f->b, .n = f->n};
}

static void begin(struct file *f)
{
	memcpy(f->b, "#!AMR\n", 6);
	f->n = 6;
}

static void add(struct file *f, uint8_t first, size_t n)
{
	assert_true(f->n + n <= sizeof f->b);
	memset(f->b + f->n, 0x5a, n);
	f->b[f->n] = first;
	f->n += n;
}

static void add_type(struct file *f, unsigned type)
{
	add(f, (uint8_t)(type << 3 | 4), sizes[type]);
}

static enum rc check(const struct file *f, struct amr_info *ret)
{
	struct err e;

	return amr_check(view_in(f), ret, &e);
}

static void every_type_of_speech_and_the_pause_are_read(void **state)
{
	struct file f;
	struct amr_info info;
	struct amr_reader r;
	struct amr_frame frame;

	(void)state;
	begin(&f);
	for (unsigned type = 0; type < 8; type++)
		add_type(&f, type);
	add_type(&f, AMR_TYPE_NONE);
	add(&f, 7 << 3, 32); /* damaged */
	assert_int_equal(check(&f, &info), RC_OK);
	assert_int_equal(info.frames, 10);
	assert_int_equal(info.speech, 9);
	assert_int_equal(info.damaged, 1);
	assert_int_equal(info.duration_ms, 200);
	assert_false(info.is_misnamed);
	assert_int_equal(amr_open(view_in(&f), &r, NULL), RC_OK);
	for (unsigned type = 0; type < 8; type++) {
		assert_int_equal(amr_next(&r, &frame, NULL), RC_OK);
		assert_int_equal(frame.type, type);
		assert_int_equal(frame.bits.n + 1, sizes[type]);
		assert_true(frame.is_good);
	}
}

static void types_that_no_watch_sends_are_refused(void **state)
{
	(void)state;
	for (unsigned first = 0; first < 256; first++) {
		struct file f;
		struct amr_info info;
		unsigned type = first >> 3 & 15;
		begin(&f);
		add_type(&f, 7);
		add(&f, (uint8_t)first, sizes[type] == 0 ? 6 : sizes[type]);
		bool is_right = (first & 0x83) == 0 && sizes[type] != 0;
		assert_int_equal(check(&f, &info), is_right ? RC_OK : RC_SYNTAX);
	}
}

static void a_file_cut_anywhere_is_refused_or_ends_at_a_frame(void **state)
{
	struct file f;
	struct amr_info info;

	(void)state;
	begin(&f);
	for (unsigned i = 0; i < 5; i++)
		add_type(&f, 7);
	size_t whole = f.n;
	for (size_t n = 0; n <= whole; n++) {
		f.n = n;
		bool is_right = n > 6 && (n - 6) % 32 == 0;
		assert_int_equal(check(&f, &info), is_right ? RC_OK : RC_SYNTAX);
	}
}

static void other_files_are_refused(void **state)
{
	static const char *const others[] = {"", "#!AMR", "#!AMR\r\n", "#!AMR-WB\n\x04",
		"#!AMR_MC1.0\n", "RIFF", "\xff\xd8\xff\xe0", "ftypisom", "<html>", "#!amr\n"};
	struct amr_info info;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(others); i++)
		assert_int_equal(amr_check(view_of(others[i]), &info, NULL), RC_SYNTAX);
}

static void length_has_a_limit(void **state)
{
	struct file f;
	struct amr_info info;

	(void)state;
	begin(&f);
	assert_int_equal(check(&f, &info), RC_SYNTAX); /* no frame at all */
	for (unsigned i = 0; i < AMR_FRAMES_MAX - 1; i++)
		add_type(&f, 7);
	assert_int_equal(check(&f, &info), RC_OK);
	add_type(&f, 7);
	assert_int_equal(check(&f, &info), RC_OK);
	assert_int_equal(info.duration_ms, 16000);
	assert_int_equal(f.n, AMR_BYTES_MAX);
	add_type(&f, AMR_TYPE_NONE);
	assert_int_equal(check(&f, &info), RC_LIMIT);
}

static void pauses_alone_are_no_sound(void **state)
{
	struct file f;
	struct amr_info info;

	(void)state;
	begin(&f);
	for (unsigned i = 0; i < 100; i++)
		add_type(&f, AMR_TYPE_NONE);
	assert_int_equal(check(&f, &info), RC_SYNTAX);
}

static void misnamed_frames_of_13_bytes_are_read_as_what_they_are(void **state)
{
	struct file f;
	struct file clean;
	struct amr_info info;

	(void)state;
	begin(&f);
	for (unsigned i = 0; i < 100; i++)
		add(&f, i % 3 == 0 ? 0x04 : 0x0c, 13);
	assert_int_equal(check(&f, &info), RC_OK);
	assert_true(info.is_misnamed);
	assert_int_equal(info.frames, 100);
	assert_int_equal(amr_clean(view_in(&f), clean.b, &clean.n, &info, NULL), RC_OK);
	assert_int_equal(clean.n, f.n);
	for (size_t i = 6; i < clean.n; i += 13)
		assert_int_equal(clean.b[i], 0x04);
	assert_int_equal(check(&clean, &info), RC_OK);
	assert_false(info.is_misnamed);
	f.n--;
	assert_int_equal(check(&f, &info), RC_SYNTAX);
}

static void frames_of_14_bytes_keep_their_name(void **state)
{
	struct file f;
	struct amr_info info;

	(void)state;
	begin(&f);
	for (unsigned i = 0; i < 13; i++) /* 13 × 14 bytes could be 14 × 13 */
		add(&f, 0x0c, 14);
	assert_int_equal(check(&f, &info), RC_OK);
	assert_false(info.is_misnamed);
	assert_int_equal(info.frames, 13);
}

static void whatever_is_taken_stays_the_same(struct prop *p)
{
	struct file f;
	struct file clean;
	struct amr_info info;
	struct amr_info again;

	begin(&f);
	size_t n = 1 + prop_below(p, 40);
	for (size_t i = 0; i < n; i++)
		add_type(&f, (unsigned)prop_below(p, 8));
	if (prop_below(p, 2) == 0)
		f.b[prop_below(p, f.n)] = (uint8_t)prop_u64(p);
	if (amr_clean(view_in(&f), clean.b, &clean.n, &info, NULL) != RC_OK)
		return;
	assert_true(clean.n == f.n);
	assert_int_equal(check(&clean, &again), RC_OK);
	assert_int_equal(info.frames, again.frames);
	assert_int_equal(info.speech, again.speech);
	assert_int_equal(info.damaged, again.damaged);
}

static void what_is_cleaned_is_taken_again(void **state)
{
	(void)state;
	prop_run("cleaned AMR stays the same", 2000, whatever_is_taken_stays_the_same);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_of_speech_and_the_pause_are_read),
		cmocka_unit_test(types_that_no_watch_sends_are_refused),
		cmocka_unit_test(a_file_cut_anywhere_is_refused_or_ends_at_a_frame),
		cmocka_unit_test(other_files_are_refused),
		cmocka_unit_test(length_has_a_limit),
		cmocka_unit_test(pauses_alone_are_no_sound),
		cmocka_unit_test(misnamed_frames_of_13_bytes_are_read_as_what_they_are),
		cmocka_unit_test(frames_of_14_bytes_keep_their_name),
		cmocka_unit_test(what_is_cleaned_is_taken_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
