import { closeSync, constants, createReadStream, fstatSync, openSync } from 'node:fs'
import { asOwnerOf } from '../../as-owner.js'
import type { CommandContext } from '../../command-context.js'
import { UsageError } from '../../command-error.js'
import { messageOfError } from '../../error-report.js'
import { EXIT_HEALTHY, EXIT_INTERRUPTED } from '../../exit-codes.js'
import { type CarriedRegistry, registryOf } from '../../messages/carried-registry.js'
import { toJsonReport } from '../../output/json.js'
import { printable } from '../../output/printable.js'
import { formatCount, formatCountOf } from '../../output/quantities.js'
import { shellQuote } from '../../output/shell-quote.js'
import { requireQueue } from '../../queues/require-queue.js'
import type { ImportOptions } from './import-options.js'
import { ImportTarget } from './import-target.js'
import { type ImportedMessage, type ImportStream, readMessages } from './read-messages.js'
import { ResumedImport } from './resumed-import.js'

/** A line of the input is not a message, or not the one that the queue holds in its place. */
class BadInputError extends UsageError {
  override readonly name = 'BadInputError'

  constructor(
    readonly file: string,
    readonly line: number | undefined,
    detail: string,
  ) {
    super(`${file}${line === undefined ? '' : `:${line}`}: ${detail}`)
  }
}

interface ImportRun {
  readonly files: readonly string[]
  readonly options: ImportOptions
}

/** Appends the messages of files, or of standard input for `-`, to a queue; without `--yes` they are only read. */
export async function importMessages(context: CommandContext, queue: string, { files, options }: ImportRun): Promise<number> {
  // By the rights of the calling user, and before a queue is made for what cannot be read.
  const streams = files.map((file) => ({ file, stream: openInput(file) }))
  const target = new ImportTarget(queue, options, options.registry === undefined ? undefined : readRegistryOf(options.registry))
  try {
    if (options.yes === true) await asOwnerOf(queue, () => appendAll(context, { streams, target, options }))
    else await appendAll(context, { streams, target, options })
  } catch (error) {
    explainPart(context, target)
    throw error
  } finally {
    for (const { stream } of streams) stream.destroy()
  }
  if (context.signal.aborted) explainPart(context, target)
  report(context, target)
  return context.signal.aborted ? EXIT_INTERRUPTED : EXIT_HEALTHY
}

/** By the rights of the calling user, as the inputs. @throws what a directory that is not a queue throws */
function readRegistryOf(queue: string): CarriedRegistry {
  requireQueue(queue)
  return registryOf(queue)
}

function openInput(file: string): ImportStream {
  if (file === '-') return process.stdin
  const fd = openFile(file)
  let isFile = false
  try {
    isFile = fstatSync(fd).isFile()
  } finally {
    if (!isFile) closeSync(fd)
  }
  if (isFile) return createReadStream('', { fd })
  return createReadStream(file)
}

/** @throws BadInputError for a path that leads nowhere, and what the system says of a file. */
function openFile(file: string): number {
  try {
    // Without O_NONBLOCK a named pipe without a writer would hang the process where no signal reaches it.
    return openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // The errors of these codes are about a queue.
    if (code === 'ENOTDIR') throw new BadInputError(file, undefined, 'a part of the path is not a directory')
    if (code === 'ELOOP') throw new BadInputError(file, undefined, 'the path is a circle of symbolic links')
    throw error
  }
}

interface Inputs {
  readonly streams: readonly { readonly file: string; readonly stream: ImportStream }[]
  readonly target: ImportTarget
  readonly options: ImportOptions
}

async function appendAll(context: CommandContext, inputs: Inputs): Promise<void> {
  const { target } = inputs
  try {
    await appendMessages(context, inputs)
  } catch (error) {
    // What was wrong first is reported as the reason.
    await target.close().catch((failure: unknown) => context.log.error(messageOfError(failure)))
    throw error
  }
  await target.close()
}

async function appendMessages({ signal }: CommandContext, { streams, target, options }: Inputs): Promise<void> {
  target.openExisting()
  using resumed = options.resume === undefined ? undefined : ResumedImport.open(target.queue, options.resume)
  for (const { file, stream } of streams) {
    for await (const message of readMessages(stream, options.format, signal)) {
      if ('error' in message) throw new BadInputError(file, message.line, message.error)
      appendOne(message, { file, target, options, resumed })
      if (signal.aborted) break
    }
  }
  // An input without a message makes an empty queue.
  if (!signal.aborted) target.open()
}

interface Appending {
  readonly file: string
  readonly target: ImportTarget
  readonly options: ImportOptions
  readonly resumed: ResumedImport | undefined
}

function appendOne(message: ImportedMessage, { file, target, options, resumed }: Appending): void {
  const { typeId = options.type, payload, schemaVersion, context, registry } = message
  const timestampNs = options.now === true ? undefined : message.timestampNs
  const complete = { typeId, payload, timestampNs, schemaVersion, context }
  const known = resumed?.compare(complete)
  if (known === 'different')
    throw new BadInputError(
      file,
      undefined,
      `its message ${target.skipped + 1} is not the one that the queue holds; nothing was appended`,
    )
  target.open()
  if (registry !== undefined) target.takeRegistry(registry)
  if (known === 'same') target.skipped += 1
  else target.append(complete)
}

/** Says how much of an import that did not get to its end is in the queue and on the disk, and how it is gone on with. */
function explainPart({ log }: CommandContext, target: ImportTarget): void {
  const { queue, appended, skipped, durable, firstSequence, written } = target
  const messages = appended + skipped
  if (!written || messages === 0) return
  const resume = firstSequence === undefined ? '--resume' : `--resume ${firstSequence}`
  const are = `${formatCountOf(messages, 'message')} of the input ${messages === 1 ? 'is' : 'are'} in ${shellQuote(queue)}`
  const some = durable === 0 ? 'none of them' : `only ${formatCount(durable)}`
  const isDurable = durable === messages
  const kept = isDurable ? '' : `, and ${some} would survive a power loss`
  const rest = isDurable ? 'the rest' : 'the rest, and makes all of it durable'
  log.warn({ messages, durable, firstSequence }, `${are}${kept}; the same command with ${resume} appends ${rest}`)
}

function report({ output, json }: CommandContext, target: ImportTarget): void {
  const { queue, appended, skipped, firstSequence, written } = target
  if (json) {
    output.line(toJsonReport('import', { queue, messages: appended, skipped, firstSequence, written }))
    return
  }
  const before = skipped === 0 ? '' : `, ${formatCountOf(skipped, 'message')} ${skipped === 1 ? 'was' : 'were'} there before`
  if (written) output.line(`${formatCountOf(appended, 'message')} appended to ${printable(queue)}${before}`)
  else output.line(`${formatCountOf(appended, 'message')} understood${before}. Nothing was written. Add --yes to do it.`)
}
