// What somebody did, in words: for notices and for the list of all that happened.

import type { AuditEntry } from '../lib/coming';
import type { Key, t as Say } from '../words/words.svelte';

/** Words of the server that have words here: "member.remove" is `act.member_remove`. */
export const ACTS = [
	'account_recovery', 'account_second_factor', 'audit_export', 'alarm_close', 'alarm_take', 'approval_agree', 'approval_expire', 'approval_object', 'approval_withdraw',
	'break_glass_approve', 'break_glass_end', 'break_glass_look', 'break_glass_request', 'claim_code', 'claim_drop',
	'claim_start', 'command_cancel', 'command_give', 'consent_grant', 'consent_withdraw', 'contacts_change',
	'demo_start', 'group_change', 'group_create', 'group_rules', 'history_view', 'invitation_create', 'invitation_delete', 'member_change', 'member_join', 'member_remove',
	'member_wearer', 'photo_allow', 'photo_delete', 'photo_view', 'session_start', 'sms_alerts_change',
	'sos_numbers_change', 'watch_settings', 'wearer_change', 'wearer_erase', 'wearer_picture', 'wearer_reset', 'wearer_view'
] as const;

/** Kinds of commands that say more than "asked the watch for something". */
export const ASKED = [
	'call', 'check_in_call', 'find', 'locate', 'message', 'new_password', 'photo', 'power_off', 'reset'
] as const;

/** Why something was not done, said of somebody else. */
export const REFUSALS = [
	'right_missing', 'not_now', 'step_up_needed', 'step_up_failed', 'second_factor_missing', 'recovery_runs', 'not_found',
	'code_wrong', 'password_wrong', 'sign_in_failed', 'objected', 'expired', 'withdrawn'
] as const;

export function actWords(entry: AuditEntry, t: typeof Say): string {
	const name = entry.action.replaceAll('.', '_').replaceAll('-', '_');
	const known = ACTS.find((act) => act === name);
	const asked = ASKED.find((type) => name === 'command_give' && entry.detail.startsWith(type));
	let key: Key | undefined;
	if (asked) key = `act_asked.${asked}`;
	else if (known) key = `act.${known}`;
	const who = entry.actor.name || (entry.actor.kind === 'server' ? t('act.server') : t('alarm.somebody'));
	return t('act.line', { who, what: key ? t(key) : entry.action });
}
