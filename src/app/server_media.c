#include "app/server_media.h"

#include <stdlib.h>

#include "app/control.h"
#include "app/server_links.h"
#include "base/log.h"
#include "crypto/token.h"
#include "domain/media.h"
#include "link/link.h"

enum { MEDIA_QUEUE_BYTES = 4 * MEDIA_INPUT_MAX };

struct server_media {
	const struct role *role;
	struct domain *domain;
	struct link *link;
	unsigned bad;
};

static bool send_out(void *owner, const struct message *m)
{
	const struct server_media *sm = owner;
	struct err e;

	if (!link_is_blocked(sm->link) && link_send(sm->link, m, &e) == RC_OK)
		return true;
	log_event(LOG_WARN, "media.not_sent", "type=%s", message_name(m->type));
	return false;
}

static void restart(void *owner)
{
	struct server_media *sm = owner;
	struct err e;

	sm->bad = 0;
	if (control_send(sm->role->control_fd, CONTROL_BAD_MEDIA, (struct view){0}, &e) != RC_OK)
		log_event(LOG_WARN, "server.not_told", "reason=\"%s\"", e.msg);
}

static void on_message(void *owner, const struct message *m)
{
	struct server_media *sm = owner;

	/* message_read lets nothing else through */
	if (m->type == MESSAGE_MEDIA_HELLO) {
		sm->bad = 0;
		media_on_hello(sm->domain, &m->media_hello);
	} else if (m->type == MESSAGE_MEDIA_OUTPUT) {
		media_on_output(sm->domain, &m->media_part);
	} else if (m->type == MESSAGE_MEDIA_DONE) {
		media_on_done(sm->domain, &m->media_done);
	}
}

static void on_bad(void *owner, const struct err *e)
{
	struct server_media *sm = owner;

	log_event(LOG_ERROR, "media.bad_packet", "why=\"%s\"", e->msg);
	if (++sm->bad >= LINK_BAD_MAX)
		restart(sm);
}

static void on_broken(void *owner, const struct err *e)
{
	(void)owner;
	/* The supervisor keeps both ends open for ever: this is the end of the service. */
	log_event(LOG_ERROR, "media.link_broken", "why=\"%s\"", e->msg);
}

static const struct link_events events = {
	.on_message = on_message, .on_bad = on_bad, .on_broken = on_broken};

enum rc server_media_new(
	const struct role *role, struct domain *d, struct server_media **ret_owned, struct err *e)
{
	struct server_media *sm = calloc(1, sizeof *sm);
	struct message welcome = {.type = MESSAGE_MEDIA_WELCOME};

	if (sm == NULL)
		return fail(e, RC_NOMEM, "media: out of memory");
	sm->role = role;
	sm->domain = d;
	struct media_config media = {
		.domain = d, .send = send_out, .restart = restart, .owner = sm};
	struct link_config link = {.loop = d->loop,
		.fd = role->media_fd,
		.side = MESSAGE_TO_MEDIA,
		.queue_high_bytes = MEDIA_QUEUE_BYTES,
		.events = &events,
		.owner = sm};
	enum rc rc = media_new(&media, e);
	if (rc == RC_OK)
		rc = link_new(&link, &sm->link, e);
	if (rc != RC_OK) {
		server_media_free(sm);
		return rc;
	}
	while (welcome.welcome.epoch == 0)
		random_bytes(&welcome.welcome.epoch, sizeof welcome.welcome.epoch);
	(void)send_out(sm, &welcome); /* not full: it is the first */
	*ret_owned = sm;
	return RC_OK;
}

void server_media_free(struct server_media *sm)
{
	if (sm == NULL)
		return;
	media_free(sm->domain);
	link_free(sm->link);
	free(sm);
}

void server_media_turn_end(struct server_media *sm)
{
	link_flush(sm->link);
}
