// Places: how they were found, how exact they are, what to think of them.

export const place = {
	'where.roughly': 'Roughly {place}',
	'where.untrue': 'The watch said “{place}”, which cannot be right',
	'map.label_about': '± {distance}, {age}',
	'alarm.place_untrue': 'The place that came with the alarm cannot be right.',
	'detail.about': 'About this place:',
	'detail.source': 'How it was found',
	'detail.accuracy': 'How exact',
	'detail.accuracy_text': 'within {distance}, most likely',
	'detail.accuracy_unknown': 'the watch did not say',
	'detail.time': 'From',
	'detail.received': 'arrived {time}',
	'detail.place': 'Latitude, longitude',
	'detail.satellites': 'Satellites',
	'detail.doubts': 'Mind',
	'detail_source.gps': 'By satellites, usually right to some metres outdoors',
	'detail_source.wifi': 'From Wi-Fi access points that the watch heard. In the circle, not at its middle',
	'detail_source.cell': 'From mobile masts that the watch heard. Anywhere in the circle',
	'detail_source.phone': 'Told by the phone, which mixes satellites, Wi-Fi and masts',
	'detail_source.none': 'Not at all'
} as const;
