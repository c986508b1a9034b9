/** Responsible for the flags that many commands share, and for those that the worker's settings make. */
import { settings, type Setting, type SettingName } from '../../worker/settings/options.ts'
import type { Flag } from '../arguments/command.ts'

export const configFlag: Flag = {
  name: 'config',
  value: 'FILE',
  complete: 'file',
  about: 'Use this config file',
  env: ['MODELREINS_CONFIG'],
}
export const helpFlag: Flag = { name: 'help', short: 'h', about: 'Show help' }
export const versionFlag: Flag = { name: 'version', short: 'V', about: 'Show the version' }
export const jsonFlag: Flag = { name: 'json', about: 'Print JSON' }
export const keepRunningFlag: Flag = { name: 'keep-running', about: 'Let running attempts continue with their current lease' }
export const yesFlag: Flag = { name: 'yes', short: 'y', about: 'Skip the confirmation prompt' }
export const dryRunFlag: Flag = { name: 'dry-run', about: 'Print what would be done without doing it' }

/** Understood by every command. */
export const globalFlags: readonly Flag[] = [configFlag, helpFlag]

const placeholders = {
  text: 'TEXT',
  address: 'URL',
  token: 'TOKEN',
  list: 'A,B',
  args: 'LINE',
  count: 'N',
  flag: undefined,
  choice: 'WAY',
} as const
const named: Partial<Record<SettingName, Partial<Flag>>> = {
  url: { value: 'URL' },
  token: { value: 'TOKEN', about: 'Worker token, or the one-time view URL that contains it' },
  name: { value: 'NAME' },
  type: { value: 'NAME', complete: 'provider' },
  model: { value: 'NAME' },
  workDir: { value: 'DIR', complete: 'folder' },
  command: { value: 'LINE' },
  promptArg: { value: 'FLAG' },
  outputFormat: { value: 'NAME' },
  endpoint: { value: 'URL' },
  transport: { value: 'WAY', choices: ['auto', 'socket', 'poll'] },
  record: { value: 'FILE', complete: 'file' },
  approvals: { value: 'WHAT', choices: ['reviews', 'off'] },
  deniedTools: { value: 'WHAT', choices: ['tell', 'fail'] },
  outboxFile: { value: 'FILE', complete: 'file', about: 'File for undelivered completions (default: beside the config file)' },
}

function flagOf(name: SettingName, row: Setting): Flag {
  const value = placeholders[row.kind]
  return {
    name: row.flag,
    ...(value === undefined ? {} : { value }),
    ...(row.kind === 'count' ? { kind: 'count' } : {}),
    about: row.about,
    env: row.env,
    ...(row.config[0] === undefined ? {} : { config: row.config[0] }),
    ...named[name],
  }
}

export const settingNames = Object.keys(settings).filter((name): name is SettingName => Object.hasOwn(settings, name))
/** Every setting of the worker as a flag; in the CLI the flags are the options. */
export const settingFlags: readonly Flag[] = settingNames.map((name) => flagOf(name, settings[name]))

export const serverFlag: Flag = { name: 'server', value: 'URL', about: 'Address of the server', env: settings.url.env, config: 'server' }
/** For commands that speak as a member, not as a worker. */
export const keyFlag: Flag = {
  name: 'token',
  value: 'KEY',
  about: 'Member key, or the one-time view URL that contains it',
  env: ['MODELREINS_ADMIN_TOKEN', 'MODELREINS_API_KEY', 'MODELREINS_TOKEN'],
  config: 'admin_token',
}
export const memberFlags: readonly Flag[] = [serverFlag, keyFlag, jsonFlag]
