#include "link/message.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "link/message_bytes.h"

enum { VENDOR_MIN = 2 };

/* ---- what only watches have ---- */

static void put_peer(struct out *o, const struct peer *peer)
{
	put_bytes(o, peer->address, sizeof peer->address);
	put_number(o, peer->port, 2);
}

/* The reply as its own packed text; nothing at all for REPLY_NONE. */
static void put_reply(struct out *o, const struct reply *reply)
{
	size_t n = 0;
	uint8_t *length = out_take(o, 2);

	if (length == NULL)
		return;
	if (reply->kind != REPLY_NONE &&
		reply_pack(reply, o->p, o->room < REPLY_PACK_MAX ? o->room : REPLY_PACK_MAX, &n,
			NULL) != RC_OK)
		o->rc = o->room < REPLY_PACK_MAX ? RC_LIMIT : RC_BUG;
	length[0] = (uint8_t)n; /* at most REPLY_PACK_MAX */
	length[1] = (uint8_t)(n >> 8);
	(void)out_take(o, n); /* the bytes that reply_pack has written */
}

/* min..max letters and digits, as the frame reader lets them through. */
static bool get_name(struct view *in, size_t min, size_t max, struct view *ret)
{
	uint64_t n = 0;
	struct view text;

	if (!get_number(in, 1, &n) || n < min || n > max || !view_cut(in, (size_t)n, &text))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (!ascii_is_alnum(text.p[i]))
			return false;
	}
	*ret = text;
	return true;
}

static bool get_index(struct view *in, struct view *ret)
{
	struct view text;

	if (!get_name(in, 0, MESSAGE_INDEX_MAX, &text))
		return false;
	if (text.n != 0 && text.n != MESSAGE_INDEX_MAX)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (ascii_hex(text.p[i]) < 0)
			return false;
	}
	*ret = text;
	return true;
}

static bool get_peer(struct view *in, struct peer *ret)
{
	struct view address;
	uint64_t port = 0;

	if (!view_cut(in, sizeof ret->address, &address) || !get_number(in, 2, &port))
		return false;
	memcpy(ret->address, address.p, sizeof ret->address);
	ret->port = (uint16_t)port;
	return true;
}

static bool get_reply(struct view *in, struct reply *ret)
{
	uint64_t n = 0;
	struct view packed;

	if (!get_number(in, 2, &n) || n > REPLY_PACK_MAX || !view_cut(in, (size_t)n, &packed))
		return false;
	if (packed.n > 0)
		return reply_unpack(packed, ret, NULL) == RC_OK && ret->kind != REPLY_NONE;
	*ret = (struct reply){.kind = REPLY_NONE};
	return true;
}

/* A hash of a key, or none. */
static bool get_key(struct view *in, struct view *ret)
{
	uint64_t n = 0;

	return get_number(in, 1, &n) && (n == 0 || n == MESSAGE_KEY_SIZE) &&
	       view_cut(in, (size_t)n, ret);
}

/* ---- one writer and one reader a type ---- */

static void write_nothing(struct out *o, const struct message *m)
{
	(void)o;
	(void)m;
}

static bool read_nothing(struct view *in, struct message *ret)
{
	(void)in;
	(void)ret;
	return true;
}

static void write_hello(struct out *o, const struct message *m)
{
	put_u8(o, m->hello.gateway);
	put_u64(o, m->hello.epoch);
}

static bool read_hello(struct view *in, struct message *ret)
{
	uint64_t gateway = 0;

	if (!get_number(in, 1, &gateway) || !get_u64(in, &ret->hello.epoch))
		return false;
	ret->hello.gateway = (uint8_t)gateway;
	return ret->hello.epoch != 0;
}

static void write_opened(struct out *o, const struct message *m)
{
	put_u64(o, m->opened.session);
	put_peer(o, &m->opened.peer);
	put_text(o, m->opened.vendor, FRAME_VENDOR_MAX);
	put_text(o, m->opened.id, FRAME_ID_MAX);
	if (m->opened.key.n != 0 && m->opened.key.n != MESSAGE_KEY_SIZE && o->rc == RC_OK)
		o->rc = RC_BUG;
	put_text(o, m->opened.key, MESSAGE_KEY_SIZE);
}

static bool read_opened(struct view *in, struct message *ret)
{
	return get_u64(in, &ret->opened.session) && get_peer(in, &ret->opened.peer) &&
	       get_name(in, VENDOR_MIN, FRAME_VENDOR_MAX, &ret->opened.vendor) &&
	       get_name(in, FRAME_ID_MIN, FRAME_ID_MAX, &ret->opened.id) &&
	       get_key(in, &ret->opened.key);
}

static void write_report(struct out *o, const struct message *m)
{
	put_u64(o, m->report.session);
	put_u64(o, (uint64_t)m->report.received_ms);
	put_text(o, m->report.id, FRAME_ID_MAX);
	put_text(o, m->report.index, MESSAGE_INDEX_MAX);
	put_reply(o, &m->report.reply);
	put_payload(o, m->report.report);
}

static bool read_report(struct view *in, struct message *ret)
{
	uint64_t received = 0;

	if (!get_u64(in, &ret->report.session) || !get_u64(in, &received) || received > INT64_MAX)
		return false;
	ret->report.received_ms = (int64_t)received;
	return get_name(in, FRAME_ID_MIN, FRAME_ID_MAX, &ret->report.id) &&
	       get_index(in, &ret->report.index) && get_reply(in, &ret->report.reply) &&
	       get_payload(in, &ret->report.report);
}

static void write_closed(struct out *o, const struct message *m)
{
	put_u64(o, m->closed.session);
	put_u8(o, m->closed.reason);
	put_number(o, m->closed.frames, 4);
}

static bool read_closed(struct view *in, struct message *ret)
{
	unsigned reason = 0;
	uint64_t frames = 0;

	if (!get_u64(in, &ret->closed.session) || !get_choice(in, CLOSE_REASON_COUNT, &reason) ||
		!get_number(in, 4, &frames))
		return false;
	ret->closed.reason = (enum close_reason)reason;
	ret->closed.frames = (uint32_t)frames;
	return true;
}

static void write_sent(struct out *o, const struct message *m)
{
	put_u64(o, m->sent.session);
	put_bytes(o, m->sent.command.b, UID_BYTES);
}

static bool read_sent(struct view *in, struct message *ret)
{
	return get_u64(in, &ret->sent.session) && get_uid(in, &ret->sent.command);
}

static void write_foreign(struct out *o, const struct message *m)
{
	put_u8(o, m->foreign.kind);
	put_peer(o, &m->foreign.peer);
}

static bool read_foreign(struct view *in, struct message *ret)
{
	unsigned kind = 0;

	if (!get_choice(in, FOREIGN_COUNT, &kind) || kind == FOREIGN_NONE ||
		!get_peer(in, &ret->foreign.peer))
		return false;
	ret->foreign.kind = (enum foreign)kind;
	return true;
}

static void write_stats(struct out *o, const struct message *m)
{
	if (m->stats.n > MESSAGE_COUNTERS_MAX) {
		o->rc = RC_BUG;
		return;
	}
	put_u8(o, m->stats.n);
	for (size_t i = 0; i < m->stats.n; i++)
		put_u64(o, m->stats.counters[i]);
}

static bool read_stats(struct view *in, struct message *ret)
{
	uint64_t n = 0;

	if (!get_number(in, 1, &n) || n > MESSAGE_COUNTERS_MAX)
		return false;
	ret->stats.n = (uint8_t)n;
	for (size_t i = 0; i < n; i++) {
		if (!get_u64(in, &ret->stats.counters[i]))
			return false;
	}
	return true;
}

static bool is_blob(const struct message_blob *m)
{
	bool is_chunk = m->kind == MEDIA_PART_CHUNK;

	return m->kind < MEDIA_PART_COUNT && m->origin <= 9 &&
	       (is_chunk ? m->chunk >= 1 && m->chunk <= m->chunks && m->chunks <= CHUNKS_MAX &&
				       m->name.n >= 1 && m->name.n <= CHUNK_NAME_MAX
			 : m->chunk == 0 && m->chunks == 0 && m->name.n == 0) &&
	       m->bytes.n >= 1 && m->bytes.n <= MESSAGE_PART_MAX && m->total <= MESSAGE_BLOB_MAX &&
	       m->offset <= m->total && m->bytes.n <= m->total - m->offset;
}

static void write_blob(struct out *o, const struct message *m)
{
	if (!is_blob(&m->blob)) {
		o->rc = RC_BUG;
		return;
	}
	put_u64(o, m->blob.session);
	put_u8(o, m->blob.kind);
	put_u8(o, m->blob.origin);
	put_u8(o, m->blob.chunk);
	put_u8(o, m->blob.chunks);
	put_text(o, m->blob.name, CHUNK_NAME_MAX);
	put_number(o, m->blob.offset, 4);
	put_number(o, m->blob.total, 4);
	put_payload(o, m->blob.bytes);
}

static bool get_bytes(struct view *in, size_t max, struct view *ret)
{
	uint64_t n = 0;

	return get_number(in, 1, &n) && n <= max && view_cut(in, (size_t)n, ret);
}

static bool read_blob(struct view *in, struct message *ret)
{
	struct message_blob *m = &ret->blob;
	unsigned kind = 0;
	uint64_t origin = 0;
	uint64_t chunk = 0;
	uint64_t chunks = 0;
	uint64_t offset = 0;
	uint64_t total = 0;

	if (!get_u64(in, &m->session) || !get_choice(in, MEDIA_PART_COUNT, &kind) ||
		!get_number(in, 1, &origin) || !get_number(in, 1, &chunk) ||
		!get_number(in, 1, &chunks) || !get_bytes(in, CHUNK_NAME_MAX, &m->name) ||
		!get_number(in, 4, &offset) || !get_number(in, 4, &total) ||
		!get_payload(in, &m->bytes))
		return false;
	m->kind = (enum media_part_kind)kind;
	m->origin = (uint8_t)origin;
	m->chunk = (uint8_t)chunk;
	m->chunks = (uint8_t)chunks;
	m->offset = (uint32_t)offset;
	m->total = (uint32_t)total;
	return is_blob(m);
}

static void write_welcome(struct out *o, const struct message *m)
{
	put_u64(o, m->welcome.epoch);
}

static bool read_welcome(struct view *in, struct message *ret)
{
	return get_u64(in, &ret->welcome.epoch) && ret->welcome.epoch != 0;
}

static void write_standing(struct out *o, const struct message *m)
{
	put_u64(o, m->standing.session);
	put_u8(o, m->standing.standing);
}

static bool read_standing(struct view *in, struct message *ret)
{
	unsigned standing = 0;

	if (!get_u64(in, &ret->standing.session) || !get_choice(in, STANDING_COUNT, &standing) ||
		standing == STANDING_PENDING)
		return false;
	ret->standing.standing = (enum standing)standing;
	return true;
}

static void write_answer(struct out *o, const struct message *m)
{
	put_u64(o, m->answer.session);
	put_text(o, m->answer.index, MESSAGE_INDEX_MAX);
	put_reply(o, &m->answer.reply);
}

static bool read_answer(struct view *in, struct message *ret)
{
	return get_u64(in, &ret->answer.session) && get_index(in, &ret->answer.index) &&
	       get_reply(in, &ret->answer.reply) && ret->answer.reply.kind != REPLY_NONE;
}

static void write_command(struct out *o, const struct message *m)
{
	put_u64(o, m->command.session);
	put_bytes(o, m->command.command.b, UID_BYTES);
	put_payload(o, m->command.packed);
}

static bool read_command(struct view *in, struct message *ret)
{
	return get_u64(in, &ret->command.session) && get_uid(in, &ret->command.command) &&
	       get_payload(in, &ret->command.packed);
}

static void write_close(struct out *o, const struct message *m)
{
	put_u64(o, m->close.session);
	put_u8(o, m->close.reason);
}

static bool read_close(struct view *in, struct message *ret)
{
	unsigned reason = 0;

	if (!get_u64(in, &ret->close.session) || !get_choice(in, CLOSE_REASON_COUNT, &reason))
		return false;
	ret->close.reason = (enum close_reason)reason;
	return true;
}

static const struct message_row {
	const char *name; /* NULL: no such type */
	enum message_side side;
	body_write_fn *write;
	body_read_fn *read;
} rows[] = {
	[MESSAGE_HELLO] = {"hello", MESSAGE_FROM_GATEWAY, write_hello, read_hello},
	[MESSAGE_OPENED] = {"opened", MESSAGE_FROM_GATEWAY, write_opened, read_opened},
	[MESSAGE_ANNOUNCED] = {"announced", MESSAGE_FROM_GATEWAY, write_nothing, read_nothing},
	[MESSAGE_REPORT] = {"report", MESSAGE_FROM_GATEWAY, write_report, read_report},
	[MESSAGE_CLOSED] = {"closed", MESSAGE_FROM_GATEWAY, write_closed, read_closed},
	[MESSAGE_SENT] = {"sent", MESSAGE_FROM_GATEWAY, write_sent, read_sent},
	[MESSAGE_UNSENT] = {"unsent", MESSAGE_FROM_GATEWAY, write_sent, read_sent},
	[MESSAGE_FOREIGN] = {"foreign", MESSAGE_FROM_GATEWAY, write_foreign, read_foreign},
	[MESSAGE_STATS] = {"stats", MESSAGE_FROM_GATEWAY, write_stats, read_stats},
	[MESSAGE_BLOB] = {"blob", MESSAGE_FROM_GATEWAY, write_blob, read_blob},
	[MESSAGE_BYE] = {"bye", MESSAGE_FROM_GATEWAY, write_nothing, read_nothing},
	[MESSAGE_WELCOME] = {"welcome", MESSAGE_FROM_SERVER, write_welcome, read_welcome},
	[MESSAGE_STANDING] = {"standing", MESSAGE_FROM_SERVER, write_standing, read_standing},
	[MESSAGE_ANSWER] = {"answer", MESSAGE_FROM_SERVER, write_answer, read_answer},
	[MESSAGE_COMMAND] = {"command", MESSAGE_FROM_SERVER, write_command, read_command},
	[MESSAGE_CLOSE] = {"close", MESSAGE_FROM_SERVER, write_close, read_close},
	[MESSAGE_FAREWELL] = {"farewell", MESSAGE_FROM_SERVER, write_nothing, read_nothing},
	[MESSAGE_COURIER_HELLO] = {"courier_hello", MESSAGE_FROM_COURIER, write_courier_hello,
		read_courier_hello},
	[MESSAGE_RESULT] = {"result", MESSAGE_FROM_COURIER, write_result, read_result},
	[MESSAGE_WEATHER_TOLD] = {"weather_told", MESSAGE_FROM_COURIER, write_weather_told,
		read_weather_told},
	[MESSAGE_WEATHER_ASK] = {"weather_ask", MESSAGE_TO_COURIER, write_weather_ask,
		read_weather_ask},
	[MESSAGE_COURIER_WELCOME] = {"courier_welcome", MESSAGE_TO_COURIER, write_welcome,
		read_welcome},
	[MESSAGE_LOCATE_TOLD] = {"locate_told", MESSAGE_FROM_COURIER, write_locate_told,
		read_locate_told},
	[MESSAGE_LOCATE_ASK] = {"locate_ask", MESSAGE_TO_COURIER, write_locate_ask,
		read_locate_ask},
	[MESSAGE_WEBHOOK] = {"webhook", MESSAGE_TO_COURIER, write_webhook, read_webhook},
	[MESSAGE_MAIL] = {"mail", MESSAGE_TO_COURIER, write_mail, read_mail},
	[MESSAGE_MEDIA_HELLO] = {"media_hello", MESSAGE_FROM_MEDIA, write_media_hello,
		read_media_hello},
	[MESSAGE_MEDIA_OUTPUT] = {"media_output", MESSAGE_FROM_MEDIA, write_media_output,
		read_media_output},
	[MESSAGE_MEDIA_DONE] = {"media_done", MESSAGE_FROM_MEDIA, write_media_done,
		read_media_done},
	[MESSAGE_MEDIA_WELCOME] = {"media_welcome", MESSAGE_TO_MEDIA, write_welcome, read_welcome},
	[MESSAGE_MEDIA_INPUT] = {"media_input", MESSAGE_TO_MEDIA, write_media_input,
		read_media_input},
};

static const struct message_row *find_row(unsigned type)
{
	return type < COUNT_OF(rows) && rows[type].name != NULL ? &rows[type] : NULL;
}

enum rc message_write(
	const struct message *m, uint8_t *buf, size_t size, size_t *ret_n, struct err *e)
{
	const struct message_row *row = find_row(m->type);

	if (row == NULL)
		return fail(e, RC_BUG, "message: no type %u", (unsigned)m->type);
	struct out o = {.p = buf, .room = size};
	uint8_t *header = out_take(&o, MESSAGE_HEADER);
	row->write(&o, m);
	if (o.rc == RC_BUG)
		return fail(e, RC_BUG, "message: a field of %s is too long", row->name);
	if (o.rc != RC_OK || header == NULL)
		return fail(
			e, RC_LIMIT, "message: %s does not fit into %zu bytes", row->name, size);
	size_t body = o.n - MESSAGE_HEADER;
	if (body > MESSAGE_BODY_MAX)
		return fail(e, RC_BUG, "message: %s of %zu bytes", row->name, body);
	header[0] = (uint8_t)m->type;
	header[1] = (uint8_t)body;
	header[2] = (uint8_t)(body >> 8);
	*ret_n = o.n;
	return RC_OK;
}

enum rc message_read(struct view *in, enum message_side from, struct message *ret, struct err *e)
{
	uint64_t type = 0;
	uint64_t n = 0;
	struct view rest = *in;
	struct view body;

	if (!get_number(&rest, 1, &type) || !get_number(&rest, 2, &n))
		return fail(e, RC_SYNTAX, "message: header cut after %zu bytes", in->n);
	const struct message_row *row = find_row((unsigned)type);
	if (row == NULL || row->side != from)
		return fail(
			e, RC_SYNTAX, "message: type %u may not come from there", (unsigned)type);
	if (n > MESSAGE_BODY_MAX || !view_cut(&rest, (size_t)n, &body))
		return fail(e, RC_SYNTAX, "message: %s says %zu bytes, %zu are there", row->name,
			(size_t)n, rest.n);
	if (!row->read(&body, ret))
		return fail(e, RC_SYNTAX, "message: a field of %s is not allowed", row->name);
	if (body.n != 0)
		return fail(e, RC_SYNTAX, "message: %zu bytes left over in %s", body.n, row->name);
	ret->type = (enum message_type)type;
	*in = rest;
	return RC_OK;
}

enum message_side message_side_opposite(enum message_side side)
{
	static const enum message_side opposite[MESSAGE_SIDE_COUNT] = {
		[MESSAGE_FROM_GATEWAY] = MESSAGE_FROM_SERVER,
		[MESSAGE_FROM_SERVER] = MESSAGE_FROM_GATEWAY,
		[MESSAGE_FROM_COURIER] = MESSAGE_TO_COURIER,
		[MESSAGE_TO_COURIER] = MESSAGE_FROM_COURIER,
		[MESSAGE_FROM_MEDIA] = MESSAGE_TO_MEDIA,
		[MESSAGE_TO_MEDIA] = MESSAGE_FROM_MEDIA,
	};

	return opposite[side];
}

const char *message_name(enum message_type type)
{
	const struct message_row *row = find_row(type);

	return row == NULL ? "unknown" : row->name;
}

const char *standing_name(enum standing standing)
{
	static const char *const names[STANDING_COUNT] = {
		"pending", "unknown", "claiming", "bound"};

	return standing < STANDING_COUNT ? names[standing] : "unknown";
}

const char *close_reason_name(enum close_reason reason)
{
	static const char *const names[CLOSE_REASON_COUNT] = {
		[CLOSE_PEER] = "peer",
		[CLOSE_IDLE] = "idle",
		[CLOSE_FIRST_FRAME] = "no_first_frame",
		[CLOSE_SLOW_HEADER] = "slow_header",
		[CLOSE_SLOW_FRAME] = "slow_frame",
		[CLOSE_SLOW_BYTES] = "slow_bytes",
		[CLOSE_JUNK] = "junk",
		[CLOSE_FOREIGN] = "foreign",
		[CLOSE_OVERSIZE] = "oversize",
		[CLOSE_ID_CHANGED] = "id_changed",
		[CLOSE_SLOW_READER] = "slow_reader",
		[CLOSE_BUFFERS] = "no_buffers",
		[CLOSE_BY_SERVER] = "by_server",
		[CLOSE_STOP] = "stop",
		[CLOSE_MADE_ROOM] = "made_room",
	};

	return reason < CLOSE_REASON_COUNT ? names[reason] : "unknown";
}

void peer_to_text(const struct peer *peer, char ret_text[PEER_TEXT])
{
	static const uint8_t v4_prefix[12] = {[10] = 0xFF, [11] = 0xFF};
	char address[INET6_ADDRSTRLEN] = "?";

	if (memcmp(peer->address, v4_prefix, sizeof v4_prefix) == 0) {
		(void)inet_ntop(AF_INET, peer->address + sizeof v4_prefix, address, sizeof address);
		(void)snprintf(ret_text, PEER_TEXT, "%s:%u", address, (unsigned)peer->port);
		return;
	}
	(void)inet_ntop(AF_INET6, peer->address, address, sizeof address); /* cannot fail */
	(void)snprintf(ret_text, PEER_TEXT, "[%s]:%u", address, (unsigned)peer->port);
}
