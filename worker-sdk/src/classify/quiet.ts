/**
 * Responsible for leaving out of a text what talks about errors without being one: stack frames, options, file names, fields, the subjects of
 * commits, and the prompt that a program repeats.
 */

/** Text that names an error without being that error. Every repetition is bounded: a text of nothing but dashes must not hold the thread. */
const noise: readonly RegExp[] = [
  /^[ \t]{1,40}at .{0,2000}$/gm, // JavaScript frames: "at listOnTimeout (node:internal/timers:581:17)"
  /^[ \t]{0,40}File ".{1,1000}", line \d{1,9}.*$/gm, // Python frames
  /\b(?:set|clear|_on|on|listOn)Timeout\b/g,
  /(?<![\w-])--[\w-]{0,60}(?:timeout|retry|limit)[\w-]{0,60}/gi,
  // What git prints of commits and branches: their subjects and names are somebody's words about something else.
  /^\[[^\]\n]{1,200} [0-9a-f]{7,40}\] .*$/gm,
  /^[ *|\\/]{0,40}(?:commit )?(?=\d{0,40}[a-f])(?=[a-f]{0,40}\d)[0-9a-f]{7,40}\b(?! ?[:=]).*$/gm,
  /^(?:HEAD is now at|Previous HEAD position was|Applying:|Picking|Rebasing|Subject:|(?:pick|reword|squash|fixup|drop) [0-9a-f]{7}).*$/gm,
  /(?<=could not apply )[0-9a-f]{7,40}.*$/gm,
  /(?<=\bbranch )['"][^'"\n]{1,200}['"]/g,
  /\bhttps?:\/\/\S{1,2000}/gi,
  // File names and paths: "src/rate-limit.test.ts:12"
  /(?<![\w./-])(?:[\w@.-]{1,80}\/){1,20}[\w@.-]{0,120}(?::\d{1,7}){0,2}/g,
  /\b[\w-]{1,80}\.(?:[cm]?[jt]sx?|py|go|rs|java|rb|php|cs|cpp|[ch]|json|ya?ml|toml|md|txt|log|lock|sh)\b/gi,
  // A setting, not what became of it: `"timeout": 5`, `timeout=30`
  /["']?\b\w{0,40}timeout\w{0,40}["']?[ \t]{0,4}[:=][ \t]{0,4}["']?\d[\d.]{0,12}(?:ms|s|m)?\b(?! ?exceeded)/gi,
]
/** The keys of objects that did not parse: Python's, or cut ones. */
const keys = /["'][\w.-]{1,60}["'][ \t]{0,4}:/g

export const withoutNoise = (text: string): string => noise.reduce((rest, pattern) => rest.replace(pattern, ''), text)

/** For the words alone: a status may be told by the key of a field. */
export const withoutKeys = (text: string): string => text.replace(keys, '')

/** A line shorter than this is in every text. */
const shortestEcho = 8

/** What the program wrote, without the lines in which it only repeats what it was asked. */
export const withoutEcho = (text: string, prompt: string): string => {
  if (text === '' || prompt.trim() === '') return text
  const asked = new Set<string>()
  for (const line of prompt.split('\n')) if (line.trim().length >= shortestEcho) asked.add(line.trim())
  return text
    .split('\n')
    .filter((line) => {
      const said = line.trim().replace(/^(?:[>|$#*] ?)+/, '')
      return said.length < shortestEcho || !(asked.has(said) || prompt.includes(said))
    })
    .map((line) => {
      if (line.length > 4_096) return line
      for (const one of asked) if (one.length >= 2 * shortestEcho && line.includes(one)) return line.replace(one, '')
      return line
    })
    .join('\n')
}
