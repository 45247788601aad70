/* What a watch tells of itself as a list of "key:value": CONFIG (commas between) and TS (semicolons
 * between), protocol section 4. Keys in any case. Pure. */
#pragma once

#include "watch/report.h"

enum { CONFIG_TEXT = REPORT_TEXT_MAX + 1, FALL_LEVELS_MAX = 8 };

/* Without blanks at both ends; may be empty. False when the key is not there. */
MUST_CHECK bool config_value(struct view config, const char *key, struct view *ret);
MUST_CHECK bool status_value(struct view status, const char *key, struct view *ret);
/* "+01:00", "+9.5", "8" in minutes. */
MUST_CHECK bool status_zone(struct view text, int *ret_min);
