"""Measurements that anyone can rerun: a real server, real WebRTC, figures from the audio at the caller's ear."""
