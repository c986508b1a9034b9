/**
 * Responsible for leaving zod's JSON Schema writer out of the bundles: the package validates with the contract's schemas and
 * never prints them, and it is a tenth of the install. The writer's exports stay, as functions that do nothing.
 */
import type { Plugin } from 'rolldown'

const writer = /[\\/]zod[\\/]v4[\\/]core[\\/](?:to-json-schema|json-schema-processors)\.js$/

export const withoutJsonSchema: Plugin = {
  name: 'without-json-schema',
  transform: {
    filter: { id: writer },
    handler: (code) => {
      const names = [...code.matchAll(/^export (?:const|function|class) (\w+)/gm)].map((match) => match[1])
      return { code: `const absent = () => absent\nexport { ${names.map((name) => `absent as ${name}`).join(', ')} }\n`, map: null }
    },
  },
}
