// Passkeys: what the server asks and what the browser answers, in base64url.

import { Problem } from './api';
import type { NewPasskeyChallenge, PasskeyChallenge } from './coming';

const ES256 = -7;
const EDDSA = -8;
const RS256 = -257;

export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
	const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
	return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}

export function toBase64Url(bytes: ArrayBuffer | Uint8Array): string {
	const binary = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join('');
	return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Browsers offer passkeys only with HTTPS (or on this very machine), and never for a bare IP address. */
export function passkeysWork(): boolean {
	return globalThis.isSecureContext === true && 'PublicKeyCredential' in globalThis && !isAddress(location.hostname);
}

export function isAddress(host: string): boolean {
	return /^\d+\.\d+\.\d+\.\d+$/.test(host) || host.includes(':');
}

/** What the browser or the person refused, as a problem with words. */
export function passkeyProblem(cause: unknown): Problem {
	const name = cause instanceof DOMException ? cause.name : '';
	if (name === 'NotAllowedError' || name === 'AbortError') return new Problem('passkey_cancelled');
	if (name === 'InvalidStateError') return new Problem('passkey_known');
	return new Problem('passkey_failed');
}

const known = (ids: string[] | undefined) =>
	(ids ?? []).map((id) => ({ type: 'public-key' as const, id: fromBase64Url(id) }));

export async function makePasskey(asked: NewPasskeyChallenge) {
	let made: Credential | null;
	try {
		made = await navigator.credentials.create({
			publicKey: {
				challenge: fromBase64Url(asked.challenge),
				rp: { id: asked.rp_id, name: asked.rp_name ?? 'Kinward' },
				user: {
					id: fromBase64Url(asked.user_id),
					name: asked.user_name,
					displayName: asked.user_display_name ?? asked.user_name
				},
				pubKeyCredParams: [ES256, EDDSA, RS256].map((alg) => ({ type: 'public-key' as const, alg })),
				authenticatorSelection: {
					residentKey: 'required',
					requireResidentKey: true,
					userVerification: 'required'
				},
				excludeCredentials: known(asked.exclude),
				attestation: 'none',
				timeout: asked.timeout_ms
			}
		});
	} catch (cause) {
		throw passkeyProblem(cause);
	}
	const answer = (made as PublicKeyCredential | null)?.response as AuthenticatorAttestationResponse | undefined;
	if (!answer) throw new Problem('passkey_failed');
	return {
		challenge_id: asked.challenge_id,
		client_data: toBase64Url(answer.clientDataJSON),
		attestation_object: toBase64Url(answer.attestationObject)
	};
}

export async function usePasskey(asked: PasskeyChallenge) {
	let used: Credential | null;
	try {
		used = await navigator.credentials.get({
			publicKey: {
				challenge: fromBase64Url(asked.challenge),
				rpId: asked.rp_id,
				allowCredentials: known(asked.allow),
				userVerification: 'required',
				timeout: asked.timeout_ms
			}
		});
	} catch (cause) {
		throw passkeyProblem(cause);
	}
	const credential = used as PublicKeyCredential | null;
	const answer = credential?.response as AuthenticatorAssertionResponse | undefined;
	if (!credential || !answer) throw new Problem('passkey_failed');
	return {
		challenge_id: asked.challenge_id,
		credential_id: toBase64Url(credential.rawId),
		client_data: toBase64Url(answer.clientDataJSON),
		authenticator_data: toBase64Url(answer.authenticatorData),
		signature: toBase64Url(answer.signature),
		user_handle: answer.userHandle ? toBase64Url(answer.userHandle) : ''
	};
}
