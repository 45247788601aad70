// An amount of data in words. Pure: the language is given.

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

/** An amount of data, not more exact than anybody needs. */
export function bytes(n: number, locale: string): string {
	let unit = 0;
	let value = n;
	while (value >= 1000 && unit < UNITS.length - 1) {
		value /= 1000;
		unit++;
	}
	const digits = value < 10 && unit > 0 ? 1 : 0;
	return new Intl.NumberFormat(locale, { style: 'unit', unit: UNITS[unit] ?? 'byte', maximumFractionDigits: digits }).format(value);
}
