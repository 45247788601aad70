#include "app/settings.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct settings defaults(void)
{
	struct settings s;

	settings_init(&s);
	return s;
}

static enum rc set(struct settings *s, const char *name, const char *value, struct err *e)
{
	return settings_set(s, view_of(name), view_of(value), e);
}

/* The whole table as text. */
static char *table_text(const struct settings *s, bool is_plain)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	assert_non_null(out);
	assert_int_equal(
		is_plain ? settings_write(s, out, NULL) : settings_print_table(s, out, NULL),
		RC_OK);
	assert_int_equal(fclose(out), 0);
	return text;
}

static int memory_file(const char *text)
{
	int fd = memfd_create("settings-test", 0);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	return fd;
}

static enum rc read_text(struct settings *s, const char *text, struct err *e)
{
	int fd = memory_file(text);
	enum rc rc = settings_read_fd(s, fd, e);

	(void)close(fd);
	return rc;
}

static void defaults_are_the_documented_ones(void **state)
{
	struct settings s = defaults();

	(void)state;
	assert_string_equal(s.data_dir, "./data");
	assert_string_equal(s.watch_listen, "0.0.0.0:8001");
	assert_int_equal(s.log_level, LOG_INFO);
	assert_true(s.demo_watch);
	assert_int_equal(s.connections_max, 19000);
	assert_int_equal(s.idle_s, 1800);
	assert_int_equal(s.header_s, 10);
	assert_int_equal(s.frame_s, 30);
	assert_int_equal(s.reports_per_device_burst, 20);
	assert_int_equal(s.reports_per_device_interval_s, 5);
	assert_int_equal(s.unknown_ids_max, 10000);
}

/* Every default can be set, and what is written is read as the same. */
static void what_is_written_is_read_as_the_same(void **state)
{
	struct settings s = defaults();
	struct settings back;
	struct err e = {0};

	(void)state;
	assert_int_equal(set(&s, "gateways", "7", NULL), RC_OK);
	assert_int_equal(set(&s, "map_kind", "pmtiles", NULL), RC_OK);
	assert_int_equal(set(&s, "demo_watch", "no", NULL), RC_OK);
	assert_int_equal(set(&s, "map_attribution", "(c) people = all; # of them", NULL), RC_OK);
	char *text = table_text(&s, true);
	memset(&back, 0x55, sizeof back);
	settings_init(&back);
	if (read_text(&back, text, &e) != RC_OK)
		fail_msg("%s", e.msg);
	free(text);
	text = table_text(&back, true);
	char *wanted = table_text(&s, true);
	assert_string_equal(text, wanted);
	free(text);
	free(wanted);
}

static void printed_table_is_a_settings_file(void **state)
{
	struct settings s = defaults();
	struct err e = {0};

	(void)state;
	s.gateways = 9;
	char *text = table_text(&s, false);
	assert_non_null(strstr(text, "# 10 to 86400 s; default: 1800\n"));
	assert_non_null(strstr(text, "# counted by kinward_limit_idle_s_total\n"));
	struct settings back = defaults();
	if (read_text(&back, text, &e) != RC_OK)
		fail_msg("%s", e.msg);
	assert_int_equal(back.gateways, 9);
	free(text);
}

static void numbers_are_taken_within_their_range_only(void **state)
{
	static const struct {
		const char *value;
		enum rc rc;
	} rows[] = {
		{"9", RC_LIMIT},
		{"10", RC_OK},
		{"86400", RC_OK},
		{"86401", RC_LIMIT},
		{"", RC_SYNTAX},
		{"-1", RC_SYNTAX},
		{"1e3", RC_SYNTAX},
		{" 60", RC_SYNTAX},
		{"60s", RC_SYNTAX},
		{"0x10", RC_SYNTAX},
		{"99999999999", RC_SYNTAX},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct settings s = defaults();
		struct err e = {0};
		uint32_t before = s.idle_s;
		if (set(&s, "idle_s", rows[i].value, &e) != rows[i].rc)
			fail_msg("idle_s=%s: %s", rows[i].value, e.msg);
		if (rows[i].rc != RC_OK) {
			assert_int_equal(s.idle_s, before);
			assert_non_null(strstr(e.msg, "idle_s"));
			assert_non_null(strstr(e.msg, "from 10 to 86400 s"));
		}
	}
}

static void wrong_values_say_what_is_allowed(void **state)
{
	struct settings s = defaults();
	struct err e = {0};
	char long_text[SETTING_TEXT_MAX + 1];

	(void)state;
	assert_int_equal(set(&s, "demo_watch", "true", &e), RC_SYNTAX);
	assert_string_equal(e.msg, "demo_watch: yes or no is wanted");
	assert_int_equal(set(&s, "map_kind", "google", &e), RC_SYNTAX);
	assert_string_equal(e.msg, "map_kind: one of builtin, tiles, pmtiles is wanted");
	assert_int_equal(set(&s, "watch_listen", "8001", &e), RC_SYNTAX);
	assert_int_equal(set(&s, "watch_listen", "[::]:8001", &e), RC_OK);
	assert_int_equal(set(&s, "watch_listen", "::1:8001", &e), RC_SYNTAX);
	assert_int_equal(set(&s, "watch_listen", "host:65536", &e), RC_SYNTAX);
	assert_int_equal(set(&s, "data_dir", "", &e), RC_SYNTAX);
	assert_int_equal(set(&s, "data_dir", "a\nb", &e), RC_SYNTAX);
	memset(long_text, 'a', sizeof long_text);
	long_text[SETTING_TEXT_MAX] = '\0';
	assert_int_equal(set(&s, "data_dir", long_text, &e), RC_LIMIT);
	long_text[SETTING_TEXT_MAX - 1] = '\0';
	assert_int_equal(set(&s, "data_dir", long_text, &e), RC_OK);
}

static void unknown_names_are_refused_with_a_hint(void **state)
{
	struct settings s = defaults();
	struct err e = {0};

	(void)state;
	assert_int_equal(set(&s, "watch_listn", "x", &e), RC_NOT_FOUND);
	assert_string_equal(e.msg, "no setting is named watch_listn; is watch_listen meant?");
	assert_int_equal(set(&s, "zz\nzz", "x", &e), RC_NOT_FOUND);
	assert_string_equal(e.msg, "no setting is named zz\\x0azz; `kinward settings` lists all");
}

static void bad_line_of_a_file_is_named_and_nothing_of_the_file_is_taken(void **state)
{
	struct settings s = defaults();
	struct err e = {0};
	char path[] = "/tmp/kinward-settings-XXXXXX";
	char wanted[ERR_MSG_MAX];
	int fd = mkstemp(path);
	static const char text[] = "# a comment\ngateways = 3\nidle_s = soon\n";

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, sizeof text - 1), (ssize_t)sizeof text - 1);
	assert_int_equal(settings_read_file(&s, path, &e), RC_SYNTAX);
	(void)snprintf(wanted, sizeof wanted,
		"%s line 3: idle_s: a whole number from 10 to 86400 s is wanted", path);
	assert_string_equal(e.msg, wanted);
	assert_int_equal(s.gateways, 0);
	(void)unlink(path);
	(void)close(fd);
	assert_int_equal(settings_read_file(&s, path, &e), RC_IO);
}

static void lines_without_sense_and_sections_are_refused(void **state)
{
	struct settings s = defaults();
	struct err e = {0};

	(void)state;
	assert_int_equal(read_text(&s, "gateways\n", &e), RC_SYNTAX);
	assert_non_null(strstr(e.msg, "line 1: NAME = VALUE is wanted"));
	assert_int_equal(read_text(&s, "\n[limits]\nidle_s = 20\n", &e), RC_SYNTAX);
	assert_non_null(strstr(e.msg, "sections such as [limits] are not used"));
	assert_int_equal(read_text(&s, "; only a comment\n\n", &e), RC_OK);
}

static void set_on_the_command_line_beats_the_file(void **state)
{
	struct settings s = defaults();
	struct err e = {0};
	char path[] = "/tmp/kinward-settings-XXXXXX";
	int fd = mkstemp(path);
	char set_word[] = "--set";
	char pair[] = "gateways = 5";
	char config[] = "--config";
	char *argv[] = {set_word, pair, config, path};
	static const char text[] = "gateways = 3\nidle_s = 60\n";

	(void)state;
	assert_int_equal(write(fd, text, sizeof text - 1), (ssize_t)sizeof text - 1);
	if (settings_read_args(&s, 4, argv, &e) != RC_OK)
		fail_msg("%s", e.msg);
	assert_int_equal(s.gateways, 5);
	assert_int_equal(s.idle_s, 60);
	(void)unlink(path);
	(void)close(fd);
}

static void wrong_arguments_change_nothing(void **state)
{
	char set_word[] = "--set";
	char good[] = "gateways=5";
	char bad[] = "gateways=999";
	char none[] = "gateways";
	char other[] = "--port";
	char *rows[][4] = {
		{set_word, good, set_word, bad},
		{set_word, good, set_word, none},
		{set_word, good, other, good},
		{set_word, good, good, set_word},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct settings s = defaults();
		struct err e = {0};
		assert_int_not_equal(settings_read_args(&s, 4, rows[i], &e), RC_OK);
		assert_true(strlen(e.msg) > 10);
		assert_int_equal(s.gateways, 0);
	}
	struct settings s = defaults();
	struct err e = {0};
	assert_int_equal(settings_read_args(&s, 1, rows[0], &e), RC_SYNTAX);
	assert_string_equal(e.msg, "--set wants a value");
}

static void addresses_are_split(void **state)
{
	char host[64];
	uint16_t port = 0;

	(void)state;
	assert_int_equal(settings_split_address("[2001:db8::1]:80", host, 64, &port, NULL), RC_OK);
	assert_string_equal(host, "2001:db8::1");
	assert_int_equal(port, 80);
	assert_int_equal(settings_split_address("example.org:0", host, 64, &port, NULL), RC_OK);
	assert_string_equal(host, "example.org");
	assert_int_equal(port, 0);
	assert_int_equal(settings_split_address(":80", host, 64, &port, NULL), RC_SYNTAX);
	assert_int_equal(settings_split_address("a:", host, 64, &port, NULL), RC_SYNTAX);
	assert_int_equal(settings_split_address("abc:80", host, 3, &port, NULL), RC_SYNTAX);
}

static void take_limit(void *arg, const char *name)
{
	char *all = arg;

	(void)snprintf(all + strlen(all), 4000 - strlen(all), "%s ", name);
}

static void limits_are_listed(void **state)
{
	char all[4000] = "";

	(void)state;
	settings_each_limit(take_limit, all);
	assert_non_null(strstr(all, "connections_max "));
	assert_non_null(strstr(all, "unknown_ids_max "));
	assert_null(strstr(all, "data_dir"));
}

static void reading_without_memory_is_told(void **state)
{
	struct settings s = defaults();
	int fd = memory_file("gateways = 2\n");

	(void)state;
	alloc_fail_after(0);
	assert_int_equal(settings_read_fd(&s, fd, NULL), RC_NOMEM);
	assert_int_equal(settings_read_fd(&s, fd, NULL), RC_OK);
	assert_int_equal(s.gateways, 2);
	(void)close(fd);
}

static void folder_of_the_keys_stands_beside_the_data(void **state)
{
	static const struct {
		const char *data_dir, *key_dir, *want; /* NULL: refused */
	} cases[] = {
		{"./data", "", "./data-keys"},
		{"/var/lib/kinward/", "", "/var/lib/kinward-keys"},
		{"/data", "/keys/", "/keys"},
		{"/data", "/data-more", "/data-more"},
		{"/data", "/data", NULL},
		{"/data/", "/data/keys", NULL},
		{"/", "/keys", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct settings s;
		char path[SETTINGS_KEY_DIR_MAX] = "";
		struct err e;
		settings_init(&s);
		assert_int_equal(set(&s, "data_dir", cases[i].data_dir, &e), RC_OK);
		assert_int_equal(set(&s, "key_dir", cases[i].key_dir, &e), RC_OK);
		if (cases[i].want == NULL) {
			assert_int_equal(settings_key_dir(&s, path, &e), RC_DENIED);
			continue;
		}
		assert_int_equal(settings_key_dir(&s, path, &e), RC_OK);
		assert_string_equal(path, cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folder_of_the_keys_stands_beside_the_data),
		cmocka_unit_test(defaults_are_the_documented_ones),
		cmocka_unit_test(what_is_written_is_read_as_the_same),
		cmocka_unit_test(printed_table_is_a_settings_file),
		cmocka_unit_test(numbers_are_taken_within_their_range_only),
		cmocka_unit_test(wrong_values_say_what_is_allowed),
		cmocka_unit_test(unknown_names_are_refused_with_a_hint),
		cmocka_unit_test(bad_line_of_a_file_is_named_and_nothing_of_the_file_is_taken),
		cmocka_unit_test(lines_without_sense_and_sections_are_refused),
		cmocka_unit_test(set_on_the_command_line_beats_the_file),
		cmocka_unit_test(wrong_arguments_change_nothing),
		cmocka_unit_test(addresses_are_split),
		cmocka_unit_test(limits_are_listed),
		cmocka_unit_test(reading_without_memory_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
