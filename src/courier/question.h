/* Questions of the server to services that the operator has named: asked once over HTTPS, like
 * webhooks (the same judgement of addresses), answered by a typed message. What a service says is
 * hostile. Blocks; for the courier's worker threads. */
#pragma once

#include "courier/deliver.h"

enum {
	QUESTION_ANSWER_MAX = 64 * 1024 /* bytes of a service's answer; a longer one is no answer */
};

/* True for the types that this answers. */
bool question_is(enum message_type type);
/* The answer to what was not asked, because there is too much to do. */
void question_decline(const struct message *ask, struct message *ret);
void question_ask(const struct deliver_config *c, const struct message *ask, struct message *ret);

/* url with "{lat}" and "{lon}" replaced by degrees of one decimal. False: it has not both, or is
 * too long. For tests, too. */
MUST_CHECK bool question_weather_url(
	const char *url, int lat_d, int lon_d, char *ret, size_t ret_size);
