/**
 * Responsible for one conversation with an agent: initialize, open a session, prompt, and read how the turn ended. It uses JSON-RPC, one message per
 * line. `updates.ts` reads what the agent reports in between, and `permissions.ts` answers its requests.
 */
import { resolve } from 'node:path'
import { version } from '../../version.ts'
import type { AgentAnswer, AgentReader } from '../agents/agent-run.ts'
import type { ChildInput } from '../child-process/child.ts'
import { at, isObject, listAt, numberAt, parseJson, textAt } from '../json.ts'
import type { ProviderRun } from '../provider.ts'
import type { Unread } from '../unread.ts'
import { Updates } from './updates.ts'

const protocolVersion = 1
const authRequired = -32_000
const methodNotFound = -32_601
const strayBytes = 8 * 1024

export interface ConversationPorts {
  readonly prompt: string
  readonly cwd: string | undefined
  readonly model: string | undefined
  readonly output: ProviderRun['output']
  readonly heard?: () => void
  /** Answers a `session/request_permission`. */
  readonly permit: (request: unknown) => Promise<object>
}

/** Stop reasons that mean that there is no answer. */
const broken: Readonly<Record<string, string>> = {
  max_turn_requests: 'the agent has used up its requests for one turn',
  refusal: 'the agent refuses to go on',
  cancelled: 'the turn was cancelled',
}

export class Conversation {
  readonly #ports: ConversationPorts
  readonly #updates: Updates
  readonly #waiting = new Map<number, (result: unknown) => void | Promise<void>>()
  /** Resolves when the agent has reported the end of its turn, or could not begin one. */
  readonly over: Promise<void>
  #tellOver: () => void = () => undefined
  #stdin: ChildInput | undefined
  #session: string | undefined
  #login: readonly string[] = []
  #nextId = 0
  #ended = false
  #failure: Error | undefined
  #stray = ''

  constructor(ports: ConversationPorts) {
    this.#ports = ports
    this.over = new Promise((resolve) => {
      this.#tellOver = resolve
    })
    this.#updates = new Updates(ports.output, () => ports.heard?.())
  }

  begin(stdin: ChildInput): void {
    this.#stdin = stdin
    const clientInfo = { name: 'modelreins-worker', version }
    // No client capabilities: the agent runs on this machine and accesses files and terminals itself.
    const clientCapabilities = { fs: { readTextFile: false, writeTextFile: false }, terminal: false }
    this.#request('initialize', { protocolVersion, clientCapabilities, clientInfo }, (result) => this.#greeted(result))
  }

  /** Asks the agent to stop. The caller ends the process if the agent does not. */
  cancel(): void {
    if (this.#session !== undefined && !this.#ended) this.#send({ method: 'session/cancel', params: { sessionId: this.#session } })
  }

  readWith(unread: Unread): AgentReader {
    return {
      line: (line) => this.#line(line, unread),
      finished: () => this.#ended,
      end: () => this.#answer(),
    }
  }

  #greeted(result: unknown): void {
    const spoken = numberAt(result, 'protocolVersion')
    this.#login = listAt(result, 'authMethods').flatMap((method) => textAt(method, 'description') ?? textAt(method, 'name') ?? [])
    if (spoken !== protocolVersion)
      return this.#fail(`the agent speaks version ${spoken ?? 'none'} of the protocol, not ${protocolVersion}`)
    this.#request('session/new', { cwd: resolve(this.#ports.cwd ?? '.'), mcpServers: [] }, (session) => this.#opened(session))
  }

  async #opened(session: unknown): Promise<void> {
    const sessionId = textAt(session, 'sessionId')
    if (sessionId === undefined) return this.#fail('the agent opened no session')
    this.#session = sessionId
    const { model } = this.#ports
    if (model === undefined) return this.#prompt(sessionId)
    const option = listAt(session, 'configOptions').find((one) => textAt(one, 'category') === 'model')
    const configId = textAt(option, 'id')
    if (configId !== undefined)
      return this.#request('session/set_config_option', { sessionId, configId, value: model }, () => this.#prompt(sessionId))
    await this.#ports.output(`[acp: the agent does not let its client choose a model, so ${model} is ignored]\n`, 'system')
    return this.#prompt(sessionId)
  }

  #prompt(sessionId: string): void {
    this.#request('session/prompt', { sessionId, prompt: [{ type: 'text', text: this.#ports.prompt }] }, async (result) => {
      const reason = textAt(result, 'stopReason') ?? 'none'
      this.#updates.spent(at(result, 'usage'))
      if (reason === 'max_tokens') await this.#ports.output('[acp: the answer was cut at the token limit]\n', 'system')
      else if (reason !== 'end_turn') return this.#fail(broken[reason] ?? `the turn ended for an unknown reason: ${reason}`)
      if (this.#updates.answer.trim() === '' && !this.#updates.worked) return this.#fail('the agent ended its turn without a word')
      return this.#finish()
    })
  }

  async #line(line: string, unread: Unread): Promise<void> {
    const message = parseJson(line)
    if (!isObject(message)) {
      this.#stray = `${this.#stray}${line}\n`.slice(-strayBytes)
      return
    }
    const method = textAt(message, 'method')
    const id = at(message, 'id')
    if (method === undefined) return this.#reply(message)
    if (method === 'session/update') return this.#updates.take(at(message, 'params', 'update'), unread)
    if (id === undefined) return unread.add(`notification ${method}`, line)
    // Not awaited, because messages after the request must be read while a human decides.
    if (method === 'session/request_permission') void this.#permit(id, at(message, 'params'))
    else this.#send({ id, error: { code: methodNotFound, message: `${method} is not offered` } })
  }

  async #permit(id: unknown, request: unknown): Promise<void> {
    this.#send({ id, result: await this.#ports.permit(request) })
  }

  #reply(message: unknown): void | Promise<void> {
    const id = numberAt(message, 'id')
    const take = id === undefined ? undefined : this.#waiting.get(id)
    if (id === undefined || take === undefined) return undefined
    this.#waiting.delete(id)
    const error = at(message, 'error')
    return error === undefined ? take(at(message, 'result')) : this.#refused(error)
  }

  #refused(error: unknown): void {
    const words = textAt(error, 'message') ?? 'the agent answered with an error'
    const details = textAt(error, 'data', 'details') ?? textAt(error, 'data', 'message') ?? textAt(error, 'data')
    const said = details === undefined || words.includes(details) ? words : `${words}: ${details}`
    if (numberAt(error, 'code') !== authRequired) return this.#fail(said, error)
    return this.#fail(
      `not logged in: ${said}. Start the agent once by hand and log in${this.#login.map((way) => ` (${way})`).join('')}`,
      error,
    )
  }

  #fail(words: string, body?: unknown): void {
    this.#failure = Object.assign(new Error(words), body === undefined ? {} : { body })
    this.#finish()
  }

  #finish(): void {
    this.#ended = true
    this.#tellOver()
    this.#stdin?.close()
  }

  #answer(): AgentAnswer {
    const result = this.#updates.answer
    return {
      complete: this.#ended,
      result: result === '' ? undefined : result,
      usage: this.#updates.usage,
      error: this.#failure,
      stray: this.#stray,
    }
  }

  #request(method: string, params: object, take: (result: unknown) => void | Promise<void>): void {
    this.#nextId += 1
    this.#waiting.set(this.#nextId, take)
    this.#send({ id: this.#nextId, method, params })
  }

  #send(message: object): void {
    this.#stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  }
}
