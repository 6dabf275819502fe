"""Hearing: resampling, echo, voice activity, recognition, end-of-turn scores. Measures; decides nothing."""
