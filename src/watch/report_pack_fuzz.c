/* Packed reports from a link, a journal or a history chunk: hostile, or damaged on disk. */
#include "fuzz.h"

#include <assert.h>

#include "watch/reply.h"
#include "watch/report_detail.h"
#include "watch/report_pack.h"

/* A report that was accepted is one like any other. */
static void check_again(const struct report *r)
{
	static struct report again;
	static uint8_t packed[REPORT_PACK_MAX];
	size_t n = 0;

	enum rc rc = report_pack(r, packed, sizeof packed, &n, NULL);
	assert(rc == RC_OK);
	rc = report_unpack((struct view){.p = (const char *)packed, .n = n}, &again, NULL);
	assert(rc == RC_OK && again.has == r->has);
	assert(again.cells_n == r->cells_n && again.text.n == r->text.n);
}

/* What is read out of the text stays inside of it. */
static void check_detail(const struct report *r)
{
	static struct report_network networks[REPORT_NETWORKS_MAX];
	struct report_call call;
	struct report_config config;
	struct view key;
	struct view value;
	size_t at = 0;

	size_t n = report_networks(r, networks, REPORT_NETWORKS_MAX);
	assert(n <= REPORT_NETWORKS_MAX);
	for (size_t i = 0; i < n; i++)
		assert(networks[i].ssid_n <= REPORT_SSID_MAX);
	if (report_call(r, &call))
		assert(strlen(call.number) <= REPORT_NUMBER_MAX &&
			strlen(call.name) <= REPORT_NAME_MAX);
	if (report_config(r, &config))
		assert(config.fall_level <= config.fall_levels);
	while (report_next_pair(r, &at, &key, &value))
		assert(value.n <= r->text.n && at <= r->text.n + 1);
	assert(report_request(r) < REQUEST_COUNT);
	for (unsigned i = 0; i < REPORT_FACT_COUNT; i++) {
		if (report_fact(r, (enum report_fact)i, &value))
			assert(value.n <= r->text.n);
	}
}

static void check_report(struct view in)
{
	static struct report r;
	bool is_unset = false;

	if (report_unpack(in, &r, NULL) != RC_OK)
		return;
	assert(r.cells_n <= REPORT_CELLS_MAX && r.wifi_n <= REPORT_WIFI_MAX);
	assert(r.text.n <= REPORT_TEXT_MAX && r.kind < REPORT_KIND_COUNT);
	(void)report_time_ms(&r, 0, &is_unset);
	check_detail(&r);
	check_again(&r);
}

static void check_reply(struct view in)
{
	struct addressee to = {.vendor = VIEW("3G"), .id = VIEW("8800000015")};
	struct reply reply;
	char text[REPLY_FRAME_MAX];
	size_t n = 0;

	if (reply_unpack(in, &reply, NULL) != RC_OK ||
		reply_write(&reply, &to, text, sizeof text, &n, NULL) != RC_OK)
		return;
	assert(text[0] == '[' && memchr(text, ']', n) == text + n - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view in = {.p = (const char *)data, .n = size};

	check_report(in);
	check_reply(in);
	return 0;
}
