#include "unit.h"

#include <liboath/oath.h>

#include "domain/second_factor.h"
#include "domain/step_up.h"
#include "domain/web_session.h"
#include "house.h"

struct person {
	struct sign_in_result in;
	struct principal who;
	uint8_t secret[TOTP_SECRET_BYTES];
	struct recovery_codes codes;
};

static void refresh(struct house *h, struct person *a)
{
	assert_true(web_session_check(&h->d, view_of(a->in.token), &a->who));
}

/* The code of `steps` later than now. */
static struct view code_at(const struct person *a, int steps, char text[TOTP_DIGITS + 1])
{
	uint64_t step = (uint64_t)(test_now_ms / 30000 + steps);

	assert_int_equal(oath_hotp_generate((const char *)a->secret, TOTP_SECRET_BYTES, step, 6,
				 false, OATH_HOTP_DYNAMIC_TRUNCATION, text),
		OATH_OK);
	return (struct view){.p = text, .n = TOTP_DIGITS};
}

static void read_secret(struct person *a, const char *base32)
{
	char *bytes = NULL;
	size_t n = 0;

	assert_int_equal(oath_base32_decode(base32, strlen(base32), &bytes, &n), OATH_OK);
	assert_int_equal(n, TOTP_SECRET_BYTES);
	memcpy(a->secret, bytes, n);
	free(bytes);
}

static void enter(struct house *h, struct person *a)
{
	struct problem p = {0};

	assert_int_equal(set_up(h, &a->in, &p), RC_OK);
	refresh(h, a);
}

static void turn_on(struct house *h, struct person *a)
{
	struct totp_offer offer;
	struct problem p = {0};
	char text[TOTP_DIGITS + 1];

	assert_int_equal(totp_offer(&h->d, h->reader, &a->who, &offer, &p, NULL), RC_OK);
	read_secret(a, offer.secret);
	assert_int_equal(
		totp_confirm(&h->d, h->reader, &a->who, code_at(a, -1, text), &a->codes, &p, NULL),
		RC_OK);
	refresh(h, a);
}

static enum rc sign_in_with_code(
	struct house *h, struct view code, struct sign_in_result *ret, struct problem *p)
{
	const struct sign_in_request r = {
		.login = VIEW("ann@example.org"), .password = view_of(good_password), .code = code};

	return account_sign_in(&h->d, h->reader, &r, &home, ret, p, NULL);
}

static void an_app_counts_from_its_first_right_code_on(void **state)
{
	struct house *h = *state;
	struct person a;
	struct totp_offer offer;
	struct problem p = {0};
	char text[TOTP_DIGITS + 1];

	enter(h, &a);
	assert_int_equal(totp_confirm(&h->d, h->reader, &a.who, VIEW("123456"), &a.codes, &p, NULL),
		RC_CONFLICT);
	assert_string_equal(p.code, "totp_off");
	assert_int_equal(totp_offer(&h->d, h->reader, &a.who, &offer, &p, NULL), RC_OK);
	read_secret(&a, offer.secret);
	struct view code = code_at(&a, 0, text);
	text[5] = text[5] == '0' ? '1' : '0';
	assert_int_equal(
		totp_confirm(&h->d, h->reader, &a.who, code, &a.codes, &p, NULL), RC_DENIED);
	assert_string_equal(p.code, "code_wrong");
	refresh(h, &a);
	assert_false(a.who.has_second_factor);
	turn_on(h, &a);
	assert_true(a.who.has_second_factor);
	assert_int_equal(a.who.stepped_up_ms, test_now_ms);
	assert_int_equal(totp_offer(&h->d, h->reader, &a.who, &offer, &p, NULL), RC_CONFLICT);
	assert_string_equal(p.code, "totp_on");
}

static void the_right_password_is_not_enough_any_more(void **state)
{
	struct house *h = *state;
	struct person a;
	struct sign_in_result in;
	struct problem p = {0};
	struct principal who;
	char text[TOTP_DIGITS + 1];

	enter(h, &a);
	turn_on(h, &a);
	assert_int_equal(sign_in_with_code(h, (struct view){NULL, 0}, &in, &p), RC_DENIED);
	assert_string_equal(p.code, "code_needed");
	assert_int_equal(sign_in_with_code(h, code_at(&a, 2, text), &in, &p), RC_DENIED);
	assert_string_equal(p.code, "code_wrong");
	assert_int_equal(sign_in_with_code(h, code_at(&a, 0, text), &in, &p), RC_OK);
	assert_true(web_session_check(&h->d, view_of(in.token), &who));
	assert_int_equal(who.stepped_up_ms, test_now_ms);
	/* Not a second time, although it is still its time. */
	assert_int_equal(sign_in_with_code(h, code_at(&a, 0, text), &in, &p), RC_DENIED);
	assert_int_equal(sign_in_with_code(h, code_at(&a, -1, text), &in, &p), RC_DENIED);
	assert_string_equal(p.code, "code_wrong");
}

static void recovery_codes_work_once_each_however_they_are_typed(void **state)
{
	struct house *h = *state;
	struct person a;
	struct sign_in_result in;
	struct problem p = {0};
	struct security_info s;
	char typed[RECOVERY_CODE_TEXT * 2];

	enter(h, &a);
	turn_on(h, &a);
	for (size_t i = 0; i < RECOVERY_CODES; i++) {
		size_t n = 0;
		for (const char *c = a.codes.text[i]; *c != '\0'; c++)
			typed[n++] = i % 2 == 0 ? *c : *c == '-' ? ' ' : ascii_upper(*c);
		test_now_ms += 3600 * 1000;
		assert_int_equal(sign_in_with_code(h, (struct view){typed, n}, &in, &p), RC_OK);
		assert_int_equal(sign_in_with_code(h, (struct view){typed, n}, &in, &p), RC_DENIED);
	}
	assert_int_equal(security_get(h->reader, &a.who.account, test_now_ms, &s, NULL), RC_OK);
	assert_int_equal(s.recovery_codes_left, 0);
	assert_int_equal(recovery_codes_new(&h->d, &a.who, &a.codes, &p, NULL), RC_OK);
	assert_int_equal(security_get(h->reader, &a.who.account, test_now_ms, &s, NULL), RC_OK);
	assert_int_equal(s.recovery_codes_left, RECOVERY_CODES);
	assert_int_equal(sign_in_with_code(h, (struct view){typed, 14}, &in, &p), RC_DENIED);
}

static void codes_cannot_be_guessed(void **state)
{
	struct house *h = *state;
	struct person a;
	struct problem p = {0};
	char guess[TOTP_DIGITS + 1];
	unsigned tried = 0;
	const int64_t day_ms = INT64_C(24) * 3600 * 1000;
	int64_t end_ms = 0;

	enter(h, &a);
	turn_on(h, &a);
	end_ms = test_now_ms + day_ms;
	while (test_now_ms < end_ms) {
		(void)snprintf(guess, sizeof guess, "%06u", tried % 1000000);
		enum rc rc = second_factor_check(
			&h->d, &a.who.account, view_of(guess), &home, false, &p, NULL);
		if (rc == RC_LIMIT)
			test_now_ms += (int64_t)p.retry_after_s * 1000;
		else
			tried++;
	}
	/* 60 s at most between two in this house; three codes of a million are right at a time. */
	assert_in_range(tried, 100, 24 * 60 + 20);
}

static void a_step_up_lives_five_minutes_and_survives_a_restart(void **state)
{
	struct house *h = *state;
	struct person a;
	struct problem p = {0};
	char text[TOTP_DIGITS + 1];

	enter(h, &a);
	assert_int_equal(
		step_up_with_code(&h->d, h->reader, &a.who, VIEW("123456"), &home, &p, NULL),
		RC_DENIED);
	assert_string_equal(p.code, "second_factor_missing");
	turn_on(h, &a);
	test_now_ms += STEP_UP_LIFE_MS + 1;
	refresh(h, &a);
	assert_int_equal(security_guard_step_up(&h->d, &a.who, &p), RC_DENIED);
	assert_string_equal(p.code, "step_up_needed");
	uint64_t before = web_session_generation(&h->d);
	assert_int_equal(
		step_up_with_code(&h->d, h->reader, &a.who, code_at(&a, 0, text), &home, &p, NULL),
		RC_OK);
	assert_true(web_session_generation(&h->d) != before);
	refresh(h, &a);
	assert_int_equal(security_guard_step_up(&h->d, &a.who, &p), RC_OK);
	close_house(h);
	open_house(h);
	refresh(h, &a);
	test_now_ms += STEP_UP_LIFE_MS;
	assert_int_equal(security_guard_step_up(&h->d, &a.who, &p), RC_OK);
	test_now_ms += 1;
	assert_int_equal(security_guard_step_up(&h->d, &a.who, &p), RC_DENIED);
}

static void a_step_up_of_one_session_is_none_of_another(void **state)
{
	struct house *h = *state;
	struct person a;
	struct person b;
	struct problem p = {0};
	char text[TOTP_DIGITS + 1];

	enter(h, &a);
	assert_int_equal(sign_in(h, "ann@example.org", good_password, &b.in, &p), RC_OK);
	turn_on(h, &a);
	refresh(h, &b);
	assert_true(b.who.has_second_factor);
	assert_int_equal(b.who.stepped_up_ms, 0);
	assert_int_equal(security_guard_step_up(&h->d, &b.who, &p), RC_DENIED);
	memcpy(b.secret, a.secret, sizeof b.secret);
	assert_int_equal(
		step_up_with_code(&h->d, h->reader, &b.who, code_at(&b, 0, text), &home, &p, NULL),
		RC_OK);
	refresh(h, &b);
	assert_int_equal(b.who.stepped_up_ms, test_now_ms);
}

static void changes_of_the_protection_need_the_password_or_a_fresh_proof(void **state)
{
	struct house *h = *state;
	struct person a;
	struct problem p = {0};
	struct view none = {NULL, 0};

	enter(h, &a);
	assert_int_equal(
		security_guard(&h->d, h->reader, &a.who, none, &home, &p, NULL), RC_DENIED);
	assert_string_equal(p.code, "password_needed");
	assert_int_equal(
		security_guard(&h->d, h->reader, &a.who, VIEW("wrong one"), &home, &p, NULL),
		RC_DENIED);
	assert_string_equal(p.code, "password_wrong");
	assert_int_equal(
		security_guard(&h->d, h->reader, &a.who, view_of(good_password), &home, &p, NULL),
		RC_OK);
	turn_on(h, &a);
	test_now_ms += STEP_UP_LIFE_MS + 1;
	/* The password alone is not enough any more. */
	assert_int_equal(
		security_guard(&h->d, h->reader, &a.who, view_of(good_password), &home, &p, NULL),
		RC_DENIED);
	assert_string_equal(p.code, "step_up_needed");
}

static void removing_the_app_takes_the_recovery_codes_along(void **state)
{
	struct house *h = *state;
	struct person a;
	struct sign_in_result in;
	struct problem p = {0};

	enter(h, &a);
	turn_on(h, &a);
	assert_int_equal(totp_remove(&h->d, h->reader, &a.who, &p, NULL), RC_OK);
	assert_int_equal(house_query(h, "SELECT COUNT(*) FROM recovery_code"), 0);
	refresh(h, &a);
	assert_false(a.who.has_second_factor);
	assert_int_equal(totp_remove(&h->d, h->reader, &a.who, &p, NULL), RC_CONFLICT);
	assert_int_equal(recovery_codes_new(&h->d, &a.who, &a.codes, &p, NULL), RC_CONFLICT);
	assert_int_equal(sign_in(h, "ann@example.org", good_password, &in, &p), RC_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, build, demolish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_app_counts_from_its_first_right_code_on),
		TEST(the_right_password_is_not_enough_any_more),
		TEST(recovery_codes_work_once_each_however_they_are_typed),
		TEST(codes_cannot_be_guessed),
		TEST(a_step_up_lives_five_minutes_and_survives_a_restart),
		TEST(a_step_up_of_one_session_is_none_of_another),
		TEST(changes_of_the_protection_need_the_password_or_a_fresh_proof),
		TEST(removing_the_app_takes_the_recovery_codes_along),
	};

	if (crypto_start(NULL) != RC_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
