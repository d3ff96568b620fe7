#!/usr/bin/env node
/**
 * Checks what a reviewer should not have to: how long files are, what they are called, and what must not stay in them.
 */
import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { checkoutFiles, runAsCheck } from './checkout-files.mjs'

const MAXIMUM_LINES = 500
const CODE = /\.(ts|mts|js|mjs|cc|c|h|hpp)$/
const TEXT = /\.(ts|mts|js|mjs|cc|c|h|hpp|md|json|py|sh|pml|ya?ml|toml)$|^run$/
const GENERATED = new Set(['package-lock.json'])

/** What may not stand in a line; each with the files it is about. */
const FORBIDDEN = [
  // Split, so that this list does not find itself.
  {
    files: TEXT,
    pattern: /(?<![\w.)}*-])\/(home|root|Users|work|shared|workspace)\/\w/,
    reason: 'names a folder of one machine',
  },
  { files: /\.ts$|\.mjs$/, pattern: /\b(?:it|test|describe)\.(?:skip|only|todo|fails)\b/, reason: 'a test that does not count' },
  { files: /\.ts$|\.mjs$/, pattern: /@ts-(?:ignore|nocheck)\b/, reason: 'silences the type checker' },
  {
    files: /^(?!.*\.test\.ts$).*\.ts$/,
    pattern: /^(?:before|after)(?:Each|All)\(/,
    reason: 'a hook that only the first test file of a worker would have; use onTestFinished',
  },
  { files: CODE, pattern: /\b(?:TO[D]O|FIX[M]E|X[X]X)\b/, reason: 'work left in the code' },
  {
    files: CODE,
    // Names of OpenTelemetry and of NATS are their own.
    pattern:
      /\b(?![Jj]et[Ss]tream[M]anager|setGlobalContextManager|AsyncLocalStorageContextManager)[A-Za-z]+(?:Impl|Manager|Helper|Utils?)\b/,
    reason: 'a name that says nothing',
  },
  {
    files: CODE,
    pattern: /\b\w*(?:[Tt]ailer|[Ee]xcerpt)s?\b/,
    reason: "another system's word; ours are reader, observer and record",
  },
]

/**
 * @param {string} top the checkout
 * @returns {string[]} one line per violation, sorted
 */
export function findLayoutViolations(top) {
  return checkoutFiles(top, TEXT)
    .filter((path) => !GENERATED.has(path))
    .flatMap((path) => [...checkName(path), ...checkText(path, readFileSync(join(top, path), 'utf8'))])
    .sort()
}

/** @param {string} path */
function checkName(path) {
  const name = posix.basename(path)
  if (!CODE.test(name)) return []
  // C++ sources follow their language's custom.
  const separator = /\.(cc|c|h|hpp)$/.test(name) ? '[_-]' : '-'
  const pattern = new RegExp(`^[a-z0-9]+(${separator}[a-z0-9]+)*(\\.[a-z]+)+$`)
  return pattern.test(name) ? [] : [`${path}: file names are kebab-case`]
}

/**
 * @param {string} path
 * @param {string} text
 */
function checkText(path, text) {
  const lines = text.split('\n')
  const lineCount = lines.at(-1) === '' ? lines.length - 1 : lines.length
  const tooLong = CODE.test(path) && lineCount > MAXIMUM_LINES ? [`${path}: ${lineCount} lines, more than ${MAXIMUM_LINES}`] : []
  return [
    ...tooLong,
    ...lines.flatMap((line, index) => faultsOfLine(path, line).map((fault) => `${path}:${index + 1}: ${fault}`)),
  ]
}

/**
 * @param {string} path
 * @param {string} line
 */
function faultsOfLine(path, line) {
  const name = posix.basename(path)
  return FORBIDDEN.flatMap(({ files, pattern, reason }) => {
    const found = files.test(name) ? line.match(pattern)?.[0] : undefined
    return found ? [`${found.trim()}: ${reason}`] : []
  })
}

runAsCheck(import.meta.url, findLayoutViolations)
