// The list of journeys. Each is a story that a person lives through, from a server of its own to its
// end.
/** @type {{name: string, walk: () => Promise<void>}[]} */
export const journeys = [];

/** @param {string} name @param {() => Promise<void>} walk */
export const journey = (name, walk) => journeys.push({name, walk});
