#include "courier/place_ask.h"

#include <stdio.h>

#include "base/json_out.h"

static void write_points(struct json_out *j, const struct message_locate_ask *ask)
{
	json_array(j, "wifiAccessPoints");
	for (size_t i = 0; i < ask->points_n; i++) {
		const struct locate_point *p = &ask->points[i];
		char mac[18];
		(void)snprintf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x", p->mac[0],
			p->mac[1], p->mac[2], p->mac[3], p->mac[4], p->mac[5]);
		json_object(j, NULL);
		json_text(j, "macAddress", view_of(mac));
		if (p->rssi_dbm < 0)
			json_int(j, "signalStrength", p->rssi_dbm);
		json_end(j);
	}
	json_end(j);
}

static void write_cells(struct json_out *j, const struct message_locate_ask *ask)
{
	enum { UMTS_CID_MIN = 65536 };

	json_array(j, "cellTowers");
	for (size_t i = 0; i < ask->cells_n; i++) {
		const struct locate_cell *c = &ask->cells[i];
		json_object(j, NULL);
		/* Watches do not say which; longer numbers are none of GSM. */
		json_text(j, "radioType", c->cid < UMTS_CID_MIN ? VIEW("gsm") : VIEW("lte"));
		json_int(j, "mobileCountryCode", c->mcc);
		json_int(j, "mobileNetworkCode", c->mnc);
		json_int(j, "locationAreaCode", c->lac);
		json_int(j, "cellId", c->cid);
		json_end(j);
	}
	json_end(j);
}

enum rc place_ask_write(const struct message_locate_ask *ask, struct json_out *j,
	struct view *ret_text, struct err *e)
{
	json_out_init(j, PLACE_ASK_MAX);
	json_object(j, NULL);
	json_bool(j, "considerIp", false);
	write_points(j, ask);
	write_cells(j, ask);
	json_object(j, "fallbacks");
	json_bool(j, "ipf", false);
	json_bool(j, "lacf", true);
	json_end(j);
	json_end(j);
	return json_out_finish(j, ret_text, e);
}
