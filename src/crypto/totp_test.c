#include "unit.h"

#include "crypto/token.h"
#include "crypto/totp.h"

/* The secret of RFC 6238, appendix B. */
static const uint8_t secret[] = "12345678901234567890";

static void codes_of_the_standard_are_right_at_their_time(void **state)
{
	/* Its table has eight digits; six are the last six of them. */
	static const struct {
		int64_t time_s;
		const char *code;
	} rows[] = {{59, "287082"}, {1111111109, "081804"}, {1111111111, "050471"},
		{1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct view code = view_of(rows[i].code);
		int64_t ms = rows[i].time_s * 1000;
		int64_t step = 0;
		assert_true(totp_check(secret, code, ms, 0, &step));
		assert_int_equal(step, rows[i].time_s / 30);
		/* One step of tolerance each way, no more; not again after it was taken. */
		assert_true(totp_check(secret, code, ms + 30000, 0, &step));
		assert_false(totp_check(secret, code, ms + 60000, 0, &step));
		assert_false(totp_check(secret, code, ms, rows[i].time_s / 30, &step));
		if (rows[i].time_s > 90)
			assert_true(totp_check(secret, code, ms - 30000, 0, &step));
	}
}

static void other_texts_are_no_codes(void **state)
{
	static const char *const texts[] = {
		"", "28708", "2870820", "287083", "2 7082", "28708\xff"};
	int64_t step = 0;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		assert_false(totp_check(secret, view_of(texts[i]), 59000, 0, &step));
}

static void secrets_are_shown_as_apps_read_them(void **state)
{
	char text[TOTP_SECRET_TEXT];
	char uri[TOTP_URI_TEXT];

	(void)state;
	totp_secret_text(secret, text);
	assert_string_equal(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
	totp_uri(secret, VIEW("Kin ward"), VIEW("a&b@c"), uri);
	assert_string_equal(uri,
		"otpauth://totp/Kin%20ward:a%26b%40c?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
		"&issuer=Kin%20ward&algorithm=SHA1&digits=6&period=30");
	static char long_login[2000];
	memset(long_login, '%', sizeof long_login);
	totp_uri(secret, VIEW("Kinward"), (struct view){long_login, sizeof long_login}, uri);
	assert_true(strlen(uri) < sizeof uri);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_of_the_standard_are_right_at_their_time),
		cmocka_unit_test(other_texts_are_no_codes),
		cmocka_unit_test(secrets_are_shown_as_apps_read_them),
	};

	if (crypto_start(NULL) != RC_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
