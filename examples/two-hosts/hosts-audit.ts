import { openObserver } from '@chronicle-ts/core'
import { CaptureReader } from '../trading/capture/capture-reader.js'
import { auditFeed, auditStrategy, type FeedAudit, type StrategyAudit } from '../trading/demo/audit.js'
import { type AppendedFrames, FrameAccount } from '../trading/feed/appended-frames.js'
import type { Host } from './host.js'

/** What two replicas of one history hold. */
export interface Comparison {
  readonly messages: { readonly a: number; readonly b: number }
  /** Messages missing before the first one, or between two that follow each other, on either host. */
  readonly gaps: number
  /** Messages that one host has and the other one does not, or that differ in sequence, time, type or payload. */
  readonly differences: number
}

export interface HostsAudit {
  /** The queue of frames on both hosts. */
  readonly frames: Comparison
  /** The queue of the notes of when each frame was sent. */
  readonly notes: Comparison
  /** The frames of host B against the capture: all of them, each once, in order. */
  readonly feed: FeedAudit
  readonly strategy: StrategyAudit
}

/** Reads all queues of both hosts through, and the capture once more. Nothing may write any more. */
export async function auditHosts(hosts: {
  readonly a: Host
  readonly b: Host
  readonly venue: string
  readonly strategy: string
  readonly capture: string
}): Promise<HostsAudit> {
  const { a, b, venue, strategy, capture } = hosts
  const [frames, notes] = a.queues.map((directory, index) => compareQueues(directory, b.queues[index] as string))
  return {
    frames: frames as Comparison,
    notes: notes as Comparison,
    feed: auditFeed(b.layout, venue, await framesOf(capture)),
    strategy: auditStrategy(b.layout, strategy),
  }
}

/** Whether nothing is missing, nothing is there twice, and both hosts hold the same. */
export function isSound({ frames, notes, feed, strategy }: HostsAudit): boolean {
  const wrong = [frames, notes].reduce((sum, { gaps, differences }) => sum + gaps + differences, 0)
  const { unanswered, strayAnswers, badOrderIds, malformed, duplicateDecisions, orders, answers } = strategy
  const wrongOrders = unanswered + strayAnswers + badOrderIds + malformed + duplicateDecisions + orders.gaps + answers.gaps
  return wrong + wrongOrders + feed.gaps === 0 && !feed.differs
}

/** Reads two queues in step. */
function compareQueues(a: string, b: string): Comparison {
  using left = openObserver(a)
  using right = openObserver(b)
  const messages = { a: 0, b: 0 }
  let gaps = 0
  let differences = 0
  for (;;) {
    const ofA = left.next()
    const ofB = right.next()
    if (ofA === undefined && ofB === undefined) return { messages, gaps, differences }
    if (ofA !== undefined && ofA.sequence !== messages.a++) gaps++
    if (ofB !== undefined && ofB.sequence !== messages.b++) gaps++
    const isSame =
      ofA !== undefined &&
      ofB !== undefined &&
      ofA.sequence === ofB.sequence &&
      ofA.timestampNs === ofB.timestampNs &&
      ofA.typeId === ofB.typeId &&
      ofA.payload.equals(ofB.payload)
    if (!isSame) differences++
  }
}

/** What a feed appends that plays the whole capture without being disturbed. */
async function framesOf(capture: string): Promise<AppendedFrames> {
  const account = new FrameAccount()
  let sequence = 0
  for await (const { payload } of new CaptureReader(capture).frames()) account.add(sequence++, payload)
  return account.appended
}
