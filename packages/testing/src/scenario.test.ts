import { AssertionError } from 'node:assert'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { type ScenarioStrategy, scenario } from './index.js'
import { makeFolder, removeFolder } from './memory-folder.js'

const INPUT = [
  { typeId: 1, timestampNs: '1000000', text: 'bid 10' },
  { typeId: 1, timestampNs: '3000000', text: 'bid 12' },
  { typeId: 2, base64: '/w==' },
]

/** Answers each message, and once more a millisecond after the first one. */
const strategy: ScenarioStrategy = async (message, { clock, emit }) => {
  if (message.sequence === 0) clock.setTimer(1, () => emit(9, 'timer'))
  await Promise.resolve()
  emit(message.typeId, message.payload)
}

describe('a scenario', () => {
  let input = ''
  let output = ''

  beforeEach(() => {
    const folder = makeFolder()
    onTestFinished(() => removeFolder(folder))
    input = join(folder, 'in.ndjson')
    output = join(folder, 'out.ndjson')
    writeFileSync(input, INPUT.map((line) => `${JSON.stringify(line)}\n`).join('\n'))
  })

  it('writes the golden file on request, and then compares with it', async () => {
    await expect(scenario(input, strategy, output)).rejects.toThrow(/is missing; start with --update/)
    expect(existsSync(output)).toBe(false)
    await scenario(input, strategy, output, { update: true })
    expect(readFileSync(output, 'utf8')).toBe(
      [
        '{"timestampNs":"1000000","typeId":1,"text":"bid 10"}',
        '{"timestampNs":"2000000","typeId":9,"text":"timer"}',
        '{"timestampNs":"3000000","typeId":1,"text":"bid 12"}',
        '{"timestampNs":"3000000","typeId":2,"base64":"/w=="}',
        '',
      ].join('\n'),
    )
    await scenario(input, strategy, output)
  })

  it('writes the schema version and the time that a message is emitted with', async () => {
    const options = { schemaVersion: 2, timestampNs: 5n }
    await scenario(input, (message, { emit }) => message.sequence === 0 && emit(7, 'order', options), output, { update: true })
    expect(readFileSync(output, 'utf8')).toBe('{"timestampNs":"5","typeId":7,"schemaVersion":2,"text":"order"}\n')
    // The output of one scenario is the input of the next.
    const versions: number[] = []
    const next = `${output}.next`
    await scenario(output, ({ schemaVersion }) => versions.push(schemaVersion), next, { update: true })
    expect(versions).toEqual([2])
    const mistyped = { schemaversion: 2 } as object
    await expect(scenario(input, (_, { emit }) => emit(7, 'order', mistyped), output)).rejects.toThrow(/schemaversion/)
  })

  it('ends with the last message, or at a later time that it is given', async () => {
    const sleepy: ScenarioStrategy = async ({ typeId }, { clock, emit }) => {
      await clock.sleep(5)
      emit(typeId, 'later')
    }
    await scenario(input, sleepy, output, { update: true })
    // The messages came at 1 and 3 ms, and nothing comes at 6.
    expect(readFileSync(output, 'utf8')).toBe('')
    await scenario(input, sleepy, output, { update: true, untilNs: 7_000_000n })
    expect(readFileSync(output, 'utf8')).toBe('{"timestampNs":"6000000","typeId":1,"text":"later"}\n')
  })

  it('says at which line the output differs, with both texts', async () => {
    await scenario(input, strategy, output, { update: true })
    const error = await scenario(input, (message, { emit }) => emit(7, message.payload), output).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(AssertionError)
    expect((error as AssertionError).message).toContain('at line 1;')
    expect((error as AssertionError).expected).toBe(readFileSync(output, 'utf8'))
  })

  it.each([
    ['not JSON', 'x'],
    ['not a JSON object', '7'],
    ['either text or base64', '{"typeId":1}'],
  ])('names the line that is %s', async (problem, line) => {
    writeFileSync(input, `{"text":"fine"}\n${line}\n`)
    await expect(scenario(input, strategy, output)).rejects.toThrow(new RegExp(`in.ndjson:2: ${problem}`))
  })

  it.each([
    ['timestampNs', '{"text":"a","timestampNs":1626912000000000123}'],
    ['timestampNs', '{"text":"a","timestampNs":1.5}'],
    ['timestampNs', '{"text":"a","timestampNs":-1}'],
    ['timestampNs', '{"text":"a","timestampNs":null}'],
    ['timestampNs', '{"text":"a","timestampNs":""}'],
    ['timestampNs', '{"text":"a","timestampNs":"0x10"}'],
    ['timestampNs', '{"text":"a","timestampNs":"18446744073709551616"}'],
    ['text', '{"text":5}'],
    ['text', '{"text":null}'],
    ['text', '{"text":[65,66]}'],
    ['text', '{"text":"\\ud800"}'],
    ['base64', '{"base64":"!!!!"}'],
    ['base64', '{"base64":"AA"}'],
    ['base64', '{"base64":5}'],
    ['typeId', '{"text":"a","typeId":65535}'],
    ['typeId', '{"text":"a","typeId":"1"}'],
    ['not a JSON object', '[{"text":"a"}]'],
  ])('alters no input: names the line whose %s is not as an export writes it, %s', async (problem, line) => {
    writeFileSync(input, `{"text":"fine"}\n${line}\n`)
    await expect(scenario(input, strategy, output)).rejects.toThrow(new RegExp(`in.ndjson:2: ${problem}`))
    expect(existsSync(output)).toBe(false)
  })

  it('lets messages come while the strategy sleeps on its clock, and ends when it sleeps beyond them', async () => {
    const sleepy: ScenarioStrategy = async ({ payload }, { clock, emit }) => {
      const text = String(payload)
      emit(1, `${text} begun`)
      await clock.sleep(1.5)
      await new Promise((resolve) => setTimeout(resolve, 1))
      emit(1, `${text} slept`)
    }
    await scenario(input, sleepy, output, { update: true })
    const lines = readFileSync(output, 'utf8').trim().split('\n')
    expect(lines.map((line) => JSON.parse(line)).map(({ timestampNs, text }) => [timestampNs, text])).toEqual([
      ['1000000', 'bid 10 begun'],
      ['2500000', 'bid 10 slept'],
      ['3000000', 'bid 12 begun'],
      ['3000000', '\ufffd begun'],
    ])
  })

  it('takes messages as long as those of the input, and longer ones on request', async () => {
    writeFileSync(input, `${JSON.stringify({ text: 'x'.repeat(100_000) })}\n`)
    await scenario(input, ({ payload }, { emit }) => emit(1, payload), output, { update: true })
    expect(readFileSync(output, 'utf8').length).toBeGreaterThan(100_000)
    const long: ScenarioStrategy = (_, { emit }) => emit(1, Buffer.alloc(1_000_000))
    await expect(scenario(input, long, output, { update: true })).rejects.toMatchObject({ code: 'ERR_TOO_LARGE' })
    await scenario(input, long, output, { update: true, segmentSize: 1 << 21 })
  })

  it('shows schema version, trace and source of the messages, and refuses what a message cannot carry', async () => {
    const trace = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), sampled: true, random: false }
    const source = { sourceSequence: 7, sourceId: 1, sourceEpoch: 2, outputIndex: 0, isLastOutput: true }
    const write = (...lines: object[]): void => writeFileSync(input, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    write({ text: 'a' }, { text: 'b', schemaVersion: 2, trace }, { text: 'c', source, schemas: [], sources: [] })
    const seen: object[] = []
    await scenario(input, (message) => void seen.push(message.toJSON()), output, { update: true })
    expect(seen).toMatchObject([{ typeId: 0 }, { schemaVersion: 2, trace }, { source }])
    write({ text: 'a' }, { text: 'b', schemaVersion: 256 })
    await expect(scenario(input, strategy, output)).rejects.toThrow(/in\.ndjson:2: .*schemaVersion/)
  })

  it('ends with the error of the strategy', async () => {
    const fail = (): never => {
      throw new Error('stop')
    }
    await expect(scenario(input, fail, output)).rejects.toThrow('stop')
  })
})
