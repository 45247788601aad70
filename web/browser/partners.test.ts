// The log of a group with its exports, and what a partner service may: on the real program.

import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { addAuthenticator, addFirstPasskey, axe, bind, openBrowser, openPage, picture, Server, setUp, Sim, type Watched } from './kit';

let browser: Browser;
const server = new Server();
let sim: Sim;
let maria: Watched;
let group = '';

beforeAll(async () => {
	browser = await openBrowser();
	await server.start();
	sim = await new Sim(server, 2).start();
	maria = await openPage(browser, server);
	await addAuthenticator(maria.page);
	await setUp(maria.page, server);
	group = ((await server.ask(maria.page, 'GET', '/session')) as { groups: { id: string }[] }).groups[0]?.id ?? '';
	const oma = await bind(maria.page, server, sim, 0, 'Oma');
	await bind(maria.page, server, sim, 1, 'Opa');
	await server.ask(maria.page, 'POST', `/wearers/${oma}/commands`, { type: 'find' });
});
afterAll(async () => {
	await browser?.close();
	await sim?.stop();
	await server.end();
});
afterEach(async (context) => {
	if (context.task.result?.state === 'fail') {
		await picture(maria.page, 'failed-partners');
		console.log(server.lines().slice(-15).join('\n'));
	}
	expect(maria.faults).toEqual([]);
});

const go = (hash: string) => maria.page.evaluate((to) => (location.hash = to), hash);

describe('the log of a group', () => {
	test('is in words, and can be looked through by person', async () => {
		const { page } = maria;
		await go(`#/care/group/${group}/audit`);
		const ring = page.getByText('Maria Roth: made the watch ring');
		await ring.waitFor();
		await page.getByLabel('About whom').selectOption({ label: 'Opa' });
		await ring.waitFor({ state: 'detached' });
		await page.getByLabel('About whom').selectOption({ label: 'Oma' });
		await ring.waitFor();
		await page.getByLabel('By whom').selectOption({ label: 'Maria Roth' });
		await ring.waitFor();
		expect(await axe(page)).toEqual([]);
	});

	test('is exported as a file after a proof, and that is in the log itself', async () => {
		const { page } = maria;
		await page.getByRole('button', { name: 'As a table (CSV)' }).click();
		await page.getByRole('button', { name: 'Go to Safety' }).click();
		await addFirstPasskey(page);
		await page.getByText('Your account is protected by more than a password.').waitFor();
		await go(`#/care/group/${group}/audit`);
		for (const [button, ending] of [['As a table (CSV)', 'csv'], ['For programs (JSON)', 'json']] as const) {
			const comes = page.waitForEvent('download');
			await page.getByRole('button', { name: button }).click();
			const file = await comes;
			expect(file.suggestedFilename()).toMatch(new RegExp(`^kinward-[0-9a-f]{8}\\.${ending}$`));
			expect(readFileSync(await file.path(), 'utf8')).toContain('command.give');
		}
		await go(`#/care/group/${group}`);
		await go(`#/care/group/${group}/audit`);
		await page.getByText('exported the list of what happened').first().waitFor();
	});
});

describe('a partner service', () => {
	test('none is allowed anything at first; one is allowed what is ticked, for whom is ticked', async () => {
		const { page } = maria;
		const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
		await server.ask(page, 'POST', '/operator/partners', {
			name: 'Care service South',
			contact: 'care@example.org',
			purpose: 'Visits in the morning',
			algorithm: 'ES256',
			jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256', use: 'sig' }] }
		});
		await go(`#/care/group/${group}/partners`);
		await page.getByText('No service is allowed anything.').waitFor();
		await page.getByRole('button', { name: 'Allow a service' }).click();
		await page.getByText('Visits in the morning').waitFor();
		expect(await page.getByRole('button', { name: 'Allow it' }).isDisabled()).toBe(true);
		await page.getByRole('dialog').getByLabel('Oma').check();
		await page.getByLabel('see where they are now').check();
		await page.getByLabel('see alarms').check();
		await picture(page, 'partners-allow');
		expect(await axe(page)).toEqual([]);
		await page.getByRole('button', { name: 'Allow it' }).click();
		await page.getByText('Oma: see where they are now, see alarms').waitFor();
		await page.getByText(/Allowed until/).waitFor();
	});

	test('each use can be seen; it is stopped with one more question', async () => {
		const { page } = maria;
		await page.getByRole('button', { name: 'Show each use' }).click();
		await page.getByText('Not used so far.').waitFor();
		await page.getByRole('button', { name: 'Stop it' }).click();
		await page.getByText('also on connections that are open').waitFor();
		await page.getByRole('dialog').getByRole('button', { name: 'Stop it' }).click();
		await page.getByText('Stopped. It sees nothing more.').waitFor();
		await expect.poll(() => page.getByRole('button', { name: 'Stop it' }).count()).toBe(0);
	});
});
