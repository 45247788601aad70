// El reloj: llamadas, fotos, agenda, protección.

import type { watch as english } from './en-watch';
import type { Texts } from './words.svelte';

export const watch: Texts<typeof english> = {
	'action.call': 'Llamar',

	'card.not_allowed': 'Ahora no puedes ver la posición.',

	'asked.call': 'Llamada',
	'asked.check_in_call': 'Llamada de control',
	'asked.photo': 'Foto',
	'asked.power_off': 'Apagar',
	'asked.reset': 'Reiniciar',
	'asked.new_password': 'Contraseña nueva',

	'confirmed.call': 'el reloj está llamando',
	'confirmed.check_in_call': 'el reloj te está llamando',
	'confirmed.photo': 'el reloj hace una foto',
	'confirmed.power_off': 'el reloj se apaga',
	'confirmed.reset': 'el reloj se reinicia',
	'confirmed.new_password': 'el reloj la tiene',

	'unknown.call': 'Puede que llame o no. Inténtalo otra vez o llama tú.',
	'unknown.check_in_call': 'Puede que llame o no. Inténtalo otra vez o llama tú.',
	'unknown.photo': 'Puede que llegue una foto o no. Pídela más tarde.',
	'unknown.power_off': 'Puede que esté apagado o no. Lo verás si deja de dar señales.',
	'unknown.reset': 'Puede que se haya reiniciado o no. Mira sus ajustes en unos minutos.',
	'unknown.new_password': 'Se guardan las dos contraseñas hasta saber cuál tiene.',

	'kind.settings_drift': 'Reloj cambiado desde fuera',

	'reason.by_watch': 'El reloj ha dicho que no.',
	'reason.not_announced': 'No se pudo anunciar en el reloj, así que no se hizo.',
	'reason.never_answered': 'El reloj lo recibió, pero no contestó.',
	'reason.went_dark': 'Desde entonces el reloj no da señales, como debe ser.',

	'kept.confirmed': 'El reloj lo tiene',
	'kept.wanted': 'Aún no está en el reloj',
	'kept.refused': 'El reloj lo ha rechazado',
	'kept.none': 'Aún no se ha enviado nada al reloj',
	'kept.unknown': 'El reloj no ha contestado',

	'contacts.title': 'Agenda y números SOS',
	'contacts.text': 'El reloj de {name} solo puede llamar a estas personas y solo las deja pasar.',
	'contacts.not_allowed': 'Puedes mirar esta lista, pero no cambiarla. Los tutores y administradores sí.',
	'contacts.none': 'Nadie todavía.',
	'contacts.name': 'Nombre {n}',
	'contacts.number': 'Número {n}',
	'contacts.name_bad': 'Hace falta un nombre de {n} caracteres como máximo: los relojes no muestran más.',
	'contacts.remove': 'Quitar a {name}',
	'contacts.add': 'Añadir',
	'contacts.room': { one: 'Queda sitio para {n} más', other: 'Queda sitio para {n} más' },
	'contacts.save': 'Guardar la agenda',

	'sos_numbers.title': 'Números SOS',
	'sos_numbers.text': 'Al pulsar SOS, el reloj llama a estos, uno tras otro.',
	'sos_numbers.number': 'Número SOS {n}',
	'sos_numbers.save': 'Guardar los números SOS',

	'call.title': 'Llamadas',
	'call.text': 'Toca a alguien: el reloj de {name} le llama.',
	'call.nobody': 'Aún no hay nadie en la agenda del reloj.',
	'call.check_in': 'Llamada de control',
	'call.check_in_text': 'El reloj de {name} llama a tu número y oyes cómo está.',
	'call.check_in_told': 'Nunca es en secreto: el reloj muestra antes un texto y todo el grupo ve que lo hiciste.',
	'call.check_in_go': 'Que el reloj me llame',

	'sms_alerts.title': 'SMS del propio reloj',
	'sms_alerts.text': 'Los envía el reloj a los números SOS, también sin internet. Gasta saldo de su tarjeta SIM.',
	'sms_alerts.sos': 'Al pulsar SOS',
	'sms_alerts.low_battery': 'Con la batería baja',
	'sms_alerts.removed': 'Al quitarse el reloj',

	'photo.title': 'Fotos de {name}',
	'photo.text': 'Una foto nunca es en secreto: el reloj de {name} lo anuncia y todo el grupo ve quién la pidió.',
	'photo.rule': 'Regla',
	'photo.allow': 'Se permiten fotos del reloj de {name}',
	'photo.allow_hint': 'Otros deben aceptar o pueden oponerse.',
	'photo.per_day': 'Como máximo al día',
	'photo.is_on': { one: 'Permitido: {n} al día.', other: 'Permitidas: {n} al día.' },
	'photo.is_off': 'No se permiten fotos de {name}. Un administrador puede proponerlo.',
	'photo.ask': 'Pedir una foto',
	'photo.left': { one: '{n} más hoy', other: '{n} más hoy' },
	'photo.none': 'Aún no hay fotos.',
	'photo.not_allowed': 'En este grupo no puedes ver fotos.',
	'photo.alt': 'Foto del reloj de {name}',
	'photo.by': 'pedida por {who}',
	'photo.delete': 'Borrar esta foto',
	'photo.deleted': 'La foto se ha borrado',

	'guard.title': 'Protección del reloj',
	'guard.safe': 'Protegido: nadie de fuera puede hacerse con él.',
	'guard.not_yet': 'En marcha: el reloj aún no lo ha confirmado todo.',
	'guard.drift': 'El reloj se cambió desde fuera. Se está arreglando.',
	'guard.control_numbers': 'Ningún número extraño lo controla',
	'guard.password': 'Contraseña propia en vez de la de fábrica',
	'guard.strangers': 'Se rechazan llamadas de extraños',
	'guard.auto_answer': 'No descuelga solo',
	'guard.checked': 'Comprobado:',

	'sure.power_off': 'El reloj de {name} se apaga y solo se enciende a mano. Hasta entonces nadie ve dónde está y SOS no funciona. Se avisa a todo el grupo.',
	'sure.new_password': 'El reloj de {name} recibe una contraseña nueva al azar. Nadie necesita conocerla; se avisa a todos del cambio.',
	'sure.reset': 'El reloj de {name} se reinicia. Durante uno o dos minutos no se llega a él y el SOS no funciona. Otros deben aceptar antes, o pueden oponerse.',

	'missing.title': 'Lo que no puedes hacer con {name}',
	'missing.text': 'Depende de tu papel y de las horas acordadas. Pregunta a un administrador del grupo.',
	'missing.group': 'Al grupo',

	'problem.phone_missing': 'Primero escribe tu número en Cuenta, Seguridad: el reloj llamará ahí.',
	'problem.photos_off': 'No se permiten fotos de esta persona.',
	'problem.photos_forbidden': 'Donde funciona este servidor no se permiten fotos de relojes.',
	'problem.photo_under_way': 'Ya hay una foto en camino.',
	'problem.photos_used_up': 'Esa fue la última foto de hoy.',
	'problem.watch_in_conflict': 'Dos relojes usan este número. Hasta aclararlo no se puede enviar algo así.',
	'problem.watch_shows_no_text': 'Este reloj no muestra textos y no se puede anunciar. En secreto no se hace.'
};
