#include "watch/fields.h"
#include "watch/position.h"

enum {
	COUNT_MAX = 32,
	FIELDS_MAX = 128, /* of the list: names may hold commas */
	MAC_TEXT = 17,
};

enum mac { MAC_NONE, MAC_GOOD, MAC_DAMAGED, MAC_BLANK };

struct fields {
	struct view f[FIELDS_MAX];
	size_t n;
};

static bool is_mac_sign(char c)
{
	return c == ':' || c == '-';
}

bool wifi_mac_read(struct view v, uint8_t ret[6])
{
	if (v.n != MAC_TEXT)
		return false;
	for (size_t i = 0; i < 6; i++) {
		int high = ascii_hex(v.p[3 * i]);
		int low = ascii_hex(v.p[3 * i + 1]);
		if (high < 0 || low < 0 || (i < 5 && !is_mac_sign(v.p[3 * i + 2])))
			return false;
		ret[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* Made of the characters of an address, with most of its signs. */
static bool is_mac_shaped(struct view v)
{
	size_t signs = 0;

	if (v.n < 8 || v.n > 24)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		if (is_mac_sign(v.p[i]))
			signs++;
		else if (ascii_hex(v.p[i]) < 0 && v.p[i] != '.')
			return false;
	}
	return signs >= 4;
}

static enum mac mac_of(struct view v, uint8_t ret[6])
{
	v = field_trim(v);
	if (wifi_mac_read(v, ret))
		return memcmp(ret, "\0\0\0\0\0\0", 6) == 0 ? MAC_BLANK : MAC_GOOD;
	if (v.n == 0 || (v.n == 1 && v.p[0] == '0'))
		return MAC_BLANK;
	return is_mac_shaped(v) ? MAC_DAMAGED : MAC_NONE;
}

/* A level: a whole number. yisai sends it positive; stronger than any radio is no level. */
static bool read_level(struct view v, struct wifi *ret)
{
	int64_t level = 0;

	if (num_i64(field_trim(v), -9999, 9999, &level, NULL) != RC_OK)
		return false;
	level = level > 0 ? -level : level;
	ret->has_rssi = level >= INT8_MIN;
	ret->rssi_dbm = (int8_t)(ret->has_rssi ? level : 0);
	return true;
}

/* Adds the entry: name from the start of one field to the end of another. */
static void add_entry(struct report *r, enum mac mac, const struct wifi *entry, struct view from,
	struct view to, struct wifi_list *list)
{
	list->blanks += mac == MAC_BLANK ? 1 : 0;
	if (mac != MAC_GOOD || r->wifi_n >= REPORT_WIFI_MAX)
		return;
	struct wifi *w = &r->wifi[r->wifi_n++];
	size_t n = (size_t)(to.p + to.n - from.p);
	n = n < REPORT_SSID_MAX ? n : REPORT_SSID_MAX;
	memcpy(w->mac, entry->mac, sizeof w->mac);
	w->rssi_dbm = entry->rssi_dbm;
	w->has_rssi = entry->has_rssi;
	w->ssid_n = (uint8_t)n;
	memcpy(w->ssid, from.p, n);
}

/* Entries of three fields each, the address at `mac_at` (1: name,MAC,level; 0: MAC,level,name of
 * some RTOS watches). False, and the list is empty, when one does not fit. */
static bool read_triples(
	const struct fields *in, size_t mac_at, struct report *r, struct wifi_list *list)
{
	struct wifi entry;

	r->wifi_n = 0;
	list->blanks = 0;
	for (size_t at = 0; at + 3 <= in->n && at < 3 * (size_t)list->count; at += 3) {
		const struct view *f = in->f + at;
		struct view name = f[mac_at == 1 ? 0 : 2];
		enum mac mac = mac_of(f[mac_at], entry.mac);
		bool is_level = read_level(f[mac_at + 1], &entry);
		if (!is_level && field_trim(f[mac_at + 1]).n == 0) {
			entry.has_rssi = false;
			is_level = true;
		}
		if (mac == MAC_NONE || !is_level || (mac_at == 0 && mac != MAC_GOOD)) {
			r->wifi_n = 0;
			return false;
		}
		add_entry(r, mac, &entry, name, name, list);
	}
	list->left = in->n - 3 * (size_t)list->count;
	return true;
}

/* Where the address of the entry that starts at `start` stands: an address with a level behind it.
 */
static bool find_entry(const struct fields *in, size_t start, size_t *ret_at, enum mac *ret_mac,
	struct wifi *entry)
{
	for (size_t i = start + 1; i + 1 < in->n; i++) {
		enum mac mac = mac_of(in->f[i], entry->mac);
		if (mac == MAC_NONE || (mac == MAC_BLANK && i != start + 1))
			continue;
		if (!read_level(in->f[i + 1], entry))
			continue;
		*ret_at = i;
		*ret_mac = mac;
		return true;
	}
	return false;
}

/* Names with commas shift the fields: go from address to address. */
static bool read_by_address(const struct fields *in, struct report *r, struct wifi_list *list)
{
	size_t start = 0;

	list->blanks = 0;
	for (uint32_t i = 0; i < list->count; i++) {
		size_t at = 0;
		enum mac mac = MAC_NONE;
		struct wifi entry;
		if (!find_entry(in, start, &at, &mac, &entry)) {
			r->wifi_n = 0;
			return false;
		}
		add_entry(r, mac, &entry, in->f[start], in->f[at - 1], list);
		start = at + 2;
	}
	list->left = in->n - start;
	list->last = start < in->n ? in->f[start] : (struct view){.p = NULL, .n = 0};
	return true;
}

static bool read_entries(struct view in, struct report *r, struct wifi_list *list)
{
	struct fields fields;
	size_t plain = 3 * (size_t)list->count;

	for (fields.n = 0; fields.n < FIELDS_MAX && field_cut(&in, &fields.f[fields.n]);)
		fields.n++;
	if (in.p != NULL)
		return false;
	if ((fields.n == plain || fields.n == plain + 1) &&
		(read_triples(&fields, 1, r, list) || read_triples(&fields, 0, r, list))) {
		list->last = fields.n > plain ? fields.f[plain] : (struct view){.p = NULL, .n = 0};
		return true;
	}
	return read_by_address(&fields, r, list);
}

struct wifi_list wifi_read(struct view in, struct report *r)
{
	struct wifi_list list = {.fits = false};
	struct view f;
	struct view ignored;

	r->wifi_n = 0;
	if (!field_cut(&in, &f))
		return list;
	f = field_trim(f);
	if (f.n > 0 && num_u32(f, COUNT_MAX, &list.count, NULL) != RC_OK)
		return list;
	list.is_counted = f.n > 0;
	if (list.count > 0) {
		list.fits = read_entries(in, r, &list);
		return list;
	}
	list.fits = true;
	if (in.p != NULL)
		list.last = (struct view){.p = in.p, .n = view_find(in, ',')};
	while (field_cut(&in, &ignored))
		list.left++;
	return list;
}
