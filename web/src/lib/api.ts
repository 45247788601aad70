// The one way to the server: types from docs/openapi.yaml, problems as one kind of error.

import createClient from 'openapi-fetch';
import type { components, paths } from '../generated/api';
import { clock } from './clock.svelte';

type Schemas = components['schemas'];
export type Wearer = Schemas['Wearer'];
export type Device = Schemas['Device'];
export type Fix = Schemas['Fix'];
export type Alarm = Schemas['Alarm'];
export type AlarmKind = Schemas['AlarmKind'];
export type Command = Schemas['Command'];
export type CommandState = Schemas['CommandState'];
export type Claim = Schemas['Claim'];
export type Session = Omit<Schemas['Session'], 'account'> & {
	account: Schemas['Account'] & { has_second_factor?: boolean; frozen_until?: string };
	stepped_up_until?: string;
};
export type SessionInfo = Schemas['SessionInfo'];
export type Group = Schemas['Group'];
export type Status = Schemas['Status'];
export type OperatorDevices = Schemas['OperatorDevices'];
export type ServerProblemCode = Schemas['ProblemCode'];

/** What can go wrong: what the server says, and what happens before it can say anything. */
export type ProblemCode =
	| ServerProblemCode
	| 'offline'
	| 'timeout'
	| 'answer_bad'
	| 'passkey_cancelled'
	| 'passkey_known'
	| 'passkey_failed'
	| ComingCode;

/** Codes of parts of the server that are being built. */
type ComingCode = (typeof import('./coming-codes').COMING_CODES)[number];

export class Problem extends Error {
	constructor(
		readonly code: ProblemCode,
		readonly status = 0,
		readonly more: { field?: string; detail?: string; triesLeft?: number; retryAfter?: number } = {}
	) {
		super(code);
	}
}

/** A request without an answer for so long has failed: nobody waits for ever. */
const PATIENCE_MS = 15_000;

async function timedFetch(request: Request): Promise<Response> {
	const limit = AbortSignal.timeout(PATIENCE_MS);
	try {
		const response = await fetch(new Request(request, { signal: AbortSignal.any([request.signal, limit]) }));
		clock.learn(response.headers.get('date'));
		return response;
	} catch (cause) {
		if (request.signal.aborted) throw cause;
		throw new Problem(limit.aborted ? 'timeout' : 'offline');
	}
}

/** Answers that say what the person must do first. */
export type ProofWanted = 'step_up_needed' | 'second_factor_missing';

let onProofWanted: (wanted: ProofWanted) => Promise<boolean> = async () => false;

/** What to do when the server wants a fresh proof; it gives whether there is one now. */
export function whenProofWanted(action: (wanted: ProofWanted) => Promise<boolean>): void {
	onProofWanted = action;
}

async function proofWantedBy(response: Response): Promise<ProofWanted | undefined> {
	if (response.status !== 403) return undefined;
	const body: unknown = await response.clone().json().catch(() => undefined);
	const code = (body as { code?: unknown } | undefined)?.code;
	return code === 'step_up_needed' || code === 'second_factor_missing' ? code : undefined;
}

/** A request; when the server wants a proof first, the person is asked for it and the request made once more. */
export async function guarded(request: Request): Promise<Response> {
	const again = request.clone();
	const response = await timedFetch(request);
	const wanted = await proofWantedBy(response);
	return wanted && (await onProofWanted(wanted)) ? timedFetch(again) : response;
}

export const api = createClient<paths>({
	baseUrl: globalThis.location?.origin ?? 'http://localhost',
	fetch: guarded,
	cache: 'no-store'
});

let onSignedOut: () => void = () => {};

/** What to do when the server says that the session has ended. */
export function whenSignedOut(action: () => void): void {
	onSignedOut = action;
}

export function signedOutBy(problem: Problem): void {
	if (problem.code === 'sign_in_needed') onSignedOut();
}

/** Reads a problem out of an error answer, whatever it is that came. */
export function problemOf(body: unknown, response: Response): Problem {
	const fields = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
	const text = (name: string) => (typeof fields[name] === 'string' ? { [name]: fields[name] as string } : {});
	const retry = Number(response.headers.get('retry-after'));
	const code = typeof fields.code === 'string' ? (fields.code as ProblemCode) : 'answer_bad';
	return new Problem(code, response.status, {
		...text('field'),
		...text('detail'),
		...(typeof fields.tries_left === 'number' ? { triesLeft: fields.tries_left } : {}),
		...(retry > 0 ? { retryAfter: retry } : {})
	});
}

interface Answer<T> {
	data?: T;
	error?: unknown;
	response: Response;
}

/** Waits for an answer and gives its body, or throws the Problem. */
export async function ask<T>(answer: Promise<Answer<T>>): Promise<T> {
	let got: Answer<T>;
	try {
		got = await answer;
	} catch (cause) {
		// An answer that is no JSON although it says so.
		if (cause instanceof SyntaxError) throw new Problem('answer_bad');
		throw cause;
	}
	if (got.response.ok) return got.data as T;
	const problem = problemOf(got.error, got.response);
	signedOutBy(problem);
	throw problem;
}

/** Any failure as a Problem, so that it can be said in words. */
export function asProblem(cause: unknown): Problem {
	return cause instanceof Problem ? cause : new Problem('internal');
}
