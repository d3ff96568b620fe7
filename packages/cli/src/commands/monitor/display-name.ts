import { join } from 'node:path'

/** Where a bus keeps its queues; docs/bus.md draws the tree. */
const FOLDERS = [join('orders', 'queue'), join('market_data', 'queue')]

/** A queue's directory as the monitor calls it: below the root, without the folders that every queue of its kind has. */
export function displayName(root: string, directory: string): string {
  for (const folder of [...FOLDERS.map((name) => join(root, name)), root]) {
    if (directory.startsWith(`${folder}/`)) return directory.slice(folder.length + 1)
  }
  return directory
}
