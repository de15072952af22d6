"""Decisions written down with all that they were made of, and made again from that.

`record` says what a line of such a file holds and reads it back, `write` adds lines to a file, `batch` those of a run,
and `again` decides anew and says what differs, to the bit.
"""

from nbadsl.replay.again import Difference, OtherPolicy, Replayed, replay
from nbadsl.replay.record import BadRecording, Recording, id_of, recording
from nbadsl.replay.write import Recorder

__all__ = [
    "BadRecording",
    "Difference",
    "OtherPolicy",
    "Recorder",
    "Recording",
    "Replayed",
    "id_of",
    "recording",
    "replay",
]
