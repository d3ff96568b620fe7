import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

export type CLibrary = 'glibc' | 'musl'

/** Files of glibc as a process maps them: `libc.so.6`, and `libc-2.31.so` before 2.34. */
const GLIBC_FILE = /\/libc(?:\.so\.6|-2\.\d+\.so)$/m
/** A file in the list of mappings. Without one the list says nothing. */
const ANY_FILE = /\/\S+$/m

/**
 * The C library of a process; `undefined` when its mappings do not show it.
 *
 * @param mappings text of `/proc/self/maps`
 */
export function libraryOf(mappings: string): CLibrary | undefined {
  if (GLIBC_FILE.test(mappings)) return 'glibc'
  return ANY_FILE.test(mappings) ? 'musl' : undefined
}

/**
 * Where the addon may be, first choice first. A local build comes before the prebuilt ones, because a published package has none unless its user built it.
 *
 * Only the prebuilt addon of the process's own C library is tried. With gcompat, musl loads that of glibc too, whose mutexes and conditions are of other sizes.
 *
 * @param folder of the package
 */
export function addonFiles(folder: string, library: CLibrary | undefined): string[] {
  const libraries = library === undefined ? ['glibc', 'musl'] : [library]
  const prebuilt = libraries.map((name) => `prebuilds/linux-${process.arch}-${name}/chronicle.node`)
  return ['dist/chronicle.node', ...prebuilt].map((name) => resolve(folder, name))
}

/** The C library of this process; `undefined` where `/proc` is not mounted. */
export function ownLibrary(): CLibrary | undefined {
  try {
    return libraryOf(readFileSync('/proc/self/maps', 'latin1'))
  } catch {
    return undefined
  }
}
