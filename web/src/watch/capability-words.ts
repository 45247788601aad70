// What a watch can do, whence that is known, and why something is not there, in words.

import type { Capability } from '../lib/coming';
import { isKnown } from '../lib/settings';
import type { t as Say } from '../words/words.svelte';

export const MISSING = ['lacks_config', 'lacks_model', 'refused', 'unanswered', 'by_member', 'other_vendor', 'needs_config'] as const;
export const FROM = ['config', 'model', 'answers', 'member'] as const;
/** What is no setting: acts, ways of talking, kinds of health values. */
export const CAPABILITIES = [
	'contacts', 'sos_numbers', 'sms_alerts', 'locate', 'find', 'text', 'emoji', 'voice', 'call', 'check_in_call', 'photo',
	'power_off', 'reset', 'new_password', 'reward', 'measure_heart', 'measure_temperature', 'ask_pulse', 'wifi_search',
	'wifi_current', 'wifi_join', 'wifi_forget', 'unfriend', 'refresh', 'factory', 'update', 'apn', 'heart',
	'blood_pressure', 'oxygen', 'temperature', 'steps', 'pill_reminder'
] as const;
/** What people can do something with; how a model writes its frames is not among it. */
export const NOTES = [
	'text_not_shown', 'whole_hours', 'refuse_strangers_silent', 'restart_silent', 'delivery_platform_ignored',
	'factory_place', 'sms_server', 'still_sends_nothing', 'steps_constant', 'no_screen', 'cells_alone', 'locked_aqsh'
] as const;

export function missingWords(reason: string | undefined, t: typeof Say): string {
	const known = MISSING.find((one) => one === reason);
	return known ? t(`missing.${known}`) : t('missing.other');
}

/** Nothing for what this app does not know: a bare word helps nobody. */
export function capabilityName(one: Capability, t: typeof Say): string | undefined {
	if (isKnown(one.name)) return t(`setting.${one.name}`);
	const known = CAPABILITIES.find((name) => name === one.name);
	return known ? t(`capability.${known}`) : undefined;
}
