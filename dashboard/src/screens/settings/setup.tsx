/**
 * Responsible for texts to paste into a terminal, an agent's instructions or an editor so that it dispatches jobs here. None of them contains a key.
 */
import { Panel } from '../../parts/facts.tsx'
import { Command } from '../../parts/copy.tsx'
import { LinkButton } from '../../parts/button.tsx'
import { useMay } from '../../api/session.ts'
import { snippets } from './snippets.ts'

export function Setup() {
  const mayMembers = useMay('members.manage')
  const mayManage = useMay('workers.manage')
  return (
    <>
      <Panel
        title="A key for each program"
        actions={
          mayMembers ? (
            <LinkButton to="/settings" search={{ tab: 'members' }}>
              Add a member
            </LinkButton>
          ) : undefined
        }
      >
        <p className="text-soft">
          {mayMembers
            ? 'Give each program a member of its own, with the role that it needs: an operator dispatches, a viewer reads. Its key is shown once, by a link, and revoked alone.'
            : 'An owner adds a member for your program, and gives you the link with its key.'}
        </p>
      </Panel>
      {snippets(location.origin).map(({ title, about, text }) => (
        <Panel key={title} title={title}>
          <p className="mb-2 text-soft">{about}</p>
          <Command text={text} />
        </Panel>
      ))}
      <Panel title="A worker">
        <p className="mb-2 text-soft">A program that takes jobs needs no key of a member: it has a token of its own.</p>
        {mayManage ? <LinkButton to="/workers/register">Register worker</LinkButton> : 'An operator or owner registers one under Workers.'}
      </Panel>
    </>
  )
}
