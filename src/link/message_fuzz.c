/* Packets as they might come from a gateway, courier or server that was taken over: the first byte
 * chooses the side, the rest is one packet. */
#include "fuzz.h"

#include <stdlib.h>

#include "link/message.h"
#include "watch/report_pack.h"

static void check(const struct message *m, const struct view *before, const struct view *after)
{
	static uint8_t again[MESSAGE_BODY_MAX + MESSAGE_HEADER];
	static struct report report;
	static struct command command;
	size_t n = 0;

	if (message_write(m, again, sizeof again, &n, NULL) != RC_OK)
		abort();
	if (n != before->n - after->n)
		abort();
	if (m->type == MESSAGE_REPORT)
		(void)!report_unpack(m->report.report, &report, NULL);
	if (m->type == MESSAGE_COMMAND)
		(void)!command_unpack(m->command.packed, &command, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct message m;

	if (size == 0)
		return 0;
	enum message_side from = (enum message_side)(data[0] % MESSAGE_SIDE_COUNT);
	struct view in = {.p = (const char *)data + 1, .n = size - 1};
	for (struct view before = in; message_read(&in, from, &m, NULL) == RC_OK; before = in)
		check(&m, &before, &in);
	return 0;
}
