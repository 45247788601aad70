/* One line of a public table of radio stations: cells as OpenCelliD and the Mozilla Location
 * Service export them (radio, mcc, net, area, cell, unit, lon, lat, range, samples, …; the first
 * line may name the columns), and access points in any CSV whose first line names mac or bssid, lat
 * and lon (WiGLE's names, too). The lines come from strangers. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"
#include "locate/geo.h"

enum {
	RADIO_LINE_MAX = 1024,
	RADIO_FIELDS_MAX = 32,
	RADIO_MCC_MAX = 999,
	RADIO_MNC_MAX = 999,
	RADIO_LAC_MAX = 0xffff,
	RADIO_CID_MAX = 0xfffffff, /* 28 bits: up to LTE */
	RADIO_RANGE_MAX_M = 100000,
};

enum radio_column {
	COLUMN_RADIO,
	COLUMN_MCC,
	COLUMN_MNC,
	COLUMN_LAC,
	COLUMN_CID,
	COLUMN_LAT,
	COLUMN_LON,
	COLUMN_RANGE,
	COLUMN_SAMPLES,
	COLUMN_MAC,
	COLUMN_SSID,
	COLUMN_TYPE, /* WiGLE: WIFI, BT … */
	COLUMN_COUNT,
};

/* Where each column stands; -1: it is not there. */
struct radio_columns {
	int at[COLUMN_COUNT];
	bool is_points;
};

enum radio_row_kind {
	ROW_CELL,
	ROW_POINT,
	ROW_SKIPPED, /* in order, but not for us: CDMA, 5G, Bluetooth, _nomap */
	ROW_NOTE,    /* names of columns, a comment, nothing */
};

struct radio_row {
	enum radio_row_kind kind;
	uint64_t key; /* radio_cell_key or radio_point_key */
	struct geo at;
	uint32_t range_m; /* 0: not known */
	uint32_t samples;
};

/* A file without names of columns is one of cells in OpenCelliD's order. */
void radio_columns_init(struct radio_columns *ret);

/* Reads one line without its end. A line that names columns changes *columns and is a ROW_NOTE.
 * RC_SYNTAX with the reason for everything else that is no row. */
MUST_CHECK enum rc radio_row_read(
	struct radio_columns *columns, struct view line, struct radio_row *ret, struct err *e);

/* False when a number is out of its range, or one of those that mean "not known". */
MUST_CHECK bool radio_cell_key(
	uint32_t mcc, uint32_t mnc, uint32_t lac, uint32_t cid, uint64_t *ret);
/* False for addresses that are no access point's own: multicast, all zero, all one. */
MUST_CHECK bool radio_point_key(const uint8_t mac[6], uint64_t *ret);
/* Made up by the device for a while, as phones do (the bit "locally administered"). */
bool radio_is_made_up(const uint8_t mac[6]);
/* Its owner does not want it in tables of places: the name ends in _nomap (or has _optout in it).
 */
bool radio_is_private(struct view ssid);
