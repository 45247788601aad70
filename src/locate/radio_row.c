#include "locate/radio_row.h"

#include "base/num.h"

static const struct {
	const char *name;
	enum radio_column column;
} names[] = {
	{"radio", COLUMN_RADIO},
	{"mcc", COLUMN_MCC},
	{"net", COLUMN_MNC},
	{"mnc", COLUMN_MNC},
	{"area", COLUMN_LAC},
	{"lac", COLUMN_LAC},
	{"cell", COLUMN_CID},
	{"cid", COLUMN_CID},
	{"cellid", COLUMN_CID},
	{"lat", COLUMN_LAT},
	{"latitude", COLUMN_LAT},
	{"currentlatitude", COLUMN_LAT},
	{"trilat", COLUMN_LAT},
	{"lon", COLUMN_LON},
	{"lng", COLUMN_LON},
	{"longitude", COLUMN_LON},
	{"currentlongitude", COLUMN_LON},
	{"trilong", COLUMN_LON},
	{"range", COLUMN_RANGE},
	{"radius", COLUMN_RANGE},
	{"samples", COLUMN_SAMPLES},
	{"mac", COLUMN_MAC},
	{"bssid", COLUMN_MAC},
	{"netid", COLUMN_MAC},
	{"ssid", COLUMN_SSID},
	{"type", COLUMN_TYPE},
};

static const enum radio_column opencellid[] = {COLUMN_RADIO, COLUMN_MCC, COLUMN_MNC, COLUMN_LAC,
	COLUMN_CID, COLUMN_COUNT, COLUMN_LON, COLUMN_LAT, COLUMN_RANGE, COLUMN_SAMPLES};

static const int64_t lat_max_e7 = 900000000;
static const int64_t lon_max_e7 = 1800000000;

static void forget(struct radio_columns *c)
{
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		c->at[i] = -1;
	c->is_points = false;
}

void radio_columns_init(struct radio_columns *ret)
{
	forget(ret);
	for (size_t i = 0; i < COUNT_OF(opencellid); i++) {
		if (opencellid[i] != COLUMN_COUNT)
			ret->at[opencellid[i]] = (int)i;
	}
}

/* The next field; one in quotes may hold commas. False behind the last. */
static bool cut_cell(struct view *line, bool *is_end, struct view *ret)
{
	if (*is_end)
		return false;
	size_t n = 0;
	if (line->n > 0 && line->p[0] == '"') {
		struct view rest = {.p = line->p + 1, .n = line->n - 1};
		n = 1 + view_find(rest, '"');
		while (n + 1 < line->n && line->p[n + 1] != ',')
			n++;
		n = n < line->n ? n + 1 : line->n;
	} else {
		n = view_find(*line, ',');
	}
	*ret = (struct view){.p = line->p, .n = n};
	*is_end = n >= line->n;
	size_t step = *is_end ? line->n : n + 1;
	line->p += step;
	line->n -= step;
	*ret = view_trim(*ret);
	if (ret->n >= 2 && ret->p[0] == '"' && ret->p[ret->n - 1] == '"')
		*ret = (struct view){.p = ret->p + 1, .n = ret->n - 2};
	return true;
}

static size_t split(struct view line, struct view ret[RADIO_FIELDS_MAX])
{
	bool is_end = false;
	size_t n = 0;

	while (n < RADIO_FIELDS_MAX && cut_cell(&line, &is_end, &ret[n]))
		n++;
	return n;
}

static bool read_names(const struct view *f, size_t n, struct radio_columns *ret)
{
	struct radio_columns found;

	forget(&found);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < COUNT_OF(names); k++) {
			if (view_is_nocase(f[i], view_of(names[k].name)) &&
				found.at[names[k].column] < 0)
				found.at[names[k].column] = (int)i;
		}
	}
	bool has_place = found.at[COLUMN_LAT] >= 0 && found.at[COLUMN_LON] >= 0;
	bool is_cells = found.at[COLUMN_MCC] >= 0 && found.at[COLUMN_MNC] >= 0 &&
			found.at[COLUMN_LAC] >= 0 && found.at[COLUMN_CID] >= 0;
	found.is_points = !is_cells && found.at[COLUMN_MAC] >= 0;
	if (!has_place || (!is_cells && !found.is_points))
		return false;
	*ret = found;
	return true;
}

/* A column of this line; empty when it is not there. */
static struct view field(
	const struct radio_columns *c, enum radio_column which, const struct view *f, size_t n)
{
	int at = c->at[which];

	return at >= 0 && (size_t)at < n ? f[at] : VIEW("");
}

static enum rc read_degrees(
	struct view v, int64_t max_e7, const char *what, int32_t *ret, struct err *e)
{
	int64_t value = 0;

	if (num_decimal(v, 7, -max_e7, max_e7, &value, NULL) != RC_OK)
		return fail(e, RC_SYNTAX, "no %s in degrees", what);
	*ret = (int32_t)value;
	return RC_OK;
}

/* Of columns that may be empty, or have a fraction. */
static uint32_t read_count(struct view v, uint32_t max)
{
	int64_t value = 0;

	if (num_decimal(v, 0, 0, UINT32_MAX, &value, NULL) != RC_OK)
		return 0;
	return value > max ? max : (uint32_t)value;
}

static enum rc read_place(const struct radio_columns *c, const struct view *f, size_t n,
	struct radio_row *ret, struct err *e)
{
	enum rc rc = read_degrees(
		field(c, COLUMN_LAT, f, n), lat_max_e7, "latitude", &ret->at.lat_e7, e);

	if (rc == RC_OK)
		rc = read_degrees(
			field(c, COLUMN_LON, f, n), lon_max_e7, "longitude", &ret->at.lon_e7, e);
	if (rc == RC_OK && ret->at.lat_e7 == 0 && ret->at.lon_e7 == 0)
		return fail(e, RC_SYNTAX, "its place is 0,0");
	ret->range_m = read_count(field(c, COLUMN_RANGE, f, n), RADIO_RANGE_MAX_M);
	ret->samples = read_count(field(c, COLUMN_SAMPLES, f, n), UINT32_MAX);
	return rc;
}

/* Kinds of cells that no watch here reports, or whose numbers are of another form. */
static bool is_other_radio(struct view radio)
{
	static const char *const others[] = {"CDMA", "NR", "NBIOT", "TDSCDMA"};

	for (size_t i = 0; i < COUNT_OF(others); i++) {
		if (view_is_nocase(radio, view_of(others[i])))
			return true;
	}
	return false;
}

static bool is_known_radio(struct view radio)
{
	static const char *const known[] = {"", "GSM", "UMTS", "WCDMA", "LTE"};

	for (size_t i = 0; i < COUNT_OF(known); i++) {
		if (view_is_nocase(radio, view_of(known[i])))
			return true;
	}
	return false;
}

static enum rc read_cell(const struct radio_columns *c, const struct view *f, size_t n,
	struct radio_row *ret, struct err *e)
{
	static const struct {
		enum radio_column column;
		const char *name;
	} parts[] = {{COLUMN_MCC, "mcc"}, {COLUMN_MNC, "net"}, {COLUMN_LAC, "area"},
		{COLUMN_CID, "cell"}};
	struct view radio = field(c, COLUMN_RADIO, f, n);
	uint32_t v[COUNT_OF(parts)] = {0};

	ret->kind = ROW_SKIPPED;
	if (is_other_radio(radio))
		return RC_OK;
	if (!is_known_radio(radio))
		return fail(e, RC_SYNTAX, "the radio is none of GSM, UMTS, LTE");
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		if (num_u32(field(c, parts[i].column, f, n), UINT32_MAX, &v[i], NULL) != RC_OK)
			return fail(e, RC_SYNTAX, "%s is no number", parts[i].name);
	}
	if (!radio_cell_key(v[0], v[1], v[2], v[3], &ret->key))
		return fail(e, RC_SYNTAX, "%u,%u,%u,%u is no cell", v[0], v[1], v[2], v[3]);
	ret->kind = ROW_CELL;
	return read_place(c, f, n, ret, e);
}

static bool read_mac(struct view v, uint8_t ret[6])
{
	size_t step = v.n == 17 ? 3 : 2;

	if (v.n != 17 && v.n != 12)
		return false;
	for (size_t i = 0; i < 6; i++) {
		int high = ascii_hex(v.p[step * i]);
		int low = ascii_hex(v.p[step * i + 1]);
		if (high < 0 || low < 0)
			return false;
		if (step == 3 && i < 5 && v.p[3 * i + 2] != ':' && v.p[3 * i + 2] != '-')
			return false;
		ret[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static enum rc read_point(const struct radio_columns *c, const struct view *f, size_t n,
	struct radio_row *ret, struct err *e)
{
	struct view type = field(c, COLUMN_TYPE, f, n);
	uint8_t mac[6] = {0};

	ret->kind = ROW_SKIPPED;
	if (type.n > 0 && !view_is_nocase(type, VIEW("WIFI")) &&
		!view_is_nocase(type, VIEW("infra")))
		return RC_OK;
	if (!read_mac(field(c, COLUMN_MAC, f, n), mac) || !radio_point_key(mac, &ret->key))
		return fail(e, RC_SYNTAX, "no address of an access point");
	if (radio_is_private(field(c, COLUMN_SSID, f, n)) || radio_is_made_up(mac))
		return RC_OK;
	ret->kind = ROW_POINT;
	return read_place(c, f, n, ret, e);
}

enum rc radio_row_read(
	struct radio_columns *columns, struct view line, struct radio_row *ret, struct err *e)
{
	struct view f[RADIO_FIELDS_MAX];

	*ret = (struct radio_row){.kind = ROW_NOTE};
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	if (line.n == 0 || line.p[0] == '#' || view_starts_nocase(line, VIEW("WigleWifi-")))
		return RC_OK;
	if (line.n > RADIO_LINE_MAX)
		return fail(e, RC_SYNTAX, "longer than %d bytes", RADIO_LINE_MAX);
	if (view_find(line, '\0') < line.n)
		return fail(e, RC_SYNTAX, "it has zero bytes");
	size_t n = split(line, f);
	if (read_names(f, n, columns))
		return RC_OK;
	return columns->is_points ? read_point(columns, f, n, ret, e)
				  : read_cell(columns, f, n, ret, e);
}

bool radio_cell_key(uint32_t mcc, uint32_t mnc, uint32_t lac, uint32_t cid, uint64_t *ret)
{
	if (mcc == 0 || mcc > RADIO_MCC_MAX || mnc > RADIO_MNC_MAX || lac == 0 ||
		lac >= RADIO_LAC_MAX - 1 || cid == 0 || cid >= RADIO_CID_MAX || cid == 0xffff)
		return false;
	*ret = (uint64_t)mcc << 54 | (uint64_t)mnc << 44 | (uint64_t)lac << 28 | cid;
	return true;
}

bool radio_point_key(const uint8_t mac[6], uint64_t *ret)
{
	uint64_t key = 0;

	for (size_t i = 0; i < 6; i++)
		key = key << 8 | mac[i];
	*ret = key;
	return key != 0 && (mac[0] & 1u) == 0;
}

bool radio_is_made_up(const uint8_t mac[6])
{
	return (mac[0] & 2u) != 0;
}

bool radio_is_private(struct view ssid)
{

	size_t end = sizeof("_nomap") - 1;

	if (ssid.n >= end &&
		view_is_nocase((struct view){.p = ssid.p + ssid.n - end, .n = end}, VIEW("_nomap")))
		return true;
	for (size_t i = 0; i + sizeof("_optout") - 1 <= ssid.n; i++) {
		if (view_starts_nocase(
			    (struct view){.p = ssid.p + i, .n = ssid.n - i}, VIEW("_optout")))
			return true;
	}
	return false;
}
