#include "unit.h"

#include "base/utf8.h"

struct row {
	struct view text;
	uint32_t c;
};

static void well_formed_sequences_are_read(void **state)
{
	static const struct row rows[] = {
		{VIEW("\0"), 0},
		{VIEW("a"), 'a'},
		{VIEW("\x7F"), 0x7F},
		{VIEW("\xC2\x80"), 0x80},
		{VIEW("\xDF\xBF"), 0x7FF},
		{VIEW("\xE0\xA0\x80"), 0x800},
		{VIEW("\xED\x9F\xBF"), 0xD7FF},
		{VIEW("\xEE\x80\x80"), 0xE000},
		{VIEW("\xEF\xBF\xBF"), 0xFFFF},
		{VIEW("\xF0\x90\x80\x80"), 0x10000},
		{VIEW("\xF4\x8F\xBF\xBF"), 0x10FFFF},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct view in = rows[i].text;
		uint32_t c = 0;
		assert_true(utf8_next(&in, &c));
		assert_int_equal(c, rows[i].c);
		assert_int_equal(in.n, 0);
		assert_ptr_equal(in.p, rows[i].text.p + rows[i].text.n);
	}
}

static void other_bytes_are_refused_and_not_moved(void **state)
{
	static const struct view bad[] = {VIEW(""), VIEW("\x80"), VIEW("\xBF"), VIEW("\xC0\x80"),
		VIEW("\xC1\xBF"), VIEW("\xC2"), VIEW("\xC2x"), VIEW("\xE0\x9F\xBF"),
		VIEW("\xE1\x80"), VIEW("\xED\xA0\x80"), VIEW("\xED\xBF\xBF"),
		VIEW("\xF0\x8F\xBF\xBF"), VIEW("\xF0\x90\x80"), VIEW("\xF4\x90\x80\x80"),
		VIEW("\xF5\x80\x80\x80"), VIEW("\xFF"), VIEW("\xFE")};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct view in = bad[i];
		uint32_t c = 7;
		assert_false(utf8_next(&in, &c));
		assert_int_equal(c, 7);
		assert_int_equal(in.n, bad[i].n);
	}
}

/* Writes a character as RFC 3629 draws it. */
static size_t write_char(uint32_t c, char *p)
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n - 1; i > 0; i--) {
		p[i] = (char)(0x80 | (c & 0x3F));
		c >>= 6;
	}
	p[0] = (char)(n == 1 ? c : (0xF00u >> n & 0xF0u) | c);
	return n;
}

static void every_character_survives(void **state)
{
	(void)state;
	for (uint32_t c = 0; c <= 0x10FFFF; c++) {
		char buf[4];
		uint32_t back = 0;
		struct view in = {.p = buf, .n = write_char(c, buf)};
		bool is_surrogate = c >= 0xD800 && c <= 0xDFFF;
		assert_int_equal(utf8_next(&in, &back), !is_surrogate);
		if (!is_surrogate)
			assert_int_equal(back, c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(well_formed_sequences_are_read),
		cmocka_unit_test(other_bytes_are_refused_and_not_moved),
		cmocka_unit_test(every_character_survives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
