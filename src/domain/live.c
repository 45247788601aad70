#include "domain/live_table.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/log.h"
#include "store/sealed.h"
#include "watch/report_pack.h"

_Static_assert(sizeof(struct live_device) <= 168, "a connected watch costs at most 200 bytes here");

enum { BLOCK = 256, CACHE_LINE = 64, DEVICES_MAX = 16 * 1000 * 1000 };

struct live {
	pthread_mutex_t lock;        /* guards everything */
	struct live_device **blocks; /* BLOCK devices each; they never move */
	uint32_t blocks_n, blocks_capacity;
	uint32_t used;       /* places ever used */
	uint32_t first_free; /* place + 1, chained through last_hash; 0: none */
	uint32_t devices, connected;
	struct index by_wire_id, by_session, by_wearer;
};

static struct live_device *at(const struct live *l, uint32_t place)
{
	return &l->blocks[place / BLOCK][place % BLOCK];
}

struct view live_wire_id(const struct live_device *dev)
{
	return (struct view){.p = dev->wire_id, .n = strnlen(dev->wire_id, sizeof dev->wire_id)};
}

static uint64_t hash_wire_id(const void *owner, uint32_t place)
{
	return index_hash(live_wire_id(at(owner, place)));
}

static uint64_t hash_session(const void *owner, uint32_t place)
{
	return index_hash_u64(at(owner, place)->session);
}

static uint64_t hash_uid(const struct uid *id)
{
	/* Random by birth: no need to hash it. */
	uint64_t value = 0;

	memcpy(&value, id->b, sizeof value);
	return value;
}

static uint64_t hash_wearer(const void *owner, uint32_t place)
{
	return hash_uid(&at(owner, place)->wearer);
}

enum rc live_new(struct live **ret_owned, struct err *e)
{
	struct live *l = calloc(1, sizeof *l);

	if (l == NULL)
		return fail(e, RC_NOMEM, "live: out of memory");
	(void)pthread_mutex_init(&l->lock, NULL); /* cannot fail with default attributes */
	index_init(&l->by_wire_id, hash_wire_id, l);
	index_init(&l->by_session, hash_session, l);
	index_init(&l->by_wearer, hash_wearer, l);
	*ret_owned = l;
	return RC_OK;
}

void live_free(struct live *l)
{
	if (l == NULL)
		return;
	index_done(&l->by_wire_id);
	index_done(&l->by_session);
	index_done(&l->by_wearer);
	for (uint32_t i = 0; i < l->blocks_n; i++)
		free(l->blocks[i]);
	free(l->blocks);
	(void)pthread_mutex_destroy(&l->lock);
	free(l);
}

void live_lock(struct live *l)
{
	(void)pthread_mutex_lock(&l->lock); /* the default mutex does not fail here */
}

void live_unlock(struct live *l)
{
	(void)pthread_mutex_unlock(&l->lock);
}

struct live_device *live_by_wire_id(struct live *l, struct view wire_id)
{
	uint32_t slot = 0;

	for (int64_t i = index_first(&l->by_wire_id, index_hash(wire_id), &slot); i != INDEX_NONE;
		i = index_next(&l->by_wire_id, &slot)) {
		struct live_device *dev = at(l, (uint32_t)i);
		if (view_is(live_wire_id(dev), wire_id))
			return dev;
	}
	return NULL;
}

struct live_device *live_by_session(struct live *l, uint64_t session)
{
	uint32_t slot = 0;

	for (int64_t i = index_first(&l->by_session, index_hash_u64(session), &slot);
		i != INDEX_NONE; i = index_next(&l->by_session, &slot)) {
		struct live_device *dev = at(l, (uint32_t)i);
		if (dev->session == session)
			return dev;
	}
	return NULL;
}

struct live_device *live_by_wearer(struct live *l, const struct uid *wearer)
{
	uint32_t slot = 0;

	for (int64_t i = index_first(&l->by_wearer, hash_uid(wearer), &slot); i != INDEX_NONE;
		i = index_next(&l->by_wearer, &slot)) {
		struct live_device *dev = at(l, (uint32_t)i);
		if (uid_is(&dev->wearer, wearer))
			return dev;
	}
	return NULL;
}

struct live_device *live_at(struct live *l, uint32_t place, uint32_t number)
{
	struct live_device *dev = place < l->used ? at(l, place) : NULL;

	return dev != NULL && dev->number == number ? dev : NULL;
}

/* A free place; the caller counts it as used by filling it. */
static enum rc take_place(struct live *l, uint32_t *ret, struct err *e)
{
	if (l->first_free != 0) {
		*ret = l->first_free - 1;
		l->first_free = at(l, *ret)->last_hash;
		return RC_OK;
	}
	if (l->used == DEVICES_MAX)
		return fail(e, RC_LIMIT, "live: %d devices", DEVICES_MAX);
	if (l->used == l->blocks_n * BLOCK) {
		if (l->blocks_n == l->blocks_capacity) {
			uint32_t capacity = l->blocks_capacity == 0 ? 16 : l->blocks_capacity * 2;
			struct live_device **grown =
				reallocarray(l->blocks, capacity, sizeof(struct live_device *));
			if (grown == NULL)
				return fail(e, RC_NOMEM, "live: out of memory");
			l->blocks = grown;
			l->blocks_capacity = capacity;
		}
		struct live_device *block = calloc(BLOCK, sizeof *block);
		if (block == NULL)
			return fail(e, RC_NOMEM, "live: out of memory");
		l->blocks[l->blocks_n++] = block;
	}
	*ret = l->used++;
	return RC_OK;
}

static void give_place(struct live *l, uint32_t place)
{
	*at(l, place) = (struct live_device){.last_hash = l->first_free};
	l->first_free = place + 1;
}

enum rc live_add(struct live *l, const struct live_device *dev, struct err *e)
{
	uint32_t place = 0;

	assert(dev->number != 0 && dev->session == 0);
	if (live_by_wire_id(l, live_wire_id(dev)) != NULL)
		return fail(e, RC_CONFLICT, "live: this watch is bound already");
	enum rc rc = take_place(l, &place, e);
	if (rc != RC_OK)
		return rc;
	*at(l, place) = *dev;
	at(l, place)->place = place;
	rc = index_add(&l->by_wire_id, place, e);
	if (rc == RC_OK) {
		rc = index_add(&l->by_wearer, place, e);
		if (rc != RC_OK)
			index_remove(&l->by_wire_id, place);
	}
	if (rc != RC_OK) {
		give_place(l, place);
		return rc;
	}
	l->devices++;
	return RC_OK;
}

enum rc live_set_session(struct live *l, struct live_device *dev, uint64_t session, struct err *e)
{
	uint32_t place = dev->place;

	if (dev->session == session)
		return RC_OK;
	if (dev->session != 0) {
		index_remove(&l->by_session, place);
		dev->session = 0;
		l->connected--;
	}
	if (session == 0)
		return RC_OK;
	dev->session = session;
	enum rc rc = index_add(&l->by_session, place, e);
	if (rc != RC_OK) {
		dev->session = 0;
		return rc;
	}
	l->connected++;
	return RC_OK;
}

void live_remove(struct live *l, struct live_device *dev)
{
	uint32_t place = dev->place;
	enum rc rc = live_set_session(l, dev, 0, NULL);

	assert(rc == RC_OK); /* taking a session away needs no memory */
	index_remove(&l->by_wire_id, place);
	index_remove(&l->by_wearer, place);
	give_place(l, place);
	l->devices--;
}

bool live_next_session(struct live *l, uint8_t gateway, uint32_t *place, uint64_t *ret_session)
{
	bool is_found = false;

	live_lock(l);
	for (; *place < l->used && !is_found; (*place)++) {
		const struct live_device *dev = at(l, *place);
		is_found = dev->number != 0 && dev->session != 0 && dev->session >> 56 == gateway;
		if (is_found)
			*ret_session = dev->session;
	}
	live_unlock(l);
	return is_found;
}

void live_prefetch(const struct live *l, uint32_t place)
{
	if (place >= l->used)
		return;
	const char *dev = (const char *)at(l, place);
	for (size_t i = 0; i < sizeof(struct live_device); i += CACHE_LINE)
		__builtin_prefetch(dev + i, 1);
}

void live_get_fix(const struct live_device *dev, struct fix *ret)
{
	*ret = (struct fix){
		.time_ms = dev->time_ms,
		.received_ms = (int64_t)dev->received_s * 1000,
		.lat_e7 = dev->lat_e7,
		.lon_e7 = dev->lon_e7,
		.accuracy_dm = dev->accuracy_dm,
		.altitude_dm = dev->altitude_dm,
		.steps = dev->fix_steps,
		.speed_ckmh = dev->speed_ckmh,
		.course_cdeg = dev->course_cdeg,
		.has = dev->fix_has,
		.flags = dev->fix_flags,
		.marks = dev->fix_marks,
		.source = dev->fix_source,
		.satellites = dev->satellites,
		.battery_percent = dev->fix_battery,
		.signal_percent = dev->fix_signal,
	};
}

void live_set_fix(struct live_device *dev, const struct fix *f)
{
	dev->has_fix = true;
	dev->time_ms = f->time_ms;
	dev->received_s = (uint32_t)(f->received_ms / 1000);
	dev->lat_e7 = f->lat_e7;
	dev->lon_e7 = f->lon_e7;
	dev->accuracy_dm = f->accuracy_dm;
	dev->altitude_dm = f->altitude_dm;
	dev->fix_steps = f->steps;
	dev->speed_ckmh = f->speed_ckmh;
	dev->course_cdeg = f->course_cdeg;
	dev->fix_has = f->has;
	dev->fix_flags = f->flags;
	dev->fix_marks = f->marks;
	dev->fix_source = f->source & 7u;
	dev->satellites = f->satellites;
	dev->fix_battery = f->battery_percent;
	dev->fix_signal = f->signal_percent;
}

bool live_read(struct live *l, const struct uid *wearer, struct live_view *ret)
{
	live_lock(l);
	const struct live_device *dev = live_by_wearer(l, wearer);
	if (dev == NULL) {
		live_unlock(l);
		*ret = (struct live_view){.has_device = false};
		return false;
	}
	*ret = (struct live_view){
		.has_device = true,
		.device = dev->device,
		.group = dev->group,
		.is_connected = dev->session != 0,
		.is_conflict = dev->is_conflict,
		.is_demo = dev->is_demo,
		.connected_since_ms = (int64_t)dev->connected_s * 1000,
		.last_seen_ms = (int64_t)dev->last_seen_s * 1000,
		.battery_ms = (int64_t)dev->battery_s * 1000,
		.has_battery = dev->has_battery,
		.has_signal = dev->has_signal,
		.has_steps = dev->has_steps,
		.battery_percent = dev->battery_percent,
		.signal_percent = dev->signal_percent,
		.steps = dev->steps,
		.flags = dev->flags,
		.has_fix = dev->has_fix,
		.open_alarms = dev->open_alarms,
	};
	if (dev->has_fix)
		live_get_fix(dev, &ret->fix);
	memcpy(ret->wire_id, dev->wire_id, sizeof dev->wire_id); /* WIRE_ID_TEXT is one more */
	live_unlock(l);
	return true;
}

static bool keep_latest(void *ctx, const struct history_entry *entry)
{
	struct live_device *dev = ctx;
	struct report r;
	struct fix f;

	if (report_unpack(entry->packed, &r, NULL) == RC_OK &&
		fix_from_report(&r, entry->time_ms, entry->received_ms, entry->marks, &f)) {
		live_set_fix(dev, &f);
		dev->last_seen_s = dev->received_s;
		dev->flags = f.flags;
		dev->has_battery = (f.has & FIX_HAS_BATTERY) != 0;
		dev->battery_percent = f.battery_percent;
		dev->battery_s = dev->has_battery ? dev->received_s : 0;
		dev->has_signal = (f.has & FIX_HAS_SIGNAL) != 0;
		dev->signal_percent = f.signal_percent;
		dev->has_steps = (f.has & FIX_HAS_STEPS) != 0;
		dev->steps = f.steps;
	}
	return true;
}

static void copy_padded(struct view from, char *to, size_t n)
{
	size_t used = from.n < n ? from.n : n;

	memset(to, 0, n);
	if (used > 0)
		memcpy(to, from.p, used);
}

/* *ret_damaged counts up when the watch cannot be known again: the others' alarms do not wait for
 * it.
 */
static enum rc load_row(struct live *l, struct db *db, struct history *h, struct stmt *s,
	uint32_t *ret_damaged, struct err *e)
{
	struct live_device dev = {
		.device = stmt_uid(s, 0),
		.wearer = stmt_uid(s, 1),
		.group = stmt_uid(s, 2),
		.number = (uint32_t)stmt_int(s, 3),
		.is_demo = stmt_int(s, 6) != 0,
		.date_order = (uint8_t)stmt_int(s, 7) & 3u,
		.offset_min = (int16_t)stmt_int(s, 8),
		.open_alarms = (uint16_t)stmt_int(s, 9),
		.is_health_kept = stmt_int(s, 10) != 0,
	};
	bool is_found = false;
	char wire_id[WIRE_ID_TEXT];

	enum rc rc =
		stmt_copy_sealed(s, 4, &dev.wearer, "device.wire_id", wire_id, sizeof wire_id, e);
	if (rc == RC_NOT_FOUND)
		return RC_OK; /* its key was destroyed: erased, but for the row */
	if (rc == RC_SYNTAX) {
		log_event(LOG_ERROR, "live.damaged", "watch=unknown why=\"%s\"",
			e == NULL ? "" : e->msg);
		++*ret_damaged;
		return RC_OK;
	}
	if (rc != RC_OK)
		return rc;
	copy_padded(view_of(wire_id), dev.wire_id, sizeof dev.wire_id);
	copy_padded(stmt_text(s, 5), dev.vendor, sizeof dev.vendor);
	if (dev.number == 0)
		return fail(e, RC_SYNTAX, "live: a wearer has the number 0");
	rc = history_latest(h, db, dev.number, keep_latest, &dev, &is_found, e);
	if (rc == RC_SYNTAX) {
		log_event(LOG_ERROR, "live.damaged", "place=unknown why=\"%s\"",
			e == NULL ? "" : e->msg);
		rc = RC_OK;
	}
	if (rc != RC_OK)
		return rc;
	live_lock(l);
	rc = live_add(l, &dev, e);
	live_unlock(l);
	return rc;
}

static enum rc reserve(struct live *l, struct db *db, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db, "SELECT COUNT(*) FROM device", &s, e);

	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	uint32_t n = (uint32_t)stmt_int(s, 0);
	stmt_reset(s);
	rc = index_reserve(&l->by_wire_id, n, e);
	if (rc == RC_OK)
		rc = index_reserve(&l->by_wearer, n, e);
	return rc == RC_OK ? index_reserve(&l->by_session, n, e) : rc;
}

enum rc live_load(struct live *l, struct db *db, struct history *h, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	uint32_t damaged = 0;
	enum rc rc = reserve(l, db, e);

	if (rc != RC_OK)
		return rc;
	rc = db_prepare(db,
		"SELECT d.id, d.wearer, w.care_group, w.number, d.wire_id, d.vendor, d.is_demo,"
		" d.date_order, d.offset_min,"
		" (SELECT COUNT(*) FROM alarm a WHERE a.wearer = w.id AND a.state < 2),"
		" COALESCE((SELECT h.is_allowed FROM health_rule h WHERE h.wearer = w.id), 0)"
		" FROM device d JOIN wearer w ON w.id = d.wearer",
		&s, e);

	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	while (rc == RC_OK && has_row) {
		rc = load_row(l, db, h, s, &damaged, e);
		if (rc == RC_OK)
			rc = stmt_step(s, &has_row, e);
	}
	if (s != NULL)
		stmt_reset(s);
	/* Some may be damaged. All: these are the keys of another day. */
	if (rc == RC_OK && damaged > 0 && l->devices == 0)
		return fail(e, RC_SYNTAX,
			"what is sealed about all watches is damaged, or these keys are older");
	return rc;
}

void live_read_stats(struct live *l, struct live_stats *ret)
{
	live_lock(l);
	*ret = (struct live_stats){
		.devices = l->devices,
		.connected = l->connected,
		.bytes = (size_t)l->blocks_n * BLOCK * sizeof(struct live_device) +
			 ((size_t)l->by_session.capacity + l->by_wearer.capacity +
				 l->by_wire_id.capacity) *
				 sizeof(uint32_t),
	};
	live_unlock(l);
}
