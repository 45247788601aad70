#include "courier/callable.h"

#include "unit.h"

#include <stdio.h>

static bool is_public(const char *text)
{
	struct address a;

	if (!address_from_text(view_of(text), &a))
		fail_msg("no address: %s", text);
	return address_is_public(&a);
}

static void addresses_are_judged_as_the_registries_say(void **state)
{
	const char *source = secure_getenv("KINWARD_SOURCE_DIR");
	char path[512];
	char line[256];
	unsigned n = 0;

	(void)state;
	(void)snprintf(path, sizeof path, "%s/src/courier/vectors/addresses.txt",
		source == NULL ? "." : source);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL) {
		char *blank = strchr(line, ' ');
		if (line[0] == '#')
			continue;
		assert_non_null(blank);
		*blank = '\0';
		if (is_public(line) != (blank[1] == '1'))
			fail_msg("%s is%s public", line, blank[1] == '1' ? "" : " not");
		n++;
	}
	assert_int_equal(fclose(f), 0);
	assert_true(n > 500);
}

static void forms_that_carry_a_private_address_are_refused(void **state)
{
	static const char *const texts[] = {"::ffff:127.0.0.1", "::ffff:10.0.0.1",
		"::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::7f00:1",
		"2002:7f00:1::1", "2002:a9fe:a9fe::", "2001:0:7f00:1::", "::", "::1", "fe80::1",
		"fec0::1", "fc00::1", "fd12:3456::1", "ff02::1", "ff0e::1"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		if (is_public(texts[i]))
			fail_msg("%s is public", texts[i]);
	}
	assert_true(is_public("::ffff:8.8.8.8"));
	assert_true(is_public("2606:4700:4700::1111"));
}

static void operator_may_name_prefixes(void **state)
{
	struct prefixes allowed;
	struct address a;

	(void)state;
	assert_int_equal(prefixes_read(VIEW("10.1.0.0/16, fd00:1::/32"), &allowed, NULL), RC_OK);
	assert_true(address_from_text(VIEW("10.1.255.255"), &a));
	assert_true(address_is_callable(&a, &allowed));
	assert_true(address_from_text(VIEW("10.2.0.0"), &a));
	assert_false(address_is_callable(&a, &allowed));
	assert_true(address_from_text(VIEW("fd00:1::5"), &a));
	assert_true(address_is_callable(&a, &allowed));
	assert_true(address_from_text(VIEW("fd00:2::5"), &a));
	assert_false(address_is_callable(&a, &allowed));
	assert_true(address_from_text(VIEW("9.9.9.9"), &a));
	assert_true(address_is_callable(&a, &allowed));
}

/* A second way to say it: no IPv4 address below these is called, in whatever form it stands. */
static void one_address(struct prop *p)
{
	uint32_t v4 = (uint32_t)prop_u64(p);
	uint8_t first = (uint8_t)(v4 >> 24);
	uint8_t second = (uint8_t)(v4 >> 16);
	struct address mapped = {.b = {[10] = 0xFF, [11] = 0xFF}};
	struct address carried = {.b = {0x20, 0x02}};
	struct address nat64 = {.b = {0x00, 0x64, 0xFF, 0x9B}};

	for (int i = 0; i < 4; i++) {
		mapped.b[12 + i] = (uint8_t)(v4 >> (24 - 8 * i));
		carried.b[2 + i] = mapped.b[12 + i];
		nat64.b[12 + i] = mapped.b[12 + i];
	}
	bool is_private =
		first == 0 || first == 10 || first == 127 || first >= 224 ||
		(first == 100 && (second & 0xC0) == 64) || (first == 169 && second == 254) ||
		(first == 172 && (second & 0xF0) == 16) || (first == 192 && second == 168);
	if (is_private)
		assert_false(address_is_public(&mapped));
	assert_false(address_is_public(&carried));
	assert_false(address_is_public(&nat64));
	struct address any;
	for (int i = 0; i < 16; i++)
		any.b[i] = (uint8_t)prop_u64(p);
	if ((any.b[0] & 0xE0) != 0x20)
		assert_false(address_is_public(&any));
}

static void private_addresses_are_never_public(void **state)
{
	(void)state;
	prop_run("private_addresses_are_never_public", 200000, one_address);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_judged_as_the_registries_say),
		cmocka_unit_test(forms_that_carry_a_private_address_are_refused),
		cmocka_unit_test(operator_may_name_prefixes),
		cmocka_unit_test(private_addresses_are_never_public),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
