#include "media/transcode.h"

#include "unit.h"

#include <math.h>
#include <turbojpeg.h>

#include "media/amr.h"
#include "media/result.h"
#include "watch/jpeg.h"

enum { FILE_MAX = 8 * 1024 * 1024 };

static struct transcoded first, second;
static uint8_t file[FILE_MAX];
static size_t file_n;

static struct view the_file(void)
{
	return (struct view){.p = (const char *)file, .n = file_n};
}

static struct view bytes_of(const struct transcoded *t)
{
	return (struct view){.p = (const char *)t->bytes, .n = t->n};
}

/* A tone with a pause in its middle third. */
static void make_wav(uint32_t samples)
{
	wav_write_header(samples, file);
	for (uint32_t i = 0; i < samples; i++) {
		bool is_pause = i >= samples / 3 && i < samples / 3 * 2;
		double v = is_pause ? 0 : 12000 * sin(2 * M_PI * 440 * i / WAV_RATE);
		int s = (int)v;
		file[WAV_HEADER_BYTES + 2 * i] = (uint8_t)(s & 0xff);
		file[WAV_HEADER_BYTES + 2 * i + 1] = (uint8_t)(s >> 8 & 0xff);
	}
	file_n = WAV_HEADER_BYTES + (size_t)2 * samples;
}

static double loudness(struct view pcm, size_t from, size_t to)
{
	double sum = 0;

	for (size_t i = from; i < to; i++)
		sum += (double)wav_sample(pcm, i) * wav_sample(pcm, i);
	return sqrt(sum / (double)(to - from));
}

static void a_sound_survives_the_way_to_the_watch_and_back(void **state)
{
	struct media_info info;
	struct view pcm;
	size_t crossings = 0;

	(void)state;
	make_wav(24000);
	transcode(MEDIA_WAV_TO_AMR, the_file(), &first);
	assert_int_equal(first.outcome, MEDIA_DONE);
	assert_int_equal(first.n, 6 + 150 * 13);
	assert_int_equal(
		result_check(MEDIA_WAV_TO_AMR, the_file(), bytes_of(&first), &info, NULL), RC_OK);
	assert_int_equal(info.duration_ms, 3000);
	transcode(MEDIA_AMR_TO_WAV, bytes_of(&first), &second);
	assert_int_equal(second.outcome, MEDIA_DONE);
	assert_int_equal(
		result_check(MEDIA_AMR_TO_WAV, bytes_of(&first), bytes_of(&second), &info, NULL),
		RC_OK);
	assert_int_equal(info.duration_ms, 3000);
	assert_true(info.curve[5] > 200 && info.curve[24] < 40 && info.curve[43] > 200);
	assert_int_equal(wav_read(bytes_of(&second), 1, 24000, &pcm, NULL), RC_OK);
	assert_true(loudness(pcm, 2000, 6000) > 5000);
	assert_true(loudness(pcm, 10000, 14000) < 500);
	for (size_t i = 2000; i < 6000; i++)
		crossings += wav_sample(pcm, i) < 0 && wav_sample(pcm, i + 1) >= 0;
	assert_in_range(crossings, 210, 230); /* half a second of 440 Hz */
}

static void every_kind_of_frame_is_decoded(void **state)
{
	static const uint8_t sizes[8] = {13, 14, 16, 18, 20, 21, 27, 32};

	(void)state;
	memcpy(file, "#!AMR\n", 6);
	file_n = 6;
	for (unsigned type = 0; type < 8; type++) {
		file[file_n] = (uint8_t)(type << 3 | 4);
		memset(file + file_n + 1, (int)(0x31 * (type + 1)), (size_t)sizes[type] - 1);
		file_n += sizes[type];
	}
	file[file_n++] = AMR_TYPE_NONE << 3;
	transcode(MEDIA_AMR_TO_WAV, the_file(), &first);
	assert_int_equal(first.outcome, MEDIA_DONE);
	assert_int_equal(first.n, WAV_HEADER_BYTES + 9 * 320);
}

static void misnamed_frames_sound_as_they_should(void **state)
{
	(void)state;
	make_wav(8000);
	transcode(MEDIA_WAV_TO_AMR, the_file(), &first);
	transcode(MEDIA_AMR_TO_WAV, bytes_of(&first), &second);
	file_n = second.n;
	memcpy(file, second.bytes, second.n);
	for (size_t i = 6; i < first.n; i += 13)
		first.bytes[i] = 0x0c;
	transcode(MEDIA_AMR_TO_WAV, bytes_of(&first), &second);
	assert_int_equal(second.outcome, MEDIA_DONE);
	assert_int_equal(second.n, file_n);
	assert_memory_equal(second.bytes, file, file_n);
}

static void sounds_have_a_shortest_and_a_longest(void **state)
{
	(void)state;
	make_wav(WAV_SAMPLES_MIN - 1);
	transcode(MEDIA_WAV_TO_AMR, the_file(), &first);
	assert_int_equal(first.outcome, MEDIA_LIMIT);
	make_wav(WAV_SAMPLES_MIN);
	transcode(MEDIA_WAV_TO_AMR, the_file(), &first);
	assert_int_equal(first.outcome, MEDIA_DONE);
	make_wav(WAV_SAMPLES_MAX);
	transcode(MEDIA_WAV_TO_AMR, the_file(), &first);
	assert_int_equal(first.outcome, MEDIA_DONE);
	make_wav(WAV_SAMPLES_MAX + 1);
	transcode(MEDIA_WAV_TO_AMR, the_file(), &first);
	assert_int_equal(first.outcome, MEDIA_LIMIT);
	assert_int_equal(first.n, 0);
	memcpy(file, "#!AMR\n", 6);
	memset(file + 6, 0x5a, sizeof file - 6);
	for (size_t i = 0; i < AMR_FRAMES_MAX + 1; i++)
		file[6 + 32 * i] = 0x3c;
	file_n = 6 + 32 * AMR_FRAMES_MAX;
	transcode(MEDIA_AMR_TO_WAV, the_file(), &first);
	assert_int_equal(first.outcome, MEDIA_DONE);
	file_n += 32;
	transcode(MEDIA_AMR_TO_WAV, the_file(), &first);
	assert_int_equal(first.outcome, MEDIA_LIMIT);
}

/* A picture with a bright left and a dark right half; `noise` at random. */
static void make_jpeg(int width, int height, int format, int flags, bool is_noise)
{
	int bytes = tjPixelSize[format];
	uint8_t *points = malloc((size_t)width * (size_t)height * (size_t)bytes);
	unsigned char *made = NULL;
	unsigned long made_n = 0;
	uint32_t r = 1;

	assert_non_null(points);
	for (int i = 0; i < width * height * bytes; i++) {
		r = r * 1664525 + 1013904223;
		points[i] = is_noise                        ? (uint8_t)(r >> 24)
			    : i / bytes % width < width / 2 ? 220
							    : 30;
	}
	tjhandle tj = tjInitCompress();
	assert_non_null(tj);
	assert_int_equal(tjCompress2(tj, points, width, 0, height, format, &made, &made_n,
				 format == TJPF_GRAY ? TJSAMP_GRAY : TJSAMP_444, 90, flags),
		0);
	assert_true(made_n < sizeof file);
	memcpy(file, made, made_n);
	file_n = made_n;
	tjFree(made);
	(void)tjDestroy(tj);
	free(points);
}

static void assert_picture(int width, int height)
{
	struct media_info info;
	uint8_t *points = malloc((size_t)width * (size_t)height);
	tjhandle tj = tjInitDecompress();

	assert_int_equal(first.outcome, MEDIA_DONE);
	assert_int_equal(
		result_check(MEDIA_JPEG, the_file(), bytes_of(&first), &info, NULL), RC_OK);
	assert_int_equal(info.width, width);
	assert_int_equal(info.height, height);
	assert_non_null(points);
	assert_non_null(tj);
	assert_int_equal(tjDecompress2(tj, first.bytes, first.n, points, width, 0, height,
				 TJPF_GRAY, TJFLAG_STOPONWARNING),
		0);
	size_t middle = (size_t)width * (size_t)(height / 2);
	assert_in_range(points[middle + (size_t)width / 8], 210, 230);
	assert_in_range(points[middle + (size_t)width / 8 * 7], 20, 40);
	(void)tjDestroy(tj);
	free(points);
}

static void a_picture_is_made_anew(void **state)
{
	(void)state;
	make_jpeg(320, 240, TJPF_RGB, 0, false);
	transcode(MEDIA_JPEG, the_file(), &first);
	assert_picture(320, 240);
	make_jpeg(100, 50, TJPF_GRAY, 0, false);
	transcode(MEDIA_JPEG, the_file(), &first);
	assert_picture(100, 50);
	make_jpeg(320, 240, TJPF_RGB, TJFLAG_PROGRESSIVE, false);
	transcode(MEDIA_JPEG, the_file(), &first);
	assert_picture(320, 240);
}

static void a_large_picture_is_scaled_down(void **state)
{
	(void)state;
	make_jpeg(1280, 1280, TJPF_RGB, 0, false);
	transcode(MEDIA_JPEG, the_file(), &first);
	assert_picture(1280, 1280);
	make_jpeg(1281, 16, TJPF_RGB, 0, false);
	transcode(MEDIA_JPEG, the_file(), &first);
	assert_picture(641, 8);
	make_jpeg(2600, 3000, TJPF_RGB, TJFLAG_PROGRESSIVE, false);
	transcode(MEDIA_JPEG, the_file(), &first);
	assert_picture(650, 750);
}

static void a_picture_that_does_not_get_small_is_scaled_down(void **state)
{
	(void)state;
	make_jpeg(1000, 1000, TJPF_RGB, 0, true);
	transcode(MEDIA_JPEG, the_file(), &first);
	assert_int_equal(first.outcome, MEDIA_DONE);
	assert_in_range(first.n, 10000, MEDIA_JPEG_MAX);
}

static void too_many_points_are_refused_before_decoding(void **state)
{
	(void)state;
	make_jpeg(4000, 2001, TJPF_GRAY, 0, false);
	transcode(MEDIA_JPEG, the_file(), &first);
	assert_int_equal(first.outcome, MEDIA_LIMIT);
	make_jpeg(4097, 8, TJPF_GRAY, 0, false);
	transcode(MEDIA_JPEG, the_file(), &first);
	assert_int_equal(first.outcome, MEDIA_LIMIT);
}

static void notes_and_what_stands_behind_the_end_are_gone(void **state)
{
	static const char note[] = "\xff\xe1\0\x0e"
				   "Exif\0\0CANARY\xff\xfe\0\x08"
				   "CANARY";

	(void)state;
	make_jpeg(64, 64, TJPF_RGB, 0, false);
	memmove(file + 2 + sizeof note - 1, file + 2, file_n - 2);
	memcpy(file + 2, note, sizeof note - 1);
	file_n += sizeof note - 1;
	memcpy(file + file_n, "CANARY", 6);
	file_n += 6;
	transcode(MEDIA_JPEG, the_file(), &first);
	assert_picture(64, 64);
	assert_null(memmem(first.bytes, first.n, "CANARY", 6));
	assert_null(memmem(first.bytes, first.n, "JFIF", 4));
}

static void a_picture_cut_anywhere_is_refused(void **state)
{
	(void)state;
	make_jpeg(64, 64, TJPF_RGB, 0, true);
	size_t whole = file_n;
	for (size_t n = 0; n < whole - 1; n += 7) {
		file_n = n;
		transcode(MEDIA_JPEG, the_file(), &first);
		assert_int_not_equal(first.outcome, MEDIA_DONE);
		/* … also with an end put behind */
		uint8_t kept[2] = {file[n], file[n + 1]};
		memcpy(file + n, "\xff\xd9", 2);
		file_n = n + 2;
		transcode(MEDIA_JPEG, the_file(), &first);
		if (n + 40 < whole) /* the last bits may be enough */
			assert_int_not_equal(first.outcome, MEDIA_DONE);
		memcpy(file + n, kept, 2);
	}
}

static void damage(struct prop *p)
{
	struct media_info info;

	if (prop_below(p, 2) == 0)
		make_jpeg(48, 48, TJPF_RGB, p->round % 2 == 0 ? 0 : TJFLAG_PROGRESSIVE, true);
	else
		make_wav(1000);
	enum media_job job = file[0] == 0xff ? MEDIA_JPEG : MEDIA_WAV_TO_AMR;
	for (size_t n = 1 + prop_below(p, 4); n > 0; n--)
		file[prop_below(p, file_n)] = (uint8_t)prop_u64(p);
	transcode(job, the_file(), &first);
	if (first.outcome == MEDIA_DONE)
		assert_int_equal(
			result_check(job, the_file(), bytes_of(&first), &info, NULL), RC_OK);
	else
		assert_int_equal(first.n, 0);
}

static void damaged_files_give_nothing_or_what_the_server_takes(void **state)
{
	(void)state;
	prop_run("damaged files", 300, damage);
}

/* Polyglots: what the server would be given instead. */
static void results_that_are_something_else_are_refused(void **state)
{
	struct media_info info;

	(void)state;
	make_jpeg(64, 64, TJPF_RGB, 0, false); /* with JFIF */
	assert_int_equal(result_check(MEDIA_JPEG, the_file(), the_file(), &info, NULL), RC_SYNTAX);
	transcode(MEDIA_JPEG, the_file(), &first);
	first.n++;
	assert_int_equal(
		result_check(MEDIA_JPEG, the_file(), bytes_of(&first), &info, NULL), RC_SYNTAX);
	make_wav(8000);
	assert_int_equal(result_check(MEDIA_JPEG, the_file(), the_file(), &info, NULL), RC_SYNTAX);
	assert_int_equal(
		result_check(MEDIA_WAV_TO_AMR, the_file(), the_file(), &info, NULL), RC_SYNTAX);
	assert_int_equal(
		result_check(MEDIA_AMR_TO_WAV, the_file(), the_file(), &info, NULL), RC_OK);
	transcode(MEDIA_WAV_TO_AMR, the_file(), &first);
	first.n -= 2 * 13;
	assert_int_equal(result_check(MEDIA_WAV_TO_AMR, the_file(), bytes_of(&first), &info, NULL),
		RC_SYNTAX);
	make_wav(16 * 8000 + 1);
	assert_int_equal(
		result_check(MEDIA_AMR_TO_WAV, the_file(), the_file(), &info, NULL), RC_SYNTAX);
}

static void warming_up_leaves_nothing(void **state)
{
	(void)state;
	assert_true(transcode_warm_up());
	alloc_fail_after(0);
	assert_false(transcode_warm_up());
	assert_true(alloc_has_failed());
	alloc_fail_after(-1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sound_survives_the_way_to_the_watch_and_back),
		cmocka_unit_test(every_kind_of_frame_is_decoded),
		cmocka_unit_test(misnamed_frames_sound_as_they_should),
		cmocka_unit_test(sounds_have_a_shortest_and_a_longest),
		cmocka_unit_test(a_picture_is_made_anew),
		cmocka_unit_test(a_large_picture_is_scaled_down),
		cmocka_unit_test(a_picture_that_does_not_get_small_is_scaled_down),
		cmocka_unit_test(too_many_points_are_refused_before_decoding),
		cmocka_unit_test(notes_and_what_stands_behind_the_end_are_gone),
		cmocka_unit_test(a_picture_cut_anywhere_is_refused),
		cmocka_unit_test(damaged_files_give_nothing_or_what_the_server_takes),
		cmocka_unit_test(results_that_are_something_else_are_refused),
		cmocka_unit_test(warming_up_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
