/** Responsible for `_generated/operations.py`: one typed method per row of the operations table, noun by noun. */
import { operationIds, operations, type Operation, type OperationId } from '@modelreins/contract'
import { identifierOf, pythonNotice } from './python-models.ts'
import { camel, documentOf, isSchema, type Models, type Schema } from './python-types.ts'

/** Operations that are not one request with one answer of JSON or text; these methods are written by hand. */
const byHand: ReadonlySet<OperationId> = new Set<OperationId>(['jobs.stream', 'claims.connect', 'artifacts.upload', 'artifacts.download'])

export interface PythonMethod {
  readonly id: OperationId
  readonly noun: string
  readonly name: string
  readonly signature: string
  readonly answer: string
}

interface Field {
  readonly name: string
  readonly type: string
  readonly required: boolean
  readonly nullable: boolean
}

/** The fields of an input, and the definitions that `$ref` refers to. */
function shapeOf(row: Operation): { readonly properties: Schema; readonly required: readonly unknown[]; readonly definitions: Schema } {
  const document = documentOf(row.input, 'input')
  const definitions = isSchema(document['$defs']) ? document['$defs'] : {}
  const reference = document['$ref']
  const whole = typeof reference === 'string' ? definitions[reference.split('/').at(-1) ?? ''] : document
  const shape = isSchema(whole) ? whole : {}
  return {
    properties: isSchema(shape['properties']) ? shape['properties'] : {},
    required: Array.isArray(shape['required']) ? shape['required'] : [],
    definitions,
  }
}

/** The type of a parameter is more general than that of an answer: any sequence, any mapping. */
function inputType(schema: unknown, definitions: Schema, models: Models): string {
  const name = isSchema(schema) && typeof schema['$ref'] === 'string' ? (schema['$ref'].split('/').at(-1) ?? '') : undefined
  const target = name === undefined ? schema : definitions[name]
  if (isSchema(target)) {
    if (target['type'] === 'object') return 'Mapping[str, Any]'
    if (target['type'] === 'array') return `Sequence[${inputType(target['items'], definitions, models)}]`
    const choices = target['anyOf']
    if (Array.isArray(choices) && choices.length < 6) {
      const types = [...new Set(choices.map((choice) => inputType(choice, definitions, models)))]
      const rest = types.filter((type) => type !== 'None')
      const inner = rest.length === 1 ? (rest[0] ?? 'Any') : `Union[${rest.join(', ')}]`
      return rest.length < types.length ? `Optional[${inner}]` : inner
    }
  }
  return models.typeOf(schema, definitions, 'Any').text
}

function fieldsOf(row: Operation, models: Models): readonly Field[] {
  const { properties, required, definitions } = shapeOf(row)
  return Object.entries(properties).flatMap(([name, schema]) => {
    // The schema forbids this field, so no caller may pass it.
    if (isSchema(schema) && 'not' in schema) return []
    const type = inputType(schema, definitions, models)
    const nullable = type.startsWith('Optional[') || type === 'Any'
    return [
      { name, type: nullable && type !== 'Any' ? type.slice('Optional['.length, -1) : type, required: required.includes(name), nullable },
    ]
  })
}

const inPath = (row: Operation): readonly string[] => row.path.split('/').flatMap((part) => (part.startsWith(':') ? [part.slice(1)] : []))

function answerOf(id: OperationId, row: Operation, models: Models): { readonly type: string; readonly nested: string | undefined } {
  if (row.produces !== undefined) return { type: 'str', nested: undefined }
  const document = documentOf(row.output, 'output')
  const definitions = isSchema(document['$defs']) ? document['$defs'] : {}
  const [noun = '', verb = ''] = id.split('.')
  const item =
    isSchema(document['properties']) && isSchema(document['properties']['items']) ? document['properties']['items']['items'] : undefined
  const itemName = isSchema(item) && typeof item['$ref'] === 'string' ? item['$ref'].split('/').at(-1) : undefined
  const hint =
    itemName === undefined
      ? `${camel(noun)}${camel(verb)}Reply`
      : `${itemName}${'next_cursor' in (document['properties'] as Schema) ? 'Page' : 'List'}`
  const type = models.typeOf(document, definitions, hint)
  return { type: type.text, nested: type.nested }
}

function methodOf(id: OperationId, models: Models): PythonMethod & { readonly code: string } {
  const row: Operation = operations[id]
  const [noun = '', verb = ''] = id.split('.')
  const fields = fieldsOf(row, models)
  const path = inPath(row)
  const answer = answerOf(id, row, models)
  const parameter = (field: Field): string => {
    const type = field.nullable && field.type !== 'Any' ? `Optional[${field.type}]` : field.type
    if (field.required) return `${identifierOf(field.name)}: ${type}`
    if (field.type === 'Any') return `${identifierOf(field.name)}: Any = UNSET`
    return field.nullable
      ? `${identifierOf(field.name)}: Union[${field.type}, Unset, None] = UNSET`
      : `${identifierOf(field.name)}: Optional[${field.type}] = None`
  }
  const first = fields.filter((field) => path.includes(field.name))
  const rest = fields.filter((field) => !path.includes(field.name)).toSorted((one, other) => Number(other.required) - Number(one.required))
  const attempt = row.scope === 'attempt'
  const named = [...rest.map(parameter), ...(attempt ? ['token: str'] : []), 'request_timeout: Optional[float] = None']
  const parameters = ['self', ...first.map(parameter), '*', ...named]
  /** For these fields null has a meaning; for all others None means that the field is left out. */
  const nullable = fields.filter((field) => field.nullable).map((field) => identifierOf(field.name))
  const problems = [...row.problems]
  const given = ['locals()', ...nullable.map((name) => JSON.stringify(name))].join(', ')
  const body = fields.length === 0 ? '{}' : `fields(${given})`
  const call = `self._call("${id}", ${body}, timeout=request_timeout${attempt ? ', token=token' : ''})`
  const code = [
    `    def ${identifierOf(verb)}(`,
    ...parameters.map((one) => `        ${one},`),
    `    ) -> ${answer.type}:`,
    `        """${row.summary}.`,
    '',
    `        ${row.method} ${row.path}`,
    ...(problems.length === 0 ? [] : ['', `        :raises ModelReinsError: ${problems.map((one) => `\`\`${one}\`\``).join(', ')}.`]),
    '        """',
    answer.type === 'Any'
      ? `        return ${call}`
      : answer.nested !== undefined && answer.type === answer.nested
        ? `        return ${answer.type}.of(${call})`
        : `        return cast(${JSON.stringify(answer.type)}, ${call})`,
  ]
    .join('\n')
    .trimEnd()
  const signature = `${identifierOf(verb)}(${[...first.map((field) => field.name), ...rest.map((field) => `${identifierOf(field.name)}=`)].join(', ')})`
  return { id, noun, name: identifierOf(verb), signature, answer: answer.type, code }
}

export interface PythonOperations {
  readonly file: string
  readonly methods: readonly PythonMethod[]
}

export function pythonOperations(models: Models): PythonOperations {
  const ids = operationIds.filter((id) => !byHand.has(id))
  const methods = ids.map((id) => methodOf(id, models))
  const nouns = [...new Set(methods.map((method) => method.noun))]
  const used = [...new Set(methods.map((method) => method.answer).filter((type) => /^[A-Z]\w+$/.test(type) && type !== 'Any'))].toSorted()
  const file = [
    pythonNotice('the typed methods of the client, one per operation'),
    '',
    'from __future__ import annotations',
    '',
    'from typing import Any, Literal, Mapping, Optional, Sequence, Union, cast',
    '',
    'from .._record import UNSET, Call, Unset, fields',
    'from .models import (',
    ...used.map((name) => `    ${name},`),
    ')',
    '',
    '',
    'class _Noun:',
    '    """Methods about one subject, bound to a client."""',
    '',
    '    def __init__(self, call: Call) -> None:',
    '        self._call = call',
    ...nouns.flatMap((noun) => [
      '',
      '',
      `class ${camel(noun)}Operations(_Noun):`,
      `    """Operations about ${noun}."""`,
      '',
      methods
        .filter((method) => method.noun === noun)
        .map((method) => method.code)
        .join('\n\n'),
    ]),
    '',
    '',
    'class Operations:',
    '    """Every operation of the server: one attribute per noun, one method per verb."""',
    '',
    '    def __init__(self, call: Call) -> None:',
    ...nouns.map((noun) => `        self.${noun} = ${camel(noun)}Operations(call)`),
  ].join('\n')
  return { file: `${file}\n`, methods }
}
