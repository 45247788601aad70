#include "unit.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"

enum { TAKEN_MAX = 64 * 1024 };

struct taken {
	int saved_stderr;
	int read_fd;
	char text[TAKEN_MAX];
};

/* From here on, lines go into a pipe. */
static void take_stderr(struct taken *t)
{
	int pair[2];

	assert_int_equal(pipe(pair), 0);
	t->saved_stderr = dup(STDERR_FILENO);
	t->read_fd = pair[0];
	assert_true(dup2(pair[1], STDERR_FILENO) >= 0);
	(void)close(pair[1]);
}

static void give_back_stderr(struct taken *t)
{
	assert_true(dup2(t->saved_stderr, STDERR_FILENO) >= 0); /* closes the pipe's only writer */
	(void)close(t->saved_stderr);
	size_t n = 0;
	for (ssize_t got = 1; got > 0; n += (size_t)got) {
		got = read(t->read_fd, t->text + n, sizeof t->text - 1 - n);
		assert_true(got >= 0);
	}
	t->text[n] = '\0';
	(void)close(t->read_fd);
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n' ? 1 : 0;
	return n;
}

static void a_line_has_time_level_role_event_and_values(void **state)
{
	static struct taken t;

	(void)state;
	take_stderr(&t);
	log_start(LOG_INFO, "server");
	log_event(LOG_WARN, "test.event", "n=%d name=%s", 7, "x");
	give_back_stderr(&t);
	assert_int_equal(strlen(t.text), strlen("2026-11-22T10:55:00.000Z") +
						 strlen(" warn server test.event n=7 name=x\n"));
	assert_string_equal(t.text + 24, " warn server test.event n=7 name=x\n");
}

static void less_important_lines_are_not_written(void **state)
{
	static struct taken t;

	(void)state;
	take_stderr(&t);
	log_start(LOG_WARN, "server");
	log_event(LOG_INFO, "test.info", "a=1");
	log_event(LOG_DEBUG, "test.debug", "a=1");
	log_event(LOG_ERROR, "test.error", "a=1");
	give_back_stderr(&t);
	assert_int_equal(count_lines(t.text), 1);
	assert_non_null(strstr(t.text, "test.error"));
}

static void a_call_site_writes_20_lines_and_counts_the_rest(void **state)
{
	static struct taken t;
	static struct log_site site;

	(void)state;
	take_stderr(&t);
	log_start(LOG_INFO, "server");
	for (int i = 0; i < 100; i++)
		log_write(&site, LOG_INFO, "test.many", "i=%d", i);
	site.window_start_ms -= 10000; /* ten seconds later */
	log_write(&site, LOG_INFO, "test.many", "i=%d", 100);
	log_write(&site, LOG_INFO, "test.many", "i=%d", 101);
	give_back_stderr(&t);
	assert_int_equal(count_lines(t.text), 22);
	assert_non_null(strstr(t.text, "i=19\n"));
	assert_null(strstr(t.text, "i=20"));
	assert_non_null(strstr(t.text, "i=100 left_out=80\n"));
	assert_non_null(strstr(t.text, "i=101\n"));
}

static void no_value_can_begin_a_line_of_its_own(void **state)
{
	static struct taken t;

	(void)state;
	take_stderr(&t);
	log_start(LOG_INFO, "server");
	log_event(LOG_INFO, "test.line", "name=%s", "a\nb\r\x1b[2Jc");
	give_back_stderr(&t);
	assert_int_equal(count_lines(t.text), 1);
	assert_non_null(strstr(t.text, "name=a?b??[2Jc\n"));
}

static void a_long_line_is_cut_and_still_ends(void **state)
{
	static struct taken t;
	char text[5000];

	(void)state;
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	take_stderr(&t);
	log_start(LOG_INFO, "server");
	log_event(LOG_INFO, "test.long", "a=%s", text);
	give_back_stderr(&t);
	assert_true(strlen(t.text) <= 1024);
	assert_int_equal(count_lines(t.text), 1);
	assert_int_equal(t.text[strlen(t.text) - 1], '\n');
}

static void quoting_leaves_only_harmless_bytes(void **state)
{
	char text[LOG_TEXT_MAX];

	(void)state;
	assert_string_equal(log_quote(VIEW("3G*8800000015"), text), "3G*8800000015");
	assert_string_equal(log_quote(VIEW("a b\n\"'\\\xC3\0~\x7F"), text),
		"a\\x20b\\x0a\\x22\\x27\\x5c\\xc3\\x00~\\x7f");
	assert_string_equal(log_quote(VIEW(""), text), "");
}

static void quote_round(struct prop *p)
{
	char in[150];
	char text[LOG_TEXT_MAX];
	struct view v = {.p = in, .n = prop_bytes(p, in, sizeof in, "abc\n\0\xFF d", 9)};

	memset(text, 1, sizeof text);
	assert_ptr_equal(log_quote(v, text), text);
	size_t n = strnlen(text, sizeof text);
	assert_true(n < sizeof text);
	for (size_t i = 0; i < n; i++)
		assert_true(text[i] > ' ' && text[i] <= '~');
}

static void quoting_never_runs_over_its_buffer(void **state)
{
	(void)state;
	prop_run("quoting_never_runs_over_its_buffer", 5000, quote_round);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_has_time_level_role_event_and_values),
		cmocka_unit_test(less_important_lines_are_not_written),
		cmocka_unit_test(a_call_site_writes_20_lines_and_counts_the_rest),
		cmocka_unit_test(no_value_can_begin_a_line_of_its_own),
		cmocka_unit_test(a_long_line_is_cut_and_still_ends),
		cmocka_unit_test(quoting_leaves_only_harmless_bytes),
		cmocka_unit_test(quoting_never_runs_over_its_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
