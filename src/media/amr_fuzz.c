/* Voices: whatever is accepted is cleaned into a file that is accepted as it is, of the same
 * length, and every frame lies within it. */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>

#include "media/amr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view in = {.p = (const char *)data, .n = size};
	uint8_t *clean = malloc(size + 1);
	uint8_t *again = malloc(size + 1);
	struct amr_info info;
	struct amr_info checked;
	size_t n = 0;
	size_t n_again = 0;

	assert(clean != NULL && again != NULL);
	enum rc rc = amr_check(in, &checked, NULL);
	enum rc rc_clean = amr_clean(in, clean, &n, &info, NULL);
	assert(rc == rc_clean);
	if (rc == RC_OK) {
		assert(n == size && info.frames >= 1 && info.frames <= AMR_FRAMES_MAX);
		rc = amr_clean((struct view){.p = (const char *)clean, .n = n}, again, &n_again,
			&info, NULL);
		assert(rc == RC_OK && n_again == n && memcmp(clean, again, n) == 0);
		assert(!info.is_misnamed && info.frames == checked.frames);
	}
	free(clean);
	free(again);
	return 0;
}
