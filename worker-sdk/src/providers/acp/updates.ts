/**
 * Responsible for reading an agent's `session/update` notifications: the output for viewers, the answer, and the usage. It sends nothing to the
 * agent.
 */
import type { Usage } from '@modelreins/contract'
import { at, numberAt, textAt } from '../json.ts'
import type { ProviderRun } from '../provider.ts'
import type { Unread } from '../unread.ts'

const longestTitle = 300

const silent: ReadonlySet<string> = new Set([
  'user_message_chunk',
  'agent_thought_chunk',
  'tool_call_update',
  'plan',
  'available_commands_update',
  'current_mode_update',
  'config_option_update',
  'session_info_update',
  'compaction_update',
  'compaction_summary_chunk',
])

export class Updates {
  readonly #output: ProviderRun['output']
  readonly #heard: () => void
  #whole = ''
  /** Text since the last tool call: the last text of a turn is its answer. */
  #last = ''
  #usage: Usage | undefined
  #worked = false

  constructor(output: ProviderRun['output'], heard: () => void) {
    this.#output = output
    this.#heard = heard
  }

  get answer(): string {
    return this.#last.trim() === '' ? this.#whole : this.#last
  }

  /** Whether the agent used a tool. In that case a turn without text can still be an answer. */
  get worked(): boolean {
    return this.#worked
  }

  get usage(): Usage | undefined {
    return this.#usage
  }

  async take(update: unknown, unread: Unread): Promise<void> {
    const kind = textAt(update, 'sessionUpdate') ?? ''
    this.#heard()
    switch (kind) {
      case 'agent_message_chunk':
        return this.#said(at(update, 'content'), unread)
      case 'tool_call':
        this.#worked = true
        this.#last = ''
        return this.#output(`[${(textAt(update, 'title') ?? textAt(update, 'kind') ?? 'tool').slice(0, longestTitle)}]\n`, 'system')
      case 'usage_update':
        if (textAt(update, 'cost', 'currency') === 'USD') this.#add({ cost_usd: numberAt(update, 'cost', 'amount') })
        return undefined
      case 'notice':
        return this.#output(`[acp] ${textAt(update, 'message') ?? textAt(update, 'text') ?? ''}\n`, 'system')
      default:
        if (!silent.has(kind)) unread.add(`update ${kind}`, JSON.stringify(update))
        return undefined
    }
  }

  /** Adds the tokens that the end of a turn reports. */
  spent(usage: unknown): void {
    this.#add({ tokens_in: numberAt(usage, 'inputTokens'), tokens_out: numberAt(usage, 'outputTokens') })
  }

  async #said(content: unknown, unread: Unread): Promise<void> {
    const text = textAt(content, 'text')
    if (text === undefined) return unread.add(`content ${textAt(content, 'type') ?? ''}`, JSON.stringify(content))
    this.#whole += text
    this.#last += text
    await this.#output(text)
  }

  #add(more: { readonly [Name in keyof Usage]?: number | undefined }): void {
    const told = Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined && value >= 0))
    if (Object.keys(told).length > 0) this.#usage = { ...this.#usage, ...told }
  }
}
