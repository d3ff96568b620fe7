import { join } from 'node:path'
import { binding, type NativeAppender } from '../src/index.js'
import { mapNewFile, temporaryFolder } from './temporary-files.js'

/** An appender on a control block and a segment of their own, and what stands in them. */
export interface Stage {
  readonly appender: NativeAppender
  readonly control: ArrayBuffer
  readonly segment: ArrayBuffer
  readonly words: Uint32Array
  field(offset: number): bigint
}

/** Makes stages in one folder, which is removed after the test file. */
export function stageMaker(): (segmentSize: number, extensions?: boolean) => Stage {
  const folder = temporaryFolder()
  let files = 0
  const map = (length: number) => mapNewFile(join(folder, `stage-${files++}`), length)
  return (segmentSize, extensions = true) => {
    const control = map(512)
    const segment = map(segmentSize)
    const appender = binding.createAppender({ control, writerEpoch: 2 ** 32 + 5, extensions })
    appender.attach(segment, 0, 64, 0)
    const view = new DataView(control)
    return { appender, control, segment, words: new Uint32Array(control), field: (offset) => view.getBigUint64(offset, true) }
  }
}
