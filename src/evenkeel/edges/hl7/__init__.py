"""HL7 v2 over MLLP: frames, messages, what a bedside monitor says, answers.

``parse`` reads one message or refuses it with a reason; ``signs`` says what the
message observed; ``gateway`` listens, stores and answers. Who the person is and
what may be charted is decided in ``records.services.readings``.
"""
