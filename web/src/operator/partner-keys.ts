// The public keys of a partner, as somebody pastes them.

import type { components } from '../generated/api';
import { Problem } from '../lib/api';

export const ALGORITHMS = ['ES256', 'EdDSA', 'RS256'] as const satisfies readonly components['schemas']['PartnerAlgorithm'][];

export interface KeysDraft {
	algorithm: (typeof ALGORITHMS)[number];
	form: 'jwks' | 'certificate';
	text: string;
	isBound: boolean;
}
export type KeysBody = components['schemas']['PartnerKeysBody'];

export function emptyKeys(): KeysDraft {
	return { algorithm: 'ES256', form: 'jwks', text: '', isBound: false };
}

/** Parts of private keys (RFC 7518): they belong to the partner and must never leave it. */
const PRIVATE_PARTS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'oth'];

function asObject(value: unknown): Record<string, unknown> | undefined {
	return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}

function parsed(text: string): Record<string, unknown> | undefined {
	try {
		return asObject(JSON.parse(text));
	} catch {
		return undefined;
	}
}

/** Whether somebody pasted a private key by mistake: it is not sent. */
export function holdsPrivateKey(text: string): boolean {
	if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) return true;
	const value = parsed(text);
	const keys: unknown[] = Array.isArray(value?.keys) ? value.keys : [value];
	return keys.some((key) => PRIVATE_PARTS.some((part) => Object.hasOwn(asObject(key) ?? {}, part)));
}

/** What is sent; throws the Problem that the server would answer when it is no set of keys at all. */
export function keysBody(draft: KeysDraft): KeysBody {
	const text = draft.text.trim();
	if (draft.form === 'certificate') return { algorithm: draft.algorithm, certificate_pem: text, is_bound: draft.isBound };
	const value = parsed(text);
	if (!value) throw new Problem('partner_keys_invalid');
	// One key alone is meant as a set of one.
	const jwks = 'kty' in value ? { keys: [value] } : value;
	return { algorithm: draft.algorithm, jwks: jwks as NonNullable<KeysBody['jwks']> };
}
