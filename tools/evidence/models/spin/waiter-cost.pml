/*
 * waitersPending, the count of the base format: readers add themselves before they park and take themselves away afterwards; one that is
 * killed leaves its one. The writer leaves the count alone, may skip wakes, and has a background process wake later when it did.
 *
 * Faults (all L16): RESET (when a wake found no sleeper and the count is the same), RESET_BUMP_WAKE, SUBTRACT, NO_LATER_WAKE.
 */
#ifndef RECORDS
#define RECORDS 3
#endif
#ifndef READERS
#define READERS 2
#endif
#ifndef KILLS
#define KILLS 1
#endif
#if !defined(RESET) && !defined(RESET_BUMP_WAKE) && !defined(SUBTRACT)
#define SKIPS
#endif

#define PUBLISHED 0
#define NOTIFY 1
#define WAITING 2
#define WORDS 3
#define CPUS (READERS + 1)
#include "tso.pml"

bool asleep[READERS];
bool skipped, finished;

inline wake_all(found) {
  d_step {
    found = 0;
    for (i : 0 .. READERS - 1) { found = found + asleep[i]; asleep[i] = false }
    i = 0
  }
}

proctype writer() {
  byte next, count, found, i;
  do
  :: next == RECORDS -> break
  :: next < RECORDS ->
     next++;
     STORE(0, PUBLISHED, next);
     ADD(0, NOTIFY, 1);
     count = LOAD(0, WAITING);
     if
     :: count == 0
     :: count != 0 ->
        wake_all(found);
#ifndef SKIPS
        if
        :: found == 0 ->
#ifdef SUBTRACT
           ADD(0, WAITING, -count);
#else
           d_step {
             if
             :: memory[WAITING] == count -> memory[WAITING] = 0
             :: else
             fi
           };
#endif
#ifdef RESET_BUMP_WAKE
           ADD(0, NOTIFY, 1);
           wake_all(found)
#endif
        :: true
        fi
#endif
#ifdef SKIPS
     :: count != 0 -> skipped = true
#endif
     fi;
     d_step { count = 0; found = 0 }
  od;
  finished = true
}

proctype background() {
  byte found, i;
  do
  :: skipped ->
#ifdef NO_LATER_WAKE
     break
#else
     skipped = false;
     wake_all(found)
#endif
  :: finished && !skipped -> break
  od
}

proctype reader(byte me) {
  byte seen, known;
  do
  :: known == RECORDS -> break
  :: known < RECORDS ->
     seen = LOAD(me + 1, NOTIFY);
     ADD(me + 1, WAITING, 1);
     if
     :: LOAD(me + 1, PUBLISHED) > known -> skip
     :: LOAD(me + 1, PUBLISHED) == known ->
        d_step {
          if
          :: memory[NOTIFY] == seen -> asleep[me] = true
          :: else
          fi
        };
        if
        :: me == 0 && kills > 0 -> kills--; asleep[me] = false; goto dead
        :: !asleep[me]
        fi
     fi;
     if
     :: me == 0 -> MAY_DIE(dead)
     :: me != 0
     fi;
     ADD(me + 1, WAITING, -1);
     known = LOAD(me + 1, PUBLISHED)
  od;
dead:
  skip
}

init {
  byte i;
  atomic {
    run writer();
    run background();
    for (i : 0 .. READERS - 1) { run reader(i) }
    for (i : 0 .. CPUS - 1) { run buffer(i) }
  }
}
