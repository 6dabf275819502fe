"""Stores: where documents, chunks and vectors are kept. Vendors' clients are imported when a store is opened."""
