import { Argument, type Command } from 'commander'
import type { CommandContext, Runner } from '../../command-context.js'
import { UsageError } from '../../command-error.js'
import { manual } from '../../output/manual.js'
import { diffSchemas } from './diff-schemas.js'
import { exportSchemas } from './export-schemas.js'
import { listSchemas } from './list-schemas.js'
import type { SchemaOptions } from './schema-options.js'
import { showSchema } from './show-schema.js'

const ACTIONS = ['list', 'show', 'diff', 'export'] as const

const EXAMPLES = `
Reads the schema registry of a queue, which typed writers keep: the files <queue>/schemas/<typeId>.<version>.json. Nothing is written.

list prints every type and version. show prints the fields of one type, given by its name or typeId, with their places in the payload. diff compares the types of two queues: what one has and the other does not, and for types of
both whether programs of one can read messages of the other. export prints the descriptions as JSON; with --sbe as an SBE schema, for other languages, of the types that have fixed fields only.

Exit codes of diff: 0 when every type is equal, 3 when types differ and can be read, 2 when a type cannot.

Examples:
  $ chron-cli schema list /var/lib/quotes
  $ chron-cli schema show /var/lib/quotes Quote
  $ chron-cli schema diff /var/lib/quotes /mnt/backup/quotes
  $ chron-cli schema export /var/lib/quotes --sbe --package com.example.quotes > quotes.xml
`

export function addSchemaCommand(program: Command, run: Runner): void {
  program
    .command('schema')
    .summary('list, show, compare or export the message types of a queue')
    .description('Show the message types that the schema registry of a queue holds.')
    .addArgument(new Argument('<action>', 'what to do').choices(ACTIONS))
    .argument('<queue>', 'directory of a queue')
    .argument('[other]', 'with show: the name or typeId of a type; with diff: another queue')
    .option('--sbe', 'with export: as an SBE schema in XML')
    .option('--package <name>', 'with export --sbe: the package of the schema (default chronicle)')
    .addHelpText('after', manual(EXAMPLES))
    .action(
      (action: (typeof ACTIONS)[number], queue: string, other: string | undefined, options: SchemaOptions, command: Command) =>
        run(command, (context) => schema(context, { action, queue, other, options })),
    )
}

interface SchemaRun {
  readonly action: (typeof ACTIONS)[number]
  readonly queue: string
  readonly other: string | undefined
  readonly options: SchemaOptions
}

function schema(context: CommandContext, { action, queue, other, options }: SchemaRun): number {
  if (action !== 'export' && (options.sbe === true || options.package !== undefined))
    throw new UsageError('--sbe and --package belong to export')
  if (options.package !== undefined && options.sbe !== true) throw new UsageError('--package belongs to --sbe')
  if ((action === 'list' || action === 'export') && other !== undefined) throw new UsageError(`${action} takes one queue`)
  switch (action) {
    case 'list':
      return listSchemas(context, queue)
    case 'export':
      return exportSchemas(context, queue, options)
    case 'show':
      if (other === undefined) throw new UsageError('show needs the name or the typeId of a type')
      return showSchema(context, queue, other)
    case 'diff':
      if (other === undefined) throw new UsageError('diff needs two queues')
      return diffSchemas(context, queue, other)
  }
}
