/**
 * Responsible for the part of the Model Context Protocol that a single tool needs: JSON-RPC messages in, answers out. It knows no stream and no
 * review. Source: modelcontextprotocol.io/specification, "Lifecycle" and "Tools".
 */
import { version } from '../../version.ts'
import { at, textAt } from '../json.ts'

export interface Tool {
  readonly name: string
  readonly description: string
  readonly inputSchema: object
  /** The tool's answer, which is sent as JSON in a text. */
  readonly call: (args: unknown) => Promise<object>
}

const protocolVersion = '2025-06-18'
const methodNotFound = -32_601

const listed = ({ name, description, inputSchema }: Tool): object => ({ name, description, inputSchema })

async function answer(tool: Tool, method: string, params: unknown): Promise<object | undefined> {
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: textAt(params, 'protocolVersion') ?? protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: 'modelreins', version },
      }
    case 'ping':
      return {}
    case 'tools/list':
      return { tools: [listed(tool)] }
    case 'tools/call': {
      if (textAt(params, 'name') !== tool.name) return undefined
      return { content: [{ type: 'text', text: JSON.stringify(await tool.call(at(params, 'arguments'))) }] }
    }
    default:
      return undefined
  }
}

/** Answers one message; undefined for a notification, which has no answer. */
export async function serveTool(tool: Tool, message: unknown): Promise<object | undefined> {
  const id = at(message, 'id')
  const method = textAt(message, 'method')
  if (method === undefined || id === undefined || id === null) return undefined
  const result = await answer(tool, method, at(message, 'params'))
  const said = result === undefined ? { error: { code: methodNotFound, message: `There is no ${method} here` } } : { result }
  return { jsonrpc: '2.0', id, ...said }
}
