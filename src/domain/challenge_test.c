#include "unit.h"

#include "crypto/token.h"
#include "domain/challenge.h"

static const struct uid nobody = {{0}};
static const struct uid session = {{1}};
static const int64_t now = 1700000000000;

static int build(void **state)
{
	struct challenges *c = NULL;

	assert_int_equal(challenges_new(&c, NULL), RC_OK);
	*state = c;
	return 0;
}

static int demolish(void **state)
{
	challenges_free(*state);
	return 0;
}

static void a_challenge_is_found_for_its_purpose_and_session_only(void **state)
{
	char id[CHALLENGE_ID_TEXT];
	uint8_t made[WEBAUTHN_CHALLENGE_BYTES];
	uint8_t found[WEBAUTHN_CHALLENGE_BYTES];

	challenge_make(*state, CHALLENGE_STEP_UP, &session, now, id, made);
	assert_true(challenge_find(*state, view_of(id), CHALLENGE_STEP_UP, &session, now, found));
	assert_memory_equal(made, found, sizeof made);
	assert_true(challenge_find(*state, view_of(id), CHALLENGE_SIGN_IN, &session, now, found));
	assert_memory_not_equal(made, found, sizeof made);
	assert_true(challenge_find(*state, view_of(id), CHALLENGE_STEP_UP, &nobody, now, found));
	assert_memory_not_equal(made, found, sizeof made);
	struct challenges *other = NULL;
	assert_int_equal(challenges_new(&other, NULL), RC_OK);
	assert_true(challenge_find(other, view_of(id), CHALLENGE_STEP_UP, &session, now, found));
	assert_memory_not_equal(made, found, sizeof made);
	challenges_free(other);
}

static void a_challenge_lives_two_minutes(void **state)
{
	char id[CHALLENGE_ID_TEXT];
	uint8_t c[WEBAUTHN_CHALLENGE_BYTES];
	int64_t last = now + CHALLENGE_LIFE_MS - 1;

	challenge_make(*state, CHALLENGE_SIGN_IN, &nobody, now, id, c);
	assert_true(challenge_find(*state, view_of(id), CHALLENGE_SIGN_IN, &nobody, last, c));
	assert_false(challenge_find(*state, view_of(id), CHALLENGE_SIGN_IN, &nobody, last + 1, c));
	assert_false(challenge_find(*state, view_of(id), CHALLENGE_SIGN_IN, &nobody, now - 1, c));
	assert_false(challenge_find(*state, VIEW(""), CHALLENGE_SIGN_IN, &nobody, now, c));
	id[3] = '!';
	assert_false(challenge_find(*state, view_of(id), CHALLENGE_SIGN_IN, &nobody, now, c));
}

static void a_challenge_is_used_once(void **state)
{
	char id[CHALLENGE_ID_TEXT];
	uint8_t c[WEBAUTHN_CHALLENGE_BYTES];

	challenge_make(*state, CHALLENGE_SIGN_IN, &nobody, now, id, c);
	assert_int_equal(challenge_use(*state, view_of(id), now), RC_OK);
	assert_int_equal(challenge_use(*state, view_of(id), now), RC_DENIED);
	assert_int_equal(
		challenge_use(*state, view_of(id), now + CHALLENGE_LIFE_MS - 1), RC_DENIED);
	assert_int_equal(challenge_use(*state, VIEW("nonsense"), now), RC_DENIED);
}

static void a_full_table_refuses_until_the_old_ones_are_over(void **state)
{
	char id[CHALLENGE_ID_TEXT];
	uint8_t c[WEBAUTHN_CHALLENGE_BYTES];

	for (int i = 0; i < CHALLENGES_USED_MAX; i++) {
		challenge_make(*state, CHALLENGE_SIGN_IN, &nobody, now, id, c);
		assert_int_equal(challenge_use(*state, view_of(id), now), RC_OK);
	}
	challenge_make(*state, CHALLENGE_SIGN_IN, &nobody, now + 1, id, c);
	assert_int_equal(challenge_use(*state, view_of(id), now + 1), RC_LIMIT);
	assert_int_equal(challenge_use(*state, view_of(id), now + CHALLENGE_LIFE_MS), RC_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_challenge_is_found_for_its_purpose_and_session_only, build, demolish),
		cmocka_unit_test_setup_teardown(a_challenge_lives_two_minutes, build, demolish),
		cmocka_unit_test_setup_teardown(a_challenge_is_used_once, build, demolish),
		cmocka_unit_test_setup_teardown(
			a_full_table_refuses_until_the_old_ones_are_over, build, demolish),
	};

	if (crypto_start(NULL) != RC_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
