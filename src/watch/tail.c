#include "watch/fields.h"
#include "watch/position.h"

enum {
	COUNT_MAX =
		32, /* more cells or access points than this in one report are taken for garbage */
	TA_UNKNOWN = 255,
	LAC_MAX = 65535,
	CID_MAX = (1 << 28) - 1,
	ACCURACY_MAX_DM = 1000000,
	NETWORK_FIELDS = 3, /* TA, MCC, MNC */
	CDMA_FIELDS = 3,
};

struct network {
	bool is_known;
	uint16_t mcc;
	char mnc[4];
};

/* ---- GSM … LTE cells ---- */

static bool has_hex_letter(struct view v)
{
	for (size_t i = 0; i < v.n; i++) {
		char c = ascii_lower(v.p[i]);
		if (c >= 'a' && c <= 'f')
			return true;
	}
	return false;
}

static struct network network_of(struct view mcc, struct view mnc)
{
	struct network net = {.is_known = false};
	uint32_t value = 0;
	uint32_t ignored = 0;

	mcc = field_trim(mcc);
	mnc = field_trim(mnc);
	if (num_u32(mcc, 999, &value, NULL) != RC_OK || num_u32(mnc, 999, &ignored, NULL) != RC_OK)
		return net;
	net.mcc = (uint16_t)value;
	net.is_known = view_to_text(mnc, net.mnc, sizeof net.mnc);
	return net;
}

/* Unknown, reserved or out of range: no cell. */
static bool is_cell(uint32_t lac, uint32_t cid)
{
	return lac < LAC_MAX - 1 && cid < CID_MAX && cid != 0xFFFF && cid != 0xFFFE;
}

static bool read_area(struct view lac, struct view cid, struct cell *ret)
{
	lac = field_trim(lac);
	cid = field_trim(cid);
	if (has_hex_letter(lac) || has_hex_letter(cid))
		return num_hex32(lac, &ret->lac, NULL) == RC_OK &&
		       num_hex32(cid, &ret->cid, NULL) == RC_OK;
	return num_u32(lac, UINT32_MAX, &ret->lac, NULL) == RC_OK &&
	       num_u32(cid, UINT32_MAX, &ret->cid, NULL) == RC_OK;
}

static void add_cell(struct report *r, const struct network *net, const struct view f[3])
{
	int64_t level = 0;

	if (r->cells_n >= REPORT_CELLS_MAX || !net->is_known)
		return;
	struct cell *cell = &r->cells[r->cells_n];
	if (!read_area(f[0], f[1], cell) || !is_cell(cell->lac, cell->cid))
		return;
	cell->mcc = net->mcc;
	memcpy(cell->mnc, net->mnc, sizeof cell->mnc);
	cell->has_rssi = num_i64(field_trim(f[2]), -200, 255, &level, NULL) == RC_OK;
	cell->rssi = (int16_t)level;
	r->cells_n++;
}

static bool cut_fields(struct view *in, struct view *ret, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!field_cut(in, &ret[i]))
			return false;
	}
	return true;
}

/* TA, MCC, MNC and `count` cells. */
static bool read_cells(struct view *in, uint32_t count, struct report *r)
{
	struct view f[3];
	uint32_t ta = TA_UNKNOWN;

	if (!cut_fields(in, f, NETWORK_FIELDS))
		return false;
	if (num_u32(field_trim(f[0]), TA_UNKNOWN, &ta, NULL) == RC_OK && ta != TA_UNKNOWN)
		r->has |= REPORT_HAS_TA;
	r->ta = (uint8_t)ta;
	struct network net = network_of(f[1], f[2]);
	if (!net.is_known)
		report_miss(r, REPORT_BAD_CELLS);
	for (uint32_t i = 0; i < count; i++) {
		if (!cut_fields(in, f, COUNT_OF(f))) {
			r->cells_n = 0;
			return false;
		}
		add_cell(r, &net, f);
	}
	return true;
}

bool cells_read(struct view *in, struct report *r)
{
	struct view f;
	uint32_t count = 0;

	return field_cut(in, &f) && num_u32(field_trim(f), COUNT_MAX, &count, NULL) == RC_OK &&
	       count > 0 && read_cells(in, count, r);
}

/* ---- CDMA ---- */

static void cdma_number(struct view v, uint8_t bit, struct cdma *c, uint32_t *ret)
{
	if (num_u32(field_trim(v), UINT32_MAX, ret, NULL) == RC_OK)
		c->has = (uint8_t)(c->has | bit);
}

static void read_cdma_ids(const struct view f[3], struct cdma *c)
{
	cdma_number(f[0], CDMA_HAS_SID, c, &c->sid);
	cdma_number(f[1], CDMA_HAS_NID, c, &c->nid);
	cdma_number(f[2], CDMA_HAS_BID, c, &c->bid);
}

/* count,TA,MCC,MNC and then SID,NID,BID (V32); the other layout has no three-digit MCC as third
 * field. */
static bool is_long_cdma(struct view in, struct view f[4])
{
	uint32_t value = 0;

	return cut_fields(&in, f, 4) && num_u32(field_trim(f[0]), 7, &value, NULL) == RC_OK &&
	       field_trim(f[2]).n == 3 && num_u32(field_trim(f[2]), 799, &value, NULL) == RC_OK &&
	       value >= 200;
}

static void skip_fields(struct view *in, size_t n)
{
	struct view ignored;

	for (size_t i = 0; i < n && field_cut(in, &ignored); i++)
		;
}

static void read_long_cdma(struct view *in, const struct view f[4], struct report *r)
{
	struct view ids[CDMA_FIELDS];
	uint32_t count = 0;
	struct network net = network_of(f[2], f[3]);

	skip_fields(in, 4);
	if (num_u32(field_trim(f[0]), 7, &count, NULL) != RC_OK || count == 0)
		return;
	if (!cut_fields(in, ids, COUNT_OF(ids))) {
		report_miss(r, REPORT_BAD_CELLS);
		return;
	}
	read_cdma_ids(ids, &r->cdma);
	if (net.is_known) {
		r->cdma.has |= CDMA_HAS_NETWORK;
		r->cdma.mcc = net.mcc;
		memcpy(r->cdma.mnc, net.mnc, sizeof net.mnc);
	}
}

static void read_short_cdma(struct view *in, struct report *r)
{
	struct view f[4];
	int64_t signal = 0;

	if (!cut_fields(in, f, COUNT_OF(f))) {
		report_miss(r, REPORT_BAD_CELLS);
		*in = (struct view){.p = NULL, .n = 0};
		return;
	}
	read_cdma_ids(f, &r->cdma);
	if (num_i64(field_trim(f[3]), INT16_MIN, INT16_MAX, &signal, NULL) == RC_OK) {
		r->cdma.has |= CDMA_HAS_SIGNAL;
		r->cdma.signal = (int16_t)signal;
	}
}

static void read_cdma(struct view *in, struct report *r)
{
	struct view f[4];

	r->cdma = (struct cdma){.has = 0};
	if (is_long_cdma(*in, f))
		read_long_cdma(in, f, r);
	else
		read_short_cdma(in, r);
	if (r->cdma.has != 0)
		r->has |= REPORT_HAS_CDMA;
}

/* ---- Wi-Fi and accuracy ---- */

/* The last field belongs to the fix when exactly one number is left. 0 stands for unknown. */
static void read_accuracy(const struct wifi_list *list, struct report *r)
{
	int64_t accuracy = 0;

	if (!list->is_counted || list->left != 1 ||
		num_decimal(field_trim(list->last), 1, 0, ACCURACY_MAX_DM, &accuracy, NULL) !=
			RC_OK ||
		accuracy == 0)
		return;
	r->accuracy_dm = (uint32_t)accuracy; /* at most ACCURACY_MAX_DM */
	r->has |= REPORT_HAS_ACCURACY;
}

static void read_wifi(struct view in, struct report *r)
{
	struct wifi_list list = wifi_read(in, r);

	if (list.fits)
		read_accuracy(&list, r);
	else
		report_miss(r, REPORT_BAD_WIFI);
}

/* After a cell count of 0: a list right here (yisai), or behind TA, MCC, MNC. */
static void read_after_no_cells(struct view in, struct report *r)
{
	struct wifi_list list = wifi_read(in, r);
	int64_t ignored = 0;

	bool is_list = list.fits && list.is_counted &&
		       (list.count == 0 || list.blanks < list.count) && list.left <= 1 &&
		       (list.left == 0 || num_decimal(field_trim(list.last), 1, 0, ACCURACY_MAX_DM,
						  &ignored, NULL) == RC_OK);
	if (is_list) {
		read_accuracy(&list, r);
		return;
	}
	r->wifi_n = 0;
	skip_fields(&in, NETWORK_FIELDS);
	if (in.p != NULL)
		read_wifi(in, r);
}

static bool is_cdma(const struct report *r)
{
	size_t n = strlen(r->keyword);

	return n > 5 && memcmp(r->keyword + n - 5, "_CDMA", 5) == 0;
}

void tail_read(struct view tail, struct report *r)
{
	struct view f;
	uint32_t count = 0;

	if (r->keyword[2] == '_' && is_cdma(r)) {
		read_cdma(&tail, r);
	} else {
		if (!field_cut(&tail, &f))
			return;
		f = field_trim(f);
		if (f.n > 0 && num_u32(f, COUNT_MAX, &count, NULL) != RC_OK) {
			report_miss(r, REPORT_BAD_CELLS);
			return;
		}
		if (count == 0) {
			if (tail.p != NULL)
				read_after_no_cells(tail, r);
			return;
		}
		if (!read_cells(&tail, count, r)) {
			report_miss(r, REPORT_BAD_CELLS);
			return;
		}
	}
	if (tail.p != NULL)
		read_wifi(tail, r);
}
