import { describe, expect, test } from 'vitest';
import { linesOf, networksOf } from '../src/lib/answers';
import type { Fields, Setting, SettingField } from '../src/lib/coming';
import { drawn, ofKind, originWords, readable } from '../src/lib/health';
import { addressOf, parseRoute, placeOf } from '../src/lib/route.svelte';
import { cleanOf, dangerOf, draftOf, faultsOf, mustUnderstand, secondsChoices, valueWords } from '../src/lib/settings';
import { en } from '../src/words/en';
import { fill, type Key, type Values } from '../src/words/words.svelte';

const t = (key: Key, values?: Values) => fill(en[key], 'en', values);
const flag: SettingField = { name: 'is_on', type: 'flag' };
const setting = (name: string, fields: SettingField[], more: Partial<Setting> = {}): Setting => ({
	name, fields, state: 'none', is_drifted: false, is_available: true, right: 'settings', caution: 'none', ...more
});
const quiet = setting('quiet_times', [{ name: 'windows', type: 'window_days', repeat_min: 0, repeat_max: 4 }]);
const alarms = setting('alarm_clocks', [{ name: 'alarms', type: 'alarm', repeat_min: 0, repeat_max: 3 }]);
const power = setting(
	'power_times',
	[flag, { name: 'on_at', type: 'hhmm' }, { name: 'off_at', type: 'hhmm' }, { name: 'days', type: 'days' }],
	{ caution: 'on' }
);
const limits = setting('temperature_limits', [
	flag, { name: 'low', type: 'decimal', min: 30, max: 45 }, { name: 'high', type: 'decimal', min: 30, max: 45 },
	{ name: 'warning', type: 'enum', values: ['sms', 'call'] }, { name: 'number', type: 'phone' }
]);
const interval = setting('upload_interval', [{ name: 'seconds', type: 'int', min: 60, max: 65535, unit: 's' }], { caution: 'long' });
const faults = (one: Setting, draft: Fields) => Object.fromEntries(faultsOf(one, draft));

describe('a form', () => {
	test('begins with what is wanted, else with what the watch has, else with something that can be sent', () => {
		const both = { ...interval, wanted: { seconds: 300 }, confirmed: { seconds: 600 } };
		expect(draftOf(both)).toEqual({ seconds: 300 });
		expect(draftOf({ ...interval, confirmed: { seconds: 600 } })).toEqual({ seconds: 600 });
		for (const one of [quiet, alarms, power, interval]) expect(faults(one, draftOf(one)), one.name).toEqual({});
	});

	test('is a copy: what is written in it changes nothing that is known', () => {
		const known = { ...quiet, confirmed: { windows: [{ from: '08:00', to: '09:00', days: [1] }] } };
		(draftOf(known).windows as { from: string }[])[0]!.from = '10:00';
		expect(known.confirmed.windows[0]?.from).toBe('08:00');
	});

	test('says at each place what is wrong', () => {
		expect(
			faults(quiet, { windows: [{ from: '08:00', to: '08:00', days: [1] }, { from: '', to: '09:00', days: [1] }, { from: '08:00', to: '09:00', days: [] }] })
		).toEqual({ 'windows.0': 'fault.same_time', 'windows.1': 'fault.time', 'windows.2': 'fault.days' });
		expect(faults(alarms, { alarms: [{ time: '24:00', is_on: true, repeat: 'daily' }, { time: '07:00', is_on: true, repeat: 'days', days: [] }] })).toEqual({
			'alarms.0': 'fault.time', 'alarms.1': 'fault.days'
		});
		expect(faults(interval, { seconds: 59 })).toEqual({ seconds: 'fault.number' });
		expect(faults(interval, { seconds: null })).toEqual({ seconds: 'fault.number' });
		expect(faults(power, { is_on: true, on_at: '07:00', off_at: '07:00', days: [] })).toEqual({ days: 'fault.days', off_at: 'fault.same_time' });
		expect(faults(limits, { is_on: true, low: 38, high: 36, warning: 'sms', number: 'Oma' })).toEqual({ number: 'fault.phone', high: 'fault.limits' });
		// Off: nobody has to be called.
		expect(faults(limits, { is_on: false, low: 35, high: 38, warning: 'sms', number: '' })).toEqual({});
		const wifi = setting('home_wifi', [{ name: 'macs', type: 'mac', repeat_min: 1, repeat_max: 3 }]);
		expect(faults(wifi, { macs: [] })).toEqual({ macs: 'fault.few' });
		expect(faults(wifi, { macs: ['a0:c5:f2:b0:7.4:d0'] })).toEqual({ macs: 'fault.mac' });
		expect(cleanOf(wifi, { macs: [' A0-C5-F2-B0-07-D4 ', ''] })).toEqual({ macs: ['a0:c5:f2:b0:07:d4'] });
	});

	test('the hours of a timetable follow each other, and lessons of hours that are gone are not sent', () => {
		const table = setting('timetable', [{ name: 'periods', type: 'periods', repeat_min: 0, repeat_max: 8 }, { name: 'lessons', type: 'lessons', repeat_min: 0, repeat_max: 56 }]);
		expect(faults(table, { periods: [{ from: '08:00', to: '08:45' }, { from: '08:40', to: '09:30' }], lessons: [] })).toEqual({ 'periods.1': 'fault.period_order' });
		const clean = cleanOf(table, { periods: [{ from: '08:00', to: '08:45' }], lessons: [{ day: 1, period: 1, name: ' Sport ' }, { day: 1, period: 2, name: 'Mathe' }, { day: 2, period: 1, name: ' ' }] });
		expect(clean.lessons).toEqual([{ day: 1, period: 1, name: 'Sport' }]);
		expect(faults(table, { periods: [{ from: '08:00', to: '08:45' }], lessons: [{ day: 1, period: 1, name: 'Heimatkunde' }] })).toEqual({ lessons: 'fault.lesson' });
	});

	test('days go only with alarm clocks that have some', () => {
		expect(cleanOf(alarms, { alarms: [{ time: '07:00', is_on: true, repeat: 'daily', days: [1] }] })).toEqual({ alarms: [{ time: '07:00', is_on: true, repeat: 'daily' }] });
	});
});

describe('what is dangerous', () => {
	test('is asked about, and the server is told that somebody knows', () => {
		expect(dangerOf(power, { is_on: true, on_at: '07:00', off_at: '21:00', days: [1] })).toBe('danger.power_times');
		expect(dangerOf(power, { is_on: false })).toBeUndefined();
		const gps = setting('gps_switch', [flag], { caution: 'off' });
		expect([dangerOf(gps, { is_on: false }), dangerOf(gps, { is_on: true })]).toEqual(['danger.gps_switch', undefined]);
		expect([mustUnderstand(interval, { seconds: 3600 }), mustUnderstand(interval, { seconds: 3601 })]).toEqual([false, true]);
		expect(dangerOf(setting('new_thing', [flag], { caution: 'always' }), { is_on: true })).toBe('danger.other');
		expect(dangerOf(setting('sound_profile', []), { profile: 'silent' })).toBe('danger.silent');
		expect(dangerOf(setting('apps', []), { dial: false })).toBe('danger.apps');
		expect(dangerOf(setting('apps', []), { dial: true, camera: false })).toBeUndefined();
	});
});

describe('in words', () => {
	const words = (one: Setting, fields: Fields | undefined) => valueWords(one, fields, 'en-GB', t);
	test('a setting is one line', () => {
		expect(words(quiet, { windows: [{ from: '08:00', to: '12:30', days: [1, 2, 3, 4, 5] }] })).toBe('Mon–Fri, 08:00–12:30');
		expect(words(quiet, { windows: [] })).toBe('no times yet');
		expect(words(alarms, { alarms: [{ time: '06:45', is_on: false, repeat: 'daily' }] })).toBe('every day, 06:45 (off)');
		expect(words(interval, { seconds: 600 })).toBe('every 10 minutes');
		expect(words(power, { is_on: true, on_at: '07:00', off_at: '21:00', days: [6, 7] })).toBe('Sat, Sun: off at 21:00, on at 07:00');
		expect(words(limits, { is_on: false, low: 35 })).toBe('off');
		expect(words(setting('zone', [{ name: 'zone', type: 'zone' }]), { zone: 'America/New_York' })).toBe('America/New York');
		expect(words(setting('sound_profile', [{ name: 'profile', type: 'enum', values: ['ring'] }]), { profile: 'ring' })).toBe('Ring only');
		expect(words(quiet, undefined)).toBeUndefined();
	});

	test('lengths of time offer what the watch can, and what is set', () => {
		expect(secondsChoices({ name: 'seconds', type: 'int', min: 300, max: 3600 }, 700)).toEqual([300, 600, 700, 900, 1800, 3600]);
	});

	test('what was measured', () => {
		const heart = { kind: 'heart', time: '2026-01-01T00:00:00Z', value: 72, origin: 'watch' } as const;
		expect(readable(heart, 'en-GB', t)).toBe('72 a minute');
		expect(readable({ ...heart, is_failed: true }, 'en-GB', t)).toBe('not measured');
		const warm = { kind: 'temperature', time: heart.time, value: 36.6, origin: 'watch' } as const;
		expect([readable(warm, 'en-GB', t), readable(warm, 'en-US', t)]).toEqual(['36.6 °C', '97.9 °F']);
		expect(drawn({ ...heart, is_failed: true }, 'en')).toBeNull();
		expect(readable({ kind: 'blood_pressure', time: heart.time, systolic: 120, diastolic: 80, origin: 'asked' }, 'en', t)).toBe('120 / 80');
		expect(originWords({ ...heart, origin: 'asked', by: { id: 'a', name: 'Ben' } }, t)).toBe('asked for by Ben');
		expect(originWords({ ...heart, origin: 'of another world' as 'unknown' }, t)).toBe('not known');
		expect(ofKind([{ ...heart, time: '2026-01-02T00:00:00Z' }, warm, heart], 'heart').map((one) => one.time)).toEqual([heart.time, '2026-01-02T00:00:00Z']);
	});
});

describe('answers of watches', () => {
	test('only what has the shape of a network is one', () => {
		expect(networksOf({ networks: [{ ssid: 'a', mac: 'm' }, { ssid: 5 }, null, 'x', { id: '7', ssid: '' }] })).toEqual([{ ssid: 'a', bssid: 'm' }, { id: '7', ssid: '' }]);
		expect(networksOf(undefined)).toEqual([]);
		expect(networksOf({ networks: Array.from({ length: 500 }, () => ({ ssid: 'x' })) }).length).toBe(30);
	});
	test('lines of anything else', () => {
		expect(linesOf('V2.0')).toEqual([{ name: '', value: 'V2.0' }]);
		expect(linesOf({ text: 'x', bat_level: 5, deep: {} })).toEqual([{ name: 'text', value: 'x' }, { name: 'bat level', value: '5' }]);
	});
});

test('the pages have addresses', () => {
	const wearer = 'a'.repeat(32);
	for (const at of ['watch', 'asked', 'health', 'battery', 'calls'] as const) expect(parseRoute(addressOf({ at, wearer }))).toEqual({ at, wearer });
	expect([placeOf({ at: 'watch', wearer }), placeOf({ at: 'health', wearer })]).toEqual(['care', 'day']);
});
