import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runFloor } from '../../floor/compile-floor.js'
import { touchMemory } from '../../touch-memory.js'
import type { Figures, Probe, ProbeContext } from '../probe.js'
import { recordLength } from '../record-length.js'
import { runProgram } from '../run-program.js'
import type { SustainedFigures, SustainedTask } from './sustained-run.js'

/** The default of a queue: what the C appender takes, too. */
const SEGMENT_LENGTH = 128 * 1024 * 1024

/** Many gigabytes, rolls included, beside a C program that prepares its segments in the same way; the one that was first is second in the next round. */
export const sustained: Probe = {
  name: 'append, sustained, and the C appender',
  measure: (context) => {
    const results: Record<string, number> = {}
    const turns = [() => measureOurs(context), () => measureFloor(context)]
    if (context.round % 2 === 1) turns.reverse()
    for (const turn of turns) {
      if (!context.quick) touchMemory(context.messages * recordLength(context.payloadLength))
      Object.assign(results, turn())
    }
    const of = (key: string) => results[key] ?? Number.NaN
    return {
      ...results,
      sustainedRatio: of('sustainedNs') / of('sustainedFloorNs'),
      worstRatio:
        Math.max(of('worstInSegmentUs'), of('worstRollUs')) / Math.max(of('worstFloorInSegmentUs'), of('worstFloorRollUs')),
    }
  },
}

function measureOurs(context: ProbeContext): Figures {
  return inFolder(context, 'queue', (directory) => {
    const { payloadLength, messages } = context
    const task: SustainedTask = { directory, payloadLength, messages }
    const figures = runProgram<SustainedFigures>('sustained-run', task)
    return {
      sustainedNs: figures.nsPerMessage,
      sustainedRolls: figures.rolls,
      sustainedUnpreparedRolls: figures.unpreparedRolls,
      // A roll that comes too early sleeps until there is memory; everything else that sleeps waits for what an append must not wait for.
      sustainedWaits: Math.max(0, figures.sleeps - figures.unpreparedRolls),
      sustainedPreemptions: figures.preemptions,
      worstInSegmentUs: figures.worstInSegmentNs / 1e3,
      worstRollUs: figures.worstRollNs / 1e3,
    }
  })
}

function measureFloor(context: ProbeContext): Figures {
  return inFolder(context, 'floor', (directory) => {
    const { floor, payloadLength, messages } = context
    const figures = runFloor<SustainedFigures>(floor.program, 'sustained', directory, payloadLength, messages, SEGMENT_LENGTH)
    return {
      sustainedFloorNs: figures.nsPerMessage,
      sustainedFloorUnpreparedRolls: figures.unpreparedRolls,
      sustainedFloorWaits: Math.max(0, figures.sleeps - figures.unpreparedRolls),
      sustainedFloorPreemptions: figures.preemptions,
      worstFloorInSegmentUs: figures.worstInSegmentNs / 1e3,
      worstFloorRollUs: figures.worstRollNs / 1e3,
    }
  })
}

/** Removed at once, so that its pages are free for the next. */
function inFolder(context: ProbeContext, name: string, measure: (directory: string) => Figures): Figures {
  const directory = join(context.directory, name)
  mkdirSync(directory)
  try {
    return measure(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
