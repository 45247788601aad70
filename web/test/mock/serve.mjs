// A stand-in for the server while the app is worked on: the shapes of docs/openapi.yaml, three people who walk
// about, commands that are confirmed after a moment. `node test/mock/serve.mjs [port]`; what the real server
// does is tested in browser/.

import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { peopleRoutes, RIGHTS } from './people.mjs';
import { watchRoutes } from './watch.mjs';
import { talkRoutes } from './talk.mjs';

const dist = fileURLToPath(new URL('../../dist', import.meta.url));
const id = () => randomBytes(16).toString('hex');
const iso = (ms = Date.now()) => new Date(ms).toISOString();
const MINUTE = 60_000;

export const CSP =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
	"font-src 'self'; worker-src 'self'; manifest-src 'self'; media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const TYPES = {
	'.html': 'text/html; charset=utf-8',
	'.js': 'text/javascript',
	'.css': 'text/css',
	'.json': 'application/json',
	'.svg': 'image/svg+xml',
	'.webmanifest': 'application/manifest+json'
};

/** @param {{setupNeeded?: boolean, empty?: boolean, language?: string}} options */
export function makeMock(options = {}) {
	const me = { id: id(), name: 'Maria Roth' };
	const group = { id: id(), name: 'Familie', role: 'admin' };
	const account = { ...me, login: 'maria', language: options.language ?? 'en', is_operator: true };
	const state = {
		setupNeeded: options.setupNeeded ?? false,
		signedIn: false,
		wearers: /** @type {any[]} */ ([]),
		alarms: /** @type {any[]} */ ([]),
		claims: /** @type {any[]} */ ([]),
		commands: /** @type {Record<string, any[]>} */ ({})
	};
	const streams = new Set();
	const epoch = id().slice(0, 8);
	let seq = 0;
	const timers = new Set();

	function tell(type, data) {
		const text = `id: ${epoch}-${++seq}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
		for (const stream of streams) stream.write(text);
	}
	function later(ms, action) {
		const timer = setTimeout(() => {
			timers.delete(timer);
			action();
		}, ms);
		timers.add(timer);
	}

	function fix(lat, lon, ageMs, more = {}) {
		return {
			time: iso(Date.now() - ageMs), received: iso(Date.now() - ageMs + 800), lat, lon, source: 'gps', speed_kmh: 3.4,
			course_deg: 40, satellites: 9, battery_percent: 83, signal_percent: 80, flags: [], marks: [], ...more
		};
	}
	function wearer(name, color, place, device = {}) {
		return {
			id: id(), group: group.id, name, color, has_picture: false, picture_version: 0, is_demo: name === 'Simone', open_alarms: 0, is_adult: false, my_rights: RIGHTS,
			device: {
				id: id(), wire_id_masked: '35••••••••••123', model: 'GW500S', version: 'G29_BASE_V1.00', connected: true,
				connected_since: iso(Date.now() - 130 * MINUTE), last_seen: iso(Date.now() - 30_000), battery_percent: 83,
				signal_percent: 80, steps: 4821, flags: [], conflict: false, phone: '+491701234567', ...device
			},
			fix: place
		};
	}
	if (!options.empty && !options.setupNeeded) {
		state.wearers.push(
			wearer('Emma', '#2f6fde', fix(47.9959, 7.8494, 90_000)),
			wearer('Opa Heinz', '#7a3fc4', fix(48.0032, 7.8601, 26 * MINUTE, { source: 'wifi', accuracy_m: 60, speed_kmh: 0, flags: ['still'] }), { battery_percent: 17 }),
			wearer('Simone', '#b3401f', fix(47.985, 7.83, 300 * MINUTE, { source: 'cell', accuracy_m: 700, speed_kmh: 0, marks: ['stored'] }), {
				connected: false, connected_since: undefined, last_seen: iso(Date.now() - 290 * MINUTE), phone: undefined
			})
		);
		state.alarms.push({
			id: id(), wearer: state.wearers[1].id, kind: 'low_battery', kinds: ['low_battery'], time: iso(Date.now() - 40 * MINUTE),
			received: iso(Date.now() - 40 * MINUTE), state: 'open', repeats: 0, serious: false
		});
	}

	/** Tables of masts: one was read, one had faults, and what one begins takes ten seconds. */
	const imports = [
		{ id: id(), name: '262.csv.gz', begun: Date.now() - 4e6 },
		{ id: id(), name: 'notes.txt', begun: Date.now() - 9e6, message: 'no table: the first line is not understood' }
	];
	const radio = () => ({
		cells: 1_284_113, access_points: 9120, is_service_set: false, files: [{ name: '228.csv.gz', bytes: 5_120_331 }, { name: '262.csv.gz', bytes: 48_120_331 }],
		imports: imports.map((one, n) => {
			const done = Math.min(1, (Date.now() - one.begun) / 10_000);
			const lines = one.message ? 1 : Math.round(done * 1_300_250);
			return {
				id: n + 1, name: one.name, bytes: Math.round(done * 48_120_331), bytes_total: 48_120_331, lines, cells: Math.round(lines * 0.98), access_points: 0, skipped: Math.round(lines * 0.018),
				bad: lines > 1000 ? 2 : 0, first_bad: lines > 1000 ? [{ line: 412, why: 'latitude out of range' }, { line: 9001, why: 'a field is missing' }] : [],
				started: iso(one.begun), state: one.message ? 'failed' : done < 1 ? 'running' : 'done',
				...(one.message ? { message: one.message } : {}), ...(done < 1 ? {} : { ended: iso(one.begun + 10_000) })
			};
		})
	});

	const problem = (status, code, more = {}) => ({ status, type: 'application/problem+json', body: { type: 'about:blank', title: code, status, detail: code, code, ...more } });
	const ok = (body, status = 200) => ({ status, body });
	const session = () => ({ account, groups: [group], session_id: '0'.repeat(32) });

	function sos(who, kind = 'sos') {
		const alarm = {
			id: id(), wearer: who.id, kind, kinds: [kind], time: iso(), received: iso(), fix: who.fix ?? undefined, state: 'open', repeats: 0, serious: true
		};
		state.alarms.unshift(alarm);
		tell('alarm', alarm);
		return alarm;
	}

	const routes = {
		'GET /status': () => ok({ version: '0.1.0', setup_needed: state.setupNeeded, public_host: 'watch.example.org', watch_port: 8001, demo_watch: true, map: { kind: 'builtin' }, https: false }),
		'POST /setup': (b) => {
			if ([...b.password].length < 12) return problem(400, 'password_too_short', { field: 'password' });
			Object.assign(account, { login: b.login, name: b.name, language: b.language });
			state.setupNeeded = false;
			state.signedIn = true;
			return ok(session(), 201);
		},
		'POST /session': (b) => {
			if (b.password !== 'correct horse battery') return problem(401, 'sign_in_failed');
			state.signedIn = true;
			return ok(session(), 201);
		},
		'GET /session': () => ok(session()),
		'DELETE /session': () => ((state.signedIn = false), ok(undefined, 204)),
		'GET /sessions': () => ok({ sessions: [
			{ id: '0'.repeat(32), created: iso(), last_used: iso(), user_agent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/140', address: '127.0.0.1', is_current: true },
			{ id: '1'.repeat(32), created: iso(), last_used: iso(Date.now() - 3e7), user_agent: 'Mozilla/5.0 (iPhone) Safari/605', address: '192.0.2.7', is_current: false }
		] }),
		'DELETE /sessions/*': () => ok(undefined, 204),
		'PATCH /account': (b) => ok(Object.assign(account, b)),
		'PUT /account/password': (b) => (b.current === 'correct horse battery' ? ok(undefined, 204) : problem(403, 'password_wrong')),
		'GET /wearers': () => ok({ wearers: state.wearers }),
		'GET /wearers/*': (_b, [who]) => ok(who),
		'PATCH /wearers/*': (b, [who]) => (Object.assign(who, b), tell('wearer', who), ok(who)),
		'DELETE /wearers/*': (_b, [who]) => {
			state.wearers = state.wearers.filter((w) => w !== who);
			tell('removed', { wearer: who.id });
			return ok(undefined, 204);
		},
		'GET /wearers/*/history': (_b, [who], query) => {
			const from = Date.parse(query.get('from')), to = Math.min(Date.parse(query.get('to')), Date.now());
			const fixes = [];
			for (let t = from + 6 * 3.6e6, i = 0; t < to && i < 200; t += 4 * MINUTE, i++) {
				if (i > 60 && i < 75) continue;
				const a = i / 14;
				fixes.push({ ...fix(47.996 + Math.sin(a) * 0.011 + i * 2e-5, 7.85 + Math.cos(a * 1.3) * 0.016, 0), time: iso(t), received: iso(t), speed_kmh: Math.abs(Math.sin(i / 5)) * 8, battery_percent: 100 - Math.round(i / 3), marks: i === 40 ? ['jump'] : [] });
			}
			return ok({ fixes: who ? fixes : [], truncated: false });
		},
		'GET /wearers/*/commands': (_b, [who]) => ok({ commands: state.commands[who.id] ?? [] }),
		'POST /wearers/*/commands': (b, [who]) => {
			const command = { id: id(), wearer: who.id, type: b.type, ...(b.text ? { text: b.text } : {}), state: 'queued', created: iso(), expires: iso(Date.now() + 5 * MINUTE), by: me };
			if (!who.device.connected && b.type === 'refresh') command.sms = { to: '+491701234567', texts: ['pw,123456,ts#'] };
			(state.commands[who.id] ??= []).unshift(command);
			if (b.type === 'wifi_search') command.answer = { networks: [{ ssid: 'Zuhause', bssid: 'a0:c5:f2:b0:07:d4' }, { ssid: 'Café <b>Nord</b>' }] };
			if (who.device.connected) {
				later(300, () => tell('command', Object.assign(command, { state: 'sent', sent: iso() })));
				later(1500, () => tell('command', Object.assign(command, { state: 'confirmed', finished: iso() })));
			}
			return ok(command, 202);
		},
		'DELETE /wearers/*/commands/*': (_b, [who, _c, commandId]) => {
			const command = state.commands[who.id]?.find((c) => c.id === commandId);
			if (command?.state !== 'queued') return problem(409, 'command_already_sent');
			return ok(Object.assign(command, { state: 'cancelled', finished: iso() }));
		},
		'PUT /wearers/*/picture': (_b, [who]) => (Object.assign(who, { has_picture: true, picture_version: who.picture_version + 1 }), ok(who)),
		'DELETE /wearers/*/picture': (_b, [who]) => (Object.assign(who, { has_picture: false }), ok(undefined, 204)),
		'GET /alarms': (_b, _p, query) => ok({ alarms: state.alarms.filter((a) => query.get('state') === 'all' || a.state !== 'closed') }),
		'POST /alarms/*/take': (_b, [alarm]) => (Object.assign(alarm, { state: 'taken', taken: { by: me, time: iso() } }), tell('alarm', alarm), ok(alarm)),
		'POST /alarms/*/close': (b, [alarm]) => (Object.assign(alarm, { state: 'closed', closed: { by: me, time: iso(), ...b } }), tell('alarm', alarm), ok(alarm)),
		'GET /claims': () => ok({ claims: state.claims }),
		'POST /claims': (b) => {
			const claim = {
				id: id(), group: b.group, name: b.name, watch_masked: `${b.watch.slice(0, 2)}••••${b.watch.slice(-3)}`, state: 'waiting', hint: 'not_seen', tries_left: 5, expires: iso(Date.now() + 24 * 3.6e6),
				sms: [
					{ text: 'pw,123456,ip,watch.example.org,8001#', purpose: 'server', to: b.sim_number },
					{ text: 'ip,watch.example.org,8001#', purpose: 'server_old', to: b.sim_number },
					{ text: 'pw,123456,ts#', purpose: 'query', to: b.sim_number }
				]
			};
			state.claims.unshift(claim);
			later(4000, () => tell('claim', Object.assign(claim, b.proof === 'sos' ? { state: 'proof_wanted', hint: undefined } : { state: 'code_sent', hint: undefined, code_expires: iso(Date.now() + 5 * MINUTE) })));
			return ok(claim, 201);
		},
		'GET /claims/*': (_b, [claim]) => ok(claim),
		'POST /claims/*/code': (b, [claim]) => {
			if (b.code !== '123456') return problem(409, 'claim_code_wrong', { tries_left: --claim.tries_left });
			const who = wearer(claim.name, '#4b6b12', null);
			state.wearers.push(who);
			tell('wearer', who);
			return ok(Object.assign(claim, { state: 'bound', wearer: who.id }));
		},
		'POST /claims/*/send': () => problem(429, 'too_soon'),
		'DELETE /claims/*': (_b, [claim]) => ((state.claims = state.claims.filter((c) => c !== claim)), ok(undefined, 204)),
		'POST /demo-watches': () => {
			const who = wearer('Simone', '#b3401f', fix(47.9959, 7.8494, 0));
			state.wearers.push(who);
			tell('wearer', who);
			return ok(who, 201);
		},
		'GET /operator/devices': () => ok({
			unknown: [{ id_masked: '35••••••••••777', vendor: '3G', first_seen: iso(Date.now() - 1e7), last_seen: iso(), frames: 211 }],
			foreign: [{ protocol: 'aqsh', count: 4, last_seen: iso(Date.now() - 1e6), advice: 'An encrypted protocol.' }],
			limits: [{ name: 'frame_s', count: 2 }, { name: 'idle_s', count: 0 }]
		}),
		'GET /operator/radio': () => ok(radio()),
		'POST /operator/radio': (b) => (imports.unshift({ id: id(), name: b.file, begun: Date.now() }), ok(radio(), 202))
	};

	Object.assign(routes, peopleRoutes({ state, account, group, ok, problem, session, id, iso, tell }), watchRoutes({ state, ok, problem, later, tell, id, iso }));

	Object.assign(routes, talkRoutes({ me, ok, problem, id, iso, tell, later }));

	async function answer(request, response) {
		const url = new URL(request.url ?? '/', 'http://mock');
		response.setHeader('Content-Security-Policy', CSP);
		if (!url.pathname.startsWith('/api/')) return files(url.pathname, response);
		const path = url.pathname.replace('/api/v1', '');
		const chunks = [];
		for await (const chunk of request) chunks.push(chunk);
		const isOpen = ['/status', '/setup', '/invitations/look', '/recovery', '/recovery/confirm'].includes(path) || (path === '/session' && request.method === 'POST');
		let result;
		if (!isOpen && !state.signedIn) result = problem(401, 'sign_in_needed');
		else if (path === '/events') return stream(response);
		else {
			const parts = path.split('/').filter(Boolean);
			const things = [];
			const ids = parts.filter((part) => /^[0-9a-f]{32}$/.test(part));
			// Settings and capabilities are named in the path.
			const word = parts.length === 4 && ['settings', 'capabilities'].includes(parts[2]) ? parts[3] : undefined;
			const pattern = parts.map((part, i) => {
				if (i === 3 && word) return '*';
				if (!/^[0-9a-f]{32}$/.test(part)) return part;
				things.push(state.wearers.find((w) => w.id === part) ?? state.alarms.find((a) => a.id === part) ?? state.claims.find((c) => c.id === part), null, part);
				return '*';
			});
			const found = things.filter((_, i) => i % 3 === 0);
			const handler = routes[`${request.method} /${pattern.join('/')}`];
			const isJson = request.headers['content-type']?.includes('json');
			const text = Buffer.concat(chunks).toString();
			result = handler ? handler(isJson && text ? JSON.parse(text) : Buffer.concat(chunks), [found[0], null, things[5]], url.searchParams, ids, word) : problem(404, 'not_found');
		}
		response.writeHead(result.status, { 'content-type': result.type ?? 'application/json', 'cache-control': 'no-store' });
		response.end(result.body === undefined || Buffer.isBuffer(result.body) ? result.body : JSON.stringify(result.body));
	}

	function stream(response) {
		response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
		response.write(': hello\n\n');
		streams.add(response);
		response.on('close', () => streams.delete(response));
	}

	async function files(path, response) {
		const name = normalize(path === '/' ? '/index.html' : path);
		try {
			const body = await readFile(join(dist, name));
			response.writeHead(200, { 'content-type': TYPES[extname(name)] ?? 'application/octet-stream' });
			response.end(body);
		} catch {
			response.writeHead(404).end();
		}
	}

	const server = createServer((request, response) => void answer(request, response));
	return {
		state,
		tell,
		sos,
		/** @param {number} port */
		listen: (port) => new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`))),
		/** Breaks all streams, as a lost network does. */
		cut: () => streams.forEach((s) => s.destroy()),
		async close() {
			for (const timer of timers) clearTimeout(timer);
			for (const s of streams) s.destroy();
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		}
	};
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const mock = makeMock();
	mock.state.signedIn = true;
	console.log(await mock.listen(Number(process.argv[2] ?? 8080)));
}
