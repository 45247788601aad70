#include "courier/resolve.h"

#include "unit.h"

static const char hosts[] = "# comment\n"
			    "192.0.2.1 one.example two.example\n"
			    "  192.0.2.2\ttwo.example # and\n"
			    "2001:db8::1 two.example\n"
			    "not-an-address two.example\n"
			    "192.0.2.3 # two.example\n"
			    "192.0.2.1 two.example\n"
			    "192.0.2.9 longer-two.example two.example.org";

static size_t count_of(struct view text, const char *name, struct addresses *ret)
{
	resolve_in_text(text, view_of(name), ret);
	return ret->n;
}

static void names_have_all_their_addresses_once(void **state)
{
	struct view text = {.p = hosts, .n = sizeof hosts - 1};
	struct addresses found;
	char address[ADDRESS_CHARS];

	(void)state;
	assert_int_equal(count_of(text, "one.example", &found), 1);
	assert_int_equal(count_of(text, "TWO.example", &found), 3);
	address_to_text(&found.items[2], address);
	assert_string_equal(address, "2001:db8::1");
	assert_int_equal(count_of(text, "three.example", &found), 0);
	assert_int_equal(count_of(text, "two.example.org", &found), 1);
	assert_int_equal(count_of(text, "example", &found), 0);
	assert_int_equal(count_of(VIEW(""), "one.example", &found), 0);
	assert_int_equal(count_of((struct view){0}, "one.example", &found), 0);
}

static void more_addresses_than_are_called_are_cut(void **state)
{
	char text[4096];
	size_t n = 0;
	struct addresses found;

	(void)state;
	for (int i = 0; i < RESOLVE_MAX + 5; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "192.0.2.%d many.example\n", i);
	assert_int_equal(
		count_of((struct view){.p = text, .n = n}, "many.example", &found), RESOLVE_MAX);
}

static void address_is_itself_and_nobody_is_asked(void **state)
{
	struct addresses found;

	(void)state;
	resolve_host(VIEW("192.0.2.7"), -1, &found);
	assert_int_equal(found.n, 1);
	resolve_host(VIEW("2001:db8::7"), -1, &found);
	assert_int_equal(found.n, 1);
	resolve_host(VIEW(""), -1, &found);
	assert_int_equal(found.n, 0);
}

static void any_text_is_read_without_harm(struct prop *p)
{
	char text[300];
	struct addresses found;
	size_t n = prop_bytes(p, text, sizeof text, "192.0:ab \t\n#x", 13);

	resolve_in_text((struct view){.p = text, .n = n}, VIEW("x"), &found);
	assert_true(found.n <= RESOLVE_MAX);
}

static void texts_of_chance(void **state)
{
	(void)state;
	prop_run("texts_of_chance", 20000, any_text_is_read_without_harm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_have_all_their_addresses_once),
		cmocka_unit_test(more_addresses_than_are_called_are_cut),
		cmocka_unit_test(address_is_itself_and_nobody_is_asked),
		cmocka_unit_test(texts_of_chance),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
