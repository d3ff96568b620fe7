import { runSuite, type Spread, spreadOf, TemporaryFolders } from '@chronicle-ts/cli/bench'
import type { Built } from './build-programs.js'
import type { ProgramPeer } from './program-peer.js'
import { PROGRAM_PEERS } from './program-peers.js'
import { PROGRAM_ROWS, type ProgramRow } from './program-rows.js'
import type { ProgramFigures } from './run-program.js'

export interface ProgramPeerResult {
  readonly peer: string
  readonly title: string
  readonly keeps: string
  /** Empty if the peer was skipped. */
  readonly figures: Readonly<Record<string, Spread>>
  readonly skipped?: string
}

/** What one row of programs found. */
export interface ProgramResult {
  readonly id: string
  readonly title: string
  readonly peers: readonly ProgramPeerResult[]
}

export interface ProgramOptions {
  readonly peers: readonly string[]
  readonly rows: readonly string[]
  readonly rounds: number
  readonly scale: number
  readonly directory: string
}

/** Measures every row with every peer, in turns. A peer that fails is skipped with its reason; a failure of our own queue ends the run. */
export async function measurePrograms(options: ProgramOptions): Promise<ProgramResult[]> {
  const rows = PROGRAM_ROWS.filter(({ id }) => options.rows.includes(id))
  if (rows.length === 0) return []
  const peers = PROGRAM_PEERS.filter(({ id }) => options.peers.includes(id)).map((peer) => ({ peer, built: peer.build() }))
  const results: ProgramResult[] = []
  for (const row of rows) results.push(await measureRow(row, peers, options))
  return results
}

async function measureRow(
  row: ProgramRow,
  peers: readonly { readonly peer: ProgramPeer; readonly built: Built }[],
  { rounds, scale, directory }: ProgramOptions,
): Promise<ProgramResult> {
  const skipped = new Map<string, string>()
  const candidates = peers.map(({ peer, built }) => ({
    name: `${row.id} ${peer.title}`,
    measure: async (place: { readonly directory: string; readonly round: number }): Promise<ProgramFigures | undefined> => {
      if (!peer.rows.includes(row.id)) skipped.set(peer.id, peer.notInOthers)
      else if ('missing' in built) skipped.set(peer.id, built.missing)
      if (skipped.has(peer.id) || 'missing' in built) return undefined
      try {
        return await row.measure(peer, built.command, { directory: place.directory, scale })
      } catch (error) {
        const reason = error instanceof Error ? error.message.split('\n')[0] : String(error)
        if (peer.id === 'ours') throw new Error(`${row.id}, ours: ${reason}`, { cause: error })
        skipped.set(peer.id, `failed in round ${place.round + 1}: ${reason}`)
        return undefined
      }
    },
  }))
  const measured = await runSuite({ candidates, rounds }, { folders: new TemporaryFolders(directory) })
  return {
    id: row.id,
    title: row.title,
    peers: peers.map(({ peer: { id: peer, title, keeps } }, index) => {
      const reason = skipped.get(peer)
      const found = (measured[index] ?? []).filter((figures) => figures !== undefined)
      return reason === undefined
        ? { peer, title, keeps, figures: spreads(found) }
        : { peer, title, keeps, figures: {}, skipped: reason }
    }),
  }
}

function spreads(rounds: readonly ProgramFigures[]): Record<string, Spread> {
  const keys = Object.keys(rounds[0] ?? {})
  return Object.fromEntries(keys.map((key) => [key, spreadOf(rounds.map(({ [key]: value = Number.NaN }) => value))]))
}
