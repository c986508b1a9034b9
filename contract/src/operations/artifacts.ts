/** Responsible for the rows of the operations table about files. It knows no implementation. */
import * as z from 'zod'
import * as artifacts from '../artifact.ts'
import * as service from '../service.ts'
import { limits } from '../limits.ts'
import { operation } from './row.ts'

export const artifactsOperations = {
  'artifacts.upload': operation({
    method: 'POST',
    path: '/api/v1/artifacts/upload',
    seedPaths: ['/artifacts/upload'],
    scope: 'artifacts.write',
    summary: 'Store a file: raw body or multipart',
    input: artifacts.artifactUpload,
    output: artifacts.artifact,
    status: 201,
    problems: ['not-found', 'conflict', 'idempotency-conflict', 'lease-lost'],
    body: 'raw',
    bodyLimit: limits.artifact_bytes,
  }),
  'artifacts.list': operation({
    method: 'GET',
    path: '/api/v1/artifacts',
    scope: 'artifacts.read',
    summary: 'List artifacts, newest first; a worker sees those of its jobs and its own',
    input: artifacts.artifactList,
    output: artifacts.artifactPage,
    status: 200,
    problems: [],
  }),
  'artifacts.download': operation({
    method: 'GET',
    path: '/s/:slug',
    scope: 'public',
    summary: 'Download an artifact; without `share`, members and workers of the tenant only',
    input: artifacts.artifactRef,
    output: z.unknown(),
    status: 200,
    problems: ['unauthorized', 'forbidden', 'rate-limited', 'not-found', 'gone'],
    produces: 'application/octet-stream',
    token: 'optional',
  }),
  'artifacts.update': operation({
    method: 'PATCH',
    path: '/api/v1/artifacts/:slug',
    scope: 'artifacts.write',
    summary: 'Share an artifact, stop sharing it, or say when it expires',
    input: artifacts.artifactPatch,
    output: artifacts.artifact,
    status: 200,
    problems: ['not-found', 'gone'],
  }),
  'artifacts.delete': operation({
    method: 'DELETE',
    path: '/api/v1/artifacts/:slug',
    scope: 'artifacts.write',
    summary: 'Delete an artifact',
    input: artifacts.artifactRef,
    output: service.done,
    status: 200,
    problems: ['not-found'],
  }),
} as const
