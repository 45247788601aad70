#include "domain/media_parts.h"

#include <stdlib.h>

#include "domain/live_table.h"
#include "domain/pictures.h"
#include "domain/voice_in.h"

struct parts {
	uint64_t session; /* 0: this place is free */
	uint32_t have;
	int64_t since_ms;
	struct media_whole *whole; /* owned; n is its total */
};

struct media_parts {
	struct domain *domain;
	struct parts places[MEDIA_PARTS_MAX];
};

void media_whole_free(struct media_whole *w)
{
	if (w == NULL)
		return;
	free(w->bytes);
	free(w);
}

void media_whole_freep(struct media_whole **w)
{
	media_whole_free(*w);
}

struct view media_whole_bytes(const struct media_whole *w)
{
	return (struct view){.p = (const char *)w->bytes, .n = w->n};
}

void media_whole_answer(const struct media_whole *w, bool is_stored)
{
	struct domain *d = w->domain;
	struct reply reply = w->reply;

	if (reply.kind == REPLY_TK || reply.kind == REPLY_TK2)
		reply.number = is_stored;
	/* JXTKR has no value for failure: without it the watch stops. */
	if (reply.kind == REPLY_NONE || (reply.kind == REPLY_JXTKR && !is_stored))
		return;
	d->out.answer(
		d->out.owner, w->session, (struct view){.p = w->index, .n = w->index_n}, &reply);
}

static void drop(struct parts *p)
{
	media_whole_free(p->whole);
	*p = (struct parts){.session = 0};
}

enum rc media_parts_new(struct domain *d, struct media_parts **ret_owned, struct err *e)
{
	struct media_parts *ps = calloc(1, sizeof *ps);

	if (ps == NULL)
		return fail(e, RC_NOMEM, "media parts: out of memory");
	ps->domain = d;
	*ret_owned = ps;
	return RC_OK;
}

void media_parts_free(struct media_parts *ps)
{
	if (ps == NULL)
		return;
	for (unsigned i = 0; i < MEDIA_PARTS_MAX; i++)
		drop(&ps->places[i]);
	free(ps);
}

static struct parts *find(struct media_parts *ps, uint64_t session)
{
	for (unsigned i = 0; i < MEDIA_PARTS_MAX; i++) {
		if (ps->places[i].session == session)
			return &ps->places[i];
	}
	return NULL;
}

/* A free place, or that of one that was left alone. */
static struct parts *find_room(struct media_parts *ps, int64_t now_ms)
{
	struct parts *p = find(ps, 0);

	for (unsigned i = 0; p == NULL && i < MEDIA_PARTS_MAX; i++) {
		if (now_ms - ps->places[i].since_ms >= MEDIA_PARTS_LIFE_MS)
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

static struct media_whole *whole_new(struct domain *d, const struct message_blob *part)
{
	CLEANUP(media_whole_freep) struct media_whole *w = calloc(1, sizeof *w);

	if (w == NULL)
		return NULL;
	w->domain = d;
	w->session = part->session;
	w->kind = part->kind;
	w->origin = part->origin;
	w->chunk = part->chunk;
	w->chunks = part->chunks;
	w->name_n = (uint8_t)part->name.n; /* message_read bounds it */
	if (part->name.n > 0)
		memcpy(w->name, part->name.p, part->name.n);
	w->n = part->total;
	w->bytes = malloc(part->total);
	return w->bytes == NULL ? NULL : STEAL(w);
}

static struct parts *begin(struct media_parts *ps, const struct message_blob *part)
{
	int64_t now_ms = ps->domain->wall_ms();
	struct parts *p = find_room(ps, now_ms);

	if (p == NULL || !is_bound(ps->domain, part->session))
		return NULL;
	p->whole = whole_new(ps->domain, part);
	if (p->whole == NULL)
		return NULL;
	p->session = part->session;
	p->since_ms = now_ms;
	return p;
}

static bool continues(const struct parts *p, const struct message_blob *part)
{
	const struct media_whole *w = p->whole;

	return part->offset == p->have && part->offset > 0 && part->total == w->n &&
	       part->kind == w->kind && part->chunk == w->chunk && part->chunks == w->chunks &&
	       view_is(part->name, (struct view){.p = w->name, .n = w->name_n});
}

void media_parts_take(struct domain *d, const struct message_blob *part)
{
	struct media_parts *ps = d->media_parts;
	struct parts *p = find(ps, part->session);

	if (p != NULL && !continues(p, part)) {
		drop(p);
		p = NULL;
	}
	if (p == NULL && part->offset == 0)
		p = begin(ps, part);
	if (p == NULL)
		return;
	memcpy(p->whole->bytes + p->have, part->bytes.p,
		part->bytes.n); /* message_read bounds it */
	p->have += (uint32_t)part->bytes.n;
}

void media_parts_forget(struct domain *d, uint64_t session)
{
	struct parts *p = session == 0 ? NULL : find(d->media_parts, session);

	if (p != NULL)
		drop(p);
}

/* Whose it is; false: of nobody who may send something, because it is in doubt whether the session
 * is the watch itself. */
static bool find_owner(struct domain *d, struct media_whole *w)
{
	live_lock(d->live);
	const struct live_device *dev = live_by_session(d->live, w->session);
	if (dev != NULL) {
		w->wearer = dev->wearer;
		w->group = dev->group;
		w->number = dev->number;
	}
	live_unlock(d->live);
	return w->number != 0 && ingest_trusts(d, w->number, w->session);
}

static void keep_reply(struct media_whole *w, const struct message_report *m)
{
	w->reply = m->reply;
	w->index_n = (uint8_t)(m->index.n <= sizeof w->index ? m->index.n : 0);
	if (w->index_n > 0)
		memcpy(w->index, m->index.p, w->index_n);
}

void media_parts_on_report(struct domain *d, const struct message_report *m)
{
	struct parts *p = find(d->media_parts, m->session);

	bool is_whole = p != NULL && p->have == p->whole->n;
	bool is_voice = m->reply.kind == REPLY_TK || m->reply.kind == REPLY_TK2;
	/* What a second connection sends is not kept, and said so; of a voice it can be said, too,
	 * that not all of it came. */
	if (!is_bound(d, m->session) || (!is_whole && is_voice)) {
		struct media_whole refused = {.domain = d, .session = m->session};
		keep_reply(&refused, m);
		media_whole_answer(&refused, false);
		return;
	}
	if (!is_whole)
		return;
	CLEANUP(media_whole_freep) struct media_whole *w = STEAL(p->whole);
	drop(p);
	keep_reply(w, m);
	if (!find_owner(d, w)) {
		media_whole_answer(w, false);
		return;
	}
	switch (w->kind) {
	case MEDIA_PART_PICTURE:
		picture_take(STEAL(w));
		break;
	case MEDIA_PART_VOICE:
	case MEDIA_PART_CHUNK:
		voice_in_take(STEAL(w));
		break;
	case MEDIA_PART_COUNT:
		break;
	}
}
