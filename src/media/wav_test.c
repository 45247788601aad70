#include "media/wav.h"

#include "unit.h"

enum { SAMPLES = 1000 };

struct file {
	uint8_t b[WAV_HEADER_BYTES + 2 * SAMPLES + 64];
	size_t n;
};

static struct view view_in(const struct file *f)
{
	return (struct view){.p = (const char *)f->b, .n = f->n};
}

static void make(struct file *f, uint32_t samples)
{
	memset(f->b, 0, sizeof f->b);
	wav_write_header(samples, f->b);
	f->n = WAV_HEADER_BYTES + (size_t)samples * 2;
	assert_true(f->n <= sizeof f->b);
}

static enum rc look(const struct file *f, struct view *ret)
{
	struct err e;

	return wav_read(view_in(f), 10, SAMPLES, ret, &e);
}

static void what_is_written_is_read(void **state)
{
	struct file f;
	struct view pcm;

	(void)state;
	make(&f, SAMPLES);
	f.b[WAV_HEADER_BYTES] = 0xfe; /* -2 */
	f.b[WAV_HEADER_BYTES + 1] = 0xff;
	f.b[WAV_HEADER_BYTES + 2] = 0xff; /* 32767 */
	f.b[WAV_HEADER_BYTES + 3] = 0x7f;
	f.b[WAV_HEADER_BYTES + 5] = 0x80; /* -32768 */
	assert_int_equal(look(&f, &pcm), RC_OK);
	assert_int_equal(pcm.n, 2 * SAMPLES);
	assert_int_equal(wav_sample(pcm, 0), -2);
	assert_int_equal(wav_sample(pcm, 1), 32767);
	assert_int_equal(wav_sample(pcm, 2), -32768);
	assert_int_equal(wav_sample(pcm, 3), 0);
}

static void length_has_limits(void **state)
{
	struct file f;
	struct view pcm;

	(void)state;
	make(&f, 9);
	assert_int_equal(look(&f, &pcm), RC_LIMIT);
	make(&f, 10);
	assert_int_equal(look(&f, &pcm), RC_OK);
	make(&f, SAMPLES + 1);
	assert_int_equal(look(&f, &pcm), RC_LIMIT);
}

static void a_file_cut_or_lengthened_anywhere_is_refused(void **state)
{
	struct file f;
	struct view pcm;

	(void)state;
	make(&f, 20);
	for (size_t n = f.n; n-- > 0;) {
		f.n = n;
		assert_int_equal(look(&f, &pcm), RC_SYNTAX);
	}
	make(&f, 20);
	f.n++;
	assert_int_equal(look(&f, &pcm), RC_SYNTAX);
}

/* Every byte of the header means something: no other value is taken. */
static void a_header_that_lies_is_refused(void **state)
{
	struct file f;
	struct view pcm;

	(void)state;
	for (size_t i = 0; i < WAV_HEADER_BYTES; i++) {
		for (unsigned value = 0; value < 256; value++) {
			make(&f, 20);
			if (f.b[i] == value)
				continue;
			f.b[i] = (uint8_t)value;
			assert_int_not_equal(look(&f, &pcm), RC_OK);
		}
	}
}

static void other_chunks_are_passed_over_up_to_a_limit(void **state)
{
	struct file f;
	struct view pcm;

	(void)state;
	for (unsigned extra = 0; extra < 8; extra++) {
		make(&f, 20);
		size_t add = (size_t)extra * 10;
		uint8_t *at = f.b + 12;
		memmove(at + add, at, f.n - 12);
		for (unsigned i = 0; i < extra; i++)
			memcpy(at + (size_t)10 * i, "LIST\1\0\0\0x", 10);
		f.n += add;
		f.b[4] = (uint8_t)(f.n - 8);
		f.b[5] = (uint8_t)((f.n - 8) >> 8);
		assert_int_equal(look(&f, &pcm), extra <= WAV_CHUNKS_MAX - 2 ? RC_OK : RC_LIMIT);
	}
}

static void samples_come_once_and_last(void **state)
{
	struct view pcm;
	struct err e;

	(void)state;
	assert_int_equal(wav_read(VIEW("RIFF\x2c\0\0\0WAVEdata\0\0\0\0fmt "
				       "\x10\0\0\0\1\0\1\0@\x1f\0\0\x80>\0\0\2\0\x10\0"
				       "data\0\0\0\0"),
				 0, 10, &pcm, &e),
		RC_SYNTAX);
}

static void curve_shows_where_it_is_loud(void **state)
{
	static uint8_t bytes[2 * 48 * 10];
	struct view pcm = {.p = (const char *)bytes, .n = sizeof bytes};
	uint8_t curve[WAV_CURVE_VALUES];

	(void)state;
	memset(bytes, 0, sizeof bytes);
	wav_curve(pcm, curve);
	for (unsigned i = 0; i < WAV_CURVE_VALUES; i++)
		assert_int_equal(curve[i], 0);
	bytes[2 * 105 + 1] = 0x80; /* -32768 in part 10 */
	bytes[2 * 200 + 1] = 0x40; /* 16384 in part 20 */
	wav_curve(pcm, curve);
	for (unsigned i = 0; i < WAV_CURVE_VALUES; i++)
		assert_int_equal(curve[i], i == 10 ? 255 : i == 20 ? 128 : 0);
	pcm.n = 0;
	wav_curve(pcm, curve);
	assert_int_equal(curve[10], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(length_has_limits),
		cmocka_unit_test(a_file_cut_or_lengthened_anywhere_is_refused),
		cmocka_unit_test(a_header_that_lies_is_refused),
		cmocka_unit_test(other_chunks_are_passed_over_up_to_a_limit),
		cmocka_unit_test(samples_come_once_and_last),
		cmocka_unit_test(curve_shows_where_it_is_loud),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
