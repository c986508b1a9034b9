/** Responsible for `_generated/models.py`: a class per answer, a dict whose known fields are also attributes. */
import * as contract from '@modelreins/contract'
import { documentOf, type Model, Models } from './python-types.ts'

/** Names that `dict` already uses: a field with such a name becomes an attribute with a trailing underscore. */
const dictNames = new Set(['clear', 'copy', 'fromkeys', 'get', 'items', 'keys', 'pop', 'popitem', 'setdefault', 'update', 'values'])
const keywords = new Set([
  'from',
  'is',
  'in',
  'not',
  'class',
  'pass',
  'global',
  'None',
  'and',
  'or',
  'import',
  'for',
  'with',
  'as',
  'raise',
  'del',
  'try',
  'return',
  'lambda',
  'yield',
  'async',
  'await',
])

/** The name, changed if it is a Python keyword. */
export const identifierOf = (name: string): string => (keywords.has(name) ? `${name}_` : name)
export const attributeOf = (field: string): string => (dictNames.has(field) || keywords.has(field) ? `${field}_` : field)

/** The classes, with names for the shapes that have none in the contract. */
export function startModels(): Models {
  const models = new Models()
  models.call('KillswitchBrief', contract.killswitchBrief)
  models.call('Lease', contract.lease)
  models.call('Offer', contract.offer)
  models.call('Usage', contract.usage)
  models.call('JobError', contract.jobError)
  models.call('ArtifactBrief', contract.artifactBrief)
  models.call('Decision', contract.decision)
  for (const named of [
    contract.job,
    contract.offer,
    contract.presenceReply,
    contract.review,
    contract.artifact,
    contract.killswitchState,
  ]) {
    const document = documentOf(named, 'output')
    models.typeOf(document, (document['$defs'] as Record<string, unknown> | undefined) ?? {}, 'Offer')
  }
  return models
}

function classOf(model: Model): string {
  const nested = model.fields.filter((field) => field.nested !== undefined)
  return [
    `class ${model.name}(Record):`,
    `    """${model.name}, as the server answers it: a dict with attributes."""`,
    '',
    '    __slots__ = ()',
    ...(nested.length === 0
      ? []
      : ['    _nested = {', ...nested.map((field) => `        "${field.name}": ${field.nested ?? ''},`), '    }']),
    ...model.fields.map((field) => {
      const type = field.optional && !field.type.startsWith('Optional[') && field.type !== 'Any' ? `Optional[${field.type}]` : field.type
      return `    ${attributeOf(field.name)}: ${type}`
    }),
  ].join('\n')
}

const notice = (what: string): string => `"""Responsible for ${what}. Made by \`npm run generate\` from the contract: do not edit."""`

export function modelsFile(models: readonly Model[]): string {
  return `${[
    notice('what the server answers, as classes'),
    '',
    'from __future__ import annotations',
    '',
    'from typing import Any, Dict, List, Literal, Optional, Union',
    '',
    'from .._record import Record',
    '',
    'Json = Any',
    '',
    '',
    models.map(classOf).join('\n\n\n'),
    '',
    '',
    `__all__ = [`,
    ...models.map((model) => `    "${model.name}",`),
    ']',
  ].join('\n')}\n`.replace('Json = Any\n\n\n', '\n')
}

export { notice as pythonNotice }
