#include "unit.h"

#include "domain/domain_fixture.h"
#include "people.h"

#define NOW INT64_C(1795000000000)

/* What each role may do, written down once more: A, G, C, V. */
static const struct {
	const char *name, *roles;
	char class;
} wanted[] = {
	{"see_group", "AGCV", 'A'},
	{"view_position", "AGCV", 'A'},
	{"view_history", "AG", 'A'},
	{"view_health", "AGC", 'A'},
	{"view_media", "AG", 'A'},
	{"alarms", "AGC", 'B'},
	{"message", "AGC", 'B'},
	{"locate", "AGC", 'B'},
	{"ring", "AGC", 'B'},
	{"schedule", "AG", 'B'},
	{"settings", "AG", 'B'},
	{"contacts", "AG", 'C'},
	{"places", "AG", 'C'},
	{"photo", "AG", 'C'},
	{"call", "AGC", 'C'},
	{"claim", "A", 'C'},
	{"consent", "A", 'C'},
	{"power", "AG", 'D'},
	{"password", "A", 'D'},
	{"medication", "A", 'D'},
	{"photo_allow", "A", 'D'},
	{"members", "A", 'D'},
	{"export", "A", 'D'},
	{"erase", "A", 'D'},
	{"reset", "A", 'D'},
	{"propose_plan", "", 'B'},
};

static void script(struct fixture *f, const char *sql)
{
	struct db *db = NULL;

	assert_int_equal(db_open(f->path, DB_WRITER, f->d.keyring, &db, NULL), RC_OK);
	assert_int_equal(db_script(db, sql, NULL), RC_OK);
	db_close(db);
}

static const struct uid group_one = {{1}};
static const struct uid ben = {{0xb1}};

static void ben_joins(struct fixture *f, const char *role)
{
	struct db *db = NULL;

	assert_int_equal(db_open(f->path, DB_WRITER, f->d.keyring, &db, NULL), RC_OK);
	people_add(db, ben, "ben", "Ben");
	people_add_member(db, ben, group_one, role);
	db_close(db);
}

static struct verdict ask(
	struct fixture *f, const struct principal *who, const struct uid *group, enum right right)
{
	struct verdict v = {.decision = DECIDE_DENY, .reason = "nothing came"};

	assert_int_equal(
		rights_decide(f->reader, who, OBJECT_GROUP, group, right, NOW, &v, NULL), RC_OK);
	return v;
}

static struct principal proven(struct principal who)
{
	who.has_second_factor = true;
	who.stepped_up_ms = NOW;
	return who;
}

static void every_right_has_a_name_and_a_class(void **state)
{
	(void)state;
	assert_int_equal(COUNT_OF(wanted), RIGHT_COUNT - 1);
	for (size_t i = 0; i < COUNT_OF(wanted); i++) {
		enum right r = RIGHT_NONE;
		assert_true(right_from_name(view_of(wanted[i].name), &r));
		assert_string_equal(right_name(r), wanted[i].name);
		assert_int_equal(right_class(r), wanted[i].class);
	}
	enum right r;
	assert_null(right_name(RIGHT_NONE));
	assert_null(right_name(RIGHT_COUNT));
	assert_false(right_from_name(VIEW(""), &r));
	assert_false(right_from_name(VIEW("monitor"), &r));
}

static void each_role_has_its_rights_and_no_other(void **state)
{
	struct fixture *f = *state;
	static const char *const changes[] = {"UPDATE member SET role = 'admin'",
		"UPDATE member SET role = 'guardian'", "UPDATE member SET role = 'carer'",
		"UPDATE member SET role = 'viewer'", "UPDATE member SET role = 'owner'"};
	struct principal maria = proven(f->maria);

	for (size_t k = 0; k < COUNT_OF(changes); k++) {
		script(f, changes[k]);
		for (size_t i = 0; i < COUNT_OF(wanted); i++) {
			enum right r = RIGHT_NONE;
			bool has = k < 4 && strchr(wanted[i].roles, "AGCV"[k]) != NULL;
			assert_true(right_from_name(view_of(wanted[i].name), &r));
			struct verdict v = ask(f, &maria, &group_one, r);
			if ((v.decision == DECIDE_ALLOW) != has)
				fail_msg("%s: %s %d", changes[k], wanted[i].name, v.decision);
			if (!has)
				assert_string_equal(v.reason, "right_missing");
		}
	}
}

static void foreign_and_unknown_are_alike(void **state)
{
	struct fixture *f = *state;
	static const struct uid two = {{2}};
	struct uid nowhere = uid_new();
	struct principal partner = {.partner = uid_new()};
	struct verdict v;

	for (enum object_kind k = 0; k < OBJECT_KIND_COUNT; k++)
		assert_int_equal(rights_decide(f->reader, &f->maria, k, &nowhere, RIGHT_SEE_GROUP,
					 NOW, &v, NULL),
			RC_NOT_FOUND);
	assert_int_equal(rights_decide(f->reader, &f->maria, OBJECT_GROUP, &two, RIGHT_SEE_GROUP,
				 NOW, &v, NULL),
		RC_NOT_FOUND);
	assert_int_equal(rights_decide(f->reader, &partner, OBJECT_GROUP, &two, RIGHT_SEE_GROUP,
				 NOW, &v, NULL),
		RC_NOT_FOUND);
	/* What a session remembers of groups does not count. */
	struct principal late = f->maria;
	script(f, "DELETE FROM member WHERE account = x'a1000000000000000000000000000000'");
	assert_int_equal(rights_decide(f->reader, &late, OBJECT_GROUP, &group_one, RIGHT_SEE_GROUP,
				 NOW, &v, NULL),
		RC_NOT_FOUND);
}

static void the_critical_class_needs_a_fresh_proof(void **state)
{
	struct fixture *f = *state;
	struct principal maria = f->maria;
	static const struct {
		int64_t age_ms;
		bool is_fresh;
	} ages[] = {{0, true}, {STEP_UP_LIFE_MS - 1, true}, {STEP_UP_LIFE_MS, false}, {-1, false}};

	struct verdict v = ask(f, &maria, &group_one, RIGHT_EXPORT);
	assert_int_equal(v.decision, DECIDE_DENY);
	assert_string_equal(v.reason, "second_factor_missing");
	maria.has_second_factor = true;
	v = ask(f, &maria, &group_one, RIGHT_EXPORT);
	assert_int_equal(v.decision, DECIDE_STEP_UP);
	assert_string_equal(v.reason, "step_up_needed");
	for (size_t i = 0; i < COUNT_OF(ages); i++) {
		maria.stepped_up_ms = NOW - ages[i].age_ms;
		v = ask(f, &maria, &group_one, RIGHT_EXPORT);
		assert_int_equal(v.decision, ages[i].is_fresh ? DECIDE_ALLOW : DECIDE_STEP_UP);
	}
}

static void a_recovery_freezes_what_is_sensitive(void **state)
{
	struct fixture *f = *state;
	struct principal maria = proven(f->maria);

	maria.frozen_until_ms = NOW + 1;
	for (enum right r = RIGHT_SEE_GROUP; r < RIGHT_COUNT; r++) {
		struct verdict v = ask(f, &maria, &group_one, r);
		if (r == RIGHT_PROPOSE) /* of partners */
			continue;
		bool is_frozen = right_class(r) >= 'C';
		assert_int_equal(v.decision, is_frozen ? DECIDE_DENY : DECIDE_ALLOW);
		if (is_frozen)
			assert_string_equal(v.reason, "recovery_runs");
	}
	maria.frozen_until_ms = NOW;
	assert_int_equal(ask(f, &maria, &group_one, RIGHT_CALL).decision, DECIDE_ALLOW);
}

static void others_must_agree_or_may_object(void **state)
{
	struct fixture *f = *state;
	struct principal maria = proven(f->maria);

	assert_int_equal(ask(f, &maria, &group_one, RIGHT_ERASE).decision, DECIDE_ALLOW);
	ben_joins(f, "admin");
	struct verdict v = ask(f, &maria, &group_one, RIGHT_ERASE);
	assert_int_equal(v.decision, DECIDE_SECOND_PERSON);
	assert_string_equal(v.reason, "second_person_needed");
	assert_int_equal(ask(f, &maria, &group_one, RIGHT_POWER).decision, DECIDE_ALLOW);
	assert_int_equal(ask(f, &maria, &group_one, RIGHT_CONTACTS).decision, DECIDE_ALLOW);
	script(f, "UPDATE member SET role = 'viewer'"
		  " WHERE account = x'b1000000000000000000000000000000'");
	v = ask(f, &maria, &group_one, RIGHT_ERASE);
	assert_int_equal(v.decision, DECIDE_WAIT);
	assert_int_equal(v.wait_ms, INT64_C(24) * 3600 * 1000);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_right_has_a_name_and_a_class),
		WITH_FIXTURE(each_role_has_its_rights_and_no_other),
		WITH_FIXTURE(foreign_and_unknown_are_alike),
		WITH_FIXTURE(the_critical_class_needs_a_fresh_proof),
		WITH_FIXTURE(a_recovery_freezes_what_is_sensitive),
		WITH_FIXTURE(others_must_agree_or_may_object),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
