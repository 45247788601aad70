#include "courier/place_ask.h"

#include <jansson.h>
#include <math.h>

static const double ACCURACY_MAX_M = 1000000;

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
