#include "unit.h"

#include <stdio.h>

#include "http/bodies.h"
#include "http/routes.h"

#define ID_A "00112233445566778899aabbccddeeff"
#define ID_B "ffeeddccbbaa99887766554433221100"

static const struct route *match(const char *method, const char *path, struct route_match *m)
{
	routes_match(view_of(method), view_of(path), m);
	return m->route;
}

static bool is_change(const struct route *r)
{
	return strcmp(r->method, "GET") != 0;
}

static void every_row_is_complete(void **state)
{
	(void)state;
	assert_true(routes_n > 30);
	for (size_t i = 0; i < routes_n; i++) {
		const struct route *r = &routes[i];
		bool is_ok = access_name(r->access) != NULL && rate_class_name(r->rate) != NULL &&
			     r->where >= RUN_HERE && r->where <= RUN_STREAM && r->run != NULL &&
			     r->right < RIGHT_COUNT && r->object < OBJECT_KIND_COUNT &&
			     r->path[0] == '/' && (r->body_kind == BODY_JSON) == (r->body != NULL);
		if (!is_ok)
			fail_msg("%s %s", r->method, r->path);
	}
}

static bool is_one_of(const char *path, const char *const *paths, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(path, paths[i]) == 0)
			return true;
	}
	return false;
}

static void changes_are_limited_and_never_public_by_accident(void **state)
{
	static const char *const ways_in[] = {"/api/v1/setup", "/api/v1/session",
		"/partner/v1/token", "/api/v1/session/passkey", "/api/v1/account/email/confirm",
		"/api/v1/recovery", "/api/v1/recovery/confirm", "/api/v1/recovery/finish",
		"/api/v1/invitations/look", "/api/v1/invitations/accept", "/phone/osmand",
		"/phone/owntracks"};
	static const char *const questions[] = {"/api/v1/session/passkey/options",
		"/api/v1/session/step-up/options", "/api/v1/account/passkeys/options"};

	(void)state;
	for (size_t i = 0; i < routes_n; i++) {
		const struct route *r = &routes[i];
		if (!is_change(r))
			continue;
		bool is_way_in = is_one_of(r->path, ways_in, COUNT_OF(ways_in));
		if (is_one_of(r->path, questions, COUNT_OF(questions)))
			continue; /* change nothing */
		/* How far somebody has read is of no interest to others. */
		bool is_read = strcmp(r->path, "/api/v1/notices/read") == 0 ||
			       strcmp(r->path, "/api/v1/wearers/{wearer}/thread/heard") == 0;
		bool is_report = r->body_kind == BODY_PHONE; /* as those of watches */
		bool is_noted = r->audit[0] != '\0' || is_read || is_report;
		bool is_ok = r->rate != RATE_NONE && (is_way_in || r->access != ACCESS_PUBLIC) &&
			     r->access != ACCESS_LOCAL && is_noted && r->where != RUN_HERE;
		if (!is_ok)
			fail_msg("%s %s", r->method, r->path);
	}
}

static void objects_of_groups_are_always_checked(void **state)
{
	(void)state;
	for (size_t i = 0; i < routes_n; i++) {
		const struct route *r = &routes[i];
		bool has_id = strchr(r->path, '{') != NULL;
		bool is_own = strstr(r->path, "{session}") != NULL || /* the handler looks */
			      strstr(r->path, "{passkey}") != NULL;
		bool is_operators = r->access == ACCESS_OPERATOR; /* things that no group owns */
		bool is_checked = r->access == ACCESS_GROUP || r->access == ACCESS_PARTNER;
		if (has_id && !is_own && !is_operators &&
			(!is_checked || r->place != OBJECT_IN_PATH))
			fail_msg("%s %s", r->method, r->path);
		if (r->access == ACCESS_GROUP && r->place != OBJECT_IN_PATH)
			fail_msg("%s %s", r->method, r->path);
		if (r->place == OBJECT_IN_PATH && !is_checked)
			fail_msg("%s %s", r->method, r->path);
	}
}

/* Written down once more: method, path, right. */
static void partners_reach_these_verbs_and_no_other(void **state)
{
	static const struct {
		const char *method, *path;
		enum right right;
	} verbs[] = {
		{"GET", "/wearers", RIGHT_NONE},
		{"GET", "/events", RIGHT_NONE},
		{"GET", "/wearers/{wearer}/position", RIGHT_VIEW_POSITION},
		{"GET", "/wearers/{wearer}/history", RIGHT_VIEW_HISTORY},
		{"GET", "/wearers/{wearer}/health", RIGHT_VIEW_HEALTH},
		{"GET", "/wearers/{wearer}/alarms", RIGHT_ALARMS},
		{"POST", "/wearers/{wearer}/locates", RIGHT_LOCATE},
		{"GET", "/wearers/{wearer}/locates/{locate}", RIGHT_LOCATE},
		{"POST", "/wearers/{wearer}/messages", RIGHT_MESSAGE},
		{"GET", "/wearers/{wearer}/messages/{message}", RIGHT_MESSAGE},
		{"POST", "/wearers/{wearer}/plan-proposals", RIGHT_PROPOSE},
		{"GET", "/wearers/{wearer}/plan-proposals/{proposal}", RIGHT_PROPOSE},
	};
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < routes_n; i++) {
		const struct route *r = &routes[i];
		if (r->access != ACCESS_PARTNER)
			continue;
		size_t k = 0;
		while (k < COUNT_OF(verbs) &&
			(strcmp(r->method, verbs[k].method) != 0 ||
				strcmp(r->path + strlen("/partner/v1"), verbs[k].path) != 0))
			k++;
		if (k == COUNT_OF(verbs) || r->right != verbs[k].right ||
			strncmp(r->path, "/partner/v1/", 12) != 0)
			fail_msg("%s %s", r->method, r->path);
		if (r->right != RIGHT_NONE)
			assert_in_range(right_class(r->right), 'A', 'B');
		n++;
	}
	assert_int_equal(n, COUNT_OF(verbs));
}

static void the_group_in_a_body_is_its_first_member(void **state)
{
	(void)state;
	for (size_t i = 0; i < routes_n; i++) {
		if (routes[i].place != OBJECT_IN_BODY)
			continue;
		const struct field *f = field_find(routes[i].body, VIEW("group"));
		assert_non_null(f);
		assert_int_equal(f->type, FIELD_ID);
		assert_true(f->is_required);
		assert_int_equal(f->offset, 0);
	}
}

static void tables_of_fields_are_small_enough(void **state)
{
	(void)state;
	for (size_t i = 0; i < routes_n; i++) {
		const struct field_table *tables[] = {routes[i].body, routes[i].query};
		for (size_t k = 0; k < COUNT_OF(tables); k++) {
			if (tables[k] == NULL)
				continue;
			assert_in_range(
				tables[k]->n, tables[k] == &empty_table ? 0 : 1, FIELDS_MAX);
			for (size_t f = 0; f < tables[k]->n; f++)
				assert_true(
					tables[k]->fields[f].offset < sizeof(union body_values));
		}
	}
}

static void no_row_is_there_twice(void **state)
{
	(void)state;
	for (size_t i = 0; i < routes_n; i++) {
		for (size_t k = i + 1; k < routes_n; k++) {
			if (strcmp(routes[i].method, routes[k].method) == 0 &&
				strcmp(routes[i].path, routes[k].path) == 0)
				fail_msg("%s %s", routes[i].method, routes[i].path);
		}
	}
}

static void each_row_is_found_by_its_path(void **state)
{
	char path[256];
	struct route_match m;

	(void)state;
	for (size_t i = 0; i < routes_n; i++) {
		size_t n = 0;
		unsigned ids = 0;
		for (const char *p = routes[i].path; *p != '\0'; p++) {
			if (*p != '{') {
				path[n++] = *p;
				continue;
			}
			bool is_word = routes[i].path_word != NULL && ids > 0;
			n += (size_t)snprintf(path + n, sizeof path - n, "%s",
				is_word      ? "a_word_9"
				: ids++ == 0 ? ID_A
					     : ID_B);
			p = strchr(p, '}');
		}
		path[n] = '\0';
		assert_ptr_equal(match(routes[i].method, path, &m), &routes[i]);
		assert_true(
			view_is(m.word, routes[i].path_word != NULL ? VIEW("a_word_9") : VIEW("")));
		char text[UID_TEXT];
		uid_to_text(&m.ids[0], text);
		assert_string_equal(text, ids > 0 ? ID_A : "00000000000000000000000000000000");
		uid_to_text(&m.ids[1], text);
		assert_string_equal(text, ids > 1 ? ID_B : "00000000000000000000000000000000");
	}
}

static void other_paths_are_unknown(void **state)
{
	static const char *const paths[] = {"", "/", "//", "/api", "/api/", "/api/v1", "/api/v1/",
		"/api/v1/session/", "/api/v1//session", "/api/v2/session", "/API/v1/session",
		"/api/v1/session?x", "/api/v1/session#", "/api/v1/session%00", "/api/v1/wearers/",
		"/api/v1/wearers/x", "/api/v1/wearers/0011", "/api/v1/wearers/" ID_A "0",
		"/api/v1/wearers/" ID_A "/", "/api/v1/wearers/{wearer}",
		"/api/v1/wearers/" ID_A "/../x", "/api/v1/wearers/0011223344556677889900112233445g",
		"/../../etc/passwd", "/healthz/", "/.git/config", "/backup/dump.sql",
		"api/v1/session", "/api/v1/wearers/" ID_A "/settings/",
		"/api/v1/wearers/" ID_A "/settings/Zone", "/api/v1/wearers/" ID_A "/settings/a-b",
		"/api/v1/wearers/" ID_A "/settings/a/b", "/api/v1/wearers/" ID_A "/settings/%7a",
		"/api/v1/wearers/" ID_A "/settings/abcdefghijklmnopqrstuvwxyz0123456"};
	struct route_match m;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		if (match("GET", paths[i], &m) != NULL || m.known != NULL)
			fail_msg("known: %s", paths[i]);
	}
}

static void other_methods_of_a_known_path_are_told(void **state)
{
	struct route_match m;
	char text[ROUTE_METHODS_TEXT];

	(void)state;
	assert_null(match("PUT", "/api/v1/session", &m));
	routes_methods(m.known, text);
	assert_string_equal(text, "GET, POST, DELETE");
	assert_null(match("get", "/api/v1/session", &m));
	assert_null(match("OPTIONS", "/api/v1/wearers/" ID_A "/picture", &m));
	routes_methods(m.known, text);
	assert_string_equal(text, "GET, PUT, DELETE");
	routes_methods(NULL, text);
	assert_string_equal(text, "");
}

static void one_random_path(struct prop *p)
{
	char path[96];
	struct route_match m;
	size_t n = prop_bytes(p, path, sizeof path, "/apiv1wesron{}0123456789abcdef", 29);
	struct view v = {.p = path, .n = n};

	routes_match(VIEW("GET"), v, &m);
	if (m.route != NULL) {
		/* Only possible when it is that row's path. */
		assert_true(n >= strlen("/healthz"));
		assert_true(strchr(m.route->path, '{') != NULL || strlen(m.route->path) == n);
	}
}

static void random_paths_are_unknown_or_well_formed(void **state)
{
	(void)state;
	prop_run("random_paths", 20000, one_random_path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_complete),
		cmocka_unit_test(changes_are_limited_and_never_public_by_accident),
		cmocka_unit_test(objects_of_groups_are_always_checked),
		cmocka_unit_test(partners_reach_these_verbs_and_no_other),
		cmocka_unit_test(the_group_in_a_body_is_its_first_member),
		cmocka_unit_test(tables_of_fields_are_small_enough),
		cmocka_unit_test(no_row_is_there_twice),
		cmocka_unit_test(each_row_is_found_by_its_path),
		cmocka_unit_test(other_paths_are_unknown),
		cmocka_unit_test(other_methods_of_a_known_path_are_told),
		cmocka_unit_test(random_paths_are_unknown_or_well_formed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
