// Placeholder until the room has code.
