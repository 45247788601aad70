// The answer to a request and the event about it travel on two ways: whichever comes last must not turn back what
// the other has told. States only go forward.

import type { Alarm, Command } from './api';

function stepOfCommand(command: Command): number {
	return command.state === 'queued' ? 0 : command.state === 'sent' ? 1 : command.state === 'unknown' ? 2 : 3;
}

/** True when `told` is an earlier state of the command than `known`. */
export function isOlderCommand(told: Command, known: Command): boolean {
	return stepOfCommand(told) < stepOfCommand(known);
}

const STEPS: readonly Alarm['state'][] = ['open', 'taken', 'closed'];

export function isOlderAlarm(told: Alarm, known: Alarm): boolean {
	const by = STEPS.indexOf(told.state) - STEPS.indexOf(known.state);
	return by < 0 || (by === 0 && told.repeats < known.repeats);
}
