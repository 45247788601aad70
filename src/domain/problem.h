/* Why the domain refused something: a stable word that the app translates, beside enum rc. Filled
 * by every changing function of this room; http turns it into an RFC 9457 answer. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/uid.h"

enum { PROBLEM_GROUPS_MAX = 4 };

struct problem {
	const char *code; /* static: "password_too_short", "claim_code_wrong" …; NULL when rc says
			     all */
	const char *field;      /* static name of the body field that is wrong, or NULL */
	uint32_t retry_after_s; /* with RC_LIMIT: when to try again; 0 = not said */
	int32_t tries_left;     /* with claim_code_wrong; -1 = not said */
	uint8_t groups_n;       /* with last_admin: in which groups; perhaps not all */
	struct uid groups[PROBLEM_GROUPS_MAX];
	char detail[ERR_MSG_MAX]; /* for people, may be empty; never holds secrets */
};

/* Fills *p (NULL allowed) and returns rc. `detail` may be NULL. */
enum rc refuse(
	struct problem *p, enum rc rc, const char *code, const char *field, const char *detail);
