/**
 * Responsible for the common behaviour of stand-ins: logging how they were started, printing lines, and resisting TERM when the scenario requires it.
 */
import { spawn } from 'node:child_process'
import { appendFileSync, readFileSync } from 'node:fs'

export const scenario = process.env['STANDIN_SCENARIO'] ?? 'ok'
export const args = process.argv.slice(2)

export const readStdin = (): string => {
  try {
    return readFileSync(0, 'utf8')
  } catch {
    return ''
  }
}

export const logStart = (stdin: string): void => {
  const file = process.env['STANDIN_LOG']
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ argv: args, stdin, env: process.env })}\n`)
}

export const say = (...lines: readonly unknown[]): void => {
  for (const line of lines) process.stdout.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`)
}

/** Ignores TERM, as do a child in its process group and a grandchild in its own session; announces the three process ids. */
export const becomeStubborn = (announce: (pids: readonly number[]) => void): void => {
  process.on('SIGTERM', () => undefined)
  const ignore = `process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1000); process.stdout.write('up\\n')`
  const child = spawn(process.execPath, ['-e', ignore], { stdio: ['ignore', 'pipe', 'inherit'] })
  const escaped = spawn(process.execPath, ['-e', ignore], { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  let up = 0
  for (const one of [child, escaped]) {
    one.stdout.once('data', () => {
      up += 1
      if (up === 2) announce([process.pid, child.pid ?? 0, escaped.pid ?? 0])
    })
  }
  setInterval(() => undefined, 1000)
}
