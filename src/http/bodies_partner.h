/* The values of the bodies and queries about partners, and their tables; a part of bodies.h. */
#pragma once

#include "http/fields.h"

struct json_t;

/* Either jwks or certificate_pem. */
struct partner_keys_values {
	struct view algorithm, certificate_pem;
	const struct json_t *jwks;
	struct field_bool is_bound;
};
struct partner_values {
	struct partner_keys_values keys;
	struct view name, contact, purpose, webhook_url;
	struct field_int requests_per_min, wearers_per_hour;
};
struct consent_values {
	struct uid partner;
	struct field_words wearers, rights;
	struct field_int until;
};
struct partner_message_values {
	struct view text;
};
struct proposal_values {
	struct view medicine, dose, first_day, last_day, note;
	struct field_words times, days;
};
struct partner_wearers_values {
	struct uid after;
};

extern const struct field_table partner_table, partner_keys_table, consent_table,
	partner_message_table, proposal_table, partner_wearers_table;
