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
    examples: [{ line: 'settings', about: 'All settings and their values' }],
  },
  {
    words: ['settings', 'get'],
    about: 'Print one setting',
    arguments: [setting],
    flags: memberFlags,
    examples: [{ line: 'settings get default_effort', about: 'Print only the value' }],
  },
  {
    words: ['settings', 'set'],
    about: 'Change a setting of the tenant; needs the key of an owner',
    arguments: [setting, { name: 'VALUE', about: 'A word, a number, JSON, or `default`' }],
    flags: memberFlags,
    examples: [
      { line: 'settings set default_effort deep', about: 'Use more effort by default' },
      { line: `settings set attempts '{"trivial": 2}'`, about: 'Change one effort; the others keep their default' },
      { line: 'settings set retention_days default', about: 'Restore the default' },
    ],
  },
]
