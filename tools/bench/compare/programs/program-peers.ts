import { fileURLToPath } from 'node:url'
import { compileFloor } from '../../floor/compile-floor.js'
import { findPeer } from '../peers.js'
import { type Built, buildJvmProgram, buildRustProgram } from './build-programs.js'
import type { ProgramPeer } from './program-peer.js'
import type { Command } from './run-program.js'

const OURS: Command = { file: process.execPath, args: [fileURLToPath(new URL('./ours.js', import.meta.url))] }
const FLOOR: Command = { file: process.execPath, args: [fileURLToPath(new URL('./floor.js', import.meta.url))] }
const NPM: Command = { file: process.execPath, args: [fileURLToPath(new URL('./npm.js', import.meta.url))] }
const MERGE = 'does not merge streams by their times'

export const PROGRAM_PEERS: readonly ProgramPeer[] = [
  {
    id: 'ours',
    title: 'ours',
    keeps: 'files; a clock reading and two checksums a record',
    rows: ['oneway', 'stream', 'readers', 'sources', 'open'],
    notInOthers: '',
    answersItself: true,
    build: () => ({ command: OURS }),
  },
  {
    id: 'c',
    title: 'C program, same records',
    keeps: 'files; a clock reading and a checksum a record',
    rows: ['oneway', 'stream'],
    notInOthers: 'measures round trips and appends only',
    answersItself: true,
    build: buildFloor,
  },
  {
    id: 'chronicle-queue',
    title: 'Chronicle Queue 2026.4',
    keeps: 'files; no clock reading, no checksum',
    rows: ['oneway', 'stream', 'readers', 'open'],
    notInOthers: MERGE,
    answersItself: false,
    build: () => withPeer(buildJvmProgram(), 'chronicle-queue'),
  },
  {
    id: 'aeron',
    title: 'Aeron IPC 1.51.0',
    keeps: 'nothing',
    rows: ['oneway', 'stream', 'readers'],
    notInOthers: 'keeps nothing that could be opened or merged',
    answersItself: false,
    build: () => withPeer(buildJvmProgram(), 'aeron'),
  },
  {
    id: 'photon-ring',
    title: 'photon-ring 3.0.0, threads',
    keeps: 'nothing; one process, messages of one size',
    rows: ['oneway', 'stream', 'readers'],
    notInOthers: 'keeps nothing that could be opened or merged',
    answersItself: true,
    build: buildRustProgram,
  },
  npmPeer('lmdb', 'LMDB (lmdb)'),
  npmPeer('sqlite', 'SQLite (node-sqlite3-wasm)'),
]

/** What every report says about systems that are not measured. */
export const NOT_PUBLISHED =
  'the Rust implementation of the format: not published, so it cannot be installed with a fixed version'

/** Opened by size only: the other rows have workloads of their own. */
function npmPeer(id: string, title: string): ProgramPeer {
  const build = (): Built => {
    const missing = findPeer(id)?.findMissing()
    return missing === undefined ? { command: { ...NPM, args: [...NPM.args, id] } } : { missing }
  }
  const others = { notInOthers: 'the workloads of npm measure it', answersItself: true }
  return { id, title, keeps: 'a database file', rows: ['open'], ...others, build }
}

function withPeer(built: Built, peer: string): Built {
  if ('missing' in built) return built
  return { command: { file: built.command.file, args: [...built.command.args, peer] } }
}

function buildFloor(): Built {
  try {
    compileFloor()
    return { command: FLOOR }
  } catch {
    return { missing: 'the C++ compiler could not build the program' }
  }
}
