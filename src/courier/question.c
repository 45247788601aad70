#include "courier/question.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/https_url.h"
#include "base/json_out.h"
#include "base/log.h"
#include "courier/place_ask.h"
#include "courier/weather_read.h"

bool question_is(enum message_type type)
{
	return type == MESSAGE_WEATHER_ASK || type == MESSAGE_LOCATE_ASK;
}

void question_decline(const struct message *ask, struct message *ret)
{
	if (ask->type == MESSAGE_LOCATE_ASK) {
		*ret = (struct message){
			.type = MESSAGE_LOCATE_TOLD, .locate_told = {.item = ask->locate_ask.item}};
		return;
	}
	*ret = (struct message){.type = MESSAGE_WEATHER_TOLD,
		.weather_told = {.lat_d = ask->weather_ask.lat_d, .lon_d = ask->weather_ask.lon_d}};
}

/* Appends; false when it does not fit. */
static bool add(char *dst, size_t size, size_t *n, struct view text)
{
	if (text.n >= size - *n)
		return false;
	if (text.n > 0)
		memcpy(dst + *n, text.p, text.n);
	*n += text.n;
	dst[*n] = '\0';
	return true;
}

static bool add_degrees(char *dst, size_t size, size_t *n, int degrees_d)
{
	char text[16];

	(void)snprintf(text, sizeof text, "%s%d.%d", degrees_d < 0 ? "-" : "", abs(degrees_d) / 10,
		abs(degrees_d) % 10);
	return add(dst, size, n, view_of(text));
}

bool question_weather_url(const char *url, int lat_d, int lon_d, char *ret, size_t ret_size)
{
	struct view rest = view_of(url);
	struct view head;
	size_t n = 0;
	unsigned lats = 0;
	unsigned lons = 0;

	while (rest.n > 0) {
		bool is_lat = rest.n >= 5 && memcmp(rest.p, "{lat}", 5) == 0;
		bool is_lon = rest.n >= 5 && memcmp(rest.p, "{lon}", 5) == 0;
		lats += is_lat;
		lons += is_lon;
		if (!view_cut(&rest, is_lat || is_lon ? 5 : 1, &head))
			return false;
		bool is_added = is_lat || is_lon
					? add_degrees(ret, ret_size, &n, is_lat ? lat_d : lon_d)
					: add(ret, ret_size, &n, head);
		if (!is_added)
			return false;
	}
	return lats == 1 && lons == 1;
}

static void ask_place(
	const struct deliver_config *c, const struct message *ask, struct message *ret)
{
	char *body = malloc(PLACE_ANSWER_MAX);
	struct json_out j = {.text = NULL};
	struct view question;
	size_t n = 0;
	struct err e = {.msg = ""};

	if (body != NULL && c->radio_url[0] != '\0' &&
		place_ask_write(&ask->locate_ask, &j, &question, &e) == RC_OK) {
		struct delivered d = deliver_fetch(
			c, view_of(c->radio_url), question, body, PLACE_ANSWER_MAX, &n);
		struct view answer = {.p = body, .n = n};
		/* 404: it knows nothing of them. */
		if (d.outcome != COURIER_DONE && d.code != 404)
			log_event(LOG_WARN, "locate.no_answer", "outcome=%s code=%u",
				courier_outcome_name(d.outcome), d.code);
		else if (d.outcome == COURIER_DONE &&
			 place_answer_read(answer, &ret->locate_told, &e) != RC_OK)
			log_event(LOG_WARN, "locate.no_answer", "why=\"%s\"", e.msg);
	}
	json_out_done(&j);
	free(body);
}

void question_ask(const struct deliver_config *c, const struct message *ask, struct message *ret)
{
	char url[HTTPS_URL_MAX + 1];
	char *body = NULL;
	size_t n = 0;
	struct err e = {.msg = "the service is not set up, or its address has no {lat} and {lon}"};

	question_decline(ask, ret);
	if (ask->type == MESSAGE_LOCATE_ASK) {
		ask_place(c, ask, ret);
		return;
	}
	if (c->weather_url[0] == '\0' ||
		!question_weather_url(c->weather_url, ask->weather_ask.lat_d,
			ask->weather_ask.lon_d, url, sizeof url)) {
		log_event(LOG_WARN, "weather.no_answer", "why=\"%s\"", e.msg);
		return;
	}
	body = malloc(QUESTION_ANSWER_MAX);
	if (body == NULL)
		return;
	struct delivered d =
		deliver_fetch(c, view_of(url), (struct view){0}, body, QUESTION_ANSWER_MAX, &n);
	if (d.outcome != COURIER_DONE)
		log_event(LOG_WARN, "weather.no_answer", "outcome=%s code=%u",
			courier_outcome_name(d.outcome), d.code);
	else if (weather_read((struct view){.p = body, .n = n}, &ret->weather_told, &e) != RC_OK)
		log_event(LOG_WARN, "weather.no_answer", "why=\"%s\"", e.msg);
	free(body);
}
