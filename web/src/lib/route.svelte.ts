// Where in the app one is: the part of the address after '#'. So 'back' works, and links can be kept.

export type Route =
	| { at: 'setup'; token: string }
	| { at: 'map'; wearer?: string }
	| { at: 'talk'; wearer?: string }
	| { at: 'day'; wearer?: string; day?: string }
	| { at: 'care' }
	| { at: 'alarms' }
	| { at: 'claim'; claim?: string }
	| { at: 'person'; wearer: string }
	| { at: 'account' }
	| { at: 'operator' };

const ID = /^[0-9a-f]{32}$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Reads an address; what is not understood is the map. */
export function parseRoute(hash: string): Route {
	const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split('?', 2);
	const [place = '', first = '', second = ''] = path.split('/');
	const wearer = ID.test(first) ? { wearer: first } : {};
	switch (place) {
		case 'setup':
			return { at: 'setup', token: new URLSearchParams(query).get('token') ?? '' };
		case 'talk':
			return { at: 'talk', ...wearer };
		case 'day':
			return { at: 'day', ...wearer, ...(DAY.test(second) ? { day: second } : {}) };
		case 'care':
			if (first === 'alarms') return { at: 'alarms' };
			if (first === 'watch') return { at: 'claim', ...(ID.test(second) ? { claim: second } : {}) };
			if (first === 'person' && ID.test(second)) return { at: 'person', wearer: second };
			return { at: 'care' };
		case 'account':
			return { at: 'account' };
		case 'operator':
			return { at: 'operator' };
		default:
			return { at: 'map', ...wearer };
	}
}

/** The address of a route: the other way round. */
export function addressOf(route: Route): string {
	switch (route.at) {
		case 'setup':
			return `#/setup?token=${encodeURIComponent(route.token)}`;
		case 'map':
		case 'talk':
			return ['#', route.at, route.wearer].filter(Boolean).join('/');
		case 'day':
			return ['#', 'day', route.wearer, route.wearer && route.day].filter(Boolean).join('/');
		case 'alarms':
			return '#/care/alarms';
		case 'claim':
			return ['#', 'care', 'watch', route.claim].filter(Boolean).join('/');
		case 'person':
			return `#/care/person/${route.wearer}`;
		default:
			return `#/${route.at}`;
	}
}

export type Place = 'map' | 'talk' | 'day' | 'care';

/** Under which of the four places a route is found. */
export function placeOf(route: Route): Place | undefined {
	if (route.at === 'map' || route.at === 'talk' || route.at === 'day') return route.at;
	return ['care', 'alarms', 'claim', 'person'].includes(route.at) ? 'care' : undefined;
}

class Router {
	route = $state<Route>(parseRoute(globalThis.location?.hash ?? ''));

	start(): () => void {
		const read = () => (this.route = parseRoute(location.hash));
		window.addEventListener('hashchange', read);
		return () => window.removeEventListener('hashchange', read);
	}

	go(route: Route): void {
		location.hash = addressOf(route);
	}

	/** Goes there without leaving a step to come back to. */
	replace(route: Route): void {
		history.replaceState(null, '', addressOf(route));
		this.route = route;
	}
}

export const router = new Router();
