// All that the app knows of the wearers, kept up to date by the server's events.

import { allOpen, keptAlarms } from './alarm-list';
import { api, ask, type Alarm, type Claim, type Command, type Wearer } from './api';
import { clock } from './clock.svelte';
import { groups } from './groups.svelte';
import { notices } from './notices.svelte';
import { isOlderAlarm, isOlderCommand } from './order';
import { account } from './session.svelte';
import { Stream } from './stream';

export type Link = 'starting' | 'live' | 'lost';

const COMMANDS_KEPT = 100;
/** The server says something every 20 s, if only that it is there. */
const OVERDUE_MS = 25_000;

class Live {
	link = $state<Link>('starting');
	/** Loaded once; before that nothing can be said, not even "no watch". */
	loaded = $state(false);
	/** When the server was heard last, milliseconds since 1970. */
	heard = $state(0);
	wearers = $state.raw<Wearer[]>([]);
	alarms = $state.raw<Alarm[]>([]);
	claims = $state.raw<Claim[]>([]);
	/** By wearer; only of those whose commands somebody looked at. */
	commands = $state.raw<Record<string, Command[]>>({});
	/** By wearer: how often something new was measured or counted since the start. */
	health = $state.raw<Record<string, number>>({});
	/** By wearer: how often something in the thread has changed. */
	told = $state<Record<string, number>>({});
	/** How often everything was loaded: what is shown beside it is then read anew as well. */
	loads = $state(0);

	#stream: Stream | undefined;
	#held: (() => void)[] | undefined;
	#round = 0;

	start(onSignedOut: () => void): () => void {
		const stream = new Stream('/api/v1/events', {
			opened: (first) => {
				// Taken up where it was: what was missed comes by itself. Else everything is loaded.
				if (first || !this.loaded) void this.#load();
				else {
					this.link = 'live';
					// A stream also ends when somebody's groups or rights have changed.
					void this.#people(false);
				}
			},
			event: (type, data) => this.#event(type, data),
			alive: () => (this.heard = clock.exact),
			lost: () => (this.link = 'lost'),
			signedOut: onSignedOut
		});
		this.#stream = stream;
		stream.start();
		const hurry = () => {
			if (document.visibilityState !== 'visible') return;
			// After a sleep of the device the stream may be dead without having noticed.
			if (clock.exact - this.heard > OVERDUE_MS) stream.renew();
			else stream.hurry();
		};
		const online = () => stream.renew();
		const lost = () => (this.link = 'lost');
		window.addEventListener('online', online);
		window.addEventListener('offline', lost);
		document.addEventListener('visibilitychange', hurry);
		return () => {
			stream.stop();
			window.removeEventListener('online', online);
			window.removeEventListener('offline', lost);
			document.removeEventListener('visibilitychange', hurry);
			this.#clear();
		};
	}

	wearer(id: string | undefined): Wearer | undefined {
		return this.wearers.find((w) => w.id === id);
	}

	/** Changes whenever a command for the wearer's watch has gone on: then what the watch keeps may be different. */
	progress(wearer: string): string {
		return (this.commands[wearer] ?? []).map((c) => `${c.id} ${c.state}`).join();
	}

	/** Fetches a wearer's commands; from then on events keep them fresh. */
	async loadCommands(wearer: string): Promise<void> {
		const { commands } = await ask(
			api.GET('/api/v1/wearers/{wearer}/commands', { params: { path: { wearer } } })
		);
		this.commands = { ...this.commands, [wearer]: commands };
	}

	putWearer(wearer: Wearer): void {
		const others = this.wearers.filter((w) => w.id !== wearer.id);
		this.wearers = [...others, wearer].sort((a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1));
	}

	putAlarm(alarm: Alarm): void {
		const own = this.alarms.find((a) => a.id === alarm.id);
		if (own && isOlderAlarm(alarm, own)) return;
		const others = this.alarms.filter((a) => a.id !== alarm.id);
		this.alarms = keptAlarms([alarm, ...others]);
	}

	putCommand(command: Command): void {
		const known = this.commands[command.wearer];
		if (!known) return;
		const own = known.find((c) => c.id === command.id);
		if (own && isOlderCommand(command, own)) return;
		const others = known.filter((c) => c.id !== command.id);
		const list = [command, ...others].sort((a, b) => (a.created < b.created ? 1 : -1)).slice(0, COMMANDS_KEPT);
		this.commands = { ...this.commands, [command.wearer]: list };
	}

	#tell(wearer: string): void {
		this.told[wearer] = (this.told[wearer] ?? 0) + 1;
	}

	putClaim(claim: Claim): void {
		this.claims = [claim, ...this.claims.filter((c) => c.id !== claim.id)];
	}

	dropClaim(id: string): void {
		this.claims = this.claims.filter((c) => c.id !== id);
	}

	dropWearer(id: string): void {
		this.wearers = this.wearers.filter((w) => w.id !== id);
		this.alarms = this.alarms.filter((a) => a.wearer !== id);
		const { [id]: _gone, ...rest } = this.commands;
		this.commands = rest;
		delete this.told[id];
	}

	/** Loads everything; events that come meanwhile are applied afterwards, so that none is lost. */
	async #load(): Promise<void> {
		const round = ++this.#round;
		this.#held = [];
		try {
			const [{ wearers }, alarms, { claims }] = await Promise.all([
				ask(api.GET('/api/v1/wearers')),
				allOpen(openPage),
				ask(api.GET('/api/v1/claims'))
			]);
			if (round !== this.#round) return;
			this.wearers = wearers;
			this.alarms = alarms;
			this.claims = claims;
			const shown = Object.keys(this.commands).filter((id) => wearers.some((w) => w.id === id));
			this.commands = {};
			this.loaded = true;
			this.link = 'live';
			this.heard = clock.exact;
			const held = this.#held ?? [];
			this.#held = undefined;
			for (const apply of held) apply();
			groups.changed(undefined);
			notices.told();
			this.loads++;
			await Promise.all(shown.map((id) => this.loadCommands(id)));
		} catch {
			if (round !== this.#round) return;
			// Without the lists the events mean nothing: begin again.
			this.#held = undefined;
			this.link = 'lost';
			this.#stream?.forget();
		}
	}

	/** Whose groups one is in may have changed: then all is loaded anew. */
	async #people(always: boolean): Promise<void> {
		const before = account.groups.map((g) => g.id).join();
		try {
			await account.reload();
		} catch {
			// The link is lost or the session has ended: both are told elsewhere.
			return;
		}
		if (always || account.groups.map((g) => g.id).join() !== before) await this.#load();
	}

	#event(type: string, data: unknown): void {
		if (type === 'resync') {
			void this.#load();
			return;
		}
		const apply = () => this.#apply(type, data);
		if (this.#held) this.#held.push(apply);
		else apply();
	}

	#apply(type: string, data: unknown): void {
		switch (type) {
			case 'wearer':
				this.putWearer(data as Wearer);
				break;
			case 'alarm':
				this.putAlarm(data as Alarm);
				break;
			case 'command':
				this.putCommand(data as Command);
				break;
			case 'health': {
				const { wearer } = data as { wearer: string };
				this.health = { ...this.health, [wearer]: (this.health[wearer] ?? 0) + 1 };
				break;
			}
			case 'thread':
				this.#tell((data as { wearer: string }).wearer);
				break;
			case 'claim':
				this.putClaim(data as Claim);
				break;
			case 'notice':
				notices.told();
				break;
			case 'group':
				groups.changed((data as { group?: string }).group);
				// Rights may be others as well.
				void this.#people(true);
				break;
			case 'removed':
				this.dropWearer((data as { wearer: string }).wearer);
				break;
		}
	}

	#clear(): void {
		this.#round++;
		this.#stream = undefined;
		this.#held = undefined;
		groups.clear();
		notices.clear();
		this.wearers = [];
		this.alarms = [];
		this.claims = [];
		this.commands = {};
		this.health = {};
		this.told = {};
		this.loaded = false;
		this.link = 'starting';
	}
}

async function openPage(before?: string): Promise<Alarm[]> {
	const query = { state: 'open' as const, ...(before ? { before } : {}) };
	return (await ask(api.GET('/api/v1/alarms', { params: { query } }))).alarms;
}

export const live = new Live();
