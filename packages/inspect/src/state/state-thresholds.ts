/** From which value on something is a warning, and from which it is critical; `undefined`: never. */
export interface Threshold {
  readonly warning?: number | undefined
  readonly critical?: number | undefined
}

/** How far a reader may be behind. */
export interface ReaderThresholds {
  /** Messages that it has not committed. */
  readonly lagMessages?: Threshold
  /** Bytes of segment space that it has not committed. */
  readonly lagBytes?: Threshold
  /** Seconds that its oldest unread message has been there, by the clock of arrival. */
  readonly lagSeconds?: Threshold
  /** Seconds between its next message and the last one, by the messages' own times. */
  readonly ownLagSeconds?: Threshold
  /** The reader may be absent: it is not dead when it does not run. */
  readonly optional?: boolean
}

/** What is still all right for a queue; see docs/states.md. */
export interface StateThresholds extends ReaderThresholds {
  /** Seconds that the writer has been blocked by a full queue. Default: critical from 0 on. */
  readonly blockedSeconds?: Threshold
  /** Messages that would not survive a power loss. Default: any number. */
  readonly durableBehind?: Threshold
  /** Free bytes of the file system, at least. */
  readonly diskFreeBytes?: Threshold
  /** Free share of the file system, at least. Default: warning below 0.05. */
  readonly diskFreeShare?: Threshold
  /** `running`: a queue without a running writer is critical. */
  readonly writer?: 'running' | 'any'
  /** For single readers, by name; what is absent is taken from the queue's own. */
  readonly readers?: Readonly<Record<string, ReaderThresholds>>
}

/** A reader that commits in batches may be this far behind before it counts as lagging; readers that commit less often need a threshold of their own. */
const LAG_SECONDS_DEFAULT: Threshold = { warning: 5 }

/** Below this share of free space a file system is low. */
export const DISK_FREE_SHARE_DEFAULT: Threshold = { warning: 0.05 }

export function thresholdsOfReader(thresholds: StateThresholds, name: string): ReaderThresholds {
  const own = thresholds.readers !== undefined && Object.hasOwn(thresholds.readers, name) ? thresholds.readers[name] : undefined
  return { lagSeconds: LAG_SECONDS_DEFAULT, ...thresholds, ...own }
}

/** How serious a value is that should be small; `null`, an unknown value, is never serious. */
export function judgeUpper(value: number | null, threshold: Threshold | undefined): 'ok' | 'warning' | 'critical' {
  if (value === null || threshold === undefined) return 'ok'
  if (threshold.critical !== undefined && value >= threshold.critical) return 'critical'
  return threshold.warning !== undefined && value >= threshold.warning ? 'warning' : 'ok'
}

/** The same for a value that should be large. */
export function judgeLower(value: number | null, threshold: Threshold | undefined): 'ok' | 'warning' | 'critical' {
  if (value === null || threshold === undefined) return 'ok'
  if (threshold.critical !== undefined && value < threshold.critical) return 'critical'
  return threshold.warning !== undefined && value < threshold.warning ? 'warning' : 'ok'
}
