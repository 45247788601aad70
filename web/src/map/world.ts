// The built-in map data as GeoJSON: undoes the packing of scripts/world.mjs.

import type { FeatureCollection, LineString, Point, Polygon, Position } from 'geojson';

export interface WorldFile {
	land: number[][][];
	borders: number[][];
	names: [code: string, lon: number, lat: number, rank: number][];
}

const SCALE = 1000;

/** Differences of whole thousandths, back to degrees. */
export function unpack(flat: readonly number[]): Position[] {
	const line: Position[] = [];
	let [x, y] = [0, 0];
	for (let i = 0; i + 1 < flat.length; i += 2) {
		x += flat[i] ?? 0;
		y += flat[i + 1] ?? 0;
		line.push([x / SCALE, y / SCALE]);
	}
	return line;
}

export function landOf(file: WorldFile): FeatureCollection<Polygon> {
	return {
		type: 'FeatureCollection',
		features: file.land.map((rings) => ({
			type: 'Feature',
			properties: {},
			geometry: { type: 'Polygon', coordinates: rings.map(unpack) }
		}))
	};
}

export function bordersOf(file: WorldFile): FeatureCollection<LineString> {
	return {
		type: 'FeatureCollection',
		features: file.borders.map((line) => ({
			type: 'Feature',
			properties: {},
			geometry: { type: 'LineString', coordinates: unpack(line) }
		}))
	};
}

/** Names of the countries, in the language of the app. */
export function namesOf(file: WorldFile, locale: string): FeatureCollection<Point> {
	const names = new Intl.DisplayNames([locale], { type: 'region', fallback: 'code' });
	return {
		type: 'FeatureCollection',
		features: file.names.map(([code, lon, lat, rank]) => ({
			type: 'Feature',
			properties: { name: names.of(code) ?? code, rank },
			geometry: { type: 'Point', coordinates: [lon / 100, lat / 100] }
		}))
	};
}
