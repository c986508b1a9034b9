/** Responsible for what a provider is: a thin shim from a job to something that executes it. */
import type { Job, Usage } from '@modelreins/contract'
import type { ToolReviews } from './approvals/tool-review.ts'
import type { Launch } from './child-process/program.ts'
import type { Tap } from './recording/tap.ts'

/** Settings a provider may read; all come from WorkerOptions and may change between jobs. */
export interface ProviderSettings {
  readonly model?: string
  /** `spawn`: the shell line to run. `acp`: the line that starts the agent. Others: another program by name or path. */
  readonly command?: string
  /** Flag that puts the prompt into argv instead of stdin, for programs that cannot read stdin. */
  readonly promptArg?: string
  readonly extraArgs?: readonly string[]
  readonly outputFormat?: string
  readonly endpoint?: string
  readonly workDir?: string
  /** The environment that children and endpoints' keys are read from; never contains the worker's own token. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Hosts the operator allows although they are private (playwright, http). */
  readonly allowHosts?: readonly string[]
  /** `claude`: whether a run whose tools were denied has failed; otherwise it is only said. */
  readonly deniedTools?: 'tell' | 'fail'
  /** Agents that can ask before they use a tool: whether each use is a review. By default it is where the worker's capabilities say so. */
  readonly approvals?: 'reviews' | 'off'
  /** Writes down what the program or server says. */
  readonly tap?: Tap
  /** Started in place of the provider's program: what plays a recording of it. */
  readonly replay?: Launch
}

/** What one job's execution is given. */
export interface ProviderRun {
  readonly job: Job
  /** Context text loaded for the job; empty when its policy is `none`. */
  readonly context: string
  readonly settings: ProviderSettings
  /** Aborts on abort, killswitch, timeout or shutdown. A provider stops everything it started before it settles. */
  readonly signal: AbortSignal
  readonly output: (text: string, stream?: 'stdout' | 'stderr' | 'system') => Promise<void>
  /** The work goes on although there is nothing to show: begins the silence limit anew. A connection that is only kept alive is no work. */
  readonly heard?: () => void
  /** Adds to what this attempt has told before. */
  readonly usage: (usage: Usage) => void
  /** Asks a human, for agents that ask before they act. */
  readonly reviews?: ToolReviews
  readonly uploadArtifact: (file: {
    readonly filename: string
    readonly contentType?: string
    readonly body: Uint8Array
  }) => Promise<{ readonly url: string; readonly slug: string }>
}

/** How an execution ended. A non-zero exit code is classified with `stderr` and `error` by `classifyError`. */
export interface ProviderOutcome {
  readonly exitCode: number
  /** The answer, when it is not simply all of stdout. */
  readonly result?: string
  /** The last part of stderr, for classification. */
  readonly stderr?: string
  readonly error?: Error
  /** It must not run again by itself, even when the failure is one that passes: what it did before may not be done twice. */
  readonly final?: boolean
}

export interface ProviderCheck {
  readonly usable: boolean
  /** Version or endpoint when usable; what is missing and how to get it when not. */
  readonly detail: string
}

/** How long an execution may say nothing before it counts as stuck, where neither job nor worker says otherwise. Milliseconds. */
export interface SilenceLimits {
  /** Before anything was said: a large prompt on a small machine takes its time. */
  readonly first: number
  /** Between one word and the next. */
  readonly next: number
}

export interface Provider {
  readonly name: string
  /** None: silence is no sign of anything. */
  readonly silence?: SilenceLimits
  /** Looks before anything is claimed: binary on PATH, endpoint answering. */
  check(settings: ProviderSettings): Promise<ProviderCheck>
  run(run: ProviderRun): Promise<ProviderOutcome>
}
