/* Refusals and looks come in floods: each kind becomes one entry in an hour, and its count a second
 * one when the hour is over. Bounded by AUDIT_FOLDS_MAX and, for people without an account, by
 * AUDIT_STRANGERS_HOUR_MAX. */
#include <sodium.h>
#include <stdlib.h>

#include "domain/audit_inside.h"
#include "domain/sign_in_limits.h"

enum { HOUR_MS = 3600 * 1000 };

static struct view network_of(const struct act *act)
{
	return sign_in_network(view_of(act->address));
}

static bool is_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool is_nobody(const struct act *act)
{
	return uid_is_none(&act->actor) && act->actor_kind != ACTOR_SERVER;
}

/* A look is one of a person at a wearer, a refusal one of a person or network. */
static bool is_same(const struct audit_fold *f, const struct act *act, bool is_look)
{
	return f->is_look == is_look && uid_is(&f->act.actor, &act->actor) &&
	       is_text(f->act.action, act->action) && is_text(f->act.outcome, act->outcome) &&
	       (!is_look || uid_is(&f->act.wearer, &act->wearer)) &&
	       (!is_nobody(act) || view_is(network_of(&f->act), network_of(act)));
}

static struct audit_fold **bucket_of(struct audit *a, const struct act *act, bool is_look)
{
	struct view network = is_nobody(act) ? network_of(act) : VIEW("");
	uint8_t key[2 * UID_BYTES + 2 * ADDRESS_TEXT] = {0};
	size_t n = sizeof(struct uid[2]);
	uint64_t hash = 0;

	memcpy(key, act->actor.b, UID_BYTES);
	if (is_look)
		memcpy(key + UID_BYTES, act->wearer.b, UID_BYTES);
	size_t action_n = act->action == NULL ? 0 : strlen(act->action);
	action_n = action_n > ADDRESS_TEXT ? ADDRESS_TEXT : action_n;
	memcpy(key + n, act->action == NULL ? "" : act->action, action_n);
	n += action_n;
	memcpy(key + n, network.p, network.n);
	n += network.n;
	_Static_assert(sizeof a->hash_key == crypto_shorthash_KEYBYTES &&
			       sizeof hash == crypto_shorthash_BYTES,
		"sizes of the keyed hash");
	(void)crypto_shorthash((uint8_t *)&hash, key, n, a->hash_key); /* cannot fail */
	return &a->buckets[hash & (AUDIT_BUCKETS - 1)];
}

static void unchain(struct audit *a, struct audit_fold *f)
{
	struct audit_fold **at = bucket_of(a, &f->act, f->is_look);

	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	list_remove(&f->in_order);
	a->folds_n--;
}

/* Under the lock. */
static void drop_fold(struct audit *a, struct audit_fold *f, struct list *ret_due)
{
	unchain(a, f);
	if (f->more > 0 && !f->is_look)
		list_append(ret_due, &f->in_order);
	else
		free(f);
}

static void flush(struct audit *a, struct list *ret_due)
{
	while (!list_is_empty(&a->order))
		drop_fold(a, CONTAINER_OF(a->order.next, struct audit_fold, in_order), ret_due);
	a->strangers_n = 0;
}

static struct audit_fold *find(
	struct audit *a, const struct act *act, bool is_look, struct audit_fold ***ret_bucket)
{
	struct audit_fold *f = *(*ret_bucket = bucket_of(a, act, is_look));

	while (f != NULL && !is_same(f, act, is_look))
		f = f->next;
	return f;
}

/* Under the lock. True when it is new. */
static bool count(struct audit *a, const struct act *act, bool is_look, struct list *ret_due)
{
	struct audit_fold **bucket = NULL;
	struct audit_fold *f = find(a, act, is_look, &bucket);

	if (f != NULL) {
		f->more++;
		list_remove(&f->in_order);
		list_append(&a->order, &f->in_order);
		return false;
	}
	if (a->folds_n >= AUDIT_FOLDS_MAX)
		drop_fold(a, CONTAINER_OF(a->order.next, struct audit_fold, in_order), ret_due);
	f = calloc(1, sizeof *f);
	if (f == NULL)
		return true; /* it is written, only not folded */
	f->is_look = is_look;
	f->act = *act;
	bucket = bucket_of(a, act, is_look);
	f->next = *bucket;
	*bucket = f;
	list_init(&f->in_order);
	list_append(&a->order, &f->in_order);
	a->folds_n++;
	return true;
}

bool audit_fold_take(
	struct audit *a, const struct act *act, bool is_look, int64_t now_ms, struct list *ret_due)
{
	struct act copy = *act;
	struct audit_fold **bucket = NULL;

	(void)pthread_mutex_lock(&a->lock); /* the default mutex does not fail here */
	if (a->hour != now_ms / HOUR_MS) {
		flush(a, ret_due);
		a->hour = now_ms / HOUR_MS;
	}
	if (is_nobody(act) && find(a, act, is_look, &bucket) == NULL &&
		a->strangers_n++ >= AUDIT_STRANGERS_HOUR_MAX)
		copy.address[0] = '\0'; /* all further networks together */
	bool is_new = count(a, &copy, is_look, ret_due);
	(void)pthread_mutex_unlock(&a->lock);
	if (!is_new)
		(void)atomic_fetch_add(&a->folded, 1);
	return is_new;
}

void audit_fold_flush(struct audit *a, int64_t now_ms, bool is_end, struct list *ret_due)
{
	(void)pthread_mutex_lock(&a->lock);
	if (is_end || a->hour != now_ms / HOUR_MS)
		flush(a, ret_due);
	a->hour = now_ms / HOUR_MS;
	(void)pthread_mutex_unlock(&a->lock);
}
