import { describe, expect, it } from 'vitest'
import { addonFiles, libraryOf, ownLibrary } from './addon-files.js'

const line = (path: string) => `7f3a1c000000-7f3a1c028000 r--p 00000000 fe:00 1312   ${path}`
const NODE = line('/usr/bin/node')

describe('the C library of a process', () => {
  it.each([
    [
      'Debian 12',
      [NODE, line('/usr/lib/x86_64-linux-gnu/libc.so.6'), line('/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2')],
      'glibc',
    ],
    ['glibc before 2.34', [NODE, line('/lib64/libc-2.17.so'), line('/lib64/ld-2.17.so')], 'glibc'],
    ['Alpine', [NODE, line('/usr/lib/libstdc++.so.6.0.33'), line('/lib/ld-musl-x86_64.so.1')], 'musl'],
    ['Alpine with gcompat', [NODE, line('/lib/libgcompat.so.0'), line('/lib/ld-musl-x86_64.so.1')], 'musl'],
    ['musl of Debian', [NODE, line('/usr/lib/x86_64-linux-musl/libc.so')], 'musl'],
    ['mappings without a file', ['7ffd4000-7ffd5000 rw-p 00000000 00:00 0   [stack]'], undefined],
    ['no mappings', [], undefined],
  ])('%s', (_, lines, expected) => {
    expect(libraryOf(lines.join('\n'))).toBe(expected)
  })

  it('is glibc or musl in this process', () => {
    expect(ownLibrary()).toBe(
      'glibcVersionRuntime' in (process.report.getReport() as { header: object }).header ? 'glibc' : 'musl',
    )
  })
})

describe('the files that are tried', () => {
  const prebuilt = (library: string) => `/p/prebuilds/linux-${process.arch}-${library}/chronicle.node`

  it('are a local build, then the prebuilt addon of the own C library', () => {
    expect(addonFiles('/p', 'glibc')).toEqual(['/p/dist/chronicle.node', prebuilt('glibc')])
    expect(addonFiles('/p', 'musl')).toEqual(['/p/dist/chronicle.node', prebuilt('musl')])
  })

  it('are those of both where the library is unknown', () => {
    expect(addonFiles('/p', undefined)).toEqual(['/p/dist/chronicle.node', prebuilt('glibc'), prebuilt('musl')])
  })
})
