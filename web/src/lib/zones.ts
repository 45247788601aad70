// Time zones and the languages that watches have.

export function ownZone(): string {
	return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

/** All zones that the browser knows, its own and the given one among them. */
export function allZones(...sure: (string | undefined)[]): string[] {
	const list = typeof Intl.supportedValuesOf === 'function' ? Intl.supportedValuesOf('timeZone') : [];
	return [...new Set([...list, 'UTC', ownZone(), ...sure.filter((zone) => zone !== undefined)])].sort();
}

/** Languages of the watches' own menus, as the protocol lists them. */
export const WATCH_LANGUAGES = [
	'ar',
	'bg',
	'cs',
	'da',
	'de',
	'el',
	'en',
	'es',
	'fi',
	'fr',
	'he',
	'hi',
	'hu',
	'it',
	'nl',
	'pl',
	'pt',
	'ro',
	'ru',
	'sk',
	'sv',
	'th',
	'tr',
	'vi',
	'zh-Hans',
	'zh-Hant'
] as const;

/** Languages with their names, in the order of those names. */
export function languageChoices(locale: string, ...sure: (string | undefined)[]): { tag: string; name: string }[] {
	const names = new Intl.DisplayNames([locale], { type: 'language' });
	const tags = new Set<string>([...WATCH_LANGUAGES, ...sure.filter((tag) => tag !== undefined)]);
	return [...tags]
		.map((tag) => ({ tag, name: names.of(tag) ?? tag }))
		.sort((a, b) => a.name.localeCompare(b.name, locale));
}
