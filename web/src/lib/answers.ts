// What watches say to what they are asked. It comes from outside: nothing of its shape is taken for granted.

export interface Network {
	id?: string;
	ssid: string;
	bssid?: string;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The networks in an answer, at most so many as a person reads. */
const NETWORKS_MOST = 30;

export function networksOf(answer: unknown): Network[] {
	const list = (answer as { networks?: unknown } | undefined)?.networks;
	const all = Array.isArray(list) ? list : answer === undefined || answer === null ? [] : [answer];
	return all.slice(0, NETWORKS_MOST).flatMap((one: unknown) => {
		const got = one as { id?: unknown; ssid?: unknown; bssid?: unknown; mac?: unknown } | null;
		const ssid = text(got?.ssid);
		if (ssid === undefined) return [];
		const id = text(got?.id);
		const bssid = text(got?.bssid) ?? text(got?.mac);
		return [{ ssid, ...(id ? { id } : {}), ...(bssid ? { bssid } : {}) }];
	});
}

/** What else a watch has said, as lines of "what: how much". */
export function linesOf(answer: unknown): { name: string; value: string }[] {
	if (typeof answer === 'string') return [{ name: '', value: answer }];
	if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return [];
	return Object.entries(answer).flatMap(([name, value]) =>
		['string', 'number', 'boolean'].includes(typeof value) ? [{ name: name.replaceAll('_', ' '), value: String(value) }] : []
	);
}
