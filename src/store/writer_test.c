#include "store/writer.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

enum { JOBS = 2000 };

struct fixture {
	char folder[64];
	char path[96];
	struct loop *loop;
	struct writer *writer;
};

static struct writer *start(const char *path, struct loop *loop, size_t queue_max)
{
	struct db *db = NULL;
	struct writer *w = NULL;

	assert_int_equal(db_open(path, DB_WRITER, NULL, &db, NULL), RC_OK);
	assert_int_equal(
		db_script(db, "CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY, body BLOB)",
			NULL),
		RC_OK);
	assert_int_equal(writer_start(db, loop, queue_max, &w, NULL), RC_OK);
	return w;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	(void)snprintf(f->folder, sizeof f->folder, "/tmp/kinward-writer-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	(void)snprintf(f->path, sizeof f->path, "%s/test.db", f->folder);
	assert_int_equal(loop_new(&f->loop, NULL), RC_OK);
	f->writer = start(f->path, f->loop, JOBS * 2);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	static const char *const ends[] = {"", "-wal", "-shm"};

	writer_stop(f->writer);
	loop_free(f->loop);
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		char path[112];
		(void)snprintf(path, sizeof path, "%s%s", f->path, ends[i]);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(f->folder), 0);
	free(f);
	return 0;
}

struct row {
	int64_t n;
	size_t size;
	enum rc fail_with; /* the job fails after its insert */
};

static enum rc insert_job(struct db *db, void *arg, struct err *e)
{
	const struct row *row = arg;
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db, "INSERT INTO t (n, body) VALUES (?1, zeroblob(?2))", &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, row->n);
	stmt_bind_int(s, 2, (int64_t)row->size);
	rc = stmt_run(s, NULL, e);
	return rc == RC_OK && row->fail_with != RC_OK ? fail(e, row->fail_with, "as asked") : rc;
}

static int64_t count_rows(const char *path)
{
	struct db *db = NULL;
	struct stmt *s = NULL;
	bool has_row = false;

	assert_int_equal(db_open(path, DB_READER, NULL, &db, NULL), RC_OK);
	assert_int_equal(db_prepare(db, "SELECT COUNT(*) FROM t", &s, NULL), RC_OK);
	assert_int_equal(stmt_step(s, &has_row, NULL), RC_OK);
	int64_t n = stmt_int(s, 0);
	stmt_reset(s);
	db_close(db);
	return n;
}

static void job_is_durable_when_it_is_told(void **state)
{
	struct fixture *f = *state;
	struct row row = {.n = 1};

	assert_int_equal(writer_run(f->writer, insert_job, &row, NULL), RC_OK);
	assert_int_equal(count_rows(f->path), 1);
}

static void job_that_fails_is_undone_and_told(void **state)
{
	struct fixture *f = *state;
	struct row good = {.n = 1};
	struct row bad = {.n = 2, .fail_with = RC_DENIED};
	struct err e;

	assert_int_equal(writer_run(f->writer, insert_job, &good, NULL), RC_OK);
	assert_int_equal(writer_run(f->writer, insert_job, &bad, &e), RC_DENIED);
	assert_string_equal(e.msg, "as asked");
	assert_int_equal(writer_run(f->writer, insert_job, &good, NULL), RC_CONFLICT);
	assert_int_equal(count_rows(f->path), 1);
}

/* Completions run in the loop; the last one ends it. */
struct told {
	struct loop *loop;
	unsigned n, expected, failed;
	int64_t order[JOBS];
};
struct posted {
	struct row row; /* first: the job reads it */
	struct told *told;
};

static void note(void *arg, enum rc rc, const struct err *e)
{
	struct posted *p = arg;

	(void)e;
	p->told->order[p->told->n++] = p->row.n;
	p->told->failed += rc != RC_OK;
	if (p->told->n == p->told->expected)
		loop_stop(p->told->loop);
}

static void jobs_of_a_group_succeed_and_fail_each_for_itself(void **state)
{
	struct fixture *f = *state;
	struct told *told = calloc(1, sizeof *told);
	struct posted *posted = calloc(JOBS, sizeof *posted);

	assert_non_null(told);
	assert_non_null(posted);
	told->loop = f->loop;
	told->expected = JOBS;
	for (int64_t i = 0; i < JOBS; i++) {
		/* Plain ones, some of which fail, make their whole group run again with savepoints.
		 */
		unsigned flags = i % 3 == 0 ? WRITER_PLAIN : 0;
		posted[i] = (struct posted){
			.row = {.n = i, .fail_with = i % 7 == 0 ? RC_DENIED : RC_OK}, .told = told};
		assert_int_equal(
			writer_post(f->writer, insert_job, note, &posted[i], flags, NULL), RC_OK);
	}
	assert_int_equal(loop_run(f->loop, NULL, NULL), RC_OK);
	assert_int_equal(told->failed, (JOBS + 6) / 7);
	for (int64_t i = 0; i < JOBS; i++)
		assert_int_equal(told->order[i], i);
	assert_int_equal(count_rows(f->path), JOBS - (JOBS + 6) / 7);
	struct writer_stats stats;
	writer_read_stats(f->writer, &stats);
	assert_int_equal(stats.jobs, JOBS);
	assert_true(stats.commits < JOBS);
	free(posted);
	free(told);
}

/* Holds the writer until the test has filled its queue. */
struct gate {
	int fds[2];
};

static enum rc wait_at_gate(struct db *db, void *arg, struct err *e)
{
	struct gate *g = arg;
	char byte = 0;

	(void)db;
	return read(g->fds[0], &byte, 1) == 1 ? RC_OK : fail(e, RC_IO, "the gate is broken");
}

static void wait_for_empty_queue(struct writer *w)
{
	struct writer_stats stats = {.queued = 1};

	while (stats.queued > 0)
		writer_read_stats(w, &stats);
}

static void full_queue_refuses_plain_jobs_and_still_takes_urgent_ones(void **state)
{
	struct fixture *f = *state;
	struct gate gate;
	struct told told = {.loop = f->loop, .expected = 4};
	struct posted posted[5];

	assert_int_equal(pipe(gate.fds), 0);
	writer_stop(f->writer);
	f->writer = start(f->path, f->loop, 3);
	assert_int_equal(writer_post(f->writer, wait_at_gate, NULL, &gate, 0, NULL), RC_OK);
	wait_for_empty_queue(f->writer); /* it is with the writer now */
	for (int64_t i = 0; i < 5; i++) {
		posted[i] = (struct posted){.row = {.n = i}, .told = &told};
		bool is_urgent = i == 4;
		assert_int_equal(writer_post(f->writer, insert_job, note, &posted[i],
					 is_urgent ? WRITER_URGENT : 0, NULL),
			i < 3 || is_urgent ? RC_OK : RC_LIMIT);
	}
	assert_int_equal(write(gate.fds[1], "x", 1), 1);
	assert_int_equal(loop_run(f->loop, NULL, NULL), RC_OK);
	static const int64_t expected[] = {4, 0, 1, 2}; /* the urgent one first */
	assert_memory_equal(told.order, expected, sizeof expected);
	assert_int_equal(close(gate.fds[0]) | close(gate.fds[1]), 0);
}

static void stop_runs_what_is_queued_and_tells_it(void **state)
{
	struct fixture *f = *state;
	struct told *told = calloc(1, sizeof *told);
	struct posted posted[50];

	assert_non_null(told);
	told->loop = f->loop;
	for (int64_t i = 0; i < 50; i++) {
		posted[i] = (struct posted){.row = {.n = i}, .told = told};
		assert_int_equal(
			writer_post(f->writer, insert_job, note, &posted[i], 0, NULL), RC_OK);
	}
	writer_stop(f->writer);
	f->writer = NULL;
	assert_int_equal(told->n, 50);
	assert_int_equal(told->failed, 0);
	assert_int_equal(count_rows(f->path), 50);
	free(told);
}

static void lazy_job_joins_the_commit_of_the_next_other_job(void **state)
{
	struct fixture *f = *state;
	struct row row = {.n = 1};
	struct row other = {.n = 2};
	struct writer_stats before;
	struct writer_stats after;

	writer_read_stats(f->writer, &before);
	assert_int_equal(writer_post(f->writer, insert_job, NULL, &row, WRITER_LAZY, NULL), RC_OK);
	assert_int_equal(writer_run(f->writer, insert_job, &other, NULL), RC_OK);
	writer_read_stats(f->writer, &after);
	assert_int_equal(count_rows(f->path), 2);
	assert_int_equal(after.commits - before.commits, 1);
	assert_int_equal(after.jobs - before.jobs, 2);
	assert_int_equal(after.queued, 0);
}

static void lazy_jobs_are_not_kept_waiting_for_ever(void **state)
{
	struct fixture *f = *state;
	struct told *told = calloc(1, sizeof *told);
	struct posted posted[WRITER_LAZY_MAX];

	assert_non_null(told);
	told->loop = f->loop;
	told->expected = WRITER_LAZY_MAX;
	for (int64_t i = 0; i < WRITER_LAZY_MAX; i++) {
		posted[i] = (struct posted){.row = {.n = i}, .told = told};
		assert_int_equal(
			writer_post(f->writer, insert_job, note, &posted[i], WRITER_LAZY, NULL),
			RC_OK);
	}
	assert_int_equal(loop_run(f->loop, NULL, NULL), RC_OK);
	assert_int_equal(told->n, WRITER_LAZY_MAX);
	assert_int_equal(count_rows(f->path), WRITER_LAZY_MAX);
	free(told);
}

static void lazy_jobs_run_after_the_others_and_before_the_stop(void **state)
{
	struct fixture *f = *state;
	struct told *told = calloc(1, sizeof *told);
	struct posted posted[3];
	static const unsigned flags[] = {WRITER_LAZY, WRITER_URGENT, 0};

	assert_non_null(told);
	told->loop = f->loop;
	for (int64_t i = 0; i < 3; i++) {
		posted[i] = (struct posted){.row = {.n = i}, .told = told};
		assert_int_equal(
			writer_post(f->writer, insert_job, note, &posted[i], flags[i], NULL),
			RC_OK);
	}
	writer_stop(f->writer);
	f->writer = NULL;
	static const int64_t expected[] = {1, 2, 0};
	assert_int_equal(told->n, 3);
	assert_memory_equal(told->order, expected, sizeof expected);
	assert_int_equal(count_rows(f->path), 3);
	free(told);
}

/* In a child, because the limit and the signals belong to a process. The exit code says what went
 * wrong. */
static int write_over_the_limit(const char *path)
{
	struct rlimit limit = {.rlim_cur = 512 * 1024, .rlim_max = RLIM_INFINITY};
	struct db *db = NULL;
	struct writer *w = NULL;
	struct err e = {.rc = RC_OK};
	struct row row = {.n = 0, .size = 100 * 1000};
	int64_t acknowledged = 0;

	if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR ||
		db_open(path, DB_WRITER, NULL, &db, NULL) != RC_OK ||
		writer_start(db, NULL, 100, &w, NULL) != RC_OK ||
		setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 10;
	enum rc rc = RC_OK;
	for (; row.n < 100 && rc == RC_OK; row.n++) {
		rc = writer_run(w, insert_job, &row, &e);
		acknowledged += rc == RC_OK;
	}
	if (rc != RC_IO)
		return 11; /* the limit was not felt, or told as something else */
	if (acknowledged == 0 || count_rows(path) != acknowledged)
		return 12; /* something acknowledged is missing, or something refused is there */
	limit.rlim_cur = RLIM_INFINITY;
	row.n = 1000;
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0 || writer_run(w, insert_job, &row, &e) != RC_OK)
		return 13; /* it did not recover */
	writer_stop(w);
	return count_rows(path) == acknowledged + 1 ? 0 : 14;
}

static void full_disk_is_told_and_the_service_goes_on_when_there_is_space(void **state)
{
	struct fixture *f = *state;
	int status = 0;

	writer_stop(f->writer);
	f->writer = NULL;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(write_over_the_limit(f->path));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Writes and says each acknowledged number, until it is killed. */
static void write_until_killed(const char *path, int say_fd)
{
	struct db *db = NULL;
	struct writer *w = NULL;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 ||
		db_open(path, DB_WRITER, NULL, &db, NULL) != RC_OK ||
		writer_start(db, NULL, 100, &w, NULL) != RC_OK)
		_exit(1);
	for (struct row row = {.n = 1, .size = 300};; row.n++) {
		if (writer_run(w, insert_job, &row, NULL) != RC_OK ||
			write(say_fd, &row.n, sizeof row.n) != sizeof row.n)
			_exit(1);
	}
}

static void what_was_acknowledged_survives_a_kill(void **state)
{
	struct fixture *f = *state;

	writer_stop(f->writer);
	f->writer = NULL;
	for (int round = 0; round < 5; round++) {
		int said[2];
		int64_t last = 0;
		struct db *db = NULL;
		assert_int_equal(pipe(said), 0);
		assert_int_equal(db_open(f->path, DB_WRITER, NULL, &db, NULL), RC_OK);
		assert_int_equal(db_script(db, "DELETE FROM t", NULL), RC_OK);
		db_close(db);
		pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0)
			write_until_killed(f->path, said[1]);
		assert_int_equal(close(said[1]), 0);
		while (last < 20 + round * 13)
			assert_int_equal(read(said[0], &last, sizeof last), sizeof last);
		assert_int_equal(kill(child, SIGKILL), 0);
		assert_int_equal(waitpid(child, NULL, 0), child);
		int64_t more = 0;
		while (read(said[0], &more, sizeof more) == sizeof more)
			last = more;
		assert_int_equal(close(said[0]), 0);
		int64_t rows = count_rows(f->path);
		assert_true(
			rows == last || rows == last + 1); /* one may be stored and not told yet */
	}
}

static void log_is_moved_into_the_file_and_begins_anew(void **state)
{
	struct fixture *f = *state;
	char path[112];
	struct row row = {.n = 1, .size = 1000 * 1000};

	/* 100 MB through the log; without moving it would be as large. */
	for (; row.n <= 100; row.n++)
		assert_int_equal(writer_run(f->writer, insert_job, &row, NULL), RC_OK);
	(void)snprintf(path, sizeof path, "%s-wal", f->path);
	FILE *log = fopen(path, "r");
	assert_non_null(log);
	assert_int_equal(fseek(log, 0, SEEK_END), 0);
	assert_true(ftell(log) < 80L * 1000 * 1000);
	assert_int_equal(fclose(log), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(job_is_durable_when_it_is_told),
		TEST(job_that_fails_is_undone_and_told),
		TEST(jobs_of_a_group_succeed_and_fail_each_for_itself),
		TEST(full_queue_refuses_plain_jobs_and_still_takes_urgent_ones),
		TEST(stop_runs_what_is_queued_and_tells_it),
		TEST(lazy_job_joins_the_commit_of_the_next_other_job),
		TEST(lazy_jobs_are_not_kept_waiting_for_ever),
		TEST(lazy_jobs_run_after_the_others_and_before_the_stop),
		TEST(full_disk_is_told_and_the_service_goes_on_when_there_is_space),
		TEST(what_was_acknowledged_survives_a_kill),
		TEST(log_is_moved_into_the_file_and_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
