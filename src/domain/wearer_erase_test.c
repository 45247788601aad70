#include "domain/wearer_erase.h"

#include "crypto/keyring.h"
#include "domain/alarm.h"
#include "domain/domain_fixture.h"
#include "domain/erase_keyless.h"
#include "unit.h"

static const char watch[] = "5550100001";

struct put {
	struct fixture *f;
	const struct uid *wearer;
	char bytes[4096];
	size_t n;
	enum rc rc;
};

/* A real picture of the corpus. */
static void read_picture(struct put *put)
{
	const char *root = secure_getenv("KINWARD_SOURCE_DIR");
	char path[512];

	(void)snprintf(
		path, sizeof path, "%s/src/watch/corpus/jpeg/001", root == NULL ? "." : root);
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	put->n = fread(put->bytes, 1, sizeof put->bytes, file);
	(void)fclose(file);
}

static void put_picture(void *arg)
{
	struct put *put = arg;
	struct problem p;

	put->rc = wearer_picture_put(&put->f->d, &put->f->maria, put->wearer,
		(struct view){.p = put->bytes, .n = put->n}, &p, NULL);
}

/* A wearer with a place, an alarm and a picture. */
static struct uid live_a_little(struct fixture *f)
{
	struct uid mia = fixture_bind(f, watch);
	struct put put = {.f = f, .wearer = &mia};

	fixture_open(f, 1, watch);
	fixture_say_place(f, 1, watch, "UD", 50.5, 8.5, "00000000");
	fixture_say_place(f, 1, watch, "AL", 50.5, 8.5, "00010000");
	fixture_settle(f);
	read_picture(&put);
	fixture_request(f, put_picture, &put);
	assert_int_equal(put.rc, RC_OK);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm"), 1);
	return mia;
}

static void assert_gone(struct fixture *f)
{
	static const char *const tables[] = {"SELECT COUNT(*) FROM wearer",
		"SELECT COUNT(*) FROM device", "SELECT COUNT(*) FROM alarm",
		"SELECT COUNT(*) FROM command", "SELECT COUNT(*) FROM wearer_picture",
		"SELECT COUNT(*) FROM history_chunk"};

	for (size_t i = 0; i < COUNT_OF(tables); i++)
		assert_int_equal(fixture_query(f, tables[i]), 0);
}

static void erased_wearer_has_neither_key_nor_rows(void **state)
{
	struct fixture *f = *state;
	struct uid mia = live_a_little(f);
	bool has_key = true;

	assert_int_equal(wearer_erase(&f->d, &f->maria, &mia, NULL), RC_OK);
	fixture_settle(f);
	assert_int_equal(keyring_has(f->d.keyring, &mia, &has_key, NULL), RC_OK);
	assert_false(has_key);
	assert_gone(f);
	assert_int_equal(wearer_erase(&f->d, &f->maria, &mia, NULL), RC_NOT_FOUND);
}

static void picture_is_sealed_and_comes_back(void **state)
{
	struct fixture *f = *state;
	struct uid mia = live_a_little(f);
	uint8_t *bytes = NULL;
	size_t n = 0;

	assert_int_equal(fixture_query(f, "SELECT instr(bytes, x'ffd8ff') FROM wearer_picture"), 0);
	assert_int_equal(wearer_picture_get(f->reader, &mia, &bytes, &n, NULL), RC_OK);
	assert_true(n > 100);
	assert_memory_equal(bytes, "\xff\xd8\xff", 3);
	free(bytes);
	assert_int_equal(keyring_destroy(f->d.keyring, &mia, NULL), RC_OK);
	assert_int_equal(wearer_picture_get(f->reader, &mia, &bytes, &n, NULL), RC_NOT_FOUND);
}

static void alarm_without_key_is_shown_without_place_and_note(void **state)
{
	struct fixture *f = *state;
	struct uid mia = live_a_little(f);
	struct db *db = NULL;
	struct stmt *s = NULL;
	struct alarm_info a;
	bool has_row = false;

	assert_int_equal(db_open(f->path, DB_READER, f->d.keyring, &db, NULL), RC_OK);
	assert_int_equal(db_prepare(db, "SELECT id FROM alarm", &s, NULL), RC_OK);
	assert_int_equal(stmt_step(s, &has_row, NULL), RC_OK);
	struct uid id = stmt_uid(s, 0);
	stmt_reset(s);
	assert_int_equal(alarm_get(db, &id, &a, NULL), RC_OK);
	assert_true(a.has_fix);
	assert_int_equal(keyring_destroy(f->d.keyring, &mia, NULL), RC_OK);
	assert_int_equal(alarm_get(db, &id, &a, NULL), RC_OK);
	assert_false(a.has_fix);
	db_close(db);
}

/* After a crash between the key and the rows, or when an older backup was restored. */
static void wearers_without_key_are_finished_off_at_the_start(void **state)
{
	struct fixture *f = *state;
	struct uid mia = live_a_little(f);
	struct db *db = NULL;
	struct keyless n = {.wearers = 9};

	assert_int_equal(keyring_destroy(f->d.keyring, &mia, NULL), RC_OK);
	fixture_settle(f);
	assert_int_equal(db_open(f->path, DB_WRITER, f->d.keyring, &db, NULL), RC_OK);
	assert_int_equal(erase_keyless(db, &n, NULL), RC_OK);
	assert_int_equal(n.wearers, 1);
	assert_int_equal(erase_keyless(db, &n, NULL), RC_OK);
	assert_int_equal(n.wearers, 0);
	db_close(db);
	assert_gone(f);
}

static void group_without_key_goes_with_its_wearers(void **state)
{
	struct fixture *f = *state;
	struct uid group = {{1}};
	struct db *db = NULL;
	struct keyless n;

	(void)live_a_little(f);
	assert_int_equal(keyring_destroy(f->d.keyring, &group, NULL), RC_OK);
	assert_int_equal(db_open(f->path, DB_WRITER, f->d.keyring, &db, NULL), RC_OK);
	assert_int_equal(erase_keyless(db, &n, NULL), RC_OK);
	assert_int_equal(n.groups, 1);
	db_close(db);
	assert_gone(f);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM care_group"), 1); /* Eve's */
}

static void account_without_key_goes(void **state)
{
	struct fixture *f = *state;
	struct db *db = NULL;
	struct keyless n;

	assert_int_equal(keyring_destroy(f->d.keyring, &f->eve.account, NULL), RC_OK);
	assert_int_equal(db_open(f->path, DB_WRITER, f->d.keyring, &db, NULL), RC_OK);
	assert_int_equal(erase_keyless(db, &n, NULL), RC_OK);
	assert_int_equal(n.accounts, 1);
	db_close(db);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM account"), 1); /* Maria's */
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM member"), 1);
}

static void wearers_with_key_stay(void **state)
{
	struct fixture *f = *state;
	struct db *db = NULL;
	struct keyless n = {.wearers = 9};

	(void)live_a_little(f);
	assert_int_equal(db_open(f->path, DB_WRITER, f->d.keyring, &db, NULL), RC_OK);
	assert_int_equal(erase_keyless(db, &n, NULL), RC_OK);
	assert_int_equal(n.wearers, 0);
	db_close(db);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM wearer"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
		TEST(erased_wearer_has_neither_key_nor_rows),
		TEST(picture_is_sealed_and_comes_back),
		TEST(alarm_without_key_is_shown_without_place_and_note),
		TEST(wearers_without_key_are_finished_off_at_the_start),
		TEST(group_without_key_goes_with_its_wearers),
		TEST(account_without_key_goes),
		TEST(wearers_with_key_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
