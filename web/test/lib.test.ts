import { readFileSync } from 'node:fs';
import type { LineString } from 'geojson';
import { describe, expect, test } from 'vitest';
import type { Alarm, Command, Fix, Wearer } from '../src/lib/api';
import { problemOf } from '../src/lib/api';
import { browserName } from '../src/lib/browser';
import { COLORS, contrast, inkOn } from '../src/lib/color';
import { dayOf, dayRange, GAP_MS, shownFixes, stepDay, thin, trackLength, trackLines } from '../src/lib/day';
import { bearingDeg, circle, distanceM, drawable } from '../src/lib/geo';
import { isOlderAlarm, isOlderCommand } from '../src/lib/order';
import { squareOf } from '../src/lib/picture';
import { addressOf, parseRoute, placeOf, type Route } from '../src/lib/route.svelte';
import { ago, compass, distance, initials, span, speed, usesMiles } from '../src/lib/say';
import { frameOf, roundLength } from '../src/lib/sketch';
import { Towns, type TownFile } from '../src/lib/towns';
import {
	crying,
	freshness,
	imeiValid,
	believable,
	doubtOf,
	inexact,
	latestCommand,
	OLD_MS,
	placeOfAlarm,
	placeOfWearer,
	VERY_OLD_MS,
	watchNumber
} from '../src/lib/wearer';
import { ownTracksLink, traccarLink } from '../src/lib/ways';
import { allZones, languageChoices } from '../src/lib/zones';
import { grid, gridStep } from '../src/map/grid';
import { accuracyShapes, peopleOf, pointShapes, trackShapes } from '../src/map/people';
import { spread, TOUCH_PX } from '../src/map/spread';
import { escape } from '../src/map/style';
import { en } from '../src/words/en';
import { fill, type Key, type Values } from '../src/words/words.svelte';

const t = (key: Key, values?: Values) => fill(en[key], 'en', values);
const NOW = new Date(2026, 10, 22, 12, 0, 0).getTime();
const before = (ms: number) => new Date(NOW - ms).toISOString();
const MINUTE = 60_000;

function fix(more: Partial<Fix> = {}): Fix {
	return { time: before(0), received: before(0), lat: 47.9959, lon: 7.8494, source: 'gps', flags: [], marks: [], ...more };
}

function wearer(more: Partial<Wearer> = {}): Wearer {
	return {
		id: '1'.repeat(32),
		group: '2'.repeat(32),
		name: 'Emma',
		color: '#2f6fde',
		has_picture: false,
		picture_version: 0,
		is_demo: false,
		device: null,
		fix: fix(),
		open_alarms: 0,
		is_adult: false,
		my_rights: ['see_group', 'view_position'],
		...more
	};
}

describe('times', () => {
	test.each([
		[0, 'just now'],
		[59_000, 'just now'],
		[MINUTE, '1 min ago'],
		[59 * MINUTE + 59_000, '59 min ago'],
		[60 * MINUTE, 'at 11:00'],
		[11 * 60 * MINUTE, 'at 01:00'],
		[13 * 60 * MINUTE, 'yesterday, 23:00'],
		[48 * 60 * MINUTE, '20 Nov, 12:00']
	])('%d ms ago is said as %s', (ms, text) => {
		expect(ago(before(ms), NOW, 'en-GB', t)).toBe(text);
	});
	test('another year is said with the year', () => {
		expect(ago(new Date(2025, 10, 20, 12, 0).toISOString(), NOW, 'en-GB', t)).toBe('20 Nov 2025, 12:00');
	});
	test('a clock that goes ahead is not "just now"', () => {
		expect(ago(before(-10 * MINUTE), NOW, 'en-GB', t)).toContain('2026');
		expect(ago(before(-30_000), NOW, 'en-GB', t)).toBe('just now');
	});
	test('spans', () => {
		expect([1, 60_000, 3_600_000, 47.9 * 3_600_000, 48 * 3_600_000].map((ms) => span(ms, t))).toEqual([
			'a moment',
			'1 minute',
			'1 hour',
			'47 hours',
			'2 days'
		]);
	});
});

describe('distances and directions', () => {
	test('metres are said as exactly as they are known', () => {
		expect([7.4, 33, 128, 999, 1234, 12_345].map((m) => distance(m, 'en-IE'))).toEqual([
			'7 m',
			'35 m',
			'130 m',
			'1 km',
			'1.2 km',
			'12 km'
		]);
	});
	test('units of the country', () => {
		expect(usesMiles('en-GB')).toBe(true);
		expect(usesMiles('de')).toBe(false);
		expect(distance(1609.344, 'en-US')).toBe('1 mi');
		expect(speed(16.09344, 'en-US')).toBe('10 mph');
		expect(speed(10, 'de')).toBe('10 km/h');
	});
	test('the compass has eight words and meets itself', () => {
		expect([0, 22, 23, 90, 180, 270, 337, 338, 360, -45].map(compass)).toEqual(
			['n', 'n', 'ne', 'e', 's', 'w', 'nw', 'n', 'n', 'nw'].map((c) => `compass.${c}`)
		);
	});
	test('length and direction on the ball', () => {
		const a = { lat: 0, lon: 179.5 };
		const b = { lat: 0, lon: -179.5 };
		expect(distanceM(a, b)).toBeCloseTo(111_195, -2);
		expect(bearingDeg(a, b)).toBeCloseTo(90, 5);
		expect(bearingDeg(b, a)).toBeCloseTo(270, 5);
	});
	test('a circle has its radius everywhere, also at the date line and near the pole', () => {
		for (const middle of [
			{ lat: 48, lon: 7.8 },
			{ lat: -17, lon: 179.999 },
			{ lat: 84, lon: 10 }
		])
			for (const [lon, lat] of circle(middle, 500))
				expect(distanceM(middle, { lat, lon })).toBeCloseTo(500, 0);
		const lons = circle({ lat: 0, lon: 180 }, 1000).map((p) => p[0]);
		expect(Math.max(...lons) - Math.min(...lons)).toBeLessThan(1);
	});
});

describe('what may be drawn', () => {
	test.each([
		[{ lat: 0, lon: 0 }, false],
		[{ lat: 0.00005, lon: -0.00005 }, false],
		[{ lat: 0, lon: 8 }, true],
		[{ lat: NaN, lon: 8 }, false],
		[{ lat: 91, lon: 8 }, false],
		[{ lat: 8, lon: 180.1 }, false],
		[null, false]
	])('%j: %s', (p, expected) => {
		expect(drawable(p)).toBe(expected);
	});
	test('a fix without a source is no place', () => {
		expect(placeOfWearer(wearer({ fix: fix({ source: 'none' }) }))).toBeUndefined();
		expect(placeOfWearer(wearer({ fix: null }))).toBeUndefined();
		expect(placeOfWearer(wearer({ fix: fix({ lat: 0, lon: 0 }) }))).toBeUndefined();
		expect(placeOfWearer(wearer())).toBeDefined();
	});
	test('what cannot be true is no place, on the map or anywhere; what is only doubtful is one', () => {
		for (const mark of ['jump', 'factory_place'] as const) {
			expect(believable(fix({ marks: ['stored', mark] })), mark).toBe(false);
			expect(placeOfWearer(wearer({ fix: fix({ marks: [mark] }) }))).toBeUndefined();
			expect(pointShapes([fix(), fix({ marks: [mark] })], 1, '#000000').features.map((f) => f.properties?.now)).toEqual([false]);
		}
		for (const mark of ['clock_unset', 'hemisphere_unknown', 'stored', 'unverified', 'moving_ap'] as const)
			expect(believable(fix({ marks: [mark] })), mark).toBe(true);
		expect(doubtOf(fix({ marks: ['stored', 'moving_ap'] }))).toBeUndefined();
		expect(doubtOf(fix({ marks: ['stored', 'clock_unset'] }))).toBe('clock_unset');
	});
	test('an alarm shows its own place, or a better or newer one, and never hides that there is one', () => {
		const old = fix({ time: before(MINUTE), lat: 48 });
		const now = fix({ lat: 49 });
		expect(placeOfAlarm({ fix: now }, wearer({ fix: old }))?.lat).toBe(49);
		expect(placeOfAlarm({ fix: old }, wearer({ fix: now }))?.lat).toBe(49);
		expect(placeOfAlarm({ fix: { ...now, marks: ['factory_place'] } }, wearer({ fix: old }))?.lat).toBe(48);
		expect(placeOfAlarm({ fix: { ...now, marks: ['jump'] } }, wearer({ fix: null }))?.lat).toBe(49);
		expect(placeOfAlarm({ fix: { ...now, lat: 0, lon: 0 } }, wearer({ fix: old }))?.lat).toBe(48);
		expect(placeOfAlarm({}, undefined)).toBeUndefined();
	});
	test('people without a place are not on the map', () => {
		const say = { label: () => '', spoken: () => '' };
		const people = peopleOf([wearer(), wearer({ id: '3'.repeat(32), fix: null })], NOW, undefined, new Set(), say);
		expect(people.map((p) => p.id)).toEqual(['1'.repeat(32)]);
	});
	test('only a known accuracy has a circle', () => {
		const shape = (accuracy_m?: number) =>
			accuracyShapes([{ fix: fix(accuracy_m === undefined ? {} : { accuracy_m }), color: '#000000', fresh: 'fresh' }]);
		expect(shape().features.length).toBe(0);
		expect(shape(0).features.length).toBe(0);
		expect(shape(40).features.length).toBe(1);
	});
	test('old and inexact', () => {
		expect(freshness(fix({ time: before(OLD_MS) }), NOW)).toBe('fresh');
		expect(freshness(fix({ time: before(OLD_MS + 1) }), NOW)).toBe('old');
		expect(freshness(fix({ time: before(VERY_OLD_MS + 1) }), NOW)).toBe('very_old');
		expect(inexact(fix())).toBe(false);
		expect(inexact(fix({ source: 'wifi' }))).toBe(true);
		expect(inexact(fix({ marks: ['jump'] }))).toBe(true);
		expect(inexact(fix({ marks: ['stored'] }))).toBe(false);
	});
});

describe('a day', () => {
	const at = (minutes: number, more: Partial<Fix> = {}) =>
		fix({ time: new Date(NOW + minutes * MINUTE).toISOString(), lat: 48 + minutes / 1000, ...more });

	test('ranges meet without a gap, also when the clock changes', () => {
		for (const day of ['2026-03-28', '2026-03-29', '2026-10-25', '2024-02-29', '2026-12-31'])
			expect(dayRange(day).to).toBe(dayRange(stepDay(day, 1)).from);
	});
	test('stepping over months and years', () => {
		expect(stepDay('2026-12-31', 1)).toBe('2027-01-01');
		expect(stepDay('2024-03-01', -1)).toBe('2024-02-29');
		expect(dayOf(new Date(2026, 0, 5, 23, 59).getTime())).toBe('2026-01-05');
	});
	test('fixes are ordered by their own time, and places that are none are left out', () => {
		const list = shownFixes([at(10), at(5), at(7, { source: 'none' }), at(8, { lat: 0, lon: 0 })]);
		expect(list.map((f) => f.time)).toEqual([at(5).time, at(10).time]);
	});
	test('a gap ends a line, a doubtful place is not on it', () => {
		const gap = GAP_MS / MINUTE;
		const lines = trackLines([at(0), at(gap), at(gap + 1, { marks: ['jump'] }), at(2 * gap), at(3 * gap + 0.1)]);
		expect(lines.map((line) => line.length)).toEqual([3, 1]);
	});
	test('standing still is no way', () => {
		const jitter = Array.from({ length: 50 }, (_, i) => fix({ lat: 48 + (i % 2) * 0.0001 }));
		expect(trackLength([jitter])).toBe(0);
		expect(trackLength([[fix({ lat: 48 }), fix({ lat: 48.01 })]])).toBeCloseTo(1112, -1);
	});
	test('a track over the date line does not run round the world', () => {
		const [line] = trackShapes([at(0, { lon: 179.9 }), at(1, { lon: -179.9 })], '#000000').features;
		const [a, b] = (line?.geometry as LineString).coordinates;
		expect(Math.abs((a?.[0] ?? 0) - (b?.[0] ?? 0))).toBeLessThan(1);
	});
	test('the present point is drawn once more, on top', () => {
		const points = pointShapes([at(0), at(1)], 0, '#000000');
		expect(points.features.map((f) => f.properties?.now)).toEqual([false, false, true]);
		expect(pointShapes([], 0, '#000000').features).toEqual([]);
	});
	test('thinning keeps first and last', () => {
		const list = Array.from({ length: 1001 }, (_, i) => i);
		const few = thin(list, 10);
		expect([few.length, few[0], few.at(-1)]).toEqual([10, 0, 1000]);
		expect(thin([1, 2], 10)).toEqual([1, 2]);
	});
});

describe('alarms and commands', () => {
	const alarm = (more: Partial<Alarm>): Alarm => ({
		id: 'a',
		wearer: 'w',
		kind: 'sos',
		kinds: ['sos'],
		time: before(0),
		received: before(0),
		state: 'open',
		repeats: 0,
		serious: true,
		...more
	});
	test('an sos comes before all others, then the latest', () => {
		const list = crying([
			alarm({ id: 'fall', kind: 'fall', received: before(1) }),
			alarm({ id: 'old', received: before(5) }),
			alarm({ id: 'new', received: before(2) }),
			alarm({ id: 'taken', state: 'taken' }),
			alarm({ id: 'battery', kind: 'low_battery', serious: false })
		]);
		expect(list.map((a) => a.id)).toEqual(['new', 'old', 'fall']);
	});
	test('states only go forward, whichever way the news comes', () => {
		const states = ['queued', 'sent', 'unknown', 'confirmed'] as const;
		const command = (state: Command['state']): Command => ({
			id: 'c',
			wearer: 'w',
			type: 'find',
			state,
			created: before(0),
			expires: before(0)
		});
		for (const [i, told] of states.entries())
			for (const [j, known] of states.entries())
				expect(isOlderCommand(command(told), command(known)), `${told} after ${known}`).toBe(i < j);
		expect(isOlderAlarm(alarm({ state: 'open' }), alarm({ state: 'taken' }))).toBe(true);
		expect(isOlderAlarm(alarm({ state: 'closed' }), alarm({ state: 'taken' }))).toBe(false);
		expect(isOlderAlarm(alarm({ repeats: 1 }), alarm({ repeats: 2 }))).toBe(true);
		expect(isOlderAlarm(alarm({ repeats: 2 }), alarm({ repeats: 2 }))).toBe(false);
	});
	test('the latest command of a kind', () => {
		const command = (id: string, created: string, type: Command['type'] = 'find'): Command => ({
			id,
			wearer: 'w',
			type,
			state: 'sent',
			created,
			expires: created
		});
		const list = [command('b', before(1)), command('a', before(2)), command('c', before(0), 'locate')];
		expect(latestCommand(list, 'find')?.id).toBe('b');
		expect(latestCommand(list, 'message')).toBeUndefined();
	});
});

describe('numbers of watches', () => {
	test('check digits', () => {
		expect(imeiValid('490154203237518')).toBe(true);
		expect(imeiValid('490154203237519')).toBe(false);
		expect(imeiValid('49015420323751')).toBe(false);
	});
	test('each single wrong digit is found', () => {
		const good = '490154203237518';
		for (let i = 0; i < 15; i++)
			for (let d = 0; d < 10; d++) {
				if (String(d) === good[i]) continue;
				expect(imeiValid(good.slice(0, i) + d + good.slice(i + 1)), `${i} ${d}`).toBe(false);
			}
	});
	test.each([
		[' 490154 203237-518 ', '490154203237518', undefined],
		['490154203237519', '490154203237519', 'imei_check_digit'],
		['4209104011', '4209104011', undefined],
		['abcd', 'abcd', 'watch_invalid'],
		['abcde', 'abcde', undefined],
		['123456789012345678901', '123456789012345678901', 'watch_invalid'],
		['12345*', '12345*', 'watch_invalid'],
		['', '', 'empty']
	])('%j', (typed, number, problem) => {
		expect(watchNumber(typed)).toEqual(problem ? { number, problem } : { number });
	});
});

describe('addresses', () => {
	const id = '0123456789abcdef0123456789abcdef';
	const routes: Route[] = [
		{ at: 'setup', token: 'a b&c=d/e' },
		{ at: 'map' },
		{ at: 'map', wearer: id },
		{ at: 'talk', wearer: id },
		{ at: 'day', wearer: id, day: '2026-11-22' },
		{ at: 'day', wearer: id },
		{ at: 'care' },
		{ at: 'alarms' },
		{ at: 'claim' },
		{ at: 'claim', claim: id },
		{ at: 'person', wearer: id },
		{ at: 'account' },
		{ at: 'operator' }
	];
	test.each(routes.map((route) => [addressOf(route), route]))('%s is read as it was written', (address, route) => {
		expect(parseRoute(address as string)).toEqual(route);
	});
	test.each(['', '#', '#/', '#/nowhere', '#/map/<script>', '#/care/person/../../x', '#/map/%00'])('%s is safe', (address) => {
		expect(['map', 'care']).toContain(parseRoute(address).at);
		expect(JSON.stringify(parseRoute(address))).not.toContain('<');
	});
	test('every route but account and operator has its place', () => {
		expect(routes.map(placeOf).filter((place) => place === undefined).length).toBe(3);
	});
});

describe('towns', () => {
	const file = JSON.parse(readFileSync(new URL('../src/generated/towns.json', import.meta.url), 'utf8')) as TownFile;
	const towns = new Towns(file);
	test('in and near', () => {
		expect(towns.near({ lat: 47.9959, lon: 7.8494 })).toEqual({ town: expect.stringContaining('Freiburg') as string });
		const near = towns.near({ lat: 47.93, lon: 8.0 });
		expect(near?.away?.metres).toBeGreaterThan(1000);
		expect(near?.away?.metres).toBeLessThan(20_000);
	});
	test('nothing is near the middle of an ocean', () => {
		expect(towns.near({ lat: 0.5, lon: -30 })).toBeUndefined();
		expect(towns.near({ lat: 89.9, lon: 100 })).toBeUndefined();
	});
	test('over the date line', () => {
		const one = new Towns({ names: 'Taveuni', lat: [-16_900], lon: [179_990], steps: [0, 0, 0, 0, 0] });
		expect(one.near({ lat: -16.9, lon: -179.99 })?.town).toBe('Taveuni');
	});
	test('the largest come first and have rank 0', () => {
		expect(towns.all[0]?.rank).toBe(0);
		expect(towns.all.at(-1)?.rank).toBe(5);
		expect(towns.all.length).toBeGreaterThan(20_000);
	});
});

describe('faces at one spot', () => {
	const far = (moved: { x: number; y: number }[], spots: { x: number; y: number }[]) => {
		let least = Infinity;
		for (let i = 0; i < spots.length; i++)
			for (let j = 0; j < i; j++) {
				const [a, b, p, q] = [spots[i], spots[j], moved[i], moved[j]];
				if (a && b && p && q) least = Math.min(least, Math.hypot(a.x + p.x - b.x - q.x, a.y + p.y - b.y - q.y));
			}
		return least;
	};
	test('who stands alone stays', () => {
		expect(spread([{ x: 0, y: 0 }, { x: TOUCH_PX, y: 0 }])).toEqual([{ x: 0, y: 0 }, { x: 0, y: 0 }]);
	});
	test.each([2, 3, 5, 12, 40])('%d at one spot can all be seen', (n) => {
		const spots = Array.from({ length: n }, () => ({ x: 100, y: 50 }));
		expect(far(spread(spots), spots)).toBeGreaterThanOrEqual(40);
	});
	test('two stand side by side', () => {
		const [a, b] = spread([{ x: 0, y: 0 }, { x: 3, y: 4 }]);
		expect((a?.y ?? 0) - (b?.y ?? 0)).toBe(4);
		expect(a?.x).toBeLessThan(0);
	});
	test('a chain of touching ones is one group', () => {
		const spots = [{ x: 0, y: 0 }, { x: 30, y: 0 }, { x: 60, y: 0 }, { x: 500, y: 0 }];
		const moved = spread(spots);
		expect(far(moved, spots)).toBeGreaterThanOrEqual(36);
		expect(moved[3]).toEqual({ x: 0, y: 0 });
	});
	test('nobody makes no fault', () => {
		expect(spread([])).toEqual([]);
	});
});

describe('small things', () => {
	test('initials', () => {
		expect(['Emma', 'Opa Heinz', 'maria de la cruz', '  ', '😀 x', 'ß'].map(initials)).toEqual(['E', 'OH', 'MC', '?', '😀X', 'SS']);
	});
	test('ink on every colour that is offered can be read', () => {
		for (const color of COLORS) expect(contrast(color, inkOn(color)), color).toBeGreaterThanOrEqual(4.5);
		expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
		expect(inkOn('nonsense')).toBe('#ffffff');
	});
	test('the square in the middle of a picture', () => {
		expect(squareOf(400, 300)).toEqual({ x: 50, y: 0, side: 300 });
		expect(squareOf(1, 7)).toEqual({ x: 0, y: 3, side: 1 });
	});
	test('browsers by name', () => {
		expect(browserName('Mozilla/5.0 (Linux; Android 14) AppleWebKit/537 Chrome/140.0 Mobile Safari/537')).toBe('Chrome · Android');
		expect(browserName('Mozilla/5.0 (iPhone; CPU iPhone OS 18 like Mac OS X) Version/18 Safari/605')).toBe('Safari · iPhone');
		expect(browserName('')).toBe('');
	});
	test('links that set up apps hold what they need, also with unusual letters and keys', () => {
		const secret = { url: 'https://watch.example.org/api/v1/in/owntracks', user: 'w1', token: 'a+b/c=ÿ', encryption_key: '~>?' };
		const link = new URL(ownTracksLink(secret, '“Jürgen” Roth'));
		expect(link.protocol).toBe('owntracks:');
		// As the apps read it: a plus sign in a query would have become a blank.
		const inline = new URLSearchParams(link.search).get('inline') ?? '';
		expect(JSON.parse(Buffer.from(inline, 'base64').toString())).toMatchObject({
			_type: 'configuration', mode: 3, url: secret.url, auth: true, username: 'w1', password: secret.token, encryptionKey: '~>?', tid: 'Jü'
		});
		const traccar = new URL(traccarLink({ url: 'https://watch.example.org/in/osmand', token: secret.token }));
		expect(traccar.origin + traccar.pathname).toBe('https://watch.example.org/in/osmand');
		expect(traccar.searchParams.get('id')).toBe(secret.token);
	});
	test('zones and languages hold what is set', () => {
		expect(allZones('Mars/Olympus')).toContain('Mars/Olympus');
		expect(allZones()).toContain('Europe/Berlin');
		expect(languageChoices('de', 'xx').map((c) => c.tag)).toContain('xx');
	});
	test('attributions of the operator are text, not HTML', () => {
		expect(escape('<img src=x onerror=alert(1)> © "OSM"')).not.toMatch(/[<>"]/);
		expect(escape(undefined)).toBe('');
	});
	test('problems are read from anything that comes', () => {
		const response = (status: number, retry?: string) =>
			new Response(null, { status, headers: retry ? { 'retry-after': retry } : {} });
		expect(problemOf({ code: 'claim_code_wrong', tries_left: 3 }, response(409)).more.triesLeft).toBe(3);
		expect(problemOf('<html>', response(502)).code).toBe('answer_bad');
		expect(problemOf(null, response(500)).code).toBe('answer_bad');
		expect(problemOf({ code: 'too_many_attempts' }, response(429, '30')).more.retryAfter).toBe(30);
	});
	test('grid lines stay where they are while one moves about, and are not too many', () => {
		expect(gridStep(1000)).toBe(100);
		const a = grid({ west: 7.8, south: 47.98, east: 7.81, north: 48.0 });
		const b = grid({ west: 7.801, south: 47.981, east: 7.811, north: 48.001 });
		const lons = (g: typeof a) =>
			g.features.map((f) => f.geometry.coordinates).filter(([p, q]) => p?.[0] === q?.[0]).map(([p]) => p?.[0]);
		expect(lons(a).filter((lon) => lons(b).includes(lon)).length).toBeGreaterThan(3);
		expect(a.features.length).toBeLessThanOrEqual(120);
		expect(grid({ west: -180, south: -85, east: 180, north: 85 }).features.length).toBeLessThanOrEqual(120);
	});
	test('the sketch holds all points, one alone too', () => {
		const points = [fix(), fix({ lat: 48.01, lon: 7.9 })];
		const frame = frameOf(points, 1000, 1000, 160);
		for (const p of points) {
			expect(frame.x(p.lon)).toBeGreaterThanOrEqual(159);
			expect(frame.x(p.lon)).toBeLessThanOrEqual(841);
			expect(frame.y(p.lat)).toBeGreaterThanOrEqual(159);
			expect(frame.y(p.lat)).toBeLessThanOrEqual(841);
		}
		expect(Number.isFinite(frameOf([fix()], 1000, 1000, 160).metres)).toBe(true);
		expect([1, 1.9, 2, 4.9, 5, 99, 1000].map(roundLength)).toEqual([1, 1, 2, 2, 5, 50, 1000]);
	});
});
