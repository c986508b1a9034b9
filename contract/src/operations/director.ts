/** Responsible for the rows of the operations table about the Director's catalogue of models. */
import * as catalogue from '../catalogue.ts'
import * as service from '../service.ts'
import { operation } from './row.ts'

export const directorOperations = {
  'director.catalogue': operation({
    method: 'GET',
    path: '/api/v1/director/catalogue',
    scope: 'workers.read',
    by: 'tenant',
    repeat: 'safe',
    tool: true,
    summary: 'Classes of models with their traits, the rules of the tenant, and what is in force for each worker',
    input: service.emptyInput,
    example: {},
    output: catalogue.catalogue,
    status: 200,
    problems: [],
  }),
  'director.set_catalogue': operation({
    method: 'PUT',
    path: '/api/v1/director/catalogue',
    scope: 'workers.manage',
    by: 'tenant',
    repeat: 'safe',
    tool: false,
    summary: 'Replace the rules by which the tenant overrides the catalogue; the first rule that fits a worker counts',
    input: catalogue.catalogueUpdate,
    example: { rules: [{ model: 'qwen3*', model_class: 'local large', quality: 0.6 }] },
    output: catalogue.catalogue,
    status: 200,
    problems: ['conflict'],
  }),
} as const
