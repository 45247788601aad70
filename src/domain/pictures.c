#include "domain/pictures.h"

#include <stdlib.h>

#include "base/log.h"
#include "domain/bus.h"
#include "domain/media.h"
#include "domain/outbox.h"
#include "domain/photo.h"
#include "watch/jpeg.h"

/* A whole picture on its way to the disk. */
struct photo_work {
	struct media_whole *whole; /* owned; its bytes are the clean picture after the decoding */
	struct uid command;        /* that asked for it; none: the wearer's own */
	struct uid photo;          /* out */
};

static void work_free(struct photo_work *w)
{
	if (w == NULL)
		return;
	media_whole_free(w->whole);
	free(w);
}

static void work_freep(struct photo_work **w)
{
	work_free(*w);
}

static enum rc photo_job(struct db *db, void *arg, struct err *e)
{
	struct photo_work *w = arg;
	const struct domain *d = w->whole->domain;

	return photo_store(db, &w->whole->wearer, &w->command, media_whole_bytes(w->whole),
		d->wall_ms(), d->settings.thread_max_bytes, &w->photo, e);
}

static void tell_asker(const struct photo_work *w, bool is_stored)
{
	if (!uid_is_none(&w->command))
		outbox_on_photo(w->whole->domain, w->whole->number, &w->command, is_stored);
}

static void photo_done(void *arg, enum rc rc, const struct err *e)
{
	struct photo_work *w = arg;
	struct domain *d = w->whole->domain;

	if (rc == RC_OK || rc == RC_LIMIT || rc == RC_NOT_FOUND) { /* again would not help */
		media_whole_answer(w->whole, rc == RC_OK);
		if (rc == RC_OK)
			tell_asker(w, true);
		if (rc == RC_OK) {
			bus_publish(d->bus, EVENT_WEARER, &w->whole->group, &w->whole->wearer);
			bus_publish(d->bus, EVENT_THREAD, &w->whole->group, &w->whole->wearer);
		}
	} else {
		log_event(LOG_ERROR, "photo.not_stored", "why=\"%s\"", e->msg);
	}
	work_free(w);
}

static void refuse_picture(const struct photo_work *w, const struct err *e)
{
	log_event(LOG_WARN, "photo.refused", "why=\"%s\"", e->msg);
	media_whole_answer(w->whole, false); /* it would only come again */
	tell_asker(w, false);
}

static void on_converted(
	void *ctx, enum rc rc, struct view out, const struct media_info *info, const struct err *e)
{
	CLEANUP(work_freep) struct photo_work *w = ctx;
	struct err why;

	(void)info;
	if (rc == RC_SYNTAX || rc == RC_LIMIT) {
		refuse_picture(w, e);
		return;
	}
	uint8_t *bytes = rc == RC_OK ? malloc(out.n) : NULL;
	if (bytes == NULL) /* not answered: the watch says it again */
		return;
	memcpy(bytes, out.p, out.n);
	free(w->whole->bytes);
	w->whole->bytes = bytes;
	w->whole->n = out.n;
	struct domain *d = w->whole->domain;
	if (writer_post(d->writer, photo_job, photo_done, w, 0, &why) != RC_OK)
		log_event(LOG_WARN, "photo.busy", "why=\"%s\"", why.msg);
	else
		(void)STEAL(w); /* photo_done frees it */
}

void picture_take(struct media_whole *take_whole)
{
	CLEANUP(work_freep) struct photo_work *w = calloc(1, sizeof *w);
	struct domain *d = take_whole->domain;
	struct jpeg_size size;
	struct err e;
	size_t n = 0;

	if (w == NULL) {
		media_whole_free(take_whole);
		return;
	}
	w->whole = take_whole;
	if (take_whole->origin != PICTURE_OWN &&
		!outbox_find_photo(d, take_whole->number, take_whole->session, &w->command)) {
		media_whole_answer(take_whole, false); /* nobody asked */
		return;
	}
	/* A first look costs nothing and spares the media role what is no picture at all. */
	uint8_t *clean = malloc(take_whole->n);
	if (clean == NULL)
		return;
	enum rc rc = jpeg_clean(media_whole_bytes(take_whole), clean, &n, &size, &e);
	if (rc == RC_OK)
		rc = media_convert(d, MEDIA_JPEG, (struct view){.p = (const char *)clean, .n = n},
			on_converted, w, &e);
	else
		refuse_picture(w, &e);
	free(clean);
	if (rc == RC_OK)
		(void)STEAL(w); /* on_converted frees it */
}
