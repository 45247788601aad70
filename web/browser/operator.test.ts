// Running the server, on the real program: shutting out accounts and networks, naming another operator, partners,
// mail that goes out or is refused. Nothing here shows what families write or where anybody is.

import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createServer, type Server as TlsServer, type TLSSocket } from 'node:tls';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { addAuthenticator, addFirstPasskey, axe, openBrowser, openPage, PASSWORD, picture, Server, THEME_RULES, type Watched } from './kit';

const PAYLOAD = '<img src=x onerror=alert(1)>';
const MAIL_HOST = '127.0.0.2';

let browser: Browser;
const server = new Server();
let mailServer: TlsServer;
let maria: Watched;
let ben: Watched;
const letters: string[] = [];
let group = '';

/** Takes mails over TLS; whoever is called "refused" has no mailbox here. */
function takeMails(socket: TLSSocket): void {
	const say = (line: string) => socket.write(`${line}\r\n`);
	let body: string[] | undefined;
	say('220 mail.example ESMTP');
	socket.on('error', () => undefined);
	createInterface({ input: socket }).on('line', (line) => {
		if (body) {
			if (line !== '.') return void body.push(line);
			letters.push(body.join('\n'));
			body = undefined;
			return void say('250 taken');
		}
		const word = line.slice(0, 4).toUpperCase();
		if (word === 'DATA') body = [];
		if (word === 'RCPT' && line.includes('refused')) say('550 no such mailbox');
		else say(word === 'DATA' ? '354 go' : word === 'QUIT' ? '221 bye' : '250 ok');
	});
}

async function startMail(): Promise<Record<string, string>> {
	const file = (name: string) => join(server.folder, name);
	execFileSync('openssl', [
		...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
		...['-subj', '/CN=mail.example', '-addext', 'subjectAltName=DNS:mail.example'],
		...['-keyout', file('mail.key'), '-out', file('mail.pem')]
	], { stdio: 'ignore' });
	mailServer = createServer({ key: readFileSync(file('mail.key')), cert: readFileSync(file('mail.pem')) }, takeMails);
	mailServer.on('tlsClientError', () => undefined);
	mailServer.listen(0, MAIL_HOST);
	await once(mailServer, 'listening');
	writeFileSync(file('hosts'), `${MAIL_HOST} mail.example\n`);
	return {
		courier_ca_file: file('mail.pem'),
		courier_hosts_file: file('hosts'),
		smtp_url: `smtps://mail.example:${(mailServer.address() as AddressInfo).port}`,
		mail_from: 'kinward@example.org'
	};
}

beforeAll(async () => {
	browser = await openBrowser();
	await server.start(await startMail());
	maria = await openPage(browser, server);
	ben = await openPage(browser, server);
	await addAuthenticator(maria.page);
	await addAuthenticator(ben.page);
});
afterAll(async () => {
	await browser?.close();
	await server.end();
	mailServer?.close();
});
afterEach(async (context) => {
	if (context.task.result?.state === 'fail') {
		for (const [name, who] of Object.entries({ maria, ben })) await picture(who.page, `failed-operator-${name}`);
		console.log(server.lines().slice(-15).join('\n'));
	}
	expect([...maria.faults, ...ben.faults]).toEqual([]);
});

const go = (page: Page, hash: string) => page.evaluate((to) => (location.hash = to), hash);

/** What stands there, on a phone and a wide screen, in both themes: pictures, and what axe finds. */
async function judge(page: Page, name: string): Promise<void> {
	for (const scheme of ['light', 'dark'] as const)
		for (const [size, width, height] of [['phone', 390, 844], ['wide', 1440, 900]] as const) {
			await page.setViewportSize({ width, height });
			await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
			await picture(page, `operator-${name}-${size}-${scheme}`);
			expect(await axe(page, scheme === 'dark' ? THEME_RULES : undefined), `${name} ${size} ${scheme}`).toEqual([]);
			const wide = await page.evaluate(() =>
				[document.documentElement, ...document.querySelectorAll('main, dialog[open]')].filter((e) => e.scrollWidth > e.clientWidth + 1).length
			);
			expect(wide, `${name} ${size} sticks out`).toBe(0);
		}
}

async function addPasskey(page: Page): Promise<void> {
	await addFirstPasskey(page);
	await page.getByText('Your account is protected by more than a password.').waitFor();
}

async function enter(page: Page, login: string): Promise<void> {
	await page.getByLabel('Login').fill(login);
	await page.getByLabel('Password').fill(PASSWORD);
	await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

describe('running the server', () => {
	test('two people with accounts; one runs the server', async () => {
		const { page } = maria;
		await page.goto(server.setupLink);
		await page.getByLabel('Your name').fill('Maria Roth');
		await page.getByLabel('Login').fill('maria');
		await page.getByLabel('Password').fill(PASSWORD);
		await page.getByRole('button', { name: 'Create account' }).click();
		await addPasskey(page);
		const { groups } = (await server.ask(page, 'GET', '/session')) as { groups: { id: string }[] };
		group = groups[0]?.id ?? '';
		const { link } = (await server.ask(page, 'POST', `/groups/${group}/invitations`, { role: 'carer' })) as { link: string };
		const token = new URLSearchParams(link.split('?')[1]).get('token');
		await server.ask(ben.page, 'POST', '/invitations/accept', { token, login: 'ben', name: 'Ben Roth', password: PASSWORD, language: 'en' });
		await ben.page.goto(`${server.url}/#/care`);
		await ben.page.getByRole('navigation', { name: 'Places' }).waitFor();
	});

	test('whoever does not run it finds nothing there', async () => {
		const { page } = ben;
		await page.getByRole('button', { name: 'Account of Ben Roth' }).click();
		expect(await page.getByRole('link', { name: 'This server' }).count()).toBe(0);
		await page.keyboard.press('Escape');
		for (const at of ['accounts', 'partners', 'mail', 'networks', 'watches', 'emergency']) {
			await go(page, `#/operator/${at}`);
			await page.getByRole('alert').getByText('This does not exist any more.').waitFor();
			await go(page, '#/care');
			await page.getByRole('link', { name: 'New group' }).waitFor();
		}
	});

	test('how the service does, part by part', async () => {
		const { page } = maria;
		await page.getByRole('link', { name: 'Done' }).click();
		await page.getByRole('button', { name: 'Account of Maria Roth' }).click();
		await page.getByRole('link', { name: 'This server' }).click();
		const health = page.getByRole('region', { name: 'How it does' });
		for (const name of ['server', 'gateway-0', 'courier', 'Disk', 'Writing data', 'Backups', 'Certificate', 'Audit log'])
			await health.getByText(name, { exact: true }).waitFor();
		await health.getByText('A mail server is set up.').waitFor();
		await health.getByText('None are made by themselves.').waitFor();
		// No backups and no HTTPS here: the page says so, and counts them.
		await health.getByText('2 things want your attention.').waitFor();
		await judge(page, 'health');
	});

	test('an account is shut out and signed out at once; it is let in again', async () => {
		const { page } = maria;
		await go(page, '#/operator/accounts');
		const list = page.getByRole('list', { name: 'Accounts' });
		await list.locator('strong', { hasText: /^ben$/ }).waitFor();
		expect(await page.locator('main').textContent()).not.toContain('Ben Roth');
		await page.getByLabel('Part of a login').fill('nobody');
		await page.getByRole('button', { name: 'Search' }).click();
		await page.getByText('No account like this.').waitFor();
		await page.getByLabel('Part of a login').fill('be');
		await page.keyboard.press('Enter');
		await expect.poll(() => list.getByRole('listitem').count()).toBe(1);
		await judge(page, 'accounts');
		await page.getByRole('button', { name: /^Shut out\s+ben$/ }).click();
		await page.getByLabel('Reason').fill(PAYLOAD);
		await page.getByLabel('For how long').selectOption('7');
		await judge(page, 'ban');
		await page.getByRole('dialog').getByRole('button', { name: 'Shut out', exact: true }).click();
		await page.getByText('ben is shut out').waitFor();
		await ben.page.getByText('Your session has ended. Please sign in again.').waitFor();
		await enter(ben.page, 'ben');
		await ben.page.getByText('Whoever runs this server has closed this account. Ask them.').waitFor();
		await page.reload();
		await list.getByText('shut out').waitFor();
		await page.getByRole('button', { name: /^Let in again\s+ben$/ }).click();
		await page.getByText('ben may sign in again').waitFor();
		await enter(ben.page, 'ben');
		await ben.page.getByRole('button', { name: 'Account of Ben Roth' }).waitFor();
	});

	test('another one may run it as well; nobody shuts out himself', async () => {
		const { page } = maria;
		const mine = page.getByRole('list', { name: 'Accounts' }).getByRole('listitem').filter({ hasText: 'maria' });
		expect(await mine.getByRole('button').count()).toBe(0);
		await mine.getByText('you', { exact: true }).waitFor();
		await page.getByRole('button', { name: /^Let run the server\s+ben$/ }).click();
		await page.getByRole('dialog').getByRole('button', { name: 'Let run the server' }).click();
		await page.getByText('ben runs this server as well').waitFor();
		await ben.page.getByText('Your session has ended. Please sign in again.').waitFor();
		await enter(ben.page, 'ben');
		await ben.page.getByRole('button', { name: 'Account of Ben Roth' }).click();
		await ben.page.getByRole('link', { name: 'This server' }).click();
		await go(ben.page, '#/operator/accounts');
		// A password alone lets nobody do this to others.
		await ben.page.getByRole('button', { name: /^No longer let run the server\s+maria$/ }).click();
		await ben.page.getByRole('dialog').getByRole('button', { name: 'No longer let run the server' }).click();
		await ben.page.getByRole('heading', { name: 'First protect your account' }).waitFor();
		await ben.page.getByRole('button', { name: 'Go to Safety' }).click();
		await addPasskey(ben.page);
	});

	test('a look in an emergency needs two; the group is told each time, and it can be ended', async () => {
		const { page } = maria;
		// Ben belongs to the group no longer: he sees it only as one who runs the server.
		const { account } = (await server.ask(ben.page, 'GET', '/session')) as { account: { id: string } };
		await server.ask(ben.page, 'DELETE', `/groups/${group}/members/${account.id}`);
		await go(page, '#/operator/emergency');
		await page.getByText('Nothing is asked for or open.').waitFor();
		await page.getByLabel('Group', { exact: true }).fill('Family');
		await page.getByText('There is no such number in it.').waitFor();
		await page.getByLabel('Group', { exact: true }).fill(`${server.url}/#/care/group/${group}`);
		await page.getByLabel('Reason').fill(PAYLOAD);
		await page.getByRole('button', { name: 'Ask, and tell the group' }).click();
		await page.getByText('Waits for another operator, for 1 hour').waitFor();
		await judge(page, 'emergency-asked');
		// Whoever asks cannot agree.
		await page.getByRole('button', { name: 'Agree' }).click();
		await page.getByRole('alert').getByText(/./).first().waitFor();
		await page.getByText('Waits for another operator, for 1 hour').waitFor();
		await go(ben.page, '#/operator/emergency');
		await ben.page.getByText('asked by Maria Roth').waitFor();
		await ben.page.getByText(PAYLOAD).waitFor();
		await ben.page.getByRole('button', { name: 'Agree' }).click();
		await ben.page.getByText(/^Open until .*, agreed to by Ben Roth$/).waitFor();
		await ben.page.getByRole('button', { name: 'Look now' }).click();
		await ben.page.getByText('There is nobody in this group.').waitFor();
		await judge(ben.page, 'emergency-open');
		await go(page, '#/notices');
		await page.getByText('looked into this group in an emergency').first().waitFor();
		await page.getByText('a second operator allowed to look into this group').first().waitFor();
		await ben.page.getByRole('button', { name: 'End it' }).click();
		await ben.page.getByText('Nothing is asked for or open.').waitFor();
	});

	test('whoever ran it as well does so no longer', async () => {
		const { page } = maria;
		await go(page, '#/operator/accounts');
		await page.getByRole('button', { name: /^No longer let run the server\s+ben$/ }).click();
		await page.getByRole('dialog').getByRole('button', { name: 'No longer let run the server' }).click();
		await page.getByText('ben does not run this server any more').waitFor();
		await ben.page.getByText('Your session has ended. Please sign in again.').waitFor();
	});

	test('networks: what is none is refused with words; one is shut out and let in again', async () => {
		const { page } = maria;
		await go(page, '#/operator/networks');
		await page.getByText('None is shut out.').waitFor();
		const add = async (network: string) => {
			await page.getByLabel('Address or network').fill(network);
			await page.getByLabel('Reason').fill(PAYLOAD);
			await page.getByRole('button', { name: 'Shut it out' }).click();
		};
		await add('0.0.0.0/0');
		await page.getByText('This is no network that can be shut out.').waitFor();
		await add('198.51.100.0/24');
		const list = page.getByRole('list', { name: 'Networks that are shut out' });
		await list.getByText('198.51.100.0/24').first().waitFor();
		await list.getByText(PAYLOAD).waitFor();
		expect(await page.locator('main img').count()).toBe(0);
		await judge(page, 'networks');
		await page.getByRole('button', { name: /^Let in again\s+198/ }).click();
		await expect.poll(() => list.getByRole('listitem').count()).toBe(0);
		await page.reload();
		await page.getByText('None is shut out.').waitFor();
	});

	test('a table of masts is read in from its folder, and says what was wrong in it', async () => {
		const { page } = maria;
		const folder = join(server.folder, 'data', 'radio-import');
		mkdirSync(folder, { recursive: true });
		const row = (cell: number, lon: string) => `GSM,262,1,100,${cell},0,${lon},47.99,500,20,1,1600000000,1700000000,0`;
		writeFileSync(
			join(folder, 'town.csv'),
			['radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal', row(1, '7.85'), row(2, PAYLOAD), row(3, '7.86'), ''].join('\n')
		);
		await go(page, '#/operator/radio');
		await page.getByText('None yet.').waitFor();
		await page.getByRole('button', { name: 'Read in town.csv' }).click();
		await page.locator('[data-state="done"]').getByText('2 cells, 0 access points').waitFor();
		await page.getByText('1 line could not be read').click();
		await page.getByText(/^Line 3: /).waitFor();
		expect(await page.locator('main img').count()).toBe(0);
		await judge(page, 'radio');
	});
});

describe('partner services', () => {
	const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
	const keyText = (kid: string) => JSON.stringify({ keys: [{ ...pair().publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' }] });

	test('a private key is not sent; a public one registers', async () => {
		const { page } = maria;
		await go(page, '#/operator/partners');
		await page.getByText('No partner is registered.').waitFor();
		await page.getByRole('button', { name: 'Register a partner' }).click();
		const dialog = page.getByRole('dialog');
		await dialog.getByLabel('Name').fill('Acme <b>Care</b>');
		await dialog.getByLabel('Contact').fill('+49 30 1234567');
		await dialog.getByLabel('What it is for').fill(PAYLOAD);
		await dialog.getByLabel('Address for its events').fill('https://hook.example/events');
		const keys = dialog.getByRole('textbox', { name: 'JWK set' });
		await keys.fill(JSON.stringify({ ...pair().privateKey.export({ format: 'jwk' }), kid: 'a' }));
		await dialog.getByText('This holds a private key').waitFor();
		expect(await dialog.getByRole('button', { name: 'Register', exact: true }).isDisabled()).toBe(true);
		await judge(page, 'partner-private');
		await keys.fill('{"keys":[]}');
		await dialog.getByRole('button', { name: 'Register', exact: true }).click();
		await dialog.getByText('These are no public keys that fit the algorithm.').waitFor();
		await keys.fill(keyText('key-2026'));
		await dialog.getByRole('button', { name: 'Register', exact: true }).click();
		await page.getByText('Acme <b>Care</b> is registered').waitFor();
		await page.reload();
		const list = page.getByRole('list', { name: 'Partner services' });
		await list.getByRole('heading', { name: 'Acme <b>Care</b>' }).waitFor();
		await list.getByText(PAYLOAD).waitFor();
		await list.getByText('Keys, limits, deliveries').click();
		for (const text of ['key-2026', '120 requests a minute', '100 people an hour', 'https://hook.example/events', '+49 30 1234567'])
			await list.getByText(text).waitFor();
		expect(await page.locator('main img').count()).toBe(0);
		await judge(page, 'partners');
	});

	test('it is stopped, started, gets new keys, and is deleted', async () => {
		const { page } = maria;
		const list = page.getByRole('list', { name: 'Partner services' });
		await page.getByRole('button', { name: /^Stop\s+Acme/ }).click();
		await list.getByText('Stopped by you or another operator').waitFor();
		await page.getByRole('button', { name: /^Start again\s+Acme/ }).click();
		await list.getByText('Works', { exact: true }).waitFor();
		await page.getByRole('button', { name: /^New keys\s+Acme/ }).click();
		const dialog = page.getByRole('dialog');
		await dialog.getByRole('textbox', { name: 'JWK set' }).fill('not json');
		await dialog.getByRole('button', { name: 'Use these keys' }).click();
		await dialog.getByText('These are no public keys that fit the algorithm.').waitFor();
		await dialog.getByRole('radio', { name: 'Certificate (PEM)' }).check();
		await dialog.getByRole('textbox', { name: 'Certificate (PEM)' }).fill(readFileSync(join(server.folder, 'mail.pem'), 'utf8'));
		await dialog.getByLabel('Only with this certificate').check();
		await dialog.getByRole('button', { name: 'Use these keys' }).click();
		await page.getByText('Acme <b>Care</b> has new keys').waitFor();
		await page.reload();
		await list.getByText('Keys, limits, deliveries').click();
		await list.getByText('bound to its certificate').waitFor();
		expect(await list.getByText('key-2026').count()).toBe(0);
		await page.getByRole('button', { name: /^Delete\s+Acme/ }).click();
		await dialog.getByRole('button', { name: 'Delete for ever' }).click();
		await page.getByText('No partner is registered.').waitFor();
	});
});

describe('mail', () => {
	test('a test mail arrives, and the page says so', async () => {
		const { page } = maria;
		await go(page, '#/operator/mail');
		await page.getByText('kinward@example.org').waitFor();
		await page.getByLabel('Send a test mail to').fill('ops@example.org');
		await page.getByRole('button', { name: 'Send', exact: true }).click();
		await page.getByText('The mail server has taken the test mail.').waitFor();
		expect(letters).toHaveLength(1);
		expect(letters[0]).toContain('Kinward');
	});

	test('a refused one is told with the reason, lies with those given up, and can be tried again', async () => {
		const { page } = maria;
		await page.getByLabel('Send a test mail to').fill('refused@example.org');
		await page.getByRole('button', { name: 'Send', exact: true }).click();
		await page.getByText('The test mail did not get out: Refused. (answer 550)').waitFor();
		await page.getByRole('button', { name: 'Look again' }).click();
		const dead = page.getByRole('region', { name: 'Given up' });
		await dead.getByText('Refused. (answer 550)').waitFor();
		expect(await page.locator('main').textContent()).not.toContain('refused@');
		await judge(page, 'mail');
		await dead.getByRole('button', { name: /^Try again\s+Mail$/ }).click();
		await dead.getByText('None.').waitFor();
		// It is refused once more, and comes back.
		await expect
			.poll(async () => {
				await page.getByRole('button', { name: 'Look again' }).click();
				return dead.getByText('Refused. (answer 550)').count();
			})
			.toBe(1);
	});
});
