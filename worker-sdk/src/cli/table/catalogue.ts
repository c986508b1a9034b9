/** Responsible for the table's rows about the Director's catalogue. It runs nothing. */
import type { Command } from '../arguments/command.ts'
import { memberFlags } from './flags.ts'

export const catalogueCommands: readonly Command[] = [
  {
    words: ['catalogue'],
    about: 'List what the Director takes each worker for: class and traits, and where they come from',
    flags: memberFlags,
    examples: [{ line: 'catalogue', about: 'Class, cost, quality, speed, locality and price of every worker' }],
  },
  {
    words: ['catalogue', 'get'],
    about: "Print the tenant's rules as JSON, as `catalogue set` takes them",
    flags: memberFlags,
    examples: [{ line: 'catalogue get > rules.json', about: 'Before a change' }],
  },
  {
    words: ['catalogue', 'set'],
    about: "Replace the tenant's rules",
    details: [
      'The file holds a JSON list of rules, or what `catalogue get` prints. A rule has `provider` or `model`, patterns in which * stands for any characters; and `model_class`, `cost`, `quality`, `speed` (0 worst, 1 best), `locality` or `price` (USD per million tokens). The first rule that fits a worker counts; its own config goes before it. An empty list goes back to what is built in.',
    ],
    arguments: [{ name: 'FILE', about: 'JSON file, or - for standard input' }],
    flags: memberFlags,
    examples: [
      { line: 'catalogue set rules.json', about: 'Refused when somebody else has changed the rules since they were printed' },
      { line: 'catalogue set -', about: 'From standard input' },
    ],
  },
]
