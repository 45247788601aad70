#include "courier/place_ask.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "base/json_out.h"

static const double ACCURACY_MAX_M = 1000000;

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

static void json_freep(json_t **j)
{
	json_decref(*j);
}

static bool read_number(const json_t *value, double max, double *ret)
{
	*ret = json_number_value(value);
	return json_is_number(value) && fabs(*ret) <= max;
}

enum rc place_answer_read(struct view body, struct message_locate_told *ret, struct err *e)
{
	json_error_t why;
	CLEANUP(json_freep)
	json_t *root =
		json_loadb(body.p == NULL ? "" : body.p, body.n, JSON_REJECT_DUPLICATES, &why);
	const json_t *location = json_object_get(root, "location");
	const json_t *fallback = json_object_get(root, "fallback");
	double lat = 0;
	double lon = 0;
	double accuracy = 0;

	if (root == NULL)
		return fail(e, RC_SYNTAX, "place: no JSON in %zu bytes", body.n);
	if (json_is_string(fallback) && strcmp(json_string_value(fallback), "ipf") == 0)
		return fail(e, RC_SYNTAX, "place: it is that of an internet address");
	if (!read_number(json_object_get(location, "lat"), 90, &lat) ||
		!read_number(json_object_get(location, "lng"), 180, &lon) ||
		!read_number(json_object_get(root, "accuracy"), ACCURACY_MAX_M, &accuracy) ||
		accuracy <= 0 || (lat == 0 && lon == 0))
		return fail(e, RC_SYNTAX, "place: location.lat, location.lng, accuracy are wanted");
	ret->is_known = true;
	ret->lat_e7 = (int32_t)lrint(lat * 1e7);
	ret->lon_e7 = (int32_t)lrint(lon * 1e7);
	ret->accuracy_m = (uint32_t)ceil(accuracy);
	return RC_OK;
}
