/* Answers that carry the server's data: weather, forecast, places, addresses, friends (protocol
 * sections 2.1, 5). Whoever knows the data fills struct reply_data, points a struct reply to it and
 * gives that to the link; the gateway writes it in the form that the watch reads. Pure.
 *
 *   struct reply_data data = {.weather = {…}};
 *   struct reply reply = {.kind = REPLY_WEATHER, .data = &data};
 */
#pragma once

#include "watch/command.h"
#include "watch/encode.h"
#include "watch/pack.h"
#include "watch/reply.h"

enum {
	REPLY_TEXT_MAX = 120,  /* bytes of UTF-8 of a text */
	REPLY_TEXT_UNITS = 40, /* … and its UTF-16 units */
	REPLY_FORECAST_DAYS = 4,
	REPLY_DEGREES_MAX = 60, /* both ways */
};

/* Days and times are the watch's own: seconds since 1970 as its clock shows them. */
struct reply_weather {
	int64_t local_s;
	uint8_t code;                  /* 0 clear, 1 cloudy, 2 rain, 3 snow */
	int8_t now, low, high;         /* degrees Celsius */
	char text[REPLY_TEXT_MAX + 1]; /* what people read; in ASCII letters for all but yisai */
	char city[REPLY_TEXT_MAX + 1];
};

struct reply_day {
	uint8_t code; /* 0..9 */
	int8_t low, high;
	char text[REPLY_TEXT_MAX + 1];
};

/* WT_FUTR, yisai: today and the three days after it. */
struct reply_forecast {
	int64_t local_s;
	int8_t now;
	char city[REPLY_TEXT_MAX + 1];
	struct reply_day days[REPLY_FORECAST_DAYS];
};

struct reply_place {
	int32_t lat_e7, lon_e7;
};

struct reply_address {
	bool is_gps; /* else from the cells */
	char text[REPLY_TEXT_MAX + 1];
};

enum reply_friend_result { FRIEND_MADE, FRIEND_OTHER_HAS_ONE, FRIEND_THIS_HAS_ONE };

struct reply_friend {
	uint8_t result;  /* enum reply_friend_result */
	uint8_t dialect; /* enum command_dialect: V32 is pp,result; by vendor: bare, or yisai's */
	char id[FRAME_ID_MAX + 1];           /* MADE: of the friend's watch */
	char name[COMMAND_NAME_BYTES + 1];   /* MADE, yisai: UTF-8 */
	char number[COMMAND_NUMBER_MAX + 1]; /* MADE, yisai; may be empty */
};

/* One of them, by the kind of the reply. */
struct reply_data {
	union {
		struct reply_weather weather;
		struct reply_forecast forecast;
		struct reply_place place;
		struct reply_address address;
		struct reply_friend friend;
	};
};

/* True for the kinds that need data. */
bool reply_has_data(enum reply_kind kind);
/* RC_SYNTAX or RC_LIMIT for what cannot be sent. */
MUST_CHECK enum rc reply_data_check(
	enum reply_kind kind, const struct reply_data *data, struct err *e);

/* For reply.c. */
MUST_CHECK enum rc reply_data_write(enum reply_kind kind, const struct reply_data *data,
	bool is_yisai, struct content *out, struct err *e);
void reply_data_pack(struct pack_out *o, enum reply_kind kind, const struct reply_data *data);
/* Hostile: in.is_bad, or reply_data_check says no. */
void reply_data_unpack(struct pack_in *in, enum reply_kind kind, struct reply_data *ret);

/* text in printable ASCII without the signs that a frame cannot hold: letters with accents lose
 * them (ä is ae, é is e), the rest becomes ?. Used where a watch reads GB2312, of which ASCII is a
 * part. Always ends with NUL; cut to size. */
void reply_text_to_ascii(struct view text, char *ret, size_t size);
