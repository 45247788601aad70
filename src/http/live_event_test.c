#include "unit.h"

#include "http/live_event.h"

static void ids_are_read_as_they_are_written(void **state)
{
	static const uint64_t numbers[] = {0, 1, 4096, 1234567890123, UINT64_MAX / 2};
	char text[EVENT_ID_TEXT];
	uint64_t seq;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		event_id_write(0x3f2a, numbers[i], text);
		assert_true(event_id_read(view_of(text), 0x3f2a, &seq));
		assert_int_equal(seq, numbers[i]);
	}
	assert_string_equal((event_id_write(0x3f2a, 17, text), text), "0000000000003f2a-17");
}

static void ids_of_another_start_are_not_ours(void **state)
{
	char text[EVENT_ID_TEXT];
	uint64_t seq = 9;

	(void)state;
	event_id_write(1, 17, text);
	assert_false(event_id_read(view_of(text), 2, &seq));
	assert_int_equal(seq, 9);
}

static void other_texts_are_no_ids(void **state)
{
	static const char *const texts[] = {"", "-", "17", "0000000000003f2a", "0000000000003f2a-",
		"0000000000003f2a-x", "0000000000003f2a--1", "0000000000003f2a-1 ",
		"0000000000003F2A-1", "0000000000003f2a_1", "x000000000003f2a-1",
		"0000000000003f2a-99999999999999999999999"};
	uint64_t seq;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		if (event_id_read(view_of(texts[i]), 0x3f2a, &seq))
			fail_msg("taken: %s", texts[i]);
	}
}

static void one_random_id(struct prop *p)
{
	char text[64];
	uint64_t seq;
	size_t n = prop_bytes(p, text, sizeof text, "0123456789abcdef-", 17);

	if (event_id_read((struct view){.p = text, .n = n}, 0x3f2a, &seq))
		assert_memory_equal(text, "0000000000003f2a-", 17);
}

static void random_texts_are_no_ids(void **state)
{
	(void)state;
	prop_run("random_ids", 10000, one_random_id);
}

static void texts_live_as_long_as_somebody_uses_them(void **state)
{
	struct event_text *t = event_text_new(VIEW(":\n\n"));

	(void)state;
	assert_non_null(t);
	assert_int_equal(t->n, 3);
	assert_ptr_equal(event_text_ref(t), t);
	event_text_unref(t);
	assert_memory_equal(t->text, ":\n\n", 3);
	event_text_unref(t);
	event_text_unref(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_read_as_they_are_written),
		cmocka_unit_test(ids_of_another_start_are_not_ours),
		cmocka_unit_test(other_texts_are_no_ids),
		cmocka_unit_test(random_texts_are_no_ids),
		cmocka_unit_test(texts_live_as_long_as_somebody_uses_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
