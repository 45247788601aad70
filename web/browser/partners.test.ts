// The log of a group with its exports, and what a partner service may: on the real program.

import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { addAuthenticator, addFirstPasskey, axe, bind, openBrowser, openPage, picture, Server, setUp, Sim, type Watched } from './kit';

let browser: Browser;
const server = new Server();
let sim: Sim;
let maria: Watched;
let group = '';
let oma = '';
/** The partner's own keys. */
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
let partner = '';

beforeAll(async () => {
	browser = await openBrowser();
	await server.start();
	sim = await new Sim(server, 2).start();
	maria = await openPage(browser, server);
	await addAuthenticator(maria.page);
	await setUp(maria.page, server);
	group = ((await server.ask(maria.page, 'GET', '/session')) as { groups: { id: string }[] }).groups[0]?.id ?? '';
	oma = await bind(maria.page, server, sim, 0, 'Oma');
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

/** What the partner's server does: it proves who it is, and proposes. */
async function propose(plan: object): Promise<void> {
	const now = Math.floor(Date.now() / 1000);
	const url = `${server.url}/partner/v1`;
	const text = [
		{ alg: 'ES256', kid: 'k1', typ: 'JWT' },
		{ iss: partner, sub: partner, aud: `${url}/token`, iat: now, exp: now + 60, jti: randomUUID() }
	]
		.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
		.join('.');
	const signature = sign('sha256', Buffer.from(text), { key: keys.privateKey, dsaEncoding: 'ieee-p1363' });
	const answer = await fetch(`${url}/token`, {
		method: 'POST',
		body: new URLSearchParams({
			grant_type: 'client_credentials',
			client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
			client_assertion: `${text}.${signature.toString('base64url')}`
		})
	});
	const { access_token } = (await answer.json()) as { access_token: string };
	const made = await fetch(`${url}/wearers/${oma}/plan-proposals`, {
		method: 'POST',
		headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
		body: JSON.stringify(plan)
	});
	expect(made.ok, `${made.status} ${await made.text()}`).toBe(true);
}

describe('a partner service', () => {
	test('none is allowed anything at first; one is allowed what is ticked, for whom is ticked', async () => {
		const { page } = maria;
		const registered = (await server.ask(page, 'POST', '/operator/partners', {
			name: 'Care service South',
			contact: 'care@example.org',
			purpose: 'Visits in the morning',
			algorithm: 'ES256',
			jwks: { keys: [{ ...keys.publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256', use: 'sig' }] }
		})) as { id: string };
		partner = registered.id;
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

	test('a plan that it proposes comes by itself, is text, and is accepted or rejected', async () => {
		const { page } = maria;
		await server.ask(page, 'POST', `/groups/${group}/consents`, {
			partner, wearers: [oma], rights: ['propose_plan'], until: new Date(Date.now() + 864e5).toISOString()
		});
		await go(`#/care/group/${group}`);
		await go(`#/care/group/${group}/partners`);
		await page.getByText('No plan is proposed.').waitFor();
		await propose({ medicine: 'Ramipril', dose: '5 mg', times: ['20:00', '08:00'], days: ['mon', 'wed'], note: '<b>with water</b>' });
		const plans = page.getByRole('region', { name: 'Proposed medication plans' });
		await plans.getByRole('heading', { name: 'Ramipril' }).waitFor();
		await plans.getByText('Care service South proposes for Oma').waitFor();
		await plans.getByText('08:00, 20:00 · Mon, Wed').waitFor();
		await plans.getByText('<b>with water</b>').waitFor();
		await plans.getByText('This version reminds nobody of medicine.').waitFor();
		await picture(page, 'partners-plan');
		expect(await axe(page)).toEqual([]);
		await plans.getByRole('button', { name: 'Accept this plan' }).click();
		await plans.getByText('Accepted by Maria Roth').waitFor();
		expect(await plans.getByRole('button').count()).toBe(0);

		await propose({ medicine: 'Aspirin', dose: '1', times: ['12:00'] });
		await plans.getByRole('heading', { name: 'Aspirin' }).waitFor();
		await plans.getByRole('button', { name: 'Reject' }).click();
		await plans.getByText('Rejected by Maria Roth').waitFor();
		const { proposals } = (await server.ask(page, 'GET', `/groups/${group}/plan-proposals`)) as {
			proposals: { state: string; plan: { medicine: string } }[];
		};
		expect(proposals.map((p) => `${p.plan.medicine} ${p.state}`).sort()).toEqual(['Aspirin rejected', 'Ramipril accepted']);
	});
});
