/* What a service on the internet answers. */
#include "fuzz.h"

#include <assert.h>

#include "courier/place_ask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct message_locate_told t = {.is_known = false};

	if (place_answer_read((struct view){(const char *)data, n}, &t, NULL) == RC_OK) {
		assert(t.is_known && t.accuracy_m > 0);
		assert(t.lat_e7 >= -900000000 && t.lat_e7 <= 900000000);
		assert(t.lon_e7 >= -1800000000 && t.lon_e7 <= 1800000000);
	}
	return 0;
}
