// Ways in beside a watch: phones with an app, watches that encrypt. Links that set up the apps by themselves.

import type { Id } from './send';

export const WAY_KINDS = ['owntracks', 'traccar', 'watch_tls'] as const;
export type WayKind = (typeof WAY_KINDS)[number];

export interface Way {
	id: Id;
	kind: WayKind;
	name: string;
	created: string;
	last_seen?: string;
}
/** Shown once: whoever has it can say where the wearer is. */
export interface WaySecret {
	/** Where a phone sends its places. */
	url?: string;
	user?: string;
	token?: string;
	/** What an OwnTracks phone encrypts its places with, besides HTTPS. */
	encryption_key?: string;
	/** Where a watch that encrypts connects. */
	host?: string;
	port?: number;
	/** What the watch proves itself with, as PEM. */
	certificate?: string;
	private_key?: string;
	/** Of that certificate. */
	fingerprint?: string;
}

/** How often a phone tells its place: enough for "where is she now", not enough to empty it. */
const TRACCAR = { accuracy: 'high', distance: '50', interval: '300', heartbeat: '900', buffer: 'true', stopDetection: 'true', service: 'true' };

/** Opened on the phone, or read by its camera, it sets up OwnTracks (mode 3: over HTTP). */
export function ownTracksLink(secret: WaySecret, name: string): string {
	const settings = {
		_type: 'configuration',
		mode: 3,
		url: secret.url ?? '',
		auth: true,
		username: secret.user ?? 'kinward',
		password: secret.token ?? '',
		deviceId: 'phone',
		tid: [...name.replace(/[^\p{L}\p{N}]/gu, '')].slice(0, 2).join('') || 'ph',
		// Significant changes and moves: a phone in a pocket lasts all day.
		monitoring: 1,
		...(secret.encryption_key ? { encryptionKey: secret.encryption_key } : {})
	};
	const bytes = new TextEncoder().encode(JSON.stringify(settings));
	return `owntracks:///config?inline=${encodeURIComponent(btoa(String.fromCharCode(...bytes)))}`;
}

/** For the camera of Traccar Client itself (Settings, square code). */
export function traccarLink(secret: WaySecret): string {
	return `${secret.url ?? ''}?${new URLSearchParams({ id: secret.token ?? '', ...TRACCAR })}`;
}
