#include "http/tar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

static void a_header_says_name_size_and_time(void **state)
{
	uint8_t h[TAR_BLOCK];
	unsigned sum = 0;

	(void)state;
	tar_write_header("voices/a.amr", 01234567, 1795000000, h);
	assert_string_equal((const char *)h, "voices/a.amr");
	assert_string_equal((const char *)h + 100, "0000600");
	assert_string_equal((const char *)h + 124, "00001234567");
	assert_memory_equal(h + 257, "ustar\00000", 8);
	assert_int_equal(h[156], '0');
	assert_int_equal(strtol((const char *)h + 136, NULL, 8), 1795000000);
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += i >= 148 && i < 156 ? ' ' : h[i];
	assert_int_equal(strtol((const char *)h + 148, NULL, 8), sum);
}

static void a_long_name_is_cut(void **state)
{
	char name[200];
	uint8_t h[TAR_BLOCK];

	(void)state;
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	tar_write_header(name, 0, -5, h);
	assert_int_equal(strlen((const char *)h), TAR_NAME_MAX);
	assert_string_equal((const char *)h + 136, "00000000000");
}

static void contents_are_filled_up_to_whole_blocks(void **state)
{
	(void)state;
	assert_int_equal(tar_padding(0), 0);
	assert_int_equal(tar_padding(1), 511);
	assert_int_equal(tar_padding(511), 1);
	assert_int_equal(tar_padding(512), 0);
	assert_int_equal(tar_padding(513), 511);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_says_name_size_and_time),
		cmocka_unit_test(a_long_name_is_cut),
		cmocka_unit_test(contents_are_filled_up_to_whole_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
