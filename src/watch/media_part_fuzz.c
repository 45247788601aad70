/* Voice, pictures and their parts: a content of any bytes. What is taken lies inside of the frame,
 * is sound, and comes back the same when it is escaped again. */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>

#include "watch/escape.h"
#include "watch/media_part.h"
#include "watch/report.h"

static void check_payload(struct view payload)
{
	char *bytes = malloc(payload.n + 1);
	char *again = malloc(2 * payload.n + 1);
	size_t n = 0;
	size_t again_n = 0;

	assert(bytes != NULL && again != NULL);
	enum rc rc = escape_read(payload, bytes, payload.n, &n, NULL);
	assert((rc == RC_OK) == escape_is_sound(payload) && n <= payload.n);
	if (rc == RC_OK) {
		char *back = malloc(n + 1);
		size_t back_n = 0;
		assert(back != NULL);
		rc = escape_write(
			(struct view){.p = bytes, .n = n}, again, 2 * payload.n, &again_n, NULL);
		assert(rc == RC_OK);
		rc = escape_read((struct view){.p = again, .n = again_n}, back, n, &back_n, NULL);
		assert(rc == RC_OK && back_n == n && memcmp(back, bytes, n) == 0);
		free(back);
	}
	free(again);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct report r;
	struct view content = {.p = (const char *)data, .n = size};
	struct frame f = {.vendor = VIEW("3G"),
		.id = VIEW("8800000015"),
		.content = content,
		.is_length_ok = true,
		.is_binary = true};
	struct media_part part;
	struct view fields = content;

	if (size == 0 || !view_cut_field(&fields, ',', &f.keyword))
		return 0;
	f.params = fields;
	report_read(&f, &r);
	check_payload(content);
	if (!media_part_read(&f, &part))
		return 0;
	assert(part.kind < MEDIA_PART_COUNT && part.payload.n > 0);
	assert(part.payload.p >= f.params.p &&
		part.payload.p + part.payload.n <= f.params.p + f.params.n);
	if (part.kind == MEDIA_PART_CHUNK) {
		assert(part.chunk >= 1 && part.chunk <= part.chunks && part.chunks <= CHUNKS_MAX);
		assert(part.name.n >= 1 && part.name.n <= CHUNK_NAME_MAX);
	}
	check_payload(part.payload);
	return 0;
}
