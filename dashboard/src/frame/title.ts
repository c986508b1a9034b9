/** Responsible for the tab's title: the name of the screen, and how much waits for this member. */

/** The highest count that is shown exactly: behind a full page of 200 reviews there may be more. */
const most = 199

/** `waiting`: decisions, jobs on offer, and jobs in hand that will soon go back. */
export const titleOf = (screen: string, waiting: number): string =>
  `${waiting > 0 ? `(${waiting > most ? `${most}+` : waiting}) ` : ''}${screen} - ModelReins`
