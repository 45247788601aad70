/* What a watch hears in the town: cell towers and Wi-Fi access points with fixed places, and
 * streets without mobile network. Pure; the same spot always gives the same neighbours. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/town.h"

enum { RADIO_CELLS_MAX = 7, RADIO_WIFI_MAX = 5, RADIO_SSID_MAX = 32 };

struct radio_cell {
	uint32_t lac, cid;
	int level; /* 0..200, as 2G watches print it */
};

struct radio_point {
	char ssid[RADIO_SSID_MAX + 1];
	uint8_t mac[6];
	int rssi_dbm;
};

struct radio {
	size_t cells_n, points_n;
	struct radio_cell cells[RADIO_CELLS_MAX];
	struct radio_point points[RADIO_WIFI_MAX]; /* strongest first */
	int signal_percent;
};

/* has_odd_names: network names with the characters that break careless parsers. */
void radio_scan(const struct town *t, struct spot where, bool has_odd_names, struct radio *ret);

/* False in about `percent` of the 150 m squares. */
bool radio_has_network(const struct town *t, struct spot where, unsigned percent);
