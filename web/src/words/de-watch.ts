// Die Uhr: Anrufe, Fotos, Telefonbuch, Schutz.

import type { watch as english } from './en-watch';
import type { Texts } from './words.svelte';

export const watch: Texts<typeof english> = {
	'action.call': 'Anrufen',

	'card.not_allowed': 'Du darfst den Ort gerade nicht sehen.',

	'asked.call': 'Anruf',
	'asked.check_in_call': 'Kontrollanruf',
	'asked.photo': 'Foto',
	'asked.power_off': 'Ausschalten',
	'asked.reset': 'Neu starten',
	'asked.new_password': 'Neues Passwort',

	'confirmed.call': 'die Uhr ruft an',
	'confirmed.check_in_call': 'die Uhr ruft dich an',
	'confirmed.photo': 'die Uhr macht ein Foto',
	'confirmed.power_off': 'die Uhr schaltet sich aus',
	'confirmed.reset': 'die Uhr startet neu',
	'confirmed.new_password': 'die Uhr hat es',

	'unknown.call': 'Vielleicht ruft sie an, vielleicht nicht. Versuche es noch einmal oder ruf selbst an.',
	'unknown.check_in_call': 'Vielleicht ruft sie an, vielleicht nicht. Versuche es noch einmal oder ruf selbst an.',
	'unknown.photo': 'Vielleicht kommt ein Foto, vielleicht nicht. Frage später noch einmal.',
	'unknown.power_off': 'Vielleicht ist sie aus, vielleicht nicht. Du siehst es, wenn nichts mehr von ihr kommt.',
	'unknown.reset': 'Vielleicht ist sie neu gestartet, vielleicht nicht. Sieh in ein paar Minuten ihre Einstellungen an.',
	'unknown.new_password': 'Beide Passwörter werden behalten, bis klar ist, welches sie hat.',

	'kind.settings_drift': 'Uhr von außen verändert',

	'reason.by_watch': 'Die Uhr hat abgelehnt.',
	'reason.not_announced': 'Es ließ sich auf der Uhr nicht ankündigen, darum ist es nicht geschehen.',
	'reason.never_answered': 'Die Uhr hat es angenommen, aber nie geantwortet.',
	'reason.went_dark': 'Seither kommt nichts mehr von der Uhr, wie es sein soll.',

	'kept.confirmed': 'Die Uhr hat es',
	'kept.wanted': 'Noch nicht auf der Uhr',
	'kept.refused': 'Die Uhr hat abgelehnt',
	'kept.none': 'Noch nichts an die Uhr geschickt',
	'kept.unknown': 'Die Uhr hat nicht geantwortet',

	'contacts.title': 'Telefonbuch und SOS-Nummern',
	'contacts.text': 'Die Uhr von {name} kann nur diese Menschen anrufen und lässt nur sie durch.',
	'contacts.not_allowed': 'Du kannst die Liste ansehen, aber nicht ändern. Sorgende Personen und Admins können es.',
	'contacts.none': 'Noch niemand.',
	'contacts.name': 'Name {n}',
	'contacts.number': 'Nummer {n}',
	'contacts.name_bad': 'Es braucht einen Namen mit höchstens {n} Zeichen: Mehr zeigen Uhren nicht.',
	'contacts.remove': '{name} entfernen',
	'contacts.add': 'Hinzufügen',
	'contacts.room': { one: 'Platz für {n} weitere Person', other: 'Platz für {n} weitere' },
	'contacts.save': 'Telefonbuch speichern',

	'sos_numbers.title': 'SOS-Nummern',
	'sos_numbers.text': 'Bei SOS ruft die Uhr diese an, eine nach der anderen.',
	'sos_numbers.number': 'SOS-Nummer {n}',
	'sos_numbers.save': 'SOS-Nummern speichern',

	'call.title': 'Anrufe',
	'call.text': 'Tippe auf jemanden: Die Uhr von {name} ruft dort an.',
	'call.nobody': 'Im Telefonbuch der Uhr steht noch niemand.',
	'call.check_in': 'Kontrollanruf',
	'call.check_in_text': 'Die Uhr von {name} ruft deine eigene Nummer an, und du hörst, wie es geht.',
	'call.check_in_told': 'Das ist nie heimlich: Die Uhr zeigt vorher einen Text, und alle in der Gruppe sehen, dass du es warst.',
	'call.check_in_go': 'Die Uhr soll mich anrufen',

	'sms_alerts.title': 'SMS von der Uhr selbst',
	'sms_alerts.text': 'Die Uhr schickt sie an die SOS-Nummern, auch ohne Internet. Das kostet Guthaben ihrer SIM-Karte.',
	'sms_alerts.sos': 'Bei SOS',
	'sms_alerts.low_battery': 'Bei schwachem Akku',
	'sms_alerts.removed': 'Wenn die Uhr abgenommen wird',

	'photo.title': 'Fotos von {name}',
	'photo.text': 'Ein Foto ist nie heimlich: Die Uhr von {name} kündigt es an, und alle in der Gruppe sehen, wer es wollte.',
	'photo.rule': 'Regel',
	'photo.allow': 'Fotos von der Uhr von {name} sind erlaubt',
	'photo.allow_hint': 'Andere müssen zustimmen oder können widersprechen.',
	'photo.per_day': 'Höchstens am Tag',
	'photo.is_on': { one: 'Erlaubt: {n} am Tag.', other: 'Erlaubt: {n} am Tag.' },
	'photo.is_off': 'Fotos sind bei {name} nicht erlaubt. Eine Admin-Person kann es vorschlagen.',
	'photo.ask': 'Um ein Foto bitten',
	'photo.left': { one: 'heute noch {n}', other: 'heute noch {n}' },
	'photo.none': 'Noch keine Fotos.',
	'photo.not_allowed': 'Du darfst in dieser Gruppe keine Fotos ansehen.',
	'photo.alt': 'Foto von der Uhr von {name}',
	'photo.by': 'erbeten von {who}',
	'photo.delete': 'Dieses Foto löschen',
	'photo.deleted': 'Das Foto ist gelöscht',

	'guard.title': 'Schutz der Uhr',
	'guard.safe': 'Geschützt: Niemand von außen kann sie übernehmen.',
	'guard.not_yet': 'Wird eingerichtet: Die Uhr hat noch nicht alles bestätigt.',
	'guard.drift': 'Die Uhr wurde von außen verändert. Das wird gerade wieder zurechtgerückt.',
	'guard.control_numbers': 'Keine fremde Nummer steuert sie',
	'guard.password': 'Eigenes Passwort statt dem ab Werk',
	'guard.strangers': 'Anrufe von Fremden werden abgewiesen',
	'guard.auto_answer': 'Nimmt nicht von selbst ab',
	'guard.checked': 'Geprüft:',

	'sure.power_off': 'Die Uhr von {name} geht aus und lässt sich nur von Hand wieder einschalten. Bis dahin sieht niemand, wo sie ist, und SOS geht nicht. Alle in der Gruppe erfahren es.',
	'sure.new_password': 'Die Uhr von {name} bekommt ein neues zufälliges Passwort. Niemand muss es kennen; alle erfahren, dass es neu ist.',
	'sure.reset': 'Die Uhr von {name} startet neu. Ein, zwei Minuten lang ist sie nicht zu erreichen, und SOS geht nicht. Andere müssen zuerst zustimmen oder können widersprechen.',

	'missing.title': 'Was du bei {name} nicht darfst',
	'missing.text': 'Das liegt an deiner Rolle und an vereinbarten Zeiten. Frage eine Admin-Person der Gruppe.',
	'missing.group': 'Zur Gruppe',

	'problem.phone_missing': 'Trage erst deine eigene Telefonnummer unter Konto, Sicherheit ein: Dort ruft die Uhr an.',
	'problem.photos_off': 'Fotos sind bei dieser Person nicht erlaubt.',
	'problem.photos_forbidden': 'Wo dieser Server läuft, sind Fotos von Uhren nicht erlaubt.',
	'problem.photo_under_way': 'Ein Foto ist schon unterwegs.',
	'problem.photos_used_up': 'Das war das letzte Foto für heute.',
	'problem.watch_in_conflict': 'Zwei Uhren benutzen diese Nummer. Bis das geklärt ist, wird so etwas nicht gesendet.',
	'problem.watch_shows_no_text': 'Diese Uhr zeigt keine Texte, darum lässt es sich nicht ankündigen. Heimlich geschieht es nicht.'
};
