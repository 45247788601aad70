/* Problem answers (RFC 9457): one table of the stable codes, each with its status and a sentence.
 * docs/openapi.yaml lists the same codes (a test compares). Pure; any thread. */
#pragma once

#include "base/json_out.h"
#include "domain/problem.h"

struct problem_code {
	const char *code;
	uint16_t status;
	const char *detail; /* for people who write programs; never repeats input */
};

/* Sorted by code. */
extern const struct problem_code problem_codes[];
extern const size_t problem_codes_n;

/* The row of a code, or NULL. */
const struct problem_code *problem_code_find(const char *code);

/* The code of a result that came without one: RC_NOT_FOUND is "not_found", RC_LIMIT "busy" … Never
 * NULL. */
const char *problem_code_of_rc(enum rc rc);

/* "Conflict" of 409 …; "Error" when unknown. */
const char *problem_title(unsigned status);

/* Writes the JSON of *p into j (already initialised) and returns the status. A code that is not in
 * the table becomes "internal". */
unsigned problem_write(const struct problem *p, enum rc rc, struct json_out *j);
