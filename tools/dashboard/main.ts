/**
 * Responsible for `npm run dashboard`: the dashboard with hot reload, against a running server. The key from that server's state folder stays in this
 * process, which adds it to the calls that it forwards; the page never has it.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Connection } from '../start/state-folder.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const usage = `npm run dashboard -- [--state FOLDER] [--port PORT]

Runs the dashboard with hot reload against the server that 'npm start' runs.
  --state FOLDER  the server's state folder (default: .modelreins)
  --port PORT     where the dashboard listens, on this machine only (default: 5173)
  --signed-out    add no key: sign in as a person would`

/** Paths that are forwarded to the server. */
const passedOn = '^/(api/|s/|view/|docs|assets/|openapi\\.json)'

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      state: { type: 'string', default: '.modelreins' },
      port: { type: 'string', default: '5173' },
      'signed-out': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(usage)
    return 0
  }
  const file = join(resolve(process.env['INIT_CWD'] ?? process.cwd(), values.state), 'connection.json')
  if (!existsSync(file)) {
    console.error(`There is no ${file}. Start the server first: npm start. Or name its state folder: --state FOLDER.`)
    return 69
  }
  const connection: Connection = JSON.parse(readFileSync(file, 'utf8'))
  const headers = values['signed-out'] ? {} : { authorization: `Bearer ${connection.owner_key}` }
  const { createServer } = await import('vite')
  const server = await createServer({
    configFile: join(root, 'dashboard/vite.config.ts'),
    configLoader: 'native',
    server: {
      host: '127.0.0.1',
      port: Number(values.port),
      proxy: { [passedOn]: { target: connection.url, ws: true, headers } },
    },
  })
  await server.listen()
  server.printUrls()
  console.log(`  calls go to ${connection.url}${values['signed-out'] ? '' : ', as the owner of its tenant'}`)
  return 0
}

void main().then((code) => {
  if (code !== 0) process.exitCode = code
})
