// A grid over the empty parts of the built-in map, so that distances can be seen where there are no streets.

import type { FeatureCollection, LineString } from 'geojson';

export interface Bounds {
	west: number;
	south: number;
	east: number;
	north: number;
}

const STEPS_M = [50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000];
const METRES_PER_DEGREE = 111_195;
/** More lines than this would be a grey area, not a grid. */
const LINES_MOST = 60;

export function gridStep(metresWide: number): number {
	return STEPS_M.find((step) => metresWide / step <= 14) ?? STEPS_M[STEPS_M.length - 1] ?? 50_000;
}

export function grid(view: Bounds): FeatureCollection<LineString> {
	const middle = (view.north + view.south) / 2;
	const shrink = Math.max(0.05, Math.cos((middle * Math.PI) / 180));
	const step = gridStep((view.east - view.west) * METRES_PER_DEGREE * shrink);
	const latStep = step / METRES_PER_DEGREE;
	// Fixed bands of latitude keep the lines where they are while one moves about.
	const band = Math.cos((Math.round(middle) * Math.PI) / 180);
	const lonStep = latStep / Math.max(0.05, band);
	const features: FeatureCollection<LineString>['features'] = [];
	const line = (coordinates: [number, number][]) =>
		features.push({ type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates } });
	for (let i = Math.floor(view.west / lonStep), n = 0; i * lonStep <= view.east && n < LINES_MOST; i++, n++)
		line([
			[i * lonStep, view.south],
			[i * lonStep, view.north]
		]);
	for (let i = Math.floor(view.south / latStep), n = 0; i * latStep <= view.north && n < LINES_MOST; i++, n++)
		line([
			[view.west, i * latStep],
			[view.east, i * latStep]
		]);
	return { type: 'FeatureCollection', features };
}
