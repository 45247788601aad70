#include "http/routes.h"

#include "domain/capability.h"
#include "domain/consent.h"
#include "domain/setting_table.h"
#include "http/api.h"
#include "http/bodies.h"

/* A row without an access class, a right or a place for its object does not compile: without one
 * the macro has too few arguments, and 0 makes an array of negative size. This is why they are
 * macros. */
#define NOT_0(type, value) ((type)(sizeof(char[(value) > 0 ? 1 : -1]) * (value)))

/* Rows without an object: of one's own account, of nobody, or lists that hold only what the caller
 * may see. Access is all that is declared. */
#define PLAIN(method, path, who, rate, where, kind, body, query, audit, run)                       \
	{                                                                                          \
		method, path, NOT_0(enum access, who), rate, where, OBJECT_NOWHERE, OBJECT_GROUP,  \
			RIGHT_NONE, false, kind, body, query, audit, run, NULL, NULL               \
	}

#define WITH_OBJECT(method, path, who, rate, where, place, object, need, may_wait, kind, body,     \
	query, audit, run, words)                                                                  \
	{                                                                                          \
		method, path, NOT_0(enum access, who), rate, where, place, object,                 \
			NOT_0(enum right, need), may_wait, kind, body, query, audit, run, words,   \
			NULL                                                                       \
	}

/* Rows about an object in the path. */
#define OWNED(method, path, rate, where, object, need, kind, body, query, audit, run)              \
	WITH_OBJECT(method, path, ACCESS_GROUP, rate, where, OBJECT_IN_PATH, object, need, false,  \
		kind, body, query, audit, run, NULL)

/* The same, class D: the handler proposes (domain/approval.h) when others must agree or may object.
 */
#define APPROVED(method, path, rate, where, object, need, kind, body, query, audit, run)           \
	WITH_OBJECT(method, path, ACCESS_GROUP, rate, where, OBJECT_IN_PATH, object, need, true,   \
		kind, body, query, audit, run, NULL)

/* Rows about a wearer in the path whose body says by its first member what shall be done. */
#define BY_WORD(method, path, rate, words, body, audit, run)                                       \
	WITH_OBJECT(method, path, ACCESS_GROUP, rate, RUN_POOL, OBJECT_IN_PATH, OBJECT_WEARER,     \
		RIGHT_SEE_GROUP, true, BODY_JSON, body, NULL, audit, run, words)

/* Rows about a wearer whose path says by a word what shall be changed. */
#define BY_PATH(method, path, rate, find, kind, body, audit, run)                                  \
	{                                                                                          \
		method, path, ACCESS_GROUP, rate, RUN_POOL, OBJECT_IN_PATH, OBJECT_WEARER,         \
			RIGHT_SEE_GROUP, false, kind, body, NULL, audit, run, NULL, find           \
	}

/* Rows whose body names the group. */
#define IN_GROUP(method, path, rate, where, need, body, audit, run)                                \
	WITH_OBJECT(method, path, ACCESS_ACCOUNT, rate, where, OBJECT_IN_BODY, OBJECT_GROUP, need, \
		false, BODY_JSON, body, NULL, audit, run, NULL)

/* Rows of the partner API about a wearer. Rights of class C and D do not compile here. */
#define PARTNER(method, path, rate, where, need, kind, body, query, audit, run)                    \
	WITH_OBJECT(method, path, ACCESS_PARTNER, rate, where, OBJECT_IN_PATH, OBJECT_WEARER,      \
		(enum right)(sizeof(char[(CONSENT_RIGHTS >> (need)&1) != 0 ? 1 : -1]) * (need)),   \
		false, kind, body, query, audit, run, NULL)

/* Each setting names its right in its table (domain/setting_table.h). */
static bool setting_word(struct view word, struct word_right *ret)
{
	enum setting_id id = SETTING_COUNT;

	if (!setting_from_name(word, &id))
		return false;
	*ret = (struct word_right){.word = setting_def(id)->name, .right = setting_def(id)->right};
	return true;
}

static bool capability_word(struct view word, struct word_right *ret)
{
	*ret = (struct word_right){.right = RIGHT_SETTINGS};
	return capability_is_name(word);
}

static const struct word_right command_rights[] = {
	{"locate", NOT_0(enum right, RIGHT_LOCATE), false},
	{"find", NOT_0(enum right, RIGHT_RING), false},
	{"message", NOT_0(enum right, RIGHT_MESSAGE), false},
	{"call", NOT_0(enum right, RIGHT_CALL), false},
	{"check_in_call", NOT_0(enum right, RIGHT_CALL), false},
	{"photo", NOT_0(enum right, RIGHT_PHOTO), false},
	{"power_off", NOT_0(enum right, RIGHT_POWER), false},
	{"reset", NOT_0(enum right, RIGHT_RESET), true},
	{"factory", NOT_0(enum right, RIGHT_RESET), true},
	{"update", NOT_0(enum right, RIGHT_RESET), true},
	{"apn", NOT_0(enum right, RIGHT_RESET), true},
	{"reward", NOT_0(enum right, RIGHT_MESSAGE), false},
	{"measure_heart", NOT_0(enum right, RIGHT_VIEW_HEALTH), false},
	{"measure_temperature", NOT_0(enum right, RIGHT_VIEW_HEALTH), false},
	{"ask_pulse", NOT_0(enum right, RIGHT_VIEW_HEALTH), false},
	{"wifi_search", NOT_0(enum right, RIGHT_SETTINGS), false},
	{"wifi_current", NOT_0(enum right, RIGHT_SETTINGS), false},
	{"wifi_join", NOT_0(enum right, RIGHT_SETTINGS), false},
	{"wifi_forget", NOT_0(enum right, RIGHT_SETTINGS), false},
	{"unfriend", NOT_0(enum right, RIGHT_CONTACTS), false},
	{"refresh", NOT_0(enum right, RIGHT_SETTINGS), false},
	{"new_password", NOT_0(enum right, RIGHT_PASSWORD), false},
	{NULL, RIGHT_NONE, false},
};

/* clang-format off */
const struct route routes[] = {
	PLAIN("GET", "/api/v1/session", ACCESS_ACCOUNT, RATE_READ, RUN_HERE, BODY_NONE, NULL, NULL, "", api_session),
	PLAIN("GET", "/api/v1/wearers", ACCESS_ACCOUNT, RATE_READ, RUN_HERE, BODY_NONE, NULL, NULL, "", api_wearers),
	PLAIN("GET", "/api/v1/events", ACCESS_ACCOUNT, RATE_STREAM, RUN_STREAM, BODY_NONE, NULL, &events_table, "", api_events),
	PLAIN("GET", "/api/v1/status", ACCESS_PUBLIC, RATE_READ, RUN_HERE, BODY_NONE, NULL, NULL, "", api_status),
	PLAIN("GET", "/.well-known/security.txt", ACCESS_PUBLIC, RATE_READ, RUN_HERE, BODY_NONE, NULL, NULL, "", api_security_txt),
	PLAIN("GET", "/healthz", ACCESS_PUBLIC, RATE_NONE, RUN_HERE, BODY_NONE, NULL, NULL, "", api_health),
	PLAIN("GET", "/metrics", ACCESS_LOCAL, RATE_NONE, RUN_HERE, BODY_NONE, NULL, NULL, "", api_metrics),
	PLAIN("GET", "/api/openapi.yaml", ACCESS_PUBLIC, RATE_READ, RUN_HERE, BODY_NONE, NULL, NULL, "", api_description),

	PLAIN("POST", "/api/v1/setup", ACCESS_PUBLIC, RATE_SIGN_IN, RUN_HASH, BODY_JSON, &setup_table, NULL, "account.set_up", api_set_up),
	PLAIN("POST", "/api/v1/session", ACCESS_PUBLIC, RATE_SIGN_IN, RUN_HASH, BODY_JSON, &sign_in_table, NULL, "session.start", api_sign_in),
	PLAIN("POST", "/api/v1/session/passkey/options", ACCESS_PUBLIC, RATE_CHANGE, RUN_HERE, BODY_JSON, &empty_table, NULL, "", api_passkey_options),
	PLAIN("POST", "/api/v1/session/passkey", ACCESS_PUBLIC, RATE_CHANGE, RUN_POOL, BODY_JSON, &passkey_proof_table, NULL, "session.start", api_passkey_sign_in),
	PLAIN("POST", "/api/v1/session/step-up/options", ACCESS_ACCOUNT, RATE_CHANGE, RUN_HERE, BODY_JSON, &empty_table, NULL, "", api_step_up_options),
	PLAIN("POST", "/api/v1/session/step-up", ACCESS_ACCOUNT, RATE_CHANGE, RUN_POOL, BODY_JSON, &step_up_table, NULL, "session.step_up", api_step_up),
	PLAIN("DELETE", "/api/v1/session", ACCESS_ACCOUNT, RATE_CHANGE, RUN_POOL, BODY_NONE, NULL, NULL, "session.end", api_sign_out),
	PLAIN("GET", "/api/v1/sessions", ACCESS_ACCOUNT, RATE_READ, RUN_HERE, BODY_NONE, NULL, NULL, "", api_sessions),
	PLAIN("DELETE", "/api/v1/sessions", ACCESS_ACCOUNT, RATE_CHANGE, RUN_POOL, BODY_NONE, NULL, NULL, "session.end_others", api_sessions_end),
	PLAIN("DELETE", "/api/v1/sessions/{session}", ACCESS_ACCOUNT, RATE_CHANGE, RUN_POOL, BODY_NONE, NULL, NULL, "session.end", api_session_end),
	PLAIN("PATCH", "/api/v1/account", ACCESS_ACCOUNT, RATE_CHANGE, RUN_POOL, BODY_JSON, &account_table, NULL, "account.change", api_account_change),
	PLAIN("PUT", "/api/v1/account/password", ACCESS_ACCOUNT, RATE_SIGN_IN, RUN_HASH, BODY_JSON, &password_table, NULL, "account.password", api_password_change),
	PLAIN("DELETE", "/api/v1/account", ACCESS_ACCOUNT, RATE_SIGN_IN, RUN_HASH, BODY_JSON, &proof_table, NULL, "account.delete", api_account_delete),
	PLAIN("GET", "/api/v1/account/security", ACCESS_ACCOUNT, RATE_READ, RUN_HERE, BODY_NONE, NULL, NULL, "", api_security),
	PLAIN("POST", "/api/v1/account/passkeys/options", ACCESS_ACCOUNT, RATE_SIGN_IN, RUN_HASH, BODY_JSON, &proof_table, NULL, "", api_new_passkey_options),
	PLAIN("POST", "/api/v1/account/passkeys", ACCESS_ACCOUNT, RATE_CHANGE, RUN_POOL, BODY_JSON, &passkey_table, NULL, "passkey.add", api_passkey_add),
	PLAIN("DELETE", "/api/v1/account/passkeys/{passkey}", ACCESS_ACCOUNT, RATE_CHANGE, RUN_POOL, BODY_NONE, NULL, NULL, "passkey.remove", api_passkey_remove),
	PLAIN("POST", "/api/v1/account/totp", ACCESS_ACCOUNT, RATE_SIGN_IN, RUN_HASH, BODY_JSON, &proof_table, NULL, "totp.offer", api_totp_offer),
	PLAIN("POST", "/api/v1/account/totp/confirm", ACCESS_ACCOUNT, RATE_CHANGE, RUN_POOL, BODY_JSON, &code_table, NULL, "totp.on", api_totp_confirm),
	PLAIN("DELETE", "/api/v1/account/totp", ACCESS_ACCOUNT, RATE_CHANGE, RUN_POOL, BODY_NONE, NULL, NULL, "totp.off", api_totp_remove),
	PLAIN("POST", "/api/v1/account/recovery-codes", ACCESS_ACCOUNT, RATE_CHANGE, RUN_POOL, BODY_NONE, NULL, NULL, "recovery_codes.new", api_recovery_codes),
	PLAIN("PUT", "/api/v1/account/email", ACCESS_ACCOUNT, RATE_SIGN_IN, RUN_HASH, BODY_JSON, &email_table, NULL, "email.change", api_email),
	PLAIN("POST", "/api/v1/account/email/confirm", ACCESS_PUBLIC, RATE_SIGN_IN, RUN_POOL, BODY_JSON, &token_table, NULL, "email.confirm", api_email_confirm),
	PLAIN("DELETE", "/api/v1/account/recovery", ACCESS_ACCOUNT, RATE_CHANGE, RUN_POOL, BODY_NONE, NULL, NULL, "recovery.stop", api_recovery_stop),
	PLAIN("POST", "/api/v1/recovery", ACCESS_PUBLIC, RATE_SIGN_IN, RUN_POOL, BODY_JSON, &login_table, NULL, "recovery.request", api_recovery),
	PLAIN("POST", "/api/v1/recovery/confirm", ACCESS_PUBLIC, RATE_SIGN_IN, RUN_POOL, BODY_JSON, &token_table, NULL, "recovery.confirm", api_recovery_confirm),
	PLAIN("POST", "/api/v1/recovery/finish", ACCESS_PUBLIC, RATE_SIGN_IN, RUN_HASH, BODY_JSON, &recovery_finish_table, NULL, "recovery.finish", api_recovery_finish),
	OWNED("GET", "/api/v1/groups/{group}", RATE_READ, RUN_POOL, OBJECT_GROUP, RIGHT_SEE_GROUP, BODY_NONE, NULL, NULL, "", api_group),
	PLAIN("POST", "/api/v1/groups", ACCESS_ACCOUNT, RATE_CHANGE, RUN_POOL, BODY_JSON, &group_new_table, NULL, "group.create", api_group_create),
	OWNED("PATCH", "/api/v1/groups/{group}", RATE_CHANGE, RUN_POOL, OBJECT_GROUP, RIGHT_SETTINGS, BODY_JSON, &group_table, NULL, "group.change", api_group_change),
	APPROVED("PUT", "/api/v1/groups/{group}/members/{account}", RATE_CHANGE, RUN_POOL, OBJECT_GROUP, RIGHT_MEMBERS, BODY_JSON, &member_table, NULL, "member.change", api_member_change),
	APPROVED("PUT", "/api/v1/groups/{group}/members/{account}/wearers/{wearer}", RATE_CHANGE, RUN_POOL, OBJECT_GROUP, RIGHT_MEMBERS, BODY_JSON, &member_wearer_table, NULL, "member.wearer", api_member_wearer_change),
	OWNED("DELETE", "/api/v1/groups/{group}/members/{account}", RATE_CHANGE, RUN_POOL, OBJECT_GROUP, RIGHT_SEE_GROUP, BODY_NONE, NULL, NULL, "member.remove", api_member_remove),
	APPROVED("POST", "/api/v1/groups/{group}/invitations", RATE_CHANGE, RUN_POOL, OBJECT_GROUP, RIGHT_MEMBERS, BODY_JSON, &invitation_table, NULL, "invitation.create", api_invitation_create),
	OWNED("GET", "/api/v1/groups/{group}/invitations", RATE_READ, RUN_HERE, OBJECT_GROUP, RIGHT_SEE_GROUP, BODY_NONE, NULL, NULL, "", api_invitations),
	APPROVED("DELETE", "/api/v1/invitations/{invitation}", RATE_CHANGE, RUN_POOL, OBJECT_INVITATION, RIGHT_MEMBERS, BODY_NONE, NULL, NULL, "invitation.delete", api_invitation_delete),
	PLAIN("POST", "/api/v1/invitations/look", ACCESS_PUBLIC, RATE_SIGN_IN, RUN_POOL, BODY_JSON, &token_table, NULL, "invitation.look", api_invitation_look),
	PLAIN("POST", "/api/v1/invitations/accept", ACCESS_PUBLIC, RATE_SIGN_IN, RUN_HASH, BODY_JSON, &invitation_accept_table, NULL, "member.join", api_invitation_accept),
	PLAIN("POST", "/api/v1/invitations/join", ACCESS_ACCOUNT, RATE_SIGN_IN, RUN_POOL, BODY_JSON, &token_table, NULL, "member.join", api_invitation_join),
	OWNED("GET", "/api/v1/groups/{group}/approvals", RATE_READ, RUN_HERE, OBJECT_GROUP, RIGHT_SEE_GROUP, BODY_NONE, NULL, NULL, "", api_approvals),
	APPROVED("POST", "/api/v1/approvals/{approval}/approve", RATE_CHANGE, RUN_POOL, OBJECT_APPROVAL, RIGHT_MEMBERS, BODY_NONE, NULL, NULL, "approval.agree", api_approval_agree),
	OWNED("POST", "/api/v1/approvals/{approval}/object", RATE_CHANGE, RUN_POOL, OBJECT_APPROVAL, RIGHT_SEE_GROUP, BODY_NONE, NULL, NULL, "approval.object", api_approval_object),
	OWNED("DELETE", "/api/v1/approvals/{approval}", RATE_CHANGE, RUN_POOL, OBJECT_APPROVAL, RIGHT_SEE_GROUP, BODY_NONE, NULL, NULL, "approval.withdraw", api_approval_withdraw),

	OWNED("GET", "/api/v1/wearers/{wearer}", RATE_READ, RUN_HERE, OBJECT_WEARER, RIGHT_SEE_GROUP, BODY_NONE, NULL, NULL, "wearer.view", api_wearer),
	OWNED("PATCH", "/api/v1/wearers/{wearer}", RATE_CHANGE, RUN_POOL, OBJECT_WEARER, RIGHT_SETTINGS, BODY_JSON, &wearer_table, NULL, "wearer.change", api_wearer_change),
	APPROVED("DELETE", "/api/v1/wearers/{wearer}", RATE_CHANGE, RUN_POOL, OBJECT_WEARER, RIGHT_ERASE, BODY_NONE, NULL, NULL, "wearer.erase", api_wearer_erase),
	OWNED("GET", "/api/v1/wearers/{wearer}/watchers", RATE_READ, RUN_POOL, OBJECT_WEARER, RIGHT_SEE_GROUP, BODY_NONE, NULL, NULL, "", api_watchers),
	OWNED("GET", "/api/v1/wearers/{wearer}/picture", RATE_READ, RUN_HERE, OBJECT_WEARER, RIGHT_SEE_GROUP, BODY_NONE, NULL, &picture_table, "", api_picture),
	OWNED("PUT", "/api/v1/wearers/{wearer}/picture", RATE_CHANGE, RUN_POOL, OBJECT_WEARER, RIGHT_SETTINGS, BODY_PICTURE, NULL, NULL, "wearer.picture", api_picture_put),
	OWNED("DELETE", "/api/v1/wearers/{wearer}/picture", RATE_CHANGE, RUN_POOL, OBJECT_WEARER, RIGHT_SETTINGS, BODY_NONE, NULL, NULL, "wearer.picture", api_picture_remove),
	OWNED("GET", "/api/v1/wearers/{wearer}/history", RATE_HEAVY, RUN_POOL, OBJECT_WEARER, RIGHT_VIEW_HISTORY, BODY_NONE, NULL, &history_table, "history.view", api_history),
	OWNED("GET", "/api/v1/wearers/{wearer}/commands", RATE_READ, RUN_HERE, OBJECT_WEARER, RIGHT_SEE_GROUP, BODY_NONE, NULL, NULL, "", api_commands),
	BY_WORD("POST", "/api/v1/wearers/{wearer}/commands", RATE_COMMAND, command_rights, &command_table, "command.give", api_command_give),
	OWNED("DELETE", "/api/v1/wearers/{wearer}/commands/{command}", RATE_CHANGE, RUN_POOL, OBJECT_WEARER, RIGHT_SEE_GROUP, BODY_NONE, NULL, NULL, "command.cancel", api_command_cancel),
	OWNED("GET", "/api/v1/wearers/{wearer}/settings", RATE_READ, RUN_HERE, OBJECT_WEARER, RIGHT_SEE_GROUP, BODY_NONE, NULL, NULL, "", api_settings),
	BY_PATH("PUT", "/api/v1/wearers/{wearer}/settings/{setting}", RATE_COMMAND, setting_word, BODY_OBJECT, NULL, "watch.setting", api_setting_put),
	BY_PATH("DELETE", "/api/v1/wearers/{wearer}/settings/{setting}", RATE_COMMAND, setting_word, BODY_NONE, NULL, "watch.setting", api_setting_drop),
	OWNED("GET", "/api/v1/wearers/{wearer}/capabilities", RATE_READ, RUN_HERE, OBJECT_WEARER, RIGHT_SEE_GROUP, BODY_NONE, NULL, NULL, "", api_capabilities),
	BY_PATH("PUT", "/api/v1/wearers/{wearer}/capabilities/{capability}", RATE_COMMAND, capability_word, BODY_JSON, &capability_table, "watch.capability", api_capability_put),
	PLAIN("GET", "/api/v1/models", ACCESS_ACCOUNT, RATE_READ, RUN_HERE, BODY_NONE, NULL, NULL, "", api_models),
	OWNED("GET", "/api/v1/wearers/{wearer}/contacts", RATE_READ, RUN_HERE, OBJECT_WEARER, RIGHT_CALL, BODY_NONE, NULL, NULL, "", api_contacts),
	OWNED("PUT", "/api/v1/wearers/{wearer}/contacts", RATE_COMMAND, RUN_POOL, OBJECT_WEARER, RIGHT_CONTACTS, BODY_JSON, &contacts_table, NULL, "watch.contacts", api_contacts_put),
	OWNED("GET", "/api/v1/wearers/{wearer}/sos-numbers", RATE_READ, RUN_HERE, OBJECT_WEARER, RIGHT_CONTACTS, BODY_NONE, NULL, NULL, "", api_sos_numbers),
	OWNED("PUT", "/api/v1/wearers/{wearer}/sos-numbers", RATE_COMMAND, RUN_POOL, OBJECT_WEARER, RIGHT_CONTACTS, BODY_JSON, &sos_numbers_table, NULL, "watch.sos_numbers", api_sos_numbers_put),
	OWNED("GET", "/api/v1/wearers/{wearer}/sms-alerts", RATE_READ, RUN_HERE, OBJECT_WEARER, RIGHT_CONTACTS, BODY_NONE, NULL, NULL, "", api_sms_alerts),
	OWNED("PATCH", "/api/v1/wearers/{wearer}/sms-alerts", RATE_COMMAND, RUN_POOL, OBJECT_WEARER, RIGHT_CONTACTS, BODY_JSON, &sms_alerts_table, NULL, "watch.sms_alerts", api_sms_alerts_change),
	OWNED("GET", "/api/v1/wearers/{wearer}/photo-rule", RATE_READ, RUN_HERE, OBJECT_WEARER, RIGHT_SEE_GROUP, BODY_NONE, NULL, NULL, "", api_photo_rule),
	OWNED("PUT", "/api/v1/wearers/{wearer}/photo-rule", RATE_CHANGE, RUN_POOL, OBJECT_WEARER, RIGHT_PHOTO, BODY_JSON, &photo_rule_table, NULL, "photo.rule", api_photo_rule_put),
	OWNED("GET", "/api/v1/wearers/{wearer}/photos", RATE_READ, RUN_HERE, OBJECT_WEARER, RIGHT_VIEW_MEDIA, BODY_NONE, NULL, NULL, "", api_photos),
	OWNED("GET", "/api/v1/wearers/{wearer}/guard", RATE_READ, RUN_HERE, OBJECT_WEARER, RIGHT_SEE_GROUP, BODY_NONE, NULL, NULL, "", api_guard),
	OWNED("GET", "/api/v1/wearers/{wearer}/health", RATE_HEAVY, RUN_POOL, OBJECT_WEARER, RIGHT_VIEW_HEALTH, BODY_NONE, NULL, &history_table, "health.view", api_health_values),
	APPROVED("DELETE", "/api/v1/wearers/{wearer}/health", RATE_CHANGE, RUN_POOL, OBJECT_WEARER, RIGHT_ERASE, BODY_NONE, NULL, NULL, "health.erase", api_health_erase),
	OWNED("GET", "/api/v1/wearers/{wearer}/health-rule", RATE_READ, RUN_HERE, OBJECT_WEARER, RIGHT_SEE_GROUP, BODY_NONE, NULL, NULL, "", api_health_rule),
	OWNED("PUT", "/api/v1/wearers/{wearer}/health-rule", RATE_CHANGE, RUN_POOL, OBJECT_WEARER, RIGHT_SETTINGS, BODY_JSON, &health_rule_table, NULL, "health.rule", api_health_rule_put),
	OWNED("GET", "/api/v1/wearers/{wearer}/days", RATE_HEAVY, RUN_POOL, OBJECT_WEARER, RIGHT_VIEW_HEALTH, BODY_NONE, NULL, &history_table, "days.view", api_days),
	OWNED("GET", "/api/v1/wearers/{wearer}/battery", RATE_HEAVY, RUN_POOL, OBJECT_WEARER, RIGHT_SEE_GROUP, BODY_NONE, NULL, &history_table, "", api_battery),
	OWNED("GET", "/api/v1/wearers/{wearer}/ways", RATE_READ, RUN_HERE, OBJECT_WEARER, RIGHT_SEE_GROUP, BODY_NONE, NULL, NULL, "", api_ways),
	OWNED("POST", "/api/v1/wearers/{wearer}/ways", RATE_CHANGE, RUN_POOL, OBJECT_WEARER, RIGHT_CLAIM, BODY_JSON, &way_table, NULL, "way.add", api_way_add),
	OWNED("POST", "/api/v1/wearers/{wearer}/ways/{way}/renew", RATE_CHANGE, RUN_POOL, OBJECT_WEARER, RIGHT_CLAIM, BODY_JSON, &empty_table, NULL, "way.renew", api_way_renew),
	OWNED("PATCH", "/api/v1/wearers/{wearer}/ways/{way}", RATE_CHANGE, RUN_POOL, OBJECT_WEARER, RIGHT_CLAIM, BODY_JSON, &way_name_table, NULL, "way.rename", api_way_rename),
	OWNED("DELETE", "/api/v1/wearers/{wearer}/ways/{way}", RATE_CHANGE, RUN_POOL, OBJECT_WEARER, RIGHT_CLAIM, BODY_NONE, NULL, NULL, "way.remove", api_way_remove),
	OWNED("GET", "/api/v1/wearers/{wearer}/friend-rule", RATE_READ, RUN_HERE, OBJECT_WEARER, RIGHT_SEE_GROUP, BODY_NONE, NULL, NULL, "", api_friend_rule),
	OWNED("PUT", "/api/v1/wearers/{wearer}/friend-rule", RATE_CHANGE, RUN_POOL, OBJECT_WEARER, RIGHT_CONTACTS, BODY_JSON, &friend_rule_table, NULL, "friend.rule", api_friend_rule_put),
	OWNED("GET", "/api/v1/wearers/{wearer}/friends", RATE_READ, RUN_HERE, OBJECT_WEARER, RIGHT_CONTACTS, BODY_NONE, NULL, NULL, "", api_friends),
	OWNED("DELETE", "/api/v1/wearers/{wearer}/friends/{friend}", RATE_CHANGE, RUN_POOL, OBJECT_WEARER, RIGHT_CONTACTS, BODY_NONE, NULL, NULL, "friend.remove", api_friend_remove),
	OWNED("GET", "/api/v1/wearers/{wearer}/calls", RATE_READ, RUN_POOL, OBJECT_WEARER, RIGHT_CONTACTS, BODY_NONE, NULL, NULL, "calls.view", api_calls),
	OWNED("GET", "/api/v1/photos/{photo}", RATE_READ, RUN_HERE, OBJECT_THREAD_ITEM, RIGHT_VIEW_MEDIA, BODY_NONE, NULL, NULL, "photo.view", api_photo),
	OWNED("DELETE", "/api/v1/photos/{photo}", RATE_CHANGE, RUN_POOL, OBJECT_THREAD_ITEM, RIGHT_PHOTO, BODY_NONE, NULL, NULL, "photo.delete", api_photo_delete),

	OWNED("GET", "/api/v1/wearers/{wearer}/thread", RATE_READ, RUN_POOL, OBJECT_WEARER, RIGHT_SEE_GROUP, BODY_NONE, NULL, &thread_table, "", api_thread),
	OWNED("POST", "/api/v1/wearers/{wearer}/thread/texts", RATE_COMMAND, RUN_POOL, OBJECT_WEARER, RIGHT_MESSAGE, BODY_JSON, &thread_text_table, NULL, "thread.text", api_thread_text),
	OWNED("POST", "/api/v1/wearers/{wearer}/thread/voices", RATE_COMMAND, RUN_POOL, OBJECT_WEARER, RIGHT_MESSAGE, BODY_SOUND, NULL, NULL, "thread.voice", api_thread_voice),
	OWNED("POST", "/api/v1/wearers/{wearer}/thread/heard", RATE_CHANGE, RUN_POOL, OBJECT_WEARER, RIGHT_VIEW_MEDIA, BODY_JSON, &thread_heard_table, NULL, "", api_thread_heard),
	OWNED("GET", "/api/v1/wearers/{wearer}/thread/export", RATE_HEAVY, RUN_POOL, OBJECT_WEARER, RIGHT_EXPORT, BODY_NONE, NULL, NULL, "thread.export", api_thread_export),
	OWNED("DELETE", "/api/v1/wearers/{wearer}/thread/{item}", RATE_CHANGE, RUN_POOL, OBJECT_WEARER, RIGHT_MESSAGE, BODY_NONE, NULL, NULL, "thread.delete", api_thread_delete),
	OWNED("GET", "/api/v1/thread/{item}/sound", RATE_READ, RUN_POOL, OBJECT_THREAD_ITEM, RIGHT_SEE_GROUP, BODY_NONE, NULL, NULL, "thread.listen", api_thread_sound),
	OWNED("GET", "/api/v1/thread/{item}/photo", RATE_READ, RUN_HERE, OBJECT_THREAD_ITEM, RIGHT_SEE_GROUP, BODY_NONE, NULL, NULL, "photo.view", api_thread_photo),
	OWNED("GET", "/api/v1/groups/{group}/quota", RATE_READ, RUN_HERE, OBJECT_GROUP, RIGHT_SEE_GROUP, BODY_NONE, NULL, NULL, "", api_quota),

	PLAIN("GET", "/api/v1/alarms", ACCESS_ACCOUNT, RATE_READ, RUN_HERE, BODY_NONE, NULL, &alarms_table, "", api_alarms),
	OWNED("POST", "/api/v1/alarms/{alarm}/take", RATE_CHANGE, RUN_POOL, OBJECT_ALARM, RIGHT_ALARMS, BODY_NONE, NULL, NULL, "alarm.take", api_alarm_take),
	OWNED("POST", "/api/v1/alarms/{alarm}/close", RATE_CHANGE, RUN_POOL, OBJECT_ALARM, RIGHT_ALARMS, BODY_JSON, &close_table, NULL, "alarm.close", api_alarm_close),

	PLAIN("GET", "/api/v1/claims", ACCESS_ACCOUNT, RATE_READ, RUN_HERE, BODY_NONE, NULL, NULL, "", api_claims),
	IN_GROUP("POST", "/api/v1/claims", RATE_CHANGE, RUN_POOL, RIGHT_CLAIM, &claim_table, "claim.start", api_claim_start),
	OWNED("GET", "/api/v1/claims/{claim}", RATE_READ, RUN_HERE, OBJECT_CLAIM, RIGHT_CLAIM, BODY_NONE, NULL, NULL, "", api_claim),
	OWNED("DELETE", "/api/v1/claims/{claim}", RATE_CHANGE, RUN_POOL, OBJECT_CLAIM, RIGHT_CLAIM, BODY_NONE, NULL, NULL, "claim.drop", api_claim_drop),
	OWNED("POST", "/api/v1/claims/{claim}/code", RATE_CLAIM_CODE, RUN_POOL, OBJECT_CLAIM, RIGHT_CLAIM, BODY_JSON, &claim_code_table, NULL, "claim.code", api_claim_code),
	OWNED("POST", "/api/v1/claims/{claim}/send", RATE_CLAIM_CODE, RUN_POOL, OBJECT_CLAIM, RIGHT_CLAIM, BODY_NONE, NULL, NULL, "claim.send", api_claim_send),
	IN_GROUP("POST", "/api/v1/demo-watches", RATE_CHANGE, RUN_POOL, RIGHT_CLAIM, &demo_table, "demo.start", api_demo_watch),

	OWNED("GET", "/api/v1/groups/{group}/audit", RATE_READ, RUN_POOL, OBJECT_GROUP, RIGHT_SEE_GROUP, BODY_NONE, NULL, &audit_page_table, "", api_audit),
	OWNED("GET", "/api/v1/groups/{group}/audit.json", RATE_HEAVY, RUN_POOL, OBJECT_GROUP, RIGHT_EXPORT, BODY_NONE, NULL, &audit_export_table, "audit.export", api_audit_json),
	OWNED("GET", "/api/v1/groups/{group}/audit.csv", RATE_HEAVY, RUN_POOL, OBJECT_GROUP, RIGHT_EXPORT, BODY_NONE, NULL, &audit_export_table, "audit.export", api_audit_csv),
	PLAIN("GET", "/api/v1/notices", ACCESS_ACCOUNT, RATE_READ, RUN_POOL, BODY_NONE, NULL, &notices_table, "", api_notices),
	PLAIN("POST", "/api/v1/notices/read", ACCESS_ACCOUNT, RATE_CHANGE, RUN_POOL, BODY_JSON, &notices_read_table, NULL, "", api_notices_read),

	PLAIN("GET", "/api/v1/operator/accounts", ACCESS_OPERATOR, RATE_READ, RUN_POOL, BODY_NONE, NULL, &operator_accounts_table, "operator.accounts", api_operator_accounts),
	PLAIN("POST", "/api/v1/operator/accounts/{account}/ban", ACCESS_OPERATOR, RATE_CHANGE, RUN_POOL, BODY_JSON, &ban_table, NULL, "operator.ban", api_operator_ban),
	PLAIN("POST", "/api/v1/operator/accounts/{account}/unban", ACCESS_OPERATOR, RATE_CHANGE, RUN_POOL, BODY_NONE, NULL, NULL, "operator.unban", api_operator_unban),
	PLAIN("POST", "/api/v1/operator/accounts/{account}/operator", ACCESS_OPERATOR, RATE_CHANGE, RUN_POOL, BODY_JSON, &operator_flag_table, NULL, "operator.flag", api_operator_flag),
	PLAIN("GET", "/api/v1/operator/bans", ACCESS_OPERATOR, RATE_READ, RUN_HERE, BODY_NONE, NULL, NULL, "", api_operator_bans),
	PLAIN("POST", "/api/v1/operator/bans", ACCESS_OPERATOR, RATE_CHANGE, RUN_POOL, BODY_JSON, &network_ban_table, NULL, "operator.ban_network", api_operator_ban_network),
	PLAIN("DELETE", "/api/v1/operator/bans/{ban}", ACCESS_OPERATOR, RATE_CHANGE, RUN_POOL, BODY_NONE, NULL, NULL, "operator.unban_network", api_operator_unban_network),
	PLAIN("GET", "/api/v1/operator/health", ACCESS_OPERATOR, RATE_READ, RUN_POOL, BODY_NONE, NULL, NULL, "", api_operator_health),
	PLAIN("GET", "/api/v1/operator/limits", ACCESS_OPERATOR, RATE_READ, RUN_HERE, BODY_NONE, NULL, NULL, "", api_operator_limits),
	PLAIN("GET", "/api/v1/operator/break-glass", ACCESS_OPERATOR, RATE_READ, RUN_POOL, BODY_NONE, NULL, NULL, "", api_break_glass),
	PLAIN("POST", "/api/v1/operator/break-glass", ACCESS_OPERATOR, RATE_CHANGE, RUN_POOL, BODY_JSON, &break_glass_table, NULL, "break_glass.request", api_break_glass_request),
	PLAIN("POST", "/api/v1/operator/break-glass/{break_glass}/approve", ACCESS_OPERATOR, RATE_CHANGE, RUN_POOL, BODY_NONE, NULL, NULL, "break_glass.agree", api_break_glass_agree),
	PLAIN("DELETE", "/api/v1/operator/break-glass/{break_glass}", ACCESS_OPERATOR, RATE_CHANGE, RUN_POOL, BODY_NONE, NULL, NULL, "break_glass.end", api_break_glass_end),
	PLAIN("GET", "/api/v1/operator/devices", ACCESS_OPERATOR, RATE_READ, RUN_HERE, BODY_NONE, NULL, NULL, "operator.devices", api_operator_devices),
	PLAIN("GET", "/api/v1/operator/radio", ACCESS_OPERATOR, RATE_READ, RUN_POOL, BODY_NONE, NULL, NULL, "", api_operator_radio),
	PLAIN("POST", "/api/v1/operator/radio", ACCESS_OPERATOR, RATE_CHANGE, RUN_POOL, BODY_JSON, &radio_table, NULL, "operator.radio_import", api_operator_radio_import),
	PLAIN("GET", "/api/v1/operator/mail", ACCESS_OPERATOR, RATE_READ, RUN_HERE, BODY_NONE, NULL, NULL, "", api_operator_mail),
	PLAIN("POST", "/api/v1/operator/mail/test", ACCESS_OPERATOR, RATE_CHANGE, RUN_POOL, BODY_JSON, &mail_test_table, NULL, "operator.mail_test", api_operator_mail_test),
	PLAIN("GET", "/api/v1/operator/dead-letters", ACCESS_OPERATOR, RATE_READ, RUN_HERE, BODY_NONE, NULL, &dead_letters_table, "", api_dead_letters),
	PLAIN("POST", "/api/v1/operator/dead-letters/{letter}/retry", ACCESS_OPERATOR, RATE_CHANGE, RUN_POOL, BODY_NONE, NULL, NULL, "operator.retry", api_dead_letter_retry),
	PLAIN("GET", "/.well-known/jwks.json", ACCESS_PUBLIC, RATE_READ, RUN_HERE, BODY_NONE, NULL, NULL, "", api_jwks),

	PLAIN("GET", "/api/v1/operator/partners", ACCESS_OPERATOR, RATE_READ, RUN_POOL, BODY_NONE, NULL, NULL, "", api_operator_partners),
	PLAIN("POST", "/api/v1/operator/partners", ACCESS_OPERATOR, RATE_CHANGE, RUN_POOL, BODY_JSON, &partner_table, NULL, "partner.add", api_operator_partner_add),
	PLAIN("POST", "/api/v1/operator/partners/{partner}/stop", ACCESS_OPERATOR, RATE_CHANGE, RUN_POOL, BODY_NONE, NULL, NULL, "partner.stop", api_operator_partner_stop),
	PLAIN("POST", "/api/v1/operator/partners/{partner}/start", ACCESS_OPERATOR, RATE_CHANGE, RUN_POOL, BODY_NONE, NULL, NULL, "partner.start", api_operator_partner_start),
	PLAIN("POST", "/api/v1/operator/partners/{partner}/keys", ACCESS_OPERATOR, RATE_CHANGE, RUN_POOL, BODY_JSON, &partner_keys_table, NULL, "partner.keys", api_operator_partner_keys),
	PLAIN("DELETE", "/api/v1/operator/partners/{partner}", ACCESS_OPERATOR, RATE_CHANGE, RUN_POOL, BODY_NONE, NULL, NULL, "partner.delete", api_operator_partner_delete),

	PLAIN("GET", "/api/v1/partners", ACCESS_ACCOUNT, RATE_READ, RUN_POOL, BODY_NONE, NULL, NULL, "", api_partners),
	OWNED("GET", "/api/v1/groups/{group}/consents", RATE_READ, RUN_POOL, OBJECT_GROUP, RIGHT_SEE_GROUP, BODY_NONE, NULL, NULL, "", api_consents),
	OWNED("POST", "/api/v1/groups/{group}/consents", RATE_CHANGE, RUN_POOL, OBJECT_GROUP, RIGHT_CONSENT, BODY_JSON, &consent_table, NULL, "consent.grant", api_consent_grant),
	OWNED("DELETE", "/api/v1/consents/{consent}", RATE_CHANGE, RUN_POOL, OBJECT_CONSENT, RIGHT_CONSENT, BODY_NONE, NULL, NULL, "consent.withdraw", api_consent_withdraw),
	OWNED("GET", "/api/v1/consents/{consent}/uses", RATE_READ, RUN_POOL, OBJECT_CONSENT, RIGHT_SEE_GROUP, BODY_NONE, NULL, NULL, "", api_consent_uses),
	OWNED("GET", "/api/v1/groups/{group}/plan-proposals", RATE_READ, RUN_POOL, OBJECT_GROUP, RIGHT_VIEW_HEALTH, BODY_NONE, NULL, NULL, "", api_proposals),
	APPROVED("POST", "/api/v1/plan-proposals/{proposal}/accept", RATE_CHANGE, RUN_POOL, OBJECT_PROPOSAL, RIGHT_MEDICATION, BODY_NONE, NULL, NULL, "plan_proposal.accept", api_proposal_accept),
	OWNED("POST", "/api/v1/plan-proposals/{proposal}/reject", RATE_CHANGE, RUN_POOL, OBJECT_PROPOSAL, RIGHT_CONSENT, BODY_NONE, NULL, NULL, "plan_proposal.reject", api_proposal_reject),

	PLAIN("GET", "/partner/openapi.yaml", ACCESS_PUBLIC, RATE_READ, RUN_HERE, BODY_NONE, NULL, NULL, "", partner_description),
	PLAIN("GET", "/phone/osmand", ACCESS_PUBLIC, RATE_CHANGE, RUN_POOL, BODY_PHONE, NULL, NULL, "", api_phone_osmand),
	PLAIN("POST", "/phone/osmand", ACCESS_PUBLIC, RATE_CHANGE, RUN_POOL, BODY_PHONE, NULL, NULL, "", api_phone_osmand),
	PLAIN("POST", "/phone/owntracks", ACCESS_PUBLIC, RATE_CHANGE, RUN_POOL, BODY_PHONE, NULL, NULL, "", api_phone_owntracks),
	PLAIN("POST", "/partner/v1/token", ACCESS_PUBLIC, RATE_SIGN_IN, RUN_POOL, BODY_FORM, NULL, NULL, "partner.token", partner_token),
	PLAIN("GET", "/partner/v1/wearers", ACCESS_PARTNER, RATE_READ, RUN_POOL, BODY_NONE, NULL, &partner_wearers_table, "", partner_wearers),
	PLAIN("GET", "/partner/v1/events", ACCESS_PARTNER, RATE_STREAM, RUN_STREAM, BODY_NONE, NULL, NULL, "", partner_events),
	PARTNER("GET", "/partner/v1/wearers/{wearer}/position", RATE_READ, RUN_HERE, RIGHT_VIEW_POSITION, BODY_NONE, NULL, NULL, "partner.position", partner_position),
	PARTNER("GET", "/partner/v1/wearers/{wearer}/history", RATE_HEAVY, RUN_POOL, RIGHT_VIEW_HISTORY, BODY_NONE, NULL, &history_table, "partner.history", api_history),
	PARTNER("GET", "/partner/v1/wearers/{wearer}/health", RATE_HEAVY, RUN_POOL, RIGHT_VIEW_HEALTH, BODY_NONE, NULL, &history_table, "partner.health", partner_health),
	PARTNER("GET", "/partner/v1/wearers/{wearer}/alarms", RATE_READ, RUN_POOL, RIGHT_ALARMS, BODY_NONE, NULL, &alarms_table, "partner.alarms", partner_alarms),
	PARTNER("POST", "/partner/v1/wearers/{wearer}/locates", RATE_COMMAND, RUN_POOL, RIGHT_LOCATE, BODY_NONE, NULL, NULL, "partner.locate", partner_locate),
	PARTNER("GET", "/partner/v1/wearers/{wearer}/locates/{locate}", RATE_READ, RUN_POOL, RIGHT_LOCATE, BODY_NONE, NULL, NULL, "partner.locate_state", partner_locate_get),
	PARTNER("POST", "/partner/v1/wearers/{wearer}/messages", RATE_COMMAND, RUN_POOL, RIGHT_MESSAGE, BODY_JSON, &partner_message_table, NULL, "partner.message", partner_message),
	PARTNER("GET", "/partner/v1/wearers/{wearer}/messages/{message}", RATE_READ, RUN_POOL, RIGHT_MESSAGE, BODY_NONE, NULL, NULL, "partner.message_state", partner_message_get),
	PARTNER("POST", "/partner/v1/wearers/{wearer}/plan-proposals", RATE_CHANGE, RUN_POOL, RIGHT_PROPOSE, BODY_JSON, &proposal_table, NULL, "partner.proposal", partner_propose),
	PARTNER("GET", "/partner/v1/wearers/{wearer}/plan-proposals/{proposal}", RATE_READ, RUN_POOL, RIGHT_PROPOSE, BODY_NONE, NULL, NULL, "partner.proposal_state", partner_proposal_get),
};
/* clang-format on */
const size_t routes_n = COUNT_OF(routes);

const char *access_name(enum access a)
{
	static const char *const names[ACCESS_COUNT] = {
		[ACCESS_PUBLIC] = "public",
		[ACCESS_ACCOUNT] = "account",
		[ACCESS_GROUP] = "group",
		[ACCESS_OPERATOR] = "operator",
		[ACCESS_LOCAL] = "local",
		[ACCESS_PARTNER] = "partner",
	};
	return a < ACCESS_COUNT ? names[a] : NULL;
}

static bool is_word_place(const char *p)
{
	return strncmp(p, "{setting}", sizeof "{setting}" - 1) == 0 ||
	       strncmp(p, "{capability}", sizeof "{capability}" - 1) == 0;
}

/* Small letters, digits and _: 1 to 32. */
static bool cut_word(struct view *path, struct view *ret)
{
	size_t n = 0;

	while (n < path->n && n <= ROUTE_WORD_MAX &&
		((path->p[n] >= 'a' && path->p[n] <= 'z') || ascii_is_digit(path->p[n]) ||
			path->p[n] == '_'))
		n++;
	return n > 0 && n <= ROUTE_WORD_MAX && view_cut(path, n, ret);
}

/* Does path have the form of pattern? The ids of its "{…}" go to ids, a word to *word. */
static bool path_fits(
	const char *pattern, struct view path, struct uid ids[ROUTE_IDS_MAX], struct view *word)
{
	size_t ids_n = 0;

	for (const char *p = pattern; *p != '\0';) {
		struct view text;
		if (*p != '{') {
			if (path.n == 0 || path.p[0] != *p)
				return false;
			path.p++;
			path.n--;
			p++;
			continue;
		}
		if (is_word_place(p)) {
			if (!cut_word(&path, word))
				return false;
		} else if (ids_n == ROUTE_IDS_MAX || !view_cut(&path, UID_TEXT - 1, &text) ||
			   !uid_from_text(text, &ids[ids_n++])) {
			return false;
		}
		while (*p != '}')
			p++;
		p++;
	}
	return path.n == 0;
}

void routes_match(struct view method, struct view path, struct route_match *ret)
{
	*ret = (struct route_match){0};
	for (size_t i = 0; i < routes_n; i++) {
		struct uid ids[ROUTE_IDS_MAX] = {0};
		struct view word = {.p = NULL, .n = 0};
		if (!path_fits(routes[i].path, path, ids, &word))
			continue;
		if (ret->known == NULL)
			ret->known = &routes[i];
		if (!view_is(method, view_of(routes[i].method)))
			continue;
		ret->route = &routes[i];
		memcpy(ret->ids, ids, sizeof ids);
		ret->word = word;
		return;
	}
}

void routes_methods(const struct route *known, char ret_text[ROUTE_METHODS_TEXT])
{
	size_t n = 0;

	for (size_t i = 0; i < routes_n && known != NULL; i++) {
		size_t method_n = strlen(routes[i].method);
		if (strcmp(routes[i].path, known->path) != 0 ||
			n + method_n + 3 > ROUTE_METHODS_TEXT)
			continue;
		if (n > 0) {
			memcpy(ret_text + n, ", ", 2);
			n += 2;
		}
		memcpy(ret_text + n, routes[i].method, method_n);
		n += method_n;
	}
	ret_text[n] = '\0';
}
