/*
 * A writer that may be killed before any step, its successors, and readers that go on meanwhile. Segment 1 is there from the start with a
 * record of another life in it. Stores of one process reach memory in order, which is all that matters here: no store buffers.
 *
 * Faults: SEQUENCE_RESTARTS (L4), NAMED_BEFORE_HEADER (L6), WRITER_WAITS_FOR_EVEN (L14), READER_WAITS_FOR_EVEN (L14), REUSE_AS_IS (L23),
 * HEAD_BELOW_CONTROL, PREDECESSOR_UNSEALED (L43), SEAL_BEFORE_SWITCH, TORN_TAIL_STAYS.
 */
#ifndef RECORDS
#define RECORDS 3
#endif
#ifndef READERS
#define READERS 1
#endif
#ifndef KILLS
#define KILLS 2
#endif
#define SLOTS 2
#define SEGMENTS (RECORDS + 1)
#define NO_FILE 0
#define NO_HEADER 1
#define VALID 2
#define GARBAGE 99

byte file[SEGMENTS];
byte commit[SEGMENTS * SLOTS];
bool dirty[SEGMENTS * SLOTS];
bool sealed[SEGMENTS];
byte generation, head;
byte kills = KILLS;

#define MAY_DIE if :: atomic { kills > 0 -> kills-- }; goto killed :: true fi
#define AT (segment * SLOTS + slot)
#define COMMITTED (slot < SLOTS && commit[AT] != 0)

inline recover() {
#ifdef WRITER_WAITS_FOR_EVEN
  generation % 2 == 0;
#endif
#ifdef HEAD_BELOW_CONTROL
  d_step {
    segment = head;
    if
    :: generation % 2 == 1 && head > 0 && commit[head * SLOTS] == 0 -> segment = head - 1
    :: else
    fi
  };
  head = segment;
#else
  segment = head;
#endif
  MAY_DIE;
  generation = generation + generation % 2;
  MAY_DIE;
#ifndef PREDECESSOR_UNSEALED
  if
  :: segment > 0 -> sealed[segment - 1] = true
  :: segment == 0
  fi;
  MAY_DIE;
#endif
  d_step {
    slot = 0;
    do
    :: COMMITTED -> slot++
    :: else -> break
    od;
#ifndef TORN_TAIL_STAYS
    if
    :: slot < SLOTS -> dirty[AT] = false
    :: else
    fi;
#endif
    next = 0;
#ifndef SEQUENCE_RESTARTS
    i = 0;
    do
    :: i < (head + 1) * SLOTS -> next = next + (commit[i] != 0); i++
    :: else -> break
    od;
#endif
    i = 0
  };
  MAY_DIE
}

inline prepare() {
#ifdef NAMED_BEFORE_HEADER
  file[segment + 1] != NO_HEADER;
#endif
#ifdef REUSE_AS_IS
  if
  :: file[segment + 1] == VALID
  :: file[segment + 1] != VALID ->
#else
  if
  :: file[segment + 1] == VALID && commit[(segment + 1) * SLOTS] == 0
  :: file[segment + 1] != VALID || commit[(segment + 1) * SLOTS] != 0 ->
#endif
     /* Garbage is moved aside; a complete segment appears under the name in one step. */
     d_step {
       i = (segment + 1) * SLOTS;
       do
       :: i < (segment + 2) * SLOTS -> commit[i] = 0; dirty[i] = false; i++
       :: else -> break
       od;
       i = 0;
#ifdef NAMED_BEFORE_HEADER
       file[segment + 1] = NO_HEADER
#else
       file[segment + 1] = VALID
#endif
     };
     MAY_DIE;
     file[segment + 1] = VALID
  fi;
  MAY_DIE
}

proctype writer() {
  byte segment, slot, next, i;
again:
  recover();
  do
  :: next == RECORDS -> goto finished
  :: next < RECORDS && slot < SLOTS ->
     assert(!dirty[AT]);
     dirty[AT] = true;
     MAY_DIE;
     commit[AT] = next + 1;
     d_step { next++; slot++ };
     MAY_DIE
  :: next < RECORDS && slot > 0 ->
     prepare();
     generation++;
     MAY_DIE;
#ifdef SEAL_BEFORE_SWITCH
     sealed[segment] = true;
     MAY_DIE;
#endif
     head = segment + 1;
     MAY_DIE;
     generation++;
     MAY_DIE;
     sealed[segment] = true;
     d_step { segment++; slot = 0 };
     MAY_DIE
  od;
killed:
  skip;
  d_step { segment = 0; slot = 0; next = 0; i = 0 };
  /* Another writer comes, or none. */
  if
  :: goto again
  :: true
  fi;
finished:
  skip
}

proctype reader() {
  byte segment, slot, next;
#ifdef READER_WAITS_FOR_EVEN
  generation % 2 == 0;
#endif
  do
  :: next == RECORDS -> break
  :: next < RECORDS ->
     if
     :: COMMITTED -> goto consume
     :: !COMMITTED
     fi;
waiting:
     if
     :: COMMITTED -> goto consume
#ifdef PREDECESSOR_UNSEALED
     :: sealed[segment] && file[segment + 1] == VALID
#else
     :: (sealed[segment] || head > segment) && file[segment + 1] == VALID
#endif
     /* No process writes any more, and everything is read: this is how it may end. */
     :: timeout ->
        byte left = 0, i = 0;
        do
        :: i < (head + 1) * SLOTS -> left = left + (commit[i] != 0); i++
        :: else -> break
        od;
        assert(left == next);
        goto finished
     fi;
     if
     :: COMMITTED -> goto consume
     :: !COMMITTED -> d_step { segment++; slot = 0 }
     fi;
     goto next_round;
consume:
     assert(commit[AT] == next + 1);
     d_step { slot++; next++ };
next_round:
     skip
  od;
finished:
  skip
}

init {
  byte i;
  atomic {
    file[0] = VALID;
    file[1] = VALID;
    commit[SLOTS] = GARBAGE;
    run writer();
    for (i : 1 .. READERS) { run reader() }
  }
}
