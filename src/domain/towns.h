/* The nearest town, from a list that is built in (towns.txt), so that no place leaves the house.
 * Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"

struct town {
	int16_t lat_c, lon_c; /* hundredths of a degree; by latitude */
	uint8_t size;         /* 0: over a million people … 3 */
	uint8_t name_n;
	uint32_t name_at; /* in town_names */
};
extern const struct town towns[];
extern const size_t towns_n;
extern const char town_names[];

enum { TOWN_FAR_M = 60 * 1000, TOWN_TEXT = 120 };

struct town_near {
	struct view name;
	uint32_t away_m;     /* 0: in it, as far as that can be said */
	const char *towards; /* with away_m: "N", "NE" … of the town */
};
/* False: none within TOWN_FAR_M. */
MUST_CHECK bool town_near(int32_t lat_e7, int32_t lon_e7, struct town_near *ret);
/* "Weimar", "5 km NE of Weimar" (en), "5 km NO von Weimar" (de), "a 5 km al NE de Weimar" (es); cut
 * at a whole character. */
void town_near_text(const struct town_near *near, struct view language, char ret[TOWN_TEXT]);
