/** One row of the comparison and what its figures are. */
export interface Workload {
  readonly id: 'W1' | 'W2' | 'W3' | 'W3x64' | 'W4' | 'W4x100'
  readonly title: string
  readonly figures: readonly { readonly key: FigureKey; readonly title: string; readonly digits: number }[]
  /** Messages per call of `send`, or round trips in flight. */
  readonly group: number
  readonly durable: boolean
  /** Messages of a round at `--scale 1`. */
  readonly count: number
  /** Length of the messages if it is not what `--payload` says. */
  readonly payloadLength?: number
}

export type FigureKey = 'perSecond' | 'p50Us' | 'p99Us' | 'cores'

/** Rate of W2. */
export const MESSAGES_PER_SECOND = 20_000

const rate = (title: string) => [{ key: 'perSecond', title, digits: 0 }] as const

export const WORKLOADS: readonly Workload[] = [
  {
    id: 'W1',
    title: 'flat out to three receivers, 100 messages per call',
    figures: rate('messages/s'),
    group: 100,
    durable: false,
    count: 100_000,
  },
  {
    id: 'W2',
    title: '20,000 messages/s to one receiver',
    figures: [
      { key: 'p50Us', title: 'p50 us', digits: 0 },
      { key: 'p99Us', title: 'p99 us', digits: 0 },
      { key: 'cores', title: 'cores', digits: 2 },
    ],
    group: 1,
    durable: false,
    count: 20_000,
  },
  { id: 'W3', title: 'round trips, 1 in flight', figures: rate('round trips/s'), group: 1, durable: false, count: 5_000 },
  { id: 'W3x64', title: 'round trips, 64 in flight', figures: rate('round trips/s'), group: 64, durable: false, count: 20_000 },
  {
    id: 'W4',
    title: '1 KiB, each durable before the next',
    figures: rate('events/s'),
    group: 1,
    durable: true,
    count: 1_000,
    payloadLength: 1024,
  },
  {
    id: 'W4x100',
    title: '1 KiB, durable in groups of 100',
    figures: rate('events/s'),
    group: 100,
    durable: true,
    count: 20_000,
    payloadLength: 1024,
  },
]
