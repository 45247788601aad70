/* A JSON body into a struct of values, by a table of fields (fields.h). One flat object in UTF-8;
 * unknown and doubled fields, wrong types and lengths are refused. Pure; any thread. */
#pragma once

#include "http/fields.h"

enum { BODY_DEPTH_MAX = 8 };

struct body; /* the parsed text: values borrow from it */

/* Fills *ret_values (zeroed by the caller). RC_SYNTAX with p->code: json_bad, field_unknown,
 * field_missing, field_type … RC_NOMEM. */
MUST_CHECK enum rc body_read(struct view text, const struct field_table *t, void *ret_values,
	struct body **ret_owned, struct problem *p);
/* Overwrites the secrets among the values; before body_free. */
void body_forget(const struct field_table *t, void *values);
void body_free(struct body *b);
