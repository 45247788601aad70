// Values that a watch measured, in words and numbers. Pure.

import type { HealthKind, HealthValue } from './coming';
import type { t as Say } from '../words/words.svelte';

export const KINDS = ['heart', 'blood_pressure', 'oxygen', 'temperature'] as const satisfies readonly HealthKind[];

/** What a chart shows at least, so that a small change does not look like a large one. */
export const LEAST: Record<HealthKind, [number, number]> = {
	heart: [50, 110],
	blood_pressure: [60, 140],
	oxygen: [85, 100],
	temperature: [35, 39]
};

export function ofKind(values: readonly HealthValue[], kind: HealthKind): HealthValue[] {
	return values.filter((one) => one.kind === kind).sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
}

const FAHRENHEIT = new Set(['US', 'LR', 'BS', 'BZ', 'KY', 'PW']);

export function usesFahrenheit(locale: string): boolean {
	return FAHRENHEIT.has(new Intl.Locale(locale).region ?? '');
}

/** As the chart draws it: in the units of the country. */
export function drawn(one: HealthValue, locale: string): number | null {
	if (one.is_failed || one.value === undefined) return null;
	return one.kind === 'temperature' && usesFahrenheit(locale) ? one.value * 1.8 + 32 : one.value;
}

export function least(kind: HealthKind, locale: string): [number, number] {
	const [low, high] = LEAST[kind];
	return kind === 'temperature' && usesFahrenheit(locale) ? [low * 1.8 + 32, high * 1.8 + 32] : [low, high];
}

/** "72 beats a minute", "120 / 80", "97 %", "36.6 °C". */
export function readable(one: HealthValue, locale: string, t: typeof Say): string {
	if (one.is_failed) return t('vital.failed');
	const digits = one.kind === 'temperature' ? 1 : 0;
	const number = (n: number) =>
		new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(n);
	if (one.kind === 'blood_pressure') {
		if (one.systolic === undefined || one.diastolic === undefined) return '–';
		return t('vital.pressure', { high: number(one.systolic), low: number(one.diastolic) });
	}
	const value = drawn(one, locale);
	if (value === null) return '–';
	if (one.kind === 'heart') return t('vital.bpm', { value: number(value) });
	if (one.kind === 'oxygen') return new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 }).format(value / 100);
	return usesFahrenheit(locale) ? t('vital.fahrenheit', { value: number(value) }) : t('vital.celsius', { value: number(value) });
}

export const ORIGINS = ['asked', 'schedule', 'watch', 'unknown'] as const;

export function originWords(one: HealthValue, t: typeof Say): string {
	const origin = ORIGINS.find((known) => known === one.origin) ?? 'unknown';
	return origin === 'asked' && one.by ? t('origin.by', { who: one.by.name }) : t(`origin.${origin}`);
}
