#include "unit.h"

#include "base/uid.h"

static void text_and_bytes_are_the_same_id(void **state)
{
	char text[UID_TEXT];
	struct uid id;

	(void)state;
	assert_true(uid_from_text(VIEW("000102030405060708090A0b0C0d0Eff"), &id));
	assert_int_equal(id.b[0], 0);
	assert_int_equal(id.b[10], 10);
	assert_int_equal(id.b[15], 255);
	uid_to_text(&id, text);
	assert_string_equal(text, "000102030405060708090a0b0c0d0eff");
}

static void anything_but_32_hex_digits_is_refused(void **state)
{
	static const struct view bad[] = {VIEW(""), VIEW("000102030405060708090a0b0c0d0ef"),
		VIEW("000102030405060708090a0b0c0d0eff0"), VIEW("000102030405060708090a0b0c0d0efg"),
		VIEW("g00102030405060708090a0b0c0d0eff"),
		VIEW("00010203-0405-0607-0809-0a0b0c0d0eff"),
		VIEW(" 00102030405060708090a0b0c0d0eff"),
		VIEW("000102030405060708090a0b0c0d0e\0\0")};
	struct uid before = uid_new();
	struct uid id = before;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_false(uid_from_text(bad[i], &id));
	assert_true(uid_is(&id, &before));
}

static void fresh_ids_differ_in_every_byte(void **state)
{
	uint8_t seen[UID_BYTES] = {0};
	struct uid first = uid_new();

	(void)state;
	for (size_t i = 0; i < 100; i++) {
		struct uid id = uid_new();
		assert_false(uid_is(&id, &first));
		assert_false(uid_is_none(&id));
		for (size_t j = 0; j < UID_BYTES; j++)
			seen[j] |= id.b[j] ^ first.b[j];
	}
	for (size_t j = 0; j < UID_BYTES; j++)
		assert_int_equal(seen[j], 0xFF); /* each bit changed; by chance not: 2^-93 */
}

static void the_zero_id_is_none(void **state)
{
	struct uid none = {{0}};

	(void)state;
	assert_true(uid_is_none(&none));
	none.b[15] = 1;
	assert_false(uid_is_none(&none));
}

static void round_trip(struct prop *p)
{
	char text[UID_TEXT];
	struct uid id;
	struct uid back;

	for (size_t i = 0; i < UID_BYTES; i++)
		id.b[i] = (uint8_t)prop_u64(p);
	uid_to_text(&id, text);
	assert_int_equal(strlen(text), 32);
	assert_true(uid_from_text(view_of(text), &back));
	assert_true(uid_is(&id, &back));
}

static void every_id_survives_its_text(void **state)
{
	(void)state;
	prop_run("every_id_survives_its_text", 1000, round_trip);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_and_bytes_are_the_same_id),
		cmocka_unit_test(anything_but_32_hex_digits_is_refused),
		cmocka_unit_test(fresh_ids_differ_in_every_byte),
		cmocka_unit_test(the_zero_id_is_none),
		cmocka_unit_test(every_id_survives_its_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
