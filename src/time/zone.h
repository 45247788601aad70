/* Time zones by IANA name, read from the system's tzdata (TZif files, RFC 9636) without the C
 * library's process-wide zone. A loaded zone is a plain object: offset at a moment, and when it
 * next changes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"

struct zone;

enum {
	ZONE_NAME_MAX = 47,
	ZONE_FILE_MAX = 64 * 1024, /* bytes of one TZif file */
	ZONE_CHANGES_MAX = 4096,
};

/* "Europe/Berlin": letters, digits, '_', '-', '+', '/'; no empty or dotted part, no leading '/'. */
bool zone_name_is_valid(struct view name);

/* RC_NOT_FOUND for a name without a file, RC_SYNTAX for a bad name or a damaged file. */
MUST_CHECK enum rc zone_load(struct view name, struct zone **ret_owned, struct err *e);
/* The same from bytes: for tests and the fuzzer. */
MUST_CHECK enum rc zone_parse(struct view bytes, struct zone **ret_owned, struct err *e);
void zone_free(struct zone *z);

/* Seconds east of UTC at that moment. */
int32_t zone_offset_s(const struct zone *z, int64_t utc_ms);
/* The first moment after utc_ms at which the offset is another one; INT64_MAX when there is none.
 */
int64_t zone_next_change(const struct zone *z, int64_t utc_ms);
