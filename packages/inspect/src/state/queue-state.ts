import type { StateCondition, StateSeverity, StateWord } from './state-words.js'

/** What a queue, its writer and each of its readers are doing. A plain object; what is unknown is `null`, what is empty is 0. */
export interface QueueState {
  readonly directory: string
  readonly inspectedNs: bigint
  /** The worst condition's word; the writer's when all is well. */
  readonly word: StateWord
  readonly severity: StateSeverity
  readonly writer: WriterState
  readonly readers: readonly ReaderState[]
  readonly durable: DurableState
  readonly disk: DiskState | null
  /** Everything that is not ok, worst first. */
  readonly conditions: readonly StateCondition[]
  /** Problems that doctor recorded as acknowledged: counted, but without influence on the severity. */
  readonly acknowledged: number
  /** What was measured over several looks; `null` after a single one. */
  readonly measured: MeasuredRates | null
}

export interface WriterState {
  readonly word: StateWord
  readonly severity: StateSeverity
  readonly detail: string
  readonly pid: number | null
  readonly epoch: number | null
  /** When it appended or gave a sign of life, by the clock of its machine. */
  readonly lastHeartbeatNs: bigint | null
  /** While it is blocked. */
  readonly blocked: BlockedState | null
}

export interface BlockedState {
  /** Readers that hold the oldest segment. Empty: none does, so the limits of the writer permit no deletion. */
  readonly by: readonly string[]
  /** Nanoseconds since 1970, to the second; `null` where the writer does not say. */
  readonly sinceNs: bigint | null
  /** What the queue holds; that is its limit while the writer is blocked. */
  readonly segments: number
  readonly bytes: number
}

export interface ReaderState {
  readonly name: string
  readonly word: StateWord
  readonly severity: StateSeverity
  readonly detail: string
  readonly pid: number | null
  readonly lag: LagState
  /** It holds the oldest segment while the writer is blocked. */
  readonly blocksWriter: boolean
  /** Lowest segment that it still needs. */
  readonly pinsFrom: number | null
  readonly lastCommitNs: bigint | null
  /** Messages per second that it read over `measured.windowNs`; `null` after a single look, and where its position is unknown. */
  readonly perSecond: number | null
  /** Seconds until it has caught up at the present rates; 0 when it has, `null` when unknown or never. Of a reader that keeps up with the writer the time that it takes for what is unread. */
  readonly catchUpSeconds: number | null
}

/** How far a reader is behind, by clocks that are never mixed. */
export interface LagState {
  readonly messages: number | null
  /** Bytes of segment space. */
  readonly bytes: number | null
  /** How long its oldest unread message has been there, by the clock of arrival. */
  readonly arrivalNs: bigint | null
  /**
   * `looks`: measured by several looks. `timestamp`: its own time, where the times of messages are those of their appends. `bound`: it has been there for at least so long, because nothing was
   * appended since, or later segments were prepared then. `commit`: the time since the reader's last commit.
   */
  readonly arrivalKnownBy: 'looks' | 'timestamp' | 'bound' | 'commit' | null
  /** Time between its next message and the last one by their own timestamps, which callers may give. */
  readonly ownNs: bigint | null
  /** The own timestamp of its next message; absolute, so that an idle queue shows the true waiting. `null` when caught up or unknown. */
  readonly oldestUnreadNs: bigint | null
}

export interface DurableState {
  /** Messages before this sequence survive a power loss; `null`: no message was ever made durable. */
  readonly sequence: number | null
  /** Messages that would not survive it; `null` where the queue was never synced. */
  readonly behind: number | null
}

export interface DiskState {
  readonly freeBytes: number
  readonly totalBytes: number
}

export interface MeasuredRates {
  /** The time between the looks that the rates come from. */
  readonly windowNs: bigint
  /** Messages that were appended. */
  readonly perSecond: number
}
