#include "domain/ban.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "domain/audit.h"
#include "domain/ban_store.h"
#include "store/query.h"
#include "store/sealed.h"

#define HOUR_MS INT64_C(3600000)
#define LABEL_NETWORK "network_ban.network"
#define LABEL_REASON "network_ban.reason"

struct entry {
	struct uid id;
	struct prefixes network; /* of one */
	int64_t until_ms;
};

struct bans {
	_Atomic(unsigned) n; /* also read without the lock */
	_Atomic(uint64_t) refused;
	pthread_rwlock_t lock; /* guards what follows */
	struct entry *entries;
};

static void bans_freep(struct bans **b)
{
	bans_free(*b);
}

void bans_free(struct bans *b)
{
	if (b == NULL)
		return;
	(void)pthread_rwlock_destroy(&b->lock);
	free(b->entries);
	free(b);
}

/* Under the writing lock, or before threads. */
static void put(struct bans *b, const struct entry *e)
{
	unsigned n = atomic_load(&b->n);

	if (n == BANS_MAX)
		return;
	b->entries[n] = *e;
	atomic_store(&b->n, n + 1);
}

static void drop(struct bans *b, const struct uid *id, int64_t now_ms)
{
	(void)pthread_rwlock_wrlock(&b->lock); /* fails only for a thread that holds it */
	unsigned n = atomic_load(&b->n);
	for (unsigned i = 0; i < n;) {
		if (uid_is(&b->entries[i].id, id) || b->entries[i].until_ms <= now_ms)
			b->entries[i] = b->entries[--n];
		else
			i++;
	}
	atomic_store(&b->n, n);
	(void)pthread_rwlock_unlock(&b->lock);
}

bool bans_hold(struct bans *b, const struct address *address, int64_t now_ms)
{
	bool is_held = false;

	if (b == NULL || atomic_load_explicit(&b->n, memory_order_relaxed) == 0)
		return false;
	(void)pthread_rwlock_rdlock(&b->lock);
	for (unsigned i = 0; i < atomic_load(&b->n) && !is_held; i++)
		is_held = b->entries[i].until_ms > now_ms &&
			  prefixes_hold(&b->entries[i].network, address);
	(void)pthread_rwlock_unlock(&b->lock);
	return is_held;
}

uint64_t bans_refused(struct bans *b)
{
	return b == NULL ? 0 : atomic_load(&b->refused);
}

void bans_count_refused(struct bans *b)
{
	(void)atomic_fetch_add(&b->refused, 1);
}

/* ---- the table ---- */

static enum rc read_row(struct stmt *s, struct network_ban *ret, struct err *e)
{
	*ret = (struct network_ban){
		.id = stmt_uid(s, 0), .until_ms = stmt_int(s, 3), .created_ms = stmt_int(s, 4)};
	enum rc rc = stmt_copy_sealed(
		s, 1, &keyring_system, LABEL_NETWORK, ret->network, sizeof ret->network, e);
	if (rc == RC_OK)
		rc = stmt_copy_sealed(
			s, 2, &keyring_system, LABEL_REASON, ret->reason, sizeof ret->reason, e);
	return rc;
}

enum rc ban_networks_list(
	struct db *reader, int64_t now_ms, network_ban_fn *fn, void *ctx, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(reader,
		"SELECT id, network, reason, until_ms, created_ms FROM network_ban"
		" WHERE until_ms > ?1 ORDER BY created_ms DESC LIMIT ?2",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, now_ms);
	stmt_bind_int(s, 2, BANS_MAX);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct network_ban b;
		rc = read_row(s, &b, e);
		if (rc != RC_OK) {
			stmt_reset(s);
			return rc;
		}
		fn(ctx, &b);
	}
	return rc;
}

static void load_one(void *ctx, const struct network_ban *b)
{
	struct entry entry = {.id = b->id, .until_ms = b->until_ms};

	if (prefixes_read(view_of(b->network), &entry.network, NULL) == RC_OK)
		put(ctx, &entry);
}

enum rc bans_new(struct db *reader, int64_t now_ms, struct bans **ret_owned, struct err *e)
{
	CLEANUP(bans_freep) struct bans *b = calloc(1, sizeof *b);

	if (b == NULL)
		return fail(e, RC_NOMEM, "bans: out of memory");
	(void)pthread_rwlock_init(&b->lock, NULL); /* cannot fail with default attributes */
	b->entries = calloc(BANS_MAX, sizeof b->entries[0]);
	if (b->entries == NULL)
		return fail(e, RC_NOMEM, "bans: out of memory");
	enum rc rc = ban_networks_list(reader, now_ms, load_one, b, e);
	if (rc == RC_OK)
		*ret_owned = STEAL(b);
	return rc;
}

struct add_job {
	const struct network_ban *ban;
	const struct uid *by;
	struct problem *problem;
};

static enum rc add_job(struct db *db, void *arg, struct err *e)
{
	const struct add_job *job = arg;
	const struct network_ban *b = job->ban;
	struct stmt *s = NULL;
	int64_t n = 0;
	enum rc rc = ban_store_tidy(db, b->created_ms, &n, e);

	if (rc == RC_OK && n >= BANS_MAX)
		return refuse(job->problem, RC_LIMIT, "too_many_bans", NULL, NULL);
	if (rc == RC_OK)
		rc = query_prepare(db,
			"INSERT INTO network_ban (id, network, until_ms, reason, by_account, "
			"created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
			&b->id, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_sealed(s, 2, &keyring_system, LABEL_NETWORK, view_of(b->network));
	stmt_bind_int(s, 3, b->until_ms);
	stmt_bind_sealed(s, 4, &keyring_system, LABEL_REASON, view_of(b->reason));
	stmt_bind_uid(s, 5, job->by);
	stmt_bind_int(s, 6, b->created_ms);
	return stmt_run(s, NULL, e);
}

/* "192.0.2.7/24" as "192.0.2.0/24"; false for what is no network, is wider than allowed, or holds
 * this machine itself: nobody shall lock himself out. */
static bool read_network(struct view text, struct prefixes *ret, char ret_text[NETWORK_TEXT])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct address local_4 = {{[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}};
	struct address local_6 = {{[15] = 1}};
	char address[ADDRESS_CHARS];

	if (view_find(text, ',') != text.n || view_find(text, ' ') != text.n ||
		prefixes_read(text, ret, NULL) != RC_OK || ret->n != 1)
		return false;
	struct address *a = &ret->items[0].address;
	bool is_4 = memcmp(a->b, mapped, sizeof mapped) == 0 && ret->items[0].bits >= 96;
	unsigned bits = is_4 ? ret->items[0].bits - 96u : ret->items[0].bits;
	if (bits < (is_4 ? BAN_BITS_MIN_4 : BAN_BITS_MIN_6) || prefixes_hold(ret, &local_4) ||
		prefixes_hold(ret, &local_6))
		return false;
	for (unsigned bit = ret->items[0].bits; bit < 128; bit++)
		a->b[bit / 8] = (uint8_t)(a->b[bit / 8] & ~(0x80u >> bit % 8));
	address_to_text(a, address);
	(void)snprintf(ret_text, NETWORK_TEXT, "%s/%u", address, bits);
	return true;
}

enum rc ban_network_add(struct domain *d, const struct principal *who, struct view network,
	int64_t hours, struct view reason, struct network_ban *ret, struct problem *p,
	struct err *e)
{
	struct network_ban b = {.id = uid_new(), .created_ms = d->wall_ms()};
	struct entry entry = {.id = b.id};
	struct add_job job = {.ban = &b, .by = &who->account, .problem = p};

	if (!read_network(network, &entry.network, b.network))
		return refuse(p, RC_SYNTAX, "network_invalid", "network",
			"an address or a network, of IPv4 at most a /8, of IPv6 at most a /32, "
			"and not this machine");
	if (hours < 1 || hours > BAN_HOURS_MAX || !view_to_text(reason, b.reason, sizeof b.reason))
		return refuse(p, RC_SYNTAX, "field_range", "hours", NULL);
	b.until_ms = entry.until_ms = b.created_ms + hours * HOUR_MS;
	act_subject(who, &b.id);
	act_detail(who, "%s, %lld h: %s", b.network, (long long)hours, b.reason);
	enum rc rc = act_run(d, who, add_job, &job, e);
	if (rc != RC_OK)
		return rc;
	drop(d->bans, &b.id, b.created_ms); /* makes room: those that are over go */
	(void)pthread_rwlock_wrlock(&d->bans->lock);
	put(d->bans, &entry);
	(void)pthread_rwlock_unlock(&d->bans->lock);
	*ret = b;
	return RC_OK;
}

static enum rc remove_job(struct db *db, void *arg, struct err *e)
{
	struct stmt *s = NULL;
	int64_t changed = 0;
	enum rc rc = query_prepare(db, "DELETE FROM network_ban WHERE id = ?1", arg, &s, e);

	if (rc == RC_OK)
		rc = stmt_run(s, &changed, e);
	return rc == RC_OK && changed == 0 ? fail(e, RC_NOT_FOUND, "no such ban") : rc;
}

enum rc ban_network_remove(
	struct domain *d, const struct principal *who, const struct uid *ban, struct err *e)
{
	struct uid id = *ban;

	act_subject(who, ban);
	enum rc rc = act_run(d, who, remove_job, &id, e);
	if (rc == RC_OK)
		drop(d->bans, ban, d->wall_ms());
	return rc;
}
