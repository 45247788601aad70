#include "http/bodies_partner.h"

#include <stddef.h>

#include "base/num.h"
#include "base/time_text.h"
#include "domain/consent.h"
#include "domain/partner.h"

/* "08:00" */
static bool is_time_of_day(struct view v)
{
	uint32_t hour = 0;
	uint32_t minute = 0;

	return v.n == 5 && v.p[2] == ':' &&
	       num_u32((struct view){.p = v.p, .n = 2}, 23, &hour, NULL) == RC_OK &&
	       num_u32((struct view){.p = v.p + 3, .n = 2}, 59, &minute, NULL) == RC_OK;
}

/* "2027-01-31" */
static bool is_day(struct view v)
{
	char text[] = "0000-00-00T00:00:00Z";
	int64_t ms = 0;

	if (v.n != 10)
		return false;
	memcpy(text, v.p, v.n);
	return time_from_text(view_of(text), &ms, NULL) == RC_OK;
}

static bool is_id(struct view v)
{
	struct uid id;
	return uid_from_text(v, &id);
}

static const char *const algorithms[] = {"ES256", "EdDSA", "RS256", NULL};
static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};
static const char *const grantable[] = {"view_position", "view_history", "view_health", "alarms",
	"locate", "message", "propose_plan", NULL};

#define AT(type, member) ((uint16_t)offsetof(struct type, member))

static const struct field partner_fields[] = {
	{"name", FIELD_TEXT, true, AT(partner_values, name), 2, PARTNER_NAME_CHARS, NULL, NULL},
	{"contact", FIELD_TEXT, true, AT(partner_values, contact), 1, PARTNER_TEXT_CHARS, NULL,
		NULL},
	{"purpose", FIELD_TEXT, true, AT(partner_values, purpose), 1, PARTNER_TEXT_CHARS, NULL,
		NULL},
	{"algorithm", FIELD_TEXT, true, AT(partner_values, keys.algorithm), 1, 32, algorithms,
		NULL},
	{"jwks", FIELD_JSON, false, AT(partner_values, keys.jwks), 0, 0, NULL, NULL},
	{"certificate_pem", FIELD_SECRET, false, AT(partner_values, keys.certificate_pem), 1,
		JWS_PEM_MAX, NULL, NULL},
	{"is_bound", FIELD_BOOL, false, AT(partner_values, keys.is_bound), 0, 0, NULL, NULL},
	{"webhook_url", FIELD_TEXT, false, AT(partner_values, webhook_url), 1, HTTPS_URL_MAX, NULL,
		NULL},
	{"requests_per_min", FIELD_INT, false, AT(partner_values, requests_per_min), 1,
		PARTNER_REQUESTS_PER_MIN_MAX, NULL, NULL},
	{"wearers_per_hour", FIELD_INT, false, AT(partner_values, wearers_per_hour), 1,
		PARTNER_WEARERS_PER_HOUR_MAX, NULL, NULL},
};
static const struct field partner_keys_fields[] = {
	{"algorithm", FIELD_TEXT, true, AT(partner_keys_values, algorithm), 1, 32, algorithms,
		NULL},
	{"jwks", FIELD_JSON, false, AT(partner_keys_values, jwks), 0, 0, NULL, NULL},
	{"certificate_pem", FIELD_SECRET, false, AT(partner_keys_values, certificate_pem), 1,
		JWS_PEM_MAX, NULL, NULL},
	{"is_bound", FIELD_BOOL, false, AT(partner_keys_values, is_bound), 0, 0, NULL, NULL},
};
static const struct field consent_fields[] = {
	{"partner", FIELD_ID, true, AT(consent_values, partner), 0, 0, NULL, NULL},
	{"wearers", FIELD_WORDS, true, AT(consent_values, wearers), 32, 32, NULL, is_id},
	{"rights", FIELD_WORDS, true, AT(consent_values, rights), 1, 32, grantable, NULL},
	{"until", FIELD_TIME, true, AT(consent_values, until), 0, 0, NULL, NULL},
};
static const struct field partner_message_fields[] = {
	{"text", FIELD_TEXT, true, AT(partner_message_values, text), 1, 200, NULL, NULL},
};
static const struct field proposal_fields[] = {
	{"medicine", FIELD_TEXT, true, AT(proposal_values, medicine), 1, 80, NULL, NULL},
	{"dose", FIELD_TEXT, true, AT(proposal_values, dose), 1, 80, NULL, NULL},
	{"times", FIELD_WORDS, true, AT(proposal_values, times), 5, 5, NULL, is_time_of_day},
	{"days", FIELD_WORDS, false, AT(proposal_values, days), 1, 32, days, NULL},
	{"first_day", FIELD_TEXT, false, AT(proposal_values, first_day), 10, 10, NULL, is_day},
	{"last_day", FIELD_TEXT, false, AT(proposal_values, last_day), 10, 10, NULL, is_day},
	{"note", FIELD_TEXT, false, AT(proposal_values, note), 1, 300, NULL, NULL},
};
static const struct field partner_wearers_fields[] = {
	{"after", FIELD_ID, false, AT(partner_wearers_values, after), 0, 0, NULL, NULL},
};

const struct field_table partner_table = {
	"PartnerBody", partner_fields, COUNT_OF(partner_fields), false};
const struct field_table partner_keys_table = {
	"PartnerKeysBody", partner_keys_fields, COUNT_OF(partner_keys_fields), false};
const struct field_table consent_table = {
	"ConsentBody", consent_fields, COUNT_OF(consent_fields), false};
const struct field_table partner_message_table = {
	"MessageBody", partner_message_fields, COUNT_OF(partner_message_fields), false};
const struct field_table proposal_table = {
	"PlanProposalBody", proposal_fields, COUNT_OF(proposal_fields), false};
const struct field_table partner_wearers_table = {
	"partner_wearers", partner_wearers_fields, COUNT_OF(partner_wearers_fields), false};
