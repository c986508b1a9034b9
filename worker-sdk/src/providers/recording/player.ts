/**
 * Responsible for playing a recording to a provider: as a program that prints the recorded output, or as a server that sends the recorded answers.
 * Hours of a recording are played in seconds; a connection that stayed open stays open.
 */
import { createServer, type ServerResponse } from 'node:http'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Launch } from '../child-process/program.ts'
import type { ProviderSettings } from '../provider.ts'
import { recordingText, type RecordedEvent, type Recording } from './format.ts'

/** Longer pauses in a recording are shortened to this. */
const longestPauseMs = 50

/** Runs in its own process: it gets the name of the file, reads the prompt, prints, and exits as the recorded program did, or keeps running. */
const program = `
const { readFileSync } = require('node:fs')
const events = readFileSync(process.argv[1], 'utf8').split('\\n').slice(1).filter(Boolean).map((line) => JSON.parse(line))
const print = (stream, text) => new Promise((resolve) => stream.write(text, resolve))
const play = async () => {
  let at = 0
  for (const event of events) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(${longestPauseMs}, Math.max(0, (event.ms || 0) - at))))
    at = event.ms || 0
    if (event.kind === 'stdout') await print(process.stdout, event.text)
    if (event.kind === 'stderr') await print(process.stderr, event.text)
    if (event.kind === 'exit') process.exit(event.code)
  }
  setInterval(() => undefined, 1000)
}
process.stdin.on('error', () => undefined).on('end', play).resume()
`

interface Exchange {
  readonly method: string
  readonly path: string
  readonly events: readonly RecordedEvent[]
}

const exchangesOf = (events: readonly RecordedEvent[]): Exchange[] => {
  const exchanges: { method: string; path: string; events: RecordedEvent[] }[] = []
  for (const event of events) {
    if (event.kind === 'request') exchanges.push({ method: event.method, path: event.path, events: [] })
    else exchanges.at(-1)?.events.push(event)
  }
  return exchanges
}

/** Headers that do not apply when a recording is played: the body was recorded decoded, and is framed again. */
const notPlayed: ReadonlySet<string> = new Set(['content-encoding', 'transfer-encoding', 'content-length', 'connection'])

const playAnswer = async (exchange: Exchange, response: ServerResponse): Promise<void> => {
  let at: number | undefined
  for (const event of exchange.events) {
    if (response.destroyed) return
    await sleep(Math.min(longestPauseMs, Math.max(0, event.ms - (at ?? event.ms))))
    at = event.ms
    if (event.kind === 'answer') {
      response.writeHead(
        event.status,
        Object.fromEntries(Object.entries(event.headers).filter(([name]) => !notPlayed.has(name.toLowerCase()))),
      )
      response.flushHeaders()
    } else if (event.kind === 'body') response.write(event.text)
    else if (event.kind === 'end') response.end()
    else if (event.kind === 'broken') response.destroy()
  }
}

export interface Player {
  /** Settings with which a provider uses the recording instead of a real program or server. */
  readonly settings: Partial<ProviderSettings>
  stop(): Promise<void>
}

const playProgram = async (recording: Recording): Promise<Player> => {
  const folder = await mkdtemp(join(tmpdir(), 'modelreins-replay-'))
  const file = join(folder, 'recording.ndjson')
  await writeFile(file, recordingText(recording), { mode: 0o600 })
  const launch: Launch = { file: process.execPath, args: ['-e', program, file], verbatim: false }
  return { settings: { replay: launch }, stop: () => rm(folder, { recursive: true, force: true }) }
}

const playServer = async (recording: Recording): Promise<Player> => {
  const left = exchangesOf(recording.events)
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://127.0.0.1').pathname
    const index = left.findIndex(
      (exchange) => exchange.method === request.method && path.endsWith(exchange.path.replace(/^.*(?=\/(?:v1|api)\/)/, '')),
    )
    const [exchange] = index === -1 ? [] : left.splice(index, 1)
    request.resume()
    request.once('end', () => {
      if (exchange === undefined) response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"not in the recording"}')
      else void playAnswer(exchange, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // The server listens on a port, so its address is never a path.
  const { port } = server.address() as AddressInfo
  return {
    settings: { endpoint: `http://127.0.0.1:${port}` },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections?.()
      }),
  }
}

export const startPlayer = (recording: Recording): Promise<Player> =>
  recording.events.some((event) => event.kind === 'request') ? playServer(recording) : playProgram(recording)
