// What somebody at this screen did about alarms that are still open: put aside to look at the map, or muted.
// Kept with the number of repeats, so that the next press of the button brings everything back.

import type { Alarm } from './api';

class AlarmsHere {
	aside = $state<Record<string, number>>({});
	muted = $state<Record<string, number>>({});

	putAside(alarm: Alarm): void {
		this.aside[alarm.id] = alarm.repeats;
	}

	mute(alarm: Alarm): void {
		this.muted[alarm.id] = alarm.repeats;
	}

	bringBack(alarm: Alarm): void {
		delete this.aside[alarm.id];
	}
}

export const alarms = new AlarmsHere();
