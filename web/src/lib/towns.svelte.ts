// The list of towns, fetched once and only when something is to be named.

import address from '../generated/towns.json?url';
import { Towns } from './towns';

class TownList {
	towns = $state.raw<Towns | undefined>();
	#asked = false;

	want(): void {
		if (this.#asked) return;
		this.#asked = true;
		fetch(address)
			.then(async (response) => {
				if (!response.ok) throw new Error(`status ${response.status}`);
				this.towns = new Towns(await response.json());
			})
			.catch(() => {
				// Without it places are said by coordinates; the next look asks again.
				this.#asked = false;
			});
	}
}

export const townList = new TownList();
