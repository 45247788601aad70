// Faces at one spot hide each other: twelve residents of one house, a family at the table. They are moved apart in
// a ring round their middle; a dot stays where each of them really is.

export interface Spot {
	x: number;
	y: number;
}

/** Faces nearer to each other than this, in pixels, lie on top of each other. */
export const TOUCH_PX = 34;
/** Room of one face in the ring. */
const FACE_PX = 46;

/** How far each face is moved, in the order of the spots. The same spots give the same answer. */
export function spread(spots: readonly Spot[]): Spot[] {
	const moved: Spot[] = spots.map(() => ({ x: 0, y: 0 }));
	const taken = new Set<number>();
	spots.forEach((first, i) => {
		if (taken.has(i)) return;
		// All that touch one that touches … the first.
		const group = [i];
		taken.add(i);
		for (const at of group) {
			const own = spots[at] ?? first;
			spots.forEach((other, j) => {
				if (taken.has(j) || Math.hypot(other.x - own.x, other.y - own.y) >= TOUCH_PX) return;
				taken.add(j);
				group.push(j);
			});
		}
		if (group.length < 2) return;
		const middle = { x: mean(group.map((j) => spots[j]?.x ?? 0)), y: mean(group.map((j) => spots[j]?.y ?? 0)) };
		const radius = FACE_PX / (2 * Math.sin(Math.PI / group.length));
		// Beginning at the left, so that two stand side by side and their ages can be read.
		[...group]
			.sort((a, b) => a - b)
			.forEach((j, n) => {
				const angle = Math.PI + (n / group.length) * 2 * Math.PI;
				moved[j] = {
					x: Math.round(middle.x + radius * Math.cos(angle) - (spots[j]?.x ?? 0)),
					y: Math.round(middle.y + radius * Math.sin(angle) - (spots[j]?.y ?? 0))
				};
			});
	});
	return moved;
}

function mean(values: readonly number[]): number {
	return values.reduce((a, b) => a + b, 0) / values.length;
}
