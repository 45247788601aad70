#include "http/listeners.h"

#include <stdlib.h>

enum { SLOTS = 4096 };

struct group_seats {
	struct group_seats *next;
	struct uid id;
	struct list seats;
};

struct listeners {
	struct bus *bus;
	struct list unused;
	struct listener *by_session[SLOTS];
	struct group_seats *groups[SLOTS];
};

static size_t slot_of(const struct uid *id)
{
	uint32_t h;

	memcpy(&h, id->b, sizeof h); /* ids are random */
	return h % SLOTS;
}

enum rc listeners_new(struct bus *bus, struct listeners **ret_owned, struct err *e)
{
	struct listeners *ls = calloc(1, sizeof *ls);

	if (ls == NULL)
		return fail(e, RC_NOMEM, "listeners: out of memory");
	ls->bus = bus;
	list_init(&ls->unused);
	*ret_owned = ls;
	return RC_OK;
}

static struct group_seats **find_group(struct listeners *ls, const struct uid *id)
{
	struct group_seats **link = &ls->groups[slot_of(id)];

	while (*link != NULL && !uid_is(&(*link)->id, id))
		link = &(*link)->next;
	return link;
}

static struct group_seats *take_group(struct listeners *ls, const struct uid *id)
{
	struct group_seats **link = find_group(ls, id);

	if (*link != NULL)
		return *link;
	struct group_seats *g = calloc(1, sizeof *g);
	if (g == NULL)
		return NULL;
	if (bus_listen(ls->bus, id, NULL) != RC_OK) {
		free(g);
		return NULL;
	}
	g->id = *id;
	list_init(&g->seats);
	*link = g;
	return g;
}

static void drop_group_if_empty(struct listeners *ls, const struct group_seats *g)
{
	struct group_seats **link = find_group(ls, &g->id);

	if (*link == NULL || !list_is_empty(&(*link)->seats))
		return;
	struct group_seats *empty = *link;
	*link = empty->next;
	bus_unlisten(ls->bus, &empty->id);
	free(empty);
}

/* Works on a half-built listener too. */
static void free_listener(struct listeners *ls, struct listener *l)
{
	struct listener **link = &ls->by_session[slot_of(&l->session)];

	while (*link != NULL && *link != l)
		link = &(*link)->next;
	if (*link == l)
		*link = l->next;
	list_remove(&l->unused);
	for (uint32_t i = 0; i < l->seats_n; i++) {
		list_remove(&l->seats[i].node);
		drop_group_if_empty(ls, l->seats[i].group);
	}
	free(l->seats);
	free(l);
}

void listeners_free(struct listeners *ls)
{
	if (ls == NULL)
		return;
	for (size_t i = 0; i < SLOTS; i++) {
		while (ls->by_session[i] != NULL)
			free_listener(ls, ls->by_session[i]);
	}
	free(ls);
}

static bool take_seats(struct listeners *ls, struct listener *l, const struct principal *who)
{
	l->seats = calloc(who->groups_n == 0 ? 1 : who->groups_n, sizeof *l->seats);
	if (l->seats == NULL)
		return false;
	for (uint32_t i = 0; i < who->groups_n; i++) {
		struct group_seats *g = take_group(ls, &who->groups[i]);
		if (g == NULL)
			return false;
		l->seats[i] =
			(struct seat){.listener = l, .group = g, .rights_generation = UINT64_MAX};
		list_init(&l->seats[i].node);
		list_append(&g->seats, &l->seats[i].node);
		l->seats_n++;
	}
	return true;
}

struct listener *listeners_take(struct listeners *ls, const struct principal *who)
{
	struct listener **slot = &ls->by_session[slot_of(&who->session)];

	for (struct listener *l = *slot; l != NULL; l = l->next) {
		if (!uid_is(&l->session, &who->session))
			continue;
		l->is_unused = false;
		list_remove(&l->unused);
		return l;
	}
	struct listener *l = calloc(1, sizeof *l);
	if (l == NULL)
		return NULL;
	l->account = who->account;
	l->session = who->session;
	list_init(&l->streams);
	list_init(&l->unused);
	if (!take_seats(ls, l, who)) {
		free_listener(ls, l);
		return NULL;
	}
	l->next = *slot;
	*slot = l;
	return l;
}

void listeners_leave(struct listeners *ls, struct listener *l)
{
	if (l->is_unused)
		return;
	l->is_unused = true;
	list_append(&ls->unused, &l->unused);
}

void listeners_sweep(struct listeners *ls)
{
	for (struct list *node = list_pop(&ls->unused); node != NULL; node = list_pop(&ls->unused))
		free_listener(ls, CONTAINER_OF(node, struct listener, unused));
}

struct list *listeners_of_group(struct listeners *ls, const struct uid *group)
{
	struct group_seats *g = *find_group(ls, group);
	return g == NULL ? NULL : &g->seats;
}

struct seat *listener_seat(struct listener *l, const struct uid *group)
{
	for (uint32_t i = 0; i < l->seats_n; i++) {
		if (uid_is(&l->seats[i].group->id, group))
			return &l->seats[i];
	}
	return NULL;
}

const struct uid *seat_group(const struct seat *seat)
{
	return &seat->group->id;
}

void listeners_each(struct listeners *ls, listener_fn *fn, void *ctx)
{
	for (size_t i = 0; i < SLOTS; i++) {
		for (struct listener *l = ls->by_session[i]; l != NULL; l = l->next)
			fn(ctx, l);
	}
}
