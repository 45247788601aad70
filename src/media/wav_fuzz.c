/* Sounds: what is accepted has its samples within the file, and written again is accepted. */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>

#include "media/wav.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view in = {.p = (const char *)data, .n = size};
	uint8_t curve[WAV_CURVE_VALUES];
	struct view pcm;
	struct view again;

	if (wav_read(in, 1, WAV_SAMPLES_MAX, &pcm, NULL) != RC_OK)
		return 0;
	assert(pcm.p >= in.p && pcm.p + pcm.n == in.p + in.n && pcm.n % 2 == 0);
	wav_curve(pcm, curve);
	uint8_t *file = malloc(WAV_HEADER_BYTES + pcm.n);
	assert(file != NULL);
	wav_write_header((uint32_t)(pcm.n / 2), file);
	memcpy(file + WAV_HEADER_BYTES, pcm.p, pcm.n);
	enum rc rc = wav_read((struct view){.p = (const char *)file, .n = WAV_HEADER_BYTES + pcm.n},
		1, WAV_SAMPLES_MAX, &again, NULL);
	assert(rc == RC_OK && again.n == pcm.n);
	free(file);
	return 0;
}
