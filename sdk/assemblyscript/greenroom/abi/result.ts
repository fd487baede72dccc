/** Where results are written that do not fit into a number: those of imports, and at the end the call's own. */
export const result: usize = memory.data(96, 8);
