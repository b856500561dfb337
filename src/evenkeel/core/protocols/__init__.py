"""Courses of treatment: protocols, states, schedules, slots and maintenance rules."""
