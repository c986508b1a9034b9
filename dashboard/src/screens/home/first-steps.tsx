/** Responsible for the three first steps of a new tenant: each is ticked off when the server reports that it was done. */
import { useOperation } from '../../api/queries.ts'
import { LinkButton } from '../../parts/button.tsx'
import { Command } from '../../parts/copy.tsx'

export function FirstSteps() {
  const workers = useOperation('workers.list', { limit: 5 })
  const jobs = useOperation('jobs.list', { limit: 1 })
  const registered = (workers.data?.items.length ?? 0) > 0
  const connected = workers.data?.items.some((worker) => worker.state !== 'offline' || worker.last_seen !== null) === true
  const dispatched = (jobs.data?.items.length ?? 0) > 0
  const name = workers.data?.items[0]?.name ?? 'my-worker'
  const steps = [
    {
      title: 'Register a worker',
      done: registered,
      body: (
        <>
          <p className="mb-2 text-soft">
            A worker is a program on a machine of yours: Claude Code, Codex, Ollama, or any command. You get its token once, by a link.
          </p>
          <LinkButton look="primary" to="/workers/register">
            Register worker
          </LinkButton>
        </>
      ),
    },
    {
      title: 'Run it on your machine',
      done: connected,
      body: (
        <>
          <p className="mb-2 text-soft">Node 18 or newer. It asks for the token, or for the link that holds it.</p>
          <Command text={`npx modelreins-worker --server ${location.origin} --name ${name} --provider claude`} />
        </>
      ),
    },
    {
      title: 'Dispatch a first job',
      done: dispatched,
      body: (
        <>
          <p className="mb-2 text-soft">The Director picks the worker; the answer streams into Chat.</p>
          <LinkButton to="/chat">Open Chat</LinkButton>
        </>
      ),
    },
  ]
  const current = steps.findIndex((step) => !step.done)
  return (
    <section aria-labelledby="first-steps">
      <h2 id="first-steps" className="mb-2 text-lg font-semibold">
        Three steps to a first answer
      </h2>
      <ol className="card divide-y divide-line">
        {steps.map((step, index) => (
          <li key={step.title} className="flex gap-4 px-4 py-4" aria-current={index === current ? 'step' : undefined}>
            <span
              aria-hidden="true"
              className={`grid size-7 shrink-0 place-items-center rounded-full text-sm font-semibold ${step.done ? 'bg-good-wash text-good' : index === current ? 'bg-accent text-on-accent' : 'bg-sunken text-soft'}`}
            >
              {step.done ? '✓' : index + 1}
            </span>
            <div className="min-w-0 flex-1">
              <h3 className="font-semibold">
                {step.title}
                {step.done ? <span className="ml-2 font-normal text-good">done</span> : null}
              </h3>
              {step.done ? null : <div className="mt-1">{step.body}</div>}
            </div>
          </li>
        ))}
      </ol>
    </section>
  )
}
