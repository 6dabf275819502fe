"""Consent and the one gate that everything passes before it is computed on, stored or sent."""
