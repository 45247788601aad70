#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/address.h"

static struct address addr(const char *text)
{
	struct address a = {0};

	assert_true(address_from_text(view_of(text), &a));
	return a;
}

static void texts_are_read_and_written_back(void **state)
{
	static const char *const texts[] = {
		"127.0.0.1", "255.255.255.255", "::1", "2001:db8::7", "::"};
	char text[ADDRESS_CHARS];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct address a = addr(texts[i]);
		address_to_text(&a, text);
		assert_string_equal(text, texts[i]);
	}
}

static void bad_texts_are_refused(void **state)
{
	static const char *const texts[] = {"", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4",
		"1.2.3.4 ", " 1.2.3.4", "::g", "host", "1.2.3.4:80", "[::1]", "0x7f.1"};
	struct address a;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		if (address_from_text(view_of(texts[i]), &a))
			fail_msg("taken: %s", texts[i]);
	}
}

static void a_socket_address_is_the_same_as_its_text(void **state)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7F000001)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr other = {.sa_family = AF_UNIX};
	struct address a;
	struct address local = addr("127.0.0.1");
	struct address local6 = addr("::1");

	(void)state;
	assert_true(address_from_socket((const struct sockaddr *)(const void *)&v4, &a));
	assert_memory_equal(&a, &local, sizeof a);
	assert_true(address_from_socket((const struct sockaddr *)(const void *)&v6, &a));
	assert_memory_equal(&a, &local6, sizeof a);
	assert_false(address_from_socket(&other, &a));
	assert_false(address_from_socket(NULL, &a));
}

static void a_mapped_address_is_the_v4_address(void **state)
{
	struct address a = addr("::ffff:10.1.2.3");
	struct address b = addr("10.1.2.3");

	(void)state;
	assert_memory_equal(&a, &b, sizeof a);
}

static void prefixes_hold_what_they_should(void **state)
{
	struct prefixes p;
	static const struct {
		const char *address;
		bool is_held;
	} cases[] = {
		{"127.0.0.1", true},
		{"127.0.0.2", false},
		{"10.9.8.7", true},
		{"11.0.0.0", false},
		{"192.168.4.255", true},
		{"192.168.8.0", false},
		{"::1", true},
		{"::2", false},
		{"2001:db8:ffff::1", true},
		{"2001:db9::1", false},
		{"::ffff:127.0.0.1", true},
	};

	(void)state;
	assert_int_equal(
		prefixes_read(
			VIEW("127.0.0.1, 10.0.0.0/8 192.168.0.0/21,::1,2001:db8::/32"), &p, NULL),
		RC_OK);
	assert_int_equal(p.n, 5);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct address a = addr(cases[i].address);
		if (prefixes_hold(&p, &a) != cases[i].is_held)
			fail_msg("%s", cases[i].address);
	}
}

static void an_empty_list_holds_nothing(void **state)
{
	struct prefixes p;
	struct address a = addr("0.0.0.0");

	(void)state;
	assert_int_equal(prefixes_read((struct view){0}, &p, NULL), RC_OK);
	assert_false(prefixes_hold(&p, &a));
	assert_int_equal(prefixes_read(VIEW(" , "), &p, NULL), RC_OK);
	assert_int_equal(p.n, 0);
}

static void bad_prefixes_are_refused(void **state)
{
	static const char *const texts[] = {
		"x", "1.2.3.4/33", "::1/129", "1.2.3.4/", "1.2.3.4/-1", "1.2.3.4/8/8", "/8"};
	struct prefixes p;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		if (prefixes_read(view_of(texts[i]), &p, NULL) == RC_OK)
			fail_msg("taken: %s", texts[i]);
	}
	char many[(PREFIXES_MAX + 1) * 4 + 1] = "";
	for (size_t i = 0; i <= PREFIXES_MAX; i++)
		memcpy(many + i * 4, "::1,", 5);
	assert_int_equal(prefixes_read(view_of(many), &p, NULL), RC_LIMIT);
}

static void only_trusted_proxies_are_believed(void **state)
{
	static const struct {
		const char *peer, *forwarded, *client;
	} cases[] = {
		{"9.9.9.9", "1.1.1.1", "9.9.9.9"},
		{"127.0.0.1", "1.1.1.1", "1.1.1.1"},
		{"127.0.0.1", "6.6.6.6, 1.1.1.1",
			"1.1.1.1"}, /* the rest is the client's invention */
		{"127.0.0.1", "6.6.6.6, 1.1.1.1, 10.0.0.5", "1.1.1.1"},
		{"127.0.0.1", "10.0.0.7, 10.0.0.5", "10.0.0.7"},
		{"127.0.0.1", "", "127.0.0.1"},
		{"127.0.0.1", "1.1.1.1, rubbish", "127.0.0.1"},
		{"127.0.0.1", "rubbish, 1.1.1.1", "1.1.1.1"},
		{"127.0.0.1", ",,", "127.0.0.1"},
		{"127.0.0.1", "2001:db8::9", "2001:db8::9"},
	};
	struct prefixes trusted;
	char text[ADDRESS_CHARS];

	(void)state;
	assert_int_equal(prefixes_read(VIEW("127.0.0.1 10.0.0.0/8"), &trusted, NULL), RC_OK);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct address peer = addr(cases[i].peer);
		struct address a = address_of_client(&peer, &trusted, view_of(cases[i].forwarded));
		address_to_text(&a, text);
		if (strcmp(text, cases[i].client) != 0)
			fail_msg("case %zu: %s", i, text);
	}
}

static void limits_count_an_ipv6_household_as_one(void **state)
{
	struct address a = addr("2001:db8:1:2:3:4:5:6");
	struct address b = addr("2001:db8:1:2:ffff::1");
	struct address c = addr("2001:db8:1:3::1");
	struct address v4 = addr("1.2.3.4");

	(void)state;
	a = address_network(&a);
	b = address_network(&b);
	c = address_network(&c);
	assert_memory_equal(&a, &b, sizeof a);
	assert_memory_not_equal(&a, &c, sizeof a);
	struct address same = address_network(&v4);
	assert_memory_equal(&same, &v4, sizeof v4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_read_and_written_back),
		cmocka_unit_test(bad_texts_are_refused),
		cmocka_unit_test(a_socket_address_is_the_same_as_its_text),
		cmocka_unit_test(a_mapped_address_is_the_v4_address),
		cmocka_unit_test(prefixes_hold_what_they_should),
		cmocka_unit_test(an_empty_list_holds_nothing),
		cmocka_unit_test(bad_prefixes_are_refused),
		cmocka_unit_test(only_trusted_proxies_are_believed),
		cmocka_unit_test(limits_count_an_ipv6_household_as_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
