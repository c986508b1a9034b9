/** Responsible for the rows of the operations table about what the service says of itself. It knows no implementation. */
import * as z from 'zod'
import * as service from '../service.ts'
import { operation } from './row.ts'

export const serviceOperations = {
  'service.health': operation({
    method: 'GET',
    path: '/api/v1/health',
    seedPaths: ['/health'],
    scope: 'public',
    summary: 'Say whether the service can work',
    input: service.nothing,
    output: service.health,
    status: 200,
    problems: [],
  }),
  'service.openapi': operation({
    method: 'GET',
    path: '/openapi.json',
    scope: 'public',
    summary: 'This interface as OpenAPI 3.1',
    input: service.nothing,
    output: z.unknown(),
    status: 200,
    problems: [],
  }),
  'service.docs': operation({
    method: 'GET',
    path: '/docs',
    scope: 'public',
    summary: 'This interface as a page',
    input: service.nothing,
    output: z.unknown(),
    status: 200,
    problems: [],
    produces: 'text/html',
  }),
  'service.metrics': operation({
    method: 'GET',
    path: '/api/v1/metrics',
    seedPaths: ['/metrics'],
    scope: 'workers.read',
    summary: 'Gauges of the tenant in Prometheus text format',
    input: service.nothing,
    output: z.unknown(),
    status: 200,
    problems: [],
    produces: 'text/plain',
  }),
} as const
