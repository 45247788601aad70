/* Events of the domain's bus as the bytes that go out to streams: rendered once, shared by all
 * streams, the newest few kept for readers that lag. Used by the streams' thread only. */
#pragma once

#include "domain/bus.h"
#include "domain/domain.h"

enum {
	EVENT_TEXT_MAX = 32 * 1024, /* bytes of one event */
	EVENTS_KEPT = 256,
	EVENT_ID_TEXT = 40,
};

struct event_text {
	uint64_t seq; /* 0: no event of the bus (comment, resync) */
	unsigned refs;
	size_t n;
	char text[];
};

struct event_texts;

MUST_CHECK enum rc event_texts_new(
	struct domain *d, const char *db_path, struct event_texts **ret_owned, struct err *e);
void event_texts_free(struct event_texts *t);

/* The text of an event with one reference for the caller. *ret is NULL when there is nothing to
 * tell (the object is gone). RC_IO, RC_NOMEM: the reader must be told to load again. */
MUST_CHECK enum rc event_texts_get(struct event_texts *t, const struct event *event,
	struct event_text **ret_owned, struct err *e);
struct event_text *event_text_ref(struct event_text *t);
void event_text_unref(struct event_text *t);

/* Fixed text as an event_text. NULL when out of memory. */
struct event_text *event_text_new(struct view text);

/* "3f2a…-17" */
void event_id_write(uint64_t epoch, uint64_t seq, char ret_text[EVENT_ID_TEXT]);
/* False when text is no id of this epoch. */
MUST_CHECK bool event_id_read(struct view text, uint64_t epoch, uint64_t *ret_seq);
