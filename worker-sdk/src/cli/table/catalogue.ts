/** Responsible for the table's rows about the Director's catalogue. It runs nothing. */
import type { Command } from '../arguments/command.ts'
import { memberFlags } from './flags.ts'

export const catalogueCommands: readonly Command[] = [
  {
    words: ['catalogue'],
    about: 'List the model class and traits of each worker that the Director uses, and their sources',
    flags: memberFlags,
    examples: [{ line: 'catalogue', about: 'Class, cost, quality, speed, locality and price of every worker' }],
  },
  {
    words: ['catalogue', 'get'],
    about: 'Print the catalogue rules of the tenant as JSON, in the format of `catalogue set`',
    flags: memberFlags,
    examples: [{ line: 'catalogue get > rules.json', about: 'Save the rules before a change' }],
  },
  {
    words: ['catalogue', 'set'],
    about: 'Replace the catalogue rules of the tenant',
    details: [
      'The file contains a JSON list of rules, or the output of `catalogue get`. A rule has the patterns `provider` or `model` (* matches any characters), and sets `model_class`, `cost`, `quality`, `speed` (0 worst, 1 best), `locality` or `price` (USD per million tokens). The first rule that matches a worker applies. The config of a worker has precedence over the rules. An empty list restores the built-in rules.',
    ],
    arguments: [{ name: 'FILE', about: 'JSON file, or - for standard input' }],
    flags: memberFlags,
    examples: [
      { line: 'catalogue set rules.json', about: 'Refused if another member has changed the rules since they were printed' },
      { line: 'catalogue set -', about: 'Read the rules from standard input' },
    ],
  },
]
