/** What the server sends; `packages/cli/src/commands/ui` has the other side. 64-bit integers are strings. */

import type { BridgeProgress, Severity } from '../src/commands/ui/snapshot.js'

export type { MergedPage, MessagePage, SearchAnswer, ShownMessage } from '../src/commands/ui/shown-message.js'
export type { QueueSummary, Severity, Snapshot } from '../src/commands/ui/snapshot.js'

export interface ReaderState {
  readonly name: string
  readonly word: string
  readonly severity: Severity
  readonly detail: string
  readonly pid: number | null
  readonly lag: {
    readonly messages: number | null
    readonly bytes: number | null
    readonly arrivalNs: string | null
    readonly ownNs: string | null
  }
  readonly pinsFrom: number | null
  readonly perSecond: number | null
  readonly catchUpSeconds: number | null
}

export interface Condition {
  readonly code: string
  readonly subject: string
  readonly reader: string | null
  readonly word: string
  readonly severity: Severity
  readonly detail: string
}

export interface Problem {
  readonly code: string
  readonly severity: 'info' | 'warning' | 'critical'
  readonly message: string
  readonly acknowledged?: boolean
}

export interface SegmentFacts {
  readonly segmentId: number
  readonly length: number
  readonly sealed: boolean
  readonly hasRecords: boolean
  readonly firstSequence?: number
  readonly recordCount?: number
}

export interface QueueDetail {
  readonly id: string
  readonly name: string
  readonly inspection: {
    readonly directory: string
    readonly segmentSize?: number
    readonly segments: {
      readonly count: number
      readonly firstId?: number
      readonly lastId?: number
      readonly bytes: number
      readonly allocatedBytes: number
      readonly omitted: number
      readonly inspected: readonly SegmentFacts[]
    }
    readonly head: {
      readonly segmentId?: number
      readonly offset?: number
      readonly nextSequence?: number
      readonly lastTimestampNs?: string
    }
    readonly first?: { readonly sequence: number; readonly timestampNs: string }
    readonly control?: { readonly replicaTerm: number; readonly sourceQueueId: string; readonly queueId: string }
    readonly problems: readonly Problem[]
  }
  readonly state: {
    readonly word: string
    readonly severity: Severity
    readonly writer: {
      readonly word: string
      readonly severity: Severity
      readonly detail: string
      readonly pid: number | null
      readonly epoch: number | null
    }
    readonly readers: readonly ReaderState[]
    readonly durable: { readonly sequence: number | null; readonly behind: number | null }
    readonly disk: { readonly freeBytes: number; readonly totalBytes: number } | null
    readonly conditions: readonly Condition[]
    readonly acknowledged: number
    readonly measured: { readonly perSecond: number; readonly windowNs: string } | null
  }
  readonly bridges: readonly BridgeProgress[]
  readonly trend: { readonly seconds: number[]; readonly rates: (number | null)[]; readonly lags: (number | null)[] }
}

export interface TraceResult {
  readonly hops: readonly {
    readonly id?: string
    readonly queue?: string
    readonly sequence: number
    readonly timestampNs: string
    readonly typeId: number
    readonly length: number
    readonly spanId: string
  }[]
  readonly looked: number
  readonly isComplete: boolean
}

/** Asks the server. @throws Error with what it says. */
export async function ask<Result>(path: string, signal?: AbortSignal): Promise<Result> {
  const response = await fetch(path, signal === undefined ? {} : { signal })
  const body = (await response.json()) as Result & { readonly error?: string }
  if (!response.ok) throw new Error(body.error ?? `${response.status}`)
  return body
}

/** Changes the token of the address into a cookie, and takes it out of the address and its history. */
export async function startSession(): Promise<void> {
  const token = /^#token=([\w.~-]+)$/.exec(location.hash)?.[1]
  if (token === undefined) return
  history.replaceState(null, '', '/')
  const response = await fetch('/api/session', { headers: { Authorization: `Bearer ${token}` } })
  if (!response.ok) throw new Error('the token was refused')
}
