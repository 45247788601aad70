/* Writes JSON text straight into a growing, bounded buffer: API answers, live events, `kinward
 * decode`. Commas are set by the writer. Strings are escaped; bytes that are not UTF-8 become
 * U+FFFD. Reading JSON is done with jansson (http/body.h), not here.
 *
 *   struct json_out j;
 *   json_out_init(&j, 64 * 1024);
 *   json_object(&j, NULL);
 *   json_text(&j, "name", view_of("Mia"));
 *   json_int(&j, "age_s", 12);
 *   json_end(&j);
 *   if (json_out_finish(&j, &view, e) == RC_OK) …
 *   json_out_done(&j);
 *
 * The key is NULL inside arrays and for the outermost value. A failure (limit, memory) is sticky
 * and told by json_out_finish. Key and string pointers are only borrowed for the call. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/uid.h"
#include "base/view.h"

enum { JSON_DEPTH_MAX = 16 };

struct json_out {
	char *text;
	size_t n;
	size_t capacity;
	size_t limit;
	enum rc rc;
	unsigned depth;
	bool has_items[JSON_DEPTH_MAX + 1];
	char closers[JSON_DEPTH_MAX + 1];
};

void json_out_init(struct json_out *j, size_t limit_bytes);
void json_out_done(struct json_out *j);
/* Starts again and keeps the memory. */
void json_out_reset(struct json_out *j);

void json_object(struct json_out *j, const char *key);
void json_array(struct json_out *j, const char *key);
/* Closes the innermost object or array. */
void json_end(struct json_out *j);

void json_text(struct json_out *j, const char *key, struct view value);
void json_int(struct json_out *j, const char *key, int64_t value);
void json_bool(struct json_out *j, const char *key, bool value);
void json_null(struct json_out *j, const char *key);
/* value / 10^decimals as a JSON number without trailing zeros: (225717070, 7) is 22.571707.
 * decimals 0..9. */
void json_decimal(struct json_out *j, const char *key, int64_t value, unsigned decimals);
void json_uid(struct json_out *j, const char *key, const struct uid *value);
/* RFC 3339 UTC with milliseconds, "2026-11-22T10:55:00.000Z". */
void json_time(struct json_out *j, const char *key, int64_t utc_ms);
/* A value that is JSON already. */
void json_raw(struct json_out *j, const char *key, struct view json);

/* The finished text; borrowed from j until it is reset or done. RC_LIMIT, RC_NOMEM, or RC_BUG when
 * not everything is closed. */
MUST_CHECK enum rc json_out_finish(struct json_out *j, struct view *ret_text, struct err *e);
