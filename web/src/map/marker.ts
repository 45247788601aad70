// The mark of a person on the map: a button with face and age. Made by hand because MapLibre moves the element.

import { inkOn } from '../lib/color';
import { initials } from '../lib/say';
import type { Person } from './people';

export interface Mark {
	element: HTMLElement;
	update(person: Person): void;
}

function child(parent: HTMLElement, tag: string, className: string): HTMLElement {
	const element = document.createElement(tag);
	element.className = className;
	parent.append(element);
	return element;
}

export function makeMark(onpick: () => void): Mark {
	const element = document.createElement('button');
	element.setAttribute('type', 'button');
	element.addEventListener('click', (event) => {
		event.stopPropagation();
		onpick();
	});
	const face = child(element, 'span', 'pin-face');
	const label = child(element, 'span', 'pin-label');
	// What is seen is short; what is heard says all of it in words.
	face.setAttribute('aria-hidden', 'true');
	label.setAttribute('aria-hidden', 'true');
	const spoken = child(element, 'span', 'unseen');
	let shown = '';
	return {
		element,
		update(person) {
			// MapLibre keeps classes of its own on the element: only ours are switched.
			element.classList.add('pin');
			element.classList.toggle('pin-old', person.fresh === 'old');
			element.classList.toggle('pin-very-old', person.fresh === 'very_old');
			element.classList.toggle('pin-inexact', person.inexact);
			element.classList.toggle('pin-selected', person.selected);
			element.classList.toggle('pin-crying', person.crying);
			spoken.textContent = person.spoken;
			element.dataset.wearer = person.id;
			label.textContent = person.label;
			const look = [person.name, person.color, person.picture].join('\n');
			if (look === shown) return;
			shown = look;
			face.style.setProperty('--face', person.color);
			face.style.setProperty('--face-ink', inkOn(person.color));
			face.replaceChildren();
			if (person.picture) {
				const picture = document.createElement('img');
				picture.alt = '';
				picture.src = person.picture;
				picture.addEventListener('error', () => face.replaceChildren(initials(person.name)));
				face.append(picture);
			} else face.append(initials(person.name));
		}
	};
}
