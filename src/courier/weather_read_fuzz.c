#include "courier/weather_read.h"

#include <assert.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct message_weather_told t = {.lat_d = 509, .lon_d = -113};
	struct view in = {.p = (const char *)data, .n = n};
	uint8_t bytes[256];
	size_t bytes_n = 0;

	if (weather_read(in, &t, NULL) != RC_OK) {
		assert(!t.is_good);
		return 0;
	}
	const struct message m = {.type = MESSAGE_WEATHER_TOLD, .weather_told = t};
	struct message back;
	enum rc rc = message_write(&m, bytes, sizeof bytes, &bytes_n, NULL);
	assert(rc == RC_OK);
	struct view written = {.p = (const char *)bytes, .n = bytes_n};
	rc = message_read(&written, MESSAGE_FROM_COURIER, &back, NULL);
	assert(rc == RC_OK && back.weather_told.now == t.now);
	return 0;
}
