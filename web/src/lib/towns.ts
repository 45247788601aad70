// "Near which town": a list that comes with the app, so that no place leaves the house.

import { bearingDeg, distanceM, type Point } from './geo';

export interface TownFile {
	names: string;
	lat: number[];
	lon: number[];
	steps: number[];
}

export interface Town extends Point {
	name: string;
	/** 0 = over a million people, 5 = the smallest. */
	rank: number;
}

export interface Near {
	town: string;
	/** Undefined when one is in it, as far as that can be said. */
	away?: { metres: number; bearing: number };
}

const SCALE = 1000;
/** Beyond this a town says nothing about where somebody is. */
export const FARTHEST_M = 60_000;
/** How far from its middle one still says "in", by rank. */
const REACH_M = [9_000, 5_000, 3_500, 2_500, 1_800, 1_300];

export class Towns {
	readonly all: Town[];
	#cells = new Map<string, Town[]>();

	constructor(file: TownFile) {
		const names = file.names.split('\n');
		this.all = names.map((name, i) => ({
			name,
			lat: (file.lat[i] ?? 0) / SCALE,
			lon: (file.lon[i] ?? 0) / SCALE,
			rank: rankOf(i, file.steps)
		}));
		for (const town of this.all) {
			const key = cellKey(Math.floor(town.lat), Math.floor(town.lon));
			const cell = this.#cells.get(key);
			if (cell) cell.push(town);
			else this.#cells.set(key, [town]);
		}
	}

	near(p: Point): Near | undefined {
		const cellLat = Math.floor(p.lat);
		const cellLon = Math.floor(p.lon);
		// Degrees of longitude shrink towards the poles.
		const reach = Math.min(8, Math.ceil(1 / Math.max(0.12, Math.cos((p.lat * Math.PI) / 180))));
		let best: { town: Town; metres: number } | undefined;
		for (let y = cellLat - 1; y <= cellLat + 1; y++) {
			for (let x = cellLon - reach; x <= cellLon + reach; x++) {
				for (const town of this.#cells.get(cellKey(y, ((x + 540) % 360) - 180)) ?? []) {
					const metres = distanceM(town, p);
					if (metres < (best?.metres ?? FARTHEST_M)) best = { town, metres };
				}
			}
		}
		if (!best) return undefined;
		const { town, metres } = best;
		if (metres <= (REACH_M[town.rank] ?? 1_300)) return { town: town.name };
		return { town: town.name, away: { metres, bearing: bearingDeg(town, p) } };
	}
}

function cellKey(lat: number, lon: number): string {
	return `${lat}/${lon}`;
}

function rankOf(index: number, steps: number[]): number {
	const rank = steps.findIndex((step) => index < step);
	return rank < 0 ? steps.length : rank;
}
