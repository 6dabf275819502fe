"""Agents that ship with visavis, as files to read and to start from."""
