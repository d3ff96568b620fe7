import { describe, expect, it } from 'vitest'
import { parseFigures, runProgram, startCompanion } from './run-program.js'

const node = (script: string) => ({ file: process.execPath, args: ['-e', script] })

describe('runProgram', () => {
  it('returns the figures of the last line, and passes the arguments on', async () => {
    const program = node(
      'console.log("a word"); console.log(JSON.stringify({ sum: Number(process.argv[1]) + Number(process.argv[2]) }))',
    )
    expect(await runProgram(program, [2, '3'])).toEqual({ sum: 5 })
  })

  it.each([
    ['a program that fails', 'console.error("first\\nthe reason"); process.exit(3)', 'the reason'],
    ['a program that fails silently', 'process.exit(3)', 'ended with exit code 3'],
    ['a program that is killed', 'process.kill(process.pid, "SIGKILL"); setTimeout(() => 0, 10_000)', 'ended with SIGKILL'],
    [
      'a program that takes too long',
      'process.kill(process.pid, "SIGTERM"); setTimeout(() => 0, 10_000)',
      'took longer than 120 s',
    ],
    ['output that is something else', 'console.log(JSON.stringify({ p50Ns: "fast" }))', 'no figures: {"p50Ns":"fast"}'],
  ])('refuses %s', async (_, script, message) => {
    await expect(runProgram(node(script), [])).rejects.toThrow(message)
  })

  it('refuses a program that does not exist', async () => {
    await expect(runProgram({ file: '/nowhere/program', args: [] }, [])).rejects.toThrow('ENOENT')
  })
})

describe('parseFigures', () => {
  it.each(['null', '3', '{"a":null}'])('refuses %s', (text) => {
    expect(() => parseFigures(text)).toThrow('no figures')
  })
})

describe('startCompanion', () => {
  it('returns when the program is ready, and ends its input', async () => {
    const script = 'console.log("a word"); console.log("ready"); process.stdin.on("end", () => process.exit()).resume()'
    const companion = await startCompanion(node(script), [])
    await companion.stop()
  })

  it('refuses a program that ends before it is ready', async () => {
    await expect(startCompanion(node('console.error("no memory"); process.exit(1)'), [])).rejects.toThrow('no memory')
  })
})
