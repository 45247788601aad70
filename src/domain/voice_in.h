/* Voices of the watches: looked at (media/amr.h), decoded once by the media role so that nothing is
 * kept that cannot be played, stored in the thread, and only then answered. The same sound again is
 * answered and not stored twice: a watch repeats what it got no answer for. A voice in parts (JXTK)
 * is collected on disk, one for each watch: parts come one after the other, each is answered when
 * it is safe; one that belongs to another message, or comes too late, is not answered. Main loop.
 */
#pragma once

#include "domain/media_parts.h"

struct voices_in;

enum {
	CHUNK_BYTES_MAX = 4096,        /* watches send 1024 */
	CHUNKS_BYTES_MAX = 128 * 1024, /* of one voice */
	CHUNKS_LIFE_MS = 60 * 1000,    /* without a further part the voice is dropped */
	CHUNKS_SWEEP_MS = 60 * 1000,
};

MUST_CHECK enum rc voices_in_new(struct domain *d, struct voices_in **ret_owned, struct err *e);
void voices_in_free(struct voices_in *v);
/* Goes on with voices whose last part was answered before a crash, and with sweeping. */
void voices_in_start(struct domain *d);

void voice_in_take(struct media_whole *take_whole);

struct voices_in_stats {
	uint64_t stored, again, unreadable, refused, chunks, chunks_refused;
};
/* Any thread. */
void voices_in_read_stats(struct voices_in *v, struct voices_in_stats *ret);
