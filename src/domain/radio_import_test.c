#include "domain/radio_import.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "domain/radio_job.h"
#include "prop.h"
#include "unit.h"

static const char good[] = "radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,"
			   "updated,averageSignal\n"
			   "GSM,262,2,801,86355,0,13.285512,52.522202,1000,7,1,1,1,0\n"
			   "CDMA,310,1,1,1,0,13,52,1000,7,1,1,1,0\n"
			   "LTE,262,2,801,86356,0,13.3,52.5,700,9,1,1,1,0\r\n"
			   "LTE,262,2,801,86356,0,13.4,52.6,700,3,1,1,1,0\n"
			   "LTE,262,2,801,no\n"
			   "\n"
			   "UMTS,262,2,801,86357,0,13.5,52.7,,,,,,";

struct place {
	char folder[64], file[96];
};

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	assert_non_null(p);
	(void)snprintf(p->folder, sizeof p->folder, "/tmp/kinward-radio-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	(void)snprintf(p->file, sizeof p->file, "%s/table.csv", p->folder);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = {"radio.db", "radio.db-wal", "radio.db-shm",
		"radio.lock", "table.csv", "radio-import/table.csv", "radio-import/link"};
	struct place *p = *state;
	char path[160];

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		(void)snprintf(path, sizeof path, "%s/%s", p->folder, names[i]);
		(void)unlink(path); /* not all are there */
	}
	(void)snprintf(path, sizeof path, "%s/radio-import", p->folder);
	(void)rmdir(path); /* as above */
	assert_int_equal(rmdir(p->folder), 0);
	free(p);
	return 0;
}

static int file_of(const struct place *p, const void *bytes, size_t n, bool is_packed)
{
	if (is_packed) {
		gzFile f = gzopen(p->file, "wb");
		assert_non_null(f);
		assert_int_equal(gzwrite(f, bytes, (unsigned)n), (int)n);
		assert_int_equal(gzclose(f), Z_OK);
	} else {
		FILE *f = fopen(p->file, "wb");
		assert_non_null(f);
		assert_int_equal(fwrite(bytes, 1, n, f), n);
		assert_int_equal(fclose(f), 0);
	}
	int fd = open(p->file, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static bool has_cell(const struct place *p, uint32_t cid, struct geo *ret)
{
	struct radio_reader *r = NULL;
	uint64_t key = 0;
	uint32_t range_m = 0;

	assert_true(radio_cell_key(262, 2, 801, cid, &key));
	assert_int_equal(radio_reader_new(p->folder, &r, NULL), RC_OK);
	enum rc rc = radio_reader_find(r, true, key, ret, &range_m, NULL);
	radio_reader_free(r);
	return rc == RC_OK;
}

static void no_import(void *ctx, const struct radio_import *i)
{
	*(struct radio_import *)ctx = *i;
}

static void check_good(const struct place *p, const struct radio_import *i)
{
	struct geo at = {0};
	struct radio_counts counts;
	struct radio_import shown;

	assert_int_equal(i->state, RADIO_DONE);
	assert_int_equal(i->lines, 8);
	assert_int_equal(i->cells, 4);
	assert_int_equal(i->skipped, 1);
	assert_int_equal(i->bad, 1);
	assert_int_equal(i->shown, 1);
	assert_int_equal(i->first_bad[0].line, 6);
	assert_int_equal(i->bytes, i->bytes_total);
	assert_true(has_cell(p, 86355, &at) && at.lat_e7 == 525222020);
	assert_true(has_cell(p, 86356, &at) && at.lat_e7 == 525000000); /* more samples */
	assert_true(has_cell(p, 86357, &at));
	assert_false(has_cell(p, 86358, &at));
	assert_int_equal(radio_table_read(p->folder, &counts, no_import, &shown, NULL), RC_OK);
	assert_int_equal(counts.cells, 3);
	assert_int_equal(shown.bad, 1);
	assert_int_equal(shown.first_bad[0].line, 6);
}

/* What a reader may see while the first import begins: a file, and nothing in it. */
static void a_file_without_tables_is_an_empty_table(void **state)
{
	const struct place *p = *state;
	struct radio_counts counts = {.cells = 7};
	struct radio_import shown = {.id = 7};
	char path[RADIO_PATH_MAX];
	struct geo at;

	radio_table_path(p->folder, path);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(radio_table_read(p->folder, &counts, no_import, &shown, NULL), RC_OK);
	assert_int_equal(counts.cells, 0);
	assert_int_equal(shown.id, 7);
	assert_false(has_cell(p, 86355, &at));
}

static void a_table_is_imported_and_again(void **state)
{
	const struct place *p = *state;
	struct radio_import i;
	struct geo at;

	assert_false(has_cell(p, 86355, &at)); /* no file yet */
	for (int turn = 0; turn < 3; turn++) {
		int fd = file_of(p, good, sizeof good - 1, turn == 1);
		assert_int_equal(
			radio_import_run(p->folder, fd, "table.csv", NULL, NULL, &i, NULL), RC_OK);
		assert_int_equal(i.id, turn + 1);
		check_good(p, &i);
	}
	assert_int_equal(radio_table_clear(p->folder, NULL), RC_OK);
	assert_false(has_cell(p, 86355, &at));
}

static void a_damaged_gz_keeps_what_was_read_and_says_so(void **state)
{
	const struct place *p = *state;
	size_t n = 400000;
	char *text = malloc(n + 64);
	struct radio_import i;
	struct err e;
	size_t used = 0;

	assert_non_null(text);
	for (unsigned k = 1; used < n; k++)
		used += (size_t)snprintf(
			text + used, 64, "GSM,262,2,801,%u,0,13.%u,52.5,9\n", k, k);
	(void)close(file_of(p, text, used, true));
	free(text);
	assert_int_equal(truncate(p->file, 30000), 0);
	int fd = open(p->file, O_RDONLY | O_CLOEXEC);
	assert_int_equal(radio_import_run(p->folder, fd, "cut", NULL, NULL, &i, &e), RC_IO);
	assert_int_equal(i.state, RADIO_FAILED);
	assert_non_null(strstr(e.msg, "damaged"));
	struct geo at;
	assert_true(i.cells > 100 && has_cell(p, 1, &at));
}

static void a_line_without_end_is_one_bad_line(void **state)
{
	const struct place *p = *state;
	size_t n = 3000000;
	char *text = malloc(n + sizeof good);
	struct radio_import i;

	assert_non_null(text);
	memset(text, 'x', n);
	text[n - 1] = '\n';
	memcpy(text + n, good, sizeof good);
	int fd = file_of(p, text, n + sizeof good - 1, true);
	free(text);
	assert_int_equal(radio_import_run(p->folder, fd, "long", NULL, NULL, &i, NULL), RC_OK);
	assert_int_equal(i.bad, 2);
	assert_int_equal(i.first_bad[0].line, 1);
	assert_int_equal(i.cells, 4);
}

static bool say_no(void *ctx, const struct radio_import *now)
{
	(void)now;
	++*(int *)ctx;
	return false;
}

static void one_that_was_stopped_can_be_run_again(void **state)
{
	const struct place *p = *state;
	FILE *f = fopen(p->file, "w");
	struct radio_import i;
	struct geo at;
	int asked = 0;

	assert_non_null(f);
	for (unsigned k = 1; k <= RADIO_CHUNK + 10; k++)
		assert_true(fprintf(f, "GSM,262,2,801,%u,0,13.5,52.5,9\n", k % 65535 + 70000) > 0);
	assert_int_equal(fclose(f), 0);
	int fd = open(p->file, O_RDONLY | O_CLOEXEC);
	assert_int_equal(radio_import_run(p->folder, fd, "half", say_no, &asked, &i, NULL), RC_IO);
	assert_int_equal(asked, 1);
	assert_true(has_cell(p, 70001, &at));
	fd = open(p->file, O_RDONLY | O_CLOEXEC);
	assert_int_equal(radio_import_run(p->folder, fd, "half", NULL, NULL, &i, NULL), RC_OK);
	assert_int_equal(i.cells, RADIO_CHUNK + 10);
}

static void nothing_but_files_is_read(void **state)
{
	const struct place *p = *state;
	struct radio_import i;

	assert_int_equal(radio_import_run(p->folder, open("/dev/zero", O_RDONLY | O_CLOEXEC),
				 "zero", NULL, NULL, &i, NULL),
		RC_IO);
	assert_int_equal(radio_import_run(p->folder, open("/tmp", O_RDONLY | O_CLOEXEC), "dir",
				 NULL, NULL, &i, NULL),
		RC_IO);
}

static void only_files_of_the_folder_can_be_named(void **state)
{
	static const char *const names[] = {"", ".", "..", "../radio.lock", "/etc/passwd", "link",
		"absent.csv", "radio-import/table.csv", ".hidden"};
	const struct place *p = *state;
	struct radio_job *j = NULL;
	struct problem problem;
	char path[160];

	assert_int_equal(radio_job_new(p->folder, &j, NULL), RC_OK);
	(void)snprintf(path, sizeof path, "%s/radio-import/link", p->folder);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		assert_int_equal(
			radio_job_start(j, view_of(names[i]), &problem, NULL), RC_NOT_FOUND);
	(void)close(file_of(p, good, sizeof good - 1, false));
	(void)snprintf(path, sizeof path, "%s/radio-import/table.csv", p->folder);
	assert_int_equal(rename(p->file, path), 0);
	assert_int_equal(radio_job_start(j, VIEW("table.csv"), &problem, NULL), RC_OK);
	radio_job_free(j); /* waits for its end */
	struct geo at;
	assert_true(has_cell(p, 86355, &at));
}

static void any_file(struct prop *p)
{
	void *state = NULL;
	struct radio_import i;
	static char text[5000];

	assert_int_equal(set_up(&state), 0);
	size_t n = prop_bytes(p, text, sizeof text, prop_chance(p, 50) ? NULL : "GSM,0123\n\"", 10);
	if (prop_chance(p, 30)) { /* as if it were packed */
		text[0] = '\x1f';
		text[1] = '\x8b';
	}
	int fd = file_of(state, text, n, false);
	(void)!radio_import_run(((struct place *)state)->folder, fd, "x", NULL, NULL, &i, NULL);
	assert_true(i.cells + i.points + i.skipped + i.bad <= i.lines);
	assert_int_equal(tear_down(&state), 0);
}

static void any_file_is_read_to_its_end_or_refused(void **state)
{
	(void)state;
	prop_run("any_file_is_read_to_its_end_or_refused", 20, any_file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(a_table_is_imported_and_again),
		TEST(a_file_without_tables_is_an_empty_table),
		TEST(a_damaged_gz_keeps_what_was_read_and_says_so),
		TEST(a_line_without_end_is_one_bad_line),
		TEST(one_that_was_stopped_can_be_run_again),
		TEST(nothing_but_files_is_read),
		TEST(only_files_of_the_folder_can_be_named),
		cmocka_unit_test(any_file_is_read_to_its_end_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
