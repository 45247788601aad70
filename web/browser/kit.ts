// What the browser tests are made of: the real program with simulated watches, and pages that remember
// everything that went wrong in them.

import { createHmac } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import { expect } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const binary = process.env.KINWARD_BINARY ?? join(root, 'build/kinward');
const shots = fileURLToPath(new URL('../screenshots', import.meta.url));
const axeSource = readFileSync(fileURLToPath(new URL('../node_modules/axe-core/axe.min.js', import.meta.url)), 'utf8');

export const PASSWORD = 'correct horse battery staple 7';
/** A busy machine is slow; what takes longer than this does not happen. */
const WAIT_MS = 90_000;

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = [
	'--no-sandbox',
	'--use-gl=angle',
	'--use-angle=swiftshader',
	'--enable-unsafe-swiftshader',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
	'--no-first-run'
];

async function freePort(): Promise<number> {
	const probe = createServer().listen(0, '127.0.0.1');
	await once(probe, 'listening');
	const address = probe.address();
	probe.close();
	await once(probe, 'close');
	if (typeof address !== 'object' || !address) throw new Error('no port');
	return address.port;
}

/** A child process whose lines can be waited for. */
class Child {
	readonly lines: string[] = [];
	readonly process: ChildProcess;
	#waiting = new Set<() => void>();

	constructor(command: string, words: string[], cwd: string) {
		if (!existsSync(command)) throw new Error(`${command} is not there: build the program first (make build)`);
		this.process = spawn(command, words, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
		for (const stream of [this.process.stdout, this.process.stderr]) {
			if (!stream) continue;
			createInterface({ input: stream }).on('line', (line) => {
				this.lines.push(line);
				for (const look of this.#waiting) look();
			});
		}
	}

	line(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
		return new Promise((resolve, reject) => {
			let seen = from;
			const finish = (action: () => void) => {
				clearTimeout(timer);
				this.#waiting.delete(look);
				action();
			};
			const look = () => {
				for (; seen < this.lines.length; seen++) {
					const found = pattern.exec(this.lines[seen] ?? '');
					if (found) return finish(() => resolve(found));
				}
			};
			const timer = setTimeout(
				() => finish(() => reject(new Error(`no line like ${pattern}:\n${this.lines.slice(-30).join('\n')}`))),
				WAIT_MS
			);
			this.#waiting.add(look);
			look();
		});
	}

	async stop(): Promise<number | null> {
		if (this.process.exitCode !== null) return this.process.exitCode;
		this.process.kill('SIGTERM');
		const [code] = (await once(this.process, 'exit')) as [number | null];
		return code;
	}
}

export class Server {
	readonly folder = mkdtempSync(join(tmpdir(), 'kinward-browser-'));
	url = '';
	watchPort = 0;
	webPort = 0;
	setupLink = '';
	#child: Child | undefined;

	async start(settings: Record<string, string> = {}): Promise<this> {
		const isNew = this.watchPort === 0;
		if (isNew) {
			this.watchPort = await freePort();
			this.webPort = await freePort();
			// A name, because no browser makes passkeys for a bare address.
			this.url = `http://localhost:${this.webPort}`;
		}
		const all = {
			data_dir: join(this.folder, 'data'),
			watch_listen: `127.0.0.1:${this.watchPort}`,
			web_listen: `127.0.0.1:${this.webPort}`,
			web_dir: join(root, 'web/dist'),
			public_host: 'watch.example.org',
			gateways: '1',
			demo_watch: 'yes',
			...settings
		};
		const words = Object.entries(all).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
		this.#child = new Child(binary, ['serve', ...words], this.folder);
		if (isNew) {
			const found = await this.#child.line(/set-up link: \S+\/#\/setup\?token=([A-Za-z0-9_-]+)/);
			this.setupLink = `${this.url}/#/setup?token=${found[1]}`;
		}
		await this.#child.line(/role_ready role=server/);
		await this.#child.line(/role_ready role=gateway-0/);
		return this;
	}

	async stop(): Promise<void> {
		expect(await this.#child?.stop()).toBe(0);
	}

	async end(): Promise<void> {
		await this.#child?.stop();
		rmSync(this.folder, { recursive: true, force: true });
	}

	/** A command of the operator on the machine itself, against the running server; what it prints. */
	async run(...words: string[]): Promise<string> {
		const child = new Child(binary, [...words, '--set', `data_dir=${join(this.folder, 'data')}`], this.folder);
		if (child.process.exitCode === null) await once(child.process, 'close');
		expect(child.process.exitCode, child.lines.join('\n')).toBe(0);
		return child.lines.join('\n');
	}

	lines(): string[] {
		return this.#child?.lines ?? [];
	}

	/** A request as a program would make it; the cookie of a page goes along. */
	async ask(page: Page, method: string, path: string, body?: unknown): Promise<unknown> {
		const answer = await page.request.fetch(`${this.url}/api/v1${path}`, {
			method,
			...(body === undefined ? {} : { data: body })
		});
		expect(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`).toBe(true);
		const text = await answer.text();
		return text === '' ? undefined : JSON.parse(text);
	}
}

export interface SimEvent {
	id: string;
	dir: string;
	frame?: string;
	text?: string;
	event?: string;
	detail?: string;
}

class Control {
	#socket: Socket;
	#lines: string[] = [];
	#takers: ((line: string) => void)[] = [];

	constructor(path: string) {
		this.#socket = connect(path);
		createInterface({ input: this.#socket }).on('line', (line) => {
			const taker = this.#takers.shift();
			if (taker) taker(line);
			else this.#lines.push(line);
		});
	}

	next(): Promise<string> {
		const line = this.#lines.shift();
		return line === undefined ? new Promise((resolve) => this.#takers.push(resolve)) : Promise.resolve(line);
	}

	async ask(command: string): Promise<string> {
		this.#socket.write(`${command}\n`);
		const answer = await this.next();
		expect(answer, command).toMatch(/^ok/);
		return answer.slice(3);
	}

	close(): void {
		this.#socket.destroy();
	}
}

/** Simulated watches: `kinward sim`. */
export class Sim {
	#child: Child;
	#control: Control | undefined;
	#follower: Control | undefined;
	readonly events: SimEvent[] = [];
	#waiting = new Set<() => void>();
	#ended = false;

	constructor(
		readonly server: Server,
		watches: number,
		readonly first = 3707800000,
		options: Record<string, string> = {}
	) {
		const path = join(server.folder, `sim-${first}.sock`);
		const all = { blind: '0', begin: 'busy', upload: '5', manners: 'eager', seed: '7', place: '47.9959,7.8494', ...options };
		this.#child = new Child(
			binary,
			[
				'sim',
				...['--server', `127.0.0.1:${server.watchPort}`, '--watches', `${watches}`, '--id', `${first}`],
				...['--control', path, '--transcript', join(server.folder, `sim-${first}.jsonl`), '--hold'],
				...Object.entries(all).flatMap(([name, value]) => [`--${name}`, value])
			],
			server.folder
		);
		this.path = path;
	}
	readonly path: string;

	async start(): Promise<this> {
		await this.#child.line(/^sim ready/);
		this.#control = new Control(this.path);
		this.#follower = new Control(this.path);
		await this.#follower.ask('follow');
		void this.#follow(this.#follower);
		await this.ask('start');
		return this;
	}

	id(n = 0): string {
		return `${this.first + n}`.padStart(10, '0');
	}

	ask(command: string): Promise<string> {
		if (!this.#control) throw new Error('the simulator has not started');
		return this.#control.ask(command);
	}

	async imei(n = 0): Promise<string> {
		return (JSON.parse(await this.ask(`where ${this.id(n)}`)) as { imei: string }).imei;
	}

	async #follow(control: Control): Promise<void> {
		while (!this.#ended) {
			const line = await control.next();
			this.events.push(JSON.parse(line.slice(line.indexOf(' ') + 1)) as SimEvent);
			for (const look of this.#waiting) look();
		}
	}

	/** The first line of the transcript, from number `from`, that fits. */
	wait(test: (event: SimEvent) => boolean, what: string, from = 0): Promise<SimEvent> {
		return new Promise((resolve, reject) => {
			const look = () => {
				const found = this.events.slice(from).find(test);
				if (!found) return;
				clearTimeout(timer);
				this.#waiting.delete(look);
				resolve(found);
			};
			const timer = setTimeout(() => {
				this.#waiting.delete(look);
				reject(new Error(`the watch saw no ${what}: ${JSON.stringify(this.events.slice(-12))}`));
			}, WAIT_MS);
			this.#waiting.add(look);
			look();
		});
	}

	/** A frame with this keyword that came down to a watch. */
	down(n: number, keyword: string, from = 0): Promise<SimEvent> {
		const pattern = new RegExp(`\\*${keyword}(,|\\])`);
		return this.wait((e) => e.dir === 'down' && e.id === this.id(n) && pattern.test(e.frame ?? ''), keyword, from);
	}

	happens(n: number, name: string, from = 0): Promise<SimEvent> {
		return this.wait((e) => e.dir === 'event' && e.id === this.id(n) && e.event === name, name, from);
	}

	async stop(): Promise<void> {
		this.#ended = true;
		this.#control?.close();
		this.#follower?.close();
		await this.#child.stop();
	}
}

/** The six digits in what a watch shows. */
export function codeIn(text: string | undefined): string {
	const found = /(?<!\d)(\d{3}) ?(\d{3})(?!\d)/.exec(text ?? '');
	if (!found) throw new Error(`no code in ${text}`);
	return `${found[1]}${found[2]}`;
}

export async function openBrowser(...flags: string[]): Promise<Browser> {
	const browser = await chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, ...flags] });
	// The first picture of a busy machine can come before the browser is able to draw: that one is not counted.
	const page = await browser.newPage();
	for (let tries = 0; tries < 3; tries++) {
		if (await page.screenshot().then(() => true, () => false)) break;
	}
	await page.close();
	return browser;
}

export interface Watched {
	context: BrowserContext;
	page: Page;
	/** Script errors, refused content, foreign requests: must stay empty. */
	faults: string[];
	/** Paths of the API that were asked for. */
	asked: string[];
}

/** A page of its own context. What goes wrong in it is kept. */
export async function openPage(
	browser: Browser,
	server: Server,
	options: BrowserContextOptions = {},
	expected: RegExp[] = [],
	/** Another origin that the page may ask, such as the operator's map. */
	alsoFrom = ''
): Promise<Watched> {
	const context = await browser.newContext({
		viewport: { width: 1280, height: 800 },
		locale: 'en-IE',
		timezoneId: 'Europe/Berlin',
		...options
	});
	context.setDefaultTimeout(WAIT_MS);
	const page = await context.newPage();
	const faults: string[] = [];
	const asked: string[] = [];
	await page.addInitScript(() => {
		document.addEventListener('securitypolicyviolation', (event) => {
			console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
		});
	});
	page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
	page.on('console', (message) => {
		if (message.type() !== 'error') return;
		// The browser's own line about an answer with an error status; which ones may come is tested by what is shown.
		if (/Failed to load resource/.test(message.text())) return;
		if (expected.some((pattern) => pattern.test(message.text()))) return;
		faults.push(`console: ${message.text()}`);
	});
	page.on('request', (request) => {
		const url = new URL(request.url());
		if (url.protocol === 'data:' || url.protocol === 'blob:') return;
		if (url.origin !== server.url && url.origin !== alsoFrom) faults.push(`foreign: ${request.url()}`);
		if (url.pathname.startsWith('/api/')) asked.push(`${request.method()} ${url.pathname}`);
	});
	return { context, page, faults, asked };
}

export async function setUp(page: Page, server: Server, name = 'Maria Roth'): Promise<void> {
	await page.goto(server.setupLink);
	await page.getByLabel('Your name').fill(name);
	await page.getByLabel('Login').fill('maria');
	await page.getByLabel('Password').fill(PASSWORD);
	await page.getByRole('button', { name: 'Create account' }).click();
	await page.getByRole('link', { name: 'Later' }).click();
	await page.getByRole('navigation', { name: 'Places' }).waitFor();
}

export async function signIn(page: Page, server: Server): Promise<void> {
	await page.goto(server.url);
	await page.getByLabel('Login').fill('maria');
	await page.getByLabel('Password').fill(PASSWORD);
	await page.getByRole('button', { name: 'Sign in', exact: true }).click();
	await page.getByRole('navigation', { name: 'Places' }).waitFor();
}

/** Binds a simulated watch without the app: for tests of what comes afterwards. */
export async function bind(page: Page, server: Server, sim: Sim, n: number, name: string, more: object = {}): Promise<string> {
	const { groups } = (await server.ask(page, 'GET', '/session')) as { groups: { id: string }[] };
	const from = sim.events.length;
	const claim = (await server.ask(page, 'POST', '/claims', {
		group: groups[0]?.id,
		watch: await sim.imei(n),
		name,
		language: 'en',
		zone: 'Europe/Berlin',
		proof: 'code',
		...more
	})) as { id: string };
	const shown = await sim.happens(n, 'message', from);
	const bound = (await server.ask(page, 'POST', `/claims/${claim.id}/code`, { code: codeIn(shown.detail) })) as {
		wearer: string;
	};
	return bound.wearer;
}

/** A device with a fingerprint reader, as the browser sees it: passkeys are made and used at once. */
export async function addAuthenticator(page: Page): Promise<void> {
	const devtools = await page.context().newCDPSession(page);
	await devtools.send('WebAuthn.enable');
	await devtools.send('WebAuthn.addVirtualAuthenticator', {
		options: {
			protocol: 'ctap2',
			transport: 'internal',
			hasResidentKey: true,
			hasUserVerification: true,
			isUserVerified: true,
			automaticPresenceSimulation: true
		}
	});
}

/** The account's first passkey, from a page that offers it; the recovery codes that come with it. */
export async function addFirstPasskey(page: Page, password = PASSWORD, name?: string): Promise<string[]> {
	await page.getByRole('button', { name: 'Add a passkey' }).click();
	if (name) await page.getByLabel('What to call it').fill(name);
	await page.getByRole('dialog').getByLabel('Current password').fill(password);
	await page.getByRole('button', { name: 'Go on' }).click();
	return keepCodes(page);
}

/** Recovery codes are shown once, and go when one says that they are kept. */
export async function keepCodes(page: Page): Promise<string[]> {
	await page.getByRole('heading', { name: 'Keep these codes' }).waitFor();
	const codes = ((await page.locator('.print .code').textContent()) ?? '').split('\n');
	await page.getByLabel('I have kept them safe').check();
	await page.getByRole('button', { name: 'Done' }).click();
	return codes;
}

/** The code that an authenticator app shows for a key in base32 (RFC 6238: SHA-1, 30 s, six digits). */
export function totp(key: string, atMs = Date.now()): string {
	const bits = [...key.replace(/\s/g, '')].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
	const secret = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
	const step = Buffer.alloc(8);
	step.writeBigUInt64BE(BigInt(Math.floor(atMs / 30_000)));
	const mac = createHmac('sha1', secret).update(step).digest();
	const offset = (mac.at(-1) ?? 0) & 15;
	return `${(mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000}`.padStart(6, '0');
}

/** What a theme decides. All else is the same in both, so it is enough to judge it in one of them. */
export const THEME_RULES = ['color-contrast', 'link-in-text-block'];

/** All that axe finds wrong, in words; by all of its rules, or by some. */
export async function axe(page: Page, rules?: string[]): Promise<string[]> {
	if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axeSource);
	return page.evaluate(async (only) => {
		const run = (globalThis as unknown as { axe: { run(d: Document, o: object): Promise<AxeResult> } }).axe.run;
		interface AxeResult {
			violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[];
		}
		const { violations } = await run(document, { resultTypes: ['violations'], ...(only ? { runOnly: only } : {}) });
		return violations.map((v) => `${v.id} (${v.impact}): ${v.nodes.map((n) => `${n.html.slice(0, 160)} ${n.failureSummary}`).join(' || ')}`);
	}, rules);
}

export async function picture(page: Page, name: string): Promise<void> {
	mkdirSync(shots, { recursive: true });
	await page.screenshot({ path: join(shots, `${name}.png`) });
}

/** Waits until the map has drawn all that it has. */
export async function mapDrawn(page: Page): Promise<void> {
	await page.locator('.map[data-ready="true"] canvas').waitFor();
	await page.locator('.map[data-idle="true"]').waitFor();
}
