/** Responsible for the list of a job's files for the person who does the job. */
import type { Artifact } from '@modelreins/contract'
import { oneLine } from '../../parts/safe-text.ts'
import { bytesWords } from '../../parts/time.tsx'

export function Files({ files }: { readonly files: readonly Artifact[] }) {
  if (files.length === 0) return null
  return (
    <ul aria-label="Files" className="divide-y divide-line">
      {files.map((file) => (
        <li key={file.slug} className="flex flex-wrap items-center justify-between gap-3 py-2">
          <a className="min-w-0 font-medium text-accent underline foreign" href={`/s/${encodeURIComponent(file.slug)}`} download>
            {oneLine(file.filename)}
          </a>
          <span className="text-sm text-soft">
            {bytesWords(file.size_bytes)}, {oneLine(file.created_by.replace(/^\w+:/, ''))}
          </span>
        </li>
      ))}
    </ul>
  )
}
