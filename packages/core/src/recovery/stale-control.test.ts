import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { appendNumbered, drainSequences, range } from '../../test/support/messages.js'
import { overwrite, overwriteControl, segmentFile } from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { CONTROL_FILE } from '../format/index.js'
import { openObserver, openWriter } from '../index.js'

const COUNT = 100

describe('a control block of an earlier moment that names an earlier segment', () => {
  it('L57: does not end the records of the head before zeros in it', () => {
    const queue = join(temporaryDirectory(), 'queue')
    const writer = openWriter(queue, { segmentSize: 8192 })
    appendNumbered(writer, 0, 5)
    const stale = readFileSync(join(queue, CONTROL_FILE))
    appendNumbered(writer, 5, 80)
    writer.roll()
    appendNumbered(writer, 80, 83)
    const { segmentId, offset: begin } = writer.position
    appendNumbered(writer, 83, 90)
    const { offset: end } = writer.position
    appendNumbered(writer, 90, COUNT)
    expect(writer.position.segmentId).toBe(segmentId)
    writer.close()
    overwriteControl(queue, 0, stale)
    overwrite(segmentFile(queue, segmentId), begin, Buffer.alloc(end - begin))
    using again = openWriter(queue)
    expect(again.append(1, Buffer.from('next'))).toBe(COUNT)
    using observer = openObserver(queue, { onCorrupt: 'skip' })
    expect(drainSequences(observer)).toEqual([...range(0, 83), ...range(90, COUNT + 1)])
  })
})
