// A drawing without WebGL: where points are on a flat picture of their surroundings.

import type { Point } from './geo';

export interface Frame {
	x(lon: number): number;
	y(lat: number): number;
	/** Metres of one unit of the picture. */
	metres: number;
}

const METRES_PER_DEGREE = 111_195;
/** The smallest piece of the world that is shown. */
const LEAST_M = 1_000;

/** Fits points into a picture of the given size; longitudes shrink with the latitude. */
export function frameOf(points: readonly Point[], width: number, height: number, margin: number): Frame {
	const lats = points.map((p) => p.lat);
	const lons = points.map((p) => p.lon);
	const middle = { lat: mid(lats), lon: mid(lons) };
	const shrink = Math.max(0.05, Math.cos((middle.lat * Math.PI) / 180));
	const spanX = Math.max(LEAST_M, (Math.max(...lons) - Math.min(...lons)) * METRES_PER_DEGREE * shrink);
	const spanY = Math.max(LEAST_M, (Math.max(...lats) - Math.min(...lats)) * METRES_PER_DEGREE);
	const metres = Math.max(spanX / (width - 2 * margin), spanY / (height - 2 * margin));
	return {
		x: (lon) => width / 2 + ((lon - middle.lon) * METRES_PER_DEGREE * shrink) / metres,
		y: (lat) => height / 2 - ((lat - middle.lat) * METRES_PER_DEGREE) / metres,
		metres
	};
}

function mid(values: readonly number[]): number {
	return (Math.min(...values) + Math.max(...values)) / 2;
}

/** A round length for a scale bar of at most so many units. */
export function roundLength(metres: number): number {
	const power = 10 ** Math.floor(Math.log10(metres));
	return [5, 2, 1].map((n) => n * power).find((length) => length <= metres) ?? power;
}
