// People of a group, on the real program: inviting, roles, agreement of a second person, limits in time, leaving.

import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { addAuthenticator, addFirstPasskey, axe, bind, openBrowser, openPage, PASSWORD, picture, Server, Sim, type Watched } from './kit';

let browser: Browser;
const server = new Server();
let sim: Sim;
let maria: Watched;
let ben: Watched;
let rosa: Watched;
let group = '';
let oma = '';
let link = '';

beforeAll(async () => {
	browser = await openBrowser();
	await server.start();
	sim = await new Sim(server, 1).start();
	maria = await openPage(browser, server);
	ben = await openPage(browser, server);
	rosa = await openPage(browser, server, { viewport: { width: 390, height: 844 }, hasTouch: true });
	await addAuthenticator(maria.page);
	await addAuthenticator(ben.page);
});
afterAll(async () => {
	await browser?.close();
	await sim?.stop();
	await server.end();
});
afterEach(async (context) => {
	if (context.task.result?.state === 'fail') {
		for (const [name, who] of Object.entries({ maria, ben, rosa })) await picture(who.page, `failed-people-${name}`);
		console.log(server.lines().slice(-15).join('\n'));
	}
	expect([...maria.faults, ...ben.faults, ...rosa.faults]).toEqual([]);
});

async function addPasskey(page: Page): Promise<void> {
	await addFirstPasskey(page);
	await page.getByText('Your account is protected by more than a password.').waitFor();
}

async function go(page: Page, hash: string): Promise<void> {
	await page.evaluate((to) => (location.hash = to), hash);
}

/** Opens an invitation as somebody new. */
async function accept(page: Page, to: string, name: string, login: string): Promise<void> {
	if (page.url() === to) await page.getByRole('button', { name: 'Try again' }).click();
	else await page.goto(to);
	await page.getByRole('button', { name: 'I am new here' }).click();
	await page.getByLabel('Your name').fill(name);
	await page.getByLabel('Login').fill(login);
	await page.getByLabel('Password').fill(PASSWORD);
	await page.getByRole('button', { name: 'Create account and join' }).click();
	await page.getByRole('heading', { name: 'Protect your account' }).waitFor();
	expect(page.url()).not.toContain('token');
}

async function invite(page: Page, role: string): Promise<string> {
	await go(page, `#/care/group/${group}/invite`);
	await page.getByLabel(role, { exact: false }).first().check();
	await page.getByRole('button', { name: 'Make the link' }).click();
	await page.getByRole('img', { name: 'Square code of the invitation' }).waitFor();
	return (await page.locator('.copy .code').textContent()) ?? '';
}

describe('a group', () => {
	test('a password alone cannot invite anybody; the app says why and leads to the remedy', async () => {
		const { page } = maria;
		await page.goto(server.setupLink);
		await page.getByLabel('Your name').fill('Maria Roth');
		await page.getByLabel('Login').fill('maria');
		await page.getByLabel('Password').fill(PASSWORD);
		await page.getByRole('button', { name: 'Create account' }).click();
		await page.getByRole('link', { name: 'Later' }).click();
		await page.getByRole('heading', { name: 'No watch yet' }).waitFor();
		group = ((await server.ask(page, 'GET', '/session')) as { groups: { id: string }[] }).groups[0]?.id ?? '';
		await page.getByRole('link', { name: 'Care' }).click();
		await page.getByRole('link', { name: /^Family/ }).click();
		await page.getByRole('link', { name: 'Invite somebody' }).click();
		await page.getByRole('button', { name: 'Make the link' }).click();
		await page.getByRole('heading', { name: 'First protect your account' }).waitFor();
		await page.getByRole('button', { name: 'Go to Safety' }).click();
		await addPasskey(page);
	});

	test('the first other person comes by a link that works once', async () => {
		link = await invite(maria.page, 'Admin');
		expect(link).toContain(`${server.url}/#/invitation?token=`);
		await accept(ben.page, link, 'Ben <i>Roth</i>', 'ben');
		await addPasskey(ben.page);
		await go(maria.page, `#/care/group/${group}`);
		await maria.page.getByRole('link', { name: /Ben <i>Roth<\/i>/ }).waitFor();
		await rosa.page.goto(link);
		await rosa.page.getByText('Perhaps the link was used already').waitFor();
	});

	test('what a second admin must agree to waits; the other one is told, agrees, and it is done', async () => {
		link = await invite(maria.page, 'Carer');
		await maria.page.getByText('It works only after an admin has agreed').waitFor();
		// It does not work before.
		await rosa.page.goto(link);
		await rosa.page.getByText('Perhaps the link was used already').waitFor();
		await ben.page.getByRole('link', { name: /new notice/ }).waitFor();
		await picture(ben.page, 'people-bell');
		await go(ben.page, `#/care/group/${group}`);
		await ben.page.getByText('Maria Roth wants to invite somebody (role: Carer)').waitFor();
		await picture(ben.page, 'people-approval');
		expect(await axe(ben.page)).toEqual([]);
		await ben.page.getByRole('button', { name: 'Agree' }).click();
		await ben.page.getByText('Agreed: it is done').waitFor();
		await accept(rosa.page, link, 'Rosa Nacht', 'rosa');
		await rosa.page.getByRole('link', { name: 'Later' }).click();
	});

	test('everybody sees who can see somebody, and who may do what', async () => {
		oma = await bind(maria.page, server, sim, 0, 'Oma');
		await go(maria.page, `#/care/person/${oma}`);
		await maria.page.getByRole('heading', { name: 'Who can see Oma?' }).waitFor();
		const watchers = maria.page.getByRole('region', { name: 'Who can see Oma?' });
		for (const name of ['Maria Roth', 'Ben <i>Roth</i>', 'Rosa Nacht']) await watchers.getByText(name).waitFor();
		expect(await watchers.getByText('sees the place now').count()).toBe(3);
		// The carer sees less of the page, and reads why.
		await go(rosa.page, `#/care/person/${oma}`);
		const missing = rosa.page.getByRole('region', { name: 'What you may not do for Oma' });
		await missing.getByText('See where they were').waitFor();
		expect(await rosa.page.getByRole('button', { name: 'Remove Oma and the watch' }).count()).toBe(0);
		expect(await rosa.page.getByRole('button', { name: 'Switch off' }).count()).toBe(0);
		expect(await missing.getByText('See where they are now').count()).toBe(0);
		await picture(rosa.page, 'people-carer');
		expect(await axe(rosa.page)).toEqual([]);
	});

	test('a shift: outside it the carer does not see the place', async () => {
		const { page } = maria;
		await go(page, `#/care/group/${group}`);
		await page.getByRole('link', { name: /Rosa Nacht/ }).click();
		await page.getByText('Shift and quiet times').click();
		await page.getByRole('button', { name: 'Add times' }).click();
		// One minute in the night: whenever this test runs, it is another time.
		await page.getByLabel('From', { exact: true }).fill('03:00');
		await page.getByLabel('To', { exact: true }).fill('03:01');
		await page.getByRole('button', { name: 'Add', exact: true }).click();
		await page.getByText(/Only Mon–Fri, 03:00–03:01/).first().waitFor();
		await page.getByRole('button', { name: 'Save the changes' }).click();
		// Less than before needs nobody's agreement.
		await page.getByText('Saved', { exact: true }).first().waitFor();
		await go(page, `#/care/group/${group}`);
		await page.getByText('Only Mon–Fri, 03:00–03:01').waitFor();
		await go(rosa.page, '#/map');
		await rosa.page.getByText('You may not see the place now.').waitFor();
		await go(page, `#/care/person/${oma}`);
		await page.getByRole('region', { name: 'Who can see Oma?' }).getByText('not at this time').waitFor();
	});

	test('more rights than before wait again; an objection ends it', async () => {
		const { page } = maria;
		// News of the group that come meanwhile load the form anew: then it is filled once more.
		const ask = async (): Promise<boolean> => {
			await go(page, `#/care/group/${group}`);
			await page.getByRole('link', { name: /Rosa Nacht/ }).click();
			await page.getByRole('radio', { name: /Guardian/ }).check();
			await page.getByRole('button', { name: 'Save the changes' }).click();
			return page.getByText('Not done yet').waitFor({ timeout: 20_000 }).then(() => true, () => false);
		};
		expect((await ask()) || (await ask())).toBe(true);
		await go(ben.page, `#/care/group/${group}`);
		await ben.page.getByText('Maria Roth wants to change what Rosa Nacht may do (role: Guardian)').waitFor();
		await ben.page.getByRole('button', { name: 'Object' }).click();
		await ben.page.getByText('It will not happen').waitFor();
		expect(await ben.page.getByRole('heading', { name: 'Waiting for agreement' }).count()).toBe(0);
	});

	test('one’s own request can be withdrawn', async () => {
		const { page } = ben;
		await go(page, `#/care/group/${group}`);
		await page.getByLabel('Waiting time').selectOption('1');
		await page.getByRole('button', { name: 'Withdraw' }).click();
		await page.getByText('Withdrawn').first().waitFor();
	});

	test('several groups: a second one, with its own people', async () => {
		const { page } = ben;
		await go(page, '#/care');
		await page.getByRole('link', { name: 'New group' }).click();
		await page.getByLabel('Name of the group').fill('Station <b>3</b>');
		await page.getByRole('button', { name: 'Make the group' }).click();
		await page.getByRole('heading', { name: 'Station <b>3</b>' }).waitFor();
		const second = /group\/([0-9a-f]{32})/.exec(page.url())?.[1] ?? '';
		await go(page, `#/care/group/${second}/invite`);
		await page.getByRole('button', { name: 'Make the link' }).click();
		const to = (await page.locator('.copy .code').textContent()) ?? '';
		// Somebody who has an account joins with it.
		await maria.page.goto(to);
		await maria.page.getByRole('button', { name: 'Join as Maria Roth' }).click();
		await maria.page.getByText('You are now in “Station <b>3</b>”').waitFor();
		await go(maria.page, '#/care');
		await maria.page.getByRole('link', { name: /Station <b>3<\/b>/ }).click();
		await maria.page.getByText('Your role: Carer').waitFor();
		await maria.page.getByRole('button', { name: 'Leave the group' }).click();
		await maria.page.getByRole('dialog').getByRole('button', { name: 'Leave the group' }).click();
		await maria.page.getByText('You have left the group').waitFor();
		await maria.page.getByRole('link', { name: 'New group' }).waitFor();
		expect(await maria.page.getByRole('link', { name: /Station <b>3<\/b>/ }).count()).toBe(0);
	});

	test('the news tell what was done, by whom; looking at them marks them read', async () => {
		const { page } = ben;
		await page.getByRole('link', { name: /new notice/ }).click();
		await page.getByText('Maria Roth: invited somebody').first().waitFor();
		await picture(page, 'people-notices');
		expect(await axe(page)).toEqual([]);
		await page.getByRole('link', { name: 'News' }).waitFor();
	});

	test('whoever is removed sees nothing more, at once', async () => {
		const { page } = maria;
		await go(rosa.page, `#/care/person/${oma}`);
		await rosa.page.getByRole('heading', { name: 'Oma', exact: true }).waitFor();
		await go(page, `#/care/group/${group}`);
		await page.getByRole('link', { name: /Rosa Nacht/ }).click();
		await page.getByRole('button', { name: 'Remove Rosa Nacht' }).click();
		await page.getByRole('dialog').getByRole('button', { name: 'Remove Rosa Nacht' }).click();
		await page.getByText('Removed from the group').first().waitFor();
		await rosa.page.getByRole('heading', { name: 'Oma', exact: true }).waitFor({ state: 'detached' });
		await go(rosa.page, '#/care');
		await expect.poll(() => rosa.page.getByRole('link', { name: /^Family/ }).count()).toBe(0);
	});
});
