#include "unit.h"

#include "domain/account_delete.h"
#include "domain/account_email.h"
#include "domain/account_store.h"
#include "domain/recovery.h"
#include "domain/second_factor.h"
#include "domain/web_session.h"
#include "house.h"
#include "people.h"

#define HOUR_MS (INT64_C(3600) * 1000)

static const char fresh_password[] = "nine blue lanterns hum";

struct person {
	struct sign_in_result in;
	struct principal who;
};

static void refresh(struct house *h, struct person *a)
{
	assert_true(web_session_check(&h->d, view_of(a->in.token), &a->who));
}

static void enter(struct house *h, struct person *a)
{
	struct problem p = {0};

	assert_int_equal(set_up(h, &a->in, &p), RC_OK);
	refresh(h, a);
}

static void make_link(struct house *h, char token[TOKEN_TEXT])
{
	assert_int_equal(
		recovery_new_link(&h->d, NULL, VIEW("ANN@example.org"), token, NULL), RC_OK);
}

static enum rc open_link(struct house *h, const char *token, int64_t *ret_until_ms)
{
	struct problem p = {0};
	enum rc rc =
		recovery_confirm(&h->d, h->reader, NULL, view_of(token), ret_until_ms, &p, NULL);

	if (rc != RC_OK)
		assert_string_equal(p.code, "token_wrong");
	return rc;
}

static enum rc finish(struct house *h, const char *token, struct problem *p)
{
	return recovery_finish(
		&h->d, h->reader, NULL, view_of(token), view_of(fresh_password), p, NULL);
}

static void a_link_alone_opens_nothing(void **state)
{
	struct house *h = *state;
	struct person a;
	struct sign_in_result in;
	struct problem p = {0};
	char token[TOKEN_TEXT];
	int64_t until_ms = 0;

	enter(h, &a);
	make_link(h, token);
	assert_int_equal(finish(h, token, &p), RC_DENIED); /* not opened yet */
	assert_int_equal(open_link(h, token, &until_ms), RC_OK);
	assert_int_equal(until_ms, test_now_ms + 72 * HOUR_MS);
	refresh(h, &a);
	assert_int_equal(a.who.frozen_until_ms, until_ms);
	test_now_ms = until_ms - 1;
	assert_int_equal(finish(h, token, &p), RC_CONFLICT);
	assert_string_equal(p.code, "recovery_waits");
	assert_int_equal(sign_in(h, "ann@example.org", fresh_password, &in, &p), RC_DENIED);
	/* Opening it again does not move the end. */
	int64_t again_ms = 0;
	assert_int_equal(open_link(h, token, &again_ms), RC_OK);
	assert_int_equal(again_ms, until_ms);
}

static void after_the_waiting_time_the_password_is_new_and_everything_else_gone(void **state)
{
	struct house *h = *state;
	struct person a;
	struct sign_in_result in;
	struct problem p = {0};
	struct principal who;
	char token[TOKEN_TEXT];
	int64_t until_ms = 0;

	enter(h, &a);
	make_link(h, token);
	assert_int_equal(open_link(h, token, &until_ms), RC_OK);
	test_now_ms = until_ms;
	assert_int_equal(
		recovery_finish(&h->d, h->reader, NULL, view_of(token), VIEW("short"), &p, NULL),
		RC_SYNTAX);
	assert_int_equal(finish(h, token, &p), RC_OK);
	assert_false(web_session_check(&h->d, view_of(a.in.token), &who));
	assert_int_equal(house_query(h, "SELECT COUNT(*) FROM known_network"), 0);
	assert_int_equal(sign_in(h, "ann@example.org", good_password, &in, &p), RC_DENIED);
	assert_int_equal(sign_in(h, "ann@example.org", fresh_password, &in, &p), RC_OK);
	assert_true(web_session_check(&h->d, view_of(in.token), &who));
	assert_int_equal(who.frozen_until_ms, 0);
	assert_int_equal(finish(h, token, &p), RC_DENIED); /* once */
	/* The group was told of both. */
	assert_int_equal(house_query(h, "SELECT COUNT(*) FROM audit WHERE is_told = 1 AND action IN"
					" ('recovery.start', 'recovery.finish')"),
		2);
}

static void a_link_that_was_not_used_for_long_is_over(void **state)
{
	struct house *h = *state;
	struct person a;
	struct problem p = {0};
	char token[TOKEN_TEXT];
	int64_t until_ms = 0;

	enter(h, &a);
	make_link(h, token);
	test_now_ms += RECOVERY_LINK_LIFE_MS + 1;
	assert_int_equal(open_link(h, token, &until_ms), RC_DENIED);
	make_link(h, token);
	assert_int_equal(open_link(h, token, &until_ms), RC_OK);
	test_now_ms = until_ms + RECOVERY_FINISH_LIFE_MS;
	assert_int_equal(finish(h, token, &p), RC_DENIED);
	assert_int_equal(open_link(h, "nonsense", &until_ms), RC_DENIED);
}

static void the_owner_stops_it(void **state)
{
	struct house *h = *state;
	struct person a;
	struct problem p = {0};
	char token[TOKEN_TEXT];
	int64_t until_ms = 0;

	enter(h, &a);
	assert_int_equal(recovery_stop(&h->d, h->reader, &a.who, NULL), RC_NOT_FOUND);
	make_link(h, token);
	assert_int_equal(open_link(h, token, &until_ms), RC_OK);
	assert_int_equal(recovery_stop(&h->d, h->reader, &a.who, NULL), RC_OK);
	refresh(h, &a);
	assert_int_equal(a.who.frozen_until_ms, 0);
	test_now_ms = until_ms;
	assert_int_equal(finish(h, token, &p), RC_DENIED);
	assert_int_equal(open_link(h, token, &until_ms), RC_DENIED);
}

static void only_one_recovery_runs_at_a_time(void **state)
{
	struct house *h = *state;
	struct person a;
	char token[TOKEN_TEXT];
	char second[TOKEN_TEXT];
	int64_t until_ms = 0;

	enter(h, &a);
	make_link(h, token);
	make_link(h, second); /* ends the first */
	assert_int_equal(open_link(h, token, &until_ms), RC_DENIED);
	assert_int_equal(open_link(h, second, &until_ms), RC_OK);
	assert_int_equal(
		recovery_new_link(&h->d, NULL, VIEW("ann@example.org"), token, NULL), RC_CONFLICT);
	assert_int_equal(
		recovery_new_link(&h->d, NULL, VIEW("bob@example.org"), token, NULL), RC_NOT_FOUND);
}

static int64_t mails(struct house *h)
{
	house_settle(h);
	return house_query(h, "SELECT COUNT(*) FROM courier_item");
}

static void ask(struct house *h, const char *login)
{
	assert_int_equal(recovery_request(&h->d, view_of(login), NULL), RC_OK);
}

/* As if the link in the mail had been opened. */
static void give_address(struct house *h, const struct person *a)
{
	struct db *db = NULL;

	writer_stop(STEAL(h->d.writer));
	assert_int_equal(db_open(h->path, DB_WRITER, h->d.keyring, &db, NULL), RC_OK);
	assert_int_equal(account_set_sealed(db,
				 "UPDATE account SET email = ?2, email_confirmed_ms = 1"
				 " WHERE id = ?1",
				 &a->who.account, "account.email", VIEW("ann@example.org"), NULL),
		RC_OK);
	assert_int_equal(writer_start(db, h->d.loop, 100, &h->d.writer, NULL), RC_OK);
}

static void mails_go_to_confirmed_addresses_and_not_too_many(void **state)
{
	struct house *h = *state;
	struct person a;

	enter(h, &a);
	h->d.settings.has_mail = true;
	ask(h, "ann@example.org");
	ask(h, "bob@example.org");
	assert_int_equal(mails(h), 0); /* no address, no such login */
	give_address(h, &a);
	for (int i = 0; i < 3; i++)
		ask(h, "Ann@Example.org");
	assert_int_equal(mails(h), 1); /* one in ten minutes */
	for (int i = 0; i < 20; i++) {
		test_now_ms += RECOVERY_MAIL_GAP_MS;
		ask(h, "ann@example.org");
	}
	assert_int_equal(mails(h), RECOVERY_MAILS_PER_DAY);
	test_now_ms += 24 * HOUR_MS;
	ask(h, "ann@example.org");
	assert_int_equal(mails(h), RECOVERY_MAILS_PER_DAY + 1);
}

static void after_a_stop_no_link_is_mailed_for_a_week(void **state)
{
	struct house *h = *state;
	struct person a;
	char token[TOKEN_TEXT];
	int64_t until_ms = 0;

	enter(h, &a);
	give_address(h, &a);
	make_link(h, token);
	assert_int_equal(open_link(h, token, &until_ms), RC_OK);
	assert_int_equal(recovery_stop(&h->d, h->reader, &a.who, NULL), RC_OK);
	h->d.settings.has_mail = true;
	test_now_ms += RECOVERY_REST_MS - 1;
	ask(h, "ann@example.org");
	assert_int_equal(mails(h), 0);
	test_now_ms += 1;
	ask(h, "ann@example.org");
	assert_int_equal(mails(h), 1);
}

static void an_address_counts_when_its_link_was_opened(void **state)
{
	struct house *h = *state;
	struct person a;
	struct problem p = {0};
	struct security_info s;

	enter(h, &a);
	assert_int_equal(account_email_change(&h->d, &a.who, VIEW("ann@example.org"), &p, NULL),
		RC_CONFLICT);
	assert_string_equal(p.code, "mail_not_set_up");
	h->d.settings.has_mail = true;
	assert_int_equal(
		account_email_change(&h->d, &a.who, VIEW("ann@@example"), &p, NULL), RC_SYNTAX);
	assert_int_equal(
		account_email_change(&h->d, &a.who, VIEW("ann@example.org"), &p, NULL), RC_OK);
	assert_int_equal(mails(h), 1);
	assert_int_equal(security_get(h->reader, &a.who.account, test_now_ms, &s, NULL), RC_OK);
	assert_string_equal(s.email, "");
	assert_string_equal(s.email_pending, "ann@example.org");
	char token[TOKEN_TEXT];
	struct token_hash hash;
	token_new(token, &hash);
	assert_int_equal(account_email_confirm(&h->d, NULL, view_of(token), &p, NULL), RC_DENIED);
	assert_string_equal(p.code, "token_wrong");
}

/* ---- deletion ---- */

static void sql(struct house *h, const char *text)
{
	struct db *db = NULL;

	writer_stop(STEAL(h->d.writer));
	assert_int_equal(db_open(h->path, DB_WRITER, h->d.keyring, &db, NULL), RC_OK);
	assert_int_equal(db_script(db, text, NULL), RC_OK);
	assert_int_equal(writer_start(db, h->d.loop, 100, &h->d.writer, NULL), RC_OK);
}

static void add_ben(struct house *h)
{
	struct db *db = NULL;

	writer_stop(STEAL(h->d.writer));
	assert_int_equal(db_open(h->path, DB_WRITER, h->d.keyring, &db, NULL), RC_OK);
	people_add(db, (struct uid){{0xb1}}, "ben", "Ben");
	assert_int_equal(writer_start(db, h->d.loop, 100, &h->d.writer, NULL), RC_OK);
}

static void a_deleted_account_leaves_nothing_that_can_be_read(void **state)
{
	struct house *h = *state;
	struct person a;
	struct sign_in_result in;
	struct problem p = {0};
	struct principal who;
	char name[NAME_TEXT];
	bool has_key = true;

	enter(h, &a);
	assert_int_equal(account_delete(&h->d, &a.who, &p, NULL), RC_OK);
	assert_false(web_session_check(&h->d, view_of(a.in.token), &who));
	assert_int_equal(house_query(h, "SELECT COUNT(*) FROM account"), 0);
	assert_int_equal(house_query(h, "SELECT COUNT(*) FROM web_session"), 0);
	assert_int_equal(house_query(h, "SELECT COUNT(*) FROM care_group"), 0); /* it was empty */
	assert_int_equal(keyring_has(h->d.keyring, &a.who.account, &has_key, NULL), RC_OK);
	assert_false(has_key);
	assert_int_equal(account_name(h->reader, &a.who.account, name, sizeof name, NULL), RC_OK);
	assert_string_equal(name, "");
	assert_int_equal(sign_in(h, "ann@example.org", good_password, &in, &p), RC_DENIED);
	assert_string_equal(p.code, "sign_in_failed");
}

static void the_last_admin_and_the_last_operator_stay(void **state)
{
	struct house *h = *state;
	struct person a;
	struct problem p = {0};

	enter(h, &a);
	add_ben(h);
	assert_int_equal(account_delete(&h->d, &a.who, &p, NULL), RC_CONFLICT);
	assert_string_equal(p.code, "last_operator");
	sql(h, "UPDATE account SET is_operator = 1;"
	       "INSERT INTO member (account, care_group, role, given, taken, windows, until_ms,"
	       " created_ms) SELECT x'b1000000000000000000000000000000', id, 'viewer', 0, 0, x'',"
	       " 0, 0 FROM care_group");
	assert_int_equal(account_delete(&h->d, &a.who, &p, NULL), RC_CONFLICT);
	assert_string_equal(p.code, "last_admin");
	assert_int_equal(p.groups_n, 1);
	assert_true(uid_is(&p.groups[0], &a.who.groups[0]));
	sql(h, "UPDATE member SET role = 'admin'");
	assert_int_equal(account_delete(&h->d, &a.who, &p, NULL), RC_OK);
	assert_int_equal(house_query(h, "SELECT COUNT(*) FROM member"), 1);
	assert_int_equal(house_query(h, "SELECT COUNT(*) FROM care_group"), 1);
}

static void what_is_left_without_a_key_can_be_taken_away(void **state)
{
	struct house *h = *state;
	struct person a;
	struct sign_in_result in;
	struct problem p = {0};
	struct db *db = NULL;

	enter(h, &a);
	assert_int_equal(keyring_destroy(h->d.keyring, &a.who.account, NULL), RC_OK);
	assert_int_equal(sign_in(h, "ann@example.org", good_password, &in, &p), RC_DENIED);
	assert_string_equal(p.code, "sign_in_failed");
	writer_stop(STEAL(h->d.writer));
	assert_int_equal(db_open(h->path, DB_WRITER, h->d.keyring, &db, NULL), RC_OK);
	assert_int_equal(account_delete_rows(db, &a.who.account, NULL), RC_OK);
	assert_int_equal(writer_start(db, h->d.loop, 100, &h->d.writer, NULL), RC_OK);
	assert_int_equal(house_query(h, "SELECT COUNT(*) FROM account"), 0);
	assert_int_equal(house_query(h, "SELECT COUNT(*) FROM member"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, build, demolish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_link_alone_opens_nothing),
		TEST(after_the_waiting_time_the_password_is_new_and_everything_else_gone),
		TEST(a_link_that_was_not_used_for_long_is_over),
		TEST(the_owner_stops_it),
		TEST(only_one_recovery_runs_at_a_time),
		TEST(mails_go_to_confirmed_addresses_and_not_too_many),
		TEST(after_a_stop_no_link_is_mailed_for_a_week),
		TEST(an_address_counts_when_its_link_was_opened),
		TEST(a_deleted_account_leaves_nothing_that_can_be_read),
		TEST(the_last_admin_and_the_last_operator_stay),
		TEST(what_is_left_without_a_key_can_be_taken_away),
	};

	if (crypto_start(NULL) != RC_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
