#include "watch/media_part.h"

#include <stdio.h>

#include "unit.h"

static bool read_content(const char *content, struct media_part *ret)
{
	static char text[4096];
	struct frame_scan scan = {0};
	struct frame f;
	int n = snprintf(text, sizeof text, "[3G*8800000015*%04zX*%s]", strlen(content), content);
	struct view in = {.p = text, .n = (size_t)n};

	assert_int_equal(frame_read(&in, true, &f, &scan, NULL), RC_OK);
	return media_part_read(&f, ret);
}

static void a_picture_has_its_origin(void **state)
{
	struct media_part p;

	(void)state;
	assert_true(read_content("img,5,260101120000,xyz", &p));
	assert_int_equal(p.kind, MEDIA_PART_PICTURE);
	assert_int_equal(p.origin, PICTURE_ASKED);
	assert_true(view_is(p.payload, VIEW("xyz")));
	assert_false(read_content("img,55,260101120000,xyz", &p));
	assert_false(read_content("img,5,26010112000,xyz", &p));
	assert_false(read_content("img,5,260101120000,", &p));
	assert_false(read_content("img,5", &p));
}

static void a_voice_may_stand_behind_a_number(void **state)
{
	static const char *const same[] = {"TK,#!AMR\nabc", "tk,1,#!AMR\nabc", "TK,123,#!AMR\nabc",
		"STK,#!AMR\nabc", "TK2,7,#!AMR\nabc", "TK2,group_7,12,#!AMR\nabc"};
	struct media_part p;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(same); i++) {
		assert_true(read_content(same[i], &p));
		assert_int_equal(p.kind, MEDIA_PART_VOICE);
		assert_true(view_is(p.payload, VIEW("#!AMR\nabc")));
	}
	assert_true(read_content("TK,1234,#!AMR\n", &p)); /* no number: part of what is said */
	assert_true(view_is(p.payload, VIEW("1234,#!AMR\n")));
	assert_false(read_content("TK2,7", &p));
	assert_false(read_content("TK2,7,", &p));
	assert_false(read_content("TK,", &p));
	assert_false(read_content("TK", &p));
	assert_false(read_content("TKQ,abc", &p));
}

static void a_chunk_says_which_of_how_many(void **state)
{
	static const char *const bad[] = {"JXTK,1,n,1,2,x", "JXTK,0,,1,2,x", "JXTK,0,n,0,2,x",
		"JXTK,0,n,3,2,x", "JXTK,0,n,1,129,x", "JXTK,0,n,1,0,x", "JXTK,0,n,-1,2,x",
		"JXTK,0,n,1,2,", "JXTK,0,n,1,2", "JXTK,0,n,1x,2,x",
		"JXTK,0,0123456789012345678901234567890123456789012345678,1,2,x"};
	struct media_part p;

	(void)state;
	assert_true(read_content("JXTK,0,xxx_7_20260101120000,2,128,abc", &p));
	assert_int_equal(p.kind, MEDIA_PART_CHUNK);
	assert_int_equal(p.chunk, 2);
	assert_int_equal(p.chunks, 128);
	assert_true(view_is(p.name, VIEW("xxx_7_20260101120000")));
	assert_true(view_is(p.payload, VIEW("abc")));
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_false(read_content(bad[i], &p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_picture_has_its_origin),
		cmocka_unit_test(a_voice_may_stand_behind_a_number),
		cmocka_unit_test(a_chunk_says_which_of_how_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
