// How an account is protected, on the real program: passkeys by a virtual authenticator, codes as an app makes
// them, fresh proofs, sessions, and the way back in.

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { addAuthenticator, addFirstPasskey, axe, keepCodes, openBrowser, openPage, PASSWORD, picture, Server, signIn, totp, type Watched } from './kit';

let browser: Browser;
const server = new Server();
let maria: Watched;
let other: Watched;
let key = '';
let codes: string[] = [];

beforeAll(async () => {
	browser = await openBrowser();
	await server.start();
	maria = await openPage(browser, server);
	await addAuthenticator(maria.page);
});
afterAll(async () => {
	await browser?.close();
	await server.end();
});
afterEach(async (context) => {
	if (context.task.result?.state === 'fail') {
		await picture(maria.page, 'failed-safety');
		console.log(server.lines().slice(-15).join('\n'));
	}
	expect(maria.faults).toEqual([]);
});

async function signOut(): Promise<void> {
	await maria.page.getByRole('button', { name: /^Account of/ }).click();
	await maria.page.getByRole('button', { name: 'Sign out' }).click();
	await maria.page.getByRole('heading', { name: 'Sign in' }).waitFor();
}

/** A code counts once, and so do those before it; the one of the next half minute is taken already. */
let lastStep = 0;
async function freshCode(): Promise<string> {
	const step = (): number => Math.floor(Date.now() / 30_000);
	const next = Math.max(step(), lastStep + 1);
	await expect.poll(step, { timeout: 60_000, interval: 500 }).toBeGreaterThanOrEqual(next - 1);
	lastStep = next;
	return totp(key, next * 30_000);
}

describe('protecting an account', () => {
	test('after set-up the app asks for a passkey; with the password it is made', async () => {
		const { page } = maria;
		await page.goto(server.setupLink);
		await page.getByLabel('Your name').fill('Maria Roth');
		await page.getByLabel('Login').fill('maria');
		await page.getByLabel('Password').fill(PASSWORD);
		await page.getByRole('button', { name: 'Create account' }).click();
		await page.getByRole('heading', { name: 'Protect your account' }).waitFor();
		// Another device, signed in before there was anything but a password.
		other = await openPage(browser, server);
		await signIn(other.page, server);
		await page.getByRole('button', { name: 'Add a passkey' }).click();
		await page.getByLabel('What to call it').fill('Maria’s <i>phone</i>');
		await page.getByLabel('Current password').fill('not the password');
		await page.getByRole('button', { name: 'Go on' }).click();
		await page.getByText('The current password is wrong.').waitFor();
		await page.getByLabel('Current password').fill(PASSWORD);
		await page.getByRole('button', { name: 'Go on' }).click();
		// Without codes a lost device would lock its owner out: they come with the first passkey.
		codes = await keepCodes(page);
		expect(new Set(codes).size).toBe(10);
		await page.getByText('Maria’s <i>phone</i>').waitFor();
		await page.getByText('Your account is protected by more than a password.').waitFor();
		await page.getByRole('link', { name: 'Done' }).click();
		await page.getByRole('heading', { name: 'No watch yet' }).waitFor();
	});

	test('the password alone does not sign in any more; a recovery code beside it does', async () => {
		const { page } = maria;
		await signOut();
		await page.getByLabel('Login').fill('maria');
		await page.getByLabel('Password').fill(PASSWORD);
		await page.getByRole('button', { name: 'Sign in', exact: true }).click();
		await page.getByText('This account is protected by a passkey.').waitFor();
		await picture(page, 'safety-passkey-needed');
		expect(await axe(page)).toEqual([]);
		await page.getByLabel('Recovery code').fill(codes[0] ?? '');
		await page.getByRole('button', { name: 'Sign in', exact: true }).click();
		await page.getByRole('heading', { name: 'No watch yet' }).waitFor();
	});

	test('the passkey signs in, without a login', async () => {
		const { page } = maria;
		await signOut();
		await page.getByRole('button', { name: 'Use my passkey' }).click();
		await page.getByRole('heading', { name: 'No watch yet' }).waitFor();
	});

	test('an authenticator app: the square code holds the key, the right code turns it on, recovery codes are shown once', async () => {
		const { page } = maria;
		await maria.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
		await page.goto(`${server.url}/#/account/safety`);
		await page.getByRole('button', { name: 'Set up an authenticator app' }).click();
		await page.getByRole('img', { name: 'Square code for the authenticator app' }).waitFor();
		await picture(page, 'safety-qr');
		await page.getByRole('button', { name: 'Copy' }).click();
		await page.getByRole('button', { name: 'Copied' }).waitFor();
		key = await page.evaluate(() => navigator.clipboard.readText());
		const right = totp(key);
		await page.getByLabel('Code that the app shows').fill(right === '000000' ? '111111' : '000000');
		await page.getByRole('button', { name: 'Turn it on' }).click();
		await page.getByText('This code is wrong or too old.').waitFor();
		await page.getByLabel('Code that the app shows').fill(totp(key));
		lastStep = Math.floor(Date.now() / 30_000);
		await page.getByRole('button', { name: 'Turn it on' }).click();
		await page.getByRole('heading', { name: 'Keep these codes' }).waitFor();
		await picture(page, 'safety-codes');
		await page.getByRole('button', { name: 'Copy' }).click();
		await page.getByRole('button', { name: 'Copied' }).waitFor();
		codes = (await page.evaluate(() => navigator.clipboard.readText())).split('\n');
		expect(new Set(codes).size).toBe(10);
		expect(await page.getByRole('button', { name: 'Done' }).isDisabled()).toBe(true);
		await page.getByLabel('I have kept them safe').check();
		await page.getByRole('button', { name: 'Done' }).click();
		await page.getByText('10 codes left.').waitFor();
	});

	test('with the password a code is asked for; a wrong one is told, a recovery code counts once', async () => {
		const { page } = maria;
		const enter = async () => {
			await page.getByLabel('Login').fill('maria');
			await page.getByLabel('Password').fill(PASSWORD);
			await page.getByRole('button', { name: 'Sign in', exact: true }).click();
			await page.getByLabel('Code from your authenticator app').waitFor();
		};
		const send = async (code: string) => {
			await page.getByLabel('Code from your authenticator app').fill(code);
			await page.getByRole('button', { name: 'Sign in', exact: true }).click();
		};
		await signOut();
		await enter();
		await send('aaaa-bbbb-cccc');
		await page.getByText('This code is wrong or too old.').waitFor();
		await send(codes[0] ?? '');
		await page.getByRole('button', { name: 'Account of Maria Roth' }).waitFor();
		await signOut();
		await enter();
		await send(codes[0] ?? '');
		await page.getByText('This code is wrong or too old.').waitFor();
		await send(await freshCode());
		await page.getByRole('button', { name: 'Account of Maria Roth' }).waitFor();
	});

	test('what is critical wants a fresh proof: given up nothing changes, proven it goes on by itself', async () => {
		const { page } = other;
		await page.goto(`${server.url}/#/account/safety`);
		await page.getByRole('button', { name: 'Make new codes' }).click();
		await page.getByRole('heading', { name: 'Is it you?' }).waitFor();
		await picture(page, 'safety-proof');
		await page.keyboard.press('Escape');
		await page.getByText('It was not confirmed that it is you. Nothing was changed.').waitFor();
		await page.getByText('9 codes left.').waitFor();
		await page.getByRole('button', { name: 'Make new codes' }).click();
		await page.getByLabel('Code from your authenticator app').fill('aaaa-bbbb-cccc');
		await page.getByRole('button', { name: 'Confirm', exact: true }).click();
		await page.getByText('This code is wrong or too old.').waitFor();
		await page.getByLabel('Code from your authenticator app').fill(await freshCode());
		await page.getByRole('button', { name: 'Confirm', exact: true }).click();
		await page.getByRole('heading', { name: 'Keep these codes' }).waitFor();
		await page.getByLabel('I have kept them safe').check();
		await page.getByRole('button', { name: 'Done' }).click();
		await page.getByText('10 codes left.').waitFor();
		// It holds for some minutes: not asked again.
		await page.getByRole('button', { name: 'Make new codes' }).click();
		await page.getByRole('heading', { name: 'Keep these codes' }).waitFor();
		expect(other.faults).toEqual([]);
	});

	test('a second passkey and its removal need no password', async () => {
		const { page } = maria;
		await page.goto(`${server.url}/#/account/safety`);
		await page.getByRole('button', { name: 'Add a passkey' }).click();
		expect(await page.getByRole('dialog').getByLabel('Current password').count()).toBe(0);
		await page.getByRole('button', { name: 'Go on' }).click();
		// This device has one already, and says so instead of making a second.
		await page.getByText('This device has a passkey for you already.').waitFor();
		await page.keyboard.press('Escape');
		await page.getByRole('button', { name: 'Remove Maria’s <i>phone</i>' }).click();
		await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
		await page.getByText('The passkey is gone').waitFor();
		expect(await page.getByText('Maria’s <i>phone</i>').count()).toBe(0);
		await page.getByText('Your account is protected by more than a password.').waitFor();
	});

	test('the telephone number is kept', async () => {
		const { page } = maria;
		await page.getByLabel('Your phone number').fill('+49 170 765-4321');
		await page.getByRole('button', { name: 'Save the number' }).click();
		await page.getByText('Saved').first().waitFor();
		await page.reload();
		await expect.poll(() => page.getByLabel('Your phone number').inputValue()).toBe('+491707654321');
	});

	test('all other sessions end with one button', async () => {
		const { page } = maria;
		await page.getByRole('button', { name: 'End all others' }).click();
		await page.getByText('All other sessions have ended').waitFor();
		await other.page.getByText('Your session has ended. Please sign in again.').waitFor();
		expect(await page.getByText('this one').count()).toBe(1);
		expect(await page.getByRole('button', { name: 'End', exact: true }).count()).toBe(0);
		await other.context.close();
	});

	test('"I can’t get in" answers alike whether the account exists or not', async () => {
		const guest = await openPage(browser, server);
		const answers: string[] = [];
		for (const login of ['maria', 'nobody']) {
			await guest.page.goto(`${server.url}/#/`);
			await guest.page.getByRole('link', { name: 'I can’t get in' }).click();
			// The sign-in page has a field of the same name.
			await guest.page.getByRole('button', { name: 'Send me a link' }).waitFor();
			await guest.page.getByLabel('Login').fill(login);
			await guest.page.getByRole('button', { name: 'Send me a link' }).click();
			await guest.page.getByText('If there is an account').waitFor();
			answers.push((await guest.page.locator('main').textContent()) ?? '');
		}
		expect(answers[0]).toBe(answers[1]);
		expect(guest.faults).toEqual([]);
		await guest.context.close();
	});
});

test('a link that is not valid is told, and leads on', async () => {
	const guest = await openPage(browser, server);
	await guest.page.goto(`${server.url}/#/recovery?token=${'A'.repeat(43)}`);
	await guest.page.getByRole('button', { name: 'Yes, I want to get back in' }).click();
	await guest.page.getByRole('alert').getByText(/./).first().waitFor();
	await guest.page.goto(`${server.url}/#/email?token=${'A'.repeat(43)}`);
	await guest.page.getByRole('alert').getByText(/./).first().waitFor();
	await guest.page.getByRole('button', { name: 'Go on' }).click();
	await guest.page.getByRole('heading', { name: 'Sign in' }).waitFor();
	expect(guest.faults).toEqual([]);
	await guest.context.close();
});

describe('getting back in', () => {
	let link = '';

	test('the operator’s link begins a wait; a device that is signed in is told and can stop it', async () => {
		link = /recovery link: \S*(#\/recovery\?token=\S+)/.exec(await server.run('user', 'recovery-link', 'maria'))?.[1] ?? '';
		expect(link).not.toBe('');
		const guest = await openPage(browser, server);
		await guest.page.goto(`${server.url}/${link}`);
		await guest.page.getByRole('button', { name: 'Yes, I want to get back in' }).click();
		await guest.page.getByText('Open this link again after').waitFor();
		const { page } = maria;
		await page.goto(`${server.url}/#/account/safety`);
		await page.reload();
		await page.getByText('Somebody asked to get back into this account.').waitFor();
		await picture(page, 'safety-recovery');
		await page.getByRole('button', { name: 'Stop it' }).click();
		await page.getByText('It is stopped.').waitFor();
		await guest.page.reload();
		await guest.page.getByRole('button', { name: 'Yes, I want to get back in' }).click();
		await guest.page.getByText('This link is not valid any more.').waitFor();
		expect(guest.faults).toEqual([]);
		await guest.context.close();
	});

	test('when the wait is over the link asks for a new password', async () => {
		// Nobody waits an hour here: the answers after the wait are put in the server's place.
		const guest = await openPage(browser, server);
		const sent: unknown[] = [];
		await guest.page.route('**/api/v1/recovery/confirm', (route) =>
			route.fulfill({ json: { waits_until: new Date(Date.now() - 1000).toISOString() } })
		);
		await guest.page.route('**/api/v1/recovery/finish', (route) => {
			sent.push(route.request().postDataJSON());
			return route.fulfill({ status: 204 });
		});
		await guest.page.goto(`${server.url}/#/recovery?token=abc`);
		await guest.page.getByRole('button', { name: 'Yes, I want to get back in' }).click();
		await guest.page.getByLabel('New password').fill('a new long password 5');
		await guest.page.getByRole('button', { name: 'Save the password' }).click();
		await guest.page.getByText('Your password is new').waitFor();
		expect(sent).toEqual([{ token: 'abc', password: 'a new long password 5' }]);
		expect(guest.faults).toEqual([]);
		await guest.context.close();
	});
});

test('the account is deleted after one more question', async () => {
	const { page } = maria;
	await page.goto(`${server.url}/#/account/safety`);
	await page.getByRole('button', { name: 'Delete my account' }).click();
	await page.getByRole('button', { name: 'Delete for good' }).click();
	await page.getByText('Your account is deleted').waitFor();
	await page.getByRole('heading', { name: 'Sign in' }).waitFor();
	// It was the only one: the server is as it was at first.
	await page.reload();
	await page.getByText('kinward setup-link').waitFor();
});

test('a server that wants it from everybody shows nothing before there is more than a password', async () => {
	const strict = new Server();
	await strict.start({ second_factor: 'required' });
	const own = await openPage(browser, strict);
	await addAuthenticator(own.page);
	const { page } = own;
	await page.goto(strict.setupLink);
	await page.getByLabel('Your name').fill('Maria Roth');
	await page.getByLabel('Login').fill('maria');
	await page.getByLabel('Password').fill(PASSWORD);
	await page.getByRole('button', { name: 'Create account' }).click();
	await page.getByText('This server wants a passkey or an authenticator app for every account.').waitFor();
	expect(await page.getByRole('link', { name: 'Later' }).count()).toBe(0);
	await page.getByRole('link', { name: 'Care' }).click();
	await page.getByRole('heading', { name: 'Protect your account' }).waitFor();
	expect(await addFirstPasskey(page)).toHaveLength(10);
	await page.getByRole('heading', { name: 'No watch yet' }).waitFor();
	expect(own.faults).toEqual([]);
	await own.context.close();
	await strict.end();
});
