#include "domain/live_table.h"

#include <stdio.h>
#include <stdlib.h>

#include "domain/quarantine.h"
#include "domain/text.h"
#include "unit.h"

enum { PEOPLE = 200 };

static struct live_device device_number(uint32_t number)
{
	struct live_device dev = {.number = number, .wearer = uid_new(), .device = uid_new()};

	(void)snprintf(dev.wire_id, sizeof dev.wire_id, "%010u", number);
	return dev;
}

static void bound_watch_costs_at_most_200_bytes(void **state)
{
	struct live *l = NULL;
	struct live_stats stats;

	(void)state;
	assert_int_equal(live_new(&l, NULL), RC_OK);
	for (uint32_t i = 1; i <= 60000; i++) {
		struct live_device dev = device_number(i);
		assert_int_equal(live_add(l, &dev, NULL), RC_OK);
		assert_int_equal(
			live_set_session(l, live_by_wearer(l, &dev.wearer), i + 1000000, NULL),
			RC_OK);
	}
	live_read_stats(l, &stats);
	assert_int_equal(stats.devices, 60000);
	assert_int_equal(stats.connected, 60000);
	assert_true(stats.bytes / 60000 <= 200);
	live_free(l);
}

static void second_watch_with_one_wire_id_is_refused(void **state)
{
	struct live *l = NULL;
	struct live_device dev = device_number(1);
	struct live_device other = device_number(2);

	(void)state;
	assert_int_equal(live_new(&l, NULL), RC_OK);
	assert_int_equal(live_add(l, &dev, NULL), RC_OK);
	memcpy(other.wire_id, dev.wire_id, sizeof other.wire_id);
	assert_int_equal(live_add(l, &other, NULL), RC_CONFLICT);
	assert_null(live_by_wearer(l, &other.wearer));
	live_free(l);
}

static void wire_id_of_full_length_is_found(void **state)
{
	struct live *l = NULL;
	struct live_device dev = device_number(1);
	struct live_view v;

	(void)state;
	assert_int_equal(live_new(&l, NULL), RC_OK);
	memcpy(dev.wire_id, "ABCDEFGHIJ0123456789", 20);
	assert_int_equal(live_add(l, &dev, NULL), RC_OK);
	assert_non_null(live_by_wire_id(l, VIEW("ABCDEFGHIJ0123456789")));
	assert_null(live_by_wire_id(l, VIEW("ABCDEFGHIJ012345678")));
	assert_null(live_by_wire_id(l, VIEW("ABCDEFGHIJ01234567890")));
	assert_true(live_read(l, &dev.wearer, &v));
	assert_string_equal(v.wire_id, "ABCDEFGHIJ0123456789");
	live_free(l);
}

/* Property: the table and its three indexes agree with a plain array. */
static void random_table(struct prop *p)
{
	struct live *l = NULL;
	struct {
		bool is_there;
		struct live_device dev;
		uint64_t session;
	} *model = calloc(PEOPLE, sizeof *model);

	assert_non_null(model);
	assert_int_equal(live_new(&l, NULL), RC_OK);
	for (int step = 0; step < 3000; step++) {
		uint32_t i = (uint32_t)prop_below(p, PEOPLE);
		struct live_device *dev = live_by_wearer(l, &model[i].dev.wearer);
		assert_int_equal(dev != NULL, model[i].is_there);
		switch (prop_below(p, 4)) {
		case 0:
			if (model[i].is_there)
				break;
			model[i].dev = device_number(i + 1);
			assert_int_equal(live_add(l, &model[i].dev, NULL), RC_OK);
			model[i].is_there = true;
			model[i].session = 0;
			break;
		case 1:
			if (dev == NULL)
				break;
			assert_int_equal(live_at(l, dev->place, i + 1) == dev, 1);
			live_remove(l, dev);
			model[i].is_there = false;
			break;
		case 2:
			if (dev == NULL)
				break;
			model[i].session = prop_chance(p, 30) ? 0 : 1 + prop_u64(p) / 2;
			assert_int_equal(live_set_session(l, dev, model[i].session, NULL), RC_OK);
			break;
		default:
			if (!model[i].is_there)
				break;
			assert_ptr_equal(live_by_wire_id(l, live_wire_id(&model[i].dev)), dev);
			if (model[i].session != 0)
				assert_ptr_equal(live_by_session(l, model[i].session), dev);
		}
	}
	struct live_stats stats;
	uint32_t there = 0;
	uint32_t connected = 0;
	for (uint32_t i = 0; i < PEOPLE; i++) {
		there += model[i].is_there;
		connected += model[i].is_there && model[i].session != 0;
	}
	live_read_stats(l, &stats);
	assert_int_equal(stats.devices, there);
	assert_int_equal(stats.connected, connected);
	live_free(l);
	free(model);
}

static void table_agrees_with_a_plain_array(void **state)
{
	(void)state;
	prop_run("live", 40, random_table);
}

static struct quarantine *small_quarantine(uint32_t ids, uint32_t per_address)
{
	const struct domain_settings s = {
		.unknown_ids_max = ids, .unknown_ids_per_address_max = per_address};
	struct quarantine *q = NULL;

	assert_int_equal(quarantine_new(&s, &q, NULL), RC_OK);
	return q;
}

static bool appear_as(
	struct quarantine *q, uint64_t session, uint8_t address, unsigned id, bool is_wanted)
{
	struct peer peer = {.address = {[15] = address}};
	char text[WIRE_ID_TEXT];
	bool is_new = false;

	(void)snprintf(text, sizeof text, "%010u", id);
	return quarantine_opened(
		q, session, &peer, VIEW("3G"), view_of(text), is_wanted, (int64_t)session, &is_new);
}

static bool appear(struct quarantine *q, uint64_t session, uint8_t address, unsigned id)
{
	return appear_as(q, session, address, id, false);
}

static bool is_there(struct quarantine *q, unsigned id)
{
	uint64_t session = 0;
	char text[WIRE_ID_TEXT];
	char vendor[8];

	(void)snprintf(text, sizeof text, "%010u", id);
	return quarantine_find(q, view_of(text), &session, vendor);
}

static void one_address_has_a_limited_number_of_ids(void **state)
{
	struct quarantine *q = small_quarantine(100, 5);
	struct quarantine_stats stats;

	(void)state;
	for (unsigned i = 1; i <= 4; i++)
		assert_true(appear(q, i, 1, i));
	assert_true(appear(q, 5, 1, 5));
	assert_false(appear(q, 6, 1, 6));
	assert_true(appear(q, 7, 2, 6));          /* another address */
	assert_true(appear(q, 8, 1, 3));          /* known already */
	assert_true(appear_as(q, 9, 1, 9, true)); /* somebody claims it */
	quarantine_read_stats(q, &stats);
	assert_int_equal(stats.ids, 7);
	assert_int_equal(stats.limit_per_address, 1);
	quarantine_free(q);
}

static void id_that_was_silent_longest_gives_way(void **state)
{
	struct quarantine *q = small_quarantine(3, 100);
	struct quarantine_stats stats;

	(void)state;
	for (unsigned i = 1; i <= 3; i++)
		assert_true(appear(q, i, (uint8_t)i, i));
	quarantine_seen(q, 1, 100); /* the first spoke again */
	assert_true(appear(q, 4, 4, 4));
	assert_true(is_there(q, 1));
	assert_false(is_there(q, 2));
	assert_true(is_there(q, 3));
	quarantine_read_stats(q, &stats);
	assert_int_equal(stats.ids, 3);
	assert_int_equal(stats.limit_ids, 1);
	quarantine_free(q);
}

static void ids_are_close_when_one_or_two_digits_differ(void **state)
{
	(void)state;
	assert_false(wire_ids_are_close(VIEW("1234567890"), VIEW("1234567890")));
	assert_true(wire_ids_are_close(VIEW("1234567890"), VIEW("1234567891")));
	assert_true(wire_ids_are_close(VIEW("1234567890"), VIEW("1234567809")));
	assert_false(wire_ids_are_close(VIEW("1234567890"), VIEW("1234568901")));
	assert_false(wire_ids_are_close(VIEW("1234567890"), VIEW("123456789")));
}

static void ids_are_shown_by_their_end_only(void **state)
{
	char text[WIRE_ID_TEXT];

	(void)state;
	text_mask(VIEW("863737078055392"), text, sizeof text);
	assert_string_equal(text, "***********5392");
	text_mask(VIEW("1234"), text, sizeof text);
	assert_string_equal(text, "1234");
	text_mask(VIEW(""), text, sizeof text);
	assert_string_equal(text, "");
}

static void names_hold_no_controls_and_no_tricks(void **state)
{
	static const struct {
		const char *text;
		bool is_name;
	} cases[] = {
		{"Mia", true}, {"Zoë-Ängström O'Neil", true}, {"李小龙", true},
		{"👨‍👩‍👧", true}, {"", false}, {"   ", false}, {"Mia\n", false},
		{"Mia\x7f", false}, {"Mia\xe2\x80\xae", false}, /* U+202E turns the text round */
		{"Mia\xe2\x80\x8b", false},                     /* zero width space */
		{"Mia\xef\xbb\xbf", false},                     /* byte order mark */
		{"Mia\xff", false}, {"Mia\xc0\xaf", false},     /* overlong */
		{"Mia\xed\xa0\x80", false},                     /* surrogate */
	};
	char long_name[90];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		if (text_is_name(view_of(cases[i].text)) != cases[i].is_name)
			fail_msg("case %zu", i);
	}
	/* U+202E turns the text round, U+2066 begins a piece of its own direction. */
	static const char turns[2][6] = {{'M', (char)0xe2, (char)0x80, (char)0xae, 'a', '\0'},
		{'M', (char)0xe2, (char)0x81, (char)0xa6, 'a', '\0'}};
	assert_false(text_is_name(view_of(turns[0])));
	assert_false(text_is_name(view_of(turns[1])));
	memset(long_name, 'x', sizeof long_name);
	assert_true(text_is_name((struct view){.p = long_name, .n = 80}));
	assert_false(text_is_name((struct view){.p = long_name, .n = 81}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bound_watch_costs_at_most_200_bytes),
		cmocka_unit_test(second_watch_with_one_wire_id_is_refused),
		cmocka_unit_test(wire_id_of_full_length_is_found),
		cmocka_unit_test(table_agrees_with_a_plain_array),
		cmocka_unit_test(one_address_has_a_limited_number_of_ids),
		cmocka_unit_test(id_that_was_silent_longest_gives_way),
		cmocka_unit_test(ids_are_close_when_one_or_two_digits_differ),
		cmocka_unit_test(ids_are_shown_by_their_end_only),
		cmocka_unit_test(names_hold_no_controls_and_no_tricks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
