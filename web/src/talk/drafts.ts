// What was begun to write, per wearer: kept while this window is open, gone with the session.

import type { Sound } from './sound';

const PREFIX = 'kinward.draft.';
const sounds = new Map<string, Sound>();

/** Browsers may keep their storage to themselves: then nothing is kept. */
function storage(): Storage | undefined {
	try {
		return globalThis.sessionStorage;
	} catch {
		return undefined;
	}
}

export function draftOf(wearer: string): string {
	return storage()?.getItem(PREFIX + wearer) ?? '';
}

export function keepDraft(wearer: string, text: string): void {
	if (text === '') storage()?.removeItem(PREFIX + wearer);
	else storage()?.setItem(PREFIX + wearer, text);
}

/** A recording that was not sent yet stays while one looks at something else. */
export function soundDraftOf(wearer: string): Sound | undefined {
	return sounds.get(wearer);
}

export function keepSoundDraft(wearer: string, sound: Sound | undefined): void {
	if (sound) sounds.set(wearer, sound);
	else sounds.delete(wearer);
}

export function forgetDrafts(): void {
	sounds.clear();
	const all = storage();
	for (const key of Object.keys(all ?? {})) if (key.startsWith(PREFIX)) all?.removeItem(key);
}
