/** Responsible for measuring CPU time of this process, which, unlike elapsed time, hardly depends on other load of the machine. */

/** Milliseconds of CPU time that `act` took. */
export function cpuTimeOf(act: () => void): number {
  const begun = process.cpuUsage()
  act()
  const { user, system } = process.cpuUsage(begun)
  return (user + system) / 1_000
}
