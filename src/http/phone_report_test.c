#include "http/phone_report.h"

#include <sodium.h>
#include <stdlib.h>

#include "base/time_text.h"
#include "unit.h"

static int64_t now_ms(void)
{
	int64_t ms = 0;

	assert_int_equal(time_from_text(VIEW("2026-11-22T12:00:00Z"), &ms, NULL), RC_OK);
	return ms;
}

static enum rc form(const char *query, struct osmand *ret)
{
	static char text[2048];
	size_t n = strlen(query);

	memcpy(text, query, n);
	return osmand_read(text, n, now_ms(), ret, NULL);
}

static void osmand_as_its_clients_say_it(void **state)
{
	struct osmand o;

	(void)state;
	assert_int_equal(form("id=abc&timestamp=1795348800&lat=50.9801&lon=-11.3201&speed=10"
			      "&bearing=270.5&altitude=312.4&accuracy=12.5&batt=81",
				 &o),
		RC_OK);
	assert_true(view_is(o.token, VIEW("abc")));
	assert_int_equal(o.report.lat_e7, 509801000);
	assert_int_equal(o.report.lon_e7, -113201000);
	assert_int_equal(o.report.speed_ckmh, 1852);
	assert_int_equal(o.report.course_cdeg, 27050);
	assert_int_equal(o.report.altitude_dm, 3124);
	assert_int_equal(o.report.accuracy_dm, 125);
	assert_int_equal(o.report.battery_percent, 81);
	assert_int_equal(o.report.time_ms, INT64_C(1795348800000));
	assert_int_equal(o.report.source, REPORT_SOURCE_PHONE);

	assert_int_equal(
		form("deviceid=x&location=1.5,2.5&timestamp=1795348800123&heading=7", &o), RC_OK);
	assert_true(view_is(o.token, VIEW("x")));
	assert_int_equal(o.report.lat_e7, 15000000);
	assert_int_equal(o.report.lon_e7, 25000000);
	assert_int_equal(o.report.course_cdeg, 700);
	assert_int_equal(o.report.time_ms, INT64_C(1795348800123));
	assert_int_equal(form("id=x&lat=1&lon=2&timestamp=2026-11-22+11%3A59%3A00", &o), RC_OK);
	assert_int_equal(o.report.time_ms, now_ms() - 60000);
	assert_false(o.report.is_stored);
	assert_int_equal(form("id=x&lat=1&lon=2&timestamp=2026-11-22T11:00:00Z", &o), RC_OK);
	assert_true(o.report.is_stored); /* an hour old: no news */
}

static void what_cannot_be_is_refused_or_left_out(void **state)
{
	static const char *const bad[] = {"", "id=x", "id=x&lat=91&lon=1", "id=x&lat=1",
		"id=x&lat=0&lon=0", "id=x&lat=nan&lon=1", "id=x&lat=1e1&lon=1",
		"id=x&lat=1&lat=2&lon=1", "id=x&lat=1&lon=181", "id=x&lat=1&lon=2&valid=false",
		"id=%zz&lat=1&lon=1"};
	struct osmand o;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_int_equal(form(bad[i], &o), RC_SYNTAX);
	assert_int_equal(
		form("id=x&lat=1&lon=2&batt=400&speed=-1&bearing=900&accuracy=-3", &o), RC_OK);
	assert_int_equal(o.report.has & (REPORT_HAS_BATTERY | REPORT_HAS_SPEED | REPORT_HAS_COURSE |
						REPORT_HAS_ACCURACY),
		0);
	assert_int_equal(o.report.time_ms, now_ms());
}

static void an_alarm_counts_without_a_place(void **state)
{
	struct osmand o;

	(void)state;
	assert_int_equal(form("id=x&alarm=sos&lat=999&lon=1", &o), RC_OK);
	assert_int_equal(o.report.kind, REPORT_ALARM);
	assert_int_equal(o.report.alarms, REPORT_ALARM_SOS);
	assert_int_equal(o.report.has & REPORT_HAS_POINT, 0);
	/* … and however old it is. */
	assert_int_equal(form("id=x&alarm=SOS&lat=1&lon=1&timestamp=1795000000", &o), RC_OK);
	assert_false(o.report.is_stored);
}

struct kept {
	unsigned n;
	struct report last;
};

static bool keep(void *ctx, const struct report *r)
{
	struct kept *k = ctx;

	k->n++;
	k->last = *r;
	return true;
}

static void traccar_client_in_json(void **state)
{
	static const char text[] =
		"{\"location\":{\"timestamp\":\"2026-11-22T11:59:30.000Z\",\"coords\":{"
		"\"latitude\":50.98,\"longitude\":11.32,\"accuracy\":8.2,\"speed\":-1,"
		"\"heading\":90,\"altitude\":250.1},\"is_moving\":true,\"event\":\"motion\","
		"\"battery\":{\"level\":0.57,\"is_charging\":false}},\"device_id\":\"token\"}";
	char token[PHONE_TOKEN_MAX];
	struct kept k = {.n = 0};

	(void)state;
	assert_int_equal(traccar_read(view_of(text), now_ms(), token, keep, &k, NULL), RC_OK);
	assert_string_equal(token, "token");
	assert_int_equal(k.n, 1);
	assert_int_equal(k.last.lat_e7, 509800000);
	assert_int_equal(k.last.battery_percent, 57);
	assert_int_equal(k.last.has & REPORT_HAS_SPEED, 0); /* -1: not known */
	assert_int_equal(traccar_read(VIEW("{}"), now_ms(), token, keep, &k, NULL), RC_SYNTAX);
	assert_int_equal(traccar_read(VIEW("{\"location\":[],\"device_id\":7}"), now_ms(), token,
				 keep, &k, NULL),
		RC_SYNTAX);
}

static enum rc own(const char *text, const char *key, struct kept *k)
{
	*k = (struct kept){.n = 0};
	return owntracks_read(view_of(text), view_of(key), now_ms(), keep, k, NULL);
}

static void owntracks_in_clear(void **state)
{
	struct kept k;

	(void)state;
	assert_int_equal(
		own("{\"_type\":\"location\",\"lat\":50.98,\"lon\":11.32,\"tst\":1795348790,"
		    "\"acc\":14,\"alt\":300,\"vel\":5,\"cog\":180,\"batt\":66,\"tid\":\"ma\","
		    "\"t\":\"u\",\"topic\":\"owntracks/x/y\"}",
			"", &k),
		RC_OK);
	assert_int_equal(k.n, 1);
	assert_int_equal(k.last.accuracy_dm, 140);
	assert_int_equal(k.last.speed_ckmh, 500);
	assert_int_equal(own("{\"_type\":\"waypoint\",\"lat\":1,\"lon\":2}", "", &k), RC_OK);
	assert_int_equal(k.n, 0);
	assert_int_equal(
		own("[{\"_type\":\"lwt\"},{\"_type\":\"location\",\"lat\":1,\"lon\":2}]", "", &k),
		RC_OK);
	assert_int_equal(k.n, 1);
	assert_int_equal(own("{\"lat\":1,\"lon\":2}", "", &k), RC_SYNTAX);
	assert_int_equal(
		own("{\"_type\":\"location\",\"lat\":\"1\",\"lon\":2}", "", &k), RC_SYNTAX);
	assert_int_equal(own("[[[[", "", &k), RC_SYNTAX);
}

static void seal(const char *plain, const char *key, char *ret, size_t size)
{
	uint8_t secret[crypto_secretbox_KEYBYTES] = {0};
	uint8_t box[1024];
	char text[1400];
	size_t n = strlen(plain);

	memcpy(secret, key, strlen(key));
	randombytes_buf(box, crypto_secretbox_NONCEBYTES);
	assert_int_equal(crypto_secretbox_easy(box + crypto_secretbox_NONCEBYTES,
				 (const uint8_t *)plain, n, box, secret),
		0);
	(void)sodium_bin2base64(text, sizeof text, box,
		crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + n,
		sodium_base64_VARIANT_ORIGINAL);
	(void)snprintf(ret, size, "{\"_type\":\"encrypted\",\"data\":\"%s\"}", text);
}

static void owntracks_encrypted(void **state)
{
	char text[1600];
	struct kept k;

	(void)state;
	assert_true(sodium_init() >= 0);
	seal("{\"_type\":\"location\",\"lat\":1,\"lon\":2}", "short key", text, sizeof text);
	assert_int_equal(own(text, "short key", &k), RC_OK);
	assert_int_equal(k.n, 1);
	assert_int_equal(own(text, "another key", &k), RC_DENIED);
	assert_int_equal(own(text, "", &k), RC_DENIED);
	assert_int_equal(
		own("{\"_type\":\"encrypted\",\"data\":\"AAAA\"}", "short key", &k), RC_DENIED);
	assert_int_equal(own("{\"_type\":\"encrypted\"}", "short key", &k), RC_DENIED);
	seal("{\"_type\":\"encrypted\",\"data\":\"AAAA\"}", "short key", text, sizeof text);
	assert_int_equal(own(text, "short key", &k), RC_OK); /* once: not opened again and again */
	assert_int_equal(k.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(osmand_as_its_clients_say_it),
		cmocka_unit_test(what_cannot_be_is_refused_or_left_out),
		cmocka_unit_test(an_alarm_counts_without_a_place),
		cmocka_unit_test(traccar_client_in_json),
		cmocka_unit_test(owntracks_in_clear),
		cmocka_unit_test(owntracks_encrypted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
