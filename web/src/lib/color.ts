// Colours that people choose for a wearer: which ink can be read on them.

/** The first ones are those that the server gives by itself; they can be told apart by colour-blind people. */
export const COLORS = [
	'#0072b2',
	'#d55e00',
	'#009e73',
	'#cc79a7',
	'#e69f00',
	'#56b4e9',
	'#8c510a',
	'#6a3d9a'
] as const;

function channel(value: number): number {
	const c = value / 255;
	return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
}

export function luminance(hex: string): number {
	const value = Number.parseInt(hex.slice(1), 16);
	if (!/^#[0-9a-f]{6}$/i.test(hex) || Number.isNaN(value)) return 0;
	return (
		0.2126 * channel((value >> 16) & 255) + 0.7152 * channel((value >> 8) & 255) + 0.0722 * channel(value & 255)
	);
}

export function contrast(a: string, b: string): number {
	const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
	return ((high ?? 0) + 0.05) / ((low ?? 0) + 0.05);
}

/** Black or white, whichever is read better. */
export function inkOn(hex: string): '#ffffff' | '#000000' {
	return contrast(hex, '#ffffff') >= contrast(hex, '#000000') ? '#ffffff' : '#000000';
}
