// The track that the map shows while a day is looked at.

import type { Fix } from './api';

class Track {
	fixes = $state.raw<Fix[]>([]);
	/** Where the slider stands. */
	at = $state(0);
	color = $state('#000000');

	show(fixes: Fix[], color: string): void {
		this.fixes = fixes;
		this.color = color;
		this.at = Math.max(0, fixes.length - 1);
	}

	clear(): void {
		this.fixes = [];
		this.at = 0;
	}
}

export const track = new Track();
