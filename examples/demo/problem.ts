/** The demo cannot go on. Its message is for the person in front of it: what happened, and what to do. */
export class DemoProblem extends Error {}
