/* Pictures on their way in: parts from the gateways put together in memory (few, bounded, in
 * order), checked and cleaned when they are whole, stored as photos. Main loop. */
#pragma once

#include "domain/ingest.h"

struct pictures;

enum {
	PICTURES_MAX = 64,               /* being put together at once */
	PICTURE_LIFE_MS = 2 * 60 * 1000, /* an unfinished one gives way after this long */
};

MUST_CHECK enum rc pictures_new(struct domain *d, struct pictures **ret_owned, struct err *e);
void pictures_free(struct pictures *ps);

/* One part. What does not continue the picture of its session begins a new one, or is dropped. */
void pictures_take(struct domain *d, const struct message_picture *part);
/* The report behind a picture of a bound watch. Its answer goes out when the photo is stored, and
 * at once when it is none, nobody asked for it, or its session is not the watch's own; without all
 * of the picture none goes out, so that the watch says it again. */
void pictures_on_report(struct domain *d, const struct message_report *m);
/* The session ended. */
void pictures_forget(struct domain *d, uint64_t session);
