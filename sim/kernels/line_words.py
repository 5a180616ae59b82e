"""Where everything lies in the block of a local book that is fed by two lines (`lines.py`)."""

LN_MODE = 0  # FLOWING, REFILLING, AWAITING
LN_SCAN = 1  # ring number of the next message whose arrivals are to be drawn
LN_WAIT_NS = 2  # how long a hole may last before it is a gap
LN_BEAT_NS = 3  # time between heartbeats of a line, 0 for none
LN_REQUESTS = 4  # most requests for one gap
LN_REQUEST_NS = 5  # least time between two requests, whatever gap they are for
LN_ASK_MOST = 6  # messages that may be asked for again; a longer gap waits for a snapshot
LN_REFILL = 7  # offset of the latency block of a request and its answer
LN_REFILL_LOSS = 8  # answers that never come, of a million
LN_SNAPSHOT_NS = 9  # time between snapshots
LN_SNAPSHOT = 10  # offset of the latency block of a snapshot
LN_KEY = 11  # key of the draws of the recovery
LN_BEHIND_NS = 12  # lag from which a line counts as behind

LN_QUEUE = 13  # offset of the messages that arrive at all, in order of their numbers
LN_QUEUE_CAP = 14  # a power of two
LN_HEAD = 15  # first waiting message, counted from the first ever
LN_TAIL = 16
LN_HOLE_END = 17  # ring number of the first message behind the gap
LN_ASKED = 18  # requests for this gap so far
LN_NEXT_ASK = 19
LN_LAST_ASK = 20
LN_REPLY = 21  # when what was asked for comes
LN_SNAPSHOT_NO = 22  # the snapshot that is waited for
LN_DISTRUST_NS = 23  # when the lines are found to disagree
LN_DISTRUST = 24  # 1: what is in the book may be wrong, so that only a snapshot helps
LN_CROSSED = 39  # 1: because it is crossed
LN_BAD = 25  # 1: the book may be wrong or old
LN_BEAT_FOR = 26  # message whose heartbeat is in the next two words
LN_BEAT_SIGN = 27  # when a heartbeat first tells that it is missing
LN_BEAT_SENT = 28
LN_EVENT = 29  # what happens next

LN_RUN_TO = 30  # ring number up to which messages are being applied, -1 for none
LN_RUN_NS = 31
LN_RUN_NOTE = 32  # what is noted when they have been
LN_RUN_WRONG = 33
LN_RUN_QUIET = 34  # 1: of a snapshot, which tells of no trades

LN_TAINT = 35  # offset of levels that a wrong message has changed: key_side, true quantity
LN_TAINTS = 36
LN_RACE = 37  # offset of rows that make snapshots old
LN_RACES = 38
LN_LINE = 40  # two line blocks
LN_DARK = 80  # 1: nothing is heard of either line, so that nothing can be mended
LN_HEARD = 81  # when a heartbeat is heard again that tells of what is missing
LN_HEARD_SENT = 82
LN_SIZE = 88

TAINT_SIZE = 2
TAINT_CAP = 64

LL_LATENCY = 0  # offset of the latency block
LL_KEY = 1  # key of its draws
LL_PREV = 2  # a line never overtakes itself, unless a fault says so
LL_ROWS = 3  # offset of the impairments
LL_ROW_COUNT = 4
LL_HELD = 5  # message that others overtake now, as LN_HEAD counts; -1 for none
LL_HELD_LEFT = 6  # how many still do
LL_FATE = 7  # of the message drawn last
LL_WRONG = 8
LL_OWED_NS = 9  # when a message that the desk has already comes on this line
LL_OWED_UNTIL = 10  # until when it is not late, -1 when none is looked for
LL_BEHIND = 11  # 1: the line has fallen behind
LL_STRIKES = 12
LL_TAKEN = 13  # messages that this line brought first
LL_LOST = 14
LL_CORRUPT = 15  # of those, dropped because the checksum was wrong
LL_AGAIN = 16  # messages dropped because they were there already
LL_SIZE = 20

# A waiting message: its rows, when it arrives on each line, and how.
Q_SEQ = 0
Q_END = 1
Q_ARRIVES = 2  # two words, NEVER where a line does not bring it
Q_FATE = 4  # two words
Q_WRONG = 6  # two words
Q_SIZE = 8

IN_ORDER = 0
GONE = 1
HELD = 2

FLOWING = 0
REFILLING = 1
AWAITING = 2

# What happens next.
DELIVER = 1
DISTRUST = 2
DECLARE = 3
REPLY = 4
ASK = 5
GIVE_UP = 6
SPLICE = 7
LIGHT = 8

# An impairment: what a line does to messages that are published in [from, until).
I_FROM = 0
I_UNTIL = 1
I_OP = 2
I_AMOUNT = 3
I_KEY = 4
I_HITS = 5
I_SIZE = 6

LOSE = 1  # so many of a million vanish
LOSE_RUN = 2  # the first so many vanish
CORRUPT = 3  # so many of a million arrive with a wrong checksum and are dropped
REPEAT = 4  # so many of a million arrive twice
OVERTAKE = 5  # a message is held until so many later ones have passed it, one after the other
FREEZE = 6  # nothing comes before the stretch ends, but heartbeats do
DIVERGE = 7  # so many of a million say another quantity
CROSS = 8  # levels are so many ticks beyond the other side's best, less one
AGE = 9  # snapshots show the book as it was so long ago

WRONG_QTY = -1  # what LL_WRONG says of a message with another quantity; above 0 are ticks of CROSS

# A note of what became of a feed.
N_TS = 0
N_LOCAL = 1
N_WHAT = 2
N_MISSING = 3
N_LINE = 4  # 0 both together, 1 line A, 2 line B
N_SEQ = 5
N_SIZE = 6

BEGUN = 1
REFILLED = 2
SPLICED = 3
GIVEN_UP = 4
CAUGHT_UP = 5
DISAGREED = 6
ASKED = 7
TOO_OLD = 8
CROSSED = 9

BEAT_KEY = 0x62656174
SNAPSHOT_KEY = 0x736E6170
BEATS_TRIED = 1024  # heartbeats that are looked at to find one that comes through
BEATS_MISSED = 3  # heartbeats in a row whose absence says that a feed is silent
STRIKES = 3  # messages in a row that must say so before a line is behind, or no more
PPM = 1_000_000
