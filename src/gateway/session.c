/* What a frame means for its connection: who it is, what is answered here, what goes to the server;
 * and what the server sends back. */
#include "gateway/state.h"
#include "watch/command.h"
#include "watch/escape.h"
#include "watch/reply.h"

enum {
	REPEAT_MAX = 3, /* the same frame so often although answered: other form, section 2.1 (b) */
	REPEAT_GAP_S = 2,      /* closer together it is one and the same attempt */
	REPEAT_WINDOW_S = 600, /* further apart it is a new value that happens to be equal */
};

static struct addressee addressee_of(const struct connection *c, struct view index)
{
	return (struct addressee){
		.vendor = {.p = c->vendor, .n = c->vendor_n},
		.id = {.p = c->id, .n = c->id_n},
		.index = index,
	};
}

/* ---- who it is ---- */

bool session_announce(struct connection *c)
{
	struct gateway *g = c->gateway;
	struct addressee who = addressee_of(c, (struct view){0});
	uint8_t key[SECURE_KEY_SIZE];
	bool has_key = secure_key(c, key);

	g->message.type = MESSAGE_OPENED;
	g->message.opened = (struct message_opened){.session = c->session,
		.peer = c->peer,
		.vendor = who.vendor,
		.id = who.id,
		.key = {.p = (const char *)key, .n = has_key ? sizeof key : 0}};
	if (!gateway_tell(g, true))
		return false;
	c->welcome = g->welcome;
	c->standing = STANDING_PENDING;
	return true;
}

static void set_vendor(struct connection *c, struct view vendor)
{
	memcpy(c->vendor, vendor.p, vendor.n);
	c->vendor_n = (uint8_t)vendor.n;
}

static bool open_session(struct connection *c, const struct frame *f)
{
	struct gateway *g = c->gateway;

	memcpy(c->id, f->id.p, f->id.n);
	c->id_n = (uint8_t)f->id.n;
	set_vendor(c, f->vendor);
	c->session = g->generation++ << SLOT_BITS | (uint64_t)(c - g->slots);
	c->reports_left = (uint16_t)g->config.limits.reports_per_device_burst;
	c->replays_left = (uint16_t)g->config.limits.replays_per_device_burst;
	c->since_ms = (uint32_t)loop_now_ms(g->loop);
	connection_set_state(c, CONNECTION_READY);
	count(g, COUNTER_SESSIONS, 1);
	if (session_announce(c))
		return true;
	connection_close(c, CLOSE_STOP); /* the server cannot be told: the watch comes again */
	return false;
}

/* False: the connection is closed. */
static bool know_device(struct connection *c, const struct frame *f)
{
	struct view id = {.p = c->id, .n = c->id_n};
	struct view vendor = {.p = c->vendor, .n = c->vendor_n};

	if (c->state == CONNECTION_NEW)
		return open_session(c, f);
	if (!view_is(f->id, id)) {
		count(c->gateway, COUNTER_LIMIT_ID_CHANGED, 1);
		connection_close(c, CLOSE_ID_CHANGED);
		return false;
	}
	if (!view_is(f->vendor, vendor))
		set_vendor(c, f->vendor);
	return true;
}

/* ---- budgets ---- */

static void count_second(struct connection *c)
{
	uint16_t second = (uint16_t)(loop_now_ms(c->gateway->loop) / 1000);

	if (c->second != second) {
		c->second = second;
		c->second_frames = 0;
	}
	if (c->second_frames < UINT16_MAX)
		c->second_frames++;
}

static uint16_t refilled(uint16_t left, uint32_t more, uint32_t burst)
{
	uint64_t sum = (uint64_t)left + more;

	return (uint16_t)(sum < burst ? sum : burst);
}

static void refill(struct connection *c)
{
	const struct gateway_limits *limits = &c->gateway->config.limits;
	uint32_t step_ms = limits->reports_per_device_interval_s * 1000;
	uint32_t steps = ((uint32_t)loop_now_ms(c->gateway->loop) - c->since_ms) / step_ms;

	if (steps == 0)
		return;
	c->since_ms += steps * step_ms;
	c->reports_left = refilled(c->reports_left, steps, limits->reports_per_device_burst);
	c->replays_left = refilled(c->replays_left, steps, limits->replays_per_device_burst);
}

/* Alarms always may. */
static bool may_report(struct connection *c, const struct report *r)
{
	if (c->gateway->config.limits.reports_per_device_interval_s == 0 ||
		r->kind == REPORT_ALARM || r->alarms != 0)
		return true;
	if (r->kind == REPORT_ANSWER && c->answers_due > 0) { /* we asked for it */
		c->answers_due--;
		return true;
	}
	refill(c);
	/* A voice in parts is many frames at once, as are the places of a day without a network. */
	bool is_many = r->is_stored || strcmp(r->keyword, "JXTK") == 0;
	uint16_t *left = is_many ? &c->replays_left : &c->reports_left;
	if (*left == 0) {
		count(c->gateway, COUNTER_LIMIT_REPORTS_PER_DEVICE, 1);
		return false;
	}
	(*left)--;
	return true;
}

/* ---- answers ---- */

static uint32_t hash_of(struct view v)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < v.n; i++)
		h = (h ^ (uint8_t)v.p[i]) * 16777619u;
	return h;
}

/* Rule (b) of section 2.1: a watch that repeats a frame although it was answered gets the other
 * form. */
static void choose_form(struct connection *c, const struct frame *f, struct reply *reply)
{
	struct reply other;
	uint16_t now_s = (uint16_t)(loop_now_ms(c->gateway->loop) / 1000);

	if (reply->kind == REPLY_NONE || !reply_other_form(reply, &other))
		return;
	if ((c->flags & CONNECTION_OTHER_FORM) == 0) {
		uint32_t hash = hash_of(f->content);
		uint16_t gap_s = (uint16_t)(now_s - c->repeat_s);
		if (c->repeat_n == 0 || hash != c->repeat_hash || gap_s > REPEAT_WINDOW_S) {
			c->repeat_hash = hash;
			c->repeat_n = 1;
			c->repeat_s = now_s;
		} else if (gap_s >= REPEAT_GAP_S) {
			c->repeat_n++;
			c->repeat_s = now_s;
		}
		if (c->repeat_n < REPEAT_MAX)
			return;
		c->flags |= CONNECTION_OTHER_FORM;
		count(c->gateway, COUNTER_OTHER_REPLY_FORM, 1);
		log_event(LOG_INFO, "gateway.other_reply_form", "keyword=%s", reply->keyword);
	}
	*reply = other;
}

/* An unknown keyword is answered once on a connection: more often it might be an echo. */
static void answer_once(struct connection *c, struct reply *reply)
{
	if (reply->kind == REPLY_NONE || !reply->is_once)
		return;
	uint32_t bit = 1u << (hash_of(view_of(reply->keyword)) % 32);
	if ((c->once_bits & bit) != 0)
		*reply = (struct reply){.kind = REPLY_NONE};
	c->once_bits |= bit;
}

static bool is_heartbeat(const struct reply *reply)
{
	return reply->kind == REPLY_LK || reply->kind == REPLY_KA;
}

/* False: the connection is closed. */
static bool send_reply(struct connection *c, const struct reply *reply, const struct addressee *to)
{
	struct gateway *g = c->gateway;
	struct err e;
	size_t n = 0;

	if (reply_write(reply, to, g->command_bytes, sizeof g->command_bytes, &n, &e) != RC_OK) {
		log_event(LOG_WARN, "gateway.answer_refused", "reason=\"%s\"", e.msg);
		return true;
	}
	return sending_write(c, g->command_bytes, n, NULL);
}

void session_answer_heartbeat(struct connection *c, const struct frame *f)
{
	struct gateway *g = c->gateway;
	struct addressee to = {.vendor = f->vendor, .id = f->id, .index = f->index};

	if (f->is_binary)
		return;
	report_read(f, &g->report);
	if (g->report.kind != REPORT_HEARTBEAT)
		return;
	reply_for(f, &g->report, &g->reply);
	if (!is_heartbeat(&g->reply))
		return;
	count(g, COUNTER_HEARTBEATS, 1);
	(void)send_reply(c, &g->reply, &to); /* when it closed the connection, its state tells */
}

/* ---- to the server ---- */

static void forward(struct connection *c, const struct frame *f)
{
	struct gateway *g = c->gateway;
	const struct report *r = &g->report;
	struct err e;
	size_t n = 0;

	if (report_pack(r, g->packed, sizeof g->packed, &n, &e) != RC_OK) {
		log_event(LOG_ERROR, "gateway.cannot_pack", "reason=\"%s\"", e.msg);
		return;
	}
	g->message.type = MESSAGE_REPORT;
	g->message.report = (struct message_report){
		.session = c->session,
		.received_ms = gateway_wall_ms(g),
		.id = {.p = c->id, .n = c->id_n},
		.index = f->index,
		.reply = g->reply,
		.report = {.p = (const char *)g->packed, .n = n},
	};
	bool is_alarm = r->kind == REPORT_ALARM || r->alarms != 0;
	if (!gateway_tell(g, is_alarm || g->reply.kind != REPLY_NONE || r->kind == REPORT_ANSWER))
		return;
	count(g, COUNTER_REPORTS, 1);
	if (is_alarm)
		count(g, COUNTER_ALARMS, 1);
}

/* The bytes of a picture or voice in parts, before its report. When the server cannot take them now
 * it gets no whole one, does not answer, and the watch says it again. */
static void forward_media(struct connection *c, const struct frame *f)
{
	struct gateway *g = c->gateway;
	struct message_blob *m = &g->message.blob;
	struct media_part part;
	size_t n = 0;

	/* Not told yet whose it is (PENDING): the server looks. */
	if (c->standing == STANDING_CLAIMING || !media_part_read(f, &part) ||
		escape_read(part.payload, g->media, sizeof g->media, &n, NULL) != RC_OK)
		return;
	for (size_t at = 0; at < n; at += m->bytes.n) {
		g->message.type = MESSAGE_BLOB;
		*m = (struct message_blob){.session = c->session,
			.kind = part.kind,
			.origin = part.origin,
			.chunk = part.chunk,
			.chunks = part.chunks,
			.name = part.name,
			.offset = (uint32_t)at,
			.total = (uint32_t)n,
			.bytes = {.p = g->media + at,
				.n = n - at < MESSAGE_PART_MAX ? n - at : MESSAGE_PART_MAX}};
		if (!gateway_tell(g, false))
			return;
	}
}

void session_take_frame(struct connection *c, const struct frame *f, bool is_heartbeat_answered)
{
	struct gateway *g = c->gateway;
	struct addressee to = {.vendor = f->vendor, .id = f->id, .index = f->index};

	count(g, COUNTER_FRAMES, 1);
	if (!f->is_length_ok)
		count(g, COUNTER_LENGTH_MISMATCH, 1);
	if (!know_device(c, f))
		return;
	c->frames++;
	count_second(c);
	if (f->index.n > 0)
		c->flags |= CONNECTION_HAS_INDEX;
	report_read(f, &g->report);
	reply_for(f, &g->report, &g->reply);
	if (is_heartbeat(&g->reply)) {
		if (!is_heartbeat_answered) {
			count(g, COUNTER_HEARTBEATS, 1);
			if (!send_reply(c, &g->reply, &to))
				return;
		}
		g->reply = (struct reply){.kind = REPLY_NONE};
	}
	if (g->report.kind == REPORT_ERROR)
		count(g, COUNTER_UNREADABLE, 1);
	if (c->standing == STANDING_UNKNOWN) {
		count(g, COUNTER_UNKNOWN_FRAMES, 1);
		return;
	}
	if (!may_report(c, &g->report))
		return;
	choose_form(c, f, &g->reply);
	answer_once(c, &g->reply);
	if (g->report.kind == REPORT_MEDIA)
		forward_media(c, f);
	forward(c, f);
}

/* ---- from the server ---- */

void session_answer(struct connection *c, const struct message_answer *m)
{
	struct addressee to = addressee_of(c, m->index);

	count(c->gateway, COUNTER_ANSWERS, 1);
	(void)send_reply(c, &m->reply, &to); /* the server learns of the close by CLOSED */
}

void session_command(struct connection *c, const struct message_command *m)
{
	struct gateway *g = c->gateway;
	bool has_index = (c->flags & CONNECTION_HAS_INDEX) != 0;
	struct addressee to = addressee_of(c, has_index ? VIEW("0001") : (struct view){0});
	struct uid id = m->command;
	uint64_t session = m->session;
	struct command command;
	struct err e;
	size_t n = 0;

	enum rc rc = command_unpack(m->packed, &command, &e);
	if (rc == RC_OK)
		rc = command_write(
			&command, &to, g->command_bytes, sizeof g->command_bytes, &n, &e);
	if (rc == RC_OK) {
		if (c->answers_due < UINT8_MAX)
			c->answers_due++;
		(void)sending_write(c, g->command_bytes, n, &id); /* closed: CLOSED tells */
		return;
	}
	log_event(LOG_ERROR, "gateway.command_refused", "reason=\"%s\"", e.msg);
	count(g, COUNTER_COMMANDS_UNSENT, 1);
	g->message.type = MESSAGE_UNSENT;
	g->message.sent = (struct message_sent){.session = session, .command = id};
	(void)gateway_tell(g, true); /* refused: the server's own deadline ends the command */
}
