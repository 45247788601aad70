/* The question where cells and access points are, and its answer. There is no room in it for
 * anything else. */
#include "link/message_bytes.h"

enum { LAT_MAX_E7 = 900000000, LON_MAX_E7 = 1800000000 };

void write_locate_ask(struct out *o, const struct message *m)
{
	const struct message_locate_ask *a = &m->locate_ask;

	if ((a->points_n > LOCATE_ASK_POINTS || a->cells_n > LOCATE_ASK_CELLS) && o->rc == RC_OK)
		o->rc = RC_BUG;
	put_bytes(o, a->item.b, UID_BYTES);
	put_u8(o, a->points_n);
	for (size_t i = 0; i < a->points_n && o->rc == RC_OK; i++) {
		put_bytes(o, a->points[i].mac, sizeof a->points[i].mac);
		put_u8(o, (uint8_t)a->points[i].rssi_dbm);
	}
	put_u8(o, a->cells_n);
	for (size_t i = 0; i < a->cells_n && o->rc == RC_OK; i++) {
		put_number(o, a->cells[i].mcc, 2);
		put_number(o, a->cells[i].mnc, 2);
		put_number(o, a->cells[i].lac, 4);
		put_number(o, a->cells[i].cid, 4);
	}
}

static bool get_point(struct view *in, struct locate_point *ret)
{
	struct view mac;
	uint64_t rssi = 0;

	if (!view_cut(in, sizeof ret->mac, &mac) || !get_number(in, 1, &rssi))
		return false;
	memcpy(ret->mac, mac.p, sizeof ret->mac);
	ret->rssi_dbm = (int8_t)rssi;
	return ret->rssi_dbm <= 0;
}

static bool get_cell(struct view *in, struct locate_cell *ret)
{
	uint64_t mcc = 0;
	uint64_t mnc = 0;
	uint64_t lac = 0;
	uint64_t cid = 0;

	if (!get_number(in, 2, &mcc) || !get_number(in, 2, &mnc) || !get_number(in, 4, &lac) ||
		!get_number(in, 4, &cid) || mcc > 999 || mnc > 999)
		return false;
	*ret = (struct locate_cell){.mcc = (uint16_t)mcc,
		.mnc = (uint16_t)mnc,
		.lac = (uint32_t)lac,
		.cid = (uint32_t)cid};
	return true;
}

bool read_locate_ask(struct view *in, struct message *ret)
{
	struct message_locate_ask *a = &ret->locate_ask;
	unsigned points = 0;
	unsigned cells = 0;

	if (!get_uid(in, &a->item) || !get_choice(in, LOCATE_ASK_POINTS + 1, &points))
		return false;
	for (unsigned i = 0; i < points; i++) {
		if (!get_point(in, &a->points[i]))
			return false;
	}
	if (!get_choice(in, LOCATE_ASK_CELLS + 1, &cells))
		return false;
	for (unsigned i = 0; i < cells; i++) {
		if (!get_cell(in, &a->cells[i]))
			return false;
	}
	a->points_n = (uint8_t)points;
	a->cells_n = (uint8_t)cells;
	return true;
}

static bool is_place(const struct message_locate_told *t)
{
	return t->lat_e7 >= -LAT_MAX_E7 && t->lat_e7 <= LAT_MAX_E7 && t->lon_e7 >= -LON_MAX_E7 &&
	       t->lon_e7 <= LON_MAX_E7;
}

void write_locate_told(struct out *o, const struct message *m)
{
	const struct message_locate_told *t = &m->locate_told;

	if (t->is_known && !is_place(t) && o->rc == RC_OK)
		o->rc = RC_BUG;
	put_bytes(o, t->item.b, UID_BYTES);
	put_u8(o, t->is_known);
	if (!t->is_known)
		return;
	put_number(o, (uint32_t)t->lat_e7, 4);
	put_number(o, (uint32_t)t->lon_e7, 4);
	put_number(o, t->accuracy_m, 4);
}

bool read_locate_told(struct view *in, struct message *ret)
{
	struct message_locate_told *t = &ret->locate_told;
	unsigned is_known = 0;
	uint64_t lat = 0;
	uint64_t lon = 0;
	uint64_t accuracy = 0;

	if (!get_uid(in, &t->item) || !get_choice(in, 2, &is_known))
		return false;
	t->is_known = is_known != 0;
	if (!t->is_known)
		return true;
	if (!get_number(in, 4, &lat) || !get_number(in, 4, &lon) || !get_number(in, 4, &accuracy))
		return false;
	t->lat_e7 = (int32_t)(uint32_t)lat;
	t->lon_e7 = (int32_t)(uint32_t)lon;
	t->accuracy_m = (uint32_t)accuracy;
	return is_place(t);
}
