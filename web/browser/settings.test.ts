// What a watch can be set to, on the real program: from the form to the words that the watch hears, and back to the
// page when it has said yes. Mistakes are told before anything is sent; what is dangerous asks first.

import type { Browser, Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { addAuthenticator, addFirstPasskey, axe, bind, openBrowser, openPage, picture, Server, setUp, Sim, type Watched } from './kit';

let browser: Browser;
const server = new Server();
let sim: Sim;
let maria: Watched;
let emma = '';

beforeAll(async () => {
	browser = await openBrowser();
	await server.start();
	sim = await new Sim(server, 1).start();
	maria = await openPage(browser, server, { viewport: { width: 390, height: 844 }, hasTouch: true });
	await addAuthenticator(maria.page);
	await setUp(maria.page, server);
	emma = await bind(maria.page, server, sim, 0, 'Emma', { sim_number: '+491701234567' });
	await maria.page.evaluate(() => (location.hash = '#/account/safety'));
	await addFirstPasskey(maria.page);
	await maria.page.evaluate((to) => (location.hash = to), `#/care/person/${emma}/watch`);
});
afterAll(async () => {
	await browser?.close();
	await sim?.stop();
	await server.end();
});
afterEach(async (context) => {
	if (context.task.result?.state === 'fail') {
		await picture(maria.page, 'failed-settings');
		console.log(server.lines().slice(-15).join('\n'));
	}
	expect(maria.faults).toEqual([]);
});

/** A setting, opened. */
async function open(name: string): Promise<Locator> {
	const row = maria.page.locator(`[data-setting="${name}"]`);
	await row.waitFor();
	if (!(await row.evaluate((e: HTMLDetailsElement) => e.open))) await row.locator('summary').first().click();
	return row;
}

/** Saves a form and gives what the watch was told; the watch answers, and the page shows that it has it. */
async function told(row: Locator, keyword: string, press: () => Promise<void>): Promise<string> {
	const from = sim.events.length;
	await press();
	const { frame } = await sim.down(0, keyword, from);
	await expect.poll(() => row.getAttribute('data-state')).toBe('confirmed');
	return /\*([^*]*)\]$/.exec(frame ?? '')?.[1] ?? '';
}
const save = (row: Locator) => () => row.getByRole('button', { name: 'Save and send' }).click();

test('quiet times: mistakes are told at their place, then the watch has the whole list', async () => {
	const row = await open('quiet_times');
	await row.getByRole('button', { name: 'Add a time' }).click();
	const first = row.getByRole('group', { name: 'Time 1', exact: true });
	for (const day of ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday']) await first.getByRole('button', { name: day }).click();
	await save(row)();
	await first.getByText('Choose at least one day.').waitFor();
	for (const day of ['Monday', 'Saturday']) await first.getByRole('button', { name: day }).click();
	await first.getByLabel('From').fill('21:30');
	await first.getByLabel('To').fill('06:15');
	await first.getByText('Until the next morning.').waitFor();
	expect(await told(row, 'SILENCETIME2', save(row))).toBe('SILENCETIME2,21:30-06:15-0100001');
	await row.locator('summary').getByText('Mon, Sat, 21:30–06:15').waitFor();
	await row.locator('summary').getByText('The watch has it').waitFor();
	await picture(maria.page, 'settings-quiet');
	expect(await axe(maria.page)).toEqual([]);
});

test('alarm clocks, the timetable, and a plain choice', async () => {
	const alarms = await open('alarm_clocks');
	await alarms.getByRole('button', { name: 'Add an alarm clock' }).click();
	await alarms.getByLabel('At', { exact: true }).fill('07:05');
	await alarms.getByLabel('How often').selectOption('every day');
	expect(await told(alarms, 'REMIND', save(alarms))).toBe('REMIND,07:05-1-2');

	const table = await open('timetable');
	await table.getByRole('button', { name: 'Add an hour' }).click();
	await table.getByRole('button', { name: 'Tuesday' }).click();
	await table.getByLabel('Hour 1, 08:00').fill('Sport');
	expect(await told(table, 'SCHEDULE', save(table))).toMatch(/^SCHEDULE,08000845/);
	await table.locator('summary').getByText('1 lesson').waitFor();

	const sound = await open('sound_profile');
	await sound.getByLabel('Profile').selectOption('Vibrate only');
	expect(await told(sound, 'profile', save(sound))).toBe('profile,3');
});

test('what takes the watch away asks first, and nothing is sent before', async () => {
	const { page } = maria;
	const row = await open('power_times');
	await row.getByLabel('The watch switches itself off and on').check();
	await row.getByLabel('Off at').fill('22:00');
	await row.getByLabel('On at').fill('06:30');
	const from = sim.events.length;
	await save(row)();
	await page.getByText('SOS does not work').last().waitFor();
	await picture(page, 'settings-danger');
	await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
	expect(sim.events.slice(from).some((e) => e.dir === 'down' && /BOOTOFF/.test(e.frame ?? ''))).toBe(false);
	await save(row)();
	const sure = () => page.getByRole('button', { name: 'Yes, I know what it means' }).click();
	expect(await told(row, 'BOOTOFF', sure)).toBe('BOOTOFF,1,06:30,22:00,1111111');
	await row.getByRole('button', { name: 'Leave it as the watch has it' }).click();
	await expect.poll(() => row.getAttribute('data-state')).toBe('none');
});

test('what this watch has not says why, and can be tried all the same', async () => {
	const { page } = maria;
	await page.getByText('All that this watch can do').click();
	await page.getByLabel('What you say: Dial pad').selectOption('It cannot');
	await page.locator('[data-setting="dial_pad"]').waitFor({ state: 'detached' });
	const group = page.getByRole('region', { name: 'Calls', exact: true });
	await group.getByText(/not on this watch/).click();
	await page.locator('[data-missing="dial_pad"]').getByText('Somebody of the group said that it is not there.').waitFor();
	await group.getByRole('button', { name: 'Try it all the same: Dial pad' }).click();
	await page.locator('[data-setting="dial_pad"]').waitFor();
});

test('acts end in a known state; without the internet they can go by text message or be taken back', async () => {
	const { page } = maria;
	const from = sim.events.length;
	await page.getByLabel('Hearts for Emma').selectOption('3 hearts');
	await page.getByRole('button', { name: 'Send', exact: true }).click();
	expect((await sim.down(0, 'FLOWER', from)).frame).toContain('FLOWER,3]');
	await page.locator('[data-type="reward"][data-state="confirmed"]').waitFor();
	// Hung up first: a watch that only falls silent is thought connected for a while.
	await sim.ask(`hangup ${sim.id()}`);
	await sim.ask(`offline ${sim.id()}`);
	await page.getByText('What you change here waits').waitFor();
	await page.getByRole('button', { name: 'Ask how it is set' }).click();
	await page.locator('[data-type="refresh"][data-state="queued"]').waitFor();
	await page.getByRole('link', { name: 'All that was asked of it' }).click();
	const waiting = page.getByRole('region', { name: 'Under way' });
	await waiting.getByText('by Maria Roth').waitFor();
	await picture(page, 'settings-asked');
	expect(await axe(page)).toEqual([]);
	await waiting.getByRole('button', { name: 'Cancel' }).first().click();
	await page.getByRole('region', { name: 'Ended' }).locator('[data-type="refresh"][data-state="cancelled"]').waitFor();
});
