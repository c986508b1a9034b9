/** Responsible for one question: how many rows does a job write? Tests count them in the running system; here they are compared with the targets. */
import { counted, requestsPerJob, rowsPerJob } from '../tools/costs/counted.ts'
import { atMost, figure } from './measure.ts'
import type { Answer, Bench } from './measure.ts'

const run = async (): Promise<Answer> => ({
  question: 'How many rows does the life of a job write, and how many requests reach the tenant object?',
  figures: [
    figure('rows in the tenant object, the idempotency key included', 'rows', [rowsPerJob + counted.key_rows], atMost(8)),
    figure('rows in D1', 'rows', [counted.d1_rows], atMost(8)),
    figure('requests', 'requests', [requestsPerJob], atMost(3)),
  ],
  notes: [
    `Counted by tests (tools/costs/counted.ts names them). The keys of 256 jobs are one more row of the object. A shipment to D1 adds up to ${counted.d1_rows_per_shipment} rows, however many jobs it carries.`,
  ],
})

export const bench: Bench = { about: 'rows written by the life of a job, as the tests count them', expectedS: { full: 1, quick: 1 }, run }
