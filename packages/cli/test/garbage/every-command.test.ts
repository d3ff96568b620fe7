import { expect, it } from 'vitest'
import { createProgram } from '../../src/program.js'
import { CHANGING, NOT_PROBED, READING } from './commands.js'

it('every command runs on damaged queues, or says why not', async () => {
  const { commands } = await createProgram('0', async () => undefined)
  const known = commands.map((command) => command.name())
  const probed = [...READING, ...CHANGING.flat()].map(({ args: [name = ''] }) => name)
  expect(known.filter((name) => !probed.includes(name)).sort()).toEqual(Object.keys(NOT_PROBED).sort())
  expect(probed.filter((name) => !known.includes(name))).toEqual([])
})
