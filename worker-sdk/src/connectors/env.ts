/** Responsible for `vault://env/NAME`: secrets in the environment of the worker's process. */
import type { Connector } from './connector.ts'

export const env: Connector = {
  name: 'env',
  resolve: async ({ path }, ports) => {
    const value = ports.env[path]
    if (value === undefined || value === '') throw new Error(`the environment variable ${path} is not set on this machine`)
    return value
  },
}
