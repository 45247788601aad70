// What somebody did, in words: for notices and for the list of all that happened.

import type { AuditEntry } from '../lib/coming';
import { ROLES } from '../lib/rights';
import { span } from '../lib/say';
import type { Key, t as Say } from '../words/words.svelte';

/** Words of the server that have words here: "member.remove" is `act.member_remove`. */
export const ACTS = [
	'calls_view', 'days_view', 'friend_made', 'friend_remove', 'friend_removed', 'friend_rule', 'health_erase', 'health_rule', 'health_view',
	'account_delete', 'alarm_close', 'alarm_take', 'approval_agree', 'approval_object', 'approval_withdraw',
	'audit_export', 'break_glass_agree', 'break_glass_end', 'break_glass_look', 'break_glass_request',
	'claim_code', 'claim_drop', 'claim_send', 'claim_start', 'command_cancel', 'command_give', 'consent_grant',
	'consent_withdraw', 'demo_start', 'group_change', 'group_create', 'group_rules', 'history_view',
	'invitation_create', 'invitation_delete', 'keys_rotate', 'member_change', 'member_end', 'member_join', 'member_remove',
	'member_wearer', 'partner_alarms', 'partner_events', 'partner_health', 'partner_history', 'partner_keys', 'partner_locate', 'partner_locate_state', 'partner_message', 'partner_message_state',
	'partner_position', 'partner_proposal', 'partner_proposal_state', 'partner_stopped', 'partner_token', 'partner_webhook', 'photo_allow', 'photo_delete', 'photo_rule',
	'photo_view', 'plan_proposal_accept', 'plan_proposal_reject', 'recovery_finish', 'recovery_start',
	'recovery_stop', 'session_start', 'watch_contacts', 'watch_settings', 'watch_sms_alerts', 'watch_sos_numbers',
	'thread_delete', 'thread_export', 'thread_listen', 'thread_text', 'thread_voice', 'watch_capability', 'watch_setting', 'way_add', 'way_remove', 'way_rename', 'way_renew',
	'wearer_change', 'wearer_erase', 'wearer_picture', 'wearer_reset', 'wearer_view'
] as const;

/** What was asked of a watch, by the right that it took. */
const ASKED_BY_RIGHT = {
	call: 'call',
	locate: 'locate',
	message: 'message',
	password: 'new_password',
	photo: 'photo',
	power: 'power_off',
	reset: 'reset',
	ring: 'find'
} as const;
export const ASKED = [...Object.values(ASKED_BY_RIGHT), 'check_in_call'] as const;

/** Why something was not done, said of somebody else. */
export const REFUSALS = [
	'right_missing', 'not_now', 'step_up_needed', 'step_up_failed', 'second_factor_missing', 'recovery_runs', 'not_found',
	'code_wrong', 'password_wrong', 'sign_in_failed', 'objected', 'expired', 'withdrawn'
] as const;

export function actWords(entry: AuditEntry, t: typeof Say): string {
	const name = entry.action.replaceAll('.', '_').replaceAll('-', '_');
	const known = ACTS.find((act) => act === name);
	const right = entry.right ?? '';
	let key: Key | undefined;
	const asked = name === 'command_give' ? ASKED.find((kind) => kind === entry.detail) : undefined;
	if (asked) key = `act_asked.${asked}`;
	else if (name === 'command_give' && Object.hasOwn(ASKED_BY_RIGHT, right))
		key = `act_asked.${ASKED_BY_RIGHT[right as keyof typeof ASKED_BY_RIGHT]}`;
	else if (known) key = `act.${known}`;
	const who = entry.actor.name || (entry.actor.kind === 'server' ? t('act.server') : t('alarm.somebody'));
	return t('act.line', { who, what: key ? t(key) : entry.action });
}

/** What the server adds to an entry; roles and lengths of time in words. */
export function detailWords(detail: string, t: typeof Say): string {
	// The kind of a command stands in the sentence already.
	if (ASKED.some((kind) => kind === detail)) return '';
	const role = (word: string | undefined) => ROLES.find((known) => known === word);
	const single = role(detail);
	if (single) return t(`role.${single}`);
	const [, before, after] = /^(\w+) -> (\w+)$/.exec(detail) ?? [];
	const [from, to] = [role(before), role(after)];
	if (from && to) return from === to ? t(`role.${to}`) : t('act.change', { from: t(`role.${from}`), to: t(`role.${to}`) });
	const hours = /^wait_hours: (\d+)$/.exec(detail)?.[1];
	return hours ? span(Number(hours) * 3_600_000, t) : detail;
}
