// Hostile text: whatever a watch, a person or a partner can write is shown as text. Payloads stand in every such
// place; then all views are opened, and what the browser ran or refused is counted: nothing.

import { generateKeyPairSync } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addAuthenticator, addFirstPasskey, bind, openBrowser, openPage, PASSWORD, Server, Sim, type Watched } from './kit';

const IMG = '<img src=x onerror=pwned()>';
const SCRIPT = '"><script>pwned()</script>';
const SVG = '<svg/onload=pwned()>';
const SHORT = '<b>x</b>';

let browser: Browser;
const server = new Server();
let sim: Sim;
let own: Watched;
let group = '';
let wearer = '';

beforeAll(async () => {
	browser = await openBrowser();
	await server.start();
	sim = await new Sim(server, 2).start();
	own = await openPage(browser, server);
	await addAuthenticator(own.page);
	await own.page.addInitScript(() => {
		const counts = { ran: 0, reports: 0 };
		Object.assign(globalThis, { hostile: counts, pwned: () => counts.ran++ });
		document.addEventListener('securitypolicyviolation', () => counts.reports++);
	});
});
afterAll(async () => {
	await browser?.close();
	await sim?.stop();
	await server.end();
});

const counted = () =>
	own.page.evaluate(() => (globalThis as unknown as { hostile: { ran: number; reports: number } }).hostile);
const go = (hash: string) => own.page.evaluate((to) => (location.hash = to), hash);

describe('hostile text', () => {
	test('the counters count: a planted script is noticed', async () => {
		const other = await openPage(browser, server, {}, [/policy violation|Content Security Policy|Refused to/]);
		await other.page.addInitScript(() => {
			const counts = { ran: 0, reports: 0 };
			Object.assign(globalThis, { hostile: counts, pwned: () => counts.ran++ });
			document.addEventListener('securitypolicyviolation', () => counts.reports++);
		});
		await other.page.goto(server.url);
		await other.page.evaluate((html) => (document.body.insertAdjacentHTML('beforeend', html)), IMG);
		await expect
			.poll(() => other.page.evaluate(() => (globalThis as unknown as { hostile: { reports: number } }).hostile.reports))
			.toBeGreaterThan(0);
		await other.context.close();
	});

	test('payloads are planted wherever somebody can write', async () => {
		const { page } = own;
		await page.goto(server.setupLink);
		await page.getByLabel('Your name').fill(IMG);
		await page.getByLabel('Login').fill('maria');
		await page.getByLabel('Password').fill(PASSWORD);
		await page.getByLabel('Name of the group').fill(SCRIPT);
		await page.getByRole('button', { name: 'Create account' }).click();
		await addFirstPasskey(page, PASSWORD, SCRIPT);
		await page.getByText('Your account is protected by more than a password.').waitFor();
		group = ((await server.ask(page, 'GET', '/session')) as { groups: { id: string }[] }).groups[0]?.id ?? '';

		wearer = await bind(page, server, sim, 0, IMG);
		await server.ask(page, 'POST', '/operator/bans', { network: '198.51.100.0/24', hours: 1, reason: IMG });
		await server.ask(page, 'POST', '/claims', {
			group, watch: await sim.imei(1), name: SCRIPT, language: 'en', zone: 'Europe/Berlin', proof: 'code'
		});
		await server.ask(page, 'POST', `/wearers/${wearer}/commands`, { type: 'message', text: SCRIPT });
		await server.ask(page, 'PUT', `/wearers/${wearer}/contacts`, { contacts: [{ name: SHORT, number: '+491701111111' }] });
		await server.ask(page, 'POST', '/groups', { name: SVG });
		await server.ask(page, 'PATCH', `/groups/${group}`, { name: IMG });
		await server.ask(page, 'POST', `/groups/${group}/invitations`, { role: 'carer' });
		await server.ask(page, 'PUT', '/account/email', { email: 'a@example.org' }).catch(() => undefined);

		// What the watch says of itself, and names of networks around it.
		await sim.ask(`say ${sim.id(0)} CONFIG,TY:${IMG},VR:${SVG}`);
		await sim.ask(`sos ${sim.id(0)}`);
		await page.getByRole('button', { name: 'I take care of it' }).click();
		const { alarms } = (await server.ask(page, 'GET', '/alarms?state=open')) as { alarms: { id: string }[] };
		for (const alarm of alarms) await server.ask(page, 'POST', `/alarms/${alarm.id}/close`, { note: SCRIPT });

		const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
		const key = { ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256', use: 'sig' };
		const partner = (await server.ask(page, 'POST', '/operator/partners', {
			name: IMG, contact: SVG, purpose: SCRIPT, algorithm: 'ES256', jwks: { keys: [key] }
		})) as { id: string };
		await server.ask(page, 'POST', `/groups/${group}/consents`, {
			partner: partner.id, wearers: [wearer], rights: ['view_position'], until: new Date(Date.now() + 864e5).toISOString()
		});
	});

	test('every view shows them as text; nothing ran, nothing was refused', async () => {
		const { page } = own;
		// Where a payload must be read, so that the list of views cannot go stale unnoticed.
		const views: [string, string][] = [
			['#/map', IMG],
			[`#/map/${wearer}`, IMG],
			[`#/talk/${wearer}`, SCRIPT],
			[`#/day/${wearer}`, IMG],
			['#/care', SVG],
			['#/care/alarms', IMG],
			[`#/care/person/${wearer}`, IMG],
			[`#/care/person/${wearer}/contacts`, IMG],
			[`#/care/person/${wearer}/photos`, IMG],
			[`#/care/person/${wearer}/watch`, IMG],
			[`#/care/person/${wearer}/asked`, IMG],
			[`#/day/${wearer}/health`, IMG],
			[`#/day/${wearer}/calls`, IMG],
			[`#/care/group/${group}`, IMG],
			[`#/care/group/${group}/invite`, IMG],
			[`#/care/group/${group}/audit`, IMG],
			[`#/care/group/${group}/partners`, SCRIPT],
			['#/notices', IMG],
			['#/account', 'Safety'],
			['#/account/safety', SCRIPT],
			['#/operator', '1'],
			['#/operator/partners', SCRIPT],
			['#/operator/networks', IMG],
			['#/operator/accounts', 'maria']
		];
		await page.goto(server.url);
		for (const [hash, text] of views) {
			await go(hash);
			await expect.poll(() => page.locator('body').textContent(), { message: hash }).toContain(text);
			expect(await page.locator('main img[src="x"], main script, main svg[onload]').count(), hash).toBe(0);
		}
		await go('#/care/alarms');
		await page.getByRole('button', { name: 'All', exact: true }).click();
		await page.getByText(SCRIPT).first().waitFor();
		await go(`#/care/person/${wearer}/contacts`);
		await expect.poll(() => page.getByLabel('Name 1', { exact: true }).inputValue()).toBe(SHORT);
		await page.getByRole('button', { name: /^Account of/ }).click();
		await page.locator('.who strong').getByText(IMG).waitFor();
		expect(await counted()).toEqual({ ran: 0, reports: 0 });
		expect(own.faults).toEqual([]);
	});

	test('an invitation shows its names as text as well', async () => {
		const { page } = own;
		const made = (await server.ask(page, 'POST', `/groups/${group}/invitations`, { role: 'carer' })) as { link: string };
		const guest = await openPage(browser, server);
		await guest.page.goto(new URL(made.link, server.url).href);
		await guest.page.getByText(`${IMG} asks you to join “${IMG}”`).waitFor();
		expect(guest.faults).toEqual([]);
		await guest.context.close();
	});
});
