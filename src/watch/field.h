/* How each type of field of a command is checked, written, read and packed: a row a type, and the
 * walk over the fields of a definition is the same for all kinds. Used by the command files only.
 * Pure. */
#pragma once

#include "watch/command.h"
#include "watch/encode.h"
#include "watch/pack.h"

/* Which member says how many values a repeated field has. */
enum field_counter { COUNTER_NONE, COUNTER_LIST, COUNTER_ENTRIES };

/* What a value's writer and reader must know besides the command. */
struct field_at {
	const struct command_definition *definition;
	const struct command_field *field;
	unsigned i;    /* which value of a repeated field */
	bool is_yisai; /* writing: which dialect */
	char stop;     /* reading: what ends the value */
};

struct field_codec {
	enum field_counter counter;
	enum rc (*check)(const struct command *c, const struct field_at *at, struct err *e);
	void (*write)(struct content *out, const struct command *c, const struct field_at *at);
	enum rc (*read)(
		struct view *in, struct command *c, const struct field_at *at, struct err *e);
	void (*pack)(struct pack_out *o, const struct command *c, const struct field_at *at);
	void (*unpack)(struct pack_in *in, struct command *c, const struct field_at *at);
};

extern const struct field_codec codec_fixed, codec_flag, codec_int, codec_enum, codec_decimal,
	codec_count, codec_language, codec_zone;
extern const struct field_codec codec_phone, codec_name, codec_entry, codec_text, codec_word,
	codec_host, codec_digits, codec_mac;
extern const struct field_codec codec_hhmm, codec_days, codec_window, codec_window_days,
	codec_alarm, codec_point, codec_app, codec_periods, codec_lessons;
extern const struct field_codec codec_audio, codec_picture;

/* Never NULL for a type. */
const struct field_codec *field_codec(enum command_param type);

/* The next value: up to at->stop. RC_SYNTAX when there is none. */
MUST_CHECK enum rc field_value(
	struct view *in, const struct field_at *at, struct view *ret, struct err *e);
/* RC_NOT_FOUND with its message: not the form that we send. */
enum rc field_not_ours(struct err *e);
