#include "gateway/buffers.h"

#include "unit.h"

#include <string.h>

enum { LIMIT = 200000 };

static void buffer_has_the_smallest_size_that_holds_the_need(void **state)
{
	static const size_t needs[] = {
		0, 1, 96, 97, 480, 481, 2016, 2017, 8160, 8161, 24576, 24577, BUFFER_SIZE_MAX};
	static const uint32_t sizes[] = {96, 96, 96, 480, 480, 2016, 2016, 8160, 8160, 24576, 24576,
		BUFFER_SIZE_MAX, BUFFER_SIZE_MAX};
	struct buffers pool;

	(void)state;
	buffers_init(&pool, LIMIT);
	for (size_t i = 0; i < COUNT_OF(needs); i++) {
		struct buffer *b = buffers_take(&pool, needs[i]);
		assert_non_null(b);
		assert_int_equal(b->size, sizes[i]);
		assert_int_equal(b->n, 0);
		buffers_give(&pool, b);
	}
	assert_null(buffers_take(&pool, BUFFER_SIZE_MAX + 1));
	assert_int_equal(pool.used, 0);
	buffers_done(&pool);
}

static void limit_holds_to_the_byte(void **state)
{
	struct buffers pool;
	size_t one = sizeof(struct buffer) + 96;

	(void)state;
	buffers_init(&pool, 3 * one);
	struct buffer *a = buffers_take(&pool, 96);
	struct buffer *b = buffers_take(&pool, 96);
	struct buffer *c = buffers_take(&pool, 96);
	assert_non_null(c);
	assert_null(buffers_take(&pool, 1));
	buffers_give(&pool, b);
	b = buffers_take(&pool, 1);
	assert_non_null(b);
	buffers_give(&pool, a);
	buffers_give(&pool, b);
	buffers_give(&pool, c);
	buffers_give(&pool, NULL);
	buffers_done(&pool);
	buffers_init(&pool, one - 1);
	assert_null(buffers_take(&pool, 1));
}

static void grown_buffer_keeps_its_content(void **state)
{
	struct buffers pool;

	(void)state;
	buffers_init(&pool, LIMIT);
	struct buffer *b = buffers_take(&pool, 10);
	memcpy(b->bytes, "half a frame", 12);
	b->n = 12;
	b->since_ms = 77;
	b->searched = 5;
	assert_int_equal(buffers_grow(&pool, &b, 97, NULL), RC_OK);
	assert_int_equal(b->size, 480);
	assert_int_equal(b->n, 12);
	assert_int_equal(b->since_ms, 77);
	assert_int_equal(b->searched, 5);
	assert_memory_equal(b->bytes, "half a frame", 12);
	buffers_give(&pool, b);
	assert_int_equal(pool.used, 0);
	buffers_done(&pool);
}

static void growing_over_the_limit_leaves_the_buffer_as_it_is(void **state)
{
	struct buffers pool;

	(void)state;
	buffers_init(&pool, 1000);
	struct buffer *b = buffers_take(&pool, 400);
	struct buffer *before = b;
	assert_int_equal(buffers_grow(&pool, &b, 481, NULL), RC_LIMIT);
	assert_ptr_equal(b, before);
	buffers_give(&pool, b);
	buffers_done(&pool);
}

static void unused_memory_is_kept_up_to_a_bound(void **state)
{
	struct buffers pool;
	struct buffer *out[30];

	(void)state;
	buffers_init(&pool, (size_t)10 * 1024 * 1024);
	for (size_t i = 0; i < COUNT_OF(out); i++) {
		out[i] = buffers_take(&pool, BUFFER_SIZE_MAX);
		assert_non_null(out[i]);
	}
	for (size_t i = 0; i < COUNT_OF(out); i++)
		buffers_give(&pool, out[i]);
	assert_int_equal(pool.used, 0);
	assert_true(pool.kept <= 1048576 && pool.kept > 921600);
	buffers_done(&pool);
	assert_int_equal(pool.kept, 0);
}

static void without_memory_there_is_no_buffer(void **state)
{
	struct buffers pool;

	(void)state;
	buffers_init(&pool, LIMIT);
	alloc_fail_after(0);
	assert_null(buffers_take(&pool, 1));
	assert_int_equal(pool.used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffer_has_the_smallest_size_that_holds_the_need),
		cmocka_unit_test(limit_holds_to_the_byte),
		cmocka_unit_test(grown_buffer_keeps_its_content),
		cmocka_unit_test(growing_over_the_limit_leaves_the_buffer_as_it_is),
		cmocka_unit_test(unused_memory_is_kept_up_to_a_bound),
		cmocka_unit_test(without_memory_there_is_no_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
