import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runFloor } from '../../floor/compile-floor.js'
import { touchMemory } from '../../touch-memory.js'
import type { Figures, Probe, ProbeContext } from '../probe.js'
import { recordLength } from '../record-length.js'

const WAYS = ['new', 'emptied', 'filled']

/** The files of deleted segments used again, and new ones: what a queue with retention could gain. The order turns with the round. */
export const retained: Probe = {
  name: 'the C appender with retention',
  measure: (context) => {
    const turns = WAYS.map((_, index) => WAYS[(index + context.round) % WAYS.length] ?? '')
    return Object.assign({}, ...turns.map((way) => measureWay(context, way)))
  },
}

function measureWay({ directory, payloadLength, messages, quick, floor }: ProbeContext, way: string): Figures {
  const segmentLength = (quick ? 4 : 128) * 1024 * 1024
  if (!quick) touchMemory(messages * recordLength(payloadLength))
  const folder = join(directory, way)
  mkdirSync(folder)
  const figures = runFloor<Figures>(floor.retainedProgram, way, folder, payloadLength, messages, segmentLength)
  rmSync(folder, { recursive: true })
  return Object.fromEntries(Object.entries(figures).map(([key, value]) => [`${way}${key}`, value]))
}
