/*
 * A full writer that waits for its readers. No process is killed: the wait has no bound, and a lost wake-up is a writer that sleeps forever.
 * With KILLS the wait is bounded, as a killed reader says nothing.
 *
 * Faults: LOOK_BEFORE_ANNOUNCING, LATE_PROGRESS_LOAD, READER_WITHOUT_FENCE, WRITER_WITHOUT_FENCE, SILENT_LEAVE, UNBOUNDED_WAIT.
 */
#ifndef RECORDS
#define RECORDS 2
#endif
#ifndef READERS
#define READERS 2
#endif
#ifndef KILLS
#ifdef UNBOUNDED_WAIT
#define KILLS 1
#else
#define KILLS 0
#endif
#endif
/* Records that the slowest reader may be behind. */
#define ROOM 1

/* Words: a saved position per reader, then these. */
#define PUBLISHED READERS
#define PROGRESS (READERS + 1)
#define BLOCKED (READERS + 2)
#define WORDS (READERS + 3)
#define CPUS (READERS + 1)
#include "tso.pml"

bool present[READERS];
bool asleep;

#ifdef WRITER_WITHOUT_FENCE
#define ANNOUNCE STORE(0, BLOCKED, 1)
#else
#define ANNOUNCE EXCHANGE(0, BLOCKED, 1)
#endif

/* One position at a time: others move in between. */
inline look() {
  slowest = next;
  i = 0;
  do
  :: i == READERS -> break
  :: i < READERS ->
     if
     :: present[i] && LOAD(0, i) < slowest -> slowest = LOAD(0, i)
     :: !present[i] || LOAD(0, i) >= slowest
     fi;
     i++
  od;
  i = 0
}

proctype writer() {
  byte next, seen, slowest, i;
  do
  :: next == RECORDS -> break
  :: next < RECORDS ->
#ifdef LOOK_BEFORE_ANNOUNCING
     seen = LOAD(0, PROGRESS);
     look();
     ANNOUNCE;
#elif defined(LATE_PROGRESS_LOAD)
     ANNOUNCE;
     look();
     seen = LOAD(0, PROGRESS);
#else
     seen = LOAD(0, PROGRESS);
     ANNOUNCE;
     look();
#endif
     if
     :: next - slowest < ROOM ->
        EXCHANGE(0, BLOCKED, 0);
        next++;
        STORE(0, PUBLISHED, next)
     :: next - slowest >= ROOM ->
        d_step {
          if
          :: memory[PROGRESS] == seen -> asleep = true
          :: else
          fi
        };
        if
        :: !asleep
#if KILLS > 0 && !defined(UNBOUNDED_WAIT)
        :: asleep -> asleep = false
#endif
        fi
     fi;
     d_step { seen = 0; slowest = 0 }
  od
}

proctype reader(byte me) {
  byte next;
  do
  :: next == RECORDS -> break
  :: next < RECORDS && LOAD(me + 1, PUBLISHED) > next ->
     next++;
     STORE(me + 1, me, next);
#ifndef READER_WITHOUT_FENCE
     FENCE(me + 1);
#endif
     if
     :: LOAD(me + 1, BLOCKED) == 1 -> ADD(me + 1, PROGRESS, 1); asleep = false
     :: LOAD(me + 1, BLOCKED) == 0
     fi
  /* Reader 0 may leave, or be killed, at any time. */
  :: me == 0 && next < RECORDS ->
     FENCE(me + 1);
     present[me] = false;
#ifndef SILENT_LEAVE
     ADD(me + 1, PROGRESS, 1);
     asleep = false;
#endif
     goto gone
  :: me == 0 && next < RECORDS && kills > 0 ->
     kills--;
     present[me] = false;
     goto gone
  od;
gone:
  skip
}

init {
  byte i;
  atomic {
    for (i : 0 .. READERS - 1) { present[i] = true; run reader(i) }
    run writer();
    for (i : 0 .. CPUS - 1) { run buffer(i) }
  }
}
