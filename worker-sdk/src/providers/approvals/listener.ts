/**
 * Responsible for the server of the permission tool of one run: Claude Code starts a small bridge program as its MCP server, and the bridge connects
 * to a socket in a folder that only this user can enter. The worker's token never leaves its process.
 */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type Socket, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { at, isObject, parseJson, textAt } from '../json.ts'
import { createLineCutter } from '../lines.ts'
import { type Tool, serveTool } from './tool-protocol.ts'
import { type ToolReviews, reviewTool } from './tool-review.ts'

const server = 'modelreins'
const toolName = 'approve'

/** Copies standard input to the socket, and the socket's data to standard output. */
const bridge = `const s=require('node:net').connect(process.argv[1]);process.stdin.pipe(s);s.pipe(process.stdout);s.on('error',()=>process.exit(1)).on('close',()=>process.exit())`

/**
 * Timeout of the tool in milliseconds, as Claude Code expects it. It is long because a human may answer the next day; the job's own deadline applies
 * first.
 */
const patience = String(7 * 24 * 60 * 60 * 1000)

export interface ToolListener {
  /** Arguments for Claude Code. */
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  close(): void
}

const permissionTool = (reviews: ToolReviews): Tool => ({
  name: toolName,
  description: 'Asks a reviewer whether a tool may be used.',
  inputSchema: {
    type: 'object',
    properties: { tool_name: { type: 'string' }, input: { type: 'object' }, tool_use_id: { type: 'string' } },
    required: ['tool_name', 'input'],
  },
  call: async (asked) => {
    const name = textAt(asked, 'tool_name')
    const input = at(asked, 'input')
    if (name === undefined || !isObject(input)) return { behavior: 'deny', message: 'The call names no tool, or has no input' }
    return reviewTool(reviews, name, input)
  },
})

function serve(socket: Socket, tool: Tool): void {
  const cutter = createLineCutter()
  socket.setEncoding('utf8')
  socket.on('error', () => socket.destroy())
  socket.on('data', (piece: string) => {
    for (const line of cutter.push(piece)) {
      void serveTool(tool, parseJson(line)).then((reply) => {
        if (reply !== undefined && socket.writable) socket.write(`${JSON.stringify(reply)}\n`)
      })
    }
  })
}

/** Listens until `close` is called; requests that wait for a reviewer end with the attempt. */
export async function listenForTools(reviews: ToolReviews): Promise<ToolListener> {
  const tool = permissionTool(reviews)
  const folder = mkdtempSync(join(tmpdir(), 'mr-tools-'))
  const path = process.platform === 'win32' ? `\\\\.\\pipe\\modelreins-${randomUUID()}` : join(folder, 's')
  const sockets = new Set<Socket>()
  const listening = createServer((socket) => {
    sockets.add(socket.once('close', () => sockets.delete(socket)))
    serve(socket, tool)
  })
  const close = (): void => {
    listening.close()
    for (const socket of sockets) socket.destroy()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await new Promise<void>((resolve, reject) => listening.once('error', reject).listen(path, resolve))
    const config = join(folder, 'mcp.json')
    const bridged = { type: 'stdio', command: process.execPath, args: ['-e', bridge, path] }
    writeFileSync(config, JSON.stringify({ mcpServers: { [server]: bridged } }), { mode: 0o600 })
    const args = ['--mcp-config', config, '--permission-prompt-tool', `mcp__${server}__${toolName}`]
    return { args, env: { MCP_TOOL_TIMEOUT: patience }, close }
  } catch (error) {
    close()
    throw error
  }
}
