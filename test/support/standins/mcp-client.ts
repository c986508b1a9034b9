/**
 * Responsible for calling a permission tool as Claude Code does: it starts the MCP server of the configuration and calls the tool that the flag
 * names.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

interface Config {
  readonly mcpServers: Readonly<Record<string, { readonly command: string; readonly args: readonly string[] }>>
}

interface Reply {
  readonly result?: { readonly content?: readonly { readonly text: string }[]; readonly tools?: readonly { readonly name: string }[] }
}

const after = (args: readonly string[], flag: string): string => args[args.indexOf(flag) + 1] ?? ''

/** The decision in the tool's own format. */
export async function askPermission(args: readonly string[], tool: string, input: object): Promise<unknown> {
  const [, serverName = '', toolName = ''] = /^mcp__(.+?)__(.+)$/.exec(after(args, '--permission-prompt-tool')) ?? []
  const config: Config = JSON.parse(readFileSync(after(args, '--mcp-config'), 'utf8'))
  const server = config.mcpServers[serverName]
  if (server === undefined) throw new Error(`the configuration has no server ${serverName}`)
  const child = spawn(server.command, [...server.args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const send = (message: object): void => void child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  const call = async (id: number, method: string, params: object): Promise<Reply> => {
    send({ id, method, params })
    const { value } = await lines.next()
    return JSON.parse(String(value))
  }
  await call(1, 'initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'standin', version: '1' } })
  send({ method: 'notifications/initialized' })
  const { result } = await call(2, 'tools/list', {})
  if (result?.tools?.[0]?.name !== toolName) throw new Error(`the server has no tool ${toolName}`)
  const reply = await call(3, 'tools/call', { name: toolName, arguments: { tool_name: tool, input, tool_use_id: 'toolu_1' } })
  child.stdin.end()
  return JSON.parse(reply.result?.content?.[0]?.text ?? 'null')
}
