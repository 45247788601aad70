/* Inside of the domain: the commands that carry settings to a watch, for changes by people, for a
 * new watch and for the change between summer and winter time. */
#pragma once

#include "domain/command_row.h"
#include "domain/watch_settings.h"

enum { SETTINGS_COMMANDS_MAX = 3 };

struct settings_commands {
	struct command_row rows[SETTINGS_COMMANDS_MAX];
	unsigned n;
};

/* For whom, and what the device table says now. */
struct settings_target {
	struct uid wearer, group;
	struct uid by; /* none: the server */
	uint32_t number;
	bool is_lz_refused; /* the watch wants LANG and ZONE instead of LZ */
	uint8_t language;   /* number of the LZ table */
	int16_t zone_min;
	uint32_t interval_s;
};

/* Offset of a zone as a watch takes it: whole quarters of an hour, within its range. */
MUST_CHECK enum rc watch_zone_minutes(
	struct view zone, int64_t now_ms, int16_t *ret_min, struct err *e);

/* In a writer job: inserts the rows and leaves them in *ret for outbox_post after the commit. */
MUST_CHECK enum rc settings_commands_insert(const struct domain *d, struct db *db,
	const struct settings_target *to, bool wants_language_zone, bool wants_interval,
	struct settings_commands *ret, struct err *e);
/* After the commit, any thread. */
void settings_commands_post(struct domain *d, const struct settings_commands *commands);
