// What a watch can be set to: in which groups people look for it, what must be right before it is sent, what is
// dangerous about it, and the same in words. Pure: the language is given.

import type { Fields, Setting, SettingField } from './coming';
import { dayName, daysWords } from '../group/limit-words';
import { span } from './say';
import type { Key, t as Say } from '../words/words.svelte';

/** In the order in which they are shown. What a newer server knows besides comes under the watch itself. */
export const GROUPS = {
	school: ['quiet_times', 'alarm_clocks', 'timetable'],
	calls: ['allowed_callers', 'refuse_strangers', 'family_calls', 'dial_pad'],
	alarms: ['fall_alarm', 'fall_sensitivity', 'removed_alarm', 'alarm_delivery'],
	sound: ['sound_profile'],
	health: ['heart_interval', 'temperature_interval', 'temperature_times', 'temperature_limits'],
	steps: ['step_counter', 'step_goal', 'walk_times', 'body', 'sleep_time'],
	apps: ['apps'],
	battery: ['tracking_mode', 'upload_interval', 'gps_switch', 'night_saving', 'long_life', 'power_times', 'home_wifi'],
	language: ['language', 'zone']
} as const satisfies Record<string, readonly string[]>;
export type GroupName = keyof typeof GROUPS;
export type SettingName = (typeof GROUPS)[GroupName][number];
export const GROUP_NAMES = Object.keys(GROUPS) as GroupName[];
export const SETTING_NAMES: readonly SettingName[] = Object.values(GROUPS).flat();

export function isKnown(name: string): name is SettingName {
	return (SETTING_NAMES as readonly string[]).includes(name);
}

/** Some settings go to some watches by other words: the server names its commands after these. */
const OTHERWISE: Record<string, SettingName> = {
	quiet_times_days: 'quiet_times',
	fall_switch: 'fall_alarm',
	allowed_1: 'allowed_callers',
	allowed_2: 'allowed_callers',
	refuse_strangers_2: 'refuse_strangers',
	health_interval: 'heart_interval',
	temperature_period: 'temperature_interval',
	language_zone: 'language'
};

/** The setting that a command of this type is about. */
export function settingOf(command: string): SettingName | undefined {
	return isKnown(command) ? command : Object.hasOwn(OTHERWISE, command) ? OTHERWISE[command] : undefined;
}

export interface Window {
	from: string;
	to: string;
	days?: number[];
}
export interface AlarmClock {
	time: string;
	is_on: boolean;
	repeat: 'once' | 'daily' | 'days';
	days?: number[];
}
export interface Timetable {
	periods: { from: string; to: string }[];
	lessons: { day: number; period: number; name: string }[];
}
const WEEK = [1, 2, 3, 4, 5, 6, 7];
const SCHOOL_DAYS = [1, 2, 3, 4, 5];

export const isFlag = (field: SettingField) => field.type === 'flag';
export const isNumber = (field: SettingField) => field.type === 'int' || field.type === 'decimal';
const LISTS: readonly string[] = ['window', 'window_days', 'alarm', 'timepoint', 'mac', 'periods', 'lessons'];
export const isList = (field: SettingField) => LISTS.includes(field.type) || (field.repeat_max ?? 1) > 1;

/** Where a sensible first choice is not the least one. */
const GOOD: Record<string, number> = { steps: 6000, height_cm: 160, weight_kg: 55, level: 4, low: 35.5, high: 38, seconds: 600, hours: 4 };
const NIGHT: Record<string, string> = { from: '21:00', to: '07:00', off_at: '21:00', on_at: '06:30' };

/** What a field begins with when neither the watch nor anybody has said anything. */
function firstOf(field: SettingField): unknown {
	if (isList(field)) return [];
	if (field.values && field.values.length > 0) return field.values[0];
	if (isFlag(field)) return false;
	if (isNumber(field)) return GOOD[field.name] ?? field.min ?? 0;
	if (field.type === 'hhmm') return NIGHT[field.name] ?? '08:00';
	if (field.type === 'days') return [...WEEK];
	return '';
}

/** What the form begins with: what is wanted, else what the watch has. */
export function draftOf(setting: Setting): Fields {
	const known = setting.wanted ?? setting.confirmed ?? {};
	const draft: Fields = {};
	for (const field of setting.fields) draft[field.name] = structuredClone(known[field.name] ?? firstOf(field));
	return draft;
}

export const newWindow = (days: boolean): Window => ({
	from: '08:00',
	to: '13:00',
	...(days ? { days: [...SCHOOL_DAYS] } : {})
});
export const newAlarm = (): AlarmClock => ({ time: '07:00', is_on: true, repeat: 'days', days: [...SCHOOL_DAYS] });

export const field = (setting: Setting, name: string): SettingField | undefined =>
	setting.fields.find((one) => one.name === name);

/** How many of them the watch can hold. */
export const mostOf = (setting: Setting, name: string, otherwise: number): number =>
	field(setting, name)?.repeat_max ?? otherwise;

const list = <T>(fields: Fields, name: string): T[] => (Array.isArray(fields[name]) ? (fields[name] as T[]) : []);
const text = (fields: Fields, name: string): string => (typeof fields[name] === 'string' ? fields[name] : '');
const number = (fields: Fields, name: string): number => (typeof fields[name] === 'number' ? fields[name] : NaN);

const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;
const PHONE = /^\+?[0-9]{3,20}$/;
const MAC = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/;
/** The watch shows no more of a lesson's name. */
export const LESSON_MOST = 10;

/** What the server gets: without what belongs to choices that were not taken. */
export function cleanOf(setting: Setting, draft: Fields): Fields {
	const clean = JSON.parse(JSON.stringify(draft)) as Fields;
	for (const alarm of list<AlarmClock>(clean, 'alarms')) if (alarm.repeat !== 'days') delete alarm.days;
	if (Array.isArray(clean.lessons))
		clean.lessons = list<Timetable['lessons'][number]>(clean, 'lessons')
			.map((lesson) => ({ ...lesson, name: lesson.name.trim() }))
			.filter((lesson) => lesson.name !== '' && lesson.period <= list(clean, 'periods').length);
	for (const one of setting.fields) {
		if (one.type === 'phone' && !isList(one)) clean[one.name] = text(clean, one.name).replace(/[\s()/-]/g, '');
		if (one.type === 'mac' && isList(one))
			clean[one.name] = list<string>(clean, one.name)
				.map((mac) => mac.trim().toLowerCase().replaceAll('-', ':'))
				.filter((mac) => mac !== '');
	}
	return clean;
}

/** What is wrong with a form: by the place in it. An empty map can be sent. */
export function faultsOf(setting: Setting, draft: Fields): Map<string, Key> {
	const faults = new Map<string, Key>();
	const clean = cleanOf(setting, draft);
	list<Window>(clean, 'windows').forEach((window, i) => {
		if (!TIME.test(window.from) || !TIME.test(window.to)) faults.set(`windows.${i}`, 'fault.time');
		else if (window.from === window.to) faults.set(`windows.${i}`, 'fault.same_time');
		else if (window.days?.length === 0) faults.set(`windows.${i}`, 'fault.days');
	});
	list<AlarmClock>(clean, 'alarms').forEach((alarm, i) => {
		if (!TIME.test(alarm.time)) faults.set(`alarms.${i}`, 'fault.time');
		else if (alarm.repeat === 'days' && !alarm.days?.length) faults.set(`alarms.${i}`, 'fault.days');
	});
	list<{ time: string }>(clean, 'points').forEach((point, i) => {
		if (!TIME.test(point.time)) faults.set(`points.${i}`, 'fault.time');
	});
	const periods = list<Window>(clean, 'periods');
	periods.forEach((period, i) => {
		const before = periods[i - 1];
		if (!TIME.test(period.from) || !TIME.test(period.to)) faults.set(`periods.${i}`, 'fault.time');
		else if (period.from >= period.to || (before && before.to > period.from)) faults.set(`periods.${i}`, 'fault.period_order');
	});
	if (list<{ name: string }>(clean, 'lessons').some((lesson) => [...lesson.name].length > LESSON_MOST))
		faults.set('lessons', 'fault.lesson');
	for (const one of setting.fields) {
		const value = clean[one.name];
		if (isList(one)) {
			const values = list(clean, one.name);
			if (values.length < (one.repeat_min ?? 0)) faults.set(one.name, 'fault.few');
			if (one.type === 'mac' && values.some((mac) => !MAC.test(String(mac)))) faults.set(one.name, 'fault.mac');
		} else if (one.values && one.values.length > 0) {
			if (!one.values.includes(String(value))) faults.set(one.name, 'fault.choose');
		} else if (isNumber(one)) {
			const n = number(clean, one.name);
			const outside = n < (one.min ?? -Infinity) || n > (one.max ?? Infinity);
			if (!Number.isFinite(n) || outside || (one.type === 'int' && !Number.isInteger(n))) faults.set(one.name, 'fault.number');
		} else if (one.type === 'phone') {
			if (isPhoneNeeded(setting, clean) && !PHONE.test(text(clean, one.name))) faults.set(one.name, 'fault.phone');
		} else if (one.type === 'hhmm' && !TIME.test(text(clean, one.name))) faults.set(one.name, 'fault.time');
		else if (one.type === 'days' && list(clean, one.name).length === 0) faults.set(one.name, 'fault.days');
	}
	if (setting.name === 'power_times' && clean.is_on === true && text(clean, 'on_at') === text(clean, 'off_at'))
		faults.set('off_at', 'fault.same_time');
	if (setting.name === 'sleep_time' && text(clean, 'from') === text(clean, 'to')) faults.set('to', 'fault.same_time');
	if (setting.name === 'temperature_limits' && number(clean, 'low') >= number(clean, 'high')) faults.set('high', 'fault.limits');
	return faults;
}

const isPhoneNeeded = (setting: Setting, clean: Fields) => setting.name !== 'temperature_limits' || clean.is_on === true;

/** Apps without which somebody cannot call for help. */
export const VITAL_APPS: readonly string[] = ['dial', 'phone_book'];

/** The wearer is seen only every so often then. */
const SELDOM_S = 3600;

/** Whether the server wants to hear that somebody knows what it means. */
export function mustUnderstand(setting: Setting, draft: Fields): boolean {
	const flag = setting.fields[0] ? draft[setting.fields[0].name] : undefined;
	switch (setting.caution) {
		case 'always':
			return true;
		case 'off':
			return flag === false;
		case 'on':
			return flag === true;
		case 'long':
			return number(draft, 'seconds') > SELDOM_S;
		default:
			return false;
	}
}

const DANGERS = [
	'power_times', 'gps_switch', 'fall_alarm', 'removed_alarm', 'refuse_strangers', 'long_life', 'night_saving', 'upload_interval'
] as const;

/** What somebody must read and agree to before it is sent, or nothing. */
export function dangerOf(setting: Setting, draft: Fields): Key | undefined {
	const now = cleanOf(setting, draft);
	if (mustUnderstand(setting, now)) {
		const own = DANGERS.find((name) => name === setting.name);
		return own ? `danger.${own}` : 'danger.other';
	}
	// These stop nothing that a server would insist on, but somebody may not have meant them.
	if (setting.name === 'sound_profile' && now.profile === 'silent') return 'danger.silent';
	if (setting.name === 'apps' && VITAL_APPS.some((app) => now[app] === false)) return 'danger.apps';
	return undefined;
}

const key = (made: string) => made as Key;

/** A length of time that a setting has: "every 10 min". */
export const seconds = (s: number, t: typeof Say): string => (s < 60 ? t('span.seconds', { n: s }) : span(s * 1000, t));

export function windowWords(window: Window, locale: string, t: typeof Say): string {
	const times = t('value.window', { from: window.from, to: window.to });
	return window.days ? t('value.window_days', { days: daysWords(window.days, locale, t), times }) : times;
}

export function alarmWords(alarm: AlarmClock, locale: string, t: typeof Say): string {
	const when = alarm.repeat === 'days' ? daysWords(alarm.days ?? [], locale, t) : t(`repeat.${alarm.repeat}`);
	const words = t('value.window_days', { days: when, times: alarm.time });
	return alarm.is_on ? words : t('value.alarm_off', { alarm: words });
}

/** "08:00–13:00, Mon–Fri": what a setting is, in a line. Nothing when nothing is known. */
export function valueWords(setting: Setting, fields: Fields | undefined, locale: string, t: typeof Say): string | undefined {
	if (!fields) return undefined;
	const join = (parts: string[], empty: Key) => (parts.length > 0 ? parts.join('; ') : t(empty));
	switch (setting.name) {
		case 'quiet_times':
		case 'walk_times':
			return join(list<Window>(fields, 'windows').map((one) => windowWords(one, locale, t)), 'value.no_times');
		case 'alarm_clocks':
			return join(list<AlarmClock>(fields, 'alarms').map((one) => alarmWords(one, locale, t)), 'value.no_alarms');
		case 'timetable': {
			const n = list(fields, 'lessons').length;
			return n === 0 ? t('value.no_lessons') : t('value.lessons', { n });
		}
		case 'temperature_times':
			return join(list<{ time: string }>(fields, 'points').map((one) => one.time), 'value.no_times');
		case 'sleep_time':
			return t('value.window', { from: text(fields, 'from'), to: text(fields, 'to') });
		case 'home_wifi': {
			const n = list(fields, 'macs').length;
			return n === 0 ? t('value.no_networks') : t('value.networks', { n });
		}
		case 'apps': {
			const off = setting.fields.filter((one) => fields[one.name] === false);
			return off.length === 0
				? t('value.all_apps')
				: t('value.apps_off', { apps: off.map((one) => appName(one.name, t)).join(', ') });
		}
		case 'power_times':
			if (fields.is_on !== true) return t('value.off');
			return t('value.power', {
				off: text(fields, 'off_at'),
				on: text(fields, 'on_at'),
				days: daysWords(list<number>(fields, 'days'), locale, t)
			});
		case 'temperature_limits':
			if (fields.is_on !== true) return t('value.off');
			return t('value.limits', { low: number(fields, 'low'), high: number(fields, 'high') });
		case 'body':
			return t('value.body', { cm: number(fields, 'height_cm'), kg: number(fields, 'weight_kg') });
	}
	const parts = setting.fields.flatMap((one) => {
		const words = fieldWords(setting, one, fields[one.name], locale, t);
		return words === undefined ? [] : [words];
	});
	return fields.is_on === false ? t('value.off') : parts.join(', ') || undefined;
}

function fieldWords(setting: Setting, one: SettingField, value: unknown, locale: string, t: typeof Say): string | undefined {
	if (value === undefined || value === '') return undefined;
	if (isFlag(one)) return one.name === 'is_on' ? t(value === true ? 'value.on' : 'value.off') : undefined;
	if (one.type === 'language')
		return new Intl.DisplayNames([locale], { type: 'language' }).of(String(value)) ?? String(value);
	if (one.type === 'zone') return String(value).replaceAll('_', ' ');
	if (typeof value === 'number' && isSeconds(one)) return value === 0 ? t('value.off') : t('value.every', { span: seconds(value, t) });
	if (typeof value === 'number' && one.name === 'hours') return t('value.every', { span: t('span.hours', { n: value }) });
	if (typeof value === 'number' && one.name === 'level') return t('value.level', { n: value, first: one.min ?? 1 });
	if (typeof value === 'number') return new Intl.NumberFormat(locale).format(value);
	return choiceWords(setting, String(value), t);
}

export const isSeconds = (one: SettingField) => one.unit === 's' || one.name === 'seconds' || one.name.endsWith('_s');

const CHOICES: Record<string, readonly string[]> = {
	tracking_mode: ['normal', 'careful', 'live', 'adaptive'],
	sound_profile: ['vibrate_ring', 'ring', 'vibrate', 'silent'],
	alarm_delivery: ['platform', 'platform_sms_call', 'platform_call', 'platform_sms'],
	temperature_limits: ['sms', 'call']
};

/** A choice in words; one that this app does not know, as it is. */
export function choiceWords(setting: Setting, value: string, t: typeof Say): string {
	return CHOICES[setting.name]?.includes(value) ? t(key(`choice.${value}`)) : value.replaceAll('_', ' ');
}

export const APPS = ['dial', 'alarm', 'video', 'phone_book', 'chat', 'camera'] as const;

export function appName(app: string, t: typeof Say): string {
	const known = APPS.find((one) => one === app);
	return known ? t(`app_name.${known}`) : app.replaceAll('_', ' ');
}

/** Choices of a length of time between the least and the most, with the one that is set. */
const STEPS_S = [10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 43_200];

export function secondsChoices(one: SettingField, now: unknown): number[] {
	const least = Math.max(one.min ?? 60, 1);
	const inside = STEPS_S.filter((s) => s >= least && s <= (one.max ?? 3600));
	const more = [...(one.min === 0 ? [0] : []), ...(typeof now === 'number' ? [now] : [])];
	return [...new Set([...more, ...inside])].sort((a, b) => a - b);
}

export const dayNames = (locale: string, style: 'short' | 'long'): { day: number; name: string }[] =>
	WEEK.map((day) => ({ day, name: dayName(day, locale, style) }));
