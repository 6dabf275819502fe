"""For tests of agents and of visavis itself: a virtual clock, scripted engines, scenarios, synthetic callers."""
