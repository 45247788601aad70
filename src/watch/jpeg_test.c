#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "prop.h"
#include "watch/jpeg.h"

enum { PICTURE_MAX = 8192 };

struct picture {
	uint8_t b[PICTURE_MAX];
	size_t n;
};

/* A real one of the corpus: 64 × 48, baseline. */
static struct picture scene(void)
{
	struct picture p = {.n = 0};
	const char *root = secure_getenv("KINWARD_SOURCE_DIR");
	char path[512];

	(void)snprintf(
		path, sizeof path, "%s/src/watch/corpus/jpeg/001", root == NULL ? "." : root);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	p.n = fread(p.b, 1, sizeof p.b, f);
	(void)fclose(f);
	assert_true(p.n > 500 && p.n < 1000);
	return p;
}

static void insert(struct picture *p, size_t at, const char *bytes, size_t n)
{
	assert_true(p->n + n <= sizeof p->b);
	memmove(p->b + at + n, p->b + at, p->n - at);
	memcpy(p->b + at, bytes, n);
	p->n += n;
}

static enum rc clean(const struct picture *p, struct picture *ret)
{
	struct jpeg_size size;

	ret->n = 0;
	return jpeg_clean(
		(struct view){.p = (const char *)p->b, .n = p->n}, ret->b, &ret->n, &size, NULL);
}

/* Where a segment with this marker stands. */
static size_t find(const struct picture *p, uint8_t marker)
{
	for (size_t i = 0; i + 1 < p->n; i++) {
		if (p->b[i] == 0xff && p->b[i + 1] == marker)
			return i;
	}
	fail_msg("no marker %02x", marker);
	return 0;
}

static void a_picture_passes_without_its_notes(void **state)
{
	static const char exif[] = "\xff\xe1\0\x10"
				   "Exif\0\0CANARY..";
	static const char comment[] = "\xff\xfe\0\x08secret";
	struct picture p = scene();
	struct picture out;
	struct picture again;
	struct jpeg_size size;
	struct err e;

	(void)state;
	insert(&p, 2, exif, sizeof exif - 1);
	insert(&p, 2, comment, sizeof comment - 1);
	insert(&p, p.n, "\0\0\0\0\0\0", 6);
	insert(&p, p.n, "<html>", 6);
	out.n = 0;
	assert_int_equal(jpeg_clean((struct view){.p = (const char *)p.b, .n = p.n}, out.b, &out.n,
				 &size, &e),
		RC_OK);
	assert_int_equal(size.width, 64);
	assert_int_equal(size.height, 48);
	assert_null(memmem(out.b, out.n, "CANARY", 6));
	assert_null(memmem(out.b, out.n, "secret", 6));
	assert_null(memmem(out.b, out.n, "html", 4));
	assert_null(memmem(out.b, out.n, "JFIF", 4));
	assert_memory_equal(out.b + out.n - 2, "\xff\xd9", 2);
	assert_int_equal(clean(&out, &again), RC_OK);
	assert_int_equal(again.n, out.n);
	assert_memory_equal(again.b, out.b, out.n);
}

static void a_cut_picture_is_none(void **state)
{
	struct picture p = scene();
	size_t n = p.n;
	struct picture out;

	(void)state;
	for (p.n = 0; p.n < n; p.n++)
		assert_int_equal(clean(&p, &out), RC_SYNTAX);
}

static void what_is_no_picture_is_refused(void **state)
{
	static const char *const bad[] = {"", "GIF89a", "<html>", "\x89PNG\r\n\x1a\n", "RIFF",
		"\xff\xd8\xff\xd9", "\xff\xd8<script>\xff\xd9", "\xff\xd8\xff",
		"\xff\xd8\xff\xff\xff"};
	struct picture out;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct picture p = {.n = strlen(bad[i])};
		memcpy(p.b, bad[i], p.n);
		assert_int_equal(clean(&p, &out), RC_SYNTAX);
	}
}

static void sides_are_bounded(void **state)
{
	static const struct {
		unsigned side;
		enum rc rc;
	} rows[] = {{0, RC_LIMIT}, {7, RC_LIMIT}, {8, RC_OK}, {4096, RC_OK}, {4097, RC_LIMIT},
		{65535, RC_LIMIT}};
	struct picture out;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		for (size_t at = 5; at <= 7; at += 2) {
			struct picture p = scene();
			size_t frame = find(&p, 0xc0);
			p.b[frame + at] = (uint8_t)(rows[i].side >> 8);
			p.b[frame + at + 1] = (uint8_t)rows[i].side;
			assert_int_equal(clean(&p, &out), rows[i].rc);
		}
	}
}

static void a_frame_that_cannot_be_is_refused(void **state)
{
	struct picture out;
	struct picture p = scene();
	size_t frame = find(&p, 0xc0);

	(void)state;
	p.b[frame + 4] = 12; /* bits */
	assert_int_equal(clean(&p, &out), RC_SYNTAX);
	p = scene();
	p.b[frame + 9] = 4; /* components */
	assert_int_equal(clean(&p, &out), RC_SYNTAX);
	p = scene();
	p.b[frame + 13] = p.b[frame + 10]; /* two components of one name */
	assert_int_equal(clean(&p, &out), RC_SYNTAX);
	p = scene();
	p.b[frame + 1] = 0xc3; /* lossless */
	assert_int_equal(clean(&p, &out), RC_SYNTAX);
	p = scene();
	p.b[frame + 11] = 0x05; /* sampling */
	assert_int_equal(clean(&p, &out), RC_SYNTAX);
	p = scene();
	p.b[find(&p, 0xdb) + 4] = 0x24; /* table 4 of 16 bits and more */
	assert_int_equal(clean(&p, &out), RC_SYNTAX);
	p = scene();
	memset(p.b + find(&p, 0xc4) + 5, 0xff, 16); /* more symbols than there are */
	assert_int_equal(clean(&p, &out), RC_SYNTAX);
	p = scene();
	insert(&p, find(&p, 0xda), "\xff\xc8\0\x02", 4); /* a marker that is reserved */
	assert_int_equal(clean(&p, &out), RC_SYNTAX);
	p = scene();
	insert(&p, find(&p, 0xda), "\xff\xd8", 2); /* a picture in a picture */
	assert_int_equal(clean(&p, &out), RC_SYNTAX);
}

static void segments_are_bounded(void **state)
{
	struct picture p = scene();
	struct picture out;

	(void)state;
	for (unsigned i = 0; i <= JPEG_SEGMENTS_MAX; i++)
		insert(&p, 2, "\xff\xfe\0\x02", 4);
	assert_int_equal(clean(&p, &out), RC_LIMIT);
}

/* Any byte at any place: never more than was there, never a crash. */
static void one_damage(struct prop *r)
{
	struct picture p = scene();
	struct picture out;

	for (size_t i = 0; i < 1 + prop_below(r, 4); i++)
		p.b[prop_below(r, p.n)] = (uint8_t)prop_u64(r);
	if (clean(&p, &out) == RC_OK)
		assert_true(out.n <= p.n);
}

static void damaged_pictures_do_no_harm(void **state)
{
	(void)state;
	prop_run("damaged_pictures_do_no_harm", 3000, one_damage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_picture_passes_without_its_notes),
		cmocka_unit_test(a_cut_picture_is_none),
		cmocka_unit_test(what_is_no_picture_is_refused),
		cmocka_unit_test(sides_are_bounded),
		cmocka_unit_test(a_frame_that_cannot_be_is_refused),
		cmocka_unit_test(segments_are_bounded),
		cmocka_unit_test(damaged_pictures_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
