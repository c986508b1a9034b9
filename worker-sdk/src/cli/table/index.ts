/** Responsible for the table of commands: parsing, help, completions and the reference all read it. */
import type { Command, Flag } from '../arguments/command.ts'
import { globalFlags } from './flags.ts'
import { catalogueCommands } from './catalogue.ts'
import { deviceCommands } from './devices.ts'
import { fleetCommands } from './fleet.ts'
import { jobCommands } from './jobs.ts'
import { oversightCommands } from './oversight.ts'
import { scheduleCommands } from './schedules.ts'
import { settingCommands } from './settings.ts'
import { threadCommands } from './threads.ts'
import { workCommands } from './work.ts'
import { workerCommands } from './worker.ts'

/** In the order in which help shows them. */
export const sections: readonly { readonly title: string; readonly commands: readonly Command[] }[] = [
  { title: 'This machine', commands: workerCommands },
  { title: 'Jobs', commands: [...jobCommands, ...workCommands, ...threadCommands, ...scheduleCommands] },
  { title: 'Fleet', commands: [...fleetCommands, ...catalogueCommands] },
  { title: 'Oversight', commands: [...oversightCommands, ...deviceCommands, ...settingCommands] },
]

export const commands: readonly Command[] = sections.flatMap((section) => section.commands)
export const flagsOf = (command: Command): readonly Flag[] => [...command.flags, ...globalFlags]

/** First words of commands: `config`, `jobs`, ... */
export const groups: readonly string[] = [
  ...new Set(commands.filter((command) => command.hidden !== true).map((command) => command.words[0] ?? '')),
]
export const findCommand = (words: readonly string[]): Command | undefined =>
  commands.find((command) => command.words.length === words.length && command.words.every((word, index) => word === words[index]))
export const commandsOf = (group: string): readonly Command[] => commands.filter((command) => command.words[0] === group)
