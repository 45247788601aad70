#include "unit.h"

#include <pthread.h>

#include "http/quota.h"
#include "http/rate.h"

static int new_rate(void **state)
{
	struct rate *r = NULL;

	assert_int_equal(rate_new(20, &r, NULL), RC_OK);
	*state = r;
	return 0;
}

static int free_rate(void **state)
{
	rate_free(*state);
	return 0;
}

/* How many of n requests at that moment are allowed. */
static int allowed(struct rate *r, enum rate_class c, struct view key, int64_t now_ms, int n)
{
	uint32_t wait_s;
	int yes = 0;

	for (int i = 0; i < n; i++)
		yes += rate_take(r, c, key, now_ms, &wait_s);
	return yes;
}

static void burst_then_refused_then_refilled(void **state)
{
	uint32_t wait_s = 0;

	assert_int_equal(allowed(*state, RATE_READ, VIEW("a"), 1000, 400), 300);
	assert_false(rate_take(*state, RATE_READ, VIEW("a"), 1000, &wait_s));
	assert_int_equal(wait_s, 1);
	assert_int_equal(allowed(*state, RATE_READ, VIEW("a"), 2000, 400), 20);
	assert_int_equal(allowed(*state, RATE_READ, VIEW("a"), 1000000, 400), 300);
}

static void keys_and_classes_do_not_share(void **state)
{
	assert_int_equal(allowed(*state, RATE_READ, VIEW("a"), 1000, 300), 300);
	assert_int_equal(allowed(*state, RATE_READ, VIEW("b"), 1000, 300), 300);
	assert_int_equal(allowed(*state, RATE_COMMAND, VIEW("a"), 1000, 300), 20);
	assert_int_equal(allowed(*state, RATE_CLAIM_CODE, VIEW("a"), 1000, 300), 10);
	assert_int_equal(allowed(*state, RATE_SIGN_IN, VIEW("a"), 1000, 300), 40);
	assert_int_equal(allowed(*state, RATE_HEAVY, VIEW("a"), 1000, 300), 10);
	assert_int_equal(allowed(*state, RATE_NONE, VIEW("a"), 1000, 5000), 5000);
}

static void waiting_time_is_enough(void **state)
{
	uint32_t wait_s = 0;

	assert_int_equal(allowed(*state, RATE_CLAIM_CODE, VIEW("a"), 0, 20), 10);
	assert_false(rate_take(*state, RATE_CLAIM_CODE, VIEW("a"), 0, &wait_s));
	assert_true(wait_s >= 2);
	assert_true(rate_take(*state, RATE_CLAIM_CODE, VIEW("a"), (int64_t)wait_s * 1000, &wait_s));
}

static void a_clock_that_goes_back_gives_nothing(void **state)
{
	assert_int_equal(allowed(*state, RATE_READ, VIEW("a"), 5000, 400), 300);
	assert_int_equal(allowed(*state, RATE_READ, VIEW("a"), 1000, 10), 0);
	assert_int_equal(allowed(*state, RATE_READ, VIEW("a"), 5000, 10), 0);
}

static void many_keys_do_not_grow_the_table(void **state)
{
	char key[16];
	int yes = 0;

	/* More keys than buckets: each is served, at worst with a fresh bucket. */
	for (uint32_t i = 0; i < 50000; i++) {
		memcpy(key, &i, sizeof i);
		yes += allowed(*state, RATE_READ, (struct view){.p = key, .n = 4}, i, 1);
	}
	assert_int_equal(yes, 50000);
}

struct taker {
	struct rate *rate;
	int yes;
};

static void *take_many(void *arg)
{
	struct taker *t = arg;

	t->yes = allowed(t->rate, RATE_READ, VIEW("a"), 1000, 1000);
	return NULL;
}

static void threads_share_one_bucket(void **state)
{
	struct taker takers[4];
	pthread_t threads[4];
	int yes = 0;

	for (size_t i = 0; i < COUNT_OF(takers); i++) {
		takers[i] = (struct taker){.rate = *state};
		assert_int_equal(pthread_create(&threads[i], NULL, take_many, &takers[i]), 0);
	}
	for (size_t i = 0; i < COUNT_OF(takers); i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		yes += takers[i].yes;
	}
	assert_int_equal(yes, 300);
}

static void classes_have_names(void **state)
{
	(void)state;
	for (int c = RATE_NONE; c < RATE_CLASS_COUNT; c++)
		assert_non_null(rate_class_name((enum rate_class)c));
	assert_null(rate_class_name(RATE_CLASS_COUNT));
}

static const uint8_t key_a[QUOTA_KEY] = "aaaaaaaaaaaaaaa";
static const uint8_t key_b[QUOTA_KEY] = "bbbbbbbbbbbbbbb";

static void quota_limits_each_key_and_all(void **state)
{
	struct quota *q = NULL;

	(void)state;
	assert_int_equal(quota_new(3, 2, &q, NULL), RC_OK);
	assert_int_equal(quota_take(q, key_a), RC_OK);
	assert_false(quota_is_full(q, key_a));
	assert_int_equal(quota_take(q, key_a), RC_OK);
	assert_true(quota_is_full(q, key_a));
	assert_int_equal(quota_take(q, key_a), RC_LIMIT);
	assert_int_equal(quota_take(q, key_b), RC_OK);
	assert_int_equal(quota_take(q, key_b), RC_DENIED);
	assert_int_equal(quota_count(q), 3);
	quota_give(q, key_a);
	assert_int_equal(quota_take(q, key_b), RC_OK);
	quota_give(q, key_a);
	quota_give(q, key_b);
	quota_give(q, key_b);
	quota_give(q, key_b); /* nothing left to give */
	assert_int_equal(quota_count(q), 0);
	quota_free(q);
}

static void quota_of_zero_is_no_limit(void **state)
{
	struct quota *q = NULL;

	(void)state;
	assert_int_equal(quota_new(0, 0, &q, NULL), RC_OK);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(quota_take(q, key_a), RC_OK);
	assert_false(quota_is_full(q, key_a));
	quota_free(q);
}

static void quota_tells_when_memory_is_out(void **state)
{
	struct quota *q = NULL;

	(void)state;
	alloc_fail_after(0);
	assert_int_equal(quota_new(0, 0, &q, NULL), RC_NOMEM);
	alloc_fail_after(-1);
	assert_int_equal(quota_new(0, 0, &q, NULL), RC_OK);
	alloc_fail_after(0);
	assert_int_equal(quota_take(q, key_a), RC_NOMEM);
	alloc_fail_after(-1);
	assert_int_equal(quota_count(q), 0);
	quota_free(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			burst_then_refused_then_refilled, new_rate, free_rate),
		cmocka_unit_test_setup_teardown(keys_and_classes_do_not_share, new_rate, free_rate),
		cmocka_unit_test_setup_teardown(waiting_time_is_enough, new_rate, free_rate),
		cmocka_unit_test_setup_teardown(
			a_clock_that_goes_back_gives_nothing, new_rate, free_rate),
		cmocka_unit_test_setup_teardown(
			many_keys_do_not_grow_the_table, new_rate, free_rate),
		cmocka_unit_test_setup_teardown(threads_share_one_bucket, new_rate, free_rate),
		cmocka_unit_test(classes_have_names),
		cmocka_unit_test(quota_limits_each_key_and_all),
		cmocka_unit_test(quota_of_zero_is_no_limit),
		cmocka_unit_test(quota_tells_when_memory_is_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
