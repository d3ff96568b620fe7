/**
 * Messages of the late joiner. An update says by how much one of the accounts changed; a snapshot says what all of them are.
 *
 * ```text
 * update     u32 account, u32 zero, f64 change
 * snapshot   u64 nextSequence of the updates that it does not contain, then f64 per account
 * ```
 */
export const UPDATE_TYPE = 1
/** No update follows. */
export const END_TYPE = 2
export const SNAPSHOT_TYPE = 3

export interface Update {
  readonly account: number
  readonly change: number
}

/** What the publisher's updates add up to, up to a sequence. */
export interface Snapshot {
  /** Sequence of the first update that is not in it. */
  readonly nextSequence: number
  readonly balances: readonly number[]
}

export function encodeUpdate({ account, change }: Update): Buffer {
  const payload = Buffer.alloc(16)
  payload.writeUInt32LE(account, 0)
  payload.writeDoubleLE(change, 8)
  return payload
}

export function decodeUpdate(payload: Buffer): Update {
  return { account: payload.readUInt32LE(0), change: payload.readDoubleLE(8) }
}

export function encodeSnapshot({ nextSequence, balances }: Snapshot): Buffer {
  const payload = Buffer.alloc(8 + balances.length * 8)
  payload.writeBigUInt64LE(BigInt(nextSequence), 0)
  for (const [index, balance] of balances.entries()) payload.writeDoubleLE(balance, 8 + index * 8)
  return payload
}

export function decodeSnapshot(payload: Buffer): Snapshot {
  const balances = Array.from({ length: payload.length / 8 - 1 }, (_, index) => payload.readDoubleLE(8 + index * 8))
  return { nextSequence: Number(payload.readBigUInt64LE(0)), balances }
}
