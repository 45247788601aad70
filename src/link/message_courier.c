/* The messages between server and courier. */
#include "link/message_bytes.h"

void write_courier_hello(struct out *o, const struct message *m)
{
	put_u64(o, m->courier_hello.epoch);
	put_number(o, m->courier_hello.busy, 2);
}

bool read_courier_hello(struct view *in, struct message *ret)
{
	uint64_t busy = 0;

	if (!get_u64(in, &ret->courier_hello.epoch) || ret->courier_hello.epoch == 0 ||
		!get_number(in, 2, &busy))
		return false;
	ret->courier_hello.busy = (uint16_t)busy;
	return true;
}

void write_result(struct out *o, const struct message *m)
{
	put_bytes(o, m->result.item.b, UID_BYTES);
	put_number(o, m->result.attempt, 4);
	put_u8(o, m->result.outcome);
	put_number(o, m->result.code, 2);
}

static bool get_attempt(struct view *in, uint32_t *ret)
{
	uint64_t attempt = 0;

	if (!get_number(in, 4, &attempt))
		return false;
	*ret = (uint32_t)attempt;
	return true;
}

bool read_result(struct view *in, struct message *ret)
{
	unsigned outcome = 0;
	uint64_t code = 0;

	if (!get_uid(in, &ret->result.item) || !get_attempt(in, &ret->result.attempt) ||
		!get_choice(in, COURIER_OUTCOME_COUNT, &outcome) || outcome == COURIER_NONE ||
		!get_number(in, 2, &code))
		return false;
	ret->result.outcome = (enum courier_outcome)outcome;
	ret->result.code = (uint16_t)code;
	return true;
}

static void put_body(struct out *o, struct view body)
{
	if (body.n > COURIER_BODY_MAX && o->rc == RC_OK)
		o->rc = RC_BUG;
	put_payload(o, body);
}

static bool get_body(struct view *in, struct view *ret)
{
	return get_payload(in, ret) && ret->n <= COURIER_BODY_MAX;
}

void write_webhook(struct out *o, const struct message *m)
{
	const struct message_webhook *w = &m->webhook;

	put_bytes(o, w->item.b, UID_BYTES);
	put_number(o, w->attempt, 4);
	put_bytes(o, w->event.b, UID_BYTES);
	put_long_text(o, w->url, COURIER_URL_MAX);
	put_long_text(o, w->digest, COURIER_HEADER_MAX);
	put_long_text(o, w->signature_input, COURIER_HEADER_MAX);
	put_long_text(o, w->signature, COURIER_HEADER_MAX);
	put_body(o, w->body);
}

bool read_webhook(struct view *in, struct message *ret)
{
	struct message_webhook *w = &ret->webhook;

	return get_uid(in, &w->item) && get_attempt(in, &w->attempt) && get_uid(in, &w->event) &&
	       get_long_text(in, COURIER_URL_MAX, &w->url) &&
	       get_long_text(in, COURIER_HEADER_MAX, &w->digest) &&
	       get_long_text(in, COURIER_HEADER_MAX, &w->signature_input) &&
	       get_long_text(in, COURIER_HEADER_MAX, &w->signature) && get_body(in, &w->body);
}

void write_mail(struct out *o, const struct message *m)
{
	put_bytes(o, m->mail.item.b, UID_BYTES);
	put_number(o, m->mail.attempt, 4);
	put_long_text(o, m->mail.to, COURIER_TO_MAX);
	put_long_text(o, m->mail.subject, COURIER_SUBJECT_MAX);
	put_body(o, m->mail.text);
}

bool read_mail(struct view *in, struct message *ret)
{
	return get_uid(in, &ret->mail.item) && get_attempt(in, &ret->mail.attempt) &&
	       get_long_text(in, COURIER_TO_MAX, &ret->mail.to) &&
	       get_long_text(in, COURIER_SUBJECT_MAX, &ret->mail.subject) &&
	       get_body(in, &ret->mail.text);
}

enum { LAT_MAX_D = 900, LON_MAX_D = 1800 };

static void put_place(struct out *o, int16_t lat_d, int16_t lon_d)
{
	if ((lat_d < -LAT_MAX_D || lat_d > LAT_MAX_D || lon_d < -LON_MAX_D || lon_d > LON_MAX_D) &&
		o->rc == RC_OK)
		o->rc = RC_BUG;
	put_number(o, (uint16_t)lat_d, 2);
	put_number(o, (uint16_t)lon_d, 2);
}

static bool get_place(struct view *in, int16_t *ret_lat_d, int16_t *ret_lon_d)
{
	uint64_t lat = 0;
	uint64_t lon = 0;

	if (!get_number(in, 2, &lat) || !get_number(in, 2, &lon))
		return false;
	*ret_lat_d = (int16_t)lat;
	*ret_lon_d = (int16_t)lon;
	return *ret_lat_d >= -LAT_MAX_D && *ret_lat_d <= LAT_MAX_D && *ret_lon_d >= -LON_MAX_D &&
	       *ret_lon_d <= LON_MAX_D;
}

void write_weather_ask(struct out *o, const struct message *m)
{
	put_place(o, m->weather_ask.lat_d, m->weather_ask.lon_d);
}

bool read_weather_ask(struct view *in, struct message *ret)
{
	return get_place(in, &ret->weather_ask.lat_d, &ret->weather_ask.lon_d);
}

static bool get_degrees(struct view *in, int8_t *ret)
{
	uint64_t value = 0;

	if (!get_number(in, 1, &value))
		return false;
	*ret = (int8_t)value;
	return *ret >= -WEATHER_DEGREES_MAX && *ret <= WEATHER_DEGREES_MAX;
}

static bool get_weather(struct view *in, uint8_t *ret)
{
	unsigned code = 0;

	if (!get_choice(in, WEATHER_CODE_COUNT, &code))
		return false;
	*ret = (uint8_t)code;
	return true;
}

void write_weather_told(struct out *o, const struct message *m)
{
	const struct message_weather_told *w = &m->weather_told;

	put_place(o, w->lat_d, w->lon_d);
	put_u8(o, w->is_good);
	if (!w->is_good)
		return;
	if ((w->days_n < 1 || w->days_n > WEATHER_DAYS) && o->rc == RC_OK)
		o->rc = RC_BUG;
	put_u8(o, w->code);
	put_number(o, (uint8_t)w->now, 1);
	put_u8(o, w->days_n);
	for (unsigned i = 0; i < w->days_n && o->rc == RC_OK; i++) {
		put_u8(o, w->days[i].code);
		put_number(o, (uint8_t)w->days[i].low, 1);
		put_number(o, (uint8_t)w->days[i].high, 1);
	}
}

bool read_weather_told(struct view *in, struct message *ret)
{
	struct message_weather_told *w = &ret->weather_told;
	unsigned is_good = 0;
	unsigned days_n = 0;

	*w = (struct message_weather_told){.lat_d = 0};
	if (!get_place(in, &w->lat_d, &w->lon_d) || !get_choice(in, 2, &is_good))
		return false;
	w->is_good = is_good != 0;
	if (!w->is_good)
		return true;
	if (!get_weather(in, &w->code) || !get_degrees(in, &w->now) ||
		!get_choice(in, WEATHER_DAYS + 1, &days_n) || days_n == 0)
		return false;
	w->days_n = (uint8_t)days_n;
	for (unsigned i = 0; i < days_n; i++) {
		if (!get_weather(in, &w->days[i].code) || !get_degrees(in, &w->days[i].low) ||
			!get_degrees(in, &w->days[i].high))
			return false;
	}
	return true;
}

const char *courier_outcome_name(enum courier_outcome o)
{
	static const char *const names[COURIER_OUTCOME_COUNT] = {
		[COURIER_NONE] = "none",
		[COURIER_DONE] = "done",
		[COURIER_BAD_URL] = "bad_url",
		[COURIER_NO_NAME] = "no_name",
		[COURIER_FORBIDDEN] = "forbidden_address",
		[COURIER_CONNECT] = "no_connection",
		[COURIER_TLS] = "no_trusted_tls",
		[COURIER_TIMEOUT] = "timeout",
		[COURIER_STATUS] = "refused",
		[COURIER_SIGN_IN] = "sign_in",
		[COURIER_NOT_SET_UP] = "not_set_up",
		[COURIER_QUOTA] = "quota",
		[COURIER_BUSY] = "busy",
		[COURIER_LOST] = "lost",
		[COURIER_BROKEN] = "broken",
	};

	return o < COURIER_OUTCOME_COUNT ? names[o] : "unknown";
}
