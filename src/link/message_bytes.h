/* How numbers, texts and ids stand in a message of a link: little endian, lengths first. Used by
 * message.c, message_courier.c and message_media.c alone. Pure. */
#pragma once

#include "link/message.h"

/* ---- numbers and texts, outwards: a cursor whose failure is sticky ---- */

struct out {
	uint8_t *p;
	size_t room;
	size_t n;
	enum rc rc;
};

static inline uint8_t *out_take(struct out *o, size_t n)
{
	if (o->rc != RC_OK)
		return NULL;
	if (n > o->room) {
		o->rc = RC_LIMIT;
		return NULL;
	}
	uint8_t *at = o->p;
	o->p += n;
	o->room -= n;
	o->n += n;
	return at;
}

/* The low `bytes` bytes of value, lowest first. */
static inline void put_number(struct out *o, uint64_t value, size_t bytes)
{
	uint8_t *at = out_take(o, bytes);

	for (size_t i = 0; at != NULL && i < bytes; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

static inline void put_u8(struct out *o, unsigned value)
{
	put_number(o, value, 1);
}

static inline void put_u64(struct out *o, uint64_t value)
{
	put_number(o, value, 8);
}

static inline void put_bytes(struct out *o, const void *bytes, size_t n)
{
	uint8_t *at = out_take(o, n);

	if (at != NULL && n > 0)
		memcpy(at, bytes, n);
}

static inline void put_text(struct out *o, struct view text, size_t max)
{
	if (text.n > max && o->rc == RC_OK)
		o->rc = RC_BUG;
	put_u8(o, (unsigned)text.n);
	put_bytes(o, text.p, text.n);
}

static inline void put_payload(struct out *o, struct view payload)
{
	if (payload.n > MESSAGE_PAYLOAD_MAX && o->rc == RC_OK)
		o->rc = RC_BUG;
	put_number(o, payload.n, 2);
	put_bytes(o, payload.p, payload.n);
}

/* ---- inwards: each getter moves *in and is false when the bytes are missing or not allowed ----
 */

static inline bool get_number(struct view *in, size_t bytes, uint64_t *ret)
{
	struct view head;
	uint64_t value = 0;

	if (!view_cut(in, bytes, &head))
		return false;
	for (size_t i = 0; i < bytes; i++)
		value |= (uint64_t)(uint8_t)head.p[i] << (8 * i);
	*ret = value;
	return true;
}

static inline bool get_u64(struct view *in, uint64_t *ret)
{
	return get_number(in, 8, ret);
}

/* A number below `count`: the value of an enum. */
static inline bool get_choice(struct view *in, uint64_t count, unsigned *ret)
{
	uint64_t value = 0;

	if (!get_number(in, 1, &value) || value >= count)
		return false;
	*ret = (unsigned)value;
	return true;
}

static inline bool get_payload(struct view *in, struct view *ret)
{
	uint64_t n = 0;

	return get_number(in, 2, &n) && n <= MESSAGE_PAYLOAD_MAX && view_cut(in, (size_t)n, ret);
}

static inline bool get_uid(struct view *in, struct uid *ret)
{
	struct view bytes;

	if (!view_cut(in, UID_BYTES, &bytes))
		return false;
	memcpy(ret->b, bytes.p, UID_BYTES);
	return true;
}

/* A text with a length of two bytes. */
static inline void put_long_text(struct out *o, struct view text, size_t max)
{
	if (text.n > max && o->rc == RC_OK)
		o->rc = RC_BUG;
	put_number(o, text.n, 2);
	put_bytes(o, text.p, text.n);
}

/* 1..max bytes, none of them a control character. */
static inline bool get_long_text(struct view *in, size_t max, struct view *ret)
{
	uint64_t n = 0;

	if (!get_number(in, 2, &n) || n == 0 || n > max || !view_cut(in, (size_t)n, ret))
		return false;
	for (size_t i = 0; i < ret->n; i++) {
		if ((unsigned char)ret->p[i] < ' ' || ret->p[i] == 0x7F)
			return false;
	}
	return true;
}

typedef void body_write_fn(struct out *o, const struct message *m);
typedef bool body_read_fn(struct view *in, struct message *ret);

/* message_locate.c */
body_write_fn write_locate_ask, write_locate_told;
body_read_fn read_locate_ask, read_locate_told;
/* message_courier.c */
body_write_fn write_courier_hello, write_result, write_webhook, write_mail, write_weather_ask,
	write_weather_told;
body_read_fn read_courier_hello, read_result, read_webhook, read_mail, read_weather_ask,
	read_weather_told;
/* message_media.c */
body_write_fn write_media_hello, write_media_input, write_media_output, write_media_done;
body_read_fn read_media_hello, read_media_input, read_media_output, read_media_done;
