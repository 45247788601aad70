// The texts of the app in the language of whoever looks at it. One catalogue a language, loaded when wanted.

import type { en } from './en';

export type Key = keyof typeof en;
/** A text, or one for each number form that the language has. */
export type Text = string | (Partial<Record<Intl.LDMLPluralRule, string>> & { other: string });
export type Catalogue = Record<Key, Text>;
/** A part of a catalogue in another language: the same keys as the English one. */
export type Texts<English> = Record<keyof English, Text>;
export type Values = Record<string, string | number>;

export const LANGUAGES = { de: 'Deutsch', en: 'English', es: 'Español' } as const;
export type Language = keyof typeof LANGUAGES;

const loaders: Record<Language, () => Promise<Catalogue>> = {
	de: async () => (await import('./de')).de,
	en: async () => (await import('./en')).en,
	es: async () => (await import('./es')).es
};

const STORED = 'kinward.language';

/** The first of the wanted languages that there is. */
export function pickLanguage(wanted: readonly (string | null | undefined)[]): Language {
	for (const tag of wanted) {
		const base = tag?.toLowerCase().split('-')[0];
		if (base && base in LANGUAGES) return base as Language;
	}
	return 'en';
}

/** Puts values into a text, with the number form that `n` asks for. */
export function fill(text: Text, language: string, values: Values = {}): string {
	let form: string;
	if (typeof text === 'string') form = text;
	else {
		const n = values.n;
		const rule = typeof n === 'number' ? new Intl.PluralRules(language).select(n) : 'other';
		form = text[rule] ?? text.other;
	}
	return form.replace(/\{(\w+)\}/g, (whole, name: string) => {
		const value = values[name];
		if (value === undefined) return whole;
		return typeof value === 'number' ? new Intl.NumberFormat(language).format(value) : value;
	});
}

class Words {
	language = $state<Language>('en');
	/** With region where the browser tells one: for dates, numbers and units. */
	locale = $state('en');
	#catalogue = $state.raw<Catalogue | undefined>();

	/** Loads the language that was used last, or that the browser asks for. */
	async start(): Promise<void> {
		const stored = localStorage.getItem(STORED);
		await this.use(pickLanguage([stored, ...navigator.languages]));
	}

	async use(wanted: string): Promise<void> {
		const language = pickLanguage([wanted]);
		this.#catalogue = await loaders[language]();
		this.language = language;
		this.locale = navigator.languages.find((tag) => tag.startsWith(`${language}-`)) ?? language;
		localStorage.setItem(STORED, language);
		document.documentElement.lang = language;
		document.documentElement.dir = 'ltr';
	}

	t = (key: Key, values?: Values): string => {
		const text = this.#catalogue?.[key];
		return text === undefined ? key : fill(text, this.language, values);
	};
}

export const words = new Words();
export const t = words.t;
