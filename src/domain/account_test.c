#include "unit.h"

#include "domain/group.h"
#include "house.h"

static void count_group(void *ctx, const struct group_info *g)
{
	assert_string_equal(g->name, "Home");
	assert_string_equal(g->role, "admin");
	++*(int *)ctx;
}

static void the_first_account_owns_the_first_group_and_is_signed_in(void **state)
{
	struct house *h = *state;
	struct sign_in_result r;
	struct problem p = {0};
	struct principal who;
	int groups = 0;
	bool is_needed = false;

	assert_int_equal(account_is_setup_needed(h->reader, &is_needed, NULL), RC_OK);
	assert_true(is_needed);
	assert_int_equal(set_up(h, &r, &p), RC_OK);
	assert_true(r.account.is_operator);
	assert_string_equal(r.account.language, "de");
	assert_true(web_session_check(&h->d, view_of(r.token), &who));
	assert_int_equal(who.groups_n, 1);
	assert_int_equal(group_list(h->reader, &who, count_group, &groups, NULL), RC_OK);
	assert_int_equal(groups, 1);
	assert_int_equal(account_is_setup_needed(h->reader, &is_needed, NULL), RC_OK);
	assert_false(is_needed);
}

/* The sign-in has read the old password when the new one is written. */
static void a_password_that_changes_under_a_sign_in_lets_nobody_in(void **state)
{
	static const char fresh[] = "eight copper lanterns hum";
	struct house *h = *state;
	struct sign_in_result r;
	struct sign_in_result second;
	struct problem p = {0};
	struct principal who;
	struct db *late = h->reader;
	bool is_needed = false;

	assert_int_equal(set_up(h, &r, &p), RC_OK);
	assert_true(web_session_check(&h->d, view_of(r.token), &who));
	assert_int_equal(db_script(late, "BEGIN", NULL), RC_OK);
	assert_int_equal(account_is_setup_needed(late, &is_needed, NULL), RC_OK);
	assert_int_equal(db_open(h->path, DB_READER, h->d.keyring, &h->reader, NULL), RC_OK);
	assert_int_equal(account_change_password(&h->d, h->reader, &who, view_of(good_password),
				 view_of(fresh), &home, &p, NULL),
		RC_OK);
	struct db *current = h->reader;
	h->reader = late;
	assert_int_equal(sign_in(h, "ann@example.org", good_password, &second, &p), RC_DENIED);
	assert_string_equal(p.code, "sign_in_failed");
	h->reader = current;
	assert_int_equal(db_script(late, "COMMIT", NULL), RC_OK);
	db_close(late);
	assert_int_equal(sign_in(h, "ann@example.org", fresh, &second, &p), RC_OK);
}

static void a_setup_link_works_once(void **state)
{
	struct house *h = *state;
	struct sign_in_result r;
	struct problem p = {0};

	assert_int_equal(set_up(h, &r, &p), RC_OK);
	assert_int_equal(set_up(h, &r, &p), RC_CONFLICT);
	assert_string_equal(p.code, "setup_done");
}

static void a_wrong_setup_token_opens_nothing(void **state)
{
	struct house *h = *state;
	struct sign_in_result r;
	struct problem p = {0};
	bool is_needed = false;

	h->setup_token[3] = h->setup_token[3] == 'A' ? 'B' : 'A';
	assert_int_equal(set_up(h, &r, &p), RC_DENIED);
	assert_string_equal(p.code, "setup_token_wrong");
	assert_int_equal(account_is_setup_needed(h->reader, &is_needed, NULL), RC_OK);
	assert_true(is_needed);
}

static void unknown_logins_and_wrong_passwords_are_told_alike(void **state)
{
	struct house *h = *state;
	struct sign_in_result r;
	struct problem wrong = {0};
	struct problem unknown = {0};

	assert_int_equal(set_up(h, &r, &wrong), RC_OK);
	assert_int_equal(
		sign_in(h, "ann@example.org", "seven green kettles", &r, &wrong), RC_DENIED);
	assert_int_equal(
		sign_in(h, "bob@example.org", "seven green kettles", &r, &unknown), RC_DENIED);
	assert_string_equal(wrong.code, "sign_in_failed");
	assert_memory_equal(wrong.detail, unknown.detail, sizeof wrong.detail);
	assert_string_equal(unknown.code, wrong.code);
	assert_int_equal(sign_in(h, "ANN@example.org", good_password, &r, &wrong), RC_OK);
}

static void too_many_attempts_are_told_when_to_come_back(void **state)
{
	struct house *h = *state;
	struct sign_in_result r;
	struct problem p = {0};

	assert_int_equal(set_up(h, &r, &p), RC_OK);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
			sign_in(h, "ann@example.org", "not this one, I think", &r, &p), RC_DENIED);
	assert_int_equal(sign_in(h, "ann@example.org", good_password, &r, &p), RC_LIMIT);
	assert_true(p.retry_after_s >= 1);
	test_now_ms += (int64_t)p.retry_after_s * 1000;
	assert_int_equal(sign_in(h, "ann@example.org", good_password, &r, &p), RC_OK);
}

static void a_new_password_ends_the_other_sessions(void **state)
{
	struct house *h = *state;
	struct sign_in_result first;
	struct sign_in_result second;
	struct problem p = {0};
	struct principal who;
	struct principal other;
	struct view fresh = VIEW("nine blue lanterns hum");

	assert_int_equal(set_up(h, &first, &p), RC_OK);
	assert_int_equal(sign_in(h, "ann@example.org", good_password, &second, &p), RC_OK);
	assert_true(web_session_check(&h->d, view_of(second.token), &who));
	uint64_t before = web_session_generation(&h->d);
	assert_int_equal(account_change_password(&h->d, h->reader, &who,
				 VIEW("wrong password here"), fresh, &home, &p, NULL),
		RC_DENIED);
	assert_int_equal(account_change_password(&h->d, h->reader, &who, view_of(good_password),
				 VIEW("short"), &home, &p, NULL),
		RC_SYNTAX);
	assert_string_equal(p.field, "new");
	assert_int_equal(account_change_password(&h->d, h->reader, &who, view_of(good_password),
				 fresh, &home, &p, NULL),
		RC_OK);
	assert_false(web_session_check(&h->d, view_of(first.token), &other));
	assert_false(web_session_is_alive(&h->d, &first.session));
	assert_true(web_session_is_alive(&h->d, &second.session));
	assert_true(web_session_generation(&h->d) != before);
	assert_int_equal(sign_in(h, "ann@example.org", good_password, &first, &p), RC_DENIED);
	assert_int_equal(sign_in(h, "ann@example.org", fresh.p, &first, &p), RC_OK);
}

static void count_session(void *ctx, const struct web_session_info *s)
{
	assert_string_equal(s->user_agent, "Browser1");
	assert_string_equal(s->address, "10.0.0.1");
	++*(int *)ctx;
}

static void sessions_outlive_a_restart_and_end_when_told(void **state)
{
	struct house *h = *state;
	struct sign_in_result r;
	struct problem p = {0};
	struct principal who;
	struct principal stranger = {.account = uid_new()};
	int sessions = 0;

	assert_int_equal(set_up(h, &r, &p), RC_OK);
	close_house(h);
	open_house(h);
	assert_true(web_session_check(&h->d, view_of(r.token), &who));
	assert_int_equal(
		web_session_list(&h->d, h->reader, &who, count_session, &sessions, NULL), RC_OK);
	assert_int_equal(sessions, 1);
	assert_int_equal(web_session_end(&h->d, &stranger, &r.session, NULL), RC_NOT_FOUND);
	assert_true(web_session_check(&h->d, view_of(r.token), &who));
	assert_int_equal(web_session_end(&h->d, &who, &r.session, NULL), RC_OK);
	assert_false(web_session_check(&h->d, view_of(r.token), &who));
	close_house(h);
	open_house(h);
	assert_false(web_session_check(&h->d, view_of(r.token), &who));
}

static void sessions_end_by_themselves(void **state)
{
	struct house *h = *state;
	struct sign_in_result r;
	struct problem p = {0};
	struct principal who;
	int64_t day_ms = (int64_t)24 * 3600 * 1000;
	int64_t start_ms = test_now_ms;

	assert_int_equal(set_up(h, &r, &p), RC_OK);
	for (int day = 29; day < 90; day += 29) {
		test_now_ms = start_ms + day * day_ms;
		assert_true(web_session_check(&h->d, view_of(r.token), &who));
	}
	test_now_ms = start_ms + 91 * day_ms;
	assert_false(web_session_check(&h->d, view_of(r.token), &who));
	assert_int_equal(sign_in(h, "ann@example.org", good_password, &r, &p), RC_OK);
	test_now_ms += 31 * day_ms;
	assert_false(web_session_check(&h->d, view_of(r.token), &who));
}

static void an_account_keeps_a_bounded_number_of_sessions(void **state)
{
	struct house *h = *state;
	struct sign_in_result first;
	struct problem p = {0};
	struct principal who;
	int sessions = 0;

	assert_int_equal(set_up(h, &first, &p), RC_OK);
	assert_true(web_session_check(&h->d, view_of(first.token), &who));
	for (int i = 0; i < WEB_SESSIONS_PER_ACCOUNT_MAX; i++) {
		struct web_session_row row;
		char token[TOKEN_TEXT];
		struct db *db = NULL;

		test_now_ms++;
		web_session_make(&who.account, &home, test_now_ms, &row, token);
		writer_stop(h->d.writer);
		assert_int_equal(db_open(h->path, DB_WRITER, h->d.keyring, &db, NULL), RC_OK);
		assert_int_equal(web_session_insert(db, &row, NULL), RC_OK);
		assert_int_equal(writer_start(db, h->d.loop, 100, &h->d.writer, NULL), RC_OK);
		assert_int_equal(web_session_admit(&h->d, h->reader, &row, NULL), RC_OK);
		assert_true(web_session_check(&h->d, view_of(token), &who));
	}
	assert_false(web_session_check(&h->d, view_of(first.token), &who));
	assert_int_equal(
		web_session_list(&h->d, h->reader, &who, count_session, &sessions, NULL), RC_OK);
	assert_int_equal(sessions, WEB_SESSIONS_PER_ACCOUNT_MAX);
}

/* Somebody ended all sessions of the account between the commit of a sign-in and its place in
 * memory. */
static void session_that_was_ended_before_it_began_opens_nothing(void **state)
{
	struct house *h = *state;
	struct sign_in_result first;
	struct web_session_row row;
	struct problem p = {0};
	struct principal who;
	char token[TOKEN_TEXT];

	assert_int_equal(set_up(h, &first, &p), RC_OK);
	assert_true(web_session_check(&h->d, view_of(first.token), &who));
	web_session_make(&who.account, &home, test_now_ms, &row, token);
	assert_int_equal(web_session_admit(&h->d, h->reader, &row, NULL), RC_DENIED);
	assert_false(web_session_check(&h->d, view_of(token), &who));
	assert_true(web_session_check(&h->d, view_of(first.token), &who));
}

static void names_and_languages_change_under_rules(void **state)
{
	struct house *h = *state;
	struct sign_in_result r;
	struct view none = {NULL, 0};
	struct problem p = {0};
	struct principal who;
	struct account_info account;
	struct group_info group;

	assert_int_equal(set_up(h, &r, &p), RC_OK);
	assert_true(web_session_check(&h->d, view_of(r.token), &who));
	struct account_edit edit = {.name = VIEW("")};
	assert_int_equal(account_change(&h->d, &who, &edit, &p, NULL), RC_SYNTAX);
	assert_string_equal(p.code, "name_invalid");
	edit = (struct account_edit){.name = VIEW("Anna")};
	assert_int_equal(account_change(&h->d, &who, &edit, &p, NULL), RC_OK);
	edit = (struct account_edit){.language = VIEW("es"), .phone = VIEW("+4930123456")};
	assert_int_equal(account_change(&h->d, &who, &edit, &p, NULL), RC_OK);
	assert_int_equal(account_get(h->reader, &who.account, &account, NULL), RC_OK);
	assert_string_equal(account.name, "Anna");
	assert_string_equal(account.language, "es");
	assert_string_equal(account.phone, "+4930123456");
	edit = (struct account_edit){.phone = VIEW("")};
	assert_int_equal(account_change(&h->d, &who, &edit, &p, NULL), RC_OK);
	assert_int_equal(account_get(h->reader, &who.account, &account, NULL), RC_OK);
	assert_string_equal(account.phone, "");
	edit = (struct account_edit){.phone = VIEW("+49 30")};
	assert_int_equal(account_change(&h->d, &who, &edit, &p, NULL), RC_SYNTAX);
	assert_string_equal(p.code, "phone_invalid");
	assert_int_equal(
		group_change(&h->d, &who, &who.groups[0], VIEW("Ward 3"), none, &p, NULL), RC_OK);
	assert_int_equal(group_get(h->reader, &who.account, &who.groups[0], &group, NULL), RC_OK);
	assert_string_equal(group.name, "Ward 3");
	struct uid foreign = uid_new();
	assert_int_equal(
		group_change(&h->d, &who, &foreign, VIEW("Mine"), none, &p, NULL), RC_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_first_account_owns_the_first_group_and_is_signed_in, build, demolish),
		cmocka_unit_test_setup_teardown(
			a_password_that_changes_under_a_sign_in_lets_nobody_in, build, demolish),
		cmocka_unit_test_setup_teardown(a_setup_link_works_once, build, demolish),
		cmocka_unit_test_setup_teardown(a_wrong_setup_token_opens_nothing, build, demolish),
		cmocka_unit_test_setup_teardown(
			unknown_logins_and_wrong_passwords_are_told_alike, build, demolish),
		cmocka_unit_test_setup_teardown(
			too_many_attempts_are_told_when_to_come_back, build, demolish),
		cmocka_unit_test_setup_teardown(
			a_new_password_ends_the_other_sessions, build, demolish),
		cmocka_unit_test_setup_teardown(
			sessions_outlive_a_restart_and_end_when_told, build, demolish),
		cmocka_unit_test_setup_teardown(sessions_end_by_themselves, build, demolish),
		cmocka_unit_test_setup_teardown(
			an_account_keeps_a_bounded_number_of_sessions, build, demolish),
		cmocka_unit_test_setup_teardown(
			session_that_was_ended_before_it_began_opens_nothing, build, demolish),
		cmocka_unit_test_setup_teardown(
			names_and_languages_change_under_rules, build, demolish),
	};

	if (crypto_start(NULL) != RC_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
