// Orte: wie sie gefunden wurden, wie genau sie sind, was von ihnen zu halten ist.

import type { place as english } from './en-place';
import type { Texts } from './words.svelte';

export const place: Texts<typeof english> = {
	'where.roughly': 'Ungefähr {place}',
	'where.untrue': 'Die Uhr sagte „{place}“, das kann nicht stimmen',
	'map.label_about': '± {distance}, {age}',
	'alarm.place_untrue': 'Der Ort, der mit dem Alarm kam, kann nicht stimmen.',
	'detail.about': 'Zu diesem Ort:',
	'detail.source': 'Wie gefunden',
	'detail.accuracy': 'Wie genau',
	'detail.accuracy_text': 'sehr wahrscheinlich auf {distance}',
	'detail.accuracy_unknown': 'die Uhr hat es nicht gesagt',
	'detail.time': 'Von',
	'detail.received': 'angekommen {time}',
	'detail.place': 'Breite, Länge',
	'detail.satellites': 'Satelliten',
	'detail.doubts': 'Bedenke',
	'detail_source.gps': 'Durch Satelliten, im Freien meist auf einige Meter richtig',
	'detail_source.wifi': 'Aus WLANs, die die Uhr gehört hat. Im Kreis, nicht in seiner Mitte',
	'detail_source.cell': 'Aus Mobilfunkmasten, die die Uhr gehört hat. Irgendwo im Kreis',
	'detail_source.phone': 'Vom Telefon gesagt, das Satelliten, WLAN und Masten mischt',
	'detail_source.none': 'Gar nicht'
};
