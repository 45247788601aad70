#include "http/body.h"

#include <assert.h>
#include <jansson.h>
#include <math.h>
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

static struct view string_of(const json_t *v)
{
	return (struct view){.p = json_string_value(v), .n = json_string_length(v)};
}

static enum rc set_words(
	const struct field *f, const json_t *array, void *values, struct problem *p)
{
	size_t n = json_array_size(array);

	((struct field_words *)(void *)((char *)values + f->offset))->is_there = true;
	for (size_t i = 0; i < n; i++) {
		const json_t *v = json_array_get(array, i);
		if (!json_is_string(v))
			return refuse(p, RC_SYNTAX, "field_type", f->name, NULL);
		enum rc rc = field_add_word(f, string_of(v), values, p);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

static enum rc set_value(const struct field *f, const json_t *v, void *values, struct problem *p)
{
	if (json_is_string(v))
		return field_set_text(f, string_of(v), values, p);
	if (json_is_integer(v))
		return field_set_int(f, json_integer_value(v), values, p);
	if (json_is_boolean(v))
		return field_set_bool(f, json_is_true(v), values, p);
	if (json_is_array(v) && f->type == FIELD_WORDS)
		return set_words(f, v, values, p);
	if ((json_is_array(v) || json_is_object(v)) && f->type == FIELD_JSON) {
		*(const json_t **)(void *)((char *)values + f->offset) = v;
		return RC_OK;
	}
	return refuse(p, RC_SYNTAX, "field_type", f->name, NULL);
}

enum rc body_read_object(
	const json_t *object, const struct field_table *t, void *ret_values, struct problem *p)
{
	uint32_t given = 0;

	if (!json_is_object(object))
		return refuse(p, RC_SYNTAX, "field_type", NULL, NULL);
	/* The iterator takes no const, and changes nothing. */
	const union {
		const json_t *in;
		json_t *out;
	} root = {.in = object};
	for (void *at = json_object_iter(root.out); at != NULL;
		at = json_object_iter_next(root.out, at)) {
		const struct field *f = field_find(t, view_of(json_object_iter_key(at)));
		if (f == NULL)
			return refuse(p, RC_SYNTAX, "field_unknown", NULL, NULL);
		enum rc rc = set_value(f, json_object_iter_value(at), ret_values, p);
		if (rc != RC_OK)
			return rc;
		given |= 1u << (f - t->fields);
	}
	return field_check_given(t, given, p);
}

bool body_is_array(const struct json_t *v)
{
	return json_is_array(v);
}

size_t body_array_n(const struct json_t *v)
{
	return json_array_size(v);
}

bool body_int(const struct json_t *v, int64_t *ret)
{
	if (!json_is_integer(v))
		return false;
	*ret = json_integer_value(v);
	return true;
}

const struct json_t *body_root(const struct body *b)
{
	return b->root;
}

const struct json_t *body_member(const struct json_t *object, const char *name)
{
	return json_object_get(object, name);
}

size_t body_members_n(const struct json_t *object)
{
	return json_object_size(object);
}

bool body_is_object(const struct json_t *v)
{
	return json_is_object(v);
}

bool body_text(const struct json_t *v, struct view *ret)
{
	if (!json_is_string(v) || !field_is_clean(string_of(v)))
		return false;
	*ret = string_of(v);
	return true;
}

bool body_bool(const struct json_t *v, bool *ret)
{
	if (!json_is_boolean(v))
		return false;
	*ret = json_is_true(v);
	return true;
}

bool body_tenths(const struct json_t *v, int64_t *ret)
{
	const double limit = 1e6;

	if (!json_is_number(v))
		return false;
	double tenths = json_number_value(v) * 10;
	/* what has a second decimal is no value that could be set */
	if (!(tenths > -limit && tenths < limit) || fabs(tenths - round(tenths)) > 1e-6)
		return false;
	*ret = (int64_t)round(tenths);
	return true;
}

const struct json_t *body_array_at(const struct json_t *v, size_t i)
{
	return json_array_get(v, i);
}

enum rc body_read_any(struct view text, struct body **ret_owned, struct problem *p)
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
	*ret_owned = b;
	return RC_OK;
}

enum rc body_read(struct view text, const struct field_table *t, void *ret_values,
	struct body **ret_owned, struct problem *p)
{
	struct body *b = NULL;
	enum rc rc = body_read_any(text, &b, p);

	if (rc == RC_OK) {
		assert(b != NULL);
		rc = body_read_object(b->root, t, ret_values, p);
	}
	if (rc != RC_OK) {
		body_free(b);
		return rc;
	}
	*ret_owned = b;
	return RC_OK;
}

char *body_to_text(const json_t *v)
{
	return json_dumps(v, JSON_COMPACT);
}

void body_forget(const struct field_table *t, void *values)
{
	for (size_t i = 0; t != NULL && i < t->n; i++) {
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
