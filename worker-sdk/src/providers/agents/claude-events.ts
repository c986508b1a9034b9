/**
 * Responsible for reading what Claude Code prints with `--output-format stream-json`, `json` (an object, or a list of events) and `text`: the output
 * for viewers, and how the run ended. Source: code.claude.com/docs, "Run Claude Code programmatically".
 */
import type { Usage } from '@modelreins/contract'
import type { AgentAnswer, AgentReader } from './agent-run.ts'
import { errorLines } from './error-lines.ts'
import { at, isObject, listAt, numberAt, parseJson, textAt } from '../json.ts'
import type { ProviderRun } from '../provider.ts'
import type { Unread } from '../unread.ts'

const tokenNames = ['input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens'] as const

const usageOf = (event: unknown, model: string | undefined): Usage | undefined => {
  const usage = at(event, 'usage')
  const told = tokenNames.map((name) => numberAt(usage, name)).filter((part) => part !== undefined)
  const tokensOut = numberAt(usage, 'output_tokens')
  const cost = numberAt(event, 'total_cost_usd')
  if (told.length === 0 && tokensOut === undefined && cost === undefined) return undefined
  return {
    ...(told.length === 0 ? {} : { tokens_in: told.reduce((sum, part) => sum + part, 0) }),
    ...(tokensOut === undefined ? {} : { tokens_out: tokensOut }),
    ...(cost === undefined ? {} : { cost_usd: cost }),
    ...(model === undefined ? {} : { model }),
  }
}

/** The model that did most of the work. Smaller models run subagents and make titles. */
const mainModel = (event: unknown): string | undefined => {
  const models = at(event, 'modelUsage')
  if (!isObject(models)) return undefined
  const costOf = (name: string): number => numberAt(models[name], 'costUSD') ?? 0
  return Object.keys(models).reduce<string | undefined>(
    (best, name) => (best !== undefined && costOf(best) >= costOf(name) ? best : name),
    undefined,
  )
}

interface Failure {
  readonly error: Error
  readonly vague: boolean
}

/** Some failures arrive as the result of a run with `is_error`, such as "You've hit your limit · resets 3pm". */
const failureOf = (event: unknown, rejected: unknown): Failure | undefined => {
  const subtype = textAt(event, 'subtype')
  const failed = at(event, 'is_error') === true || (subtype !== undefined && subtype !== 'success')
  if (!failed) return undefined
  const listed = listAt(event, 'errors').map((one) => (typeof one === 'string' ? one : textAt(one, 'message')))
  const words = [textAt(event, 'result'), ...listed].find((one) => one !== undefined && one !== '')
  const error = new Error(words ?? `claude ended with ${subtype ?? 'an error'}`)
  const status = numberAt(event, 'api_error_status')
  const resets = numberAt(rejected, 'resetsAt')
  return {
    error: Object.assign(
      error,
      status === undefined ? {} : { status },
      resets === undefined ? {} : { headers: { 'x-ratelimit-reset': resets } },
    ),
    vague: words === undefined,
  }
}

const longestInput = 200

/** A tool call as viewers see it: its name and the beginning of its input. */
const toolLine = (block: unknown): string => {
  const input = JSON.stringify(at(block, 'input') ?? {})
  const shown = input.length > longestInput ? `${input.slice(0, longestInput)}...` : input
  return `\n[${textAt(block, 'name') ?? 'tool'}] ${shown}\n`
}

/** Events with nothing for viewers. */
const silent: ReadonlySet<string> = new Set([
  'system',
  'user',
  'control_request',
  'control_response',
  'control_cancel_request',
  'keep_alive',
  'tool_progress',
  'tool_use_summary',
  'auth_status',
  'prompt_suggestion',
  'streamlined_text',
  'streamlined_tool_use_summary',
  'summary',
  'progress',
  'attachment',
  'file-history-snapshot',
  'queue-operation',
])

export interface ClaudeReading {
  /** Whether a run with denied tools counts as a failure. */
  readonly deniedFails: boolean
}

/** Reads events one after the other, from any of the formats. */
class Events {
  readonly #run: ProviderRun
  readonly #unread: Unread
  readonly #reading: ClaudeReading
  #answer: AgentAnswer | undefined
  #model: string | undefined
  #rejected: unknown
  /** Whether the current message arrived in pieces. In that case the whole message must not be shown again. */
  #streamed = false
  /** The text of the last message that had text, and the id of that message. */
  #last = { id: '', text: '' }
  #piece = ''
  #usedTools = false
  /** Whether anything happened since the last result. */
  #worked = false
  readonly #spent = new Map<string, unknown>()

  constructor(run: ProviderRun, unread: Unread, reading: ClaudeReading) {
    this.#run = run
    this.#unread = unread
    this.#reading = reading
  }

  get finished(): boolean {
    return this.#answer !== undefined && !this.#worked
  }

  async take(event: unknown): Promise<void> {
    const type = textAt(event, 'type') ?? ''
    // Text of a subagent is not shown unless it becomes part of the answer.
    const nested = textAt(event, 'parent_tool_use_id') !== undefined
    if (type !== 'keep_alive' && textAt(event, 'event', 'type') !== 'ping') this.#run.heard?.()
    if (type === 'result') return this.#readResult(event)
    if (type === 'assistant' || type === 'stream_event') {
      this.#worked = true
      if (nested) return
      return type === 'assistant' ? this.#readMessage(event) : this.#readPiece(at(event, 'event'))
    }
    if (type === 'rate_limit_event') {
      const info = at(event, 'rate_limit_info')
      if (textAt(info, 'status') === 'rejected') this.#rejected = info
      return
    }
    if (type === 'error') return this.#readError(event)
    if (type === 'system') this.#model ??= textAt(event, 'model')
    if (!silent.has(type)) this.#unread.add(type === '' ? 'an event without a type' : type, JSON.stringify(event))
  }

  async #readMessage(event: unknown): Promise<void> {
    const content = at(event, 'message', 'content')
    const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : listAt(event, 'message', 'content')
    const id = textAt(event, 'message', 'id') ?? ''
    const usage = at(event, 'message', 'usage')
    if (usage !== undefined) this.#spent.set(id, usage)
    this.#model ??= textAt(event, 'message', 'model')
    const texts: string[] = []
    for (const block of blocks) {
      const type = textAt(block, 'type')
      const text = textAt(block, 'text')
      if (type === 'text' && text !== undefined) {
        texts.push(text)
        if (!this.#streamed) await this.#run.output(`${text}\n`, 'stdout')
      }
      if (type === 'tool_use') {
        this.#usedTools = true
        await this.#run.output(toolLine(block), 'system')
      }
    }
    const text = texts.join('')
    // Each block of a message arrives as its own event.
    if (text !== '') this.#last = { id, text: id !== '' && id === this.#last.id ? `${this.#last.text}${text}` : text }
  }

  async #readPiece(event: unknown): Promise<void> {
    const kind = textAt(event, 'type')
    if (kind === 'message_start') {
      this.#streamed = false
      this.#piece = ''
      const usage = at(event, 'message', 'usage')
      if (usage !== undefined) this.#spent.set(textAt(event, 'message', 'id') ?? '', usage)
    }
    const text = textAt(event, 'delta', 'text')
    if (kind === 'content_block_delta' && text !== undefined && text !== '') {
      this.#streamed = true
      this.#piece += text
      await this.#run.output(text, 'stdout')
    }
    if (kind === 'message_stop' && this.#streamed) {
      if (this.#last.text === '' || !this.#last.text.endsWith(this.#piece)) this.#last = { id: '', text: this.#piece }
      await this.#run.output('\n', 'stdout')
    }
  }

  async #readError(event: unknown): Promise<void> {
    const words = textAt(event, 'error', 'message') ?? textAt(event, 'error') ?? textAt(event, 'message') ?? JSON.stringify(event)
    this.#answer ??= { complete: true, error: Object.assign(new Error(words), { body: event }), usage: this.#usage() }
    await this.#run.output(`[claude] ${words}\n`, 'system')
  }

  async #readResult(event: unknown): Promise<void> {
    const failure = failureOf(event, this.#rejected)
    const succeeded = this.#answer !== undefined && this.#answer.error === undefined
    // A second result that reports a failure without any work in between does not change the first result.
    if (failure !== undefined && succeeded && !this.#worked) {
      return this.#run.output(`[claude, after its result] ${failure.error.message}\n`, 'system')
    }
    this.#worked = false
    const denied = await this.#tellDenied(event)
    const told = textAt(event, 'result') ?? ''
    const result = told === '' ? this.#last.text : told
    this.#answer = {
      complete: true,
      ...(result === '' && !this.#usedTools ? {} : { result }),
      usage: usageOf(event, mainModel(event) ?? this.#model),
      ...(failure === undefined ? {} : failure),
      ...(failure === undefined && denied !== undefined ? { error: denied } : {}),
    }
  }

  /** Reports tools that were denied. They are a failure if the operator chose that. */
  async #tellDenied(event: unknown): Promise<Error | undefined> {
    const names = listAt(event, 'permission_denials').map((one) => textAt(one, 'tool_name') ?? 'a tool')
    if (names.length === 0) return undefined
    const words = `claude was not allowed to use: ${[...new Set(names)].join(', ')}`
    await this.#run.output(`[${words}]\n`, 'system')
    return this.#reading.deniedFails ? new Error(words) : undefined
  }

  /** The usage that messages reported, for a run that never printed a result. */
  #usage(): Usage | undefined {
    const spent = [...this.#spent.values()]
    const sum = (name: string): number => spent.reduce<number>((total, one) => total + (numberAt(one, name) ?? 0), 0)
    if (spent.length === 0) return undefined
    const tokensIn = tokenNames.reduce((total, name) => total + sum(name), 0)
    return { tokens_in: tokensIn, tokens_out: sum('output_tokens'), ...(this.#model === undefined ? {} : { model: this.#model }) }
  }

  end(stray: string): AgentAnswer {
    const answer = this.#answer
    if (answer === undefined) {
      const first = this.#unread.first()
      const words = `claude ended without a result${first === undefined ? '' : `; what could not be read begins: ${first}`}`
      return { complete: false, error: new Error(words), vague: true, usage: this.#usage(), stray }
    }
    if (answer.error === undefined && answer.result === undefined) {
      return { ...answer, error: new Error('claude ended well and said nothing: no text, and no tool was used'), vague: true, stray }
    }
    return { ...answer, stray }
  }
}

const strayBytes = 8 * 1024

/** A reader of one event per line. */
export const createEventReader = (run: ProviderRun, unread: Unread, reading: ClaudeReading): AgentReader => {
  const events = new Events(run, unread, reading)
  let stray = ''
  return {
    async line(line) {
      if (line.trim() === '') return
      const value = parseJson(line)
      if (Array.isArray(value)) {
        for (const event of value) await events.take(event)
      } else if (isObject(value)) await events.take(value)
      else {
        // Not an event: a warning, or the reason why no events will follow.
        stray = `${stray}${line}\n`.slice(-strayBytes)
        await run.output(`${line}\n`, 'stderr')
      }
    },
    finished: () => events.finished,
    end: () => events.end(stray),
  }
}

/** Sentences with which Claude Code in text mode reports a failure as its answer, sometimes with exit code 0. */
const failureText =
  /^(?:API Error\b|Error:|Execution error\b|Invalid API key\b|Not logged in\b|Please run \/login|Failed to authenticate\b|OAuth (?:token|session)\b|Credit balance is too low|Prompt is too long|Claude (?:AI )?(?:Code )?usage limit reached|You've (?:hit|reached) your\b.{0,60}\blimit|Your? .{0,40}limit (?:reached|will reset)|(?:\d+-hour|weekly|session|daily|opus|sonnet) limit reached|Rate limit|Unable to connect|Connection error|Request timed out|Reached max turns|There's an issue with the selected model|Your (?:account|organization)\b.{0,80}\b(?:disabled|access))/i
/** A longer text is an answer that mentions such a sentence. */
const longestFailure = 600

/** Early versions print the result without its type. */
const typed = (event: unknown): unknown =>
  isObject(event) && event['type'] === undefined && event['result'] !== undefined ? { type: 'result', ...event } : event

/** `--output-format json` and `text`: a single answer at the end. */
export const createWholeReader = (run: ProviderRun, unread: Unread, reading: ClaudeReading, format: string): AgentReader => {
  const lines: string[] = []
  const events = new Events(run, unread, reading)
  let read: AgentAnswer | undefined
  const text = (): string => lines.join('\n').trim()
  return {
    async line(line) {
      run.heard?.()
      lines.push(line)
      if (format !== 'json') return run.output(`${line}\n`, 'stdout')
      // A JSON value ends with a line that starts with a bracket. Parsing only there avoids quadratic time for a long value.
      if (!/^[{[}\]].*[}\]]\s*$|^[}\]]\s*$/s.test(line)) return
      const value = parseJson(text().slice(Math.max(0, text().search(/[[{]/))))
      if (value === undefined) return
      for (const event of Array.isArray(value) ? value : [value]) await events.take(typed(event))
      read = events.end('')
    },
    finished: () => read?.complete === true,
    end() {
      if (format === 'json') return read ?? events.end(text())
      const whole = text()
      if (whole.length <= longestFailure && failureText.test(whole)) return { complete: true, result: whole, error: new Error(whole) }
      // This format has no events, so the exit code is the only sign of success.
      return { complete: false, byExit: whole !== '', result: whole, stray: whole.length <= longestFailure ? whole : errorLines(whole) }
    },
  }
}
