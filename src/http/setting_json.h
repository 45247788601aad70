/* The value of a setting as JSON, both ways (domain/setting_table.h says which members it has):
 * times "HH:MM", days 1 Monday … 7 Sunday, lists of small objects. What is unknown, missing, of
 * another type or out of range is refused with the member's name. Pure. */
#pragma once

#include "base/json_out.h"
#include "domain/setting_table.h"

struct json_t;

/* The body of a PUT. *ret_is_understood: its member of that name, false when it is not there. */
MUST_CHECK enum rc setting_json_read(const struct json_t *object, const struct setting_def *def,
	struct setting_value *ret, bool *ret_is_understood, struct problem *p);
/* The members, inside of an open object. */
void setting_json_write(
	struct json_out *j, const struct setting_def *def, const struct setting_value *v);
/* "fields": what the form has. */
void setting_json_write_fields(struct json_out *j, const struct setting_def *def);
