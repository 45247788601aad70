/* Pictures and voices on their way in: parts from the gateways put together in memory (few,
 * bounded, in order), and handed on when the report behind them says that they are whole. Main
 * loop. */
#pragma once

#include "domain/ingest.h"

struct media_parts;

enum {
	MEDIA_PARTS_MAX = 64,                /* being put together at once */
	MEDIA_PARTS_LIFE_MS = 2 * 60 * 1000, /* an unfinished one gives way after this long */
};

/* The whole payload of one frame, and how to answer it. One owner at a time. */
struct media_whole {
	struct domain *domain;
	struct uid wearer, group;
	uint32_t number; /* of the wearer */
	uint64_t session;
	struct reply reply;
	char index[MESSAGE_INDEX_MAX];
	uint8_t index_n;
	enum media_part_kind kind;
	uint8_t origin, chunk, chunks, name_n;
	char name[CHUNK_NAME_MAX];
	size_t n;
	uint8_t *bytes; /* owned */
};
void media_whole_free(struct media_whole *w);
void media_whole_freep(struct media_whole **w);
struct view media_whole_bytes(const struct media_whole *w);
/* The answer that the watch waits for; `is_stored` for those that say so (TK,1 and TK,0). */
void media_whole_answer(const struct media_whole *w, bool is_stored);

MUST_CHECK enum rc media_parts_new(struct domain *d, struct media_parts **ret_owned, struct err *e);
void media_parts_free(struct media_parts *ps);

/* One part. What does not continue the payload of its session begins a new one, or is dropped. */
void media_parts_take(struct domain *d, const struct message_blob *part);
/* The report behind a picture or voice of a bound watch. Its answer goes out when that is stored,
 * and at once when nobody will keep it: its session is not the watch's own, or nobody asked for
 * the picture. When not all of it is there none goes out, so that the watch says it again. */
void media_parts_on_report(struct domain *d, const struct message_report *m);
/* The session ended. */
void media_parts_forget(struct domain *d, uint64_t session);
