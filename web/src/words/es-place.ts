// Lugares: cómo se encontraron, qué exactos son, qué pensar de ellos.

import type { place as english } from './en-place';
import type { Texts } from './words.svelte';

export const place: Texts<typeof english> = {
	'where.roughly': 'Más o menos {place}',
	'where.untrue': 'El reloj dijo «{place}», y no puede ser',
	'map.label_about': '± {distance}, {age}',
	'alarm.place_untrue': 'El lugar que llegó con la alarma no puede ser correcto.',
	'detail.about': 'Sobre este lugar:',
	'detail.source': 'Cómo se encontró',
	'detail.accuracy': 'Qué exacto',
	'detail.accuracy_text': 'muy probablemente a menos de {distance}',
	'detail.accuracy_unknown': 'el reloj no lo dijo',
	'detail.time': 'De',
	'detail.received': 'llegó {time}',
	'detail.place': 'Latitud, longitud',
	'detail.satellites': 'Satélites',
	'detail.doubts': 'Ten en cuenta',
	'detail_source.gps': 'Por satélites, al aire libre suele acertar por unos metros',
	'detail_source.wifi': 'Por redes wifi que oyó el reloj. Dentro del círculo, no en su centro',
	'detail_source.cell': 'Por antenas móviles que oyó el reloj. En cualquier punto del círculo',
	'detail_source.phone': 'Lo dijo el teléfono, que mezcla satélites, wifi y antenas',
	'detail_source.none': 'De ninguna manera'
};
