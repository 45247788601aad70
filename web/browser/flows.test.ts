// The ways that people go through the app, on the real program with simulated watches.

import { connect } from 'node:net';
import { once } from 'node:events';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { addAuthenticator, addFirstPasskey, bind, codeIn, openBrowser, openPage, PASSWORD, picture, Server, setUp, signIn, Sim, type Watched } from './kit';

let browser: Browser;
beforeAll(async () => {
	browser = await openBrowser();
});
afterAll(() => browser?.close());

/** What a browser says when the network is cut on purpose. */
const CUT = [/ERR_INTERNET_DISCONNECTED|ERR_CONNECTION|ERR_NETWORK|Failed to fetch/];

describe('the first day', () => {
	const server = new Server();
	let sim: Sim;
	let maria: Watched;
	let emma = '';

	beforeAll(async () => {
		await server.start();
		sim = await new Sim(server, 3).start();
		maria = await openPage(browser, server, {}, CUT);
	});
	afterAll(async () => {
		await sim?.stop();
		await server.end();
	});
	afterEach(async (context) => {
		if (context.task.result?.state === 'fail') {
			await picture(maria.page, 'failed');
			console.log(server.lines().slice(-25).join('\n'));
		}
		expect(maria.faults).toEqual([]);
	});

	/** A device with the makers' encryption, which is closed at once. */
	async function knockWithAqsh(): Promise<void> {
		const foreign = connect(server.watchPort, '127.0.0.1');
		await once(foreign, 'connect');
		foreign.write(Buffer.from('\xffAQSH\x01\x02\x03\x04 hello there', 'latin1'));
		await once(foreign, 'close');
	}

	test('without the link the app tells where to find it', async () => {
		await maria.page.goto(server.url);
		await maria.page.getByText('kinward setup-link').waitFor();
	});

	test('the link makes account and group, and leaves the address', async () => {
		const { page } = maria;
		await page.goto(server.setupLink);
		await page.getByLabel('Your name').fill('Maria Roth');
		await page.getByLabel('Login').fill('maria');
		await page.getByLabel('Password').fill('short');
		await page.getByRole('button', { name: 'Create account' }).click();
		await page.getByText('The password needs at least 12 characters.').waitFor();
		await page.getByLabel('Password').fill('passwordpassword');
		await page.getByRole('button', { name: 'Create account' }).click();
		await page.getByText('too easy to guess').waitFor();
		await page.getByLabel('Password').fill(PASSWORD);
		await page.getByRole('button', { name: 'Create account' }).click();
		await page.getByRole('heading', { name: 'Protect your account' }).waitFor();
		expect(page.url()).not.toContain('token');
		await page.getByRole('link', { name: 'Later' }).click();
		await page.getByRole('heading', { name: 'No watch yet' }).waitFor();
	});

	test('the link works once', async () => {
		const other = await openPage(browser, server);
		await other.page.goto(server.setupLink);
		await other.page.getByText('This server is set up already').waitFor();
		expect(other.faults).toEqual([]);
		await other.context.close();
	});

	test('a wrong password is told, the right one signs in', async () => {
		const { page } = maria;
		await page.getByRole('button', { name: 'Account of Maria Roth' }).click();
		await page.getByRole('button', { name: 'Sign out' }).click();
		await page.getByLabel('Login').fill('maria');
		await page.getByLabel('Password').fill('not the password');
		await page.getByRole('button', { name: 'Sign in', exact: true }).click();
		await page.getByText('Login or password is wrong.').waitFor();
		await page.getByLabel('Password').fill(PASSWORD);
		await page.getByRole('button', { name: 'Sign in', exact: true }).click();
		await page.getByRole('heading', { name: 'No watch yet' }).waitFor();
	});

	test('a typing mistake in the number is found before anything is sent', async () => {
		const { page } = maria;
		await page.getByRole('link', { name: 'Add a watch' }).click();
		const imei = await sim.imei(0);
		const wrong = imei.slice(0, 14) + ((Number(imei[14]) + 1) % 10);
		await page.getByLabel('Name of the wearer').fill('Emma');
		await page.getByLabel('Number of the watch').fill(wrong);
		await page.getByText('the check digit of this IMEI does not fit').waitFor();
		await page.getByRole('button', { name: 'Continue' }).click();
		expect(maria.asked.filter((a) => a === 'POST /api/v1/claims')).toEqual([]);
	});

	test('the texts for the watch can be copied and sent, then it is there and shows a code', async () => {
		const { page } = maria;
		await maria.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
		const from = sim.events.length;
		await page.getByLabel('Number of the watch').fill(await sim.imei(0));
		await page.getByLabel('Telephone number of its SIM').fill('+49 170 1234567');
		await page.getByRole('button', { name: 'Continue' }).click();
		await page.getByRole('heading', { name: 'A watch for Emma' }).waitFor();
		const claimId = /watch\/([0-9a-f]{32})/.exec(page.url())?.[1];
		const claim = (await server.ask(page, 'GET', `/claims/${claimId}`)) as { sms: { text: string }[] };
		expect(claim.sms.some((sms) => sms.text.includes('watch.example.org') && sms.text.includes(`${server.watchPort}`))).toBe(true);
		// The simulated watch is pointed here already, so the code comes at once.
		await page.getByText('shows a code of six digits').waitFor();
		const shown = await sim.happens(0, 'message', from);
		const code = codeIn(shown.detail);
		await page.getByLabel('Code on the watch').fill(code === '111111' ? '222222' : '111111');
		await page.getByRole('button', { name: 'That is it' }).click();
		await page.getByText('This code is wrong. 4 tries left.').waitFor();
		await page.getByLabel('Code on the watch').fill(code);
		await page.getByRole('button', { name: 'That is it' }).click();
		await page.getByText('The watch of Emma is yours.').waitFor();
		await page.getByRole('link', { name: 'To the map' }).click();
		await page.getByRole('article', { name: 'Emma' }).waitFor();
		emma = /map\/([0-9a-f]{32})/.exec(page.url())?.[1] ?? '';
		expect(emma).toHaveLength(32);
	});

	test('a watch that has not come is waited for, with texts to copy and to send', async () => {
		const { page } = maria;
		await page.goto(`${server.url}/#/care/watch`);
		await page.getByLabel('Name of the wearer').fill('Nobody');
		await page.getByLabel('Number of the watch').fill('490154203237518');
		await page.getByLabel('Telephone number of its SIM').fill('+49 170 7654321');
		await page.getByRole('button', { name: 'Continue' }).click();
		await page.getByText('Waiting for the watch').waitFor();
		const first = page.getByRole('listitem').filter({ hasText: 'The new address' });
		await first.getByRole('button', { name: 'Copy' }).click();
		await first.getByRole('button', { name: 'Copied' }).waitFor();
		const copied = await page.evaluate(() => navigator.clipboard.readText());
		expect(copied).toContain(`watch.example.org,${server.watchPort}`);
		const sms = await first.getByRole('link', { name: 'Write text' }).getAttribute('href');
		expect(sms).toBe(`sms:+491707654321?body=${encodeURIComponent(copied)}`);
		// Something else comes meanwhile, of a kind that cannot be used here.
		await knockWithAqsh();
		await page.getByText('A device came that speaks a locked protocol.').waitFor();
		await page.getByRole('button', { name: 'Do not add this watch' }).click();
		await page.getByRole('heading', { name: 'People and watches' }).waitFor();
		expect(await page.getByText('Watches being added').count()).toBe(0);
	});

	test('the wearer is on the map with face and age, and the card says the same', async () => {
		const { page } = maria;
		await page.goto(`${server.url}/#/map/${emma}`);
		const mark = page.locator(`.pin[data-wearer="${emma}"]`);
		await mark.waitFor();
		await page.getByRole('article', { name: 'Emma' }).getByText(/Freiburg/).waitFor();
		expect(await mark.textContent()).toMatch(/Emma, just now, GPS|Emma, \d min ago, GPS/);
		await page.getByText(/Connected for/).waitFor();
	});

	test('a new place moves the mark without a reload', async () => {
		const { page } = maria;
		const before = await page.locator('.map').getAttribute('data-idle');
		expect(before).not.toBeNull();
		const shown = () => page.evaluate(() => performance.getEntriesByType('navigation').length);
		const loads = await shown();
		const place = (await server.ask(page, 'GET', `/wearers/${emma}`)) as { fix: { time: string } };
		await expect
			.poll(async () => ((await server.ask(page, 'GET', `/wearers/${emma}`)) as { fix: { time: string } }).fix.time, { timeout: 40_000 })
			.not.toBe(place.fix.time);
		await page.getByRole('article', { name: 'Emma' }).getByText('just now').first().waitFor();
		expect(await shown()).toBe(loads);
	});

	test('locate and ring show their life until the watch has confirmed', async () => {
		const { page } = maria;
		const from = sim.events.length;
		await page.getByRole('button', { name: 'Locate' }).click();
		await page.locator('[data-type="locate"][data-state="confirmed"]').waitFor();
		await sim.down(0, 'CR', from);
		await page.getByRole('button', { name: 'Ring' }).click();
		await page.locator('[data-type="find"][data-state="confirmed"]').waitFor();
		await sim.happens(0, 'ring', from);
	});

	test('a message arrives on the watch as it was written', async () => {
		const { page } = maria;
		const from = sim.events.length;
		await page.getByRole('link', { name: 'Write', exact: true }).click();
		const text = 'Essen ist fertig, komm heim: ñ ü ß';
		await page.getByLabel('Message to Emma').fill(text);
		await page.getByText(`${200 - text.length} characters left`).waitFor();
		await page.getByRole('button', { name: 'Send', exact: true }).click();
		await page.locator('.said[data-state="delivered"]').waitFor();
		const shown = await sim.happens(0, 'message', from);
		expect(shown.detail).toContain(text);
		expect(await page.getByLabel('Message to Emma').inputValue()).toBe('');
	});

	test('too long a message cannot be sent', async () => {
		const { page } = maria;
		await page.getByLabel('Message to Emma').fill('x'.repeat(203));
		await page.getByText('3 characters too long').waitFor();
		expect(await page.getByRole('button', { name: 'Send', exact: true }).isDisabled()).toBe(true);
		await page.getByLabel('Message to Emma').fill('');
	});

	test('markup in a message is only text', async () => {
		const { page } = maria;
		const text = '<img src=x onerror=alert(1)>';
		await page.getByLabel('Message to Emma').fill(text);
		await page.getByRole('button', { name: 'Send', exact: true }).click();
		await page.getByRole('log').getByText(text).waitFor();
		expect(await page.getByRole('log').locator('img').count()).toBe(0);
	});

	test('what is asked of a watch that is away waits, says so, and can be cancelled', { timeout: 150_000 }, async () => {
		const { page } = maria;
		await sim.ask(`hangup ${sim.id(0)}`);
		await sim.ask(`offline ${sim.id(0)}`);
		await page.getByText('The watch of Emma is not connected.').waitFor();
		await page.getByLabel('Message to Emma').fill('Wait for me');
		await page.getByRole('button', { name: 'Send', exact: true }).click();
		const bubble = page.locator('.said', { hasText: 'Wait for me' });
		await bubble.getByText('waits until the watch of Emma connects').waitFor();
		await bubble.getByRole('button', { name: 'Cancel' }).click();
		await page.getByText('Taken back before it was sent').waitFor();
		expect(await bubble.count()).toBe(0);
		await page.getByLabel('Message to Emma').fill('See you soon');
		await page.getByRole('button', { name: 'Send', exact: true }).click();
		await page.locator('.said[data-state="queued"]', { hasText: 'See you soon' }).waitFor();
		await sim.ask(`online ${sim.id(0)}`);
		// A watch tries again after 2, 4, 8 … at most 60 s.
		await page.locator('.said[data-state="delivered"]', { hasText: 'See you soon' }).waitFor({ timeout: 90_000 });
	});

	test('name, colour and picture', async () => {
		const { page } = maria;
		await page.goto(`${server.url}/#/care/person/${emma}`);
		await page.getByLabel('Name of the wearer').fill('Emma <b>Lou</b>');
		await page.getByRole('button', { name: 'Save the name' }).click();
		await page.getByRole('heading', { name: 'Emma <b>Lou</b>', exact: true }).waitFor();
		await page.getByLabel('Name of the wearer').fill('Emma');
		await page.getByRole('button', { name: 'Save the name' }).click();
		await page.getByRole('heading', { name: 'Emma', exact: true }).waitFor();
		await page.getByRole('button', { name: 'Colour 3' }).click();
		await page.locator('[aria-pressed="true"][aria-label="Colour 3"]').waitFor();
		// A large picture, made here: it must be cut and made small before it leaves the browser.
		const large = await page.evaluate(async () => {
			const canvas = document.createElement('canvas');
			[canvas.width, canvas.height] = [1600, 900];
			const context = canvas.getContext('2d');
			if (context) {
				context.fillStyle = '#e8b07a';
				context.fillRect(0, 0, 1600, 900);
				context.fillStyle = '#5b3a1e';
				context.fillRect(600, 100, 400, 200);
			}
			const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
			return [...new Uint8Array((await blob?.arrayBuffer()) ?? new ArrayBuffer(0))];
		});
		const sent = page.waitForRequest((request) => request.method() === 'PUT' && request.url().endsWith('/picture'));
		await page.locator('#picture-file').setInputFiles({ name: 'emma.png', mimeType: 'image/png', buffer: Buffer.from(large) });
		expect((await sent).headers()['content-type']).toBe('image/jpeg');
		const face = page.locator('main .face img');
		await face.waitFor();
		await expect.poll(() => face.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBe(256);
		await page.locator('#picture-file').setInputFiles({ name: 'no.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
		await page.getByText('This file is no picture that can be used').waitFor();
	});

	test('an sos takes the whole screen on every page; who takes it is seen by all', async () => {
		const { page } = maria;
		await page.goto(`${server.url}/#/account/safety`);
		await page.getByRole('heading', { name: 'Where you are signed in' }).waitFor();
		const phone = await openPage(browser, server, { viewport: { width: 390, height: 844 }, hasTouch: true });
		await signIn(phone.page, server);
		await sim.ask(`sos ${sim.id(0)}`);
		for (const where of [page, phone.page]) await where.getByRole('heading', { name: 'SOS: Emma' }).waitFor();
		// The page behind cannot be used meanwhile.
		expect(await page.evaluate(() => document.querySelector('dialog:modal') !== null)).toBe(true);
		const box = await phone.page.locator('dialog:modal').boundingBox();
		expect(box).toMatchObject({ x: 0, y: 0, width: 390, height: 844 });
		expect(await phone.page.title()).toBe('SOS: Emma');
		expect(await phone.page.getByRole('link', { name: 'Call Emma' }).getAttribute('href')).toBe('tel:+491701234567');
		await page.keyboard.press('Escape');
		await page.getByRole('heading', { name: 'SOS: Emma' }).waitFor();
		// Looked at on the map it stays on top, red, until somebody answers.
		await page.getByRole('button', { name: 'Look at the map first' }).click();
		await page.getByRole('button', { name: /SOS: Emma/ }).click();
		await phone.page.getByRole('button', { name: 'I take care of it' }).click();
		for (const where of [page, phone.page]) {
			await where.getByText(/SOS: Emma\. Maria Roth takes care of it since/).waitFor();
			await where.locator('dialog:modal').waitFor({ state: 'detached' });
		}
		await page.getByRole('link', { name: /takes care of it since/ }).click();
		await page.getByRole('button', { name: 'It is over' }).click();
		await page.getByLabel('What happened?').fill('She only tried the button');
		await page.getByRole('button', { name: 'Close the alarm' }).click();
		await phone.page.getByText(/takes care of it since/).waitFor({ state: 'detached' });
		await page.getByRole('button', { name: 'All', exact: true }).click();
		await page.getByText('She only tried the button').waitFor();
		expect(phone.faults).toEqual([]);
		await phone.context.close();
	});

	test('the sound of an alarm: blocked before a touch it says so, after one it sounds', async () => {
		const fresh = await openPage(browser, server);
		await fresh.page.context().addCookies(await maria.context.cookies());
		// The test's own looking counts as a touch for this browser, so its audio is stood in for: silent until a click.
		await fresh.page.addInitScript(() => {
			let touched = false;
			addEventListener('click', () => (touched = true), true);
			const gain = () => ({ setValueAtTime() {}, linearRampToValueAtTime() {} });
			const node = () => ({ frequency: {}, gain: gain(), connect: (to: unknown) => to, start() {}, stop() {} });
			class Audio {
				state = 'suspended';
				currentTime = 0;
				destination = {};
				createGain = node;
				createOscillator() {
					document.documentElement.dataset.tones = `${Number(document.documentElement.dataset.tones ?? 0) + 1}`;
					return node();
				}
				async resume() {
					if (touched) this.state = 'running';
				}
			}
			Object.assign(globalThis, { AudioContext: Audio });
		});
		const tones = () => fresh.page.evaluate(() => Number(document.documentElement.dataset.tones ?? 0));
		await sim.ask(`sos ${sim.id(0)}`);
		await fresh.page.goto(server.url);
		await fresh.page.getByRole('heading', { name: 'SOS: Emma' }).waitFor();
		await fresh.page.getByRole('button', { name: 'Sound is blocked' }).waitFor();
		expect(await tones()).toBe(0);
		await fresh.page.getByRole('button', { name: 'Sound is blocked' }).click();
		await expect.poll(tones).toBeGreaterThan(3);
		await fresh.page.getByRole('button', { name: 'Sound off' }).click();
		await fresh.page.getByRole('button', { name: 'Sound off' }).waitFor({ state: 'detached' });
		const before = await tones();
		await fresh.page.getByText(/told again|just now/).first().waitFor();
		expect(await tones()).toBe(before);
		await fresh.page.getByRole('button', { name: 'I take care of it' }).click();
		await fresh.page.getByText(/takes care of it since/).waitFor();
		// Pressed again, it is the same alarm: everybody sees and hears that.
		const heard = await tones();
		await sim.ask(`sos ${sim.id(0)}`);
		await fresh.page.getByText('Pressed again 1 time.').waitFor();
		await expect.poll(tones).toBe(heard + 3);
		const { alarms } = (await server.ask(fresh.page, 'GET', '/alarms?state=open')) as { alarms: { id: string }[] };
		for (const alarm of alarms) await server.ask(fresh.page, 'POST', `/alarms/${alarm.id}/close`, {});
		await fresh.page.getByText(/takes care of it since/).waitFor({ state: 'detached' });
		expect(fresh.faults).toEqual([]);
		await fresh.context.close();
	});

	test('the day shows the way, point by point, also as a table', async () => {
		const { page } = maria;
		await page.goto(`${server.url}/#/day/${emma}`);
		const slider = page.getByRole('slider', { name: 'Time of the day' });
		await slider.waitFor();
		await page.getByText(/\d+ places, about/).waitFor();
		const last = Number(await slider.inputValue());
		expect(last).toBeGreaterThan(2);
		await slider.focus();
		await page.keyboard.press('Home');
		expect(await slider.inputValue()).toBe('0');
		const spoken = await slider.getAttribute('aria-valuetext');
		expect(spoken).toMatch(/^\d\d:\d\d$/);
		await page.getByText('As a table').click();
		const rows = await page.locator('tbody tr').count();
		expect(rows).toBeGreaterThan(2);
		expect(await page.locator('tbody tr').first().textContent()).toContain(spoken ?? '');
		// It goes on while one looks.
		await page.keyboard.press('End');
		await expect.poll(async () => Number(await slider.getAttribute('max')), { timeout: 40_000 }).toBeGreaterThan(last);
		await page.getByRole('link', { name: 'Day before' }).click();
		await page.getByText('No places of Emma on this day.').waitFor();
		await page.getByRole('link', { name: 'Next day' }).click();
		await page.getByText(/\d+ places, about/).waitFor();
		expect(await page.getByRole('button', { name: 'Next day' }).isDisabled()).toBe(true);
	});

	test('a lost network is told with the age of what is shown; afterwards all goes on', async () => {
		const { page, context } = maria;
		await page.goto(`${server.url}/#/map/${emma}`);
		await page.getByRole('article', { name: 'Emma' }).waitFor();
		await context.setOffline(true);
		await page.getByText(/Off line\. What you see is from:/).waitFor();
		await page.getByRole('button', { name: 'Ring' }).click();
		await page.getByText('No connection to the server. Nothing was changed.').waitFor();
		await context.setOffline(false);
		await page.getByText(/Off line/).waitFor({ state: 'detached' });
		await page.getByRole('button', { name: 'Ring' }).click();
		await page.locator('[data-type="find"][data-state="confirmed"]').waitFor();
	});

	test('a server that starts again is found again, and what happened meanwhile is there', { timeout: 150_000 }, async () => {
		const { page } = maria;
		await server.stop();
		await page.getByText(/Off line/).waitFor();
		await server.start();
		await page.getByText(/Off line/).waitFor({ state: 'detached', timeout: 40_000 });
		await sim.ask(`sos ${sim.id(0)}`);
		await page.getByRole('heading', { name: 'SOS: Emma' }).waitFor({ timeout: 90_000 });
		await page.getByRole('button', { name: 'I take care of it' }).click();
		await page.getByText(/takes care of it since/).waitFor();
	});

	test('a session that was ended elsewhere is told', async () => {
		const { page } = maria;
		const other = await openPage(browser, server);
		await signIn(other.page, server);
		await page.goto(`${server.url}/#/account/safety`);
		const row = page.getByRole('listitem').filter({ has: page.getByRole('button', { name: 'End', exact: true }) });
		await row.first().waitFor();
		for (let left = await row.count(); left > 0; left--) {
			await row.first().getByRole('button', { name: 'End', exact: true }).click();
			await expect.poll(() => row.count()).toBe(left - 1);
		}
		await other.page.getByText('Your session has ended. Please sign in again.').waitFor();
		expect(other.faults).toEqual([]);
		await other.context.close();
	});

	test('the language changes at once and is kept', async () => {
		const { page } = maria;
		await page.goto(`${server.url}/#/account`);
		await page.getByRole('button', { name: 'Deutsch' }).click();
		await page.getByRole('heading', { name: 'Sprache' }).waitFor();
		expect(await page.evaluate(() => document.documentElement.lang)).toBe('de');
		await page.getByText('Gespeichert').waitFor();
		await page.reload();
		await page.getByRole('link', { name: 'Karte' }).waitFor();
		await page.getByRole('button', { name: 'Español' }).click();
		await page.getByRole('heading', { name: 'Idioma' }).waitFor();
		await page.getByText('Guardado').waitFor();
		await page.getByRole('button', { name: 'English' }).click();
		await page.getByRole('heading', { name: 'Language' }).waitFor();
		await page.getByText('Saved').waitFor();
	});

	test('the password can be changed, with the right one', async () => {
		const { page } = maria;
		await page.getByRole('link', { name: 'Safety' }).click();
		await page.getByLabel('Current password').fill('something else');
		await page.getByLabel('New password').fill('another long password 4');
		await page.getByRole('button', { name: 'Change password' }).click();
		await page.getByText('The current password is wrong.').waitFor();
		await page.getByLabel('Current password').fill(PASSWORD);
		await page.getByLabel('New password').fill('another long password 4');
		await page.getByRole('button', { name: 'Change password' }).click();
		await page.getByText('The password is changed.').waitFor();
	});

	test('the operator sees unknown watches and foreign protocols, in plain words', { timeout: 150_000 }, async () => {
		const { page } = maria;
		await knockWithAqsh();
		await page.getByRole('button', { name: 'Account of Maria Roth' }).click();
		await page.getByRole('link', { name: 'This server' }).click();
		await page.getByRole('link', { name: 'Unknown watches and limits' }).click();
		await page.getByRole('heading', { name: 'Watches that nobody has added' }).waitFor();
		// Two simulated watches belong to nobody. Since the server started again they come back by themselves,
		// each after at most 60 s.
		const look = async () => {
			await page.getByRole('button', { name: 'Look again' }).click();
			return {
				foreign: await page.getByText('in its maker’s encryption').count(),
				unknown: await page.getByText(/\d+ messages? ·/).count()
			};
		};
		await expect.poll(look, { timeout: 90_000, interval: 2_000 }).toEqual({ foreign: 1, unknown: 2 });
		expect(await page.locator('main').textContent()).not.toContain(sim.id(1));
	});

	test('a wearer is removed only after the name was typed', async () => {
		const { page } = maria;
		await page.goto(`${server.url}/#/care/person/${emma}`);
		await page.getByRole('button', { name: 'Remove Emma and the watch' }).click();
		const erase = page.getByRole('button', { name: 'Erase everything' });
		expect(await erase.isDisabled()).toBe(true);
		await page.getByLabel('Type “Emma” to confirm').fill('emma');
		await erase.click();
		// A password alone is not enough for this.
		await page.getByRole('button', { name: 'Go to Safety' }).click();
		await addAuthenticator(page);
		await addFirstPasskey(page, 'another long password 4');
		await page.getByText('Your account is protected by more than a password.').waitFor();
		await page.goto(`${server.url}/#/care/person/${emma}`);
		await page.getByRole('button', { name: 'Remove Emma and the watch' }).click();
		await page.getByLabel('Type “Emma” to confirm').fill('emma');
		await erase.click();
		await page.getByRole('heading', { name: 'No watch yet' }).waitFor();
		await page.getByText(/takes care of it since/).waitFor({ state: 'detached' });
	});

	test('a simulated watch can be tried with one button', async () => {
		const { page } = maria;
		await page.goto(`${server.url}/#/map`);
		await page.getByRole('button', { name: 'Try it with a simulated watch' }).click();
		await page.getByText('simulated').waitFor();
		await page.locator('.pin').waitFor();
	});

	test('nothing is asked for again and again', () => {
		const counts = new Map<string, number>();
		for (const request of maria.asked) {
			const kind = request.replace(/[0-9a-f]{32}/g, '*');
			counts.set(kind, (counts.get(kind) ?? 0) + 1);
		}
		// The longest of all ways through the app, with a dozen loads of the page.
		for (const [kind, count] of counts) expect(count, kind).toBeLessThan(60);
	});
});

describe('a watch without text', () => {
	const server = new Server();
	let sim: Sim;
	let own: Watched;
	beforeAll(async () => {
		await server.start();
		sim = await new Sim(server, 1).start();
		own = await openPage(browser, server, { viewport: { width: 390, height: 844 }, hasTouch: true });
	});
	afterAll(async () => {
		await sim?.stop();
		await server.end();
	});

	test('is bound by its sos button, and that is no alarm', async () => {
		const { page } = own;
		await setUp(page, server);
		await page.getByRole('link', { name: 'Add a watch' }).click();
		await page.getByLabel('Name of the wearer').fill('Opa Heinz');
		await page.getByLabel('Number of the watch').fill(await sim.imei(0));
		await page.getByLabel('I press SOS on the watch').check();
		await page.getByRole('button', { name: 'Continue' }).click();
		await page.getByText('Now press its SOS button').waitFor();
		await sim.ask(`sos ${sim.id(0)}`);
		await page.getByText('The watch of Opa Heinz is yours.').waitFor();
		expect(await page.locator('dialog:modal').count()).toBe(0);
		expect(own.faults).toEqual([]);
	});
});

describe('a browser without WebGL', () => {
	const server = new Server();
	let sim: Sim;
	let plain: Browser;
	beforeAll(async () => {
		await server.start();
		sim = await new Sim(server, 2).start();
		plain = await openBrowser('--disable-gpu', '--disable-3d-apis', '--disable-webgl', '--disable-webgl2');
	});
	afterAll(async () => {
		await plain?.close();
		await sim?.stop();
		await server.end();
	});

	test('shows a sketch and a list that say the same', async () => {
		const own = await openPage(plain, server);
		await setUp(own.page, server);
		const emma = await bind(own.page, server, sim, 0, 'Emma');
		await bind(own.page, server, sim, 1, 'Opa Heinz');
		await own.page.getByText('This browser cannot draw the map').waitFor();
		await own.page.getByRole('button', { name: /^Emma, .*GPS/ }).click();
		await own.page.waitForURL((url) => url.hash === `#/map/${emma}`);
		await own.page.getByRole('img', { name: 'Sketch of where everybody is' }).waitFor();
		expect(own.faults).toEqual([]);
		await own.context.close();
	});
});
