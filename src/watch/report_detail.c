#include "watch/report_detail.h"

#include "watch/fields.h"
#include "watch/position.h"
#include "watch/utf16.h"

enum { MAC_TEXT = 17, MAC_BYTES = 6, ITEM_MAX = 64 };

/* ---- requests ---- */

static const struct {
	const char *keyword;
	enum report_request request;
} requests[] = {
	{"WT", REQUEST_WEATHER},
	{"WT_LTE", REQUEST_WEATHER},
	{"WT2", REQUEST_WEATHER},
	{"WT_FUTR", REQUEST_FORECAST},
	{"WAD", REQUEST_ADDRESS},
	{"WG", REQUEST_PLACE},
	{"PP", REQUEST_FRIEND_ADD},
	{"PPQ", REQUEST_FRIEND_LIST},
	{"PPR", REQUEST_FRIEND_REMOVE},
	{"PHLQ", REQUEST_BOOK_WHOLE},
	{"PHBQ", REQUEST_BOOK},
	{"SOSQ", REQUEST_SOS},
	{"REMINDQ", REQUEST_ALARM_CLOCKS},
	{"SCHEDULEQ", REQUEST_TIMETABLE},
	{"TKQ", REQUEST_VOICE},
	{"TKQ2", REQUEST_VOICE_FRIEND},
	{"WDIMGQ", REQUEST_PICTURES},
	{"TIME", REQUEST_TIME},
	{"LGZONE", REQUEST_ZONE},
	{"DEVPWDCHECKBIND", REQUEST_BOUND},
	{"DLT", REQUEST_UNBIND},
	{"UPVCALLAPP", REQUEST_VIDEO_CALL},
	{"UPGVUL", REQUEST_VIDEO_CALL},
	{"UPGCUL", REQUEST_VIDEO_CALL},
};

/* Of these a frame with parameters is our own answer that came back. */
static bool is_bare_only(enum report_request request)
{
	return request == REQUEST_TIME || request == REQUEST_BOUND;
}

enum report_request report_request(const struct report *r)
{
	if (r->kind != REPORT_POSITION && r->kind != REPORT_OTHER)
		return REQUEST_NONE;
	for (size_t i = 0; i < COUNT_OF(requests); i++) {
		if (strcmp(r->keyword, requests[i].keyword) != 0)
			continue;
		bool is_echo = is_bare_only(requests[i].request) && r->text.n > 0;
		return is_echo ? REQUEST_NONE : requests[i].request;
	}
	return REQUEST_NONE;
}

const char *report_request_name(enum report_request request)
{
	static const char *const names[REQUEST_COUNT] = {
		[REQUEST_NONE] = NULL,
		[REQUEST_WEATHER] = "weather",
		[REQUEST_FORECAST] = "forecast",
		[REQUEST_ADDRESS] = "address",
		[REQUEST_PLACE] = "place",
		[REQUEST_FRIEND_ADD] = "friend_add",
		[REQUEST_FRIEND_LIST] = "friend_list",
		[REQUEST_FRIEND_REMOVE] = "friend_remove",
		[REQUEST_BOOK_WHOLE] = "book_whole",
		[REQUEST_BOOK] = "book",
		[REQUEST_SOS] = "sos_numbers",
		[REQUEST_ALARM_CLOCKS] = "alarm_clocks",
		[REQUEST_TIMETABLE] = "timetable",
		[REQUEST_VOICE] = "voice",
		[REQUEST_VOICE_FRIEND] = "voice_friend",
		[REQUEST_PICTURES] = "pictures",
		[REQUEST_TIME] = "time",
		[REQUEST_ZONE] = "zone",
		[REQUEST_BOUND] = "bound",
		[REQUEST_UNBIND] = "unbind",
		[REQUEST_VIDEO_CALL] = "video_call",
	};

	return request < REQUEST_COUNT ? names[request] : NULL;
}

/* ---- calls ---- */

static bool is_keyword(const struct report *r, const char *keyword)
{
	return strcmp(r->keyword, keyword) == 0;
}

/* A number as it may stand in a list of calls; anything else is withheld. */
static void read_number(struct view v, char ret[REPORT_NUMBER_MAX + 1])
{
	ret[0] = '\0';
	for (size_t i = 0; i < v.n; i++) {
		if (!ascii_is_digit(v.p[i]) && v.p[i] != '*' && v.p[i] != '#' &&
			(v.p[i] != '+' || i > 0))
			return;
	}
	(void)!view_to_text(v, ret, REPORT_NUMBER_MAX + 1);
}

/* UTF-16 in hex; "" for what cannot be read or shown. */
static size_t read_name(struct view hex, char *ret, size_t size)
{
	size_t n = 0;
	size_t units = 0;

	ret[0] = '\0';
	if (utf16_read(hex, ret, size - 1, &n, NULL) != RC_OK ||
		utf16_count((struct view){.p = ret, .n = n}, &units, NULL) != RC_OK)
		n = 0;
	ret[n] = '\0';
	return n;
}

/* 1 or 2. */
static bool read_choice(struct view v, bool *ret_is_second)
{
	v = field_trim(v);
	*ret_is_second = view_is(v, VIEW("2"));
	return *ret_is_second || view_is(v, VIEW("1"));
}

bool report_call(const struct report *r, struct report_call *ret)
{
	struct view text = r->text;
	struct view f[6];
	struct report_call c = {.number = ""};
	uint64_t start_s = 0;
	bool is_missed = false;

	if (!is_keyword(r, "CALLLOG") || r->kind != REPORT_OTHER)
		return false;
	for (size_t i = 0; i < COUNT_OF(f); i++) {
		if (!field_cut(&text, &f[i]))
			return false;
	}
	if (!read_choice(f[2], &c.is_outgoing) || !read_choice(f[3], &is_missed) ||
		num_u64(field_trim(f[4]), UINT32_MAX, &start_s, NULL) != RC_OK)
		return false;
	if (num_u32(field_trim(f[5]), UINT32_MAX, &c.duration_s, NULL) != RC_OK)
		c.duration_s = 0;
	read_number(field_trim(f[0]), c.number);
	(void)read_name(field_trim(f[1]), c.name, sizeof c.name);
	c.is_connected = !is_missed;
	c.started_ms = (int64_t)start_s * 1000;
	*ret = c;
	return true;
}

/* ---- Wi-Fi ---- */

static void set_ssid(struct report_network *n, struct view v)
{
	n->ssid_n = (uint8_t)(v.n < REPORT_SSID_MAX ? v.n : REPORT_SSID_MAX);
	if (n->ssid_n > 0)
		memcpy(n->ssid, v.p, n->ssid_n);
}

/* Where the next MAC begins; v.n when there is none. A name may hold commas, so that a MAC is what
 * ends it. */
static size_t find_mac(struct view v)
{
	uint8_t mac[MAC_BYTES];

	for (size_t i = 0; i + MAC_TEXT <= v.n; i++) {
		bool is_start = i == 0 || v.p[i - 1] == ',';
		bool is_end = i + MAC_TEXT == v.n || v.p[i + MAC_TEXT] == ',';
		if (is_start && is_end &&
			wifi_mac_read((struct view){.p = v.p + i, .n = MAC_TEXT}, mac))
			return i;
	}
	return v.n;
}

/* count,(SSID,BSSID)…: as many as are there, whatever the count says. */
static size_t read_found(struct view text, struct report_network *ret, size_t max)
{
	struct view count;
	size_t n = 0;

	if (!field_cut(&text, &count))
		return 0;
	while (n < max && text.p != NULL && text.n > 0) {
		size_t at = find_mac(text);
		struct report_network *found = &ret[n];
		if (at == text.n)
			break;
		*found = (struct report_network){.has_mac = true};
		if (at > 0)
			set_ssid(found, (struct view){.p = text.p, .n = at - 1});
		(void)!wifi_mac_read((struct view){.p = text.p + at, .n = MAC_TEXT}, found->mac);
		size_t used = at + MAC_TEXT < text.n ? at + MAC_TEXT + 1 : text.n;
		text = (struct view){.p = text.p + used, .n = text.n - used};
		n++;
	}
	return n;
}

/* id,ssid[,bssid] */
static size_t read_current(struct view text, struct report_network *ret)
{
	struct view id;

	*ret = (struct report_network){.ssid_n = 0};
	if (!field_cut(&text, &id) || (id.n == 0 && text.p == NULL))
		return 0;
	for (size_t i = 0; i < id.n; i++) {
		if (id.p[i] <= ' ' || id.p[i] >= 0x7F)
			id.n = 0;
	}
	if (!view_to_text(id, ret->id, sizeof ret->id))
		ret->id[0] = '\0';
	if (text.p == NULL)
		return 1;
	size_t at = find_mac(text);
	ret->has_mac = at < text.n &&
		       wifi_mac_read((struct view){.p = text.p + at, .n = MAC_TEXT}, ret->mac);
	set_ssid(ret, (struct view){.p = text.p, .n = ret->has_mac && at > 0 ? at - 1 : at});
	return 1;
}

/* WIFIINFOUP: report_read has put name and address into the list, and dropped the password. */
static size_t read_told(const struct report *r, struct report_network *ret)
{
	if (r->wifi_n == 0)
		return 0;
	*ret = (struct report_network){.has_mac = true};
	memcpy(ret->mac, r->wifi[0].mac, sizeof ret->mac);
	set_ssid(ret, (struct view){.p = r->wifi[0].ssid, .n = r->wifi[0].ssid_n});
	return 1;
}

size_t report_networks(const struct report *r, struct report_network *ret, size_t max)
{
	if (max == 0 || (r->kind != REPORT_ANSWER && r->kind != REPORT_OTHER))
		return 0;
	if (is_keyword(r, "WIFIINFOUP"))
		return read_told(r, ret);
	if (r->text.n == 0)
		return 0;
	if (is_keyword(r, "WIFISEARCH"))
		return read_found(r->text, ret, max);
	if (is_keyword(r, "WIFICUR") || is_keyword(r, "WIFISET") || is_keyword(r, "WIFIDEL"))
		return read_current(r->text, ret);
	return 0;
}

/* ---- pairs ---- */

bool report_next_pair(
	const struct report *r, size_t *at, struct view *ret_key, struct view *ret_value)
{
	bool is_status = is_keyword(r, "TS");
	struct view item;
	struct view key;

	if (!is_status && !is_keyword(r, "CONFIG"))
		return false;
	while (*at < r->text.n) {
		struct view rest = {.p = r->text.p + *at, .n = r->text.n - *at};
		size_t n = view_find(rest, is_status ? ';' : ',');
		*at += n + 1;
		item = view_trim((struct view){.p = rest.p, .n = n});
		if (!view_cut_until(&item, ':', ITEM_MAX, &key))
			continue;
		*ret_key = view_trim(key);
		*ret_value = view_trim(item);
		return true;
	}
	return false;
}

bool report_pair(const struct report *r, const char *key, struct view *ret)
{
	struct view found;
	struct view value;

	for (size_t at = 0; report_next_pair(r, &at, &found, &value);) {
		if (view_is_nocase(found, view_of(key))) {
			*ret = value;
			return true;
		}
	}
	return false;
}

/* ---- capabilities ---- */

static bool read_u32(const struct report *r, const char *key, uint32_t max, uint32_t *ret)
{
	struct view v;

	return report_pair(r, key, &v) && num_u32(v, max, ret, NULL) == RC_OK;
}

/* A switch: any number but 0 is yes. */
static void read_switch(
	const struct report *r, const char *key, enum config_has bit, uint32_t *has, bool *ret)
{
	uint32_t value = 0;

	if (!read_u32(r, key, UINT32_MAX, &value))
		return;
	*ret = value != 0;
	*has |= bit;
}

static void read_digit(
	const struct report *r, const char *key, enum config_has bit, uint32_t *has, uint8_t *ret)
{
	uint32_t value = 0;

	if (!read_u32(r, key, 9, &value))
		return;
	*ret = (uint8_t)value; /* at most 9 */
	*has |= bit;
}

/* C405 says 60000: a minute in milliseconds. */
static void read_upload(const struct report *r, struct report_config *c)
{
	uint32_t value = 0;

	if (!read_u32(r, "UL", UINT32_MAX, &value))
		return;
	c->upload_s = value >= 10000 && value % 1000 == 0 ? value / 1000 : value;
	c->has |= CONFIG_HAS_UPLOAD;
}

static void read_fall_levels(const struct report *r, struct report_config *c)
{
	struct view v;
	struct view level;
	uint32_t n[2] = {0};

	if (!report_pair(r, "LS", &v) || !view_cut_until(&v, '+', 2, &level) ||
		num_u32(level, 99, &n[0], NULL) != RC_OK || num_u32(v, 99, &n[1], NULL) != RC_OK ||
		n[0] > n[1])
		return;
	c->fall_level = (uint8_t)n[0]; /* at most 99 */
	c->fall_levels = (uint8_t)n[1];
	c->has |= CONFIG_HAS_FALL_LEVELS;
}

static void read_book(const struct report *r, struct report_config *c)
{
	static const uint8_t entries[] = {0, 10, 15, 30, 100};
	uint32_t value = 0;

	if (!read_u32(r, "TB", 99, &value))
		return;
	c->is_book_unknown = value >= COUNT_OF(entries);
	c->book_entries = c->is_book_unknown ? entries[1] : entries[value];
	c->has |= CONFIG_HAS_BOOK;
}

static void read_languages(const struct report *r, struct report_config *c)
{
	struct view v;
	struct view item;
	uint32_t n = 0;

	if (!report_pair(r, "LG", &v))
		return;
	while (view_cut_field(&v, '+', &item)) {
		if (num_u32(item, REPORT_LANGUAGES_MAX, &n, NULL) == RC_OK)
			c->languages |= UINT64_C(1) << n;
	}
	if (c->languages != 0)
		c->has |= CONFIG_HAS_LANGUAGES;
}

static struct view word_of(const struct report *r, const char *key)
{
	struct view v;

	if (!report_pair(r, key, &v) || v.n > ITEM_MAX)
		return (struct view){.p = NULL, .n = 0};
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] <= ' ' || v.p[i] >= 0x7F)
			return (struct view){.p = NULL, .n = 0};
	}
	return v;
}

bool report_config(const struct report *r, struct report_config *ret)
{
	struct report_config c = {.has = 0};

	if (!is_keyword(r, "CONFIG") || r->kind != REPORT_OTHER || r->text.n == 0)
		return false;
	c.is_positional = view_find(r->text, ':') == r->text.n;
	read_upload(r, &c);
	read_switch(r, "CM", CONFIG_HAS_CAMERA, &c.has, &c.has_camera);
	read_digit(r, "DD", CONFIG_HAS_PILLS, &c.has, &c.pills);
	read_fall_levels(r, &c);
	read_book(r, &c);
	read_digit(r, "BT", CONFIG_HAS_THERMOMETER, &c.has, &c.thermometer);
	read_switch(r, "TM", CONFIG_HAS_TEMPERATURE_TIMES, &c.has, &c.has_temperature_times);
	read_switch(r, "BW", CONFIG_HAS_TEMPERATURE_LIMITS, &c.has, &c.has_temperature_limits);
	read_languages(r, &c);
	read_switch(r, "HR", CONFIG_HAS_HEART, &c.has, &c.has_heart);
	read_switch(r, "BO", CONFIG_HAS_OXYGEN, &c.has, &c.has_oxygen);
	read_digit(r, "JT", CONFIG_HAS_ANSWER_MODE, &c.has, &c.answer_mode);
	read_switch(r, "VC", CONFIG_HAS_VIDEO, &c.has, &c.has_video);
	read_switch(r, "SY", CONFIG_HAS_EDUCATION, &c.has, &c.has_education);
	c.model = word_of(r, "TY");
	c.os = word_of(r, "OS");
	c.chip = word_of(r, "CHIP");
	c.version = word_of(r, "VR");
	if (c.version.n == 0)
		c.version = word_of(r, "RV");
	*ret = c;
	return true;
}
