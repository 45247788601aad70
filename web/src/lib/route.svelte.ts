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
	| { at: 'contacts'; wearer: string }
	| { at: 'photos'; wearer: string }
	| { at: 'watch'; wearer: string }
	| { at: 'asked'; wearer: string }
	| { at: 'health'; wearer: string }
	| { at: 'battery'; wearer: string }
	| { at: 'calls'; wearer: string }
	| { at: 'ways'; wearer: string }
	| { at: 'group'; group?: string }
	| { at: 'member'; group: string; account: string }
	| { at: 'invite'; group: string }
	| { at: 'audit'; group: string }
	| { at: 'partners'; group: string }
	| { at: 'notices' }
	| { at: 'account' }
	| { at: 'safety' }
	| { at: 'protect' }
	| { at: 'recover' }
	| { at: 'recovery'; token: string }
	| { at: 'email'; token: string }
	| { at: 'invitation'; token: string }
	| { at: 'operator'; page?: OperatorPlace };

/** What whoever runs the server looks at; without one it is how the server does. */
export const OPERATOR_PLACES = ['accounts', 'partners', 'mail', 'networks', 'watches', 'radio', 'emergency'] as const;
export type OperatorPlace = (typeof OPERATOR_PLACES)[number];

const ID = /^[0-9a-f]{32}$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Reads an address; what is not understood is the map. */
export function parseRoute(hash: string): Route {
	const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split('?', 2);
	const [place = '', first = '', second = '', third = '', fourth = ''] = path.split('/');
	const wearer = ID.test(first) ? { wearer: first } : {};
	switch (place) {
		case 'setup':
		case 'recovery':
		case 'email':
		case 'invitation':
			return { at: place, token: new URLSearchParams(query).get('token') ?? '' };
		case 'recover':
		case 'protect':
		case 'notices':
			return { at: place };
		case 'talk':
			return { at: 'talk', ...wearer };
		case 'day':
			if (ID.test(first) && (second === 'health' || second === 'battery' || second === 'calls')) return { at: second, wearer: first };
			return { at: 'day', ...wearer, ...(DAY.test(second) ? { day: second } : {}) };
		case 'care':
			if (first === 'alarms') return { at: 'alarms' };
			if (first === 'watch') return { at: 'claim', ...(ID.test(second) ? { claim: second } : {}) };
			if (first === 'person' && ID.test(second)) return personRoute(second, third);
			if (first === 'group') return ID.test(second) ? groupRoute(second, third, fourth) : { at: 'group' };
			return { at: 'care' };
		case 'account':
			return first === 'safety' ? { at: 'safety' } : { at: 'account' };
		case 'operator':
			return operatorRoute(first);
		default:
			return { at: 'map', ...wearer };
	}
}

const PERSON_PAGES = ['contacts', 'photos', 'watch', 'asked', 'ways'] as const;

function personRoute(wearer: string, page: string): Route {
	const known = PERSON_PAGES.find((one) => one === page);
	return known ? { at: known, wearer } : { at: 'person', wearer };
}

function operatorRoute(first: string): Route {
	const page = OPERATOR_PLACES.find((place) => place === first);
	return { at: 'operator', ...(page ? { page } : {}) };
}

function groupRoute(group: string, page: string, account: string): Route {
	if (page === 'member' && ID.test(account)) return { at: 'member', group, account };
	return page === 'invite' || page === 'audit' || page === 'partners' ? { at: page, group } : { at: 'group', group };
}

/** The address of a route: the other way round. */
export function addressOf(route: Route): string {
	switch (route.at) {
		case 'setup':
		case 'recovery':
		case 'email':
		case 'invitation':
			return `#/${route.at}?token=${encodeURIComponent(route.token)}`;
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
		case 'health':
		case 'battery':
		case 'calls':
			return `#/day/${route.wearer}/${route.at}`;
		case 'contacts':
		case 'photos':
		case 'watch':
		case 'asked':
		case 'ways':
			return `#/care/person/${route.wearer}/${route.at}`;
		case 'group':
			return ['#', 'care', 'group', route.group].filter(Boolean).join('/');
		case 'member':
			return `#/care/group/${route.group}/member/${route.account}`;
		case 'invite':
		case 'audit':
		case 'partners':
			return `#/care/group/${route.group}/${route.at}`;
		case 'safety':
			return '#/account/safety';
		case 'operator':
			return ['#', 'operator', route.page].filter(Boolean).join('/');
		default:
			return `#/${route.at}`;
	}
}

/** What links in mails and invitations open: before the sign-in, and instead of the map. */
export function isOutside(route: Route): boolean {
	return ['setup', 'recover', 'recovery', 'email', 'invitation'].includes(route.at);
}

const CARE = new Set<Route['at']>([
	...(['care', 'alarms', 'claim', 'person', 'contacts', 'photos', 'watch', 'asked', 'ways'] as const),
	...(['group', 'member', 'invite', 'audit', 'partners'] as const)
]);

const DAY_PAGES = new Set<Route['at']>(['day', 'health', 'battery', 'calls']);

export type Place = 'map' | 'talk' | 'day' | 'care';

/** Under which of the four places a route is found. */
export function placeOf(route: Route): Place | undefined {
	if (route.at === 'map' || route.at === 'talk') return route.at;
	if (DAY_PAGES.has(route.at)) return 'day';
	return CARE.has(route.at) ? 'care' : undefined;
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
