/**
 * Returns `node:crypto`, loaded when it is first asked for. Most processes that read messages never need it, and importing it takes as long as importing this package.
 */
export function nodeCrypto(): typeof import('node:crypto') {
  return process.getBuiltinModule('node:crypto')
}
