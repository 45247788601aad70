// Each view in both themes, on a phone and on a wide screen: a picture of it, no violation that axe finds, nothing
// that sticks out. Also on a very small screen, with letters twice as large, and in German, which is long.

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { axe, bind, mapDrawn, openBrowser, openPage, picture, Server, setUp, Sim, THEME_RULES, type Watched } from './kit';

const server = new Server();
let browser: Browser;
let sim: Sim;
let first: Watched;
let emma = '';
let cookies: Awaited<ReturnType<Watched['context']['cookies']>>;

beforeAll(async () => {
	browser = await openBrowser();
	await server.start();
	first = await openPage(browser, server);
});
afterAll(async () => {
	await browser?.close();
	await sim?.stop();
	await server.end();
});

interface Look {
	name: string;
	width: number;
	height: number;
	scheme: 'light' | 'dark';
	touch: boolean;
	large?: boolean;
	language?: string;
}

const LOOKS: Look[] = [
	...(['light', 'dark'] as const).flatMap((scheme) => [
		{ name: `phone-${scheme}`, width: 390, height: 844, scheme, touch: true },
		{ name: `wide-${scheme}`, width: 1440, height: 900, scheme, touch: false }
	]),
	{ name: 'small-light', width: 320, height: 568, scheme: 'light', touch: true, language: 'de' },
	{ name: 'large-dark', width: 390, height: 844, scheme: 'dark', touch: true, large: true, language: 'es' }
];

/** Elements that somebody touches and that are smaller than a finger. */
async function smallTargets(page: Page): Promise<string[]> {
	return page.evaluate(() => {
		const LEAST = 44;
		const found: string[] = [];
		for (const element of document.querySelectorAll('main a, main button, main input, main select, nav a, header button, dialog button, dialog a')) {
			if (!(element instanceof HTMLElement) || element.closest('[hidden]') || element.closest('.unseen') || element.matches('.unseen')) continue;
			const box = element.getBoundingClientRect();
			if (box.width === 0) continue;
			// Words in a text, and choices whose label is the target, are judged by what belongs to them.
			const label = element.closest('label')?.getBoundingClientRect();
			const after = getComputedStyle(element, '::after');
			const grown = after.content !== 'none' && after.position === 'absolute' ? parseFloat(after.height) : 0;
			const height = Math.max(box.height, label?.height ?? 0, Number.isNaN(grown) ? 0 : grown);
			if (height < LEAST - 0.5) found.push(`${element.outerHTML.slice(0, 120)} is ${Math.round(height)} px high`);
		}
		return found;
	});
}

async function judge(page: Page, look: Look, view: string): Promise<void> {
	const name = `${look.name}-${view}`;
	await picture(page, name);
	// The other dark ones have a light one of the same size and language.
	expect(await axe(page, look.scheme === 'dark' && !look.large ? THEME_RULES : undefined), name).toEqual([]);
	const sideways = await page.evaluate(() =>
		[document.documentElement, ...document.querySelectorAll('main, dialog[open]')].flatMap((box) => {
			if (box.scrollWidth <= box.clientWidth + 1) return [];
			const edge = box.getBoundingClientRect().right + 1;
			const wide = [...box.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > edge);
			return wide.slice(0, 3).map((e) => e.outerHTML.slice(0, 160));
		})
	);
	expect(sideways, `${name} sticks out`).toEqual([]);
	expect(await smallTargets(page), name).toEqual([]);
}

async function dress(page: Page, look: Look): Promise<void> {
	if (look.large) await page.evaluate(() => (document.documentElement.style.fontSize = '200%'));
}

async function open(look: Look): Promise<Watched> {
	const own = await openPage(browser, server, {
		viewport: { width: look.width, height: look.height },
		colorScheme: look.scheme,
		hasTouch: look.touch,
		reducedMotion: 'reduce'
	});
	if (look.language) await own.page.addInitScript((l) => localStorage.setItem('kinward.language', l), look.language);
	return own;
}

describe('before anybody has signed in', () => {
	test.each(LOOKS)('set-up and sign-in, $name', async (look) => {
		const own = await open(look);
		await own.page.goto(server.setupLink);
		await own.page.locator('form').waitFor();
		await dress(own.page, look);
		await judge(own.page, look, '00-setup');
		await own.context.close();
		expect(own.faults).toEqual([]);
	});
});

describe('without a watch', () => {
	test('set-up', async () => {
		await setUp(first.page, server);
		cookies = await first.context.cookies();
	});

	test.each(LOOKS)('sign-in and the empty app, $name', async (look) => {
		const own = await open(look);
		await own.page.goto(server.url);
		await own.page.locator('form').waitFor();
		await dress(own.page, look);
		await judge(own.page, look, '01-signin');
		await own.page.evaluate(() => (location.hash = '#/recover'));
		await own.page.locator('.panel ul').waitFor();
		await judge(own.page, look, '03-recover');
		await own.page.evaluate(() => (location.hash = '#/map'));
		await own.context.addCookies(cookies);
		await own.page.reload();
		await own.page.locator('.needs').waitFor();
		await mapDrawn(own.page);
		await dress(own.page, look);
		await judge(own.page, look, '02-empty');
		await own.context.close();
		expect(own.faults).toEqual([]);
	});
});

describe('with three wearers', () => {
	test('three watches are bound', async () => {
		sim = await new Sim(server, 3).start();
		emma = await bind(first.page, server, sim, 0, 'Emma', { sim_number: '+491701234567' });
		await bind(first.page, server, sim, 1, 'Opa Heinz');
		const third = await bind(first.page, server, sim, 2, 'Friederike von Ahlefeldt-Dehn');
		await sim.ask(`battery ${sim.id(1)} 14`);
		await expect
			.poll(async () => ((await server.ask(first.page, 'GET', `/wearers/${third}`)) as { fix: unknown }).fix, { timeout: 40_000 })
			.not.toBeNull();
		await sim.ask(`offline ${sim.id(2)}`);
		for (const text of ['Hallo Emma', 'Essen ist fertig'])
			await server.ask(first.page, 'POST', `/wearers/${emma}/commands`, { type: 'message', text });
		await server.ask(first.page, 'POST', `/wearers/${emma}/commands`, { type: 'locate' });
		await server.ask(first.page, 'POST', '/claims', {
			group: ((await server.ask(first.page, 'GET', '/session')) as { groups: { id: string }[] }).groups[0]?.id,
			watch: '490154203237518',
			name: 'Tante Ida',
			language: 'de',
			zone: 'Europe/Berlin',
			proof: 'code',
			sim_number: '+491707654321'
		});
	});

	test.each(LOOKS)('every view, $name', { timeout: 300_000 }, async (look) => {
		const own = await open(look);
		const { page } = own;
		await own.context.addCookies(cookies);
		await server.ask(page, 'PATCH', '/account', { language: look.language ?? 'en' });
		const claim = ((await server.ask(page, 'GET', '/claims')) as { claims: { id: string }[] }).claims[0]?.id;
		const session = (await server.ask(page, 'GET', '/session')) as { account: { id: string }; groups: { id: string }[] };
		const group = session.groups[0]?.id;
		const me = session.account.id;
		const views: [string, string, string, boolean?][] = [
			['10-map', '#/map', '.list .card', true],
			['11-wearer', `#/map/${emma}`, '.buttons', true],
			['12-talk', `#/talk/${emma}`, '.bubble'],
			['13-day', `#/day/${emma}`, 'input[type=range]', true],
			['14-care', '#/care', '#care-people'],
			['15-alarms', '#/care/alarms', '[aria-pressed=true]'],
			['16-claim-new', '#/care/watch', 'fieldset'],
			['17-claim', `#/care/watch/${claim}`, '.copy'],
			['18-person', `#/care/person/${emma}`, 'fieldset'],
			['19-account', '#/account', '#account-language'],
			['40-safety', '#/account/safety', '.session'],
			['41-protect', '#/protect', '#safety-totp'],
			['42-group', `#/care/group/${group}`, '#group-rules'],
			['43-member', `#/care/group/${group}/member/${me}`, '#member-may'],
			['44-invite', `#/care/group/${group}/invite`, 'fieldset'],
			['45-new-group', '#/care/group', 'main form'],
			['46-notices', '#/notices', 'main ul'],
			['47-audit', `#/care/group/${group}/audit`, '.entry'],
			['48-partners', `#/care/group/${group}/partners`, 'main .stack > p'],
			['49-contacts', `#/care/person/${emma}/contacts`, '#contacts-sos'],
			['50-photos', `#/care/person/${emma}/photos`, '#photo-rule'],
			['58-ways', `#/care/person/${emma}/ways`, '#ways-list'],
			['54-watch', `#/care/person/${emma}/watch`, '.jumps'],
			['55-health', `#/day/${emma}/health`, '#health-rule'],
			['56-battery', `#/day/${emma}/battery`, '.level'],
			['20-operator', '#/operator', '.lines'],
			['23-accounts', '#/operator/accounts', '.item'],
			['24-partners', '#/operator/partners', 'main .button.main'],
			['25-mail', '#/operator/mail', '#mail-dead'],
			['26-networks', '#/operator/networks', '#networks-add'],
			['27-watches', '#/operator/watches', '#op-limits'],
			['29-radio', '#/operator/radio', '#radio-imports'],
			['28-emergency', '#/operator/emergency', '#glass-ask']
		];
		await page.goto(server.url);
		await page.locator('.card').first().waitFor();
		await dress(page, look);
		await mapDrawn(page);
		for (const [name, hash, sign, map] of views) {
			await page.evaluate((h) => (location.hash = h), hash);
			await page.locator(sign).first().waitFor();
			if (map) {
				await page.locator('.map[data-idle="false"]').waitFor({ timeout: 300 }).catch(() => undefined);
				await mapDrawn(page);
			}
			await judge(page, look, name);
		}
		await page.evaluate((h) => (location.hash = h), `#/care/person/${emma}`);
		await page.locator('.danger').last().click();
		await page.locator('dialog[open]').waitFor();
		await judge(page, look, '21-remove');
		await page.keyboard.press('Escape');
		await page.evaluate((h) => (location.hash = h), `#/care/person/${emma}/watch`);
		await page.locator('#person-guard ~ .row .danger').first().click();
		await page.locator('dialog[open]').waitFor();
		await judge(page, look, '23-power');
		await page.keyboard.press('Escape');
		await page.locator('.avatar').click();
		await judge(page, look, '22-menu');
		await page.keyboard.press('Escape');
		await sim.ask(`sos ${sim.id(0)}`);
		await page.locator('dialog:modal h1').waitFor();
		await judge(page, look, '30-sos');
		await page.locator('.take').click();
		await page.locator('a.strip').first().waitFor();
		await mapDrawn(page);
		await judge(page, look, '31-taken');
		await page.evaluate(() => (location.hash = '#/care/alarms'));
		await page.locator('.alarm.serious').first().waitFor();
		await judge(page, look, '32-alarm');
		for (const { id } of ((await server.ask(page, 'GET', '/alarms?state=open')) as { alarms: { id: string }[] }).alarms)
			await server.ask(page, 'POST', `/alarms/${id}/close`, {});
		await page.locator('a.strip').waitFor({ state: 'detached' });
		await own.context.close();
		expect(own.faults).toEqual([]);
	});

	test('everything can be reached and done with the keyboard', async () => {
		const own = await open({ name: 'keys', width: 390, height: 844, scheme: 'light', touch: false });
		await own.context.addCookies(cookies);
		const { page } = own;
		await server.ask(page, 'PATCH', '/account', { language: 'en' });
		await page.goto(`${server.url}/#/map/${emma}`);
		await page.locator('.buttons').waitFor();
		const seen = new Set<string>();
		for (let i = 0; i < 60; i++) {
			await page.keyboard.press('Tab');
			const now = await page.evaluate(() => {
				const e = document.activeElement;
				if (!(e instanceof HTMLElement) || e === document.body) return '';
				const style = getComputedStyle(e);
				const visible = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
				return `${visible ? '' : 'NO RING '}${(e.textContent ?? '').trim().replace(/\s+/g, ' ') || e.getAttribute('aria-label') || e.tagName}`;
			});
			seen.add(now);
		}
		const all = [...seen].join('\n');
		for (const wanted of ['Locate', 'Ring', 'Write', 'Map', 'Talk', 'Day', 'Account of Maria Roth', 'Closer']) expect(all).toContain(wanted);
		expect([...seen].filter((s) => s.startsWith('NO RING'))).toEqual([]);
		// The sheet's height by keys.
		const handle = page.getByRole('button', { name: 'Make this panel larger or smaller' });
		await handle.focus();
		const height = () => page.locator('.sheet').evaluate((e) => e.clientHeight);
		const half = await height();
		await page.keyboard.press('ArrowUp');
		await expect.poll(height).toBeGreaterThan(half);
		await page.keyboard.press('ArrowDown');
		await page.keyboard.press('ArrowDown');
		await expect.poll(height).toBeLessThan(half);
		expect(own.faults).toEqual([]);
		await own.context.close();
	});

	test('the sheet follows the finger and stops at one of three heights', async () => {
		const own = await open({ name: 'drag', width: 390, height: 844, scheme: 'light', touch: false });
		await own.context.addCookies(cookies);
		const { page } = own;
		await page.goto(`${server.url}/#/map/${emma}`);
		await page.locator('.buttons').waitFor();
		const drag = async (to: number) => {
			const box = await page.locator('.handle').boundingBox();
			if (!box) throw new Error('no handle');
			await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
			await page.mouse.down();
			await page.mouse.move(box.x + box.width / 2, to, { steps: 8 });
			await page.mouse.up();
		};
		await drag(90);
		await page.locator('.sheet.full').waitFor();
		await drag(700);
		await page.locator('.sheet.peek').waitFor();
		await drag(430);
		await page.locator('.sheet.half').waitFor();
		expect(own.faults).toEqual([]);
		await own.context.close();
	});
});
