import { openReader, openWriter } from '@chronicle-ts/core'
import type { Candidate, Suite } from '../candidate.js'

const MESSAGE_COUNT = 1_000

/** A reader's position saved: a store into a mapped file. */
export function commitSuite(): Suite {
  return { name: 'commit', operation: 'one position saved', candidates: [commitCandidate] }
}

function commitCandidate(directory: string): Candidate {
  const writer = openWriter(directory, { segmentSize: 1024 * 1024 })
  for (let index = 0; index < MESSAGE_COUNT; index++) writer.append(1, Buffer.alloc(64, 7))
  writer.close()
  const reader = openReader(directory, 'bench')
  for (let index = 0; index < MESSAGE_COUNT / 2; index++) reader.next()
  return {
    name: 'commit',
    run: () => reader.commit(),
    verify: () => {
      const { position } = reader
      reader.close()
      const resumed = openReader(directory, 'bench')
      const { segmentId, offset } = resumed.position
      const next = resumed.next()?.sequence
      resumed.close()
      if (segmentId !== position.segmentId || offset !== position.offset || next !== MESSAGE_COUNT / 2) {
        throw new Error(`resumed at sequence ${next} instead of ${MESSAGE_COUNT / 2}`)
      }
    },
    close: () => reader.close(),
  }
}
