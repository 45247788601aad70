/* A JSON body into a struct of values, by a table of fields (fields.h). One object in UTF-8, nested
 * only where the table says FIELD_JSON or FIELD_WORDS;
 * unknown and doubled fields, wrong types and lengths are refused. Pure; any thread. */
#pragma once

#include "http/fields.h"

enum { BODY_DEPTH_MAX = 8 };

struct json_t; /* of jansson.h, which fights with json_out.h about names: hence the last functions
		*/
struct body;   /* the parsed text: values borrow from it */

/* Fills *ret_values (zeroed by the caller). RC_SYNTAX with p->code: json_bad, field_unknown,
 * field_missing, field_type … RC_NOMEM. */
MUST_CHECK enum rc body_read(struct view text, const struct field_table *t, void *ret_values,
	struct body **ret_owned, struct problem *p);
/* Any object, within the same limits; body_root gives it. */
MUST_CHECK enum rc body_read_any(struct view text, struct body **ret_owned, struct problem *p);
/* The same for an object inside a FIELD_JSON, which lives as long as its body. */
MUST_CHECK enum rc body_read_object(const struct json_t *object, const struct field_table *t,
	void *ret_values, struct problem *p);
MUST_CHECK bool body_is_array(const struct json_t *v);
/* The object, and its members by name; NULL: not there. */
const struct json_t *body_root(const struct body *b);
const struct json_t *body_member(const struct json_t *object, const char *name);
size_t body_members_n(const struct json_t *object);
MUST_CHECK bool body_is_object(const struct json_t *v);
/* False when v is of another type. A text borrows from v; clean UTF-8 (fields.h). */
MUST_CHECK bool body_text(const struct json_t *v, struct view *ret);
MUST_CHECK bool body_bool(const struct json_t *v, bool *ret);
/* A number with at most one decimal, in tenths. */
MUST_CHECK bool body_tenths(const struct json_t *v, int64_t *ret);
/* 0 of what is no array. */
size_t body_array_n(const struct json_t *v);
/* False when v is no whole number. */
MUST_CHECK bool body_int(const struct json_t *v, int64_t *ret);
const struct json_t *body_array_at(const struct json_t *v, size_t i);
/* As text again; malloc'ed, the caller frees. NULL when out of memory. */
char *body_to_text(const struct json_t *v);
/* Overwrites the secrets among the values; before body_free. t may be NULL: there are none. */
void body_forget(const struct field_table *t, void *values);
void body_free(struct body *b);
