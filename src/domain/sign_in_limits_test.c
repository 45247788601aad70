#include "unit.h"

#include "domain/sign_in_limits.h"

enum { ACCOUNT_MAX = 3, ADDRESS_MAX = 8, TOTAL_MAX = 100, WINDOW_S = 900 };

static struct sign_in_limits *fresh(void)
{
	static const struct sign_in_rules rules = {.account_max = ACCOUNT_MAX,
		.address_max = ADDRESS_MAX,
		.total_max = TOTAL_MAX,
		.window_s = WINDOW_S,
		.delay_max_s = SIGN_IN_DELAY_MAX_S};
	struct sign_in_limits *l = NULL;

	assert_int_equal(sign_in_limits_new(&rules, &l, NULL), RC_OK);
	return l;
}

static void delays_grow_after_the_limit_and_end(void **state)
{
	struct sign_in_limits *l = fresh();
	uint32_t wait_s = 0;
	int64_t now_ms = 1000000;
	uint32_t last_s = 0;

	(void)state;
	for (int i = 0; i < ACCOUNT_MAX; i++)
		assert_true(sign_in_limits_begin(
			l, VIEW("ann"), VIEW("10.0.0.1"), false, now_ms, &wait_s));
	for (int i = 0; i < 10; i++) {
		assert_false(sign_in_limits_begin(
			l, VIEW("ann"), VIEW("10.0.0.1"), false, now_ms, &wait_s));
		assert_true(wait_s >= 1 && wait_s <= SIGN_IN_DELAY_MAX_S);
		assert_true(wait_s >= last_s);
		last_s = wait_s;
		now_ms += (int64_t)wait_s * 1000;
		assert_true(sign_in_limits_begin(
			l, VIEW("ann"), VIEW("10.0.0.1"), false, now_ms, &wait_s));
	}
	sign_in_limits_free(l);
}

static void a_success_forgets_the_failures_of_its_network(void **state)
{
	struct sign_in_limits *l = fresh();
	uint32_t wait_s = 0;

	(void)state;
	for (int round = 0; round < 20; round++) {
		assert_true(sign_in_limits_begin(
			l, VIEW("ann"), VIEW("10.0.0.1"), false, 5000, &wait_s));
		sign_in_limits_succeeded(l, VIEW("ann"), VIEW("10.0.0.1"), 5000);
	}
	sign_in_limits_free(l);
}

static void one_network_may_not_try_many_logins(void **state)
{
	struct sign_in_limits *l = fresh();
	uint32_t wait_s = 0;
	char login[16];

	(void)state;
	for (int i = 0; i < ADDRESS_MAX; i++) {
		(void)snprintf(login, sizeof login, "user%d", i);
		assert_true(sign_in_limits_begin(
			l, view_of(login), VIEW("10.0.0.1"), false, 5000, &wait_s));
	}
	assert_false(
		sign_in_limits_begin(l, VIEW("another"), VIEW("10.0.0.1"), false, 5000, &wait_s));
	assert_true(
		sign_in_limits_begin(l, VIEW("another"), VIEW("10.0.0.2"), false, 5000, &wait_s));
	sign_in_limits_free(l);
}

static void many_networks_cannot_lock_out_a_known_one(void **state)
{
	struct sign_in_limits *l = fresh();
	uint32_t wait_s = 0;
	char network[32];
	bool is_held = false;

	(void)state;
	for (int i = 0; i < ACCOUNT_MAX * SIGN_IN_STRANGE_FACTOR + 5; i++) {
		(void)snprintf(network, sizeof network, "10.1.0.%d", i);
		is_held = !sign_in_limits_begin(
			l, VIEW("ann"), view_of(network), false, 5000, &wait_s);
	}
	assert_true(is_held);
	assert_true(sign_in_limits_begin(l, VIEW("ann"), VIEW("10.9.9.9"), true, 5000, &wait_s));
	sign_in_limits_free(l);
}

static void strangers_together_are_slowed_and_known_networks_are_not(void **state)
{
	struct sign_in_limits *l = fresh();
	uint32_t wait_s = 0;
	char who[32];

	(void)state;
	for (int i = 0; i < TOTAL_MAX; i++) {
		(void)snprintf(who, sizeof who, "10.1.%d.1", i);
		assert_true(
			sign_in_limits_begin(l, view_of(who), view_of(who), false, 5000, &wait_s));
	}
	assert_false(sign_in_limits_begin(l, VIEW("bob"), VIEW("10.2.0.1"), false, 5000, &wait_s));
	assert_int_equal(wait_s, 1);
	assert_true(sign_in_limits_begin(l, VIEW("ann"), VIEW("10.9.9.9"), true, 5000, &wait_s));
	assert_true(sign_in_limits_begin(l, VIEW("bob"), VIEW("10.2.0.1"), false, 6000, &wait_s));
	assert_false(sign_in_limits_begin(l, VIEW("cid"), VIEW("10.2.0.2"), false, 6000, &wait_s));
	struct sign_in_stats stats;
	sign_in_limits_read_stats(l, &stats);
	assert_int_equal(stats.limit_total, 2);
	sign_in_limits_free(l);
}

static void memory_is_bounded_and_the_window_ends(void **state)
{
	struct sign_in_limits *l = fresh();
	uint32_t wait_s = 0;
	char network[32];

	(void)state;
	for (int i = 0; i < SIGN_IN_SLOTS * 2; i++) {
		(void)snprintf(network, sizeof network, "n%d", i);
		(void)sign_in_limits_begin(l, VIEW("bob"), view_of(network), true, 5000, &wait_s);
	}
	for (int i = 0; i < ACCOUNT_MAX; i++)
		assert_true(sign_in_limits_begin(
			l, VIEW("ann"), VIEW("10.0.0.1"), false, 9000, &wait_s));
	assert_false(sign_in_limits_begin(l, VIEW("ann"), VIEW("10.0.0.1"), false, 9000, &wait_s));
	assert_true(sign_in_limits_begin(
		l, VIEW("ann"), VIEW("10.0.0.1"), false, 9001 + WINDOW_S * 1000, &wait_s));
	sign_in_limits_free(l);
}

static void ipv6_customers_are_counted_by_their_prefix(void **state)
{
	(void)state;
	assert_true(view_is(sign_in_network(VIEW("192.0.2.7")), VIEW("192.0.2.7")));
	assert_true(view_is(sign_in_network(VIEW("2001:db8:1:2:3:4:5:6")), VIEW("2001:db8:1:2")));
	assert_true(view_is(sign_in_network(VIEW("2001:db8::6")), VIEW("2001:db8")));
	assert_true(view_is(sign_in_network(VIEW("")), VIEW("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delays_grow_after_the_limit_and_end),
		cmocka_unit_test(a_success_forgets_the_failures_of_its_network),
		cmocka_unit_test(one_network_may_not_try_many_logins),
		cmocka_unit_test(many_networks_cannot_lock_out_a_known_one),
		cmocka_unit_test(strangers_together_are_slowed_and_known_networks_are_not),
		cmocka_unit_test(memory_is_bounded_and_the_window_ends),
		cmocka_unit_test(ipv6_customers_are_counted_by_their_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
