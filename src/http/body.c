#include "http/body.h"

#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>

struct body {
	json_t *root;
};

/* jansson descends 2,048 levels; this looks first. Brackets inside strings do not count. */
static bool is_shallow(struct view text)
{
	unsigned depth = 0;
	bool is_string = false;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (is_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				is_string = false;
		} else if (c == '"') {
			is_string = true;
		} else if (c == '{' || c == '[') {
			if (++depth > BODY_DEPTH_MAX)
				return false;
		} else if ((c == '}' || c == ']') && depth > 0) {
			depth--;
		}
	}
	return true;
}

static enum rc set_value(const struct field *f, json_t *v, void *values, struct problem *p)
{
	if (json_is_string(v))
		return field_set_text(f,
			(struct view){.p = json_string_value(v), .n = json_string_length(v)},
			values, p);
	if (json_is_integer(v))
		return field_set_int(f, json_integer_value(v), values, p);
	return refuse(p, RC_SYNTAX, "field_type", f->name, NULL);
}

static enum rc read_members(
	json_t *root, const struct field_table *t, void *values, struct problem *p)
{
	const char *name;
	json_t *v;
	uint32_t given = 0;

	json_object_foreach(root, name, v)
	{
		const struct field *f = field_find(t, view_of(name));
		if (f == NULL)
			return refuse(p, RC_SYNTAX, "field_unknown", NULL, NULL);
		enum rc rc = set_value(f, v, values, p);
		if (rc != RC_OK)
			return rc;
		given |= 1u << (f - t->fields);
	}
	return field_check_given(t, given, p);
}

enum rc body_read(struct view text, const struct field_table *t, void *ret_values,
	struct body **ret_owned, struct problem *p)
{
	json_error_t why;

	if (!is_shallow(text))
		return refuse(p, RC_SYNTAX, "json_bad", NULL, "The body is nested too deep.");
	json_t *root =
		json_loadb(text.p == NULL ? "" : text.p, text.n, JSON_REJECT_DUPLICATES, &why);
	if (!json_is_object(root)) {
		bool is_memory = root == NULL && json_error_code(&why) == json_error_out_of_memory;
		json_decref(root);
		return is_memory ? refuse(p, RC_NOMEM, NULL, NULL, NULL)
				 : refuse(p, RC_SYNTAX, "json_bad", NULL, NULL);
	}
	struct body *b = malloc(sizeof *b);
	if (b == NULL) {
		json_decref(root);
		return refuse(p, RC_NOMEM, NULL, NULL, NULL);
	}
	b->root = root;
	enum rc rc = read_members(root, t, ret_values, p);
	if (rc != RC_OK) {
		body_free(b);
		return rc;
	}
	*ret_owned = b;
	return RC_OK;
}

void body_forget(const struct field_table *t, void *values)
{
	for (size_t i = 0; i < t->n; i++) {
		struct view *text = (struct view *)(void *)((char *)values + t->fields[i].offset);
		if (t->fields[i].type != FIELD_SECRET || text->p == NULL)
			continue;
		char *p; /* jansson's text, which is ours to write to */
		memcpy(&p, &text->p, sizeof p);
		sodium_memzero(p, text->n);
		*text = (struct view){0};
	}
}

void body_free(struct body *b)
{
	if (b == NULL)
		return;
	json_decref(b->root);
	free(b);
}
