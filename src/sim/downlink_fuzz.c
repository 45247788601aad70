/* What a server might send to a simulated watch: frames are taken whole, in order, and nothing is
 * read twice. The first byte chooses the family with an index. */
#include "fuzz.h"

#include <stdlib.h>

#include "sim/downlink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct downlink d;
	char text[64];

	if (size == 0)
		return 0;
	struct view in = {.p = (const char *)data + 1, .n = size - 1};
	while (in.n > 0) {
		struct view before = in;
		enum rc rc = downlink_read(&in, (data[0] & 1) != 0, &d, NULL);
		if (rc == RC_MORE)
			break;
		if (d.whole.p != before.p || d.whole.n == 0 || before.n - in.n != d.whole.n)
			abort();
		if (rc == RC_OK && (d.whole.p[0] != '[' || d.whole.p[d.whole.n - 1] != ']'))
			abort();
		if (rc == RC_OK)
			(void)!downlink_text(d.params, text, sizeof text);
	}
	return 0;
}
