/* Phones' messages of all three kinds: what comes out is a place on earth or an alarm, and packs.
 */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "http/phone_report.h"
#include "watch/report_pack.h"

#define NOW_MS INT64_C(1790000000000)

static bool look(void *ctx, const struct report *r)
{
	uint8_t packed[REPORT_PACK_MAX];
	struct report again;
	unsigned *n = ctx;
	size_t size = 0;

	assert(r->source == REPORT_SOURCE_PHONE && ++*n <= PHONE_REPORTS_MAX);
	assert((r->has & REPORT_HAS_POINT) != 0 || r->alarms != 0);
	assert(abs(r->lat_e7) <= 900000000 && abs(r->lon_e7) <= 1800000000);
	assert(report_pack(r, packed, sizeof packed, &size, NULL) == RC_OK);
	assert(report_unpack((struct view){(const char *)packed, size}, &again, NULL) == RC_OK);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view all = {(const char *)data, size};
	char token[PHONE_TOKEN_MAX];
	struct osmand read;
	unsigned n = 0;

	if (size > PHONE_BODY_MAX)
		return 0;
	char *text = malloc(size + 1);
	if (text == NULL)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	if (osmand_read(text, size, NOW_MS, &read, NULL) == RC_OK)
		(void)look(&n, &read.report);
	free(text);
	n = 0;
	(void)!traccar_read(all, NOW_MS, token, look, &n, NULL);
	n = 0;
	(void)!owntracks_read(
		all, VIEW("0123456789abcdef0123456789abcdef"), NOW_MS, look, &n, NULL);
	return 0;
}
