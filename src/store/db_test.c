#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/schema.h"
#include "unit.h"

struct fixture {
	char folder[64];
	char path[96];
	struct db *db;
};

static int open_db(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	(void)snprintf(f->folder, sizeof f->folder, "/tmp/kinward-db-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	(void)snprintf(f->path, sizeof f->path, "%s/test.db", f->folder);
	assert_int_equal(db_open(f->path, DB_WRITER, NULL, &f->db, NULL), RC_OK);
	assert_int_equal(db_script(f->db,
				 "CREATE TABLE t (id BLOB PRIMARY KEY, n INTEGER, s TEXT);"
				 "CREATE UNIQUE INDEX t_n ON t (n)",
				 NULL),
		RC_OK);
	*state = f;
	return 0;
}

static int close_db(void **state)
{
	struct fixture *f = *state;
	static const char *const ends[] = {"", "-wal", "-shm"};

	db_close(f->db);
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		char path[112];
		(void)snprintf(path, sizeof path, "%s%s", f->path, ends[i]);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(f->folder), 0);
	free(f);
	return 0;
}

static enum rc insert(struct db *db, const struct uid *id, int64_t n, struct view s)
{
	struct stmt *stmt = NULL;
	enum rc rc = db_prepare(db, "INSERT INTO t (id, n, s) VALUES (?1, ?2, ?3)", &stmt, NULL);

	assert_int_equal(rc, RC_OK);
	stmt_bind_uid(stmt, 1, id);
	stmt_bind_int(stmt, 2, n);
	stmt_bind_text(stmt, 3, s);
	return stmt_run(stmt, NULL, NULL);
}

static int64_t count_rows(struct db *db)
{
	struct stmt *s = NULL;
	bool has_row = false;

	assert_int_equal(db_prepare(db, "SELECT COUNT(*) FROM t", &s, NULL), RC_OK);
	assert_int_equal(stmt_step(s, &has_row, NULL), RC_OK);
	assert_true(has_row);
	int64_t n = stmt_int(s, 0);
	stmt_reset(s);
	return n;
}

static void values_come_back_as_they_were(void **state)
{
	struct fixture *f = *state;
	struct uid id = uid_new();
	struct stmt *s = NULL;
	bool has_row = false;

	assert_int_equal(insert(f->db, &id, INT64_MIN, VIEW("a\0b'; DROP TABLE t")), RC_OK);
	assert_int_equal(db_prepare(f->db, "SELECT id, n, s, NULL FROM t", &s, NULL), RC_OK);
	assert_int_equal(stmt_step(s, &has_row, NULL), RC_OK);
	assert_true(has_row);
	struct uid back = stmt_uid(s, 0);
	assert_true(uid_is(&id, &back));
	assert_true(stmt_int(s, 1) == INT64_MIN);
	assert_true(view_is(stmt_text(s, 2), VIEW("a\0b'; DROP TABLE t")));
	assert_true(stmt_is_null(s, 3));
	struct uid none = stmt_uid(s, 3);
	assert_true(uid_is_none(&none));
	assert_int_equal(stmt_step(s, &has_row, NULL), RC_OK);
	assert_false(has_row);
}

static void text_is_cut_at_a_whole_character(void **state)
{
	struct fixture *f = *state;
	struct uid id = uid_new();
	struct stmt *s = NULL;
	bool has_row = false;
	char text[6];

	assert_int_equal(insert(f->db, &id, 1, VIEW("abcdä")), RC_OK);
	assert_int_equal(db_prepare(f->db, "SELECT s FROM t", &s, NULL), RC_OK);
	assert_int_equal(stmt_step(s, &has_row, NULL), RC_OK);
	stmt_copy_text(s, 0, text, sizeof text);
	assert_string_equal(text, "abcd");
	stmt_reset(s);
}

static void second_row_with_the_same_key_is_a_conflict(void **state)
{
	struct fixture *f = *state;
	struct uid id = uid_new();
	struct uid other = uid_new();

	assert_int_equal(insert(f->db, &id, 1, VIEW("")), RC_OK);
	assert_int_equal(insert(f->db, &id, 2, VIEW("")), RC_CONFLICT);
	assert_int_equal(insert(f->db, &other, 1, VIEW("")), RC_CONFLICT);
	assert_int_equal(insert(f->db, &other, 2, VIEW("")), RC_OK);
}

static void binding_a_parameter_that_is_not_there_is_our_bug(void **state)
{
	struct fixture *f = *state;
	struct stmt *s = NULL;
	bool has_row = false;

	assert_int_equal(db_prepare(f->db, "SELECT n FROM t WHERE n = ?1", &s, NULL), RC_OK);
	stmt_bind_int(s, 2, 5);
	assert_int_equal(stmt_step(s, &has_row, NULL), RC_BUG);
	assert_int_equal(db_prepare(f->db, "SELECT n FROM t WHERE n = ?1", &s, NULL), RC_OK);
	assert_int_equal(stmt_step(s, &has_row, NULL), RC_OK);
}

static void statement_is_prepared_once_and_comes_without_old_values(void **state)
{
	struct fixture *f = *state;
	static const char sql[] = "SELECT ?1 IS NULL";
	struct stmt *first = NULL;
	struct stmt *second = NULL;
	bool has_row = false;

	assert_int_equal(db_prepare(f->db, sql, &first, NULL), RC_OK);
	stmt_bind_int(first, 1, 7);
	assert_int_equal(stmt_step(first, &has_row, NULL), RC_OK);
	assert_int_equal(stmt_int(first, 0), 0);
	assert_int_equal(db_prepare(f->db, sql, &second, NULL), RC_OK);
	assert_ptr_equal(first, second);
	assert_int_equal(stmt_step(second, &has_row, NULL), RC_OK);
	assert_int_equal(stmt_int(second, 0), 1);
	stmt_reset(second);
}

static void file_belongs_to_its_owner_alone(void **state)
{
	struct fixture *f = *state;
	static const char *const ends[] = {"", "-wal", "-shm"};
	struct uid id = uid_new();

	assert_int_equal(insert(f->db, &id, 1, VIEW("")), RC_OK);
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		char path[112];
		struct stat st;
		(void)snprintf(path, sizeof path, "%s%s", f->path, ends[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
}

static void reader_sees_commits_and_cannot_write(void **state)
{
	struct fixture *f = *state;
	struct uid id = uid_new();
	struct db *reader = NULL;

	assert_int_equal(db_open(f->path, DB_READER, NULL, &reader, NULL), RC_OK);
	assert_int_equal(db_begin(f->db, NULL), RC_OK);
	assert_int_equal(insert(f->db, &id, 1, VIEW("")), RC_OK);
	assert_int_equal(count_rows(reader), 0);
	assert_int_equal(db_commit(f->db, NULL), RC_OK);
	assert_int_equal(count_rows(reader), 1);
	assert_int_not_equal(db_script(reader, "DELETE FROM t", NULL), RC_OK);
	db_close(reader);
	assert_int_equal(count_rows(f->db), 1);
}

static void savepoint_is_undone_alone(void **state)
{
	struct fixture *f = *state;
	struct uid id = uid_new();
	struct uid other = uid_new();

	assert_int_equal(db_begin(f->db, NULL), RC_OK);
	assert_int_equal(insert(f->db, &id, 1, VIEW("")), RC_OK);
	assert_int_equal(db_savepoint(f->db, NULL), RC_OK);
	assert_int_equal(insert(f->db, &other, 2, VIEW("")), RC_OK);
	db_rollback_savepoint(f->db);
	assert_int_equal(db_commit(f->db, NULL), RC_OK);
	assert_int_equal(count_rows(f->db), 1);
}

static void rollback_undoes_everything(void **state)
{
	struct fixture *f = *state;
	struct uid id = uid_new();

	assert_int_equal(db_begin(f->db, NULL), RC_OK);
	assert_int_equal(insert(f->db, &id, 1, VIEW("")), RC_OK);
	db_rollback(f->db);
	assert_false(db_is_in_transaction(f->db));
	assert_int_equal(count_rows(f->db), 0);
	db_rollback(f->db); /* nothing to undo is fine */
}

static void migrations_run_once(void **state)
{
	struct fixture *f = *state;
	struct uid id = uid_new();
	struct stmt *s = NULL;
	bool has_row = false;

	assert_int_equal(insert(f->db, &id, 1, VIEW("")), RC_OK);
	db_close(f->db);
	f->db = NULL;
	assert_int_equal(db_open(f->path, DB_WRITER, NULL, &f->db, NULL), RC_OK);
	assert_int_equal(count_rows(f->db), 1);
	assert_int_equal(
		db_prepare(f->db, "SELECT COUNT(*), MAX(number) FROM schema_version", &s, NULL),
		RC_OK);
	assert_int_equal(stmt_step(s, &has_row, NULL), RC_OK);
	assert_int_equal(stmt_int(s, 0), schema_newest() - 1); /* number 1 was never released */
	assert_int_equal(stmt_int(s, 1), schema_newest());
	stmt_reset(s);
}

static void database_of_a_newer_program_is_refused(void **state)
{
	struct fixture *f = *state;
	struct err e;

	assert_int_equal(
		db_script(f->db, "INSERT INTO schema_version VALUES (9999, 0)", NULL), RC_OK);
	db_close(f->db);
	f->db = NULL;
	assert_int_equal(db_open(f->path, DB_WRITER, NULL, &f->db, &e), RC_CONFLICT);
	assert_null(f->db);
}

static void database_of_a_build_without_sealing_is_refused(void **state)
{
	struct fixture *f = *state;
	struct err e;

	assert_int_equal(db_script(f->db, "UPDATE schema_version SET number = 1", NULL), RC_OK);
	db_close(f->db);
	f->db = NULL;
	assert_int_equal(db_open(f->path, DB_WRITER, NULL, &f->db, &e), RC_CONFLICT);
	assert_non_null(strstr(e.msg, "unreleased build"));
	assert_null(f->db);
}

static void file_that_is_no_database_is_refused(void **state)
{
	struct fixture *f = *state;
	char path[112];
	struct db *db = NULL;

	(void)snprintf(path, sizeof path, "%s/other", f->folder);
	int fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	static const char junk[] =
		"this is a text, not a database, and long enough to be looked at";
	for (int i = 0; i < 20; i++)
		assert_int_equal(write(fd, junk, sizeof junk), sizeof junk);
	assert_int_equal(close(fd), 0);
	assert_int_equal(db_open(path, DB_WRITER, NULL, &db, NULL), RC_IO);
	assert_null(db);
	assert_int_equal(unlink(path), 0);
}

/* The rule of the schema: tables about a wearer or a device have its id first in the primary key,
 * and no unique key lacks it. */
static void keys_begin_with_the_id_that_data_is_divided_by(void **state)
{
	struct fixture *f = *state;
	static const char *const tables[] = {"wearer_picture", "command", "alarm", "history_chunk",
		"history_mark", "health_rule", "health_value", "wearer_day", "call_log",
		"friend_rule", "friendship"};
	struct stmt *s = NULL;
	bool has_row = false;

	for (size_t i = 0; i < COUNT_OF(tables); i++) {
		assert_int_equal(
			db_prepare(f->db, "SELECT name FROM pragma_table_info(?1) WHERE pk = 1", &s,
				NULL),
			RC_OK);
		stmt_bind_text(s, 1, view_of(tables[i]));
		assert_int_equal(stmt_step(s, &has_row, NULL), RC_OK);
		assert_true(has_row);
		assert_true(view_is(stmt_text(s, 0), VIEW("wearer")));
		assert_int_equal(
			db_prepare(f->db,
				"SELECT i.name, (SELECT c.name FROM pragma_index_info(i.name) c"
				" WHERE c.seqno = 0) FROM pragma_index_list(?1) i WHERE "
				"i.\"unique\" = 1",
				&s, NULL),
			RC_OK);
		stmt_bind_text(s, 1, view_of(tables[i]));
		assert_int_equal(stmt_step(s, &has_row, NULL), RC_OK);
		while (has_row) {
			assert_true(view_is(stmt_text(s, 1), VIEW("wearer")));
			assert_int_equal(stmt_step(s, &has_row, NULL), RC_OK);
		}
	}
}

static void opening_survives_each_failing_allocation(void **state)
{
	struct fixture *f = *state;

	for (long n = 0;; n++) {
		struct db *db = NULL;
		alloc_fail_after(n);
		enum rc rc = db_open(f->path, DB_READER, NULL, &db, NULL);
		bool has_failed = alloc_has_failed() != 0;
		alloc_fail_after(-1);
		if (rc == RC_OK) {
			db_close(db);
			if (!has_failed)
				break;
		}
		assert_true(rc == RC_OK || rc == RC_NOMEM || rc == RC_IO);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_db, close_db)
		TEST(values_come_back_as_they_were),
		TEST(text_is_cut_at_a_whole_character),
		TEST(second_row_with_the_same_key_is_a_conflict),
		TEST(binding_a_parameter_that_is_not_there_is_our_bug),
		TEST(statement_is_prepared_once_and_comes_without_old_values),
		TEST(file_belongs_to_its_owner_alone),
		TEST(reader_sees_commits_and_cannot_write),
		TEST(savepoint_is_undone_alone),
		TEST(rollback_undoes_everything),
		TEST(migrations_run_once),
		TEST(database_of_a_newer_program_is_refused),
		TEST(database_of_a_build_without_sealing_is_refused),
		TEST(file_that_is_no_database_is_refused),
		TEST(keys_begin_with_the_id_that_data_is_divided_by),
		TEST(opening_survives_each_failing_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
