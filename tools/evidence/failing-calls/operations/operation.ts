import type { QueueCase } from '../queue-case.js'

/** Something that a user of the library does, and that calls fail in. */
export interface Operation {
  readonly name: string
  /** Of the queue, in the folder of the case. @defaultValue `queue` */
  readonly directory?: string
  /** What is there before: no call fails yet. */
  prepare(queue: QueueCase): unknown
  /** Calls fail in it. It may throw nothing: the case notes what the library throws. */
  run(queue: QueueCase): void | Promise<void>
  /** Compares what `run` said with what is there: no call fails any more. */
  look?(queue: QueueCase): void | Promise<void>
  /** Does the same again when no call fails any more, with the same handles as far as there are any. @defaultValue `run` */
  retry?(queue: QueueCase): void | Promise<void>
  /** Looks at what only this operation promises. */
  check?(queue: QueueCase): void | Promise<void>
  /** Its writer deletes segments by itself, so that the files say nothing while it is open. */
  readonly deletes?: boolean
  /** Errors that stay after a fault that passes, because the operation says so: codes. */
  readonly lasting?: readonly string[]
}
