/* Pictures: whatever is accepted is cleaned into a picture that is accepted as it is, and is not
 * longer. */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>

#include "watch/jpeg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *clean = malloc(size + 1);
	uint8_t *again = malloc(size + 1);
	struct jpeg_size points;
	size_t n = 0;
	size_t n_again = 0;

	assert(clean != NULL && again != NULL);
	if (jpeg_clean((struct view){.p = (const char *)data, .n = size}, clean, &n, &points,
		    NULL) == RC_OK) {
		assert(n <= size && points.width <= JPEG_SIDE_MAX &&
			points.height >= JPEG_SIDE_MIN);
		enum rc rc = jpeg_clean((struct view){.p = (const char *)clean, .n = n}, again,
			&n_again, &points, NULL);
		assert(rc == RC_OK && n_again == n && memcmp(clean, again, n) == 0);
	}
	free(clean);
	free(again);
	return 0;
}
