#include "domain/pictures.h"

#include <stdlib.h>

#include "base/log.h"
#include "domain/bus.h"
#include "domain/live_table.h"
#include "domain/outbox.h"
#include "domain/photo.h"
#include "watch/jpeg.h"
#include "watch/report.h"

struct picture {
	uint64_t session; /* 0: this place is free */
	uint8_t origin;
	uint32_t have, total;
	int64_t since_ms;
	uint8_t *bytes; /* total */
};

struct pictures {
	struct domain *domain;
	struct picture places[PICTURES_MAX];
};

static void drop(struct picture *p)
{
	free(p->bytes);
	*p = (struct picture){.session = 0};
}

enum rc pictures_new(struct domain *d, struct pictures **ret_owned, struct err *e)
{
	struct pictures *ps = calloc(1, sizeof *ps);

	if (ps == NULL)
		return fail(e, RC_NOMEM, "pictures: out of memory");
	ps->domain = d;
	*ret_owned = ps;
	return RC_OK;
}

void pictures_free(struct pictures *ps)
{
	if (ps == NULL)
		return;
	for (unsigned i = 0; i < PICTURES_MAX; i++)
		drop(&ps->places[i]);
	free(ps);
}

static struct picture *find(struct pictures *ps, uint64_t session)
{
	for (unsigned i = 0; i < PICTURES_MAX; i++) {
		if (ps->places[i].session == session)
			return &ps->places[i];
	}
	return NULL;
}

/* A free place, or that of one that was left alone. */
static struct picture *find_room(struct pictures *ps, int64_t now_ms)
{
	struct picture *p = find(ps, 0);

	for (unsigned i = 0; p == NULL && i < PICTURES_MAX; i++) {
		if (now_ms - ps->places[i].since_ms >= PICTURE_LIFE_MS)
			p = &ps->places[i];
	}
	if (p != NULL)
		drop(p);
	return p;
}

static bool is_bound(struct domain *d, uint64_t session)
{
	live_lock(d->live);
	bool is = live_by_session(d->live, session) != NULL;
	live_unlock(d->live);
	return is;
}

static struct picture *begin(struct pictures *ps, const struct message_picture *part)
{
	int64_t now_ms = ps->domain->wall_ms();
	struct picture *p = find_room(ps, now_ms);

	if (p == NULL || !is_bound(ps->domain, part->session))
		return NULL;
	p->bytes = malloc(part->total);
	if (p->bytes == NULL)
		return NULL;
	p->session = part->session;
	p->origin = part->origin;
	p->total = part->total;
	p->since_ms = now_ms;
	return p;
}

void pictures_take(struct domain *d, const struct message_picture *part)
{
	struct pictures *ps = d->pictures;
	struct picture *p = find(ps, part->session);

	if (p != NULL && (part->offset != p->have || part->total != p->total)) {
		drop(p);
		p = NULL;
	}
	if (p == NULL && part->offset == 0)
		p = begin(ps, part);
	if (p == NULL)
		return;
	memcpy(p->bytes + p->have, part->bytes.p, part->bytes.n); /* message_read bounds it */
	p->have += (uint32_t)part->bytes.n;
}

void pictures_forget(struct domain *d, uint64_t session)
{
	struct picture *p = session == 0 ? NULL : find(d->pictures, session);

	if (p != NULL)
		drop(p);
}

/* A whole picture on its way to the disk. */
struct photo_work {
	struct domain *domain;
	struct uid wearer, group, command;
	uint32_t number;
	uint64_t session;
	struct reply reply;
	char index[MESSAGE_INDEX_MAX];
	uint8_t index_n;
	uint8_t *bytes; /* owned */
	size_t n;
	struct uid photo; /* out */
};

static void work_free(struct photo_work *w)
{
	if (w == NULL)
		return;
	free(w->bytes);
	free(w);
}

static void work_freep(struct photo_work **w)
{
	work_free(*w);
}

static void answer(const struct photo_work *w)
{
	struct domain *d = w->domain;

	if (w->reply.kind != REPLY_NONE)
		d->out.answer(d->out.owner, w->session,
			(struct view){.p = w->index, .n = w->index_n}, &w->reply);
}

static enum rc photo_job(struct db *db, void *arg, struct err *e)
{
	struct photo_work *w = arg;

	return photo_store(db, &w->wearer, &w->command,
		(struct view){.p = (const char *)w->bytes, .n = w->n}, w->domain->wall_ms(),
		&w->photo, e);
}

static void photo_done(void *arg, enum rc rc, const struct err *e)
{
	struct photo_work *w = arg;
	struct domain *d = w->domain;

	if (rc == RC_OK || rc == RC_LIMIT || rc == RC_NOT_FOUND) { /* again would not help */
		answer(w);
		if (rc == RC_OK && !uid_is_none(&w->command))
			outbox_on_photo(d, w->number, &w->command, true);
		if (rc == RC_OK)
			bus_publish(d->bus, EVENT_WEARER, &w->group, &w->wearer);
	} else {
		log_event(LOG_ERROR, "photo.not_stored", "why=\"%s\"", e->msg);
	}
	work_free(w);
}

/* Whose it is, and which request it answers. False: it is nobody's. */
static bool find_owner(struct domain *d, uint64_t session, uint8_t origin, struct photo_work *w)
{
	live_lock(d->live);
	const struct live_device *dev = live_by_session(d->live, session);
	if (dev != NULL) {
		w->wearer = dev->wearer;
		w->group = dev->group;
		w->number = dev->number;
	}
	live_unlock(d->live);
	if (w->number == 0 || !ingest_trusts(d, w->number, session))
		return false;
	/* A picture that the watch says was asked for must have been asked for by us. */
	return origin == PICTURE_OWN || outbox_find_photo(d, w->number, session, &w->command);
}

static struct photo_work *work_of(struct domain *d, const struct message_report *m)
{
	struct photo_work *w = calloc(1, sizeof *w);

	if (w == NULL)
		return NULL;
	w->domain = d;
	w->session = m->session;
	w->reply = m->reply;
	w->index_n = (uint8_t)(m->index.n <= sizeof w->index ? m->index.n : 0);
	if (w->index_n > 0)
		memcpy(w->index, m->index.p, w->index_n);
	return w;
}

void pictures_on_report(struct domain *d, const struct message_report *m)
{
	struct picture *p = find(d->pictures, m->session);
	struct jpeg_size size;
	struct err e;

	if (!is_bound(d, m->session)) { /* of a second connection: not kept */
		d->out.answer(d->out.owner, m->session, m->index, &m->reply);
		return;
	}
	if (p == NULL || p->have != p->total || p->total == 0)
		return;
	struct view whole = {.p = (const char *)p->bytes, .n = p->total};
	CLEANUP(work_freep) struct photo_work *w = work_of(d, m);
	if (w != NULL)
		w->bytes = malloc(p->total);
	bool is_ours = w != NULL && w->bytes != NULL && find_owner(d, m->session, p->origin, w);
	enum rc rc = is_ours ? jpeg_clean(whole, w->bytes, &w->n, &size, &e) : RC_OK;
	drop(p);
	if (w == NULL || w->bytes == NULL)
		return;
	if (!is_ours || rc != RC_OK) {
		answer(w); /* it would only come again */
		if (rc != RC_OK) {
			log_event(LOG_WARN, "photo.refused", "why=\"%s\"", e.msg);
			outbox_on_photo(d, w->number, &w->command, false);
		}
		return;
	}
	if (writer_post(d->writer, photo_job, photo_done, w, 0, &e) != RC_OK)
		log_event(LOG_WARN, "photo.busy", "why=\"%s\"", e.msg);
	else
		(void)STEAL(w); /* photo_done frees it */
}
