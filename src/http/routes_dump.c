/* `kinward routes`: the routes and bodies for the test that compares them with docs/openapi.yaml.
 */
#include "http/server.h"

#include <stdio.h>

#include "base/json_out.h"
#include "http/problem_answer.h"
#include "http/routes.h"

static const char *type_name(enum field_type t)
{
	switch (t) {
	case FIELD_TEXT:
		return "text";
	case FIELD_SECRET:
		return "secret";
	case FIELD_ID:
		return "id";
	case FIELD_INT:
		return "int";
	case FIELD_TIME:
		return "time";
	case FIELD_BOOL:
		return "bool";
	case FIELD_WORDS:
		return "words";
	case FIELD_JSON:
		return "json";
	}
	return "";
}

static void write_table(struct json_out *j, const char *key, const struct field_table *t)
{
	json_array(j, key);
	for (size_t i = 0; t != NULL && i < t->n; i++) {
		const struct field *f = &t->fields[i];
		json_object(j, NULL);
		json_text(j, "name", view_of(f->name));
		json_text(j, "type", view_of(type_name(f->type)));
		json_bool(j, "required", f->is_required);
		json_int(j, "min", f->min);
		json_int(j, "max", f->max);
		json_array(j, "choices");
		for (const char *const *c = f->choices; c != NULL && *c != NULL; c++)
			json_text(j, NULL, view_of(*c));
		json_end(j);
		json_end(j);
	}
	json_end(j);
}

static void write_route(struct json_out *j, const struct route *r)
{
	static const char *const bodies[] = {
		"none", "json", "picture", "sound", "form", "phone", "object"};

	json_object(j, NULL);
	json_text(j, "method", view_of(r->method));
	json_text(j, "path", view_of(r->path));
	json_text(j, "access", view_of(access_name(r->access)));
	json_text(j, "right", view_of(r->place == OBJECT_NOWHERE ? "" : right_name(r->right)));
	json_text(j, "rate", view_of(rate_class_name(r->rate)));
	json_text(j, "audit", view_of(r->audit));
	json_text(j, "body_kind", view_of(bodies[r->body_kind]));
	json_text(j, "body_name", view_of(r->body == NULL ? "" : r->body->name));
	json_bool(j, "body_needs_one", r->body != NULL && r->body->needs_one);
	write_table(j, "body", r->body);
	write_table(j, "query", r->query);
	json_end(j);
}

enum { TEXT_MAX = 1 << 20 };

int http_routes_main(void)
{
	struct json_out j;
	struct view text;
	int status = 1;

	json_out_init(&j, TEXT_MAX);
	json_object(&j, NULL);
	json_array(&j, "routes");
	for (size_t i = 0; i < routes_n; i++)
		write_route(&j, &routes[i]);
	json_end(&j);
	json_array(&j, "problems");
	for (size_t i = 0; i < problem_codes_n; i++) {
		json_object(&j, NULL);
		json_text(&j, "code", view_of(problem_codes[i].code));
		json_int(&j, "status", problem_codes[i].status);
		json_end(&j);
	}
	json_end(&j);
	json_end(&j);
	if (json_out_finish(&j, &text, NULL) == RC_OK &&
		fwrite(text.p, 1, text.n, stdout) == text.n && putchar('\n') != EOF)
		status = 0;
	json_out_done(&j);
	return status;
}
