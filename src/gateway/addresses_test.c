#include "gateway/addresses.h"

#include "unit.h"

static struct peer v4(uint32_t address)
{
	struct peer p = {.address = {[10] = 0xFF, [11] = 0xFF}};

	for (size_t i = 0; i < 4; i++)
		p.address[12 + i] = (uint8_t)(address >> (24 - 8 * i));
	return p;
}

static struct peer v6(uint64_t network, uint64_t host)
{
	struct peer p = {.port = 1};

	for (size_t i = 0; i < 8; i++) {
		p.address[i] = (uint8_t)(network >> (56 - 8 * i));
		p.address[8 + i] = (uint8_t)(host >> (56 - 8 * i));
	}
	return p;
}

static struct addresses *make(size_t max)
{
	struct addresses *a = NULL;

	assert_int_equal(addresses_new(max, UINT64_C(0x9E3779B97F4A7C15), &a, NULL), RC_OK);
	return a;
}

static void limit_holds_at_its_value_and_not_before(void **state)
{
	struct addresses *a = make(10);
	struct peer one = v4(0x7F000001);
	struct peer other = v4(0x7F000002);

	(void)state;
	assert_int_equal(addresses_add(a, &one, 2, NULL), RC_OK);
	assert_int_equal(addresses_add(a, &one, 2, NULL), RC_OK);
	assert_int_equal(addresses_add(a, &one, 2, NULL), RC_LIMIT);
	assert_int_equal(addresses_count(a, &one), 2);
	assert_int_equal(addresses_add(a, &other, 2, NULL), RC_OK);
	addresses_drop(a, &one);
	assert_int_equal(addresses_add(a, &one, 2, NULL), RC_OK);
	addresses_free(a);
}

static void limit_of_zero_takes_nobody(void **state)
{
	struct addresses *a = make(10);
	struct peer one = v4(1);

	(void)state;
	assert_int_equal(addresses_add(a, &one, 0, NULL), RC_LIMIT);
	assert_int_equal(addresses_count(a, &one), 0);
	addresses_free(a);
}

static void ipv6_counts_by_its_64_bit_network(void **state)
{
	struct addresses *a = make(10);
	struct peer one = v6(UINT64_C(0x20010DB800000001), 1);
	struct peer same_network = v6(UINT64_C(0x20010DB800000001), UINT64_MAX);
	struct peer other_network = v6(UINT64_C(0x20010DB800000002), 1);

	(void)state;
	assert_int_equal(addresses_add(a, &one, 1, NULL), RC_OK);
	assert_int_equal(addresses_add(a, &same_network, 1, NULL), RC_LIMIT);
	assert_int_equal(addresses_add(a, &other_network, 1, NULL), RC_OK);
	addresses_free(a);
}

static void ports_do_not_matter(void **state)
{
	struct addresses *a = make(10);
	struct peer one = v4(5);
	struct peer other_port = one;

	(void)state;
	other_port.port = 77;
	assert_int_equal(addresses_add(a, &one, 9, NULL), RC_OK);
	assert_int_equal(addresses_add(a, &other_port, 9, NULL), RC_OK);
	assert_int_equal(addresses_count(a, &one), 2);
	addresses_free(a);
}

/* Against a plain array: the closing up of runs must lose nobody. */
static void one_history(struct prop *p)
{
	enum { PEERS = 64, CONNECTIONS = 40 };
	struct addresses *a = make(CONNECTIONS);
	uint32_t counts[PEERS] = {0};
	uint32_t total = 0;

	for (unsigned step = 0; step < 2000; step++) {
		uint32_t i = (uint32_t)prop_below(p, PEERS);
		struct peer peer = i % 2 == 0 ? v4(i) : v6(i, prop_u64(p));
		if (prop_chance(p, 55) && total < CONNECTIONS) {
			assert_int_equal(addresses_add(a, &peer, UINT32_MAX, NULL), RC_OK);
			counts[i]++;
			total++;
		} else if (counts[i] > 0) {
			addresses_drop(a, &peer);
			counts[i]--;
			total--;
		}
	}
	for (uint32_t i = 0; i < PEERS; i++) {
		struct peer peer = i % 2 == 0 ? v4(i) : v6(i, 0);
		assert_int_equal(addresses_count(a, &peer), counts[i]);
	}
	addresses_free(a);
}

static void counts_stay_right_through_any_history(void **state)
{
	(void)state;
	prop_run("counts_stay_right_through_any_history", 200, one_history);
}

static void table_without_memory_is_not_made(void **state)
{
	struct addresses *a = NULL;

	(void)state;
	for (long successes = 0; successes < 2; successes++) {
		alloc_fail_after(successes);
		assert_int_equal(addresses_new(100, 1, &a, NULL), RC_NOMEM);
		assert_null(a);
	}
	addresses_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limit_holds_at_its_value_and_not_before),
		cmocka_unit_test(limit_of_zero_takes_nobody),
		cmocka_unit_test(ipv6_counts_by_its_64_bit_network),
		cmocka_unit_test(ports_do_not_matter),
		cmocka_unit_test(counts_stay_right_through_any_history),
		cmocka_unit_test(table_without_memory_is_not_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
