import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, type AST } from 'svelte/compiler';
import { describe, expect, test } from 'vitest';
import { ACTS, ASKED, REFUSALS } from '../src/group/act-words';
import { APPROVAL_KINDS } from '../src/group/approval-words';
import { COMING_CODES } from '../src/lib/coming-codes';
import { CAPABILITIES, FROM, MISSING, NOTES } from '../src/watch/capability-words';
import { APPS, GROUP_NAMES, SETTING_NAMES } from '../src/lib/settings';
import { KINDS, ORIGINS } from '../src/lib/health';
import { PARTNER_RIGHTS, RIGHTS, ROLES } from '../src/lib/rights';
import { WAY_KINDS } from '../src/lib/ways';
import { de } from '../src/words/de';
import { en } from '../src/words/en';
import { es } from '../src/words/es';
import { fill, pickLanguage, type Catalogue, type Text } from '../src/words/words.svelte';

const catalogues: Record<string, Catalogue> = { de, en, es };
const source = new URL('../src', import.meta.url).pathname;
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
	.filter((name) => /\.(svelte|ts)$/.test(name) && !/^(generated|words\/(de|en|es))/.test(name))
	.map((name) => ({ name, text: readFileSync(join(source, name), 'utf8') }));

const forms = (text: Text): string[] => (typeof text === 'string' ? [text] : Object.values(text));
const holes = (text: Text): string[] =>
	[...new Set(forms(text).flatMap((form) => [...form.matchAll(/\{(\w+)\}/g)].map((m) => m[1] ?? '')))].sort();

/** The values of an enum in docs/openapi.yaml, as the generated types have them. */
function enumOf(name: string): string[] {
	const types = readFileSync(join(source, 'generated/api.d.ts'), 'utf8');
	const found = new RegExp(`^\\s*${name}: ((?:"\\w+"(?: \\| )?)+);`, 'm').exec(types);
	return [...(found?.[1] ?? '').matchAll(/"(\w+)"/g)].map((m) => m[1] ?? '');
}

/** What people can ask of a watch. */
const COMMANDS = [
	'locate', 'find', 'message', 'call', 'check_in_call', 'photo', 'power_off', 'reset', 'new_password', 'factory'
];
/** Of these the end is said in words that fit all. */
const MORE_COMMANDS = [
	'reward', 'measure_heart', 'measure_temperature', 'ask_pulse', 'wifi_search', 'wifi_current', 'wifi_join',
	'wifi_forget', 'unfriend', 'refresh', 'update', 'apn'
];

/** Beginnings of keys that are put together: `problem.${code}`, and all that can follow. */
const PUT_TOGETHER: Record<string, readonly string[]> = {
	'problem.': [...enumOf('ProblemCode'), 'offline', 'timeout', 'answer_bad', 'passkey_cancelled', 'passkey_known', 'passkey_failed', ...COMING_CODES],
	'kind.': enumOf('AlarmKind'),
	'mark.': enumOf('Mark'),
	'source.': ['gps', 'wifi', 'cell', 'phone', 'none'],
	'detail_source.': ['gps', 'wifi', 'cell', 'phone', 'none'],
	'claim_state.': enumOf('ClaimState'),
	'hint.': ['not_seen', 'id_close', 'locked_protocol', 'seen_gone', 'code_unanswered'],
	'setting.': SETTING_NAMES,
	'about.': SETTING_NAMES,
	'group_of.': GROUP_NAMES,
	'choice.': ['normal', 'careful', 'live', 'adaptive', 'vibrate_ring', 'ring', 'vibrate', 'silent', 'platform', 'platform_sms_call', 'platform_call', 'platform_sms', 'sms', 'call'],
	'repeat.': ['once', 'daily', 'days'],
	'app_name.': APPS,
	'danger.': ['power_times', 'gps_switch', 'fall_alarm', 'removed_alarm', 'refuse_strangers', 'long_life', 'night_saving', 'upload_interval'],
	'field_of.': ['seconds', 'hours', 'mode', 'profile', 'delivery', 'level', 'steps', 'height_cm', 'weight_kg', 'language', 'zone', 'from', 'to'],
	'switch_of.': ['is_on', 'dials'],
	'form.': ['low', 'high'],
	'missing.': MISSING,
	'capability.': CAPABILITIES,
	'known_from.': FROM,
	'has.': ['yes', 'no', 'unknown'],
	'note.': NOTES,
	'health_kind.': KINDS,
	'origin.': ORIGINS,
	'drain.': ['standby', 'positions', 'measurements', 'weak_signal'],
	'advice_battery.': ['longer_interval', 'adaptive_mode', 'fewer_measurements', 'charge_tonight', 'weak_signal', 'not_enough_data'],
	'calls.': ['in', 'out', 'missed', 'out_missed'],
	'nav.': ['map', 'talk', 'day', 'care'],
	'command.': ['sent', 'refused', 'expired', 'cancelled', 'unknown'],
	'confirmed.': [...COMMANDS, 'other'],
	'unknown.': [...COMMANDS, 'other'],
	'asked.': [...COMMANDS, ...MORE_COMMANDS, 'other'],
	'item.': ['queued', 'sent', 'delivered', 'unsure', 'failed', 'expired', 'cancelled'],
	'way_kind.': WAY_KINDS,
	'way_text.': WAY_KINDS,
	'way_field.': ['url', 'host', 'port', 'user', 'token', 'encryption_key', 'certificate', 'private_key', 'fingerprint'],
	'record.': ['insecure', 'refused', 'missing', 'busy', 'lost', 'too_short', 'silent'],
	'reason.': ['by_watch', 'not_announced', 'never_answered', 'went_dark'],
	'sure.': ['power_off', 'reset', 'new_password', 'factory', 'update', 'apn'],
	'role.': ROLES,
	'role_text.': ROLES,
	'right.': RIGHTS,
	'act.': ACTS,
	'refused.': REFUSALS,
	'act_asked.': ASKED,
	'approval_kind.': APPROVAL_KINDS,
	'approval.did_': ['approve', 'object', 'withdraw'],
	'watchers.': ['partner', 'operator'],
	'partner_right.': PARTNER_RIGHTS,
	'use.': ['position', 'history', 'health', 'alarms', 'events', 'webhook', 'locate', 'locate_state', 'message', 'message_state', 'proposal', 'proposal_state'],
	'kept.': enumOf('ToldState'),
	'guard.': ['control_numbers', 'password', 'strangers', 'auto_answer'],
	'sms_alerts.': ['sos', 'low_battery', 'removed'],
	'compass.': ['n', 'ne', 'e', 'se', 's', 'sw', 'w', 'nw'],
	'runs.': ['accounts', 'partners', 'mail', 'networks', 'watches', 'radio', 'emergency'],
	'radio.state_': ['running', 'done', 'failed'],
	'grade.': ['good', 'warn', 'bad'],
	'outcome.': enumOf('CourierOutcome'),
	'stopped.': ['operator', 'too_many_wearers', 'too_many_missing', 'rotated'],
	'keys.': ['jwks', 'certificate'],
	'foreign.': ['aqsh', 'http', 'tls', 'gt06', 'thinkrace'],
	'sms.': ['server', 'server_old', 'query']
};

describe('catalogues', () => {
	test('the lists of the api were read', () => {
		for (const [prefix, list] of Object.entries(PUT_TOGETHER)) expect(list.length, prefix).toBeGreaterThan(1);
		expect(PUT_TOGETHER['problem.']?.length).toBeGreaterThan(50);
	});

	test.each(Object.keys(catalogues))('%s has the same keys as en', (language) => {
		expect(Object.keys(catalogues[language] ?? {})).toEqual(Object.keys(en));
	});

	test.each(Object.keys(catalogues))('%s has the same values in each text as en', (language) => {
		for (const [key, text] of Object.entries(catalogues[language] ?? {}))
			expect(holes(text), key).toEqual(holes(en[key as keyof typeof en]));
	});

	test.each(Object.keys(catalogues))('%s has the number forms that its language has', (language) => {
		// Spanish has 'many' for millions only, which nothing here counts.
		const wanted = new Intl.PluralRules(language).resolvedOptions().pluralCategories.filter((c) => c !== 'many');
		for (const [key, text] of Object.entries(catalogues[language] ?? {}))
			if (typeof text !== 'string') expect(Object.keys(text).sort(), key).toEqual([...wanted].sort());
	});

	test.each(Object.keys(catalogues))('%s has no empty text and no exclamation mark', (language) => {
		for (const [key, text] of Object.entries(catalogues[language] ?? {}))
			for (const form of forms(text)) {
				expect(form.trim(), key).toBe(form);
				expect(form, key).not.toBe('');
				expect(form, key).not.toMatch(/[!¡]/);
			}
	});

	test('de and es are translated', () => {
		// These few are the same word in the languages.
		const same = new Set(['app.name', 'kind.sos', 'source.gps', 'where.exact', 'where.source', 'alarm.title', 'command.named', 'act.line', 'act.server', 'act.change', 'consent.may', 'role.admin', 'way_kind.owntracks', 'way_kind.traccar', 'map.label_about', 'setting.gps_switch', 'value.window', 'value.window_days', 'value.body', 'vital.pressure', 'vital.celsius', 'vital.fahrenheit']);
		const equal = (a: Text, b: Text) => JSON.stringify(a) === JSON.stringify(b);
		for (const language of ['de', 'es']) {
			const shared = Object.entries(catalogues[language] ?? {}).filter(
				([key, text]) => !same.has(key) && equal(text, en[key as keyof typeof en])
			);
			expect(shared.length, JSON.stringify(shared)).toBeLessThan(15);
		}
	});

	test('every key is used, and nothing else', () => {
		const used = new Set<string>();
		for (const { text } of files)
			for (const match of text.matchAll(/['"`]([a-z_]+\.[a-z0-9_]+)['"`]/g)) used.add(match[1] ?? '');
		for (const [prefix, list] of Object.entries(PUT_TOGETHER)) {
			const isPutTogether = files.some(({ text }) => text.includes('`' + prefix + '${'));
			expect(isPutTogether, `${prefix} is put together somewhere`).toBe(true);
			for (const end of list) used.add(prefix + end);
		}
		const keys = new Set(Object.keys(en));
		expect([...keys].filter((key) => !used.has(key))).toEqual([]);
		for (const [prefix, list] of Object.entries(PUT_TOGETHER))
			for (const end of list) expect(keys.has(prefix + end), prefix + end).toBe(true);
	});

	test('every t(…) has a key of the catalogue', () => {
		for (const { name, text } of files)
			for (const match of text.matchAll(/\bt\(\s*'([^']+)'/g)) expect(Object.keys(en), name).toContain(match[1]);
	});
});

/** Attributes that people read or hear. */
const SPOKEN = new Set(['aria-label', 'title', 'placeholder', 'alt', 'label', 'hint', 'aria-valuetext', 'aria-description']);

function hardCoded(text: string): string[] {
	const found: string[] = [];
	const tree = parse(text, { modern: true });
	const visit = (node: unknown): void => {
		if (Array.isArray(node)) return node.forEach(visit);
		if (typeof node !== 'object' || node === null) return;
		const item = node as { type?: string };
		if (item.type === 'Text' && /\p{L}/u.test((item as AST.Text).data)) found.push((item as AST.Text).data.trim());
		if (item.type === 'Attribute') {
			const { name, value } = item as AST.Attribute;
			if (SPOKEN.has(name) && Array.isArray(value))
				for (const part of value)
					if (part.type === 'Text' && /\p{L}/u.test(part.data)) found.push(`${name}: ${part.data}`);
			if (Array.isArray(value)) for (const part of value) if (part.type !== 'Text') visit(part);
			return;
		}
		for (const [key, child] of Object.entries(item)) if (key !== 'metadata') visit(child);
	};
	visit(tree.fragment);
	return found;
}

describe('components', () => {
	test('hard-coded text would be found', () => {
		expect(hardCoded('<p>Hello {name}</p>')).toEqual(['Hello']);
		expect(hardCoded('<button aria-label="Close">×</button>')).toEqual(['aria-label: Close']);
		expect(hardCoded('{#if a}<p>· {b}</p>{/if}')).toEqual([]);
	});

	const components = files.filter(({ name }) => name.endsWith('.svelte'));
	test.each(components.map(({ name, text }) => [name, text]))('%s has no text of its own', (_name, text) => {
		// The command that is typed on the server is the same in every language.
		expect(hardCoded(text).filter((found) => found !== 'kinward setup-link')).toEqual([]);
	});

	test.each(components.map(({ name, text }) => [name, text]))('%s has no inline style or script', (_name, text) => {
		expect(text).not.toMatch(/\sstyle=["'{]/);
		expect(text).not.toMatch(/\bstyle:[a-z-]+=/);
		expect(text).not.toMatch(/\{@html/);
		expect(text).not.toMatch(/\s(in|out|transition|animate):[a-z]/);
	});
});

describe('filling texts', () => {
	test('values are put in, unknown ones are left to be seen', () => {
		expect(fill('{a} and {b}', 'en', { a: 'x' })).toBe('x and {b}');
	});
	test('the number form follows the language', () => {
		const text = { one: '{n} Tag', other: '{n} Tage' };
		expect(fill(text, 'de', { n: 1 })).toBe('1 Tag');
		expect(fill(text, 'de', { n: 0 })).toBe('0 Tage');
		expect(fill(text, 'de', { n: 12345 })).toBe('12.345 Tage');
	});
	test('a number form that is not there falls back', () => {
		expect(fill({ one: 'x', other: 'y' }, 'es', { n: 1_000_000 })).toBe('y');
	});
	test('values are not read as texts again', () => {
		expect(fill('{a}', 'en', { a: '{b}', b: 'no' })).toBe('{b}');
	});
	test('the first wanted language that there is', () => {
		expect(pickLanguage([null, 'fr-FR', 'de-AT', 'en'])).toBe('de');
		expect(pickLanguage(['ES-mx'])).toBe('es');
		expect(pickLanguage(['toString', undefined])).toBe('en');
	});
});
