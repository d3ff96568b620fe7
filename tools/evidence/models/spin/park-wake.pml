/*
 * Park and wake with the flag that only the writer clears. No park has a time limit: a lost wake-up is a reader that sleeps forever, an
 * invalid end state. The writer rolls after every record, because the next one is too long for what is left of the segment.
 *
 * Faults: COMMIT_WORD_ONLY (L1), LATE_NOTIFY_LOAD (L1), WRITER_WITHOUT_FENCE, READER_WITHOUT_FENCE, ONE_BUMP, BUMP_BEFORE_CLEAR,
 * READER_CLEARS, COUNTER (L16).
 */
#ifndef RECORDS
#define RECORDS 2
#endif
#ifndef READERS
#define READERS 2
#endif
#ifndef KILLS
#define KILLS 1
#endif

/* Words: a commit word per segment, then these. */
#define HEAD RECORDS
#define NOTIFY (RECORDS + 1)
#define PARKED (RECORDS + 2)
#define WORDS (RECORDS + 3)
#define CPUS (READERS + 1)
#include "tso.pml"

bool asleep[READERS];
byte parks, wakes;

#ifdef COUNTER
#define ANNOUNCE(cpu) ADD(cpu, PARKED, 1)
#elif defined(READER_WITHOUT_FENCE)
#define ANNOUNCE(cpu) STORE(cpu, PARKED, 1)
#else
#define ANNOUNCE(cpu) EXCHANGE(cpu, PARKED, 1)
#endif

inline wake_all() {
  d_step {
    for (i : 0 .. READERS - 1) { asleep[i] = false }
    i = 0;
    wakes++;
    /* Every park, and so every death, may cost one system call, once. */
    assert(wakes <= parks)
  }
}

proctype writer() {
  byte next, step, word, i;
  /* Even steps publish a record, odd ones roll. */
  do
  :: step == 2 * RECORDS - 1 -> break
  :: step < 2 * RECORDS - 1 ->
     if
     :: step % 2 == 0 -> STORE(0, step / 2, 1)
     :: step % 2 == 1 -> STORE(0, HEAD, (step + 1) / 2)
     fi;
     step++;
#ifdef WRITER_WITHOUT_FENCE
     d_step { word++ };
     STORE(0, NOTIFY, word);
#else
     ADD(0, NOTIFY, 1);
#endif
     if
     :: LOAD(0, PARKED) == 0
     :: LOAD(0, PARKED) != 0 ->
#if defined(COUNTER)
        skip;
#elif defined(ONE_BUMP)
        EXCHANGE(0, PARKED, 0);
#elif defined(BUMP_BEFORE_CLEAR)
        ADD(0, NOTIFY, 1);
        EXCHANGE(0, PARKED, 0);
#else
        EXCHANGE(0, PARKED, 0);
        ADD(0, NOTIFY, 1);
        word++;
#endif
        wake_all()
     fi
  od
}

proctype reader(byte me) {
  byte segment, seen;
  bool consumed;
  do
  :: segment == RECORDS - 1 && consumed -> break
  :: !(segment == RECORDS - 1 && consumed) ->
     if
     :: me == 0 -> MAY_DIE(dead)
     :: me != 0
     fi;
#ifndef LATE_NOTIFY_LOAD
     seen = LOAD(me + 1, NOTIFY);
#endif
     /* A record here? */
     if
     :: !consumed && LOAD(me + 1, segment) == 1 -> d_step { consumed = true; seen = 0 }; goto next_round
     :: consumed || LOAD(me + 1, segment) == 0
     fi;
#ifndef COMMIT_WORD_ONLY
     /* A later head? Then look here once more, and leave. */
     if
     :: LOAD(me + 1, HEAD) > segment ->
        if
        :: !consumed && LOAD(me + 1, segment) == 1 -> consumed = true
        :: consumed || LOAD(me + 1, segment) == 0 -> d_step { segment++; consumed = false }
        fi;
        seen = 0;
        goto next_round
     :: LOAD(me + 1, HEAD) <= segment
     fi;
#endif
#ifdef LATE_NOTIFY_LOAD
     seen = LOAD(me + 1, NOTIFY);
#endif
     if
     :: me == 0 -> MAY_DIE(dead)
     :: me != 0
     fi;
     d_step { parks++ };
     ANNOUNCE(me + 1);
     if
     :: me == 0 -> MAY_DIE(dead)
     :: me != 0
     fi;
     /* The kernel compares memory, not what is in a buffer, and falls asleep in the same step. */
     d_step {
       if
       :: memory[NOTIFY] == seen -> asleep[me] = true
       :: else
       fi
     };
     if
     :: me == 0 && kills > 0 -> kills--; asleep[me] = false; goto dead
     :: !asleep[me]
     fi;
#ifdef COUNTER
     ADD(me + 1, PARKED, -1);
#endif
#ifdef READER_CLEARS
     EXCHANGE(me + 1, PARKED, 0);
#endif
     seen = 0;
next_round:
     skip
  od;
dead:
  skip
}

init {
  byte i;
  atomic {
    run writer();
    for (i : 0 .. READERS - 1) { run reader(i) }
    for (i : 0 .. CPUS - 1) { run buffer(i) }
  }
}
