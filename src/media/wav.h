/* Sound as the app records and plays it: RIFF/WAVE, PCM of 16 bits, one channel, 8,000 samples a
 * second, nothing else. A strict reader, the writer of the one header that we make, and the curve
 * that is drawn beside a message. Used by the media role, and by the server on what comes in and on
 * what the role gives back. Pure; hostile input is normal. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/view.h"

enum {
	WAV_HEADER_BYTES = 44,
	WAV_RATE = 8000,
	WAV_SAMPLE_BYTES = 2,
	WAV_CHUNKS_MAX = 8,              /* of one file */
	WAV_SAMPLES_MIN = WAV_RATE / 10, /* below 0.1 s a watch refuses it */
	WAV_SAMPLES_MAX = WAV_RATE * 15, /* of a message to a watch */
	WAV_CURVE_VALUES = 48,
};

/* The samples in *ret_pcm (little endian, two bytes each; between `samples_min` and `samples_max`
 * of them). Chunks that are neither format nor samples are passed over; the samples come last, and
 * all sizes are exact. RC_SYNTAX: no such file. RC_LIMIT: too short or too long. */
MUST_CHECK enum rc wav_read(struct view in, uint32_t samples_min, uint32_t samples_max,
	struct view *ret_pcm, struct err *e);

void wav_write_header(uint32_t samples, uint8_t ret[WAV_HEADER_BYTES]);

/* The sample at i; i < pcm.n / 2. */
int16_t wav_sample(struct view pcm, size_t i);

/* The loudest sample of each 48th part, 0..255; 255 is the loudest of all. All 0 for silence. */
void wav_curve(struct view pcm, uint8_t ret[WAV_CURVE_VALUES]);
