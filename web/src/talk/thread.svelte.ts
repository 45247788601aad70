// What was said with one wearer: the newest at first, older ones when they are asked for, kept fresh by events.

import type { components } from '../generated/api';
import { asProblem, guarded, Problem, problemOf, signedOutBy, type Problem as Trouble } from '../lib/api';
import { send, type Id } from '../lib/send';
import { readWav, type Sound } from './sound';

export type Item = components['schemas']['ThreadItem'];
type Page = components['schemas']['Thread'];
export type Limits = Page['limits'];

const PAGE = 30;
/** Sounds kept to be played again without asking. */
const SOUNDS = 12;

/** How something that was sent stands, as people would say it. */
export type Standing = 'queued' | 'sent' | 'delivered' | 'unsure' | 'failed' | 'expired' | 'cancelled';

/** Nothing for what came from the watch. */
export function standingOf(item: Item): Standing | undefined {
	if (item.direction === 'from' || item.state === 'received') return undefined;
	if (item.state === 'heard') return 'delivered';
	if (item.state !== 'failed') return item.state;
	if (item.reason === 'by_member') return 'cancelled';
	return item.reason === 'no_answer' || item.reason === 'never_answered' ? 'unsure' : 'failed';
}

export const isEnded = (standing: Standing): boolean => !['queued', 'sent', 'delivered'].includes(standing);

/** Newest pages put over what is known. What the server does not have any more goes. */
export function merged(known: readonly Item[], page: readonly Item[], isWhole: boolean): Item[] {
	const oldest = page.reduce<string | undefined>((least, item) => (least === undefined || item.created < least ? item.created : least), undefined);
	const fresh = new Set(page.map((item) => item.id));
	const kept = known.filter((item) => !fresh.has(item.id) && !isWhole && oldest !== undefined && item.created < oldest);
	return inOrder([...kept, ...page]);
}

export function inOrder(items: readonly Item[]): Item[] {
	return [...items].sort((a, b) => (a.created === b.created ? (a.id < b.id ? -1 : 1) : a.created < b.created ? -1 : 1));
}

export class Thread {
	/** Oldest first; undefined until they are there. */
	items = $state.raw<Item[]>();
	limits = $state.raw<Limits>();
	problem = $state.raw<Trouble>();
	hasOlder = $state(false);
	loadingOlder = $state(false);

	readonly path: string;
	#loading = false;
	#again = false;
	#sounds = new Map<Id, Sound>();

	constructor(readonly wearer: Id) {
		this.path = `/wearers/${wearer}/thread`;
	}

	/** Reads the newest. Asked for while it runs it is done once more, so that the last state is seen. */
	async load(): Promise<void> {
		if (this.#loading) {
			this.#again = true;
			return;
		}
		this.#loading = true;
		try {
			do {
				this.#again = false;
				const page = await send<Page>('GET', `${this.path}?limit=${PAGE}`);
				const isWhole = page.items.length < PAGE;
				if (this.items === undefined || isWhole) this.hasOlder = !isWhole;
				this.items = merged(this.items ?? [], page.items, isWhole);
				this.limits = page.limits;
				this.problem = undefined;
			} while (this.#again);
		} catch (cause) {
			this.problem = asProblem(cause);
		} finally {
			this.#loading = false;
		}
	}

	async older(): Promise<void> {
		const first = this.items?.[0];
		if (!first || !this.hasOlder || this.loadingOlder) return;
		this.loadingOlder = true;
		try {
			const page = await send<Page>('GET', `${this.path}?limit=${PAGE}&before=${first.id}`);
			const known = new Set(this.items?.map((item) => item.id));
			this.items = inOrder([...page.items.filter((item) => !known.has(item.id)), ...(this.items ?? [])]);
			this.hasOlder = page.items.length === PAGE;
			this.problem = undefined;
		} catch (cause) {
			this.problem = asProblem(cause);
		} finally {
			this.loadingOlder = false;
		}
	}

	put(item: Item): void {
		this.items = inOrder([...(this.items ?? []).filter((other) => other.id !== item.id), item]);
	}

	async remove(item: Item): Promise<void> {
		await send('DELETE', `${this.path}/${item.id}`);
		this.items = this.items?.filter((other) => other.id !== item.id);
		this.#sounds.delete(item.id);
	}

	/** That somebody here has heard or seen something of the watch: it is no news any more. */
	async heard(item: Item): Promise<void> {
		await send('POST', `${this.path}/heard`, { item: item.id });
		const now = this.items?.find((other) => other.id === item.id);
		if (now?.state === 'received') this.put({ ...now, state: 'heard' });
	}

	/** The file of a voice message. */
	async file(item: Item): Promise<Uint8Array<ArrayBuffer>> {
		const response = await guarded(new Request(new URL(`/api/v1/thread/${item.id}/sound`, location.origin)));
		if (response.ok) return new Uint8Array(await response.arrayBuffer());
		const problem = problemOf(await response.json().catch(() => undefined), response);
		signedOutBy(problem);
		throw problem;
	}

	async sound(item: Item): Promise<Sound> {
		const known = this.#sounds.get(item.id);
		if (known) return known;
		const sound = readWav(await this.file(item));
		if (!sound) throw new Problem('answer_bad');
		this.#sounds.set(item.id, sound);
		const oldest = this.#sounds.keys().next().value;
		if (this.#sounds.size > SOUNDS && oldest !== undefined) this.#sounds.delete(oldest);
		return sound;
	}
}
