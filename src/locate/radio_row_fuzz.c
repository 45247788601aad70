/* Tables of radio stations from strangers: a file of lines. */
#include "fuzz.h"

#include <assert.h>

#include "locate/radio_row.h"

static bool is_on_earth(struct geo at)
{
	return at.lat_e7 >= -900000000 && at.lat_e7 <= 900000000 && at.lon_e7 >= -1800000000 &&
	       at.lon_e7 <= 1800000000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct view rest = {.p = (const char *)data, .n = n};
	struct view line;
	struct radio_columns c;
	struct radio_row r;

	radio_columns_init(&c);
	while (view_cut_field(&rest, '\n', &line)) {
		if (radio_row_read(&c, line, &r, NULL) != RC_OK)
			continue;
		bool is_station = r.kind == ROW_CELL || r.kind == ROW_POINT;
		bool is_sound = r.key != 0 && r.range_m <= RADIO_RANGE_MAX_M && is_on_earth(r.at);
		assert(!is_station || is_sound);
	}
	return 0;
}
