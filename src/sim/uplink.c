#include "sim/uplink.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time_text.h"
#include "sim/chance.h"

void wire_init(struct wire *t, char *buf, size_t size)
{
	*t = (struct wire){.p = buf, .size = size};
}

void wire_add(struct wire *t, const char *fmt, ...)
{
	va_list args;
	size_t room = t->size - t->n;

	va_start(args, fmt);
	int n = vsnprintf(t->p + t->n, room, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= room)
		t->is_full = true;
	else
		t->n += (size_t)n;
}

void wire_add_bytes(struct wire *t, const char *p, size_t n)
{
	if (n > t->size - t->n) {
		t->is_full = true;
		return;
	}
	for (size_t i = 0; i < n; i++)
		t->p[t->n++] = p[i];
}

static void add_date_time(const struct manners *m, const struct uplink_position *p, struct wire *t)
{
	struct civil c;

	if (manners_have(m, MANNER_LOCAL_TIME)) {
		civil_from_ms(p->time_ms + (int64_t)p->zone_min * 60000, &c);
		wire_add(t, "%02d%02u%02u,", c.year % 100, c.month, c.day);
	} else {
		civil_from_ms(p->time_ms, &c);
		wire_add(t, "%02u%02u%02d,", c.day, c.month, c.year % 100);
	}
	wire_add(t, "%02u%02u%02u", c.hour, c.min, c.sec);
}

static void add_coordinate(int64_t e7, char plus, char minus, struct wire *t)
{
	int64_t size = e7 < 0 ? -e7 : e7;

	wire_add(t, ",%lld.%07lld,%c", (long long)(size / 10000000), (long long)(size % 10000000),
		e7 < 0 ? minus : plus);
}

static void add_place(const struct manners *m, const struct uplink_position *p, struct wire *t)
{
	int32_t lat = 0;
	int32_t lon = 0;

	if (p->is_fix) {
		lat = p->lat_e7;
		lon = p->lon_e7;
	} else if (m->placeless == PLACELESS_LAST) {
		lat = p->last_lat_e7;
		lon = p->last_lon_e7;
	} else if (m->placeless == PLACELESS_FACTORY) {
		lat = 226835460;
		lon = 1139907380;
	}
	wire_add(t, p->is_fix ? ",A" : ",V");
	add_coordinate(lat, 'N', 'S', t);
	add_coordinate(lon, 'E', 'W', t);
	if (p->is_fix)
		wire_add(t, ",%.2f,%.1f,%d.0,%d", p->speed_kmh, p->course_deg, p->altitude_m,
			p->satellites);
	else
		wire_add(t, ",22.00,0.0,-1,0");
}

static void add_cells(const struct uplink_position *p, struct wire *t)
{
	wire_add(t, ",%zu,255,%u,%02u", p->radio.cells_n, p->mcc, p->mnc);
	for (size_t i = 0; i < p->radio.cells_n; i++)
		wire_add(t, ",%u,%u,%d", p->radio.cells[i].lac, p->radio.cells[i].cid,
			p->radio.cells[i].level);
}

static void add_points(const struct manners *m, const struct uplink_position *p, struct wire *t)
{
	wire_add(t, ",%zu", p->radio.points_n);
	for (size_t i = 0; i < p->radio.points_n; i++) {
		const struct radio_point *a = &p->radio.points[i];
		int level = manners_have(m, MANNER_LOCAL_TIME) ? abs(a->rssi_dbm) : a->rssi_dbm;
		wire_add(t, ",%s,%02x:%02x:%02x:%02x:%02x:%02x,%d", a->ssid, a->mac[0], a->mac[1],
			a->mac[2], a->mac[3], a->mac[4], a->mac[5], level);
	}
}

void uplink_position(const struct manners *m, const char *keyword, const struct uplink_position *p,
	struct wire *t)
{
	wire_add(t, "%s%s,", keyword, manners_have(m, MANNER_LTE) ? "_LTE" : "");
	add_date_time(m, p, t);
	add_place(m, p, t);
	wire_add(t, ",%d,%d,%u,%u,%08X", p->radio.signal_percent, p->battery_percent, p->steps,
		p->rolls, p->status);
	add_cells(p, t);
	if (m->length == LENGTH_MINUS_3 || m->length == LENGTH_DECIMAL) {
		wire_add(t, ",,00"); /* SG trackers hear no Wi-Fi and end with a flag */
		return;
	}
	add_points(m, p, t);
	if (p->radio.points_n > 0)
		wire_add(t, ",%.1f", p->is_fix ? p->accuracy_m : 0);
}

void uplink_heartbeat(const struct manners *m, int64_t time_ms, uint32_t steps, uint32_t rolls,
	int battery_percent, struct wire *t)
{
	struct civil c;

	if (manners_have(m, MANNER_KA)) {
		civil_from_ms(time_ms, &c);
		wire_add(t, "KA,%04d%02u%02u", c.year, c.month, c.day);
	} else {
		wire_add(t, "LK");
	}
	wire_add(t, ",%u,%u,%d", steps, rolls, battery_percent);
}

static bool is_position(struct view content)
{
	return view_starts_nocase(content, VIEW("UD")) || view_starts_nocase(content, VIEW("AL"));
}

static void add_length(const struct manners *m, struct view content, struct wire *t)
{
	size_t n = content.n;

	switch (m->length) {
	case LENGTH_EXACT:
		break;
	case LENGTH_MINUS_3:
		n -= is_position(content) ? 3 : 0;
		break;
	case LENGTH_DECIMAL:
		if (is_position(content)) {
			wire_add(t, "%04zu", n);
			return;
		}
		break;
	case LENGTH_PLUS_1:
		n++;
		break;
	case LENGTH_MINUS_1:
		n--;
		break;
	}
	wire_add(t, manners_have(m, MANNER_LOWER_HEX) ? "%04zx" : "%04zX", n);
}

void uplink_frame(const struct manners *m, const char *id, uint16_t index, uint64_t secret,
	struct view content, struct wire *t)
{
	wire_add(t, "[");
	if (manners_have(m, MANNER_SIGNED)) /* the vendor's secret is not public: any digits do */
		wire_add(t, "%016llx%016llx", (unsigned long long)chance_mix(secret, index),
			(unsigned long long)chance_mix(secret, content.n));
	wire_add(t, "%s*%s*", m->vendor, id);
	if (manners_have(m, MANNER_INDEX))
		wire_add(t, "%04X*", index);
	add_length(m, content, t);
	wire_add(t, "*");
	wire_add_bytes(t, content.p, content.n);
	wire_add(t, "]");
}
