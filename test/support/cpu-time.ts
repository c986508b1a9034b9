/** Responsible for how long this process has computed: unlike the time that passes, it is the same on a machine that is busy otherwise. */

/** Milliseconds of processor time that `act` took. */
export function cpuTimeOf(act: () => void): number {
  const begun = process.cpuUsage()
  act()
  const { user, system } = process.cpuUsage(begun)
  return (user + system) / 1_000
}
