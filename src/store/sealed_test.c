#include "store/sealed.h"

#include <stdlib.h>

#include "keys.h"

static const struct uid mia = {{0x11}};
static const struct uid tom = {{0x22}};

struct fixture {
	char folder[64], path[96];
	struct keyring *k;
	struct db *db;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	(void)snprintf(f->folder, sizeof f->folder, "/tmp/kinward-sealed-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	(void)snprintf(f->path, sizeof f->path, "%s/test.db", f->folder);
	f->k = keys_open(f->folder);
	assert_int_equal(keyring_add(f->k, KEY_WEARER, &mia, NULL), RC_OK);
	assert_int_equal(db_open(f->path, DB_WRITER, f->k, &f->db, NULL), RC_OK);
	assert_int_equal(db_script(f->db,
				 "CREATE TABLE t (id INTEGER PRIMARY KEY, owner BLOB, text BLOB,"
				 " text_hash BLOB)",
				 NULL),
		RC_OK);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	static const char *const ends[] = {"", "-wal", "-shm"};

	db_close(f->db);
	keyring_free(f->k);
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		char path[112];
		(void)snprintf(path, sizeof path, "%s%s", f->path, ends[i]);
		(void)unlink(path);
	}
	keys_remove(f->folder);
	assert_int_equal(rmdir(f->folder), 0);
	free(f);
	return 0;
}

static enum rc insert(struct db *db, const struct uid *owner, struct view text, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc =
		db_prepare(db, "INSERT INTO t (owner, text, text_hash) VALUES (?1, ?2, ?3)", &s, e);

	assert_int_equal(rc, RC_OK);
	stmt_bind_uid(s, 1, owner);
	stmt_bind_sealed(s, 2, owner, "t.text", text);
	stmt_bind_lookup(s, 3, "t.text", text);
	return stmt_run(s, NULL, e);
}

static struct stmt *first(struct db *db)
{
	struct stmt *s = NULL;
	bool has_row = false;

	assert_int_equal(
		db_prepare(db, "SELECT text, text_hash, NULL FROM t ORDER BY id", &s, NULL), RC_OK);
	assert_int_equal(stmt_step(s, &has_row, NULL), RC_OK);
	assert_true(has_row);
	return s;
}

static void sealed_text_comes_back_and_is_found(void **state)
{
	struct fixture *f = *state;
	struct stmt *s = NULL;
	bool has_row = false;
	char text[32];

	assert_int_equal(insert(f->db, &mia, VIEW("Mia Müller"), NULL), RC_OK);
	s = first(f->db);
	assert_int_equal(stmt_blob(s, 0).n, strlen("Mia Müller") + SEAL_OVERHEAD);
	assert_int_equal(stmt_blob(s, 1).n, LOOKUP_BYTES);
	assert_int_equal(stmt_copy_sealed(s, 0, &mia, "t.text", text, sizeof text, NULL), RC_OK);
	assert_string_equal(text, "Mia Müller");
	assert_int_equal(
		db_prepare(f->db, "SELECT id FROM t WHERE text_hash = ?1", &s, NULL), RC_OK);
	stmt_bind_lookup(s, 1, "t.text", VIEW("Mia Müller"));
	assert_int_equal(stmt_step(s, &has_row, NULL), RC_OK);
	assert_true(has_row);
	stmt_reset(s);
}

static void text_is_cut_at_a_whole_character(void **state)
{
	struct fixture *f = *state;
	char text[4];

	assert_int_equal(insert(f->db, &mia, VIEW("abü"), NULL), RC_OK);
	struct stmt *s = first(f->db);
	assert_int_equal(stmt_copy_sealed(s, 0, &mia, "t.text", text, sizeof text, NULL), RC_OK);
	assert_string_equal(text, "ab");
}

static void null_is_an_empty_text(void **state)
{
	struct fixture *f = *state;
	char text[4] = "xyz";

	assert_int_equal(insert(f->db, &mia, VIEW(""), NULL), RC_OK);
	struct stmt *s = first(f->db);
	assert_int_equal(stmt_copy_sealed(s, 2, &mia, "t.text", text, sizeof text, NULL), RC_OK);
	assert_string_equal(text, "");
	assert_int_equal(stmt_blob(s, 0).n, SEAL_OVERHEAD); /* the empty one is sealed */
	assert_int_equal(stmt_copy_sealed(s, 0, &mia, "t.text", text, sizeof text, NULL), RC_OK);
	assert_string_equal(text, "");
}

static void erased_owner_reads_as_nothing(void **state)
{
	struct fixture *f = *state;
	char text[8] = "xyz";
	uint8_t *bytes = NULL;
	size_t n = 0;

	assert_int_equal(insert(f->db, &mia, VIEW("Mia"), NULL), RC_OK);
	assert_int_equal(keyring_destroy(f->k, &mia, NULL), RC_OK);
	struct stmt *s = first(f->db);
	assert_int_equal(
		stmt_copy_sealed(s, 0, &mia, "t.text", text, sizeof text, NULL), RC_NOT_FOUND);
	assert_string_equal(text, "");
	assert_int_equal(stmt_take_sealed(s, 0, &mia, "t.text", &bytes, &n, NULL), RC_NOT_FOUND);
	assert_null(bytes);
}

static void changed_value_is_told(void **state)
{
	struct fixture *f = *state;
	char text[8] = "xyz";

	assert_int_equal(insert(f->db, &mia, VIEW("Mia"), NULL), RC_OK);
	assert_int_equal(db_script(f->db, "UPDATE t SET text = zeroblob(44)", NULL), RC_OK);
	struct stmt *s = first(f->db);
	assert_int_equal(
		stmt_copy_sealed(s, 0, &mia, "t.text", text, sizeof text, NULL), RC_SYNTAX);
	stmt_reset(s);
	assert_int_equal(db_script(f->db, "UPDATE t SET text = x'00'", NULL), RC_OK);
	s = first(f->db);
	assert_int_equal(
		stmt_copy_sealed(s, 0, &mia, "t.text", text, sizeof text, NULL), RC_SYNTAX);
}

static void nothing_is_written_without_a_key(void **state)
{
	struct fixture *f = *state;
	struct uid none = {{0}};
	struct err e;

	assert_int_equal(insert(f->db, &tom, VIEW("Tom"), &e), RC_NOT_FOUND);
	assert_int_equal(insert(f->db, &none, VIEW("Tom"), &e), RC_BUG);
	/* The failure belongs to that one run. */
	assert_int_equal(insert(f->db, &mia, VIEW("Mia"), &e), RC_OK);
}

static void connection_without_keys_seals_nothing(void **state)
{
	struct fixture *f = *state;
	struct db *plain = NULL;
	struct err e;

	assert_int_equal(db_open(f->path, DB_WRITER, NULL, &plain, NULL), RC_OK);
	assert_null(db_keyring(plain));
	assert_int_equal(insert(plain, &mia, VIEW("Mia"), &e), RC_BUG);
	db_close(plain);
}

static void sealing_survives_each_failing_allocation(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(insert(f->db, &mia, VIEW("Mia"), NULL), RC_OK); /* now it is prepared */
	for (long n = 0;; n++) {
		alloc_fail_after(n);
		enum rc rc = insert(f->db, &mia, VIEW("Mia"), NULL);
		int has_failed = alloc_has_failed();
		alloc_fail_after(-1);
		if (!has_failed)
			break;
		assert_true(rc == RC_OK || rc == RC_NOMEM);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sealed_text_comes_back_and_is_found),
		TEST(text_is_cut_at_a_whole_character),
		TEST(null_is_an_empty_text),
		TEST(erased_owner_reads_as_nothing),
		TEST(changed_value_is_told),
		TEST(nothing_is_written_without_a_key),
		TEST(connection_without_keys_seals_nothing),
		TEST(sealing_survives_each_failing_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
