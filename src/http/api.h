/* The handlers of the routes, by family: api_service.c, api_account.c, api_wearer.c, api_command.c,
 * api_alarm.c, api_claim.c. See route_fn in routes.h. */
#pragma once

#include "http/routes.h"

route_fn api_health, api_metrics, api_description, api_status, api_operator_devices;
route_fn api_set_up, api_sign_in, api_session, api_sign_out, api_sessions, api_session_end,
	api_account_change, api_password_change;
route_fn api_passkey_options, api_passkey_sign_in, api_step_up_options, api_step_up,
	api_sessions_end, api_account_delete, api_security, api_new_passkey_options,
	api_passkey_add, api_passkey_remove, api_totp_offer, api_totp_confirm, api_totp_remove,
	api_recovery_codes, api_email, api_email_confirm, api_recovery_stop, api_recovery,
	api_recovery_confirm, api_recovery_finish;
route_fn api_group, api_group_create, api_group_change, api_member_change, api_member_wearer_change,
	api_member_remove, api_watchers;
route_fn api_invitation_create, api_invitations, api_invitation_delete, api_invitation_look,
	api_invitation_accept, api_invitation_join;
route_fn api_break_glass, api_break_glass_request, api_break_glass_agree, api_break_glass_end;
route_fn api_approvals, api_approval_agree, api_approval_object, api_approval_withdraw;
route_fn api_wearers, api_wearer, api_wearer_change, api_wearer_erase, api_picture, api_picture_put,
	api_picture_remove, api_history, api_settings, api_setting_put, api_setting_drop,
	api_capabilities, api_capability_put, api_models;
route_fn api_commands, api_command_give, api_command_cancel;
route_fn api_thread, api_thread_text, api_thread_voice, api_thread_sound, api_thread_photo,
	api_thread_delete, api_thread_heard, api_thread_export, api_quota;
route_fn api_alarms, api_alarm_take, api_alarm_close;
route_fn api_claims, api_claim_start, api_claim, api_claim_drop, api_claim_code, api_claim_send,
	api_demo_watch;
route_fn api_operator_accounts, api_operator_ban, api_operator_unban, api_operator_flag,
	api_operator_bans, api_operator_ban_network, api_operator_unban_network,
	api_operator_health, api_operator_limits;
route_fn api_ways, api_way_add, api_way_renew, api_way_rename, api_way_remove, api_phone_osmand,
	api_phone_owntracks;
route_fn api_security_txt;
route_fn api_audit, api_audit_json, api_audit_csv, api_notices, api_notices_read;
route_fn api_operator_radio, api_operator_radio_import;
route_fn api_jwks, api_operator_mail, api_operator_mail_test, api_dead_letters,
	api_dead_letter_retry;
route_fn api_operator_partners, api_operator_partner_add, api_operator_partner_keys,
	api_operator_partner_stop, api_operator_partner_start, api_operator_partner_delete;
route_fn api_partners, api_consents, api_consent_grant, api_consent_withdraw, api_consent_uses,
	api_proposals, api_proposal_accept, api_proposal_reject;
route_fn partner_description, partner_token, partner_wearers, partner_position, partner_health,
	partner_alarms, partner_events, partner_locate, partner_locate_get, partner_message,
	partner_message_get, partner_propose, partner_proposal_get;
route_fn api_contacts, api_contacts_put, api_sos_numbers, api_sos_numbers_put, api_sms_alerts,
	api_sms_alerts_change, api_photo_rule, api_photo_rule_put, api_photos, api_photo,
	api_photo_delete, api_guard;
route_fn api_health_values, api_health_rule, api_health_rule_put, api_health_erase, api_days,
	api_battery, api_calls;
route_fn api_friend_rule, api_friend_rule_put, api_friends, api_friend_remove;
route_fn api_events;
