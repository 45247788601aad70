#include "unit.h"

#include "crypto/base64url.h"
#include "crypto/token.h"

static void what_is_written_can_be_read(struct prop *p)
{
	uint8_t bytes[100] = {0};
	uint8_t back[100];
	char text[BASE64URL_TEXT(100)];
	size_t n = prop_bytes(p, (char *)bytes, sizeof bytes, NULL, 0);
	size_t back_n = 0;

	base64url_write(bytes, n, text, sizeof text);
	assert_true(base64url_read(view_of(text), back, sizeof back, &back_n));
	assert_int_equal(back_n, n);
	assert_memory_equal(back, bytes, n);
	if (n > 0)
		assert_false(base64url_read(view_of(text), back, n - 1, &back_n));
}

static void texts_and_bytes_go_round(void **state)
{
	(void)state;
	prop_run("what_is_written_can_be_read", 500, what_is_written_can_be_read);
}

static void other_forms_are_refused(void **state)
{
	static const char *const texts[] = {"YQ==", "YQ=", "Y", "YR", "Y Q", "Y+/_", "YQ\n", "é"};
	uint8_t bytes[8];
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		if (base64url_read(view_of(texts[i]), bytes, sizeof bytes, &n))
			fail_msg("%s was taken", texts[i]);
	}
	assert_true(base64url_read(VIEW("YQ"), bytes, sizeof bytes, &n));
	assert_int_equal(n, 1);
	assert_int_equal(bytes[0], 'a');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_and_bytes_go_round),
		cmocka_unit_test(other_forms_are_refused),
	};

	if (crypto_start(NULL) != RC_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
