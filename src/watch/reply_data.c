#include "watch/reply_data.h"

#include "base/time_text.h"
#include "base/utf8.h"
#include "watch/utf16.h"

enum {
	CODES = 4,
	FORECAST_CODE_MAX = 9,
	DEGREE_E6 = 1000000,
	E7_PER_E6 = 10,
	LAT_MAX_E7 = 900000000,
	LON_MAX_E7 = 1800000000,
};

/* 2015 to 2099: what a watch's clock can show. */
static const int64_t local_min_s = 1420070400;
static const int64_t local_max_s = 4102444799;

bool reply_has_data(enum reply_kind kind)
{
	return kind == REPLY_WEATHER || kind == REPLY_FORECAST || kind == REPLY_PLACE ||
	       kind == REPLY_ADDRESS || kind == REPLY_FRIEND;
}

/* ---- plain letters ---- */

/* Latin letters with accents, in the order of their code points from U+00C0 and U+0100. */
static const char *const latin_1[] = {"A", "A", "A", "A", "Ae", "A", "Ae", "C", "E", "E", "E", "E",
	"I", "I", "I", "I", "D", "N", "O", "O", "O", "O", "Oe", "x", "O", "U", "U", "U", "Ue", "Y",
	"Th", "ss", "a", "a", "a", "a", "ae", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i",
	"i", "d", "n", "o", "o", "o", "o", "oe", "/", "o", "u", "u", "u", "ue", "y", "th", "y"};
static const char latin_a[] =
	"AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIiIiJjKkkLlLlLlLlLlNnNnNnnNnOoOoOoOoRrRrRr"
	"SsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs";

/* What stands for c; NULL for nothing. *ret_n: how many characters. */
static const char *plain_of(uint32_t c, size_t *ret_n)
{
	static const char question[] = "?";

	*ret_n = 1;
	if (c == 0x2019 || c == 0x2018)
		return "'";
	if (c >= 0x2010 && c <= 0x2014)
		return "-";
	if (c >= 0xC0 && c < 0xC0 + COUNT_OF(latin_1)) {
		*ret_n = strlen(latin_1[c - 0xC0]);
		return latin_1[c - 0xC0];
	}
	if (c >= 0x100 && c < 0x100 + sizeof latin_a - 1)
		return &latin_a[c - 0x100];
	return question;
}

void reply_text_to_ascii(struct view text, char *ret, size_t size)
{
	size_t n = 0;
	uint32_t c = 0;

	while (utf8_next(&text, &c)) {
		char own[1] = {(char)c};
		size_t more = 1;
		bool is_plain = c >= ' ' && c < 0x7F;
		const char *p = is_plain ? own : plain_of(c, &more);
		if (n + more >= size)
			break;
		memcpy(ret + n, p, more);
		n += more;
	}
	ret[n] = '\0';
}

/* ---- checks ---- */

static enum rc check_text(const char *text, size_t size, const char *name, struct err *e)
{
	struct view v = {.p = text, .n = strnlen(text, size)};
	size_t units = 0;

	if (v.n == size)
		return fail(e, RC_LIMIT, "%s: over %zu bytes", name, size - 1);
	enum rc rc = utf16_count(v, &units, e);
	if (rc == RC_OK && (units == 0 || units > REPLY_TEXT_UNITS))
		rc = fail(e, RC_LIMIT, "%s: 1 to %d characters expected", name, REPLY_TEXT_UNITS);
	return rc;
}

static enum rc check_degrees(int degrees, struct err *e)
{
	return degrees >= -REPLY_DEGREES_MAX && degrees <= REPLY_DEGREES_MAX
		       ? RC_OK
		       : fail(e, RC_LIMIT, "weather: %d degrees", degrees);
}

static enum rc check_time(int64_t local_s, struct err *e)
{
	return local_s >= local_min_s && local_s <= local_max_s
		       ? RC_OK
		       : fail(e, RC_LIMIT, "weather: a time from 2015 to 2099 expected");
}

static enum rc check_weather(const struct reply_weather *w, struct err *e)
{
	enum rc rc = check_time(w->local_s, e);

	if (rc == RC_OK && w->code >= CODES)
		rc = fail(e, RC_LIMIT, "weather: code 0 to 3 expected");
	if (rc == RC_OK)
		rc = check_degrees(w->now, e);
	if (rc == RC_OK)
		rc = check_degrees(w->low, e);
	if (rc == RC_OK)
		rc = check_degrees(w->high, e);
	if (rc == RC_OK)
		rc = check_text(w->text, sizeof w->text, "weather", e);
	return rc == RC_OK ? check_text(w->city, sizeof w->city, "city", e) : rc;
}

static enum rc check_forecast(const struct reply_forecast *f, struct err *e)
{
	enum rc rc = check_time(f->local_s, e);

	if (rc == RC_OK)
		rc = check_degrees(f->now, e);
	if (rc == RC_OK)
		rc = check_text(f->city, sizeof f->city, "city", e);
	for (size_t i = 0; i < REPLY_FORECAST_DAYS && rc == RC_OK; i++) {
		const struct reply_day *d = &f->days[i];
		rc = check_degrees(d->low, e);
		if (rc == RC_OK)
			rc = check_degrees(d->high, e);
		if (rc == RC_OK && d->code > FORECAST_CODE_MAX)
			rc = fail(e, RC_LIMIT, "forecast: code 0 to 9 expected");
		if (rc == RC_OK)
			rc = check_text(d->text, sizeof d->text, "forecast", e);
	}
	return rc;
}

static enum rc check_place(const struct reply_place *p, struct err *e)
{
	return p->lat_e7 >= -LAT_MAX_E7 && p->lat_e7 <= LAT_MAX_E7 && p->lon_e7 >= -LON_MAX_E7 &&
			       p->lon_e7 <= LON_MAX_E7
		       ? RC_OK
		       : fail(e, RC_LIMIT, "place: not on earth");
}

static enum rc check_friend(const struct reply_friend *f, struct err *e)
{
	struct view id = {.p = f->id, .n = strnlen(f->id, sizeof f->id)};
	struct view number = {.p = f->number, .n = strnlen(f->number, sizeof f->number)};

	if (f->result > FRIEND_THIS_HAS_ONE || f->dialect >= DIALECT_COUNT)
		return fail(e, RC_SYNTAX, "friend: unknown result or dialect");
	if (f->result != FRIEND_MADE)
		return RC_OK;
	for (size_t i = 0; i < id.n; i++) {
		if (!ascii_is_alnum(id.p[i]))
			return fail(e, RC_SYNTAX, "friend: the ID of a watch expected");
	}
	if (id.n < FRAME_ID_MIN || id.n == sizeof f->id)
		return fail(e, RC_LIMIT, "friend: an ID of %d to %d characters expected",
			FRAME_ID_MIN, FRAME_ID_MAX);
	if (number.n == sizeof f->number || (number.n > 0 && !command_is_number(number)))
		return fail(e, RC_SYNTAX, "friend: not a phone number");
	if (strnlen(f->name, sizeof f->name) == sizeof f->name)
		return fail(e, RC_LIMIT, "friend: the name is too long");
	return f->name[0] == '\0' ? RC_OK : command_check_name(view_of(f->name), e);
}

enum rc reply_data_check(enum reply_kind kind, const struct reply_data *data, struct err *e)
{
	if (kind == REPLY_WEATHER)
		return check_weather(&data->weather, e);
	if (kind == REPLY_FORECAST)
		return check_forecast(&data->forecast, e);
	if (kind == REPLY_PLACE)
		return check_place(&data->place, e);
	if (kind == REPLY_ADDRESS)
		return check_text(data->address.text, sizeof data->address.text, "address", e);
	if (kind == REPLY_FRIEND)
		return check_friend(&data->friend, e);
	return fail(e, RC_BUG, "reply: no data in this kind");
}

/* ---- bytes ---- */

static void add_padded(struct content *out, unsigned value, size_t n)
{
	char digits[4];

	for (size_t i = n; i > 0; i--, value /= 10)
		digits[i - 1] = (char)('0' + value % 10);
	content_add(out, (struct view){.p = digits, .n = n});
}

static void add_date(struct content *out, int64_t local_s)
{
	struct civil c;

	civil_from_ms(local_s * 1000, &c);
	add_padded(out, (unsigned)c.year, 4);
	content_add(out, VIEW("-"));
	add_padded(out, c.month, 2);
	content_add(out, VIEW("-"));
	add_padded(out, c.day, 2);
}

static void add_clock(struct content *out, int64_t local_s)
{
	struct civil c;

	civil_from_ms(local_s * 1000, &c);
	content_add(out, VIEW(","));
	add_padded(out, c.hour, 2);
	content_add(out, VIEW(":"));
	add_padded(out, c.min, 2);
	content_add(out, VIEW(":"));
	add_padded(out, c.sec, 2);
	content_add(out, VIEW(","));
}

static void add_value(struct content *out, int64_t value)
{
	content_add(out, VIEW(","));
	content_add_number(out, value);
}

/* GB2312 in hex: of it, ASCII only. */
static void add_gb(struct content *out, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	char plain[2 * REPLY_TEXT_MAX + 1];

	reply_text_to_ascii(view_of(text), plain, sizeof plain);
	for (const char *p = plain; *p != '\0'; p++) {
		const char digits[2] = {hex[(uint8_t)*p >> 4], hex[*p & 15]};
		content_add(out, (struct view){.p = digits, .n = sizeof digits});
	}
}

static void write_weather(const struct reply_weather *w, bool is_yisai, struct content *out)
{
	content_add(out, VIEW("WT,"));
	add_date(out, w->local_s);
	add_clock(out, w->local_s);
	if (is_yisai)
		utf16_add(out, view_of(w->text));
	else
		add_gb(out, w->text);
	add_value(out, w->code);
	add_value(out, w->now);
	add_value(out, w->low);
	add_value(out, w->high);
	content_add(out, VIEW(","));
	utf16_add(out, view_of(w->city));
}

/* High before low, and no date before today (section 9.10). */
static void write_forecast(const struct reply_forecast *f, struct content *out)
{
	content_add(out, VIEW("WT_FUTR,"));
	add_date(out, f->local_s);
	add_clock(out, f->local_s);
	utf16_add(out, view_of(f->city));
	add_value(out, f->now);
	for (unsigned i = 0; i < REPLY_FORECAST_DAYS; i++) {
		const struct reply_day *d = &f->days[i];
		content_add(out, VIEW(","));
		if (i > 0) {
			add_date(out, f->local_s + (int64_t)i * 86400);
			content_add(out, VIEW(","));
		}
		utf16_add(out, view_of(d->text));
		add_value(out, d->code);
		add_value(out, d->high);
		add_value(out, d->low);
	}
}

/* Degrees with six decimals. */
static void add_degrees(struct content *out, int32_t e7)
{
	int32_t e6 = e7 / E7_PER_E6;
	unsigned magnitude = (unsigned)(e6 < 0 ? -e6 : e6);

	if (e6 < 0)
		content_add(out, VIEW("-"));
	content_add_number(out, magnitude / DEGREE_E6);
	content_add(out, VIEW("."));
	add_padded(out, magnitude % DEGREE_E6 / 1000, 3);
	add_padded(out, magnitude % 1000, 3);
}

static void write_place(const struct reply_place *p, struct content *out)
{
	content_add(out, VIEW("RG,BASE,"));
	add_degrees(out, p->lat_e7);
	content_add(out, VIEW(",N,"));
	add_degrees(out, p->lon_e7);
	content_add(out, VIEW(",E"));
}

static enum rc write_friend(
	const struct reply_friend *f, bool is_yisai, struct content *out, struct err *e)
{
	bool is_own_form =
		f->dialect == DIALECT_YISAI || (f->dialect == DIALECT_BY_VENDOR && is_yisai);

	if (is_own_form && f->result != FRIEND_MADE)
		return fail(e, RC_SYNTAX, "friend: yisai watches are only told of a new friend");
	if (is_own_form)
		content_add(out, VIEW("PP,"));
	else if (f->dialect == DIALECT_V32)
		content_add(out, VIEW("pp,"));
	if (f->result != FRIEND_MADE) {
		content_add_number(out, f->result);
		return RC_OK;
	}
	content_add(out, view_of(f->id));
	if (is_own_form) {
		content_add(out, VIEW(","));
		utf16_add(out, view_of(f->name));
		content_add(out, VIEW(","));
		content_add(out, view_of(f->number));
	}
	return RC_OK;
}

enum rc reply_data_write(enum reply_kind kind, const struct reply_data *data, bool is_yisai,
	struct content *out, struct err *e)
{
	enum rc rc = reply_data_check(kind, data, e);

	if (rc != RC_OK)
		return rc;
	if (kind == REPLY_WEATHER) {
		write_weather(&data->weather, is_yisai, out);
	} else if (kind == REPLY_FORECAST) {
		write_forecast(&data->forecast, out);
	} else if (kind == REPLY_PLACE) {
		write_place(&data->place, out);
	} else if (kind == REPLY_ADDRESS) {
		content_add(out, data->address.is_gps ? VIEW("RAD,GPS,") : VIEW("RAD,BASE,"));
		add_gb(out, data->address.text);
	} else {
		rc = write_friend(&data->friend, is_yisai, out, e);
	}
	return rc;
}

/* ---- between roles ---- */

static void pack_text(struct pack_out *o, const char *text)
{
	size_t n = strlen(text);

	pack_u8(o, (uint8_t)n); /* at most REPLY_TEXT_MAX */
	pack_bytes(o, text, n);
}

static void unpack_text(struct pack_in *in, char *dst, size_t size)
{
	struct view v = unpack_bytes(in, unpack_uint(in, size - 1));

	in->is_bad = in->is_bad || !view_to_text(v, dst, size);
}

static int8_t unpack_degrees(struct pack_in *in)
{
	return (int8_t)unpack_int(in, -REPLY_DEGREES_MAX, REPLY_DEGREES_MAX);
}

static void pack_forecast(struct pack_out *o, const struct reply_forecast *f)
{
	pack_int(o, f->local_s);
	pack_int(o, f->now);
	pack_text(o, f->city);
	for (size_t i = 0; i < REPLY_FORECAST_DAYS; i++) {
		pack_u8(o, f->days[i].code);
		pack_int(o, f->days[i].low);
		pack_int(o, f->days[i].high);
		pack_text(o, f->days[i].text);
	}
}

static void unpack_forecast(struct pack_in *in, struct reply_forecast *f)
{
	f->local_s = unpack_int(in, local_min_s, local_max_s);
	f->now = unpack_degrees(in);
	unpack_text(in, f->city, sizeof f->city);
	for (size_t i = 0; i < REPLY_FORECAST_DAYS; i++) {
		f->days[i].code = unpack_u8(in);
		f->days[i].low = unpack_degrees(in);
		f->days[i].high = unpack_degrees(in);
		unpack_text(in, f->days[i].text, sizeof f->days[i].text);
	}
}

void reply_data_pack(struct pack_out *o, enum reply_kind kind, const struct reply_data *data)
{
	if (kind == REPLY_WEATHER) {
		const struct reply_weather *w = &data->weather;
		pack_int(o, w->local_s);
		pack_u8(o, w->code);
		pack_int(o, w->now);
		pack_int(o, w->low);
		pack_int(o, w->high);
		pack_text(o, w->text);
		pack_text(o, w->city);
	} else if (kind == REPLY_FORECAST) {
		pack_forecast(o, &data->forecast);
	} else if (kind == REPLY_PLACE) {
		pack_i32(o, data->place.lat_e7);
		pack_i32(o, data->place.lon_e7);
	} else if (kind == REPLY_ADDRESS) {
		pack_u8(o, data->address.is_gps);
		pack_text(o, data->address.text);
	} else if (kind == REPLY_FRIEND) {
		pack_u8(o, data->friend.result);
		pack_u8(o, data->friend.dialect);
		pack_text(o, data->friend.id);
		pack_text(o, data->friend.name);
		pack_text(o, data->friend.number);
	}
}

void reply_data_unpack(struct pack_in *in, enum reply_kind kind, struct reply_data *ret)
{
	*ret = (struct reply_data){.place = {0}};
	if (kind == REPLY_WEATHER) {
		struct reply_weather *w = &ret->weather;
		w->local_s = unpack_int(in, local_min_s, local_max_s);
		w->code = unpack_u8(in);
		w->now = unpack_degrees(in);
		w->low = unpack_degrees(in);
		w->high = unpack_degrees(in);
		unpack_text(in, w->text, sizeof w->text);
		unpack_text(in, w->city, sizeof w->city);
	} else if (kind == REPLY_FORECAST) {
		unpack_forecast(in, &ret->forecast);
	} else if (kind == REPLY_PLACE) {
		ret->place.lat_e7 = unpack_i32(in, LAT_MAX_E7);
		ret->place.lon_e7 = unpack_i32(in, LON_MAX_E7);
	} else if (kind == REPLY_ADDRESS) {
		ret->address.is_gps = unpack_uint(in, 1) == 1;
		unpack_text(in, ret->address.text, sizeof ret->address.text);
	} else if (kind == REPLY_FRIEND) {
		ret->friend.result = unpack_u8(in);
		ret->friend.dialect = unpack_u8(in);
		unpack_text(in, ret->friend.id, sizeof ret->friend.id);
		unpack_text(in, ret->friend.name, sizeof ret->friend.name);
		unpack_text(in, ret->friend.number, sizeof ret->friend.number);
	}
	if (!in->is_bad && reply_data_check(kind, ret, NULL) != RC_OK)
		in->is_bad = true;
}
