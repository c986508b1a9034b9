/**
 * Responsible for the JSON format of a browser job: the steps, their fields, and errors that name the step. It drives no browser.
 * docs/how-to/browser-jobs.md documents it for users; the types below are the reference.
 */
import { isObject, parseJson } from '../json.ts'

type Timed = { readonly timeout_ms?: number }

export type BrowserStep =
  /** Opens a page. */
  | ({
      readonly action: 'goto'
      readonly url: string
      readonly wait_until?: 'load' | 'domcontentloaded' | 'networkidle' | 'commit'
    } & Timed)
  /** Puts a value into a field. */
  | ({ readonly action: 'fill'; readonly selector: string; readonly value: string } & Timed)
  | ({ readonly action: 'click'; readonly selector: string } & Timed)
  /** Presses a key (`Enter`, `Control+A`), in an element or on the page. */
  | ({ readonly action: 'press'; readonly key: string; readonly selector?: string } & Timed)
  /** Chooses an option of a select by its value or label. */
  | ({ readonly action: 'select'; readonly selector: string; readonly value: string } & Timed)
  /** Waits for one condition: an element, a URL (glob), or a number of milliseconds. */
  | ({
      readonly action: 'wait'
      readonly selector?: string
      readonly state?: 'visible' | 'hidden' | 'attached' | 'detached'
      readonly url?: string
      readonly ms?: number
    } & Timed)
  /** Reads the text (or an attribute) of the first element or of all; without a selector, the text of the whole page. */
  | ({
      readonly action: 'extract'
      readonly selector?: string
      readonly attribute?: string
      readonly all?: boolean
      readonly name?: string
    } & Timed)
  /** Uploads a PNG of the page, or of an element. */
  | ({ readonly action: 'screenshot'; readonly name?: string; readonly selector?: string; readonly full_page?: boolean } & Timed)
  /** Clicks an element or opens a URL that starts a download, and uploads the file. */
  | ({ readonly action: 'download'; readonly selector?: string; readonly url?: string; readonly name?: string } & Timed)

export interface BrowserInstructions {
  readonly steps: readonly BrowserStep[]
  readonly viewport?: { readonly width: number; readonly height: number }
  /** Default timeout of a step. */
  readonly timeout_ms: number
  /** Whether all steps may be repeated after one of them has failed. */
  readonly repeatable: boolean
}

export type Parsed = { readonly ok: true; readonly value: BrowserInstructions } | { readonly ok: false; readonly reason: string }

export const mostSteps = 200
const defaultTimeoutMs = 30_000
const longestTimeoutMs = 600_000

type Rule = 'text' | 'flag' | 'milliseconds' | readonly string[]
type StepRule = {
  readonly needs: Readonly<Record<string, Rule>>
  readonly may: Readonly<Record<string, Rule>>
  readonly oneOf?: readonly string[]
}

const selector = { selector: 'text' } as const

const stepRules: Readonly<Record<BrowserStep['action'], StepRule>> = {
  goto: { needs: { url: 'text' }, may: { wait_until: ['load', 'domcontentloaded', 'networkidle', 'commit'] } },
  fill: { needs: { ...selector, value: 'text' }, may: {} },
  click: { needs: selector, may: {} },
  press: { needs: { key: 'text' }, may: selector },
  select: { needs: { ...selector, value: 'text' }, may: {} },
  wait: {
    needs: {},
    may: { ...selector, state: ['visible', 'hidden', 'attached', 'detached'], url: 'text', ms: 'milliseconds' },
    oneOf: ['selector', 'url', 'ms'],
  },
  extract: { needs: {}, may: { ...selector, attribute: 'text', all: 'flag', name: 'text' } },
  screenshot: { needs: {}, may: { name: 'text', ...selector, full_page: 'flag' } },
  download: { needs: {}, may: { ...selector, url: 'text', name: 'text' }, oneOf: ['selector', 'url'] },
}

const isAction = (action: string): action is BrowserStep['action'] => Object.hasOwn(stepRules, action)

const actions = Object.keys(stepRules).join(', ')

/** The example at the end of every format error. */
export const formatHelp = `A browser job's prompt is JSON, for example {"steps": [{"action": "goto", "url": "https://example.com"}, {"action": "extract", "selector": "h1"}, {"action": "screenshot"}]}. Actions: ${actions}.`

const wrongValue = (rule: Rule, value: unknown): string | undefined => {
  if (rule === 'text') return typeof value === 'string' && value !== '' ? undefined : 'must be a text'
  if (rule === 'flag') return typeof value === 'boolean' ? undefined : 'must be true or false'
  if (rule === 'milliseconds') {
    const fits = typeof value === 'number' && value >= 0 && value <= longestTimeoutMs
    return fits ? undefined : `must be a number of milliseconds from 0 to ${longestTimeoutMs}`
  }
  return typeof value === 'string' && rule.includes(value) ? undefined : `must be one of ${rule.join(', ')}`
}

/** Only http and https: `file:`, `chrome:` and `javascript:` would give access to the worker's machine or bypass the checks. */
const wrongUrl = (url: string): string | undefined => {
  try {
    const { protocol } = new URL(url)
    return protocol === 'http:' || protocol === 'https:' ? undefined : `"${protocol}" is not allowed: only http and https`
  } catch {
    return `"${url.slice(0, 100)}" is not a URL`
  }
}

const wrongStep = (step: unknown): string | undefined => {
  if (!isObject(step)) return 'must be an object with an "action"'
  const { action } = step
  if (typeof action !== 'string') return `has no "action". Actions: ${actions}`
  if (!isAction(action)) return `"${action.slice(0, 40)}" is not an action. Actions: ${actions}`
  const { needs, may, oneOf } = stepRules[action]
  for (const name of Object.keys(needs)) if (!(name in step)) return `(${action}): "${name}" is missing`
  const known: Readonly<Record<string, Rule>> = { ...needs, ...may, timeout_ms: 'milliseconds' }
  for (const [name, value] of Object.entries(step)) {
    if (name === 'action') continue
    const rule = known[name]
    if (rule === undefined) return `(${action}): "${name}" is unknown. It takes ${Object.keys(known).join(', ')}`
    // An empty value clears a field.
    const wrong = name === 'value' && value === '' ? undefined : wrongValue(rule, value)
    if (wrong !== undefined) return `(${action}): "${name}" ${wrong}`
  }
  if (oneOf !== undefined && oneOf.filter((name) => name in step).length !== 1)
    return `(${action}): needs exactly one of ${oneOf.join(', ')}`
  const { url } = step
  const wrong = action !== 'wait' && typeof url === 'string' ? wrongUrl(url) : undefined
  return wrong === undefined ? undefined : `(${action}): ${wrong}`
}

const isStep = (step: unknown): step is BrowserStep => wrongStep(step) === undefined

const readViewport = (value: unknown): BrowserInstructions['viewport'] | string => {
  if (value === undefined) return undefined
  const side = (number: unknown): number | undefined =>
    typeof number === 'number' && Number.isInteger(number) && number >= 1 && number <= 8192 ? number : undefined
  const width = isObject(value) ? side(value['width']) : undefined
  const height = isObject(value) ? side(value['height']) : undefined
  return width === undefined || height === undefined ? '"viewport" must have width and height from 1 to 8192' : { width, height }
}

/** Parses a prompt. A list of steps is accepted in place of the object. */
export const parseInstructions = (prompt: string): Parsed => {
  const no = (reason: string): Parsed => ({ ok: false, reason })
  const json = parseJson(prompt)
  if (json === undefined || typeof json !== 'object') return no(`The prompt is not browser instructions. ${formatHelp}`)
  const whole = Array.isArray(json) ? { steps: json } : json
  if (!isObject(whole)) return no(`The prompt is not browser instructions. ${formatHelp}`)
  const unknown = Object.keys(whole).find((name) => !['steps', 'viewport', 'timeout_ms', 'repeatable'].includes(name))
  if (unknown !== undefined)
    return no(`"${unknown.slice(0, 40)}" is unknown: instructions have steps, viewport, timeout_ms and repeatable. ${formatHelp}`)
  const steps = whole['steps']
  if (!Array.isArray(steps) || steps.length === 0) return no(`"steps" must be a list of at least one step. ${formatHelp}`)
  if (steps.length > mostSteps) return no(`${steps.length} steps are too many: at most ${mostSteps}`)
  const good: BrowserStep[] = []
  for (const [index, step] of steps.entries()) {
    if (isStep(step)) good.push(step)
    else return no(`step ${index + 1} ${wrongStep(step) ?? ''}`)
  }
  const viewport = readViewport(whole['viewport'])
  if (typeof viewport === 'string') return no(viewport)
  const timeout = whole['timeout_ms'] ?? defaultTimeoutMs
  const wrongTimeout = wrongValue('milliseconds', timeout)
  if (wrongTimeout !== undefined || typeof timeout !== 'number') return no(`"timeout_ms" ${wrongTimeout ?? ''}`)
  const repeatable = whole['repeatable'] ?? false
  if (typeof repeatable !== 'boolean') return no('"repeatable" must be true or false')
  return { ok: true, value: { steps: good, timeout_ms: timeout, repeatable, ...(viewport === undefined ? {} : { viewport }) } }
}
