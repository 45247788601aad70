// How long a text for a watch may be. The API counts characters; the watch counts UTF-16 units, and the server
// refuses what is too long for it (`message_text_bad`).

export const MESSAGE_LIMIT = 200;

/** Counted as the server does: characters, without blanks at both ends. */
export function messageLength(text: string): number {
	return [...text.trim()].length;
}
