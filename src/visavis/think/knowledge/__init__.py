"""Knowledge: documents read, cut into passages, embedded, stored and found, so that answers can name their source."""
