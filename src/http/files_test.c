#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "http/files.h"

static char folder[64];

static void write_file(const char *name, const char *text, size_t n)
{
	char path[256];

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), (ssize_t)n);
	(void)close(fd);
}

static void run_tool(const char *name, const char *target)
{
	char path[256];

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	if (target == NULL)
		assert_int_equal(mkdir(path, 0700), 0);
	else
		assert_int_equal(symlink(target, path), 0);
}

static int make_folder(void **state)
{
	static char long_text[4096];

	(void)state;
	(void)snprintf(folder, sizeof folder, "/tmp/kinward-files-XXXXXX");
	assert_non_null(mkdtemp(folder));
	memset(long_text, 'x', sizeof long_text);
	write_file("index.html", long_text, sizeof long_text);
	write_file("index.html.gz", "rubbish", 7);
	write_file(".secret.html", "no", 2);
	write_file("notes.bak", "no", 2);
	write_file("a b.js", "no", 2);
	run_tool("assets", NULL);
	write_file("assets/app-1a2b.js", "go()", 4);
	write_file("assets/app-1a2b.js.map", "no", 2);
	run_tool("assets/deep", NULL);
	write_file("assets/deep/x.js", "no", 2);
	return 0;
}

static int remove_folder(void **state)
{
	static const char *const names[] = {"assets/deep/x.js", "assets/deep",
		"assets/app-1a2b.js.map", "assets/app-1a2b.js", "assets", "a b.js", "notes.bak",
		".secret.html", "index.html.gz", "index.html", "link.html", "."};
	char path[256];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		(void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		if (unlink(path) != 0)
			(void)rmdir(path);
	}
	(void)rmdir(folder);
	return 0;
}

static void only_plain_names_of_known_kinds_are_served(void **state)
{
	struct files *f = NULL;
	size_t index;
	static const char *const others[] = {"/index.html.gz", "/.secret.html", "/notes.bak",
		"/a b.js", "/assets/deep/x.js", "/assets/app-1a2b.js.map", "/assets", "/assets/",
		"/../etc/passwd", "index.html", "//index.html", "/INDEX.HTML", "",
		"/assets/../index.html"};

	(void)state;
	assert_int_equal(files_new(folder, "p", false, &f, NULL), RC_OK);
	assert_int_equal(files_count(f), 2);
	assert_true(files_find(f, VIEW("/"), &index));
	assert_true(files_find(f, VIEW("/index.html"), &index));
	assert_true(files_find(f, VIEW("/assets/app-1a2b.js"), &index));
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		if (files_find(f, view_of(others[i]), &index))
			fail_msg("served: %s", others[i]);
	}
	files_free(f);
}

static const char *header(struct MHD_Response *r, const char *name)
{
	const char *value = MHD_get_response_header(r, name);
	return value == NULL ? "" : value;
}

static void pages_carry_the_policy_and_are_asked_again(void **state)
{
	struct files *f = NULL;
	struct head h = {0};
	size_t index;
	unsigned status;

	(void)state;
	assert_int_equal(files_new(folder, "default-src 'none'", true, &f, NULL), RC_OK);
	assert_true(files_find(f, VIEW("/"), &index));
	struct MHD_Response *r = files_response(f, index, &h, &status);
	assert_int_equal(status, 200);
	assert_string_equal(header(r, "Content-Security-Policy"), "default-src 'none'");
	assert_string_equal(header(r, "Cache-Control"), "no-cache");
	assert_string_equal(header(r, "X-Content-Type-Options"), "nosniff");
	assert_string_equal(header(r, "Content-Type"), "text/html; charset=utf-8");
	assert_string_equal(header(r, "Content-Encoding"), "");
	assert_true(strlen(header(r, "Strict-Transport-Security")) > 0);
	assert_true(files_find(f, VIEW("/assets/app-1a2b.js"), &index));
	r = files_response(f, index, &h, &status);
	assert_string_equal(header(r, "Cache-Control"), "public, max-age=31536000, immutable");
	files_free(f);
}

static void gzip_is_made_in_memory_and_only_when_it_helps(void **state)
{
	struct files *f = NULL;
	struct head h = {.accept_encoding = VIEW("gzip, br")};
	size_t index;
	unsigned status;

	(void)state;
	assert_int_equal(files_new(folder, "p", false, &f, NULL), RC_OK);
	assert_true(files_find(f, VIEW("/"), &index));
	assert_string_equal(
		header(files_response(f, index, &h, &status), "Content-Encoding"), "gzip");
	assert_true(files_find(f, VIEW("/assets/app-1a2b.js"), &index)); /* too short to gain */
	assert_string_equal(header(files_response(f, index, &h, &status), "Content-Encoding"), "");
	files_free(f);
}

static void a_client_that_has_it_gets_304(void **state)
{
	struct files *f = NULL;
	struct head h = {0};
	size_t index;
	unsigned status;
	char tag[64];

	(void)state;
	assert_int_equal(files_new(folder, "p", false, &f, NULL), RC_OK);
	assert_true(files_find(f, VIEW("/"), &index));
	(void)snprintf(
		tag, sizeof tag, "%s", header(files_response(f, index, &h, &status), "ETag"));
	assert_int_equal(strlen(tag), 34);
	h.if_none_match = view_of(tag);
	assert_string_equal(header(files_response(f, index, &h, &status), "ETag"), tag);
	assert_int_equal(status, 304);
	files_free(f);
}

static void a_link_in_the_folder_is_refused(void **state)
{
	struct files *f = NULL;

	(void)state;
	run_tool("link.html", "/etc/passwd");
	assert_int_equal(files_new(folder, "p", false, &f, NULL), RC_IO);
	assert_null(f);
}

static void no_folder_is_no_app(void **state)
{
	struct files *f = NULL;
	size_t index;

	(void)state;
	assert_int_equal(files_new("/nonexistent/kinward", "p", false, &f, NULL), RC_OK);
	assert_int_equal(files_count(f), 0);
	assert_false(files_find(f, VIEW("/"), &index));
	files_free(f);
}

static void failing_allocations_leave_nothing_behind(void **state)
{
	(void)state;
	for (long n = 0; n < 500; n++) {
		struct files *f = NULL;
		alloc_fail_after(n);
		enum rc rc = files_new(folder, "p", false, &f, NULL);
		bool has_failed = alloc_has_failed() != 0;
		alloc_fail_after(-1);
		if (rc == RC_OK)
			files_free(f);
		if (!has_failed) {
			assert_int_equal(rc, RC_OK);
			return;
		}
	}
	fail_msg("the allocations never ended");
}

static void gzip_round_trip(void **state)
{
	char text[2000];
	char back[2000];
	size_t n = 0;
	z_stream z = {0};

	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)('a' + i % 7);
	char *packed = gzip_text((struct view){.p = text, .n = sizeof text}, 9, &n);
	assert_non_null(packed);
	assert_true(n < 200);
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	z.next_in = (Bytef *)packed;
	z.avail_in = (uInt)n;
	z.next_out = (Bytef *)back;
	z.avail_out = sizeof back;
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_memory_equal(text, back, sizeof text);
	(void)inflateEnd(&z);
	free(packed);
	assert_null(gzip_text(VIEW("short"), 9, &n));
	assert_null(gzip_text((struct view){0}, 9, &n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			only_plain_names_of_known_kinds_are_served, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			pages_carry_the_policy_and_are_asked_again, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			gzip_is_made_in_memory_and_only_when_it_helps, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			a_client_that_has_it_gets_304, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			a_link_in_the_folder_is_refused, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			failing_allocations_leave_nothing_behind, make_folder, remove_folder),
		cmocka_unit_test(no_folder_is_no_app),
		cmocka_unit_test(gzip_round_trip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
