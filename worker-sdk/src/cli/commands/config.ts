/**
 * Responsible for `config set/get/list/unset/path/reset`. It reads and writes the config file, and its only call to the server is to open a one-time
 * view.
 */
import { changeConfig, removeConfig } from '../setup/config-file.ts'
import {
  adminKey,
  changeOf,
  checkedValue,
  configKeys,
  keyNamed,
  masked,
  overriddenBy,
  shownValue,
  valueIn,
  type ConfigKey,
} from '../setup/config-keys.ts'
import { serverOf } from '../setup/connection.ts'
import type { CommandContext } from '../context.ts'
import { takeToken } from '../setup/redeem-token.ts'
import { UsageError } from '../arguments/usage-error.ts'

export async function configSet(context: CommandContext): Promise<number> {
  const { show, invocation } = context
  const key = keyNamed(invocation.argument(0) ?? '')
  const text = await valueFor(context, key)
  const isToken = key.setting === 'token' || key === adminKey
  if (!isToken) {
    const value = checkedValue(key, text)
    changeConfig(context.configPath, changeOf(key, value))
    if (key.setting === 'url' && !text.includes('://')) show.warn(`"${text.trim()}" is stored as ${String(value)}`)
    show.note(`${key.name} = ${shownValue(key.name, value)}`)
  } else {
    const taken = await takeToken(text, { fetch: context.fetch, server: serverOf(context) })
    const server = taken.origin !== undefined && valueIn(context.config(), keyNamed('server')) === undefined ? taken.origin : undefined
    // Commands use admin_token first. Without replacing it, a redeemed link for another member's key would have no effect.
    const replaced = key !== adminKey && taken.kind === 'member' ? valueIn(context.config(), adminKey) : undefined
    const link = taken.origin !== undefined
    changeConfig(context.configPath, {
      ...changeOf(key, taken.token),
      ...(replaced !== undefined && link ? changeOf(adminKey, taken.token) : {}),
      ...(server === undefined ? {} : changeOf(keyNamed('server'), server)),
    })
    show.note(`${key.name} = ${masked(taken.token)}${taken.name === undefined ? '' : ` (${taken.kind} ${taken.name})`}`)
    if (server !== undefined) show.note(`server = ${server}`)
    if (taken.kind === undefined) show.warn('This does not look like a ModelReins token: tokens start with mrw_ or mrk_.')
    if (replaced !== undefined && replaced !== taken.token) {
      show.warn(
        link
          ? `This is a member key. Commands use admin_token before it, so admin_token was replaced too (it was ${masked(String(replaced))})`
          : 'This is a member key, but commands use the key in admin_token before it: `config set admin_token -` replaces that key',
      )
    }
    if (key === adminKey && taken.kind === 'worker') show.warn('This is the token of a worker; admin_token is for a member key.')
  }
  const variable = overriddenBy(key, context.env)
  if (variable !== undefined) show.warn(`${variable} is set and overrides it`)
  return 0
}

async function valueFor(context: CommandContext, key: ConfigKey): Promise<string> {
  const given = context.invocation.argument(1)
  if (given === '-') return (await context.system.readStdin()).trim()
  if (given !== undefined) return given
  if (!key.secret || !context.system.stdinIsTerminal) {
    throw new UsageError(`config set ${key.name} needs a value`, 'pass it as the last argument, or `-` to read it from standard input')
  }
  const prompter = context.system.openPrompter()
  try {
    return await prompter.secret(`${key.about}${key.setting === 'token' || key === adminKey ? ' or its one-time view URL' : ''}`)
  } finally {
    prompter.close()
  }
}

export async function configGet(context: CommandContext): Promise<number> {
  const key = keyNamed(context.invocation.argument(0) ?? '')
  const value = valueIn(context.config(), key)
  if (value === undefined) {
    // Also in a pipe, where an empty answer without a warning could be a value.
    context.show.warn(`${key.name} is not set in ${context.configPath}`)
    return 1
  }
  context.show.line(
    context.invocation.on('reveal') ? (typeof value === 'string' ? value : JSON.stringify(value)) : shownValue(key.name, value),
  )
  return 0
}

export async function configUnset(context: CommandContext): Promise<number> {
  const key = keyNamed(context.invocation.argument(0) ?? '')
  if (valueIn(context.config(), key) === undefined) context.show.note(`${key.name} was not set`)
  else changeConfig(context.configPath, changeOf(key, undefined))
  return 0
}

export async function configList(context: CommandContext): Promise<number> {
  const { show } = context
  const config = context.config()
  const names = Object.keys(config)
  if (show.json) {
    show.value({ path: context.configPath, values: Object.fromEntries(names.map((name) => [name, shownValue(name, config[name])])) })
    return 0
  }
  if (names.length === 0) show.note(`Nothing is set in ${context.configPath}`)
  show.facts(names.map((name) => [name, shownValue(name, config[name])]))
  for (const key of configKeys) {
    const variable = overriddenBy(key, context.env)
    if (variable !== undefined && valueIn(config, key) !== undefined) show.note(show.errorStyle.dim(`${variable} overrides ${key.name}`))
  }
  return 0
}

export async function configPathCommand(context: CommandContext): Promise<number> {
  context.show.line(context.configPath)
  return 0
}

export async function configReset(context: CommandContext): Promise<number> {
  context.show.note(removeConfig(context.configPath) ? `Removed ${context.configPath}` : `${context.configPath} does not exist`)
  return 0
}
