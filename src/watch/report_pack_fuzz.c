/* Packed reports from a link, a journal or a history chunk: hostile, or damaged on disk. */
#include "fuzz.h"

#include <assert.h>

#include "watch/reply.h"
#include "watch/report_pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct report r;
	static struct report again;
	static uint8_t packed[REPORT_PACK_MAX];
	struct view in = {.p = (const char *)data, .n = size};
	struct reply reply;
	size_t n = 0;

	if (report_unpack(in, &r, NULL) == RC_OK) {
		bool is_unset = false;
		assert(r.cells_n <= REPORT_CELLS_MAX && r.wifi_n <= REPORT_WIFI_MAX);
		assert(r.text.n <= REPORT_TEXT_MAX && r.kind < REPORT_KIND_COUNT);
		(void)report_time_ms(&r, 0, &is_unset);
		assert(report_pack(&r, packed, sizeof packed, &n, NULL) == RC_OK);
		in = (struct view){.p = (const char *)packed, .n = n};
		assert(report_unpack(in, &again, NULL) == RC_OK);
		assert(again.has == r.has && again.cells_n == r.cells_n &&
			again.text.n == r.text.n);
	}
	in = (struct view){.p = (const char *)data, .n = size};
	if (reply_unpack(in, &reply, NULL) == RC_OK) {
		struct addressee to = {.vendor = VIEW("3G"), .id = VIEW("8800000015")};
		char text[REPLY_FRAME_MAX];
		if (reply_write(&reply, &to, text, sizeof text, &n, NULL) == RC_OK)
			assert(text[0] == '[' && text[n - 1] == ']' &&
				memchr(text, ']', n - 1) == NULL);
	}
	return 0;
}
