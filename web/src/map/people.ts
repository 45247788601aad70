// What the map is told of a person, and the shapes that it draws for it. Pure.

import type { Feature, FeatureCollection } from 'geojson';
import type { Fix, Wearer } from '../lib/api';
import { circle } from '../lib/geo';
import { trackLines } from '../lib/day';
import { believable, freshness, inexact, placeOfWearer, type Freshness } from '../lib/wearer';

export interface Person {
	id: string;
	name: string;
	color: string;
	picture: string | undefined;
	fix: Fix;
	fresh: Freshness;
	inexact: boolean;
	selected: boolean;
	crying: boolean;
	/** Under the face: how old. */
	label: string;
	/** For screen readers: who, where it comes from, how old. */
	spoken: string;
}

export function accuracyShapes(people: readonly Pick<Person, 'fix' | 'color' | 'fresh'>[]): FeatureCollection {
	return {
		type: 'FeatureCollection',
		features: people
			.filter((p) => (p.fix.accuracy_m ?? 0) > 0)
			.map((p): Feature => ({
				type: 'Feature',
				properties: { color: p.color, opacity: p.fresh === 'fresh' ? 0.18 : 0.08 },
				geometry: { type: 'Polygon', coordinates: [circle(p.fix, p.fix.accuracy_m ?? 0)] }
			}))
	};
}

export function trackShapes(fixes: readonly Fix[], color: string): FeatureCollection {
	return {
		type: 'FeatureCollection',
		features: trackLines(fixes)
			.filter((line) => line.length > 1)
			.map((line) => ({
				type: 'Feature',
				properties: { color },
				geometry: { type: 'LineString', coordinates: joined(line) }
			}))
	};
}

/** Longitudes that run on over the date line, so that a step to the neighbour does not go round the world. */
function joined(line: readonly Fix[]): [number, number][] {
	let shift = 0;
	return line.map((fix, i) => {
		const step = i > 0 ? fix.lon - (line[i - 1]?.lon ?? fix.lon) : 0;
		if (step > 180) shift -= 360;
		else if (step < -180) shift += 360;
		return [fix.lon + shift, fix.lat];
	});
}

/** The points of a day. What cannot be true is in the table, with why; here it would look like a place. */
export function pointShapes(fixes: readonly Fix[], at: number, color: string): FeatureCollection {
	const point = (fix: Fix, now: boolean): Feature => ({
		type: 'Feature',
		properties: { color, now, inexact: inexact(fix) },
		geometry: { type: 'Point', coordinates: [fix.lon, fix.lat] }
	});
	const current = fixes[at];
	return {
		type: 'FeatureCollection',
		features: [
			...fixes.filter(believable).map((fix) => point(fix, false)),
			...(current && believable(current) ? [point(current, true)] : [])
		]
	};
}

/** Small dots at the true places of people. */
export function spotShapes(people: readonly Pick<Person, 'fix' | 'color'>[]): FeatureCollection {
	return {
		type: 'FeatureCollection',
		features: people.map(({ fix, color }) => ({
			type: 'Feature',
			properties: { color, now: false, inexact: false },
			geometry: { type: 'Point', coordinates: [fix.lon, fix.lat] }
		}))
	};
}

export interface Saying {
	label: (fix: Fix) => string;
	spoken: (wearer: Wearer, fix: Fix) => string;
}

/** Everybody who can be drawn; whoever has no place is in the list, not on the map. */
export function peopleOf(
	wearers: readonly Wearer[],
	now: number,
	selected: string | undefined,
	crying: ReadonlySet<string>,
	say: Saying
): Person[] {
	return wearers.flatMap((wearer) => {
		const fix = placeOfWearer(wearer);
		if (!fix) return [];
		return [
			{
				id: wearer.id,
				name: wearer.name,
				color: wearer.color,
				picture: wearer.has_picture ? `/api/v1/wearers/${wearer.id}/picture?v=${wearer.picture_version}` : undefined,
				fix,
				fresh: freshness(fix, now),
				inexact: inexact(fix),
				selected: wearer.id === selected,
				crying: crying.has(wearer.id),
				label: say.label(fix),
				spoken: say.spoken(wearer, fix)
			}
		];
	});
}
