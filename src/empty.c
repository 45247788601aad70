/* Stands in for the sources of a room that has none yet. */
typedef int room_is_empty;
