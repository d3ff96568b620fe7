import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { amount, EFFORT, SEED, stride } from '../../../../tools/evidence/effort/effort.mjs'
import { type Damage, FOREIGN, probeCommands, scratchFolder } from './command-probes.js'
import { makeSmallBus, QUEUE } from './small-bus.js'

/**
 * In full every byte of every file is flipped, every byte of the headers and first records gets other values too, and every length is tried. Otherwise a sample of these is,
 * which moves with the seed.
 */
const FULL = EFFORT === 'full'
const COUNT = amount({ short: 1, long: 4, full: 2000 })
/** Of the damages of a kind, every so many are tried. */
const BYTE_STRIDE = stride({ short: 5999, long: 1499 })
const LENGTH_STRIDE = stride({ short: 19_997, long: 4999 })
const FOREIGN_STRIDE = stride({ short: 73, long: 19 })
const TIMEOUT_MS = FULL ? 14_400_000 : 180_000
/** The header, and the first records after it. */
const TELLING_LENGTH = 640

let folder: string
let bus: { template: string; queue: string }
let contents: Map<string, Buffer>
let directories: string[]

beforeAll(() => {
  folder = scratchFolder()
  bus = { template: join(folder, 'template'), queue: QUEUE }
  makeSmallBus(bus.template)
  const entries = readdirSync(bus.template, { recursive: true, withFileTypes: true })
  const pathOf = (entry: (typeof entries)[number]): string => join(entry.parentPath, entry.name).slice(bus.template.length + 1)
  const files = entries.filter((entry) => entry.isFile()).map(pathOf)
  contents = new Map(files.filter(isDamaged).map((file) => [file, readFileSync(join(bus.template, file))]))
  directories = entries
    .filter((entry) => entry.isDirectory())
    .map(pathOf)
    .filter(isDamaged)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The feed and the copies beside it stay healthy. */
const isDamaged = (path: string): boolean => !path.startsWith('market_data')

/** What is imported may well come through a pipe, for which one waits. */
function isDamage({ file, foreign }: Damage): boolean {
  return !(file.startsWith('input') && foreign === 'fifo')
}

/** One of so many, and one at least: another one with every seed. */
function sampled(damages: readonly Damage[], every: number): Damage[] {
  return damages.filter((_, index) => (index + SEED) % Math.min(every, damages.length) === 0)
}

function everyByte(to: (byte: number) => number, lengthMax = TELLING_LENGTH): Damage[] {
  return [...contents].flatMap(([file, content]) =>
    Array.from(content.subarray(0, lengthMax), (byte, offset) => ({ byte, offset }))
      .filter(({ byte }) => to(byte) !== byte)
      .map(({ byte, offset }) => ({ file, writes: [{ offset, hex: Buffer.of(to(byte)).toString('hex') }] })),
  )
}

describe('chron-cli and garbage', () => {
  it(
    `ends every command in time, with a documented exit code and no stack trace, for every wrong byte, seed ${SEED}`,
    async () => {
      const values = [() => 0, (byte: number) => (byte + 1) & 0xff, (byte: number) => byte ^ 0x80]
      const flipped = everyByte((byte) => byte ^ 0xff, FULL ? Number.POSITIVE_INFINITY : TELLING_LENGTH)
      const damages = [flipped, ...values.map((to) => everyByte(to))].flatMap((list) => sampled(list, BYTE_STRIDE))
      expect(await probeCommands(bus, damages)).toEqual([])
    },
    TIMEOUT_MS,
  )

  it(
    `does so when any file is cut to any length, seed ${SEED}`,
    async () => {
      const cuts = [...contents].flatMap(([file, { length }]) =>
        Array.from({ length }, (_, truncateTo) => ({ file, truncateTo })),
      )
      expect(await probeCommands(bus, sampled(cuts, LENGTH_STRIDE))).toEqual([])
    },
    TIMEOUT_MS,
  )

  it(
    `does so when something else stands in the place of any file or directory, seed ${SEED}`,
    async () => {
      const places = [...contents.keys(), ...directories]
      const damages = places.flatMap((file) => FOREIGN.map((foreign) => ({ file, foreign }))).filter(isDamage)
      expect(await probeCommands(bus, sampled(damages, FOREIGN_STRIDE))).toEqual([])
    },
    TIMEOUT_MS,
  )

  it(
    `does so behind random damage, seed ${SEED}`,
    async () => {
      const random = randomNumbers(SEED)
      expect(
        await probeCommands(
          bus,
          Array.from({ length: COUNT }, () => randomDamage(random)),
        ),
      ).toEqual([])
    },
    TIMEOUT_MS,
  )
})

/** One to three runs of up to 100 bytes in one file, each zeros, ones or noise. */
function randomDamage(random: (limit: number) => number): Damage {
  const files = [...contents.keys()].filter((file) => contents.get(file)?.length !== 0)
  const file = files[random(files.length)] as string
  const length = contents.get(file)?.length ?? 0
  const writes = Array.from({ length: 1 + random(3) }, () => {
    const offset = random(length)
    const kind = random(3)
    const noise = Array.from({ length: Math.min(1 + random(100), length - offset) }, () => random(256))
    return { offset, hex: Buffer.from(noise.map((byte) => (kind === 0 ? 0 : kind === 1 ? 0xff : byte))).toString('hex') }
  })
  return { file, writes }
}

/** Small reproducible numbers: `random(limit)` is one of 0 to limit - 1. */
function randomNumbers(seed: number): (limit: number) => number {
  let state = (seed * 2_654_435_761) >>> 0
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 0x1_0000_0000) * limit)
  }
}
