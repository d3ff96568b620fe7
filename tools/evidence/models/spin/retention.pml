/*
 * Retention against a reader that is registering: both announce first and look then. Pruner and new reader may be killed and come again.
 *
 * ONE_PASS: the pruner as it is built. It lets several segments go after two looks at the readers, and deletes them one after the other; without it each segment has looks of its own.
 *
 * Faults: ONE_PASS_WITHOUT_SECOND_LOOK, NO_PROTECTION (L9), LOOK_AGAIN, LATE_ANNOUNCEMENT, ANNOUNCEMENT_IGNORED, UNREGISTERED_SEARCH, DOWNWARDS,
 * BAD_FILE_PINS_NOTHING (L11).
 */
#ifndef SEGMENTS
#define SEGMENTS 3
#endif
#ifndef KILLS
#define KILLS 2
#endif
#define HEAD (SEGMENTS - 1)
#ifdef ONE_PASS_WITHOUT_SECOND_LOOK
#define ONE_PASS
#endif
#if !defined(NO_PROTECTION) && !defined(LOOK_AGAIN)
#define ANNOUNCES
#endif

/* A reader's file: none, empty and locked, without a valid position, or the saved segment plus SAVED. */
#define NO_FILE 0
#define REGISTERING 1
#define BAD 2
#define SAVED 3
#define OLD 0
#define NEW 1

bool segment[SEGMENTS];
byte reader_file[2];
byte promised[2];
byte first;
byte kills = KILLS;

#define MAY_DIE(grave) if :: atomic { kills > 0 -> kills-- }; goto grave :: true fi

inline look_at_readers(needed) {
  d_step {
    needed = HEAD;
    for (i : OLD .. NEW) {
      if
      :: reader_file[i] == REGISTERING -> needed = 0
#ifndef BAD_FILE_PINS_NOTHING
      :: reader_file[i] == BAD -> needed = 0
#endif
      :: reader_file[i] >= SAVED && reader_file[i] - SAVED < needed -> needed = reader_file[i] - SAVED
      :: else
      fi
    }
    i = 0
  }
}

inline lowest_segment(found) {
  d_step {
    found = 0;
    do
    :: !segment[found] -> found++
    :: else -> break
    od
  }
}

inline delete_segment() {
  d_step {
    for (i : OLD .. NEW) { assert(promised[i] == 0 || promised[i] - 1 > at) }
    segment[at] = false;
    i = 0;
    do
    :: i < at -> assert(!segment[i]); i++
    :: else -> break
    od;
    i = 0
  }
}

#ifdef ONE_PASS
proctype pruner() {
  byte needed, kept, at, i;
again:
  skip;
  d_step { needed = 0; kept = 0; at = 0; i = 0 };
  lowest_segment(at);
  first = at;
  do
  :: true ->
     MAY_DIE(again);
     lowest_segment(at);
     look_at_readers(kept);
     if
     :: kept <= at -> break
     :: kept > at
     fi;
     first = kept;
     MAY_DIE(again);
#ifndef ONE_PASS_WITHOUT_SECOND_LOOK
     look_at_readers(needed);
     if
     :: needed < kept ->
        kept = (needed < at -> at : needed);
        first = kept
     :: needed >= kept
     fi;
     MAY_DIE(again);
#endif
     do
     :: at < kept ->
        delete_segment();
        at++;
        MAY_DIE(again)
     :: at >= kept -> break
     od;
     if
     :: at == HEAD -> break
     :: at != HEAD
     fi
  od
}
#else
proctype pruner() {
  byte needed, at, done, i;
again:
  skip;
  d_step { needed = 0; at = 0; done = 0; i = 0 };
#ifdef ANNOUNCES
  lowest_segment(at);
  first = at;
#endif
  do
  :: true ->
     MAY_DIE(again);
#ifdef DOWNWARDS
     at = HEAD - 1 - done;
     done++;
#else
     lowest_segment(at);
#endif
     if
     :: at == HEAD || done > HEAD -> break
     :: at != HEAD && done <= HEAD
     fi;
#if !defined(ANNOUNCES) || defined(LATE_ANNOUNCEMENT)
     look_at_readers(needed);
     if
     :: needed <= at -> break
     :: needed > at
     fi;
#endif
#ifdef LOOK_AGAIN
     look_at_readers(needed);
     if
     :: needed <= at -> break
     :: needed > at
     fi;
#endif
#ifdef ANNOUNCES
     first = at + 1;
     MAY_DIE(again);
#ifndef LATE_ANNOUNCEMENT
     look_at_readers(needed);
     if
     :: needed <= at -> first = at; break
     :: needed > at
     fi;
     MAY_DIE(again);
#endif
#endif
     delete_segment()
  od
}
#endif

/* Commits its way to the head, in a file that is for a moment without a valid position. */
proctype old_reader() {
  byte at;
  do
  :: at == HEAD -> break
  :: at < HEAD ->
     at++;
     d_step { promised[OLD] = at + 1; reader_file[OLD] = BAD };
     reader_file[OLD] = at + SAVED
  od
}

proctype new_reader() {
  byte at;
again:
  at = 0;
#if defined(ANNOUNCES) && !defined(UNREGISTERED_SEARCH)
  if
  :: reader_file[NEW] == NO_FILE -> reader_file[NEW] = REGISTERING
  :: reader_file[NEW] != NO_FILE
  fi;
#endif
  MAY_DIE(killed);
search:
  skip;
  d_step {
    if
    :: reader_file[NEW] >= SAVED -> at = reader_file[NEW] - SAVED
    :: else ->
       at = 0;
       do
       :: !segment[at] -> at++
       :: else -> break
       od;
#if defined(ANNOUNCES) && !defined(ANNOUNCEMENT_IGNORED)
       if
       :: first > at -> at = first
       :: else
       fi
#endif
    fi
  };
  MAY_DIE(killed);
  if
  :: segment[at]
  :: !segment[at] && reader_file[NEW] >= SAVED -> assert(promised[NEW] == 0); reader_file[NEW] = NO_FILE; goto search
  :: !segment[at] && reader_file[NEW] < SAVED -> goto search
  fi;
  MAY_DIE(killed);
  reader_file[NEW] = at + SAVED;
  MAY_DIE(killed);
#ifdef LOOK_AGAIN
  if
  :: segment[at]
  :: !segment[at] -> reader_file[NEW] = NO_FILE; goto search
  fi;
#endif
  /* The open returns. */
  d_step { promised[NEW] = at + 1; assert(segment[at]) };
  MAY_DIE(killed);
  goto finished;
killed:
  skip;
  /* An empty file that no process holds promised nothing. */
  d_step {
    if
    :: reader_file[NEW] == REGISTERING -> reader_file[NEW] = NO_FILE
    :: else
    fi
  };
  goto again;
finished:
  skip
}

init {
  byte i;
  atomic {
    for (i : 0 .. HEAD) { segment[i] = true }
    reader_file[OLD] = SAVED;
    promised[OLD] = 1;
    run pruner();
    run old_reader();
    run new_reader()
  }
}
