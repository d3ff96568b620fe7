import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from './temporary-bus.js'

/** Whether this system lets us do what the command line does: many forbid user namespaces to all, or to unprivileged users and in containers. */
function works([command = '', ...args]: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

const NAMESPACE = ['unshare', '--user', '--map-root-user']
const PID_NAMESPACE = [...NAMESPACE, '--pid', '--fork', '--kill-child']

/**
 * Command lines that start a program whose pid means nothing here: one that only says so, which works everywhere, and a pid namespace where that
 * is allowed.
 */
export const FOREIGN_PIDS: readonly { readonly by: string; readonly pid: number; readonly wrapper: readonly string[] }[] = [
  { by: 'a pid above all that Linux gives', pid: 4194305, wrapper: ['env', 'SAYS_PID=4194305'] },
  ...(works([...PID_NAMESPACE, 'true']) ? [{ by: 'a pid namespace', pid: 1, wrapper: PID_NAMESPACE }] : []),
]

/** A way to start a program under an inotify limit of 0. The file holds the limit and can be written by the program. */
export interface InotifyLimit {
  readonly file: string
  readonly wrapper: readonly string[]
}

function ownNamespace(limit: string): InotifyLimit {
  const file = `/proc/sys/user/${limit}`
  return { file, wrapper: [...NAMESPACE, 'sh', '-c', `echo 0 > ${file} && exec "$@"`, 'sh'] }
}

const COMPILE = 'for compiler in "$CXX" c++ g++ clang++; do $compiler -shared -fPIC -o "$1" "$2" && exit; done; exit 1'

/** The library is found by its name: a path in LD_PRELOAD must not have blanks. */
function preloaded(limit: string): InotifyLimit {
  const folder = temporaryFolder()
  const source = fileURLToPath(new URL('../programs/refuse-inotify.cc', import.meta.url))
  execFileSync('sh', ['-c', COMPILE, 'sh', join(folder, 'refuse-inotify.so'), source], { stdio: ['ignore', 'ignore', 'pipe'] })
  const file = join(folder, limit)
  writeFileSync(file, '0')
  const variables = { LD_PRELOAD: 'refuse-inotify.so', LD_LIBRARY_PATH: folder, INOTIFY_LIMITS: folder }
  return { file, wrapper: ['env', ...Object.entries(variables).map(([name, value]) => `${name}=${value}`)] }
}

/** The ways to limit inotify for one program alone: a preloaded library, which works everywhere, and the kernel where that is allowed. */
export const INOTIFY_LIMITS: readonly { readonly by: string; readonly limitTo0: (limit: string) => InotifyLimit }[] = [
  { by: 'a preloaded library', limitTo0: preloaded },
  ...(works([...ownNamespace('max_inotify_watches').wrapper, 'true']) ? [{ by: 'the kernel', limitTo0: ownNamespace }] : []),
]
