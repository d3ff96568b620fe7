import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  CONTROL_FIRST_SEGMENT_PLUS_ONE_OFFSET,
  CONTROL_INIT_STATE_OFFSET,
  CONTROL_MAGIC_OFFSET,
} from '@chronicle-ts/core/internal'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { amount, EFFORT, SEED, stride } from '../../../../tools/evidence/effort/effort.mjs'
import { type Damage, describeFindings, FOREIGN, probeDamages, scratchFolder, type WrittenMessage } from './damage-probes.js'
import { randomNumbers } from './random-numbers.js'
import { makeSmallQueue } from './small-queue.js'

/**
 * In full every byte and every length is damaged in both ways. Otherwise a share of the bytes that carry something, a sample of the zeros and of the lengths: another one with every seed.
 */
const FULL = EFFORT === 'full'
const RANDOM_COUNT = amount({ short: 10, long: 40, full: 5000 })
const TIMEOUT_MS = FULL ? 3_600_000 : 240_000
/** A prime, so that the sample falls on every place within a record. */
const SAMPLE_STRIDE = 61
/** Of the chosen damages, every so many are tried. */
const SHARE = stride({ short: 50, long: 4 })

let folder: string
let template: string
let messages: WrittenMessage[]
let files: string[]
let contents: Map<string, Buffer>

beforeAll(() => {
  folder = scratchFolder()
  ;({ template, messages } = makeSmallQueue(folder))
  files = readdirSync(template, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(template.length + 1))
    .sort()
  contents = new Map(files.map((file) => [file, readFileSync(join(template, file))]))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const lengthOf = (file: string): number => contents.get(file)?.length ?? 0

const isSegment = (file: string): boolean => file.endsWith('.q')

/** Whether some record, or the file's header, covers the byte. */
function carriesSomething(file: string, offset: number): boolean {
  if (!isSegment(file) || offset < 64) return true
  return messages.some((message) => message.file === file && offset >= message.from && offset < message.to)
}

function everyOffset(file: string): number[] {
  const all = Array.from({ length: lengthOf(file) }, (_, offset) => offset)
  return FULL
    ? all
    : all.filter((offset) => (carriesSomething(file, offset) && isTelling(file, offset)) || offset % SAMPLE_STRIDE === 0)
}

/** Headers of records and a sample of payload and padding: bytes under one checksum behave alike. */
function isTelling(file: string, offset: number): boolean {
  const message = messages.find((candidate) => candidate.file === file && offset >= candidate.from && offset < candidate.to)
  return message === undefined || offset < message.from + 40 || offset % SAMPLE_STRIDE === 0
}

/** Readers wait a second for a control block that looks as if a writer were still creating it: then only the writer and the cold tools look. */
function looksUnfinished(file: string, offset: number): boolean {
  if (file !== 'control.meta') return false
  return offset - CONTROL_INIT_STATE_OFFSET < 4 && (offset >= CONTROL_INIT_STATE_OFFSET || offset < CONTROL_MAGIC_OFFSET + 4)
}

/** The lowest segment that readers may begin at is announced here before the others are deleted: what is untrue there cannot be distinguished from the announcement. */
function announcesDeletion(file: string, offset: number): boolean {
  const from = CONTROL_FIRST_SEGMENT_PLUS_ONE_OFFSET
  return file === 'control.meta' && offset >= from && offset < from + 8
}

function change(file: string, offset: number, to: (byte: number) => number): Damage[] {
  const byte = contents.get(file)?.[offset] ?? 0
  if (to(byte) === byte) return []
  return [
    {
      file,
      writes: [{ offset, hex: Buffer.of(to(byte)).toString('hex') }],
      writerOnly: looksUnfinished(file, offset),
      mayHide: announcesDeletion(file, offset),
    },
  ]
}

async function expectNoFindings(all: readonly Damage[], share = SHARE): Promise<void> {
  const damages = all.filter((_, index) => (index + SEED) % share === 0)
  const probed = await probeDamages(template, messages, damages)
  expect(describeFindings(probed)).toEqual([])
  expect(probed).toHaveLength(damages.length)
}

describe('garbage', () => {
  it(
    `ends every operation with a value or a coded error when any byte of any file has all bits flipped, seed ${SEED}`,
    async () => {
      const damages = files.flatMap((file) => everyOffset(file).flatMap((offset) => change(file, offset, (byte) => byte ^ 0xff)))
      await expectNoFindings(damages)
    },
    TIMEOUT_MS,
  )

  it(
    `ends every operation with a value or a coded error when any byte is zero, seed ${SEED}`,
    async () => {
      const damages = files.flatMap((file) => everyOffset(file).flatMap((offset) => change(file, offset, () => 0)))
      await expectNoFindings(damages)
    },
    TIMEOUT_MS,
  )

  it(
    `ends every operation with a value or a coded error when any file is cut to any length, seed ${SEED}`,
    async () => {
      const damages = files.flatMap((file) =>
        lengths(file).map((truncateTo) => ({ file, truncateTo, writerOnly: file === 'control.meta' && truncateTo % 100 !== 0 })),
      )
      await expectNoFindings(damages)
    },
    TIMEOUT_MS,
  )

  it(
    'ends every operation with a value or a coded error when something else stands in the place of any file',
    async () => {
      const damages = files.flatMap((file) => FOREIGN.map((foreign) => ({ file, foreign, mayHide: true })))
      await expectNoFindings(damages, stride({ short: 4, long: 1 }))
    },
    TIMEOUT_MS,
  )

  it(
    `ends every operation with a value or a coded error behind random damage, seed ${SEED}`,
    async () => {
      const random = randomNumbers(SEED)
      const damages = Array.from({ length: RANDOM_COUNT }, () => randomDamage(random))
      await expectNoFindings(damages, 1)
    },
    TIMEOUT_MS,
  )
})

/** All of them, or those around the boundaries of blocks and a sample. */
function lengths(file: string): number[] {
  const length = lengthOf(file)
  const all = Array.from({ length }, (_, at) => at)
  return FULL ? all : all.filter((at) => at < 8 || at % SAMPLE_STRIDE === 0 || at % 64 < 2 || at > length - 3)
}

/** One to three runs of up to 100 bytes in one file, each zeros, ones or noise. */
function randomDamage(random: (limit: number) => number): Damage {
  const file = files[random(files.length)] as string
  const length = lengthOf(file)
  const runs = Array.from({ length: 1 + random(3) }, () => randomRun(random, length))
  const touches = (test: (file: string, offset: number) => boolean) =>
    runs.some(({ offset, bytes }) => Array.from(bytes).some((_, at) => test(file, offset + at)))
  const writes = runs.map(({ offset, bytes }) => ({ offset, hex: bytes.toString('hex') }))
  return { file, writes, writerOnly: touches(looksUnfinished), mayHide: touches(announcesDeletion) }
}

function randomRun(random: (limit: number) => number, length: number): { offset: number; bytes: Buffer } {
  const offset = random(Math.max(1, length))
  const kind = random(3)
  const bytes = Buffer.alloc(Math.min(1 + random(100), length - offset), kind === 0 ? 0 : 0xff)
  return { offset, bytes: kind === 2 ? (bytes.map(() => random(256)) as Buffer) : bytes }
}
