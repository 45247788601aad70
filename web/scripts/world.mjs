// Makes the built-in map data from Natural Earth (world-atlas): land, borders and country names, cut at the
// date line so that no edge runs round the world.

import { feature, merge, mesh } from 'topojson-client';

/** Degrees are stored as whole thousandths: about 110 m, finer than the source. */
export const SCALE = 1000;

/** Web maps end at this latitude, so nothing is drawn beyond. */
const POLE = 90;

/**
 * Makes longitudes run on without jumps. Afterwards a ring across the date line has longitudes beyond ±180.
 * @param {number[][]} line
 */
function unwrap(line) {
	const out = [[...line[0]]];
	let shift = 0;
	for (let i = 1; i < line.length; i++) {
		const step = line[i][0] - line[i - 1][0];
		if (step > 180) shift -= 360;
		else if (step < -180) shift += 360;
		out.push([line[i][0] + shift, line[i][1]]);
	}
	return out;
}

/**
 * The part of a ring on one side of a meridian.
 * @param {number[][]} ring closed
 * @param {number} at
 * @param {1 | -1} side 1 keeps what is east of it
 */
function clip(ring, at, side) {
	const out = [];
	for (let i = 0; i + 1 < ring.length; i++) {
		const [a, b] = [ring[i], ring[i + 1]];
		const inA = (a[0] - at) * side >= 0;
		const inB = (b[0] - at) * side >= 0;
		if (inA) out.push(a);
		if (inA !== inB) out.push([at, a[1] + ((b[1] - a[1]) * (at - a[0])) / (b[0] - a[0])]);
	}
	if (out.length > 0) out.push([...out[0]]);
	return out;
}

/**
 * Cuts one polygon (outer ring and holes) into parts that each lie within -180…180.
 * @param {number[][][]} polygon
 * @returns {number[][][][]}
 */
export function cutPolygon(polygon) {
	const rings = polygon.map((ring) => {
		const line = unwrap(ring);
		const turn = line[line.length - 1][0] - line[0][0];
		if (Math.abs(turn) < 180) return line;
		// The ring goes once round a pole: close it along that pole.
		const pole = line[0][1] < 0 ? -POLE : POLE;
		return [...line, [line[line.length - 1][0], pole], [line[0][0], pole], [...line[0]]];
	});
	// Holes are brought to where their outer ring is.
	const middle = centre(rings[0]);
	const placed = rings.map((ring, i) => {
		if (i === 0) return ring;
		const turns = Math.round((middle - centre(ring)) / 360) * 360;
		return ring.map(([x, y]) => [x + turns, y]);
	});
	const xs = placed[0].map((p) => p[0]);
	const first = Math.floor((Math.min(...xs) + 180) / 360);
	const last = Math.floor((Math.max(...xs) + 180) / 360);
	const parts = [];
	for (let k = first; k <= last; k++) {
		const west = -180 + 360 * k;
		const cut = placed
			.map((ring) => clip(clip(ring, west, 1), west + 360, -1).map(([x, y]) => [x - 360 * k, y]))
			.filter((ring) => ring.length >= 4);
		if (cut.length > 0) parts.push(cut);
	}
	return parts;
}

/** @param {number[][]} ring */
function centre(ring) {
	const xs = ring.map((p) => p[0]);
	return (Math.min(...xs) + Math.max(...xs)) / 2;
}

/**
 * Cuts a line where it crosses the date line.
 * @param {number[][]} line
 * @returns {number[][][]}
 */
export function cutLine(line) {
	const parts = [[line[0]]];
	for (let i = 1; i < line.length; i++) {
		if (Math.abs(line[i][0] - line[i - 1][0]) > 180) parts.push([]);
		parts[parts.length - 1].push(line[i]);
	}
	return parts.filter((part) => part.length > 1);
}

/**
 * Points as differences of whole numbers, in one flat list; points that fall together are left out.
 * @param {number[][]} line
 */
export function pack(line) {
	const out = [];
	let [px, py] = [0, 0];
	for (const [x, y] of line) {
		const [qx, qy] = [Math.round(x * SCALE), Math.round(y * SCALE)];
		if (out.length > 0 && qx === px && qy === py) continue;
		out.push(qx - px, qy - py);
		[px, py] = [qx, qy];
	}
	return out;
}

/** @param {number[][]} ring */
function area(ring) {
	let sum = 0;
	for (let i = 0; i + 1 < ring.length; i++) {
		sum += ring[i][0] * ring[i + 1][1] - ring[i + 1][0] * ring[i][1];
	}
	return Math.abs(sum / 2);
}

/**
 * A point for the name of a country: the middle of the widest stretch of its largest part.
 * @param {number[][][][]} parts
 */
export function labelPoint(parts) {
	const largest = parts.reduce((a, b) => (area(a[0]) >= area(b[0]) ? a : b));
	const ys = largest[0].map((p) => p[1]);
	const [low, high] = [Math.min(...ys), Math.max(...ys)];
	let best = { width: -1, x: 0, y: 0 };
	for (const part of [0.5, 0.4, 0.6, 0.3, 0.7]) {
		const y = low + (high - low) * part;
		const cuts = [];
		for (const ring of largest) {
			for (let i = 0; i + 1 < ring.length; i++) {
				const [a, b] = [ring[i], ring[i + 1]];
				if (a[1] > y !== b[1] > y) cuts.push(a[0] + ((b[0] - a[0]) * (y - a[1])) / (b[1] - a[1]));
			}
		}
		cuts.sort((a, b) => a - b);
		for (let i = 0; i + 1 < cuts.length; i += 2) {
			const width = cuts[i + 1] - cuts[i];
			if (width > best.width * 1.2) best = { width, x: (cuts[i] + cuts[i + 1]) / 2, y };
		}
	}
	return { x: best.x, y: best.y, area: area(largest[0]) };
}

/** @param {any} geometry Polygon or MultiPolygon */
function polygonsOf(geometry) {
	return geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;
}

/**
 * @param {any} atlas topology of world-atlas
 * @param {(numeric: string) => string | undefined} alpha2
 */
export function buildWorld(atlas, alpha2) {
	const countries = atlas.objects.countries;
	const land = polygonsOf(merge(atlas, countries.geometries)).flatMap(cutPolygon);
	const borders = mesh(atlas, countries, (a, b) => a !== b).coordinates.flatMap(cutLine);
	const names = [];
	for (const geometry of countries.geometries) {
		const code = geometry.id && alpha2(geometry.id);
		if (!code) continue;
		const shape = feature(atlas, geometry).geometry;
		const at = labelPoint(polygonsOf(shape).flatMap(cutPolygon));
		const rank = at.area > 150 ? 0 : at.area > 25 ? 1 : at.area > 3 ? 2 : 3;
		names.push([code, Math.round(at.x * 100), Math.round(at.y * 100), rank]);
	}
	return {
		land: land.map((polygon) => polygon.map(pack)),
		borders: borders.map(pack),
		names
	};
}

/**
 * Towns for the map's names and for "near …": columns instead of objects, largest first.
 * @param {{name: string, country: string, population: number, loc: {coordinates: [number, number]}}[]} cities
 * @param {number} least inhabitants
 */
export function buildTowns(cities, least) {
	const kept = cities
		.filter((c) => c.population >= least && !/[\n\u0000-\u001f<>]/.test(c.name))
		.sort((a, b) => b.population - a.population || (a.name < b.name ? -1 : 1));
	return {
		names: kept.map((c) => c.name).join('\n'),
		lat: kept.map((c) => Math.round(c.loc.coordinates[1] * SCALE)),
		lon: kept.map((c) => Math.round(c.loc.coordinates[0] * SCALE)),
		steps: [1_000_000, 300_000, 100_000, 30_000, 10_000].map(
			(least_people) => kept.filter((c) => c.population >= least_people).length
		)
	};
}
