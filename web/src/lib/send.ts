// Requests by method and path, with the same patience, problems and proofs as those of the typed client.

import { guarded, problemOf, Problem, signedOutBy } from './api';

export type Id = string;

export interface Answered<T> {
	/** 202: it waits for somebody's agreement, or for a time to object. */
	waits: boolean;
	data: T;
}

export async function answered<T>(
	method: string,
	path: string,
	body?: unknown,
	more: Record<string, string> = {}
): Promise<Answered<T>> {
	const request = new Request(new URL(`/api/v1${path}`, location.origin), {
		method,
		cache: 'no-store',
		...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...more } })
	});
	const response = await guarded(request);
	const text = await response.text();
	let data: unknown;
	try {
		data = text === '' ? undefined : JSON.parse(text);
	} catch {
		throw new Problem('answer_bad', response.status);
	}
	if (response.ok) return { waits: response.status === 202, data: data as T };
	const problem = problemOf(data, response);
	signedOutBy(problem);
	throw problem;
}

export async function send<T>(method: string, path: string, body?: unknown): Promise<T> {
	return (await answered<T>(method, path, body)).data;
}
