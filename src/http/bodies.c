#include "http/bodies.h"

#include <stddef.h>

#include "base/mail_address.h"
#include "domain/health.h"
#include "domain/rights.h"

/* BCP 47, the part that we use: "de", "es-MX". */
static bool is_language(struct view v)
{
	size_t dash = view_find(v, '-');

	if (dash < 2 || dash > 3 || (dash < v.n && (v.n - dash < 3 || v.n - dash > 9)))
		return false;
	for (size_t i = 0; i < v.n; i++) {
		bool is_lower = v.p[i] >= 'a' && v.p[i] <= 'z';
		if (i < dash ? !is_lower : i > dash && !ascii_is_alnum(v.p[i]))
			return false;
	}
	return true;
}

static bool is_color(struct view v)
{
	if (v.n != 7 || v.p[0] != '#')
		return false;
	for (size_t i = 1; i < v.n; i++) {
		if (ascii_hex(v.p[i]) < 0 || ascii_lower(v.p[i]) != v.p[i])
			return false;
	}
	return true;
}

static bool is_digits(struct view v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (!ascii_is_digit(v.p[i]))
			return false;
	}
	return v.n > 0;
}

static bool is_sim_number(struct view v)
{
	if (v.n > 0 && v.p[0] == '+')
		v = (struct view){.p = v.p + 1, .n = v.n - 1};
	return v.n >= 3 && v.n <= 19 && is_digits(v);
}

static bool is_without_blanks(struct view v)
{
	return view_find(v, ' ') == v.n;
}

static const char *const command_types[] = {"locate", "find", "message", "call", "check_in_call",
	"photo", "power_off", "reset", "new_password", "reward", "measure_heart",
	"measure_temperature", "ask_pulse", "wifi_search", "wifi_current", "wifi_join",
	"wifi_forget", "unfriend", "refresh", "factory", "update", "apn", NULL};
static const char *const proofs[] = {"code", "sos", NULL};
static const char *const alarm_states[] = {"open", "all", NULL};

static const char *const member_roles[] = {"admin", "guardian", "carer", "viewer", NULL};
static const char *const window_modes[] = {"only", "not", NULL};

static bool is_right(struct view v)
{
	enum right r;

	return right_from_name(v, &r);
}

#define AT(type, member) ((uint16_t)offsetof(struct type, member))

static const struct field setup_fields[] = {
	{"token", FIELD_SECRET, true, AT(setup_values, token), 16, 128, NULL, NULL},
	{"login", FIELD_TEXT, true, AT(setup_values, login), 3, 64, NULL, is_without_blanks},
	{"name", FIELD_TEXT, true, AT(setup_values, name), 1, 80, NULL, NULL},
	{"password", FIELD_SECRET, true, AT(setup_values, password), 1, 256, NULL, NULL},
	{"group_name", FIELD_TEXT, true, AT(setup_values, group_name), 1, 80, NULL, NULL},
	{"language", FIELD_TEXT, true, AT(setup_values, language), 2, 12, NULL, is_language},
};
static const struct field password_fields[] = {
	{"current", FIELD_SECRET, true, AT(password_values, current), 1, 256, NULL, NULL},
	{"new", FIELD_SECRET, true, AT(password_values, fresh), 1, 256, NULL, NULL},
};
static const struct field group_new_fields[] = {
	{"name", FIELD_TEXT, true, AT(group_new_values, name), 1, 80, NULL, NULL},
};
static const struct field group_fields[] = {
	{"name", FIELD_TEXT, false, AT(group_values, name), 1, 80, NULL, NULL},
	{"zone", FIELD_TEXT, false, AT(group_values, zone), 1, 47, NULL, NULL},
	{"wait_hours", FIELD_INT, false, AT(group_values, wait_hours), 1, 168, NULL, NULL},
};
static const struct field member_fields[] = {
	{"role", FIELD_TEXT, true, AT(member_values, role), 1, 32, member_roles, NULL},
	{"given", FIELD_WORDS, false, AT(member_values, given), 1, 32, NULL, is_right},
	{"taken", FIELD_WORDS, false, AT(member_values, taken), 1, 32, NULL, is_right},
	{"windows", FIELD_JSON, false, AT(member_values, windows), 0, 0, NULL, NULL},
	{"until", FIELD_TIME, false, AT(member_values, until), 0, 0, NULL, NULL},
};
static const struct field member_wearer_fields[] = {
	{"given", FIELD_WORDS, true, AT(member_values, given), 1, 32, NULL, is_right},
	{"taken", FIELD_WORDS, true, AT(member_values, taken), 1, 32, NULL, is_right},
	{"windows", FIELD_JSON, true, AT(member_values, windows), 0, 0, NULL, NULL},
};
static const struct field window_fields[] = {
	{"days", FIELD_JSON, true, AT(window_values, days), 0, 0, NULL, NULL},
	{"from", FIELD_TEXT, true, AT(window_values, from), 5, 5, NULL, NULL},
	{"to", FIELD_TEXT, true, AT(window_values, to), 5, 5, NULL, NULL},
	{"mode", FIELD_TEXT, true, AT(window_values, mode), 1, 8, window_modes, NULL},
	{"rights", FIELD_WORDS, false, AT(window_values, rights), 1, 32, NULL, is_right},
};
static const struct field break_glass_fields[] = {
	{"group", FIELD_ID, true, AT(break_glass_values, group), 0, 0, NULL, NULL},
	{"reason", FIELD_TEXT, true, AT(break_glass_values, reason), 10, 500, NULL, NULL},
	{"hours", FIELD_INT, true, AT(break_glass_values, hours), 1, 4, NULL, NULL},
};
static const struct field invitation_fields[] = {
	{"role", FIELD_TEXT, true, AT(invitation_values, role), 1, 32, member_roles, NULL},
	{"hours", FIELD_INT, false, AT(invitation_values, hours), 1, 336, NULL, NULL},
};
static const struct field invitation_accept_fields[] = {
	{"token", FIELD_SECRET, true, AT(invitation_accept_values, token), 16, 128, NULL, NULL},
	{"login", FIELD_TEXT, true, AT(invitation_accept_values, login), 3, 64, NULL,
		is_without_blanks},
	{"name", FIELD_TEXT, true, AT(invitation_accept_values, name), 1, 80, NULL, NULL},
	{"password", FIELD_SECRET, true, AT(invitation_accept_values, password), 1, 256, NULL,
		NULL},
	{"language", FIELD_TEXT, true, AT(invitation_accept_values, language), 2, 12, NULL,
		is_language},
};
static const struct field wearer_fields[] = {
	{"name", FIELD_TEXT, false, AT(wearer_values, name), 1, 80, NULL, NULL},
	{"color", FIELD_TEXT, false, AT(wearer_values, color), 7, 7, NULL, is_color},
	{"is_adult", FIELD_BOOL, false, AT(wearer_values, is_adult), 0, 0, NULL, NULL},
};
static const struct field command_fields[] = {
	{"type", FIELD_TEXT, true, AT(command_values, type), 1, 32, command_types, NULL},
	{"text", FIELD_TEXT, false, AT(command_values, text), 1, 200, NULL, NULL},
	{"contact", FIELD_ID, false, AT(command_values, contact), 0, 0, NULL, NULL},
	{"count", FIELD_INT, false, AT(command_values, count), 1, 99, NULL, NULL},
	{"ssid", FIELD_TEXT, false, AT(command_values, ssid), 1, 32, NULL, NULL},
	{"network", FIELD_TEXT, false, AT(command_values, network), 1, 32, NULL, NULL},
	{"password", FIELD_SECRET, false, AT(command_values, password), 1, 63, NULL, NULL},
	{"apn", FIELD_JSON, false, AT(command_values, apn), 0, 0, NULL, NULL},
};
static const struct field apn_fields[] = {
	{"name", FIELD_TEXT, true, AT(apn_values, name), 1, 64, NULL, NULL},
	{"user", FIELD_TEXT, false, AT(apn_values, user), 1, 64, NULL, NULL},
	{"password", FIELD_SECRET, false, AT(apn_values, password), 1, 64, NULL, NULL},
	{"mccmnc", FIELD_TEXT, true, AT(apn_values, mccmnc), 5, 6, NULL, is_digits},
};
static const struct field thread_text_fields[] = {
	/* longer ones than a watch takes are refused with their length (commands.c) */
	{"text", FIELD_TEXT, true, AT(thread_text_values, text), 1, 4000, NULL, NULL},
};
static const struct field thread_heard_fields[] = {
	{"item", FIELD_ID, true, AT(thread_heard_values, item), 0, 0, NULL, NULL},
};
static const struct field thread_fields[] = {
	{"before", FIELD_ID, false, AT(thread_values, before), 0, 0, NULL, NULL},
	{"limit", FIELD_TEXT, false, AT(thread_values, limit), 1, 3, NULL, is_digits},
};
static const struct field contacts_fields[] = {
	{"contacts", FIELD_JSON, true, AT(contacts_values, contacts), 0, 0, NULL, NULL},
};
static const struct field contact_fields[] = {
	{"name", FIELD_TEXT, true, AT(contact_values, name), 1, 40, NULL, NULL},
	{"number", FIELD_TEXT, true, AT(contact_values, number), 1, 60, NULL, NULL},
};
static const struct field sos_numbers_fields[] = {
	{"numbers", FIELD_WORDS, true, AT(sos_numbers_values, numbers), 1, 60, NULL, NULL},
};
static const char *const way_kinds[] = {"owntracks", "traccar", "watch_tls", NULL};
static const struct field way_fields[] = {
	{"kind", FIELD_TEXT, true, AT(way_values, kind), 1, 32, way_kinds, NULL},
	{"name", FIELD_TEXT, true, AT(way_values, name), 1, 40, NULL, NULL},
	{"certificate", FIELD_SECRET, false, AT(way_values, certificate), 1, 8192, NULL, NULL},
};
static const struct field way_name_fields[] = {
	{"name", FIELD_TEXT, true, AT(way_name_values, name), 1, 40, NULL, NULL},
};
static const struct field sms_alerts_fields[] = {
	{"low_battery", FIELD_BOOL, false, AT(sms_alerts_values, low_battery), 0, 0, NULL, NULL},
	{"sos", FIELD_BOOL, false, AT(sms_alerts_values, sos), 0, 0, NULL, NULL},
	{"removed", FIELD_BOOL, false, AT(sms_alerts_values, removed), 0, 0, NULL, NULL},
};
static const struct field photo_rule_fields[] = {
	{"is_allowed", FIELD_BOOL, true, AT(photo_rule_values, is_allowed), 0, 0, NULL, NULL},
	{"per_day", FIELD_INT, true, AT(photo_rule_values, per_day), 1, 10, NULL, NULL},
};
static const struct field friend_rule_fields[] = {
	{"is_allowed", FIELD_BOOL, true, AT(friend_rule_values, is_allowed), 0, 0, NULL, NULL},
};
static const struct field health_rule_fields[] = {
	{"is_allowed", FIELD_BOOL, true, AT(health_rule_values, is_allowed), 0, 0, NULL, NULL},
	{"keep_days", FIELD_INT, true, AT(health_rule_values, keep_days), 1, HEALTH_KEEP_DAYS_MAX,
		NULL, NULL},
};
static const char *const capability_choices[] = {"yes", "no", "auto", NULL};
static const struct field capability_fields[] = {
	{"has", FIELD_TEXT, true, AT(capability_values, has), 1, 32, capability_choices, NULL},
};
static const struct field close_fields[] = {
	{"note", FIELD_TEXT, false, AT(close_values, note), 1, 500, NULL, NULL},
};
static const struct field claim_fields[] = {
	{"group", FIELD_ID, true, AT(claim_values, group), 0, 0, NULL, NULL},
	{"watch", FIELD_TEXT, true, AT(claim_values, watch), 5, 20, NULL, NULL},
	{"name", FIELD_TEXT, true, AT(claim_values, name), 1, 80, NULL, NULL},
	{"sim_number", FIELD_TEXT, false, AT(claim_values, sim_number), 3, 20, NULL, is_sim_number},
	{"language", FIELD_TEXT, true, AT(claim_values, language), 2, 12, NULL, NULL},
	{"zone", FIELD_TEXT, true, AT(claim_values, zone), 1, 64, NULL, NULL},
	{"proof", FIELD_TEXT, true, AT(claim_values, proof), 1, 32, proofs, NULL},
};
static const struct field claim_code_fields[] = {
	{"code", FIELD_TEXT, true, AT(claim_code_values, code), 6, 6, NULL, is_digits},
};
static const struct field demo_fields[] = {
	{"group", FIELD_ID, true, AT(demo_values, group), 0, 0, NULL, NULL},
};
static const struct field history_fields[] = {
	{"from", FIELD_TIME, true, AT(history_values, from), 0, 0, NULL, NULL},
	{"to", FIELD_TIME, true, AT(history_values, to), 0, 0, NULL, NULL},
};
static const struct field alarms_fields[] = {
	{"state", FIELD_TEXT, false, AT(alarms_values, state), 1, 32, alarm_states, NULL},
	{"before", FIELD_ID, false, AT(alarms_values, before), 0, 0, NULL, NULL},
};
static const struct field events_fields[] = {
	{"last_event_id", FIELD_TEXT, false, AT(events_values, last_event_id), 0, 64, NULL, NULL},
};
static const struct field picture_fields[] = {
	{"v", FIELD_TEXT, false, AT(picture_values, v), 1, 10, NULL, is_digits},
};

static const struct field page_fields[] = {
	{"before", FIELD_TEXT, false, AT(page_values, before), 1, 18, NULL, is_digits},
	{"limit", FIELD_TEXT, false, AT(page_values, limit), 1, 3, NULL, is_digits},
};
static const struct field notices_read_fields[] = {
	{"seq", FIELD_INT, true, AT(notices_read_values, seq), 0, UINT32_MAX, NULL, NULL},
};

static const struct field operator_accounts_fields[] = {
	{"after", FIELD_ID, false, AT(operator_accounts_values, after), 0, 0, NULL, NULL},
	{"q", FIELD_TEXT, false, AT(operator_accounts_values, q), 1, 64, NULL, NULL},
};
static const struct field ban_fields[] = {
	{"reason", FIELD_TEXT, true, AT(ban_values, reason), 1, 100, NULL, NULL},
	{"until", FIELD_TIME, false, AT(ban_values, until), 0, 0, NULL, NULL},
};
static const struct field operator_flag_fields[] = {
	{"is_operator", FIELD_BOOL, true, AT(operator_flag_values, is_operator), 0, 0, NULL, NULL},
};
static const struct field network_ban_fields[] = {
	{"network", FIELD_TEXT, true, AT(network_ban_values, network), 2, 49, NULL, NULL},
	{"hours", FIELD_INT, true, AT(network_ban_values, hours), 1, 8760, NULL, NULL},
	{"reason", FIELD_TEXT, true, AT(network_ban_values, reason), 1, 100, NULL, NULL},
};

const struct field_table operator_accounts_table = {
	"operator_accounts", operator_accounts_fields, COUNT_OF(operator_accounts_fields), false};
const struct field_table ban_table = {"BanBody", ban_fields, COUNT_OF(ban_fields), false};
const struct field_table operator_flag_table = {
	"OperatorFlagBody", operator_flag_fields, COUNT_OF(operator_flag_fields), false};
const struct field_table network_ban_table = {
	"NetworkBanBody", network_ban_fields, COUNT_OF(network_ban_fields), false};
const struct field_table audit_page_table = {"audit", page_fields, 2, false};
const struct field_table audit_export_table = {"audit_export", page_fields, 1, false};
const struct field_table notices_table = {"notices", page_fields, 1, false};
const struct field_table notices_read_table = {
	"NoticesReadBody", notices_read_fields, COUNT_OF(notices_read_fields), false};
const struct field_table setup_table = {"SetupBody", setup_fields, COUNT_OF(setup_fields), false};
const struct field_table password_table = {
	"PasswordBody", password_fields, COUNT_OF(password_fields), false};
const struct field_table group_new_table = {
	"GroupNewBody", group_new_fields, COUNT_OF(group_new_fields), false};
const struct field_table group_table = {"GroupBody", group_fields, COUNT_OF(group_fields), true};
const struct field_table member_table = {
	"MemberBody", member_fields, COUNT_OF(member_fields), false};
const struct field_table member_wearer_table = {
	"MemberWearerBody", member_wearer_fields, COUNT_OF(member_wearer_fields), false};
const struct field_table window_table = {"Window", window_fields, COUNT_OF(window_fields), false};
const struct field_table break_glass_table = {
	"BreakGlassBody", break_glass_fields, COUNT_OF(break_glass_fields), false};
const struct field_table invitation_table = {
	"InvitationBody", invitation_fields, COUNT_OF(invitation_fields), false};
const struct field_table invitation_accept_table = {"InvitationAcceptBody",
	invitation_accept_fields, COUNT_OF(invitation_accept_fields), false};
const struct field_table wearer_table = {
	"WearerBody", wearer_fields, COUNT_OF(wearer_fields), true};
const struct field_table command_table = {
	"CommandBody", command_fields, COUNT_OF(command_fields), false};
const struct field_table apn_table = {"ApnBody", apn_fields, COUNT_OF(apn_fields), false};
const struct field_table thread_text_table = {
	"ThreadTextBody", thread_text_fields, COUNT_OF(thread_text_fields), false};
const struct field_table thread_heard_table = {
	"ThreadHeardBody", thread_heard_fields, COUNT_OF(thread_heard_fields), false};
const struct field_table thread_table = {"thread", thread_fields, COUNT_OF(thread_fields), false};
const struct field_table contacts_table = {
	"ContactsBody", contacts_fields, COUNT_OF(contacts_fields), false};
const struct field_table contact_table = {
	"ContactBody", contact_fields, COUNT_OF(contact_fields), false};
const struct field_table sos_numbers_table = {
	"SosNumbersBody", sos_numbers_fields, COUNT_OF(sos_numbers_fields), false};
const struct field_table way_table = {"WayBody", way_fields, COUNT_OF(way_fields), false};
const struct field_table way_name_table = {
	"WayNameBody", way_name_fields, COUNT_OF(way_name_fields), false};
const struct field_table sms_alerts_table = {
	"SmsAlertsBody", sms_alerts_fields, COUNT_OF(sms_alerts_fields), true};
const struct field_table photo_rule_table = {
	"PhotoRuleBody", photo_rule_fields, COUNT_OF(photo_rule_fields), false};
const struct field_table friend_rule_table = {
	"FriendRuleBody", friend_rule_fields, COUNT_OF(friend_rule_fields), false};
const struct field_table health_rule_table = {
	"HealthRuleBody", health_rule_fields, COUNT_OF(health_rule_fields), false};
const struct field_table capability_table = {
	"CapabilityBody", capability_fields, COUNT_OF(capability_fields), false};
const struct field_table close_table = {"CloseBody", close_fields, COUNT_OF(close_fields), false};
const struct field_table claim_table = {"ClaimBody", claim_fields, COUNT_OF(claim_fields), false};
const struct field_table claim_code_table = {
	"ClaimCodeBody", claim_code_fields, COUNT_OF(claim_code_fields), false};
const struct field_table demo_table = {"DemoBody", demo_fields, COUNT_OF(demo_fields), false};
const struct field_table history_table = {
	"history", history_fields, COUNT_OF(history_fields), false};
const struct field_table alarms_table = {"alarms", alarms_fields, COUNT_OF(alarms_fields), false};
const struct field_table events_table = {"events", events_fields, COUNT_OF(events_fields), false};
const struct field_table picture_table = {
	"picture", picture_fields, COUNT_OF(picture_fields), false};

static const struct field mail_test_fields[] = {
	{"to", FIELD_TEXT, true, AT(mail_test_values, to), 3, MAIL_ADDRESS_MAX, NULL,
		is_mail_address},
};
const struct field_table mail_test_table = {
	"MailTestBody", mail_test_fields, COUNT_OF(mail_test_fields), false};

static const struct field radio_fields[] = {
	{"file", FIELD_TEXT, true, AT(radio_values, file), 1, 199, NULL, NULL},
};
const struct field_table radio_table = {"RadioBody", radio_fields, COUNT_OF(radio_fields), false};

static const struct field dead_letters_fields[] = {
	{"before", FIELD_TIME, false, AT(dead_letters_values, before), 0, 0, NULL, NULL},
};
const struct field_table dead_letters_table = {
	"dead_letters", dead_letters_fields, COUNT_OF(dead_letters_fields), false};
