/* Events of the domain's bus as the bytes that go out to streams: rendered once for all
 * streams with the same rights, the newest few kept for readers that lag. Used by the streams'
 * thread only. */
#pragma once

#include "domain/bus.h"
#include "domain/domain.h"
#include "domain/rights.h"

enum {
	EVENT_TEXT_MAX = 32 * 1024, /* bytes of one event */
	EVENTS_KEPT = 1024,
	EVENT_TEXTS_MAX = 8, /* of one event, for different rights; more are made anew */
	EVENT_ID_TEXT = 40,
};

struct event_text {
	uint64_t seq; /* 0: no event of the bus (comment, resync) */
	unsigned refs;
	right_set rights;        /* of the readers that it was made for */
	struct event_text *next; /* of the same event, for others */
	size_t n;
	char text[];
};

struct event_texts;

MUST_CHECK enum rc event_texts_new(
	struct domain *d, const char *db_path, struct event_texts **ret_owned, struct err *e);
void event_texts_free(struct event_texts *t);

/* The connection that texts are made with: for other reads of the same thread. */
struct db *event_texts_reader(struct event_texts *t);
/* The wearer that an event is about; none when it is about the group, or the object is gone. */
MUST_CHECK enum rc event_texts_wearer(
	struct event_texts *t, const struct event *event, struct uid *ret, struct err *e);
/* The text of an event for readers with these rights on its wearer, with one reference for the
 * caller. *ret is NULL when there is nothing to tell (the object is gone, or is not for them).
 * RC_IO, RC_NOMEM: the reader must be told to load again. */
MUST_CHECK enum rc event_texts_get(struct event_texts *t, const struct event *event,
	right_set rights, struct event_text **ret_owned, struct err *e);
struct event_text *event_text_ref(struct event_text *t);
void event_text_unref(struct event_text *t);

/* Fixed text as an event_text. NULL when out of memory. */
struct event_text *event_text_new(struct view text);

/* "3f2a…-17" */
void event_id_write(uint64_t epoch, uint64_t seq, char ret_text[EVENT_ID_TEXT]);
/* False when text is no id of this epoch. */
MUST_CHECK bool event_id_read(struct view text, uint64_t epoch, uint64_t *ret_seq);
