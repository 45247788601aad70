// What a watch can show of a text. It counts UTF-16 units, and most have no signs for emoji.

/** So long may a text be, in the units that the watch counts, without blanks at both ends. */
export function units(text: string): number {
	return text.trim().length;
}

const EMOJI = /\p{Extended_Pictographic}|\p{Regional_Indicator}|\p{Emoji_Modifier}|[\u{FE0F}\u{20E3}\u{200D}]|[\u{10000}-\u{10FFFF}]/u;

/** Letters as people see them: an emoji of several signs is one. */
function letters(text: string): string[] {
	return [...new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)].map((part) => part.segment);
}

/** Signs that a watch without emoji cannot show; © and ™ are letters to it. */
function isEmoji(letter: string): boolean {
	return EMOJI.test(letter) && !/^[\u{0}-\u{24FF}]$/u.test(letter);
}

export function emojiIn(text: string): string[] {
	return [...new Set(letters(text).filter(isEmoji))];
}

export function withoutEmoji(text: string): string {
	return letters(text)
		.filter((letter) => !isEmoji(letter))
		.join('')
		.replace(/ {2,}/g, ' ');
}
