/** Responsible for the tab's title: where one is, and how much waits for this person. */

/** As many as one page of reviews tells apart. */
const most = 199

/** `waiting`: decisions, jobs on offer, and jobs in hand that are about to go back. */
export const titleOf = (screen: string, waiting: number): string =>
  `${waiting > 0 ? `(${waiting > most ? `${most}+` : waiting}) ` : ''}${screen} - ModelReins`
