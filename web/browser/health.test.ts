// Health, days, battery and calls on the real program: nothing is kept before somebody allows it; afterwards the
// page shows by itself what the watch says, as a chart and as a table.

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { axe, bind, openBrowser, openPage, picture, Server, setUp, Sim, type Watched } from './kit';

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
		await picture(maria.page, 'failed-health');
		console.log(server.lines().slice(-15).join('\n'));
	}
	expect(maria.faults).toEqual([]);
});

const go = (hash: string) => maria.page.evaluate((to) => (location.hash = to), hash);
const say = (content: string) => sim.ask(`say ${sim.id()} ${content}`);

test('health values are thrown away until somebody allows them; then they come by themselves', async () => {
	const { page } = maria;
	await say('heart,151');
	await go(`#/day/${oma}/health`);
	await page.getByText('What the watch measures is thrown away').waitFor();
	await page.getByLabel(/Keep health values of Oma/).click();
	await expect.poll(() => page.getByLabel(/Keep health values of Oma/).isChecked()).toBe(true);
	await page.getByText('Nothing has been measured for Oma in this time.').waitFor();
	await say('heart,72');
	await page.locator('.tile').getByText('72 a minute').waitFor();
	for (const content of ['heart,0', 'heart,75', 'BLOOD,121,79', 'oxygen,0,97.5', 'btemp2,1,36.61']) await say(content);
	for (const text of ['121 / 79', '97.5%', '36.6 °C']) await page.locator('.tile').getByText(text).waitFor();
	await page.getByText('1 try did not work').waitFor();
	await page.locator('figure canvas').first().waitFor();
	const pulse = page.getByRole('region', { name: 'Pulse', exact: true });
	await pulse.getByText('As a table').click();
	expect(await pulse.locator('tbody td:first-of-type').allTextContents()).toEqual(['75 a minute', 'not measured', '72 a minute']);
	// Measured when somebody asks: the watch takes its time, the page shows it by itself.
	const from = sim.events.length;
	await page.getByRole('button', { name: 'Measure the pulse' }).click();
	expect((await sim.down(0, 'hrtstart', from)).frame).toContain('hrtstart,1]');
	await page.locator('[data-type="measure_heart"][data-state="confirmed"]').waitFor();
	await pulse.getByText('asked for by Maria Roth').waitFor();
	await picture(page, 'health');
	expect(await axe(page)).toEqual([]);
});

test('the day says what happened, the battery how long it lasts, the call log who called', async () => {
	const { page } = maria;
	await sim.ask(`fall ${sim.id()}`);
	await page.getByRole('button', { name: 'I take care of it' }).click();
	await page.getByRole('link', { name: 'Day', exact: true }).first().click();
	await page.locator('.facts .bad').getByText('Falls').waitFor();
	expect(await axe(page)).toEqual([]);
	await page.getByRole('link', { name: 'Battery' }).click();
	await page.getByRole('heading', { name: 'Battery of Oma' }).waitFor();
	await page.locator('.level').getByText('%').waitFor();
	expect(await axe(page)).toEqual([]);
	await say(`calllog,+49170555,004D0061006D0061,1,1,${Math.floor(Date.now() / 1000) - 600},75`);
	await go(`#/day/${oma}/calls`);
	await page.getByText('Mama').waitFor();
	await page.getByText('Not in the phone book').waitFor();
	await page.getByText('called and was answered').waitFor();
	expect(await axe(page)).toEqual([]);
});
