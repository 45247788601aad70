#include "base/https_url.h"

#include "unit.h"

static void addresses_of_the_usual_form_are_read(void **state)
{
	static const struct {
		const char *text;
		const char *host;
		uint16_t port;
		const char *path;
		bool is_v6;
	} rows[] = {
		{"https://example.org/", "example.org", 443, "/", false},
		{"https://a.b-c.example:8443/hook?x=%2F&y=(1)", "a.b-c.example", 8443,
			"/hook?x=%2F&y=(1)", false},
		{"https://example.org:443/a//b/../c", "example.org", 443, "/a//b/../c", false},
		{"https://192.0.2.7/", "192.0.2.7", 443, "/", false},
		{"https://[2001:db8::1]:65535/", "2001:db8::1", 65535, "/", true},
		{"https://1.2.example/", "1.2.example", 443, "/", false},
		{"https://example.org:1024/", "example.org", 1024, "/", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct https_url url;
		struct err e;
		if (https_url_read(view_of(rows[i].text), &url, &e) != RC_OK)
			fail_msg("%s: %s", rows[i].text, e.msg);
		assert_true(view_is(url.host, view_of(rows[i].host)));
		assert_int_equal(url.port, rows[i].port);
		assert_true(view_is(url.path, view_of(rows[i].path)));
		assert_int_equal(url.is_v6, rows[i].is_v6);
	}
}

static void everything_else_is_refused(void **state)
{
	static const char *const texts[] = {"", "https://", "https:///", "http://example.org/",
		"HTTPS://example.org/", "https:/example.org/", "//example.org/",
		"ftp://example.org/", "file:///etc/passwd", "gopher://example.org/",
		"https://example.org", "https://example.org?x", "https://example.org#x",
		"https://example.org/#x", "https://user@example.org/", "https://u:p@example.org/",
		"https://example.org@127.0.0.1/", "https://127.0.0.1\\@example.org/",
		"https://example.org\\@127.0.0.1/", "https://example.org/\\", "https://localhost/",
		"https://Example.org/", "https://example.org./", "https://.example.org/",
		"https://example..org/", "https://-a.example/", "https://a-.example/",
		"https://a_b.example/", "https://ex%61mple.org/", "https://127.1/",
		"https://127.0.1/", "https://2130706433/", "https://0x7f000001/",
		"https://0x7f.0.0.1/", "https://0177.0.0.1/", "https://017700000001/",
		"https://127.0.0.01/", "https://127.0.0.1./", "https://1.2.3.4.5/",
		"https://256.0.0.1/", "https://127.0.0.0x1/", "https://[::1/", "https://[::1",
		"https://::1/", "https://[127.0.0.1]/", "https://[::0001]/",
		"https://[0:0:0:0:0:0:0:1]/", "https://[fe80::1%25eth0]/",
		"https://[fe80::1%eth0]/", "https://[]/", "https://[::1]a/",
		"https://example.org:/", "https://example.org:0/", "https://example.org:22/",
		"https://example.org:25/", "https://example.org:80/", "https://example.org:442/",
		"https://example.org:444/", "https://example.org:1023/",
		"https://example.org:65536/", "https://example.org:0443/",
		"https://example.org:+443/", "https://example.org:443:1/",
		"https://example.org:4 43/", "https://example.org/ x", "https://example.org/%",
		"https://example.org/%2", "https://example.org/%gg",
		"https://example.org/\r\nHost: x", "https://exa\tmple.org/",
		" https://example.org/", "https://example.org/\x7f", "https://ex\xc3\xa4mple.org/",
		"https://\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa7.0.0.1/",
		"https://example.org/\xc3\xa4", "https://example.org/<>", "https://example.org/\"",
		"https://example.org/{}", "https://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1/",
		"https://127\xe3\x80\x82"
		"0.0.1/"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct https_url url = {.port = 7};
		if (https_url_read(view_of(texts[i]), &url, NULL) == RC_OK)
			fail_msg("taken: %s", texts[i]);
		assert_int_equal(url.port, 7); /* written on success only */
	}
	struct https_url url;
	assert_int_equal(
		https_url_read((struct view){.p = "https://example.org/\0x", .n = 22}, &url, NULL),
		RC_SYNTAX);
}

static void lengths_are_bounded(void **state)
{
	char text[HTTPS_URL_MAX + 2];
	struct https_url url;

	(void)state;
	memset(text, 'a', sizeof text);
	memcpy(text, "https://example.org/", 20);
	assert_int_equal(
		https_url_read((struct view){.p = text, .n = HTTPS_URL_MAX}, &url, NULL), RC_OK);
	assert_int_equal(
		https_url_read((struct view){.p = text, .n = HTTPS_URL_MAX + 1}, &url, NULL),
		RC_LIMIT);
	memset(text, 'a', sizeof text);
	text[63] = '.';
	assert_true(is_host_name((struct view){.p = text, .n = 67}));
	memset(text, 'a', sizeof text);
	text[64] = '.';
	assert_false(is_host_name((struct view){.p = text, .n = 68}));
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = i % 2 == 0 ? 'a' : '.';
	assert_true(is_host_name((struct view){.p = text, .n = HTTPS_HOST_MAX}));
	assert_false(is_host_name((struct view){.p = text, .n = HTTPS_HOST_MAX + 2}));
}

/* What is taken is put together again from its parts, byte by byte: no part means two things. */
static void one_text(struct prop *p)
{
	static const char bits[] = "htps:/.@[]#?%\\0x1279af-_ \n";
	char text[80];
	char again[120];
	struct https_url url;
	size_t head = prop_chance(p, 80) ? 8 : 0;

	memcpy(text, "https://", 8);
	size_t n = head + prop_bytes(p, text + head, 40, bits, sizeof bits - 1);
	if (prop_chance(p, 70))
		text[n++] = '/';
	struct view in = {.p = text, .n = n};
	if (https_url_read(in, &url, NULL) != RC_OK)
		return;
	int host_n = (int)url.host.n;
	int path_n = (int)url.path.n;
	bool has_port =
		memchr(text + 8 + (url.is_v6 ? url.host.n + 2 : url.host.n), ':',
			n - 8 - (url.is_v6 ? url.host.n + 2 : url.host.n) - url.path.n) != NULL;
	char port[8] = "";
	if (has_port)
		(void)snprintf(port, sizeof port, ":%u", (unsigned)url.port);
	int again_n = snprintf(again, sizeof again, "https://%s%.*s%s%s%.*s", url.is_v6 ? "[" : "",
		host_n, url.host.p, url.is_v6 ? "]" : "", port, path_n, url.path.p);
	assert_true(view_is(in, (struct view){.p = again, .n = (size_t)again_n}));
	assert_true(memchr(url.host.p, '@', url.host.n) == NULL);
}

static void parts_of_what_is_taken_are_the_whole(void **state)
{
	(void)state;
	prop_run("parts_of_what_is_taken_are_the_whole", 200000, one_text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_of_the_usual_form_are_read),
		cmocka_unit_test(everything_else_is_refused),
		cmocka_unit_test(lengths_are_bounded),
		cmocka_unit_test(parts_of_what_is_taken_are_the_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
