/** Responsible for finding a program on this machine and for how to start it. */
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, extname, isAbsolute, join, resolve } from 'node:path'
import { readVariable } from './environment.ts'

type Environment = Readonly<Record<string, string | undefined>>

const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, process.platform === 'win32' ? constants.F_OK : constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

const extensions = (name: string, env: Environment): readonly string[] => {
  if (process.platform !== 'win32') return ['']
  const known = (readVariable(env, 'PATHEXT') ?? '.COM;.EXE;.BAT;.CMD').split(';').map((extension) => extension.toLowerCase())
  return known.includes(extname(name).toLowerCase()) ? [''] : known
}

/** The full path of `name`, looked up in PATH of `env` (a path is taken as it is, relative to `cwd`), or undefined. */
export const findProgram = (name: string, env: Environment, cwd: string = process.cwd()): string | undefined => {
  const isPath = isAbsolute(name) || name.includes('/') || (process.platform === 'win32' && name.includes('\\'))
  const folders = isPath ? [''] : (readVariable(env, 'PATH') ?? '').split(delimiter).filter((folder) => folder !== '')
  for (const folder of folders) {
    for (const extension of extensions(name, env)) {
      const file = resolve(cwd, join(folder, name + extension))
      if (isExecutable(file)) return file
    }
  }
  return undefined
}

export interface Launch {
  readonly file: string
  readonly args: readonly string[]
  /** Windows only: the arguments are already quoted for cmd.exe. */
  readonly verbatim: boolean
}

const cmdMeta = /([()\][%!^"`<>&|;, *?])/g

/** Quotes one argument for cmd.exe: first for the program's own parser (CommandLineToArgvW), then every character that is special to cmd.exe. */
export const quoteForCmd = (argument: string, viaShim: boolean): string => {
  const quoted = `"${argument.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\*)$/, '$1$1')}"`
  const escaped = quoted.replace(cmdMeta, '^$1')
  // A .cmd shim parses its arguments a second time.
  return viaShim ? escaped.replace(cmdMeta, '^$1') : escaped
}

/**
 * How to start `program`. Programs from npm are .cmd shims on Windows, which Node refuses to start without cmd.exe (CVE-2024-27980), so they are
 * started through it with every argument quoted. Elsewhere a program is started directly, without a shell.
 */
export const launchOf = (program: string, args: readonly string[], env: Environment, platform: string = process.platform): Launch => {
  if (platform !== 'win32' || !/\.(?:cmd|bat)$/i.test(program)) return { file: program, args, verbatim: false }
  const line = [program.replace(cmdMeta, '^$1'), ...args.map((argument) => quoteForCmd(argument, true))].join(' ')
  return { file: readVariable(env, 'COMSPEC') ?? 'cmd.exe', args: ['/d', '/s', '/c', `"${line}"`], verbatim: true }
}

/**
 * How to run a shell line with arguments after it. The arguments are never part of the line's text, except on Windows, where this is not possible and
 * they are quoted.
 */
export const launchOfShell = (line: string, args: readonly string[], env: Environment, platform: string = process.platform): Launch => {
  if (platform === 'win32') {
    const whole = [line, ...args.map((argument) => quoteForCmd(argument, false))].join(' ')
    return { file: readVariable(env, 'COMSPEC') ?? 'cmd.exe', args: ['/d', '/s', '/c', `"${whole}"`], verbatim: true }
  }
  const script = args.length === 0 ? line : `${line} "$@"`
  return { file: '/bin/sh', args: ['-c', script, 'modelreins-worker', ...args], verbatim: false }
}
