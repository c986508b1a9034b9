/** Responsible for `_generated/tables.py`: limits, problems, media types, and the path and method of each operation. */
import { limits, mediaTypes, operationIds, operations, problemCodes, problems, type Operation } from '@modelreins/contract'
import { pythonNotice } from './python-models.ts'
import { documentOf, isSchema } from './python-types.ts'

const python = (value: unknown): string =>
  value === true ? 'True' : value === false ? 'False' : value === null || value === undefined ? 'None' : JSON.stringify(value)

/** Fields that distinguish an answer of the server from that of another program at its address: the first two that are always present. */
function marksOf(row: Operation): readonly string[] {
  if (row.produces !== undefined) return []
  const document = documentOf(row.output, 'output')
  const definitions = isSchema(document['$defs']) ? document['$defs'] : {}
  const reference = document['$ref']
  const whole = typeof reference === 'string' ? definitions[reference.split('/').at(-1) ?? ''] : document
  const required: unknown = isSchema(whole) ? whole['required'] : undefined
  return Array.isArray(required) ? required.slice(0, 2).map(String) : []
}

/** The limits that the SDK uses. */
const usedLimits: ReadonlySet<string> = new Set([
  'artifact_bytes',
  'claim_max',
  'error_message_bytes',
  'heartbeat_poll_ms',
  'kill_grace_ms',
  'kill_grace_urgent_ms',
  'list_max',
  'long_poll_max_s',
  'offer_ms',
  'output_chunk_bytes',
  'output_chunks_per_call',
  'output_flush_bytes',
  'output_flush_ms',
  'output_job_bytes',
  'presence_ms',
  'result_bytes',
  'tail_bytes',
])

const limitLines = (): readonly string[] =>
  Object.entries(limits)
    .filter(([name]) => usedLimits.has(name))
    .map(([name, value]) => `${name.toUpperCase()} = ${value}`)

const problemLines = (): readonly string[] =>
  problemCodes.map((code) => {
    const row = problems[code]
    return `    ${python(code)}: Problem(${row.status}, ${python(row.title)}, ${python(row.retryable)}, ${row.exit}, ${python(row.help)}),`
  })

const rowLines = (): readonly string[] =>
  operationIds.map((id) => {
    const row: Operation = operations[id]
    const marks = marksOf(row)
    const tuple = marks.length === 0 ? '()' : `(${marks.map((mark) => `${python(mark)},`).join(' ')})`
    const answers = row.produces === undefined ? 'json' : row.produces
    return `    ${python(id)}: Row(${python(row.method)}, ${python(row.path)}, ${python(row.held === true)}, ${python(row.body === 'raw')}, ${python(answers)}, ${tuple}),`
  })

export function tablesFile(): string {
  return `${[
    pythonNotice('the tables that all programs agree on: limits (units are in the names), problems, media types, how operations travel'),
    '',
    'from typing import Dict, NamedTuple, Tuple',
    '',
    ...limitLines(),
    '',
    '',
    'class Problem(NamedTuple):',
    '    """What one error code means."""',
    '',
    '    status: int',
    '    title: str',
    '    retryable: bool',
    '    exit: int',
    '    help: str',
    '',
    '',
    'PROBLEMS: Dict[str, Problem] = {',
    ...problemLines(),
    '}',
    '',
    'MEDIA_TYPES: Dict[str, str] = {',
    ...Object.entries(mediaTypes).map(([ending, type]) => `    ${python(ending)}: ${python(type)},`),
    '}',
    '',
    '',
    'class Row(NamedTuple):',
    '    """The wire side of one operation."""',
    '',
    '    method: str',
    '    path: str',
    '    held: bool',
    '    raw: bool',
    '    answers: str',
    '    marks: Tuple[str, ...]',
    '',
    '',
    'ROWS: Dict[str, Row] = {',
    ...rowLines(),
    '}',
  ].join('\n')}\n`
}
