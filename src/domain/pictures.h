/* Whole pictures of watches: looked at, decoded and made anew by the media role, stored as photos,
 * answered. Main loop. */
#pragma once

#include "domain/media_parts.h"

/* A picture that the watch says was asked for must have been asked for by us. What is none is
 * answered all the same: it would only come again. */
void picture_take(struct media_whole *take_whole);
