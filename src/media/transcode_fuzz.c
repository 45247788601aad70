/* The decoders: the first byte chooses the job, the rest is its input. What comes out is what the
 * server would take. */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>

#include "media/result.h"
#include "media/transcode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct transcoded t;
	struct media_info info;

	if (size == 0)
		return 0;
	enum media_job job = (enum media_job)(data[0] % MEDIA_JOB_COUNT);
	struct view in = {.p = (const char *)data + 1, .n = size - 1};
	transcode(job, in, &t);
	if (t.outcome != MEDIA_DONE) {
		assert(t.n == 0);
		return 0;
	}
	enum rc rc = result_check(
		job, in, (struct view){.p = (const char *)t.bytes, .n = t.n}, &info, NULL);
	assert(rc == RC_OK);
	return 0;
}
