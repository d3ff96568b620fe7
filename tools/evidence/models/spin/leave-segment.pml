/*
 * Publish, consume, roll, and how readers leave a segment. A reader that stands still at an uncommitted record is a guard that waits:
 * one that waits forever is an invalid end state.
 *
 * Faults: NO_SECOND_LOOK (L2), EARLY_SECOND_LOOK (L2), COMMIT_BEFORE_PAYLOAD, SEAL_BEFORE_SUCCESSOR.
 */
#ifndef RECORDS
#define RECORDS 4
#endif
#ifndef READERS
#define READERS 2
#endif
#define SLOTS 2
#define SEGMENTS (RECORDS + 1)

bool commit[SEGMENTS * SLOTS];
byte payload[SEGMENTS * SLOTS];
bool sealed[SEGMENTS];
bool exists[SEGMENTS];

proctype writer() {
  byte segment, slot, next;
  do
  :: next == RECORDS -> break
  :: next < RECORDS && slot < SLOTS ->
#ifdef COMMIT_BEFORE_PAYLOAD
     commit[segment * SLOTS + slot] = true;
     payload[segment * SLOTS + slot] = next + 1;
#else
     payload[segment * SLOTS + slot] = next + 1;
     commit[segment * SLOTS + slot] = true;
#endif
     d_step { slot++; next++ }
  /* The segment is full, or the next record too long for what is left. */
  :: next < RECORDS && slot > 0 ->
#ifdef SEAL_BEFORE_SUCCESSOR
     sealed[segment] = true;
     exists[segment + 1] = true;
#else
     exists[segment + 1] = true;
     sealed[segment] = true;
#endif
     d_step { segment++; slot = 0 }
  od
}

#define COMMITTED (slot < SLOTS && commit[segment * SLOTS + slot])

proctype reader() {
  byte segment, slot, next;
  do
  :: next == RECORDS -> break
  :: next < RECORDS ->
look:
     if
     :: COMMITTED -> goto consume
     :: !COMMITTED
     fi;
#ifdef EARLY_SECOND_LOOK
     if
     :: COMMITTED -> goto consume
     :: !COMMITTED
     fi;
#endif
     if
     :: COMMITTED -> goto look
     :: sealed[segment] ->
#if !defined(NO_SECOND_LOOK) && !defined(EARLY_SECOND_LOOK)
        if
        :: COMMITTED -> goto consume
        :: !COMMITTED
        fi;
#endif
        d_step { segment++; slot = 0 };
        assert(exists[segment])
     fi;
     goto next_round;
consume:
     assert(payload[segment * SLOTS + slot] == next + 1);
     d_step { slot++; next++ };
next_round:
     skip
  od
}

init {
  byte i;
  exists[0] = true;
  atomic {
    run writer();
    for (i : 1 .. READERS) { run reader() }
  }
}
