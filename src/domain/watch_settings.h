/* Wanted and confirmed settings of a wearer's watch: language, time zone, upload interval. */
#pragma once

#include "domain/domain.h"

struct watch_settings {
	char language[LANGUAGE_TEXT];
	char zone[ZONE_TEXT];
	uint32_t upload_interval_s;
	bool is_language_confirmed, is_zone_confirmed, is_interval_confirmed;
};

/* RC_CONFLICT no_device when the wearer has no watch. */
MUST_CHECK enum rc watch_settings_get(struct db *reader, const struct uid *wearer,
	struct watch_settings *ret, struct problem *p, struct err *e);

/* Sends the commands too. Views with p == NULL and interval 0 leave a value. Codes:
 * language_unsupported, zone_unknown, interval_out_of_range (RC_SYNTAX), no_device (RC_CONFLICT).
 */
MUST_CHECK enum rc watch_settings_change(struct domain *d, struct db *reader,
	const struct principal *who, const struct uid *wearer, struct view language,
	struct view zone, uint32_t upload_interval_s, struct watch_settings *ret, struct problem *p,
	struct err *e);

/* Number of the LZ table for "de", "es-MX" … False when no watch knows it. */
bool watch_language_number(struct view language, uint8_t *ret);
