import { execFileSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../test/temporary-files.js'
import * as native from './index.js'
import { INTERFACE_ID } from './interface-id.js'

const dist = fileURLToPath(new URL('../dist/', import.meta.url))

it('exports the addon, its error, and the numbers of the contract', () => {
  const names = Object.keys(native)
  const others = names.filter((name) => !/^(STATUS|PREPARE|APPENDER|DETAILS|POSITION|TIMES|VERIFIER|WAIT)_/.test(name)).sort()
  expect(others).toEqual(['AddonError', 'binding'])
  expect(names.length).toBe(58)
})

it('gives every function that the contract names', () => {
  expect(Object.keys(native.binding).sort()).toEqual(
    [
      ...[
        'mapFile',
        'unmap',
        'lendMapping',
        'mappingFaults',
        'faultCount',
        'populate',
        'advise',
        'syncRange',
        'reserveMapped',
        'lockMemory',
        'unlockMemory',
      ],
      ...['reserveBlocks', 'zeroRange', 'dataOffset', 'renameNoReplace', 'tryLock', 'unlock', 'crc32', 'realtimeNs'],
      ...[
        'notifyService',
        'hasHungUp',
        'setThreadAffinity',
        'threadAffinity',
        'yieldThread',
        'futexWait',
        'futexWake',
        'futexWaitAny',
        'hasFutexWaitv',
        'park',
        'unpark',
      ],
      ...['openHold', 'holdCheck', 'closeHold'],
      ...[
        'backgroundPrepare',
        'backgroundPopulate',
        'backgroundUnmap',
        'backgroundSync',
        'backgroundUnlink',
        'backgroundReplace',
      ],
      ...[
        'jobState',
        'jobWait',
        'jobNotify',
        'takeMapping',
        'jobCancel',
        'jobRelease',
        'createAppender',
        'createVerifier',
        'createFileVerifier',
        'createPositionSaver',
      ],
    ].sort(),
  )
})

it('says how to get an addon that is missing', () => {
  const folder = join(temporaryFolder(), 'packages', 'native', 'dist')
  for (const name of readdirSync(dist).filter((each) => each.endsWith('.js'))) cpSync(join(dist, name), join(folder, name))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  const script = `import('./index.js').catch((error) => console.log(error.code, error.message))`
  const output = execFileSync(process.execPath, ['-e', script], { cwd: folder, encoding: 'utf8' })
  expect(output).toMatch(/^ERR_ADDON .*: run npm run build\. Tried:\n/)
  expect(output).toContain(`${folder}/chronicle.node: no such file`)
})

describe('an addon of another version', () => {
  const folder = temporaryFolder()
  const old = join(folder, 'old.node')
  const bytes = readFileSync(join(dist, 'chronicle.node'))
  const at = bytes.indexOf(`${INTERFACE_ID}\0`)
  bytes.write('0ld00000', at, 'latin1')
  writeFileSync(old, bytes)

  const importWith = (addon: string): string =>
    execFileSync(process.execPath, ['-e', `import('./index.js').catch((error) => console.log(error.code, error.message))`], {
      cwd: dist,
      encoding: 'utf8',
      env: { ...process.env, CHRONICLE_ADDON: addon },
    })

  it('is refused when the environment names it', () => {
    const output = importWith(old)
    expect(output).toMatch(/^ERR_ADDON .*: CHRONICLE_ADDON names a file that is not the addon of this version\. Tried:\n/)
    expect(output).toContain(`${old}: not the addon of this version of the package`)
  })

  it('is refused as another one is, and as a module is', () => {
    const module = join(folder, 'module.json')
    writeFileSync(module, '{}')
    expect(importWith(module)).toContain(`${module}: not a compiled addon`)
    expect(importWith(join(dist, 'chronicle.node'))).toBe('')
  })
})
