#include "domain/setting_table.h"

#include "domain/config.h"
#include "domain/model.h"
#include "prop.h"
#include "unit.h"

/* A value that fits the definition. */
static void make(struct setting_value *v, enum setting_id id)
{
	const struct setting_def *def = setting_def(id);

	*v = (struct setting_value){.text = "Europe/Berlin"};
	for (unsigned i = 0; i < def->fields_n; i++) {
		const struct setting_field *f = &def->fields[i];
		v->numbers[i] = f->type == TYPE_INT || f->type == TYPE_DECIMAL ? f->max : 1;
		if (f->type == TYPE_LANGUAGE)
			memcpy(v->text, "de", sizeof "de");
		if (f->type == TYPE_PHONE)
			memcpy(v->text, "+4930112", sizeof "+4930112");
	}
	v->windows_n = 3;
	v->alarms_n = SETTING_ALARMS_MAX;
	v->points_n = SETTING_POINTS_MAX;
	v->macs_n = SETTING_MACS_MAX;
	v->periods_n = SETTING_PERIODS_MAX;
	for (unsigned i = 0; i < SETTING_PERIODS_MAX; i++) {
		uint16_t from = (uint16_t)(480 + 60 * i);
		uint16_t to = (uint16_t)(from + 45);
		v->periods[i] = (struct command_window){.from_min = from, .to_min = to};
		if (i < 3)
			v->windows[i] = (struct command_window){.from_min = from,
				.to_min = to,
				.days = id == SETTING_QUIET_TIMES ? 0x1f : 0};
		if (i < SETTING_ALARMS_MAX)
			v->alarms[i] = (struct command_alarm){
				.time_min = from, .repeat = REPEAT_DAYS, .days = 1};
	}
	for (unsigned i = 0; i < SETTING_LESSONS_MAX; i++) {
		struct command_lesson *l = &v->lessons[v->lessons_n++];
		*l = (struct command_lesson){.day = (uint8_t)(i % 7 + 1),
			.period = (uint8_t)(i / 7 + 1),
			.name = "Geschichte"};
	}
}

static void every_setting_packs_and_comes_back(void **state)
{
	uint8_t packed[SETTING_PACK_MAX];

	(void)state;
	for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
		const struct setting_def *def = setting_def(id);
		struct setting_value v;
		struct setting_value back;
		struct problem p = {.code = NULL};
		size_t n = 0;
		make(&v, id);
		if (setting_value_check(def, &v, &p) != RC_OK)
			fail_msg("%s: %s %s", def->name, p.code, p.field);
		assert_int_equal(setting_value_pack(def, &v, packed, &n, NULL), RC_OK);
		const struct view whole = {.p = (const char *)packed, .n = n};
		assert_int_equal(setting_value_unpack(def, whole, &back, NULL), RC_OK);
		assert_true(setting_value_is_same(def, &v, &back));
		for (size_t cut = 0; cut < n; cut++)
			assert_int_not_equal(
				setting_value_unpack(
					def, (struct view){.p = whole.p, .n = cut}, &back, NULL),
				RC_OK);
	}
}

static void damage_one(struct prop *p)
{
	enum setting_id id = (enum setting_id)prop_below(p, SETTING_COUNT);
	const struct setting_def *def = setting_def(id);
	uint8_t packed[SETTING_PACK_MAX];
	struct setting_value v;
	size_t n = 0;

	make(&v, id);
	assert_int_equal(setting_value_pack(def, &v, packed, &n, NULL), RC_OK);
	packed[prop_below(p, n)] = (uint8_t)prop_below(p, 256);
	const struct view in = {.p = (const char *)packed, .n = n};
	if (setting_value_unpack(def, in, &v, NULL) == RC_OK)
		assert_int_equal(setting_value_check(def, &v, NULL), RC_OK);
}

static void damaged_bytes_never_give_a_value_that_does_not_check(void **state)
{
	(void)state;
	prop_run("damaged_bytes_never_give_a_value_that_does_not_check", 5000, damage_one);
}

static void each_kind_of_command_carries_settings_that_exist(void **state)
{
	bool is_carried[SETTING_COUNT] = {false};

	(void)state;
	for (enum command_kind k = 0; k < COMMAND_KIND_COUNT; k++) {
		enum setting_id ids[SETTINGS_OF_KIND_MAX];
		unsigned n = setting_ids_of(k, ids);
		for (unsigned i = 0; i < n; i++)
			is_carried[ids[i]] = true;
	}
	for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
		if (!is_carried[id])
			fail_msg("nothing carries %s", setting_def(id)->name);
	}
}

static void what_a_watch_tells_of_itself_is_read(void **state)
{
	static const struct {
		const char *text;
		int min;
	} zones[] = {{"+01:00", 60}, {"-03:30", -210}, {"8", 480}, {"+9.5", 570}, {"5.75", 345}};
	static const char *const bad[] = {"", "+", "x", "+25", "1:99", "1.123", "--1", "1:0:0"};
	struct view v;
	int min = 0;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(zones); i++) {
		assert_true(status_zone(view_of(zones[i].text), &min));
		assert_int_equal(min, zones[i].min);
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_false(status_zone(view_of(bad[i]), &min));
	assert_true(config_value(VIEW("TY:G29, ls:3+8 ,TB:3"), "LS", &v));
	assert_true(view_is(v, VIEW("3+8")));
	assert_false(config_value(VIEW("TY:G29"), "T", &v));
	assert_true(status_value(VIEW("ver:X; upload:600;pw:"), "pw", &v));
	assert_int_equal(v.n, 0);
}

static void models_are_found_by_version_and_type_before_the_code(void **state)
{
	const struct model *m = model_find(VIEW("YS"), VIEW(""), VIEW(""));

	(void)state;
	assert_string_equal(m->id, "yisai");
	assert_string_equal(model_find(VIEW("YS"), VIEW("G29_BASE_V1.00"), VIEW(""))->id, "g29");
	assert_string_equal(model_find(VIEW("3G"), VIEW(""), VIEW("C405_KYS_S5"))->id, "c405");
	assert_true(model_find(VIEW("SG"), VIEW("V52_X"), VIEW(""))->has_fall_switch);
	assert_null(model_find(VIEW("3G"), VIEW(""), VIEW("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_setting_packs_and_comes_back),
		cmocka_unit_test(damaged_bytes_never_give_a_value_that_does_not_check),
		cmocka_unit_test(each_kind_of_command_carries_settings_that_exist),
		cmocka_unit_test(what_a_watch_tells_of_itself_is_read),
		cmocka_unit_test(models_are_found_by_version_and_type_before_the_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
