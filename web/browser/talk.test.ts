// Talking with a watch, on the real program: what the microphone hears arrives on the simulated watch, what the
// watch says is played; what a watch cannot show is told before it is sent. The browser's microphone beeps.

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { axe, bind, openBrowser, openPage, picture, Server, setUp, Sim, type Watched } from './kit';

let browser: Browser;
const server = new Server();
let sim: Sim;
let maria: Watched;
let emma = '';

beforeAll(async () => {
	browser = await openBrowser('--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream');
	// Many texts are sent for what is older: faster than a person writes.
	await server.start({ http_requests_per_s: '1000' });
	sim = await new Sim(server, 1).start();
	maria = await openPage(browser, server, { viewport: { width: 390, height: 844 }, hasTouch: true });
	await setUp(maria.page, server);
	emma = await bind(maria.page, server, sim, 0, 'Emma');
});
afterAll(async () => {
	await browser?.close();
	await sim?.stop();
	await server.end();
});
afterEach(async (context) => {
	if (context.task.result?.state === 'fail') {
		await picture(maria.page, 'failed-talk');
		console.log(server.lines().slice(-15).join('\n'), JSON.stringify(sim.events.slice(-8)));
	}
	expect(maria.faults).toEqual([]);
});

const go = (hash: string) => maria.page.evaluate((to) => (location.hash = to), hash);

/** Waits until so many seconds were recorded, or the recording has ended by itself. */
const recorded = async (seconds: number) => {
	await maria.page.locator('.recording, [aria-label="Your recording"]').first().waitFor();
	await maria.page.waitForFunction((most) => {
		const left = document.querySelector('.recording .left');
		return !left || parseInt(left.textContent ?? '', 10) <= most;
	}, 15 - seconds);
};

describe('talking', () => {
	test('an empty thread teaches; a draft stays; emoji and length are told before anything is sent', async () => {
		const { page } = maria;
		await go(`#/talk/${emma}`);
		await page.getByText('Nothing has been said here yet.').waitFor();
		expect(await axe(page)).toEqual([]);
		const box = page.getByLabel('Message to Emma');
		await box.fill(`Gut 👍🏽 ${'x'.repeat(194)}`);
		// A thumb with its colour is four of the watch's units.
		await page.getByText('3 characters too long for the watch').waitFor();
		await page.getByText('The watch of Emma is not known to show 👍🏽').waitFor();
		expect(await page.getByRole('button', { name: 'Send', exact: true }).isDisabled()).toBe(true);
		await picture(page, 'talk-too-long');
		await page.getByRole('button', { name: 'Take them out' }).click();
		expect(await box.inputValue()).toBe(`Gut ${'x'.repeat(194)}`);
		await box.fill('Komm heim');
		await go('#/map');
		await page.reload();
		await go(`#/talk/${emma}`);
		expect(await box.inputValue()).toBe('Komm heim');
		await box.press('Enter');
		await page.locator('.said[data-state="delivered"]', { hasText: 'Komm heim' }).waitFor();
		expect(await box.inputValue()).toBe('');
	});

	test('what is spoken is listened to, sent, and on the watch; also by keyboard, and taken back by Escape', async () => {
		const { page } = maria;
		const from = sim.events.length;
		const mic = page.getByRole('button', { name: 'Record a voice message' });
		await mic.click();
		await recorded(2);
		await picture(page, 'talk-recording');
		const end = page.getByRole('button', { name: 'End the recording' });
		// A machine that is so slow that the time was over meanwhile has ended it by itself.
		if (await end.isVisible()) await end.click();
		const mine = page.getByRole('group', { name: 'Your recording' });
		const play = mine.getByRole('button', { name: 'Play' });
		await play.evaluate((button) => {
			const note = () => (document.body.dataset.labels = `${document.body.dataset.labels ?? ''} ${button.getAttribute('aria-label')}`);
			new MutationObserver(note).observe(button, { attributeFilter: ['aria-label'] });
		});
		await play.click();
		// It plays, and stands still when it has been heard.
		await expect.poll(() => page.evaluate(() => document.body.dataset.labels)).toBe(' Pause Play');
		expect(await axe(page)).toEqual([]);
		await page.getByRole('button', { name: 'Send it' }).click();
		// The watch has it, and it is as long as what was spoken.
		const played = /(\d+) ms/.exec((await sim.happens(0, 'voice', from)).detail ?? '');
		expect(Number(played?.[1])).toBeGreaterThan(1500);
		expect(Number(played?.[1])).toBeLessThanOrEqual(15_000);
		const sent = page.locator('.said[data-kind="voice"][data-state="delivered"]');
		await sent.waitFor();
		// The server made the picture of what it got: the beeps are louder than what is between them.
		const heights = await sent.locator('rect').evaluateAll((all) => all.map((one) => Number(one.getAttribute('height'))));
		expect(heights.length).toBe(48);
		expect(Math.max(...heights)).toBeGreaterThan(4 * (heights.toSorted((a, b) => a - b)[12] ?? 0));

		// Held by a key: it ends when the key is let go, and is too short to be anything but a slip.
		await mic.focus();
		await page.keyboard.down('Space');
		await recorded(1);
		await page.keyboard.up('Space');
		await mine.waitFor();
		await page.getByRole('button', { name: 'Discard' }).click();
		await page.keyboard.press('Enter');
		await page.locator('.recording').waitFor();
		await page.keyboard.press('Escape');
		await page.locator('.recording').waitFor({ state: 'detached' });
		expect(await page.locator('.said[data-kind="voice"]').count()).toBe(1);
	});

	test('what the watch says comes by itself, is played, and is no news then; also in parts', async () => {
		const { page } = maria;
		for (const [way, seconds] of [['', 2], [' parts', 3]] as const) {
			await sim.ask(`voice ${sim.id(0)} ${seconds}${way}`);
			const said = page.locator('.said[data-kind="voice"][data-state="received"]');
			await said.getByText('New', { exact: true }).waitFor();
			await picture(page, 'talk-new');
			expect(await axe(page)).toEqual([]);
			const place = said.getByRole('slider', { name: 'Place in the message' });
			expect(Number(await place.getAttribute('max'))).toBeCloseTo(seconds, 0);
			await place.focus();
			await page.keyboard.press('End');
			expect(await place.getAttribute('aria-valuetext')).toMatch(/^[23](\.\d)? seconds of [23](\.\d)? seconds$/);
			await said.getByRole('button', { name: 'Play' }).click();
			await said.waitFor({ state: 'detached' });
		}
		expect(await page.locator('.said[data-kind="voice"][data-state="heard"]').count()).toBe(2);
	});

	test('without a microphone, or when it is refused, the page says what to do', async () => {
		for (const [name, words] of [
			['NotAllowedError', 'The browser does not let this page use the microphone.'],
			['NotFoundError', 'This device has no microphone.'],
			['NotReadableError', 'The microphone did not start.']
		] as const) {
			await maria.page.evaluate((what) => {
				navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', what));
			}, name);
			await maria.page.getByRole('button', { name: 'Record a voice message' }).click();
			await maria.page.getByText(words).waitFor();
		}
		expect(await axe(maria.page)).toEqual([]);
	});

	test('older ones come when one scrolls to them, and what one reads stays where it is', async () => {
		const { page } = maria;
		for (let n = 1; n <= 34; n++) await server.ask(page, 'POST', `/wearers/${emma}/thread/texts`, { text: `Number ${n}` });
		await page.locator('.said', { hasText: 'Number 34' }).waitFor();
		await page.reload();
		await page.locator('.said', { hasText: 'Number 34' }).waitFor();
		await expect.poll(() => page.locator('.said').count()).toBe(30);
		await page.locator('#content').evaluate((e) => e.scrollTo(0, 0));
		await page.locator('.said', { hasText: 'Komm heim' }).waitFor();
		expect(await page.locator('#content').evaluate((e) => e.scrollTop)).toBeGreaterThan(100);
		await page.getByRole('button', { name: 'More about this message' }).first().click();
		await page.getByText('It goes for everybody in the group.').waitFor();
		await page.getByRole('button', { name: 'Delete', exact: true }).click();
		await page.locator('.said', { hasText: 'Komm heim' }).waitFor({ state: 'detached' });
	});
});

describe('a phone', () => {
	test('is set up by a code with a key that is shown once; its first news is seen, and it ends at once', async () => {
		const { page } = maria;
		await go(`#/care/person/${emma}/ways`);
		await page.getByText('None yet.').waitFor();
		await page.getByRole('button', { name: 'Add a phone or another way' }).click();
		expect(await page.getByRole('radio', { name: /Watch with encryption/ }).isDisabled()).toBe(true);
		await page.getByLabel('What to call it').fill('Phone of <b>Ben</b>');
		await page.getByRole('button', { name: 'Make its key' }).click();
		await page.getByText('Waiting for the first news').waitFor();
		await page.getByRole('img', { name: /^Square code/ }).waitFor();
		expect(await axe(page)).toEqual([]);
		await picture(page, 'ways-made');
		const link = new URL((await page.getByRole('link', { name: /Open in OwnTracks/ }).getAttribute('href')) ?? '');
		const settings = JSON.parse(Buffer.from(link.searchParams.get('inline') ?? '', 'base64').toString()) as {
			url: string;
			username: string;
			password: string;
		};
		const tell = () =>
			page.request.post(server.url + new URL(settings.url).pathname, {
				headers: { authorization: `Basic ${Buffer.from(`${settings.username}:${settings.password}`).toString('base64')}` },
				data: { _type: 'location', lat: 47.9959, lon: 7.8494, acc: 12, tst: Math.floor(Date.now() / 1000), batt: 71 }
			});
		expect((await tell()).status()).toBe(200);
		await page.getByText('It works: the first news has come.').waitFor();
		await page.getByRole('button', { name: 'Done, hide the key' }).click();
		expect(await page.content()).not.toContain(settings.password);
		await page.getByRole('button', { name: /^Remove/ }).click();
		await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
		await page.getByText('None yet.').waitFor();
		expect((await tell()).status()).toBe(404);
	});
});
