import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { codeOf, thrownBy } from '../../test/support/thrown.js'
import {
  checkAgainstRegistry,
  encodeSchema,
  f64,
  jsonMessage,
  message,
  readSchemaFiles,
  readSchemas,
  saveSchema,
  u16,
  u64,
  utf8,
} from '../index.js'

const base = message('Quote', 1, { bid: f64(), note: utf8() })
const later = base.since(2, { venue: u16() })

let queue: string
beforeEach(() => {
  queue = mkdtempSync(join(tmpdir(), 'schema-registry-'))
})
afterEach(() => rmSync(queue, { recursive: true, force: true }))

describe('the registry of a queue', () => {
  it('holds one file per type and version, which is written once', () => {
    expect([
      saveSchema(queue, base),
      saveSchema(queue, base),
      saveSchema(queue, later),
      saveSchema(queue, jsonMessage('Log', 0)),
    ]).toEqual([true, false, true, true])
    expect(readdirSync(join(queue, 'schemas')).sort()).toEqual(['0.1.json', '1.1.json', '1.2.json'])
    const { schemas, problems } = readSchemas(queue)
    expect(problems).toEqual([])
    expect(schemas.map(({ name, version }) => `${name} ${version}`)).toEqual(['Log 1', 'Quote 1', 'Quote 2'])
    expect(schemas[2]).toEqual(later.description)
    expect(readFileSync(join(queue, 'schemas/1.2.json'), 'utf8')).toBe(encodeSchema(later.description))
  })

  it('refuses another definition of a type, and changes nothing', () => {
    saveSchema(queue, base)
    const other = message('Quote', 1, { bid: u64(), note: utf8() }).since(2, {})
    expect(thrownBy(() => saveSchema(queue, other))).toMatchObject({
      code: 'ERR_SCHEMA_INCOMPATIBLE',
      typeId: 1,
      differences: ['bid was f64 and is u64 in version 2'],
    })
    expect(readdirSync(join(queue, 'schemas'))).toEqual(['1.1.json'])
    expect(codeOf(() => checkAgainstRegistry(readSchemas(queue), other))).toBe('ERR_SCHEMA_INCOMPATIBLE')
  })

  it('accepts an older program beside a newer one', () => {
    saveSchema(queue, later)
    expect(saveSchema(queue, base)).toBe(true)
  })

  it('is empty when it is missing', () => {
    expect(readSchemas(queue)).toEqual({ schemas: [], problems: [], foreign: [] })
    expect(readSchemas(join(queue, 'nowhere'))).toEqual({ schemas: [], problems: [], foreign: [] })
  })

  it('reports what is damaged, and hides nothing else for it', () => {
    saveSchema(queue, base)
    const folder = join(queue, 'schemas')
    const good = encodeSchema(base.description)
    writeFileSync(join(folder, '2.1.json'), good)
    writeFileSync(join(folder, '3.1.json'), good.slice(0, 50))
    writeFileSync(join(folder, '4.1.json'), '')
    mkdirSync(join(folder, '5.1.json'))
    symlinkSync(join(folder, '1.1.json'), join(folder, '6.1.json'))
    writeFileSync(join(folder, 'README'), 'left alone')
    writeFileSync(join(folder, '1.1.json.tmp'), 'left alone')
    const { schemas, problems } = readSchemas(queue)
    expect(schemas).toEqual([base.description])
    expect(problems.map(({ path, error }) => [path.slice(folder.length + 1), error.code])).toEqual([
      ['2.1.json', 'ERR_INVALID_ARGUMENT'],
      ['3.1.json', 'ERR_INVALID_ARGUMENT'],
      ['4.1.json', 'ERR_INVALID_ARGUMENT'],
      ['5.1.json', 'ERR_IO'],
      ['6.1.json', 'ERR_IO'],
    ])
  })

  it('replaces a damaged file of the same type and version', () => {
    saveSchema(queue, base)
    const path = join(queue, 'schemas/1.1.json')
    writeFileSync(path, '{"format"')
    expect(saveSchema(queue, base)).toBe(true)
    expect(readFileSync(path, 'utf8')).toBe(encodeSchema(base.description))
    expect(readdirSync(join(queue, 'schemas'))).toEqual(['1.1.json'])
  })

  it('keeps a file of the same type and version that cannot be read now: it may hold another definition', () => {
    mkdirSync(join(queue, 'schemas'))
    const path = join(queue, 'schemas/1.1.json')
    execFileSync('mkfifo', [path])
    // With a writer, reading a pipe without waiting is an error of the system, as reading a file without permission is.
    const writer = openSync(path, constants.O_RDWR)
    try {
      expect(thrownBy(() => saveSchema(queue, base))).toMatchObject({ code: 'ERR_IO', errnoName: 'EAGAIN' })
      expect(lstatSync(path).isFIFO()).toBe(true)
      expect(readdirSync(join(queue, 'schemas'))).toEqual(['1.1.json'])
    } finally {
      closeSync(writer)
    }
  })

  it('keeps what another process has written since the registry was read', () => {
    const before = readSchemas(queue)
    saveSchema(queue, base)
    const other = message('Quote', 1, { bid: u64(), note: utf8() })
    expect(codeOf(() => saveSchema(queue, other, before))).toBe('ERR_SCHEMA_INCOMPATIBLE')
    expect(saveSchema(queue, base, before)).toBe(false)
    expect(readFileSync(join(queue, 'schemas/1.1.json'), 'utf8')).toBe(encodeSchema(base.description))
    expect(readdirSync(join(queue, 'schemas'))).toEqual(['1.1.json'])
  })

  it('adds nothing beside another version that another process has written since, and that it cannot live with', () => {
    const before = readSchemas(queue)
    saveSchema(queue, later)
    const other = message('Quote', 1, { bid: u64(), note: utf8() })
    expect(codeOf(() => saveSchema(queue, other, before))).toBe('ERR_SCHEMA_INCOMPATIBLE')
    expect(readdirSync(join(queue, 'schemas'))).toEqual(['1.2.json'])
    expect(saveSchema(queue, base, before)).toBe(true)
  })

  it('replaces what another process has written since and damaged', () => {
    const before = readSchemas(queue)
    mkdirSync(join(queue, 'schemas'))
    symlinkSync('nowhere', join(queue, 'schemas/1.1.json'))
    expect(saveSchema(queue, base, before)).toBe(true)
    expect(readSchemas(queue).schemas).toEqual([base.description])
  })

  it('reads the files of the types that are asked for, and no others', () => {
    saveSchema(queue, base)
    saveSchema(queue, later)
    writeFileSync(join(queue, 'schemas/2.1.json'), 'damaged')
    const { schemas, problems } = readSchemas(queue, [1])
    expect(schemas.map(({ version }) => version)).toEqual([1, 2])
    expect(problems).toEqual([])
    expect(readSchemas(queue).problems.length).toBe(1)
    expect(readSchemas(queue, []).schemas).toEqual([])
  })

  it('reads no file that is longer than a schema can be', () => {
    mkdirSync(join(queue, 'schemas'))
    writeFileSync(join(queue, 'schemas/2.1.json'), '')
    // Sparse: it takes no space, and reading it would take minutes.
    truncateSync(join(queue, 'schemas/2.1.json'), 2 ** 40)
    expect(readSchemas(queue).problems).toMatchObject([{ error: { code: 'ERR_INVALID_ARGUMENT', value: String(2 ** 40) } }])
  })

  it('L55: reads no registry that a link leads to', () => {
    const other = mkdtempSync(join(tmpdir(), 'schema-other-'))
    try {
      saveSchema(other, base)
      symlinkSync(join(other, 'schemas'), join(queue, 'schemas'))
      expect(readSchemas(queue)).toMatchObject({ schemas: [], problems: [{ error: { code: 'ERR_IO', errnoName: 'ELOOP' } }] })
      expect(readSchemaFiles(queue)).toEqual([])
    } finally {
      rmSync(other, { recursive: true, force: true })
    }
  })

  it('L55: follows no link out of the queue', () => {
    const outside = mkdtempSync(join(tmpdir(), 'schema-outside-'))
    try {
      symlinkSync(outside, join(queue, 'schemas'))
      expect(codeOf(() => saveSchema(queue, base))).toBe('ERR_IO')
      expect(readdirSync(outside)).toEqual([])
    } finally {
      rmSync(outside, { recursive: true })
    }
  })

  it('says what the file system refuses', () => {
    expect(thrownBy(() => saveSchema(join(queue, 'a\0b'), base))).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
    writeFileSync(join(queue, 'file'), '')
    expect(thrownBy(() => saveSchema(join(queue, 'file'), base))).toMatchObject({ code: 'ERR_IO', errnoName: 'ENOTDIR' })
    expect(existsSync(join(queue, 'file/schemas'))).toBe(false)
    expect(thrownBy(() => saveSchema(join(queue, 'missing'), base))).toMatchObject({
      code: 'ERR_IO',
      errno: -2,
      errnoName: 'ENOENT',
    })
    expect(existsSync(join(queue, 'missing'))).toBe(false)
    mkdirSync(join(queue, 'schemas'))
    chmodSync(join(queue, 'schemas'), 0o700)
    expect(saveSchema(queue, base)).toBe(true)
  })
})
