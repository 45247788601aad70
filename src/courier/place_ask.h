/* The question and the answer of an Ichnaea-compatible service (POST /v1/geolocate): what leaves
 * the house is exactly what place_ask_write writes. Pure. */
#pragma once

#include "link/message.h"

struct json_out;

enum { PLACE_ASK_MAX = 4096, PLACE_ANSWER_MAX = 4096 };

/* JSON with addresses and strengths of access points, and numbers of cells; nothing else, and
 * nothing from the sender's own address (considerIp false). *ret_text borrows from j, which is
 * initialised here and done by the caller. */
MUST_CHECK enum rc place_ask_write(const struct message_locate_ask *ask, struct json_out *j,
	struct view *ret_text, struct err *e);
/* {"location": {"lat": …, "lng": …}, "accuracy": …}; a fallback by address ("fallback") is none.
 * RC_SYNTAX: anything else. */
MUST_CHECK enum rc place_answer_read(
	struct view body, struct message_locate_told *ret, struct err *e);
