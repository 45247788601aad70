#include "app/server_links.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/control.h"
#include "base/log.h"
#include "crypto/token.h"
#include "domain/ingest.h"
#include "domain/media_parts.h"
#include "domain/metrics.h"
#include "domain/outbox.h"
#include "domain/voice_out.h"
#include "link/link.h"

enum { SERVER_QUEUE_BYTES = 4 * 1024 * 1024 };

static const int64_t RECEIVED_MAX_MS = INT64_C(4102444800000); /* the year 2100 */

struct gateway_end {
	struct server_links *links;
	struct link *link;
	uint8_t number;
	uint64_t epoch; /* of the gateway's process; 0: not seen yet */
	unsigned bad;
	bool has_left; /* BYE came, FAREWELL is due */
};

struct server_links {
	const struct role *role;
	struct domain *domain;
	uint64_t epoch;
	bool is_paused;
	unsigned n;
	struct gateway_end ends[ROLE_LINKS_MAX];
};

static void send(const struct gateway_end *end, const struct message *m)
{
	struct err e;

	/* A full queue: the gateway does not read, and asks again when it is back. */
	if (link_send(end->link, m, &e) != RC_OK)
		log_event(LOG_WARN, "link.not_sent", "gateway=%u type=%s why=\"%s\"", end->number,
			message_name(m->type), e.msg);
}

static struct gateway_end *end_of(struct server_links *ls, uint64_t session)
{
	unsigned number = (unsigned)(session >> 56);

	return number < ls->n ? &ls->ends[number] : NULL;
}

static uint64_t bare(uint64_t session)
{
	return session & 0xffffffffffffffu;
}

static void out_answer(void *owner, uint64_t session, struct view index, const struct reply *reply)
{
	struct gateway_end *end = end_of(owner, session);
	struct message m = {.type = MESSAGE_ANSWER,
		.answer = {.session = bare(session), .index = index, .reply = *reply}};

	if (end != NULL)
		send(end, &m);
}

static void out_standing(void *owner, uint64_t session, enum standing standing)
{
	struct gateway_end *end = end_of(owner, session);
	struct message m = {.type = MESSAGE_STANDING,
		.standing = {.session = bare(session), .standing = standing}};

	if (end != NULL)
		send(end, &m);
}

static bool out_command(
	void *owner, uint64_t session, const struct uid *id, const struct command *c)
{
	struct gateway_end *end = end_of(owner, session);
	uint8_t packed[COMMAND_PACK_MAX];
	size_t packed_n = 0;
	struct err e;

	if (end == NULL || link_is_blocked(end->link))
		return false;
	if (command_pack(c, packed, sizeof packed, &packed_n, &e) != RC_OK) {
		log_event(LOG_ERROR, "link.bad_command", "why=\"%s\"", e.msg);
		return false;
	}
	struct message m = {.type = MESSAGE_COMMAND,
		.command = {.session = bare(session),
			.command = *id,
			.packed = {.p = (const char *)packed, .n = packed_n}}};
	return link_send(end->link, &m, &e) == RC_OK;
}

static void out_close(void *owner, uint64_t session)
{
	struct gateway_end *end = end_of(owner, session);
	struct message m = {.type = MESSAGE_CLOSE,
		.close = {.session = bare(session), .reason = CLOSE_BY_SERVER}};

	if (end != NULL)
		send(end, &m);
}

struct domain_out server_links_out(struct server_links *ls)
{
	return (struct domain_out){.owner = ls,
		.answer = out_answer,
		.standing = out_standing,
		.command = out_command,
		.close = out_close};
}

static void welcome(const struct gateway_end *end)
{
	struct message m = {.type = MESSAGE_WELCOME, .welcome = {.epoch = end->links->epoch}};

	send(end, &m);
}

/* Its process is another one: the sessions of the old one are gone. */
static void lose(const struct gateway_end *end)
{
	ingest_gateway_lost(end->links->domain, end->number);
	gateway_metrics_lost(end->links->domain->gateway_metrics, end->number);
}

static void on_hello(struct gateway_end *end, const struct message_hello *hello)
{
	if (end->epoch != hello->epoch) {
		if (end->epoch != 0)
			lose(end);
		end->epoch = hello->epoch;
		end->has_left = false;
		end->bad = 0;
	}
	welcome(end);
}

static void on_message(void *owner, const struct message *m)
{
	struct gateway_end *end = owner;
	struct domain *d = end->links->domain;
	struct message_report report;

	switch (m->type) {
	case MESSAGE_HELLO:
		on_hello(end, &m->hello);
		break;
	case MESSAGE_OPENED:
		ingest_opened(d, session_of(end->number, m->opened.session), &m->opened.peer,
			m->opened.vendor, m->opened.id, m->opened.key);
		break;
	case MESSAGE_REPORT:
		report = m->report;
		report.session = session_of(end->number, report.session);
		/* A gateway is not believed a time that no clock shows. */
		if (report.received_ms < 0 || report.received_ms > RECEIVED_MAX_MS)
			report.received_ms = d->wall_ms();
		ingest_report(d, &report);
		break;
	case MESSAGE_CLOSED:
		ingest_closed(d, session_of(end->number, m->closed.session), m->closed.frames);
		break;
	case MESSAGE_SENT:
		outbox_on_sent(d, session_of(end->number, m->sent.session), &m->sent.command);
		voice_out_on_sent(d, session_of(end->number, m->sent.session), &m->sent.command);
		break;
	case MESSAGE_UNSENT:
		outbox_on_unsent(d, session_of(end->number, m->sent.session), &m->sent.command);
		voice_out_on_unsent(d, session_of(end->number, m->sent.session), &m->sent.command);
		break;
	case MESSAGE_FOREIGN:
		ingest_foreign(d, m->foreign.kind);
		break;
	case MESSAGE_BLOB: {
		struct message_blob part = m->blob;
		part.session = session_of(end->number, part.session);
		media_parts_take(d, &part);
		break;
	}
	case MESSAGE_STATS:
		gateway_metrics_set(d->gateway_metrics, end->number, &m->stats);
		break;
	case MESSAGE_BYE:
		end->has_left = true;
		break;
	case MESSAGE_ANNOUNCED:
	case MESSAGE_WELCOME: /* not from a gateway: message_read refuses them */
	case MESSAGE_STANDING:
	case MESSAGE_ANSWER:
	case MESSAGE_COMMAND:
	case MESSAGE_CLOSE:
	case MESSAGE_FAREWELL:
	case MESSAGE_COURIER_HELLO:
	case MESSAGE_RESULT:
	case MESSAGE_WEATHER_TOLD:
	case MESSAGE_WEATHER_ASK:
	case MESSAGE_COURIER_WELCOME:
	case MESSAGE_WEBHOOK:
	case MESSAGE_MAIL:
	case MESSAGE_LOCATE_ASK:
	case MESSAGE_LOCATE_TOLD:
	case MESSAGE_MEDIA_HELLO:
	case MESSAGE_MEDIA_OUTPUT:
	case MESSAGE_MEDIA_DONE:
	case MESSAGE_MEDIA_WELCOME:
	case MESSAGE_MEDIA_INPUT:
		break;
	}
}

static void on_bad(void *owner, const struct err *e)
{
	struct gateway_end *end = owner;
	char text[8];

	log_event(LOG_ERROR, "link.bad_packet", "gateway=%u why=\"%s\"", end->number, e->msg);
	if (++end->bad < LINK_BAD_MAX)
		return;
	end->bad = 0;
	(void)snprintf(text, sizeof text, "%u", end->number);
	/* When the socket is full the next bad packets ask again. */
	(void)!control_send(end->links->role->control_fd, CONTROL_BAD_GATEWAY, view_of(text), NULL);
}

static void on_broken(void *owner, const struct err *e)
{
	const struct gateway_end *end = owner;

	/* The supervisor keeps both ends open for ever: this is the end of the service. */
	log_event(LOG_ERROR, "link.broken", "gateway=%u why=\"%s\"", end->number, e->msg);
}

static const struct link_events events = {
	.on_message = on_message, .on_bad = on_bad, .on_broken = on_broken};

enum rc server_links_new(
	const struct role *role, struct domain *d, struct server_links **ret_owned, struct err *e)
{
	struct server_links *ls = calloc(1, sizeof *ls);
	enum rc rc = RC_OK;

	if (ls == NULL)
		return fail(e, RC_NOMEM, "links: out of memory");
	ls->role = role;
	ls->domain = d;
	while (ls->epoch == 0)
		random_bytes(&ls->epoch, sizeof ls->epoch);
	for (unsigned i = 0; i < role->links_n && rc == RC_OK; i++) {
		struct gateway_end *end = &ls->ends[i];
		end->links = ls;
		end->number = (uint8_t)i;
		struct link_config config = {.loop = d->loop,
			.fd = role->link_fds[i],
			.side = MESSAGE_FROM_SERVER,
			.queue_high_bytes = SERVER_QUEUE_BYTES,
			.events = &events,
			.owner = end};
		rc = link_new(&config, &end->link, e);
		if (rc == RC_OK) {
			ls->n++;
			welcome(end);
		}
	}
	if (rc != RC_OK) {
		server_links_free(ls);
		return rc;
	}
	*ret_owned = ls;
	return RC_OK;
}

void server_links_free(struct server_links *ls)
{
	if (ls == NULL)
		return;
	for (unsigned i = 0; i < ls->n; i++)
		link_free(ls->ends[i].link);
	free(ls);
}

static void say_farewell(struct server_links *ls)
{
	static const struct message farewell = {.type = MESSAGE_FAREWELL};

	for (unsigned i = 0; i < ls->n; i++) {
		struct gateway_end *end = &ls->ends[i];
		if (!end->has_left)
			continue;
		end->has_left = false;
		send(end, &farewell);
	}
}

static bool has_one_left(const struct server_links *ls)
{
	for (unsigned i = 0; i < ls->n; i++) {
		if (ls->ends[i].has_left)
			return true;
	}
	return false;
}

void server_links_turn_end(struct server_links *ls)
{
	bool is_full = ingest_is_full(ls->domain);

	if (has_one_left(ls)) {
		if (ingest_is_idle(ls->domain))
			say_farewell(ls);
		else
			ingest_hurry(ls->domain);
	}
	for (unsigned i = 0; i < ls->n; i++) {
		if (is_full != ls->is_paused)
			link_pause(ls->ends[i].link, is_full);
		link_flush(ls->ends[i].link);
	}
	ls->is_paused = is_full;
}

void server_links_receive_all(struct server_links *ls)
{
	for (unsigned i = 0; i < ls->n; i++)
		link_receive_all(ls->ends[i].link);
}

void server_links_drain(struct server_links *ls, int timeout_ms)
{
	struct err e;

	say_farewell(ls);
	for (unsigned i = 0; i < ls->n; i++) {
		if (link_drain(ls->ends[i].link, timeout_ms, &e) != RC_OK)
			log_event(LOG_WARN, "link.not_drained", "gateway=%u why=\"%s\"", i, e.msg);
	}
}
