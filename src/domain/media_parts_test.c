#include "domain/domain_fixture.h"

#include <stdlib.h>

#include "domain/photo.h"
#include "unit.h"
#include "watch/jpeg.h"

static const char watch[] = "8800000015";

static const uint64_t session = 1;

/* A real picture of the corpus. */
static struct view scene(char buf[4096])
{
	const char *root = secure_getenv("KINWARD_SOURCE_DIR");
	char path[512];

	(void)snprintf(
		path, sizeof path, "%s/src/watch/corpus/jpeg/001", root == NULL ? "." : root);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	size_t n = fread(buf, 1, 4096, f);
	(void)fclose(f);
	return (struct view){.p = buf, .n = n};
}

static void part(
	struct fixture *f, uint64_t from, uint8_t origin, struct view whole, size_t at, size_t n)
{
	struct message_blob m = {.session = from,
		.origin = origin,
		.offset = (uint32_t)at,
		.total = (uint32_t)whole.n,
		.bytes = {.p = whole.p + at, .n = n}};

	media_parts_take(&f->d, &m);
}

static void tell(struct fixture *f)
{
	fixture_say(f, session, watch, "img,6,260101120000,x");
	fixture_settle(f);
}

static unsigned answers(const struct fixture *f)
{
	return fixture_count(f, TOLD_ANSWER, session);
}

static int64_t stored(struct fixture *f)
{
	return fixture_query(f, "SELECT COUNT(*) FROM thread_item WHERE kind = 2");
}

static void parts_in_order_make_a_photo(void **state)
{
	struct fixture *f = *state;
	char buf[4096];
	struct view p = scene(buf);

	(void)fixture_bind(f, watch);
	fixture_open(f, session, watch);
	fixture_forget(f);
	for (size_t at = 0; at < p.n; at++)
		part(f, session, PICTURE_OWN, p, at, 1);
	tell(f);
	assert_int_equal(stored(f), 1);
	assert_int_equal(answers(f), 1);
	/* and is not there a second time */
	tell(f);
	assert_int_equal(stored(f), 1);
	assert_int_equal(answers(f), 1);
}

static void what_is_not_whole_is_not_answered(void **state)
{
	struct fixture *f = *state;
	char buf[4096];
	struct view p = scene(buf);

	(void)fixture_bind(f, watch);
	fixture_open(f, session, watch);
	fixture_forget(f);
	tell(f);
	part(f, session, PICTURE_OWN, p, 0, 100);
	tell(f);
	part(f, session, PICTURE_OWN, p, 101, 100); /* a hole */
	tell(f);
	part(f, session, PICTURE_OWN, p, 100, p.n - 100); /* its beginning is gone */
	tell(f);
	assert_int_equal(answers(f), 0);
	part(f, session, PICTURE_OWN, p, 0, 100);
	part(f, session, PICTURE_OWN, p, 0, p.n); /* begun anew */
	tell(f);
	assert_int_equal(stored(f), 1);
}

static void strangers_and_the_second_connection_send_none(void **state)
{
	struct fixture *f = *state;
	char buf[4096];
	struct view p = scene(buf);

	(void)fixture_bind(f, watch);
	fixture_open(f, session, watch);
	part(f, 7, PICTURE_OWN, p, 0, p.n);
	fixture_open(f, 2, watch); /* asked who it is: both are in doubt */
	part(f, session, PICTURE_OWN, p, 0, p.n);
	tell(f);
	assert_int_equal(stored(f), 0);
}

static void only_a_few_are_put_together_at_once(void **state)
{
	struct fixture *f = *state;
	char buf[4096];
	struct view p = scene(buf);
	char id[11];

	for (unsigned i = 0; i <= MEDIA_PARTS_MAX; i++) {
		(void)snprintf(id, sizeof id, "77000%05u", i);
		struct live_device dev = {
			.wearer = {{(uint8_t)(i + 1)}}, .group = {{1}}, .number = i + 1000};
		memcpy(dev.wire_id, id, 10);
		live_lock(f->d.live);
		assert_int_equal(live_add(f->d.live, &dev, NULL), RC_OK);
		live_unlock(f->d.live);
		fixture_open(f, 100 + i, id);
		part(f, 100 + i, PICTURE_OWN, p, 0, 10);
	}
	(void)fixture_bind(f, watch);
	fixture_open(f, session, watch);
	fixture_forget(f);
	part(f, session, PICTURE_OWN, p, 0, p.n);
	tell(f);
	assert_int_equal(answers(f), 0); /* no room: the watch says it again */
	fixture_pass(f, MEDIA_PARTS_LIFE_MS);
	part(f, session, PICTURE_OWN, p, 0, p.n);
	tell(f);
	assert_int_equal(stored(f), 1);
}

static void the_oldest_photos_make_room(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);
	struct db *db = NULL;
	struct uid id;

	assert_int_equal(db_open(f->path, DB_WRITER, f->d.keyring, &db, NULL), RC_OK);
	for (int i = 0; i < PHOTOS_MAX + 5; i++)
		assert_int_equal(
			photo_store(db, &mia, &(struct uid){{0}}, VIEW("x"),
				fixture_now() + i * INT64_C(86400000), INT64_MAX, &id, NULL),
			RC_OK);
	db_close(db);
	assert_int_equal(stored(f), PHOTOS_MAX);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(parts_in_order_make_a_photo),
		TEST(what_is_not_whole_is_not_answered),
		TEST(strangers_and_the_second_connection_send_none),
		TEST(only_a_few_are_put_together_at_once),
		TEST(the_oldest_photos_make_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
