"""One treatment as a timeline of events: state, due checks, alarms and two gates.

``events`` says what can happen, ``fold`` where it leaves the patient, ``gate``
and ``leaving`` what stands in the way of the dose and of the door.
"""
