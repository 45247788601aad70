// What a wearer's latest values mean for a person who looks: pure functions over the API's shapes.

import type { Alarm, Command, Fix, Wearer } from './api';
import { drawable } from './geo';
import type { Right } from './rights';

/** Whether whoever looks may do this for the wearer, now. */
export function may(wearer: Wearer, right: Right): boolean {
	return wearer.my_rights.includes(right);
}

/** A place older than this looks old: longer than any usual upload interval. */
export const OLD_MS = 15 * 60_000;
export const VERY_OLD_MS = 2 * 3_600_000;
/** Worse than this is "somewhere around here". */
export const INEXACT_M = 150;
export const BATTERY_LOW = 20;

/** A watch says something every few minutes; after this its connection may be a dead one. */
export const SILENT_MS = 15 * 60_000;

export type Freshness = 'fresh' | 'old' | 'very_old';

export function freshness(fix: Fix, now: number): Freshness {
	const age = now - Date.parse(fix.time);
	return age > VERY_OLD_MS ? 'very_old' : age > OLD_MS ? 'old' : 'fresh';
}

/** Marks of what cannot be a place of the wearer: never drawn, never measured. */
const UNTRUE = ['jump', 'factory_place'] as const;

export function believable(fix: Fix): boolean {
	return fix.source !== 'none' && drawable(fix) && !UNTRUE.some((mark) => fix.marks.includes(mark));
}

/** Marks that say "do not trust this place". */
const DOUBTS = ['jump', 'factory_place', 'hemisphere_unknown', 'unverified'] as const;

export function doubtful(fix: Fix): boolean {
	return DOUBTS.some((mark) => fix.marks.includes(mark));
}

export function inexact(fix: Fix): boolean {
	return fix.source !== 'gps' || (fix.accuracy_m ?? 0) > INEXACT_M || doubtful(fix);
}

/** The place to draw, or nothing. */
export function placeOfWearer(wearer: Wearer): Fix | undefined {
	const fix = wearer.fix;
	return fix && believable(fix) ? fix : undefined;
}

export function moving(fix: Fix): boolean {
	return (fix.speed_kmh ?? 0) >= 2 && !fix.flags.includes('still');
}

/** What is said beside the place itself, because it makes people look twice. */
export function doubtOf(fix: Fix): Fix['marks'][number] | undefined {
	return [...DOUBTS, 'clock_unset' as const].find((mark) => fix.marks.includes(mark));
}

/** The place of an alarm, or a newer one; what cannot be true only when there is nothing else to say. */
export function placeOfAlarm(alarm: Pick<Alarm, 'fix'>, wearer: Wearer | undefined): Fix | undefined {
	const latest = wearer && placeOfWearer(wearer);
	const told = alarm.fix;
	if (!told || told.source === 'none' || !drawable(told)) return latest;
	if (!latest) return told;
	return believable(told) && told.time >= latest.time ? told : latest;
}

/** The newest command of a kind that the cards show as running or just ended. */
export function latestCommand(commands: readonly Command[], type: string): Command | undefined {
	return commands
		.filter((c) => c.type === type)
		.reduce<Command | undefined>((a, b) => (a && a.created >= b.created ? a : b), undefined);
}

export function pending(command: Command): boolean {
	return command.state === 'queued' || command.state === 'sent';
}

/** Serious alarms that nobody has taken: these take the whole screen. */
export function crying(alarms: readonly Alarm[]): Alarm[] {
	return alarms
		.filter((a) => a.serious && a.state === 'open')
		.sort((a, b) => severity(a) - severity(b) || (a.received < b.received ? 1 : -1));
}

/** Serious alarms that somebody takes care of: these stay visible until they are closed. */
export function caredFor(alarms: readonly Alarm[]): Alarm[] {
	return alarms.filter((a) => a.serious && a.state === 'taken').sort((a, b) => (a.received < b.received ? 1 : -1));
}

const ORDER: Alarm['kind'][] = ['sos', 'fall', 'heart_rate', 'removed'];

function severity(alarm: Alarm): number {
	const at = ORDER.indexOf(alarm.kind);
	return at < 0 ? ORDER.length : at;
}

/** Is this the number of a telephone module, with a right check digit? */
export function imeiValid(text: string): boolean {
	if (!/^\d{15}$/.test(text)) return false;
	let sum = 0;
	for (let i = 0; i < 15; i++) {
		const digit = Number(text[i]) * (i % 2 === 1 ? 2 : 1);
		sum += digit > 9 ? digit - 9 : digit;
	}
	return sum % 10 === 0;
}

/** What somebody typed as the watch's number: blanks and dashes are for reading only. */
export function watchNumber(text: string): { number: string; problem?: 'empty' | 'imei_check_digit' | 'watch_invalid' } {
	const number = text.replace(/[\s-]/g, '');
	if (number === '') return { number, problem: 'empty' };
	if (/^\d{15}$/.test(number)) return imeiValid(number) ? { number } : { number, problem: 'imei_check_digit' };
	return /^[0-9A-Za-z]{5,20}$/.test(number) ? { number } : { number, problem: 'watch_invalid' };
}
