import { basename, join } from 'node:path'

/** Where a bus keeps its queues; docs/bus.md draws the tree. */
const FOLDERS = [join('orders', 'queue'), join('market_data', 'queue')]

/** A queue's path below the root that was named, as metrics label it; the directory's own name when the queue is the root. */
export function pathBelow(root: string, directory: string): string {
  const folder = withoutSlash(root)
  if (directory === folder) return basename(folder) || folder
  return directory.startsWith(folder === '/' ? '/' : `${folder}/`)
    ? directory.slice(folder === '/' ? 1 : folder.length + 1)
    : directory
}

/** A queue's directory as screens call it: below the root, without the folders that every queue of its kind has. */
export function displayName(root: string, directory: string): string {
  if (directory === root) return basename(directory) || directory
  for (const folder of [...FOLDERS.map((name) => join(root, name)), root]) {
    if (directory.startsWith(`${folder}/`)) return directory.slice(folder.length + 1)
  }
  return directory
}

/** A path without slashes at its end. */
export function withoutSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') || '/' : path
}
