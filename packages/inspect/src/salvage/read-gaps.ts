import type { QueueProblem } from '../cold/queue-problem.js'

/** What a reader of a whole queue met where it expected messages. */
export class ReadGaps {
  /** Places where there is damage instead of a message. */
  problems = 0
  /** Segments that the retention of a living queue deleted before they could be read: no damage. */
  retiredSegments = 0

  add({ code, count = 1 }: QueueProblem): void {
    if (code === 'SEGMENT_RETIRED') this.retiredSegments += count
    else this.problems += 1
  }
}
