#include "unit.h"

#include "domain/domain_fixture.h"
#include "domain/invitation.h"
#include "domain/member.h"
#include "domain/wearer_notice.h"
#include "people.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

static const struct uid one = {{1}};
static const struct uid maria = {{0xa1}};
static const struct uid ben = {{0xb1}};
static const struct uid carl = {{0xc1}};

static struct problem problem;

static void add(struct fixture *f, struct uid id, const char *login, const char *role)
{
	struct db *db = NULL;

	assert_int_equal(db_open(f->path, DB_WRITER, f->d.keyring, &db, NULL), RC_OK);
	people_add(db, id, login, login);
	people_add_member(db, id, one, role);
	db_close(db);
}

static int set_up(void **state)
{
	if (fixture_set_up(state) != 0)
		return -1;
	struct fixture *f = *state;
	assert_int_equal(approvals_new(&f->d, &f->d.approvals, NULL), RC_OK);
	assert_int_equal(wearer_notices_new(&f->d, &f->d.wearer_notices, NULL), RC_OK);
	f->d.settings.is_wearer_notice_on = true;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	approvals_free(f->d.approvals);
	wearer_notices_free(f->d.wearer_notices);
	return fixture_tear_down(state);
}

/* Jobs of timers end a turn later than the timers. */
static void pass(struct fixture *f, int64_t ms)
{
	fixture_pass(f, ms);
	for (int i = 0; i < 3; i++)
		fixture_pass(f, 1000);
}

/* An account that has just stepped up. */
static struct principal proven(const struct uid *account)
{
	return (struct principal){.account = *account,
		.groups_n = 1,
		.groups = {one},
		.has_second_factor = true,
		.stepped_up_ms = fixture_now()};
}

static struct verdict may(struct fixture *f, const struct uid *account)
{
	struct principal who = proven(account);
	struct verdict v;

	assert_int_equal(rights_decide(f->reader, &who, OBJECT_GROUP, &one, RIGHT_MEMBERS,
				 fixture_now(), &v, NULL),
		RC_OK);
	return v;
}

static enum rc change(struct fixture *f, const struct uid *by, const struct uid *account,
	struct member_terms t, struct approval_result *ret)
{
	struct principal who = proven(by);
	struct verdict v = may(f, by);

	problem = (struct problem){.tries_left = -1};
	return member_change(&f->d, f->reader, &who, &v, account, &t, ret, &problem, NULL);
}

static enum rc remove_member(struct fixture *f, const struct uid *by, const struct uid *account,
	struct approval_result *ret)
{
	struct principal who = proven(by);
	struct verdict v = may(f, by);

	problem = (struct problem){.tries_left = -1};
	return member_remove(&f->d, f->reader, &who, &v, account, ret, &problem, NULL);
}

static void note_state(void *ctx, const struct approval *a)
{
	*(enum approval_state *)ctx = a->state;
}

static enum approval_state state_of(struct fixture *f, const struct approval_result *r)
{
	enum approval_state state = APPROVAL_STATE_COUNT;

	assert_false(r->is_done);
	assert_int_equal(approval_get(f->reader, &r->pending, note_state, &state, NULL), RC_OK);
	return state;
}

static bool is_member(struct fixture *f, const struct uid *account)
{
	struct member_info m;

	return member_get(f->reader, &one, account, &m, NULL) == RC_OK;
}

static void a_co_admin_is_removed_after_seven_days_without_objection(void **state)
{
	struct fixture *f = *state;
	struct approval_result r;

	add(f, ben, "ben", "admin");
	assert_int_equal(remove_member(f, &maria, &ben, &r), RC_OK);
	pass(f, 7 * DAY_MS - HOUR_MS);
	assert_int_equal(state_of(f, &r), APPROVAL_PENDING);
	assert_true(is_member(f, &ben));
	pass(f, 2 * HOUR_MS);
	assert_int_equal(state_of(f, &r), APPROVAL_DONE);
	assert_false(is_member(f, &ben));
}

static void an_objection_stops_the_clock(void **state)
{
	struct fixture *f = *state;
	struct approval_result r;

	add(f, ben, "ben", "admin");
	assert_int_equal(remove_member(f, &maria, &ben, &r), RC_OK);
	pass(f, 6 * DAY_MS);
	struct principal who = proven(&ben);
	assert_int_equal(approval_object(&f->d, &who, &r.pending, &problem, NULL), RC_OK);
	pass(f, 2 * DAY_MS);
	assert_int_equal(state_of(f, &r), APPROVAL_OBJECTED);
	assert_true(is_member(f, &ben));
	assert_int_equal(approval_object(&f->d, &who, &r.pending, &problem, NULL), RC_CONFLICT);
	assert_string_equal(problem.code, "approval_ended");
}

static void what_nobody_agrees_to_expires(void **state)
{
	struct fixture *f = *state;
	struct approval_result r;

	add(f, ben, "ben", "admin");
	add(f, carl, "carl", "viewer");
	assert_int_equal(
		change(f, &maria, &carl, (struct member_terms){.role = ROLE_CARER}, &r), RC_OK);
	pass(f, 7 * DAY_MS + HOUR_MS);
	assert_int_equal(state_of(f, &r), APPROVAL_EXPIRED);
	struct principal who = proven(&ben);
	assert_int_equal(approval_agree(&f->d, &who, &r.pending, &problem, NULL), RC_CONFLICT);
}

static void without_a_second_admin_the_others_have_time(void **state)
{
	struct fixture *f = *state;
	struct member_info m;
	struct approval_result r;

	add(f, carl, "carl", "viewer");
	assert_int_equal(
		change(f, &maria, &carl, (struct member_terms){.role = ROLE_GUARDIAN}, &r), RC_OK);
	pass(f, 23 * HOUR_MS);
	assert_int_equal(state_of(f, &r), APPROVAL_PENDING);
	pass(f, 2 * HOUR_MS);
	assert_int_equal(state_of(f, &r), APPROVAL_DONE);
	assert_int_equal(member_get(f->reader, &one, &carl, &m, NULL), RC_OK);
	assert_int_equal(m.terms.role, ROLE_GUARDIAN);
}

static void who_lost_the_right_meanwhile_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct approval_result theirs;
	struct approval_result other;

	add(f, ben, "ben", "admin");
	add(f, carl, "carl", "admin");
	assert_int_equal(remove_member(f, &maria, &carl, &theirs), RC_OK);
	/* Ben and Carl take Maria's admin role away first. */
	assert_int_equal(
		change(f, &ben, &maria, (struct member_terms){.role = ROLE_GUARDIAN}, &other),
		RC_OK);
	struct principal who = proven(&carl);
	assert_int_equal(approval_agree(&f->d, &who, &other.pending, &problem, NULL), RC_OK);
	who = proven(&ben);
	assert_int_equal(approval_agree(&f->d, &who, &theirs.pending, &problem, NULL), RC_CONFLICT);
	assert_string_equal(problem.code, "approval_stale");
	pass(f, 8 * DAY_MS);
	assert_int_equal(state_of(f, &theirs), APPROVAL_FAILED);
	assert_true(is_member(f, &carl));
}

static void make_admin(struct fixture *f, const struct uid *account)
{
	struct db *db = NULL;
	struct stmt *s = NULL;

	assert_int_equal(db_open(f->path, DB_WRITER, f->d.keyring, &db, NULL), RC_OK);
	assert_int_equal(
		db_prepare(db, "UPDATE member SET role = 'admin' WHERE account = ?1", &s, NULL),
		RC_OK);
	stmt_bind_uid(s, 1, account);
	assert_int_equal(stmt_run(s, NULL, NULL), RC_OK);
	db_close(db);
}

static enum member_role role_of(struct fixture *f, const struct uid *account)
{
	struct member_info m;

	assert_int_equal(member_get(f->reader, &one, account, &m, NULL), RC_OK);
	return m.terms.role;
}

static void who_became_an_admin_meanwhile_keeps_it(void **state)
{
	struct fixture *f = *state;
	struct approval_result r;

	add(f, ben, "ben", "admin");
	add(f, carl, "carl", "viewer");
	assert_int_equal(
		change(f, &maria, &carl, (struct member_terms){.role = ROLE_CARER}, &r), RC_OK);
	make_admin(f, &carl);
	struct principal who = proven(&ben);
	assert_int_equal(approval_agree(&f->d, &who, &r.pending, &problem, NULL), RC_CONFLICT);
	assert_string_equal(problem.code, "approval_stale");
	assert_int_equal(role_of(f, &carl), ROLE_ADMIN);
}

static void the_clock_takes_nothing_from_a_new_admin(void **state)
{
	struct fixture *f = *state;
	struct approval_result r;

	add(f, carl, "carl", "viewer");
	assert_int_equal(
		change(f, &maria, &carl, (struct member_terms){.role = ROLE_GUARDIAN}, &r), RC_OK);
	make_admin(f, &carl);
	pass(f, 25 * HOUR_MS);
	assert_int_equal(state_of(f, &r), APPROVAL_FAILED);
	assert_int_equal(role_of(f, &carl), ROLE_ADMIN);
}

/* Between the look at the role and the job: a viewer is removed at once, an admin is not. */
static void what_acts_at_once_does_not_meet_a_new_admin(void **state)
{
	const struct approval_kind *const kinds[] = {
		&member_remove_kind, &member_change_kind, &member_wearer_kind};
	struct fixture *f = *state;
	uint8_t payload[MEMBER_TERMS_BYTES];
	struct member_terms t = {.role = ROLE_VIEWER};
	struct db *db = NULL;

	add(f, ben, "ben", "admin");
	size_t n = member_terms_pack(&t, payload);
	assert_int_equal(db_open(f->path, DB_WRITER, f->d.keyring, &db, NULL), RC_OK);
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		struct approval a = {.kind = kinds[i],
			.group = one,
			.subject = ben,
			.by = maria,
			.needs = APPROVAL_SECOND_PERSON,
			.payload = {.p = (const char *)payload, .n = n}};
		problem = (struct problem){.tries_left = -1};
		assert_int_equal(kinds[i]->execute(&f->d, db, &a, fixture_now(), &problem, NULL),
			RC_CONFLICT);
		assert_string_equal(problem.code, "approval_stale");
	}
	db_close(db);
	assert_int_equal(role_of(f, &ben), ROLE_ADMIN);
}

static void one_that_fails_does_not_hold_up_the_next(void **state)
{
	struct fixture *f = *state;
	struct approval_result first;
	struct approval_result second;

	add(f, ben, "ben", "admin");
	assert_int_equal(remove_member(f, &maria, &ben, &first), RC_OK);
	pass(f, HOUR_MS);
	assert_int_equal(remove_member(f, &ben, &maria, &second), RC_OK);
	pass(f, 8 * DAY_MS);
	/* Ben is gone first, and with him his right to remove Maria. */
	assert_int_equal(state_of(f, &first), APPROVAL_DONE);
	assert_int_equal(state_of(f, &second), APPROVAL_FAILED);
	assert_false(is_member(f, &ben));
	assert_true(is_member(f, &maria));
}

static void the_clock_goes_on_after_a_restart(void **state)
{
	struct fixture *f = *state;
	struct approval_result r;

	add(f, ben, "ben", "admin");
	assert_int_equal(remove_member(f, &maria, &ben, &r), RC_OK);
	approvals_free(f->d.approvals);
	wearer_notices_free(f->d.wearer_notices);
	fixture_restart(f);
	assert_int_equal(approvals_new(&f->d, &f->d.approvals, NULL), RC_OK);
	assert_int_equal(wearer_notices_new(&f->d, &f->d.wearer_notices, NULL), RC_OK);
	approvals_wake(&f->d);
	pass(f, 8 * DAY_MS);
	assert_int_equal(state_of(f, &r), APPROVAL_DONE);
}

static void a_membership_ends_when_it_was_said_to(void **state)
{
	struct fixture *f = *state;
	struct approval_result r;
	struct holding held;

	add(f, carl, "carl", "carer");
	assert_int_equal(change(f, &maria, &carl,
				 (struct member_terms){
					 .role = ROLE_CARER, .until_ms = fixture_now() + HOUR_MS},
				 &r),
		RC_OK);
	assert_true(r.is_done);
	int64_t now_ms = fixture_now();
	assert_int_equal(
		rights_held(f->reader, &carl, &one, NULL, now_ms + HOUR_MS - 1, &held, NULL),
		RC_OK);
	assert_int_equal(rights_held(f->reader, &carl, &one, NULL, now_ms + HOUR_MS, &held, NULL),
		RC_NOT_FOUND);
	assert_int_equal(
		change(f, &maria, &maria,
			(struct member_terms){.role = ROLE_ADMIN, .until_ms = now_ms + DAY_MS}, &r),
		RC_SYNTAX);
	assert_string_equal(problem.code, "until_invalid");
}

static void the_last_admin_stays(void **state)
{
	struct fixture *f = *state;
	struct approval_result r;

	add(f, carl, "carl", "carer");
	assert_int_equal(remove_member(f, &maria, &maria, &r), RC_CONFLICT);
	assert_string_equal(problem.code, "last_admin");
	assert_int_equal(change(f, &maria, &maria, (struct member_terms){.role = ROLE_VIEWER}, &r),
		RC_CONFLICT);
	assert_true(is_member(f, &maria));
	struct uid groups[PRINCIPAL_GROUPS_MAX];
	size_t n = 0;
	struct db *db = NULL;
	assert_int_equal(db_open(f->path, DB_WRITER, f->d.keyring, &db, NULL), RC_OK);
	assert_int_equal(db_begin(db, NULL), RC_OK);
	assert_int_equal(member_leave_all(db, &maria, groups, &n, NULL), RC_CONFLICT);
	assert_int_equal(n, 1);
	assert_true(uid_is(&groups[0], &one));
	db_rollback(db);
	db_close(db);
}

static void terms_are_read_as_they_were_packed(void **state)
{
	const struct member_terms t = {.role = ROLE_CARER,
		.given = RIGHT_BIT(RIGHT_PHOTO),
		.taken = RIGHT_BIT(RIGHT_CALL) | RIGHT_BIT(RIGHT_RESET),
		.until_ms = INT64_C(1795000000123),
		.windows_n = 2,
		.windows = {{true, 0x1F, 480, 990, RIGHT_BIT(RIGHT_LOCATE)},
			{false, 0x60, 1320, 360, ~RIGHT_BIT(RIGHT_SEE_GROUP)}}};
	uint8_t packed[MEMBER_TERMS_BYTES];
	struct member_terms back;

	(void)state;
	size_t n = member_terms_pack(&t, packed);
	struct view v = {.p = (const char *)packed, .n = n};
	assert_true(member_terms_unpack(v, &back));
	assert_int_equal(back.role, t.role);
	assert_int_equal(back.given, t.given);
	assert_int_equal(back.taken, t.taken);
	assert_true(back.until_ms == t.until_ms);
	assert_int_equal(back.windows_n, 2);
	assert_int_equal(back.windows[1].to_min, 360);
	assert_true(back.windows[0].is_only && !back.windows[1].is_only);
	for (size_t cut = 0; cut < n; cut++) {
		v.n = cut;
		bool is_whole = cut == 17 || cut == 27;
		assert_int_equal(member_terms_unpack(v, &back), is_whole);
	}
}

/* ---- windows ---- */

/* 2026-11-16 is a Monday. */
#define MONDAY INT64_C(1794787200000)

static int64_t at(int day, int hour, int minute)
{
	return MONDAY + day * DAY_MS + hour * HOUR_MS + minute * INT64_C(60000);
}

static void a_shift_holds_inside_and_quiet_outside(void **state)
{
	enum { LOCATE = 1 << RIGHT_LOCATE, CALL = 1 << RIGHT_CALL };
	const struct window shift = {true, 0x1F, 8 * 60, 16 * 60 + 30, LOCATE};   /* Mon-Fri */
	const struct window night = {true, 0x10, 22 * 60, 6 * 60, LOCATE};        /* Fri night */
	const struct window quiet = {false, 0x60, 0, DAY_MINUTES, LOCATE | CALL}; /* weekend */
	const struct window full = {false, 0x01, 7 * 60, 7 * 60, CALL}; /* Mon 7 to Tue 7 */
	static const struct {
		const char *set;
		int day, hour, minute;
		right_set forbidden;
	} cases[] = {{"s", 0, 7, 59, LOCATE}, {"s", 0, 8, 0, 0}, {"s", 4, 16, 29, 0},
		{"s", 4, 16, 30, LOCATE}, {"s", 5, 9, 0, LOCATE}, {"n", 4, 21, 59, LOCATE},
		{"n", 4, 22, 0, 0}, {"n", 5, 5, 59, 0}, {"n", 5, 6, 0, LOCATE},
		{"n", 4, 3, 0, LOCATE}, {"n", 5, 23, 0, LOCATE}, {"q", 4, 23, 59, 0},
		{"q", 5, 0, 0, LOCATE | CALL}, {"q", 6, 23, 59, LOCATE | CALL}, {"q", 7, 0, 0, 0},
		{"f", 0, 6, 59, 0}, {"f", 0, 7, 0, CALL}, {"f", 1, 6, 59, CALL}, {"f", 1, 7, 0, 0},
		{"sn", 0, 9, 0, 0}, {"sn", 4, 23, 0, 0}, {"sn", 4, 20, 0, LOCATE},
		{"sq", 0, 9, 0, 0}, {"sq", 5, 9, 0, LOCATE | CALL}};
	uint8_t packed[WINDOWS_MAX * WINDOW_BYTES];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct window set[4];
		size_t n = 0;
		for (const char *c = cases[i].set; *c != '\0'; c++)
			set[n++] = *c == 's' ? shift : *c == 'n' ? night : *c == 'q' ? quiet : full;
		struct view v = {.p = (const char *)packed, .n = windows_pack(set, n, packed)};
		right_set forbidden =
			windows_forbid(v, at(cases[i].day, cases[i].hour, cases[i].minute));
		if (forbidden != cases[i].forbidden)
			fail_msg("%s day %d %02d:%02d: %x", cases[i].set, cases[i].day,
				cases[i].hour, cases[i].minute, forbidden);
	}
	/* What cannot be read forbids everything but knowing who is there. */
	assert_int_equal(windows_forbid(VIEW("damaged"), MONDAY), ~RIGHT_BIT(RIGHT_SEE_GROUP));
	assert_int_equal(windows_forbid(VIEW(""), MONDAY), 0);
}

static void windows_follow_the_zone_of_the_group(void **state)
{
	struct fixture *f = *state;
	struct approval_result r;
	struct holding held;

	add(f, carl, "carl", "carer");
	struct principal who = proven(&maria);
	assert_int_equal(group_change(&f->d, &who, &one, (struct view){0}, VIEW("Europe/Berlin"),
				 &problem, NULL),
		RC_OK);
	const struct member_terms shift = {.role = ROLE_CARER,
		.windows_n = 1,
		.windows = {{true, 0x7F, 8 * 60, 9 * 60, RIGHT_BIT(RIGHT_LOCATE)}}};
	assert_int_equal(change(f, &maria, &carl, shift, &r), RC_OK);
	assert_true(r.is_done); /* it only takes away */
	/* 8 in Berlin is 7 UTC in November and 6 UTC in July. */
	static const struct {
		int64_t ms;
		bool holds;
	} times[] = {{INT64_C(1794812340000), false}, {INT64_C(1794812400000), true},
		{INT64_C(1794815999000), true}, {INT64_C(1794816000000), false},
		{INT64_C(1782885540000), false}, {INT64_C(1782885600000), true}};
	for (size_t i = 0; i < COUNT_OF(times); i++) {
		assert_int_equal(
			rights_held(f->reader, &carl, &one, NULL, times[i].ms, &held, NULL), RC_OK);
		assert_int_equal((held.now & RIGHT_BIT(RIGHT_LOCATE)) != 0, times[i].holds);
		assert_true(held.ever & RIGHT_BIT(RIGHT_LOCATE));
		assert_true(held.now & RIGHT_BIT(RIGHT_MESSAGE));
	}
}

/* ---- the text on the watch ---- */

static void texts_name_as_many_as_fit(void **state)
{
	static const char *const names[] = {"Anna", "Ben", "Carl"};
	const char *many[12];
	char text[NOTICE_TEXT];

	(void)state;
	wearer_notice_text(VIEW("en"), names, 3, 3, text);
	assert_string_equal(text, "3 people can see where you are: Anna, Ben, Carl");
	wearer_notice_text(VIEW("de"), names, 1, 1, text);
	assert_string_equal(text, "1 Person sieht, wo du bist: Anna");
	wearer_notice_text(VIEW("es-MX"), names, 2, 2, text);
	assert_string_equal(text, "2 personas pueden ver d\xC3\xB3nde est\xC3\xA1s: Anna, Ben");
	wearer_notice_text(VIEW("zh"), names, 0, 0, text);
	assert_string_equal(text, "Nobody can see where you are");
	for (size_t i = 0; i < COUNT_OF(many); i++)
		many[i] = "Maximiliane";
	for (size_t n = 1; n <= COUNT_OF(many); n++) {
		wearer_notice_text(VIEW("de"), many, n, 40, text);
		size_t chars = 0;
		for (const char *p = text; *p != '\0'; p++)
			chars += ((unsigned char)*p & 0xC0) != 0x80;
		assert_in_range(chars, 20, NOTICE_TEXT_CHARS);
		assert_string_equal(text + strlen(text) - 3, "\xE2\x80\xA6");
	}
}

static int messages(struct fixture *f)
{
	int n = 0;

	for (unsigned i = 0; i < f->told_n; i++)
		n += f->told[i].what == TOLD_COMMAND && f->told[i].command.kind == COMMAND_MESSAGE;
	return n;
}

static void the_watch_is_told_after_the_claim_and_every_week(void **state)
{
	struct fixture *f = *state;

	struct uid mia = fixture_bind(f, "8800000015");
	fixture_open(f, 7, "8800000015");
	wearer_notices_wake(&f->d);
	pass(f, 2 * NOTICE_DELAY_MS);
	assert_int_equal(messages(f), 1);
	pass(f, 6 * DAY_MS);
	assert_int_equal(messages(f), 1);
	pass(f, DAY_MS + HOUR_MS);
	assert_int_equal(messages(f), 2);
	/* The operator turns it off for children; for adults it stays. */
	f->d.settings.is_wearer_notice_on = false;
	pass(f, 8 * DAY_MS);
	assert_int_equal(messages(f), 3); /* that one was due already */
	pass(f, 15 * DAY_MS);
	assert_int_equal(messages(f), 3);
	struct principal who = proven(&maria);
	assert_int_equal(wearer_set_adult(&f->d, &who, &mia, NULL), RC_OK);
	pass(f, 2 * NOTICE_DELAY_MS);
	assert_int_equal(messages(f), 4);
	pass(f, 7 * DAY_MS + HOUR_MS);
	assert_int_equal(messages(f), 5);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_co_admin_is_removed_after_seven_days_without_objection),
		TEST(an_objection_stops_the_clock),
		TEST(what_nobody_agrees_to_expires),
		TEST(without_a_second_admin_the_others_have_time),
		TEST(who_lost_the_right_meanwhile_changes_nothing),
		TEST(who_became_an_admin_meanwhile_keeps_it),
		TEST(the_clock_takes_nothing_from_a_new_admin),
		TEST(what_acts_at_once_does_not_meet_a_new_admin),
		TEST(one_that_fails_does_not_hold_up_the_next),
		TEST(the_clock_goes_on_after_a_restart),
		TEST(a_membership_ends_when_it_was_said_to),
		TEST(the_last_admin_stays),
		cmocka_unit_test(terms_are_read_as_they_were_packed),
		cmocka_unit_test(a_shift_holds_inside_and_quiet_outside),
		TEST(windows_follow_the_zone_of_the_group),
		cmocka_unit_test(texts_name_as_many_as_fit),
		TEST(the_watch_is_told_after_the_claim_and_every_week),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
