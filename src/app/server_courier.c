#include "app/server_courier.h"

#include <stdlib.h>

#include "app/control.h"
#include "app/server_links.h"
#include "base/log.h"
#include "crypto/token.h"
#include "domain/courier_dispatch.h"
#include "domain/locate.h"
#include "domain/partner.h"
#include "domain/weather.h"
#include "link/link.h"

enum { COURIER_QUEUE_BYTES = 1024 * 1024 };

struct server_courier {
	const struct role *role;
	struct domain *domain;
	struct link *link;
	unsigned bad;
};

static bool send_out(void *owner, const struct message *m)
{
	const struct server_courier *sc = owner;
	struct err e;

	if (!link_is_blocked(sc->link) && link_send(sc->link, m, &e) == RC_OK)
		return true;
	log_event(LOG_WARN, "courier.not_sent", "type=%s", message_name(m->type));
	return false;
}

static void on_message(void *owner, const struct message *m)
{
	struct server_courier *sc = owner;

	/* message_read lets nothing else through */
	if (m->type == MESSAGE_COURIER_HELLO) {
		sc->bad = 0;
		courier_dispatch_hello(sc->domain->courier, &m->courier_hello);
	} else if (m->type == MESSAGE_RESULT) {
		courier_dispatch_result(sc->domain->courier, &m->result);
	} else if (m->type == MESSAGE_WEATHER_TOLD) {
		weather_on_told(sc->domain, &m->weather_told);
	} else if (m->type == MESSAGE_LOCATE_TOLD) {
		locate_on_told(sc->domain, &m->locate_told);
	}
}

static void on_bad(void *owner, const struct err *e)
{
	struct server_courier *sc = owner;

	log_event(LOG_ERROR, "courier.bad_packet", "why=\"%s\"", e->msg);
	if (++sc->bad < LINK_BAD_MAX)
		return;
	sc->bad = 0;
	/* When the socket is full the next bad packets ask again. */
	(void)!control_send(sc->role->control_fd, CONTROL_BAD_COURIER, (struct view){0}, NULL);
}

static void on_broken(void *owner, const struct err *e)
{
	(void)owner;
	/* The supervisor keeps both ends open for ever: this is the end of the service. */
	log_event(LOG_ERROR, "courier.link_broken", "why=\"%s\"", e->msg);
}

static const struct link_events events = {
	.on_message = on_message, .on_bad = on_bad, .on_broken = on_broken};

enum rc server_courier_new(const struct role *role, struct domain *d, struct db *reader,
	const struct sign_key *key, struct server_courier **ret_owned, struct err *e)
{
	struct server_courier *sc = calloc(1, sizeof *sc);
	struct message welcome = {.type = MESSAGE_COURIER_WELCOME};

	if (sc == NULL)
		return fail(e, RC_NOMEM, "courier: out of memory");
	sc->role = role;
	sc->domain = d;
	struct courier_dispatch_config dispatch = {.domain = d,
		.reader = reader,
		.key = key,
		.url = partner_webhook_url,
		.send = send_out,
		.owner = sc};
	struct link_config link = {.loop = d->loop,
		.fd = role->courier_fd,
		.side = MESSAGE_TO_COURIER,
		.queue_high_bytes = COURIER_QUEUE_BYTES,
		.events = &events,
		.owner = sc};
	enum rc rc = courier_dispatch_new(&dispatch, &d->courier, e);
	if (rc == RC_OK)
		rc = link_new(&link, &sc->link, e);
	if (rc != RC_OK) {
		server_courier_free(sc);
		return rc;
	}
	while (welcome.welcome.epoch == 0)
		random_bytes(&welcome.welcome.epoch, sizeof welcome.welcome.epoch);
	(void)send_out(sc, &welcome); /* not full: it is the first */
	*ret_owned = sc;
	return RC_OK;
}

void server_courier_free(struct server_courier *sc)
{
	if (sc == NULL)
		return;
	courier_dispatch_free(sc->domain->courier);
	sc->domain->courier = NULL;
	link_free(sc->link);
	free(sc);
}

void server_courier_turn_end(struct server_courier *sc)
{
	link_flush(sc->link);
}

void server_courier_stop(struct server_courier *sc)
{
	link_receive_all(sc->link);
	courier_dispatch_stop(sc->domain->courier);
}
