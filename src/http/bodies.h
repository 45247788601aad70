/* The values of each JSON body and query, and their tables: what docs/openapi.yaml calls SetupBody,
 * SignInBody … Members that were not given have p == NULL, is_there == false, or the none id. */
#pragma once

#include "http/bodies_account.h"
#include "http/bodies_partner.h"
#include "http/fields.h"

struct setup_values {
	struct view token, login, name, password, group_name, language;
};
struct password_values {
	struct view current, fresh;
};
struct group_new_values {
	struct view name;
};
struct group_values {
	struct view name, zone;
	struct field_int wait_hours;
};
struct member_values {
	struct view role;
	struct field_words given, taken;
	const struct json_t *windows;
	struct field_int until;
};
struct window_values {             /* inside of windows */
	const struct json_t *days; /* numbers, 1 Monday … 7 Sunday */
	struct view from, to, mode;
	struct field_words rights;
};
struct break_glass_values {
	struct uid group;
	struct view reason;
	struct field_int hours;
};
struct invitation_values {
	struct view role;
	struct field_int hours;
};
struct invitation_accept_values {
	struct view token, login, name, password, language;
};
struct wearer_values {
	struct view name, color;
	struct field_bool is_adult;
};
struct command_values {
	struct view type, text;
	struct uid contact;
	struct field_int count;
	struct view ssid, network, password;
	const struct json_t *apn;
};
struct apn_values { /* inside of it */
	struct view name, user, password, mccmnc;
};
struct contacts_values {
	const struct json_t *contacts;
};
struct contact_values { /* one of them */
	struct view name, number;
};
struct sos_numbers_values {
	struct field_words numbers;
};
struct sms_alerts_values {
	struct field_bool low_battery, sos, removed;
};
struct health_rule_values {
	struct field_bool is_allowed;
	struct field_int keep_days;
};
struct friend_rule_values {
	struct field_bool is_allowed;
};
struct way_values {
	struct view kind, name, certificate;
};
struct way_name_values {
	struct view name;
};
struct photo_rule_values {
	struct field_bool is_allowed;
	struct field_int per_day;
};
struct capability_values {
	struct view has;
};
struct thread_text_values {
	struct view text;
};
struct thread_heard_values {
	struct uid item;
};
struct thread_values {
	struct uid before;
	struct view limit; /* digits */
};
struct close_values {
	struct view note;
};
struct claim_values {
	struct uid group; /* first: see routes.h, OBJECT_IN_BODY */
	struct view watch, name, sim_number, language, zone, proof;
};
struct claim_code_values {
	struct view code;
};
struct demo_values {
	struct uid group; /* first */
};
struct history_values {
	struct field_int from, to;
};
struct alarms_values {
	struct view state;
	struct uid before;
};
struct picture_values {
	struct view v;
};
struct page_values {
	struct view before, limit; /* digits */
};
struct operator_accounts_values {
	struct uid after;
	struct view q;
};
struct ban_values {
	struct view reason;
	struct field_int until;
};
struct operator_flag_values {
	struct field_bool is_operator;
};
struct network_ban_values {
	struct view network, reason;
	struct field_int hours;
};
struct notices_read_values {
	struct field_int seq;
};
struct radio_values {
	struct view file;
};
struct mail_test_values {
	struct view to;
};
struct dead_letters_values {
	struct field_int before;
};
struct events_values {
	struct view last_event_id;
};

/* One request has at most one body and one query. */
union body_values {
	struct uid group; /* of rows with OBJECT_IN_BODY */
	struct view word; /* of rows with words */
	struct setup_values setup;
	struct sign_in_values sign_in;
	struct account_values account;
	struct passkey_proof_values passkey_proof;
	struct step_up_values step_up;
	struct passkey_values passkey;
	struct proof_values proof;
	struct code_values code;
	struct email_values email;
	struct token_values token;
	struct login_values login;
	struct recovery_finish_values recovery_finish;
	struct password_values password;
	struct group_new_values group_new;
	struct group_values group_body;
	struct member_values member;
	struct invitation_values invitation;
	struct break_glass_values break_glass;
	struct invitation_accept_values invitation_accept;
	struct wearer_values wearer;
	struct command_values command;
	struct capability_values capability;
	struct contacts_values contacts;
	struct sos_numbers_values sos_numbers;
	struct sms_alerts_values sms_alerts;
	struct way_values way;
	struct way_name_values way_name;
	struct photo_rule_values photo_rule;
	struct health_rule_values health_rule;
	struct friend_rule_values friend_rule;
	struct thread_text_values thread_text;
	struct thread_heard_values thread_heard;
	struct close_values close;
	struct claim_values claim;
	struct claim_code_values claim_code;
	struct demo_values demo;
	struct mail_test_values mail_test;
	struct radio_values radio;
	struct notices_read_values notices_read;
	struct ban_values ban;
	struct operator_flag_values operator_flag;
	struct network_ban_values network_ban;
	struct partner_values partner;
	struct partner_keys_values partner_keys;
	struct consent_values consent;
	struct partner_message_values partner_message;
	struct proposal_values proposal;
};
union query_values {
	struct history_values history;
	struct alarms_values alarms;
	struct thread_values thread;
	struct events_values events;
	struct picture_values picture;
	struct dead_letters_values dead_letters;
	struct page_values page;
	struct operator_accounts_values operator_accounts;
	struct partner_wearers_values wearers;
};

extern const struct field_table mail_test_table, radio_table, dead_letters_table;
extern const struct field_table audit_page_table, audit_export_table, notices_table,
	notices_read_table, operator_accounts_table, ban_table, operator_flag_table,
	network_ban_table;
extern const struct field_table group_new_table, member_table, member_wearer_table, window_table,
	invitation_table, invitation_accept_table, break_glass_table;
extern const struct field_table thread_text_table, thread_heard_table, thread_table;
extern const struct field_table way_table, way_name_table;
extern const struct field_table contacts_table, contact_table, sos_numbers_table, sms_alerts_table,
	photo_rule_table, health_rule_table, friend_rule_table;
extern const struct field_table setup_table, password_table, group_table, wearer_table,
	command_table, apn_table, capability_table, close_table, claim_table, claim_code_table,
	demo_table, history_table, alarms_table, events_table, picture_table;
