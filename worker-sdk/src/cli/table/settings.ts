/** Responsible for the table's rows about the settings of the tenant. It runs nothing. */
import { tenantSettingNames } from '@modelreins/contract'
import type { Argument, Command } from '../arguments/command.ts'
import { memberFlags } from './flags.ts'

const setting: Argument = { name: 'NAME', choices: tenantSettingNames, about: tenantSettingNames.join(', ') }

export const settingCommands: readonly Command[] = [
  {
    words: ['settings'],
    about: 'List the settings of the tenant with their defaults',
    flags: memberFlags,
    examples: [{ line: 'settings', about: 'What holds for everybody' }],
  },
  {
    words: ['settings', 'get'],
    about: 'Print one setting',
    arguments: [setting],
    flags: memberFlags,
    examples: [{ line: 'settings get default_effort', about: 'The value alone' }],
  },
  {
    words: ['settings', 'set'],
    about: 'Change a setting of the tenant; takes the key of an owner',
    arguments: [setting, { name: 'VALUE', about: 'A word, a number, JSON, or `default`' }],
    flags: memberFlags,
    examples: [
      { line: 'settings set default_effort deep', about: 'Think harder by default' },
      { line: `settings set attempts '{"trivial": 2}'`, about: 'One effort; the others keep their default' },
      { line: 'settings set retention_days default', about: 'Back to the default' },
    ],
  },
]
