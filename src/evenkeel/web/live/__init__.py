"""Live screens: what was committed a moment ago, as server-sent events.

No tables. One LISTEN connection per process on channel ``evenkeel_floor``; each
viewer has a bounded queue. Two streams, for people who may see the floor:

``/live/treatment/<id>/events`` one treatment
``/live/floor/events``          all of them

A stream is made of these events; ``data`` is one JSON object, times are ISO 8601 in UTC:

``reading``  {"treatment": 12, "readings": [{"id", "sign", "at", "recorded_at", "value" (text or
             null), "unit", "absent", "group", "origin" ("monitor" or "hand"), "by", "note",
             "supersedes"}]}; sys, dia and mean of one pressure share "group"
``event``    {"treatment": 12, "id", "kind", "at", "recorded_at", "by", "data", "supersedes"}
``alarm``    the same as ``event``, for the kinds that begin with "alarm_"
``beat``     {"now"}: server time, at the beginning and every 5 seconds
``lost``     {"reason"}: something may have been missed; read the page's data again

A client that hears no ``beat`` for 15 seconds is out of touch and must say so.
"""
