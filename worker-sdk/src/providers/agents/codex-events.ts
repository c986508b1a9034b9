/**
 * Responsible for reading what `codex exec --json` prints, in its present format (thread, turn and item events) and in earlier ones (`{"id",
 * "msg"}`): the output for viewers, and how the run ended.
 */
import type { Usage } from '@modelreins/contract'
import type { AgentReader } from './agent-run.ts'
import { at, isObject, numberAt, parseJson, textAt } from '../json.ts'
import type { ProviderRun } from '../provider.ts'
import type { Unread } from '../unread.ts'

const longestCommand = 300

const commandText = (value: unknown): string => {
  const command = at(value, 'command')
  return (
    Array.isArray(command) ? command.filter((part) => typeof part === 'string').join(' ') : typeof command === 'string' ? command : ''
  ).slice(0, longestCommand)
}

/** An item that is not part of the answer, as viewers see it; undefined for an unknown item. */
const itemLine = (type: string, item: unknown): string | undefined => {
  switch (type) {
    case 'command_execution': {
      const exit = numberAt(item, 'exit_code')
      return `$ ${commandText(item)}${exit === undefined ? '' : ` (exit ${exit})`}`
    }
    case 'file_change':
      return `[files] ${JSON.stringify(at(item, 'changes') ?? []).slice(0, longestCommand)}`
    case 'mcp_tool_call':
    case 'collab_tool_call':
      return `[${textAt(item, 'server') ?? 'tool'}] ${textAt(item, 'tool') ?? ''}`
    case 'web_search':
      return `[search] ${textAt(item, 'query') ?? ''}`
    case 'reasoning':
      return textAt(item, 'text') ?? ''
    case 'error':
      return `[codex] ${textAt(item, 'message') ?? 'error'}`
    case 'todo_list':
    case 'plan':
    case 'user_message':
    case 'image_view':
    case 'context_compaction':
      return ''
    default:
      return undefined
  }
}

/** Types of items that changed or read something: a turn with only such items is a valid answer without text. */
const isWork = (type: string): boolean => /command|file|tool|search|patch/.test(type)

const silentEvents: ReadonlySet<string> = new Set([
  'thread.started',
  'session.created',
  'turn.started',
  'item.started',
  'item.updated',
  'thread.token_usage.updated',
])
const silentMessages =
  /^(?:task_started|session_configured|exec_command_(?:begin|output_delta)|patch_apply_begin|mcp_tool_call_begin|web_search_begin|turn_diff|background_event|agent_message_delta|agent_reasoning_(?:delta|section_break|raw_content.*)|plan_update|user_message|mcp_startup_.*|item_.*|raw_response_item|.*_delta|shutdown_complete|token_count|deprecation_notice)$/

const strayBytes = 8 * 1024

export const createCodexReader = (run: ProviderRun, unread: Unread, model: string | undefined): AgentReader => {
  let result: string | undefined
  let failure: Error | undefined
  let lastNotice: string | undefined
  let stray = ''
  let worked = false
  let ended = false
  let spent: { in: number; out: number } | undefined

  const say = async (line: string): Promise<void> => {
    if (line !== '') await run.output(`${line}\n`, 'system')
  }
  const answer = async (text: string): Promise<void> => {
    result = text
    await run.output(`${text}\n`, 'stdout')
  }
  const spend = (usage: unknown, total: boolean): void => {
    const tokensIn = numberAt(usage, 'input_tokens')
    const tokensOut = numberAt(usage, 'output_tokens')
    if (tokensIn === undefined && tokensOut === undefined) return
    const before = total ? undefined : spent
    spent = { in: (before?.in ?? 0) + (tokensIn ?? 0), out: (before?.out ?? 0) + (tokensOut ?? 0) }
  }
  const complete = (): void => {
    ended = true
    failure = undefined
  }
  const fail = (body: unknown, otherwise: string): void => {
    ended = true
    const words = textAt(body, 'error', 'message') ?? textAt(body, 'error') ?? textAt(body, 'message') ?? lastNotice ?? otherwise
    failure = Object.assign(new Error(words), { body })
  }
  const notice = async (words: string): Promise<void> => {
    // Codex also sends notices while it reconnects, and then the turn continues. Only the last notice of a failed run matters.
    lastNotice = words
    await say(`[codex] ${words}`)
  }

  const readItem = async (item: unknown, line: string): Promise<void> => {
    const type = textAt(item, 'type') ?? textAt(item, 'item_type') ?? ''
    const text = textAt(item, 'text')
    if ((type === 'agent_message' || type === 'assistant_message') && text !== undefined) return answer(text)
    if (isWork(type)) worked = true
    const shown = itemLine(type, item)
    if (shown === undefined) unread.add(`item ${type}`, line)
    else await say(shown)
  }

  /** Reads events of versions before the thread, turn and item events. */
  const readMessage = async (message: unknown, line: string): Promise<void> => {
    const type = textAt(message, 'type') ?? ''
    switch (type) {
      case 'agent_message':
        return answer(textAt(message, 'message') ?? '')
      case 'agent_reasoning':
        return say(textAt(message, 'text') ?? '')
      case 'exec_command_begin':
        return say(`$ ${commandText(message)}`)
      case 'exec_command_end':
      case 'patch_apply_end':
      case 'mcp_tool_call_end':
      case 'web_search_end':
        worked = true
        return
      case 'token_count':
        return spend(at(message, 'info', 'total_token_usage') ?? message, true)
      case 'task_complete':
      case 'turn_complete': {
        const last = textAt(message, 'last_agent_message')
        if (last !== undefined && last !== '') result ??= last
        return complete()
      }
      case 'turn_aborted':
        return fail(message, `codex stopped: ${textAt(message, 'reason') ?? 'the turn was aborted'}`)
      case 'error':
      case 'stream_error':
        return notice(textAt(message, 'message') ?? 'error')
      default:
        if (!silentMessages.test(type)) unread.add(type === '' ? 'a message without a type' : type, line)
    }
  }

  const readEvent = async (event: unknown, line: string): Promise<void> => {
    const type = textAt(event, 'type')
    if (type === undefined) {
      const message = at(event, 'msg')
      if (message !== undefined) return readMessage(message, line)
      // The first two lines of early versions, with the settings and the prompt, are ignored.
      if (at(event, 'prompt') === undefined && at(event, 'model') === undefined && at(event, 'workdir') === undefined) {
        unread.add('an event without a type', line)
      }
      return
    }
    switch (type) {
      case 'turn.started':
        ended = false
        return
      case 'item.completed':
        return readItem(at(event, 'item'), line)
      case 'turn.completed':
        spend(at(event, 'usage'), false)
        return complete()
      case 'turn.failed':
        return fail(event, 'the turn failed')
      case 'turn.aborted':
      case 'turn.cancelled':
        return fail(event, 'the turn was stopped')
      case 'error':
        return notice(textAt(event, 'message') ?? textAt(event, 'error', 'message') ?? 'error')
      default:
        if (silentEvents.has(type)) return
        // Some versions print the message without its envelope.
        return readMessage(event, line)
    }
  }

  const usage = (): Usage | undefined =>
    spent === undefined ? undefined : { tokens_in: spent.in, tokens_out: spent.out, ...(model === undefined ? {} : { model }) }

  return {
    async line(line) {
      if (line.trim() === '') return
      const event = parseJson(line)
      if (isObject(event)) {
        run.heard?.()
        return readEvent(event, line)
      }
      stray = `${stray}${line}\n`.slice(-strayBytes)
      await run.output(`${line}\n`, 'stderr')
    },
    finished: () => ended,
    end() {
      const told = { usage: usage(), stray, ...(result === undefined ? {} : { result }) }
      if (failure !== undefined) return { ...told, complete: true, error: failure }
      if (!ended) {
        const first = unread.first()
        const because = first === undefined ? '' : `; what could not be read begins: ${first}`
        return lastNotice === undefined
          ? {
              ...told,
              complete: false,
              error: new Error(`codex ended without completing its turn: the answer is incomplete${because}`),
              vague: true,
            }
          : { ...told, complete: false, error: new Error(lastNotice) }
      }
      if (result === undefined && !worked) {
        return { ...told, complete: true, error: new Error('codex completed its turn and said nothing'), vague: true }
      }
      return { ...told, complete: true }
    },
  }
}
