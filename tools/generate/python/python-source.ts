/** Responsible for reading the exports of the Python SDK from its sources: names, signatures, first sentences. */

export interface PythonMember {
  readonly name: string
  /** Without `self`: `output(text, stream="stdout")`. */
  readonly signature: string
  /** The first sentence of its docstring. */
  readonly says: string
}

export interface PythonClass {
  readonly name: string
  readonly says: string
  readonly members: readonly PythonMember[]
  readonly parameters: readonly PythonParameter[]
}

export interface PythonParameter {
  readonly name: string
  readonly says: string
}

/** `__all__` of a module. */
export const exportedNames = (source: string): readonly string[] =>
  [...(/^__all__ = \[(.*?)^\]/ms.exec(source)?.[1] ?? '').matchAll(/"(\w+)"/g)].flatMap((match) => match[1] ?? [])

/** Converts the roles and literals of a docstring to Markdown. */
const markdown = (text: string): string =>
  text
    .replaceAll(/:\w+:`/g, '`')
    .replaceAll('``', '`')
    .replaceAll(/\s+/g, ' ')

const firstSentence = (docstring: string): string =>
  markdown(/^(.*?[.:])(?:\s|$)/s.exec(docstring.trim())?.[1] ?? docstring.trim()).replace(/:$/, '.')

/** The signature without types, which would not fit into a table. */
function plainSignature(name: string, parameters: string): string {
  const flat = parameters.replaceAll(/#.*$/gm, '').replaceAll(/\s+/g, ' ')
  const parts: string[] = []
  let depth = 0
  let part = ''
  for (const char of flat) {
    if ('[('.includes(char)) depth += 1
    if ('])'.includes(char)) depth -= 1
    if (char === ',' && depth === 0) {
      parts.push(part)
      part = ''
    } else part += char
  }
  parts.push(part)
  const shown = parts
    .map((one) => one.trim())
    .filter((one) => one !== '' && one !== 'self' && one !== 'cls')
    .map((one) => {
      const [, before = one, fallback] = /^(\*{0,2}\w+)(?:\s*:\s*[^=]*?)?(?:\s*=\s*(.*))?$/s.exec(one) ?? []
      return fallback === undefined ? before : `${before}=${fallback}`
    })
  return `${name}(${shown.join(', ')})`
}

const docstring = String.raw`\s*"""(.*?)"""`

/** The methods or functions whose definitions are indented by `indent` spaces. */
function membersIn(source: string, indent: number): readonly PythonMember[] {
  const blanks = ' '.repeat(indent)
  const pattern = new RegExp(String.raw`^${blanks}(?:async )?def ([a-z]\w*)\((.*?)\)(?: -> [^\n]+)?:\n${docstring}`, 'gms')
  return [...source.matchAll(pattern)].map(([, name = '', parameters = '', text = '']) => ({
    name,
    signature: plainSignature(name, parameters),
    says: firstSentence(text),
  }))
}

export function classIn(source: string, name: string): PythonClass {
  const begun = new RegExp(String.raw`^class ${name}\b[^\n]*:\n`, 'm').exec(source)
  if (begun === null) throw new Error(`there is no class ${name} in the source`)
  const rest = source.slice(begun.index + begun[0].length)
  const end = /^\S/m.exec(rest)
  const body = end === null ? rest : rest.slice(0, end.index)
  const text = new RegExp(`^${docstring}`, 's').exec(body)?.[1] ?? ''
  const properties = new Set([...body.matchAll(/^ {4}@property\n {4}def (\w+)/gm)].map((match) => match[1]))
  return {
    name,
    says: firstSentence(text),
    members: membersIn(body, 4).map((member) => (properties.has(member.name) ? { ...member, signature: member.name } : member)),
    parameters: [...text.matchAll(/^\s*:param (\w+): (.*?)(?=^\s*:|^\s*$|$(?![\s\S]))/gms)].map(([, parameter = '', says = '']) => ({
      name: parameter,
      says: markdown(says.trim()),
    })),
  }
}

export function functionIn(source: string, name: string): PythonMember {
  const found = membersIn(source, 0).find((member) => member.name === name)
  if (found === undefined) throw new Error(`there is no function ${name} in the source`)
  return found
}
