// What a watch may be asked, on the real program: phone book, SOS numbers, calls, photos, switches, protection,
// power. Each is looked at on the simulated watch as well.

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { addAuthenticator, addFirstPasskey, axe, bind, openBrowser, openPage, picture, Server, setUp, Sim, type Watched } from './kit';

let browser: Browser;
const server = new Server();
let sim: Sim;
let maria: Watched;
let oma = '';

beforeAll(async () => {
	browser = await openBrowser();
	await server.start();
	sim = await new Sim(server, 1).start();
	maria = await openPage(browser, server, { viewport: { width: 390, height: 844 }, hasTouch: true });
	await addAuthenticator(maria.page);
	await setUp(maria.page, server);
	oma = await bind(maria.page, server, sim, 0, 'Oma');
});
afterAll(async () => {
	await browser?.close();
	await sim?.stop();
	await server.end();
});
afterEach(async (context) => {
	if (context.task.result?.state === 'fail') {
		await picture(maria.page, 'failed-watch');
		console.log(server.lines().slice(-15).join('\n'));
	}
	expect(maria.faults).toEqual([]);
});

async function go(hash: string): Promise<void> {
	await maria.page.evaluate((to) => (location.hash = to), hash);
}

interface Memory {
	contacts: { name: string; number: string }[];
	[other: string]: unknown;
}
async function memory(): Promise<Memory> {
	const all = JSON.parse(await sim.ask(`memory ${sim.id()}`)) as Memory;
	return { ...all, contacts: all.contacts.map(({ name, number }) => ({ name, number })) };
}

describe('the watch of Oma', () => {
	test('is protected after the claim, and the page says how', async () => {
		const { page } = maria;
		await go(`#/care/person/${oma}/watch`);
		await page.getByText('Protected: nobody from outside can take it over.').waitFor();
		expect(await axe(page)).toEqual([]);
	});

	test('its phone book: mistakes are told, the whole list is on the watch', async () => {
		const { page } = maria;
		await go(`#/care/person/${oma}`);
		await page.getByRole('link', { name: 'Phone book and SOS numbers' }).click();
		await page.getByText('Nobody yet.').waitFor();
		await page.getByRole('button', { name: 'Add' }).first().click();
		await page.getByLabel('Name 1', { exact: true }).fill('Much too long a name');
		await page.getByLabel('Number 1', { exact: true }).fill('call me');
		await page.getByRole('button', { name: 'Save the phone book' }).click();
		await page.getByText('A name is needed, of 10 characters at most').waitFor();
		await page.getByText('This is no telephone number.').waitFor();
		await page.getByLabel('Name 1', { exact: true }).fill('Anna');
		await page.getByLabel('Number 1', { exact: true }).fill('+49 170 111-1111');
		await page.getByRole('button', { name: 'Add' }).first().click();
		await page.getByLabel('Name 2', { exact: true }).fill('Jörg');
		await page.getByLabel('Number 2', { exact: true }).fill('0761 22222');
		await page.getByRole('button', { name: 'Save the phone book' }).click();
		await expect.poll(async () => (await memory()).contacts).toEqual([
			{ name: 'Anna', number: '+491701111111' },
			{ name: 'Jörg', number: '076122222' }
		]);
		await page.getByText('The watch has it').first().waitFor();
		await picture(page, 'watch-contacts');
	});

	test('its SOS numbers', async () => {
		const { page } = maria;
		const from = sim.events.length;
		await page.getByLabel('SOS number 1').fill('+49 170 111 1111');
		await page.getByRole('button', { name: 'Save the SOS numbers' }).click();
		await sim.wait((e) => e.dir === 'down' && /\*SOS.*1701111111/.test(e.frame ?? ''), 'SOS number', from);
		await expect.poll(() => page.getByText('The watch has it').count()).toBe(2);
		await page.getByRole('button', { name: 'Remove Jörg' }).click();
		await page.getByRole('button', { name: 'Save the phone book' }).click();
		await expect.poll(async () => (await memory()).contacts.length).toBe(1);
	});

	test('it calls whom one taps', async () => {
		const { page } = maria;
		const from = sim.events.length;
		await go(`#/care/person/${oma}`);
		await page.getByRole('button', { name: 'Anna' }).click();
		expect((await sim.happens(0, 'dials', from)).detail).toBe('+491701111111');
		await page.locator('[data-type="call"][data-state="confirmed"]').getByText('(Anna)').waitFor();
	});

	test('a check-in call says that it is never secret, and needs an own number', async () => {
		const { page } = maria;
		await page.getByRole('button', { name: 'Check-in call' }).click();
		await page.getByText('This is never secret').waitFor();
		await page.getByRole('button', { name: 'Let the watch call me' }).click();
		await page.getByText('First enter your own phone number').waitFor();
		await go('#/account/safety');
		await page.getByLabel('Your phone number').fill('+49 761 99999');
		await page.getByRole('button', { name: 'Save the number' }).click();
		await page.getByText('Saved', { exact: true }).first().waitFor();
		await go(`#/care/person/${oma}`);
		const from = sim.events.length;
		await page.getByRole('button', { name: 'Check-in call' }).click();
		await page.getByRole('button', { name: 'Let the watch call me' }).click();
		// First the text on the watch, then the call.
		const told = await sim.happens(0, 'message', from);
		expect(told.detail).toContain('Maria');
		expect((await sim.happens(0, 'dials', from)).detail).toBe('+4976199999');
		await page.locator('[data-type="check_in_call"][data-state="confirmed"]').waitFor();
	});

	test('text messages by the watch itself', async () => {
		const { page } = maria;
		const from = sim.events.length;
		await go(`#/care/person/${oma}/watch`);
		const box = page.getByLabel('When the battery is low');
		const before = await box.isChecked();
		await box.click();
		await sim.down(0, 'LOWBAT', from);
		await expect.poll(() => box.isChecked()).toBe(!before);
		await page.getByRole('region', { name: 'Text messages by the watch itself' }).getByText('The watch has it').waitFor();
	});

	test('photos: off at first; allowed after a proof; one is asked for, announced, and shown', async () => {
		const { page } = maria;
		await go('#/account/safety');
		await addFirstPasskey(page);
		await page.getByText('Your account is protected by more than a password.').waitFor();
		await go(`#/care/person/${oma}/photos`);
		await page.getByText('No photos yet.').waitFor();
		expect(await page.getByRole('button', { name: 'Ask for a photo' }).count()).toBe(0);
		await page.getByLabel(/Photos from the watch of Oma are allowed/).click();
		await page.getByRole('button', { name: 'Ask for a photo' }).waitFor();
		const from = sim.events.length;
		await page.getByRole('button', { name: 'Ask for a photo' }).click();
		const told = await sim.happens(0, 'message', from);
		expect(told.detail).toContain('Maria');
		const shown = page.getByRole('img', { name: 'Photo from the watch of Oma' });
		await shown.waitFor();
		await expect.poll(() => shown.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBeGreaterThan(8);
		await page.getByText('asked by Maria Roth').waitFor();
		await picture(page, 'watch-photo');
		expect(await axe(page)).toEqual([]);
		await page.getByRole('button', { name: 'Delete this photo' }).click();
		await page.getByText('No photos yet.').waitFor();
	});

	test('a new password, never shown', async () => {
		const { page } = maria;
		const from = sim.events.length;
		await go(`#/care/person/${oma}/watch`);
		await page.getByRole('button', { name: 'New password' }).click();
		await page.getByRole('dialog').getByRole('button', { name: 'New password' }).click();
		const sent = await sim.down(0, 'PW', from);
		const password = /\*PW,([^\]]+)\]/.exec(sent.frame ?? '')?.[1] ?? 'none';
		expect(password).toMatch(/^\d{6,}$/);
		await page.locator('[data-type="new_password"][data-state="confirmed"]').waitFor();
		expect(await page.content()).not.toContain(password);
	});

	test('switching it off asks once more, tells what it means, and shows that it went dark', async () => {
		const { page } = maria;
		await page.getByRole('button', { name: 'Switch off' }).click();
		await page.getByText('SOS does not work').waitFor();
		await picture(page, 'watch-off');
		const from = sim.events.length;
		await page.getByRole('dialog').getByRole('button', { name: 'Switch off' }).click();
		await sim.down(0, 'POWEROFF', from);
		await page.locator('[data-type="power_off"]').first().waitFor();
	});
});
