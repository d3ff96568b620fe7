import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Compilation, compileOnce } from './compile-once.js'

let folder: string
let made: Set<string>
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chronicle-compile-test-'))
  made = new Set()
})
afterEach(() => {
  for (const path of [folder, ...made]) rmSync(path, { recursive: true, force: true })
})

/** A program that prints a number from a header. */
function program(number: number, flags: readonly string[] = []): Compilation {
  const source = join(folder, 'program.cc')
  writeFileSync(join(folder, 'number.h'), `#define NUMBER ${number}\n`)
  writeFileSync(source, '#include <cstdio>\n#include "number.h"\nint main() { std::printf("%d", NUMBER); }\n')
  return { name: 'program', sources: [source], flags }
}

function compiled(compilation: Compilation): string {
  const path = compileOnce(compilation)
  made.add(dirname(path))
  return path
}

describe('compiling once', () => {
  it('gives what was made before, and leaves nothing beside it', () => {
    const first = compiled(program(7))
    const { mtimeMs, ino } = statSync(first)
    expect(execFileSync(first, { encoding: 'utf8' })).toBe('7')
    expect(compiled(program(7))).toBe(first)
    expect(statSync(first)).toMatchObject({ mtimeMs, ino })
    expect(readdirSync(dirname(first))).toEqual(['program'])
  })

  it('makes another one when a header, a source or a flag is another one', () => {
    const first = compiled(program(7))
    const second = compiled(program(8))
    expect(execFileSync(second, { encoding: 'utf8' })).toBe('8')
    expect(execFileSync(first, { encoding: 'utf8' })).toBe('7')
    expect(compiled(program(7, ['-O1']))).not.toBe(first)
  })

  it('throws what the compiler says, and leaves nothing that would be taken for the result', () => {
    const broken = program(7)
    writeFileSync(broken.sources[0] ?? '', 'not a program')
    expect(() => compileOnce(broken)).toThrow(/not a program|does not name a type|error/)
    expect(() => compileOnce(broken)).toThrow()
  })
})
