/* Tables of radio stations from strangers: a file of lines. */
#include "fuzz.h"

#include <assert.h>

#include "locate/radio_row.h"

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
		if (r.kind == ROW_CELL || r.kind == ROW_POINT) {
			assert(r.key != 0 && r.range_m <= RADIO_RANGE_MAX_M);
			assert(r.at.lat_e7 >= -900000000 && r.at.lat_e7 <= 900000000);
			assert(r.at.lon_e7 >= -1800000000 && r.at.lon_e7 <= 1800000000);
		}
	}
	return 0;
}
