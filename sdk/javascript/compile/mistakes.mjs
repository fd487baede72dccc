// How a build fails.

/** Mistakes in the author's files, one a line. */
export class Mistakes extends Error {}

/** A tool that is not there. Says what to install. */
export class MissingTool extends Error {}
