/** Responsible for the text of an answer's content, in every form that servers use: a text, a list of parts, nested parts. */
import { isObject } from '../json.ts'

export interface Content {
  /** The answer. */
  readonly text: string
  /** Reasoning that precedes the answer. It is shown but not part of the answer. */
  readonly thought: string
  /** Types of other, unknown parts. */
  readonly unknown: readonly string[]
}

const thoughtTypes = /^(?:thinking|reasoning|reasoning_text|reasoning_content|summary_text|redacted_thinking)$/
const textTypes = /^(?:text|output_text|refusal|input_text)$/
const deepest = 5

const nothing: Content = { text: '', thought: '', unknown: [] }

const joined = (parts: readonly Content[]): Content => ({
  text: parts.map((part) => part.text).join(''),
  thought: parts.map((part) => part.thought).join(''),
  unknown: parts.flatMap((part) => part.unknown),
})

/** Treats all content inside as reasoning. */
const asThought = ({ text, thought, unknown }: Content): Content => ({ text: '', thought: text + thought, unknown })

export const contentOf = (value: unknown, depth = 0): Content => {
  if (value === null || value === undefined || depth > deepest) return nothing
  if (typeof value === 'string') return { ...nothing, text: value }
  if (Array.isArray(value)) return joined(value.map((part) => contentOf(part, depth + 1)))
  if (!isObject(value)) return { ...nothing, unknown: [typeof value] }
  const type = typeof value['type'] === 'string' ? value['type'] : undefined
  const inner = value['text'] ?? value['value'] ?? value['content'] ?? value['parts'] ?? value['refusal']
  if (type !== undefined && thoughtTypes.test(type)) {
    return asThought(contentOf(value['thinking'] ?? value['reasoning'] ?? value['summary'] ?? inner, depth + 1))
  }
  if ((type === undefined || textTypes.test(type)) && inner !== undefined) {
    const found = contentOf(inner, depth + 1)
    return value['thought'] === true ? asThought(found) : found
  }
  return { ...nothing, unknown: [`content of type ${type ?? Object.keys(value).slice(0, 3).join('+')}`] }
}
