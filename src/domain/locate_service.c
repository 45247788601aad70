#include "domain/locate_service.h"

#include <stdlib.h>

#include "domain/courier_dispatch.h"

enum { HOUR_S = 3600, POINTS_MIN = 2, POINT_ACCURACY_MIN_M = 30, CELL_ACCURACY_MIN_M = 300 };

struct answer_slot {
	uint64_t question; /* 0: free */
	uint32_t until_s;
	struct solved solved;
};

struct locate_service {
	struct domain *domain;
	uint32_t hour, asked_in_hour;
	struct answer_slot answers[LOCATE_ANSWERS];
};

enum rc locate_service_new(struct domain *d, struct locate_service **ret_owned, struct err *e)
{
	struct locate_service *s = calloc(1, sizeof *s);

	if (s == NULL)
		return fail(e, RC_NOMEM, "locate: out of memory");
	s->domain = d;
	*ret_owned = s;
	return RC_OK;
}

void locate_service_free(struct locate_service *s)
{
	free(s);
}

/* ---- the question ---- */

static uint8_t points_that_may_leave(const struct heard_list *h)
{
	uint8_t n = 0;

	for (uint8_t i = 0; i < h->n; i++)
		n = (uint8_t)(n + (!h->items[i].is_cell && h->items[i].may_leave));
	return n;
}

static void add_point(struct message_locate_ask *a, const struct heard_item *item)
{
	if (a->points_n == LOCATE_ASK_POINTS)
		return;
	struct locate_point *p = &a->points[a->points_n++];
	for (size_t i = 0; i < sizeof p->mac; i++)
		p->mac[i] = (uint8_t)(item->key >> (8 * (5 - i)));
	p->rssi_dbm = (int8_t)(item->has_rssi ? item->rssi_dbm : 0);
}

static void add_cell(struct message_locate_ask *a, const struct heard_item *item)
{
	if (a->cells_n == LOCATE_ASK_CELLS)
		return;
	a->cells[a->cells_n++] = (struct locate_cell){.mcc = (uint16_t)(item->key >> 54 & 0x3ff),
		.mnc = (uint16_t)(item->key >> 44 & 0x3ff),
		.lac = (uint32_t)(item->key >> 28 & 0xffff),
		.cid = (uint32_t)(item->key & 0xfffffff)};
}

/* One access point alone would tell of one household: two, or none. */
static void write_question(
	const struct heard_list *h, const struct uid *id, struct message_locate_ask *ret)
{
	bool has_points = points_that_may_leave(h) >= POINTS_MIN;

	*ret = (struct message_locate_ask){.item = *id};
	for (uint8_t i = 0; i < h->n; i++) {
		const struct heard_item *item = &h->items[i];
		if (item->is_cell)
			add_cell(ret, item);
		else if (has_points && item->may_leave)
			add_point(ret, item);
	}
}

/* The same for the same set in any order; strengths do not count. */
static uint64_t question_of(const struct message_locate_ask *a)
{
	uint64_t sum = 1;

	for (size_t i = 0; i < a->points_n; i++) {
		uint64_t x = 0;
		for (size_t k = 0; k < sizeof a->points[i].mac; k++)
			x = x << 8 | a->points[i].mac[k];
		x = (x + 1) * 0x9e3779b97f4a7c15u;
		sum += (x ^ x >> 31) * 0xbf58476d1ce4e5b9u;
	}
	for (size_t i = 0; i < a->cells_n; i++) {
		uint64_t x = (uint64_t)a->cells[i].lac << 32 | a->cells[i].cid;
		x = (x + a->cells[i].mcc * UINT64_C(1000) + a->cells[i].mnc) * 0x94d049bb133111ebu;
		sum += (x ^ x >> 29) * 0xff51afd7ed558ccdu;
	}
	return sum == 0 ? 1 : sum;
}

static bool may_ask_now(struct locate_service *s)
{
	uint32_t hour = (uint32_t)(s->domain->wall_ms() / 1000 / HOUR_S);

	if (hour != s->hour) {
		s->hour = hour;
		s->asked_in_hour = 0;
	}
	return s->asked_in_hour < s->domain->settings.radio_per_hour;
}

bool locate_service_wants(
	const struct locate_service *s, const struct heard_list *heard, const struct solved *known)
{
	if (!s->domain->settings.is_radio_service_on || known->by == SOLVED_WIFI)
		return false;
	if (points_that_may_leave(heard) >= POINTS_MIN)
		return true;
	return known->by == SOLVED_NOT && heard->n > heard->points_n;
}

enum asked locate_service_ask(struct locate_service *s, const struct heard_list *heard,
	const struct uid *id, struct solved *ret)
{
	struct message m = {.type = MESSAGE_LOCATE_ASK};

	write_question(heard, id, &m.locate_ask);
	uint64_t question = question_of(&m.locate_ask);
	const struct answer_slot *slot = &s->answers[question % LOCATE_ANSWERS];
	if (slot->question == question && slot->until_s > (uint32_t)(s->domain->wall_ms() / 1000)) {
		*ret = slot->solved;
		return ASKED_KNOWN;
	}
	if (s->domain->courier == NULL)
		return ASKED_NOT;
	if (!may_ask_now(s))
		return ASKED_FULL;
	if (!courier_dispatch_ask(s->domain->courier, &m))
		return ASKED_NOT;
	s->asked_in_hour++;
	return ASKED_NOW;
}

void locate_service_told(struct locate_service *s, const struct heard_list *heard,
	const struct message_locate_told *told, struct solved *ret)
{
	struct message_locate_ask a;

	write_question(heard, &told->item, &a);
	uint64_t question = question_of(&a);
	uint32_t least = a.points_n > 0 ? POINT_ACCURACY_MIN_M : CELL_ACCURACY_MIN_M;
	uint32_t life_s = told->is_known ? LOCATE_ANSWER_LIFE_S : LOCATE_NO_ANSWER_LIFE_S;

	*ret = (struct solved){.by = SOLVED_NOT};
	if (told->is_known && told->accuracy_m <= SOLVE_ACCURACY_MAX_M)
		*ret = (struct solved){
			.by = a.points_n > 0 && told->accuracy_m < 1000 ? SOLVED_WIFI : SOLVED_CELL,
			.at = {told->lat_e7, told->lon_e7},
			.accuracy_m = told->accuracy_m < least ? least : told->accuracy_m};
	s->answers[question % LOCATE_ANSWERS] = (struct answer_slot){.question = question,
		.until_s = (uint32_t)(s->domain->wall_ms() / 1000) + life_s,
		.solved = *ret};
}
