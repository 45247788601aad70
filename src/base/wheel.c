#include "base/wheel.h"

#include <limits.h>
#include <stdlib.h>

/* Time counts in ticks from the wheel's start. Each level has 64 slots; a timer stands on the level
 * of the highest group of 6 bits in which its tick differs from now. So every slot in use lies
 * ahead of now's own slot on its level, and whatever stands on a lower level is due before all that
 * is higher. When now reaches a slot of a higher level, its timers move down. */
enum { TICK_MS = 100, SLOT_BITS = 6, SLOTS = 1 << SLOT_BITS, LEVELS = 6 };

static const int64_t TICK_MAX = ((int64_t)1 << (SLOT_BITS * LEVELS)) - 1; /* 217 years */

struct wheel {
	int64_t start_ms;
	int64_t tick;          /* all timers up to here have fired */
	int64_t target;        /* where the running wheel_advance goes; otherwise tick */
	struct list due;       /* fire at the next wheel_advance */
	uint64_t used[LEVELS]; /* slots that may hold timers; cancelling leaves the bit */
	struct list slots[LEVELS][SLOTS];
};

enum rc wheel_new(int64_t now_ms, struct wheel **ret_owned, struct err *e)
{
	struct wheel *w = calloc(1, sizeof *w);

	if (w == NULL)
		return fail(e, RC_NOMEM, "wheel: out of memory");
	w->start_ms = now_ms;
	list_init(&w->due);
	for (size_t level = 0; level < LEVELS; level++) {
		for (size_t slot = 0; slot < SLOTS; slot++)
			list_init(&w->slots[level][slot]);
	}
	*ret_owned = w;
	return RC_OK;
}

static void unlink_all(struct list *l)
{
	while (list_pop(l) != NULL)
		;
}

void wheel_free(struct wheel *w)
{
	if (w == NULL)
		return;
	unlink_all(&w->due); /* so that timer_cancel after this is harmless */
	for (size_t level = 0; level < LEVELS; level++) {
		for (size_t slot = 0; slot < SLOTS; slot++)
			unlink_all(&w->slots[level][slot]);
	}
	free(w);
}

void timer_init(struct timer *t, timer_fn *fn)
{
	list_init(&t->node);
	t->due_ms = 0;
	t->fn = fn;
}

/* The first tick that is not before ms. */
static int64_t tick_not_before(const struct wheel *w, int64_t ms)
{
	int64_t since = 0;

	if (ms <= w->start_ms)
		return 0;
	if (__builtin_sub_overflow(ms, w->start_ms, &since))
		return TICK_MAX;
	int64_t tick = since / TICK_MS + (since % TICK_MS != 0 ? 1 : 0);
	return tick < TICK_MAX ? tick : TICK_MAX;
}

static int64_t tick_reached(const struct wheel *w, int64_t now_ms)
{
	int64_t tick = now_ms <= w->start_ms ? 0 : (now_ms - w->start_ms) / TICK_MS;

	return tick < TICK_MAX ? tick : TICK_MAX;
}

/* Puts an unlinked timer whose tick is after w->tick into its slot. */
static void place(struct wheel *w, struct timer *t, int64_t tick)
{
	unsigned long long differs = (unsigned long long)(tick ^ w->tick);
	unsigned level = (63u - (unsigned)__builtin_clzll(differs)) / SLOT_BITS;
	unsigned slot = (unsigned)(tick >> (SLOT_BITS * level)) & (SLOTS - 1);

	w->used[level] |= UINT64_C(1) << slot;
	list_append(&w->slots[level][slot], &t->node);
}

void timer_set(struct wheel *w, struct timer *t, int64_t due_ms)
{
	int64_t tick = tick_not_before(w, due_ms);

	list_remove(&t->node);
	t->due_ms = due_ms;
	if (tick <= w->target)
		list_append(&w->due, &t->node);
	else
		place(w, t, tick);
}

void timer_cancel(struct timer *t)
{
	list_remove(&t->node);
}

bool timer_is_set(const struct timer *t)
{
	return !list_is_empty(&t->node);
}

/* Finds the next slot with timers and the tick at which it is to be emptied. */
static bool next_slot(struct wheel *w, struct list **ret_slot, int64_t *ret_tick)
{
	for (unsigned level = 0; level < LEVELS; level++) {
		while (w->used[level] != 0) {
			unsigned slot = (unsigned)__builtin_ctzll(w->used[level]);
			unsigned shift = SLOT_BITS * level;
			if (list_is_empty(&w->slots[level][slot])) {
				w->used[level] &= w->used[level] - 1; /* cancelled since */
				continue;
			}
			*ret_slot = &w->slots[level][slot];
			*ret_tick = (w->tick >> (shift + SLOT_BITS) << SLOT_BITS | slot) << shift;
			return true;
		}
	}
	return false;
}

/* Moves all of `from` to the empty list `to`. */
static void move_all(struct list *from, struct list *to)
{
	list_init(to);
	if (list_is_empty(from))
		return;
	*to = *from;
	to->prev->next = to;
	to->next->prev = to;
	list_init(from);
}

static void fire_all(struct list *timers, void *context)
{
	struct list batch;

	move_all(timers, &batch); /* what a callback adds to `timers` waits for the next call */
	for (struct list *node = list_pop(&batch); node != NULL; node = list_pop(&batch)) {
		struct timer *t = CONTAINER_OF(node, struct timer, node);
		t->fn(t, context);
	}
}

/* Fires the timers of a slot that are due at w->tick and moves the others to lower levels. */
static void empty_slot(struct wheel *w, struct list *slot, void *context)
{
	struct list batch;
	struct list now;

	move_all(slot, &batch);
	list_init(&now);
	for (struct list *node = list_pop(&batch); node != NULL; node = list_pop(&batch)) {
		struct timer *t = CONTAINER_OF(node, struct timer, node);
		int64_t tick = tick_not_before(w, t->due_ms);
		if (tick <= w->tick)
			list_append(&now, node);
		else
			place(w, t, tick);
	}
	fire_all(&now, context);
}

void wheel_advance(struct wheel *w, int64_t now_ms, void *context)
{
	struct list *slot = NULL;
	int64_t tick = 0;
	int64_t reached = tick_reached(w, now_ms);

	if (reached > w->target)
		w->target = reached;
	fire_all(&w->due, context);
	while (next_slot(w, &slot, &tick) && tick <= w->target) {
		w->tick = tick;
		empty_slot(w, slot, context);
	}
	w->tick = w->target;
}

int wheel_timeout_ms(struct wheel *w, int64_t now_ms)
{
	struct list *slot = NULL;
	int64_t tick = 0;

	if (!list_is_empty(&w->due))
		return 0;
	if (!next_slot(w, &slot, &tick))
		return -1;
	int64_t wait = w->start_ms + tick * TICK_MS - now_ms;
	return wait < 0 ? 0 : wait > INT_MAX ? INT_MAX : (int)wait;
}
