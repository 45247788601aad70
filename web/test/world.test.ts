import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Position } from 'geojson';
import { beforeAll, describe, expect, test } from 'vitest';
import { feature } from 'topojson-client';
import { cutLine, cutPolygon, pack } from '../scripts/world.mjs';
import { bordersOf, landOf, namesOf, unpack, type WorldFile } from '../src/map/world';

const require = createRequire(import.meta.url);

/** Even-odd rule on the flat map, as a renderer fills. */
function inside(rings: Position[][], [x = 0, y = 0]: Position): boolean {
	let odd = false;
	for (const ring of rings)
		for (let i = 0; i + 1 < ring.length; i++) {
			const [ax = 0, ay = 0] = ring[i] ?? [];
			const [bx = 0, by = 0] = ring[i + 1] ?? [];
			if (ay > y !== by > y && x < ax + ((bx - ax) * (y - ay)) / (by - ay)) odd = !odd;
		}
	return odd;
}

const SEAS: [string, Position][] = [
	['North Pacific', [-170, 40]],
	['Arctic Ocean', [0, 85]],
	['Bering Sea', [-178, 59]],
	['Greenland Sea', [-5, 75]],
	['North Atlantic', [-30, 57]],
	['Davis Strait', [-57, 65]],
	['Hudson Bay', [-86, 60]],
	['Norwegian Sea', [2, 66]],
	['South Pacific', [-120, -30]],
	['South Pacific at Fiji', [-175, -17.5]],
	['Southern Ocean', [0, -60]],
	['Atlantic at the null', [0, 0]]
];
const LANDS: [string, Position][] = [
	['Moscow', [37.6, 55.75]],
	['Yakutsk', [129.7, 62]],
	['Chukotka west of the date line', [178, 67.5]],
	['Chukotka east of the date line', [-175, 66.5]],
	['Viti Levu', [177.9, -17.9]],
	['South pole', [0, -89.9]],
	['Antarctica at the date line', [179.9, -85]],
	['Antarctica at the other side', [-179.9, -85]],
	['Freiburg', [7.85, 47.99]],
	['Alice Springs', [133.88, -23.7]]
];

describe.each(['world', 'world-small'])('%s', (name) => {
	let file: WorldFile;
	let land: Position[][][];
	beforeAll(() => {
		file = JSON.parse(readFileSync(new URL(`../src/generated/${name}.json`, import.meta.url), 'utf8')) as WorldFile;
		land = landOf(file).features.map((f) => f.geometry.coordinates);
	});

	test('has the world in it', () => {
		expect(land.length).toBeGreaterThan(100);
		expect(file.borders.length).toBeGreaterThan(100);
		expect(file.names.length).toBeGreaterThan(150);
	});

	test('no edge of land or border runs round the world', () => {
		let longest = 0;
		const lines = [...land.flat(), ...bordersOf(file).features.map((f) => f.geometry.coordinates)];
		for (const line of lines)
			for (let i = 0; i + 1 < line.length; i++) {
				const [ax = 0, ay = 0] = line[i] ?? [];
				const [bx = 0, by = 0] = line[i + 1] ?? [];
				// Along the pole itself an edge may be as long as the map is wide: it lies on its rim.
				if (ay <= -89.99 && by <= -89.99) continue;
				longest = Math.max(longest, Math.abs(bx - ax));
			}
		expect(longest).toBeGreaterThan(0);
		expect(longest).toBeLessThanOrEqual(180);
	});

	test('all lies on the map', () => {
		for (const [x = 0, y = 0] of land.flat(2)) {
			expect(Math.abs(x)).toBeLessThanOrEqual(180);
			expect(Math.abs(y)).toBeLessThanOrEqual(90);
		}
	});

	test('rings are closed', () => {
		for (const ring of land.flat()) expect(ring.at(-1)).toEqual(ring[0]);
	});

	test.each(SEAS)('%s is sea', (_name, point) => {
		expect(land.filter((rings) => inside(rings, point)).length).toBe(0);
	});

	test.each(LANDS)('%s is land', (placeName, point) => {
		// The small one has no islands.
		if (name === 'world-small' && placeName === 'Viti Levu') point = [178, -17.9];
		expect(land.filter((rings) => inside(rings, point)).length).toBe(1);
	});

	test('countries are named in the language that is wanted', () => {
		const names = (locale: string) => namesOf(file, locale).features.map((f) => f.properties?.name as string);
		expect(names('de')).toContain('Deutschland');
		expect(names('es')).toContain('Alemania');
		expect(names('en')).toContain('Germany');
	});

	test('the name of a country stands in it', () => {
		const point = namesOf(file, 'en').features.find((f) => f.properties?.name === 'Germany')?.geometry.coordinates ?? [];
		expect(point[0]).toBeGreaterThan(6);
		expect(point[0]).toBeLessThan(15);
		expect(point[1]).toBeGreaterThan(47);
		expect(point[1]).toBeLessThan(55);
	});
});

test('without the cut the fill of Russia does run over the sea', () => {
	// Proves that the test above would see it.
	const atlas = JSON.parse(readFileSync(require.resolve('world-atlas/countries-110m.json'), 'utf8'));
	const russia = feature(atlas, atlas.objects.countries.geometries.find((g: { id: string }) => g.id === '643'));
	const raw = (russia as unknown as { geometry: { coordinates: Position[][][] } }).geometry.coordinates;
	const longest = Math.max(
		...raw.flat().flatMap((ring) => ring.slice(1).map((p, i) => Math.abs((p[0] ?? 0) - (ring[i]?.[0] ?? 0))))
	);
	expect(longest).toBeGreaterThan(180);
});

describe('cutting', () => {
	const square = (west: number, east: number) => [
		[west, 0],
		[east, 0],
		[east, 10],
		[west, 10],
		[west, 0]
	];

	test('what does not cross the line stays as it is', () => {
		expect(cutPolygon([square(10, 20)])).toEqual([[square(10, 20)]]);
	});

	test('a square over the line becomes two', () => {
		const parts = cutPolygon([square(170, -170)]);
		expect(parts.length).toBe(2);
		const xs = parts.map((part) => part.flat().map((p) => p[0] ?? 0));
		expect([Math.min(...(xs[0] ?? [])), Math.max(...(xs[0] ?? []))]).toEqual([170, 180]);
		expect([Math.min(...(xs[1] ?? [])), Math.max(...(xs[1] ?? []))]).toEqual([-180, -170]);
	});

	test('a hole goes with the part that it is in', () => {
		const hole = [
			[-175, 4],
			[-172, 4],
			[-172, 6],
			[-175, 6],
			[-175, 4]
		];
		const parts = cutPolygon([square(170, -170), hole]);
		expect(parts.map((part) => part.length)).toEqual([1, 2]);
	});

	test('a ring round the pole is closed along the pole', () => {
		const ring = [-180, -90, 0, 90, 180].map((x) => [x, -70]);
		const parts = cutPolygon([ring]);
		expect(parts.some((part) => inside(part, [45, -88]))).toBe(true);
		expect(parts.some((part) => inside(part, [45, -60]))).toBe(false);
	});

	test('a line is cut where it jumps', () => {
		expect(
			cutLine([
				[178, 0],
				[179, 0],
				[-179, 0],
				[-178, 0]
			]).length
		).toBe(2);
	});

	test('packing and unpacking give the same to a thousandth', () => {
		const line = [
			[7.8494, 47.9959],
			[-179.9995, 12.3456],
			[0, 0]
		];
		const back = unpack(pack(line));
		expect(back.length).toBe(line.length);
		back.forEach((p, i) => {
			expect(Math.abs((p[0] ?? 0) - (line[i]?.[0] ?? 0))).toBeLessThan(0.00051);
			expect(Math.abs((p[1] ?? 0) - (line[i]?.[1] ?? 0))).toBeLessThan(0.00051);
		});
	});
});
