#include "unit.h"

#include "http/head.h"

#define TOKEN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"

static void take(struct head *h, const char *name, const char *value)
{
	head_take(h, view_of(name), view_of(value));
}

static void known_fields_are_found_in_any_case(void **state)
{
	struct head h = {0};

	(void)state;
	take(&h, "hOsT", "kinward.example:8080");
	take(&h, "COOKIE", "a=b");
	take(&h, "Content-Length", "12");
	take(&h, "X-Other", "ignored");
	assert_null(h.bad);
	assert_true(view_is(h.host, VIEW("kinward.example:8080")));
	assert_true(view_is(h.cookie, VIEW("a=b")));
	assert_true(h.has_length);
	assert_int_equal(h.length, 12);
	assert_null(h.origin.p);
}

static void doubled_fields_make_the_head_bad(void **state)
{
	static const char *const names[] = {"Host", "Cookie", "Origin", "Content-Length",
		"Content-Type", "X-Forwarded-For", "Sec-Fetch-Site"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct head h = {0};
		take(&h, names[i], "5");
		assert_null(h.bad);
		take(&h, names[i], "5");
		assert_non_null(h.bad);
	}
}

static void doubled_empty_fields_make_the_head_bad(void **state)
{
	struct head h = {0};

	(void)state;
	head_take(&h, VIEW("Host"), (struct view){0});
	take(&h, "Host", "a");
	assert_non_null(h.bad);
}

static void length_and_chunked_together_are_bad(void **state)
{
	struct head h = {0};
	struct head reverse = {0};

	(void)state;
	take(&h, "Content-Length", "5");
	take(&h, "Transfer-Encoding", "chunked");
	assert_non_null(h.bad);
	take(&reverse, "Transfer-Encoding", "chunked");
	assert_null(reverse.bad);
	take(&reverse, "Content-Length", "0");
	assert_non_null(reverse.bad);
}

static void lengths_that_are_no_numbers_are_bad(void **state)
{
	static const char *const lengths[] = {"", "-1", "+5", "0x10", "5,5", "5 5", "1e3", "5;",
		"99999999999999999999", "1073741825", "\xD9\xA5"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		struct head h = {0};
		take(&h, "Content-Length", lengths[i]);
		assert_non_null(h.bad);
	}
}

static void codings_other_than_chunked_are_bad(void **state)
{
	static const char *const codings[] = {"gzip", "chunked, chunked", "gzip, chunked",
		"identity", "xchunked", "chunked;q=1", "", "\"chunked\"", "chunked,"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(codings); i++) {
		struct head h = {0};
		take(&h, "Transfer-Encoding", codings[i]);
		assert_non_null(h.bad);
	}
	struct head h = {0};
	take(&h, "Transfer-Encoding", " Chunked ");
	assert_null(h.bad);
}

static void malformed_names_and_values_are_bad(void **state)
{
	static const char *const names[] = {"", "a b", "a\t", "Host ", "a:", "a\x80", "(a)"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct head h = {0};
		take(&h, names[i], "x");
		assert_non_null(h.bad);
	}
	struct head h = {0};
	head_take(&h, VIEW("x"), VIEW("a\rb"));
	assert_non_null(h.bad);
	h = (struct head){0};
	head_take(&h, VIEW("x"), VIEW("a\0b"));
	assert_non_null(h.bad);
}

static void too_many_fields_are_bad(void **state)
{
	struct head h = {0};

	(void)state;
	for (int i = 0; i < HEADERS_MAX; i++)
		take(&h, "x", "y");
	assert_null(h.bad);
	take(&h, "x", "y");
	assert_non_null(h.bad);
}

static void cookie_is_found_among_others(void **state)
{
	struct view token;

	(void)state;
	assert_true(head_cookie(VIEW("a=b; kinward=" TOKEN ";c=d"), VIEW("kinward"), &token));
	assert_true(view_is(token, VIEW(TOKEN)));
	assert_true(head_cookie(VIEW("kinward=" TOKEN), VIEW("kinward"), &token));
}

static void doubtful_cookies_are_no_session(void **state)
{
	static const char *const cookies[] = {"", "kinward", "kinward=", "kinward=short",
		"kinwardx=" TOKEN, "xkinward=" TOKEN, "KINWARD=" TOKEN, "kinward =" TOKEN,
		"kinward=" TOKEN "; kinward=" TOKEN, "kinward=" TOKEN "!", "kinward=\"" TOKEN "\"",
		"kinward=" TOKEN TOKEN, "kinward=" TOKEN "\xC3\xA4"};
	struct view token;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cookies); i++) {
		if (head_cookie(view_of(cookies[i]), VIEW("kinward"), &token))
			fail_msg("taken: %s", cookies[i]);
	}
}

struct origin_case {
	const char *site, *origin, *host;
	bool is_own;
};

static void only_the_own_origin_may_change_something(void **state)
{
	static const struct origin_case cases[] = {
		{NULL, NULL, "h:8080", true},
		{"same-origin", NULL, "h:8080", true},
		{"same-origin", "http://evil", "h:8080", true}, /* the browser knows better */
		{"cross-site", NULL, "h:8080", false},
		{"same-site", "http://h:8080", "h:8080", false},
		{"none", NULL, "h:8080", false},
		{"", NULL, "h:8080", false},
		{"Same-Origin", NULL, "h:8080", false},
		{NULL, "http://h:8080", "h:8080", true},
		{NULL, "http://H:8080", "h:8080", true},
		{NULL, "http://h:8081", "h:8080", false},
		{NULL, "http://evil.example", "h:8080", false},
		{NULL, "null", "h:8080", false},
		{NULL, "", "h:8080", false},
		{NULL, "h:8080", "h:8080", false},
		{NULL, "http://h:8080/", "h:8080", false},
		{NULL, "http://h:8080.evil", "h:8080", false},
		{NULL, "http://evil@h:8080", "h:8080", false},
		{NULL, "ftp://h:8080", "h:8080", false},
		{NULL, "http://h:8080", NULL, false},
		{NULL, "https://kinward.example", "inside", true}, /* public_url */
		{NULL, "http://kinward.example", "inside", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct head h = {
			.fetch_site = view_of(cases[i].site),
			.origin = view_of(cases[i].origin),
			.host = view_of(cases[i].host),
		};
		if (head_is_own_origin(&h, VIEW("https://kinward.example")) != cases[i].is_own)
			fail_msg("case %zu", i);
	}
}

static void media_types_are_compared_without_parameters(void **state)
{
	struct head h = {.content_type = VIEW("Application/JSON ; charset=utf-8")};

	(void)state;
	assert_true(head_is_type(&h, VIEW("application/json")));
	h.content_type = VIEW("application/jsonx");
	assert_false(head_is_type(&h, VIEW("application/json")));
	h.content_type = VIEW("text/plain; application/json");
	assert_false(head_is_type(&h, VIEW("application/json")));
	h.content_type = (struct view){0};
	assert_false(head_is_type(&h, VIEW("application/json")));
}

static void gzip_is_sent_only_when_it_is_accepted(void **state)
{
	static const struct {
		const char *accept;
		bool is_accepted;
	} cases[] = {
		{"gzip", true},
		{"deflate, gzip;q=0.5, br", true},
		{"GZIP", true},
		{"gzip;q=0", false},
		{"gzip; q=0.000", false},
		{"gzip;q=0.001", true},
		{"br", false},
		{"xgzip", false},
		{"", false},
		{NULL, false},
		{"identity", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct head h = {.accept_encoding = view_of(cases[i].accept)};
		if (head_accepts_gzip(&h) != cases[i].is_accepted)
			fail_msg("case %zu", i);
	}
}

static void entity_tags_are_compared_weakly(void **state)
{
	struct head h = {.if_none_match = VIEW("\"a\", W/\"b\" ,\"c\"")};

	(void)state;
	assert_true(head_has_tag(&h, VIEW("\"a\"")));
	assert_true(head_has_tag(&h, VIEW("\"b\"")));
	assert_true(head_has_tag(&h, VIEW("\"c\"")));
	assert_false(head_has_tag(&h, VIEW("\"d\"")));
	h.if_none_match = VIEW("*");
	assert_true(head_has_tag(&h, VIEW("\"d\"")));
	h.if_none_match = (struct view){0};
	assert_false(head_has_tag(&h, VIEW("\"a\"")));
}

static void origin_of_a_url_is_scheme_and_authority(void **state)
{
	(void)state;
	assert_true(view_is(head_origin_of_url(VIEW("https://a.b:1/c?d")), VIEW("https://a.b:1")));
	assert_true(view_is(head_origin_of_url(VIEW("http://a")), VIEW("http://a")));
	assert_int_equal(head_origin_of_url(VIEW("https:///x")).n, 0);
	assert_int_equal(head_origin_of_url(VIEW("javascript:x")).n, 0);
	assert_int_equal(head_origin_of_url((struct view){0}).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_fields_are_found_in_any_case),
		cmocka_unit_test(doubled_fields_make_the_head_bad),
		cmocka_unit_test(doubled_empty_fields_make_the_head_bad),
		cmocka_unit_test(length_and_chunked_together_are_bad),
		cmocka_unit_test(lengths_that_are_no_numbers_are_bad),
		cmocka_unit_test(codings_other_than_chunked_are_bad),
		cmocka_unit_test(malformed_names_and_values_are_bad),
		cmocka_unit_test(too_many_fields_are_bad),
		cmocka_unit_test(cookie_is_found_among_others),
		cmocka_unit_test(doubtful_cookies_are_no_session),
		cmocka_unit_test(only_the_own_origin_may_change_something),
		cmocka_unit_test(media_types_are_compared_without_parameters),
		cmocka_unit_test(gzip_is_sent_only_when_it_is_accepted),
		cmocka_unit_test(entity_tags_are_compared_weakly),
		cmocka_unit_test(origin_of_a_url_is_scheme_and_authority),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
