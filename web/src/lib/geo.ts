// Geometry on the ball, as far as a map needs it.

export interface Point {
	lat: number;
	lon: number;
}

const EARTH_M = 6_371_008.8;
const RAD = Math.PI / 180;

export function distanceM(a: Point, b: Point): number {
	const dLat = (b.lat - a.lat) * RAD;
	const dLon = (b.lon - a.lon) * RAD;
	const h =
		Math.sin(dLat / 2) ** 2 + Math.cos(a.lat * RAD) * Math.cos(b.lat * RAD) * Math.sin(dLon / 2) ** 2;
	return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** Direction from a to b, degrees clockwise from north. */
export function bearingDeg(a: Point, b: Point): number {
	const dLon = (b.lon - a.lon) * RAD;
	const y = Math.sin(dLon) * Math.cos(b.lat * RAD);
	const x =
		Math.cos(a.lat * RAD) * Math.sin(b.lat * RAD) -
		Math.sin(a.lat * RAD) * Math.cos(b.lat * RAD) * Math.cos(dLon);
	return (Math.atan2(y, x) / RAD + 360) % 360;
}

/** Corners of a circle on the ground; longitudes run on beyond ±180 so that it stays one ring. */
export function circle(middle: Point, radiusM: number, corners = 64): [number, number][] {
	const ring: [number, number][] = [];
	const d = radiusM / EARTH_M;
	for (let i = 0; i <= corners; i++) {
		const angle = (i / corners) * 2 * Math.PI;
		const lat = Math.asin(
			Math.sin(middle.lat * RAD) * Math.cos(d) + Math.cos(middle.lat * RAD) * Math.sin(d) * Math.cos(angle)
		);
		const dLon = Math.atan2(
			Math.sin(angle) * Math.sin(d) * Math.cos(middle.lat * RAD),
			Math.cos(d) - Math.sin(middle.lat * RAD) * Math.sin(lat)
		);
		ring.push([middle.lon + dLon / RAD, lat / RAD]);
	}
	return ring;
}

/** A place that may be drawn: numbers, on the globe, and not the null of a watch without a fix. */
export function drawable(p: Point | null | undefined): p is Point {
	return (
		p != null &&
		Number.isFinite(p.lat) &&
		Number.isFinite(p.lon) &&
		Math.abs(p.lat) <= 90 &&
		Math.abs(p.lon) <= 180 &&
		(Math.abs(p.lat) > 0.0001 || Math.abs(p.lon) > 0.0001)
	);
}
